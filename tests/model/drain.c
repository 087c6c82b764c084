// SPDX-License-Identifier: GPL-2.0-only
/*
 * What has to hold: in each state, and where each state leads to when the
 * network is fair from now on and nobody does anything; and then, when all
 * users close. The way there is one of many; that there is one from every
 * state is what keeps the ends from being caught anywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "model.h"

/**
 * drain_peer() - The other end.
 * @w: The world.
 * @e: An end.
 *
 * Return: it, if it is alive.
 */
struct end *drain_peer(struct world *w, const struct end *e)
{
	struct end *p;
	int i;

	for (i = 0; i < ENDS; i++) {
		p = &w->end[i];
		if (e->peer_token && p->token == e->peer_token &&
		    p->host == e->peer_host && p->state != RILL_CONN_DEAD)
			return p;
	}
	return NULL;
}

/* In each state */

static bool joined(const struct end *e, const struct end *p)
{
	return p && p->peer_token == e->token && p->peer_host == e->host;
}

static bool agree(const struct end *e, const struct end *p)
{
	return !rill_before(e->rcv_nxt, p->iss) &&
	       !rill_after(e->rcv_nxt, p->nxt) &&
	       !rill_after(p->una, e->rcv_nxt);
}

static void places_add_up(const struct world *w, int host)
{
	const struct listener *l = &w->listener[host];
	int taken = l->strangers, i;
	const struct end *e;

	for (i = 0; i < ENDS; i++) {
		e = &w->end[i];
		if (e->role == ROLE_CHILD && e->host == host && e->sock &&
		    !e->used && e->state != RILL_CONN_PENDING)
			taken++;
	}
	if (l->taken != taken)
		fail("host %d has %d places taken, not %d", host, l->taken,
		     taken);
	if (taken > l->places)
		fail("host %d gives more places than it has", host);
}

/* What the socket believes is what its connection is. */
static bool fits(const struct end *e)
{
	switch (e->sock) {
	case RILL_SYN_SENT:
		return e->state == RILL_CONN_REQUESTED;
	case RILL_SYN_RECV:
		return e->state == RILL_CONN_PENDING ||
		       e->state == RILL_CONN_OFFERED;
	case RILL_ESTABLISHED:
		return e->state == RILL_CONN_OPEN;
	case RILL_CLOSE_WAIT:
		return e->state == RILL_CONN_QUIET ||
		       e->state == RILL_CONN_DEAD;
	default:
		return e->state == RILL_CONN_CLOSING ||
		       e->state == RILL_CONN_QUIET ||
		       e->state == RILL_CONN_DEAD;
	}
}

/**
 * drain_invariants() - What holds at any time.
 * @w: The world.
 */
void drain_invariants(struct world *w)
{
	struct end *e, *p;
	int i;

	if (w->established & w->failed)
		fail("connect() succeeded and failed");
	for (i = 0; i < HOSTS; i++)
		places_add_up(w, i);
	for (i = 0; i < ENDS; i++) {
		e = &w->end[i];
		p = drain_peer(w, e);
		if (!fits(e))
			fail("a socket in state %d has a connection in %d",
			     e->sock, e->state);
		if (e->state == RILL_CONN_OPEN && joined(e, p) &&
		    p->state == RILL_CONN_OPEN && !agree(e, p))
			fail("the ends disagree about what was sent");
	}
}

/* From now on */

#define MEMORY		4194304
#define DELIVERIES	400

/* Fingerprints of states that lead to a good one. */
static __u64 *known;
static unsigned int knows;

/* Those that were passed since drain_check() began. */
static __u64 passed[DELIVERIES];
static unsigned int passes;

static __u64 mix(const void *bytes, size_t len)
{
	const __u64 *word = bytes;
	__u64 sum = 0x9e3779b97f4a7c15;
	size_t i;

	for (i = 0; i < len / 8; i++) {
		sum ^= word[i];
		sum *= 0xff51afd7ed558ccd;
		sum ^= sum >> 32;
	}
	return sum ? sum : 1;
}

/**
 * drain_print() - The fingerprint of a state.
 * @w: The world.
 *
 * Return: 64 bits, not 0.
 */
__u64 drain_print(const struct world *w)
{
	return mix(w, offsetof(struct world, frame) +
		      w->frames * sizeof(w->frame[0]));
}

/* Its place in the memory: it is there, or an empty one. */
static __u64 *memory_at(__u64 print)
{
	unsigned int at = print & (MEMORY - 1);

	if (!known)
		known = calloc(MEMORY, sizeof(*known));
	if (!known)
		abort();
	while (known[at] && known[at] != print)
		at = (at + 1) & (MEMORY - 1);
	return &known[at];
}

/* Return: whether the state is known to lead to a good one. */
static bool pass(const struct world *w)
{
	__u64 print = drain_print(w);

	if (*memory_at(print))
		return true;
	if (passes == DELIVERIES)
		fail("frames answer frames without end");
	else
		passed[passes++] = print;
	return false;
}

static void remember(void)
{
	while (passes && knows < MEMORY / 2) {
		passes--;
		*memory_at(passed[passes]) = passed[passes];
		knows++;
	}
}

/** drain_forget() - Another scenario. */
void drain_forget(void)
{
	if (known)
		memset(known, 0, MEMORY * sizeof(*known));
	knows = 0;
}

/* Return: false: what follows is known to be good, or something is wrong. */
static bool deliver_all(struct world *w, bool memory)
{
	int count = 0;

	while (w->frames && !wrong[0]) {
		if (memory && pass(w))
			return false;
		events_apply(w, event_make(DELIVER, 0));
		drain_invariants(w);
		if (++count == DELIVERIES)
			fail("frames answer frames without end");
	}
	return !wrong[0];
}

