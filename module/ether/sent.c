// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sender's scoreboard: what acknowledgments and alarms do to it, recovery
 * episodes (RFC 6675) and their undoing, tail loss probes (RFC 8985 7), the
 * retransmission timeout (RFC 6298).
 */
#include "rack.h"

/* SACKs split no more than this: the peer shall not use up our memory. */
#define RILL_SENT_RANGES	8192

/**
 * rill_sent_init() - Nothing is sent yet.
 * @s: What to set up.
 * @seq: Number of what is sent first.
 */
void rill_sent_init(struct rill_sent *s, __u32 seq)
{
	*s = (struct rill_sent) {
		.una = seq,
		.nxt = seq,
		.fack = seq,
		.mss = RILL_SENT_MSS,
		.reorder_mult = 1,
		.sampled = 1,
	};
	rill_ranges_init(s);
}

/**
 * rill_sent_purge() - Forget all that is outstanding, and free it.
 * @s: The scoreboard; una is nxt then.
 */
void rill_sent_purge(struct rill_sent *s)
{
	while (s->ranges)
		rill_ranges_drop(s, rill_ranges_first(s));
	s->una = s->nxt;
	s->reorder_at = 0;
	s->probe = RILL_PROBE_NONE;
	s->episode = RILL_OPEN;
}

/**
 * rill_sent_new() - New data was sent.
 * @s: The scoreboard.
 * @start: Its first number: nxt.
 * @end: Number behind its last.
 * @now: Microseconds.
 */
void rill_sent_new(struct rill_sent *s, __u32 start, __u32 end, __u64 now)
{
	if (start != s->nxt || !rill_before(start, end))
		return;
	if (s->una == s->nxt)
		s->rto_from = now;
	s->probe_from = now;
	rill_ranges_append(s, end, now);
	s->nxt = end;
	if (s->probe == RILL_PROBE_ASKED) {
		s->probe = RILL_PROBE_NEW;
		s->probe_end = end;
	}
}

static struct rill_range *rill_sent_range(struct rill_sent *s, __u32 seq)
{
	struct rill_range *r = s->lost_hint;

	if (seq - s->una >= s->nxt - s->una)
		return NULL;
	if (!rill_ranges_end(s, r) && rill_range_has(r, seq))
		return r;
	r = rill_ranges_last(s);
	while (rill_after(r->start, seq))
		r = r->prev;
	return r;
}

/*
 * Cut @r so that it is [start, end). Without memory more is marked than was
 * sent, which ends the caller's loop; what was not is found lost once more.
 */
static struct rill_range *rill_sent_cut(struct rill_sent *s,
					struct rill_range *r, __u32 start,
					__u32 end, __u64 now)
{
	__u8 again = RILL_AGAIN_SENT;

	if (r->start != start) {
		if (rill_ranges_split(s, r, start))
			r = r->next;
		else
			again = RILL_AGAIN_UNKNOWN;
	}
	if (rill_after(r->end, end) && !rill_ranges_split(s, r, end) &&
	    r->start == start)
		again = RILL_AGAIN_PART;
	r->again = again;
	r->time = now;
	return r;
}

/**
 * rill_sent_again() - Something was sent again.
 * @s: The scoreboard.
 * @start: First number, as rill_sent_lost() or rill_sent_tail() told.
 * @end: Number behind the last; may be less than they told.
 * @now: Microseconds.
 */
void rill_sent_again(struct rill_sent *s, __u32 start, __u32 end, __u64 now)
{
	struct rill_range *r = rill_sent_range(s, start);

	if (!r || r->mark == RILL_SACKED || !rill_before(start, end))
		return;
	r = rill_sent_cut(s, r, start, end, now);
	rill_ranges_mark(s, r, RILL_IN_FLIGHT);
	if (r->start == s->una)
		s->rto_from = now;
	if (s->episode != RILL_OPEN)
		s->unproved += rill_range_len(r);
	if (s->probe == RILL_PROBE_ASKED) {
		s->probe = RILL_PROBE_AGAIN;
		s->probe_end = s->nxt;
	}
}

