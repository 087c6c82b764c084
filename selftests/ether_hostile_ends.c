// SPDX-License-Identifier: GPL-2.0-only
/*
 * A peer that is slow, mean with credit, or that ends in odd orders.
 */
#include "hostile_fixture.h"

#include <sys/ioctl.h>

/* Credit */

/*
 * In place of the good connection one to a peer that grants @credit and no
 * more: what was granted once need not be believed to be taken back.
 */
static int be_poor(struct hostile *h, __u32 credit)
{
	close(h->fd);
	h->c = rill_raw_client(&h->raw, h->type, rill_port(&h->addr));
	h->c.credit = credit;
	return hostile_connect(h, &h->c, &h->fd);
}

/* The next probe: it has no payload, as there is no credit for any. */
static int next_probe(struct hostile *h)
{
	int ret;

	do {
		ret = rill_raw_expect(&h->raw, RILL_FRAME_DATA, h->c.from,
				      &h->pkt);
		if (!ret && h->pkt.f.length)
			return -EPROTO;
	} while (!ret && !(h->pkt.f.flags & RILL_FLAG_PROBE));
	return ret;
}

TEST_F(hostile, no_credit)
{
	struct hostile *h = &self->h;
	static char out[3000], in[3000];
	int i;

	rill_pattern(out, sizeof(out), 0);
	ASSERT_EQ(0, be_poor(h, 0));
	ASSERT_EQ(3000, rill_send(h->fd, out, 3000, 0));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, next_probe(h));
		ASSERT_EQ(0, rill_raw_ack(&h->c, 0));
	}
	/* a probe that gets lost is followed by another one */
	ASSERT_EQ(0, next_probe(h));
	ASSERT_EQ(0, next_probe(h));
	h->c.credit = RILL_RAW_CREDIT;
	ASSERT_EQ(0, rill_raw_ack(&h->c, 0));
	ASSERT_EQ(0, rill_raw_pull(&h->c, in, 3000, &h->pkt));
	EXPECT_EQ(0, memcmp(in, out, sizeof(in)));
	EXPECT_EQ(0, hostile_alive(h));
}

/* Nobody answers a probe: the connection ends, by the user timeout. */
TEST_F(hostile, no_credit_and_no_answer)
{
	struct hostile *h = &self->h;

	ASSERT_EQ(0, rill_sysctl_set("user_timeout_ms", "1500"));
	ASSERT_EQ(0, be_poor(h, 0));
	ASSERT_EQ(3, rill_send(h->fd, "abc", 3, 0));
	ASSERT_LE(0, rill_poll_wait(h->fd, POLLIN));
	EXPECT_EQ(ETIMEDOUT, rill_so_error(h->fd));
}

TEST_F(hostile, credit_of_a_byte)
{
	struct hostile *h = &self->h;
	char out[20], in[20];

	rill_pattern(out, sizeof(out), 0);
	ASSERT_EQ(0, be_poor(h, 1));
	ASSERT_EQ(20, rill_send(h->fd, out, 20, 0));
	/* pull() fails on more than the credit */
	ASSERT_EQ(0, rill_raw_pull(&h->c, in, 20, &h->pkt));
	EXPECT_EQ(0, memcmp(in, out, sizeof(in)));
	h->c.credit = RILL_RAW_CREDIT;
	EXPECT_EQ(0, hostile_alive(h));
}

/* What was granted is taken back. */
TEST_F(hostile, credit_shrinks)
{
	struct hostile *h = &self->h;
	static char out[8000], in[8000];
	__u32 base, edge;

	rill_pattern(out, sizeof(out), 0);
	ASSERT_EQ(0, be_poor(h, 4000));
	base = h->c.ack;
	edge = base + 4000;
	ASSERT_EQ(8000, rill_send(h->fd, out, 8000, 0));
	do {
		ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_DATA,
					     h->c.from, &h->pkt));
		ASSERT_GE(0, (__s32)(h->pkt.f.seq + h->pkt.f.length - edge));
	} while ((__s32)(h->pkt.f.seq - base) < 1400);
	h->c.credit = 1000;
	ASSERT_EQ(0, rill_raw_ack(&h->c, 0));
	h->c.credit = 0;
	ASSERT_EQ(0, rill_raw_ack(&h->c, 0));
	/* whatever comes now, nothing is from beyond the first grant */
	do {
		ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_DATA,
					     h->c.from, &h->pkt));
		ASSERT_GE(0, (__s32)(h->pkt.f.seq + h->pkt.f.length - edge));
	} while (!(h->pkt.f.flags & RILL_FLAG_PROBE) && !h->pkt.f.length);
	ASSERT_EQ(0, rill_raw_drain(&h->raw));
	h->c.credit = RILL_RAW_CREDIT;
	ASSERT_EQ(0, rill_raw_ack(&h->c, 0));
	ASSERT_EQ(0, rill_raw_pull(&h->c, in, 8000, &h->pkt));
	EXPECT_EQ(0, memcmp(in, out, sizeof(in)));
	EXPECT_EQ(0, hostile_alive(h));
}

