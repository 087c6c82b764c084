// SPDX-License-Identifier: GPL-2.0-only
/*
 * Selftest helpers: paths, one set of ops for each transport.
 */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "rill_path.h"

/* Loopback: a request is pending when the backlog is full. */

static int loop_open(struct rill_path *path)
{
	return rill_netns_new();
}

static int loop_dev_open(struct rill_path *path)
{
	int ret = rill_netns_new();

	if (ret)
		return ret;
	ret = rill_dev_add(RILL_PATH_DEV);
	if (ret < 0)
		return ret;
	path->ifindex = ret;
	ret = rill_dev_hw(RILL_PATH_DEV, path->hw);
	if (ret)
		return ret;
	return rill_dev_up(RILL_PATH_DEV, true);
}

static void loop_close(struct rill_path *path)
{
	int i;

	for (i = 0; i < path->fillers; i++)
		close(path->filler[i]);
	path->fillers = 0;
}

static int loop_socket(struct rill_path *path, enum rill_side side, int type)
{
	int fd = socket(AF_RILL, type, 0);

	return fd < 0 ? -errno : fd;
}

static void loop_address(struct rill_path *path, struct sockaddr_rill *addr)
{
	memcpy(addr->srl_addr, path->hw, sizeof(path->hw));
	addr->srl_ifindex = path->ifindex;
}

/* Fill the backlog, so that whoever comes next waits. */
static int loop_block(struct rill_path *path, int lfd)
{
	struct sockaddr_rill addr;
	struct rill_info info;
	int fd, ret;

	ret = -rill_local(lfd, &addr);
	if (ret)
		return ret;
	for (;;) {
		ret = rill_info(lfd, &info);
		if (ret)
			return ret;
		if (info.recvq > info.backlog)
			return 0;
		if (path->fillers == RILL_FILLERS)
			return -EMFILE;
		fd = rill_client(path->type | SOCK_NONBLOCK, &addr);
		if (fd < 0)
			return fd;
		path->filler[path->fillers++] = fd;
	}
}

/* Accept the fillers: they came first. */
static int loop_unblock(struct rill_path *path, int lfd)
{
	while (path->fillers) {
		int fd = rill_accept(lfd);

		if (fd < 0)
			return fd;
		close(fd);
		close(path->filler[--path->fillers]);
	}
	return 0;
}

const struct rill_path_ops rill_path_loop = {
	.name = "loopback",
	.at_once = true,
	.open = loop_open,
	.close = loop_close,
	.socket = loop_socket,
	.address = loop_address,
	.block = loop_block,
	.unblock = loop_unblock,
};

const struct rill_path_ops rill_path_loop_dev = {
	.name = "loopback by device",
	.at_once = true,
	.open = loop_dev_open,
	.close = loop_close,
	.socket = loop_socket,
	.address = loop_address,
	.block = loop_block,
	.unblock = loop_unblock,
};

/* Whatever the transport */

int rill_path_open(struct rill_path *path, const struct rill_path_ops *ops,
		   int type)
{
	memset(path, 0, sizeof(*path));
	path->ops = ops;
	path->type = type;
	return ops->open(path);
}

void rill_path_close(struct rill_path *path)
{
	path->ops->close(path);
}

int rill_path_socket(struct rill_path *path, int flags)
{
	return path->ops->socket(path, RILL_CLIENT, path->type | flags);
}

int rill_path_listen(struct rill_path *path, int backlog,
		     struct sockaddr_rill *addr)
{
	int fd = path->ops->socket(path, RILL_SERVER,
				   path->type | SOCK_NONBLOCK);
	int ret = -EMFILE;

	if (fd < 0)
		return fd;
	*addr = rill_addr(0);
	if (backlog < RILL_FILLERS)
		ret = -rill_bind(fd, addr);
	if (!ret && listen(fd, backlog))
		ret = -errno;
	if (!ret)
		ret = -rill_local(fd, addr);
	if (ret) {
		close(fd);
		return ret;
	}
	path->ops->address(path, addr);
	return fd;
}

int rill_path_block(struct rill_path *path, int lfd)
{
	return path->ops->block(path, lfd);
}

int rill_path_unblock(struct rill_path *path, int lfd)
{
	return path->ops->unblock(path, lfd);
}

int rill_path_pending(struct rill_path *path, const struct sockaddr_rill *addr)
{
	int fd = rill_path_socket(path, SOCK_NONBLOCK);
	int err;

	if (fd < 0)
		return fd;
	err = rill_connect(fd, addr);
	if (err == EINPROGRESS)
		return fd;
	close(fd);
	return err ? -err : -EISCONN;
}

int rill_path_settle(struct rill_path *path, int fd)
{
	int err = EINPROGRESS;

	if (!path->ops->at_once && rill_poll_wait(fd, POLLOUT) >= 0)
		err = rill_so_error(fd);
	return err;
}

int rill_path_connect(struct rill_path *path, int fd,
		      const struct sockaddr_rill *addr)
{
	int err = rill_connect(fd, addr);

	return err == EINPROGRESS ? rill_path_settle(path, fd) : err;
}

int rill_path_pair(struct rill_path *path, int fd[2])
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(path, 0, &addr);
	int ret;

	if (lfd < 0)
		return lfd;
	fd[RILL_CLIENT] = rill_path_socket(path, 0);
	if (fd[RILL_CLIENT] < 0) {
		close(lfd);
		return fd[RILL_CLIENT];
	}
	ret = -rill_connect(fd[RILL_CLIENT], &addr);
	if (!ret) {
		fd[RILL_SERVER] = rill_accept(lfd);
		if (fd[RILL_SERVER] < 0)
			ret = fd[RILL_SERVER];
	}
	if (ret)
		close(fd[RILL_CLIENT]);
	close(lfd);
	return ret;
}

int rill_accept(int lfd)
{
	int ret = rill_poll_wait(lfd, POLLIN);

	if (ret < 0)
		return ret;
	ret = accept4(lfd, NULL, NULL, SOCK_CLOEXEC);
	return ret < 0 ? -errno : ret;
}

static int rill_ping_one(int from, int to)
{
	char byte = 0;

	if (send(from, "x", 1, MSG_NOSIGNAL) != 1)
		return -errno;
	if (rill_poll_wait(to, POLLIN) < 0)
		return -ETIMEDOUT;
	if (recv(to, &byte, 1, 0) != 1)
		return -EPIPE;
	return byte == 'x' ? 0 : -EBADMSG;
}

int rill_ping(int a, int b)
{
	int err = rill_ping_one(a, b);

	return err ? err : rill_ping_one(b, a);
}

int rill_blocked_setup(struct rill_blocked *b, struct rill_path *path)
{
	int ret;

	b->lfd = rill_path_listen(path, 0, &b->conn.addr);
	if (b->lfd < 0)
		return b->lfd;
	ret = rill_path_block(path, b->lfd);
	if (ret)
		return ret;
	b->conn.fd = rill_path_socket(path, 0);
	return b->conn.fd < 0 ? b->conn.fd : 0;
}

int rill_blocked_start(struct rill_blocked *b, struct rill_path *path)
{
	int ret = rill_blocked_setup(b, path);

	return ret ? ret : rill_connect_start(&b->call, &b->conn);
}

bool rill_nothing_to_accept(int lfd)
{
	int fd = accept(lfd, NULL, NULL);

	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == EAGAIN;
}
