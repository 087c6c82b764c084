// SPDX-License-Identifier: GPL-2.0-only
/* The receiver's ranges (RFC 2018): what came last is told first. */
#include "sack.h"
#include "seq.h"

static void rill_sack_remove(struct rill_sack_list *list, __u32 i)
{
	list->count--;
	for (; i < list->count; i++)
		list->sack[i] = list->sack[i + 1];
}

/* The new range grows by all that overlap it or are next to it. */
static void rill_sack_absorb(struct rill_sack_list *list,
			     struct rill_sack *range)
{
	const struct rill_sack *old;
	__u32 i = 0;

	while (i < list->count) {
		old = &list->sack[i];
		if (rill_after(old->start, range->end) ||
		    rill_before(old->end, range->start)) {
			i++;
			continue;
		}
		if (rill_before(old->start, range->start))
			range->start = old->start;
		if (rill_after(old->end, range->end))
			range->end = old->end;
		/* What is apart from this one is as far from both. */
		rill_sack_remove(list, i);
	}
}

/**
 * rill_sack_add() - Something came out of order.
 * @list: Where to put it, in front.
 * @start: First number.
 * @end: Number behind the last; an empty range is ignored.
 */
void rill_sack_add(struct rill_sack_list *list, __u32 start, __u32 end)
{
	struct rill_sack range = { .start = start, .end = end };
	__u32 i;

	if (!rill_before(start, end))
		return;
	rill_sack_absorb(list, &range);
	if (list->count < RILL_SACK_MAX)
		list->count++;
	for (i = list->count - 1; i; i--)
		list->sack[i] = list->sack[i - 1];
	list->sack[0] = range;
}

/**
 * rill_sack_advance() - Something came in order: forget what it covers.
 * @list: Where to forget it.
 * @rcv_nxt: Next number expected.
 *
 * A range that begins at @rcv_nxt is kept; the caller takes it in order and
 * advances again.
 */
void rill_sack_advance(struct rill_sack_list *list, __u32 rcv_nxt)
{
	__u32 i = 0;

	while (i < list->count) {
		if (!rill_after(list->sack[i].end, rcv_nxt)) {
			rill_sack_remove(list, i);
			continue;
		}
		if (rill_before(list->sack[i].start, rcv_nxt))
			list->sack[i].start = rcv_nxt;
		i++;
	}
}
