// SPDX-License-Identifier: GPL-2.0-only
/*
 * accept() that waits: its timeout, signals, shutdown, and who is woken.
 */
#include "kselftest_harness.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include "rill_io.h"

#define WAITERS	4

FIXTURE(accept_wait) {
	struct sockaddr_rill addr;
	int fd;
};

FIXTURE_VARIANT(accept_wait) {
	int type;
};

FIXTURE_VARIANT_ADD(accept_wait, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(accept_wait, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_SETUP(accept_wait)
{
	RILL_IN_NETNS(return);
	self->addr = rill_addr(0);
	self->fd = rill_listener(variant->type, 8, &self->addr);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(accept_wait)
{
	close(self->fd);
}

TEST_F(accept_wait, ends_by_a_connection)
{
	struct rill_call call;

	ASSERT_EQ(0, rill_call_start(&call, rill_accept_fn, &self->fd));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_accept));
	ASSERT_LE(0, rill_client(variant->type, &self->addr));
	EXPECT_LE(0, rill_call_join(&call));
}

TEST_F(accept_wait, timeout)
{
	long long start = rill_now_ms();

	ASSERT_EQ(0, rill_set_timeo(self->fd, SO_RCVTIMEO, RILL_SHORT_MS));
	EXPECT_EQ(-EAGAIN, rill_accept_one(self->fd));
	EXPECT_LE(RILL_LEAST_MS, rill_now_ms() - start);
	ASSERT_LE(0, rill_client(variant->type, &self->addr));
	EXPECT_LE(0, rill_accept_one(self->fd));
}

TEST_F(accept_wait, shutdown_wakes)
{
	static const int how[] = { SHUT_RD, SHUT_RDWR };
	struct rill_call call;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(how); i++) {
		struct sockaddr_rill addr = rill_addr(0);
		int fd = rill_listener(variant->type, 1, &addr);

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, rill_call_start(&call, rill_accept_fn, &fd));
		ASSERT_EQ(0, rill_call_blocked(&call, SYS_accept));
		EXPECT_EQ(0, rill_shutdown(fd, how[i]));
		EXPECT_EQ(-EINVAL, rill_call_join(&call));
		EXPECT_EQ(-EINVAL, rill_accept_one(fd));
		EXPECT_EQ(-ECONNREFUSED, rill_client(variant->type, &addr));
		close(fd);
	}
}

TEST_F(accept_wait, shutdown_refuses_the_pending)
{
	struct sockaddr_rill addr = rill_addr(0);
	int fd = rill_listener(variant->type, 0, &addr);
	int client;

	ASSERT_LE(0, fd);
	ASSERT_LE(0, rill_client(variant->type | SOCK_NONBLOCK, &addr));
	client = rill_client(variant->type | SOCK_NONBLOCK, &addr);
	ASSERT_LE(0, client);
	ASSERT_EQ(0, rill_wait_pending(fd, 1));
	EXPECT_EQ(0, rill_shutdown(fd, SHUT_RDWR));
	EXPECT_EQ(ECONNREFUSED, rill_so_error(client));
}

TEST_F(accept_wait, signal_without_restart)
{
	struct rill_call call;

	ASSERT_EQ(0, rill_sig_catch(SIGUSR1, 0));
	ASSERT_EQ(0, rill_call_start(&call, rill_accept_fn, &self->fd));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_accept));
	ASSERT_EQ(0, rill_tgkill(call.tid, SIGUSR1));
	EXPECT_EQ(-EINTR, rill_call_join(&call));
}

TEST_F(accept_wait, signal_with_restart)
{
	struct rill_call call;

	ASSERT_EQ(0, rill_sig_catch(SIGUSR1, SA_RESTART));
	ASSERT_EQ(0, rill_call_start(&call, rill_accept_fn, &self->fd));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_accept));
	ASSERT_EQ(0, rill_tgkill(call.tid, SIGUSR1));
	ASSERT_EQ(0, rill_wait_sig(SIGUSR1, 1));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_accept));
	ASSERT_LE(0, rill_client(variant->type, &self->addr));
	EXPECT_LE(0, rill_call_join(&call));
}

