// SPDX-License-Identifier: GPL-2.0-only
/*
 * The congestion window against RFC 9438's formulas in floating point, and
 * through slow start with and without a queue that grows.
 */
#include <math.h>
#include <stdlib.h>

#include "ether/cubic.h"
#include "ether/pure.h"
#include "random.h"
#include "tap.h"

#define MSS 1468

struct path {
	struct rill_cubic cc;
	__u64 now;
	__u32 rtt;
};

static void begin(struct path *p, __u32 rtt)
{
	rill_cubic_init(&p->cc, MSS);
	p->now = 1000000;
	p->rtt = rtt;
}

/* A window is sent and acknowledged, two frames at a time. */
static void round_trip(struct path *p)
{
	__u32 cwnd = p->cc.cwnd, done, step, acks = cwnd / (2 * MSS) + 1;
	__u32 i;

	for (i = 0, done = 0; i < acks; i++, done += step) {
		step = i + 1 < acks ? 2 * MSS : cwnd - done;
		p->now += p->rtt / acks;
		if (step)
			rill_cubic_ack(&p->cc, step, MSS, p->rtt, p->rtt,
				       p->now, 1);
	}
	p->now += p->rtt % acks;
}

static void initial_window(void)
{
	static const struct {
		__u32 mss, cwnd;
	} cases[] = {
		{ 96, 960 }, { 1000, 10000 }, { 1468, 14680 },
		{ 2000, 14680 }, { 8968, 17936 }, { 65503, 131006 },
	};
	struct rill_cubic cc;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		rill_cubic_init(&cc, cases[i].mss);
		check(cc.cwnd == cases[i].cwnd, "mss %u: %u", cases[i].mss,
		      cc.cwnd);
		check(cc.ssthresh == RILL_SSTHRESH_NONE, "ssthresh %u",
		      cc.ssthresh);
	}
	tap_end("ten segments, RFC 6928's bound for long ones");
}

static void slow_start(void)
{
	struct path p;
	int i;

	begin(&p, 1000);
	for (i = 1; i < 12; i++) {
		round_trip(&p);
		check(p.cc.cwnd == 10U * MSS << i, "round %d: %u", i,
		      p.cc.cwnd);
	}
	for (i = 0; i < 10; i++)
		round_trip(&p);
	check(p.cc.cwnd == RILL_CWND_MAX, "cwnd %u", p.cc.cwnd);
	check(p.cc.ssthresh == RILL_SSTHRESH_NONE, "it has left slow start");
	tap_end("slow start doubles, up to the largest window");
}

static void not_limited(void)
{
	struct path p;
	__u32 cwnd;
	int i;

	begin(&p, 1000);
	cwnd = p.cc.cwnd;
	for (i = 0; i < 1000; i++)
		rill_cubic_ack(&p.cc, 2 * MSS, MSS, 1000, 1000, p.now += 500,
			       0);
	check(p.cc.cwnd == cwnd, "slow start: %u", p.cc.cwnd);
	rill_cubic_loss(&p.cc, MSS, p.now);
	cwnd = p.cc.cwnd;
	for (i = 0; i < 1000; i++)
		rill_cubic_ack(&p.cc, 2 * MSS, MSS, 1000, 1000, p.now += 500,
			       0);
	check(p.cc.cwnd == cwnd, "avoidance: %u", p.cc.cwnd);
	tap_end("a window that is not used up does not grow");
}

