// SPDX-License-Identifier: GPL-2.0-only
/* What can happen in a state of the world, and how it happens. */
#include <stdio.h>
#include <string.h>

#include "model.h"

static const char *const names[WHATS] = {
	[DELIVER] = "delivered", [LOSE] = "lost", [COPY] = "delivered, a copy",
	[REPEAT] = "repeats", [EXPIRE] = "runs out of time",
	[RESEND] = "sends again", [CONNECT] = "connect()",
	[TIMEOUT] = "connect() times out", [CLOSE] = "close()",
	[BREAK] = "close(), lingering 0", [SHUT_WRITE] = "shutdown(SHUT_WR)",
	[SHUT_READ] = "shutdown(SHUT_RD)", [WRITE] = "write()",
	[READ] = "read()", [DESTROY] = "SOCK_DESTROY", [LISTEN] = "listen()",
	[UNLISTEN] = "listener closes", [ACCEPT] = "accept()",
	[STRANGER] = "somebody else takes a place",
	[VACATE] = "somebody else's place is free",
	[PRESSURE] = "comes under pressure",
};

/** events_begin() - The first state of the scenario. */
void events_begin(struct world *w)
{
	struct end *e;
	int i;

	memset(w, 0, sizeof(*w));
	for (i = 0; i < scenario->nclients; i++) {
		e = &w->end[i];
		e->role = ROLE_CLIENT;
		e->host = scenario->clients[i];
		e->token = i + 1;
	}
	for (i = 0; i < scenario->nchildren; i++) {
		e = &w->end[scenario->nclients + i];
		e->role = ROLE_CHILD;
		e->host = scenario->children[i];
	}
	for (i = 0; i < HOSTS; i++) {
		w->listener[i].places = scenario->places[i];
		w->listener[i].open = !!scenario->places[i];
		w->listener[i].opens = w->listener[i].open;
	}
	w->losses = scenario->losses;
	w->copies = scenario->copies;
	w->expiries = scenario->expiries;
}

/* Enabled? */

static bool can(enum what what)
{
	return scenario->can & CAN(what);
}

/* The same socket's earlier attempt. */
static const struct end *earlier(const struct world *w, const struct end *e)
{
	int i;

	for (i = e - w->end - 1; i >= 0; i--)
		if (w->end[i].role == ROLE_CLIENT &&
		    w->end[i].host == e->host)
			return &w->end[i];
	return NULL;
}

static bool may_connect(const struct world *w, const struct end *e)
{
	const struct end *before = earlier(w, e);

	if (e->role != ROLE_CLIENT || e->used)
		return false;
	return !before || (before->used && before->sock == RILL_CLOSE);
}

static bool may_write(const struct end *e)
{
	return e->sock == RILL_ESTABLISHED && !e->wrote &&
	       !(e->shut & RILL_FLAG_FIN) &&
	       !(e->peer_marks & RILL_FLAG_STOP);
}

/* A user has it. */
static bool in_hand(const struct end *e)
{
	return e->sock && e->used;
}

static bool may_expire(const struct end *e)
{
	switch (e->state) {
	case RILL_CONN_PENDING:
	case RILL_CONN_OFFERED:
	case RILL_CONN_QUIET:
	case RILL_CONN_CLOSING:
		return true;
	case RILL_CONN_OPEN:
		return world_waits(e);
	default:
		return false;
	}
}

static bool end_may(const struct world *w, const struct end *e, int what)
{
	switch (what) {
	case REPEAT:
		return e->state == RILL_CONN_REQUESTED ||
		       e->state == RILL_CONN_OFFERED;
	case EXPIRE:
		return may_expire(e) &&
		       (w->expiries || e->state == RILL_CONN_QUIET);
	case RESEND:
		return world_waits(e);
	case CONNECT:
		return may_connect(w, e);
	case TIMEOUT:
		return e->sock == RILL_SYN_SENT;
	case CLOSE:
	case BREAK:
		return in_hand(e) && (e->role == ROLE_CHILD ||
				      e->sock != RILL_CLOSE);
	case SHUT_WRITE:
		return in_hand(e) && e->sock == RILL_ESTABLISHED &&
		       !(e->shut & RILL_FLAG_FIN);
	case SHUT_READ:
		return in_hand(e) && e->sock == RILL_ESTABLISHED &&
		       !(e->shut & RILL_FLAG_STOP);
	case WRITE:
		return in_hand(e) && may_write(e);
	case READ:
		return in_hand(e) && e->unread;
	case DESTROY:
		return e->sock == RILL_SYN_RECV ||
		       (in_hand(e) && e->sock == RILL_ESTABLISHED);
	default:
		return false;
	}
}

