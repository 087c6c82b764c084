// SPDX-License-Identifier: GPL-2.0-only
/*
 * The header: what is written is read, and what the protocol does not have is
 * refused.
 */
#include <string.h>

#include "ether/wire.h"
#include "random.h"
#include "tap.h"

union bytes {
	__u8 byte[RILL_HEADER_MAX];
	struct rill_header header;
};

/* One frame of each type, valid, as most of them are. */
static const struct rill_frame samples[RILL_FRAME_TYPES] = {
	[RILL_FRAME_REQUEST] = {
		.type = RILL_FRAME_REQUEST, .flags = RILL_FLAG_SEQPACKET,
		.mtu = 1500, .sport = 1, .dport = 2, .from = 3, .seq = 4,
		.ack = 5, .credit = 6,
	},
	[RILL_FRAME_ACCEPT] = {
		.type = RILL_FRAME_ACCEPT, .mtu = RILL_MTU_MIN, .sport = 1,
		.dport = 2, .to = 7, .from = 3, .seq = 4, .ack = 5,
		.credit = 6,
	},
	[RILL_FRAME_CHALLENGE] = {
		.type = RILL_FRAME_CHALLENGE, .sport = 1, .dport = 2, .to = 7,
		.ack = 5,
	},
	[RILL_FRAME_DATA] = {
		.type = RILL_FRAME_DATA, .flags = RILL_FLAG_EOR, .sacks = 2,
		.length = 9, .mtu = 9000, .sport = 1, .dport = 2, .to = 7,
		.from = 3, .seq = ~0U, .ack = 5, .credit = 6,
		.sack = { { 10, 20 }, { ~0U, 5 } },
	},
	[RILL_FRAME_RESET] = {
		.type = RILL_FRAME_RESET, .sport = 1, .dport = 2, .to = 7,
		.from = 3, .seq = 4, .ack = RILL_RESET_UNREACH,
	},
	[RILL_FRAME_DGRAM] = {
		.type = RILL_FRAME_DGRAM, .length = 5, .sport = 1, .dport = 2,
	},
	[RILL_FRAME_NOBODY] = {
		.type = RILL_FRAME_NOBODY, .sport = 1, .dport = 2,
	},
};

static unsigned int whole(const struct rill_frame *f)
{
	return rill_wire_header_len(f) + f->length;
}

static int read_back(const struct rill_frame *f, struct rill_frame *g)
{
	union bytes b;

	memset(&b, 0x5a, sizeof(b));
	memset(g, 0, sizeof(*g));
	rill_wire_write(&b, f);
	return rill_wire_read(&b, whole(f), g);
}

static void layout(void)
{
	static const __u8 want[] = {
		0x14, 0x41, 0, 0, 0, 9, 0x23, 0x28, 0, 1, 0, 2, 0, 0, 0, 7,
		0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 5, 0, 0, 0, 6,
		0, 0, 0, 10, 0, 0, 0, 20, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 5,
	};
	struct rill_frame f = samples[RILL_FRAME_DATA];
	union bytes b;

	f.sport = __cpu_to_be16(1);
	f.dport = __cpu_to_be16(2);
	rill_wire_write(&b, &f);
	check(sizeof(struct rill_header) == RILL_HEADER_LEN, "its size");
	check(!memcmp(&b, want, sizeof(want)), "its bytes");
	check(rill_wire_peek_len(&b) == sizeof(want), "its length is %u",
	      rill_wire_peek_len(&b));
	tap_end("every byte is where Documentation/protocol.rst has it");
}

static void random_frame(struct rill_frame *f)
{
	unsigned int i;

	*f = samples[RILL_FRAME_DATA];
	f->flags = random_below(32);
	if (f->flags & RILL_FLAG_CLOSE)
		f->flags |= RILL_FLAG_STOP;
	f->sacks = random_below(RILL_SACK_MAX + 1);
	f->length = random_below(65536);
	f->mtu = random_below(65536);
	f->sport = random_below(65536);
	f->dport = random_below(65536);
	f->to = 1 + random_below(~0U);
	f->from = 1 + random_below(~0U);
	f->seq = random_below(~0U);
	f->ack = random_below(~0U);
	f->credit = random_below(~0U);
	memset(f->sack, 0, sizeof(f->sack));
	for (i = 0; i < f->sacks; i++) {
		f->sack[i].start = random_below(~0U);
		f->sack[i].end = f->sack[i].start + 1 +
				 random_below(0x7fffffff);
	}
}

