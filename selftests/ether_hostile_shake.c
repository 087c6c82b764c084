// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handshakes that are wrong, stale, repeated or somebody else's.
 */
#include "hostile_fixture.h"

#include <sys/ioctl.h>

/* Frames of @type seen since a look before. */
static unsigned long seen(struct hostile *h, int type)
{
	rill_raw_drain(&h->raw);
	return h->raw.seen[type];
}

/* A client of the fixture's listener. */
static struct rill_raw_conn client(struct hostile *h)
{
	return rill_raw_client(&h->raw, h->type, rill_port(&h->addr));
}

/* The far end's address, as a client of ours names it. */
static struct sockaddr_rill far_addr(struct hostile *h, unsigned int port)
{
	return rill_addr_hw(h->raw.hw, h->raw.ifindex, port);
}

/* A socket of ours that asks the far end; @c: the far end, not answered. */
static int ask(struct hostile *h, struct rill_raw_conn *c)
{
	struct sockaddr_rill addr = far_addr(h, 7000);
	int fd = rill_client(h->type | SOCK_NONBLOCK, &addr);
	int ret;

	if (fd < 0)
		return fd;
	ret = rill_raw_asked(&h->raw, c, &h->pkt);
	return ret ? ret : fd;
}

static bool in_state(int fd, const char *state)
{
	struct rill_info info;

	return !rill_info(fd, &info) && !strcmp(info.state, state);
}

/* The server's end */

TEST_F(hostile, by_hand)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c = client(h);
	struct sockaddr_rill peer;
	int fd;

	ASSERT_EQ(0, rill_raw_request(&c, &h->pkt));
	EXPECT_EQ(c.seq, h->pkt.f.ack);
	EXPECT_EQ(c.dport, h->pkt.f.sport);
	EXPECT_EQ(c.sport, h->pkt.f.dport);
	EXPECT_EQ(h->type == SOCK_SEQPACKET,
		  h->pkt.f.flags == RILL_FLAG_SEQPACKET);
	EXPECT_EQ(1500, h->pkt.f.mtu);
	EXPECT_LT(0, h->pkt.f.credit);
	/* nobody can accept it before it is confirmed */
	EXPECT_EQ(0, hostile_alive(h));
	EXPECT_EQ(-EAGAIN, rill_accept_one(h->lfd));
	ASSERT_EQ(0, rill_raw_ack(&c, 0));
	fd = hostile_accept(h);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_peer(fd, &peer));
	EXPECT_EQ(0, memcmp(peer.srl_addr, h->raw.hw, sizeof(h->raw.hw)));
	EXPECT_EQ(c.sport, peer.srl_port);
	EXPECT_EQ(0, hostile_alive_pair(h, &c, fd));
}

/* The confirmation may carry data, or be lost and data come first. */
TEST_F(hostile, confirmed_by_data)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c = client(h);
	int fd;

	ASSERT_EQ(0, rill_raw_request(&c, &h->pkt));
	ASSERT_EQ(0, rill_raw_push(&c, "first", 5, hostile_eor(h)));
	ASSERT_EQ(0, rill_raw_acked(&c, &h->pkt));
	fd = hostile_accept(h);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, hostile_reads(fd, "first", 5));
	EXPECT_EQ(0, hostile_alive_pair(h, &c, fd));
}

TEST_F(hostile, a_request_repeated_makes_one_child)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c = client(h);
	int count = rill_socket_count();
	__u32 token, first;
	int i, fd;

	ASSERT_EQ(0, rill_raw_request(&c, &h->pkt));
	token = h->pkt.f.from;
	first = h->pkt.f.seq;
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, rill_raw_request(&c, &h->pkt));
		ASSERT_EQ(token, h->pkt.f.from);
		ASSERT_EQ(first, h->pkt.f.seq);
	}
	EXPECT_EQ(count + 1, rill_socket_count());
	ASSERT_EQ(0, rill_raw_ack(&c, 0));
	fd = hostile_accept(h);
	ASSERT_LE(0, fd);
	for (i = 0; i < 100; i++)
		ASSERT_EQ(0, rill_raw_say(&c, RILL_FRAME_REQUEST));
	EXPECT_EQ(0, hostile_alive_pair(h, &c, fd));
	EXPECT_EQ(-EAGAIN, rill_accept_one(h->lfd));
	EXPECT_EQ(count + 1, rill_socket_count());
}

