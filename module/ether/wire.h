/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The layout of a frame and its only owner: nobody else touches header bytes.
 * Documentation/protocol.rst specifies it. Pure, so that unit tests and
 * fuzzers build it in user space.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-------+-------+-----+---------+-------------------------------+
 *  |Version| Type  | Sack|  Flags  |           Checksum            |
 *  +-------+-------+-----+---------+-------------------------------+
 *  |            Length             |              MTU              |
 *  +-------------------------------+-------------------------------+
 *  |          Source port          |       Destination port        |
 *  +-------------------------------+-------------------------------+
 *  |                       Destination token                       |
 *  +---------------------------------------------------------------+
 *  |                         Source token                          |
 *  +---------------------------------------------------------------+
 *  |                        Sequence number                        |
 *  +---------------------------------------------------------------+
 *  |             Acknowledgment number, cookie or code             |
 *  +---------------------------------------------------------------+
 *  |                            Credit                             |
 *  +---------------------------------------------------------------+
 *  |         Sack times: start, end of a range; then payload       |
 */
#ifndef RILL_WIRE_H
#define RILL_WIRE_H

#include <linux/types.h>
#include <asm/byteorder.h>

/** RILL_VERSION - The one version there is. */
#define RILL_VERSION		1

/** RILL_HEADER_LEN - Bytes of a header without ranges. */
#define RILL_HEADER_LEN		32

/** RILL_SACK_MAX - Most ranges of a frame. */
#define RILL_SACK_MAX		4

/** RILL_HEADER_MAX - Longest header. */
#define RILL_HEADER_MAX		(RILL_HEADER_LEN + 8 * RILL_SACK_MAX)

/** RILL_MTU_MIN - A smaller MTU carries no connection (bytes, with header). */
#define RILL_MTU_MIN		128

/**
 * enum rill_frame_type - What a frame is.
 * @RILL_FRAME_REQUEST: connect(): asks for a connection.
 * @RILL_FRAME_ACCEPT: The listener's answer, or that of a simultaneous
 *	connect().
 * @RILL_FRAME_CHALLENGE: Ask again with this cookie.
 * @RILL_FRAME_DATA: Payload, acknowledgment, probe, end: all of a connection.
 * @RILL_FRAME_RESET: Request refused, or no such connection.
 * @RILL_FRAME_DGRAM: One datagram.
 * @RILL_FRAME_NOBODY: Nobody takes datagrams there.
 * @RILL_FRAME_TYPES: One more than the last.
 */
enum rill_frame_type {
	RILL_FRAME_REQUEST = 1,
	RILL_FRAME_ACCEPT,
	RILL_FRAME_CHALLENGE,
	RILL_FRAME_DATA,
	RILL_FRAME_RESET,
	RILL_FRAME_DGRAM,
	RILL_FRAME_NOBODY,
	RILL_FRAME_TYPES,
};

/* Flags of DATA. EOR, FIN and CLOSE take one sequence number each. */
#define RILL_FLAG_EOR		0x01	/* a record ends behind the payload */
#define RILL_FLAG_FIN		0x02	/* no data after this */
#define RILL_FLAG_CLOSE		0x04	/* the sender has closed (with FIN) */
#define RILL_FLAG_STOP		0x08	/* the sender reads no more */
#define RILL_FLAG_PROBE		0x10	/* acknowledge this at once */
/* The flag of REQUEST and ACCEPT. */
#define RILL_FLAG_SEQPACKET	0x01	/* SOCK_SEQPACKET, else SOCK_STREAM */

/**
 * enum rill_reset_code - Why a RESET was sent, in place of the acknowledgment.
 * @RILL_RESET_NONE: No such connection, or broken by its owner.
 * @RILL_RESET_REFUSED: Nobody listens there.
 * @RILL_RESET_TYPE: The port is bound by a socket of another type.
 * @RILL_RESET_WITHDRAWN: The client gave up its request.
 * @RILL_RESET_UNREACH: The host leaves this address.
 * @RILL_RESET_CODES: One more than the last.
 */
