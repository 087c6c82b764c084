// SPDX-License-Identifier: GPL-2.0-only
/*
 * Socket options: those of the core, those of SOL_RILL, those refused.
 */
#include "kselftest_harness.h"
#include <limits.h>
#include <net/if.h>
#include <sys/time.h>
#include <sys/uio.h>
#include "rill_io.h"

#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL	69
#endif

FIXTURE(options) {
	int fd;
};

FIXTURE_VARIANT(options) {
	int type;
};

FIXTURE_VARIANT_ADD(options, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(options, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_VARIANT_ADD(options, dgram) {
	.type = SOCK_DGRAM,
};

FIXTURE_SETUP(options)
{
	RILL_IN_NETNS(return);
	self->fd = socket(AF_RILL, variant->type, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(options)
{
	close(self->fd);
}

TEST_F(options, integers_come_back)
{
	static const struct {
		int name, value, want;
	} cases[] = {
		{ SO_REUSEADDR, 1, 1 },
		{ SO_REUSEADDR, 0, 0 },
		{ SO_BROADCAST, 1, 1 },
		{ SO_BROADCAST, 0, 0 },
		{ SO_KEEPALIVE, 1, 1 },
		{ SO_DONTROUTE, 1, 1 },
		{ SO_OOBINLINE, 1, 1 },
		{ SO_PRIORITY, 5, 5 },
		{ SO_MARK, 77, 77 },
		{ SO_SNDBUF, 50000, 100000 },
		{ SO_RCVBUF, 50000, 100000 },
		{ SO_SNDBUFFORCE, 5000000, 10000000 },
		{ SO_RCVBUFFORCE, 5000000, 10000000 },
		{ SO_RCVLOWAT, 10, 10 },
		{ SO_RCVLOWAT, 0, 1 },
		{ SO_TIMESTAMP, 1, 1 },
		{ SO_TIMESTAMPNS, 1, 1 },
		{ SO_TIMESTAMPNS, 0, 0 },
	};
	int name, got;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		name = cases[i].name;
		EXPECT_EQ(0, rill_setsockopt_int(self->fd, SOL_SOCKET, name,
						 cases[i].value))
			TH_LOG("option %d", name);
		if (name == SO_SNDBUFFORCE)
			name = SO_SNDBUF;
		if (name == SO_RCVBUFFORCE)
			name = SO_RCVBUF;
		got = rill_getsockopt_int(self->fd, SOL_SOCKET, name);
		EXPECT_EQ(cases[i].want, got)
			TH_LOG("option %d", name);
	}
}

TEST_F(options, read_only)
{
	static const int names[] = { SO_TYPE, SO_DOMAIN, SO_PROTOCOL,
				     SO_ERROR, SO_ACCEPTCONN };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(ENOPROTOOPT, rill_setsockopt_int(self->fd,
							   SOL_SOCKET,
							   names[i], 1));
		EXPECT_LE(0, rill_getsockopt_int(self->fd, SOL_SOCKET,
						 names[i]));
	}
}

TEST_F(options, refused_by_the_core)
{
	int one = 1;

	EXPECT_EQ(EOPNOTSUPP, rill_setsockopt_int(self->fd, SOL_SOCKET,
						  SO_REUSEPORT, 1));
	EXPECT_EQ(0, rill_getsockopt_int(self->fd, SOL_SOCKET, SO_REUSEPORT));
	EXPECT_EQ(EOPNOTSUPP, rill_setsockopt_raw(self->fd, SOL_SOCKET,
						  SO_ZEROCOPY, &one,
						  sizeof(one)));
	EXPECT_EQ(0, rill_getsockopt_int(self->fd, SOL_SOCKET, SO_ZEROCOPY));
}

TEST_F(options, unknown)
{
	static const struct {
		int level, name;
	} cases[] = {
		{ SOL_SOCKET, 9999 },
		{ SOL_RILL, 0 },
		{ SOL_RILL, RILL_KEEPCNT + 1 },
		{ SOL_RILL, 1000 },
		{ SOL_RILL, -1 },
		{ 6, 1 },		/* TCP_NODELAY */
		{ 0, 1 },		/* IP_TOS */
		{ 41, 1 },
		{ 12345, 1 },
		{ -1, 1 },
	};
	socklen_t len;
	unsigned int i;
	int value, err;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		err = rill_setsockopt_int(self->fd, cases[i].level,
					  cases[i].name, 1);
		EXPECT_EQ(ENOPROTOOPT, err)
			TH_LOG("set, case %u", i);
		len = sizeof(value);
		err = rill_getsockopt_raw(self->fd, cases[i].level,
					  cases[i].name, &value, &len);
		EXPECT_EQ(ENOPROTOOPT, err)
			TH_LOG("get, case %u", i);
	}
}

TEST_F(options, bad_lengths_and_pointers)
{
	int value = 1;
	socklen_t len = -1;

	EXPECT_EQ(EINVAL, rill_setsockopt_raw(self->fd, SOL_SOCKET,
					      SO_REUSEADDR, &value, 3));
	EXPECT_EQ(EINVAL, rill_setsockopt_raw(self->fd, SOL_SOCKET,
					      SO_REUSEADDR, &value, -1));
	EXPECT_EQ(EFAULT, rill_setsockopt_raw(self->fd, SOL_SOCKET,
					      SO_REUSEADDR, (void *)8, 4));
	EXPECT_EQ(EINVAL, rill_getsockopt_raw(self->fd, SOL_SOCKET, SO_TYPE,
					      &value, &len));
	EXPECT_EQ(EFAULT, rill_getsockopt_raw(self->fd, SOL_SOCKET, SO_TYPE,
					      &value, (void *)8));
	len = 4;
	EXPECT_EQ(EFAULT, rill_getsockopt_raw(self->fd, SOL_SOCKET, SO_TYPE,
					      (void *)8, &len));
	len = 1;
	value = 0;
	EXPECT_EQ(0, rill_getsockopt_raw(self->fd, SOL_SOCKET, SO_TYPE,
					 &value, &len));
	EXPECT_EQ(1, len);
	EXPECT_EQ(variant->type, value);
}

TEST_F(options, timeouts)
{
	struct timeval tv;
	socklen_t len = sizeof(tv);
	static const int names[] = { SO_RCVTIMEO, SO_SNDTIMEO };
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, rill_set_timeo(self->fd, names[i], 1500));
		len = sizeof(tv);
		ASSERT_EQ(0, rill_getsockopt_raw(self->fd, SOL_SOCKET,
						 names[i], &tv, &len));
		EXPECT_EQ(1, tv.tv_sec);
		EXPECT_EQ(500000, tv.tv_usec);
		tv.tv_usec = 1000000;
		EXPECT_EQ(EDOM, rill_setsockopt_raw(self->fd, SOL_SOCKET,
						    names[i], &tv,
						    sizeof(tv)));
		EXPECT_EQ(EINVAL, rill_setsockopt_raw(self->fd, SOL_SOCKET,
						      names[i], &tv, 4));
	}
}

