// SPDX-License-Identifier: GPL-2.0-only
/*
 * SOCK_DGRAM: names, sizes, drops, and what a connected one hears.
 */
#include "kselftest_harness.h"
#include <linux/filter.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include "rill_io.h"

#define LARGEST	65536

static const unsigned char multicast_hw[] = { 0x33, 0x33, 0, 0, 0, 1 };
static const unsigned char broadcast_hw[] = { 255, 255, 255, 255, 255, 255 };
static const unsigned char foreign_hw[] = { 0x02, 0xee, 0xee, 0, 0, 1 };

FIXTURE(dgram) {
	struct sockaddr_rill addr[3];
	int fd[3];
};

FIXTURE_SETUP(dgram)
{
	int i;

	RILL_IN_NETNS(return);
	for (i = 0; i < 3; i++) {
		self->addr[i] = rill_addr(7000 + i);
		self->fd[i] = rill_bound(SOCK_DGRAM, &self->addr[i]);
		ASSERT_LE(0, self->fd[i]);
	}
}

FIXTURE_TEARDOWN(dgram)
{
	int i;

	for (i = 0; i < 3; i++)
		close(self->fd[i]);
}

/* Sum of the counters whose names speak of drops. */
static long long drops(void)
{
	FILE *f = fopen("/proc/net/rill/counters", "r");
	char name[64];
	long long value, sum = 0;

	if (!f)
		return -errno;
	while (fscanf(f, "%63s %lld", name, &value) == 2)
		if (strstr(name, "drop"))
			sum += value;
	fclose(f);
	return sum;
}

TEST_F(dgram, comes_with_its_senders_name)
{
	struct sockaddr_rill from;
	char buf[16];
	int i;

	for (i = 1; i < 3; i++) {
		ASSERT_EQ(5, rill_sendto(self->fd[i], "hello", 5, 0,
					 &self->addr[0]));
		ASSERT_EQ(5, rill_recvfrom(self->fd[0], buf, 16, 0, &from));
		EXPECT_EQ(0, memcmp("hello", buf, 5));
		EXPECT_EQ(rill_port(&self->addr[i]), rill_port(&from));
		/* The name is an address to answer to. */
		ASSERT_EQ(2, rill_sendto(self->fd[0], "re", 2, 0, &from));
		ASSERT_EQ(2, rill_recv(self->fd[i], buf, 16, 0));
	}
}

TEST_F(dgram, sending_binds)
{
	struct sockaddr_rill name, from;
	int fd = socket(AF_RILL, SOCK_DGRAM, 0);
	char c;

	ASSERT_EQ(1, rill_sendto(fd, "x", 1, 0, &self->addr[0]));
	ASSERT_EQ(0, rill_local(fd, &name));
	EXPECT_LE(32768, (int)rill_port(&name));
	ASSERT_EQ(1, rill_recvfrom(self->fd[0], &c, 1, 0, &from));
	EXPECT_EQ(rill_port(&name), rill_port(&from));
	close(fd);
}

TEST_F(dgram, boundaries_and_truncation)
{
	char buf[16];
	struct iovec iov = { buf, 4 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	ASSERT_EQ(10, rill_sendto(self->fd[1], "0123456789", 10, 0,
				  &self->addr[0]));
	ASSERT_EQ(0, rill_sendto(self->fd[1], "", 0, 0, &self->addr[0]));
	ASSERT_EQ(10, rill_sendto(self->fd[1], "abcdefghij", 10, 0,
				  &self->addr[0]));
	EXPECT_EQ(4, rill_recvmsg(self->fd[0], &msg, MSG_PEEK));
	EXPECT_EQ(MSG_TRUNC, msg.msg_flags & MSG_TRUNC);
	EXPECT_EQ(4, rill_recvmsg(self->fd[0], &msg, 0));
	EXPECT_EQ(MSG_TRUNC, msg.msg_flags & MSG_TRUNC);
	EXPECT_EQ(0, rill_recvmsg(self->fd[0], &msg, 0));
	EXPECT_EQ(0, msg.msg_flags & MSG_TRUNC);
	EXPECT_EQ(10, rill_recvmsg(self->fd[0], &msg, MSG_TRUNC));
	EXPECT_EQ(0, memcmp("abcd", buf, 4));
}

TEST_F(dgram, largest)
{
	static char out[LARGEST + 1], in[LARGEST + 1];

	rill_pattern(out, sizeof(out), 0);
	EXPECT_EQ(-EMSGSIZE, rill_sendto(self->fd[1], out, LARGEST + 1, 0,
					 &self->addr[0]));
	ASSERT_EQ(LARGEST, rill_sendto(self->fd[1], out, LARGEST, 0,
				       &self->addr[0]));
	ASSERT_EQ(LARGEST, rill_recv(self->fd[0], in, sizeof(in), 0));
	EXPECT_TRUE(rill_pattern_ok(in, LARGEST, 0));
}

TEST_F(dgram, destinations_refused)
{
	const struct {
		struct sockaddr_rill addr;
		int want;
	} cases[] = {
		{ rill_addr(0), -EADDRNOTAVAIL },
		{ rill_addr(7999), -ECONNREFUSED },
		{ rill_addr_hw(broadcast_hw, 0, 7000), -EACCES },
		{ rill_addr_hw(NULL, 9999, 7000), -ENETUNREACH },
		{ rill_addr_hw(foreign_hw, 0, 7000), -ENETUNREACH },
		{ rill_addr_hw(multicast_hw, 0, 7000), 1 },
		{ { .srl_family = AF_INET, .srl_port = htons(7000) },
		  -EAFNOSUPPORT },
		{ { .srl_family = AF_RILL, .srl_port = htons(7000),
		    .srl_zero = { 0, 1 } }, -EINVAL },
	};
	unsigned int i;
	ssize_t ret;
	char c;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ret = rill_sendto(self->fd[1], "x", 1, 0, &cases[i].addr);
		/* Multicast datagrams: refused, or to nobody. */
		EXPECT_TRUE(ret == cases[i].want ||
			    (cases[i].want > 0 && ret < 0))
			TH_LOG("destination %u: %zd", i, ret);
		EXPECT_EQ(-EAGAIN, rill_recv(self->fd[0], &c, 1,
					     MSG_DONTWAIT));
	}
}

