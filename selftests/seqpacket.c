// SPDX-License-Identifier: GPL-2.0-only
/*
 * SOCK_SEQPACKET: records, whole or not at all.
 */
#include "kselftest_harness.h"
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "rill_io.h"

FIXTURE(seqpacket) {
	int fd[2];
};

FIXTURE_VARIANT(seqpacket) {
	bool pair;
};

FIXTURE_VARIANT_ADD(seqpacket, connected) {
	.pair = false,
};

FIXTURE_VARIANT_ADD(seqpacket, socketpair) {
	.pair = true,
};

FIXTURE_SETUP(seqpacket)
{
	int ret;

	RILL_IN_NETNS(return);
	if (variant->pair)
		ret = socketpair(AF_RILL, SOCK_SEQPACKET, 0, self->fd);
	else
		ret = rill_pair(SOCK_SEQPACKET, self->fd);
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN(seqpacket)
{
	close(self->fd[0]);
	close(self->fd[1]);
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

TEST_F(seqpacket, boundaries)
{
	static const char *const text[] = { "one", "twotwo", "x", "threethree" };
	char buf[64];
	int i, flags;

	for (i = 0; i < 4; i++)
		ASSERT_EQ((ssize_t)strlen(text[i]),
			  rill_send(self->fd[0], text[i], strlen(text[i]), 0));
	for (i = 0; i < 4; i++) {
		flags = 0;
		ASSERT_EQ((ssize_t)strlen(text[i]),
			  receive(self->fd[1], buf, sizeof(buf), &flags));
		EXPECT_EQ(0, memcmp(text[i], buf, strlen(text[i])));
		EXPECT_EQ(MSG_EOR, flags & (MSG_EOR | MSG_TRUNC));
	}
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[1], buf, 1, MSG_DONTWAIT));
}

TEST_F(seqpacket, short_buffer_discards_the_rest)
{
	char buf[64];
	int flags = 0;

	ASSERT_EQ(10, rill_send(self->fd[0], "0123456789", 10, 0));
	ASSERT_EQ(4, rill_send(self->fd[0], "next", 4, 0));
	EXPECT_EQ(4, receive(self->fd[1], buf, 4, &flags));
	EXPECT_EQ(0, memcmp("0123", buf, 4));
	EXPECT_EQ(MSG_TRUNC, flags & MSG_TRUNC);
	flags = 0;
	EXPECT_EQ(4, receive(self->fd[1], buf, sizeof(buf), &flags));
	EXPECT_EQ(0, memcmp("next", buf, 4));
	EXPECT_EQ(0, flags & MSG_TRUNC);
}

TEST_F(seqpacket, trunc_tells_the_length)
{
	char buf[64];
	int flags = MSG_TRUNC;

	ASSERT_EQ(10, rill_send(self->fd[0], "0123456789", 10, 0));
	EXPECT_EQ(10, receive(self->fd[1], buf, 4, &flags));
	EXPECT_EQ(MSG_TRUNC, flags & MSG_TRUNC);
	ASSERT_EQ(10, rill_send(self->fd[0], "0123456789", 10, 0));
	flags = MSG_TRUNC | MSG_PEEK;
	EXPECT_EQ(10, receive(self->fd[1], buf, 0, &flags));
	flags = MSG_TRUNC;
	EXPECT_EQ(10, receive(self->fd[1], buf, sizeof(buf), &flags));
	EXPECT_EQ(0, flags & MSG_TRUNC);
}

TEST_F(seqpacket, zero_length_record)
{
	char buf[8];
	int flags = 0;

	ASSERT_EQ(0, rill_send(self->fd[0], "", 0, 0));
	ASSERT_EQ(0, rill_send(self->fd[0], NULL, 0, 0));
	ASSERT_EQ(1, rill_send(self->fd[0], "x", 1, 0));
	EXPECT_EQ(0, receive(self->fd[1], buf, sizeof(buf), &flags));
	EXPECT_EQ(MSG_EOR, flags & MSG_EOR);
	flags = 0;
	EXPECT_EQ(0, receive(self->fd[1], buf, sizeof(buf), &flags));
	EXPECT_EQ(MSG_EOR, flags & MSG_EOR);
	EXPECT_EQ(1, rill_recv(self->fd[1], buf, sizeof(buf), 0));
	close(self->fd[0]);
	self->fd[0] = -1;
	/* The end is no record. */
	flags = 0;
	EXPECT_EQ(0, receive(self->fd[1], buf, sizeof(buf), &flags));
	EXPECT_EQ(0, flags & MSG_EOR);
}

