// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scoreboard, rule by rule, with a peer and a clock that do as they are
 * told; then with a peer that lies.
 */
#include "scoreboard.h"

#define MSS 1000

/* Round-trip time of the told peer, microseconds. */
#define RTT 1000

/* Numbers wrap after the third frame. */
#define BASE (0U - 3 * MSS)

struct end {
	struct rill_sent s;
	struct rill_rtt rtt;
	struct rill_acked out;
	__u64 now;
};

/* In frames after BASE. */
static __u32 seq(int frame)
{
	return BASE + frame * MSS;
}

static void begin(struct end *e)
{
	memory_fails = 0;
	rill_sent_init(&e->s, BASE);
	e->s.mss = MSS;
	rill_rtt_init(&e->rtt);
	e->now = 5000000;
}

/* Each frame is a range. */
static void send(struct end *e, int frames)
{
	for (; frames; frames--)
		rill_sent_new(&e->s, e->s.nxt, e->s.nxt + MSS, e->now);
	check_scoreboard(&e->s);
}

/* All in one range. */
static void send_unit(struct end *e, int frames)
{
	rill_sent_new(&e->s, e->s.nxt, e->s.nxt + frames * MSS, e->now);
	check_scoreboard(&e->s);
}

static int ack_bytes(struct end *e, __u32 ack, __u32 start, __u32 end)
{
	struct rill_sack sack = { start, end };
	int ret = rill_sent_ack(&e->s, ack, &sack, start != end, &e->rtt,
				e->now, &e->out);

	check_scoreboard(&e->s);
	return ret;
}

/* Frames before @ack, and from @start to before @end, are received. */
static int ack(struct end *e, int until, int start, int end)
{
	return ack_bytes(e, seq(until), seq(start), seq(end));
}

static enum rill_alarm alarm_now(struct end *e)
{
	enum rill_alarm what = rill_sent_alarm(&e->s, &e->rtt, e->now,
					       &e->out);

	check_scoreboard(&e->s);
	return what;
}

/* Wait for the alarm. */
static enum rill_alarm alarm_next(struct end *e)
{
	__u64 at = rill_sent_deadline(&e->s, &e->rtt);

	if (at > e->now + 1) {
		e->now = at - 1;
		check(alarm_now(e) == RILL_ALARM_NONE, "alarm too early");
	}
	if (at > e->now)
		e->now = at;
	return alarm_now(e);
}

static void lost_is(struct end *e, int start, int end)
{
	__u32 from, to;

	if (!rill_sent_lost(&e->s, &from, &to)) {
		check(start == end, "nothing is lost");
		return;
	}
	check(from == seq(start) && to == seq(end), "lost %d-%d, not %d-%d",
	      (int)(from - BASE), (int)(to - BASE), start * MSS, end * MSS);
}

static void again(struct end *e, int start, int end)
{
	rill_sent_again(&e->s, seq(start), seq(end), e->now);
	check_scoreboard(&e->s);
}

static void finish(struct end *e, const char *name)
{
	rill_sent_purge(&e->s);
	check_scoreboard(&e->s);
	check(!memory_used && !e->s.flight && !e->s.lost && !e->s.sacked,
	      "something is left");
	check(!rill_sent_deadline(&e->s, &e->rtt), "an alarm is left");
	tap_end(name);
}

/* Ten frames went and came, so that the path is known. */
static void known(struct end *e)
{
	int i;

	begin(e);
	for (i = 0; i < 10; i++) {
		send(e, 1);
		e->now += RTT;
		ack(e, i + 1, 0, 0);
	}
	check(e->rtt.srtt == RTT && e->rtt.min == RTT, "srtt %u",
	      e->rtt.srtt);
}

/* The same, and it is known that frames overtake one another. */
static void known_reordering(struct end *e)
{
	known(e);
	send(e, 2);
	e->now += RTT;
	ack(e, 10, 11, 12);
	ack(e, 12, 0, 0);
	check(e->s.reorders, "reordering was not seen");
}

static void nothing_outstanding(void)
{
	struct end e;
	__u32 a, b;

	begin(&e);
	check(!rill_sent_deadline(&e.s, &e.rtt), "a deadline");
	check(alarm_now(&e) == RILL_ALARM_NONE, "an alarm");
	check(!rill_sent_lost(&e.s, &a, &b), "something lost");
	check(!rill_sent_tail(&e.s, &a, &b), "a tail");
	check(ack(&e, 0, 0, 0) == 1 && !e.out.progress, "the same number");
	finish(&e, "with nothing outstanding there is nothing to do");
}

