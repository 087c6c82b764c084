// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection state machine: every state with every event.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "connect_table.h"
#include "tap.h"

static const char *const events[RILL_NR_EVENTS] = {
	[RILL_EV_CONNECT] = "connect",
	[RILL_EV_UNCLAIM] = "unclaim",
	[RILL_EV_LISTEN] = "listen",
	[RILL_EV_PAIR] = "pair",
	[RILL_EV_QUEUED] = "queued",
	[RILL_EV_ESTABLISHED] = "established",
	[RILL_EV_REFUSED] = "refused",
	[RILL_EV_RESET] = "reset",
	[RILL_EV_TIMEOUT] = "timeout",
	[RILL_EV_UNREACH] = "unreach",
	[RILL_EV_HANGUP] = "hangup",
	[RILL_EV_DROP] = "drop",
};

static const struct {
	const char *name;
	int state;
} states[] = {
	{ "CLOSE", RILL_CLOSE },
	{ "SYN_SENT", RILL_SYN_SENT },
	{ "SYN_RECV", RILL_SYN_RECV },
	{ "ESTABLISHED", RILL_ESTABLISHED },
	{ "CLOSE_WAIT", RILL_CLOSE_WAIT },
	{ "LISTEN", RILL_LISTEN },
};

#define STATES	((int)ARRAY_SIZE(states))

/*
 * What the rules ask for, written down apart from the table: the state's
 * name, an errno, "-" for an event that comes too late. No entry: no correct
 * program order leads there.
 */
static const char *const expected[STATES][RILL_NR_EVENTS] = {
	{	/* CLOSE */
		[RILL_EV_CONNECT] = "SYN_SENT",
		[RILL_EV_UNCLAIM] = "-",
		[RILL_EV_LISTEN] = "LISTEN",
		[RILL_EV_PAIR] = "ESTABLISHED",
		[RILL_EV_QUEUED] = "SYN_RECV",
		[RILL_EV_ESTABLISHED] = "-",
		[RILL_EV_REFUSED] = "-",
		[RILL_EV_RESET] = "-",
		[RILL_EV_TIMEOUT] = "-",
		[RILL_EV_UNREACH] = "-",
		[RILL_EV_HANGUP] = "-",
		[RILL_EV_DROP] = "CLOSE",
	}, {	/* SYN_SENT */
		[RILL_EV_CONNECT] = "EALREADY",
		[RILL_EV_UNCLAIM] = "CLOSE",
		[RILL_EV_LISTEN] = "EINVAL",
		[RILL_EV_ESTABLISHED] = "ESTABLISHED",
		[RILL_EV_REFUSED] = "CLOSE",
		[RILL_EV_RESET] = "CLOSE",
		[RILL_EV_TIMEOUT] = "CLOSE",
		[RILL_EV_UNREACH] = "CLOSE",
		[RILL_EV_DROP] = "CLOSE",
	}, {	/* SYN_RECV */
		[RILL_EV_ESTABLISHED] = "ESTABLISHED",
		[RILL_EV_DROP] = "CLOSE",
	}, {	/* ESTABLISHED */
		[RILL_EV_CONNECT] = "EISCONN",
		[RILL_EV_LISTEN] = "EINVAL",
		[RILL_EV_ESTABLISHED] = "-",
		[RILL_EV_REFUSED] = "-",
		[RILL_EV_RESET] = "CLOSE_WAIT",
		[RILL_EV_TIMEOUT] = "-",
		[RILL_EV_UNREACH] = "CLOSE_WAIT",
		[RILL_EV_HANGUP] = "CLOSE_WAIT",
		[RILL_EV_DROP] = "CLOSE",
	}, {	/* CLOSE_WAIT */
		[RILL_EV_CONNECT] = "EISCONN",
		[RILL_EV_LISTEN] = "EINVAL",
		[RILL_EV_ESTABLISHED] = "-",
		[RILL_EV_REFUSED] = "-",
		[RILL_EV_RESET] = "-",
		[RILL_EV_TIMEOUT] = "-",
		[RILL_EV_UNREACH] = "-",
		[RILL_EV_HANGUP] = "-",
		[RILL_EV_DROP] = "CLOSE",
	}, {	/* LISTEN */
		[RILL_EV_CONNECT] = "EOPNOTSUPP",
		/* Of a request given up before listen(). */
		[RILL_EV_UNCLAIM] = "-",
		[RILL_EV_LISTEN] = "LISTEN",
		[RILL_EV_TIMEOUT] = "-",
		[RILL_EV_UNREACH] = "-",
		[RILL_EV_DROP] = "CLOSE",
	}
};

