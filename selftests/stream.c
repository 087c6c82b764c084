// SPDX-License-Identifier: GPL-2.0-only
/*
 * SOCK_STREAM: the calls that move bytes, their flags and limits.
 */
#include "kselftest_harness.h"
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "rill_io.h"

FIXTURE(stream) {
	int fd[2];
};

/* How the two came to be connected. */
FIXTURE_VARIANT(stream) {
	bool pair;
};

FIXTURE_VARIANT_ADD(stream, connected) {
	.pair = false,
};

FIXTURE_VARIANT_ADD(stream, socketpair) {
	.pair = true,
};

FIXTURE_SETUP(stream)
{
	RILL_IN_NETNS(return);
	if (variant->pair)
		ASSERT_EQ(0, socketpair(AF_RILL, SOCK_STREAM, 0, self->fd));
	if (!variant->pair)
		ASSERT_EQ(0, rill_pair(SOCK_STREAM, self->fd));
}

FIXTURE_TEARDOWN(stream)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(stream, both_ways)
{
	char buf[32];
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(5, rill_send(self->fd[i], "hello", 5, 0));
		ASSERT_EQ(5, write(self->fd[i], "world", 5));
		ASSERT_EQ(10, rill_recv(self->fd[!i], buf, sizeof(buf), 0));
		EXPECT_EQ(0, memcmp("helloworld", buf, 10));
	}
}

TEST_F(stream, has_no_boundaries)
{
	char buf[64];
	int i;

	for (i = 0; i < 30; i++)
		ASSERT_EQ(1, rill_send(self->fd[0], &"abc"[i % 3], 1, 0));
	ASSERT_EQ(7, rill_recv(self->fd[1], buf, 7, 0));
	EXPECT_EQ(0, memcmp("abcabca", buf, 7));
	ASSERT_EQ(23, rill_recv(self->fd[1], buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp("bcabcabcabcabcabcabcabc", buf, 23));
}

TEST_F(stream, read_and_write)
{
	struct iovec out[3] = { { "ab", 2 }, { "", 0 }, { "cdef", 4 } };
	char a[3], b[8];
	struct iovec in[2] = { { a, 3 }, { b, 8 } };

	ASSERT_EQ(6, writev(self->fd[0], out, 3));
	ASSERT_EQ(6, readv(self->fd[1], in, 2));
	EXPECT_EQ(0, memcmp("abc", a, 3));
	EXPECT_EQ(0, memcmp("def", b, 3));
	EXPECT_EQ(-1, pread(self->fd[1], a, 1, 0));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, lseek(self->fd[1], 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
}

TEST_F(stream, many_iovecs)
{
	static char out[1024], in[1024];
	struct iovec iov[1024];
	int i;

	rill_pattern(out, sizeof(out), 0);
	for (i = 0; i < 1024; i++)
		iov[i] = (struct iovec){ &out[i], 1 };
	ASSERT_EQ(1024, writev(self->fd[0], iov, 1024));
	for (i = 0; i < 1024; i++)
		iov[i] = (struct iovec){ &in[i], 1 };
	ASSERT_EQ(1024, readv(self->fd[1], iov, 1024));
	EXPECT_TRUE(rill_pattern_ok(in, sizeof(in), 0));
}

TEST_F(stream, zero_length)
{
	char c;

	EXPECT_EQ(0, rill_send(self->fd[0], "", 0, 0));
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[1], &c, 1, MSG_DONTWAIT));
	EXPECT_EQ(0, rill_ioctl_int(self->fd[1], SIOCINQ));
	ASSERT_EQ(1, rill_send(self->fd[0], "x", 1, 0));
	EXPECT_EQ(0, rill_recv(self->fd[1], &c, 0, 0));
	EXPECT_EQ(1, rill_recv(self->fd[1], &c, 1, 0));
	EXPECT_EQ('x', c);
}

TEST_F(stream, dontwait)
{
	char c;

	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[0], &c, 1, MSG_DONTWAIT));
	ASSERT_EQ(0, rill_set_nonblock(self->fd[0], true));
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[0], &c, 1, 0));
	EXPECT_LT(0, rill_fill(self->fd[0], 4096));
	EXPECT_EQ(-EAGAIN, rill_send(self->fd[0], "x", 1, 0));
	EXPECT_EQ(-EAGAIN, rill_send(self->fd[0], "x", 1, MSG_DONTWAIT));
}

