// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection state machine against every order of events: losses, copies,
 * frames that overtake, users that give up, times that run out. And then with
 * a fault in it, that has to be found.
 *
 * MODEL_BITS=n allows 2^n states and searches deeper: 25 takes some minutes
 * and gigabytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "names.h"
#include "../unit/tap.h"

#define TIMERS	(CAN(REPEAT) | CAN(EXPIRE) | CAN(RESEND))
#define USERS	(CAN(CONNECT) | CAN(TIMEOUT) | CAN(CLOSE) | CAN(ACCEPT))
#define DATA	(CAN(WRITE) | CAN(READ) | CAN(BREAK))
#define OTHERS	(CAN(STRANGER) | CAN(VACATE))

static const struct scenario scenarios[] = {
	{
		.name = "an orderly network: a listener",
		.nclients = 1, .clients = { 0 }, .towards = { 1 },
		.nchildren = 1, .children = { 1 },
		.places = { 0, 1 },
		.can = USERS | DATA | OTHERS | CAN(SHUT_WRITE) | CAN(LISTEN) |
		       CAN(UNLISTEN) | CAN(DESTROY),
		.in_flight = FRAMES, .births = 2, .orderly = true,
	}, {
		.name = "an orderly network: two clients",
		.nclients = 2, .clients = { 0, 1 }, .towards = { 1, 0 },
		.can = USERS | DATA | CAN(SHUT_WRITE),
		.in_flight = FRAMES, .orderly = true,
	}, {
		.name = "a client and a listener",
		.nclients = 1, .clients = { 0 }, .towards = { 1 },
		.nchildren = 1, .children = { 1 },
		.places = { 0, 1 },
		.can = TIMERS | USERS,
		.in_flight = 3, .losses = 1, .copies = 1, .expiries = 1,
		.births = 2,
	}, {
		.name = "data before close()",
		.nclients = 1, .clients = { 0 }, .towards = { 1 },
		.nchildren = 1, .children = { 1 },
		.places = { 0, 1 },
		.can = TIMERS | USERS | DATA,
		.in_flight = 2, .losses = 1, .copies = 1, .expiries = 1,
		.births = 1,
	}, {
		.name = "shutdown(SHUT_WR)",
		.nclients = 1, .clients = { 0 }, .towards = { 1 },
		.nchildren = 1, .children = { 1 },
		.places = { 0, 1 },
		.can = CAN(REPEAT) | CAN(RESEND) | CAN(CONNECT) | CAN(CLOSE) |
		       CAN(ACCEPT) | CAN(WRITE) | CAN(SHUT_WRITE),
		.in_flight = 2, .losses = 1, .births = 1,
	}, {
		.name = "shutdown(SHUT_RD)",
		.nclients = 1, .clients = { 0 }, .towards = { 1 },
		.nchildren = 1, .children = { 1 },
		.places = { 0, 1 },
		.can = CAN(REPEAT) | CAN(RESEND) | CAN(CONNECT) | CAN(CLOSE) |
		       CAN(ACCEPT) | CAN(WRITE) | CAN(SHUT_READ),
		.in_flight = 2, .losses = 1, .births = 1,
	}, {
		.name = "a listener that closes and opens, a full backlog",
		.nclients = 1, .clients = { 0 }, .towards = { 1 },
		.nchildren = 1, .children = { 1 },
		.places = { 0, 1 },
		.can = TIMERS | USERS | OTHERS | CAN(LISTEN) | CAN(UNLISTEN) |
		       CAN(DESTROY),
		.in_flight = 2, .losses = 1, .copies = 1, .expiries = 1,
		.births = 2,
	}, {
		.name = "cookies",
		.nclients = 1, .clients = { 0 }, .towards = { 1 },
		.nchildren = 1, .children = { 1 },
		.places = { 0, 1 },
		.can = TIMERS | USERS | OTHERS | CAN(PRESSURE),
		.in_flight = 3, .losses = 1, .copies = 1, .expiries = 1,
		.births = 1,
	}, {
		.name = "connect() again, old frames on the way",
		.nclients = 2, .clients = { 0, 0 }, .towards = { 1, 1 },
		.nchildren = 2, .children = { 1, 1 },
		.places = { 0, 2 },
		.can = TIMERS | USERS,
		.in_flight = 2, .copies = 1, .expiries = 1, .births = 2,
	}, {
		.name = "two clients, one place",
		.nclients = 2, .clients = { 0, 2 }, .towards = { 1, 1 },
		.nchildren = 2, .children = { 1, 1 },
		.places = { 0, 1 },
		.can = TIMERS | USERS,
		.in_flight = 2, .losses = 1, .births = 1,
	}, {
		.name = "two clients that ask each other",
		.nclients = 2, .clients = { 0, 1 }, .towards = { 1, 0 },
		.can = TIMERS | USERS | CAN(WRITE) | CAN(BREAK),
		.in_flight = 3, .losses = 1, .copies = 1,
	}, {
		.name = "two clients that ask each other again",
		.nclients = 4, .clients = { 0, 0, 1, 1 },
		.towards = { 1, 1, 0, 0 },
		.can = TIMERS | USERS,
		.in_flight = 2, .copies = 1,
	}, {
		.name = "everybody is asked, two can answer",
		.nclients = 1, .clients = { 0 }, .towards = { EVERYBODY },
		.nchildren = 2, .children = { 1, 2 },
		.places = { 0, 1, 1 },
		.can = TIMERS | USERS | OTHERS | CAN(UNLISTEN),
		.in_flight = 2, .losses = 1, .expiries = 1, .births = 1,
	},
};