TEST_F(hostile, credit_beyond_all_bounds)
{
	static const __u32 much[] = {
		0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff,
	};
	struct hostile *h = &self->h;
	static char out[60000], in[60000];
	unsigned int i;

	rill_pattern(out, sizeof(out), 0);
	for (i = 0; i < ARRAY_SIZE(much); i++) {
		h->c.credit = much[i];
		ASSERT_EQ(0, rill_raw_ack(&h->c, 0));
		ASSERT_EQ(60000, rill_send(h->fd, out, 60000, 0));
		ASSERT_EQ(0, rill_raw_pull(&h->c, in, 60000, &h->pkt))
			TH_LOG("credit %x", much[i]);
		EXPECT_EQ(0, memcmp(in, out, sizeof(in)));
	}
	EXPECT_EQ(0, hostile_alive(h));
}

/* What was SACKed is dropped again: it comes once more. */
TEST_F(hostile, reneging)
{
	struct hostile *h = &self->h;
	static char out[9000], in[9000];
	struct rill_frame f;
	__u32 end = h->c.ack;

	rill_pattern(out, sizeof(out), 0);
	ASSERT_EQ(9000, rill_send(h->fd, out, 9000, 0));
	while (end - h->c.ack < 9000) {
		ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_DATA,
					     h->c.from, &h->pkt));
		end = h->pkt.f.seq + h->pkt.f.length;
		f = rill_raw_frame(&h->c, RILL_FRAME_DATA);
		if (h->pkt.f.seq == h->c.ack)
			continue;
		f.sacks = 1;
		f.sack[0].start = h->pkt.f.seq;
		f.sack[0].end = end;
		ASSERT_EQ(0, rill_raw_send(&h->raw, &f, NULL));
	}
	/* all but the first frame was said to be there, and is not */
	ASSERT_EQ(0, rill_raw_drain(&h->raw));
	ASSERT_EQ(0, rill_raw_pull(&h->c, in, 9000, &h->pkt));
	EXPECT_EQ(0, memcmp(in, out, sizeof(in)));
	EXPECT_EQ(0, hostile_alive(h));
}

/* Ends */

/* The next read is the end, or an error. 0 or -errno. */
static int read_end(int fd)
{
	ssize_t n;
	char c;

	if (rill_poll_wait(fd, POLLIN) < 0)
		return -ETIMEDOUT;
	n = rill_recv(fd, &c, 1, MSG_DONTWAIT);
	return n > 0 ? -EBADMSG : n;
}

/* One read gives "abc". */
static bool reads_abc(int fd)
{
	char buf[8];

	return rill_recv(fd, buf, sizeof(buf), 0) == 3 && !memcmp(buf, "abc", 3);
}

/* Bytes go out of the socket still. */
static int half_alive(struct hostile *h)
{
	char buf[3];
	int ret = -EPIPE;

	if (rill_send(h->fd, "xyz", 3, MSG_NOSIGNAL) == 3)
		ret = rill_raw_pull(&h->c, buf, 3, &h->pkt);
	return ret ? ret : -memcmp(buf, "xyz", 3);
}

TEST_F(hostile, data_behind_the_end)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c;

	ASSERT_EQ(0, rill_raw_push(&h->c, "abc", 3,
				   hostile_eor(h) | RILL_FLAG_FIN));
	ASSERT_EQ(0, rill_raw_acked(&h->c, &h->pkt));
	c = h->c;
	ASSERT_EQ(0, rill_raw_push(&c, "evil", 4, hostile_eor(h)));
	c.seq += 100;
	ASSERT_EQ(0, rill_raw_push(&c, "evil", 4, hostile_eor(h)));
	/* an end somewhere else, over the true one, once more */
	ASSERT_EQ(0, rill_raw_ack(&c, RILL_FLAG_FIN));
	c.seq = h->c.seq - 1;
	ASSERT_EQ(0, rill_raw_push(&c, "evil", 4, hostile_eor(h)));
	c.seq = h->c.seq - 1;
	ASSERT_EQ(0, rill_raw_ack(&c, RILL_FLAG_FIN));
	EXPECT_EQ(0, half_alive(h));
	EXPECT_TRUE(reads_abc(h->fd));
	EXPECT_EQ(0, read_end(h->fd));
	EXPECT_EQ(0, half_alive(h));
	EXPECT_EQ(0, read_end(h->fd));
}