static void losses(void)
{
	struct path p;
	__u32 cwnd, i;

	begin(&p, 1000);
	p.cc.cwnd = 1000 * MSS;
	rill_cubic_loss(&p.cc, MSS, p.now);
	check(p.cc.cwnd == 700 * MSS && p.cc.ssthresh == p.cc.cwnd,
	      "cwnd %u ssthresh %u", p.cc.cwnd, p.cc.ssthresh);
	check(p.cc.w_max == 1000 * MSS, "w_max %u", p.cc.w_max);
	rill_cubic_loss(&p.cc, MSS, p.now);
	check(p.cc.w_max == 700 * MSS / 20 * 17, "fast convergence: %u",
	      p.cc.w_max);
	for (i = 0; i < 100; i++) {
		cwnd = p.cc.cwnd;
		rill_cubic_loss(&p.cc, MSS, p.now);
		check(p.cc.cwnd <= cwnd && p.cc.cwnd >= 2 * MSS, "cwnd %u",
		      p.cc.cwnd);
	}
	check(p.cc.cwnd == 2 * MSS, "cwnd %u", p.cc.cwnd);
	tap_end("a loss takes three tenths, down to two segments");
}

/* What RFC 9438 has @t seconds after a loss at @w_max segments. */
static double cubic(double w_max, double t)
{
	double k = cbrt(w_max * 0.3 / 0.4);

	return 0.4 * pow(t - k, 3) + w_max;
}

static void follow_curve(__u32 segments, __u32 rtt)
{
	struct path p;
	__u64 start;
	double t, want, k = cbrt(segments * 0.3 / 0.4);

	begin(&p, rtt);
	p.cc.cwnd = segments * MSS;
	rill_cubic_loss(&p.cc, MSS, p.now);
	start = p.now;
	for (t = 0; t < 1.7 * k; t = (p.now - start) / 1e6) {
		round_trip(&p);
		/* It began with the first acknowledgment. */
		want = cubic(segments, (p.now - p.cc.epoch) / 1e6) * MSS;
		check(fabs(p.cc.cwnd - want) < 0.01 * want,
		      "%u at %u us: %u after %.2f s, not %.0f", segments, rtt,
		      p.cc.cwnd, t, want);
	}
	check(llabs((long long)(1000 * k) - p.cc.k) <= 1, "K is %u ms",
	      p.cc.k);
}

static void curve(void)
{
	follow_curve(1000, 100000);
	follow_curve(5000, 100000);
	follow_curve(20000, 200000);
	tap_end("congestion avoidance follows the cubic function");
}

static void reno_friendly(void)
{
	struct path p;
	__u32 w, last;
	int i;

	begin(&p, 100);
	p.cc.cwnd = 100 * MSS;
	rill_cubic_loss(&p.cc, MSS, p.now);
	round_trip(&p);
	last = p.cc.cwnd;
	for (i = 0; i < 100; i++) {
		round_trip(&p);
		w = p.cc.cwnd - last;
		last = p.cc.cwnd;
		if (last < 99 * MSS)
			check(w >= MSS / 2 && w <= MSS * 6 / 10,
			      "grew by %u at %u", w, last);
		else if (last > 102 * MSS)
			check(w >= MSS * 9 / 10 && w <= MSS * 11 / 10,
			      "grew by %u at %u", w, last);
	}
	check(last > 120 * MSS, "only %u", last);
	tap_end("9/17 of a segment each round trip as Reno, then one");
}

static void time_stands_still(void)
{
	struct path p, q;
	int i;

	begin(&p, 50000);
	p.cc.cwnd = 1000 * MSS;
	rill_cubic_loss(&p.cc, MSS, p.now);
	for (i = 0; i < 100; i++)
		round_trip(&p);
	q = p;
	for (i = 0; i < 1000; i++)
		rill_cubic_ack(&q.cc, MSS, MSS, q.rtt, q.rtt, q.now += 100000,
			       0);
	for (i = 0; i < 20; i++) {
		round_trip(&p);
		round_trip(&q);
	}
	check(abs((int)(p.cc.cwnd - q.cc.cwnd)) < 100, "%u and %u", p.cc.cwnd,
	      q.cc.cwnd);
	tap_end("time in which the window was not used up does not count");
}

