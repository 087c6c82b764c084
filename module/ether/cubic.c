// SPDX-License-Identifier: GPL-2.0-only
/*
 * CUBIC (RFC 9438), HyStart++ (RFC 9406), initial window (RFC 6928), restart
 * after idle (RFC 5681). Windows are bytes, times of the cubic function are
 * milliseconds, all others microseconds.
 */
#include "cubic.h"
#include "pure.h"

/* Ten frames of 1500 bytes; RFC 6928 has it for segments of 1460. */
#define RILL_IW_BYTES		14680

/* Multiplicative decrease: beta, in tenths. */
#define RILL_CUBIC_BETA		7

/* |t - K| beyond which the cubic function is steep enough, ms. */
#define RILL_CUBIC_FAR		131072

/* RFC 9406 4.3, microseconds. */
#define RILL_HYSTART_MIN	4000
#define RILL_HYSTART_MAX	16000
#define RILL_HYSTART_DIVISOR	8
#define RILL_HYSTART_SAMPLES	8
#define RILL_HYSTART_SLOWER	4
#define RILL_HYSTART_ROUNDS	5
#define RILL_HYSTART_LIMIT	8

/* One acknowledgment covers a whole merged unit: L is at least that. */
#define RILL_HYSTART_UNIT	65536

static __u32 rill_cubic_initial(__u32 mss)
{
	return rill_min(10 * mss, rill_max(2 * mss, RILL_IW_BYTES));
}

/**
 * rill_cubic_init() - A new connection.
 * @cc: What to set up.
 * @mss: Payload of a full frame, bytes.
 */
void rill_cubic_init(struct rill_cubic *cc, __u32 mss)
{
	*cc = (struct rill_cubic) {
		.cwnd = rill_cubic_initial(mss),
		.ssthresh = RILL_SSTHRESH_NONE,
		.hystart = { .last_min = ~0U, .now_min = ~0U },
	};
	cc->hystart.left = cc->cwnd;
}

static void rill_cubic_grow(struct rill_cubic *cc, __u32 bytes)
{
	cc->cwnd = rill_min((__u64)cc->cwnd + bytes, RILL_CWND_MAX);
}

/* Largest number whose cube is not above @x. */
static __u32 rill_cubic_root(__u64 x)
{
	__u64 root = 0, b;
	int shift;

	for (shift = 63; shift >= 0; shift -= 3) {
		root *= 2;
		b = 3 * root * (root + 1) + 1;
		if (x >> shift < b)
			continue;
		x -= b << shift;
		root++;
	}
	return root;
}

static bool rill_hystart_delayed(const struct rill_hystart *h)
{
	__u32 thresh = rill_max(h->last_min / RILL_HYSTART_DIVISOR,
				RILL_HYSTART_MIN);

	thresh = rill_min(thresh, RILL_HYSTART_MAX);
	return h->last_min != ~0U && h->now_min != ~0U &&
	       h->now_min >= (__u64)h->last_min + thresh;
}

/* A round is what was in flight when it began: the window is used up. */
static void rill_hystart_round(struct rill_cubic *cc, __u32 acked)
{
	struct rill_hystart *h = &cc->hystart;

	h->left -= acked;
	if (h->left > 0)
		return;
	h->left = cc->cwnd;
	if (h->slowed && h->slowed++ == RILL_HYSTART_ROUNDS)
		cc->ssthresh = cc->cwnd;
	h->last_min = h->now_min;
	h->now_min = ~0U;
	h->samples = 0;
}

static void rill_hystart_sample(struct rill_hystart *h, __u32 rtt)
{
	if (!rtt)
		return;
	h->now_min = rill_min(h->now_min, rtt);
	h->samples += h->samples < 255;
	if (h->samples < RILL_HYSTART_SAMPLES)
		return;
	if (!h->slowed && rill_hystart_delayed(h)) {
		h->base_min = h->now_min;
		h->slowed = 1;
	} else if (h->slowed && h->now_min < h->base_min) {
		h->slowed = 0;
	}
}