static const struct end *acceptable(const struct world *w, int host)
{
	int i;

	for (i = 0; i < ENDS; i++)
		if (w->end[i].role == ROLE_CHILD && w->end[i].host == host &&
		    !w->end[i].used && (w->end[i].sock == RILL_ESTABLISHED ||
					w->end[i].sock == RILL_CLOSE_WAIT))
			return &w->end[i];
	return NULL;
}

static bool host_may(const struct world *w, int host, int what)
{
	const struct listener *l = &w->listener[host];

	if (!l->places)
		return false;
	switch (what) {
	case LISTEN:
		return !l->open && l->opens < 2;
	case UNLISTEN:
		return l->open;
	case ACCEPT:
		return l->open && acceptable(w, host);
	case STRANGER:
		return l->open && l->taken < l->places && !l->strangers;
	case VACATE:
		return l->open && l->strangers;
	case PRESSURE:
		return l->open && !l->pressure;
	default:
		return false;
	}
}

/* Of those on the same way. */
static bool is_first(const struct world *w, int at)
{
	int i;

	for (i = 0; i < at; i++)
		if (w->frame[i].src == w->frame[at].src &&
		    w->frame[i].dst == w->frame[at].dst)
			return false;
	return true;
}

/**
 * events_list() - What can happen.
 * @w: The world.
 * @list: Filled in.
 * @max: Room there.
 *
 * Return: how many.
 */
int events_list(const struct world *w, __u16 *list, int max)
{
	int count = 0, what, i;

	for (i = 0; i < w->frames; i++) {
		if (scenario->orderly && !is_first(w, i))
			continue;
		list[count++] = event_make(DELIVER, i);
		if (w->losses)
			list[count++] = event_make(LOSE, i);
		if (w->copies)
			list[count++] = event_make(COPY, i);
	}
	for (what = REPEAT; what < LISTEN; what++)
		for (i = 0; i < ENDS && can(what); i++)
			if (end_may(w, &w->end[i], what) && count < max)
				list[count++] = event_make(what, i);
	for (what = LISTEN; what < WHATS; what++)
		for (i = 0; i < HOSTS && can(what); i++)
			if (host_may(w, i, what) && count < max)
				list[count++] = event_make(what, i);
	return count;
}

/* How it happens */

static void frame_remove(struct world *w, int at)
{
	w->frames--;
	memmove(&w->frame[at], &w->frame[at + 1],
		(w->frames - at) * sizeof(w->frame[0]));
	memset(&w->frame[w->frames], 0, sizeof(w->frame[0]));
}

static void apply_frame(struct world *w, int what, int at)
{
	struct frame f = w->frame[at];

	if (what == COPY)
		w->copies--;
	else
		frame_remove(w, at);
	if (what == LOSE) {
		w->losses--;
		if (f.type == RILL_FRAME_RESET)
			w->mute = 1;
	} else {
		world_receive(w, &f);
	}
}

static void apply_connect(struct world *w, struct end *e)
{
	e->used = 1;
	e->sock = RILL_CLOSE;
	socket_step(e, RILL_EV_CONNECT);
	e->iss = 0xfffffffe - 0x01000000u * (e->token - 1);
	e->una = e->iss;
	e->nxt = e->iss;
	e->peer_host = scenario->towards[e - w->end];
	e->state = RILL_CONN_REQUESTED;
	/* As rill_ether_connect() does after the claim. */
	world_event(w, e, RILL_CONN_REPEAT, NULL);
}

/* rill_sk_drop(): @hard with SO_LINGER, by a timeout, or data unread. */
static void apply_drop(struct world *w, struct end *e, int event, bool hard)
{
	int old = e->sock;

	if (!socket_step(e, event))
		return;
	if (old == RILL_SYN_SENT)
		w->failed |= 1 << (e->token - 1);
	/* A child on the listener's queue goes by the listener. */
	if (old == RILL_SYN_RECV) {
		bool placed = e->state == RILL_CONN_OFFERED;

		world_event(w, e, RILL_CONN_BREAK, NULL);
		listener_remove(w, e, placed);
		return;
	}
	world_event(w, e, hard || e->unread ? RILL_CONN_BREAK :
					      RILL_CONN_LEAVE, NULL);
}

static void apply_shut(struct world *w, struct end *e, int mark)
{
	e->shut |= mark;
	if (e->state != RILL_CONN_OPEN)
		return;
	e->marks |= mark;
	if (mark == RILL_FLAG_FIN)
		world_output(w, e);
	else	/* the peer learns it by an acknowledgment */
		world_resend(w, e);
}

static void apply_expire(struct world *w, struct end *e)
{
	if (e->state != RILL_CONN_QUIET)
		w->expiries--;
	world_event(w, e, RILL_CONN_EXPIRE, NULL);
}

