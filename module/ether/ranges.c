// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lists of ranges. Neighbours that are both SACKed, or both lost, become
 * one: a walk meets few ranges for each hole, however much was sent.
 */
#include "ranges.h"

/* Steps of one search; the next one goes on where it gave up. */
#define RILL_RANGES_WALK	1024

/**
 * rill_ranges_init() - No ranges.
 * @s: What to set up.
 */
void rill_ranges_init(struct rill_sent *s)
{
	s->ends.prev = &s->ends;
	s->ends.next = &s->ends;
	s->ends.older = &s->ends;
	s->ends.newer = &s->ends;
	s->hint = &s->ends;
	s->lost_hint = &s->ends;
}

static struct rill_range *rill_ranges_alloc(struct rill_sent *s)
{
	struct rill_range *r = &s->spare;

	if (s->spare_used)
		r = rill_range_alloc();
	else
		s->spare_used = 1;
	if (r)
		s->ranges++;
	return r;
}

static void rill_ranges_free(struct rill_sent *s, struct rill_range *r)
{
	s->ranges--;
	if (r == &s->spare)
		s->spare_used = 0;
	else
		rill_range_free(r);
}

static __u32 *rill_ranges_bytes(struct rill_sent *s, __u8 mark)
{
	if (mark == RILL_IN_FLIGHT)
		return &s->flight;
	return mark == RILL_LOST ? &s->lost : &s->sacked;
}

/* By number: behind @prev. */
static void rill_ranges_link(struct rill_range *r, struct rill_range *prev)
{
	r->prev = prev;
	r->next = prev->next;
	prev->next->prev = r;
	prev->next = r;
}

static void rill_ranges_unlink(struct rill_range *r)
{
	r->prev->next = r->next;
	r->next->prev = r->prev;
}

/* By time: behind @older. */
static void rill_ranges_date(struct rill_range *r, struct rill_range *older)
{
	r->older = older;
	r->newer = older->newer;
	older->newer->older = r;
	older->newer = r;
}

static void rill_ranges_undate(struct rill_range *r)
{
	r->older->newer = r->newer;
	r->newer->older = r->older;
}

/* @r goes; @heir is what its memory of places goes to. */
static void rill_ranges_remove(struct rill_sent *s, struct rill_range *r,
			       struct rill_range *heir)
{
	if (s->hint == r)
		s->hint = heir;
	if (s->lost_hint == r)
		s->lost_hint = heir;
	rill_ranges_unlink(r);
	rill_ranges_free(s, r);
}

/* No memory: the last range takes what is sent, and what is known of it. */
static void rill_ranges_extend(struct rill_sent *s, __u32 end, __u64 now)
{
	struct rill_range *r = rill_ranges_last(s);

	r->time = now;
	r->again = RILL_AGAIN_UNKNOWN;
	rill_ranges_mark(s, r, RILL_IN_FLIGHT);
	s->flight += end - r->end;
	r->end = end;
}

/**
 * rill_ranges_append() - Numbers from nxt on are sent for the first time.
 * @s: The scoreboard; nxt is left to the caller.
 * @end: Number behind the last.
 * @now: Microseconds.
 *
 * An empty list has its spare range, so this cannot fail.
 */
void rill_ranges_append(struct rill_sent *s, __u32 end, __u64 now)
{
	struct rill_range *r = rill_ranges_alloc(s);

	if (!r) {
		rill_ranges_extend(s, end, now);
		return;
	}
	r->start = s->nxt;
	r->end = end;
	r->time = now;
	r->mark = RILL_IN_FLIGHT;
	r->again = RILL_AGAIN_NEVER;
	s->flight += rill_range_len(r);
	rill_ranges_link(r, s->ends.prev);
	rill_ranges_date(r, s->ends.older);
}

/**
 * rill_ranges_drop() - A range is no longer outstanding.
 * @s: The scoreboard.
 * @r: The range, freed.
 */
void rill_ranges_drop(struct rill_sent *s, struct rill_range *r)
{
	*rill_ranges_bytes(s, r->mark) -= rill_range_len(r);
	if (r->mark == RILL_IN_FLIGHT)
		rill_ranges_undate(r);
	rill_ranges_remove(s, r, r->next);
}

