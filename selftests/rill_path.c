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
	struct rill_path_end *end = &path->end[RILL_SERVER];
	int ret = rill_netns_new();

	if (ret)
		return ret;
	ret = rill_dev_add(RILL_PATH_DEV);
	if (ret < 0)
		return ret;
	end->ifindex = ret;
	ret = rill_dev_hw(RILL_PATH_DEV, end->hw);
	if (ret)
		return ret;
	path->end[RILL_CLIENT] = *end;
	return rill_dev_up(RILL_PATH_DEV, true);
}

static void loop_close(struct rill_path *path)
{
}

static int loop_socket(struct rill_path *path, enum rill_side side, int type)
{
	int fd = socket(AF_RILL, type, 0);

	return fd < 0 ? -errno : fd;
}

static void loop_address(struct rill_path *path, enum rill_side side,
			 struct sockaddr_rill *addr)
{
	memcpy(addr->srl_addr, path->end[side].hw, RILL_HWADDR_LEN);
	addr->srl_ifindex = path->end[side].ifindex;
}

const struct rill_path_ops rill_path_loop = {
	.name = "loopback",
	.at_once = true,
	.open = loop_open,
	.close = loop_close,
	.socket = loop_socket,
	.address = loop_address,
};

const struct rill_path_ops rill_path_loop_dev = {
	.name = "loopback by device",
	.at_once = true,
	.open = loop_dev_open,
	.close = loop_close,
	.socket = loop_socket,
	.address = loop_address,
};

/* Whatever the transport */

int rill_path_open(struct rill_path *path, const struct rill_path_ops *ops,
		   int type)
{
	memset(path, 0, sizeof(*path));
	path->ops = ops;
	path->type = type;
	path->hub = -1;
	path->end[RILL_CLIENT].ns = -1;
	path->end[RILL_SERVER].ns = -1;
	return ops->open(path);
}

void rill_path_close(struct rill_path *path)
{
	while (path->fillers)
		close(path->filler[--path->fillers]);
	path->ops->close(path);
}

int rill_path_enter(struct rill_path *path, enum rill_side side)
{
	int ns = path->end[side].ns;

	return ns < 0 ? 0 : rill_netns_enter(ns);
}

int rill_path_sysctl(struct rill_path *path, enum rill_side side,
		     const char *name, const char *value)
{
	int err = -rill_path_enter(path, side);

	if (!err)
		err = rill_sysctl_set(name, value);
	return err ? : -rill_path_enter(path, RILL_CLIENT);
}

int rill_path_up(struct rill_path *path, enum rill_side side, bool up)
{
	int ret = rill_path_enter(path, side);

	if (!ret)
		ret = rill_dev_up(RILL_PATH_DEV, up);
	return ret ? : rill_path_enter(path, RILL_CLIENT);
}

int rill_path_set_hw(struct rill_path *path, enum rill_side side,
		     const __u8 hw[RILL_HWADDR_LEN])
{
	int ret = rill_path_enter(path, side);

	if (!ret)
		ret = rill_dev_set_hw(RILL_PATH_DEV, hw);
	return ret ? : rill_path_enter(path, RILL_CLIENT);
}

int rill_path_mtu(struct rill_path *path, enum rill_side side, int mtu)
{
	int ret = rill_path_enter(path, side);

	if (!ret)
		ret = rill_dev_mtu(RILL_PATH_DEV, mtu);
	return ret ? : rill_path_enter(path, RILL_CLIENT);
}

int rill_path_netem(struct rill_path *path, enum rill_side side,
		    const struct rill_netem *netem)
{
	int ret = rill_path_enter(path, side);

	if (!ret)
		ret = rill_dev_netem(RILL_PATH_DEV, netem);
	return ret ? : rill_path_enter(path, RILL_CLIENT);
}

bool rill_path_same(const struct rill_path *path,
		    const struct sockaddr_rill *a,
		    const struct sockaddr_rill *b)
{
	struct sockaddr_rill copy = *a;

	if (path->end[RILL_SERVER].ns >= 0)
		copy.srl_ifindex = b->srl_ifindex;
	return rill_addr_eq(&copy, b);
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
	path->ops->address(path, RILL_SERVER, addr);
	return fd;
}

int rill_path_bound(struct rill_path *path, enum rill_side side,
		    struct sockaddr_rill *addr)
{
	int fd = path->ops->socket(path, side, SOCK_DGRAM | SOCK_NONBLOCK);
	int ret;

	if (fd < 0)
		return fd;
	*addr = rill_addr(0);
	ret = -rill_bind(fd, addr);
	if (!ret)
		ret = -rill_local(fd, addr);
	if (ret) {
		close(fd);
		return ret;
	}
	path->ops->address(path, side, addr);
	return fd;
}

/* One more connection on the listener. Return: 0 or -errno. */
static int rill_path_fill(struct rill_path *path, int lfd, unsigned long n)
{
	struct sockaddr_rill addr;
	int ret = -rill_local(lfd, &addr);
	int fd;

	if (ret)
		return ret;
	if (path->fillers == RILL_FILLERS)
		return -EMFILE;
	path->ops->address(path, RILL_SERVER, &addr);
	fd = rill_path_socket(path, SOCK_NONBLOCK);
	if (fd < 0)
		return fd;
	path->filler[path->fillers++] = fd;
	ret = -rill_path_connect(path, fd, &addr);
	/* the server knows of it a little later */
	return ret ? ret : rill_wait_recvq(lfd, n);
}

int rill_path_block(struct rill_path *path, int lfd)
{
	struct rill_info info;
	int ret;

	do {
		ret = rill_info(lfd, &info);
		if (ret || info.recvq > info.backlog)
			break;
		ret = rill_path_fill(path, lfd, info.recvq + 1);
	} while (!ret);
	return ret;
}

/* Accept the fillers: they came first. */
int rill_path_unblock(struct rill_path *path, int lfd)
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

int rill_path_queued(struct rill_path *path, int lfd,
		     const struct sockaddr_rill *addr, unsigned long n)
{
	int fd = rill_path_pending(path, addr);
	int ret;

	if (fd < 0)
		return fd;
	ret = rill_wait_pending(lfd, n);
	if (!ret)
		return fd;
	close(fd);
	return ret;
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
