/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of hosts that connect over a bad network. What an end does is looked
 * up in the module's own tables; what the code around them does (handshake.c,
 * input.c, close.c, listen.c) is written down again here, as small as it goes.
 * explore.c visits every state there is.
 */
#ifndef MODEL_H
#define MODEL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "connect_table.h"
#include "ether/machine.h"
#include "ether/seq.h"
#include "ether/wire.h"

#define ENDS		4
#define HOSTS		3
#define FRAMES		8

/* No host: everybody. */
#define EVERYBODY	HOSTS

/* A window wide enough for all that an end can send here. */
#define WINDOW		8

#define COOKIE		0xc00c1e

/**
 * struct frame - On its way, or kept to be delivered again.
 * @type: enum rill_frame_type.
 * @src: Host that sent it.
 * @dst: Host it goes to.
 * @broadcast: Other hosts got it too.
 * @to: Token of the receiver.
 * @from: Token of the sender.
 * @flags: RILL_FLAG_*.
 * @length: Payload, 0 or 1.
 * @seq: As on the wire.
 * @ack: As on the wire: also code or cookie.
 */
struct frame {
	__u8	type;
	__u8	src;
	__u8	dst;
	__u8	broadcast;
	__u8	to;
	__u8	from;
	__u8	flags;
	__u8	length;
	__u32	seq;
	__u32	ack;
};

/* What struct end is for. */
enum role { ROLE_NONE, ROLE_CLIENT, ROLE_CHILD };

/**
 * struct end - A connection's end and its socket.
 * @role: enum role.
 * @host: Where it is.
 * @peer_host: Where the other end is; EVERYBODY while that is not known.
 * @state: enum rill_conn_state.
 * @token: Own token.
 * @peer_token: Peer's token, 0 if not known.
 * @sock: enum rill_state of the socket; 0: there is none (any more).
 * @used: Client: connect() was called. Child: accept() gave it out.
 * @cookie: Client: was challenged.
 * @wrote: Bytes written, 0 or 1.
 * @unread: Bytes received that nobody read.
 * @shut: Directions the socket shut: RILL_FLAG_FIN (write), RILL_FLAG_STOP.
 * @marks: RILL_FLAG_FIN, CLOSE, STOP: queued or sent.
 * @peer_marks: The same, of the peer, received in order.
 * @heard: DATA of the peer was received.
 * @una: First own number not acknowledged.
 * @nxt: Next own number to send.
 * @iss: First own number.
 * @rcv_nxt: Next number expected.
 */
struct end {
	__u8	role;
	__u8	host;
	__u8	peer_host;
	__u8	state;
	__u8	token;
	__u8	peer_token;
	__u8	sock;
	__u8	used;
	__u8	cookie;
	__u8	wrote;
	__u8	unread;
	__u8	shut;
	__u8	marks;
	__u8	peer_marks;
	__u8	heard;
	__u8	spare;
	__u32	una;
	__u32	nxt;
	__u32	iss;
	__u32	rcv_nxt;
};

/**
 * struct listener - Of a host.
 * @open: It listens.
 * @opens: How often it may be opened (again).
 * @places: Connections that it may hold.
 * @taken: Places that are taken: offered, or not accepted yet.
 * @strangers: How many of them by others that are not modelled.
 * @pressure: Requests without a cookie are challenged.
 */
struct listener {
	__u8	open;
	__u8	opens;
	__u8	places;
	__u8	taken;
	__u8	strangers;
	__u8	pressure;
};

/**
 * struct world - One state of everything; compared as bytes.
 * @end: The ends. A client's place in it is its token less one.
 * @listener: One for each host.
 * @births: Children made for a client.
 * @established: Clients whose connect() returned 0, a bit each.
 * @failed: Clients whose connect() failed.
 * @confirmed: Clients whose child is in the accept queue, or was.
 * @delivered: Ends whose byte was received: bit of a client, and of the
 *	children of a client four bits higher.
 * @losses: Frames that may still be lost.
 * @copies: Frames that may still be delivered twice.
 * @expiries: Times that may still be over too early.
 * @mute: A RESET was lost.
 * @frames: Frames on their way.
 * @frame: They, sorted; in an orderly network as they were sent.
 */
struct world {
	struct end	end[ENDS];
	struct listener	listener[HOSTS];
	__u8		births[ENDS];
	__u8		established;
	__u8		failed;
	__u8		confirmed;
	__u8		delivered;
	__u8		losses;
	__u8		copies;
	__u8		expiries;
	__u8		mute;
	__u8		frames;
	__u8		spare;
	struct frame	frame[FRAMES];
};

