// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hostile peer: what somebody who is blind, or somebody who is mad, can do
 * to an established connection.
 */
#include "hostile_fixture.h"

#include <sys/ioctl.h>
#include <linux/sock_diag.h>

/* Far outside of any window. */
#define FAR	0x10000000

/* What an attacker without sight gets wrong. */
enum blind {
	WRONG_TO,
	WRONG_FROM,
	NO_TO,
	NO_FROM,
	SWAPPED,
	WRONG_SPORT,
	WRONG_DPORT,
	WRONG_HW,
	SEQ_AHEAD,
	SEQ_BEHIND,
	BLINDS,
};

/* Send @f, wrong in one way. */
static int send_blind(struct hostile *h, struct rill_frame f, enum blind how,
		      const void *payload)
{
	__u8 src[ETH_ALEN];
	__u32 to = f.to;

	memcpy(src, h->raw.hw, sizeof(src));
	switch (how) {
	case WRONG_TO:
		f.to ^= 0x10;
		break;
	case WRONG_FROM:
		f.from ^= 0x10;
		break;
	case NO_TO:
		f.to = 0;
		break;
	case NO_FROM:
		f.from = 0;
		break;
	case SWAPPED:
		f.to = f.from;
		f.from = to;
		break;
	case WRONG_SPORT:
		f.sport ^= 1;
		break;
	case WRONG_DPORT:
		f.dport ^= 1;
		break;
	case WRONG_HW:
		src[5] ^= 1;
		break;
	case SEQ_AHEAD:
		f.seq += FAR;
		break;
	default:
		f.seq -= FAR;
		break;
	}
	return rill_raw_send_from(&h->raw, src, &f, payload);
}

TEST_F(hostile, blind_reset)
{
	struct hostile *h = &self->h;
	enum rill_reset_code code;
	struct rill_frame f;
	int how;

	for (how = 0; how < BLINDS; how++) {
		for (code = 0; code < RILL_RESET_CODES; code++) {
			f = rill_raw_frame(&h->c, RILL_FRAME_RESET);
			f.ack = code;
			ASSERT_EQ(0, send_blind(h, f, how, NULL));
		}
		EXPECT_EQ(0, hostile_alive(h))
			TH_LOG("wrong in way %d", how);
	}
}

/* That the frames above lack nothing else. */
TEST_F(hostile, a_reset_that_is_right)
{
	struct hostile *h = &self->h;

	ASSERT_EQ(0, rill_raw_say(&h->c, RILL_FRAME_RESET));
	ASSERT_LE(0, rill_poll_wait(h->fd, POLLIN));
	EXPECT_EQ(ECONNRESET, rill_so_error(h->fd));
}

TEST_F(hostile, blind_data)
{
	struct hostile *h = &self->h;
	struct rill_frame f;
	int how;

	for (how = 0; how < BLINDS; how++) {
		f = rill_raw_frame(&h->c, RILL_FRAME_DATA);
		f.length = 4;
		f.flags = hostile_eor(h);
		ASSERT_EQ(0, send_blind(h, f, how, "evil"));
		EXPECT_EQ(0, hostile_alive(h))
			TH_LOG("wrong in way %d", how);
	}
}

TEST_F(hostile, blind_end)
{
	static const __u8 ends[] = {
		RILL_FLAG_FIN,
		RILL_FLAG_STOP,
		RILL_FLAG_CLOSE | RILL_FLAG_STOP,
		RILL_FLAG_FIN | RILL_FLAG_CLOSE | RILL_FLAG_STOP,
	};
	struct hostile *h = &self->h;
	struct rill_frame f;
	unsigned int i;
	int how;

	for (how = 0; how < BLINDS; how++) {
		for (i = 0; i < ARRAY_SIZE(ends); i++) {
			f = rill_raw_frame(&h->c, RILL_FRAME_DATA);
			f.flags = ends[i];
			ASSERT_EQ(0, send_blind(h, f, how, NULL));
		}
		EXPECT_EQ(0, hostile_alive(h))
			TH_LOG("wrong in way %d", how);
	}
}

