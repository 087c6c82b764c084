// SPDX-License-Identifier: GPL-2.0-only
/*
 * The receiver's ranges against a set of numbers: every short history, and
 * long ones at random.
 */
#include "ether/sack.h"
#include "random.h"
#include "tap.h"

#define NUMBERS 64

/* Numbers are counted from here, so that they wrap. */
#define BASE (~0U - 3)

struct world {
	struct rill_sack_list list;
	bool has[NUMBERS];
	__u32 next;
	/* A fifth range pushed one out. */
	bool forgot;
};

static void wrong(const struct world *w, const char *what)
{
	__u32 i;

	check(false, "%s", what);
	for (i = 0; i < w->list.count; i++)
		printf("#   %d-%d\n", (int)(w->list.sack[i].start - BASE),
		       (int)(w->list.sack[i].end - BASE));
}

/* How many ranges the set has. */
static __u32 runs(const struct world *w)
{
	__u32 i, count = 0;

	for (i = 0; i < NUMBERS; i++)
		count += w->has[i] && (!i || !w->has[i - 1]);
	return count;
}

/* Each is within the set, has no neighbour, begins behind what is in order. */
static void compare(const struct world *w)
{
	bool told[NUMBERS] = { false };
	__u32 i, j, bytes = 0, start, end;

	if (w->list.count > RILL_SACK_MAX)
		wrong(w, "too many");
	for (i = 0; i < w->list.count; i++) {
		start = w->list.sack[i].start - BASE;
		end = w->list.sack[i].end - BASE;
		if (start < w->next || start >= end || end > NUMBERS) {
			wrong(w, "no range");
			return;
		}
		for (j = start; j < end; j++) {
			if (!w->has[j] || told[j])
				wrong(w, "not received, or told twice");
			told[j] = true;
			bytes++;
		}
		if ((start && told[start - 1]) ||
		    (end < NUMBERS && told[end]))
			wrong(w, "neighbours");
	}
	if (w->forgot)
		return;
	for (i = 0; i < NUMBERS; i++)
		bytes -= w->has[i];
	if (bytes || w->list.count != runs(w))
		wrong(w, "something is missing");
}

static void add(struct world *w, __u32 start, __u32 end)
{
	__u32 i;

	rill_sack_add(&w->list, BASE + start, BASE + end);
	for (i = start; i < end; i++)
		w->has[i] = true;
	w->forgot |= runs(w) > RILL_SACK_MAX;
	compare(w);
	if (start < end && (w->list.sack[0].start - BASE > start ||
			    w->list.sack[0].end - BASE < end))
		wrong(w, "the newest is not the first");
}

static void advance(struct world *w, __u32 next)
{
	__u32 i;

	rill_sack_advance(&w->list, BASE + next);
	for (i = 0; i < next; i++)
		w->has[i] = false;
	w->next = next;
	compare(w);
}

/* Each history of @left more additions within 9 numbers, then each advance. */
static void histories(const struct world *before, int left)
{
	struct world w;
	__u32 start, end;

	for (end = 0; end <= 9; end++) {
		w = *before;
		advance(&w, end);
	}
	if (!left)
		return;
	for (start = 0; start < 9; start++)
		for (end = start; end <= 9; end++) {
			w = *before;
			add(&w, start, end);
			histories(&w, left - 1);
		}
}

static void every_short_history(void)
{
	struct world w = { .next = 0 };

	histories(&w, 3);
	tap_end("every history of three ranges");
}

static void random_history(void)
{
	struct world w = { .next = 0 };
	__u32 start, end;
	int i;

	for (i = 0; i < 30; i++) {
		start = w.next + random_below(NUMBERS - w.next);
		end = start + random_below(6);
		if (end > NUMBERS)
			end = NUMBERS;
		if (!random_below(8))
			advance(&w, start);
		else
			add(&w, start, end);
		w.forgot &= runs(&w) > 0;
		if (!runs(&w) && w.list.count)
			wrong(&w, "nothing is received");
	}
}

static void long_histories(void)
{
	int i;

	random_seed(2);
	for (i = 0; i < 20000; i++)
		random_history();
	tap_end("20000 long histories");
}

static void the_oldest_goes(void)
{
	struct rill_sack_list list = { .count = 0 };
	__u32 i;

	for (i = 0; i < 6; i++)
		rill_sack_add(&list, 10 * i, 10 * i + 5);
	check(list.count == RILL_SACK_MAX, "%u ranges", list.count);
	for (i = 0; i < RILL_SACK_MAX; i++)
		check(list.sack[i].start == 10 * (5 - i), "%u at %u",
		      list.sack[i].start, i);
	rill_sack_add(&list, 25, 30);
	check(list.sack[0].start == 20 && list.sack[0].end == 35,
	      "not merged: %u-%u", list.sack[0].start, list.sack[0].end);
	check(list.count == 3, "%u ranges, not 3", list.count);
	tap_end("the fifth range pushes out the oldest");
}

int main(void)
{
	every_short_history();
	long_histories();
	the_oldest_goes();
	return tap_done();
}
