// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an end does with an event, and a host with a frame: the table says it,
 * this is handshake.c, input.c, output.c and close.c without memory, time and
 * locks.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model.h"

enum fault fault;

const struct scenario *scenario;
struct rill_conn_entry table[RILL_CONN_STATES][RILL_CONN_EVENTS];
char wrong[256];

/** fail() - Note what is wrong; the first is kept. */
void fail(const char *format, ...)
{
	va_list args;

	if (wrong[0])
		return;
	va_start(args, format);
	vsnprintf(wrong, sizeof(wrong), format, args);
	va_end(args);
}

/** world_table() - Take the module's table. */
void world_table(void)
{
	int state, event;

	for (state = 0; state < RILL_CONN_STATES; state++)
		for (event = 0; event < RILL_CONN_EVENTS; event++)
			table[state][event] = *rill_machine_step(state, event);
}

/* The network */

/* No end sends what wire.h does not let in. */
static void frame_check(const struct frame *f)
{
	struct rill_frame out = {
		.type	= f->type,
		.flags	= f->flags,
		.length	= f->length,
		.mtu	= RILL_MTU_MIN,
		.sport	= 1,
		.dport	= 2,
		.to	= f->to,
		.from	= f->from,
		.seq	= f->seq,
		.ack	= f->ack,
	};
	struct rill_frame in;
	__u16 bytes[(RILL_HEADER_LEN + 1) / 2 + 1];

	rill_wire_write(bytes, &out);
	if (rill_wire_read(bytes, RILL_HEADER_LEN + f->length, &in) !=
	    RILL_FRAME_OK || in.seq != f->seq || in.flags != f->flags)
		fail("sent a frame of type %d that is none", f->type);
}

static void frame_put(struct world *w, const struct frame *f)
{
	int at = 0, order;

	for (; at < w->frames; at++) {
		order = memcmp(&w->frame[at], f, sizeof(*f));
		if (!order)
			return;		/* one like it is on its way */
		if (order > 0 && !scenario->orderly)
			break;
	}
	if (w->frames >= scenario->in_flight) {
		if (f->type == RILL_FRAME_RESET)
			w->mute = 1;
		return;
	}
	memmove(&w->frame[at + 1], &w->frame[at],
		(w->frames - at) * sizeof(*f));
	w->frame[at] = *f;
	w->frames++;
}

/**
 * world_send() - Send a frame.
 * @w: The world.
 * @f: The frame; to EVERYBODY: to each other host that is a client's aim.
 */
void world_send(struct world *w, struct frame f)
{
	int host;

	frame_check(&f);
	if (f.dst != EVERYBODY) {
		frame_put(w, &f);
		return;
	}
	f.broadcast = 1;
	for (host = 0; host < HOSTS; host++) {
		if (host == f.src || !scenario->places[host])
			continue;
		f.dst = host;
		frame_put(w, &f);
	}
}

static struct end *find(struct world *w, int host, int token)
{
	int i;

	for (i = 0; i < ENDS; i++)
		if (token && w->end[i].token == token &&
		    w->end[i].host == host &&
		    w->end[i].state != RILL_CONN_DEAD)
			return &w->end[i];
	return NULL;
}

/* What an end sends */

/** world_end_seq() - Number behind all that is queued. */
__u32 world_end_seq(const struct end *e)
{
	return e->iss + e->wrote + !!(e->marks & RILL_FLAG_FIN) +
	       !!(e->marks & RILL_FLAG_CLOSE);
}

static struct frame frame_of(const struct end *e, int type, __u32 ack)
{
	return (struct frame) {
		.type	= type,
		.src	= e->host,
		.dst	= e->peer_host,
		.to	= type == RILL_FRAME_REQUEST ? 0 : e->peer_token,
		.from	= e->token,
		.seq	= e->iss,
		.ack	= ack,
	};
}

static void send_data(struct world *w, struct end *e, __u32 from, __u32 to,
		      int flags)
{
	struct frame f = frame_of(e, RILL_FRAME_DATA, e->rcv_nxt);
	__u32 fin = e->iss + e->wrote;

	f.seq = from;
	f.flags = flags | (e->marks & RILL_FLAG_STOP);
	if (rill_before(from, to) && rill_before(from, fin))
		f.length = 1;
	if ((e->marks & RILL_FLAG_FIN) && !rill_after(from, fin) &&
	    rill_after(to, fin))
		f.flags |= RILL_FLAG_FIN;
	if ((e->marks & RILL_FLAG_CLOSE) && !rill_after(from, fin + 1) &&
	    rill_after(to, fin + 1))
		f.flags |= RILL_FLAG_CLOSE;
	world_send(w, f);
}

static void send_ack(struct world *w, struct end *e)
{
	send_data(w, e, e->nxt, e->nxt, 0);
}

