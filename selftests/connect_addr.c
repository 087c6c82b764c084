// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect(): addresses, lengths, pointers, descriptors, names, privilege.
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "connect_fixture.h"

TEST_F(connect, C01_names_agree)
{
	struct sockaddr_rill addr, client, server, seen;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	socklen_t len = sizeof(seen);
	int fd, peer;

	ASSERT_LE(0, lfd);
	fd = rill_path_socket(&self->path, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_connect(fd, &addr));
	ASSERT_EQ(1, !!(rill_poll_wait(lfd, POLLIN) & POLLIN));
	peer = accept(lfd, (struct sockaddr *)&seen, &len);
	ASSERT_LE(0, peer);
	EXPECT_EQ(sizeof(seen), len);

	ASSERT_EQ(0, rill_local(fd, &client));
	EXPECT_TRUE(rill_path_same(&self->path, &seen, &client));
	ASSERT_EQ(0, rill_peer(peer, &seen));
	EXPECT_TRUE(rill_path_same(&self->path, &seen, &client));
	ASSERT_EQ(0, rill_peer(fd, &server));
	ASSERT_EQ(0, rill_local(peer, &seen));
	EXPECT_TRUE(rill_path_same(&self->path, &seen, &server));
	EXPECT_EQ(addr.srl_port, server.srl_port);
	EXPECT_EQ(AF_RILL, client.srl_family);
	EXPECT_EQ(0, client.srl_zero[0] | client.srl_zero[1]);
}

/* Each end's names speak of its own interface and of both addresses. */
TEST_F(connect, C01_names_of_the_link)
{
	const struct rill_path_end *end = self->path.end;
	struct sockaddr_rill name;
	int fd[2], i;

	ASSERT_EQ(0, rill_path_pair(&self->path, fd));
	for (i = RILL_CLIENT; i <= RILL_SERVER; i++) {
		ASSERT_EQ(0, rill_local(fd[i], &name));
		EXPECT_EQ(end[i].ifindex, name.srl_ifindex);
		EXPECT_EQ(0, memcmp(end[i].hw, name.srl_addr,
				    RILL_HWADDR_LEN));
		ASSERT_EQ(0, rill_peer(fd[i], &name));
		EXPECT_EQ(end[i].ifindex, name.srl_ifindex);
		EXPECT_EQ(0, memcmp(end[!i].hw, name.srl_addr,
				    RILL_HWADDR_LEN));
	}
}

TEST_F(connect, C01_names_in_each_state)
{
	struct sockaddr_rill addr, bound = rill_addr(0), name;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, SOCK_NONBLOCK);

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_local(fd, &name));
	EXPECT_EQ(AF_RILL, name.srl_family);
	EXPECT_EQ(0, name.srl_port);
	EXPECT_EQ(ENOTCONN, rill_peer(fd, &name));
	ASSERT_EQ(0, rill_bind(fd, &bound));
	ASSERT_EQ(0, rill_local(fd, &bound));
	EXPECT_NE(0, bound.srl_port);
	EXPECT_EQ(ENOTCONN, rill_peer(fd, &name));

	ASSERT_EQ(0, rill_path_block(&self->path, lfd));
	ASSERT_EQ(EINPROGRESS, rill_connect(fd, &addr));
	EXPECT_EQ(ENOTCONN, rill_peer(fd, &name));
	ASSERT_EQ(0, rill_local(fd, &name));
	EXPECT_EQ(bound.srl_port, name.srl_port);

	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	ASSERT_LE(0, rill_accept(lfd));
	EXPECT_EQ(0, rill_peer(fd, &name));
	EXPECT_EQ(addr.srl_port, name.srl_port);
	ASSERT_EQ(0, rill_local(fd, &name));
	EXPECT_EQ(bound.srl_port, name.srl_port);
	ASSERT_EQ(ENOTCONN, rill_peer(lfd, &name));
}

TEST_F(connect, C02_unbound_is_bound)
{
	struct sockaddr_rill addr, name[2];
	int lfd = rill_path_listen(&self->path, 4, &addr);
	int fd, i;

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_sysctl_set("local_port_range", "40000 40009"));
	for (i = 0; i < 2; i++) {
		fd = rill_path_socket(&self->path, 0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, rill_connect(fd, &addr));
		ASSERT_EQ(0, rill_local(fd, &name[i]));
		EXPECT_LE(40000U, rill_port(&name[i]));
		EXPECT_GE(40009U, rill_port(&name[i]));
	}
	EXPECT_NE(name[0].srl_port, name[1].srl_port);
}

