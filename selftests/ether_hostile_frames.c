// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that are not frames, and frames that are not for us: dropped, each
 * counted for its reason, and nothing else happens.
 */
#include "hostile_fixture.h"

#include <sys/ioctl.h>

/* A good frame that a test breaks. */
static void good(struct hostile *h, int type, struct rill_packet *pkt)
{
	struct rill_raw_conn c = rill_raw_client(&h->raw, h->type,
						 rill_port(&h->addr));
	struct rill_frame f;

	if (type == RILL_FRAME_DATA)
		c = h->c;
	else if (type != RILL_FRAME_REQUEST)
		c.to = 0x1234567;
	f = rill_raw_frame(&c, type);
	if (type == RILL_FRAME_DATA)
		f.length = 8;
	if (type == RILL_FRAME_DGRAM || type == RILL_FRAME_NOBODY) {
		f.to = 0;
		f.from = 0;
	}
	rill_frame_build(pkt, h->raw.peer, h->raw.hw, &f, NULL);
}

/* Send what @pkt has become; its drop is counted as @why, and only once. */
static int dropped(struct hostile *h, struct rill_packet *pkt, const char *why)
{
	long long before = rill_counter(why);
	int ret;

	if (before < 0)
		return before;
	ret = rill_raw_send_bytes(&h->raw, pkt->bytes, pkt->len);
	if (!ret)
		ret = hostile_alive(h);
	if (ret)
		return ret;
	return rill_counter(why) == before + 1 ? 0 : -ERANGE;
}

/* The bytes of the header. */
static struct rill_header *header(struct rill_packet *pkt)
{
	return (void *)(pkt->bytes + ETH_HLEN);
}

static void seal(struct rill_packet *pkt)
{
	rill_frame_seal(pkt->bytes, pkt->len);
}

TEST_F(hostile, truncated)
{
	struct hostile *h = &self->h;
	static struct rill_packet cut;
	unsigned int len;
	int type;

	for (type = 1; type < RILL_FRAME_TYPES; type++) {
		for (len = 1; len < RILL_HEADER_LEN; len += 5) {
			good(h, type, &cut);
			cut.len = ETH_HLEN + len;
			seal(&cut);
			EXPECT_EQ(0, dropped(h, &cut, "rx_short"))
				TH_LOG("type %d, %u bytes", type, len);
		}
	}
	/* the payload ends early, or its length says too much */
	for (len = 0; len < 8; len++) {
		good(h, RILL_FRAME_DATA, &cut);
		cut.len -= 8 - len;
		seal(&cut);
		EXPECT_EQ(0, dropped(h, &cut, "rx_short"));
	}
	good(h, RILL_FRAME_DATA, &cut);
	header(&cut)->length = 0xffff;
	seal(&cut);
	EXPECT_EQ(0, dropped(h, &cut, "rx_short"));
	/* so do the ranges */
	good(h, RILL_FRAME_DATA, &cut);
	header(&cut)->sack_flags |= 4 << 5;
	seal(&cut);
	EXPECT_EQ(0, dropped(h, &cut, "rx_short"));
}

TEST_F(hostile, other_versions)
{
	struct hostile *h = &self->h;
	static struct rill_packet pkt;
	int version;

	for (version = 0; version < 16; version++) {
		if (version == RILL_VERSION)
			continue;
		good(h, RILL_FRAME_DATA, &pkt);
		header(&pkt)->version_type = version << 4 | RILL_FRAME_DATA;
		seal(&pkt);
		EXPECT_EQ(0, dropped(h, &pkt, "rx_version"))
			TH_LOG("version %d", version);
	}
}

TEST_F(hostile, unknown_types)
{
	struct hostile *h = &self->h;
	static struct rill_packet pkt;
	int type;

	for (type = 0; type < 16; type++) {
		if (type && type < RILL_FRAME_TYPES)
			continue;
		good(h, RILL_FRAME_DATA, &pkt);
		header(&pkt)->version_type = RILL_VERSION << 4 | type;
		seal(&pkt);
		EXPECT_EQ(0, dropped(h, &pkt, "rx_unknown"))
			TH_LOG("type %d", type);
	}
}

/* One field of a good frame of a type made bad. */
struct bad {
	const char *what;
	int type;
	size_t offset;
	__u32 value;
	__u32 mask;
};

#define BAD(type, field, value, mask)					\
	{ #type " " #field "=" #value, RILL_FRAME_##type,		\
	  offsetof(struct rill_header, field), value, mask }
