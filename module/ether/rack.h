/* SPDX-License-Identifier: GPL-2.0-only */
/* What deliveries tell of losses: RACK (RFC 8985 6). Only sent.c calls it. */
#ifndef RILL_RACK_H
#define RILL_RACK_H

#include "ranges.h"

/**
 * struct rill_news - What one acknowledgment tells.
 * @now: When it came, microseconds.
 * @fack: Highest number delivered before it.
 * @min: Smallest round-trip time before it, microseconds; 0: not known.
 * @acked: Bytes newly acknowledged or SACKed.
 * @time: When the most recently sent of them was sent; 0: none counts.
 * @end: Its end.
 * @once: As @time, of those sent once.
 * @again: Something had been sent again.
 * @needless: Something had been sent again needlessly.
 */
struct rill_news {
	__u64	now;
	__u32	fack;
	__u32	min;
	__u32	acked;
	__u64	time;
	__u32	end;
	__u64	once;
	bool	again;
	bool	needless;
};

void rill_rack_delivered(struct rill_sent *s, const struct rill_range *r,
			 __u32 end, struct rill_news *news);
__u32 rill_rack_learn(struct rill_sent *s, struct rill_rtt *rtt,
		      const struct rill_news *news);
__u32 rill_rack_detect(struct rill_sent *s, const struct rill_rtt *rtt,
		       __u64 now);

#endif /* RILL_RACK_H */