/* How much the first slow start grows. */
static __u32 rill_hystart_ack(struct rill_cubic *cc, __u32 acked, __u32 mss,
			      __u32 rtt)
{
	__u32 limit = rill_max(RILL_HYSTART_LIMIT * mss, RILL_HYSTART_UNIT);
	__u32 grow = rill_min(acked, limit);

	rill_hystart_round(cc, acked);
	rill_hystart_sample(&cc->hystart, rtt);
	return cc->hystart.slowed ? grow / RILL_HYSTART_SLOWER : grow;
}

/* Slow start. Return: what of @acked is left for congestion avoidance. */
static __u32 rill_cubic_slow(struct rill_cubic *cc, __u32 acked, __u32 mss,
			     __u32 rtt)
{
	__u32 grow;

	if (cc->ssthresh == RILL_SSTHRESH_NONE) {
		rill_cubic_grow(cc, rill_hystart_ack(cc, acked, mss, rtt));
		return 0;
	}
	grow = rill_min(acked, cc->ssthresh - cc->cwnd);
	rill_cubic_grow(cc, grow);
	return acked - grow;
}

/* Congestion avoidance begins. */
static void rill_cubic_epoch(struct rill_cubic *cc, __u32 mss, __u64 now)
{
	__u64 below;

	if (cc->w_max < cc->cwnd)
		cc->w_max = cc->cwnd;
	below = cc->w_max - cc->cwnd;
	/* K = cbrt(below / mss / 0.4), in seconds. */
	cc->k = rill_cubic_root(div_u64(below * 2500000000ULL, mss));
	cc->epoch = now;
	cc->w_est = cc->cwnd;
	cc->grow_rest = 0;
	cc->est_rest = 0;
}

/* W_cubic(@us after the epoch began), bytes. */
static __u32 rill_cubic_window(const struct rill_cubic *cc, __u32 mss,
			       __u64 us)
{
	__u64 t = div_u64(us, 1000);
	__u64 d = t < cc->k ? cc->k - t : t - cc->k;
	__u64 bytes;

	d = rill_min(d, RILL_CUBIC_FAR);
	/* 0.4 * (d / 1000)^3 segments, first in millionths. */
	bytes = div_u64(div_u64(d * d * d, 2500) * mss, 1000000);
	if (t < cc->k)
		return cc->w_max - rill_min(bytes, cc->w_max);
	return rill_min(cc->w_max + bytes, RILL_CWND_MAX);
}

/*
 * W_est grows by alpha segments per window: 9/17 (beta 0.7), once it is where
 * the last reduction began, 1.
 */
static void rill_cubic_reno(struct rill_cubic *cc, __u32 acked, __u32 mss)
{
	__u32 alpha = cc->w_est < cc->saved.cwnd ? 9 : 17;
	__u64 grow;

	cc->est_rest += (__u64)acked * mss * alpha;
	grow = div_u64(cc->est_rest, 17 * cc->cwnd);
	cc->est_rest -= grow * 17 * cc->cwnd;
	cc->w_est = rill_min(cc->w_est + grow, RILL_CWND_MAX);
}

/* RFC 9438 4.4 and 4.5: by (target - cwnd) / cwnd per acknowledged byte. */
static void rill_cubic_climb(struct rill_cubic *cc, __u32 acked, __u32 target)
{
	__u64 grow;

	target = rill_max(target, cc->cwnd);
	target = rill_min(target, cc->cwnd + cc->cwnd / 2);
	cc->grow_rest += (__u64)acked * (target - cc->cwnd);
	grow = div_u64(cc->grow_rest, cc->cwnd);
	cc->grow_rest -= grow * cc->cwnd;
	rill_cubic_grow(cc, grow);
}

static void rill_cubic_avoid(struct rill_cubic *cc, __u32 acked, __u32 mss,
			     __u32 srtt, __u64 now)
{
	__u64 t;

	if (!cc->epoch)
		rill_cubic_epoch(cc, mss, now);
	t = now - cc->epoch;
	rill_cubic_reno(cc, acked, mss);
	if (rill_cubic_window(cc, mss, t) < cc->w_est)
		cc->cwnd = rill_max(cc->cwnd, cc->w_est);
	else
		rill_cubic_climb(cc, acked,
				 rill_cubic_window(cc, mss, t + srtt));
}

