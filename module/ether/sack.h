/* SPDX-License-Identifier: GPL-2.0-only */
/* The receiver's ranges for the sender: what came out of order. Pure. */
#ifndef RILL_SACK_H
#define RILL_SACK_H

#include <linux/types.h>

#include "wire.h"

/**
 * struct rill_sack_list - Ranges received out of order.
 * @count: Entries of @sack.
 * @sack: Newest first, disjoint, none next to another. What does not fit is
 *	forgotten: the oldest.
 */
struct rill_sack_list {
	__u32			count;
	struct rill_sack	sack[RILL_SACK_MAX];
};

void rill_sack_add(struct rill_sack_list *list, __u32 start, __u32 end);
void rill_sack_advance(struct rill_sack_list *list, __u32 rcv_nxt);

#endif /* RILL_SACK_H */
