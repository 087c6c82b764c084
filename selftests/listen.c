// SPDX-License-Identifier: GPL-2.0-only
/*
 * listen() and accept(): the backlog, who waits, what is refused.
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <sys/resource.h>
#include "rill_io.h"

FIXTURE(listen) {
	struct sockaddr_rill addr;
	int fd;
};

FIXTURE_VARIANT(listen) {
	int type;
};

FIXTURE_VARIANT_ADD(listen, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(listen, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_SETUP(listen)
{
	RILL_IN_NETNS(return);
	self->addr = rill_addr(0);
	self->fd = rill_bound(variant->type, &self->addr);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(listen)
{
	close(self->fd);
}

/* A client that does not wait, bound to @port. fd; *err: what it got. */
static int client_from(int type, unsigned int port,
		       const struct sockaddr_rill *to, int *err)
{
	struct sockaddr_rill from = rill_addr(port);
	int fd = rill_bound(type | SOCK_NONBLOCK, &from);

	*err = fd < 0 ? -fd : rill_connect(fd, to);
	return fd;
}

TEST_F(listen, backlog_admits_one_more)
{
	static const int backlogs[] = { 0, 1, 4 };
	struct rill_info info;
	unsigned int i;
	int n, err;

	for (i = 0; i < ARRAY_SIZE(backlogs); i++) {
		struct sockaddr_rill addr = rill_addr(0);
		int fd = rill_listener(variant->type, backlogs[i], &addr);

		ASSERT_LE(0, fd);
		for (n = 0; n <= backlogs[i]; n++) {
			client_from(variant->type, 0, &addr, &err);
			EXPECT_EQ(0, err);
		}
		client_from(variant->type, 0, &addr, &err);
		EXPECT_EQ(EINPROGRESS, err);
		ASSERT_EQ(0, rill_info(fd, &info));
		EXPECT_STREQ("LISTEN", info.state);
		EXPECT_EQ((unsigned long)backlogs[i], info.backlog);
		EXPECT_EQ((unsigned long)backlogs[i] + 1, info.recvq);
		EXPECT_EQ(1, info.pending);
	}
}

TEST_F(listen, backlog_limit)
{
	struct rill_info info;

	ASSERT_EQ(0, rill_sysctl_set("max_backlog", "3"));
	ASSERT_EQ(0, rill_listen(self->fd, 100));
	ASSERT_EQ(0, rill_info(self->fd, &info));
	EXPECT_EQ(3, info.backlog);
	ASSERT_EQ(0, rill_listen(self->fd, 2));
	ASSERT_EQ(0, rill_info(self->fd, &info));
	EXPECT_EQ(2, info.backlog);
	/* Negative means as many as there may be, as elsewhere. */
	ASSERT_EQ(0, rill_listen(self->fd, -1));
	ASSERT_EQ(0, rill_info(self->fd, &info));
	EXPECT_EQ(3, info.backlog);
}

TEST_F(listen, again_admits_the_pending)
{
	int client[4], i, err;

	ASSERT_EQ(0, rill_listen(self->fd, 0));
	for (i = 0; i < 4; i++)
		client[i] = client_from(variant->type, 0, &self->addr, &err);
	ASSERT_EQ(0, rill_wait_pending(self->fd, 3));
	ASSERT_EQ(0, rill_listen(self->fd, 10));
	/* At once or at the next accept(): none of them is lost. */
	for (i = 0; i < 4; i++)
		EXPECT_LE(0, rill_accept_one(self->fd));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, rill_wait_state(client[i], "ESTABLISHED"));
}

TEST_F(listen, smaller_backlog_keeps_what_came)
{
	int i, err;

	ASSERT_EQ(0, rill_listen(self->fd, 5));
	for (i = 0; i < 4; i++) {
		client_from(variant->type, 0, &self->addr, &err);
		ASSERT_EQ(0, err);
	}
	ASSERT_EQ(0, rill_listen(self->fd, 0));
	client_from(variant->type, 0, &self->addr, &err);
	EXPECT_EQ(EINPROGRESS, err);
	for (i = 0; i < 5; i++)
		EXPECT_LE(0, rill_accept_one(self->fd));
}

TEST_F(listen, first_come_first_served)
{
	struct sockaddr_rill name;
	socklen_t len;
	int i, err, fd;

	ASSERT_EQ(0, rill_listen(self->fd, 1));
	for (i = 0; i < 8; i++)
		client_from(variant->type, 6000 + i, &self->addr, &err);
	EXPECT_EQ(EINPROGRESS, err);
	for (i = 0; i < 8; i++) {
		len = sizeof(name);
		fd = accept4(self->fd, (void *)&name, &len, SOCK_NONBLOCK);
		ASSERT_LE(0, fd);
		EXPECT_EQ(sizeof(name), len);
		EXPECT_EQ(6000 + i, (int)rill_port(&name));
	}
	ASSERT_EQ(0, rill_set_nonblock(self->fd, true));
	EXPECT_EQ(-EAGAIN, rill_accept_one(self->fd));
}

