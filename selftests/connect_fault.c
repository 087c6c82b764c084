// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect(): no buffer space (C26). Each allocation on the path fails in its
 * turn: the call reports ENOBUFS or does without, nothing else has changed,
 * and the same socket connects when there is memory.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "connect_fixture.h"
#include "rill_fault.h"

/* More allocations than any connect() makes. */
#define MOST	100

/**
 * struct scene - A call to try with every allocation failing once.
 * @path: The path.
 * @fault: The injection.
 * @lfd: The listener.
 * @addr: Its address.
 * @fd: The socket to connect.
 * @expected: What connect() gives with memory.
 */
struct scene {
	struct rill_path *path;
	struct rill_fault fault;
	int lfd;
	struct sockaddr_rill addr;
	int fd;
	int expected;
};

/* What a failed call must not change, of all sockets concerned. */
struct scene_view {
	int sockets;
	struct rill_info client;
	struct rill_info listener;
};

static int scene_look(struct scene *s, struct scene_view *view)
{
	view->sockets = rill_socket_count();
	return rill_info(s->fd, &view->client) ? :
	       rill_info(s->lfd, &view->listener);
}

/* Return: what a failed call has changed, or NULL. */
static const char *scene_changed(struct scene *s, struct scene_view *before)
{
	struct scene_view after;
	struct sockaddr_rill name;

	if (scene_look(s, &after))
		return "looking";
	if (after.sockets != before->sockets)
		return "number of sockets";
	if (strcmp(after.client.state, before->client.state))
		return "state";
	if (after.listener.recvq != before->listener.recvq)
		return "connections to accept";
	if (after.listener.pending != before->listener.pending)
		return "pending requests";
	if (rill_so_error(s->fd))
		return "SO_ERROR";
	if (rill_peer(s->fd, &name) != ENOTCONN)
		return "peer";
	if (rill_poll(s->fd, POLLOUT) != (POLLOUT | POLLHUP))
		return "poll()";
	return NULL;
}

/*
 * connect() with the @n th allocation failing. What a link makes of it comes
 * later: a frame that found no memory is a lost one. Return: 0 or errno.
 */
static int scene_connect(struct scene *s, unsigned int n, bool *fired)
{
	int err;

	rill_fault_arm(&s->fault, n);
	err = rill_connect(s->fd, &s->addr);
	*fired = rill_fault_disarm(&s->fault);
	if (err == EINPROGRESS && !s->expected && !s->path->ops->at_once)
		err = rill_path_settle(s->path, s->fd);
	return err;
}

/* Has the listener what it must have once the client has its connection? */
static int scene_arrived(struct scene *s)
{
	if (s->path->ops->at_once || s->expected)
		return 0;
	return rill_wait_recvq(s->lfd, 1);
}

/* Undo a connect() that went well although an allocation had failed. */
static int scene_undo(struct scene *s)
{
	int err = scene_arrived(s);
	int fd;

	if (!err)
		err = rill_connect_unspec(s->fd);
	/* a pending one has nothing to accept but what blocks it */
	while (!s->expected && (fd = accept(s->lfd, NULL, NULL)) >= 0)
		close(fd);
	if (!err && s->expected)
		err = rill_wait_pending(s->lfd, 0);
	return err;
}

/* The debug kernel fails copies from user space in their turn as well. */
static bool injected(int err)
{
	return err == ENOBUFS || err == EFAULT;
}

/* Return: how many allocations failed in their turn, or a negative number. */
static int scene_run(struct scene *s)
{
	struct scene_view before;
	const char *changed;
	unsigned int n;
	bool fired;
	int err;

	for (n = 1; n < MOST; n++) {
		if (scene_look(s, &before))
			return -EIO;
		err = scene_connect(s, n, &fired);
		if (!fired)
			return err == s->expected ? (int)n - 1 : -EPROTO;
		if (err == s->expected) {
			if (scene_undo(s))
				return -EPROTO;
			continue;
		}
		changed = injected(err) ? scene_changed(s, &before) : "errno";
		if (changed) {
			fprintf(stderr, "# allocation %u failed: %s, %s\n", n,
				changed, strerror(err));
			return -EPROTO;
		}
	}
	return -E2BIG;
}

static void scene_open(struct __test_metadata *_metadata, struct scene *s,
		       struct rill_path *path, int flags)
{
	int ret = rill_fault_open(&s->fault);

	if (ret == -ENOENT || ret == -EACCES)
		SKIP(return, "no fault injection");
	ASSERT_EQ(0, ret);
	s->path = path;
	s->lfd = rill_path_listen(path, 4, &s->addr);
	ASSERT_LE(0, s->lfd);
	s->fd = rill_path_socket(path, flags);
	ASSERT_LE(0, s->fd);
	s->expected = 0;
}

