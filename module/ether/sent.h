/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was sent and is not acknowledged: the scoreboard, loss detection by
 * RACK-TLP (RFC 8985), the retransmission timeout (RFC 6298), recovery
 * episodes. Pure: it sends nothing, sets no timer, takes no lock. All calls
 * for one struct rill_sent are under one lock of the caller's.
 *
 * Times are microseconds of one clock that does not step back and is not 0.
 * Ranges are [start, end) in sequence numbers; less than 2^31 are outstanding.
 */
#ifndef RILL_SENT_H
#define RILL_SENT_H

#include <linux/types.h>

#include "pure.h"
#include "rtt.h"
#include "seq.h"
#include "wire.h"

/** RILL_ACK_DELAY - Longest time a receiver keeps an acknowledgment (us). */
#define RILL_ACK_DELAY		40000

/** RILL_PROBE_MIN - Shortest wait for a tail loss probe (us). */
#define RILL_PROBE_MIN		2000

/** RILL_SENT_MSS - &struct rill_sent.mss until the caller sets it. */
#define RILL_SENT_MSS		1468

/**
 * enum rill_mark - What is believed of a range.
 * @RILL_IN_FLIGHT: On its way, for the first time or again.
 * @RILL_LOST: Lost; to be sent again.
 * @RILL_SACKED: Received, not yet in order.
 */
enum rill_mark {
	RILL_IN_FLIGHT,
	RILL_LOST,
	RILL_SACKED,
};

/**
 * enum rill_again - What the time of a range tells.
 * @RILL_AGAIN_NEVER: It was sent once, then.
 * @RILL_AGAIN_SENT: It was sent again, then: no round-trip time (Karn).
 * @RILL_AGAIN_PART: The first part of it was sent again, then; of what
 *	length is forgotten.
 * @RILL_AGAIN_UNKNOWN: Little: parts of it were sent at several times.
 */
enum rill_again {
	RILL_AGAIN_NEVER,
	RILL_AGAIN_SENT,
	RILL_AGAIN_PART,
	RILL_AGAIN_UNKNOWN,
};

/**
 * struct rill_range - Numbers that were sent together and fare alike.
 * @prev: The range before, by number.
 * @next: The range behind.
 * @older: Of those in flight, the one sent before; of others, undefined.
 * @newer: Of those in flight, the one sent after it.
 * @time: When it was sent last, microseconds.
 * @start: First number.
 * @end: Number behind the last.
 * @mark: enum rill_mark.
 * @again: enum rill_again.
 */
struct rill_range {
	struct rill_range	*prev;
	struct rill_range	*next;
	struct rill_range	*older;
	struct rill_range	*newer;
	__u64			time;
	__u32			start;
	__u32			end;
	__u8			mark;
	__u8			again;
};

/**
 * enum rill_episode - Is there a recovery going on?
 * @RILL_OPEN: No.
 * @RILL_RECOVERY: Since RACK found a loss: the window does not grow.
 * @RILL_TIMED_OUT: Since a timeout: the window grows.
 */
enum rill_episode {
	RILL_OPEN,
	RILL_RECOVERY,
	RILL_TIMED_OUT,
};

/**
 * enum rill_probe - Where a tail loss probe stands.
 * @RILL_PROBE_NONE: None is out.
 * @RILL_PROBE_ASKED: rill_sent_alarm() asked for one.
 * @RILL_PROBE_NEW: It was new data.
 * @RILL_PROBE_AGAIN: It was sent again: if it repaired a loss nobody told.
 */
enum rill_probe {
	RILL_PROBE_NONE,
	RILL_PROBE_ASKED,
	RILL_PROBE_NEW,
	RILL_PROBE_AGAIN,
};

/**
 * struct rill_sent - The scoreboard of a connection's sender.
 * @una: First number not acknowledged. Read by the caller.
 * @nxt: Number of what is sent next. Read by the caller.
 * @mss: Payload of a full frame, bytes. Written by the caller at any time.
 * @flight: Bytes marked RILL_IN_FLIGHT.
 * @lost: Bytes marked RILL_LOST.
 * @sacked: Bytes marked RILL_SACKED. The three add up to @nxt - @una.
 * @recover: The episode ends when @una is here.
 * @since: When the episode began, microseconds.
 * @unproved: Bytes sent again in this episode and not shown to be needless.
 * @ranges: Number of ranges.
 * @rack_time: When the most recently sent of the delivered was sent; 0: none
 *	was (RFC 8985: RACK.xmit_ts).
 * @rack_end: Its end (RACK.end_seq).
 * @rack_rtt: Its round-trip time, microseconds (RACK.rtt).
 * @fack: Highest number delivered (RACK.fack).
 * @needless_end: The round in which something was sent again needlessly ends
 *	when @una is here (RACK.dsack_round); only if @needless.
 * @probe_end: The probe is answered when @una is here (TLP.end_seq).
 * @rto_from: When the retransmission timeout was started, microseconds.
 * @probe_from: When the wait for a probe was started, microseconds.
 * @reorder_at: When RACK looks again, microseconds; 0: no need.
 * @hint: The range that was SACKed last, or &@ends.
 * @lost_hint: No lost range is before this one; may be &@ends.
 * @episode: enum rill_episode. Read by the caller.
 * @probe: enum rill_probe.
 * @reorders: Reordering has been seen.
 * @reorder_mult: Quarters of the smallest round-trip time to wait for what
 *	was overtaken.
 * @reorder_keep: Episodes until @reorder_mult is 1 again.
 * @needless: See @needless_end.
 * @sampled: There was a round-trip time since the last probe.
 * @spare_used: @spare is in use.
 * @ends: Both ends of both lists.
 * @spare: A range that is always there.
 */