TEST_F(listen, accept4_flags)
{
	int i, err, fd;
	static const struct {
		int flags, fd, fl;
	} cases[] = {
		{ 0, 0, 0 },
		{ SOCK_CLOEXEC, FD_CLOEXEC, 0 },
		{ SOCK_NONBLOCK, 0, O_NONBLOCK },
		{ SOCK_CLOEXEC | SOCK_NONBLOCK, FD_CLOEXEC, O_NONBLOCK },
	};

	ASSERT_EQ(0, rill_listen(self->fd, 10));
	/* The listener's own flag is not inherited. */
	ASSERT_EQ(0, rill_set_nonblock(self->fd, true));
	for (i = 0; i < 4; i++) {
		client_from(variant->type, 0, &self->addr, &err);
		ASSERT_EQ(0, err);
		fd = accept4(self->fd, NULL, NULL, cases[i].flags);
		ASSERT_LE(0, fd);
		EXPECT_EQ(cases[i].fd, fcntl(fd, F_GETFD) & FD_CLOEXEC);
		EXPECT_EQ(cases[i].fl, fcntl(fd, F_GETFL) & O_NONBLOCK);
	}
	EXPECT_EQ(-1, accept4(self->fd, NULL, NULL, 0x40));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(listen, child_is_like_its_listener)
{
	struct sockaddr_rill local, peer;
	int client, child, err;

	ASSERT_EQ(0, rill_listen(self->fd, 1));
	client = client_from(variant->type, 6000, &self->addr, &err);
	ASSERT_EQ(0, err);
	child = rill_accept_one(self->fd);
	ASSERT_LE(0, child);
	EXPECT_EQ(variant->type, rill_getsockopt_int(child, SOL_SOCKET,
						     SO_TYPE));
	EXPECT_EQ(AF_RILL, rill_getsockopt_int(child, SOL_SOCKET, SO_DOMAIN));
	EXPECT_EQ(0, rill_getsockopt_int(child, SOL_SOCKET, SO_ACCEPTCONN));
	ASSERT_EQ(0, rill_local(child, &local));
	ASSERT_EQ(0, rill_peer(client, &peer));
	EXPECT_TRUE(rill_addr_eq(&local, &peer));
	EXPECT_EQ(rill_port(&self->addr), rill_port(&local));
	ASSERT_EQ(0, rill_peer(child, &peer));
	ASSERT_EQ(0, rill_local(client, &local));
	EXPECT_TRUE(rill_addr_eq(&local, &peer));
	EXPECT_EQ(EINVAL, rill_listen(child, 1));
	EXPECT_EQ(-EINVAL, rill_accept_one(child));
}

TEST_F(listen, accept_name_lengths)
{
	struct sockaddr_rill name;
	socklen_t len;
	bool right;
	int i, err;

	ASSERT_EQ(0, rill_listen(self->fd, 20));
	for (i = 0; i <= 18; i++) {
		client_from(variant->type, 6000 + i, &self->addr, &err);
		ASSERT_EQ(0, err);
		len = i;
		memset(&name, 0xaa, sizeof(name));
		ASSERT_LE(0, accept(self->fd, (void *)&name, &len));
		EXPECT_EQ(sizeof(name), len);
		/* Written whole, or not beyond the room there is. */
		right = i < 16 ? ((unsigned char *)&name)[i] == 0xaa :
				 rill_port(&name) == 6000U + i;
		EXPECT_TRUE(right)
			TH_LOG("length %d", i);
	}
}

TEST_F(listen, accept_refused)
{
	struct sockaddr_rill name;
	socklen_t len = -1;
	int client, err, fds[2], dgram = socket(AF_RILL, SOCK_DGRAM, 0);

	EXPECT_EQ(-EINVAL, rill_accept_one(self->fd));
	EXPECT_EQ(-EOPNOTSUPP, rill_accept_one(dgram));
	EXPECT_EQ(-EBADF, rill_accept_one(-1));
	ASSERT_EQ(0, pipe(fds));
	EXPECT_EQ(-ENOTSOCK, rill_accept_one(fds[0]));
	ASSERT_EQ(0, rill_listen(self->fd, 1));
	ASSERT_EQ(0, rill_set_nonblock(self->fd, true));
	EXPECT_EQ(-EAGAIN, rill_accept_one(self->fd));
	client = client_from(variant->type, 0, &self->addr, &err);
	EXPECT_EQ(-1, accept(self->fd, (void *)&name, &len));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-EINVAL, rill_accept_one(client));
}