/* What can happen; which end, host or frame is the argument. */
enum what {
	DELIVER, LOSE, COPY,			/* a frame */
	REPEAT, EXPIRE, RESEND,			/* timers of an end */
	CONNECT, TIMEOUT, CLOSE, BREAK, SHUT_WRITE, SHUT_READ, WRITE, READ,
	DESTROY,				/* its socket */
	LISTEN, UNLISTEN, ACCEPT, STRANGER, VACATE, PRESSURE,
						/* a host's listener */
	WHATS
};

#define CAN(what)	(1u << (what))

/**
 * struct scenario - Who there is and what may happen.
 * @name: Of the test.
 * @clients: Hosts of the clients; the same socket if the host is the same.
 * @towards: Whom each client connects to.
 * @nclients: How many.
 * @children: Room for children: hosts, 0 for none.
 * @nchildren: How many.
 * @places: Places of each host's listener, 0: no listener.
 * @can: CAN() bits of what users and networks do.
 * @in_flight: Frames on their way at once.
 * @losses: Of &struct world.
 * @copies: Of &struct world.
 * @expiries: Of &struct world.
 * @births: Children for one client.
 * @orderly: Frames neither overtake nor are lost: no timer is needed.
 */
struct scenario {
	const char	*name;
	__u8		clients[ENDS];
	__u8		towards[ENDS];
	__u8		nclients;
	__u8		children[ENDS];
	__u8		nchildren;
	__u8		places[HOSTS];
	__u32		can;
	__u8		in_flight;
	__u8		losses;
	__u8		copies;
	__u8		expiries;
	__u8		births;
	bool		orderly;
};

/* What the model does wrong on purpose: the checker has to find it. */
enum fault {
	FAULT_NONE,
	FAULT_CONFIRM_ANY,	/* a child is confirmed by any DATA */
	FAULT_ACCEPT_ANY,	/* a second ACCEPT replaces the first */
	FAULT_RESET_BLIND,	/* a RESET is believed whatever its number */
	FAULT_LATE_ANSWER,	/* ACCEPT for an unknown token: no RESET */
	FAULT_QUIET_CHAT,	/* a quiet end answers pure acknowledgements */
	FAULT_CONFIRM_ONCE,	/* the confirmation is not repeated */
	FAULT_LEAK_PLACE,	/* a place is not given back */
	FAULT_SKIP_DATA,	/* a FIN is taken before the data */
	FAULTS
};

/* world.c */
extern enum fault fault;
extern struct rill_conn_entry table[RILL_CONN_STATES][RILL_CONN_EVENTS];
extern const struct scenario *scenario;
extern char wrong[256];
void fail(const char *format, ...);
void world_table(void);
void world_send(struct world *w, struct frame f);
void world_event(struct world *w, struct end *e, int event,
		 const struct frame *f);
void world_receive(struct world *w, const struct frame *f);
void world_output(struct world *w, struct end *e);
bool world_waits(const struct end *e);
void world_resend(struct world *w, struct end *e);
__u32 world_end_seq(const struct end *e);

/* socket.c */
bool socket_step(struct end *e, int event);
void socket_established(struct world *w, struct end *e);
void socket_failed(struct world *w, struct end *e, int event);
bool listener_trusts(const struct world *w, int host);
bool listener_ask(struct world *w, const struct frame *f);
void listener_confirm(struct world *w, struct end *e);
void listener_remove(struct world *w, struct end *e, bool placed);
void listener_admit(struct world *w, int host);
void listener_close(struct world *w, int host);

/* events.c */
void events_begin(struct world *w);
int events_list(const struct world *w, __u16 *list, int max);
void events_apply(struct world *w, __u16 event);
const char *events_name(const struct world *w, __u16 event);

/* drain.c */
struct end *drain_peer(struct world *w, const struct end *e);
void drain_invariants(struct world *w);
void drain_check(const struct world *w);
__u64 drain_print(const struct world *w);
void drain_forget(void);

/* explore.c */

/**
 * struct explored - What came of it.
 * @states: Visited.
 * @steps: Events tried.
 * @wrong: Something was.
 */
struct explored {
	unsigned int	states;
	unsigned long	steps;
	bool		wrong;
};

struct explored explore(const struct scenario *s, unsigned int limit,
			bool tell);

static inline __u16 event_make(enum what what, int argument)
{
	return what << 8 | argument;
}

#endif /* MODEL_H */