/**
 * rill_sent_lost() - What is to be sent again next?
 * @s: The scoreboard.
 * @start: First number.
 * @end: Number behind the last; of any length.
 *
 * The same until rill_sent_again() tells that it was sent.
 *
 * Return: 0 if nothing is.
 */
int rill_sent_lost(struct rill_sent *s, __u32 *start, __u32 *end)
{
	struct rill_range *r = s->lost_hint;

	if (!s->lost)
		return 0;
	while (r->mark != RILL_LOST)
		r = r->next;
	s->lost_hint = r;
	*start = r->start;
	*end = r->end;
	return 1;
}

/**
 * rill_sent_tail() - What is sent again as a probe?
 * @s: The scoreboard.
 * @start: First number.
 * @end: Number behind the last; at most mss more.
 *
 * Return: 0 if nothing is outstanding.
 */
int rill_sent_tail(const struct rill_sent *s, __u32 *start, __u32 *end)
{
	struct rill_range *r = rill_ranges_last(s);

	while (!rill_ranges_end(s, r) && r->mark == RILL_SACKED)
		r = r->prev;
	if (rill_ranges_end(s, r))
		return 0;
	*end = r->end;
	*start = r->end - rill_min(rill_range_len(r), s->mss);
	return 1;
}

static void rill_sent_cumulative(struct rill_sent *s, __u32 ack,
				 struct rill_news *news)
{
	struct rill_range *r = rill_ranges_first(s);

	while (!rill_ranges_end(s, r) && !rill_after(r->end, ack)) {
		if (r->mark != RILL_SACKED)
			rill_rack_delivered(s, r, r->end, news);
		rill_ranges_drop(s, r);
		r = rill_ranges_first(s);
	}
	if (!rill_ranges_end(s, r) && rill_before(r->start, ack)) {
		if (r->mark != RILL_SACKED)
			rill_rack_delivered(s, r, ack, news);
		rill_ranges_trim(s, r, ack);
		if (r->mark == RILL_IN_FLIGHT && r->again == RILL_AGAIN_PART)
			rill_ranges_mark(s, r, RILL_LOST);
	}
	s->una = ack;
	/* The rest may have waited there for what was sent again. */
	if (news->again)
		news->once = 0;
}

static bool rill_sent_split(struct rill_sent *s, struct rill_range *r,
			    __u32 at)
{
	return s->ranges < RILL_SENT_RANGES && rill_ranges_split(s, r, at);
}

/* What cannot be split counts as not received. */
static void rill_sent_sacked(struct rill_sent *s, __u32 start, __u32 end,
			     struct rill_news *news)
{
	struct rill_range *r = rill_ranges_find(s, start);

	if (!r)
		return;
	if (r->start != start && r->mark != RILL_SACKED) {
		rill_sent_split(s, r, start);
		r = r->next;
	}
	for (; !rill_ranges_end(s, r) && rill_before(r->start, end);
	     r = r->next) {
		if (r->mark == RILL_SACKED)
			continue;
		if (rill_after(r->end, end) && !rill_sent_split(s, r, end))
			break;
		rill_rack_delivered(s, r, r->end, news);
		rill_ranges_mark(s, r, RILL_SACKED);
		r = rill_ranges_merge(s, r);
		s->hint = r;
	}
}

/* The peer is not trusted: only what lies in (una, nxt]. */
static void rill_sent_sack(struct rill_sent *s, const struct rill_sack *sack,
			   struct rill_news *news)
{
	__u32 start = sack->start - s->una, end = sack->end - s->una;

	if (start && start < end && end <= s->nxt - s->una)
		rill_sent_sacked(s, sack->start, sack->end, news);
}

/* RFC 8985 7.4: was it a loss that the probe repaired? */
static void rill_sent_probed(struct rill_sent *s, const struct rill_news *news,
			     struct rill_acked *out)
{
	bool first = s->una == s->probe_end && (news->acked || out->progress);