#define BAD_ALL(type, field, value)	BAD(type, field, value, 0xffffffff)

static const struct bad bad_fields[] = {
	BAD(DATA, sack_flags, 5 << 5, 7 << 5),
	BAD(DATA, sack_flags, 7 << 5, 7 << 5),
	BAD(DATA, sack_flags, RILL_FLAG_CLOSE, 0x1f),
	BAD(DATA, sack_flags, RILL_FLAG_CLOSE | RILL_FLAG_FIN, 0x1f),
	BAD_ALL(DATA, to, 0),
	BAD_ALL(DATA, from, 0),
	BAD(REQUEST, sack_flags, 2, 0x1e),
	BAD(REQUEST, sack_flags, 4, 0x1e),
	BAD(REQUEST, sack_flags, 0x10, 0x1e),
	BAD_ALL(REQUEST, mtu, RILL_MTU_MIN - 1),
	BAD_ALL(REQUEST, mtu, 0),
	BAD_ALL(REQUEST, sport, 0),
	BAD_ALL(REQUEST, dport, 0),
	BAD_ALL(REQUEST, to, 1),
	BAD_ALL(REQUEST, from, 0),
	BAD(ACCEPT, sack_flags, 8, 0x1e),
	BAD_ALL(ACCEPT, mtu, RILL_MTU_MIN - 1),
	BAD_ALL(ACCEPT, to, 0),
	BAD_ALL(ACCEPT, from, 0),
	BAD_ALL(ACCEPT, sport, 0),
	BAD_ALL(ACCEPT, dport, 0),
	BAD(CHALLENGE, sack_flags, 1, 0x1f),
	BAD_ALL(CHALLENGE, to, 0),
	BAD(RESET, sack_flags, 1, 0x1f),
	BAD_ALL(RESET, ack, RILL_RESET_CODES),
	BAD_ALL(RESET, ack, 0xffffffff),
	BAD(DGRAM, sack_flags, 1, 0x1f),
	BAD_ALL(DGRAM, to, 1),
	BAD_ALL(DGRAM, from, 1),
	BAD_ALL(DGRAM, sport, 0),
	BAD_ALL(DGRAM, dport, 0),
	BAD(NOBODY, sack_flags, 1, 0x1f),
	BAD_ALL(NOBODY, to, 1),
	BAD_ALL(NOBODY, from, 1),
};

/* Bytes of the field at @offset of a header. */
static unsigned int field_size(size_t offset)
{
	if (offset < offsetof(struct rill_header, checksum))
		return 1;
	return offset < offsetof(struct rill_header, to) ? 2 : 4;
}

/* Put the value into the field, in network byte order. */
static void spoil(struct rill_packet *pkt, const struct bad *bad)
{
	__u8 *bytes = pkt->bytes + ETH_HLEN + bad->offset;
	unsigned int size = field_size(bad->offset);
	unsigned int i, shift;

	for (i = 0; i < size; i++) {
		shift = 8 * (size - 1 - i);
		bytes[i] = (bytes[i] & ~(bad->mask >> shift)) |
			   bad->value >> shift;
	}
	/* ranges enough for all that a count can say */
	memset(pkt->bytes + pkt->len, 0x55, 64);
	pkt->len += 64;
	seal(pkt);
}

TEST_F(hostile, bad_fields)
{
	struct hostile *h = &self->h;
	static struct rill_packet pkt;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_fields); i++) {
		good(h, bad_fields[i].type, &pkt);
		spoil(&pkt, &bad_fields[i]);
		EXPECT_EQ(0, dropped(h, &pkt, "rx_unknown"))
			TH_LOG("%s", bad_fields[i].what);
	}
}

/* Payload or ranges where there must be none. */
TEST_F(hostile, too_much_in_a_frame)
{
	struct hostile *h = &self->h;
	static struct rill_packet pkt;
	int type;

	for (type = 1; type < RILL_FRAME_TYPES; type++) {
		if (type == RILL_FRAME_DATA)
			continue;
		good(h, type, &pkt);
		header(&pkt)->sack_flags |= 1 << 5;
		memset(pkt.bytes + pkt.len, 0, 8);
		pkt.len += 8;
		seal(&pkt);
		EXPECT_EQ(0, dropped(h, &pkt, "rx_unknown"))
			TH_LOG("ranges in type %d", type);
		if (type == RILL_FRAME_DGRAM)
			continue;
		good(h, type, &pkt);
		header(&pkt)->length = __cpu_to_be16(1);
		pkt.bytes[pkt.len++] = 0;
		seal(&pkt);
		EXPECT_EQ(0, dropped(h, &pkt, "rx_unknown"))
			TH_LOG("payload in type %d", type);
	}
}