enum rill_reset_code {
	RILL_RESET_NONE,
	RILL_RESET_REFUSED,
	RILL_RESET_TYPE,
	RILL_RESET_WITHDRAWN,
	RILL_RESET_UNREACH,
	RILL_RESET_CODES,
};

/**
 * struct rill_header - The bytes of a header, network byte order.
 * @version_type: Version in the high, enum rill_frame_type in the low 4 bits.
 * @sack_flags: Count of ranges in the high 3, flags in the low 5 bits.
 * @checksum: RFC 1071 sum over the destination and source hardware address,
 *	header and payload.
 * @length: Payload bytes; what comes behind them is padding.
 * @mtu: Longest frame the sender takes, bytes from the header on.
 * @sport: Source port.
 * @dport: Destination port.
 * @to: Token of the receiver's end, 0 in a REQUEST and where there is none.
 * @from: Token of the sender's end, 0 where there is none.
 * @seq: Number of the first payload byte, or of what comes next; of an answer
 *	to a frame of no connection see protocol.rst.
 * @ack: Next number expected; of a REQUEST and CHALLENGE the cookie, of a
 *	RESET the code.
 * @credit: Bytes behind @ack that may be sent; of a CHALLENGE and RESET the
 *	receiver's number that it answers, or expects next.
 */
struct rill_header {
	__u8	version_type;
	__u8	sack_flags;
	__sum16	checksum;
	__be16	length;
	__be16	mtu;
	__be16	sport;
	__be16	dport;
	__be32	to;
	__be32	from;
	__be32	seq;
	__be32	ack;
	__be32	credit;
};

/**
 * struct rill_sack - A range of sequence numbers.
 * @start: First number.
 * @end: Number behind the last.
 */
struct rill_sack {
	__u32	start;
	__u32	end;
};

/**
 * struct rill_frame - A header, decoded; host byte order but for the ports.
 * @type: enum rill_frame_type.
 * @flags: RILL_FLAG_*.
 * @sacks: Entries of @sack.
 * @length: Payload bytes.
 * @mtu: See &struct rill_header.
 * @sport: Source port, network byte order.
 * @dport: Destination port, network byte order.
 * @to: See &struct rill_header.
 * @from: See &struct rill_header.
 * @seq: See &struct rill_header.
 * @ack: See &struct rill_header.
 * @credit: See &struct rill_header.
 * @sack: Ranges received out of order, newest first.
 */
struct rill_frame {
	__u8			type;
	__u8			flags;
	__u8			sacks;
	__u16			length;
	__u16			mtu;
	__be16			sport;
	__be16			dport;
	__u32			to;
	__u32			from;
	__u32			seq;
	__u32			ack;
	__u32			credit;
	struct rill_sack	sack[RILL_SACK_MAX];
};

/**
 * enum rill_frame_fault - Why a frame is not one.
 * @RILL_FRAME_OK: It is.
 * @RILL_FRAME_SHORT: Shorter than its header, or than its length says.
 * @RILL_FRAME_VERSION: Another version.
 * @RILL_FRAME_UNKNOWN: No such type, flag or code, or a field that has to be
 *	zero is not.
 * @RILL_FRAME_FAULTS: Their number.
 */
enum rill_frame_fault {
	RILL_FRAME_OK,
	RILL_FRAME_SHORT,
	RILL_FRAME_VERSION,
	RILL_FRAME_UNKNOWN,
	RILL_FRAME_FAULTS,
};

static inline unsigned int rill_wire_header_len(const struct rill_frame *f)
{
	return RILL_HEADER_LEN + 8 * f->sacks;
}

/* Sequence numbers that a DATA frame takes. */
static inline __u32 rill_wire_seq_len(const struct rill_frame *f)
{
	return f->length + !!(f->flags & RILL_FLAG_EOR) +
	       !!(f->flags & RILL_FLAG_FIN) + !!(f->flags & RILL_FLAG_CLOSE);
}

