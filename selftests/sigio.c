// SPDX-License-Identifier: GPL-2.0-only
/*
 * O_ASYNC, F_SETOWN, F_SETSIG: signals instead of poll().
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include "rill_io.h"

#ifndef FIOASYNC
#define FIOASYNC	0x5452
#endif

#ifndef FIOSETOWN
#define FIOSETOWN	0x8901
#endif

FIXTURE(sigio) {
	int fd[2];
	int sig;
};

FIXTURE_VARIANT(sigio) {
	int type;
};

FIXTURE_VARIANT_ADD(sigio, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(sigio, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_VARIANT_ADD(sigio, dgram) {
	.type = SOCK_DGRAM,
};

/* The signals are blocked and taken by sigtimedwait(). */
FIXTURE_SETUP(sigio)
{
	sigset_t set;

	RILL_IN_NETNS(return);
	self->sig = SIGRTMIN;
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigaddset(&set, self->sig);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	ASSERT_EQ(0, rill_pair_any(variant->type, self->fd));
}

FIXTURE_TEARDOWN(sigio)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

/* Asks for @sig on @fd (0: plain SIGIO). */
static int async_on(int fd, int sig)
{
	if (fcntl(fd, F_SETOWN, getpid()) || fcntl(fd, F_SETSIG, sig))
		return -errno;
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
}

/* The next signal's bands that are already there or come; -errno if none. */
static int take(int sig, int fd, int seconds)
{
	struct timespec ts = { .tv_sec = seconds };
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	if (sigtimedwait(&set, &info, &ts) != sig)
		return -errno;
	if (sig != SIGIO && info.si_fd != fd)
		return -EBADF;
	return info.si_band;
}

/* Waits for a signal; the union of the bands of all there are, 0 if none. */
static int take_all(int sig, int fd)
{
	int band = take(sig, fd, RILL_DEADLINE_MS / 1000), next;

	if (band < 0)
		return 0;
	while ((next = take(sig, fd, 0)) >= 0)
		band |= next;
	return band;
}

TEST_F(sigio, arrival)
{
	ASSERT_EQ(0, async_on(self->fd[0], self->sig));
	EXPECT_EQ(-EAGAIN, take(self->sig, self->fd[0], 0));
	ASSERT_EQ(1, rill_send(self->fd[1], "x", 1, 0));
	EXPECT_EQ(POLLIN, take_all(self->sig, self->fd[0]) & POLLIN);
	ASSERT_EQ(1, rill_send(self->fd[1], "x", 1, 0));
	EXPECT_EQ(POLLIN, take_all(self->sig, self->fd[0]) & POLLIN);
}

TEST_F(sigio, plain_signal)
{
	ASSERT_EQ(0, async_on(self->fd[0], 0));
	ASSERT_EQ(1, rill_send(self->fd[1], "x", 1, 0));
	EXPECT_LE(0, take(SIGIO, self->fd[0], RILL_DEADLINE_MS / 1000));
	EXPECT_EQ(getpid(), fcntl(self->fd[0], F_GETOWN));
}

TEST_F(sigio, by_ioctl)
{
	int on = 1, off = 0, pid = getpid();

	ASSERT_EQ(0, ioctl(self->fd[0], FIOSETOWN, &pid));
	ASSERT_EQ(0, ioctl(self->fd[0], FIOASYNC, &on));
	ASSERT_EQ(1, rill_send(self->fd[1], "x", 1, 0));
	EXPECT_LE(0, take(SIGIO, self->fd[0], RILL_DEADLINE_MS / 1000));
	ASSERT_EQ(0, ioctl(self->fd[0], FIOASYNC, &off));
	ASSERT_EQ(1, rill_send(self->fd[1], "x", 1, 0));
	EXPECT_EQ(-EAGAIN, take(SIGIO, self->fd[0], 0));
}

