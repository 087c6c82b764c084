// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation fails once, on every path but connect()'s: the call
 * reports it or does without, nothing is left behind, and the same call
 * succeeds when there is memory.
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include "rill_io.h"
#include "rill_fault.h"

/* More allocations than any of these calls makes. */
#define MOST	400
#define LARGE	60000

/**
 * struct scene - What the calls act on.
 * @fault: The injection.
 * @addr: Of @listener.
 * @type: Of the sockets.
 * @listener: Listens, or receives datagrams.
 * @fd: Of the try that is under way.
 * @file: LARGE bytes of the pattern.
 */
struct scene {
	struct rill_fault fault;
	struct sockaddr_rill addr;
	int type;
	int listener;
	int fd[2];
	int file;
};

FIXTURE(fault) {
	struct scene s;
};

FIXTURE_VARIANT(fault) {
	int type;
};

FIXTURE_VARIANT_ADD(fault, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(fault, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_VARIANT_ADD(fault, dgram) {
	.type = SOCK_DGRAM,
};

static char large[LARGE];

FIXTURE_SETUP(fault)
{
	RILL_IN_NETNS(return);
	if (rill_fault_open(&self->s.fault))
		SKIP(return, "no fault injection here");
	rill_file_write("/sys/kernel/debug/fail_usercopy/verbose", "0");
	self->s.type = variant->type;
	self->s.addr = rill_addr(0);
	self->s.listener = variant->type == SOCK_DGRAM ?
			 rill_bound(SOCK_DGRAM, &self->s.addr) :
			 rill_listener(variant->type, 1, &self->s.addr);
	ASSERT_LE(0, self->s.listener);
	rill_pattern(large, LARGE, 0);
	self->s.file = memfd_create("rill", 0);
	ASSERT_EQ(LARGE, write(self->s.file, large, LARGE));
}

FIXTURE_TEARDOWN(fault)
{
	rill_fault_close(&self->s.fault);
	close(self->s.listener);
	close(self->s.file);
}

/**
 * struct path - A call to try.
 * @before: Makes what the call needs. 0 or -errno.
 * @call: The call: 0 and more, or -errno.
 * @after: Undoes both; @ret is what the call gave. 0, or what is wrong.
 */
struct path {
	int (*before)(struct scene *s);
	int (*call)(struct scene *s);
	int (*after)(struct scene *s, int ret);
};

static bool out_of_memory(int ret)
{
	return ret == -ENOMEM || ret == -ENOBUFS || ret == -ENFILE ||
	       ret == -EFAULT;
}

/* One try with the @n th allocation failing: 1 done, 0 go on, or -errno. */
static int try_once(struct scene *s, const struct path *path, unsigned int n)
{
	int sockets, ret, err;
	bool fired;

	err = path->before ? path->before(s) : 0;
	if (err)
		return err;
	sockets = rill_socket_count();
	err = rill_fault_arm(&s->fault, n);
	if (err)
		return err;
	ret = path->call(s);
	fired = rill_fault_disarm(&s->fault);
	if (ret < 0) {
		if (!fired || !out_of_memory(ret))
			return ret;
		/* sockets that failed may be freed a little later */
		if (rill_wait_socket_count(sockets))
			return -EBUSY;
		ret = path->call(s);
		if (ret < 0)
			return ret;
	}
	err = path->after ? path->after(s, ret) : 0;
	return err ? err : !fired;
}

/* Number of allocations that the call makes, or -errno of what went wrong. */
static int walk(struct scene *s, const struct path *path)
{
	unsigned int n;
	int ret;

	for (n = 1; n <= MOST; n++) {
		ret = try_once(s, path, n);
		if (ret < 0)
			printf("# allocation %u: %s\n", n, strerror(-ret));
		if (ret)
			return ret < 0 ? ret : (int)n - 1;
	}
	return -E2BIG;
}

static int close_it(struct scene *s, int fd)
{
	return close(fd) ? -errno : 0;
}

static int close_both(struct scene *s, int ret)
{
	close(s->fd[0]);
	close(s->fd[1]);
	return 0;
}

static int call_socket(struct scene *s)
{
	int fd = socket(AF_RILL, s->type, 0);

	return fd < 0 ? -errno : fd;
}

TEST_F(fault, socket)
{
	const struct path path = { NULL, call_socket, close_it };

	EXPECT_LT(0, walk(&self->s, &path));
}

static int call_socketpair(struct scene *s)
{
	return socketpair(AF_RILL, s->type, 0, s->fd) ? -errno : 0;
}

TEST_F(fault, socketpair)
{
	const struct path path = { NULL, call_socketpair, close_both };

	EXPECT_LT(0, walk(&self->s, &path));
}

static int before_bind(struct scene *s)
{
	s->fd[0] = call_socket(s);
	s->fd[1] = -1;
	return s->fd[0] < 0 ? s->fd[0] : 0;
}

static int call_bind(struct scene *s)
{
	struct sockaddr_rill addr = rill_addr(0);

	return -rill_bind(s->fd[0], &addr);
}

TEST_F(fault, bind)
{
	const struct path path = { before_bind, call_bind, close_both };

	EXPECT_LE(0, walk(&self->s, &path));
}

static int call_listen(struct scene *s)
{
	return -rill_listen(s->fd[0], 3);
}

TEST_F(fault, listen)
{
	const struct path path = { before_bind, call_listen, close_both };

	if (variant->type == SOCK_DGRAM)
		SKIP(return, "datagram sockets do not listen");
	EXPECT_LE(0, walk(&self->s, &path));
}

static int before_accept(struct scene *s)
{
	s->fd[0] = rill_client(s->type, &s->addr);
	return s->fd[0] < 0 ? s->fd[0] : 0;
}

static int call_accept(struct scene *s)
{
	s->fd[1] = rill_accept_one(s->listener);
	return s->fd[1];
}

/* The connection that was accepted after all is the one there was. */
static int after_accept(struct scene *s, int ret)
{
	char c;

	if (rill_send(s->fd[0], "x", 1, 0) != 1 ||
	    rill_recv(ret, &c, 1, MSG_DONTWAIT) != 1)
		return -EPIPE;
	return close_both(s, 0);
}

TEST_F(fault, accept)
{
	const struct path path = { before_accept, call_accept, after_accept };

	if (variant->type == SOCK_DGRAM)
		SKIP(return, "datagram sockets do not listen");
	EXPECT_LT(0, walk(&self->s, &path));
}

static int before_transfer(struct scene *s)
{
	return rill_pair_any(s->type, s->fd);
}

static int call_send_small(struct scene *s)
{
	return rill_send(s->fd[0], large, 10, MSG_DONTWAIT);
}

static int call_send_large(struct scene *s)
{
	return rill_send(s->fd[0], large, LARGE, MSG_DONTWAIT);
}

static int call_sendfile(struct scene *s)
{
	off_t off = 0;
	ssize_t ret = sendfile(s->fd[0], s->file, &off, 4096);

	return ret < 0 ? -errno : ret;
}

/* All that was sent is there, and no more. */
static int after_send(struct scene *s, int ret)
{
	static char got[LARGE];
	int have = 0, more;

	while ((more = rill_recv(s->fd[1], got + have, LARGE - have,
				 MSG_DONTWAIT)) > 0)
		have += more;
	if (have != ret || !rill_pattern_ok(got, have, 0))
		return -EILSEQ;
	if (s->type != SOCK_DGRAM && rill_ioctl_int(s->fd[0], SIOCOUTQ))
		return -EILSEQ;
	return close_both(s, 0);
}

TEST_F(fault, send)
{
	const struct path few = { before_transfer, call_send_small,
				  after_send };
	const struct path many = { before_transfer, call_send_large,
				   after_send };

	EXPECT_LT(0, walk(&self->s, &few));
	EXPECT_LT(0, walk(&self->s, &many));
}

TEST_F(fault, sendfile)
{
	const struct path path = { before_transfer, call_sendfile,
				   after_send };

	if (variant->type != SOCK_STREAM)
		SKIP(return, "the stream's path");
	EXPECT_LT(0, walk(&self->s, &path));
}

static int before_receive(struct scene *s)
{
	int err = before_transfer(s);

	if (!err && rill_send(s->fd[0], large, 5000, 0) != 5000)
		err = -EIO;
	return err;
}

static int call_receive(struct scene *s)
{
	static char got[5000];
	ssize_t ret = rill_recv(s->fd[1], got, sizeof(got), MSG_DONTWAIT);

	if (ret > 0 && !rill_pattern_ok(got, ret, 0))
		return -EILSEQ;
	/* A part may be all that could be copied: the rest must follow. */
	if (ret > 0 && ret < 5000 &&
	    rill_recv(s->fd[1], got, sizeof(got), MSG_DONTWAIT) != 5000 - ret)
		return -EMSGSIZE;
	return ret;
}

TEST_F(fault, receive)
{
	const struct path path = { before_receive, call_receive, close_both };

	if (variant->type != SOCK_STREAM)
		SKIP(return, "a record that fails to be copied is gone");
	EXPECT_LE(0, walk(&self->s, &path));
}

static int call_sendto_unbound(struct scene *s)
{
	int fd = s->fd[0];

	return rill_sendto(fd, "x", 1, MSG_DONTWAIT, &s->addr);
}

static int after_sendto(struct scene *s, int ret)
{
	char c;

	if (rill_recv(s->listener, &c, 1, MSG_DONTWAIT) != 1)
		return -EIO;
	return close_both(s, 0);
}

TEST_F(fault, sendto)
{
	const struct path path = { before_bind, call_sendto_unbound,
				   after_sendto };

	if (variant->type != SOCK_DGRAM)
		SKIP(return, "the datagrams' path");
	EXPECT_LT(0, walk(&self->s, &path));
}

static int call_proc(struct scene *s)
{
	int fd = open("/proc/net/rill/sockets", O_RDONLY);
	char buf[512];
	int ret;

	if (fd < 0)
		return -errno;
	ret = read(fd, buf, sizeof(buf));
	if (ret < 0)
		ret = -errno;
	close(fd);
	return ret;
}

TEST_F(fault, proc)
{
	const struct path path = { NULL, call_proc, NULL };

	EXPECT_LT(0, walk(&self->s, &path));
}

/* Lets only allocations below functions of the module fail, or all again. */
static int only_module(bool on)
{
	static const char *const kinds[] = { "failslab", "fail_page_alloc",
					     "fail_usercopy" };
	unsigned long start = 0, end = ~0UL, size;
	char line[256], path[128], text[32];
	FILE *f = fopen("/proc/modules", "r");
	unsigned int i, err = 0;

	while (on && f && fgets(line, sizeof(line), f))
		if (sscanf(line, "rill %lu %*s %*s %*s %lx", &size,
			   &start) == 2)
			end = start + size;
	if (f)
		fclose(f);
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s",
			 kinds[i], "require-start");
		snprintf(text, sizeof(text), "0x%lx", start);
		err |= rill_file_write(path, text);
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s",
			 kinds[i], "require-end");
		snprintf(text, sizeof(text), "0x%lx", end);
		err |= rill_file_write(path, text);
	}
	return err || (on && !start);
}

static int call_netns(struct scene *s)
{
	return unshare(CLONE_NEWNET) ? -errno : 0;
}

static int after_netns(struct scene *s, int ret)
{
	return rill_dev_up("lo", true);
}

TEST_F(fault, namespace)
{
	const struct path path = { NULL, call_netns, after_netns };
	int made;

	if (variant->type != SOCK_STREAM)
		SKIP(return, "of no type");
	if (only_module(true)) {
		only_module(false);
		SKIP(return, "no filter by caller here");
	}
	/* Its sockets are of the namespace left behind. */
	close(self->s.listener);
	self->s.listener = -1;
	made = walk(&self->s, &path);
	only_module(false);
	EXPECT_LT(0, made);
}

TEST_HARNESS_MAIN