/**
 * world_output() - Send what was not sent yet.
 * @w: The world.
 * @e: The end.
 */
void world_output(struct world *w, struct end *e)
{
	__u32 end = world_end_seq(e);

	if (e->state != RILL_CONN_OPEN && e->state != RILL_CONN_CLOSING)
		return;
	if (e->nxt == end)
		return;
	send_data(w, e, e->nxt, end, 0);
	e->nxt = end;
}

/**
 * world_resend() - Send again what is not acknowledged.
 * @w: The world.
 * @e: The end.
 */
void world_resend(struct world *w, struct end *e)
{
	send_data(w, e, e->una, e->nxt, e->una == e->nxt ? RILL_FLAG_PROBE : 0);
}

/**
 * world_waits() - Is there something to send again, as long as it takes?
 * @e: The end.
 */
bool world_waits(const struct end *e)
{
	if (e->state != RILL_CONN_OPEN && e->state != RILL_CONN_CLOSING)
		return false;
	/* A client that heard nothing yet does not know if it is confirmed. */
	return e->una != e->nxt ||
	       (e->role == ROLE_CLIENT && !e->heard && fault != FAULT_CONFIRM_ONCE);
}

static void send_reset(struct world *w, struct end *e, int code)
{
	struct frame f = frame_of(e, RILL_FRAME_RESET, code);

	f.seq = e->nxt;
	if (e->peer_host == EVERYBODY && code != RILL_RESET_WITHDRAWN)
		return;
	world_send(w, f);
}

/* Answer a frame that belongs to nothing. */
static void reply(struct world *w, const struct frame *f, int type, __u32 seq,
		  __u32 ack)
{
	if (f->broadcast && type == RILL_FRAME_RESET)
		return;
	world_send(w, (struct frame) {
		.type	= type,
		.src	= f->dst,
		.dst	= f->src,
		.to	= f->from,
		.from	= f->to,
		.seq	= seq,
		.ack	= ack,
	});
}

/* Events */

static void send_todo(struct world *w, struct end *e, int todo)
{
	if (todo & RILL_DO_REQUEST)
		world_send(w, frame_of(e, RILL_FRAME_REQUEST,
				       e->cookie ? COOKIE : 0));
	if ((todo & RILL_DO_ACCEPT) ||
	    ((todo & RILL_DO_REQUEST) && e->peer_token))
		world_send(w, frame_of(e, RILL_FRAME_ACCEPT, e->rcv_nxt));
	if (todo & RILL_DO_RESET)
		send_reset(w, e, RILL_RESET_NONE);
	if (todo & RILL_DO_REFUSE)
		send_reset(w, e, RILL_RESET_REFUSED);
	if (todo & RILL_DO_WITHDRAW)
		send_reset(w, e, RILL_RESET_WITHDRAWN);
	if (todo & RILL_DO_ACK)
		send_ack(w, e);
	if (todo & RILL_DO_FINISH) {
		e->marks |= RILL_FLAG_FIN | RILL_FLAG_CLOSE | RILL_FLAG_STOP;
		world_output(w, e);
	}
}

static void input(struct world *w, struct end *e, const struct frame *f);

/* What a RESET tells the socket. */
static int reset_event(int state, const struct frame *f)
{
	if (state != RILL_CONN_REQUESTED || !f)
		return RILL_EV_RESET;
	return f->ack == RILL_RESET_REFUSED ? RILL_EV_REFUSED : RILL_EV_RESET;
}

/**
 * world_event() - Let an event happen to an end.
 * @w: The world.
 * @e: The end.
 * @event: enum rill_conn_event.
 * @f: The frame behind it, or NULL.
 */
void world_event(struct world *w, struct end *e, int event,
		 const struct frame *f)
{
	const struct rill_conn_entry *entry = &table[e->state][event];
	int old = e->state;

	if (!entry->named) {
		fail("illegal: event %d in state %d", event, old);
		return;
	}
	e->state = entry->next;
	if (entry->todo & RILL_DO_ESTABLISH)
		socket_established(w, e);
	if (entry->todo & RILL_DO_CONFIRM)
		listener_confirm(w, e);
	if (entry->todo & RILL_DO_FAIL)
		socket_failed(w, e, event == RILL_CONN_EXPIRE ?
			      RILL_EV_UNREACH : reset_event(old, f));
	if (entry->todo & RILL_DO_HANGUP)
		socket_failed(w, e, RILL_EV_HANGUP);
	send_todo(w, e, entry->todo);
	if (entry->todo & RILL_DO_INPUT)
		input(w, e, f);
	if (entry->todo & RILL_DO_REMOVE)
		listener_remove(w, e, old == RILL_CONN_OFFERED);
}

/* DATA */

static __u32 frame_end(const struct frame *f)
{
	return f->seq + f->length + !!(f->flags & RILL_FLAG_FIN) +
	       !!(f->flags & RILL_FLAG_CLOSE);
}

