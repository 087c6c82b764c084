// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moving bytes: see rill_io.h.
 */
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "rill_io.h"

/* A prime, so that no block of bytes equals its neighbour. */
#define PATTERN_PERIOD	251
#define PATTERN_CHUNK	4096

ssize_t rill_send(int fd, const void *buf, size_t len, int flags)
{
	ssize_t ret = send(fd, buf, len, flags);

	return ret < 0 ? -errno : ret;
}

ssize_t rill_recv(int fd, void *buf, size_t len, int flags)
{
	ssize_t ret = recv(fd, buf, len, flags);

	return ret < 0 ? -errno : ret;
}

ssize_t rill_sendto(int fd, const void *buf, size_t len, int flags,
		    const struct sockaddr_rill *addr)
{
	ssize_t ret = sendto(fd, buf, len, flags, (const void *)addr,
			     addr ? sizeof(*addr) : 0);

	return ret < 0 ? -errno : ret;
}

ssize_t rill_recvfrom(int fd, void *buf, size_t len, int flags,
		      struct sockaddr_rill *addr)
{
	socklen_t size = sizeof(*addr);
	ssize_t ret;

	memset(addr, 0, sizeof(*addr));
	ret = recvfrom(fd, buf, len, flags, (void *)addr, &size);

	return ret < 0 ? -errno : ret;
}

ssize_t rill_sendmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t ret = sendmsg(fd, msg, flags);

	return ret < 0 ? -errno : ret;
}

ssize_t rill_recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t ret = recvmsg(fd, msg, flags);

	return ret < 0 ? -errno : ret;
}

int rill_listen(int fd, int backlog)
{
	return listen(fd, backlog) ? errno : 0;
}

int rill_accept_one(int fd)
{
	int ret = accept(fd, NULL, NULL);

	return ret < 0 ? -errno : ret;
}

int rill_shutdown(int fd, int how)
{
	return shutdown(fd, how) ? errno : 0;
}

int rill_socket_err(int type, int protocol)
{
	int fd = socket(AF_RILL, type, protocol);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

int rill_bound(int type, struct sockaddr_rill *addr)
{
	int fd = socket(AF_RILL, type, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = rill_bind(fd, addr);
	if (!err)
		err = rill_local(fd, addr);
	if (!err)
		return fd;
	close(fd);
	return -err;
}

static int dgram_pair(int type, int fd[2])
{
	struct sockaddr_rill addr[2];
	int i, err;

	for (i = 0; i < 2; i++) {
		addr[i] = rill_addr(RILL_PORT_ANY);
		fd[i] = rill_bound(type, &addr[i]);
		if (fd[i] < 0)
			return fd[i];
	}
	err = rill_connect(fd[0], &addr[1]);
	if (!err)
		err = rill_connect(fd[1], &addr[0]);
	return -err;
}

int rill_pair_any(int type, int fd[2])
{
	int bare = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);

	return bare == SOCK_DGRAM ? dgram_pair(type, fd) : rill_pair(type, fd);
}

int rill_ioctl_int(int fd, unsigned long request)
{
	int value = -1;

	return ioctl(fd, request, &value) ? -errno : value;
}

int rill_set_timeo(int fd, int name, unsigned int ms)
{
	struct timeval tv = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};

	return rill_setsockopt_raw(fd, SOL_SOCKET, name, &tv, sizeof(tv));
}

int rill_set_linger(int fd, int onoff, int seconds)
{
	struct linger linger = { .l_onoff = onoff, .l_linger = seconds };

	return rill_setsockopt_raw(fd, SOL_SOCKET, SO_LINGER, &linger,
				   sizeof(linger));
}

int rill_setsockopt_raw(int fd, int level, int name, const void *value,
			socklen_t len)
{
	return setsockopt(fd, level, name, value, len) ? errno : 0;
}

int rill_getsockopt_raw(int fd, int level, int name, void *value,
			socklen_t *len)
{
	return getsockopt(fd, level, name, value, len) ? errno : 0;
}

long rill_fill(int fd, size_t chunk)
{
	char *buf = malloc(chunk);
	long sum = 0;
	ssize_t ret;

	if (!buf)
		return -ENOMEM;
	do {
		rill_pattern(buf, chunk, sum);
		ret = rill_send(fd, buf, chunk, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (ret > 0)
			sum += ret;
	} while (ret > 0);
	free(buf);
	return ret == -EAGAIN ? sum : ret;
}

long rill_drain(int fd)
{
	static char buf[65536];
	long sum = 0;
	ssize_t ret;

	do {
		ret = rill_recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (ret > 0)
			sum += ret;
	} while (ret > 0);
	return ret == -EAGAIN || !ret ? sum : ret;
}

/* A page of it at any phase. */
static unsigned char pattern[PATTERN_PERIOD + PATTERN_CHUNK];

static void __attribute__((constructor)) pattern_make(void)
{
	size_t i;

	for (i = 0; i < sizeof(pattern); i++)
		pattern[i] = i % PATTERN_PERIOD;
}

static const unsigned char *pattern_at(unsigned long off)
{
	return pattern + off % PATTERN_PERIOD;
}

static size_t pattern_chunk(size_t len)
{
	return len < PATTERN_CHUNK ? len : PATTERN_CHUNK;
}

void rill_pattern(void *buf, size_t len, unsigned long off)
{
	char *p = buf;
	size_t n;

	for (; len; len -= n, p += n, off += n) {
		n = pattern_chunk(len);
		memcpy(p, pattern_at(off), n);
	}
}

bool rill_pattern_ok(const void *buf, size_t len, unsigned long off)
{
	const char *p = buf;
	size_t n;

	for (; len; len -= n, p += n, off += n) {
		n = pattern_chunk(len);
		if (memcmp(p, pattern_at(off), n))
			return false;
	}
	return true;
}

int rill_send_fn(void *arg)
{
	struct rill_xfer *x = arg;

	return rill_send(x->fd, x->buf, x->len, x->flags);
}

int rill_recv_fn(void *arg)
{
	struct rill_xfer *x = arg;

	return rill_recv(x->fd, x->buf, x->len, x->flags);
}

int rill_accept_fn(void *arg)
{
	return rill_accept_one(*(int *)arg);
}

/* xorshift64: the same numbers everywhere. */
unsigned int rill_random(unsigned long *state)
{
	unsigned long long x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x >> 16;
}

int rill_slow(void)
{
	long long start = rill_now_ms();
	int i, ms;

	for (i = 0; i < 50; i++)
		rill_socket_err(SOCK_STREAM, 0);
	ms = rill_now_ms() - start;
	return ms < 25 ? 1 : ms < 100 ? 4 : 16;
}

int rill_drop_root(void)
{
	if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) ||
	    setresuid(65534, 65534, 65534))
		return errno;
	return 0;
}

int rill_in_child(int (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(fn(arg));
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return WEXITSTATUS(status);
}