/**
 * rill_cubic_ack() - Something was newly acknowledged or SACKed.
 * @cc: The window.
 * @acked: Bytes.
 * @mss: Payload of a full frame, bytes.
 * @srtt: Smoothed round-trip time, microseconds.
 * @rtt: Round-trip time of this acknowledgment, microseconds; 0: none.
 * @now: Microseconds, not 0.
 * @limited: The window was what kept the sender from sending more. If not, it
 *	does not grow, and its time stands still.
 *
 * Not called during fast recovery, see rill_sent_may_grow().
 */
void rill_cubic_ack(struct rill_cubic *cc, __u32 acked, __u32 mss, __u32 srtt,
		    __u32 rtt, __u64 now, int limited)
{
	__u64 passed = now - cc->seen;

	cc->seen = now;
	if (!limited) {
		if (cc->epoch)
			cc->epoch += passed;
		return;
	}
	if (cc->cwnd < cc->ssthresh)
		acked = rill_cubic_slow(cc, acked, mss, rtt);
	if (acked && cc->cwnd >= cc->ssthresh)
		rill_cubic_avoid(cc, acked, mss, srtt, now);
}

static void rill_cubic_save(struct rill_cubic *cc)
{
	cc->saved = (struct rill_cubic_saved) {
		.cwnd = cc->cwnd,
		.ssthresh = cc->ssthresh,
		.w_max = cc->w_max,
		.k = cc->k,
		.w_est = cc->w_est,
		.epoch = cc->epoch,
	};
	cc->undoable = 1;
}

static void rill_cubic_reduce(struct rill_cubic *cc, __u32 mss)
{
	rill_cubic_save(cc);
	cc->ssthresh = rill_max(div_u64((__u64)cc->cwnd * RILL_CUBIC_BETA, 10),
				2 * mss);
	cc->epoch = 0;
}

/**
 * rill_cubic_loss() - A recovery episode begins: something is lost.
 * @cc: The window.
 * @mss: Payload of a full frame, bytes.
 * @now: Microseconds, not 0.
 */
void rill_cubic_loss(struct rill_cubic *cc, __u32 mss, __u64 now)
{
	rill_cubic_reduce(cc, mss);
	/* Fast convergence: leave room for a new flow. */
	if (cc->cwnd < cc->w_max)
		cc->w_max = div_u64((__u64)cc->cwnd * (10 + RILL_CUBIC_BETA),
				    20);
	else
		cc->w_max = cc->cwnd;
	cc->cwnd = cc->ssthresh;
	cc->seen = now;
}

/**
 * rill_cubic_timeout() - The retransmission timer expired.
 * @cc: The window.
 * @mss: Payload of a full frame, bytes.
 * @now: Microseconds, not 0.
 *
 * Called for each expiry. The threshold is that of the first in a row (RFC
 * 5681: held when the same is sent yet again).
 */
void rill_cubic_timeout(struct rill_cubic *cc, __u32 mss, __u64 now)
{
	if (cc->cwnd > mss)
		rill_cubic_reduce(cc, mss);
	cc->w_max = 0;
	cc->cwnd = mss;
	cc->seen = now;
}

/**
 * rill_cubic_undo() - The last reduction was for nothing.
 * @cc: The window.
 */
void rill_cubic_undo(struct rill_cubic *cc)
{
	if (!cc->undoable)
		return;
	cc->cwnd = rill_max(cc->cwnd, cc->saved.cwnd);
	cc->ssthresh = rill_max(cc->ssthresh, cc->saved.ssthresh);
	cc->w_max = cc->saved.w_max;
	cc->k = cc->saved.k;
	cc->w_est = cc->saved.w_est;
	cc->epoch = cc->saved.epoch;
	cc->undoable = 0;
}

/**
 * rill_cubic_idle() - Nothing was sent for longer than the retransmission
 *	timeout, and something is going to be.
 * @cc: The window.
 * @mss: Payload of a full frame, bytes.
 *
 * Restarts with the initial window at most (RFC 5681 4.1): nothing is known of
 * the path any more, and no acknowledgments pace the sender.
 */
void rill_cubic_idle(struct rill_cubic *cc, __u32 mss)
{
	cc->cwnd = rill_min(cc->cwnd, rill_cubic_initial(mss));
	cc->epoch = 0;
	cc->hystart.left = cc->cwnd;
}
