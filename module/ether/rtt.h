/* SPDX-License-Identifier: GPL-2.0-only */
/* Round-trip time and retransmission timeout (RFC 6298). Pure. */
#ifndef RILL_RTT_H
#define RILL_RTT_H

#include <linux/types.h>

/* Microseconds. A link is short: RFC 6298 has 1 s for the first two. */
#define RILL_RTO_INITIAL	300000
#define RILL_RTO_MIN		100000
#define RILL_RTO_MAX		8000000

/**
 * struct rill_rtt - What is known of a path's time.
 * @srtt: Smoothed round-trip time, microseconds; 0: no sample yet.
 * @rttvar: Its variation, microseconds.
 * @min: Smallest sample, microseconds; ~0: none.
 * @rto: Retransmission timeout without backoff, microseconds.
 * @backoff: Doublings since something was acknowledged.
 */
struct rill_rtt {
	__u32	srtt;
	__u32	rttvar;
	__u32	min;
	__u32	rto;
	__u8	backoff;
};

void rill_rtt_init(struct rill_rtt *rtt);
void rill_rtt_sample(struct rill_rtt *rtt, __u32 us);
void rill_rtt_backoff(struct rill_rtt *rtt);
__u32 rill_rtt_rto(const struct rill_rtt *rtt);

#endif /* RILL_RTT_H */