/* The same request, but from elsewhere, is another one. */
TEST_F(hostile, a_request_of_somebody_else)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c = client(h);
	struct rill_frame f = rill_raw_frame(&c, RILL_FRAME_REQUEST);
	__u8 other[ETH_ALEN];
	__u32 token;

	memcpy(other, h->raw.hw, sizeof(other));
	other[5] ^= 1;
	ASSERT_EQ(0, rill_raw_request(&c, &h->pkt));
	token = h->pkt.f.from;
	ASSERT_EQ(0, rill_raw_send_from(&h->raw, other, &f, NULL));
	ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_ACCEPT, 0, &h->pkt));
	EXPECT_NE(token, h->pkt.f.from);
	EXPECT_EQ(0, memcmp(h->pkt.bytes, other, sizeof(other)));
}

/* An answer to an offer that was never made. */
TEST_F(hostile, a_confirmation_of_nothing)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c = client(h);
	long long before = rill_counter("rx_no_connection");
	int count = rill_socket_count();

	c.to = 0x12345678;
	ASSERT_EQ(0, rill_raw_ack(&c, 0));
	ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_RESET, c.from,
				     &h->pkt));
	EXPECT_EQ(c.to, h->pkt.f.from);
	EXPECT_EQ(before + 1, rill_counter("rx_no_connection"));
	EXPECT_EQ(count, rill_socket_count());
	EXPECT_EQ(-EAGAIN, rill_accept_one(h->lfd));
}

static bool lone(void *arg)
{
	return rill_socket_count() == *(int *)arg;
}

/* An offer is repeated, and forgotten; a confirmation then is too late. */
TEST_F(hostile, an_offer_that_nobody_confirms)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c = client(h);
	int count = rill_socket_count();
	int offers;

	/* it takes its time, and is the same for both types */
	if (h->type != SOCK_STREAM)
		return;
	ASSERT_EQ(0, rill_raw_request(&c, &h->pkt));
	EXPECT_EQ(count + 1, rill_socket_count());
	ASSERT_EQ(0, rill_wait_until(lone, &count));
	offers = seen(h, RILL_FRAME_ACCEPT) - 1;	/* one is the fixture's */
	EXPECT_LE(3, offers);
	EXPECT_GE(8, offers);
	ASSERT_EQ(0, rill_raw_ack(&c, 0));
	EXPECT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_RESET, c.from,
				     &h->pkt));
	EXPECT_EQ(-EAGAIN, rill_accept_one(h->lfd));
	EXPECT_EQ(0, hostile_alive(h));
}

/* Places of the fixture's listener: its backlog, and one. */
#define PLACES	9

/* A place lent to one who has shown nothing goes to one who has. */
TEST_F(hostile, a_lent_place_is_taken_back)
{
	struct rill_raw_conn c[PLACES + 1];
	struct hostile *h = &self->h;
	int count = rill_socket_count();
	int i;

	for (i = 0; i < PLACES; i++) {
		c[i] = client(h);
		ASSERT_EQ(0, rill_raw_request(&c[i], &h->pkt));
	}
	EXPECT_EQ(0, c[0].cookie);
	EXPECT_NE(0, c[PLACES - 1].cookie);
	EXPECT_EQ(count + PLACES, rill_socket_count());
	c[PLACES] = client(h);
	ASSERT_EQ(0, rill_raw_request(&c[PLACES], &h->pkt));
	EXPECT_NE(0, c[PLACES].cookie);
	EXPECT_EQ(count + PLACES, rill_socket_count());

	ASSERT_EQ(0, rill_raw_ack(&c[0], 0));
	EXPECT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_RESET, c[0].from,
				     &h->pkt));
	EXPECT_EQ(-EAGAIN, rill_accept_one(h->lfd));
	ASSERT_EQ(0, rill_raw_ack(&c[PLACES], 0));
	EXPECT_LE(0, hostile_accept(h));
	EXPECT_EQ(0, hostile_alive(h));
}

