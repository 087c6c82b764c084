/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One end of a connection on the wire as a table: states x events, each with
 * the next state and what is to be done. Pure: tests/model explores two of
 * them with every loss, repetition and order of frames between them.
 * Documentation/protocol.rst has it in words.
 */
#ifndef RILL_MACHINE_H
#define RILL_MACHINE_H

#include <linux/types.h>

/**
 * enum rill_conn_state - Where one end is.
 * @RILL_CONN_DEAD: Nowhere: not made yet, or over.
 * @RILL_CONN_REQUESTED: Client: asked, no answer yet.
 * @RILL_CONN_PENDING: Server: asked, the backlog is full.
 * @RILL_CONN_OFFERED: Server: answered, not confirmed yet.
 * @RILL_CONN_OPEN: Established.
 * @RILL_CONN_CLOSING: Closed here; what is queued goes out still.
 * @RILL_CONN_QUIET: Closed there; acknowledges a repeated CLOSE for a while.
 * @RILL_CONN_STATES: Their number.
 */
enum rill_conn_state {
	RILL_CONN_DEAD,
	RILL_CONN_REQUESTED,
	RILL_CONN_PENDING,
	RILL_CONN_OFFERED,
	RILL_CONN_OPEN,
	RILL_CONN_CLOSING,
	RILL_CONN_QUIET,
	RILL_CONN_STATES,
};

/**
 * enum rill_conn_event - What can happen to it.
 * @RILL_CONN_RX_REQUEST: The peer's REQUEST, again or at the same time as ours.
 * @RILL_CONN_RX_ACCEPT: ACCEPT.
 * @RILL_CONN_RX_DATA: DATA with both tokens right.
 * @RILL_CONN_RX_RESET: RESET that is to be believed.
 * @RILL_CONN_RX_CLOSE: The peer's CLOSE, all before it being there.
 * @RILL_CONN_ACKED: Our CLOSE is acknowledged.
 * @RILL_CONN_ADMIT: The listener has a place.
 * @RILL_CONN_LEAVE: The socket closes in order.
 * @RILL_CONN_BREAK: The socket gives up the hard way.
 * @RILL_CONN_REPEAT: Time to say it again.
 * @RILL_CONN_EXPIRE: Time is over.
 * @RILL_CONN_EVENTS: Their number.
 */
enum rill_conn_event {
	RILL_CONN_RX_REQUEST,
	RILL_CONN_RX_ACCEPT,
	RILL_CONN_RX_DATA,
	RILL_CONN_RX_RESET,
	RILL_CONN_RX_CLOSE,
	RILL_CONN_ACKED,
	RILL_CONN_ADMIT,
	RILL_CONN_LEAVE,
	RILL_CONN_BREAK,
	RILL_CONN_REPEAT,
	RILL_CONN_EXPIRE,
	RILL_CONN_EVENTS,
};

/* What is to be done, any number of them. */
#define RILL_DO_REQUEST		0x0001	/* send REQUEST (ACCEPT, token known) */
#define RILL_DO_ACCEPT		0x0002	/* send ACCEPT */
#define RILL_DO_ACK		0x0004	/* send an acknowledgment */
#define RILL_DO_RESET		0x0008	/* send RESET: broken */
#define RILL_DO_REFUSE		0x0010	/* send RESET: refused */
#define RILL_DO_WITHDRAW	0x0020	/* send RESET: withdrawn */
#define RILL_DO_ESTABLISH	0x0040	/* tell the socket: connected */
#define RILL_DO_CONFIRM		0x0080	/* tell the listener: to be accepted */
#define RILL_DO_REMOVE		0x0100	/* tell the listener: gone */
#define RILL_DO_FAIL		0x0200	/* tell the socket: ended, an errno */
#define RILL_DO_HANGUP		0x0400	/* tell the socket: peer closed */
#define RILL_DO_INPUT		0x0800	/* look at payload and acknowledgment */
#define RILL_DO_FINISH		0x1000	/* queue FIN and CLOSE */
#define RILL_DO_LINGER		0x2000	/* start the quiet time */

/**
 * struct rill_conn_entry - What an event does in a state.
 * @named: It can happen; else it is ignored and counted.
 * @next: enum rill_conn_state.
 * @todo: RILL_DO_*.
 */