	if (s->probe == RILL_PROBE_ASKED && out->progress)
		s->probe = RILL_PROBE_NONE;
	if (s->probe < RILL_PROBE_NEW || rill_before(s->una, s->probe_end))
		return;
	if (s->probe == RILL_PROBE_AGAIN && !news->needless) {
		/* The first, or the only one? The next will tell. */
		if (first)
			return;
		if (s->una != s->probe_end && s->episode == RILL_OPEN) {
			out->recovery_began = true;
			out->recovery_ended = true;
		}
	}
	s->probe = RILL_PROBE_NONE;
}

/*
 * The timeout was too early: nothing was lost. What is on its way counts as
 * sent now, or RACK would find it overtaken by what was sent again.
 */
static void rill_sent_unlose(struct rill_sent *s, __u64 now)
{
	struct rill_range *r;

	for (r = rill_ranges_first(s); s->lost; r = r->next) {
		if (r->mark != RILL_LOST)
			continue;
		r->time = now;
		r->again = RILL_AGAIN_UNKNOWN;
		rill_ranges_mark(s, r, RILL_IN_FLIGHT);
	}
}

static void rill_sent_close(struct rill_sent *s, const struct rill_news *news,
			    struct rill_acked *out)
{
	bool early = s->episode == RILL_TIMED_OUT && news->needless;

	if (s->episode == RILL_OPEN ||
	    (!early && rill_before(s->una, s->recover)))
		return;
	out->undo = early || !s->unproved;
	if (early)
		rill_sent_unlose(s, news->now);
	if (s->reorder_keep && !--s->reorder_keep)
		s->reorder_mult = 1;
	s->episode = RILL_OPEN;
	out->recovery_ended = true;
}

static void rill_sent_open(struct rill_sent *s, __u8 episode, __u64 now)
{
	s->episode = episode;
	s->recover = s->nxt;
	s->since = now;
	s->unproved = 0;
	s->probe = RILL_PROBE_NONE;
}

static void rill_sent_detect(struct rill_sent *s, const struct rill_rtt *rtt,
			     __u64 now, struct rill_acked *out)
{
	out->lost = rill_rack_detect(s, rtt, now);
	if (out->lost && s->episode == RILL_OPEN) {
		rill_sent_open(s, RILL_RECOVERY, now);
		out->recovery_began = true;
	}
}

/**
 * rill_sent_ack() - An acknowledgment came.
 * @s: The scoreboard.
 * @ack: Next number the peer expects.
 * @sack: What it has beyond, as it says; may be anything.
 * @sacks: Entries of @sack.
 * @rtt: The path; gets a sample.
 * @now: Microseconds.
 * @out: What changed.
 *
 * Return: 1, or 0 for an old one, or -1 for one of data never sent; both
 * change nothing.
 */
int rill_sent_ack(struct rill_sent *s, __u32 ack, const struct rill_sack *sack,
		  unsigned int sacks, struct rill_rtt *rtt, __u64 now,
		  struct rill_acked *out)
{
	struct rill_news news = {
		.now = now,
		.fack = s->fack,
		.min = rtt->srtt ? rtt->min : 0,
	};
	unsigned int i;

	*out = (struct rill_acked) { .progress = ack != s->una };
	if (ack - s->una > s->nxt - s->una) {
		out->progress = false;
		return rill_before(ack, s->una) ? 0 : -1;
	}
	rill_sent_cumulative(s, ack, &news);
	for (i = 0; i < sacks; i++)
		rill_sent_sack(s, &sack[i], &news);
	if (out->progress) {
		s->rto_from = now;
		s->probe_from = now;
	}
	out->acked = news.acked;
	/* The path works, if not its first copies (RFC 9002, 6.2.1). */
	if (news.acked)
		rtt->backoff = 0;
	out->rtt = rill_rack_learn(s, rtt, &news);
	/* As ever so often: all is there, and nothing was lost. */
	if (s->una == s->nxt && s->episode == RILL_OPEN &&
	    s->probe == RILL_PROBE_NONE) {
		s->reorder_at = 0;
		return 1;
	}
	rill_sent_probed(s, &news, out);
	rill_sent_close(s, &news, out);
	rill_sent_detect(s, rtt, now, out);
	return 1;
}

