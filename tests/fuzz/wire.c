// SPDX-License-Identifier: GPL-2.0-only
/*
 * Target: decoding a header. Input: two bytes, the length there is said to be;
 * then the frame.
 */
#include "fuzz.h"
#include "ether/wire.h"

#define MOST	4096

/* What decoded well must say what it said before, when encoded again. */
static void round_trip(const void *bytes, unsigned int len,
		       const struct rill_frame *f)
{
	unsigned int header = rill_wire_header_len(f);
	__u16 out[RILL_HEADER_MAX / 2];
	__u16 in[RILL_HEADER_MAX / 2];
	struct rill_frame again;

	memcpy(in, bytes, header);
	((struct rill_header *)in)->checksum = 0;
	rill_wire_write(out, f);
	must(!memcmp(in, out, header));
	memset(&again, 0, sizeof(again));
	must(rill_wire_read(out, len, &again) == RILL_FRAME_OK ||
	     len > sizeof(out));
	if (len <= sizeof(out))
		must(!memcmp(f, &again, sizeof(again)));
}

/* The promises of wire.h on which the rest of the module stands. */
static void promises(const void *bytes, unsigned int len,
		     const struct rill_frame *f)
{
	must(f->type && f->type < RILL_FRAME_TYPES);
	must(f->sacks <= RILL_SACK_MAX);
	must(rill_wire_header_len(f) == rill_wire_peek_len(bytes));
	must(rill_wire_header_len(f) + f->length <= len);
	must(rill_wire_seq_len(f) <= f->length + 3U);
	must(rill_wire_valid(f));
	if (f->type != RILL_FRAME_DATA && f->type != RILL_FRAME_DGRAM)
		must(!f->length);
	if (f->type != RILL_FRAME_DATA)
		must(!f->sacks);
	if (f->type == RILL_FRAME_RESET)
		must(f->ack < RILL_RESET_CODES);
}

int fuzz_one(const __u8 *data, size_t size)
{
	struct fuzz_input in = { data, size };
	unsigned int len = fuzz_u16(&in) % MOST, there;
	struct rill_frame f;
	void *bytes;
	int fault;

	/* no byte more than may be read, so that a sanitizer sees it */
	there = len < RILL_HEADER_MAX ? len : RILL_HEADER_MAX;
	bytes = malloc(there ? there : 1);
	fuzz_take(&in, bytes, there);
	memset(&f, 0, sizeof(f));
	fault = rill_wire_read(bytes, len, &f);
	must(fault >= RILL_FRAME_OK && fault < RILL_FRAME_FAULTS);
	if (fault == RILL_FRAME_OK) {
		promises(bytes, len, &f);
		round_trip(bytes, len, &f);
	}
	free(bytes);
	return 0;
}