/**
 * rill_ranges_trim() - The first part of a range is no longer outstanding.
 * @s: The scoreboard.
 * @r: The range.
 * @start: Its new start, inside it.
 */
void rill_ranges_trim(struct rill_sent *s, struct rill_range *r, __u32 start)
{
	*rill_ranges_bytes(s, r->mark) -= start - r->start;
	r->start = start;
}

/**
 * rill_ranges_split() - Make two ranges of one.
 * @s: The scoreboard.
 * @r: The range; keeps the first part. The other is r->next.
 * @at: Where, inside it.
 *
 * Return: false without memory; nothing changed.
 */
bool rill_ranges_split(struct rill_sent *s, struct rill_range *r, __u32 at)
{
	struct rill_range *upper = rill_ranges_alloc(s);

	if (!upper)
		return false;
	upper->time = r->time;
	upper->start = at;
	upper->end = r->end;
	upper->mark = r->mark;
	upper->again = r->again;
	r->end = at;
	rill_ranges_link(upper, r);
	if (r->mark == RILL_IN_FLIGHT)
		rill_ranges_date(upper, r);
	return true;
}

/**
 * rill_ranges_mark() - Change what is believed of a range.
 * @s: The scoreboard.
 * @r: The range; in flight, it becomes the newest.
 * @mark: enum rill_mark.
 */
void rill_ranges_mark(struct rill_sent *s, struct rill_range *r, __u8 mark)
{
	*rill_ranges_bytes(s, r->mark) -= rill_range_len(r);
	*rill_ranges_bytes(s, mark) += rill_range_len(r);
	if (r->mark == RILL_IN_FLIGHT)
		rill_ranges_undate(r);
	r->mark = mark;
	if (mark == RILL_IN_FLIGHT)
		rill_ranges_date(r, s->ends.older);
	if (mark == RILL_LOST && (rill_ranges_end(s, s->lost_hint) ||
				  rill_before(r->start, s->lost_hint->start)))
		s->lost_hint = r;
}

static bool rill_ranges_alike(const struct rill_sent *s,
			      const struct rill_range *a,
			      const struct rill_range *b)
{
	if (rill_ranges_end(s, a) || rill_ranges_end(s, b) ||
	    a->mark != b->mark || a->mark == RILL_IN_FLIGHT)
		return false;
	return a->mark == RILL_SACKED || a->again == b->again;
}

/* @r, not in flight, becomes part of the range before. */
static struct rill_range *rill_ranges_join(struct rill_sent *s,
					   struct rill_range *r)
{
	struct rill_range *prev = r->prev;

	prev->end = r->end;
	prev->time = rill_max(prev->time, r->time);
	rill_ranges_remove(s, r, prev);
	return prev;
}

/**
 * rill_ranges_merge() - Make one of a range and neighbours that are alike.
 * @s: The scoreboard.
 * @r: The range; perhaps freed.
 *
 * Return: the range that has taken the place of @r.
 */
struct rill_range *rill_ranges_merge(struct rill_sent *s, struct rill_range *r)
{
	if (rill_ranges_alike(s, r, r->next))
		r = rill_ranges_join(s, r->next);
	if (rill_ranges_alike(s, r->prev, r))
		r = rill_ranges_join(s, r);
	return r;
}

/**
 * rill_ranges_find() - The range that has a number, from the hint on.
 * @s: The scoreboard.
 * @seq: The number, from una to before nxt.
 *
 * Return: the range, which is the hint now; NULL: too far away, ask again
 * another time.
 */
struct rill_range *rill_ranges_find(struct rill_sent *s, __u32 seq)
{
	struct rill_range *r = s->hint;
	int steps;

	if (rill_ranges_end(s, r))
		r = rill_ranges_last(s);
	for (steps = 0; steps < RILL_RANGES_WALK; steps++) {
		s->hint = r;
		if (rill_range_has(r, seq))
			return r;
		r = rill_before(seq, r->start) ? r->prev : r->next;
	}
	return NULL;
}
