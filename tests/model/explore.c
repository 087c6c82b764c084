// SPDX-License-Identifier: GPL-2.0-only
/*
 * Breadth first through all states of a scenario. Visited states are known by
 * fingerprints of 64 bits: of a million states two are taken for one with a
 * chance of 1 in 37 million.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define EVENTS	128

/**
 * struct search - A search under way.
 * @limit: Most states, a power of two.
 * @print: Fingerprints, a hash table of twice the limit.
 * @parent: Of each state: the one before it.
 * @event: Of each state: what led from there to it.
 * @queue: States whose successors are not known yet, by number modulo @room.
 * @room: Of @queue.
 * @count: States found.
 */
struct search {
	unsigned int	limit;
	__u64		*print;
	unsigned int	*parent;
	__u16		*event;
	struct world	*queue;
	unsigned int	room;
	unsigned int	count;
};

static void *need(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory) {
		perror("model");
		exit(1);
	}
	return memory;
}

static void search_begin(struct search *s, unsigned int limit)
{
	*s = (struct search) { .limit = limit, .room = limit / 2 };
	s->print = need(2 * limit, sizeof(*s->print));
	s->parent = need(limit, sizeof(*s->parent));
	s->event = need(limit, sizeof(*s->event));
	s->queue = need(s->room, sizeof(*s->queue));
}

static void search_end(struct search *s)
{
	free(s->print);
	free(s->parent);
	free(s->event);
	free(s->queue);
}

/* Return: whether it was not known. */
static bool search_add(struct search *s, const struct world *w,
		       unsigned int parent, __u16 event)
{
	__u64 print = drain_print(w);
	unsigned int at = print & (2 * s->limit - 1);

	while (s->print[at]) {
		if (s->print[at] == print)
			return false;
		at = (at + 1) & (2 * s->limit - 1);
	}
	if (s->count == s->limit) {
		fail("more than %u states", s->limit);
		return false;
	}
	s->print[at] = print;
	s->parent[s->count] = parent;
	s->event[s->count] = event;
	s->queue[s->count % s->room] = *w;
	s->count++;
	return true;
}

/* How one comes to state @number, and then by @last to what is wrong. */
static void search_tell(const struct search *s, unsigned int number, int last)
{
	__u16 way[256];
	int length = 0;
	struct world w;

	if (last >= 0)
		way[length++] = last;
	for (; number && length < 256; number = s->parent[number])
		way[length++] = s->event[number];
	events_begin(&w);
	printf("# %s: %s\n", scenario->name, wrong);
	while (length--) {
		printf("#   %s\n", events_name(&w, way[length]));
		events_apply(&w, way[length]);
	}
}

/* All that can follow state @number. Return: how many events. */
static int search_step(struct search *s, unsigned int number, bool tell)
{
	struct world from = s->queue[number % s->room];
	__u16 list[EVENTS];
	int count = events_list(&from, list, EVENTS), i;
	struct world w;

	for (i = 0; i < count; i++) {
		w = from;
		events_apply(&w, list[i]);
		drain_invariants(&w);
		if (!wrong[0] && search_add(s, &w, number, list[i]))
			drain_check(&w);
		if (wrong[0]) {
			if (tell)
				search_tell(s, number, list[i]);
			break;
		}
	}
	return count;
}

/**
 * explore() - Visit all states.
 * @what: The scenario.
 * @limit: Most states there may be, a power of two.
 * @tell: Print how one comes to what is wrong.
 *
 * Return: what came of it.
 */
struct explored explore(const struct scenario *what, unsigned int limit,
			bool tell)
{
	struct explored result = {};
	struct search s;
	unsigned int i;
	struct world w;

	scenario = what;
	wrong[0] = 0;
	drain_forget();
	search_begin(&s, limit);
	events_begin(&w);
	search_add(&s, &w, 0, 0);
	for (i = 0; i < s.count && !wrong[0]; i++) {
		if (s.count - i >= s.room) {
			fail("more than %u states wait", s.room);
			break;
		}
		result.steps += search_step(&s, i, tell);
	}
	result.states = s.count;
	result.wrong = wrong[0];
	search_end(&s);
	return result;
}