TEST_F(dgram, destination_lengths)
{
	struct sockaddr_storage ss = { 0 };
	ssize_t ret;
	int len;
	char c;

	memcpy(&ss, &self->addr[0], sizeof(self->addr[0]));
	for (len = 0; len <= 130; len++) {
		ret = sendto(self->fd[1], "x", 1, 0, (void *)&ss, len);
		ret = ret < 0 ? -errno : ret;
		if (len >= 16 && len <= 128)
			ret += rill_recv(self->fd[0], &c, 1, MSG_DONTWAIT) - 1;
		/* No length at all is no address. */
		EXPECT_EQ(len == 0 ? -EDESTADDRREQ :
			  len < 16 || len > 128 ? -EINVAL : 1, ret)
			TH_LOG("length %d", len);
	}
}

TEST_F(dgram, no_destination)
{
	int fd = socket(AF_RILL, SOCK_DGRAM, 0);
	char c;

	EXPECT_EQ(-EDESTADDRREQ, rill_send(fd, "x", 1, 0));
	EXPECT_EQ(-EDESTADDRREQ, rill_send(self->fd[1], "x", 1, 0));
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[1], &c, 1, MSG_DONTWAIT));
}

TEST_F(dgram, other_type_on_that_port)
{
	struct sockaddr_rill addr = rill_addr(7900);

	ASSERT_LE(0, rill_listener(SOCK_STREAM, 1, &addr));
	EXPECT_EQ(-EPROTOTYPE, rill_sendto(self->fd[1], "x", 1, 0, &addr));
}

TEST_F(dgram, broadcast)
{
	struct sockaddr_rill all = rill_addr_hw(broadcast_hw, 0, 7000);

	EXPECT_EQ(-EACCES, rill_sendto(self->fd[1], "x", 1, 0, &all));
	EXPECT_EQ(EACCES, rill_connect(self->fd[1], &all));
	ASSERT_EQ(0, rill_setsockopt_int(self->fd[1], SOL_SOCKET, SO_BROADCAST,
					 1));
	EXPECT_NE(-EACCES, rill_sendto(self->fd[1], "x", 1, 0, &all));
	EXPECT_NE(EACCES, rill_connect(self->fd[1], &all));
}

/* As on UDP: whoever shares the port gets a copy. */
TEST_F(dgram, broadcast_reaches_all)
{
	struct sockaddr_rill all = rill_addr_hw(broadcast_hw, 0, 7500);
	struct sockaddr_rill addr = rill_addr(7500);
	int fd[20], i, got = 0;
	char c;

	for (i = 0; i < 20; i++) {
		fd[i] = socket(AF_RILL, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		ASSERT_EQ(0, rill_setsockopt_int(fd[i], SOL_SOCKET,
						 SO_REUSEADDR, 1));
		ASSERT_EQ(0, rill_bind(fd[i], &addr));
	}
	ASSERT_EQ(0, rill_setsockopt_int(self->fd[1], SOL_SOCKET, SO_BROADCAST,
					 1));
	ASSERT_EQ(1, rill_sendto(self->fd[1], "x", 1, 0, &all));
	for (i = 0; i < 20; i++)
		got += rill_recv(fd[i], &c, 1, 0) == 1;
	EXPECT_EQ(20, got);
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[0], &c, 1, MSG_DONTWAIT));
}

