// SPDX-License-Identifier: GPL-2.0-only
/*
 * Target: cutting up units as rill_gso_segment() does, and putting frames
 * together as rill_gro_receive() does. Whatever comes, cutting up what was put
 * together gives the frames again, and the other way round. Headers only.
 * Input: a unit, then frames.
 */
#include "fuzz.h"
#include "ether/wire.h"

/* Connections that frames are of, and frames of one row. */
#define FLOWS	3
#define ROW	64

static struct rill_header random_header(struct fuzz_input *in)
{
	struct rill_frame f = {
		.type = RILL_FRAME_DATA, .flags = fuzz_u8(in) & 0x1f,
		.mtu = fuzz_u16(in), .sport = fuzz_u16(in),
		.dport = fuzz_u16(in), .to = fuzz_u32(in) | 1,
		.from = fuzz_u32(in) | 1, .seq = fuzz_u32(in),
		.ack = fuzz_u32(in), .credit = fuzz_u32(in),
	};
	struct rill_header h;

	if (f.flags & RILL_FLAG_CLOSE)
		f.flags |= RILL_FLAG_STOP;
	rill_wire_write(&h, &f);
	h.checksum = fuzz_u16(in);
	return h;
}

static struct rill_frame decode(const struct rill_header *h, __u32 len)
{
	struct rill_frame f = { .type = 0 };

	must(rill_wire_read(h, RILL_HEADER_LEN + len, &f) == RILL_FRAME_OK);
	must(f.length == len);
	return f;
}

/* What a frame says beside its bytes and the marks behind them. */
static void same_news(const struct rill_frame *a, const struct rill_frame *b)
{
	must(a->to == b->to && a->from == b->from && a->sport == b->sport &&
	     a->dport == b->dport && a->mtu == b->mtu && a->ack == b->ack &&
	     a->credit == b->credit && a->sacks == b->sacks);
	must(!((a->flags ^ b->flags) & RILL_FLAG_STOP));
}

/* @total bytes of @unit in frames of @mss, and together again. */
static void cut(const struct rill_header *unit, __u32 total, __u32 mss)
{
	int whole = rill_wire_plain(unit, RILL_HEADER_LEN + total);
	struct rill_frame all = decode(unit, total), f;
	struct rill_header h, row = *unit;
	__u32 offset, len, at = all.seq;

	for (offset = 0; offset < total; offset += len) {
		len = mss < total - offset ? mss : total - offset;
		h = *unit;
		rill_wire_segment(&h, offset, len, offset + len == total);
		f = decode(&h, len);
		same_news(&all, &f);
		must(f.seq == at);
		at += rill_wire_seq_len(&f);
		if (offset + len == total)
			must(f.flags == all.flags);
		else
			must(rill_wire_plain(&h, RILL_HEADER_LEN + len));
		if (!offset) {
			row = h;
		} else if (whole) {
			must(rill_wire_plain(&h, RILL_HEADER_LEN + len));
			must(rill_wire_same_flow(&row, &h));
			must(rill_wire_follows(&row, offset, &h));
			rill_wire_append(&row, &h);
		}
	}
	must(at == all.seq + rill_wire_seq_len(&all));
	rill_wire_unit(&row, total);
	if (whole)
		must(!memcmp(&row, unit, sizeof(row)));
}

/* Frames held back: what they have become, and what they were. */
struct row {
	struct rill_header h;
	__u32 len;
	__u32 size;
	unsigned int count;
	struct rill_header frames[ROW];
};

/* It goes up: cut up again, it is what came in. */
static void row_end(struct row *row)
{
	__u32 offset = 0, len;
	struct rill_header h;
	unsigned int i;

	if (!row->count)
		return;
	rill_wire_unit(&row->h, row->len);
	decode(&row->h, row->len);
	for (i = 0; i < row->count; i++, offset += len) {
		len = __be16_to_cpu(row->frames[i].length);
		h = row->h;
		rill_wire_segment(&h, offset, len, i == row->count - 1);
		h.checksum = row->frames[i].checksum;
		must(!memcmp(&h, &row->frames[i], sizeof(h)));
		must(len == row->size || i == row->count - 1);
	}
	must(offset == row->len);
	row->count = 0;
}

static void row_begin(struct row *row, const struct rill_header *h, __u32 len)
{
	row_end(row);
	row->h = *h;
	row->frames[0] = *h;
	row->len = len;
	row->size = len;
	row->count = 1;
}

/* As rill_gro_receive(). */
static void receive(struct row *rows, const struct rill_header *h, __u32 there)
{
	struct row *row = NULL, *spare = NULL;
	__u32 len = there - RILL_HEADER_LEN;
	unsigned int i;

	for (i = 0; i < FLOWS; i++) {
		if (!rows[i].count)
			spare = &rows[i];
		else if (rill_wire_same_flow(&rows[i].h, h))
			row = &rows[i];
	}
	if (!rill_wire_plain(h, there)) {
		if (row)
			row_end(row);
		return;
	}
	if (!row) {
		row_begin(spare ? spare : &rows[0], h, len);
		return;
	}
	if (len > row->size || row->len + len > 65000 || row->count == ROW ||
	    !rill_wire_follows(&row->h, row->len, h)) {
		row_begin(row, h, len);
		return;
	}
	rill_wire_append(&row->h, h);
	row->frames[row->count++] = *h;
	row->len += len;
	if (len < row->size)
		row_end(row);
}

static void receive_all(struct fuzz_input *in)
{
	struct rill_header flows[FLOWS], h;
	struct row rows[FLOWS] = { 0 };
	unsigned int i, how, there;
	__u32 len;

	for (i = 0; i < FLOWS; i++) {
		flows[i] = random_header(in);
		flows[i].sack_flags &= RILL_FLAG_STOP;
	}
	while (in->size) {
		how = fuzz_u8(in);
		i = how % FLOWS;
		len = how & 0x40 ? fuzz_u16(in) : 1000;
		h = flows[i];
		h.length = __cpu_to_be16(len);
		if (how & 0x20)
			h.sack_flags |= RILL_FLAG_EOR;
		flows[i].seq = __cpu_to_be32(__be32_to_cpu(h.seq) + len +
					     !!(how & 0x20));
		there = RILL_HEADER_LEN + len;
		if (how & 0x80) {	/* something is odd */
			((__u8 *)&h)[fuzz_u8(in) % sizeof(h)] ^= fuzz_u8(in);
			there += fuzz_u8(in) % 4;
		}
		receive(rows, &h, there);
	}
	for (i = 0; i < FLOWS; i++)
		row_end(&rows[i]);
}

int fuzz_one(const __u8 *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct rill_header unit = random_header(&in);
	__u32 total = fuzz_u16(&in), mss = fuzz_u16(&in);

	unit.length = __cpu_to_be16(total);
	/* frames of a byte are slow to look at */
	if (mss < total / 64)
		mss = total / 64;
	if (total && mss)
		cut(&unit, total, mss);
	receive_all(&in);
	return 0;
}