TEST_F(options, linger)
{
	struct linger got;
	socklen_t len = sizeof(got);

	ASSERT_EQ(0, rill_set_linger(self->fd, 1, 7));
	ASSERT_EQ(0, rill_getsockopt_raw(self->fd, SOL_SOCKET, SO_LINGER, &got,
					 &len));
	EXPECT_EQ(1, got.l_onoff);
	EXPECT_EQ(7, got.l_linger);
	EXPECT_EQ(EINVAL, rill_setsockopt_raw(self->fd, SOL_SOCKET, SO_LINGER,
					      &got, 4));
}

TEST_F(options, buffers_have_bounds)
{
	int least;

	ASSERT_EQ(0, rill_setsockopt_int(self->fd, SOL_SOCKET, SO_SNDBUF, 0));
	least = rill_getsockopt_int(self->fd, SOL_SOCKET, SO_SNDBUF);
	EXPECT_LT(0, least);
	EXPECT_GT(20000, least);
	ASSERT_EQ(0, rill_setsockopt_int(self->fd, SOL_SOCKET, SO_SNDBUF,
					 INT_MAX));
	EXPECT_LT(least, rill_getsockopt_int(self->fd, SOL_SOCKET, SO_SNDBUF));
	ASSERT_EQ(0, rill_setsockopt_int(self->fd, SOL_SOCKET, SO_RCVBUF, 0));
	EXPECT_LT(0, rill_getsockopt_int(self->fd, SOL_SOCKET, SO_RCVBUF));
}