TEST_F(listen, listen_refused)
{
	struct sockaddr_rill addr = rill_addr(0);
	int full, client, pair[2], err;

	EXPECT_EQ(EOPNOTSUPP, rill_listen(socket(AF_RILL, SOCK_DGRAM, 0), 1));
	EXPECT_EQ(EBADF, rill_listen(-1, 1));
	ASSERT_EQ(0, rill_pair(variant->type, pair));
	EXPECT_EQ(EINVAL, rill_listen(pair[0], 1));
	EXPECT_EQ(EINVAL, rill_listen(pair[1], 1));
	full = rill_listener(variant->type, 0, &addr);
	ASSERT_LE(0, full);
	client_from(variant->type, 0, &addr, &err);
	client = client_from(variant->type, 0, &addr, &err);
	ASSERT_EQ(EINPROGRESS, err);
	EXPECT_EQ(EINVAL, rill_listen(client, 1));
	/* And it is not disturbed. */
	ASSERT_LE(0, rill_accept_one(full));
	EXPECT_EQ(0, rill_wait_state(client, "ESTABLISHED"));
}

TEST_F(listen, unbound_gets_a_port)
{
	struct sockaddr_rill addr;
	int fd = socket(AF_RILL, variant->type, 0);

	ASSERT_EQ(0, rill_sysctl_set("local_port_range", "5000 5000"));
	ASSERT_EQ(0, rill_listen(fd, 1));
	ASSERT_EQ(0, rill_local(fd, &addr));
	EXPECT_EQ(5000, (int)rill_port(&addr));
	EXPECT_EQ(EADDRNOTAVAIL, rill_listen(socket(AF_RILL, variant->type, 0),
					     1));
	ASSERT_EQ(0, rill_sysctl_set("local_port_range", "5000 5001"));
	EXPECT_LE(0, rill_client(variant->type, &addr));
}

TEST_F(listen, option_says_so)
{
	EXPECT_EQ(0, rill_getsockopt_int(self->fd, SOL_SOCKET, SO_ACCEPTCONN));
	ASSERT_EQ(0, rill_listen(self->fd, 1));
	EXPECT_EQ(1, rill_getsockopt_int(self->fd, SOL_SOCKET, SO_ACCEPTCONN));
}

TEST_F(listen, is_no_data_socket)
{
	ssize_t ret;
	char c;

	ASSERT_EQ(0, rill_listen(self->fd, 1));
	ret = rill_recv(self->fd, &c, 1, MSG_DONTWAIT);
	EXPECT_TRUE(ret == -ENOTCONN || ret == -EINVAL)
		TH_LOG("recv: %zd", ret);
	ret = rill_send(self->fd, "x", 1, MSG_NOSIGNAL);
	EXPECT_TRUE(ret == -ENOTCONN || ret == -EPIPE)
		TH_LOG("send: %zd", ret);
}

TEST_F(listen, data_before_accept)
{
	int client, child, err;
	char buf[8];

	ASSERT_EQ(0, rill_listen(self->fd, 1));
	client = client_from(variant->type, 0, &self->addr, &err);
	ASSERT_EQ(0, err);
	EXPECT_EQ(5, rill_send(client, "early", 5, 0));
	close(client);
	child = rill_accept_one(self->fd);
	ASSERT_LE(0, child);
	EXPECT_EQ(5, rill_recv(child, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp("early", buf, 5));
	EXPECT_EQ(0, rill_recv(child, buf, sizeof(buf), 0));
}

TEST_F(listen, close_refuses_and_resets)
{
	int waiting, established, err;
	char c;

	ASSERT_EQ(0, rill_listen(self->fd, 0));
	established = client_from(variant->type, 0, &self->addr, &err);
	ASSERT_EQ(0, err);
	waiting = client_from(variant->type, 0, &self->addr, &err);
	ASSERT_EQ(EINPROGRESS, err);
	close(self->fd);
	EXPECT_EQ(ECONNREFUSED, rill_so_error(waiting));
	EXPECT_EQ(-ECONNRESET, rill_recv(established, &c, 1, 0));
	EXPECT_EQ(0, rill_recv(established, &c, 1, 0));
	EXPECT_EQ(ECONNREFUSED, rill_connect(waiting, &self->addr));
}

TEST_F(listen, no_descriptor_no_loss)
{
	struct rlimit old, limit;
	int err;

	ASSERT_EQ(0, rill_listen(self->fd, 1));
	client_from(variant->type, 0, &self->addr, &err);
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	limit = old;
	limit.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, rill_accept_one(self->fd));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	EXPECT_LE(0, rill_accept_one(self->fd));
}

TEST_HARNESS_MAIN