TEST_F(connect, C02_pending_is_bound)
{
	struct sockaddr_rill addr, name, again;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd;

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_path_block(&self->path, lfd));
	fd = rill_path_pending(&self->path, &addr);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_local(fd, &name));
	EXPECT_NE(0, name.srl_port);
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	ASSERT_LE(0, rill_accept(lfd));
	ASSERT_EQ(0, rill_local(fd, &again));
	EXPECT_EQ(name.srl_port, again.srl_port);
}

/* A socket bound to @local that others may share. */
static int shared_socket(struct rill_path *path, struct sockaddr_rill *local)
{
	int fd = rill_path_socket(path, SOCK_NONBLOCK);

	if (fd < 0)
		return fd;
	if (rill_setsockopt_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) ||
	    rill_bind(fd, local) || rill_local(fd, local)) {
		close(fd);
		return -EADDRINUSE;
	}
	return fd;
}

/* What a wait for the end of an old connection tries. */
struct retry {
	struct rill_path *path;
	int fd;
	const struct sockaddr_rill *addr;
	int err;
};

static bool not_in_use(void *arg)
{
	struct retry *retry = arg;

	retry->err = rill_path_connect(retry->path, retry->fd, retry->addr);
	return retry->err != EADDRINUSE;
}

/* connect(); on a link the ends of an old connection take leave first. */
static int connect_when_free(struct rill_path *path, int fd,
			     const struct sockaddr_rill *addr)
{
	struct retry retry = { .path = path, .fd = fd, .addr = addr };

	if (path->ops->at_once)
		not_in_use(&retry);
	else
		rill_wait_until(not_in_use, &retry);
	return retry.err;
}

TEST_F(connect, C16_same_connection_exists)
{
	struct sockaddr_rill addr[2], local = rill_addr(0);
	int lfd[2], fd[3], peer, i;

	for (i = 0; i < 2; i++) {
		lfd[i] = rill_path_listen(&self->path, 4, &addr[i]);
		ASSERT_LE(0, lfd[i]);
	}
	for (i = 0; i < 3; i++) {
		fd[i] = shared_socket(&self->path, &local);
		ASSERT_LE(0, fd[i]);
	}
	ASSERT_EQ(0, rill_path_connect(&self->path, fd[0], &addr[0]));
	peer = rill_accept(lfd[0]);
	ASSERT_LE(0, peer);
	EXPECT_EQ(EADDRINUSE, rill_path_connect(&self->path, fd[1], &addr[0]));
	EXPECT_EQ(EAGAIN, accept(lfd[0], NULL, NULL) < 0 ? errno : 0);
	/* elsewhere it is another connection */
	EXPECT_EQ(0, rill_path_connect(&self->path, fd[1], &addr[1]));
	EXPECT_EQ(0, rill_ping(fd[0], peer));
	/* once both ends of the first are gone its place is free */
	close(fd[0]);
	close(peer);
	EXPECT_EQ(0, connect_when_free(&self->path, fd[2], &addr[0]));
}

TEST_F(connect, C16_same_request_is_pending)
{
	struct sockaddr_rill addr, local = rill_addr(0);
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd[2], peer, i;

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_path_block(&self->path, lfd));
	for (i = 0; i < 2; i++) {
		fd[i] = shared_socket(&self->path, &local);
		ASSERT_LE(0, fd[i]);
	}
	ASSERT_EQ(EINPROGRESS, rill_connect(fd[0], &addr));
	EXPECT_EQ(EADDRINUSE, rill_connect(fd[1], &addr));
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	peer = rill_accept(lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(fd[0], peer));
	EXPECT_EQ(EADDRINUSE, rill_path_connect(&self->path, fd[1], &addr));
}

TEST_F(connect, C20_every_length)
{
	static const int bad[] = { -1, INT_MAX, INT_MIN, 129, 4096, 65536 };
	struct sockaddr_storage store = { 0 };
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd, peer, len;
	size_t i;

	ASSERT_LE(0, lfd);
	memcpy(&store, &addr, sizeof(addr));
	fd = rill_path_socket(&self->path, 0);
	ASSERT_LE(0, fd);
	for (len = 0; len < (int)sizeof(addr); len++)
		EXPECT_EQ(EINVAL, rill_connect_raw(fd, &store, len));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(EINVAL, rill_connect_raw(fd, &store, bad[i]));
	for (; len <= (int)sizeof(store); len++) {
		EXPECT_EQ(0, rill_connect_raw(fd, &store, len));
		peer = rill_accept(lfd);
		ASSERT_LE(0, peer);
		close(peer);
		ASSERT_EQ(0, rill_connect_unspec(fd));
	}
}