TEST_F(sigio, off_again)
{
	ASSERT_EQ(0, async_on(self->fd[0], self->sig));
	ASSERT_EQ(0, fcntl(self->fd[0], F_SETFL, 0));
	ASSERT_EQ(1, rill_send(self->fd[1], "x", 1, 0));
	EXPECT_EQ(-EAGAIN, take(self->sig, self->fd[0], 0));
}

TEST_F(sigio, room)
{
	if (variant->type == SOCK_DGRAM)
		SKIP(return, "datagrams never wait for the peer");
	ASSERT_EQ(0, async_on(self->fd[0], self->sig));
	ASSERT_LT(0, rill_fill(self->fd[0], 4096));
	EXPECT_EQ(-EAGAIN, take(self->sig, self->fd[0], 0));
	ASSERT_LT(0, rill_drain(self->fd[1]));
	EXPECT_EQ(POLLOUT, take_all(self->sig, self->fd[0]) & POLLOUT);
}

TEST_F(sigio, hangup)
{
	int band;

	if (variant->type == SOCK_DGRAM)
		SKIP(return, "datagram peers close unnoticed");
	ASSERT_EQ(0, async_on(self->fd[0], self->sig));
	close(self->fd[1]);
	self->fd[1] = -1;
	band = take_all(self->sig, self->fd[0]);
	EXPECT_LT(0, band);
	EXPECT_NE(0, band & (POLLIN | POLLHUP));
}

TEST_F(sigio, a_connection_to_accept)
{
	struct sockaddr_rill addr = rill_addr(0);
	int listener;

	if (variant->type == SOCK_DGRAM)
		SKIP(return, "datagram sockets do not listen");
	listener = rill_listener(variant->type, 1, &addr);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, async_on(listener, self->sig));
	ASSERT_LE(0, rill_client(variant->type, &addr));
	EXPECT_EQ(POLLIN, take_all(self->sig, listener) & POLLIN);
}

TEST_F(sigio, a_request_admitted)
{
	struct sockaddr_rill addr = rill_addr(0);
	int listener, client;

	if (variant->type == SOCK_DGRAM)
		SKIP(return, "nothing is ever pending");
	listener = rill_listener(variant->type, 0, &addr);
	ASSERT_LE(0, rill_client(variant->type, &addr));
	client = rill_client(variant->type | SOCK_NONBLOCK, &addr);
	ASSERT_LE(0, client);
	ASSERT_EQ(0, async_on(client, self->sig));
	EXPECT_EQ(-EAGAIN, take(self->sig, client, 0));
	ASSERT_LE(0, rill_accept_one(listener));
	EXPECT_EQ(POLLOUT, take_all(self->sig, client) & POLLOUT);
}

TEST_F(sigio, a_request_refused)
{
	struct sockaddr_rill addr = rill_addr(0);
	int listener, client;

	if (variant->type == SOCK_DGRAM)
		SKIP(return, "nothing is ever pending");
	listener = rill_listener(variant->type, 0, &addr);
	ASSERT_LE(0, rill_client(variant->type, &addr));
	client = rill_client(variant->type | SOCK_NONBLOCK, &addr);
	ASSERT_EQ(0, async_on(client, self->sig));
	close(listener);
	EXPECT_LT(0, take_all(self->sig, client));
	EXPECT_EQ(ECONNREFUSED, rill_so_error(client));
}

TEST_F(sigio, closed_with_the_owner_set)
{
	int i;

	for (i = 0; i < 10; i++) {
		int fd[2];

		ASSERT_EQ(0, rill_pair_any(variant->type, fd));
		ASSERT_EQ(0, async_on(fd[0], self->sig));
		close(fd[0]);
		rill_send(fd[1], "x", 1, MSG_NOSIGNAL);
		close(fd[1]);
	}
	/* Of sockets that are closed nothing comes. */
	EXPECT_EQ(-EAGAIN, take(self->sig, -1, 0));
}

TEST_HARNESS_MAIN