TEST_F(hostile, a_wrong_confirmation)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c = client(h), wrong;
	__u8 other[ETH_ALEN];
	struct rill_frame f;

	ASSERT_EQ(0, rill_raw_request(&c, &h->pkt));
	wrong = c;
	wrong.from ^= 1;
	ASSERT_EQ(0, rill_raw_ack(&wrong, 0));
	wrong = c;
	wrong.sport ^= 1;
	ASSERT_EQ(0, rill_raw_ack(&wrong, 0));
	memcpy(other, h->raw.hw, sizeof(other));
	other[5] ^= 1;
	f = rill_raw_frame(&c, RILL_FRAME_DATA);
	ASSERT_EQ(0, rill_raw_send_from(&h->raw, other, &f, NULL));
	EXPECT_EQ(0, hostile_alive(h));
	EXPECT_EQ(-EAGAIN, rill_accept_one(h->lfd));
	ASSERT_EQ(0, rill_raw_ack(&c, 0));
	EXPECT_LE(0, hostile_accept(h));
}

/* A withdrawal frees the place; one that is wrong does not. */
TEST_F(hostile, withdrawal)
{
	struct hostile *h = &self->h;
	int count = rill_socket_count();
	struct rill_raw_conn c = client(h);
	struct rill_frame f;

	ASSERT_EQ(0, rill_raw_request(&c, &h->pkt));
	f = rill_raw_frame(&c, RILL_FRAME_RESET);
	f.ack = RILL_RESET_WITHDRAWN;
	f.from ^= 1;
	ASSERT_EQ(0, rill_raw_send(&h->raw, &f, NULL));
	f.to = 0;
	ASSERT_EQ(0, rill_raw_send(&h->raw, &f, NULL));
	EXPECT_EQ(0, hostile_alive(h));
	EXPECT_EQ(count + 1, rill_socket_count());
	f = rill_raw_frame(&c, RILL_FRAME_RESET);
	f.ack = RILL_RESET_WITHDRAWN;
	f.to = 0;	/* a client that got no answer knows no other */
	ASSERT_EQ(0, rill_raw_send(&h->raw, &f, NULL));
	EXPECT_EQ(0, rill_wait_until(lone, &count));
	ASSERT_EQ(0, rill_raw_ack(&c, 0));
	EXPECT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_RESET, c.from,
				     &h->pkt));
	EXPECT_EQ(0, hostile_alive(h));
}

TEST_F(hostile, refusals)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c = client(h);

	c.dport = __cpu_to_be16(9);
	ASSERT_EQ(-ECONNREFUSED, rill_raw_request(&c, &h->pkt));
	EXPECT_EQ(RILL_RESET_REFUSED, h->pkt.f.ack);
	c = client(h);
	c.type = h->type == SOCK_STREAM ? SOCK_SEQPACKET : SOCK_STREAM;
	ASSERT_EQ(-ECONNREFUSED, rill_raw_request(&c, &h->pkt));
	EXPECT_EQ(RILL_RESET_TYPE, h->pkt.f.ack);
}

/* Cookies */

/* Requests that nobody confirms, until a client of @port is challenged. */
static int press(struct hostile *h, struct rill_raw_conn *c, unsigned int port)
{
	int i, ret;

	for (i = 0; i < 100; i++) {
		*c = rill_raw_client(&h->raw, h->type, port);
		ret = rill_raw_say(c, RILL_FRAME_REQUEST);
		if (!ret)
			ret = rill_raw_recv(&h->raw, &h->pkt, RILL_DEADLINE_MS);
		if (ret)
			return ret;
		if (h->pkt.f.type == RILL_FRAME_CHALLENGE)
			return h->pkt.f.to == c->from ? 0 : -EPROTO;
	}
	return -ENODATA;
}