static void plain(void)
{
	struct end e;

	begin(&e);
	send(&e, 4);
	check(e.s.nxt == seq(4) && rill_sent_inflight(&e.s) == 4 * MSS,
	      "in flight %u", rill_sent_inflight(&e.s));
	e.now += RTT;
	check(ack(&e, 1, 0, 0) == 1 && e.out.acked == MSS && e.out.progress &&
	      e.out.rtt == RTT, "acked %u rtt %u", e.out.acked, e.out.rtt);
	check(ack_bytes(&e, seq(2) + 1, 0, 0) == 1 && e.out.acked == MSS + 1,
	      "acked %u", e.out.acked);
	check(ack(&e, 4, 0, 0) == 1 && e.s.una == e.s.nxt, "not all");
	check(!e.out.recovery_began && !e.out.recovery_ended && !e.out.undo,
	      "an episode");
	finish(&e, "acknowledgments in order, also of a part");
}

static void strange_numbers(void)
{
	static const __u32 far[] = { 1, 2, MSS, 1U << 30, 0x7fff0000 };
	struct rill_sent before;
	struct end e;
	unsigned int i;

	begin(&e);
	send(&e, 5);
	ack(&e, 2, 0, 0);
	before = e.s;
	for (i = 0; i < ARRAY_SIZE(far); i++) {
		check(ack_bytes(&e, e.s.nxt + far[i], 0, 0) == -1,
		      "%u too far", far[i]);
		check(ack_bytes(&e, e.s.una - far[i], seq(3), seq(4)) == 0,
		      "%u old", far[i]);
		check(!e.out.progress && !e.out.acked, "something new");
	}
	check(!memcmp(&before, &e.s, sizeof(before)), "something changed");
	finish(&e, "old numbers and those never sent change nothing");
}

static void strange_sacks(void)
{
	static const struct {
		__u32 start, end;
	} cases[] = {
		{ 0, 1 }, { 0, 2 * MSS }, { 0U - 500, 500 }, { 5, 5 },
		{ 6, 5 }, { 1, 5 * MSS + 1 }, { 5 * MSS, 5 * MSS + 1 },
		{ 1U << 31, (1U << 31) + 5 }, { 1, 1U << 31 },
		{ 1, (1U << 31) + 2 }, { (1U << 31) - 1, 0U - 1 },
		{ 0U - 5, 0U - 1 }, { 3000, 0 }, { 1U << 30, 3U << 30 },
	};
	struct end e;
	unsigned int i;

	begin(&e);
	send(&e, 5);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ack_bytes(&e, BASE, BASE + cases[i].start,
			  BASE + cases[i].end);
		check(!e.s.sacked, "%u-%u: %u SACKed", cases[i].start,
		      cases[i].end, e.s.sacked);
	}
	ack_bytes(&e, BASE, BASE + 1, seq(5));
	check(e.s.sacked == 5 * MSS - 1, "SACKed %u", e.s.sacked);
	finish(&e, "ranges outside what is outstanding are ignored");
}

static void three_sacked(void)
{
	struct end e;

	known(&e);
	send(&e, 5);
	e.now += RTT;
	ack(&e, 10, 11, 12);
	ack(&e, 10, 11, 13);
	check(!e.s.lost, "lost after two");
	ack(&e, 10, 11, 14);
	check(e.out.lost == MSS && e.out.recovery_began, "lost %u",
	      e.out.lost);
	check(rill_sent_inflight(&e.s) == MSS, "in flight %u",
	      rill_sent_inflight(&e.s));
	check(!rill_sent_may_grow(&e.s), "the window may grow");
	lost_is(&e, 10, 11);
	again(&e, 10, 11);
	lost_is(&e, 0, 0);
	ack(&e, 10, 11, 15);
	check(!e.out.recovery_began && !e.out.lost, "a second episode");
	e.now += RTT;
	ack(&e, 15, 0, 0);
	check(e.out.recovery_ended && !e.out.undo && !e.out.rtt,
	      "ended %d undo %d rtt %u", e.out.recovery_ended, e.out.undo,
	      e.out.rtt);
	finish(&e, "three segments behind a hole: lost at once");
}

