// SPDX-License-Identifier: GPL-2.0-only
/*
 * The basic scenarios by a 32-bit program on a 64-bit kernel. Built with -m32
 * where the compiler can.
 */
#include "kselftest_harness.h"
#include <assert.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <sys/uio.h>
#include "rill_io.h"

static_assert(sizeof(struct sockaddr_rill) == 16, "same layout everywhere");
static_assert(sizeof(struct rill_diag_msg) == 60, "same layout everywhere");

FIXTURE(compat32) {
	int fd[2];
};

FIXTURE_VARIANT(compat32) {
	int type;
};

FIXTURE_VARIANT_ADD(compat32, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(compat32, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_VARIANT_ADD(compat32, dgram) {
	.type = SOCK_DGRAM,
};

FIXTURE_SETUP(compat32)
{
	RILL_IN_NETNS(return);
	ASSERT_EQ(4, sizeof(void *));
	ASSERT_EQ(0, rill_pair_any(variant->type, self->fd));
}

FIXTURE_TEARDOWN(compat32)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(compat32, connection)
{
	struct sockaddr_rill addr = rill_addr(0), name;
	int listener, first, second, child;

	if (variant->type == SOCK_DGRAM)
		SKIP(return, "datagram sockets do not listen");
	listener = rill_listener(variant->type, 0, &addr);
	ASSERT_LE(0, listener);
	first = rill_client(variant->type, &addr);
	ASSERT_LE(0, first);
	second = socket(AF_RILL, variant->type | SOCK_NONBLOCK, 0);
	EXPECT_EQ(EINPROGRESS, rill_connect(second, &addr));
	EXPECT_EQ(EALREADY, rill_connect(second, &addr));
	EXPECT_EQ(0, rill_poll(second, POLLOUT));
	child = rill_accept_one(listener);
	ASSERT_LE(0, child);
	EXPECT_EQ(POLLOUT, rill_poll_wait(second, POLLOUT));
	EXPECT_EQ(0, rill_so_error(second));
	EXPECT_EQ(EISCONN, rill_connect(second, &addr));
	ASSERT_EQ(0, rill_peer(second, &name));
	EXPECT_EQ(rill_port(&addr), rill_port(&name));
	EXPECT_EQ(EINVAL, rill_connect_raw(first, &addr, 15));
	EXPECT_EQ(EFAULT, rill_connect_raw(first, (void *)8, 16));
}

TEST_F(compat32, messages)
{
	struct iovec out[2] = { { "split ", 6 }, { "message", 7 } };
	char a[4], b[32];
	struct iovec in[2] = { { a, 4 }, { b, 32 } };
	struct msghdr msg = { .msg_iov = out, .msg_iovlen = 2 };

	ASSERT_EQ(13, rill_sendmsg(self->fd[0], &msg, 0));
	EXPECT_EQ(13, rill_ioctl_int(self->fd[1], SIOCINQ));
	msg.msg_iov = in;
	ASSERT_EQ(13, rill_recvmsg(self->fd[1], &msg, 0));
	EXPECT_EQ(0, memcmp("spli", a, 4));
	EXPECT_EQ(0, memcmp("t message", b, 9));
	EXPECT_EQ(variant->type == SOCK_SEQPACKET ? MSG_EOR : 0,
		  msg.msg_flags & MSG_EOR);
	EXPECT_EQ(0, rill_ioctl_int(self->fd[0], SIOCOUTQ));
}

TEST_F(compat32, mmsg)
{
	struct iovec out_iov[2] = { { "one", 3 }, { "three", 5 } }, in_iov[2];
	struct mmsghdr out[2] = { 0 }, in[2] = { 0 };
	struct timespec ts = { 10, 0 };
	char buf[2][8];
	int i, n;

	for (i = 0; i < 2; i++) {
		out[i].msg_hdr.msg_iov = &out_iov[i];
		out[i].msg_hdr.msg_iovlen = 1;
		in_iov[i] = (struct iovec){ buf[i], 8 };
		in[i].msg_hdr.msg_iov = &in_iov[i];
		in[i].msg_hdr.msg_iovlen = 1;
	}
	ASSERT_EQ(2, sendmmsg(self->fd[0], out, 2, 0));
	n = recvmmsg(self->fd[1], in, 2, MSG_WAITFORONE, &ts);
	EXPECT_EQ(variant->type == SOCK_STREAM ? 1 : 2, n);
	EXPECT_EQ(variant->type == SOCK_STREAM ? 8 : 3, in[0].msg_len);
}

TEST_F(compat32, timestamps)
{
	char c, control[128];
	struct iovec iov = { &c, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	struct timeval now, got;

	ASSERT_EQ(0, rill_setsockopt_int(self->fd[1], SOL_SOCKET, SO_TIMESTAMP,
					 1));
	ASSERT_EQ(1, rill_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(1, rill_recvmsg(self->fd[1], &msg, 0));
	cmsg = CMSG_FIRSTHDR(&msg);
	ASSERT_NE(NULL, cmsg);
	EXPECT_EQ(SO_TIMESTAMP, cmsg->cmsg_type);
	ASSERT_LE(CMSG_LEN(sizeof(got)), cmsg->cmsg_len);
	memcpy(&got, CMSG_DATA(cmsg), sizeof(got));
	gettimeofday(&now, NULL);
	EXPECT_LE(got.tv_sec, now.tv_sec);
	EXPECT_GE(got.tv_sec + 600, now.tv_sec);
}

TEST_F(compat32, options)
{
	struct timeval tv;
	struct linger linger;
	unsigned int value = 1234;
	socklen_t len = sizeof(tv);

	ASSERT_EQ(0, rill_set_timeo(self->fd[0], SO_RCVTIMEO, 1500));
	ASSERT_EQ(0, rill_getsockopt_raw(self->fd[0], SOL_SOCKET, SO_RCVTIMEO,
					 &tv, &len));
	EXPECT_EQ(1, tv.tv_sec);
	EXPECT_EQ(500000, tv.tv_usec);
	len = sizeof(linger);
	ASSERT_EQ(0, rill_set_linger(self->fd[0], 1, 3));
	ASSERT_EQ(0, rill_getsockopt_raw(self->fd[0], SOL_SOCKET, SO_LINGER,
					 &linger, &len));
	EXPECT_EQ(3, linger.l_linger);
	ASSERT_EQ(0, rill_setsockopt_raw(self->fd[0], SOL_RILL,
					 RILL_CONNECT_TIMEOUT, &value, 4));
	EXPECT_EQ(1234, rill_getsockopt_int(self->fd[0], SOL_RILL,
					    RILL_CONNECT_TIMEOUT));
	EXPECT_EQ(EINVAL, rill_setsockopt_raw(self->fd[0], SOL_RILL,
					      RILL_DIALECT, &value, 2));
}

TEST_F(compat32, timeout)
{
	long long start = rill_now_ms();
	char c;

	ASSERT_EQ(0, rill_set_timeo(self->fd[0], SO_RCVTIMEO, RILL_SHORT_MS));
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[0], &c, 1, 0));
	EXPECT_LE(RILL_LEAST_MS, rill_now_ms() - start);
}

TEST_F(compat32, names)
{
	struct sockaddr_rill addr = rill_addr(0), from;
	int fd;
	char c;

	if (variant->type != SOCK_DGRAM)
		SKIP(return, "only datagrams come with names");
	fd = rill_bound(SOCK_DGRAM, &addr);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_connect_unspec(self->fd[0]));
	ASSERT_EQ(1, rill_sendto(self->fd[0], "x", 1, 0, &addr));
	ASSERT_EQ(1, rill_recvfrom(fd, &c, 1, 0, &from));
	ASSERT_EQ(0, rill_local(self->fd[0], &addr));
	EXPECT_EQ(rill_port(&addr), rill_port(&from));
}

TEST_F(compat32, splice_and_vectors)
{
	struct iovec iov[2] = { { "ab", 2 }, { "cd", 2 } };
	char buf[8];
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(4, writev(self->fd[0], iov, 2));
	ASSERT_EQ(4, splice(self->fd[1], NULL, fds[1], NULL, 100, 0));
	ASSERT_EQ(4, splice(fds[0], NULL, self->fd[1], NULL, 100, 0));
	ASSERT_EQ(4, read(self->fd[0], buf, 8));
	EXPECT_EQ(0, memcmp("abcd", buf, 4));
}

TEST_F(compat32, epoll)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET,
				  .data.u64 = 0x1234567890abcdefULL };
	int ep = epoll_create1(0);

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd[1], &ev));
	EXPECT_EQ(0, epoll_wait(ep, &ev, 1, 0));
	ASSERT_EQ(1, rill_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(1, epoll_wait(ep, &ev, 1, 0));
	EXPECT_EQ(EPOLLIN, ev.events);
	EXPECT_EQ(0x1234567890abcdefULL, ev.data.u64);
}

TEST_HARNESS_MAIN