/* What comes back for the request of @c with @cookie: a type, or -errno. */
static int answer(struct hostile *h, const struct rill_raw_conn *c,
		  __u32 cookie)
{
	struct rill_raw_conn tried = *c;
	int ret;

	tried.cookie = cookie;
	ret = rill_raw_drain(&h->raw);
	if (!ret)
		ret = rill_raw_say(&tried, RILL_FRAME_REQUEST);
	do {
		if (!ret)
			ret = rill_raw_recv(&h->raw, &h->pkt, RILL_DEADLINE_MS);
	} while (!ret && h->pkt.f.to != c->from);
	return ret ? ret : h->pkt.f.type;
}

TEST_F(hostile, cookies)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c, other;
	int count, i, fd;
	__u32 cookie;

	ASSERT_EQ(0, press(h, &c, rill_port(&h->addr)));
	cookie = h->pkt.f.ack;
	EXPECT_NE(0, cookie);
	EXPECT_EQ(c.seq, h->pkt.f.seq);
	count = rill_socket_count();
	EXPECT_GE(1 + 1 + 16, count);
	/* wrong ones */
	EXPECT_EQ(RILL_FRAME_CHALLENGE, answer(h, &c, 0));
	EXPECT_EQ(cookie, h->pkt.f.ack);
	EXPECT_EQ(RILL_FRAME_CHALLENGE, answer(h, &c, cookie + 1));
	for (i = 0; i < 32; i++)
		EXPECT_EQ(RILL_FRAME_CHALLENGE, answer(h, &c, cookie ^ 1U << i));
	/* one of somebody else's */
	other = c;
	other.sport ^= 1;
	EXPECT_EQ(RILL_FRAME_CHALLENGE, answer(h, &other, cookie));
	EXPECT_NE(cookie, h->pkt.f.ack);
	other = c;
	other.from ^= 1;
	EXPECT_EQ(RILL_FRAME_CHALLENGE, answer(h, &other, cookie));
	EXPECT_NE(cookie, h->pkt.f.ack);
	/* all that left nothing behind */
	EXPECT_GE(count, rill_socket_count());
	/* the right one */
	EXPECT_EQ(RILL_FRAME_ACCEPT, answer(h, &c, cookie));
	ASSERT_EQ(0, hostile_connect(h, &c, &fd));
	EXPECT_EQ(0, hostile_alive_pair(h, &c, fd));
}

/* A cookie is of no use at the listener of another port. */
TEST_F(hostile, a_cookie_of_another_port)
{
	struct hostile *h = &self->h;
	struct sockaddr_rill addr = rill_addr(0);
	struct rill_raw_conn c, other;
	__u32 cookie;

	ASSERT_LE(0, rill_listener(h->type, 100, &addr));
	ASSERT_EQ(0, press(h, &c, rill_port(&addr)));
	cookie = h->pkt.f.ack;
	other = c;
	other.dport = h->addr.srl_port;
	/* the namespace is under pressure, so this one challenges as well */
	EXPECT_EQ(RILL_FRAME_CHALLENGE, answer(h, &other, cookie));
	EXPECT_NE(cookie, h->pkt.f.ack);
	EXPECT_EQ(RILL_FRAME_ACCEPT, answer(h, &other, h->pkt.f.ack));
}

/* The client's end */

