// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a connection ends: shutdown() each way, close(), SO_LINGER, reset.
 */
#include "kselftest_harness.h"
#include <linux/sockios.h>
#include <poll.h>
#include <sys/syscall.h>
#include "rill_io.h"

FIXTURE(shutdown) {
	int fd[2];
};

FIXTURE_VARIANT(shutdown) {
	int type;
	bool pair;
};

FIXTURE_VARIANT_ADD(shutdown, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(shutdown, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_VARIANT_ADD(shutdown, stream_socketpair) {
	.type = SOCK_STREAM,
	.pair = true,
};

FIXTURE_VARIANT_ADD(shutdown, seqpacket_socketpair) {
	.type = SOCK_SEQPACKET,
	.pair = true,
};

FIXTURE_SETUP(shutdown)
{
	int ret;

	RILL_IN_NETNS(return);
	if (variant->pair)
		ret = socketpair(AF_RILL, variant->type, 0, self->fd);
	else
		ret = rill_pair(variant->type, self->fd);
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN(shutdown)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(shutdown, write)
{
	char buf[8];

	ASSERT_EQ(3, rill_send(self->fd[0], "end", 3, 0));
	ASSERT_EQ(0, rill_shutdown(self->fd[0], SHUT_WR));
	EXPECT_EQ(-EPIPE, rill_send(self->fd[0], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(3, rill_recv(self->fd[1], buf, 8, 0));
	EXPECT_EQ(0, rill_recv(self->fd[1], buf, 8, 0));
	EXPECT_EQ(0, rill_recv(self->fd[1], buf, 8, MSG_DONTWAIT));
	/* The other direction lives. */
	EXPECT_EQ(4, rill_send(self->fd[1], "back", 4, 0));
	EXPECT_EQ(4, rill_recv(self->fd[0], buf, 8, 0));
}

TEST_F(shutdown, read)
{
	char buf[8];

	ASSERT_EQ(0, rill_shutdown(self->fd[1], SHUT_RD));
	EXPECT_EQ(0, rill_recv(self->fd[1], buf, 8, 0));
	EXPECT_EQ(-EPIPE, rill_send(self->fd[0], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(4, rill_send(self->fd[1], "back", 4, 0));
	EXPECT_EQ(4, rill_recv(self->fd[0], buf, 8, 0));
}

TEST_F(shutdown, both)
{
	char buf[8];

	ASSERT_EQ(0, rill_shutdown(self->fd[0], SHUT_RDWR));
	EXPECT_EQ(-EPIPE, rill_send(self->fd[0], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(-EPIPE, rill_send(self->fd[1], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(0, rill_recv(self->fd[0], buf, 8, 0));
	EXPECT_EQ(0, rill_recv(self->fd[1], buf, 8, 0));
	EXPECT_EQ(EISCONN, rill_connect(self->fd[0],
					&(struct sockaddr_rill){
						.srl_family = AF_RILL,
						.srl_port = 1 }));
}

TEST_F(shutdown, twice_and_wrong)
{
	EXPECT_EQ(EINVAL, rill_shutdown(self->fd[0], 3));
	EXPECT_EQ(EINVAL, rill_shutdown(self->fd[0], -1));
	EXPECT_EQ(1, rill_send(self->fd[0], "x", 1, 0));
	EXPECT_EQ(0, rill_shutdown(self->fd[0], SHUT_WR));
	EXPECT_EQ(0, rill_shutdown(self->fd[0], SHUT_WR));
	EXPECT_EQ(0, rill_shutdown(self->fd[0], SHUT_RD));
	EXPECT_EQ(ENOTCONN, rill_shutdown(socket(AF_RILL, variant->type, 0),
					  SHUT_RDWR));
	EXPECT_EQ(EBADF, rill_shutdown(-1, SHUT_RDWR));
}

TEST_F(shutdown, wakes_the_reader)
{
	char buf[8];
	struct rill_xfer x = { .buf = buf, .len = sizeof(buf) };
	struct rill_call call;
	int i;

	/* By the peer's writing side, then by this end's reading side. */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, rill_pair(variant->type, self->fd));
		x.fd = self->fd[1];
		ASSERT_EQ(0, rill_call_start(&call, rill_recv_fn, &x));
		ASSERT_EQ(0, rill_call_blocked(&call, SYS_recvfrom));
		ASSERT_EQ(0, rill_shutdown(self->fd[i], i ? SHUT_RD : SHUT_WR));
		EXPECT_EQ(0, rill_call_join(&call));
	}
}

TEST_F(shutdown, sigpipe)
{
	ASSERT_EQ(0, rill_sig_catch(SIGPIPE, 0));
	close(self->fd[1]);
	EXPECT_EQ(-EPIPE, rill_send(self->fd[0], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(0, rill_sig_count(SIGPIPE));
	EXPECT_EQ(-EPIPE, rill_send(self->fd[0], "x", 1, 0));
	EXPECT_EQ(1, rill_sig_count(SIGPIPE));
	EXPECT_EQ(-1, write(self->fd[0], "x", 1));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(2, rill_sig_count(SIGPIPE));
	self->fd[1] = -1;
}

TEST_F(shutdown, close_is_the_end)
{
	char buf[8];

	ASSERT_EQ(4, rill_send(self->fd[0], "last", 4, 0));
	close(self->fd[0]);
	self->fd[0] = -1;
	EXPECT_EQ(4, rill_recv(self->fd[1], buf, 8, 0));
	EXPECT_EQ(0, rill_recv(self->fd[1], buf, 8, 0));
	EXPECT_EQ(0, rill_so_error(self->fd[1]));
	EXPECT_EQ(-EPIPE, rill_send(self->fd[1], "x", 1, MSG_NOSIGNAL));
}

TEST_F(shutdown, close_with_unread_data_resets)
{
	char buf[8];

	ASSERT_EQ(6, rill_send(self->fd[1], "unread", 6, 0));
	ASSERT_EQ(4, rill_send(self->fd[0], "last", 4, 0));
	close(self->fd[0]);
	self->fd[0] = -1;
	/* What is queued is read first, then the error, once. */
	EXPECT_EQ(4, rill_recv(self->fd[1], buf, 8, 0));
	EXPECT_EQ(0, memcmp("last", buf, 4));
	EXPECT_EQ(-ECONNRESET, rill_recv(self->fd[1], buf, 8, 0));
	EXPECT_EQ(0, rill_recv(self->fd[1], buf, 8, 0));
	EXPECT_EQ(-EPIPE, rill_send(self->fd[1], "x", 1, MSG_NOSIGNAL));
}

TEST_F(shutdown, linger_zero_resets)
{
	char buf[8];

	ASSERT_EQ(4, rill_send(self->fd[0], "last", 4, 0));
	ASSERT_EQ(0, rill_set_linger(self->fd[0], 1, 0));
	close(self->fd[0]);
	self->fd[0] = -1;
	EXPECT_EQ(4, rill_recv(self->fd[1], buf, 8, 0));
	EXPECT_EQ(-ECONNRESET, rill_recv(self->fd[1], buf, 8, 0));
}

TEST_F(shutdown, reset_shows_in_so_error)
{
	ASSERT_EQ(0, rill_set_linger(self->fd[0], 1, 0));
	close(self->fd[0]);
	self->fd[0] = -1;
	EXPECT_EQ(POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP,
		  rill_poll(self->fd[1], POLLIN | POLLOUT | POLLRDHUP));
	EXPECT_EQ(ECONNRESET, rill_so_error(self->fd[1]));
	EXPECT_EQ(0, rill_so_error(self->fd[1]));
}

TEST_F(shutdown, linger_off_delivers)
{
	char buf[8];

	ASSERT_EQ(0, rill_set_linger(self->fd[0], 1, 5));
	ASSERT_EQ(0, rill_set_linger(self->fd[0], 0, 0));
	ASSERT_EQ(4, rill_send(self->fd[0], "last", 4, 0));
	close(self->fd[0]);
	self->fd[0] = -1;
	EXPECT_EQ(4, rill_recv(self->fd[1], buf, 8, 0));
	EXPECT_EQ(0, rill_recv(self->fd[1], buf, 8, 0));
}

static int linger_close_fn(void *arg)
{
	return close(*(int *)arg) ? errno : 0;
}

TEST_F(shutdown, linger_loses_nothing)
{
	struct rill_call call;
	char buf[8];

	/* Whether close() waits or not: it ends, and the data is there. */
	ASSERT_EQ(0, rill_set_linger(self->fd[0], 1, 1));
	ASSERT_EQ(4, rill_send(self->fd[0], "last", 4, 0));
	ASSERT_EQ(0, rill_call_start(&call, linger_close_fn, &self->fd[0]));
	EXPECT_EQ(0, rill_call_join(&call));
	EXPECT_EQ(4, rill_recv(self->fd[1], buf, 8, 0));
	EXPECT_EQ(0, rill_recv(self->fd[1], buf, 8, 0));
	self->fd[0] = -1;
}

TEST_F(shutdown, peek_does_not_count_as_read)
{
	char buf[8];

	ASSERT_EQ(4, rill_send(self->fd[1], "data", 4, 0));
	ASSERT_EQ(4, rill_recv(self->fd[0], buf, 8, MSG_PEEK));
	close(self->fd[0]);
	self->fd[0] = -1;
	EXPECT_EQ(-ECONNRESET, rill_recv(self->fd[1], buf, 8, 0));
}

TEST_F(shutdown, full_buffer_arrives_after_close)
{
	long sent = rill_fill(self->fd[0], 4096);

	ASSERT_LT(0, sent);
	close(self->fd[0]);
	self->fd[0] = -1;
	EXPECT_EQ(sent, rill_drain(self->fd[1]));
}

TEST_F(shutdown, full_buffer_arrives_after_exit)
{
	int fd[2];
	long sent;
	pid_t pid;

	ASSERT_EQ(0, pipe(fd));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(self->fd[1]);
		sent = rill_fill(self->fd[0], 4096);
		_exit(write(fd[1], &sent, sizeof(sent)) != sizeof(sent));
	}
	close(self->fd[0]);
	self->fd[0] = -1;
	ASSERT_EQ(sizeof(sent), read(fd[0], &sent, sizeof(sent)));
	ASSERT_LT(0, sent);
	ASSERT_EQ(0, rill_wait_state(self->fd[1], "CLOSE_WAIT"));
	EXPECT_EQ(sent, rill_drain(self->fd[1]));
}

TEST_F(shutdown, state_is_told)
{
	struct rill_info info;

	ASSERT_EQ(0, rill_info(self->fd[1], &info));
	EXPECT_STREQ("ESTABLISHED", info.state);
	close(self->fd[0]);
	self->fd[0] = -1;
	ASSERT_EQ(0, rill_wait_state(self->fd[1], "CLOSE_WAIT"));
	EXPECT_EQ(EINVAL, rill_listen(self->fd[1], 1));
	EXPECT_EQ(0, rill_connect_unspec(self->fd[1]));
	ASSERT_EQ(0, rill_wait_state(self->fd[1], "CLOSE"));
}

TEST_F(shutdown, unspec_resets_the_peer)
{
	char c;

	ASSERT_EQ(0, rill_connect_unspec(self->fd[0]));
	EXPECT_EQ(-ECONNRESET, rill_recv(self->fd[1], &c, 1, 0));
	EXPECT_EQ(-ENOTCONN, rill_send(self->fd[0], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(-ENOTCONN, rill_recv(self->fd[0], &c, 1, 0));
}

TEST_F(shutdown, descriptor_survives_in_a_thread)
{
	char c;
	struct rill_xfer x = { self->fd[1], &c, 1, 0 };
	struct rill_call call;

	ASSERT_EQ(0, rill_call_start(&call, rill_recv_fn, &x));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_recvfrom));
	close(self->fd[1]);
	self->fd[1] = -1;
	ASSERT_EQ(1, rill_send(self->fd[0], "x", 1, 0));
	EXPECT_EQ(1, rill_call_join(&call));
}

TEST_HARNESS_MAIN
