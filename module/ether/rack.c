// SPDX-License-Identifier: GPL-2.0-only
/*
 * RACK (RFC 8985 6): what was sent a round trip and a reordering window before
 * something that was delivered, and is not delivered itself, is lost.
 *
 * There is no DSACK on the wire. What stands for it: an acknowledgment sooner
 * than half the smallest round-trip time after something was sent again is
 * that of the first time.
 */
#include "rack.h"

/* Step 5: episodes for which a longer window is kept. */
#define RILL_RACK_KEEP		16

/* RACK_sent_after() */
static bool rill_rack_after(__u64 time, __u32 end, __u64 time2, __u32 end2)
{
	return time > time2 || (time == time2 && rill_after(end, end2));
}

/* It was received as first sent, and had been sent again: as a DSACK. */
static void rill_rack_needless(struct rill_sent *s, const struct rill_range *r,
			       __u32 bytes, struct rill_news *news)
{
	if (r->again != RILL_AGAIN_SENT || news->now - r->time >= news->min / 2)
		return;
	if (s->episode == RILL_OPEN) {
		news->needless = true;
	} else if (r->time >= s->since) {
		news->needless = true;
		s->unproved -= rill_min(bytes, s->unproved);
	}
}

/**
 * rill_rack_delivered() - Something was received (steps 2 to 4).
 * @s: The scoreboard.
 * @r: The range it is of, not marked RILL_SACKED, from its start on.
 * @end: Number behind the last.
 * @news: Collects what this tells.
 */
void rill_rack_delivered(struct rill_sent *s, const struct rill_range *r,
			 __u32 end, struct rill_news *news)
{
	news->acked += end - r->start;
	if (rill_after(end, s->fack))
		s->fack = end;
	else if (rill_before(end, news->fack) && !r->again)
		s->reorders = 1;
	rill_rack_needless(s, r, end - r->start, news);
	news->again |= r->again;
	if (!r->again)
		news->once = rill_max(news->once, r->time);
	else if (news->now - r->time < news->min)
		return;
	if (rill_rack_after(r->time, end, news->time, news->end)) {
		news->time = r->time;
		news->end = end;
	}
}

/* Step 5: something was sent again needlessly, at most once in a round. */
static void rill_rack_widen(struct rill_sent *s, const struct rill_news *news)
{
	if (s->needless && !rill_before(s->una, s->needless_end))
		s->needless = 0;
	if (!news->needless || s->needless || s->episode != RILL_RECOVERY)
		return;
	s->needless = 1;
	s->needless_end = s->nxt;
	s->reorders = 1;
	s->reorder_mult += s->reorder_mult < 255;
	s->reorder_keep = RILL_RACK_KEEP;
}

/**
 * rill_rack_learn() - All of an acknowledgment was looked at.
 * @s: The scoreboard.
 * @rtt: The path; gets a sample.
 * @news: What it told.
 *
 * Return: the sample, microseconds; 0: none.
 */
__u32 rill_rack_learn(struct rill_sent *s, struct rill_rtt *rtt,
		      const struct rill_news *news)
{
	__u32 us = 0;

	if (news->once) {
		us = rill_max(rill_min(news->now - news->once, ~0U), 1);
		rill_rtt_sample(rtt, us);
		s->sampled = 1;
	}
	if (news->time)
		s->rack_rtt = rill_min(news->now - news->time, ~0U);
	if (rill_rack_after(news->time, news->end, s->rack_time, s->rack_end)) {
		s->rack_time = news->time;
		s->rack_end = news->end;
	}
	rill_rack_widen(s, news);
	return us;
}

/* Step 5: how long to wait for what was overtaken. */
static __u32 rill_rack_window(const struct rill_sent *s,
			      const struct rill_rtt *rtt)
{
	if (!s->reorders &&
	    (s->episode != RILL_OPEN || s->sacked > 2 * s->mss))
		return 0;
	return rill_min((__u64)rtt->min / 4 * s->reorder_mult, rtt->srtt);
}

/**
 * rill_rack_detect() - Mark what is lost (step 6).
 * @s: The scoreboard; reorder_at is when to do it again.
 * @rtt: The path.
 * @now: Microseconds.
 *
 * The list is by time: the first that has time left is the one to wait for.
 *
 * Return: bytes newly marked.
 */
__u32 rill_rack_detect(struct rill_sent *s, const struct rill_rtt *rtt,
		       __u64 now)
{
	__u64 wait = (__u64)s->rack_rtt + rill_rack_window(s, rtt);
	__u32 before = s->lost;
	struct rill_range *r;

	s->reorder_at = 0;
	while ((r = rill_ranges_oldest(s)) != &s->ends &&
	       rill_rack_after(s->rack_time, s->rack_end, r->time, r->end)) {
		if (now < r->time + wait) {
			s->reorder_at = r->time + wait;
			break;
		}
		rill_ranges_mark(s, r, RILL_LOST);
		rill_ranges_merge(s, r);
	}
	return s->lost - before;
}