static void scenario_holds(const struct scenario *s, int bits)
{
	struct scenario deep = *s;
	struct explored r;

	if (bits > 22)
		deep.in_flight = 3;
	r = explore(&deep, 1u << bits, true);
	printf("# %u states, %lu steps\n", r.states, r.steps);
	check(!r.wrong, "%s", wrong);
	tap_end(s->name);
}

/* Faults */

#define SHALLOW	15

/* Return: whether one of the scenarios shows that something is wrong. */
static bool noticed(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(scenarios); i++)
		if (explore(&scenarios[i], 1u << SHALLOW, false).wrong &&
		    strncmp(wrong, "more than", 9))
			return true;
	return false;
}

static void faults_are_found(void)
{
	static const char *const names[FAULTS] = {
		[FAULT_CONFIRM_ANY] = "any DATA confirms",
		[FAULT_ACCEPT_ANY] = "the last ACCEPT wins",
		[FAULT_RESET_BLIND] = "a RESET needs no number",
		[FAULT_LATE_ANSWER] = "a late ACCEPT is not refused",
		[FAULT_QUIET_CHAT] = "the quiet answer everything",
		[FAULT_CONFIRM_ONCE] = "a confirmation is not repeated",
		[FAULT_LEAK_PLACE] = "a place is lost",
		[FAULT_SKIP_DATA] = "what was lost is skipped",
	};

	for (fault = FAULT_NONE + 1; fault < FAULTS; fault++)
		check(noticed(), "not found: %s", names[fault]);
	fault = FAULT_NONE;
	tap_end("each fault in the code around the table is found");
}

#define ANY	0xff

/**
 * struct spare - A fault in the table that ends well in spite of it.
 * @state: enum rill_conn_state, or ANY.
 * @event: enum rill_conn_event, or ANY.
 * @todo: A deed not done; 0: the entry leads to @next.
 * @next: Instead of where it should.
 * @good: Where it should; ANY.
 */
struct spare {
	__u8	state;
	__u8	event;
	__u16	todo;
	__u8	next;
	__u8	good;
};

