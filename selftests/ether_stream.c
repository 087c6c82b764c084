// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections over Ethernet: bytes and records both ways, how each end ends,
 * flow control, and what poll() and its kin say meanwhile.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/sockios.h>

#include "ether_fixture.h"
#include "rill_flow.h"
#include "rill_io.h"

/* Bytes of the larger transfers, less on a kernel that checks itself. */
#define MUCH	(8 << 20)

/* A record that takes many frames of any MTU. */
#define LONG_RECORD	200000

static size_t much(void)
{
	return MUCH / rill_slow();
}

/* Nothing gets through from @side any more, or all does again. */
static int lose(struct rill_path *path, enum rill_side side, bool all)
{
	const struct rill_netem netem = { .loss = 1000 };

	return rill_path_netem(path, side, all ? &netem : NULL);
}

/* A flow from one end to the other. */
static struct rill_flow flow(const int fd[2], enum rill_side from, int type,
			     size_t bytes, size_t chunk)
{
	return (struct rill_flow) {
		.from = fd[from],
		.to = fd[!from],
		.bytes = bytes,
		.chunk = chunk,
		.records = type == SOCK_SEQPACKET,
	};
}

TEST_F(ether, each_way)
{
	struct rill_flow f;
	int i;

	for (i = RILL_CLIENT; i <= RILL_SERVER; i++) {
		f = flow(self->fd, i, variant->type, much(), 65536);
		EXPECT_EQ(0, rill_flow_run(&f));
	}
}

TEST_F(ether, both_ways_at_once)
{
	struct rill_flow f[2];
	int i;

	for (i = RILL_CLIENT; i <= RILL_SERVER; i++) {
		f[i] = flow(self->fd, i, variant->type, much(), 30000);
		f[i].finish = true;
	}
	EXPECT_EQ(0, rill_flow_both(&f[0], &f[1]));
}

TEST_F(ether, many_small_writes)
{
	struct rill_flow f = flow(self->fd, RILL_CLIENT, variant->type,
				  20000 / rill_slow(), 7);

	EXPECT_EQ(0, rill_flow_run(&f));
}

TEST_F(ether, ping_pong)
{
	int n = 500 / rill_slow(), i;

	for (i = 0; i < n; i++)
		ASSERT_EQ(0, rill_ping(self->fd[i & 1], self->fd[~i & 1]));
}

TEST_F(ether, one_big_write)
{
	size_t size = variant->type == SOCK_STREAM ? much() : LONG_RECORD;
	char *out = malloc(size), *in = malloc(size);
	struct rill_xfer x = {
		.fd = self->fd[0],
		.buf = out,
		.len = size,
	};
	struct rill_call call;
	size_t got = 0;
	ssize_t n;

	ASSERT_NE(NULL, out);
	ASSERT_NE(NULL, in);
	rill_pattern(out, size, 5);
	ASSERT_EQ(0, rill_call_start(&call, rill_send_fn, &x));
	while (got < size) {
		n = rill_recv(self->fd[1], in + got, size - got, MSG_WAITALL);
		ASSERT_LT(0, n);
		got += n;
	}
	EXPECT_EQ((int)size, rill_call_join(&call));
	EXPECT_EQ(0, memcmp(out, in, size));
}

TEST_F(ether, half_close)
{
	struct rill_flow f;
	int i;

	/* one direction ends, the other goes on and ends as well */
	for (i = RILL_CLIENT; i <= RILL_SERVER; i++) {
		f = flow(self->fd, i, variant->type, 100000, 4096);
		f.finish = true;
		EXPECT_EQ(0, rill_flow_run(&f));
		EXPECT_EQ(-EPIPE, rill_send(self->fd[i], "x", 1,
					    MSG_NOSIGNAL));
		EXPECT_NE(0, rill_poll_wait(self->fd[!i], POLLRDHUP) &
			  POLLRDHUP);
	}
}

/* What a wait for the peer's word tries. */
static bool send_fails(void *arg)
{
	return rill_send(*(int *)arg, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) ==
	       -EPIPE;
}

TEST_F(ether, peer_reads_no_more)
{
	struct rill_flow f = flow(self->fd, RILL_CLIENT, variant->type, 50000,
				  4096);

	ASSERT_EQ(0, shutdown(self->fd[RILL_CLIENT], SHUT_RD));
	EXPECT_EQ(0, rill_wait_until(send_fails, &self->fd[RILL_SERVER]));
	/* the other direction is not concerned */
	EXPECT_EQ(0, rill_flow_run(&f));
}

