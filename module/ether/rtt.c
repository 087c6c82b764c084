// SPDX-License-Identifier: GPL-2.0-only
/* Round-trip time and retransmission timeout: RFC 6298, in microseconds. */
#include "pure.h"
#include "rtt.h"

/* Clock granularity (RFC 6298: G): the coarsest tick of a timer. */
#define RILL_RTT_TICK		10000

/* More doublings exceed RILL_RTO_MAX from any timeout. */
#define RILL_RTT_BACKOFF_MAX	16

static __u32 rill_rtt_clamp(__u64 rto)
{
	return rill_min(rill_max(rto, RILL_RTO_MIN), RILL_RTO_MAX);
}

/**
 * rill_rtt_init() - Nothing is known yet.
 * @rtt: What to set up.
 */
void rill_rtt_init(struct rill_rtt *rtt)
{
	rtt->srtt = 0;
	rtt->rttvar = 0;
	rtt->min = ~0U;
	rtt->rto = RILL_RTO_INITIAL;
	rtt->backoff = 0;
}

/* RFC 6298 (2.2) and (2.3), rounded. */
static void rill_rtt_smooth(struct rill_rtt *rtt, __u64 us)
{
	__u64 delta = us > rtt->srtt ? us - rtt->srtt : rtt->srtt - us;

	if (!rtt->srtt) {
		rtt->srtt = us;
		rtt->rttvar = us / 2;
		return;
	}
	rtt->rttvar = (3 * (__u64)rtt->rttvar + delta + 2) / 4;
	rtt->srtt = (7 * (__u64)rtt->srtt + us + 4) / 8;
}

/**
 * rill_rtt_sample() - A round-trip time was measured.
 * @rtt: What is known of the path.
 * @us: Microseconds; of something sent once only (Karn). 0 counts as 1.
 *
 * Ends the backoff.
 */
void rill_rtt_sample(struct rill_rtt *rtt, __u32 us)
{
	us = rill_max(us, 1);
	rtt->min = rill_min(rtt->min, us);
	rill_rtt_smooth(rtt, us);
	rtt->rto = rill_rtt_clamp(rtt->srtt +
				  rill_max(RILL_RTT_TICK,
					   4 * (__u64)rtt->rttvar));
	rtt->backoff = 0;
}

/**
 * rill_rtt_backoff() - The timer expired: double the timeout.
 * @rtt: What is known of the path.
 */
void rill_rtt_backoff(struct rill_rtt *rtt)
{
	if (rtt->backoff < RILL_RTT_BACKOFF_MAX)
		rtt->backoff++;
}

/**
 * rill_rtt_rto() - The retransmission timeout with its backoff.
 * @rtt: What is known of the path.
 *
 * Return: Microseconds, RILL_RTO_MIN to RILL_RTO_MAX.
 */
__u32 rill_rtt_rto(const struct rill_rtt *rtt)
{
	return rill_rtt_clamp((__u64)rtt->rto << rtt->backoff);
}