/* Whether just @n bytes of @fd are not acknowledged. */
struct outq {
	int fd;
	int n;
};

static bool outq_is(void *arg)
{
	struct outq *want = arg;

	return rill_ioctl_int(want->fd, SIOCOUTQ) == want->n;
}

TEST_F(hostile, blind_ack)
{
	struct hostile *h = &self->h;
	struct rill_frame f;
	char buf[3];
	int how;

	for (how = 0; how < BLINDS; how++) {
		ASSERT_EQ(3, rill_send(h->fd, "abc", 3, 0));
		ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_DATA,
					     h->c.from, &h->pkt));
		f = rill_raw_frame(&h->c, RILL_FRAME_DATA);
		f.ack += rill_wire_seq_len(&h->pkt.f);
		ASSERT_EQ(0, send_blind(h, f, how, NULL));
		/* still there: it comes again */
		ASSERT_EQ(0, rill_raw_pull(&h->c, buf, 3, &h->pkt))
			TH_LOG("wrong in way %d", how);
		EXPECT_EQ(0, memcmp(buf, "abc", 3));
		EXPECT_EQ(0, hostile_alive(h));
	}
}

TEST_F(hostile, ack_of_what_was_never_sent)
{
	static const __u32 beyond[] = { 1, 100, 65536, 0x7fffff00, 0x80000000 };
	struct hostile *h = &self->h;
	struct outq all = { h->fd, 3 }, none = { h->fd, 0 };
	struct rill_frame f;
	unsigned int i;
	char buf[3];

	ASSERT_EQ(3, rill_send(h->fd, "abc", 3, 0));
	ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_DATA, h->c.from,
				     &h->pkt));
	for (i = 0; i < ARRAY_SIZE(beyond); i++) {
		f = rill_raw_frame(&h->c, RILL_FRAME_DATA);
		f.ack += rill_wire_seq_len(&h->pkt.f) + beyond[i];
		ASSERT_EQ(0, rill_raw_send(&h->raw, &f, NULL));
	}
	ASSERT_EQ(0, rill_raw_push(&h->c, "x", 1, hostile_eor(h)));
	ASSERT_EQ(0, rill_raw_acked(&h->c, &h->pkt));
	EXPECT_EQ(0, hostile_reads(h->fd, "x", 1));
	EXPECT_TRUE(outq_is(&all));
	ASSERT_EQ(0, rill_raw_pull(&h->c, buf, 3, &h->pkt));
	EXPECT_EQ(0, rill_wait_until(outq_is, &none));
	EXPECT_EQ(0, hostile_alive(h));
}

/* Ranges that were never sent, lie over each other, or are all there is. */
TEST_F(hostile, ranges_of_what_was_never_sent)
{
	struct hostile *h = &self->h;
	__u32 una = h->c.ack;
	static char out[4000], in[4000];
	const struct rill_sack wild[] = {
		{ una + 100000, una + 200000 }, { una - 1000, una + 10 },
		{ una, una + 1 }, { una - 1000, una - 10 },
		{ una + 1000, una + 2000 }, { una + 1500, una + 1501 },
		{ una + 1, una + 0x7fffffff }, { una + 3999, una + 4000 },
	};
	struct rill_frame f;
	unsigned int i, k;

	rill_pattern(out, sizeof(out), 0);
	ASSERT_EQ(4000, rill_send(h->fd, out, 4000, 0));
	for (i = 0; i < 100; i++) {
		f = rill_raw_frame(&h->c, RILL_FRAME_DATA);
		f.sacks = 1 + i % RILL_SACK_MAX;
		for (k = 0; k < f.sacks; k++)
			f.sack[k] = wild[(i * 3 + k * 5) % ARRAY_SIZE(wild)];
		ASSERT_EQ(0, rill_raw_send(&h->raw, &f, NULL));
	}
	/* Nothing of it was true: all has to come again, in the end. */
	ASSERT_EQ(0, rill_raw_drain(&h->raw));
	ASSERT_EQ(0, rill_raw_pull(&h->c, in, 4000, &h->pkt));
	EXPECT_EQ(0, memcmp(in, out, sizeof(in)));
	EXPECT_EQ(0, hostile_alive(h));
}