TEST_F(ether, written_before_close_arrives)
{
	char *buf = malloc(LONG_RECORD);
	size_t got = 0;
	ssize_t n;

	ASSERT_NE(NULL, buf);
	rill_pattern(buf, LONG_RECORD, 0);
	ASSERT_EQ(LONG_RECORD, rill_send(self->fd[0], buf, LONG_RECORD, 0));
	close(self->fd[0]);
	memset(buf, 0, LONG_RECORD);
	while ((n = rill_recv(self->fd[1], buf + got, LONG_RECORD - got, 0)) > 0)
		got += n;
	EXPECT_EQ(0, n);
	EXPECT_EQ(LONG_RECORD, (long)got);
	EXPECT_TRUE(rill_pattern_ok(buf, LONG_RECORD, 0));
	EXPECT_EQ(0, rill_wait_state(self->fd[1], "CLOSE_WAIT"));
	EXPECT_EQ(0, rill_so_error(self->fd[1]));
}

TEST_F(ether, write_after_the_peers_close)
{
	ASSERT_EQ(0, rill_sig_catch(SIGPIPE, 0));
	close(self->fd[0]);
	ASSERT_EQ(0, rill_wait_state(self->fd[1], "CLOSE_WAIT"));
	EXPECT_EQ(POLLIN | POLLOUT | POLLRDHUP | POLLHUP,
		  rill_poll(self->fd[1], POLLIN | POLLOUT | POLLRDHUP));
	EXPECT_EQ(-EPIPE, rill_send(self->fd[1], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(0, rill_sig_count(SIGPIPE));
	EXPECT_EQ(-EPIPE, rill_send(self->fd[1], "x", 1, 0));
	EXPECT_EQ(1, rill_sig_count(SIGPIPE));
}

TEST_F(ether, close_with_unread_data_resets)
{
	char c;

	ASSERT_EQ(1, rill_send(self->fd[1], "x", 1, 0));
	ASSERT_EQ(0, rill_wait_recvq(self->fd[0], 1));
	close(self->fd[0]);
	EXPECT_NE(0, rill_poll_wait(self->fd[1], POLLIN) & POLLERR);
	EXPECT_EQ(-ECONNRESET, rill_recv(self->fd[1], &c, 1, 0));
	EXPECT_EQ(0, rill_so_error(self->fd[1]));
	EXPECT_EQ(-EPIPE, rill_send(self->fd[1], "x", 1, MSG_NOSIGNAL));
}

TEST_F(ether, linger_0_resets)
{
	char c;

	ASSERT_EQ(0, rill_set_linger(self->fd[1], 1, 0));
	close(self->fd[1]);
	EXPECT_NE(0, rill_poll_wait(self->fd[0], POLLIN) & POLLERR);
	EXPECT_EQ(-ECONNRESET, rill_recv(self->fd[0], &c, 1, 0));
}

TEST_F(ether, unspec_resets)
{
	ASSERT_EQ(0, rill_connect_unspec(self->fd[0]));
	EXPECT_NE(0, rill_poll_wait(self->fd[1], POLLIN) & POLLERR);
	EXPECT_EQ(ECONNRESET, rill_so_error(self->fd[1]));
}

/* Data that comes for a socket that is closed: the sender is told. */
TEST_F(ether, data_after_close_resets)
{
	const struct rill_netem slow = { .delay_ms = 300 };

	ASSERT_EQ(0, rill_path_netem(&self->path, RILL_CLIENT, &slow));
	close(self->fd[0]);
	/* the word of the close is on its way still */
	ASSERT_EQ(1, rill_send(self->fd[1], "x", 1, MSG_NOSIGNAL));
	EXPECT_NE(0, rill_poll_wait(self->fd[1], POLLIN) & (POLLERR | POLLHUP));
	EXPECT_EQ(-EPIPE, rill_send(self->fd[1], "x", 1, MSG_NOSIGNAL));
}

TEST_F(ether, linger_waits_for_delivery)
{
	const struct rill_netem slow = { .delay_ms = 300 };
	long long start;

	ASSERT_EQ(0, rill_path_netem(&self->path, RILL_CLIENT, &slow));
	ASSERT_EQ(0, rill_set_linger(self->fd[0], 1, 60));
	ASSERT_EQ(1, rill_send(self->fd[0], "x", 1, 0));
	start = rill_now_ms();
	close(self->fd[0]);
	EXPECT_LE(start + 250, rill_now_ms() + RILL_EARLY_MS);
	EXPECT_EQ(0, rill_wait_recvq(self->fd[1], 1));
	EXPECT_EQ(0, rill_wait_state(self->fd[1], "CLOSE_WAIT"));
}

TEST_F(ether, both_close_at_once)
{
	const struct rill_netem slow = { .delay_ms = 100 };
	int i;

	for (i = RILL_CLIENT; i <= RILL_SERVER; i++)
		ASSERT_EQ(0, rill_path_netem(&self->path, i, &slow));
	close(self->fd[0]);
	close(self->fd[1]);
	EXPECT_EQ(0, rill_wait_socket_count(0));
	ASSERT_EQ(0, rill_path_enter(&self->path, RILL_SERVER));
	EXPECT_EQ(0, rill_wait_socket_count(0));
	ASSERT_EQ(0, rill_path_enter(&self->path, RILL_CLIENT));
}

/* The sender stops when the receiver does not read, and goes on when it does */
TEST_F(ether, full_and_empty)
{
	long sent, got;
	int round;

	for (round = 0; round < 3; round++) {
		sent = rill_fill(self->fd[0], 5000);
		ASSERT_LT(0, sent);
		EXPECT_EQ(0, rill_poll(self->fd[0], POLLOUT));
		for (got = 0; got < sent; got += rill_drain(self->fd[1]))
			ASSERT_LT(0, rill_poll_wait(self->fd[1], POLLIN));
		EXPECT_EQ(sent, got);
		EXPECT_EQ(POLLOUT, rill_poll_wait(self->fd[0], POLLOUT));
	}
}

/* The word that there is room again is lost: the sender asks. */
TEST_F(ether, room_is_told_again)
{
	long sent = rill_fill(self->fd[0], 5000), got = 0;

	ASSERT_LT(0, sent);
	/* all that fits is there before the link fails */
	while (rill_ioctl_int(self->fd[1], SIOCINQ) < 5000)
		ASSERT_LT(0, rill_poll_wait(self->fd[1], POLLIN));
	ASSERT_EQ(0, lose(&self->path, RILL_SERVER, true));
	got += rill_drain(self->fd[1]);
	ASSERT_EQ(0, lose(&self->path, RILL_SERVER, false));
	for (; got < sent; got += rill_drain(self->fd[1]))
		ASSERT_LT(0, rill_poll_wait(self->fd[1], POLLIN));
	EXPECT_EQ(sent, got);
	EXPECT_EQ(POLLOUT, rill_poll_wait(self->fd[0], POLLOUT));
}

TEST_F(ether, small_receive_buffer)
{
	struct rill_flow f = flow(self->fd, RILL_CLIENT, variant->type,
				  much() / 8, 3000);

	ASSERT_EQ(0, rill_setsockopt_int(self->fd[RILL_SERVER], SOL_SOCKET,
					 SO_RCVBUF, 4096));
	EXPECT_EQ(0, rill_flow_run(&f));
}

TEST_F(ether, small_send_buffer)
{
	struct rill_flow f = flow(self->fd, RILL_CLIENT, variant->type,
				  much() / 32, 1000);

	ASSERT_EQ(0, rill_setsockopt_int(self->fd[RILL_CLIENT], SOL_SOCKET,
					 SO_SNDBUF, 4096));
	EXPECT_EQ(0, rill_flow_run(&f));
}

static bool outq_is_empty(void *arg)
{
	return !rill_ioctl_int(*(int *)arg, SIOCOUTQ);
}

TEST_F(ether, outq_is_what_is_not_acknowledged)
{
	char buf[1000] = { 0 };

	EXPECT_EQ(0, rill_ioctl_int(self->fd[0], SIOCOUTQ));
	ASSERT_EQ(0, lose(&self->path, RILL_CLIENT, true));
	ASSERT_EQ(1000, rill_send(self->fd[0], buf, 1000, 0));
	EXPECT_EQ(1000, rill_ioctl_int(self->fd[0], SIOCOUTQ));
	ASSERT_EQ(0, lose(&self->path, RILL_CLIENT, false));
	/* delivered, though nobody reads it */
	EXPECT_EQ(0, rill_wait_until(outq_is_empty, &self->fd[0]));
	EXPECT_EQ(0, rill_wait_recvq(self->fd[1], 1000));
}

TEST_F(ether, peek_and_dontwait)
{
	char buf[16];

	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[1], buf, 1, MSG_DONTWAIT));
	ASSERT_EQ(5, rill_send(self->fd[0], "hello", 5, 0));
	ASSERT_EQ(0, rill_wait_recvq(self->fd[1], 5));
	EXPECT_EQ(5, rill_recv(self->fd[1], buf, sizeof(buf), MSG_PEEK));
	EXPECT_EQ(5, rill_recv(self->fd[1], buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp("hello", buf, 5));
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[1], buf, 1, MSG_DONTWAIT));
}