static bool same(const struct rill_frame *f, const struct rill_frame *g)
{
	return f->type == g->type && f->flags == g->flags &&
	       f->sacks == g->sacks && f->length == g->length &&
	       f->mtu == g->mtu && f->sport == g->sport &&
	       f->dport == g->dport && f->to == g->to && f->from == g->from &&
	       f->seq == g->seq && f->ack == g->ack &&
	       f->credit == g->credit &&
	       !memcmp(f->sack, g->sack, f->sacks * sizeof(f->sack[0]));
}

static void round_trip(void)
{
	struct rill_frame f, g;
	int i;

	for (i = 1; i < RILL_FRAME_TYPES; i++) {
		check(read_back(&samples[i], &g) == RILL_FRAME_OK,
		      "type %d is refused", i);
		check(same(&samples[i], &g), "type %d differs", i);
	}
	random_seed(3);
	for (i = 0; i < 200000; i++) {
		random_frame(&f);
		check(read_back(&f, &g) == RILL_FRAME_OK && same(&f, &g),
		      "frame %d", i);
	}
	tap_end("what is written is read");
}

static void lengths(void)
{
	const struct rill_frame *f;
	struct rill_frame g;
	union bytes b;
	unsigned int len;
	int i;

	for (i = 1; i < RILL_FRAME_TYPES; i++) {
		f = &samples[i];
		rill_wire_write(&b, f);
		for (len = 0; len < whole(f); len++)
			check(rill_wire_read(&b, len, &g) == RILL_FRAME_SHORT,
			      "type %d, %u bytes", i, len);
		for (; len < whole(f) + 100; len++)
			check(rill_wire_read(&b, len, &g) == RILL_FRAME_OK,
			      "type %d, %u bytes", i, len);
	}
	tap_end("short by any number of bytes, and padded");
}

/* Flags and ranges a type may have; as the protocol says, not the code. */
static bool first_two_allowed(int type, int flags, int sacks)
{
	switch (type) {
	case RILL_FRAME_DATA:
		return sacks <= RILL_SACK_MAX &&
		       (!(flags & RILL_FLAG_CLOSE) || flags & RILL_FLAG_STOP);
	case RILL_FRAME_REQUEST:
	case RILL_FRAME_ACCEPT:
		return !sacks && flags <= RILL_FLAG_SEQPACKET;
	case RILL_FRAME_CHALLENGE:
	case RILL_FRAME_RESET:
	case RILL_FRAME_DGRAM:
	case RILL_FRAME_NOBODY:
		return !sacks && !flags;
	default:
		return false;
	}
}

static int first_two_fault(int version, int type, int flags, int sacks)
{
	if (version != RILL_VERSION)
		return RILL_FRAME_VERSION;
	if (!first_two_allowed(type, flags, sacks))
		return RILL_FRAME_UNKNOWN;
	return RILL_FRAME_OK;
}

static void every_first_two_bytes(void)
{
	__u8 bytes[RILL_HEADER_LEN + 8 * 7 + 16];
	struct rill_frame f;
	int first, second, type, got, i;

	for (first = 0; first < 256; first++)
		for (second = 0; second < 256; second++) {
			type = first & 15;
			memset(bytes, 0, sizeof(bytes));
			rill_wire_write(bytes, &samples[type < RILL_FRAME_TYPES
							? type : 1]);
			memset(bytes + RILL_HEADER_LEN, 0,
			       sizeof(bytes) - RILL_HEADER_LEN);
			bytes[0] = first;
			bytes[1] = second;
			for (i = 0; i < 7; i++)
				bytes[RILL_HEADER_LEN + 8 * i + 7] = 1;
			got = rill_wire_read(bytes, sizeof(bytes), &f);
			check(got == first_two_fault(first >> 4, type,
						     second & 31, second >> 5),
			      "0x%02x%02x gives %d", first, second, got);
		}
	tap_end("every version, type, flag and count of ranges");
}

static void refused(const struct rill_frame *f, const char *what)
{
	struct rill_frame g;

	check(read_back(f, &g) == RILL_FRAME_UNKNOWN, "type %d, %s: accepted",
	      f->type, what);
}