TEST_F(seqpacket, peek)
{
	char buf[16];
	int flags = MSG_PEEK;

	ASSERT_EQ(6, rill_send(self->fd[0], "record", 6, 0));
	ASSERT_EQ(3, rill_send(self->fd[0], "two", 3, 0));
	EXPECT_EQ(6, receive(self->fd[1], buf, sizeof(buf), &flags));
	EXPECT_EQ(MSG_EOR, flags & MSG_EOR);
	flags = MSG_PEEK;
	EXPECT_EQ(2, receive(self->fd[1], buf, 2, &flags));
	EXPECT_EQ(MSG_TRUNC, flags & MSG_TRUNC);
	EXPECT_EQ(6, rill_recv(self->fd[1], buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp("record", buf, 6));
	EXPECT_EQ(3, rill_recv(self->fd[1], buf, sizeof(buf), 0));
}

TEST_F(seqpacket, waitall_takes_one_record)
{
	char buf[16];

	ASSERT_EQ(3, rill_send(self->fd[0], "one", 3, 0));
	ASSERT_EQ(3, rill_send(self->fd[0], "two", 3, 0));
	EXPECT_EQ(3, rill_recv(self->fd[1], buf, sizeof(buf), MSG_WAITALL));
	EXPECT_EQ(3, rill_recv(self->fd[1], buf, sizeof(buf), MSG_WAITALL));
}

TEST_F(seqpacket, one_record_a_send)
{
	struct iovec iov[3] = { { "ab", 2 }, { "", 0 }, { "cde", 3 } };
	char buf[16];

	ASSERT_EQ(5, writev(self->fd[0], iov, 3));
	ASSERT_EQ(2, rill_send(self->fd[0], "fg", 2, MSG_EOR));
	EXPECT_EQ(5, rill_recv(self->fd[1], buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp("abcde", buf, 5));
	EXPECT_EQ(2, rill_recv(self->fd[1], buf, sizeof(buf), 0));
	ASSERT_EQ(4, write(self->fd[0], "wxyz", 4));
	EXPECT_EQ(4, read(self->fd[1], buf, sizeof(buf)));
}

TEST_F(seqpacket, inq_counts)
{
	ASSERT_EQ(6, rill_send(self->fd[0], "record", 6, 0));
	ASSERT_EQ(3, rill_send(self->fd[0], "two", 3, 0));
	EXPECT_EQ(9, rill_ioctl_int(self->fd[0], SIOCOUTQ));
	EXPECT_LE(6, rill_ioctl_int(self->fd[1], SIOCINQ));
	EXPECT_GE(9, rill_ioctl_int(self->fd[1], SIOCINQ));
}

TEST_F(seqpacket, largest_record)
{
	int sndbuf = rill_getsockopt_int(self->fd[0], SOL_SOCKET, SO_SNDBUF);
	char *out = malloc(sndbuf + 1), *in = malloc(sndbuf + 1);
	struct rill_xfer x = { self->fd[0], out, sndbuf, 0 };
	struct rill_call call;

	ASSERT_LT(65536, sndbuf);
	rill_pattern(out, sndbuf + 1, 0);
	EXPECT_EQ(-EMSGSIZE, rill_send(self->fd[0], out, sndbuf + 1, 0));
	ASSERT_EQ(1, rill_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(0, rill_call_start(&call, rill_send_fn, &x));
	EXPECT_EQ(1, rill_recv(self->fd[1], in, sndbuf + 1, 0));
	ASSERT_EQ(sndbuf, rill_recv(self->fd[1], in, sndbuf + 1, 0));
	EXPECT_EQ(sndbuf, rill_call_join(&call));
	EXPECT_TRUE(rill_pattern_ok(in, sndbuf, 0));
	free(in);
	free(out);
}

TEST_F(seqpacket, smaller_buffer_smaller_records)
{
	static char buf[200000];
	int sndbuf;

	ASSERT_EQ(0, rill_setsockopt_int(self->fd[0], SOL_SOCKET, SO_SNDBUF,
					 10000));
	sndbuf = rill_getsockopt_int(self->fd[0], SOL_SOCKET, SO_SNDBUF);
	ASSERT_GT(200000, sndbuf);
	EXPECT_EQ(-EMSGSIZE, rill_send(self->fd[0], buf, sndbuf + 1, 0));
	EXPECT_EQ(-EMSGSIZE, rill_send(self->fd[0], buf, sndbuf + 1,
				       MSG_DONTWAIT));
	EXPECT_EQ(sndbuf, rill_send(self->fd[0], buf, sndbuf, 0));
	EXPECT_EQ(sndbuf, rill_recv(self->fd[1], buf, sizeof(buf), 0));
}

TEST_F(seqpacket, a_bad_pointer_sends_nothing)
{
	struct iovec iov[2] = { { "good", 4 }, { (void *)8, 4 } };
	char buf[16];

	EXPECT_EQ(-1, writev(self->fd[0], iov, 2));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[1], buf, 16, MSG_DONTWAIT));
	EXPECT_EQ(0, rill_ioctl_int(self->fd[0], SIOCOUTQ));
	ASSERT_EQ(4, rill_send(self->fd[0], "good", 4, 0));
	EXPECT_EQ(4, rill_recv(self->fd[1], buf, 16, 0));
}

TEST_F(seqpacket, urgent_is_refused)
{
	char c;

	EXPECT_EQ(-EOPNOTSUPP, rill_send(self->fd[0], "x", 1, MSG_OOB));
	EXPECT_EQ(-EOPNOTSUPP, rill_recv(self->fd[0], &c, 1, MSG_OOB));
}

TEST_F(seqpacket, sendto_wants_no_address)
{
	struct sockaddr_rill addr = rill_addr(5000);
	int fd = socket(AF_RILL, SOCK_SEQPACKET, 0);
	char c;

	EXPECT_EQ(-EISCONN, rill_sendto(self->fd[0], "x", 1, 0, &addr));
	EXPECT_EQ(-ENOTCONN, rill_sendto(fd, "x", 1, MSG_NOSIGNAL, &addr));
	EXPECT_EQ(-ENOTCONN, rill_send(fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(-ENOTCONN, rill_recv(fd, &c, 1, 0));
}

TEST_F(seqpacket, mmsg)
{
	struct iovec out_iov[3] = { { "aa", 2 }, { "", 0 }, { "cccc", 4 } };
	struct mmsghdr out[3] = { 0 }, got[4] = { 0 };
	struct iovec in_iov[4];
	char in[4][8];
	int i;

	for (i = 0; i < 4; i++) {
		in_iov[i] = (struct iovec){ in[i], 8 };
		got[i].msg_hdr.msg_iov = &in_iov[i];
		got[i].msg_hdr.msg_iovlen = 1;
	}
	for (i = 0; i < 3; i++) {
		out[i].msg_hdr.msg_iov = &out_iov[i];
		out[i].msg_hdr.msg_iovlen = 1;
	}
	ASSERT_EQ(3, sendmmsg(self->fd[0], out, 3, 0));
	ASSERT_EQ(3, recvmmsg(self->fd[1], got, 4, MSG_DONTWAIT, NULL));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(out_iov[i].iov_len, got[i].msg_len);
		EXPECT_EQ(0, memcmp(out_iov[i].iov_base, in[i],
				    out_iov[i].iov_len));
	}
}

struct records {
	int fd;
	int count;
	size_t most;
};

/* Record i: rill_pattern() from i, its length by a generator. */
static int records_send(void *arg)
{
	struct records *r = arg;
	unsigned long seed = 42;
	char *buf = malloc(r->most);
	ssize_t ret;
	size_t len;
	int i;

	for (i = 0; i < r->count; i++) {
		len = rill_random(&seed) % r->most;
		rill_pattern(buf, len, i);
		ret = rill_send(r->fd, buf, len, 0);
		if (ret != (ssize_t)len)
			return ret < 0 ? (int)ret : -EIO;
	}
	free(buf);
	return 0;
}

TEST_F(seqpacket, every_record_in_order)
{
	static const size_t most[] = { 100, 5000, 100000 };
	struct records r = { .fd = self->fd[0] };
	unsigned long seed;
	struct rill_call call;
	static char buf[100000];
	ssize_t len;
	int i, j;

	for (i = 0; i < 3; i++) {
		r.count = (i == 2 ? 400 : 2000) / rill_slow();
		r.most = most[i];
		seed = 42;
		ASSERT_EQ(0, rill_call_start(&call, records_send, &r));
		for (j = 0; j < r.count; j++) {
			len = rill_random(&seed) % r.most;
			ASSERT_EQ(len, rill_recv(self->fd[1], buf, sizeof(buf),
						 0));
			ASSERT_TRUE(rill_pattern_ok(buf, len, j));
		}
		EXPECT_EQ(0, rill_call_join(&call));
	}
}

/* A datagram pair has records too, of sockets that close unnoticed. */
TEST(seqpacket_is_not_dgram)
{
	struct sockaddr_rill addr = rill_addr(0);
	int fd;

	RILL_IN_NETNS(return);
	fd = rill_listener(SOCK_SEQPACKET, 1, &addr);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPROTOTYPE, rill_client(SOCK_STREAM, &addr));
	EXPECT_EQ(-EPROTOTYPE, rill_client(SOCK_DGRAM, &addr));
	EXPECT_LE(0, rill_client(SOCK_SEQPACKET, &addr));
}

TEST_HARNESS_MAIN
