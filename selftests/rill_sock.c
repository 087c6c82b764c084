// SPDX-License-Identifier: GPL-2.0-only
/*
 * Selftest helpers: addresses, socket calls, sockets in a wanted state.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "rill_test.h"

struct sockaddr_rill rill_addr_hw(const void *hw, unsigned int ifindex,
				  unsigned int port)
{
	struct sockaddr_rill addr = {
		.srl_family = AF_RILL,
		.srl_port = htons(port),
		.srl_ifindex = ifindex,
	};

	if (hw)
		memcpy(addr.srl_addr, hw, RILL_HWADDR_LEN);
	return addr;
}

struct sockaddr_rill rill_addr(unsigned int port)
{
	return rill_addr_hw(NULL, 0, port);
}

unsigned int rill_port(const struct sockaddr_rill *addr)
{
	return ntohs(addr->srl_port);
}

bool rill_addr_eq(const struct sockaddr_rill *a, const struct sockaddr_rill *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static int rill_name(int fd, struct sockaddr_rill *addr,
		     int (*call)(int fd, struct sockaddr *addr, socklen_t *len))
{
	socklen_t len = sizeof(*addr);

	memset(addr, 0xff, sizeof(*addr));
	if (call(fd, (struct sockaddr *)addr, &len))
		return errno;
	return len == sizeof(*addr) ? 0 : EMSGSIZE;
}

int rill_local(int fd, struct sockaddr_rill *addr)
{
	return rill_name(fd, addr, getsockname);
}

int rill_peer(int fd, struct sockaddr_rill *addr)
{
	return rill_name(fd, addr, getpeername);
}

int rill_bind(int fd, const struct sockaddr_rill *addr)
{
	return bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) ?
	       errno : 0;
}

int rill_connect_raw(int fd, const void *addr, socklen_t len)
{
	return connect(fd, addr, len) ? errno : 0;
}

int rill_connect(int fd, const struct sockaddr_rill *addr)
{
	return rill_connect_raw(fd, addr, sizeof(*addr));
}

int rill_connect_unspec(int fd)
{
	sa_family_t family = AF_UNSPEC;

	return rill_connect_raw(fd, &family, sizeof(family));
}

int rill_setsockopt_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? errno : 0;
}

int rill_getsockopt_int(int fd, int level, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);

	if (getsockopt(fd, level, name, &value, &len))
		return -errno;
	return value;
}

int rill_so_error(int fd)
{
	return rill_getsockopt_int(fd, SOL_SOCKET, SO_ERROR);
}

int rill_set_sndtimeo(int fd, unsigned int ms)
{
	struct timeval tv = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};

	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) ?
	       errno : 0;
}

int rill_set_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return errno;
	flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags) ? errno : 0;
}

static int rill_poll_ms(int fd, short events, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int n = poll(&pfd, 1, ms);

	if (n < 0)
		return -errno;
	return n ? pfd.revents : -ETIMEDOUT;
}

int rill_poll(int fd, short events)
{
	int revents = rill_poll_ms(fd, events, 0);

	return revents == -ETIMEDOUT ? 0 : revents;
}

int rill_poll_wait(int fd, short events)
{
	return rill_poll_ms(fd, events, RILL_DEADLINE_MS);
}

/* Close @fd after a failed step. Return: -@err */
static int rill_fail(int fd, int err)
{
	close(fd);
	return -err;
}

int rill_listener(int type, int backlog, struct sockaddr_rill *addr)
{
	int fd = socket(AF_RILL, type, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = rill_bind(fd, addr);
	if (err)
		return rill_fail(fd, err);
	if (listen(fd, backlog))
		return rill_fail(fd, errno);
	err = rill_local(fd, addr);
	if (err)
		return rill_fail(fd, err);
	return fd;
}

int rill_client(int type, const struct sockaddr_rill *addr)
{
	int fd = socket(AF_RILL, type, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = rill_connect(fd, addr);
	if (err && err != EINPROGRESS)
		return rill_fail(fd, err);
	return fd;
}

int rill_pair(int type, int fd[2])
{
	int flags = type & (SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct sockaddr_rill addr = rill_addr(0);
	int lfd = rill_listener(type & ~flags, 0, &addr);

	if (lfd < 0)
		return lfd;
	fd[0] = rill_client(type, &addr);
	if (fd[0] < 0)
		return rill_fail(lfd, -fd[0]);
	fd[1] = accept4(lfd, NULL, NULL, flags);
	if (fd[1] < 0) {
		int err = errno;

		close(fd[0]);
		return rill_fail(lfd, err);
	}
	close(lfd);
	return 0;
}