/* rill_reset_fits(): FIN and CLOSE may have come beyond the credit. */
static bool in_window(const struct end *e, const struct frame *f)
{
	return !rill_before(f->seq, e->rcv_nxt) &&
	       !rill_after(f->seq, e->rcv_nxt + WINDOW);
}

static void take_byte(struct world *w, struct end *e)
{
	/* Who wrote it: a client, or the child of this one. */
	int bit = e->peer_token <= ENDS ? e->peer_token - 1 : e->token - 1 + 4;

	w->delivered |= 1 << bit;
	if (e->sock && !(e->shut & RILL_FLAG_STOP))
		e->unread = 1;
}

static void take_ack(struct world *w, struct end *e, const struct frame *f)
{
	int bit = e->role == ROLE_CLIENT ? e->token - 1 : e->peer_token - 1 + 4;

	if (!rill_after(f->ack, e->una))
		return;
	e->una = f->ack;
	if (e->wrote && rill_after(e->una, e->iss) &&
	    !(w->delivered & 1 << bit))
		fail("data is acknowledged that nobody received");
}

/* rill_input_refuse(): is it more than there is room for? */
static bool refused(const struct end *e, const struct frame *f)
{
	return rill_after(f->seq + f->length, e->rcv_nxt + WINDOW) ||
	       ((e->peer_marks & RILL_FLAG_FIN) &&
		rill_after(f->seq + f->length, e->rcv_nxt));
}

/* The next in order. */
static void take_next(struct world *w, struct end *e, const struct frame *f)
{
	if (f->length && rill_before(e->rcv_nxt, f->seq + f->length))
		take_byte(w, e);
	e->rcv_nxt = frame_end(f);
	e->peer_marks |= f->flags & (RILL_FLAG_FIN | RILL_FLAG_CLOSE);
	if (f->flags & RILL_FLAG_CLOSE)
		world_event(w, e, RILL_CONN_RX_CLOSE, f);
}

/*
 * rill_input_payload(); what comes too early is dropped here, as if there was
 * no memory. Return: whether to acknowledge it at once.
 */
static bool take_payload(struct world *w, struct end *e, const struct frame *f)
{
	if (frame_end(f) == f->seq)
		return f->flags & RILL_FLAG_PROBE;
	if (!rill_after(frame_end(f), e->rcv_nxt) || refused(e, f))
		return true;
	if (!rill_after(f->seq, e->rcv_nxt) || fault == FAULT_SKIP_DATA)
		take_next(w, e, f);
	return true;
}

/* rill_input_acks(). Return: false if that was never sent. */
static bool take_acks(struct world *w, struct end *e, const struct frame *f)
{
	if (rill_after(f->ack, e->nxt))
		return false;
	e->heard = 1;
	take_ack(w, e, f);
	e->peer_marks |= f->flags & RILL_FLAG_STOP;
	if (e->state == RILL_CONN_CLOSING && e->una == world_end_seq(e))
		world_event(w, e, RILL_CONN_ACKED, f);
	return true;
}

/* rill_input_locked(), from the step on. */
static void input(struct world *w, struct end *e, const struct frame *f)
{
	__u32 known = e->rcv_nxt;
	bool ack = frame_end(f) != f->seq || (f->flags & RILL_FLAG_PROBE);

	if (take_acks(w, e, f) && e->state != RILL_CONN_DEAD)
		ack = take_payload(w, e, f);
	if (e->state == RILL_CONN_DEAD)
		return;
	if (e->state == RILL_CONN_CLOSING && f->length &&
	    rill_after(f->seq + f->length, known)) {
		world_event(w, e, RILL_CONN_BREAK, f);
		return;		/* it writes to nobody */
	}
	if (ack && e->state != RILL_CONN_QUIET)
		send_ack(w, e);
	world_output(w, e);
}

/* Does it confirm this offer, not one before it that was forgotten? */
static bool confirms(const struct end *e, const struct frame *f)
{
	return e->state == RILL_CONN_OFFERED && f->ack == e->iss &&
	       in_window(e, f);
}

static void receive_data(struct world *w, const struct frame *f)
{
	struct end *e = find(w, f->dst, f->to);
	bool asked;

	if (!e) {
		reply(w, f, RILL_FRAME_RESET, f->ack, RILL_RESET_NONE);
		return;
	}
	if (e->peer_host != f->src)
		return;
	if (e->peer_token != f->from) {
		reply(w, f, RILL_FRAME_RESET, f->ack, RILL_RESET_NONE);
		return;
	}
	asked = e->state == RILL_CONN_PENDING || e->state == RILL_CONN_OFFERED;
	if (asked && !confirms(e, f) && fault != FAULT_CONFIRM_ANY) {
		reply(w, f, RILL_FRAME_RESET, f->ack, RILL_RESET_NONE);
		return;
	}
	/* Only what has to be acknowledged is. */
	if (e->state == RILL_CONN_QUIET && frame_end(f) == f->seq &&
	    !(f->flags & RILL_FLAG_PROBE) && fault != FAULT_QUIET_CHAT)
		return;
	world_event(w, e, RILL_CONN_RX_DATA, f);
}