/* ACCEPTs that are not for us leave the request as it is. */
TEST_F(hostile, accepts_that_are_wrong)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c, wrong;
	struct rill_frame f;
	__u8 other[ETH_ALEN];
	int fd = ask(h, &c);

	ASSERT_LE(0, fd);
	wrong = c;
	wrong.sport ^= 1;
	ASSERT_EQ(0, rill_raw_say(&wrong, RILL_FRAME_ACCEPT));
	wrong = c;
	wrong.dport ^= 1;
	ASSERT_EQ(0, rill_raw_say(&wrong, RILL_FRAME_ACCEPT));
	wrong = c;
	wrong.ack ^= 1;
	ASSERT_EQ(0, rill_raw_say(&wrong, RILL_FRAME_ACCEPT));
	wrong = c;
	wrong.type = h->type == SOCK_STREAM ? SOCK_SEQPACKET : SOCK_STREAM;
	ASSERT_EQ(0, rill_raw_say(&wrong, RILL_FRAME_ACCEPT));
	memcpy(other, h->raw.hw, sizeof(other));
	other[5] ^= 1;
	f = rill_raw_frame(&c, RILL_FRAME_ACCEPT);
	ASSERT_EQ(0, rill_raw_send_from(&h->raw, other, &f, NULL));
	wrong = c;
	wrong.to ^= 1;
	ASSERT_EQ(0, rill_raw_say(&wrong, RILL_FRAME_ACCEPT));
	ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_RESET, c.from,
				     &h->pkt));
	EXPECT_EQ(wrong.to, h->pkt.f.from);
	/* data before the answer */
	ASSERT_EQ(0, rill_raw_ack(&c, 0));
	EXPECT_EQ(0, hostile_alive(h));
	EXPECT_TRUE(in_state(fd, "SYN_SENT"));
	ASSERT_EQ(0, rill_raw_say(&c, RILL_FRAME_ACCEPT));
	ASSERT_EQ(0, rill_poll_wait(fd, POLLOUT) & POLLERR);
	EXPECT_EQ(0, rill_so_error(fd));
	EXPECT_EQ(0, hostile_alive_pair(h, &c, fd));
}

/* The first to answer is the peer; others are told. */
TEST_F(hostile, a_second_accept)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c, late;
	int fd = ask(h, &c);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_raw_say(&c, RILL_FRAME_ACCEPT));
	late = c;
	late.from ^= 2;
	ASSERT_EQ(0, rill_raw_say(&late, RILL_FRAME_ACCEPT));
	ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_RESET, late.from,
				     &h->pkt));
	/* the same once more is confirmed once more */
	ASSERT_EQ(0, rill_raw_drain(&h->raw));
	ASSERT_EQ(0, rill_raw_say(&c, RILL_FRAME_ACCEPT));
	ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_DATA, c.from,
				     &h->pkt));
	EXPECT_EQ(0, hostile_alive_pair(h, &c, fd));
}

/* After the client gave up an ACCEPT is refused, so that no half is left. */
TEST_F(hostile, an_accept_too_late)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c;
	int fd = ask(h, &c);

	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_RESET, 0, &h->pkt));
	EXPECT_EQ(RILL_RESET_WITHDRAWN, h->pkt.f.ack);
	EXPECT_EQ(c.to, h->pkt.f.from);
	ASSERT_EQ(0, rill_raw_say(&c, RILL_FRAME_ACCEPT));
	ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_RESET, c.from,
				     &h->pkt));
}

TEST_F(hostile, refusals_that_are_wrong)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c;
	struct rill_frame good, f;
	__u8 other[ETH_ALEN];
	int fd = ask(h, &c);

	ASSERT_LE(0, fd);
	good = rill_raw_frame(&c, RILL_FRAME_RESET);
	good.from = 0;
	good.credit = c.ack;	/* the number of the request */
	good.ack = RILL_RESET_REFUSED;
	f = good;
	f.to ^= 1;
	ASSERT_EQ(0, rill_raw_send(&h->raw, &f, NULL));
	f = good;
	f.credit += 1;
	ASSERT_EQ(0, rill_raw_send(&h->raw, &f, NULL));
	f = good;
	f.sport ^= 1;
	ASSERT_EQ(0, rill_raw_send(&h->raw, &f, NULL));
	f = good;
	f.dport ^= 1;
	ASSERT_EQ(0, rill_raw_send(&h->raw, &f, NULL));
	memcpy(other, h->raw.hw, sizeof(other));
	other[5] ^= 1;
	ASSERT_EQ(0, rill_raw_send_from(&h->raw, other, &good, NULL));
	EXPECT_EQ(0, hostile_alive(h));
	EXPECT_TRUE(in_state(fd, "SYN_SENT"));
	ASSERT_EQ(0, rill_raw_send(&h->raw, &good, NULL));
	ASSERT_LE(0, rill_poll_wait(fd, POLLOUT));
	EXPECT_EQ(ECONNREFUSED, rill_so_error(fd));
}