struct rill_sent {
	__u32			una;
	__u32			nxt;
	__u32			mss;
	__u32			flight;
	__u32			lost;
	__u32			sacked;
	__u32			recover;
	__u32			unproved;
	__u64			since;
	__u64			rack_time;
	__u32			rack_end;
	__u32			rack_rtt;
	__u32			fack;
	__u32			needless_end;
	__u32			probe_end;
	__u32			ranges;
	__u64			rto_from;
	__u64			probe_from;
	__u64			reorder_at;
	struct rill_range	*hint;
	struct rill_range	*lost_hint;
	__u8			episode;
	__u8			probe;
	__u8			reorders;
	__u8			reorder_mult;
	__u8			reorder_keep;
	__u8			needless;
	__u8			sampled;
	__u8			spare_used;
	struct rill_range	ends;
	struct rill_range	spare;
};

/**
 * struct rill_acked - What an acknowledgment or an alarm changed.
 * @acked: Bytes newly acknowledged or SACKed.
 * @rtt: Round-trip time, microseconds; 0: none. It is in struct rill_rtt
 *	already.
 * @lost: Bytes newly marked lost.
 * @progress: @una has moved.
 * @undo: The episode that ends was for nothing: rill_cubic_undo(). Before
 *	@recovery_began.
 * @recovery_began: A loss: rill_cubic_loss(). Not set by a timeout.
 * @recovery_ended: The episode, if there was one, is over. With
 *	@recovery_began set too, another one began; unless the episode is
 *	RILL_OPEN now: then a probe repaired the loss.
 */
struct rill_acked {
	__u32	acked;
	__u32	rtt;
	__u32	lost;
	bool	progress;
	bool	undo;
	bool	recovery_began;
	bool	recovery_ended;
};

/**
 * enum rill_alarm - What to do now that a time has come.
 * @RILL_ALARM_NONE: Nothing; ask rill_sent_deadline() again.
 * @RILL_ALARM_RETRANSMIT: Ranges were overtaken and are lost: see
 *	rill_sent_lost().
 * @RILL_ALARM_PROBE: Send one frame now, whatever the window is: new data if
 *	the credit allows (rill_sent_new()), else rill_sent_tail() again
 *	(rill_sent_again()).
 * @RILL_ALARM_TIMEOUT: All that is not SACKed is lost: rill_cubic_timeout().
 */
enum rill_alarm {
	RILL_ALARM_NONE,
	RILL_ALARM_RETRANSMIT,
	RILL_ALARM_PROBE,
	RILL_ALARM_TIMEOUT,
};

/*
 * The owner of memory implements these two. No memory is no error: ranges
 * are then coarser, and more is sent again than needed.
 */
struct rill_range *rill_range_alloc(void);
void rill_range_free(struct rill_range *range);

void rill_sent_init(struct rill_sent *s, __u32 seq);
void rill_sent_purge(struct rill_sent *s);
void rill_sent_new(struct rill_sent *s, __u32 start, __u32 end, __u64 now);
void rill_sent_again(struct rill_sent *s, __u32 start, __u32 end, __u64 now);
int rill_sent_ack(struct rill_sent *s, __u32 ack, const struct rill_sack *sack,
		  unsigned int sacks, struct rill_rtt *rtt, __u64 now,
		  struct rill_acked *out);
int rill_sent_lost(struct rill_sent *s, __u32 *start, __u32 *end);
int rill_sent_tail(const struct rill_sent *s, __u32 *start, __u32 *end);
__u64 rill_sent_deadline(const struct rill_sent *s, const struct rill_rtt *rtt);
enum rill_alarm rill_sent_alarm(struct rill_sent *s, struct rill_rtt *rtt,
				__u64 now, struct rill_acked *out);

/* Bytes in flight (RFC 6675: pipe). */
static inline __u32 rill_sent_inflight(const struct rill_sent *s)
{
	return s->flight;
}

/* May rill_cubic_ack() be called? Not while a window was just reduced. */
static inline bool rill_sent_may_grow(const struct rill_sent *s)
{
	return s->episode != RILL_RECOVERY;
}

#endif /* RILL_SENT_H */