TEST_F(hostile, replay)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn old = h->c;
	int i;

	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, hostile_alive(h));
	/* The same frames once more, the very first too. */
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, rill_raw_push(&old, "abc", 3, hostile_eor(h)));
		ASSERT_EQ(0, rill_raw_ack(&old, 0));
	}
	old = h->c;
	old.seq = h->c.seq - 5 * (3 + (hostile_eor(h) != 0));
	ASSERT_EQ(0, rill_raw_say(&old, RILL_FRAME_REQUEST));
	ASSERT_EQ(0, rill_raw_say(&old, RILL_FRAME_ACCEPT));
	EXPECT_EQ(0, hostile_alive(h));
	EXPECT_EQ(-EAGAIN, rill_accept_one(h->lfd));
}

TEST_F(hostile, replay_after_the_end)
{
	struct hostile *h = &self->h;
	int count;

	ASSERT_EQ(0, hostile_alive(h));
	ASSERT_EQ(0, rill_raw_say(&h->c, RILL_FRAME_RESET));
	ASSERT_LE(0, rill_poll_wait(h->fd, POLLIN));
	close(h->fd);
	ASSERT_EQ(0, rill_wait_socket_count(1));
	h->c.seq -= 3;
	ASSERT_EQ(0, rill_raw_push(&h->c, "abc", 3, 0));
	ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_RESET, h->c.from,
				     &h->pkt));
	ASSERT_EQ(0, rill_raw_say(&h->c, RILL_FRAME_ACCEPT));
	ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_RESET, h->c.from,
				     &h->pkt));
	count = h->raw.seen[RILL_FRAME_RESET];
	ASSERT_EQ(0, rill_raw_say(&h->c, RILL_FRAME_RESET));
	EXPECT_EQ(1, rill_socket_count());
	ASSERT_EQ(0, rill_raw_drain(&h->raw));
	/* a reset is never answered by one */
	EXPECT_EQ(count, (int)h->raw.seen[RILL_FRAME_RESET]);
}

/* Overlapping data */

#define LAP	4000
#define ROUNDS	256

/*
 * Frames with bytes of their own, which overlap. Which of two copies counts is
 * the receiver's business, until it has acknowledged the byte.
 */
struct lap {
	struct {
		unsigned int start;
		unsigned int end;
	} sent[ROUNDS];
	unsigned int acked[ROUNDS];	/* by then */
	__u32 base;
};

/* Was byte @at, read as @value, sent so, and before it was acknowledged? */
static bool lap_true(const struct lap *lap, unsigned int at, __u8 value)
{
	return at >= lap->sent[value].start && at < lap->sent[value].end &&
	       (!value || at >= lap->acked[value - 1]);
}

/* One frame of other bytes than all before, and the answer to it. */
static int lap_send(struct hostile *h, struct lap *lap, unsigned int start,
		    unsigned int len, unsigned int round)
{
	struct rill_frame f = rill_raw_frame(&h->c, RILL_FRAME_DATA);
	__u8 bytes[LAP];
	int ret;

	memset(bytes, round, sizeof(bytes));
	f.seq = lap->base + start;
	f.length = len;
	f.flags = RILL_FLAG_PROBE;
	ret = rill_raw_drain(&h->raw);
	if (!ret)
		ret = rill_raw_send(&h->raw, &f, bytes);
	if (!ret)
		ret = rill_raw_expect(&h->raw, RILL_FRAME_DATA, h->c.from,
				      &h->pkt);
	lap->sent[round].start = start;
	lap->sent[round].end = start + len;
	lap->acked[round] = h->pkt.f.ack - lap->base;
	return ret;
}