static void timeouts(void)
{
	struct path p;
	int i;

	begin(&p, 1000);
	p.cc.cwnd = 1000 * MSS;
	rill_cubic_timeout(&p.cc, MSS, p.now);
	check(p.cc.cwnd == MSS && p.cc.ssthresh == 700 * MSS,
	      "cwnd %u ssthresh %u", p.cc.cwnd, p.cc.ssthresh);
	rill_cubic_timeout(&p.cc, MSS, p.now);
	rill_cubic_timeout(&p.cc, MSS, p.now);
	check(p.cc.ssthresh == 700 * MSS, "not held: %u", p.cc.ssthresh);
	for (i = 0; i < 9; i++) {
		round_trip(&p);
		check(p.cc.cwnd == 2U * MSS << i, "round %d: %u", i,
		      p.cc.cwnd);
	}
	round_trip(&p);
	check(p.cc.cwnd >= 700 * MSS && p.cc.cwnd < 702 * MSS, "cwnd %u",
	      p.cc.cwnd);
	check(!p.cc.k && p.cc.w_max == 700 * MSS, "k %u w_max %u", p.cc.k,
	      p.cc.w_max);
	tap_end("after a timeout one segment, slow start, K is 0");
}

static void undo_of(void (*reduce)(struct rill_cubic *cc, __u32 mss,
				   __u64 now))
{
	struct path p;
	struct rill_cubic was;
	int i;

	begin(&p, 20000);
	p.cc.cwnd = 500 * MSS;
	rill_cubic_undo(&p.cc);
	check(p.cc.cwnd == 500 * MSS, "nothing to undo");
	rill_cubic_loss(&p.cc, MSS, p.now);
	for (i = 0; i < 30; i++)
		round_trip(&p);
	was = p.cc;
	reduce(&p.cc, MSS, p.now);
	check(p.cc.cwnd < was.cwnd, "not reduced");
	rill_cubic_undo(&p.cc);
	check(p.cc.cwnd == was.cwnd && p.cc.ssthresh == was.ssthresh &&
	      p.cc.w_max == was.w_max && p.cc.k == was.k &&
	      p.cc.w_est == was.w_est && p.cc.epoch == was.epoch,
	      "cwnd %u, not %u", p.cc.cwnd, was.cwnd);
	p.cc.cwnd = 5 * MSS;
	rill_cubic_undo(&p.cc);
	check(p.cc.cwnd == 5 * MSS, "undone twice");
}

static void timeout_twice(struct rill_cubic *cc, __u32 mss, __u64 now)
{
	rill_cubic_timeout(cc, mss, now);
	rill_cubic_timeout(cc, mss, now);
}

static void undone(void)
{
	undo_of(rill_cubic_loss);
	undo_of(rill_cubic_timeout);
	undo_of(timeout_twice);
	tap_end("undo gives everything back, once");
}

static void idle(void)
{
	struct path p;
	__u32 ssthresh;

	begin(&p, 1000);
	p.cc.cwnd = 500 * MSS;
	rill_cubic_loss(&p.cc, MSS, p.now);
	ssthresh = p.cc.ssthresh;
	p.now += 10000000;
	rill_cubic_idle(&p.cc, MSS);
	check(p.cc.cwnd == 10 * MSS && p.cc.ssthresh == ssthresh,
	      "cwnd %u ssthresh %u", p.cc.cwnd, p.cc.ssthresh);
	round_trip(&p);
	check(p.cc.cwnd == 20 * MSS, "no slow start: %u", p.cc.cwnd);
	p.cc.cwnd = 4 * MSS;
	rill_cubic_idle(&p.cc, MSS);
	check(p.cc.cwnd == 4 * MSS, "it grew: %u", p.cc.cwnd);
	tap_end("after idling the initial window at most");
}