/* Somebody who knows ports and addresses asks back: it must not stick. */
TEST_F(hostile, a_request_that_crosses_falsely)
{
	struct hostile *h = &self->h;
	struct rill_raw_conn c, thief;
	int fd = ask(h, &c);

	ASSERT_LE(0, fd);
	thief = c;
	thief.from ^= 4;
	thief.seq += 1000000;
	ASSERT_EQ(0, rill_raw_say(&thief, RILL_FRAME_REQUEST));
	EXPECT_EQ(0, hostile_alive(h));
	/* the true answer */
	ASSERT_EQ(0, rill_raw_say(&c, RILL_FRAME_ACCEPT));
	EXPECT_EQ(0, hostile_alive(h));
	EXPECT_TRUE(in_state(fd, "ESTABLISHED"));
	EXPECT_EQ(0, hostile_alive_pair(h, &c, fd));
}

/* A server that challenges for ever: the time runs out all the same. */
TEST_F(hostile, challenges_without_end)
{
	struct hostile *h = &self->h;
	struct sockaddr_rill addr = far_addr(h, 7000);
	int fd = socket(AF_RILL, h->type | SOCK_NONBLOCK, 0);
	struct rill_frame f;
	struct rill_raw_conn c;
	int asked = 0, obeyed = 0;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_CONNECT_TIMEOUT,
					 1000));
	ASSERT_EQ(EINPROGRESS, rill_connect(fd, &addr));
	while (!rill_poll(fd, POLLOUT)) {
		if (rill_raw_recv(&h->raw, &h->pkt, 10))
			continue;
		if (h->pkt.f.type != RILL_FRAME_REQUEST)
			continue;
		asked++;
		if (h->pkt.f.ack) {
			EXPECT_EQ(0x1000 + asked - 1, h->pkt.f.ack);
			obeyed++;
			continue;	/* or it would never be at rest */
		}
		c = rill_raw_client(&h->raw, h->type, 0);
		c.sport = h->pkt.f.dport;
		c.dport = h->pkt.f.sport;
		c.to = h->pkt.f.from;
		f = rill_raw_frame(&c, RILL_FRAME_CHALLENGE);
		f.from = 0;
		f.seq = h->pkt.f.seq;
		f.ack = 0x1000 + asked;
		ASSERT_EQ(0, rill_raw_send(&h->raw, &f, NULL));
	}
	EXPECT_EQ(ETIMEDOUT, rill_so_error(fd));
	EXPECT_LT(0, obeyed);
	EXPECT_EQ(0, hostile_alive(h));
}

/* A whole connection with the far end as server. */
TEST_F(hostile, a_server_by_hand)
{
	static const __u32 first[] = { 0xffffffff, 0xfffff000, 1, 0x7fffffff };
	struct hostile *h = &self->h;
	struct rill_raw_conn c;
	static char out[9000], in[9000];
	unsigned int i;
	int fd;

	rill_pattern(out, sizeof(out), 0);
	for (i = 0; i < ARRAY_SIZE(first); i++) {
		fd = ask(h, &c);
		ASSERT_LE(0, fd);
		c.seq = first[i];
		ASSERT_EQ(0, rill_raw_say(&c, RILL_FRAME_ACCEPT));
		ASSERT_EQ(0, rill_raw_expect(&h->raw, RILL_FRAME_DATA, c.from,
					     &h->pkt));
		EXPECT_EQ(first[i], h->pkt.f.ack);
		EXPECT_EQ(0, hostile_alive_pair(h, &c, fd));
		ASSERT_EQ(9000, rill_send(fd, out, 9000, 0));
		ASSERT_EQ(0, rill_raw_pull(&c, in, 9000, &h->pkt));
		EXPECT_EQ(0, memcmp(in, out, sizeof(in)));
		ASSERT_EQ(0, rill_raw_push(&c, out, 9000, hostile_eor(h)));
		ASSERT_EQ(0, rill_raw_acked(&c, &h->pkt));
		EXPECT_EQ(9000, rill_recv(fd, in, 9000, MSG_WAITALL));
		EXPECT_EQ(0, memcmp(in, out, sizeof(in)));
		ASSERT_EQ(0, rill_raw_say(&c, RILL_FRAME_RESET));
		close(fd);
	}
}

TEST_HARNESS_MAIN
