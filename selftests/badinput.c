// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wrong descriptors, pointers, lengths and flags: the errno, and that the
 * socket is as it was.
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "rill_io.h"

/* An address where nothing is mapped, in user and in kernel space. */
#define NOWHERE		((void *)16)
#define KERNEL		((void *)-4096L)

FIXTURE(badinput) {
	struct sockaddr_rill addr;
	int listener;
	int fd[2];
};

FIXTURE_VARIANT(badinput) {
	int type;
};

FIXTURE_VARIANT_ADD(badinput, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(badinput, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_VARIANT_ADD(badinput, dgram) {
	.type = SOCK_DGRAM,
};

FIXTURE_SETUP(badinput)
{
	RILL_IN_NETNS(return);
	self->addr = rill_addr(0);
	self->listener = variant->type == SOCK_DGRAM ?
			 rill_bound(SOCK_DGRAM, &self->addr) :
			 rill_listener(variant->type, 0, &self->addr);
	ASSERT_LE(0, self->listener);
	ASSERT_EQ(0, rill_pair_any(variant->type, self->fd));
}

FIXTURE_TEARDOWN(badinput)
{
	close(self->listener);
	close(self->fd[0]);
	close(self->fd[1]);
}

/* A call by number with up to six arguments: 0 and more, or -errno. */
static long call(long nr, long a, const void *b, long c, long d, const void *e,
		 const void *f)
{
	long ret = syscall(nr, a, b, c, d, e, f);

	return ret < 0 ? -errno : ret;
}

static long on_descriptor(int which, int fd)
{
	static char buf[128];
	struct sockaddr_rill addr = rill_addr(7000);
	struct msghdr msg = { 0 };
	struct mmsghdr mmsg = { 0 };
	socklen_t len = sizeof(buf);

	switch (which) {
	case 0:
		return call(SYS_bind, fd, &addr, 16, 0, NULL, NULL);
	case 1:
		return call(SYS_connect, fd, &addr, 16, 0, NULL, NULL);
	case 2:
		return -rill_listen(fd, 1);
	case 3:
		return rill_accept_one(fd);
	case 4:
		return call(SYS_getsockname, fd, buf, (long)&len, 0, NULL, 0);
	case 5:
		return call(SYS_getpeername, fd, buf, (long)&len, 0, NULL, 0);
	case 6:
		return rill_send(fd, "x", 1, MSG_NOSIGNAL);
	case 7:
		return rill_recv(fd, buf, 1, MSG_DONTWAIT);
	case 8:
		return rill_sendmsg(fd, &msg, MSG_NOSIGNAL);
	case 9:
		return rill_recvmsg(fd, &msg, MSG_DONTWAIT);
	case 10:
		return -rill_shutdown(fd, SHUT_WR);
	case 11:
		return -rill_setsockopt_int(fd, SOL_SOCKET, SO_BROADCAST, 1);
	case 12:
		return rill_getsockopt_int(fd, SOL_SOCKET, SO_TYPE);
	case 13:
		return call(SYS_sendmmsg, fd, &mmsg, 1, 0, NULL, NULL);
	case 14:
		return call(SYS_recvmmsg, fd, &mmsg, 1, MSG_DONTWAIT, NULL, 0);
	default:
		return 1;
	}
}

TEST_F(badinput, descriptors)
{
	int fds[2], path = open("/", O_PATH), i;
	long ret;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_LE(0, path);
	for (i = 0; on_descriptor(i, -1) != 1; i++) {
		EXPECT_EQ(-EBADF, on_descriptor(i, -1))
			TH_LOG("call %d", i);
		EXPECT_EQ(-EBADF, on_descriptor(i, 9999))
			TH_LOG("call %d", i);
		EXPECT_EQ(-EBADF, on_descriptor(i, INT_MIN))
			TH_LOG("call %d", i);
		EXPECT_EQ(-ENOTSOCK, on_descriptor(i, fds[0]))
			TH_LOG("call %d", i);
		ret = on_descriptor(i, path);
		EXPECT_TRUE(ret == -EBADF || ret == -ENOTSOCK)
			TH_LOG("call %d on O_PATH: %ld", i, ret);
	}
	EXPECT_EQ(15, i);
}

TEST_F(badinput, addresses_outside)
{
	static const long calls[] = { SYS_bind, SYS_connect };
	struct rill_info before, after;
	int fd = socket(AF_RILL, variant->type, 0);
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i;

	ASSERT_NE(MAP_FAILED, page);
	ASSERT_EQ(0, munmap(page + 4096, 4096));
	ASSERT_EQ(0, rill_info(fd, &before));
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		EXPECT_EQ(-EFAULT, call(calls[i], fd, NULL, 16, 0, NULL, NULL));
		EXPECT_EQ(-EFAULT, call(calls[i], fd, NOWHERE, 16, 0, NULL,
					NULL));
		EXPECT_EQ(-EFAULT, call(calls[i], fd, KERNEL, 16, 0, NULL,
					NULL));
		/* The last byte is beyond the page. */
		EXPECT_EQ(-EFAULT, call(calls[i], fd, page + 4081, 16, 0, NULL,
					NULL));
		EXPECT_EQ(-EINVAL, call(calls[i], fd, page, -1, 0, NULL,
					NULL));
		EXPECT_EQ(-EINVAL, call(calls[i], fd, page, 129, 0, NULL,
					NULL));
	}
	ASSERT_EQ(0, rill_info(fd, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(badinput, names_outside)
{
	static const long calls[] = { SYS_getsockname, SYS_getpeername };
	struct sockaddr_rill name;
	socklen_t len;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		len = sizeof(name);
		EXPECT_EQ(-EFAULT, call(calls[i], self->fd[0], NOWHERE,
					(long)&len, 0, NULL, NULL));
		EXPECT_EQ(-EFAULT, call(calls[i], self->fd[0], &name, 16, 0,
					NULL, NULL));
		len = -1;
		EXPECT_EQ(-EINVAL, call(calls[i], self->fd[0], &name,
					(long)&len, 0, NULL, NULL));
		len = 4;
		memset(&name, 0xaa, sizeof(name));
		EXPECT_EQ(0, call(calls[i], self->fd[0], &name, (long)&len, 0,
				  NULL, NULL));
		EXPECT_EQ(16, len);
		EXPECT_EQ(0xaa, name.srl_addr[0]);
		EXPECT_EQ(AF_RILL, name.srl_family);
		len = 128;
		EXPECT_EQ(0, call(calls[i], self->fd[0], &name, (long)&len, 0,
				  NULL, NULL));
		EXPECT_EQ(16, len);
	}
}

TEST_F(badinput, message_headers)
{
	struct iovec iov = { NOWHERE, 4 }, huge = { (void *)4096, -1 };
	struct iovec many = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	char c;

	EXPECT_EQ(-EFAULT, rill_sendmsg(self->fd[0], NOWHERE, 0));
	EXPECT_EQ(-EFAULT, rill_recvmsg(self->fd[0], NOWHERE, 0));
	EXPECT_EQ(-EFAULT, rill_sendmsg(self->fd[0], &msg, 0));
	msg.msg_iov = NOWHERE;
	EXPECT_EQ(-EFAULT, rill_sendmsg(self->fd[0], &msg, 0));
	EXPECT_EQ(-EFAULT, rill_recvmsg(self->fd[0], &msg, MSG_DONTWAIT));
	msg.msg_iov = &huge;
	EXPECT_EQ(-EINVAL, rill_sendmsg(self->fd[0], &msg, 0));
	msg.msg_iov = &many;
	msg.msg_iovlen = 1025;
	EXPECT_EQ(-EMSGSIZE, rill_sendmsg(self->fd[0], &msg, 0));
	EXPECT_EQ(-EMSGSIZE, rill_recvmsg(self->fd[0], &msg, MSG_DONTWAIT));
	msg.msg_iovlen = 1;
	msg.msg_name = &c;
	msg.msg_namelen = -1;
	EXPECT_EQ(-EINVAL, rill_sendmsg(self->fd[0], &msg, 0));
	EXPECT_EQ(-EINVAL, rill_recvmsg(self->fd[0], &msg, MSG_DONTWAIT));
	msg.msg_name = NOWHERE;
	msg.msg_namelen = 16;
	EXPECT_EQ(-EFAULT, rill_sendmsg(self->fd[0], &msg, 0));
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[1], &c, 1, MSG_DONTWAIT));
}

TEST_F(badinput, control_messages)
{
	char control[64] = { 0 };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = (void *)control;
	ssize_t ret;

	/* A length of 0, and one beyond the end. */
	ret = rill_sendmsg(self->fd[0], &msg, MSG_NOSIGNAL);
	EXPECT_TRUE(ret == 1 || ret == -EINVAL);
	cmsg->cmsg_len = 4096;
	cmsg->cmsg_level = SOL_SOCKET;
	ret = rill_sendmsg(self->fd[0], &msg, MSG_NOSIGNAL);
	EXPECT_TRUE(ret == 1 || ret == -EINVAL);
	msg.msg_control = NOWHERE;
	EXPECT_EQ(-EFAULT, rill_sendmsg(self->fd[0], &msg, MSG_NOSIGNAL));
	msg.msg_control = control;
	msg.msg_controllen = INT_MAX;
	EXPECT_GT(0, rill_sendmsg(self->fd[0], &msg, MSG_NOSIGNAL));
}

TEST_F(badinput, a_bad_receive_buffer)
{
	struct iovec iov[2];
	char buf[4];

	iov[0] = (struct iovec){ buf, 2 };
	iov[1] = (struct iovec){ NOWHERE, 2 };
	ASSERT_EQ(4, rill_send(self->fd[0], "data", 4, 0));
	/* Partly good: part of it, or the error. Nothing worse. */
	EXPECT_GE(2, readv(self->fd[1], iov, 2));
	rill_drain(self->fd[1]);
	ASSERT_EQ(4, rill_send(self->fd[0], "next", 4, 0));
	EXPECT_EQ(4, rill_recv(self->fd[1], buf, 4, MSG_DONTWAIT));
	EXPECT_EQ(0, memcmp("next", buf, 4));
}

TEST_F(badinput, a_name_that_cannot_be_stored)
{
	char buf[4];
	struct iovec iov = { buf, 4 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_name = NOWHERE, .msg_namelen = 16 };

	ASSERT_EQ(4, rill_send(self->fd[0], "data", 4, 0));
	EXPECT_EQ(variant->type == SOCK_DGRAM ? -EFAULT : 4,
		  rill_recvmsg(self->fd[1], &msg, 0));
}

TEST_F(badinput, other_system_calls)
{
	char buf[64];

	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED,
				   self->fd[0], 0));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-1, ioctl(self->fd[0], 0x12345678, buf));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ftruncate(self->fd[0], 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, fsync(self->fd[0]));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pwrite(self->fd[0], buf, 1, 0));
	EXPECT_EQ(ESPIPE, errno);
}