static bool timers_run(struct world *w, int i, bool memory)
{
	struct end *e = &w->end[i];

	if (e->state == RILL_CONN_REQUESTED || e->state == RILL_CONN_OFFERED)
		events_apply(w, event_make(REPEAT, i));
	else if (world_waits(e))
		events_apply(w, event_make(RESEND, i));
	else if (e->state == RILL_CONN_QUIET)
		events_apply(w, event_make(EXPIRE, i));
	return deliver_all(w, memory);
}

#define ROUNDS	50

/* Until nothing changes any more. Return: as deliver_all(). */
static bool settle(struct world *w, bool memory)
{
	struct world before;
	int round, i;

	if (!deliver_all(w, memory))
		return false;
	for (round = 0; round < ROUNDS; round++) {
		before = *w;
		for (i = 0; i < ENDS; i++)
			if (!timers_run(w, i, memory))
				return false;
		if (!memcmp(&before, w, sizeof(before)))
			return true;
	}
	fail("it never comes to rest");
	return false;
}

/* A client whose answer is missing: is there somebody who owes it? */
static void judge_request(struct world *w, const struct end *e)
{
	const struct listener *l;
	const struct end *p;
	int i;

	for (i = 0; i < scenario->nclients; i++) {
		p = &w->end[i];
		if (p != e && p->state == RILL_CONN_REQUESTED &&
		    p->host == e->peer_host && p->peer_host == e->host)
			fail("both ask each other, and nothing happens");
	}
	if (e->peer_host == EVERYBODY)
		return;
	l = &w->listener[e->peer_host];
	if (l->open && l->taken < l->places &&
	    w->births[e->token - 1] < scenario->births)
		fail("client %d is not let in though there is room",
		     e->token);
}

static void judge(struct world *w, const struct end *e)
{
	const struct end *p = drain_peer(w, e);

	switch (e->state) {
	case RILL_CONN_REQUESTED:
		judge_request(w, e);
		break;
	case RILL_CONN_OFFERED:
		fail("an offer stays, though nobody is to confirm it");
		break;
	case RILL_CONN_OPEN:
		/* Without its RESET it has to wait for its own next word. */
		if ((!joined(e, p) || p->state != RILL_CONN_OPEN) && !w->mute)
			fail("end %d is half of a connection",
			     (int)(e - w->end));
		break;
	case RILL_CONN_CLOSING:
		fail("close() does not come to its end");
		break;
	}
}

/* An orderly network has delivered all: nobody has to wait for a timer. */
static void judge_prompt(struct world *w, const struct end *e)
{
	const struct end *p = drain_peer(w, e);
	int host = e->peer_host;

	switch (e->state) {
	case RILL_CONN_REQUESTED:
		if (scenario->places[host] && !w->listener[host].open)
			fail("a client is not told that nobody listens");
		break;
	case RILL_CONN_PENDING:
		if (!p || p->state != RILL_CONN_REQUESTED)
			fail("a listener is not told that a client gave up");
		break;
	case RILL_CONN_OFFERED:
	case RILL_CONN_CLOSING:
		fail("end %d waits for nothing", (int)(e - w->end));
		break;
	case RILL_CONN_OPEN:
		if (!joined(e, p) || p->state != RILL_CONN_OPEN)
			fail("end %d is not told that it is alone",
			     (int)(e - w->end));
		if (e->una != e->nxt)
			fail("what end %d sent is not acknowledged",
			     (int)(e - w->end));
		break;
	}
}

/* All users close, all time is over. */
static void close_all(struct world *w)
{
	struct end *e;
	int i;

	for (i = 0; i < HOSTS; i++)
		if (w->listener[i].open)
			events_apply(w, event_make(UNLISTEN, i));
	for (i = 0; i < ENDS; i++) {
		e = &w->end[i];
		if (e->sock == RILL_SYN_SENT)
			events_apply(w, event_make(TIMEOUT, i));
		else if (e->sock && e->sock != RILL_CLOSE)
			events_apply(w, event_make(CLOSE, i));
		else if (e->sock && e->role == ROLE_CHILD)
			events_apply(w, event_make(CLOSE, i));
	}
}

static void expire_all(struct world *w)
{
	int i;

	for (i = 0; i < ENDS; i++)
		if (w->end[i].state == RILL_CONN_PENDING) {
			w->expiries = 1;
			events_apply(w, event_make(EXPIRE, i));
			w->expiries = 0;
		}
}

static void nothing_left(const struct world *w)
{
	int i;

	for (i = 0; i < ENDS; i++) {
		if (w->end[i].state != RILL_CONN_DEAD)
			fail("end %d is left in state %d", i, w->end[i].state);
		if (w->end[i].sock && w->end[i].role == ROLE_CHILD)
			fail("socket of end %d is left", i);
	}
}

/**
 * drain_check() - Where does this state lead to?
 * @start: The state; not changed.
 */
void drain_check(const struct world *start)
{
	struct scenario fair = *scenario;
	const struct scenario *old = scenario;
	struct world w = *start;
	int i;

	fair.in_flight = FRAMES;
	scenario = &fair;
	w.losses = 0;
	w.copies = 0;
	w.expiries = 0;
	passes = 0;
	if (scenario->orderly && deliver_all(&w, false))
		for (i = 0; i < ENDS; i++)
			judge_prompt(&w, &w.end[i]);
	if (!pass(&w) && settle(&w, true)) {
		for (i = 0; i < ENDS; i++)
			judge(&w, &w.end[i]);
		close_all(&w);
		if (!wrong[0] && settle(&w, false)) {
			expire_all(&w);
			if (deliver_all(&w, false))
				nothing_left(&w);
		}
	}
	if (!wrong[0])
		remember();
	scenario = old;
}