/* Data from behind the end that came before it did. */
TEST_F(hostile, data_behind_an_end_that_is_late)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c = h->c;

	c.seq += 4 + (hostile_eor(h) != 0);
	ASSERT_EQ(0, rill_raw_push(&c, "evil", 4, hostile_eor(h)));
	ASSERT_EQ(0, rill_raw_push(&h->c, "abc", 3,
				   hostile_eor(h) | RILL_FLAG_FIN));
	ASSERT_EQ(0, half_alive(h));
	EXPECT_TRUE(reads_abc(h->fd));
	EXPECT_EQ(0, read_end(h->fd));
	EXPECT_EQ(0, half_alive(h));
}

TEST_F(hostile, the_end_comes_early)
{
	struct hostile *h = &self->h;
	struct rill_frame f = rill_raw_frame(&h->c, RILL_FRAME_DATA);
	char c;

	f.seq += 3 + (hostile_eor(h) != 0);
	f.flags = RILL_FLAG_FIN;
	ASSERT_EQ(0, rill_raw_send(&h->raw, &f, NULL));
	EXPECT_EQ(0, half_alive(h));
	EXPECT_EQ(-EAGAIN, rill_recv(h->fd, &c, 1, MSG_DONTWAIT));
	ASSERT_EQ(0, rill_raw_push(&h->c, "abc", 3, hostile_eor(h)));
	h->c.seq++;
	ASSERT_EQ(0, rill_raw_acked(&h->c, &h->pkt));
	EXPECT_TRUE(reads_abc(h->fd));
	EXPECT_EQ(0, read_end(h->fd));
	EXPECT_EQ(0, half_alive(h));
}

/* FIN and CLOSE before the data, each in a frame of its own, CLOSE first. */
TEST_F(hostile, the_close_comes_early)
{
	struct hostile *h = &self->h;
	struct rill_frame f = rill_raw_frame(&h->c, RILL_FRAME_DATA);

	f.seq += 4 + (hostile_eor(h) != 0);
	f.flags = RILL_FLAG_CLOSE | RILL_FLAG_STOP;
	ASSERT_EQ(0, rill_raw_send(&h->raw, &f, NULL));
	f.seq--;
	f.flags = RILL_FLAG_FIN | RILL_FLAG_STOP;
	ASSERT_EQ(0, rill_raw_send(&h->raw, &f, NULL));
	h->c.stop = true;
	ASSERT_EQ(0, rill_raw_push(&h->c, "abc", 3, hostile_eor(h)));
	h->c.seq += 2;
	ASSERT_EQ(0, rill_raw_acked(&h->c, &h->pkt));
	EXPECT_TRUE(reads_abc(h->fd));
	EXPECT_EQ(0, read_end(h->fd));
	EXPECT_EQ(-EPIPE, rill_send(h->fd, "x", 1, MSG_NOSIGNAL));
}

/* CLOSE is acknowledged each time that it comes, and nothing else happens. */
TEST_F(hostile, the_close_comes_again)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c;
	int i;

	h->c.stop = true;
	ASSERT_EQ(0, rill_raw_push(&h->c, "abc", 3, hostile_eor(h) |
				   RILL_FLAG_FIN | RILL_FLAG_CLOSE));
	for (i = 0; i < 5; i++) {
		do {
			ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_DATA,
						     h->c.from, &h->pkt));
		} while (h->pkt.f.ack != h->c.seq);
		ASSERT_EQ(0, rill_raw_drain(&h->raw));
		c = h->c;
		c.seq -= 2;
		ASSERT_EQ(0, rill_raw_ack(&c, RILL_FLAG_FIN | RILL_FLAG_CLOSE));
	}
	EXPECT_TRUE(reads_abc(h->fd));
	EXPECT_EQ(0, read_end(h->fd));
	EXPECT_EQ(-EPIPE, rill_send(h->fd, "x", 1, MSG_NOSIGNAL));
	/* and behind it nothing is taken */
	ASSERT_EQ(0, rill_raw_push(&h->c, "evil", 4, hostile_eor(h)));
	ASSERT_EQ(0, rill_raw_say(&h->c, RILL_FRAME_RESET));
	EXPECT_EQ(0, read_end(h->fd));
}