/* The handshake */

static void learn(struct end *e, const struct frame *f)
{
	e->peer_token = f->from;
	e->peer_host = f->src;
	e->rcv_nxt = f->seq;
}

/* Both asked each other. */
static bool receive_crossing(struct world *w, const struct frame *f)
{
	struct end *e;
	int i;

	for (i = 0; i < scenario->nclients; i++) {
		e = &w->end[i];
		if (e->host != f->dst || e->sock != RILL_SYN_SENT ||
		    e->peer_host != f->src)
			continue;
		if (e->state == RILL_CONN_REQUESTED &&
		    (!e->peer_token || e->peer_token == f->from)) {
			learn(e, f);
			world_event(w, e, RILL_CONN_RX_REQUEST, f);
		}
		return true;
	}
	return false;
}

/* The token that a host gives to the connection of a client. */
static int token_make(int host, int client)
{
	return 16 * (host + 1) + client;
}

static void receive_request(struct world *w, const struct frame *f)
{
	struct end *e = find(w, f->dst, token_make(f->dst, f->from));

	if (e) {
		world_event(w, e, RILL_CONN_RX_REQUEST, f);
		return;
	}
	if (receive_crossing(w, f))
		return;
	if (!w->listener[f->dst].open) {
		reply(w, f, RILL_FRAME_RESET, f->seq, RILL_RESET_REFUSED);
		return;
	}
	if (f->ack != COOKIE && !listener_trusts(w, f->dst)) {
		reply(w, f, RILL_FRAME_CHALLENGE, f->seq, COOKIE);
		return;
	}
	listener_ask(w, f);
}

/* Return: whether the sender is told that there is nothing for it. */
static bool accept_take(struct world *w, struct end *e, const struct frame *f)
{
	if (!e)
		return true;
	if (f->ack != e->iss)
		return false;
	if (e->state != RILL_CONN_REQUESTED && fault != FAULT_ACCEPT_ANY &&
	    (e->peer_token != f->from || e->peer_host != f->src))
		return true;
	if (e->state == RILL_CONN_REQUESTED || fault == FAULT_ACCEPT_ANY)
		learn(e, f);
	world_event(w, e, RILL_CONN_RX_ACCEPT, f);
	return false;
}

static void receive_accept(struct world *w, const struct frame *f)
{
	if (accept_take(w, find(w, f->dst, f->to), f) &&
	    fault != FAULT_LATE_ANSWER)
		reply(w, f, RILL_FRAME_RESET, f->ack, RILL_RESET_NONE);
}

static void receive_challenge(struct world *w, const struct frame *f)
{
	struct end *e = find(w, f->dst, f->to);
	struct frame again;

	if (!e || e->state != RILL_CONN_REQUESTED || f->seq != e->iss)
		return;
	e->cookie = 1;
	again = frame_of(e, RILL_FRAME_REQUEST, f->ack);
	again.dst = f->src;
	world_send(w, again);
}

static bool reset_believed(const struct end *e, const struct frame *f)
{
	if (!f->to && e->state != RILL_CONN_PENDING &&
	    e->state != RILL_CONN_OFFERED)
		return false;
	if (e->state == RILL_CONN_REQUESTED)
		return e->peer_host == f->src &&
		       (!e->peer_token || e->peer_token == f->from);
	return e->peer_token == f->from && e->peer_host == f->src &&
	       (in_window(e, f) || fault == FAULT_RESET_BLIND);
}

static void receive_reset(struct world *w, const struct frame *f)
{
	int token = f->to ? f->to : token_make(f->dst, f->from);
	struct end *e = find(w, f->dst, token);

	if (e && reset_believed(e, f))
		world_event(w, e, RILL_CONN_RX_RESET, f);
}

/**
 * world_receive() - A frame reaches its host.
 * @w: The world.
 * @f: The frame, not on its way any more.
 */
void world_receive(struct world *w, const struct frame *f)
{
	switch (f->type) {
	case RILL_FRAME_REQUEST:
		receive_request(w, f);
		break;
	case RILL_FRAME_ACCEPT:
		receive_accept(w, f);
		break;
	case RILL_FRAME_CHALLENGE:
		receive_challenge(w, f);
		break;
	case RILL_FRAME_DATA:
		receive_data(w, f);
		break;
	case RILL_FRAME_RESET:
		receive_reset(w, f);
		break;
	}
}