/* The connection made in the end is a good one. */
static void scene_check(struct __test_metadata *_metadata, struct scene *s)
{
	int peer = rill_accept(s->lfd);

	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(s->fd, peer));
	EXPECT_TRUE(rill_nothing_to_accept(s->lfd));
	rill_fault_close(&s->fault);
}

TEST_F(connect, C26_unbound)
{
	struct scene s = { .fd = -1 };

	scene_open(_metadata, &s, &self->path, 0);
	if (s.fd < 0)
		return;
	/* the accepted socket at least must be allocated */
	EXPECT_LE(1, scene_run(&s));
	scene_check(_metadata, &s);
}

TEST_F(connect, C26_bound)
{
	struct sockaddr_rill local = rill_addr(0);
	struct scene s = { .fd = -1 };

	scene_open(_metadata, &s, &self->path, SOCK_NONBLOCK);
	if (s.fd < 0)
		return;
	ASSERT_EQ(0, rill_bind(s.fd, &local));
	EXPECT_LE(1, scene_run(&s));
	scene_check(_metadata, &s);
}

TEST_F(connect, C26_pending)
{
	struct scene s = { .fd = -1 };

	scene_open(_metadata, &s, &self->path, SOCK_NONBLOCK);
	if (s.fd < 0)
		return;
	ASSERT_EQ(0, rill_path_block(&self->path, s.lfd));
	s.expected = EINPROGRESS;
	EXPECT_LE(0, scene_run(&s));
	ASSERT_EQ(0, rill_path_unblock(&self->path, s.lfd));
	EXPECT_EQ(POLLOUT, rill_poll_wait(s.fd, POLLOUT));
	scene_check(_metadata, &s);
}

/* A blocking call in a thread: its wait and its end allocate as well. */
static int blocking_fn(void *arg)
{
	struct scene *s = arg;
	bool fired;
	unsigned int n;
	int err = ENOBUFS;

	if (rill_fault_open(&s->fault))
		return -ENOENT;
	for (n = 1; n < MOST && injected(err); n++)
		err = scene_connect(s, n, &fired);
	rill_fault_close(&s->fault);
	return err;
}

TEST_F(connect, C26_blocking)
{
	struct scene s = { .fd = -1 };
	struct rill_call call;

	scene_open(_metadata, &s, &self->path, 0);
	if (s.fd < 0)
		return;
	rill_fault_close(&s.fault);
	ASSERT_EQ(0, rill_path_block(&self->path, s.lfd));
	ASSERT_EQ(0, rill_call_start(&call, blocking_fn, &s));
	ASSERT_EQ(0, rill_wait_pending(s.lfd, 1));
	ASSERT_EQ(0, rill_path_unblock(&self->path, s.lfd));
	EXPECT_EQ(0, rill_call_join(&call));
	s.fault.fd = -1;
	scene_check(_metadata, &s);
}

/* When accept() finds no memory for its part the request is not lost. */
TEST_F(connect, C26_accept_admits)
{
	struct scene s = { .fd = -1 };
	bool fired = true;
	unsigned int n;
	int peer = -1;

	scene_open(_metadata, &s, &self->path, SOCK_NONBLOCK);
	if (s.fd < 0)
		return;
	ASSERT_EQ(0, rill_path_connect(&self->path, s.fd, &s.addr));
	ASSERT_EQ(0, scene_arrived(&s));
	for (n = 1; n < MOST && fired && peer < 0; n++) {
		rill_fault_arm(&s.fault, n);
		peer = accept(s.lfd, NULL, NULL);
		fired = rill_fault_disarm(&s.fault);
	}
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(s.fd, peer));
	rill_fault_close(&s.fault);
}

/* A datagram socket's connect(): the old peer or none, as ever (C31). */
TEST(C26_dgram)
{
	struct sockaddr_rill name = rill_addr(0), seen;
	struct rill_fault fault;
	bool fired = true;
	int fd, peer, err;
	unsigned int n;

	if (rill_netns_new() || rill_fault_open(&fault))
		SKIP(return, "no fault injection");
	peer = socket(AF_RILL, SOCK_DGRAM, 0);
	ASSERT_EQ(0, rill_bind(peer, &name));
	ASSERT_EQ(0, rill_local(peer, &name));
	fd = socket(AF_RILL, SOCK_DGRAM, 0);
	for (n = 1; n < MOST && fired; n++) {
		rill_fault_arm(&fault, n);
		err = rill_connect(fd, &name);
		fired = rill_fault_disarm(&fault);
		EXPECT_TRUE(!err || injected(err));
		EXPECT_EQ(err ? ENOTCONN : 0, rill_peer(fd, &seen));
		EXPECT_EQ(0, rill_so_error(fd));
		if (!err && fired)
			ASSERT_EQ(0, rill_connect_unspec(fd));
	}
	EXPECT_EQ(0, err);
	rill_fault_close(&fault);
}

TEST_HARNESS_MAIN