/* Add @fd to a new epoll, edge-triggered, for everything. */
static int edge_watch(int fd)
{
	struct epoll_event ev = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
	};
	int efd = epoll_create1(EPOLL_CLOEXEC);

	return epoll_ctl(efd, EPOLL_CTL_ADD, fd, &ev) ? -errno : efd;
}

static int edge_wait(int efd, int ms)
{
	struct epoll_event ev = { 0 };

	return epoll_wait(efd, &ev, 1, ms) == 1 ? (int)ev.events : 0;
}

TEST_F(ether, edges)
{
	int efd = edge_watch(self->fd[1]), events;
	char c;

	ASSERT_LE(0, efd);
	EXPECT_EQ(EPOLLOUT, edge_wait(efd, 0));
	EXPECT_EQ(0, edge_wait(efd, 0));
	ASSERT_EQ(1, rill_send(self->fd[0], "x", 1, 0));
	EXPECT_EQ(EPOLLIN | EPOLLOUT, edge_wait(efd, RILL_DEADLINE_MS));
	EXPECT_EQ(1, rill_recv(self->fd[1], &c, 1, 0));
	ASSERT_EQ(0, shutdown(self->fd[0], SHUT_WR));
	do
		events = edge_wait(efd, RILL_DEADLINE_MS);
	while (events && !(events & EPOLLRDHUP));
	EXPECT_EQ(EPOLLIN | EPOLLOUT | EPOLLRDHUP, events);
	EXPECT_EQ(0, rill_recv(self->fd[1], &c, 1, 0));
	close(self->fd[0]);
	do
		events = edge_wait(efd, RILL_DEADLINE_MS);
	while (events && !(events & EPOLLHUP));
	EXPECT_NE(0, events & EPOLLHUP);
}