struct rill_conn_entry {
	__u8	named;
	__u8	next;
	__u16	todo;
};

#define RILL_CONN_ENTRY(next, todo)	{ 1, RILL_CONN_##next, todo }

static const struct rill_conn_entry
rill_conn_table[RILL_CONN_STATES][RILL_CONN_EVENTS] = {
	[RILL_CONN_DEAD] = {
		/* A frame may be looked at just when the end comes. */
		[RILL_CONN_RX_REQUEST]	= RILL_CONN_ENTRY(DEAD, 0),
		[RILL_CONN_RX_ACCEPT]	= RILL_CONN_ENTRY(DEAD, 0),
		[RILL_CONN_RX_DATA]	= RILL_CONN_ENTRY(DEAD, 0),
		[RILL_CONN_RX_RESET]	= RILL_CONN_ENTRY(DEAD, 0),
		[RILL_CONN_ADMIT]	= RILL_CONN_ENTRY(DEAD, 0),
		[RILL_CONN_LEAVE]	= RILL_CONN_ENTRY(DEAD, 0),
		[RILL_CONN_BREAK]	= RILL_CONN_ENTRY(DEAD, 0),
		[RILL_CONN_REPEAT]	= RILL_CONN_ENTRY(DEAD, 0),
		[RILL_CONN_EXPIRE]	= RILL_CONN_ENTRY(DEAD, 0),
	},
	[RILL_CONN_REQUESTED] = {
		/* Simultaneous connect(): both ask, both accept. */
		[RILL_CONN_RX_REQUEST]	= RILL_CONN_ENTRY(REQUESTED,
						RILL_DO_ACCEPT),
		[RILL_CONN_RX_ACCEPT]	= RILL_CONN_ENTRY(OPEN,
						RILL_DO_ESTABLISH | RILL_DO_ACK),
		[RILL_CONN_RX_DATA]	= RILL_CONN_ENTRY(OPEN,
						RILL_DO_ESTABLISH |
						RILL_DO_INPUT),
		[RILL_CONN_RX_RESET]	= RILL_CONN_ENTRY(DEAD, RILL_DO_FAIL),
		[RILL_CONN_LEAVE]	= RILL_CONN_ENTRY(DEAD,
						RILL_DO_WITHDRAW),
		[RILL_CONN_BREAK]	= RILL_CONN_ENTRY(DEAD,
						RILL_DO_WITHDRAW),
		[RILL_CONN_REPEAT]	= RILL_CONN_ENTRY(REQUESTED,
						RILL_DO_REQUEST),
	},
	[RILL_CONN_PENDING] = {
		[RILL_CONN_RX_REQUEST]	= RILL_CONN_ENTRY(PENDING, 0),
		[RILL_CONN_RX_DATA]	= RILL_CONN_ENTRY(PENDING, 0),
		[RILL_CONN_RX_ACCEPT]	= RILL_CONN_ENTRY(PENDING, 0),
		[RILL_CONN_RX_RESET]	= RILL_CONN_ENTRY(DEAD, RILL_DO_REMOVE),
		[RILL_CONN_ADMIT]	= RILL_CONN_ENTRY(OFFERED,
						RILL_DO_ACCEPT),
		[RILL_CONN_LEAVE]	= RILL_CONN_ENTRY(DEAD, RILL_DO_REFUSE),
		[RILL_CONN_BREAK]	= RILL_CONN_ENTRY(DEAD, RILL_DO_REFUSE),
		[RILL_CONN_EXPIRE]	= RILL_CONN_ENTRY(DEAD, RILL_DO_REMOVE),
	},
	[RILL_CONN_OFFERED] = {
		[RILL_CONN_RX_REQUEST]	= RILL_CONN_ENTRY(OFFERED,
						RILL_DO_ACCEPT),
		[RILL_CONN_RX_ACCEPT]	= RILL_CONN_ENTRY(OFFERED, 0),
		[RILL_CONN_RX_DATA]	= RILL_CONN_ENTRY(OPEN,
						RILL_DO_CONFIRM |
						RILL_DO_INPUT),
		[RILL_CONN_RX_RESET]	= RILL_CONN_ENTRY(DEAD, RILL_DO_REMOVE),
		[RILL_CONN_LEAVE]	= RILL_CONN_ENTRY(DEAD, RILL_DO_REFUSE),
		[RILL_CONN_BREAK]	= RILL_CONN_ENTRY(DEAD, RILL_DO_REFUSE),
		[RILL_CONN_REPEAT]	= RILL_CONN_ENTRY(OFFERED,
						RILL_DO_ACCEPT),
		[RILL_CONN_EXPIRE]	= RILL_CONN_ENTRY(DEAD, RILL_DO_REMOVE),
	},
	[RILL_CONN_OPEN] = {
		[RILL_CONN_RX_REQUEST]	= RILL_CONN_ENTRY(OPEN, 0),
		[RILL_CONN_RX_ACCEPT]	= RILL_CONN_ENTRY(OPEN, RILL_DO_ACK),
		[RILL_CONN_RX_DATA]	= RILL_CONN_ENTRY(OPEN, RILL_DO_INPUT),
		[RILL_CONN_RX_RESET]	= RILL_CONN_ENTRY(DEAD, RILL_DO_FAIL),
		[RILL_CONN_RX_CLOSE]	= RILL_CONN_ENTRY(QUIET,
						RILL_DO_HANGUP | RILL_DO_ACK |
						RILL_DO_LINGER),
		[RILL_CONN_LEAVE]	= RILL_CONN_ENTRY(CLOSING,
						RILL_DO_FINISH),
		[RILL_CONN_BREAK]	= RILL_CONN_ENTRY(DEAD, RILL_DO_RESET),
		[RILL_CONN_EXPIRE]	= RILL_CONN_ENTRY(DEAD,
						RILL_DO_FAIL | RILL_DO_RESET),
	},
	[RILL_CONN_CLOSING] = {
		[RILL_CONN_RX_REQUEST]	= RILL_CONN_ENTRY(CLOSING, 0),
		[RILL_CONN_RX_ACCEPT]	= RILL_CONN_ENTRY(CLOSING, RILL_DO_ACK),
		[RILL_CONN_RX_DATA]	= RILL_CONN_ENTRY(CLOSING,
						RILL_DO_INPUT),
		[RILL_CONN_RX_RESET]	= RILL_CONN_ENTRY(DEAD, 0),
		/* Nobody reads there: what is queued still is of no use. */
		[RILL_CONN_RX_CLOSE]	= RILL_CONN_ENTRY(QUIET,
						RILL_DO_ACK | RILL_DO_LINGER),
		[RILL_CONN_ACKED]	= RILL_CONN_ENTRY(DEAD, 0),
		[RILL_CONN_BREAK]	= RILL_CONN_ENTRY(DEAD, RILL_DO_RESET),
		[RILL_CONN_EXPIRE]	= RILL_CONN_ENTRY(DEAD, RILL_DO_RESET),
	},
	[RILL_CONN_QUIET] = {
		[RILL_CONN_RX_REQUEST]	= RILL_CONN_ENTRY(QUIET, 0),
		[RILL_CONN_RX_ACCEPT]	= RILL_CONN_ENTRY(QUIET, 0),
		[RILL_CONN_RX_DATA]	= RILL_CONN_ENTRY(QUIET, RILL_DO_ACK),
		[RILL_CONN_RX_RESET]	= RILL_CONN_ENTRY(DEAD, 0),
		[RILL_CONN_LEAVE]	= RILL_CONN_ENTRY(QUIET, 0),
		[RILL_CONN_BREAK]	= RILL_CONN_ENTRY(QUIET, 0),
		[RILL_CONN_EXPIRE]	= RILL_CONN_ENTRY(DEAD, 0),
	},
};

/**
 * rill_machine_step() - Look up what @event does in @state.
 * @state: enum rill_conn_state.
 * @event: enum rill_conn_event.
 *
 * Return: the entry; not named if it cannot happen.
 */
static inline const struct rill_conn_entry *
rill_machine_step(unsigned int state, unsigned int event)
{
	return &rill_conn_table[state][event];
}

#endif /* RILL_MACHINE_H */