/* What a state forbids: and it stays the same state. */
TEST_F(badinput, wrong_state_changes_nothing)
{
	struct sockaddr_rill addr = rill_addr(7100);
	struct rill_info before, after;
	int pending, i, fd[4];

	if (variant->type == SOCK_DGRAM)
		SKIP(return, "states of connections");
	ASSERT_LE(0, rill_client(variant->type, &self->addr));
	pending = rill_client(variant->type | SOCK_NONBLOCK, &self->addr);
	ASSERT_LE(0, pending);
	fd[0] = self->listener;
	fd[1] = pending;
	fd[2] = self->fd[0];
	fd[3] = self->fd[1];
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, rill_info(fd[i], &before));
		EXPECT_EQ(EINVAL, rill_bind(fd[i], &addr));
		EXPECT_NE(0, rill_connect(fd[i], &addr));
		EXPECT_EQ(i ? EINVAL : 0, rill_listen(fd[i], 0));
		EXPECT_EQ(EINVAL, rill_shutdown(fd[i], 7));
		EXPECT_EQ(-EOPNOTSUPP, rill_send(fd[i], "x", 1, MSG_OOB |
						 MSG_NOSIGNAL));
		ASSERT_EQ(0, rill_info(fd[i], &after));
		EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)))
			TH_LOG("%s became %s", before.state, after.state);
	}
}