TEST_F(hostile, acknowledged_bytes_stay)
{
	struct hostile *h = &self->h;
	unsigned long seed = 42;
	static struct lap lap;
	unsigned int i, start, len, wrong = 0;
	__u8 in[LAP];

	lap.base = h->c.seq;
	for (i = 1; i < ROUNDS - 6; i++) {
		/* in order, and over what is there, by and by */
		start = rill_random(&seed) % (LAP - 1);
		len = 1 + rill_random(&seed) % (i % 16 ? 1400 : 50);
		if (!(i % 16) && lap.acked[i - 1] < LAP)
			start = lap.acked[i - 1];
		if (len > LAP - start)
			len = LAP - start;
		ASSERT_EQ(0, lap_send(h, &lap, start, len, i));
	}
	/* Now all of it once more. */
	for (start = 0; start < LAP; start += 1000)
		ASSERT_EQ(0, lap_send(h, &lap, start, 1000, i++));
	h->c.seq += LAP;
	if (h->type == SOCK_SEQPACKET)
		ASSERT_EQ(0, rill_raw_push(&h->c, NULL, 0, RILL_FLAG_EOR));
	ASSERT_EQ(LAP, rill_recv(h->fd, in, LAP, MSG_WAITALL));
	for (i = 0; i < LAP; i++)
		wrong += !lap_true(&lap, i, in[i]);
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(0, hostile_alive(h));
}

/* Retransmission with other bounds, a part of it known already. */
TEST_F(hostile, other_bounds)
{
	struct hostile *h = &self->h;
	struct rill_frame f;

	/* abc, then XXXde over it, ghi early, then ZZZfghi over both */
	f = rill_raw_frame(&h->c, RILL_FRAME_DATA);
	f.length = 3;
	ASSERT_EQ(0, rill_raw_send(&h->raw, &f, "abc"));
	f.length = 5;
	ASSERT_EQ(0, rill_raw_send(&h->raw, &f, "XXXde"));
	f.seq += 6;
	f.length = 3;
	ASSERT_EQ(0, rill_raw_send(&h->raw, &f, "ghi"));
	f.seq -= 4;
	f.length = 7;
	ASSERT_EQ(0, rill_raw_send(&h->raw, &f, "ZZZfghi"));
	h->c.seq += 9;
	if (h->type == SOCK_SEQPACKET)
		ASSERT_EQ(0, rill_raw_push(&h->c, NULL, 0, RILL_FLAG_EOR));
	ASSERT_EQ(0, rill_raw_acked(&h->c, &h->pkt));
	EXPECT_EQ(0, hostile_reads(h->fd, "abcdefghi", 9));
	EXPECT_EQ(0, hostile_alive(h));
}

/* Bounded memory */

/* Bytes of memory that what the socket has received takes, or -errno. */
static long rmem(int fd)
{
	__u32 info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len))
		return -errno;
	return info[SK_MEMINFO_RMEM_ALLOC];
}

/* Every other byte, each in a frame of its own. */
TEST_F(hostile, holes_between_all_bytes)
{
	struct hostile *h = &self->h;
	int i, n = 20000 / rill_slow();
	static __u8 out[40000], in[40000];
	struct rill_frame f;
	__u32 base = h->c.seq;
	size_t done = 0;

	rill_pattern(out, sizeof(out), 0);
	for (i = 1; i < n; i += 2) {
		f = rill_raw_frame(&h->c, RILL_FRAME_DATA);
		f.seq = base + i;
		f.length = 1;
		ASSERT_EQ(0, rill_raw_send(&h->raw, &f, out + i));
		if (i % 512 == 1)
			ASSERT_EQ(0, rill_raw_drain(&h->raw));
	}
	/* twice SO_RCVBUF as it was set, and a frame more */
	EXPECT_GE(rill_getsockopt_int(h->fd, SOL_SOCKET, SO_RCVBUF) + 4096,
		  rmem(h->fd));
	ASSERT_EQ(0, rill_raw_push(&h->c, out, n, hostile_eor(h)));
	ASSERT_EQ(0, rill_raw_acked(&h->c, &h->pkt));
	while (done < (size_t)n) {
		ssize_t got = rill_recv(h->fd, in + done, n - done, 0);

		ASSERT_LT(0, got);
		done += got;
	}
	EXPECT_EQ(0, memcmp(in, out, n));
	EXPECT_EQ(0, hostile_alive(h));
}

