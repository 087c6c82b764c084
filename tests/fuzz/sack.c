// SPDX-License-Identifier: GPL-2.0-only
/*
 * Target: the ranges that a receiver tells of. Input: the first number, then
 * ranges that come, and how far it is in order.
 */
#include "fuzz.h"
#include "ether/sack.h"
#include "ether/seq.h"

/* Numbers that a history may be of. */
#define SPAN	4096

/* What was received beyond @next, numbers counted from @base. */
struct got {
	struct rill_sack_list list;
	__u32 base;
	__u32 next;
	__u8 has[SPAN];
};

/* Every number told was received, is not in order, and is told once. */
static void look(const struct got *g)
{
	const struct rill_sack *a, *b;
	__u32 i, k;

	must(g->list.count <= RILL_SACK_MAX);
	for (i = 0; i < g->list.count; i++) {
		a = &g->list.sack[i];
		must(rill_before(a->start, a->end));
		must(!rill_before(a->start, g->base + g->next));
		must(a->end - g->base <= SPAN);
		for (k = a->start - g->base; k < a->end - g->base; k++)
			must(g->has[k]);
		for (k = 0; k < i; k++) {
			b = &g->list.sack[k];
			must(rill_before(a->end, b->start) ||
			     rill_before(b->end, a->start));
		}
	}
}

static void add(struct got *g, __u32 start, __u32 end)
{
	rill_sack_add(&g->list, g->base + start, g->base + end);
	if (start >= end)
		return;
	memset(g->has + start, 1, end - start);
	/* what came last is told first, and all of it */
	must(g->list.count);
	must(!rill_after(g->list.sack[0].start, g->base + start));
	must(!rill_before(g->list.sack[0].end, g->base + end));
}

int fuzz_one(const __u8 *data, size_t size)
{
	struct fuzz_input in = { data, size };
	static struct got g;
	__u32 start, end;

	memset(&g, 0, sizeof(g));
	g.base = fuzz_u32(&in);
	while (in.size) {
		start = g.next + fuzz_u16(&in) % (SPAN - g.next);
		end = start + fuzz_u8(&in);
		if (end > SPAN)
			end = SPAN;
		if (fuzz_u8(&in) % 8) {
			add(&g, start, end);
		} else if (start < SPAN - 1) {
			g.next = start;
			rill_sack_advance(&g.list, g.base + start);
		}
		look(&g);
	}
	return 0;
}
