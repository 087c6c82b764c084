// SPDX-License-Identifier: GPL-2.0-only
/*
 * What poll() and epoll say of a socket in each of its states.
 */
#include "kselftest_harness.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include "rill_io.h"

#define ALL	(POLLIN | POLLOUT | POLLPRI | POLLRDHUP)

/* POLLIN and POLLOUT come with their twins when these are asked for. */
#define TWINS	(POLLRDNORM | POLLWRNORM)

FIXTURE(poll) {
	struct sockaddr_rill addr;
	int listener;
	int fd[2];
};

FIXTURE_VARIANT(poll) {
	int type;
};

FIXTURE_VARIANT_ADD(poll, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(poll, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_SETUP(poll)
{
	RILL_IN_NETNS(return);
	self->addr = rill_addr(0);
	self->listener = rill_listener(variant->type, 0, &self->addr);
	ASSERT_LE(0, self->listener);
	ASSERT_EQ(0, rill_pair(variant->type, self->fd));
}

FIXTURE_TEARDOWN(poll)
{
	close(self->listener);
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(poll, unconnected)
{
	int fd = socket(AF_RILL, variant->type, 0);

	EXPECT_EQ(POLLOUT | POLLHUP, rill_poll(fd, ALL));
	EXPECT_EQ(POLLOUT | POLLWRNORM | POLLHUP, rill_poll(fd, ALL | TWINS));
	EXPECT_EQ(POLLHUP, rill_poll(fd, 0));
}

TEST_F(poll, listener)
{
	int client;

	EXPECT_EQ(0, rill_poll(self->listener, ALL));
	client = rill_client(variant->type, &self->addr);
	ASSERT_LE(0, client);
	EXPECT_EQ(POLLIN, rill_poll(self->listener, ALL));
	EXPECT_EQ(POLLIN | POLLRDNORM, rill_poll(self->listener, ALL | TWINS));
	ASSERT_LE(0, rill_accept_one(self->listener));
	EXPECT_EQ(0, rill_poll(self->listener, ALL));
}

TEST_F(poll, pending_failed_and_after)
{
	int client;

	ASSERT_LE(0, rill_client(variant->type, &self->addr));
	client = rill_client(variant->type | SOCK_NONBLOCK, &self->addr);
	ASSERT_LE(0, client);
	EXPECT_EQ(0, rill_poll(client, ALL));
	close(self->listener);
	EXPECT_EQ(POLLOUT | POLLERR | POLLHUP, rill_poll(client, ALL) & ~POLLIN
		  & ~POLLRDHUP);
	EXPECT_EQ(ECONNREFUSED, rill_so_error(client));
	EXPECT_EQ(POLLOUT | POLLHUP, rill_poll(client, ALL));
}

TEST_F(poll, established)
{
	char c;

	EXPECT_EQ(POLLOUT, rill_poll(self->fd[0], ALL));
	EXPECT_EQ(POLLOUT | POLLWRNORM, rill_poll(self->fd[0], ALL | TWINS));
	ASSERT_EQ(1, rill_send(self->fd[1], "x", 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT, rill_poll(self->fd[0], ALL));
	EXPECT_EQ(POLLIN, rill_poll(self->fd[0], POLLIN));
	ASSERT_EQ(1, rill_recv(self->fd[0], &c, 1, MSG_PEEK));
	EXPECT_EQ(POLLIN | POLLOUT, rill_poll(self->fd[0], ALL));
	ASSERT_EQ(1, rill_recv(self->fd[0], &c, 1, 0));
	EXPECT_EQ(POLLOUT, rill_poll(self->fd[0], ALL));
}

TEST_F(poll, full)
{
	ASSERT_LT(0, rill_fill(self->fd[0], 4096));
	EXPECT_EQ(0, rill_poll(self->fd[0], ALL));
	EXPECT_EQ(POLLIN | POLLOUT, rill_poll(self->fd[1], ALL));
	ASSERT_LT(0, rill_drain(self->fd[1]));
	EXPECT_EQ(POLLOUT, rill_poll(self->fd[0], ALL));
}

TEST_F(poll, peer_shut_its_writing_side)
{
	ASSERT_EQ(0, rill_shutdown(self->fd[1], SHUT_WR));
	EXPECT_EQ(POLLIN | POLLOUT | POLLRDHUP, rill_poll(self->fd[0], ALL));
	EXPECT_EQ(POLLOUT, rill_poll(self->fd[1], ALL));
	/* And now this side too: nothing more can happen. */
	ASSERT_EQ(0, rill_shutdown(self->fd[0], SHUT_WR));
	EXPECT_EQ(POLLHUP | POLLIN | POLLRDHUP,
		  rill_poll(self->fd[0], ALL) & ~POLLOUT);
	EXPECT_EQ(POLLHUP | POLLIN | POLLRDHUP,
		  rill_poll(self->fd[1], ALL) & ~POLLOUT);
}

TEST_F(poll, own_reading_side_shut)
{
	ASSERT_EQ(0, rill_shutdown(self->fd[0], SHUT_RD));
	EXPECT_EQ(POLLIN | POLLRDHUP | POLLOUT, rill_poll(self->fd[0], ALL));
}

TEST_F(poll, peer_closed)
{
	ASSERT_EQ(1, rill_send(self->fd[1], "x", 1, 0));
	close(self->fd[1]);
	EXPECT_EQ(POLLIN | POLLOUT | POLLRDHUP | POLLHUP,
		  rill_poll(self->fd[0], ALL));
	EXPECT_EQ(1, rill_drain(self->fd[0]));
	EXPECT_EQ(POLLIN | POLLOUT | POLLRDHUP | POLLHUP,
		  rill_poll(self->fd[0], ALL));
	EXPECT_EQ(POLLHUP, rill_poll(self->fd[0], 0));
	self->fd[1] = -1;
}

TEST_F(poll, select)
{
	fd_set in, out, except;
	struct timeval now = { 0, 0 };

	FD_ZERO(&in);
	FD_ZERO(&except);
	FD_SET(self->fd[0], &in);
	FD_SET(self->fd[0], &except);
	out = in;
	EXPECT_EQ(1, select(self->fd[0] + 1, &in, &out, &except, &now));
	EXPECT_FALSE(FD_ISSET(self->fd[0], &in));
	EXPECT_TRUE(FD_ISSET(self->fd[0], &out));
	ASSERT_EQ(1, rill_send(self->fd[1], "x", 1, 0));
	FD_SET(self->fd[0], &in);
	EXPECT_EQ(2, select(self->fd[0] + 1, &in, &out, NULL, NULL));
}

TEST_F(poll, low_water_mark)
{
	ASSERT_EQ(0, rill_setsockopt_int(self->fd[0], SOL_SOCKET, SO_RCVLOWAT,
					 10));
	if (variant->type == SOCK_SEQPACKET)
		SKIP(return, "a record is readable whatever its size");
	ASSERT_EQ(4, rill_send(self->fd[1], "data", 4, 0));
	EXPECT_EQ(POLLOUT, rill_poll(self->fd[0], ALL));
	ASSERT_EQ(6, rill_send(self->fd[1], "target", 6, 0));
	EXPECT_EQ(POLLIN | POLLOUT, rill_poll(self->fd[0], ALL));
	EXPECT_EQ(10, rill_drain(self->fd[0]));
	ASSERT_EQ(1, rill_send(self->fd[1], "x", 1, 0));
	close(self->fd[1]);
	self->fd[1] = -1;
	EXPECT_EQ(POLLIN, rill_poll(self->fd[0], POLLIN) & POLLIN);
}

/* An epoll instance that watches @fd. */
static int epoll_on(int fd, unsigned int events)
{
	struct epoll_event ev = { .events = events };
	int ep = epoll_create1(0);

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev))
		return -errno;
	return ep;
}

/* What it reports now; 0 for nothing. */
static unsigned int epoll_now(int ep)
{
	struct epoll_event ev;
	int n = epoll_wait(ep, &ev, 1, 0);

	return n == 1 ? ev.events : 0;
}

TEST_F(poll, level_triggered)
{
	int ep = epoll_on(self->fd[0], EPOLLIN | EPOLLRDHUP);
	char buf[8];

	ASSERT_LE(0, ep);
	EXPECT_EQ(0, epoll_now(ep));
	ASSERT_EQ(2, rill_send(self->fd[1], "ab", 2, 0));
	EXPECT_EQ(EPOLLIN, epoll_now(ep));
	EXPECT_EQ(EPOLLIN, epoll_now(ep));
	ASSERT_EQ(2, rill_recv(self->fd[0], buf, 8, 0));
	EXPECT_EQ(0, epoll_now(ep));
	ASSERT_EQ(0, rill_shutdown(self->fd[1], SHUT_WR));
	EXPECT_EQ(EPOLLIN | EPOLLRDHUP, epoll_now(ep));
	close(self->fd[1]);
	self->fd[1] = -1;
	EXPECT_EQ(EPOLLIN | EPOLLRDHUP | EPOLLHUP, epoll_now(ep));
}

TEST_F(poll, edge_triggered)
{
	int ep = epoll_on(self->fd[0], EPOLLIN | EPOLLET);

	ASSERT_LE(0, ep);
	EXPECT_EQ(0, epoll_now(ep));
	ASSERT_EQ(2, rill_send(self->fd[1], "ab", 2, 0));
	EXPECT_EQ(EPOLLIN, epoll_now(ep));
	EXPECT_EQ(0, epoll_now(ep));
	/* More data is another edge, also with the old unread. */
	ASSERT_EQ(2, rill_send(self->fd[1], "cd", 2, 0));
	EXPECT_EQ(EPOLLIN, epoll_now(ep));
	EXPECT_EQ(0, epoll_now(ep));
	EXPECT_EQ(4, rill_drain(self->fd[0]));
	EXPECT_EQ(0, epoll_now(ep));
	ASSERT_EQ(0, rill_shutdown(self->fd[1], SHUT_WR));
	EXPECT_EQ(EPOLLIN, epoll_now(ep));
	EXPECT_EQ(0, epoll_now(ep));
}

TEST_F(poll, edge_of_room)
{
	int ep = epoll_on(self->fd[0], EPOLLOUT | EPOLLET);

	ASSERT_LE(0, ep);
	EXPECT_EQ(EPOLLOUT, epoll_now(ep));
	ASSERT_LT(0, rill_fill(self->fd[0], 4096));
	EXPECT_EQ(0, epoll_now(ep));
	ASSERT_LT(0, rill_drain(self->fd[1]));
	EXPECT_EQ(EPOLLOUT, epoll_now(ep));
	EXPECT_EQ(0, epoll_now(ep));
}

TEST_F(poll, oneshot)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT };
	int ep = epoll_on(self->fd[0], EPOLLIN | EPOLLONESHOT);

	ASSERT_LE(0, ep);
	ASSERT_EQ(2, rill_send(self->fd[1], "ab", 2, 0));
	EXPECT_EQ(EPOLLIN, epoll_now(ep));
	EXPECT_EQ(0, epoll_now(ep));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_MOD, self->fd[0], &ev));
	EXPECT_EQ(EPOLLIN, epoll_now(ep));
}

