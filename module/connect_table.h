/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connection state machine as a table: states x events. Pure, so that
 * tests/unit builds it in user space. Rule ids: shared page connect-rules,
 * Documentation/conformance.rst.
 */
#ifndef RILL_CONNECT_TABLE_H
#define RILL_CONNECT_TABLE_H

#include <linux/errno.h>

/**
 * enum rill_state - sk_state of a socket; the numbers are TCP's.
 * @RILL_ESTABLISHED: Connected, both ends alive.
 * @RILL_SYN_SENT: connect() made a request that is not answered: pending.
 * @RILL_SYN_RECV: Far end of a pending request, queued on a listener.
 * @RILL_CLOSE: Neither connected nor connecting.
 * @RILL_CLOSE_WAIT: Was connected, the peer is gone.
 * @RILL_LISTEN: listen() was called.
 * @RILL_NR_STATES: Size of an array indexed by state.
 */
enum rill_state {
	RILL_ESTABLISHED = 1,
	RILL_SYN_SENT = 2,
	RILL_SYN_RECV = 3,
	RILL_CLOSE = 7,
	RILL_CLOSE_WAIT = 8,
	RILL_LISTEN = 10,
	RILL_NR_STATES = 11,
};

/**
 * enum rill_event - What can happen to a connection-mode socket.
 * @RILL_EV_CONNECT: connect() is called and makes the request its own.
 * @RILL_EV_UNCLAIM: That call fails before there is a request to answer.
 * @RILL_EV_LISTEN: listen() is called.
 * @RILL_EV_PAIR: socketpair() joins two fresh sockets.
 * @RILL_EV_QUEUED: The far end of a request is put on a listener's queue.
 * @RILL_EV_ESTABLISHED: The request is admitted.
 * @RILL_EV_REFUSED: Nobody listens, or no longer.
 * @RILL_EV_RESET: The other end breaks the request or the connection.
 * @RILL_EV_TIMEOUT: The timeout interval passed.
 * @RILL_EV_UNREACH: The link or the other host is gone.
 * @RILL_EV_HANGUP: The other end closed in order.
 * @RILL_EV_DROP: This end gives up what is there: close(), shutdown() of a
 *	pending socket, connect() to AF_UNSPEC, SOCK_DESTROY.
 * @RILL_NR_EVENTS: Size of an array indexed by event.
 */
enum rill_event {
	RILL_EV_CONNECT,
	RILL_EV_UNCLAIM,
	RILL_EV_LISTEN,
	RILL_EV_PAIR,
	RILL_EV_QUEUED,
	RILL_EV_ESTABLISHED,
	RILL_EV_REFUSED,
	RILL_EV_RESET,
	RILL_EV_TIMEOUT,
	RILL_EV_UNREACH,
	RILL_EV_HANGUP,
	RILL_EV_DROP,
	RILL_NR_EVENTS,
};

/** RILL_LATE - rill_next_state(): the event came too late and is ignored. */
#define RILL_LATE	0

/** RILL_ILLEGAL - rill_next_state(): no correct program order leads here. */
#define RILL_ILLEGAL	(-EPROTO)

/*
 * An entry > 0 is the next state, < 0 the errno of the call, RILL_LATE
 * nothing. Entries not named are illegal: see rill_next_state().
 */
#define RILL_LATE_ENTRY	127

