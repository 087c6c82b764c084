/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ranges of a struct rill_sent: without a gap from una to nxt, those in
 * flight also by time. Only sent.c and rack.c call this. Pure.
 */
#ifndef RILL_RANGES_H
#define RILL_RANGES_H

#include "sent.h"

static inline struct rill_range *rill_ranges_first(const struct rill_sent *s)
{
	return s->ends.next;
}

static inline struct rill_range *rill_ranges_last(const struct rill_sent *s)
{
	return s->ends.prev;
}

static inline struct rill_range *rill_ranges_oldest(const struct rill_sent *s)
{
	return s->ends.newer;
}

static inline bool rill_ranges_end(const struct rill_sent *s,
				   const struct rill_range *r)
{
	return r == &s->ends;
}

static inline __u32 rill_range_len(const struct rill_range *r)
{
	return r->end - r->start;
}

static inline bool rill_range_has(const struct rill_range *r, __u32 seq)
{
	return seq - r->start < rill_range_len(r);
}

void rill_ranges_init(struct rill_sent *s);
void rill_ranges_append(struct rill_sent *s, __u32 end, __u64 now);
void rill_ranges_drop(struct rill_sent *s, struct rill_range *r);
void rill_ranges_trim(struct rill_sent *s, struct rill_range *r, __u32 start);
bool rill_ranges_split(struct rill_sent *s, struct rill_range *r, __u32 at);
void rill_ranges_mark(struct rill_sent *s, struct rill_range *r, __u8 mark);
struct rill_range *rill_ranges_merge(struct rill_sent *s,
				     struct rill_range *r);
struct rill_range *rill_ranges_find(struct rill_sent *s, __u32 seq);

#endif /* RILL_RANGES_H */