TEST_F(hostile, ranges_that_are_none)
{
	static const struct rill_sack bad[] = {
		{ 5, 5 }, { 6, 5 }, { 0, 0x80000000 }, { 1, 0 },
	};
	struct hostile *h = &self->h;
	static struct rill_packet pkt;
	struct rill_frame f = rill_raw_frame(&h->c, RILL_FRAME_DATA);
	unsigned int i;

	f.sacks = 1;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		f.sack[0] = bad[i];
		rill_frame_build(&pkt, h->raw.peer, h->raw.hw, &f, NULL);
		EXPECT_EQ(0, dropped(h, &pkt, "rx_unknown"));
	}
}

/* One bit, wherever it is, and the checksum does not fit any more. */
TEST_F(hostile, bad_checksum)
{
	struct hostile *h = &self->h;
	static struct rill_packet pkt;
	unsigned int bit, step = 3 + rill_slow();
	struct rill_frame f = rill_raw_frame(&h->c, RILL_FRAME_DATA);

	f.length = 4;
	f.flags = hostile_eor(h);
	/* beginning with the ports: what is before may make it another fault */
	for (bit = 8 * 8; bit < 8 * (RILL_HEADER_LEN + 4); bit += step) {
		f.seq = h->c.seq;
		f.ack = h->c.ack;
		rill_frame_build(&pkt, h->raw.peer, h->raw.hw, &f, "evil");
		pkt.bytes[ETH_HLEN + bit / 8] ^= 1 << bit % 8;
		EXPECT_EQ(0, dropped(h, &pkt, "rx_checksum"))
			TH_LOG("bit %u", bit);
	}
	/* one of the addresses, which a switch might have mixed up */
	f.seq = h->c.seq;
	f.ack = h->c.ack;
	rill_frame_build(&pkt, h->raw.peer, h->raw.hw, &f, "evil");
	pkt.bytes[11] ^= 4;
	EXPECT_EQ(0, dropped(h, &pkt, "rx_checksum"));
}

/* What a NIC fills a short frame up with is not looked at. */
TEST_F(hostile, padding)
{
	struct hostile *h = &self->h;
	static struct rill_packet pkt;
	struct rill_frame f = rill_raw_frame(&h->c, RILL_FRAME_DATA);
	int pad;

	f.length = 3;
	f.flags = hostile_eor(h);
	for (pad = 0; pad < 200; pad += 7) {
		f.seq = h->c.seq;
		rill_frame_build(&pkt, h->raw.peer, h->raw.hw, &f, "abc");
		memset(pkt.bytes + pkt.len, 0xa5, pad);
		ASSERT_EQ(0, rill_raw_send_bytes(&h->raw, pkt.bytes,
						 pkt.len + pad));
		h->c.seq += rill_wire_seq_len(&f);
		ASSERT_EQ(0, rill_raw_acked(&h->c, &h->pkt));
		EXPECT_EQ(0, hostile_reads(h->fd, "abc", 3));
	}
	EXPECT_EQ(0, hostile_alive(h));
}

/* Every length of payload, odd ones too. */
TEST_F(hostile, every_length)
{
	struct hostile *h = &self->h;
	int len, step = rill_slow();
	char out[1468], in[1468];

	for (len = 1; len <= 1468; len += step) {
		rill_pattern(out, len, len);
		ASSERT_EQ(0, rill_raw_push(&h->c, out, len, hostile_eor(h)));
		ASSERT_EQ(len, rill_recv(h->fd, in, sizeof(in), 0));
		ASSERT_EQ(0, memcmp(in, out, len));
		ASSERT_EQ(len, rill_send(h->fd, out, len, 0));
		ASSERT_EQ(0, rill_raw_pull(&h->c, in, len, &h->pkt));
		ASSERT_EQ(0, memcmp(in, out, len));
	}
}