/* Each way to sleep for the peer's action ends by it. */
TEST_F(ether, reader_is_woken)
{
	char buf[8];
	struct rill_xfer x = {
		.fd = self->fd[1],
		.buf = buf,
		.len = sizeof(buf),
	};
	struct rill_call call;

	ASSERT_EQ(0, rill_call_start(&call, rill_recv_fn, &x));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_recvfrom));
	ASSERT_EQ(3, rill_send(self->fd[0], "abc", 3, 0));
	EXPECT_EQ(3, rill_call_join(&call));
	ASSERT_EQ(0, rill_call_start(&call, rill_recv_fn, &x));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_recvfrom));
	close(self->fd[0]);
	EXPECT_EQ(0, rill_call_join(&call));
}

TEST_F(ether, reader_is_woken_by_reset)
{
	char buf[8];
	struct rill_xfer x = {
		.fd = self->fd[1],
		.buf = buf,
		.len = sizeof(buf),
	};
	struct rill_call call;

	ASSERT_EQ(0, rill_call_start(&call, rill_recv_fn, &x));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_recvfrom));
	ASSERT_EQ(0, rill_connect_unspec(self->fd[0]));
	EXPECT_EQ(-ECONNRESET, rill_call_join(&call));
}

TEST_F(ether, writer_is_woken)
{
	char buf[5000] = { 0 };
	struct rill_xfer x = {
		.fd = self->fd[0],
		.buf = buf,
		.len = sizeof(buf),
		.flags = MSG_NOSIGNAL,
	};
	struct rill_call call;

	ASSERT_LT(0, rill_fill(self->fd[0], 5000));
	ASSERT_EQ(0, rill_call_start(&call, rill_send_fn, &x));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_sendto));
	while (!rill_call_done(&call))
		ASSERT_LE(0, rill_drain(self->fd[1]));
	EXPECT_EQ(5000, rill_call_join(&call));
}