/* The reader stops: writes fail. It cannot be taken back, reads go on. */
TEST_F(hostile, stop)
{
	struct hostile *h = &self->h;

	ASSERT_EQ(0, rill_raw_ack(&h->c, RILL_FLAG_STOP));
	ASSERT_EQ(0, rill_raw_push(&h->c, "abc", 3, hostile_eor(h)));
	ASSERT_EQ(0, rill_raw_acked(&h->c, &h->pkt));
	EXPECT_EQ(-EPIPE, rill_send(h->fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(0, hostile_reads(h->fd, "abc", 3));
	ASSERT_EQ(0, rill_raw_push(&h->c, "abc", 3,
				   hostile_eor(h) | RILL_FLAG_FIN));
	ASSERT_EQ(0, rill_raw_acked(&h->c, &h->pkt));
	EXPECT_TRUE(reads_abc(h->fd));
	EXPECT_EQ(0, read_end(h->fd));
}

/* Both ends close at once, the acknowledgements cross. */
TEST_F(hostile, both_close)
{
	struct hostile *h = &self->h;
	__u32 end;

	close(h->fd);
	do {
		ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_DATA,
					     h->c.from, &h->pkt));
	} while (!(h->pkt.f.flags & RILL_FLAG_CLOSE));
	end = h->pkt.f.seq + rill_wire_seq_len(&h->pkt.f);
	h->c.stop = true;
	/* ours says nothing of theirs */
	ASSERT_EQ(0, rill_raw_ack(&h->c, RILL_FLAG_FIN | RILL_FLAG_CLOSE));
	h->c.seq += 2;
	ASSERT_EQ(0, rill_raw_acked(&h->c, &h->pkt));
	h->c.ack = end;
	ASSERT_EQ(0, rill_raw_ack(&h->c, 0));
	EXPECT_EQ(0, rill_wait_socket_count(1));
}

/* A peer that goes on sending after it was told that nobody reads. */
TEST_F(hostile, data_for_a_closed_socket)
{
	struct hostile *h = &self->h;
	static char junk[1400];
	int i;

	ASSERT_EQ(0, rill_sysctl_set("user_timeout_ms", "2000"));
	close(h->fd);
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(0, rill_raw_push(&h->c, junk, sizeof(junk),
					   hostile_eor(h)));
		ASSERT_EQ(0, rill_raw_drain(&h->raw));
	}
	/* never acknowledging its CLOSE: it is forgotten by and by */
	EXPECT_EQ(0, rill_wait_socket_count(1));
	EXPECT_EQ(-EAGAIN, rill_accept_one(h->lfd));
}

/* EOR has no meaning in a stream: it takes a number and does nothing else. */
TEST_F(hostile, end_of_record_in_a_stream)
{
	struct hostile *h = &self->h;
	int i;

	if (h->type != SOCK_STREAM)
		return;
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, rill_raw_push(&h->c, "abc", 3, RILL_FLAG_EOR));
	/* and one with nothing before it, twice */
	ASSERT_EQ(0, rill_raw_push(&h->c, NULL, 0, RILL_FLAG_EOR));
	ASSERT_EQ(0, rill_raw_push(&h->c, NULL, 0, RILL_FLAG_EOR));
	ASSERT_EQ(0, rill_raw_acked(&h->c, &h->pkt));
	EXPECT_EQ(0, hostile_reads(h->fd, "abcabcabc", 9));
	EXPECT_EQ(0, hostile_alive(h));
}

/* Records: empty ones, one in many frames, one that FIN cuts off. */
TEST_F(hostile, records)
{
	struct hostile *h = &self->h;
	char buf[32];
	int i;

	if (h->type != SOCK_SEQPACKET)
		return;
	ASSERT_EQ(0, rill_raw_push(&h->c, NULL, 0, RILL_FLAG_EOR));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, rill_raw_push(&h->c, "abc", 3, 0));
	ASSERT_EQ(0, rill_raw_push(&h->c, NULL, 0, RILL_FLAG_EOR));
	ASSERT_EQ(0, rill_raw_push(&h->c, NULL, 0, RILL_FLAG_EOR));
	ASSERT_EQ(0, rill_raw_push(&h->c, "cut", 3, 0));
	ASSERT_EQ(0, rill_raw_ack(&h->c, RILL_FLAG_FIN));
	h->c.seq++;
	ASSERT_EQ(0, rill_raw_acked(&h->c, &h->pkt));
	EXPECT_EQ(0, rill_recv(h->fd, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(15, rill_recv(h->fd, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(0, rill_recv(h->fd, buf, sizeof(buf), MSG_DONTWAIT));
	/* half a record is none */
	EXPECT_EQ(0, rill_recv(h->fd, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(0, half_alive(h));
}

TEST_HARNESS_MAIN