/* RFC 8985 7.2. Not while something else looks for the loss. */
static bool rill_sent_may_probe(const struct rill_sent *s,
				const struct rill_rtt *rtt)
{
	return s->probe == RILL_PROBE_NONE && s->episode == RILL_OPEN &&
	       s->sampled && s->flight && !s->sacked && !s->lost && rtt->srtt;
}

/*
 * When to send a probe. Two full frames are acknowledged at once; RFC 8985
 * says one segment, but these may be small.
 */
static __u64 rill_sent_probe_at(const struct rill_sent *s,
				const struct rill_rtt *rtt)
{
	__u64 wait = 2 * (__u64)rtt->srtt;

	if (s->flight < 2 * s->mss)
		wait += RILL_ACK_DELAY;
	return s->probe_from + rill_max(wait, RILL_PROBE_MIN);
}

/**
 * rill_sent_deadline() - When is rill_sent_alarm() to be called?
 * @s: The scoreboard.
 * @rtt: The path.
 *
 * Return: microseconds, perhaps in the past; 0: not at all.
 */
__u64 rill_sent_deadline(const struct rill_sent *s, const struct rill_rtt *rtt)
{
	__u64 at = s->rto_from + rill_rtt_rto(rtt);

	if (s->una == s->nxt)
		return 0;
	if (s->reorder_at)
		at = rill_min(at, s->reorder_at);
	if (rill_sent_may_probe(s, rtt))
		at = rill_min(at, rill_sent_probe_at(s, rtt));
	return at;
}

/*
 * All that is not SACKed is lost. If the first is SACKed, the peer has thrown
 * away what it SACKed (RFC 2018 8): so is the rest.
 */
static __u32 rill_sent_timeout(struct rill_sent *s, __u64 now)
{
	bool reneged = rill_ranges_first(s)->mark == RILL_SACKED;
	__u32 unproved = s->episode == RILL_TIMED_OUT ? s->unproved : 0;
	__u32 before = s->lost;
	struct rill_range *r;

	for (r = rill_ranges_first(s); !rill_ranges_end(s, r); r = r->next) {
		if (r->mark == RILL_SACKED && !reneged)
			continue;
		if (r->mark == RILL_SACKED)
			r->again = RILL_AGAIN_UNKNOWN;
		rill_ranges_mark(s, r, RILL_LOST);
		r = rill_ranges_merge(s, r);
	}
	rill_sent_open(s, RILL_TIMED_OUT, now);
	s->unproved = unproved;
	s->rto_from = now;
	s->reorder_at = 0;
	return s->lost - before;
}

/**
 * rill_sent_alarm() - A time has come.
 * @s: The scoreboard.
 * @rtt: The path; backs off at a timeout.
 * @now: Microseconds.
 * @out: What changed, for RILL_ALARM_RETRANSMIT and RILL_ALARM_TIMEOUT.
 *
 * Return: what to do.
 */
enum rill_alarm rill_sent_alarm(struct rill_sent *s, struct rill_rtt *rtt,
				__u64 now, struct rill_acked *out)
{
	__u64 rto_at = s->rto_from + rill_rtt_rto(rtt);

	*out = (struct rill_acked) { .acked = 0 };
	if (s->una == s->nxt)
		return RILL_ALARM_NONE;
	if (s->reorder_at && now >= s->reorder_at)
		rill_sent_detect(s, rtt, now, out);
	if (out->lost)
		return RILL_ALARM_RETRANSMIT;
	if (rill_sent_may_probe(s, rtt) &&
	    now >= rill_min(rto_at, rill_sent_probe_at(s, rtt))) {
		s->probe = RILL_PROBE_ASKED;
		s->sampled = 0;
		s->rto_from = now;
		return RILL_ALARM_PROBE;
	}
	if (now < rto_at)
		return RILL_ALARM_NONE;
	out->lost = rill_sent_timeout(s, now);
	rill_rtt_backoff(rtt);
	return RILL_ALARM_TIMEOUT;
}