/* Each field that has to be zero, or must not be, for each type. */
static void fields_of(int type, bool zero_to, bool zero_from, bool zero_length,
		      bool ports)
{
	struct rill_frame f = samples[type];

	f.to = !f.to;
	if (zero_to || samples[type].to)
		refused(&f, "to");
	f = samples[type];
	f.from = !f.from;
	if (zero_from || samples[type].from)
		refused(&f, "from");
	f = samples[type];
	f.length = 1;
	if (zero_length)
		refused(&f, "length");
	f = samples[type];
	f.sport = 0;
	if (ports)
		refused(&f, "sport");
	f = samples[type];
	f.dport = 0;
	if (ports)
		refused(&f, "dport");
}

static void fields(void)
{
	struct rill_frame f, g;

	fields_of(RILL_FRAME_REQUEST, true, false, true, true);
	fields_of(RILL_FRAME_ACCEPT, false, false, true, true);
	fields_of(RILL_FRAME_CHALLENGE, false, false, true, false);
	fields_of(RILL_FRAME_DATA, false, false, false, false);
	fields_of(RILL_FRAME_DGRAM, true, true, false, true);
	fields_of(RILL_FRAME_NOBODY, true, true, true, false);
	f = samples[RILL_FRAME_RESET];
	f.length = 1;
	refused(&f, "length");
	f = samples[RILL_FRAME_RESET];
	f.to = 0;
	check(read_back(&f, &g) == RILL_FRAME_OK, "RESET without to");
	f.from = 0;
	refused(&f, "no token");
	f.to = 7;
	check(read_back(&f, &g) == RILL_FRAME_OK, "RESET without from");
	tap_end("tokens, lengths and ports");
}

static void mtus_and_codes(void)
{
	struct rill_frame f, g;
	int mtu, type;
	__u32 code;

	for (type = RILL_FRAME_REQUEST; type <= RILL_FRAME_ACCEPT; type++)
		for (mtu = 0; mtu < 65536; mtu++) {
			f = samples[type];
			f.mtu = mtu;
			check((read_back(&f, &g) == RILL_FRAME_OK) ==
			      (mtu >= RILL_MTU_MIN), "MTU %d", mtu);
		}
	f = samples[RILL_FRAME_RESET];
	for (code = 0; code < 1000; code++) {
		f.ack = code;
		check((read_back(&f, &g) == RILL_FRAME_OK) ==
		      (code < RILL_RESET_CODES), "code %u", code);
	}
	f.ack = ~0U;
	refused(&f, "code");
	tap_end("every MTU, and codes of a RESET");
}

static void strange_ranges(void)
{
	static const struct {
		__u32 start, end;
		bool ok;
	} cases[] = {
		{ 0, 0, false }, { 5, 5, false }, { 5, 4, false },
		{ 0, 1, true }, { ~0U, 0, true }, { ~0U - 9, 10, true },
		{ 0, 0x7fffffff, true }, { 0, 0x80000000, false },
		{ 0, ~0U, false }, { 1, 0, false },
	};
	struct rill_frame f, g;
	unsigned int i, at;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		for (at = 0; at < RILL_SACK_MAX; at++) {
			random_frame(&f);
			f.sacks = RILL_SACK_MAX;
			memset(f.sack, 0, sizeof(f.sack));
			f.sack[0].end = 1;
			f.sack[1].end = 1;
			f.sack[2].end = 1;
			f.sack[3].end = 1;
			f.sack[at].start = cases[i].start;
			f.sack[at].end = cases[i].end;
			check((read_back(&f, &g) == RILL_FRAME_OK) ==
			      cases[i].ok, "%u-%u", cases[i].start,
			      cases[i].end);
		}
	tap_end("ranges that are none");
}

static void numbers_taken(void)
{
	struct rill_frame f = { .length = 100 };
	int flags;
	__u32 want;

	for (flags = 0; flags < 32; flags++) {
		f.flags = flags;
		want = 100 + __builtin_popcount(flags & 7);
		check(rill_wire_seq_len(&f) == want, "flags %d: %u", flags,
		      rill_wire_seq_len(&f));
	}
	tap_end("payload, EOR, FIN and CLOSE take numbers");
}

int main(void)
{
	layout();
	round_trip();
	lengths();
	every_first_two_bytes();
	fields();
	mtus_and_codes();
	strange_ranges();
	numbers_taken();
	return tap_done();
}