TEST_F(ether, writer_is_woken_by_reset)
{
	char buf[5000] = { 0 };
	struct rill_xfer x = {
		.fd = self->fd[0],
		.buf = buf,
		.len = sizeof(buf),
		.flags = MSG_NOSIGNAL,
	};
	struct rill_call call;
	int err;

	ASSERT_LT(0, rill_fill(self->fd[0], 5000));
	ASSERT_EQ(0, rill_call_start(&call, rill_send_fn, &x));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_sendto));
	ASSERT_EQ(0, rill_connect_unspec(self->fd[1]));
	err = rill_call_join(&call);
	EXPECT_TRUE(err == -ECONNRESET || err == -EPIPE);
}

/* A file with @size bytes of the pattern. */
static int pattern_file(size_t size)
{
	int fd = memfd_create("rill", MFD_CLOEXEC);
	char buf[4096];
	size_t off;

	for (off = 0; fd >= 0 && off < size; off += sizeof(buf)) {
		rill_pattern(buf, sizeof(buf), off);
		if (write(fd, buf, sizeof(buf)) != sizeof(buf))
			return -EIO;
	}
	return fd;
}

/* What a thread sends of a file. */
struct filing {
	int to;
	int file;
	size_t size;
};

static int sendfile_fn(void *arg)
{
	struct filing *f = arg;
	size_t sent = 0;
	ssize_t n = 1;

	while (sent < f->size && n > 0) {
		n = sendfile(f->to, f->file, NULL, f->size - sent);
		if (n < 0)
			return errno;
		sent += n;
	}
	return sent == f->size ? 0 : EPIPE;
}

TEST_F(ether, sendfile_out)
{
	const size_t size = 1 << 20;
	struct filing f = { .to = self->fd[0], .size = size };
	char *buf = malloc(size);
	struct rill_call call;
	size_t got = 0;
	ssize_t n;

	f.file = pattern_file(size);
	ASSERT_LE(0, f.file);
	ASSERT_EQ(0, lseek(f.file, 0, SEEK_SET));
	ASSERT_EQ(0, rill_call_start(&call, sendfile_fn, &f));
	while (got < size) {
		n = rill_recv(self->fd[1], buf + got, size - got, 0);
		ASSERT_LT(0, n);
		got += n;
	}
	EXPECT_EQ(0, rill_call_join(&call));
	EXPECT_TRUE(rill_pattern_ok(buf, size, 0));
}

TEST_F(ether, splice_in)
{
	int pipefd[2], i;
	char buf[4096];
	size_t got = 0;
	ssize_t n, len;

	ASSERT_EQ(0, pipe(pipefd));
	for (i = 0; i < 8; i++) {
		rill_pattern(buf, sizeof(buf), i * sizeof(buf));
		ASSERT_EQ((ssize_t)sizeof(buf),
			  rill_send(self->fd[0], buf, sizeof(buf), 0));
	}
	ASSERT_EQ(0, shutdown(self->fd[0], SHUT_WR));
	for (;;) {
		n = splice(self->fd[1], NULL, pipefd[1], NULL, 4096, 0);
		ASSERT_LE(0, n);
		if (!n)
			break;
		for (; n > 0; n -= len, got += len) {
			len = read(pipefd[0], buf, sizeof(buf));
			ASSERT_LT(0, len);
			EXPECT_TRUE(rill_pattern_ok(buf, len, got));
		}
	}
	EXPECT_EQ(8 * sizeof(buf), got);
}

TEST_F(ether, user_timeout)
{
	char c;
	int i;

	ASSERT_EQ(0, rill_sysctl_set("user_timeout_ms", "1500"));
	for (i = RILL_CLIENT; i <= RILL_SERVER; i++)
		ASSERT_EQ(0, lose(&self->path, i, true));
	/* nothing is outstanding: nothing happens */
	EXPECT_EQ(0, rill_poll(self->fd[0], POLLIN));
	ASSERT_EQ(1, rill_send(self->fd[0], "x", 1, 0));
	EXPECT_NE(0, rill_poll_wait(self->fd[0], POLLIN) & POLLERR);
	EXPECT_EQ(-ETIMEDOUT, rill_recv(self->fd[0], &c, 1, 0));
	EXPECT_EQ(0, rill_so_error(self->fd[0]));
	EXPECT_EQ(0, rill_wait_state(self->fd[0], "CLOSE_WAIT"));
}