#define SPARE_DEED(state, event, todo) \
	{ RILL_CONN_##state, RILL_CONN_##event, todo, 0, 0 }

static const struct spare spares[] = {
	/* A repetition does it, later. */
	SPARE_DEED(REQUESTED, RX_REQUEST, RILL_DO_ACCEPT),
	SPARE_DEED(OFFERED, RX_REQUEST, RILL_DO_ACCEPT),
	SPARE_DEED(REQUESTED, RX_DATA, RILL_DO_INPUT),
	SPARE_DEED(OFFERED, RX_DATA, RILL_DO_INPUT),
	SPARE_DEED(CLOSING, RX_ACCEPT, RILL_DO_ACK),
	/* The RESET that answers to a token nobody has does it. */
	SPARE_DEED(OFFERED, BREAK, RILL_DO_REFUSE),
	SPARE_DEED(CLOSING, RX_CLOSE, RILL_DO_ACK),
	SPARE_DEED(CLOSING, BREAK, RILL_DO_RESET),
	SPARE_DEED(QUIET, RX_DATA, RILL_DO_ACK),
	/* There is no clock in the model. */
	SPARE_DEED(OPEN, RX_CLOSE, RILL_DO_LINGER),
	SPARE_DEED(CLOSING, RX_CLOSE, RILL_DO_LINGER),
	/* To a late frame the one answers nothing, the other RESET. */
	{ ANY, ANY, 0, RILL_CONN_QUIET, RILL_CONN_DEAD },
	{ ANY, ANY, 0, RILL_CONN_DEAD, RILL_CONN_QUIET },
	/* An acknowledgment or a RESET ends it still. */
	{ RILL_CONN_CLOSING, ANY, 0, RILL_CONN_CLOSING, ANY },
};

static bool same(int a, int b)
{
	return a == b || b == ANY;
}

static bool is_spare(int state, int event, int todo, int next, int good)
{
	const struct spare *s;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spares); i++) {
		s = &spares[i];
		if (same(state, s->state) && same(event, s->event) &&
		    todo == s->todo && next == s->next && same(good, s->good))
			return true;
	}
	return false;
}

/* Of a correct peer and these sockets it does not happen. */
static bool is_foreign(int state, int event)
{
	static const __u8 foreign[][2] = {
		/* Two locks: it was found just before it died. */
		{ RILL_CONN_DEAD, ANY },
		/* The child's token comes back in an ACCEPT. */
		{ RILL_CONN_PENDING, RILL_CONN_RX_ACCEPT },
		{ RILL_CONN_OFFERED, RILL_CONN_RX_ACCEPT },
		/* rill_input_first() answers it. */
		{ RILL_CONN_PENDING, RILL_CONN_RX_DATA },
		/* A child that is not accepted is broken. */
		{ RILL_CONN_PENDING, RILL_CONN_LEAVE },
		{ RILL_CONN_OFFERED, RILL_CONN_LEAVE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(foreign); i++)
		if (foreign[i][0] == state && same(event, foreign[i][1]))
			return true;
	return false;
}

static bool is_tried(int state, int event)
{
	return table[state][event].named && !is_foreign(state, event);
}

static void deeds_are_needed(int state, int event)
{
	struct rill_conn_entry *entry = &table[state][event];
	int todo = entry->todo, bit;

	for (bit = 1; bit <= RILL_DO_LINGER; bit <<= 1) {
		if (!(todo & bit) || is_spare(state, event, bit, 0, 0))
			continue;
		entry->todo = todo & ~bit;
		check(noticed(), "%s in %s: nobody misses %#x",
		      event_names[event], state_names[state], bit);
	}
	entry->todo = todo;
}

static void step_is_needed(int state, int event)
{
	struct rill_conn_entry *entry = &table[state][event];
	int good = entry->next, next;

	for (next = 0; next < RILL_CONN_STATES; next++) {
		if (next == good || is_spare(state, event, 0, next, good))
			continue;
		entry->next = next;
		check(noticed(), "%s in %s: may as well lead to %s",
		      event_names[event], state_names[state],
		      state_names[next]);
	}
	entry->next = good;
}

static void entry_is_reached(int state, int event)
{
	table[state][event].named = 0;
	check(noticed(), "%s in %s: never happens", event_names[event],
	      state_names[state]);
	table[state][event].named = 1;
}

static void each_entry(void (*test)(int state, int event), const char *name)
{
	int state, event;

	for (state = 0; state < RILL_CONN_STATES; state++)
		for (event = 0; event < RILL_CONN_EVENTS; event++)
			if (is_tried(state, event))
				test(state, event);
	tap_end(name);
}

int main(void)
{
	const char *bits = getenv("MODEL_BITS");
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	world_table();
	for (i = 0; i < ARRAY_SIZE(scenarios); i++)
		scenario_holds(&scenarios[i], bits ? atoi(bits) : 22);
	faults_are_found();
	each_entry(entry_is_reached, "each entry of the table is reached");
	each_entry(deeds_are_needed, "each deed of the table is needed");
	each_entry(step_is_needed, "each step leads where it must");
	return tap_done();
}
