// SPDX-License-Identifier: GPL-2.0-only
/*
 * Target: the scoreboard and the peer's acknowledgments, which may be
 * anything. Input: the first number, how often memory lacks, then what
 * happens one after the other.
 */
#include "fuzz.h"

/* The scoreboard's own check, which aborts here. */
#define TAP_H
#define check(ok, ...)	must(ok)
#include "../unit/scoreboard.h"

/* More is not outstanding: the walk over all of it takes its time. */
#define MOST	4000000

/* A sender, and its clock. */
struct end {
	struct rill_sent s;
	struct rill_rtt rtt;
	__u64 now;
};

/* A number around what is outstanding. */
static __u32 near(struct end *e, struct fuzz_input *in)
{
	__u8 how = fuzz_u8(in);
	__u32 off = fuzz_u16(in);

	switch (how & 7) {
	case 0:
		return e->s.una + off;
	case 1:
		return e->s.nxt - off;
	case 2:
		return e->s.una - off;
	case 3:
		return e->s.nxt + off;
	case 4:
		return e->s.una;
	case 5:
		return e->s.nxt;
	case 6:
		return e->s.una + (off << (how >> 4));
	default:
		return off << 16 | fuzz_u16(in);
	}
}

static void acknowledge(struct end *e, struct fuzz_input *in)
{
	struct rill_sack sack[RILL_SACK_MAX];
	struct rill_sent before = e->s;
	__u8 sacks = fuzz_u8(in), i;
	struct rill_acked out;
	__u32 ack;
	int ret;

	ack = sacks & 0x10 ? near(e, in) : e->s.una;
	sacks %= RILL_SACK_MAX + 1;
	for (i = 0; i < sacks; i++) {
		sack[i].start = near(e, in);
		sack[i].end = sack[i].start + fuzz_u16(in);
	}
	ret = rill_sent_ack(&e->s, ack, sack, sacks, &e->rtt, e->now, &out);
	must(e->s.nxt == before.nxt);
	must((ret == 1) == (ack - before.una <= before.nxt - before.una));
	if (ret == 1) {
		must(e->s.una == ack);
		must(out.progress == (ack != before.una));
		must(out.acked <= before.flight + before.lost);
	} else {
		must(!memcmp(&before, &e->s, sizeof(before)));
		must(!out.acked && !out.progress && !out.lost);
	}
}

static void send_new(struct end *e, struct fuzz_input *in)
{
	__u32 len = 1 + fuzz_u16(in);

	if (e->s.nxt - e->s.una < MOST)
		rill_sent_new(&e->s, e->s.nxt, e->s.nxt + len, e->now);
}

/* All that is lost, or some of it. */
static void send_lost(struct end *e, unsigned int times, __u32 most)
{
	__u32 start, end, lost;

	while (times-- && rill_sent_lost(&e->s, &start, &end)) {
		must(rill_before(start, end));
		must(!rill_before(start, e->s.una));
		must(!rill_after(end, e->s.nxt));
		lost = e->s.lost;
		rill_sent_again(&e->s, start, start + rill_min(most,
							       end - start),
				e->now);
		/* or its caller would go round for ever */
		must(e->s.lost < lost);
	}
}

/* An alarm whose time has come is over after a few calls. */
static void alarms(struct end *e)
{
	__u64 at = rill_sent_deadline(&e->s, &e->rtt);
	struct rill_acked out;
	enum rill_alarm what;
	int calls = 0;
	__u32 start, end;

	must(!at == (e->s.una == e->s.nxt));
	while (at && at <= e->now) {
		must(calls++ < 4);
		what = rill_sent_alarm(&e->s, &e->rtt, e->now, &out);
		if (what == RILL_ALARM_PROBE &&
		    rill_sent_tail(&e->s, &start, &end))
			rill_sent_again(&e->s, start, end, e->now);
		must(what == RILL_ALARM_TIMEOUT ||
		     what == RILL_ALARM_RETRANSMIT || !out.lost);
		at = rill_sent_deadline(&e->s, &e->rtt);
	}
}

static void step(struct end *e, struct fuzz_input *in)
{
	__u32 start;

	switch (fuzz_u8(in) % 8) {
	case 0:
	case 1:
		send_new(e, in);
		break;
	case 2:
		send_lost(e, 1 + fuzz_u8(in), 1 + fuzz_u16(in));
		break;
	case 3:
		alarms(e);
		break;
	case 4:
		e->now += 1U << fuzz_u8(in) % 24;
		break;
	case 5:		/* no caller does that; it must not be fatal */
		start = near(e, in);
		rill_sent_again(&e->s, start, start + fuzz_u16(in), e->now);
		break;
	default:
		acknowledge(e, in);
		break;
	}
}

int fuzz_one(const __u8 *data, size_t size)
{
	static const __u16 fails[] = { 0, 0, 0, 100, 500, 990, 1000 };
	struct fuzz_input in = { data, size };
	struct end e = { .now = 5000000 };

	rill_sent_init(&e.s, fuzz_u32(&in));
	rill_rtt_init(&e.rtt);
	random_seed(fuzz_u8(&in));
	memory_fails = fails[fuzz_u8(&in) % 7];
	e.s.mss = 1 + fuzz_u16(&in) % 9000;
	while (in.size) {
		e.now += fuzz_u8(&in);
		step(&e, &in);
		check_scoreboard(&e.s);
	}
	rill_sent_purge(&e.s);
	check_scoreboard(&e.s);
	must(!memory_used && e.s.una == e.s.nxt);
	return 0;
}