/* It may be told when the silence has begun already. */
TEST_F(ether, user_timeout_by_option)
{
	int fd = self->fd[0], i;
	char c;

	for (i = RILL_CLIENT; i <= RILL_SERVER; i++)
		ASSERT_EQ(0, lose(&self->path, i, true));
	ASSERT_EQ(1, rill_send(fd, "x", 1, 0));
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_USER_TIMEOUT,
					 1000));
	EXPECT_NE(0, rill_poll_wait(fd, POLLIN) & POLLERR);
	EXPECT_EQ(-ETIMEDOUT, rill_recv(fd, &c, 1, 0));
}

TEST_F(ether, keepalive)
{
	int fd = self->fd[0], i;
	char c;

	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_KEEPIDLE, 1));
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_KEEPINTVL, 1));
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_KEEPCNT, 2));
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	for (i = RILL_CLIENT; i <= RILL_SERVER; i++)
		ASSERT_EQ(0, lose(&self->path, i, true));
	EXPECT_NE(0, rill_poll_wait(fd, POLLIN) & POLLERR);
	EXPECT_EQ(-ETIMEDOUT, rill_recv(fd, &c, 1, 0));
}

TEST_F(ether, keepalive_of_the_living)
{
	int fd = self->fd[0];

	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_KEEPIDLE, 1));
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_KEEPINTVL, 1));
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_KEEPCNT, 1));
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	/* time is what is under test: longer than the three of it together */
	EXPECT_EQ(0, poll(NULL, 0, 3500));
	EXPECT_EQ(POLLOUT, rill_poll(fd, POLLIN | POLLOUT | POLLRDHUP));
	EXPECT_EQ(0, rill_ping(fd, self->fd[1]));
}

/* Many connections at once do not get in each other's way. */
TEST_F(ether, many_connections)
{
	struct rill_flow f[8];
	int fd[8][2], i;

	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, rill_path_pair(&self->path, fd[i]));
		f[i] = flow(fd[i], i & 1, variant->type, much() / 8, 20000);
		f[i].finish = true;
	}
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, rill_flow_start(&f[i]));
	for (i = 0; i < 8; i++)
		EXPECT_EQ(0, rill_flow_join(&f[i]));
}

/* What only SOCK_STREAM or only SOCK_SEQPACKET has. */
FIXTURE(stream) {
	struct rill_path path;
	int fd[2];
};

FIXTURE_SETUP(stream)
{
	int ret = rill_path_open(&self->path, &rill_path_ether, SOCK_STREAM);

	if (ret == -EPERM)
		SKIP(return, "needs root");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no veth");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, rill_path_pair(&self->path, self->fd));
}

FIXTURE_TEARDOWN(stream)
{
	rill_path_close(&self->path);
}

TEST_F(stream, waitall_over_several_frames)
{
	char buf[10];
	struct rill_xfer x = {
		.fd = self->fd[1],
		.buf = buf,
		.len = sizeof(buf),
		.flags = MSG_WAITALL,
	};
	struct rill_call call;

	ASSERT_EQ(0, rill_call_start(&call, rill_recv_fn, &x));
	ASSERT_EQ(4, rill_send(self->fd[0], "abcd", 4, 0));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_recvfrom));
	ASSERT_EQ(6, rill_send(self->fd[0], "efghij", 6, 0));
	EXPECT_EQ(10, rill_call_join(&call));
	EXPECT_EQ(0, memcmp("abcdefghij", buf, 10));
}

TEST_F(stream, no_boundaries)
{
	char buf[16];
	int i;

	for (i = 0; i < 10; i++)
		ASSERT_EQ(1, rill_send(self->fd[0], &"0123456789"[i], 1, 0));
	ASSERT_EQ(10, rill_recv(self->fd[1], buf, 10, MSG_WAITALL));
	EXPECT_EQ(0, memcmp("0123456789", buf, 10));
}