TEST_F(options, connect_timeout)
{
	static const unsigned int values[] = { 1, 1000, 86400000, INT_MAX, 0 };
	unsigned int i, got;
	socklen_t len = sizeof(got);

	ASSERT_EQ(0, rill_getsockopt_raw(self->fd, SOL_RILL,
					 RILL_CONNECT_TIMEOUT, &got, &len));
	EXPECT_EQ(0, got);
	EXPECT_EQ(sizeof(got), len);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		ASSERT_EQ(0, rill_setsockopt_raw(self->fd, SOL_RILL,
						 RILL_CONNECT_TIMEOUT,
						 &values[i], 4));
		len = sizeof(got);
		ASSERT_EQ(0, rill_getsockopt_raw(self->fd, SOL_RILL,
						 RILL_CONNECT_TIMEOUT, &got,
						 &len));
		EXPECT_EQ(values[i], got);
	}
	/* More than a timer can hold. */
	EXPECT_EQ(EINVAL, rill_setsockopt_int(self->fd, SOL_RILL,
					      RILL_CONNECT_TIMEOUT, -1));
	EXPECT_EQ(0, rill_getsockopt_int(self->fd, SOL_RILL,
					 RILL_CONNECT_TIMEOUT));
}

/* What is asked of a connection that is heard no more. */
static const struct {
	int name;
	int usual;
	int least;
	int most;
} patience[] = {
	{ RILL_USER_TIMEOUT, 0, 0, INT_MAX },
	{ RILL_KEEPIDLE, 60, 1, 32767 },
	{ RILL_KEEPINTVL, 10, 1, 32767 },
	{ RILL_KEEPCNT, 6, 1, 127 },
};

/* Set an option and read it. Return: the value or a negative errno. */
static int set_and_get(int fd, int name, int value)
{
	int err = rill_setsockopt_int(fd, SOL_RILL, name, value);

	return err ? -err : rill_getsockopt_int(fd, SOL_RILL, name);
}

TEST_F(options, patience)
{
	int name, usual, least, most;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(patience); i++) {
		name = patience[i].name;
		usual = patience[i].usual;
		least = patience[i].least;
		most = patience[i].most;
		EXPECT_EQ(usual, rill_getsockopt_int(self->fd, SOL_RILL, name));
		EXPECT_EQ(least, set_and_get(self->fd, name, least));
		EXPECT_EQ(most, set_and_get(self->fd, name, most));
		EXPECT_EQ(-EINVAL, set_and_get(self->fd, name, least - 1));
		EXPECT_EQ(-EINVAL, set_and_get(self->fd, name, most + 1U));
		EXPECT_EQ(-EINVAL, set_and_get(self->fd, name, INT_MIN));
		/* what is refused changes nothing */
		EXPECT_EQ(most, rill_getsockopt_int(self->fd, SOL_RILL, name));
		EXPECT_EQ(usual ? usual : 9,
			  set_and_get(self->fd, name, usual ? usual : 9));
	}
}

