// SPDX-License-Identifier: GPL-2.0-only
/*
 * SOCK_DGRAM over Ethernet: one datagram, one frame. What connect() means for
 * them is in connect_dgram.c.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "rill_io.h"
#include "rill_path.h"

/** HEADER - Bytes of a frame's header; the rest of the MTU is for data. */
#define HEADER	32

/** MTU - That of a new device. */
#define MTU	1500

FIXTURE(dgram) {
	struct rill_path path;
	int fd[2];
	struct sockaddr_rill name[2];
};

FIXTURE_SETUP(dgram)
{
	int ret = rill_path_open(&self->path, &rill_path_bridge, SOCK_DGRAM);
	int i;

	if (ret == -EPERM)
		SKIP(return, "needs root");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no veth or no bridge");
	ASSERT_EQ(0, ret);
	for (i = RILL_CLIENT; i <= RILL_SERVER; i++) {
		self->fd[i] = rill_path_bound(&self->path, i, &self->name[i]);
		ASSERT_LE(0, self->fd[i]);
	}
}

FIXTURE_TEARDOWN(dgram)
{
	rill_path_close(&self->path);
}

/* Receive what comes. Return: bytes or -errno. */
static ssize_t take(int fd, void *buf, size_t len, struct sockaddr_rill *from)
{
	int events = rill_poll_wait(fd, POLLIN);

	return events < 0 ? events : rill_recvfrom(fd, buf, len, 0, from);
}

TEST_F(dgram, each_way)
{
	struct sockaddr_rill from;
	char buf[64];
	int i;

	for (i = RILL_CLIENT; i <= RILL_SERVER; i++) {
		ASSERT_EQ(5, rill_sendto(self->fd[i], "hello", 5, 0,
					 &self->name[!i]));
		ASSERT_EQ(5, take(self->fd[!i], buf, sizeof(buf), &from));
		EXPECT_EQ(0, memcmp("hello", buf, 5));
		/* an address to answer to, with the interface it came by */
		EXPECT_TRUE(rill_addr_eq(&self->name[i], &from));
	}
}

TEST_F(dgram, answer_to_the_name)
{
	struct sockaddr_rill from;
	char buf[64];
	int fd = socket(AF_RILL, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	/* unbound before: sendto() binds it */
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, rill_sendto(fd, "a", 1, 0, &self->name[RILL_SERVER]));
	ASSERT_EQ(1, take(self->fd[RILL_SERVER], buf, sizeof(buf), &from));
	ASSERT_EQ(1, rill_sendto(self->fd[RILL_SERVER], "b", 1, 0, &from));
	EXPECT_EQ(1, take(fd, buf, sizeof(buf), &from));
	EXPECT_EQ('b', buf[0]);
}

TEST_F(dgram, any_interface)
{
	struct sockaddr_rill to = self->name[RILL_SERVER], from;
	char c;

	to.srl_ifindex = 0;
	ASSERT_EQ(1, rill_sendto(self->fd[RILL_CLIENT], "x", 1, 0, &to));
	EXPECT_EQ(1, take(self->fd[RILL_SERVER], &c, 1, &from));
}

TEST_F(dgram, boundaries)
{
	struct sockaddr_rill from;
	char buf[64];
	ssize_t n;

	for (n = 0; n < 20; n++)
		ASSERT_EQ(n, rill_sendto(self->fd[0], "01234567890123456789",
					 n, 0, &self->name[1]));
	for (n = 0; n < 20; n++)
		EXPECT_EQ(n, take(self->fd[1], buf, sizeof(buf), &from));
}

TEST_F(dgram, longest)
{
	static const int mtus[] = { MTU, 576, 9000 };
	struct sockaddr_rill from;
	char out[9100], in[9100];
	int most, i, j;

	for (i = 0; i < 3; i++) {
		for (j = RILL_CLIENT; j <= RILL_SERVER; j++) {
			ASSERT_EQ(0, rill_netns_enter(self->path.hub));
			ASSERT_EQ(0, rill_dev_mtu(j ? "port1" : "port0",
						  mtus[i]));
			ASSERT_EQ(0, rill_path_mtu(&self->path, j, mtus[i]));
		}
		most = mtus[i] - HEADER;
		rill_pattern(out, sizeof(out), i);
		EXPECT_EQ(-EMSGSIZE, rill_sendto(self->fd[0], out, most + 1, 0,
						 &self->name[1]));
		EXPECT_EQ(0, rill_so_error(self->fd[0]));
		ASSERT_EQ(most, rill_sendto(self->fd[0], out, most, 0,
					    &self->name[1]));
		EXPECT_EQ(most, take(self->fd[1], in, sizeof(in), &from));
		EXPECT_TRUE(rill_pattern_ok(in, most, i));
	}
}