static int poll_fn(void *arg)
{
	struct pollfd *pfd = arg;
	int n = poll(pfd, 1, -1);

	return n == 1 ? pfd->revents : -errno;
}

TEST_F(poll, sleeper_is_woken)
{
	static const struct {
		short events;
		int want;
	} cases[] = {
		{ POLLIN, POLLIN },
		{ POLLRDHUP, POLLRDHUP },
		{ 0, POLLHUP },
	};
	struct rill_call call;
	struct pollfd pfd;
	int i;

	for (i = 0; i < 3; i++) {
		pfd = (struct pollfd){ self->fd[0], cases[i].events, 0 };
		ASSERT_EQ(0, rill_call_start(&call, poll_fn, &pfd));
		ASSERT_EQ(0, rill_call_blocked(&call, SYS_poll));
		if (i == 0)
			rill_send(self->fd[1], "x", 1, 0);
		if (i == 1)
			rill_shutdown(self->fd[1], SHUT_WR);
		if (i == 2)
			close(self->fd[1]);
		EXPECT_EQ(cases[i].want, rill_call_join(&call));
	}
	self->fd[1] = -1;
}

TEST_F(poll, sleeper_for_room_is_woken)
{
	struct pollfd pfd = { self->fd[0], POLLOUT, 0 };
	struct rill_call call;

	ASSERT_LT(0, rill_fill(self->fd[0], 4096));
	ASSERT_EQ(0, rill_call_start(&call, poll_fn, &pfd));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_poll));
	ASSERT_LT(0, rill_drain(self->fd[1]));
	EXPECT_EQ(POLLOUT, rill_call_join(&call));
}