static void reordering_timer(void)
{
	struct end e;

	known(&e);
	send(&e, 2);
	e.now += RTT;
	ack(&e, 10, 11, 12);
	check(rill_sent_deadline(&e.s, &e.rtt) == e.now + RTT / 4,
	      "deadline in %d", (int)(rill_sent_deadline(&e.s, &e.rtt) -
				      e.now));
	check(alarm_next(&e) == RILL_ALARM_RETRANSMIT, "no alarm");
	check(e.out.lost == MSS && e.out.recovery_began, "lost %u",
	      e.out.lost);
	lost_is(&e, 10, 11);
	finish(&e, "fewer: lost after a quarter of the round-trip time");
}

static void reordering_seen(void)
{
	struct end e;

	known_reordering(&e);
	check(!e.out.lost && !e.out.recovery_began, "lost");
	send(&e, 10);
	e.now += RTT;
	ack(&e, 12, 13, 22);
	check(!e.s.lost, "lost at once");
	e.now += RTT / 4 - 1;
	ack(&e, 22, 0, 0);
	check(!e.out.lost && !e.out.recovery_began, "lost");
	send(&e, 10);
	e.now += RTT;
	ack(&e, 22, 23, 32);
	check(alarm_next(&e) == RILL_ALARM_RETRANSMIT, "no alarm");
	lost_is(&e, 22, 23);
	finish(&e, "reordering was seen: any number waits");
}

/* The first time arrives right after it was sent again. */
static void needless(struct end *e, int at)
{
	send(e, 5);
	e->now += RTT;
	ack(e, at, at + 1, at + 5);
	if (!e->s.lost)
		check(alarm_next(e) == RILL_ALARM_RETRANSMIT, "no alarm");
	again(e, at, at + 1);
	e->now += RTT / 3;
	ack(e, at + 5, 0, 0);
}

static void needless_again(void)
{
	struct end e;
	int i;

	known(&e);
	for (i = 0; i < 5; i++) {
		needless(&e, 10 + 5 * i);
		check(e.out.recovery_ended && e.out.undo, "not undone");
		check(e.s.reorder_mult == i + 2, "window %d",
		      e.s.reorder_mult);
	}
	/* The smoothed round-trip time bounds it. */
	send(&e, 5);
	e.now += RTT;
	ack(&e, 35, 36, 40);
	check(rill_sent_deadline(&e.s, &e.rtt) - e.now <= e.rtt.srtt,
	      "waits longer than a round trip");
	finish(&e, "sent again needlessly: undone, and waits longer");
}

static void window_shrinks(void)
{
	struct end e;
	int i, at = 15;

	known(&e);
	needless(&e, 10);
	for (i = 0; i < 16; i++, at += 5) {
		check(e.s.reorder_mult == (i < 15 ? 2 : 1), "%d: window %d",
		      i, e.s.reorder_mult);
		send(&e, 5);
		e.now += RTT;
		ack(&e, at, at + 1, at + 5);
		check(alarm_next(&e) == RILL_ALARM_RETRANSMIT, "no alarm");
		again(&e, at, at + 1);
		e.now += RTT;
		ack(&e, at + 5, 0, 0);
		check(!e.out.undo, "undone");
	}
	finish(&e, "after 16 episodes it waits as before");
}

static void lost_again(void)
{
	struct end e;

	known(&e);
	send(&e, 5);
	e.now += RTT;
	ack(&e, 10, 11, 15);
	again(&e, 10, 11);
	e.now += 10;
	send(&e, 5);
	e.now += RTT;
	ack(&e, 10, 11, 17);
	lost_is(&e, 10, 11);
	check(!e.out.recovery_began, "a second episode");
	again(&e, 10, 11);
	e.now += RTT;
	ack(&e, 20, 0, 0);
	check(e.out.recovery_ended, "not ended");
	finish(&e, "what was sent again can be lost again");
}

static void units_split(void)
{
	struct end e;

	known(&e);
	send_unit(&e, 40);
	e.now += RTT;
	ack_bytes(&e, seq(10) + 500, seq(20) + 1, seq(25) - 1);
	check(e.s.sacked == 5 * MSS - 2 && e.s.ranges == 3, "SACKed %u in %u",
	      e.s.sacked, e.s.ranges);
	check(e.s.lost == 9 * MSS + 501, "lost %u", e.s.lost);
	rill_sent_again(&e.s, seq(10) + 500, seq(20) + 1, e.now);
	lost_is(&e, 0, 0);
	check(e.s.flight == 34 * MSS + 502, "flight %u", e.s.flight);
	finish(&e, "units are split by SACKs");
}