/* RFC 9406: five rounds of a quarter of the growth, then avoidance. */
static void queue_grows(void)
{
	struct path p;
	__u32 before, rounds = 0;

	begin(&p, 1000);
	while (p.cc.cwnd < 200 * MSS)
		round_trip(&p);
	p.rtt = 6000;
	round_trip(&p);
	check(p.cc.hystart.slowed == 1, "slowed %d", p.cc.hystart.slowed);
	while (p.cc.ssthresh == RILL_SSTHRESH_NONE && rounds < 10) {
		before = p.cc.cwnd;
		round_trip(&p);
		check(p.cc.cwnd < before + before / 4 + 2 * MSS,
		      "grew from %u to %u", before, p.cc.cwnd);
		rounds++;
	}
	check(rounds >= 4 && rounds <= 5, "left after %u rounds", rounds);
	before = p.cc.cwnd;
	round_trip(&p);
	check(p.cc.cwnd < before + 3 * MSS, "still slow start: %u to %u",
	      before, p.cc.cwnd);
	tap_end("a growing queue ends the first slow start");
}

static void queue_goes(void)
{
	struct path p;
	__u32 before;

	begin(&p, 1000);
	while (p.cc.cwnd < 200 * MSS)
		round_trip(&p);
	p.rtt = 6000;
	round_trip(&p);
	round_trip(&p);
	check(p.cc.hystart.slowed, "not slowed");
	p.rtt = 1000;
	round_trip(&p);
	check(!p.cc.hystart.slowed, "slowed");
	before = p.cc.cwnd;
	round_trip(&p);
	check(p.cc.cwnd == 2 * before, "grew from %u to %u", before,
	      p.cc.cwnd);
	tap_end("a queue that goes lets slow start go on");
}

static void little_jitter(void)
{
	struct path p;
	int i;

	begin(&p, 1000);
	random_seed(4);
	for (i = 0; i < 13; i++) {
		p.rtt = 1000 + random_below(3900);
		round_trip(&p);
	}
	check(p.cc.ssthresh == RILL_SSTHRESH_NONE && !p.cc.hystart.slowed,
	      "slowed by less than 4 ms");
	tap_end("less than 4 ms do not count");
}

static void random_step(struct path *p, __u32 mss)
{
	__u32 before = p->cc.cwnd, acked;

	p->now += random_below(1U << random_below(27));
	switch (random_below(200)) {
	case 0:
		rill_cubic_loss(&p->cc, mss, p->now);
		check(p->cc.cwnd <= rill_max(before, 2 * mss), "loss: %u",
		      p->cc.cwnd);
		return;
	case 1:
		rill_cubic_timeout(&p->cc, mss, p->now);
		check(p->cc.cwnd == mss, "timeout: %u", p->cc.cwnd);
		return;
	case 2:
		rill_cubic_undo(&p->cc);
		break;
	case 3:
		rill_cubic_idle(&p->cc, mss);
		return;
	}
	acked = 1 + random_below(random_below(4) ? 3 * mss : 1U << 27);
	before = p->cc.cwnd;
	rill_cubic_ack(&p->cc, acked, mss, random_below(1U << 23),
		       random_below(1U << 23), p->now, random_below(5));
	check(p->cc.cwnd >= before, "an acknowledgment took %u from %u",
	      before - p->cc.cwnd, before);
	check((__u64)p->cc.cwnd <= (__u64)before + acked + mss ||
	      p->cc.cwnd <= 2 * before, "%u acknowledged: %u to %u", acked,
	      before, p->cc.cwnd);
}

static void storm(void)
{
	static const __u32 sizes[] = { 1, 96, 1468, 8968, 65503 };
	struct path p;
	unsigned int i, j;

	random_seed(5);
	for (j = 0; j < ARRAY_SIZE(sizes); j++) {
		begin(&p, 1000);
		rill_cubic_init(&p.cc, sizes[j]);
		for (i = 0; i < 300000; i++) {
			random_step(&p, sizes[j]);
			check(p.cc.cwnd >= sizes[j] &&
			      p.cc.cwnd <= RILL_CWND_MAX, "cwnd %u",
			      p.cc.cwnd);
		}
	}
	tap_end("whatever comes, the window is between one segment and the most");
}

int main(void)
{
	initial_window();
	slow_start();
	not_limited();
	losses();
	curve();
	reno_friendly();
	time_stands_still();
	timeouts();
	undone();
	idle();
	queue_grows();
	queue_goes();
	little_jitter();
	storm();
	return tap_done();
}
