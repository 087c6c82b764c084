// SPDX-License-Identifier: GPL-2.0-only
/*
 * RFC 6298 against its formulas in floating point.
 */
#include <math.h>

#include "ether/pure.h"
#include "ether/rtt.h"
#include "random.h"
#include "tap.h"

static void nothing_known(void)
{
	struct rill_rtt rtt;

	rill_rtt_init(&rtt);
	check(!rtt.srtt && rtt.min == ~0U, "something is known");
	check(rill_rtt_rto(&rtt) == RILL_RTO_INITIAL, "rto %u",
	      rill_rtt_rto(&rtt));
	tap_end("before the first sample the initial timeout");
}

static void first_sample(void)
{
	static const struct {
		__u32 us, srtt, rttvar, rto;
	} cases[] = {
		{ 0, 1, 0, RILL_RTO_MIN },
		{ 100, 100, 50, RILL_RTO_MIN },
		{ 80000, 80000, 40000, 240000 },
		{ 1000000, 1000000, 500000, 3000000 },
		{ 5000000, 5000000, 2500000, RILL_RTO_MAX },
		{ ~0U, ~0U, ~0U / 2, RILL_RTO_MAX },
	};
	struct rill_rtt rtt;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		rill_rtt_init(&rtt);
		rill_rtt_sample(&rtt, cases[i].us);
		check(rtt.srtt == cases[i].srtt &&
		      rtt.rttvar == cases[i].rttvar, "%u: srtt %u rttvar %u",
		      cases[i].us, rtt.srtt, rtt.rttvar);
		check(rill_rtt_rto(&rtt) == cases[i].rto, "%u: rto %u",
		      cases[i].us, rill_rtt_rto(&rtt));
	}
	tap_end("the first sample R: srtt R, rttvar R / 2");
}

/* Rounding adds up to less than four microseconds. */
static void compare(const struct rill_rtt *rtt, double srtt, double rttvar)
{
	double rto = srtt + fmax(10000, 4 * rttvar);

	rto = fmin(fmax(rto, RILL_RTO_MIN), RILL_RTO_MAX);
	check(fabs(rtt->srtt - srtt) <= 4, "srtt %u, not %.1f", rtt->srtt,
	      srtt);
	check(fabs(rtt->rttvar - rttvar) <= 6, "rttvar %u, not %.1f",
	      rtt->rttvar, rttvar);
	check(fabs(rill_rtt_rto(rtt) - rto) <= 30, "rto %u, not %.1f",
	      rill_rtt_rto(rtt), rto);
}

static void many_samples(__u32 base, __u32 spread)
{
	struct rill_rtt rtt;
	double srtt = 0, rttvar = 0;
	__u32 us, min = ~0U;
	int i;

	rill_rtt_init(&rtt);
	for (i = 0; i < 20000; i++) {
		us = base + random_below(spread);
		min = us < min ? us : min;
		rill_rtt_sample(&rtt, us);
		rttvar = i ? 0.75 * rttvar + 0.25 * fabs(srtt - us) : us / 2.0;
		srtt = i ? 0.875 * srtt + 0.125 * us : us;
		compare(&rtt, srtt, rttvar);
		check(rtt.min == min, "min %u, not %u", rtt.min, min);
	}
}

static void formulas(void)
{
	random_seed(1);
	many_samples(20, 5);
	many_samples(100, 100);
	many_samples(1000, 50000);
	many_samples(50000, 500000);
	many_samples(1000000, 4000000);
	tap_end("srtt, rttvar, rto and min as RFC 6298 has them");
}

static void steady(void)
{
	struct rill_rtt rtt;
	int i;

	rill_rtt_init(&rtt);
	rill_rtt_sample(&rtt, 4000000);
	for (i = 0; i < 200; i++)
		rill_rtt_sample(&rtt, 97);
	/* Less than half of a weight is rounded away. */
	check(rtt.srtt >= 97 && rtt.srtt <= 101, "srtt %u", rtt.srtt);
	check(rtt.rttvar <= 6, "rttvar %u", rtt.rttvar);
	check(rill_rtt_rto(&rtt) == RILL_RTO_MIN, "rto %u",
	      rill_rtt_rto(&rtt));
	tap_end("equal samples converge");
}

static void backing_off(void)
{
	struct rill_rtt rtt;
	__u64 want = RILL_RTO_INITIAL;
	int i;

	rill_rtt_init(&rtt);
	for (i = 0; i < 300; i++) {
		rill_rtt_backoff(&rtt);
		want = rill_min(2 * want, RILL_RTO_MAX);
		check(rill_rtt_rto(&rtt) == want, "%d: rto %u", i,
		      rill_rtt_rto(&rtt));
	}
	rill_rtt_sample(&rtt, 60000);
	check(rill_rtt_rto(&rtt) == 180000, "rto %u after a sample",
	      rill_rtt_rto(&rtt));
	tap_end("backoff doubles up to the maximum, a sample ends it");
}

int main(void)
{
	nothing_known();
	first_sample();
	formulas();
	steady();
	backing_off();
	return tap_done();
}