TEST_F(poll, data_does_not_wake_a_writer)
{
	int ep = epoll_on(self->fd[0], EPOLLOUT | EPOLLET);

	ASSERT_LE(0, ep);
	EXPECT_EQ(EPOLLOUT, epoll_now(ep));
	ASSERT_EQ(1, rill_send(self->fd[1], "x", 1, 0));
	EXPECT_EQ(0, epoll_now(ep));
	/* Nor does reading a little of a buffer that was never full. */
	ASSERT_EQ(1, rill_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(1, rill_drain(self->fd[1]));
	EXPECT_EQ(0, epoll_now(ep));
}

TEST_F(poll, nested_and_closed)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int inner = epoll_on(self->fd[0], EPOLLIN), outer = epoll_create1(0);

	ASSERT_LE(0, inner);
	ASSERT_EQ(0, epoll_ctl(outer, EPOLL_CTL_ADD, inner, &ev));
	ASSERT_EQ(1, rill_send(self->fd[1], "x", 1, 0));
	EXPECT_EQ(EPOLLIN, epoll_now(outer));
	close(self->fd[0]);
	self->fd[0] = -1;
	EXPECT_EQ(0, epoll_now(outer));
}

TEST(poll_dgram)
{
	struct sockaddr_rill addr[2] = { rill_addr(0), rill_addr(0) };
	int fd[2], ep;

	RILL_IN_NETNS(return);
	fd[0] = rill_bound(SOCK_DGRAM, &addr[0]);
	fd[1] = rill_bound(SOCK_DGRAM, &addr[1]);
	EXPECT_EQ(POLLOUT, rill_poll(fd[0], ALL));
	ep = epoll_on(fd[0], EPOLLIN | EPOLLET);
	ASSERT_LE(0, ep);
	EXPECT_EQ(0, epoll_now(ep));
	ASSERT_EQ(1, rill_sendto(fd[1], "x", 1, 0, &addr[0]));
	EXPECT_EQ(POLLIN | POLLOUT, rill_poll(fd[0], ALL));
	EXPECT_EQ(EPOLLIN, epoll_now(ep));
	EXPECT_EQ(1, rill_drain(fd[0]));
	EXPECT_EQ(POLLOUT, rill_poll(fd[0], ALL));
}

TEST_HARNESS_MAIN