/* Set on the listener, they are what its connections begin with. */
TEST_F(options, patience_is_inherited)
{
	struct sockaddr_rill addr = rill_addr(0);
	int lfd, fd, peer;
	size_t i;

	if (variant->type == SOCK_DGRAM)
		return;
	lfd = rill_listener(variant->type, 0, &addr);
	ASSERT_LE(0, lfd);
	for (i = 0; i < ARRAY_SIZE(patience); i++)
		ASSERT_EQ(100, set_and_get(lfd, patience[i].name, 100));
	ASSERT_EQ(0, rill_setsockopt_int(lfd, SOL_SOCKET, SO_KEEPALIVE, 1));
	fd = rill_client(variant->type, &addr);
	ASSERT_LE(0, fd);
	peer = rill_accept_one(lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(1, rill_getsockopt_int(peer, SOL_SOCKET, SO_KEEPALIVE));
	EXPECT_EQ(0, rill_getsockopt_int(fd, SOL_SOCKET, SO_KEEPALIVE));
	for (i = 0; i < ARRAY_SIZE(patience); i++) {
		EXPECT_EQ(100, rill_getsockopt_int(peer, SOL_RILL,
						   patience[i].name));
		EXPECT_EQ(patience[i].usual,
			  rill_getsockopt_int(fd, SOL_RILL, patience[i].name));
		/* and each has its own from then on */
		EXPECT_EQ(7, set_and_get(peer, patience[i].name, 7));
		EXPECT_EQ(100, rill_getsockopt_int(lfd, SOL_RILL,
						   patience[i].name));
	}
	/* where nothing can be lost they are without effect */
	EXPECT_EQ(0, rill_setsockopt_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	EXPECT_EQ(1, rill_send(fd, "x", 1, 0));
}

TEST_F(options, dialect)
{
	int value;

	EXPECT_EQ(RILL_DIALECT_LINUX,
		  rill_getsockopt_int(self->fd, SOL_RILL, RILL_DIALECT));
	for (value = RILL_DIALECT_LINUX; value <= RILL_DIALECT_BSD; value++) {
		EXPECT_EQ(0, rill_setsockopt_int(self->fd, SOL_RILL,
						 RILL_DIALECT, value));
		EXPECT_EQ(value, rill_getsockopt_int(self->fd, SOL_RILL,
						     RILL_DIALECT));
	}
	EXPECT_EQ(EINVAL, rill_setsockopt_int(self->fd, SOL_RILL, RILL_DIALECT,
					      RILL_DIALECT_BSD + 1));
	EXPECT_EQ(EINVAL, rill_setsockopt_int(self->fd, SOL_RILL, RILL_DIALECT,
					      -1));
	EXPECT_EQ(EINVAL, rill_setsockopt_int(self->fd, SOL_RILL, RILL_DIALECT,
					      256));
	EXPECT_EQ(RILL_DIALECT_BSD, rill_getsockopt_int(self->fd, SOL_RILL,
							RILL_DIALECT));
}

TEST_F(options, sol_rill_lengths_and_pointers)
{
	static const int names[] = {
		RILL_CONNECT_TIMEOUT, RILL_DIALECT, RILL_USER_TIMEOUT,
		RILL_KEEPIDLE, RILL_KEEPINTVL, RILL_KEEPCNT,
	};
	unsigned char buf[16] = { 1 };
	socklen_t len;
	size_t i;
	int before;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		before = rill_getsockopt_int(self->fd, SOL_RILL, names[i]);
		for (len = 0; len < 4; len++)
			EXPECT_EQ(EINVAL, rill_setsockopt_raw(self->fd,
							      SOL_RILL,
							      names[i], buf,
							      len));
		EXPECT_EQ(EINVAL, rill_setsockopt_raw(self->fd, SOL_RILL,
						      names[i], buf, -1));
		EXPECT_EQ(EFAULT, rill_setsockopt_raw(self->fd, SOL_RILL,
						      names[i], (void *)8, 4));
		EXPECT_EQ(EFAULT, rill_setsockopt_raw(self->fd, SOL_RILL,
						      names[i], NULL, 4));
		EXPECT_EQ(before, rill_getsockopt_int(self->fd, SOL_RILL,
						      names[i]));
		len = -1;
		EXPECT_EQ(EINVAL, rill_getsockopt_raw(self->fd, SOL_RILL,
						      names[i], buf, &len));
		len = 4;
		EXPECT_EQ(EFAULT, rill_getsockopt_raw(self->fd, SOL_RILL,
						      names[i], (void *)8,
						      &len));
		EXPECT_EQ(EFAULT, rill_getsockopt_raw(self->fd, SOL_RILL,
						      names[i], buf,
						      (void *)8));
		len = 16;
		EXPECT_EQ(0, rill_getsockopt_raw(self->fd, SOL_RILL, names[i],
						 buf, &len));
		EXPECT_EQ(4, len);
	}
}

TEST_F(options, peek_offset)
{
	int err = rill_setsockopt_int(self->fd, SOL_SOCKET, SO_PEEK_OFF, 0);

	/* Offered to streams; to the others cleanly or not at all. */
	EXPECT_TRUE(!err || (variant->type != SOCK_STREAM &&
			     err == EOPNOTSUPP))
		TH_LOG("SO_PEEK_OFF: %d", err);
}

/* The control messages that came with one byte: their types' bits. */
static unsigned int receive_stamps(int fd)
{
	char c, control[512];
	struct iovec iov = { &c, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	unsigned int got = 0;

	if (rill_recvmsg(fd, &msg, 0) != 1)
		return ~0U;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET)
			continue;
		if (cmsg->cmsg_type == SO_TIMESTAMP)
			got |= 1;
		if (cmsg->cmsg_type == SO_TIMESTAMPNS)
			got |= 2;
		if (cmsg->cmsg_type == SO_TIMESTAMPING)
			got |= 4;
	}
	return got;
}

TEST_F(options, timestamps)
{
	static const int names[] = { SO_TIMESTAMP, SO_TIMESTAMPNS };
	int fd[2], i;

	ASSERT_EQ(0, rill_pair_any(variant->type, fd));
	ASSERT_EQ(1, rill_send(fd[0], "x", 1, 0));
	EXPECT_EQ(0, receive_stamps(fd[1]));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, rill_setsockopt_int(fd[1], SOL_SOCKET, names[i],
						 1));
		ASSERT_EQ(1, rill_send(fd[0], "x", 1, 0));
		EXPECT_EQ(1U << i, receive_stamps(fd[1]));
	}
}

/* SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE */
#define RX_SOFTWARE	((1 << 3) | (1 << 4))

TEST_F(options, timestamping)
{
	int fd[2];

	ASSERT_EQ(0, rill_pair_any(variant->type, fd));
	ASSERT_EQ(0, rill_setsockopt_int(fd[1], SOL_SOCKET, SO_TIMESTAMPING,
					 RX_SOFTWARE));
	ASSERT_EQ(1, rill_send(fd[0], "x", 1, 0));
	EXPECT_EQ(4, receive_stamps(fd[1]));
}

TEST_F(options, peer_credentials)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int fd[2], i;

	if (variant->type == SOCK_DGRAM)
		ASSERT_EQ(0, socketpair(AF_RILL, SOCK_DGRAM, 0, fd));
	if (variant->type != SOCK_DGRAM)
		ASSERT_EQ(0, rill_pair(variant->type, fd));
	for (i = 0; i < 2; i++) {
		len = sizeof(cred);
		ASSERT_EQ(0, rill_getsockopt_raw(fd[i], SOL_SOCKET,
						 SO_PEERCRED, &cred, &len));
		EXPECT_EQ(sizeof(cred), len);
		EXPECT_EQ(getpid(), cred.pid);
		EXPECT_EQ(0, cred.uid);
		EXPECT_EQ(0, cred.gid);
	}
	len = sizeof(cred);
	ASSERT_EQ(0, rill_getsockopt_raw(self->fd, SOL_SOCKET, SO_PEERCRED,
					 &cred, &len));
	EXPECT_EQ(0, cred.pid);
	EXPECT_EQ(-1, (int)cred.uid);
}

static int connect_as_nobody(void *arg)
{
	struct sockaddr_rill *addr = arg;
	int fd;

	if (rill_drop_root())
		return 1;
	fd = rill_client(SOCK_STREAM, addr);
	return fd < 0 ? 2 : 0;
}

TEST(options_peer_credentials_of_another_user)
{
	struct sockaddr_rill addr = rill_addr(0);
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int listener, child;

	RILL_IN_NETNS(return);
	listener = rill_listener(SOCK_STREAM, 1, &addr);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, rill_in_child(connect_as_nobody, &addr));
	child = rill_accept_one(listener);
	ASSERT_LE(0, child);
	ASSERT_EQ(0, rill_getsockopt_raw(child, SOL_SOCKET, SO_PEERCRED, &cred,
					 &len));
	EXPECT_EQ(65534, cred.uid);
	EXPECT_NE(getpid(), cred.pid);
}

/* Descriptors cannot be passed: refused, or not delivered. */
TEST_F(options, no_descriptor_is_passed)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, got[128], c;
	struct iovec iov = { "x", 1 }, in = { &c, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int fd[2];
	ssize_t ret;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &self->fd, sizeof(int));
	ASSERT_EQ(0, rill_pair_any(variant->type, fd));
	ret = rill_sendmsg(fd[0], &msg, 0);
	EXPECT_TRUE(ret == 1 || ret == -EINVAL)
		TH_LOG("sendmsg: %zd", ret);
	if (ret != 1)
		return;
	msg.msg_iov = &in;
	msg.msg_control = got;
	msg.msg_controllen = sizeof(got);
	EXPECT_EQ(1, rill_recvmsg(fd[1], &msg, 0));
	EXPECT_EQ(0, msg.msg_controllen);
}

TEST_F(options, bind_to_device)
{
	char name[IFNAMSIZ] = "x";
	socklen_t len = sizeof(name);
	int index = if_nametoindex("lo");

	ASSERT_EQ(0, rill_setsockopt_raw(self->fd, SOL_SOCKET, SO_BINDTODEVICE,
					 "lo", 3));
	ASSERT_EQ(0, rill_getsockopt_raw(self->fd, SOL_SOCKET, SO_BINDTODEVICE,
					 name, &len));
	EXPECT_STREQ("lo", name);
	EXPECT_EQ(index, rill_getsockopt_int(self->fd, SOL_SOCKET, 62));
	ASSERT_EQ(0, rill_setsockopt_raw(self->fd, SOL_SOCKET, SO_BINDTODEVICE,
					 "", 0));
	EXPECT_EQ(0, rill_getsockopt_int(self->fd, SOL_SOCKET, 62));
}

TEST_HARNESS_MAIN