/* A frame for another host that reaches us, the device being promiscuous. */
TEST_F(hostile, for_another_host)
{
	struct hostile *h = &self->h;
	static struct rill_packet pkt;
	struct rill_frame f = rill_raw_frame(&h->c, RILL_FRAME_DATA);
	long long frames;
	__u8 dst[ETH_ALEN];
	int count;

	memcpy(dst, h->raw.peer, sizeof(dst));
	dst[5] ^= 1;
	f.length = 4;
	f.flags = hostile_eor(h);
	ASSERT_EQ(0, hostile_alive(h));
	frames = rill_counter("rx_frames");
	f.seq = h->c.seq;
	rill_frame_build(&pkt, dst, h->raw.hw, &f, "evil");
	ASSERT_EQ(0, rill_raw_send_bytes(&h->raw, pkt.bytes, pkt.len));
	good(h, RILL_FRAME_REQUEST, &pkt);
	memcpy(pkt.bytes, dst, sizeof(dst));
	seal(&pkt);
	count = rill_socket_count();
	ASSERT_EQ(0, rill_raw_send_bytes(&h->raw, pkt.bytes, pkt.len));
	EXPECT_EQ(frames, rill_counter("rx_frames"));
	EXPECT_EQ(count, rill_socket_count());
	EXPECT_EQ(0, hostile_alive(h));
}

/* A connection is between two hosts: nothing of it is for everybody. */
TEST_F(hostile, for_everybody)
{
	static const __u8 all[ETH_ALEN] = { 255, 255, 255, 255, 255, 255 };
	static const __u8 some[ETH_ALEN] = { 1, 0, 0x5e, 0, 0, 1 };
	struct hostile *h = &self->h;
	static struct rill_packet pkt;
	struct rill_frame f;

	f = rill_raw_frame(&h->c, RILL_FRAME_RESET);
	rill_frame_build(&pkt, some, h->raw.hw, &f, NULL);
	ASSERT_EQ(0, rill_raw_send_bytes(&h->raw, pkt.bytes, pkt.len));
	EXPECT_EQ(0, hostile_alive(h));
	f = rill_raw_frame(&h->c, RILL_FRAME_RESET);
	rill_frame_build(&pkt, all, h->raw.hw, &f, NULL);
	ASSERT_EQ(0, rill_raw_send_bytes(&h->raw, pkt.bytes, pkt.len));
	EXPECT_EQ(0, hostile_alive(h));
	f = rill_raw_frame(&h->c, RILL_FRAME_DATA);
	f.length = 4;
	f.flags = hostile_eor(h);
	rill_frame_build(&pkt, all, h->raw.hw, &f, "evil");
	ASSERT_EQ(0, rill_raw_send_bytes(&h->raw, pkt.bytes, pkt.len));
	EXPECT_EQ(0, hostile_alive(h));
}

/* From nobody: a source that no host can have. */
TEST_F(hostile, from_nobody)
{
	static const __u8 sources[][ETH_ALEN] = {
		{ 0 }, { 255, 255, 255, 255, 255, 255 }, { 1, 2, 3, 4, 5, 6 },
	};
	struct hostile *h = &self->h;
	struct rill_raw_conn c = rill_raw_client(&h->raw, h->type,
						 rill_port(&h->addr));
	struct rill_frame f = rill_raw_frame(&c, RILL_FRAME_REQUEST);
	int count = rill_socket_count();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sources); i++)
		ASSERT_EQ(0, rill_raw_send_from(&h->raw, sources[i], &f, NULL));
	/* and from ourselves, as a loop in the wiring has it */
	ASSERT_EQ(0, rill_raw_send_from(&h->raw, h->raw.peer, &f, NULL));
	EXPECT_EQ(0, hostile_alive(h));
	EXPECT_GE(count + 1, rill_socket_count());
}

/* A tag, as far as it is not stripped by a VLAN device, is not for us. */
static void tag(struct rill_packet *pkt, __u16 tci)
{
	memmove(pkt->bytes + 16, pkt->bytes + 12, pkt->len - 12);
	pkt->bytes[12] = 0x81;
	pkt->bytes[13] = 0x00;
	pkt->bytes[14] = tci >> 8;
	pkt->bytes[15] = tci & 0xff;
	pkt->len += 4;
}