static void parts_again(void)
{
	struct end e;
	__u32 start, end;
	int i;

	known(&e);
	send_unit(&e, 40);
	e.now += RTT;
	ack(&e, 10, 45, 50);
	lost_is(&e, 10, 45);
	for (i = 10; i < 45; i++) {
		lost_is(&e, i, 45);
		again(&e, i, i + 1);
		check(e.s.lost == (44U - i) * MSS, "lost %u", e.s.lost);
	}
	check(!rill_sent_lost(&e.s, &start, &end), "more is lost");
	e.now += RTT;
	ack(&e, 50, 0, 0);
	check(e.out.recovery_ended, "not ended");
	finish(&e, "a unit is sent again in parts");
}

static void probe_times(void)
{
	struct end e;
	__u32 start, end;

	known(&e);
	e.rtt.srtt = 5000;
	send(&e, 2);
	check(rill_sent_deadline(&e.s, &e.rtt) == e.now + 10000,
	      "two frames: in %d us",
	      (int)(rill_sent_deadline(&e.s, &e.rtt) - e.now));
	e.now += 3000;
	ack(&e, 11, 0, 0);
	e.rtt.srtt = 5000;
	check(rill_sent_deadline(&e.s, &e.rtt) ==
	      e.now + 10000 + RILL_ACK_DELAY, "one frame: in %d us",
	      (int)(rill_sent_deadline(&e.s, &e.rtt) - e.now));
	check(alarm_next(&e) == RILL_ALARM_PROBE, "no probe");
	check(rill_sent_tail(&e.s, &start, &end) && start == seq(11) &&
	      end == seq(12), "not the last frame");
	again(&e, 11, 12);
	check(rill_sent_deadline(&e.s, &e.rtt) ==
	      e.now + rill_rtt_rto(&e.rtt), "no timeout from then on");
	check(alarm_next(&e) == RILL_ALARM_TIMEOUT, "no timeout");
	finish(&e, "a probe after two round trips, once, then the timeout");
}

static void probe_of_unit(void)
{
	struct end e;
	__u32 start, end;

	known(&e);
	send_unit(&e, 40);
	check(alarm_next(&e) == RILL_ALARM_PROBE, "no probe");
	check(rill_sent_tail(&e.s, &start, &end) && start == seq(49) &&
	      end == seq(50), "not the last frame");
	again(&e, 49, 50);
	check(e.s.flight == 40 * MSS, "flight %u", e.s.flight);
	e.now += RTT;
	ack(&e, 10, 49, 50);
	check(e.out.recovery_began, "no loss");
	lost_is(&e, 10, 49);
	finish(&e, "the probe of a unit is its last frame, and finds the loss");
}

/* One frame is lost, or none, and a probe sent. */
static void probed(struct end *e)
{
	known(e);
	send(e, 3);
	e->now += RTT;
	ack(e, 12, 0, 0);
	check(alarm_next(e) == RILL_ALARM_PROBE, "no probe");
	again(e, 12, 13);
	e->now += RTT;
	ack(e, 13, 0, 0);
	check(!e->out.recovery_began, "an episode");
}

static void probe_repairs(void)
{
	struct end e;

	probed(&e);
	send(&e, 2);
	e.now += RTT;
	ack(&e, 15, 0, 0);
	check(e.out.recovery_began && e.out.recovery_ended &&
	      e.s.episode == RILL_OPEN, "not told");
	finish(&e, "a loss that a probe repaired is told");
}

static void probe_for_nothing(void)
{
	struct end e;

	probed(&e);
	ack(&e, 13, 0, 0);
	send(&e, 2);
	e.now += RTT;
	ack(&e, 15, 0, 0);
	check(!e.out.recovery_began, "an episode");
	/* The first time is acknowledged just then. */
	send(&e, 3);
	e.now += RTT;
	ack(&e, 17, 0, 0);
	check(alarm_next(&e) == RILL_ALARM_PROBE, "no probe");
	again(&e, 17, 18);
	e.now += RTT / 10;
	ack(&e, 18, 0, 0);
	send(&e, 2);
	e.now += RTT;
	ack(&e, 20, 0, 0);
	check(!e.out.recovery_began, "an episode");
	finish(&e, "a probe of what was not lost costs nothing");
}