/* The program "return 0": keep nothing. */
TEST_F(dgram, filter_drops_and_counts)
{
	struct sock_filter none = { .code = BPF_RET | BPF_K, .k = 0 };
	struct sock_fprog prog = { .len = 1, .filter = &none };
	long long before = drops();
	char c;

	ASSERT_EQ(0, rill_setsockopt_raw(self->fd[0], SOL_SOCKET,
					 SO_ATTACH_FILTER, &prog,
					 sizeof(prog)));
	ASSERT_EQ(1, rill_sendto(self->fd[1], "x", 1, 0, &self->addr[0]));
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[0], &c, 1, MSG_DONTWAIT));
	EXPECT_EQ(1, drops() - before);
	ASSERT_EQ(0, rill_setsockopt_int(self->fd[0], SOL_SOCKET,
					 SO_DETACH_FILTER, 0));
	ASSERT_EQ(1, rill_sendto(self->fd[1], "x", 1, 0, &self->addr[0]));
	EXPECT_EQ(1, rill_recv(self->fd[0], &c, 1, MSG_DONTWAIT));
}

TEST_F(dgram, connected_hears_its_peer_only)
{
	struct sockaddr_rill from;
	char buf[8];

	/* Queued before: those of others are not delivered afterwards. */
	ASSERT_EQ(1, rill_sendto(self->fd[1], "1", 1, 0, &self->addr[0]));
	ASSERT_EQ(1, rill_sendto(self->fd[2], "2", 1, 0, &self->addr[0]));
	ASSERT_EQ(1, rill_sendto(self->fd[1], "3", 1, 0, &self->addr[0]));
	ASSERT_EQ(0, rill_connect(self->fd[0], &self->addr[2]));
	rill_sendto(self->fd[1], "4", 1, 0, &self->addr[0]);
	ASSERT_EQ(1, rill_sendto(self->fd[2], "5", 1, 0, &self->addr[0]));
	ASSERT_EQ(1, rill_recvfrom(self->fd[0], buf, 8, 0, &from));
	EXPECT_EQ('2', buf[0]);
	EXPECT_EQ(7002, (int)rill_port(&from));
	ASSERT_EQ(1, rill_recv(self->fd[0], buf, 8, 0));
	EXPECT_EQ('5', buf[0]);
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[0], buf, 8, MSG_DONTWAIT));
}

TEST_F(dgram, connected_sends_anywhere)
{
	char buf[8];

	ASSERT_EQ(0, rill_connect(self->fd[0], &self->addr[1]));
	ASSERT_EQ(1, rill_send(self->fd[0], "a", 1, 0));
	EXPECT_EQ(1, rill_recv(self->fd[1], buf, 8, MSG_DONTWAIT));
	ASSERT_EQ(1, rill_sendto(self->fd[0], "b", 1, 0, &self->addr[2]));
	EXPECT_EQ(1, rill_recv(self->fd[2], buf, 8, MSG_DONTWAIT));
	ASSERT_EQ(0, rill_connect_unspec(self->fd[0]));
	EXPECT_EQ(-EDESTADDRREQ, rill_send(self->fd[0], "a", 1, 0));
}

TEST_F(dgram, peer_gone_is_refused)
{
	ASSERT_EQ(0, rill_connect(self->fd[0], &self->addr[1]));
	ASSERT_EQ(1, rill_send(self->fd[0], "a", 1, 0));
	close(self->fd[1]);
	EXPECT_EQ(-ECONNREFUSED, rill_send(self->fd[0], "a", 1, 0));
	EXPECT_EQ(-ECONNREFUSED, rill_send(self->fd[0], "a", 1, 0));
	self->fd[1] = rill_bound(SOCK_DGRAM, &self->addr[1]);
	ASSERT_LE(0, self->fd[1]);
	EXPECT_EQ(1, rill_send(self->fd[0], "a", 1, 0));
}

TEST_F(dgram, full_receiver_drops_and_counts)
{
	static char buf[4096];
	long long before = drops();
	int i, got = 0;

	ASSERT_EQ(0, rill_setsockopt_int(self->fd[0], SOL_SOCKET, SO_RCVBUF,
					 16384));
	for (i = 0; i < 100; i++)
		ASSERT_EQ(sizeof(buf), rill_sendto(self->fd[1], buf,
						   sizeof(buf), MSG_DONTWAIT,
						   &self->addr[0]));
	while (rill_recv(self->fd[0], buf, sizeof(buf), MSG_DONTWAIT) > 0)
		got++;
	EXPECT_LT(0, got);
	EXPECT_GT(100, got);
	EXPECT_EQ(100 - got, drops() - before);
	/* And there is room again. */
	ASSERT_EQ(1, rill_sendto(self->fd[1], "x", 1, 0, &self->addr[0]));
	EXPECT_EQ(1, rill_recv(self->fd[0], buf, 8, MSG_DONTWAIT));
}