TEST_F(hostile, tagged)
{
	struct hostile *h = &self->h;
	static struct rill_packet pkt;
	struct rill_frame f = rill_raw_frame(&h->c, RILL_FRAME_DATA);

	f.length = 3;
	f.flags = hostile_eor(h);
	rill_frame_build(&pkt, h->raw.peer, h->raw.hw, &f, "abc");
	tag(&pkt, 5);
	ASSERT_EQ(0, rill_raw_send_bytes(&h->raw, pkt.bytes, pkt.len));
	EXPECT_EQ(0, hostile_alive(h));
	/* tag 0 gives a priority and nothing else */
	f.seq = h->c.seq;
	f.ack = h->c.ack;
	rill_frame_build(&pkt, h->raw.peer, h->raw.hw, &f, "abc");
	tag(&pkt, 6 << 13);
	ASSERT_EQ(0, rill_raw_send_bytes(&h->raw, pkt.bytes, pkt.len));
	h->c.seq += rill_wire_seq_len(&f);
	EXPECT_EQ(0, rill_raw_acked(&h->c, &h->pkt));
	EXPECT_EQ(0, hostile_reads(h->fd, "abc", 3));
	EXPECT_EQ(0, hostile_alive(h));
}

/* Longer than the MTU we told. */
TEST_F(hostile, oversized)
{
	struct hostile *h = &self->h;
	static struct rill_packet pkt;
	static char out[8000];
	struct rill_frame f;
	size_t len;

	for (len = 1469; len < sizeof(out); len += 1111) {
		f = rill_raw_frame(&h->c, RILL_FRAME_DATA);
		f.length = len;
		f.flags = hostile_eor(h);
		f.seq += 0x10000000;	/* nobody would take it anyway */
		rill_frame_build(&pkt, h->raw.peer, h->raw.hw, &f, out);
		/* the link itself may refuse it */
		rill_raw_send_bytes(&h->raw, pkt.bytes, pkt.len);
		EXPECT_EQ(0, hostile_alive(h));
	}
}

/* The transport switched off: nothing is looked at, and it comes back. */
TEST_F(hostile, switched_off)
{
	struct hostile *h = &self->h;
	static struct rill_packet pkt;
	long long before = rill_counter("rx_off");
	int count = rill_socket_count(), i;

	ASSERT_EQ(0, rill_sysctl_set("ethernet", "0"));
	for (i = 1; i < RILL_FRAME_TYPES; i++) {
		good(h, i, &pkt);
		ASSERT_EQ(0, rill_raw_send_bytes(&h->raw, pkt.bytes, pkt.len));
	}
	ASSERT_EQ(0, rill_sysctl_set("ethernet", "1"));
	EXPECT_EQ(before + RILL_FRAME_TYPES - 1, rill_counter("rx_off"));
	EXPECT_EQ(count, rill_socket_count());
	EXPECT_EQ(0, hostile_alive(h));
}

/* Answers to junk */

/* Answers of type @answer since @before, all there are by now. */
static unsigned long answered(struct hostile *h, int answer,
			      unsigned long before)
{
	rill_raw_drain(&h->raw);
	return h->raw.seen[answer] - before;
}

/*
 * The answers to @n frames of @type for nobody are few. Not none: frames go on
 * until one is answered, as a flood before this one may have used up what a
 * second allows.
 */
static int flood(struct hostile *h, int type, int answer, int n)
{
	unsigned long before = h->raw.seen[answer], got = 0;
	long long start = rill_now_ms(), ms = 0;
	struct rill_packet *pkt = &h->pkt;
	int i, ret = 0;

	for (i = 0; !ret && (i < n || !got) && ms < RILL_DEADLINE_MS; i++) {
		good(h, type, pkt);
		if (type == RILL_FRAME_DATA) {
			header(pkt)->to ^= 1;
			seal(pkt);
		}
		ret = rill_raw_send_bytes(&h->raw, pkt->bytes, pkt->len);
		if (i % 256 == 255)
			got = answered(h, answer, before);
		ms = rill_now_ms() - start;
	}
	if (!ret)
		ret = hostile_alive(h);
	if (ret)
		return ret;
	got = answered(h, answer, before);
	/* a thousand a second, and as many for each second begun */
	return got && got <= 1000UL * (2 + ms / 1000) ? 0 : -ERANGE;
}

TEST_F(hostile, floods_for_nobody)
{
	struct hostile *h = &self->h;
	int n = 20000 / rill_slow();

	EXPECT_EQ(0, flood(h, RILL_FRAME_DATA, RILL_FRAME_RESET, n));
	EXPECT_EQ(0, flood(h, RILL_FRAME_DGRAM, RILL_FRAME_NOBODY, n));
	EXPECT_EQ(0, flood(h, RILL_FRAME_ACCEPT, RILL_FRAME_RESET, n));
}

TEST_HARNESS_MAIN