TEST_F(stream, lowat)
{
	ASSERT_EQ(0, rill_setsockopt_int(self->fd[1], SOL_SOCKET, SO_RCVLOWAT,
					 100));
	ASSERT_EQ(4, rill_send(self->fd[0], "abcd", 4, 0));
	ASSERT_EQ(0, rill_wait_recvq(self->fd[1], 4));
	EXPECT_EQ(0, rill_poll(self->fd[1], POLLIN));
	ASSERT_EQ(0, shutdown(self->fd[0], SHUT_WR));
	EXPECT_NE(0, rill_poll_wait(self->fd[1], POLLIN) & POLLIN);
}

FIXTURE(records) {
	struct rill_path path;
	int fd[2];
};

FIXTURE_SETUP(records)
{
	int ret = rill_path_open(&self->path, &rill_path_ether, SOCK_SEQPACKET);

	if (ret == -EPERM)
		SKIP(return, "needs root");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no veth");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, rill_path_pair(&self->path, self->fd));
}

FIXTURE_TEARDOWN(records)
{
	rill_path_close(&self->path);
}

/* recvmsg() into @buf; *flags: in for the call, out msg_flags. */
static ssize_t receive(int fd, void *buf, size_t len, int *flags)
{
	struct iovec iov = { buf, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t ret = rill_recvmsg(fd, &msg, *flags);

	*flags = msg.msg_flags;
	return ret;
}

TEST_F(records, of_each_length)
{
	/* around what fits a frame and a unit, and beyond */
	static const size_t lens[] = {
		0, 1, 0, 0, 63, 1465, 1467, 1468, 1469, 1470, 2936, 2937,
		65000, 65535, 65536, 65537, LONG_RECORD, 0, 3,
	};
	char *out = malloc(LONG_RECORD), *in = malloc(LONG_RECORD + 1);
	int flags;
	size_t i;

	ASSERT_NE(NULL, out);
	ASSERT_NE(NULL, in);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		struct rill_xfer x = {
			.fd = self->fd[0],
			.buf = out,
			.len = lens[i],
		};
		struct rill_call call;

		rill_pattern(out, lens[i], i);
		ASSERT_EQ(0, rill_call_start(&call, rill_send_fn, &x));
		flags = 0;
		EXPECT_EQ((ssize_t)lens[i],
			  receive(self->fd[1], in, LONG_RECORD + 1, &flags));
		EXPECT_EQ(MSG_EOR, flags & (MSG_EOR | MSG_TRUNC));
		EXPECT_TRUE(rill_pattern_ok(in, lens[i], i));
		EXPECT_EQ((int)lens[i], rill_call_join(&call));
	}
}

TEST_F(records, empty_ones_count)
{
	char buf[8];
	int i, flags;

	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, rill_send(self->fd[0], "", 0, 0));
	ASSERT_EQ(1, rill_send(self->fd[0], "x", 1, 0));
	for (i = 0; i < 20; i++) {
		flags = 0;
		ASSERT_NE(0, rill_poll_wait(self->fd[1], POLLIN) & POLLIN);
		EXPECT_EQ(0, receive(self->fd[1], buf, sizeof(buf), &flags));
		EXPECT_EQ(MSG_EOR, flags & MSG_EOR);
	}
	EXPECT_EQ(1, rill_recv(self->fd[1], buf, sizeof(buf), 0));
	/* the end is none: no MSG_EOR */
	close(self->fd[0]);
	flags = 0;
	EXPECT_EQ(0, receive(self->fd[1], buf, sizeof(buf), &flags));
	EXPECT_EQ(0, flags & MSG_EOR);
}

TEST_F(records, short_buffer)
{
	char *out = malloc(LONG_RECORD), buf[64];
	int flags = 0;

	ASSERT_NE(NULL, out);
	rill_pattern(out, LONG_RECORD, 0);
	ASSERT_EQ(LONG_RECORD, rill_send(self->fd[0], out, LONG_RECORD, 0));
	EXPECT_EQ(64, receive(self->fd[1], buf, 64, &flags));
	EXPECT_TRUE(rill_pattern_ok(buf, 64, 0));
	EXPECT_EQ(MSG_TRUNC, flags & MSG_TRUNC);
	ASSERT_EQ(4, rill_send(self->fd[0], "next", 4, 0));
	flags = 0;
	EXPECT_EQ(4, receive(self->fd[1], buf, 64, &flags));
	EXPECT_EQ(0, memcmp("next", buf, 4));
	ASSERT_EQ(10, rill_send(self->fd[0], out, 10, 0));
	flags = MSG_TRUNC;
	EXPECT_EQ(10, receive(self->fd[1], buf, 4, &flags));
}