/* Whole header length by its first bytes; RILL_HEADER_LEN are there. */
static inline unsigned int rill_wire_peek_len(const void *bytes)
{
	const struct rill_header *h = bytes;

	return RILL_HEADER_LEN + 8 * (h->sack_flags >> 5);
}

static inline int rill_wire_data_valid(const struct rill_frame *f)
{
	unsigned int i;

	if ((f->flags & RILL_FLAG_CLOSE) && !(f->flags & RILL_FLAG_STOP))
		return 0;
	for (i = 0; i < f->sacks; i++)
		if ((__s32)(f->sack[i].end - f->sack[i].start) <= 0)
			return 0;
	return f->to && f->from;
}

/* Are the fields such as this type of frame may have? */
static inline int rill_wire_valid(const struct rill_frame *f)
{
	switch (f->type) {
	case RILL_FRAME_DATA:
		return rill_wire_data_valid(f);
	case RILL_FRAME_REQUEST:
	case RILL_FRAME_ACCEPT:
		return f->from && !f->sacks && !f->length && f->sport &&
		       f->dport && f->mtu >= RILL_MTU_MIN &&
		       !(f->flags & ~RILL_FLAG_SEQPACKET) &&
		       !f->to == (f->type == RILL_FRAME_REQUEST);
	case RILL_FRAME_CHALLENGE:
		return f->to && !f->sacks && !f->length && !f->flags;
	case RILL_FRAME_RESET:
		return f->ack < RILL_RESET_CODES && !f->sacks && !f->length &&
		       !f->flags && (f->to || f->from);
	case RILL_FRAME_DGRAM:
		return !f->sacks && !f->flags && !f->to && !f->from &&
		       f->sport && f->dport;
	case RILL_FRAME_NOBODY:
		return !f->sacks && !f->length && !f->flags && !f->to &&
		       !f->from;
	default:
		return 0;
	}
}

/**
 * rill_wire_read() - Decode a header.
 * @bytes: The header; 2-byte aligned.
 * @len: Bytes there, from the header on, payload and padding counted.
 * @f: Result.
 *
 * At least min(@len, RILL_HEADER_MAX) bytes of the header can be read.
 *
 * Return: enum rill_frame_fault.
 */
static inline int rill_wire_read(const void *bytes, unsigned int len,
				 struct rill_frame *f)
{
	const struct rill_header *h = bytes;
	const __be32 *range = (const __be32 *)(h + 1);
	unsigned int i;

	if (len < RILL_HEADER_LEN)
		return RILL_FRAME_SHORT;
	if (h->version_type >> 4 != RILL_VERSION)
		return RILL_FRAME_VERSION;
	f->type = h->version_type & 0xf;
	f->flags = h->sack_flags & 0x1f;
	f->sacks = h->sack_flags >> 5;
	f->length = __be16_to_cpu(h->length);
	if (f->sacks > RILL_SACK_MAX)
		return RILL_FRAME_UNKNOWN;
	if (len < rill_wire_header_len(f) + f->length)
		return RILL_FRAME_SHORT;
	f->mtu = __be16_to_cpu(h->mtu);
	f->sport = h->sport;
	f->dport = h->dport;
	f->to = __be32_to_cpu(h->to);
	f->from = __be32_to_cpu(h->from);
	f->seq = __be32_to_cpu(h->seq);
	f->ack = __be32_to_cpu(h->ack);
	f->credit = __be32_to_cpu(h->credit);
	for (i = 0; i < f->sacks; i++) {
		f->sack[i].start = __be32_to_cpu(*range++);
		f->sack[i].end = __be32_to_cpu(*range++);
	}
	return rill_wire_valid(f) ? RILL_FRAME_OK : RILL_FRAME_UNKNOWN;
}

/**
 * rill_wire_write() - Encode a header; its checksum is left zero.
 * @bytes: Room for rill_wire_header_len() bytes, 2-byte aligned.
 * @f: What to encode.
 */