TEST_F(dgram, short_buffer)
{
	struct sockaddr_rill from;
	char buf[4];

	ASSERT_EQ(10, rill_sendto(self->fd[0], "0123456789", 10, 0,
				  &self->name[1]));
	ASSERT_EQ(1, rill_sendto(self->fd[0], "x", 1, 0, &self->name[1]));
	EXPECT_EQ(4, take(self->fd[1], buf, 4, &from));
	EXPECT_EQ(1, take(self->fd[1], buf, 4, &from));
}

static bool frame_came(void *arg)
{
	return rill_counter("rx_frames") > *(long long *)arg;
}

/* A connected sender learns that nobody is there; another one does not ask. */
TEST_F(dgram, nobody_there)
{
	long long before = rill_counter("rx_frames");

	close(self->fd[1]);
	EXPECT_EQ(1, rill_sendto(self->fd[0], "x", 1, 0, &self->name[1]));
	ASSERT_EQ(0, rill_wait_until(frame_came, &before));
	EXPECT_EQ(0, rill_poll(self->fd[0], POLLIN));
	ASSERT_EQ(0, rill_connect(self->fd[0], &self->name[1]));
	EXPECT_EQ(1, rill_send(self->fd[0], "x", 1, 0));
	EXPECT_NE(0, rill_poll_wait(self->fd[0], POLLIN) & POLLERR);
	EXPECT_EQ(-ECONNREFUSED, rill_send(self->fd[0], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(0, rill_so_error(self->fd[0]));
}

TEST_F(dgram, nobody_there_wakes_a_reader)
{
	char c;
	struct rill_xfer x = { .fd = self->fd[0], .buf = &c, .len = 1 };
	struct rill_call call;

	close(self->fd[1]);
	ASSERT_EQ(0, rill_connect(self->fd[0], &self->name[1]));
	ASSERT_EQ(0, rill_set_nonblock(self->fd[0], false));
	ASSERT_EQ(0, rill_call_start(&call, rill_recv_fn, &x));
	EXPECT_EQ(1, rill_send(self->fd[0], "x", 1, 0));
	EXPECT_EQ(-ECONNREFUSED, rill_call_join(&call));
}

TEST_F(dgram, no_link)
{
	struct sockaddr_rill to = self->name[RILL_SERVER];
	int fd = self->fd[RILL_CLIENT];

	to.srl_ifindex = 0x7ffffff0;
	EXPECT_EQ(-ENETUNREACH, rill_sendto(fd, "x", 1, 0, &to));
	to = self->name[RILL_SERVER];
	ASSERT_EQ(0, rill_dev_up(RILL_PATH_DEV, false));
	EXPECT_EQ(-ENETDOWN, rill_sendto(fd, "x", 1, 0, &to));
	to.srl_ifindex = 0;
	EXPECT_EQ(-ENETUNREACH, rill_sendto(fd, "x", 1, 0, &to));
	ASSERT_EQ(0, rill_dev_up(RILL_PATH_DEV, true));
	ASSERT_EQ(0, rill_sysctl_set("ethernet", "0"));
	EXPECT_EQ(-ENETUNREACH, rill_sendto(fd, "x", 1, 0, &to));
}

/* A datagram socket of @ns on @port. */
static int host_bound(struct rill_path *path, int ns, unsigned int port)
{
	struct sockaddr_rill local = rill_addr(port);
	int fd = -1, ret = rill_netns_enter(ns);

	if (!ret)
		fd = rill_bound(SOCK_DGRAM | SOCK_NONBLOCK, &local);
	if (!ret)
		ret = rill_path_enter(path, RILL_CLIENT);
	return ret ? ret : fd;
}

TEST_F(dgram, broadcast)
{
	struct sockaddr_rill all = self->name[RILL_SERVER], from;
	int fd = self->fd[RILL_CLIENT], ns, i;
	int host[3];
	char c;

	/* the server, another host, and this host */
	host[0] = self->fd[RILL_SERVER];
	ns = rill_path_host(&self->path);
	ASSERT_LE(0, ns);
	host[1] = host_bound(&self->path, ns, rill_port(&all));
	ASSERT_LE(0, host[1]);
	host[2] = host_bound(&self->path, self->path.end[RILL_CLIENT].ns,
			     rill_port(&all));
	ASSERT_LE(0, host[2]);
	memset(all.srl_addr, 0xff, sizeof(all.srl_addr));
	EXPECT_EQ(-EACCES, rill_sendto(fd, "x", 1, 0, &all));
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_SOCKET, SO_BROADCAST, 1));
	EXPECT_EQ(1, rill_sendto(fd, "x", 1, 0, &all));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(1, take(host[i], &c, 1, &from));
		EXPECT_EQ(self->name[RILL_CLIENT].srl_port, from.srl_port);
		EXPECT_EQ(0, rill_poll(host[i], POLLIN));
	}
	/* on every link */
	all.srl_ifindex = 0;
	EXPECT_EQ(1, rill_sendto(fd, "y", 1, 0, &all));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(1, take(host[i], &c, 1, &from));
	/* nobody answers a broadcast that nobody takes */
	for (i = 0; i < 3; i++)
		close(host[i]);
	EXPECT_EQ(1, rill_sendto(fd, "z", 1, 0, &all));
	EXPECT_EQ(0, rill_so_error(fd));
}