#define POOL	12

static const unsigned int odd[] = { 0, 1, 2, 15, 16, 17, 128, 129, 4096,
				    65536, 65537, INT_MAX, -1U };

static struct sockaddr_rill random_addr(unsigned long *seed)
{
	unsigned int what = rill_random(seed);
	struct sockaddr_rill addr = rill_addr(5000 + what % 4);

	if (!(what & 0x700))
		addr.srl_family = what >> 16;
	if (!(what & 0x3800))
		addr.srl_zero[0] = 1;
	if (!(what & 0x1c000))
		addr.srl_ifindex = what >> 20;
	if (!(what & 0xe0000))
		addr.srl_addr[what % 6] = what;
	return addr;
}

/* One call of any kind with arguments of any kind. It never waits. */
static void random_call(int *pool, unsigned long *seed, char *buf)
{
	struct sockaddr_rill addr = random_addr(seed);
	unsigned int r = rill_random(seed), i = r % POOL, v = r >> 24;
	const void *p = v & 3 ? (void *)&addr : v & 4 ? NOWHERE : NULL;
	int len = v & 7 ? 16 : odd[v % ARRAY_SIZE(odd)], fd = pool[i];
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };
	socklen_t size = len;

	switch ((r >> 8) % 16) {
	case 0:
		close(fd);
		pool[i] = socket(AF_RILL, types[v % 3] | SOCK_NONBLOCK, 0);
		break;
	case 1:
		bind(fd, p, len);
		break;
	case 2:
	case 3:
		connect(fd, p, len);
		break;
	case 4:
		listen(fd, (int)odd[v % ARRAY_SIZE(odd)]);
		break;
	case 5:
		fd = accept4(fd, v & 1 ? (void *)&addr : NULL, &size,
			     SOCK_NONBLOCK | (v & 8 ? SOCK_CLOEXEC : 0));
		if (fd >= 0) {
			close(pool[i]);
			pool[i] = fd;
		}
		break;
	case 6:
	case 7:
		send(fd, v & 1 ? buf : p, odd[v % 9],
		     (r & 0x1ff) | MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case 8:
		sendto(fd, buf, v, MSG_DONTWAIT | MSG_NOSIGNAL, p, len);
		break;
	case 9:
	case 10:
		recv(fd, v & 15 ? buf : NOWHERE, odd[v % 9],
		     (r & 0x1ff & ~MSG_WAITALL) | MSG_DONTWAIT);
		break;
	case 11:
		shutdown(fd, v % 4);
		break;
	case 12:
		setsockopt(fd, v & 1 ? SOL_SOCKET : SOL_RILL, v >> 1, &r, len);
		break;
	case 13:
		getsockopt(fd, v & 1 ? SOL_SOCKET : SOL_RILL, v >> 1, buf,
			   &size);
		break;
	case 14:
		rill_poll(fd, r);
		ioctl(fd, 0x8900 + (v & 31), buf);
		break;
	default:
		getsockname(fd, (void *)buf, &size);
		getpeername(fd, (void *)buf, &size);
	}
}

TEST(badinput_random_calls)
{
	static char buf[65536];
	unsigned long seed = 20240229;
	int pool[POOL], pair[2], i, n;
	char c;

	RILL_IN_NETNS(return);
	ASSERT_EQ(0, rill_pair(SOCK_STREAM, pair));
	ASSERT_EQ(1, rill_send(pair[0], "x", 1, 0));
	for (i = 0; i < POOL; i++)
		pool[i] = -1;
	/* Some options rewrite code of the kernel: that takes its time. */
	n = 10000 / rill_slow();
	for (i = 0; i < n; i++)
		random_call(pool, &seed, buf);
	for (i = 0; i < POOL; i++)
		close(pool[i]);
	/* Bystanders noticed nothing and nothing is left. */
	EXPECT_EQ(1, rill_recv(pair[1], &c, 1, MSG_DONTWAIT));
	EXPECT_EQ('x', c);
	EXPECT_EQ(0, rill_wait_socket_count(2));
	EXPECT_EQ(0, rill_counter("illegal"));
	EXPECT_LT(0, rill_counter("connect"));
}

TEST_HARNESS_MAIN