static void probe_is_new(void)
{
	struct end e;

	known(&e);
	send(&e, 3);
	check(alarm_next(&e) == RILL_ALARM_PROBE, "no probe");
	send(&e, 1);
	check(alarm_next(&e) == RILL_ALARM_TIMEOUT, "a second probe");
	finish(&e, "a probe of new data");
}

static void no_probe(void)
{
	struct end e;

	begin(&e);
	send(&e, 3);
	check(rill_sent_deadline(&e.s, &e.rtt) == e.now + RILL_RTO_INITIAL,
	      "not the initial timeout");
	check(alarm_next(&e) == RILL_ALARM_TIMEOUT, "no timeout");
	finish(&e, "no probe before the round-trip time is known");
}

static void no_probe_of_gap(void)
{
	struct end e;

	known(&e);
	send(&e, 4);
	e.now += RILL_PROBE_MIN - 100;
	ack(&e, 10, 11, 12);
	check(rill_sent_deadline(&e.s, &e.rtt) == e.now + RTT / 4,
	      "deadline in %d", (int)(rill_sent_deadline(&e.s, &e.rtt) -
				      e.now));
	check(alarm_next(&e) == RILL_ALARM_RETRANSMIT, "no alarm");
	finish(&e, "no probe while RACK looks for the loss");
}

static void timeouts(void)
{
	struct end e;
	__u64 began;
	int i;

	known(&e);
	send(&e, 6);
	e.now += RTT;
	ack(&e, 10, 13, 14);
	check(alarm_next(&e) == RILL_ALARM_RETRANSMIT, "no alarm");
	again(&e, 10, 13);
	began = e.now;
	for (i = 1; i < 5; i++) {
		check(alarm_next(&e) == RILL_ALARM_TIMEOUT, "no timeout");
		check(e.now - began == RILL_RTO_MIN * 1ULL << (i - 1),
		      "after %d us", (int)(e.now - began));
		check(e.rtt.backoff == i, "backoff %d", e.rtt.backoff);
		check(!e.out.recovery_began, "a loss too");
		check(rill_sent_may_grow(&e.s) && !rill_sent_inflight(&e.s),
		      "in flight %u", rill_sent_inflight(&e.s));
		check(e.s.sacked == MSS && e.s.lost == 5 * MSS, "lost %u",
		      e.s.lost);
		lost_is(&e, 10, 13);
		again(&e, 10, 11);
		began = e.now;
	}
	e.now += RTT;
	ack(&e, 11, 0, 0);
	check(!e.out.recovery_ended && !e.out.undo, "ended");
	lost_is(&e, 11, 13);
	again(&e, 11, 13);
	lost_is(&e, 14, 16);
	again(&e, 14, 16);
	e.now += RTT;
	ack(&e, 16, 0, 0);
	check(e.out.recovery_ended && !e.out.undo, "not ended");
	finish(&e, "timeout: all but the SACKed is lost, twice the time");
}

static void reneging(void)
{
	struct end e;

	known(&e);
	send(&e, 6);
	e.now += RTT;
	ack(&e, 10, 12, 16);
	lost_is(&e, 10, 12);
	again(&e, 10, 12);
	e.now += RTT;
	/* It has thrown away what it had. */
	ack(&e, 12, 0, 0);
	check(e.s.sacked == 4 * MSS, "SACKed %u", e.s.sacked);
	check(alarm_next(&e) == RILL_ALARM_TIMEOUT, "no timeout");
	check(!e.s.sacked, "SACKed %u", e.s.sacked);
	lost_is(&e, 12, 16);
	again(&e, 12, 16);
	e.now += RTT;
	ack(&e, 16, 0, 0);
	check(e.out.recovery_ended && e.s.una == e.s.nxt, "not ended");
	finish(&e, "a peer that throws away what it SACKed");
}