TEST_F(connect, C20_excess_is_ignored)
{
	struct sockaddr_storage store;
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, 0);

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, fd);
	memset(&store, 0xff, sizeof(store));
	memcpy(&store, &addr, sizeof(addr));
	EXPECT_EQ(0, rill_connect_raw(fd, &store, sizeof(store)));
}

TEST_F(connect, C21_bad_addresses)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, 0);
	char *edge = map + page;
	size_t n;

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, fd);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(edge, page));
	/* the last n bytes are beyond the edge */
	for (n = 1; n <= sizeof(addr); n++) {
		memcpy(edge - (sizeof(addr) - n), &addr, sizeof(addr) - n);
		EXPECT_EQ(EFAULT, rill_connect_raw(fd, edge - sizeof(addr) + n,
						   sizeof(addr)));
	}
	/* all of the length must be readable, not only what is needed */
	memcpy(edge - sizeof(addr), &addr, sizeof(addr));
	EXPECT_EQ(EFAULT, rill_connect_raw(fd, edge - sizeof(addr),
					   sizeof(addr) + 1));
	/* the first byte is before the start */
	EXPECT_EQ(EFAULT, rill_connect_raw(fd, edge + page - 1, sizeof(addr)));
	EXPECT_EQ(EFAULT, rill_connect_raw(fd, NULL, sizeof(addr)));
	EXPECT_EQ(EFAULT, rill_connect_raw(fd, (void *)-1L, sizeof(addr)));
	EXPECT_EQ(EFAULT, rill_connect_raw(fd, (void *)LONG_MIN,
					   sizeof(addr)));
	/* and none of that was taken for an attempt */
	EXPECT_EQ(EAGAIN, accept(lfd, NULL, NULL) < 0 ? errno : 0);
	EXPECT_EQ(0, rill_connect_raw(fd, edge - sizeof(addr), sizeof(addr)));
}

TEST_F(connect, C22_bad_descriptor)
{
	struct sockaddr_rill addr = rill_addr(1);
	int fd = rill_path_socket(&self->path, 0);

	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_EQ(EBADF, rill_connect(fd, &addr));
	EXPECT_EQ(EBADF, rill_connect(-1, &addr));
	EXPECT_EQ(EBADF, rill_connect(INT_MAX, &addr));
	fd = open("/", O_PATH | O_DIRECTORY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(EBADF, rill_connect(fd, &addr));
}

TEST_F(connect, C23_not_a_socket)
{
	struct sockaddr_rill addr = rill_addr(1);
	int pipefd[2];
	int fd = open("/dev/null", O_RDWR);

	ASSERT_LE(0, fd);
	EXPECT_EQ(ENOTSOCK, rill_connect(fd, &addr));
	ASSERT_EQ(0, pipe(pipefd));
	EXPECT_EQ(ENOTSOCK, rill_connect(pipefd[1], &addr));
}

/* Try to connect to a port where only a socket of @type is. */
static int connect_to_type(struct rill_path *path, int type, bool listens)
{
	struct sockaddr_rill addr = rill_addr(0);
	int other, fd, err;

	other = path->ops->socket(path, RILL_SERVER, type);
	if (other < 0)
		return -other;
	err = rill_bind(other, &addr);
	if (!err)
		err = rill_local(other, &addr);
	if (!err && listens && listen(other, 1))
		err = errno;
	path->ops->address(path, RILL_SERVER, &addr);
	fd = rill_path_socket(path, 0);
	if (!err)
		err = rill_connect(fd, &addr);
	close(fd);
	close(other);
	return err;
}

TEST_F(connect, C24_every_other_type)
{
	int other = variant->type == SOCK_STREAM ? SOCK_SEQPACKET : SOCK_STREAM;

	EXPECT_EQ(EPROTOTYPE, connect_to_type(&self->path, SOCK_DGRAM, false));
	EXPECT_EQ(EPROTOTYPE, connect_to_type(&self->path, other, true));
	EXPECT_EQ(EPROTOTYPE, connect_to_type(&self->path, other, false));
	/* the right type, but it does not listen */
	EXPECT_EQ(ECONNREFUSED,
		  connect_to_type(&self->path, variant->type, false));
	EXPECT_EQ(0, connect_to_type(&self->path, variant->type, true));
}

TEST_F(connect, C24_right_type_beside_another)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	struct sockaddr_rill same = rill_addr(rill_port(&addr));
	int other = self->path.ops->socket(&self->path, RILL_SERVER,
					   SOCK_DGRAM);
	int fd = rill_path_socket(&self->path, 0);

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, rill_bind(other, &same));
	EXPECT_EQ(0, rill_connect(fd, &addr));
}

