/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sequence numbers: 32 bits that wrap. Pure, so that it also builds in user
 * space.
 */
#ifndef RILL_SEQ_H
#define RILL_SEQ_H

#include <linux/types.h>

/* Is @a before @b on the circle? Both within half of it. */
static inline int rill_before(__u32 a, __u32 b)
{
	return (__s32)(a - b) < 0;
}

static inline int rill_after(__u32 a, __u32 b)
{
	return rill_before(b, a);
}

#endif /* RILL_SEQ_H */
