/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tests of the scoreboard: memory for ranges that can fail, and what
 * always holds.
 */
#ifndef SCOREBOARD_H
#define SCOREBOARD_H

#include <stdlib.h>
#include <string.h>

#include "ether/ranges.h"
#include "random.h"
#include "tap.h"

/* Ranges allocated now, and of 1000 allocations those that fail. */
static int memory_used;
static unsigned int memory_fails;

struct rill_range *rill_range_alloc(void)
{
	if (memory_fails && random_below(1000) < memory_fails)
		return NULL;
	memory_used++;
	return malloc(sizeof(struct rill_range));
}

void rill_range_free(struct rill_range *range)
{
	memory_used--;
	/* Whoever uses it later shall notice. */
	memset(range, 0xa5, sizeof(*range));
	free(range);
}

struct totals {
	__u32 bytes[3];
	__u32 count;
	__u32 flying;
};

static inline void check_order(const struct rill_sent *s, struct totals *t)
{
	const struct rill_range *r;
	bool hint = s->hint == &s->ends, lost = false;
	__u32 at = s->una;

	for (r = s->ends.next; r != &s->ends; r = r->next) {
		check(r->next->prev == r, "broken list");
		check(r->start == at && rill_before(r->start, r->end),
		      "gap: %u, not %u", r->start - s->una, at - s->una);
		at = r->end;
		t->bytes[r->mark] += r->end - r->start;
		t->count++;
		t->flying += r->mark == RILL_IN_FLIGHT;
		hint |= r == s->hint;
		lost |= r == s->lost_hint;
		check(r->mark != RILL_LOST || lost, "lost before the hint");
		check(r->mark != RILL_SACKED || r->next == &s->ends ||
		      r->next->mark != RILL_SACKED, "neighbours SACKed");
	}
	check(at == s->nxt, "the end is %u, not %u", at, s->nxt);
	check(hint, "the hint is gone");
}

static inline void check_time(const struct rill_sent *s, const struct totals *t)
{
	const struct rill_range *r;
	__u32 flying = 0;
	__u64 time = 0;

	for (r = s->ends.newer; r != &s->ends; r = r->newer) {
		check(r->newer->older == r, "broken list by time");
		check(r->mark == RILL_IN_FLIGHT, "mark %d by time", r->mark);
		check(r->time >= time, "sent before the older one");
		time = r->time;
		flying++;
	}
	check(flying == t->flying, "%u by time, %u in flight", flying,
	      t->flying);
}

/** check_scoreboard() - What holds between any two calls. */
static inline void check_scoreboard(const struct rill_sent *s)
{
	struct totals t = { .count = 0 };

	check_order(s, &t);
	check_time(s, &t);
	check(t.bytes[RILL_IN_FLIGHT] == s->flight, "flight %u, not %u",
	      s->flight, t.bytes[RILL_IN_FLIGHT]);
	check(t.bytes[RILL_LOST] == s->lost, "lost %u, not %u", s->lost,
	      t.bytes[RILL_LOST]);
	check(t.bytes[RILL_SACKED] == s->sacked, "SACKed %u, not %u",
	      s->sacked, t.bytes[RILL_SACKED]);
	check(rill_sent_inflight(s) == s->flight, "in flight");
	check(t.count == s->ranges, "%u ranges, not %u", t.count, s->ranges);
	check(memory_used == (int)(s->ranges - s->spare_used),
	      "%d of memory for %u ranges", memory_used, s->ranges);
}

#endif /* SCOREBOARD_H */