TEST_F(connect, C27_broadcast_finds_the_service)
{
	struct sockaddr_rill addr, all, name;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, 0);
	int peer;

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, fd);
	all = addr;
	memset(all.srl_addr, 0xff, sizeof(all.srl_addr));
	EXPECT_EQ(EACCES, rill_connect(fd, &all));
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_SOCKET, SO_BROADCAST, 1));
	EXPECT_EQ(0, rill_connect(fd, &all));
	peer = rill_accept(lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(fd, peer));
	/* getpeername() tells who it was: an address to be found at again */
	ASSERT_EQ(0, rill_peer(fd, &name));
	EXPECT_EQ(addr.srl_port, name.srl_port);
	EXPECT_NE(0, memcmp(name.srl_addr, all.srl_addr, RILL_HWADDR_LEN));
	close(peer);
	ASSERT_EQ(0, rill_connect_unspec(fd));
	EXPECT_EQ(0, rill_connect(fd, &name));
}

TEST_F(connect, C27_broadcast_finds_nobody)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, 0);

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, fd);
	close(lfd);
	memset(addr.srl_addr, 0xff, sizeof(addr.srl_addr));
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_SOCKET, SO_BROADCAST, 1));
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_CONNECT_TIMEOUT,
					 1000));
	/* on a link silence is the answer: others may still come */
	EXPECT_EQ(variant->ops->at_once ? ECONNREFUSED : ETIMEDOUT,
		  rill_connect(fd, &addr));
}

/* What port_use_fn() returns when it cannot become what it should. */
#define NO_NAMESPACE	254

/**
 * struct port_use - What an unprivileged child tries.
 * @path: Path.
 * @port: Port to bind.
 * @addr: Where to connect.
 * @uid: User to become, or 0.
 * @unshare: Namespaces to leave first.
 */
struct port_use {
	struct rill_path *path;
	unsigned int port;
	struct sockaddr_rill addr;
	uid_t uid;
	int unshare;
};

static int port_use_fn(void *arg)
{
	struct port_use *use = arg;
	struct sockaddr_rill local = rill_addr(use->port);
	int err, fd;

	if (use->unshare && unshare(use->unshare))
		return NO_NAMESPACE;
	if (use->uid && setresuid(use->uid, use->uid, use->uid))
		return NO_NAMESPACE;
	fd = rill_path_socket(use->path, 0);
	if (fd < 0)
		return -fd;
	err = rill_bind(fd, &local);
	if (!err && use->addr.srl_port)
		err = rill_connect(fd, &use->addr);
	return err;
}

TEST_F(connect, C28_reserved_port_needs_privilege)
{
	struct port_use use = { .path = &self->path, .port = 1023 };

	EXPECT_EQ(0, rill_child_run(port_use_fn, &use));
	use.uid = 65534;
	EXPECT_EQ(EACCES, rill_child_run(port_use_fn, &use));
	use.port = 1;
	EXPECT_EQ(EACCES, rill_child_run(port_use_fn, &use));
	use.port = 1024;
	EXPECT_EQ(0, rill_child_run(port_use_fn, &use));
}

TEST_F(connect, C28_user_namespace)
{
	struct port_use use = {
		.path = &self->path,
		.port = 1023,
		.unshare = CLONE_NEWUSER,
	};
	int err = rill_child_run(port_use_fn, &use);

	if (err == NO_NAMESPACE)
		SKIP(return, "no user namespaces");
	/* root there, but not in the namespace that owns this network */
	EXPECT_EQ(EACCES, err);
	use.unshare |= CLONE_NEWNET;
	EXPECT_EQ(0, rill_child_run(port_use_fn, &use));
}

TEST_F(connect, C28_anyone_may_connect)
{
	struct port_use use = { .path = &self->path, .uid = 65534 };
	struct sockaddr_rill local = rill_addr(80);
	int lfd = self->path.ops->socket(&self->path, RILL_SERVER,
					 variant->type);

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_bind(lfd, &local));
	ASSERT_EQ(0, listen(lfd, 0));
	self->path.ops->address(&self->path, RILL_SERVER, &local);
	use.addr = local;
	EXPECT_EQ(0, rill_child_run(port_use_fn, &use));
}

TEST_F(connect, C28_switched_off)
{
	ASSERT_EQ(0, rill_sysctl_set("sockets", "0"));
	EXPECT_EQ(-EACCES, rill_path_socket(&self->path, 0));
	ASSERT_EQ(0, rill_sysctl_set("sockets", "1"));
	EXPECT_LE(0, rill_path_socket(&self->path, 0));
}

TEST_HARNESS_MAIN