static void early_timeout(void)
{
	struct end e;

	known(&e);
	send(&e, 20);
	e.now += 2 * RTT;
	check(alarm_now(&e) == RILL_ALARM_PROBE, "no probe");
	send(&e, 1);
	check(alarm_next(&e) == RILL_ALARM_TIMEOUT, "no timeout");
	again(&e, 10, 11);
	e.now += 5 * RTT;
	/* All was late: the first times are acknowledged. */
	ack(&e, 12, 0, 0);
	check(!e.out.undo, "that can be the second time");
	lost_is(&e, 12, 31);
	again(&e, 12, 14);
	e.now += RTT / 10;
	ack(&e, 14, 0, 0);
	check(e.out.undo && e.out.recovery_ended && !e.out.recovery_began,
	      "not undone");
	check(!e.s.lost && e.s.flight == 17 * MSS, "lost %u", e.s.lost);
	e.now += RTT / 10;
	ack(&e, 16, 0, 0);
	send(&e, 4);
	e.now += RTT / 10;
	ack(&e, 31, 0, 0);
	check(!e.s.lost, "lost %u", e.s.lost);
	e.now += RTT;
	ack(&e, 35, 0, 0);
	check(e.s.una == e.s.nxt && e.out.rtt && !e.rtt.backoff,
	      "backoff %d", e.rtt.backoff);
	finish(&e, "a timeout that was too early is undone");
}

static void karn(void)
{
	struct end e;

	begin(&e);
	send(&e, 2);
	check(alarm_next(&e) == RILL_ALARM_TIMEOUT, "no timeout");
	again(&e, 0, 2);
	e.now += RTT;
	ack(&e, 2, 0, 0);
	check(!e.out.rtt && !e.rtt.backoff && !e.rtt.srtt, "a sample");
	send(&e, 1);
	e.now += RTT;
	ack(&e, 3, 0, 0);
	check(e.out.rtt == RTT && !e.rtt.backoff, "no sample");
	/* What was sent again fills a gap before what was not. */
	send(&e, 3);
	check(alarm_next(&e) == RILL_ALARM_PROBE, "no probe");
	check(alarm_next(&e) == RILL_ALARM_TIMEOUT, "no timeout");
	again(&e, 3, 4);
	e.now += RTT;
	ack(&e, 6, 0, 0);
	check(!e.out.rtt && !e.rtt.backoff, "a sample of what waited");
	finish(&e, "no sample of what was sent again; it ends the backoff");
}

static void no_memory(void)
{
	struct end e;
	__u32 start, end;

	begin(&e);
	memory_fails = 1000;
	send(&e, 5);
	check(e.s.ranges == 1 && e.s.flight == 5 * MSS, "%u ranges",
	      e.s.ranges);
	ack(&e, 0, 2, 3);
	check(!e.s.sacked, "SACKed without a split");
	ack(&e, 1, 0, 0);
	check(e.s.flight == 4 * MSS && !e.out.rtt, "flight %u", e.s.flight);
	check(alarm_next(&e) == RILL_ALARM_TIMEOUT, "no timeout");
	check(rill_sent_lost(&e.s, &start, &end), "nothing lost");
	again(&e, 1, 2);
	check(!rill_sent_lost(&e.s, &start, &end), "the same again");
	check(rill_sent_inflight(&e.s) == 4 * MSS, "in flight %u",
	      rill_sent_inflight(&e.s));
	e.now += RTT;
	/* It was marked as sent again, but only its first part was. */
	ack(&e, 2, 0, 0);
	lost_is(&e, 2, 5);
	check(alarm_next(&e) == RILL_ALARM_TIMEOUT, "no timeout");
	/* New data joins what is lost, and what is SACKed. */
	send(&e, 1);
	check(rill_sent_inflight(&e.s) == 4 * MSS, "in flight %u",
	      rill_sent_inflight(&e.s));
	ack_bytes(&e, seq(2), seq(2) + 1, seq(6));
	check(!e.s.sacked, "SACKed without a split");
	ack(&e, 6, 0, 0);
	check(e.s.una == e.s.nxt && !e.s.ranges, "not all");
	finish(&e, "without memory ranges are coarse");
}

static void sacked_and_no_memory(void)
{
	struct end e;

	known(&e);
	send(&e, 3);
	e.now += RTT;
	ack(&e, 10, 11, 13);
	memory_fails = 1000;
	check(e.s.sacked == 2 * MSS, "SACKed %u", e.s.sacked);
	send(&e, 1);
	check(!e.s.sacked && e.s.flight == 4 * MSS, "SACKed %u", e.s.sacked);
	finish(&e, "without memory new data joins what is SACKed");
}