TEST_F(stream, peek)
{
	char buf[16];
	int i;

	ASSERT_EQ(4, rill_send(self->fd[0], "abcd", 4, 0));
	for (i = 0; i < 3; i++) {
		memset(buf, 0, sizeof(buf));
		ASSERT_EQ(2, rill_recv(self->fd[1], buf, 2, MSG_PEEK));
		EXPECT_EQ(0, memcmp("ab", buf, 3));
	}
	EXPECT_EQ(4, rill_ioctl_int(self->fd[1], SIOCINQ));
	ASSERT_EQ(4, rill_recv(self->fd[1], buf, sizeof(buf), MSG_PEEK));
	ASSERT_EQ(3, rill_recv(self->fd[1], buf, 3, 0));
	ASSERT_EQ(1, rill_recv(self->fd[1], buf, 3, MSG_PEEK));
	EXPECT_EQ('d', buf[0]);
}

TEST_F(stream, peek_sees_several_writes)
{
	static char big[20000], buf[20010];

	rill_pattern(big, sizeof(big), 0);
	ASSERT_EQ(sizeof(big), rill_send(self->fd[0], big, sizeof(big), 0));
	ASSERT_EQ(10, rill_send(self->fd[0], "0123456789", 10, 0));
	ASSERT_EQ(sizeof(buf), rill_recv(self->fd[1], buf, sizeof(buf),
					 MSG_PEEK | MSG_WAITALL));
	EXPECT_TRUE(rill_pattern_ok(buf, sizeof(big), 0));
	EXPECT_EQ(0, memcmp("0123456789", buf + sizeof(big), 10));
	EXPECT_EQ(20010, rill_ioctl_int(self->fd[1], SIOCINQ));
}

TEST_F(stream, peek_offset)
{
	char buf[16];

	EXPECT_EQ(-1, rill_getsockopt_int(self->fd[1], SOL_SOCKET,
					  SO_PEEK_OFF));
	ASSERT_EQ(0, rill_setsockopt_int(self->fd[1], SOL_SOCKET, SO_PEEK_OFF,
					 0));
	ASSERT_EQ(6, rill_send(self->fd[0], "abcdef", 6, 0));
	ASSERT_EQ(2, rill_recv(self->fd[1], buf, 2, MSG_PEEK));
	EXPECT_EQ(0, memcmp("ab", buf, 2));
	ASSERT_EQ(2, rill_recv(self->fd[1], buf, 2, MSG_PEEK));
	EXPECT_EQ(0, memcmp("cd", buf, 2));
	EXPECT_EQ(4, rill_getsockopt_int(self->fd[1], SOL_SOCKET,
					 SO_PEEK_OFF));
	ASSERT_EQ(3, rill_recv(self->fd[1], buf, 3, 0));
	EXPECT_EQ(0, memcmp("abc", buf, 3));
	EXPECT_EQ(1, rill_getsockopt_int(self->fd[1], SOL_SOCKET,
					 SO_PEEK_OFF));
	ASSERT_EQ(2, rill_recv(self->fd[1], buf, 9, MSG_PEEK));
	EXPECT_EQ(0, memcmp("ef", buf, 2));
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[1], buf, 9,
				     MSG_PEEK | MSG_DONTWAIT));
	ASSERT_EQ(0, rill_setsockopt_int(self->fd[1], SOL_SOCKET, SO_PEEK_OFF,
					 -1));
	ASSERT_EQ(3, rill_recv(self->fd[1], buf, 9, MSG_PEEK));
}

TEST_F(stream, waitall)
{
	char buf[10];
	struct rill_xfer x = { self->fd[1], buf, 10, MSG_WAITALL };
	struct rill_call call;

	ASSERT_EQ(0, rill_call_start(&call, rill_recv_fn, &x));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_recvfrom));
	ASSERT_EQ(4, rill_send(self->fd[0], "0123", 4, 0));
	ASSERT_EQ(0, rill_wait_recvq(self->fd[1], 0));
	EXPECT_EQ(0, rill_call_blocked(&call, SYS_recvfrom));
	ASSERT_EQ(6, rill_send(self->fd[0], "456789", 6, 0));
	EXPECT_EQ(10, rill_call_join(&call));
	EXPECT_EQ(0, memcmp("0123456789", buf, 10));
}

TEST_F(stream, waitall_ends_early)
{
	char buf[10];

	ASSERT_EQ(3, rill_send(self->fd[0], "abc", 3, 0));
	ASSERT_EQ(3, rill_recv(self->fd[1], buf, 10,
			       MSG_WAITALL | MSG_DONTWAIT));
	ASSERT_EQ(3, rill_send(self->fd[0], "abc", 3, 0));
	close(self->fd[0]);
	ASSERT_EQ(3, rill_recv(self->fd[1], buf, 10, MSG_WAITALL));
	EXPECT_EQ(0, rill_recv(self->fd[1], buf, 10, MSG_WAITALL));
}