TEST_F(records, peek_tells_the_length)
{
	char *out = malloc(LONG_RECORD), *in = malloc(LONG_RECORD);
	int flags = MSG_PEEK | MSG_TRUNC;

	ASSERT_NE(NULL, out);
	ASSERT_NE(NULL, in);
	rill_pattern(out, LONG_RECORD, 0);
	ASSERT_EQ(LONG_RECORD, rill_send(self->fd[0], out, LONG_RECORD, 0));
	EXPECT_EQ(LONG_RECORD, receive(self->fd[1], in, 4, &flags));
	flags = MSG_PEEK;
	EXPECT_EQ(LONG_RECORD, receive(self->fd[1], in, LONG_RECORD, &flags));
	EXPECT_TRUE(rill_pattern_ok(in, LONG_RECORD, 0));
	flags = 0;
	EXPECT_EQ(LONG_RECORD, receive(self->fd[1], in, LONG_RECORD, &flags));
	EXPECT_TRUE(rill_pattern_ok(in, LONG_RECORD, 0));
	EXPECT_EQ(MSG_EOR, flags & (MSG_EOR | MSG_TRUNC));
}

/* No part of a record is to be had before its end came. */
TEST_F(records, whole_or_not_at_all)
{
	const struct rill_netem slow = { .delay_ms = 50, .loss = 200 };
	char *out = malloc(LONG_RECORD), *in = malloc(LONG_RECORD);
	int round, flags;

	ASSERT_NE(NULL, out);
	ASSERT_NE(NULL, in);
	ASSERT_EQ(0, rill_path_netem(&self->path, RILL_CLIENT, &slow));
	for (round = 0; round < 2; round++) {
		rill_pattern(out, LONG_RECORD, round);
		ASSERT_EQ(LONG_RECORD, rill_send(self->fd[0], out, LONG_RECORD,
						 0));
		ASSERT_NE(0, rill_poll_wait(self->fd[1], POLLIN) & POLLIN);
		flags = MSG_DONTWAIT;
		EXPECT_EQ(LONG_RECORD, receive(self->fd[1], in, LONG_RECORD,
					       &flags));
		EXPECT_TRUE(rill_pattern_ok(in, LONG_RECORD, round));
	}
}

/* A record of which the end never came is not read, and the end is told. */
TEST_F(records, part_of_one_is_none)
{
	char *out = malloc(LONG_RECORD), c;
	ssize_t ret;

	ASSERT_NE(NULL, out);
	memset(out, 1, LONG_RECORD);
	ASSERT_EQ(0, rill_setsockopt_int(self->fd[1], SOL_SOCKET, SO_RCVBUF,
					 16384));
	ASSERT_EQ(0, rill_path_mtu(&self->path, RILL_CLIENT, 576));
	ASSERT_EQ(LONG_RECORD, rill_send(self->fd[0], out, LONG_RECORD, 0));
	ASSERT_EQ(0, rill_connect_unspec(self->fd[0]));
	EXPECT_LT(0, rill_poll_wait(self->fd[1], POLLIN));
	ret = rill_recv(self->fd[1], &c, 1, 0);
	/* it may have come whole before the reset */
	EXPECT_TRUE(ret == -ECONNRESET || ret == 1);
}

/* Longer than the receiver's buffer: it is taken nevertheless. */
TEST_F(records, longer_than_the_buffer)
{
	struct rill_flow f = flow(self->fd, RILL_CLIENT, SOCK_SEQPACKET,
				  4 * LONG_RECORD, LONG_RECORD);

	ASSERT_EQ(0, rill_setsockopt_int(self->fd[1], SOL_SOCKET, SO_RCVBUF,
					 4096));
	EXPECT_EQ(0, rill_flow_run(&f));
}

TEST_F(records, above_the_send_buffer)
{
	char *out = calloc(1, 1 << 20);

	ASSERT_NE(NULL, out);
	ASSERT_EQ(0, rill_setsockopt_int(self->fd[0], SOL_SOCKET, SO_SNDBUF,
					 20000));
	EXPECT_EQ(-EMSGSIZE, rill_send(self->fd[0], out, 1 << 20, 0));
	EXPECT_EQ(0, rill_ping(self->fd[0], self->fd[1]));
}

TEST_HARNESS_MAIN