static int expected_value(const char *text)
{
	int i;

	if (!text)
		return RILL_ILLEGAL;
	if (!strcmp(text, "-"))
		return RILL_LATE;
	if (!strcmp(text, "EALREADY"))
		return -EALREADY;
	if (!strcmp(text, "EISCONN"))
		return -EISCONN;
	if (!strcmp(text, "EINVAL"))
		return -EINVAL;
	if (!strcmp(text, "EOPNOTSUPP"))
		return -EOPNOTSUPP;
	for (i = 0; i < STATES; i++)
		if (!strcmp(text, states[i].name))
			return states[i].state;
	abort();
}

static void every_pair_in(int row)
{
	int event, want, got;

	for (event = 0; event < RILL_NR_EVENTS; event++) {
		want = expected_value(expected[row][event]);
		got = rill_next_state(states[row].state, event);
		check(got == want, "%s with %s gives %d, not %d",
		      states[row].name, events[event], got, want);
	}
	tap_end(states[row].name);
}

static bool is_state(int number)
{
	int i;

	for (i = 0; i < STATES; i++)
		if (states[i].state == number)
			return true;
	return false;
}

static void numbers_that_are_no_state(void)
{
	int state, event;

	for (state = -1; state < 40; state++)
		for (event = 0; !is_state(state) && event < RILL_NR_EVENTS;
		     event++)
			check(rill_next_state(state, event) == RILL_ILLEGAL,
			      "state %d with %s is legal", state,
			      events[event]);
	tap_end("numbers that are no state");
}

static void numbers_that_are_no_event(void)
{
	static const int numbers[] = { -1, RILL_NR_EVENTS, 255, 1 << 30 };
	int i, j;

	for (i = 0; i < STATES; i++)
		for (j = 0; j < (int)ARRAY_SIZE(numbers); j++)
			check(rill_next_state(states[i].state, numbers[j]) ==
			      RILL_ILLEGAL, "%s with event %d is legal",
			      states[i].name, numbers[j]);
	tap_end("numbers that are no event");
}

static void every_step_leads_to_a_state(void)
{
	int i, event, next;

	for (i = 0; i < STATES; i++)
		for (event = 0; event < RILL_NR_EVENTS; event++) {
			next = rill_next_state(states[i].state, event);
			check(next <= 0 || is_state(next), "%s with %s: %d",
			      states[i].name, events[event], next);
			check(next > -4096, "%s with %s: no errno",
			      states[i].name, events[event]);
		}
	tap_end("every step leads to a state");
}

/* Marks all that can follow @state. */
static void follow(int state, bool *seen)
{
	int event, next;

	if (seen[state])
		return;
	seen[state] = true;
	for (event = 0; event < RILL_NR_EVENTS; event++) {
		next = rill_next_state(state, event);
		if (next > 0)
			follow(next, seen);
	}
}

static void every_state_can_be_reached_and_left(void)
{
	bool from_close[RILL_NR_STATES] = { false };
	int i;

	follow(RILL_CLOSE, from_close);
	for (i = 0; i < STATES; i++) {
		check(from_close[states[i].state], "%s is out of reach",
		      states[i].name);
		check(rill_next_state(states[i].state, RILL_EV_DROP) ==
		      RILL_CLOSE, "%s cannot be dropped", states[i].name);
	}
	tap_end("every state can be reached and left");
}

/* Only the socket's own end starts anything: no event from outside does. */
static void nothing_outside_opens_a_closed_socket(void)
{
	int event, next;

	for (event = RILL_EV_ESTABLISHED; event < RILL_NR_EVENTS; event++) {
		next = rill_next_state(RILL_CLOSE, event);
		check(next == RILL_LATE || next == RILL_CLOSE,
		      "CLOSE with %s gives %d", events[event], next);
	}
	tap_end("nothing outside opens a closed socket");
}

/* C10: once it was connected it connects again only after being dropped. */
static void connects_once(void)
{
	static const int connected[] = { RILL_ESTABLISHED, RILL_CLOSE_WAIT };
	int i, event, next;

	for (i = 0; i < 2; i++)
		for (event = 0; event < RILL_NR_EVENTS; event++) {
			next = rill_next_state(connected[i], event);
			check(next <= 0 || next == RILL_CLOSE_WAIT ||
			      (next == RILL_CLOSE && event == RILL_EV_DROP),
			      "connected, %s: %d", events[event], next);
		}
	tap_end("connects once");
}

int main(void)
{
	int i;

	for (i = 0; i < STATES; i++)
		every_pair_in(i);
	numbers_that_are_no_state();
	numbers_that_are_no_event();
	every_step_leads_to_a_state();
	every_state_can_be_reached_and_left();
	nothing_outside_opens_a_closed_socket();
	connects_once();
	return tap_done();
}