static const signed char rill_connect_table[RILL_NR_STATES][RILL_NR_EVENTS] = {
	[RILL_CLOSE] = {
		[RILL_EV_CONNECT]	= RILL_SYN_SENT,
		[RILL_EV_UNCLAIM]	= RILL_LATE_ENTRY,
		[RILL_EV_LISTEN]	= RILL_LISTEN,
		[RILL_EV_PAIR]		= RILL_ESTABLISHED,
		[RILL_EV_QUEUED]	= RILL_SYN_RECV,
		[RILL_EV_ESTABLISHED]	= RILL_LATE_ENTRY,	/* C09, C34 */
		[RILL_EV_REFUSED]	= RILL_LATE_ENTRY,
		[RILL_EV_RESET]		= RILL_LATE_ENTRY,
		[RILL_EV_TIMEOUT]	= RILL_LATE_ENTRY,
		[RILL_EV_UNREACH]	= RILL_LATE_ENTRY,
		[RILL_EV_HANGUP]	= RILL_LATE_ENTRY,
		[RILL_EV_DROP]		= RILL_CLOSE,
	},
	[RILL_SYN_SENT] = {
		[RILL_EV_CONNECT]	= -EALREADY,		/* C04, C05, C36 */
		[RILL_EV_UNCLAIM]	= RILL_CLOSE,
		[RILL_EV_LISTEN]	= -EINVAL,
		[RILL_EV_ESTABLISHED]	= RILL_ESTABLISHED,	/* C01, C03 */
		[RILL_EV_REFUSED]	= RILL_CLOSE,		/* C11 */
		[RILL_EV_RESET]		= RILL_CLOSE,		/* C12 */
		[RILL_EV_TIMEOUT]	= RILL_CLOSE,		/* C09 */
		[RILL_EV_UNREACH]	= RILL_CLOSE,		/* C14, C15 */
		[RILL_EV_DROP]		= RILL_CLOSE,		/* C34 */
	},
	[RILL_SYN_RECV] = {
		[RILL_EV_ESTABLISHED]	= RILL_ESTABLISHED,
		[RILL_EV_DROP]		= RILL_CLOSE,
	},
	[RILL_ESTABLISHED] = {
		[RILL_EV_CONNECT]	= -EISCONN,		/* C10 */
		[RILL_EV_LISTEN]	= -EINVAL,
		[RILL_EV_ESTABLISHED]	= RILL_LATE_ENTRY,
		[RILL_EV_REFUSED]	= RILL_LATE_ENTRY,
		[RILL_EV_RESET]		= RILL_CLOSE_WAIT,
		[RILL_EV_TIMEOUT]	= RILL_LATE_ENTRY,
		[RILL_EV_UNREACH]	= RILL_CLOSE_WAIT,
		[RILL_EV_HANGUP]	= RILL_CLOSE_WAIT,
		[RILL_EV_DROP]		= RILL_CLOSE,
	},
	[RILL_CLOSE_WAIT] = {
		[RILL_EV_CONNECT]	= -EISCONN,		/* C10 */
		[RILL_EV_LISTEN]	= -EINVAL,
		[RILL_EV_ESTABLISHED]	= RILL_LATE_ENTRY,
		[RILL_EV_REFUSED]	= RILL_LATE_ENTRY,
		[RILL_EV_RESET]		= RILL_LATE_ENTRY,
		[RILL_EV_TIMEOUT]	= RILL_LATE_ENTRY,
		[RILL_EV_UNREACH]	= RILL_LATE_ENTRY,
		[RILL_EV_HANGUP]	= RILL_LATE_ENTRY,
		[RILL_EV_DROP]		= RILL_CLOSE,
	},
	[RILL_LISTEN] = {
		[RILL_EV_CONNECT]	= -EOPNOTSUPP,		/* C25 */
		[RILL_EV_UNCLAIM]	= RILL_LATE_ENTRY,
		[RILL_EV_LISTEN]	= RILL_LISTEN,
		[RILL_EV_TIMEOUT]	= RILL_LATE_ENTRY,
		[RILL_EV_UNREACH]	= RILL_LATE_ENTRY,
		[RILL_EV_DROP]		= RILL_CLOSE,
	},
};

/**
 * rill_next_state() - Look up what @event does in @state.
 * @state: enum rill_state.
 * @event: enum rill_event.
 *
 * Return: the next state (> 0), RILL_LATE, RILL_ILLEGAL, or the negative
 * errno that the call behind @event reports.
 */
static inline int rill_next_state(unsigned int state, unsigned int event)
{
	int entry;

	if (state >= RILL_NR_STATES || event >= RILL_NR_EVENTS)
		return RILL_ILLEGAL;
	entry = rill_connect_table[state][event];
	if (!entry)
		return RILL_ILLEGAL;
	return entry == RILL_LATE_ENTRY ? RILL_LATE : entry;
}

#endif /* RILL_CONNECT_TABLE_H */