TEST_F(dgram, connected_broadcast)
{
	struct sockaddr_rill all = self->name[RILL_SERVER], from;
	int fd = self->fd[RILL_CLIENT];
	char c;

	memset(all.srl_addr, 0xff, sizeof(all.srl_addr));
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_SOCKET, SO_BROADCAST, 1));
	ASSERT_EQ(0, rill_connect(fd, &all));
	EXPECT_EQ(1, rill_send(fd, "x", 1, 0));
	EXPECT_EQ(1, take(self->fd[RILL_SERVER], &c, 1, &from));
}

TEST_F(dgram, stranger_on_the_link)
{
	struct sockaddr_rill to = self->name[RILL_SERVER], from;
	int ns = rill_path_host(&self->path), other;
	char c;

	/* connected to the client, the server does not hear another host */
	ASSERT_LE(0, ns);
	other = host_bound(&self->path, ns,
			   rill_port(&self->name[RILL_CLIENT]));
	ASSERT_LE(0, other);
	ASSERT_EQ(0, rill_connect(self->fd[RILL_SERVER],
				  &self->name[RILL_CLIENT]));
	to.srl_ifindex = 0;
	EXPECT_EQ(1, rill_sendto(other, "x", 1, 0, &to));
	EXPECT_EQ(1, rill_sendto(self->fd[RILL_CLIENT], "a", 1, 0, &to));
	EXPECT_EQ(1, take(self->fd[RILL_SERVER], &c, 1, &from));
	EXPECT_EQ('a', c);
	EXPECT_EQ(0, rill_poll(self->fd[RILL_SERVER], POLLIN));
}

TEST_F(dgram, bound_to_an_interface)
{
	struct sockaddr_rill local = rill_addr(0), to, from;
	int lo, dev;
	char c;

	/* two sockets of one port: only the one on the link hears it */
	ASSERT_EQ(0, rill_path_enter(&self->path, RILL_SERVER));
	local.srl_ifindex = 1;
	lo = rill_bound(SOCK_DGRAM | SOCK_NONBLOCK, &local);
	ASSERT_LE(0, lo);
	local.srl_ifindex = self->path.end[RILL_SERVER].ifindex;
	dev = rill_bound(SOCK_DGRAM | SOCK_NONBLOCK, &local);
	ASSERT_LE(0, dev);
	ASSERT_EQ(0, rill_path_enter(&self->path, RILL_CLIENT));
	to = self->name[RILL_SERVER];
	to.srl_port = local.srl_port;
	EXPECT_EQ(1, rill_sendto(self->fd[RILL_CLIENT], "x", 1, 0, &to));
	EXPECT_EQ(1, take(dev, &c, 1, &from));
	EXPECT_EQ(0, rill_poll(lo, POLLIN));
}

TEST_F(dgram, switched_off)
{
	struct sockaddr_rill to = self->name[RILL_SERVER], from;
	int fd = self->fd[RILL_CLIENT];
	char c;

	ASSERT_EQ(0, rill_path_sysctl(&self->path, RILL_SERVER, "ethernet",
				      "0"));
	EXPECT_EQ(1, rill_sendto(fd, "x", 1, 0, &to));
	ASSERT_EQ(0, rill_path_sysctl(&self->path, RILL_SERVER, "ethernet",
				      "1"));
	EXPECT_EQ(1, rill_sendto(fd, "y", 1, 0, &to));
	EXPECT_EQ(1, take(self->fd[RILL_SERVER], &c, 1, &from));
	EXPECT_EQ('y', c);
}

/* More than fits is lost, as ever; what comes is whole. */
TEST_F(dgram, flood)
{
	struct sockaddr_rill from;
	int most = 2000 / rill_slow(), got = 0, i;
	char buf[1000];
	ssize_t n;

	rill_pattern(buf, sizeof(buf), 0);
	for (i = 0; i < most; i++) {
		n = rill_sendto(self->fd[0], buf, sizeof(buf), 0,
				&self->name[1]);
		ASSERT_TRUE(n == sizeof(buf) || n == -EAGAIN || n == -ENOBUFS);
	}
	ASSERT_LT(0, rill_poll_wait(self->fd[1], POLLIN));
	while ((n = rill_recvfrom(self->fd[1], buf, sizeof(buf), 0, &from)) > 0) {
		EXPECT_EQ((ssize_t)sizeof(buf), n);
		EXPECT_TRUE(rill_pattern_ok(buf, n, 0));
		got++;
	}
	EXPECT_LT(0, got);
	/* and the sender's buffer is its own again */
	EXPECT_NE(0, rill_poll_wait(self->fd[0], POLLOUT) & POLLOUT);
}

TEST_HARNESS_MAIN