TEST_F(dgram, shutdown)
{
	char c;

	EXPECT_EQ(ENOTCONN, rill_shutdown(self->fd[0], SHUT_WR));
	ASSERT_EQ(0, rill_connect(self->fd[0], &self->addr[1]));
	ASSERT_EQ(0, rill_shutdown(self->fd[0], SHUT_WR));
	EXPECT_EQ(-EPIPE, rill_send(self->fd[0], "x", 1, MSG_NOSIGNAL));
	ASSERT_EQ(0, rill_shutdown(self->fd[0], SHUT_RD));
	EXPECT_EQ(0, rill_recv(self->fd[0], &c, 1, 0));
}

TEST_F(dgram, urgent_listen_accept_refused)
{
	char c;

	EXPECT_EQ(-EOPNOTSUPP, rill_sendto(self->fd[1], "x", 1, MSG_OOB,
					   &self->addr[0]));
	EXPECT_EQ(-EOPNOTSUPP, rill_recv(self->fd[0], &c, 1, MSG_OOB));
	EXPECT_EQ(EOPNOTSUPP, rill_listen(self->fd[0], 1));
	EXPECT_EQ(-EOPNOTSUPP, rill_accept_one(self->fd[0]));
}

TEST_F(dgram, queue_counts)
{
	struct rill_info info;

	ASSERT_EQ(5, rill_sendto(self->fd[1], "first", 5, 0, &self->addr[0]));
	ASSERT_EQ(3, rill_sendto(self->fd[1], "sec", 3, 0, &self->addr[0]));
	/* As of UDP: the next one's size. */
	EXPECT_EQ(5, rill_ioctl_int(self->fd[0], SIOCINQ));
	ASSERT_EQ(0, rill_info(self->fd[0], &info));
	EXPECT_LE(8, info.recvq);
	EXPECT_EQ(POLLIN, rill_poll(self->fd[0], POLLIN));
}

TEST_F(dgram, timeout)
{
	long long start = rill_now_ms();
	char c;

	ASSERT_EQ(0, rill_set_timeo(self->fd[0], SO_RCVTIMEO, RILL_SHORT_MS));
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[0], &c, 1, 0));
	EXPECT_LE(RILL_LEAST_MS, rill_now_ms() - start);
}

TEST_F(dgram, mmsg_names)
{
	struct iovec iov[2] = { { "one", 3 }, { "four", 4 } }, in_iov[2];
	struct mmsghdr out[2] = { 0 }, got[2] = { 0 };
	struct sockaddr_rill from[2];
	char in[2][8];
	int i;

	for (i = 0; i < 2; i++) {
		out[i].msg_hdr.msg_name = &self->addr[0];
		out[i].msg_hdr.msg_namelen = sizeof(self->addr[0]);
		out[i].msg_hdr.msg_iov = &iov[i];
		out[i].msg_hdr.msg_iovlen = 1;
		in_iov[i] = (struct iovec){ in[i], 8 };
		got[i].msg_hdr.msg_name = &from[i];
		got[i].msg_hdr.msg_namelen = sizeof(from[i]);
		got[i].msg_hdr.msg_iov = &in_iov[i];
		got[i].msg_hdr.msg_iovlen = 1;
	}
	ASSERT_EQ(2, sendmmsg(self->fd[1], out, 2, 0));
	ASSERT_EQ(2, recvmmsg(self->fd[0], got, 2, 0, NULL));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(iov[i].iov_len, got[i].msg_len);
		EXPECT_EQ(sizeof(from[i]), got[i].msg_hdr.msg_namelen);
		EXPECT_EQ(7001, (int)rill_port(&from[i]));
	}
}

TEST(dgram_pair_is_connected)
{
	int fd[2], i;
	char buf[8];

	RILL_IN_NETNS(return);
	ASSERT_EQ(0, socketpair(AF_RILL, SOCK_DGRAM, 0, fd));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(3, rill_send(fd[i], "abc", 3, 0));
		ASSERT_EQ(2, rill_send(fd[i], "de", 2, 0));
		EXPECT_EQ(3, rill_recv(fd[!i], buf, 8, 0));
		EXPECT_EQ(2, rill_recv(fd[!i], buf, 8, 0));
	}
	close(fd[1]);
	EXPECT_GT(0, rill_send(fd[0], "x", 1, MSG_NOSIGNAL));
}

TEST_HARNESS_MAIN