static void apply_end(struct world *w, struct end *e, int what)
{
	switch (what) {
	case REPEAT:
		world_event(w, e, RILL_CONN_REPEAT, NULL);
		break;
	case EXPIRE:
		apply_expire(w, e);
		break;
	case RESEND:
		world_resend(w, e);
		break;
	case CONNECT:
		apply_connect(w, e);
		break;
	case TIMEOUT:
		apply_drop(w, e, RILL_EV_TIMEOUT, true);
		break;
	case CLOSE:
	case BREAK:
		apply_drop(w, e, RILL_EV_DROP, what == BREAK);
		/* A client's slot goes on as a closed socket. */
		e->sock = e->role == ROLE_CLIENT ? RILL_CLOSE : 0;
		e->unread = 0;
		break;
	case SHUT_WRITE:
		apply_shut(w, e, RILL_FLAG_FIN);
		break;
	case SHUT_READ:
		apply_shut(w, e, RILL_FLAG_STOP);
		break;
	case WRITE:
		e->wrote = 1;
		world_output(w, e);
		break;
	case READ:
		e->unread = 0;
		break;
	case DESTROY:
		apply_drop(w, e, RILL_EV_DROP, true);
		break;
	}
}

static void apply_host(struct world *w, int host, int what)
{
	struct listener *l = &w->listener[host];
	struct end *e;

	switch (what) {
	case LISTEN:
		l->open = 1;
		l->opens++;
		break;
	case UNLISTEN:
		l->taken -= l->strangers;
		l->strangers = 0;
		listener_close(w, host);
		break;
	case ACCEPT:
		e = (struct end *)acceptable(w, host);
		e->used = 1;
		l->taken--;
		listener_admit(w, host);
		break;
	case STRANGER:
		l->strangers++;
		l->taken++;
		break;
	case VACATE:
		l->strangers--;
		l->taken--;
		listener_admit(w, host);
		break;
	case PRESSURE:
		l->pressure = 1;
		break;
	}
}

/* What is over is forgotten, that states be few. */
static void tidy(struct world *w)
{
	struct end *e;
	int i;

	for (i = 0; i < ENDS; i++) {
		e = &w->end[i];
		if (e->state != RILL_CONN_DEAD || !e->role)
			continue;
		*e = (struct end) {
			.role = e->role, .host = e->host, .sock = e->sock,
			.used = e->role == ROLE_CLIENT || e->sock ? e->used : 0,
			.token = e->role == ROLE_CLIENT ? e->token : 0,
		};
	}
}

/**
 * events_apply() - Let it happen.
 * @w: The world.
 * @event: One of events_list().
 */
void events_apply(struct world *w, __u16 event)
{
	int what = event >> 8, argument = event & 0xff;

	if (what <= COPY)
		apply_frame(w, what, argument);
	else if (what < LISTEN)
		apply_end(w, &w->end[argument], what);
	else
		apply_host(w, argument, what);
	tidy(w);
}

/* In words */

static const char *const types[] = {
	[RILL_FRAME_REQUEST] = "REQUEST", [RILL_FRAME_ACCEPT] = "ACCEPT",
	[RILL_FRAME_CHALLENGE] = "CHALLENGE", [RILL_FRAME_DATA] = "DATA",
	[RILL_FRAME_RESET] = "RESET",
};

static void name_frame(char *text, size_t room, const struct frame *f,
		       int what)
{
	snprintf(text, room, "%s to %d from %d seq %08x ack %08x%s%s%s%s %s",
		 types[f->type], f->to, f->from, f->seq, f->ack,
		 f->length ? " data" : "",
		 f->flags & RILL_FLAG_FIN ? " FIN" : "",
		 f->flags & RILL_FLAG_CLOSE ? " CLOSE" : "",
		 f->flags & RILL_FLAG_STOP ? " STOP" : "", names[what]);
}

/**
 * events_name() - An event in words.
 * @w: The world before it.
 * @event: The event.
 *
 * Return: text that lasts until the next call.
 */
const char *events_name(const struct world *w, __u16 event)
{
	int what = event >> 8, argument = event & 0xff;
	static char text[128];

	if (what <= COPY)
		name_frame(text, sizeof(text), &w->frame[argument], what);
	else if (what < LISTEN)
		snprintf(text, sizeof(text), "%s %d (token %d) %s",
			 w->end[argument].role == ROLE_CLIENT ? "client" :
								"child",
			 argument, w->end[argument].token, names[what]);
	else
		snprintf(text, sizeof(text), "host %d: %s", argument,
			 names[what]);
	return text;
}