static inline void rill_wire_write(void *bytes, const struct rill_frame *f)
{
	struct rill_header *h = bytes;
	__be32 *range = (__be32 *)(h + 1);
	unsigned int i;

	h->version_type = RILL_VERSION << 4 | f->type;
	h->sack_flags = f->sacks << 5 | f->flags;
	h->checksum = 0;
	h->length = __cpu_to_be16(f->length);
	h->mtu = __cpu_to_be16(f->mtu);
	h->sport = f->sport;
	h->dport = f->dport;
	h->to = __cpu_to_be32(f->to);
	h->from = __cpu_to_be32(f->from);
	h->seq = __cpu_to_be32(f->seq);
	h->ack = __cpu_to_be32(f->ack);
	h->credit = __cpu_to_be32(f->credit);
	for (i = 0; i < f->sacks; i++) {
		*range++ = __cpu_to_be32(f->sack[i].start);
		*range++ = __cpu_to_be32(f->sack[i].end);
	}
}

/*
 * Offload works on headers as they are: DATA without ranges, and without the
 * marks that come once.
 */

/**
 * rill_wire_segment() - Make the header of a unit that of one of its segments.
 * @h: A copy of the unit's header.
 * @offset: Payload bytes of the unit before this segment.
 * @len: Payload bytes of the segment.
 * @last: It is the last one.
 */
static inline void rill_wire_segment(struct rill_header *h, __u32 offset,
				     __u32 len, int last)
{
	h->seq = __cpu_to_be32(__be32_to_cpu(h->seq) + offset);
	h->length = __cpu_to_be16(len);
	if (!last)
		h->sack_flags &= ~(RILL_FLAG_EOR | RILL_FLAG_FIN |
				   RILL_FLAG_CLOSE | RILL_FLAG_PROBE);
}

/**
 * rill_wire_plain() - May this frame be put together with others?
 * @h: Its header.
 * @len: Bytes there, from the header on.
 *
 * Return: whether it is DATA with payload and without padding, ranges, and
 * marks other than EOR, STOP and PROBE.
 */
static inline int rill_wire_plain(const struct rill_header *h, unsigned int len)
{
	return h->version_type == (RILL_VERSION << 4 | RILL_FRAME_DATA) &&
	       !(h->sack_flags & ~(RILL_FLAG_EOR | RILL_FLAG_STOP |
				   RILL_FLAG_PROBE)) &&
	       h->length && h->to && h->from &&
	       len == RILL_HEADER_LEN + (unsigned int)__be16_to_cpu(h->length);
}

static inline int rill_wire_same_flow(const struct rill_header *a,
				      const struct rill_header *b)
{
	return a->to == b->to && a->from == b->from && a->sport == b->sport &&
	       a->dport == b->dport;
}

/* What says this says it at its end: nothing can be put behind it. */
static inline int rill_wire_row_end(const struct rill_header *h)
{
	return h->sack_flags & (RILL_FLAG_EOR | RILL_FLAG_PROBE);
}

/**
 * rill_wire_follows() - Does a frame go on where another one of its connection
 * ends, with nothing else to tell?
 * @a: The first.
 * @len: Its payload, bytes, put together already.
 * @b: The second.
 *
 * Return: whether it does.
 */
static inline int rill_wire_follows(const struct rill_header *a, __u32 len,
				    const struct rill_header *b)
{
	return !((a->sack_flags ^ b->sack_flags) & RILL_FLAG_STOP) &&
	       !rill_wire_row_end(a) && a->mtu == b->mtu &&
	       a->ack == b->ack && a->credit == b->credit &&
	       __be32_to_cpu(a->seq) + len == __be32_to_cpu(b->seq);
}

/* What the second tells, the first tells for it. */
static inline void rill_wire_append(struct rill_header *a,
				    const struct rill_header *b)
{
	a->sack_flags |= b->sack_flags & (RILL_FLAG_EOR | RILL_FLAG_PROBE);
}

/* The header of a row of frames put together. */
static inline void rill_wire_unit(struct rill_header *h, __u32 len)
{
	h->length = __cpu_to_be16(len);
}

#endif /* RILL_WIRE_H */