/* A sender that does not care for credit. */
TEST_F(hostile, more_than_the_credit)
{
	struct hostile *h = &self->h;
	int size = rill_getsockopt_int(h->fd, SOL_SOCKET, SO_RCVBUF);
	struct rill_raw_conn c = h->c;
	static char out[1400], in[1400];
	long sent = 0, got = 0;
	ssize_t n;

	while (sent < 4L * size) {
		rill_pattern(out, sizeof(out), sent);
		ASSERT_EQ(0, rill_raw_push(&c, out, sizeof(out),
					   hostile_eor(h)));
		sent += sizeof(out);
		ASSERT_EQ(0, rill_raw_drain(&h->raw));
	}
	EXPECT_GE(2 * size + 4096, rmem(h->fd));
	for (;;) {
		n = rill_recv(h->fd, in, sizeof(in), MSG_DONTWAIT);
		if (n < 0)
			break;
		ASSERT_TRUE(rill_pattern_ok(in, n, got));
		got += n;
	}
	EXPECT_EQ(-EAGAIN, n);
	EXPECT_LT(0, got);
	EXPECT_GT(sent, got);
	/* what was taken is what was acknowledged, nothing else */
	ASSERT_EQ(0, rill_raw_drain(&h->raw));
	ASSERT_EQ(0, rill_raw_ack(&h->c, RILL_FLAG_PROBE));
	ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_DATA, h->c.from,
				     &h->pkt));
	if (h->type == SOCK_STREAM)
		EXPECT_EQ(got, (long)(h->pkt.f.ack - h->c.seq));
	h->c.seq = h->pkt.f.ack;
	EXPECT_EQ(0, hostile_alive(h));
}

/* A record that never ends. */
TEST_F(hostile, a_record_without_end)
{
	struct hostile *h = &self->h;
	int size = rill_getsockopt_int(h->fd, SOL_SOCKET, SO_RCVBUF);
	struct rill_raw_conn c = h->c;
	static char out[1400];
	long sent;

	if (h->type == SOCK_STREAM)
		return;
	for (sent = 0; sent < 4L * size; sent += sizeof(out)) {
		ASSERT_EQ(0, rill_raw_push(&c, out, sizeof(out), 0));
		ASSERT_EQ(0, rill_raw_drain(&h->raw));
	}
	EXPECT_GE(2 * size + 4096, rmem(h->fd));
	/* and the connection can be given up */
	ASSERT_EQ(0, rill_set_linger(h->fd, 1, 0));
	close(h->fd);
	EXPECT_EQ(0, rill_wait_socket_count(1));
}

/* Numbers that wrap */

static int pour(struct hostile *h, struct rill_raw_conn *c, int fd, int chunks)
{
	static char out[8192], in[8192];
	int i, ret = 0;
	long off = 0;

	for (i = 0; i < chunks && !ret; i++, off += sizeof(out)) {
		rill_pattern(out, sizeof(out), off);
		ret = rill_raw_push(c, out, sizeof(out), hostile_eor(h));
		if (!ret && rill_recv(fd, in, sizeof(in), MSG_WAITALL) !=
		    sizeof(in))
			ret = -EIO;
		if (!ret && memcmp(in, out, sizeof(in)))
			ret = -EBADMSG;
		if (!ret && rill_send(fd, out, sizeof(out), 0) != sizeof(out))
			ret = -EPIPE;
		if (!ret)
			ret = rill_raw_pull(c, in, sizeof(in), &h->pkt);
		if (!ret && memcmp(in, out, sizeof(in)))
			ret = -EBADMSG;
	}
	return ret;
}

