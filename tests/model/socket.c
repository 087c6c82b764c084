// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sockets above, by the table of connect_table.h, and their listener:
 * state.c and listen.c as far as a transport can see them.
 */
#include "model.h"

/**
 * socket_step() - Let an event happen to a socket.
 * @e: Its end.
 * @event: enum rill_event.
 *
 * Return: whether the state changed.
 */
bool socket_step(struct end *e, int event)
{
	int next = rill_next_state(e->sock, event);

	if (next == RILL_ILLEGAL)
		fail("illegal: socket event %d in state %d", event, e->sock);
	if (next <= 0)
		return false;
	e->sock = next;
	return true;
}

static int client_bit(const struct end *e)
{
	return 1 << (e->token - 1);
}

/**
 * socket_established() - RILL_DO_ESTABLISH.
 * @w: The world.
 * @e: A client.
 */
void socket_established(struct world *w, struct end *e)
{
	if (!e->sock)
		fail("a closed socket is established");
	else if (socket_step(e, RILL_EV_ESTABLISHED))
		w->established |= client_bit(e);
	else
		fail("an attempt that is over is established");
}

/**
 * socket_failed() - RILL_DO_FAIL and RILL_DO_HANGUP.
 * @w: The world.
 * @e: The end.
 * @event: What it is to the socket.
 */
void socket_failed(struct world *w, struct end *e, int event)
{
	int old = e->sock;

	if (!old)
		return;
	if (!socket_step(e, event))
		return;
	if (old == RILL_SYN_SENT)
		w->failed |= client_bit(e);
}

/**
 * listener_admit() - There may be a place for one who waits.
 * @w: The world.
 * @host: Whose listener.
 */
void listener_admit(struct world *w, int host)
{
	struct listener *l = &w->listener[host];
	struct end *e;
	int i;

	for (i = 0; i < ENDS && l->open && l->taken < l->places; i++) {
		e = &w->end[i];
		if (e->role != ROLE_CHILD || e->host != host ||
		    e->state != RILL_CONN_PENDING || !e->sock)
			continue;
		l->taken++;
		world_event(w, e, RILL_CONN_ADMIT, NULL);
		if (e->state != RILL_CONN_OFFERED)
			fail("a place is given to nobody");
	}
}

static void leave_place(struct world *w, int host)
{
	if (!w->listener[host].taken)
		fail("more places are given back than taken");
	else if (fault != FAULT_LEAK_PLACE)
		w->listener[host].taken--;
	listener_admit(w, host);
}

/**
 * listener_remove() - RILL_DO_REMOVE: the child is gone from its listener.
 * @w: The world.
 * @e: The child.
 * @placed: It had a place.
 */
void listener_remove(struct world *w, struct end *e, bool placed)
{
	if (!e->sock)
		return;
	socket_step(e, RILL_EV_DROP);
	e->sock = 0;
	if (placed)
		leave_place(w, e->host);
}

/**
 * listener_confirm() - RILL_DO_CONFIRM: the child can be accepted.
 * @w: The world.
 * @e: The child.
 */
void listener_confirm(struct world *w, struct end *e)
{
	int bit = 1 << (e->peer_token - 1);
	const struct end *client = &w->end[e->peer_token - 1];

	if (!w->listener[e->host].open)
		fail("a connection comes to a closed listener");
	if (!(w->established & bit))
		fail("client %d is accepted that never was connected",
		     e->peer_token);
	if (w->failed & bit)
		fail("client %d is accepted that was refused", e->peer_token);
	if (w->confirmed & bit)
		fail("client %d is accepted twice", e->peer_token);
	if (client->state != RILL_CONN_DEAD && client->peer_token != e->token)
		fail("client %d is accepted that is with another",
		     e->peer_token);
	w->confirmed |= bit;
	if (!socket_step(e, RILL_EV_ESTABLISHED))
		fail("a child cannot be established");
}

static struct end *child_room(struct world *w, int host)
{
	struct end *e;
	int i;

	for (i = scenario->nclients; i < ENDS; i++) {
		e = &w->end[i];
		if (e->role == ROLE_CHILD && e->host == host &&
		    e->state == RILL_CONN_DEAD && !e->sock)
			return e;
	}
	return NULL;
}

/**
 * listener_trusts() - rill_request_trusted(): is no proof needed?
 * @w: The world.
 * @host: Whose listener.
 *
 * Return: whether a request without a cookie may be held.
 */
bool listener_trusts(const struct world *w, int host)
{
	const struct listener *l = &w->listener[host];
	int i;

	for (i = 0; i < ENDS; i++)
		if (w->end[i].state == RILL_CONN_PENDING &&
		    w->end[i].host == host)
			return false;
	return !l->pressure && l->taken < l->places &&
	       2 * l->taken <= l->places - 1;
}

/* Never the same, as random numbers are; some of them near the wrap. */
static __u32 child_iss(int client, int birth)
{
	return 0xffffffff - 0x10000000u * (4 * birth + client - 1);
}

/**
 * listener_ask() - A REQUEST finds a listener.
 * @w: The world.
 * @f: The REQUEST.
 *
 * Return: whether it is held.
 */
bool listener_ask(struct world *w, const struct frame *f)
{
	struct end *e = child_room(w, f->dst);
	int client = f->from;

	if (!e || w->births[client - 1] >= scenario->births)
		return false;	/* no memory: dropped */
	w->births[client - 1]++;
	e->token = 16 * (f->dst + 1) + client;
	e->peer_token = client;
	e->peer_host = f->src;
	e->iss = child_iss(client, w->births[client - 1]);
	e->una = e->iss;
	e->nxt = e->iss;
	e->rcv_nxt = f->seq;
	e->sock = RILL_CLOSE;
	socket_step(e, RILL_EV_QUEUED);
	e->state = RILL_CONN_PENDING;
	/* What rill_request_hold() does at once. */
	listener_admit(w, f->dst);
	return true;
}

/**
 * listener_close() - close() of a listener: nobody is accepted any more.
 * @w: The world.
 * @host: Whose.
 */
void listener_close(struct world *w, int host)
{
	struct end *e;
	int i;

	w->listener[host].open = 0;
	for (i = 0; i < ENDS; i++) {
		e = &w->end[i];
		if (e->role != ROLE_CHILD || e->host != host || !e->sock ||
		    e->used)
			continue;
		if (e->state != RILL_CONN_PENDING && w->listener[host].taken)
			w->listener[host].taken--;
		socket_step(e, RILL_EV_DROP);
		e->sock = 0;
		world_event(w, e, RILL_CONN_BREAK, NULL);
	}
	if (w->listener[host].taken != w->listener[host].strangers)
		fail("a place is left over");
}