/* Marks are not trusted either: any call, in any order. */
static void random_call(struct end *e)
{
	struct rill_sack sack[RILL_SACK_MAX];
	__u32 start, end, span = e->s.nxt - e->s.una;
	int i;

	e->now += random_below(1U << random_below(19));
	switch (random_below(8)) {
	case 0:
		if (span < 2000000)
			rill_sent_new(&e->s, e->s.nxt, e->s.nxt + 1 +
				      random_below(65536), e->now);
		return;
	case 1:
		rill_sent_alarm(&e->s, &e->rtt, e->now, &e->out);
		return;
	case 2:
		if (rill_sent_lost(&e->s, &start, &end))
			rill_sent_again(&e->s, start, start + 1 +
					random_below(end - start), e->now);
		return;
	case 3:
		start = e->s.una + random_below(span + 5);
		rill_sent_again(&e->s, start, start + random_below(9000),
				e->now);
		return;
	}
	for (i = 0; i < RILL_SACK_MAX; i++) {
		sack[i].start = e->s.una + random_below(span + 9) - 4;
		sack[i].end = sack[i].start +
			      random_below(1U << random_below(20));
	}
	start = random_below(4) ? 0 : random_below(3000);
	rill_sent_ack(&e->s, e->s.una + start, sack, random_below(5), &e->rtt,
		      e->now, &e->out);
}

static void liars(void)
{
	static const unsigned int fails[] = { 0, 0, 100, 500, 990 };
	struct end e;
	int i, j;

	random_seed(6);
	for (i = 0; i < 100; i++) {
		begin(&e);
		memory_fails = fails[i % 5];
		for (j = 0; j < 2000; j++) {
			random_call(&e);
			if (!(j % 4))
				check_scoreboard(&e.s);
		}
		rill_sent_purge(&e.s);
		check(!memory_used, "memory is left");
	}
	begin(&e);
	finish(&e, "any call in any order, any SACK, little memory");
}

/* Every other byte is SACKed: how much memory can a peer make us use? */
static void shredder(void)
{
	struct end e;
	__u32 i;

	begin(&e);
	send_unit(&e, 60);
	for (i = 1; i < 59999; i += 2)
		rill_sent_ack(&e.s, BASE,
			      &(struct rill_sack) { BASE + i, BASE + i + 1 },
			      1, &e.rtt, e.now, &e.out);
	check_scoreboard(&e.s);
	check(e.s.ranges <= 8193, "%u ranges", e.s.ranges);
	finish(&e, "SACKs of single bytes end at 8192 ranges");
}

/* Many frames with a hole in each eight; SACKs jump between both ends. */
static void many_ranges(void)
{
	const __u32 frames = 40000;
	struct rill_sack sack[4];
	struct end e;
	__u32 i, j;

	known(&e);
	send(&e, frames);
	e.now += RTT;
	for (i = 1; i < frames / 8; i++) {
		for (j = 0; j < 4; j++) {
			sack[j].start = seq(8 * (i > j ? i - j : 1) + 11);
			sack[j].end = sack[j].start + 7 * MSS;
		}
		if (rill_after(sack[0].end, e.s.nxt))
			break;
		rill_sent_ack(&e.s, seq(10), sack, 4, &e.rtt, e.now, &e.out);
	}
	check_scoreboard(&e.s);
	check(e.s.sacked > frames / 8 * 6 * MSS, "SACKed %u", e.s.sacked);
	for (i = 0; i < 20000; i++) {
		sack[0].start = seq(i & 1 ? 20 : frames - 20);
		sack[0].end = sack[0].start + MSS;
		rill_sent_ack(&e.s, seq(10), sack, 1, &e.rtt, e.now, &e.out);
	}
	check_scoreboard(&e.s);
	finish(&e, "40000 frames outstanding, SACKs all over");
}

int main(void)
{
	nothing_outstanding();
	plain();
	strange_numbers();
	strange_sacks();
	three_sacked();
	reordering_timer();
	reordering_seen();
	needless_again();
	window_shrinks();
	lost_again();
	units_split();
	parts_again();
	probe_times();
	probe_of_unit();
	probe_repairs();
	probe_for_nothing();
	probe_is_new();
	no_probe();
	no_probe_of_gap();
	timeouts();
	reneging();
	early_timeout();
	karn();
	no_memory();
	sacked_and_no_memory();
	liars();
	shredder();
	many_ranges();
	return tap_done();
}