/* How many of the threads have returned, once all others sleep again. */
static int settled(struct rill_call *call, long nr)
{
	int i, err, done = 0;

	for (i = 0; i < WAITERS; i++) {
		err = rill_call_blocked(&call[i], nr);
		if (err && err != -ESRCH)
			return err;
		done += err == -ESRCH;
	}
	return done;
}

TEST_F(accept_wait, one_connection_wakes_one_thread)
{
	struct rill_call call[WAITERS];
	int i;

	for (i = 0; i < WAITERS; i++) {
		ASSERT_EQ(0, rill_call_start(&call[i], rill_accept_fn,
					     &self->fd));
		ASSERT_EQ(0, rill_call_blocked(&call[i], SYS_accept));
	}
	for (i = 1; i <= WAITERS; i++) {
		ASSERT_LE(0, rill_client(variant->type, &self->addr));
		EXPECT_EQ(i, settled(call, SYS_accept));
	}
	for (i = 0; i < WAITERS; i++)
		EXPECT_LE(0, rill_call_join(&call[i]));
}

/* Waits on an epoll instance of its own. */
static int epoll_fn(void *arg)
{
	int *fds = arg;
	struct epoll_event ev = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	struct epoll_event stop = { .events = EPOLLIN, .data.fd = fds[1] };
	int ep = epoll_create1(0);

	ev.data.fd = fds[0];
	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &ev) ||
	    epoll_ctl(ep, EPOLL_CTL_ADD, fds[1], &stop))
		return -errno;
	if (epoll_wait(ep, &ev, 1, -1) != 1)
		return -errno;
	close(ep);
	return ev.data.fd;
}

TEST_F(accept_wait, exclusive_epoll_wakes_one)
{
	struct rill_call call[WAITERS];
	int fds[2] = { self->fd, eventfd(0, 0) };
	int i, woken = 0;

	for (i = 0; i < WAITERS; i++) {
		ASSERT_EQ(0, rill_call_start(&call[i], epoll_fn, fds));
		ASSERT_EQ(0, rill_call_blocked(&call[i], SYS_epoll_wait));
	}
	ASSERT_LE(0, rill_client(variant->type, &self->addr));
	EXPECT_EQ(1, settled(call, SYS_epoll_wait));
	ASSERT_EQ(0, eventfd_write(fds[1], 1));
	for (i = 0; i < WAITERS; i++)
		woken += rill_call_join(&call[i]) == self->fd;
	EXPECT_LE(1, woken);
}

TEST_F(accept_wait, plain_epoll_wakes_all)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct rill_call call[WAITERS];
	struct epoll_event got;
	int ep[2], i;

	for (i = 0; i < 2; i++) {
		ep[i] = epoll_create1(0);
		ASSERT_EQ(0, epoll_ctl(ep[i], EPOLL_CTL_ADD, self->fd, &ev));
		EXPECT_EQ(0, epoll_wait(ep[i], &got, 1, 0));
	}
	ASSERT_EQ(0, rill_call_start(&call[0], rill_accept_fn, &self->fd));
	ASSERT_EQ(0, rill_call_blocked(&call[0], SYS_accept));
	ASSERT_LE(0, rill_client(variant->type, &self->addr));
	ASSERT_LE(0, rill_call_join(&call[0]));
	/* Accepted: no longer ready. Another one: ready for both. */
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, epoll_wait(ep[i], &got, 1, 0));
	ASSERT_LE(0, rill_client(variant->type, &self->addr));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(1, epoll_wait(ep[i], &got, 1, 0));
}

static int close_fn(void *arg)
{
	return close(*(int *)arg) ? errno : 0;
}

TEST_F(accept_wait, close_by_another_thread)
{
	struct rill_call call, closer;
	int copy = dup(self->fd);

	ASSERT_EQ(0, rill_call_start(&call, rill_accept_fn, &copy));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_accept));
	ASSERT_EQ(0, rill_call_start(&closer, close_fn, &copy));
	EXPECT_EQ(0, rill_call_join(&closer));
	/* The call holds the file: it goes on, as everywhere on Linux. */
	EXPECT_EQ(0, rill_call_blocked(&call, SYS_accept));
	ASSERT_LE(0, rill_client(variant->type, &self->addr));
	EXPECT_LE(0, rill_call_join(&call));
}

TEST_HARNESS_MAIN