TEST_F(hostile, numbers_wrap)
{
	static const __u32 first[] = {
		0xffffffff, 0xfffffffe, 0xfffff000, 0xffff8000, 0,
		0x7fffffff, 0x7ffff000, 0x80000000,
	};
	struct hostile *h = &self->h;
	struct rill_raw_conn c;
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(first); i++) {
		c = rill_raw_client(&h->raw, h->type, rill_port(&h->addr));
		c.seq = first[i];
		ASSERT_EQ(0, hostile_connect(h, &c, &fd));
		EXPECT_EQ(0, pour(h, &c, fd, 10))
			TH_LOG("first number %x", first[i]);
		ASSERT_EQ(0, rill_raw_say(&c, RILL_FRAME_RESET));
		close(fd);
	}
	EXPECT_EQ(0, hostile_alive(h));
}

/* All of a byte's numbers: its frame, one behind, one ahead. */
TEST_F(hostile, holes_at_the_wrap)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c;
	struct rill_frame f;
	int fd, i;

	for (i = 0; i < 6; i++) {
		c = rill_raw_client(&h->raw, h->type, rill_port(&h->addr));
		c.seq = -(__u32)i;
		ASSERT_EQ(0, hostile_connect(h, &c, &fd));
		f = rill_raw_frame(&c, RILL_FRAME_DATA);
		f.seq += 3;
		f.length = 3;
		f.flags = hostile_eor(h);
		ASSERT_EQ(0, rill_raw_send(&h->raw, &f, "def"));
		f.seq -= 1;
		f.length = 1;
		f.flags = 0;
		ASSERT_EQ(0, rill_raw_send(&h->raw, &f, "c"));
		f.seq -= 2;
		f.length = 3;
		ASSERT_EQ(0, rill_raw_send(&h->raw, &f, "abc"));
		c.seq += 6 + (hostile_eor(h) != 0);
		ASSERT_EQ(0, rill_raw_acked(&c, &h->pkt));
		EXPECT_EQ(0, hostile_reads(fd, "abcdef", 6));
		EXPECT_EQ(0, hostile_alive_pair(h, &c, fd));
		close(fd);
	}
}

/* Another MTU in the middle */

TEST_F(hostile, the_mtu_shrinks)
{
	static const __u16 mtus[] = { 600, 128, 127, 41, 40, 33, 32, 31, 0 };
	struct hostile *h = &self->h;
	static char out[3000], in[3000];
	unsigned int i;

	rill_pattern(out, sizeof(out), 0);
	for (i = 0; i < ARRAY_SIZE(mtus); i++) {
		struct rill_frame f = rill_raw_frame(&h->c, RILL_FRAME_DATA);

		f.mtu = mtus[i];
		ASSERT_EQ(0, rill_raw_send(&h->raw, &f, NULL));
		ASSERT_EQ(0, rill_raw_drain(&h->raw));
		h->raw.longest = 0;
		h->c.mtu = mtus[i];
		ASSERT_EQ(3000, rill_send(h->fd, out, 3000, 0));
		ASSERT_EQ(0, rill_raw_pull(&h->c, in, 3000, &h->pkt));
		EXPECT_EQ(0, memcmp(in, out, sizeof(in)));
		if (mtus[i] >= RILL_MTU_MIN)
			EXPECT_GE(mtus[i], h->raw.longest);
		h->c.mtu = 1500;
		EXPECT_EQ(0, hostile_alive(h));
	}
	h->c.mtu = 65535;
	ASSERT_EQ(0, rill_raw_ack(&h->c, 0));
	h->raw.longest = 0;
	ASSERT_EQ(3000, rill_send(h->fd, out, 3000, 0));
	ASSERT_EQ(0, rill_raw_pull(&h->c, in, 3000, &h->pkt));
	EXPECT_GE(1500, h->raw.longest);
}

TEST_HARNESS_MAIN
