/* SPDX-License-Identifier: GPL-2.0-only */
/* Congestion control: CUBIC (RFC 9438) with HyStart++ (RFC 9406). Pure. */
#ifndef RILL_CUBIC_H
#define RILL_CUBIC_H

#include <linux/types.h>

/** RILL_CWND_MAX - Largest window, bytes; 17 times it is a __u32. */
#define RILL_CWND_MAX		0x8000000U

/** RILL_SSTHRESH_NONE - Slow start threshold before the first loss. */
#define RILL_SSTHRESH_NONE	(~0U)

/**
 * struct rill_cubic_saved - What a reduction that proves wrong gives back.
 * @cwnd: Window before it, bytes (RFC 9438: cwnd_prior); 0: none yet.
 * @ssthresh: See &struct rill_cubic.
 * @w_max: See &struct rill_cubic.
 * @k: See &struct rill_cubic.
 * @w_est: See &struct rill_cubic.
 * @epoch: See &struct rill_cubic.
 */
struct rill_cubic_saved {
	__u32	cwnd;
	__u32	ssthresh;
	__u32	w_max;
	__u32	k;
	__u32	w_est;
	__u64	epoch;
};

/**
 * struct rill_hystart - HyStart++, until the first slow start ends.
 * @left: Bytes to be acknowledged until this round ends.
 * @last_min: Smallest round-trip time of the last round, microseconds; ~0:
 *	none.
 * @now_min: That of this round.
 * @base_min: That of the round after which the growth was slowed down.
 * @samples: Of this round; stops at 255.
 * @slowed: Rounds of conservative slow start begun; 0: plain slow start.
 */
struct rill_hystart {
	__s64	left;
	__u32	last_min;
	__u32	now_min;
	__u32	base_min;
	__u8	samples;
	__u8	slowed;
};

/**
 * struct rill_cubic - The congestion window of a connection.
 * @cwnd: Window: bytes that may be in flight.
 * @ssthresh: Slow start below it, bytes; RILL_SSTHRESH_NONE: no loss yet.
 * @w_max: Window before the last reduction, bytes; 0: take that of the next
 *	epoch's start (after a timeout, and after a slow start without loss).
 * @k: Milliseconds from @epoch until @w_max is reached again.
 * @w_est: What Reno would have, bytes.
 * @epoch: When this congestion avoidance began, microseconds; times in which
 *	the window was not used up are left out. 0: it has not.
 * @seen: When rill_cubic_ack() was called last, microseconds.
 * @grow_rest: Growth of @cwnd below one byte, in bytes * @cwnd.
 * @est_rest: That of @w_est, in bytes * 17 * @cwnd.
 * @saved: Before the last reduction.
 * @undoable: rill_cubic_undo() may use @saved.
 * @hystart: The first slow start.
 */
struct rill_cubic {
	__u32			cwnd;
	__u32			ssthresh;
	__u32			w_max;
	__u32			k;
	__u32			w_est;
	__u64			epoch;
	__u64			seen;
	__u64			grow_rest;
	__u64			est_rest;
	struct rill_cubic_saved	saved;
	__u8			undoable;
	struct rill_hystart	hystart;
};

/* All: @mss is the payload of a full frame in bytes, times are microseconds. */
void rill_cubic_init(struct rill_cubic *cc, __u32 mss);
void rill_cubic_ack(struct rill_cubic *cc, __u32 acked, __u32 mss, __u32 srtt,
		    __u32 rtt, __u64 now, int limited);
void rill_cubic_loss(struct rill_cubic *cc, __u32 mss, __u64 now);
void rill_cubic_timeout(struct rill_cubic *cc, __u32 mss, __u64 now);
void rill_cubic_undo(struct rill_cubic *cc);
void rill_cubic_idle(struct rill_cubic *cc, __u32 mss);

#endif /* RILL_CUBIC_H */