TEST_F(stream, trunc_discards)
{
	char buf[8] = "zzzz";

	ASSERT_EQ(8, rill_send(self->fd[0], "abcdefgh", 8, 0));
	/* As on TCP: taken, and not copied. */
	EXPECT_EQ(4, rill_recv(self->fd[1], buf, 4, MSG_TRUNC));
	EXPECT_EQ(0, memcmp("zzzz", buf, 4));
	EXPECT_EQ(4, rill_recv(self->fd[1], buf, 8, 0));
	EXPECT_EQ(0, memcmp("efgh", buf, 4));
}

TEST_F(stream, more_and_eor_are_taken)
{
	char buf[8];

	ASSERT_EQ(1, rill_send(self->fd[0], "a", 1, MSG_MORE));
	ASSERT_EQ(1, rill_send(self->fd[0], "b", 1, MSG_MORE));
	ASSERT_EQ(1, rill_send(self->fd[0], "c", 1, 0));
	ASSERT_EQ(3, rill_recv(self->fd[1], buf, 3, MSG_WAITALL));
	EXPECT_EQ(0, memcmp("abc", buf, 3));
}

TEST_F(stream, urgent_is_refused)
{
	char c;

	EXPECT_EQ(-EOPNOTSUPP, rill_send(self->fd[0], "x", 1, MSG_OOB));
	EXPECT_EQ(-EOPNOTSUPP, rill_recv(self->fd[0], &c, 1, MSG_OOB));
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[1], &c, 1, MSG_DONTWAIT));
}

TEST_F(stream, no_name_and_no_flags_on_receipt)
{
	struct sockaddr_rill name;
	char buf[4], control[64];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = {
		.msg_name = &name,
		.msg_namelen = sizeof(name),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
		.msg_flags = -1,
	};

	ASSERT_EQ(4, rill_send(self->fd[0], "abcd", 4, 0));
	ASSERT_EQ(4, rill_recvmsg(self->fd[1], &msg, 0));
	EXPECT_EQ(0, msg.msg_namelen);
	EXPECT_EQ(0, msg.msg_controllen);
	EXPECT_EQ(0, msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC | MSG_EOR));
}

TEST_F(stream, sendto_wants_no_address)
{
	struct sockaddr_rill addr = rill_addr(5000);
	int fd = socket(AF_RILL, SOCK_STREAM, 0);
	char c;

	EXPECT_EQ(-EISCONN, rill_sendto(self->fd[0], "x", 1, 0, &addr));
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[1], &c, 1, MSG_DONTWAIT));
	EXPECT_EQ(-ENOTCONN, rill_sendto(fd, "x", 1, MSG_NOSIGNAL, &addr));
	EXPECT_EQ(-ENOTCONN, rill_send(fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(-ENOTCONN, rill_recv(fd, &c, 1, 0));
	EXPECT_EQ(-ENOTCONN, rill_recv(fd, &c, 1, MSG_DONTWAIT));
}

TEST_F(stream, counts_of_queues)
{
	char buf[4];

	EXPECT_EQ(0, rill_ioctl_int(self->fd[0], SIOCOUTQ));
	ASSERT_EQ(10, rill_send(self->fd[0], "0123456789", 10, 0));
	EXPECT_EQ(10, rill_ioctl_int(self->fd[0], SIOCOUTQ));
	EXPECT_EQ(10, rill_ioctl_int(self->fd[1], SIOCINQ));
	EXPECT_EQ(10, rill_ioctl_int(self->fd[1], FIONREAD));
	EXPECT_EQ(0, rill_ioctl_int(self->fd[0], SIOCINQ));
	EXPECT_EQ(0, rill_ioctl_int(self->fd[1], SIOCOUTQ));
	ASSERT_EQ(4, rill_recv(self->fd[1], buf, 4, 0));
	EXPECT_EQ(6, rill_ioctl_int(self->fd[0], SIOCOUTQ));
	EXPECT_EQ(6, rill_ioctl_int(self->fd[1], SIOCINQ));
	EXPECT_EQ(-ENOTTY, rill_ioctl_int(self->fd[1], 0x8999));
	EXPECT_EQ(-1, ioctl(self->fd[1], SIOCINQ, (void *)8));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(stream, mmsg)
{
	char in[4][4];
	struct iovec out_iov[3] = { { "aa", 2 }, { "bbb", 3 }, { "c", 1 } };
	struct iovec in_iov[4];
	struct mmsghdr out[3] = { 0 }, got[4] = { 0 };
	int i;

	for (i = 0; i < 3; i++) {
		out[i].msg_hdr.msg_iov = &out_iov[i];
		out[i].msg_hdr.msg_iovlen = 1;
	}
	for (i = 0; i < 4; i++) {
		in_iov[i] = (struct iovec){ in[i], 2 };
		got[i].msg_hdr.msg_iov = &in_iov[i];
		got[i].msg_hdr.msg_iovlen = 1;
	}
	ASSERT_EQ(3, sendmmsg(self->fd[0], out, 3, 0));
	EXPECT_EQ(3, out[1].msg_len);
	ASSERT_EQ(3, recvmmsg(self->fd[1], got, 4, MSG_DONTWAIT, NULL));
	EXPECT_EQ(0, memcmp("aa", in[0], 2));
	EXPECT_EQ(0, memcmp("bb", in[1], 2));
	EXPECT_EQ(0, memcmp("bc", in[2], 2));
}

TEST_F(stream, bad_pointers)
{
	struct iovec iov = { (void *)8, 4 };
	char buf[8];

	EXPECT_EQ(-EFAULT, rill_send(self->fd[0], (void *)8, 4, 0));
	EXPECT_EQ(-1, writev(self->fd[0], &iov, 1));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[1], buf, 8, MSG_DONTWAIT));
	ASSERT_EQ(4, rill_send(self->fd[0], "abcd", 4, 0));
	EXPECT_EQ(-EFAULT, rill_recv(self->fd[1], (void *)8, 4, 0));
	/* What could not be copied is not lost. */
	EXPECT_EQ(4, rill_recv(self->fd[1], buf, 8, 0));
	EXPECT_EQ(0, memcmp("abcd", buf, 4));
}

TEST_F(stream, low_water_mark)
{
	char buf[8];
	struct rill_xfer x = { self->fd[1], buf, 8, 0 };
	struct rill_call call;

	ASSERT_EQ(0, rill_setsockopt_int(self->fd[1], SOL_SOCKET, SO_RCVLOWAT,
					 4));
	EXPECT_EQ(4, rill_getsockopt_int(self->fd[1], SOL_SOCKET,
					 SO_RCVLOWAT));
	ASSERT_EQ(0, rill_call_start(&call, rill_recv_fn, &x));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_recvfrom));
	ASSERT_EQ(3, rill_send(self->fd[0], "abc", 3, 0));
	EXPECT_EQ(0, rill_call_blocked(&call, SYS_recvfrom));
	ASSERT_EQ(2, rill_send(self->fd[0], "de", 2, 0));
	EXPECT_EQ(5, rill_call_join(&call));
	EXPECT_EQ(0, memcmp("abcde", buf, 5));
	ASSERT_EQ(2, rill_send(self->fd[0], "fg", 2, 0));
	EXPECT_EQ(2, rill_recv(self->fd[1], buf, 8, MSG_DONTWAIT));
}

TEST_F(stream, receive_timeout)
{
	long long start = rill_now_ms();
	char buf[8];

	ASSERT_EQ(0, rill_set_timeo(self->fd[0], SO_RCVTIMEO, RILL_SHORT_MS));
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[0], buf, 8, 0));
	EXPECT_LE(RILL_LEAST_MS, rill_now_ms() - start);
	ASSERT_EQ(2, rill_send(self->fd[1], "ab", 2, 0));
	EXPECT_EQ(2, rill_recv(self->fd[0], buf, 8, MSG_WAITALL));
}

TEST_F(stream, send_timeout)
{
	static char big[1 << 22];
	long long start;
	ssize_t sent;

	ASSERT_EQ(0, rill_set_timeo(self->fd[0], SO_SNDTIMEO, RILL_SHORT_MS));
	/* A part that fits is no failure. */
	sent = rill_send(self->fd[0], big, sizeof(big), 0);
	EXPECT_LT(0, sent);
	EXPECT_GT((ssize_t)sizeof(big), sent);
	start = rill_now_ms();
	EXPECT_EQ(-EAGAIN, rill_send(self->fd[0], big, sizeof(big), 0));
	EXPECT_LE(RILL_LEAST_MS, rill_now_ms() - start);
	EXPECT_EQ(sent, rill_drain(self->fd[1]));
}

TEST_HARNESS_MAIN
