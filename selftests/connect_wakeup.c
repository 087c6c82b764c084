// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect(): how the end of a request is told (C07, C08): by every way to
 * wait for a descriptor, once, not before, and never lost.
 */
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "connect_fixture.h"
#include "rill_uring.h"

/* Rounds of the tests without any order between waiter and event. */
#define ROUNDS	30

/**
 * struct watch - A pending request and what waits for its end.
 * @lfd: The listener, without room.
 * @addr: Its address.
 * @fd: The pending socket, non-blocking.
 */
struct watch {
	int lfd;
	struct sockaddr_rill addr;
	int fd;
};

static int watch_setup(struct watch *w, struct rill_path *path)
{
	int ret;

	w->lfd = rill_path_listen(path, 0, &w->addr);
	if (w->lfd < 0)
		return w->lfd;
	ret = rill_path_block(path, w->lfd);
	if (ret)
		return ret;
	w->fd = rill_path_queued(path, w->lfd, &w->addr, 1);
	return w->fd < 0 ? w->fd : 0;
}

/*
 * The ways to wait: each blocks until @fd is writable, and returns the events
 * in poll()'s terms; select() knows but one.
 */
static int by_poll(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	return poll(&pfd, 1, RILL_DEADLINE_MS) == 1 ? pfd.revents : -errno;
}

static int by_ppoll(int fd)
{
	const struct timespec end = { .tv_sec = RILL_DEADLINE_MS / 1000 };
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	sigset_t set;

	sigfillset(&set);
	return ppoll(&pfd, 1, &end, &set) == 1 ? pfd.revents : -errno;
}

static int by_select(int fd)
{
	struct timeval end = { .tv_sec = RILL_DEADLINE_MS / 1000 };
	fd_set writes;

	FD_ZERO(&writes);
	FD_SET(fd, &writes);
	/* the call itself: a C library may make it by pselect6() */
	if (syscall(SYS_select, fd + 1, NULL, &writes, NULL, &end) != 1)
		return -errno;
	return FD_ISSET(fd, &writes) ? POLLOUT : -EPROTO;
}

static int by_pselect(int fd)
{
	const struct timespec end = { .tv_sec = RILL_DEADLINE_MS / 1000 };
	fd_set writes;
	sigset_t set;

	sigfillset(&set);
	FD_ZERO(&writes);
	FD_SET(fd, &writes);
	if (pselect(fd + 1, NULL, &writes, NULL, &end, &set) != 1)
		return -errno;
	return FD_ISSET(fd, &writes) ? POLLOUT : -EPROTO;
}

static int by_epoll_flags(int fd, unsigned int flags)
{
	struct epoll_event ev = { .events = EPOLLOUT | flags };
	int efd = epoll_create1(EPOLL_CLOEXEC);
	int ret = -EPROTO;

	if (!epoll_ctl(efd, EPOLL_CTL_ADD, fd, &ev) &&
	    epoll_wait(efd, &ev, 1, RILL_DEADLINE_MS) == 1)
		ret = ev.events;
	close(efd);
	return ret;
}

static int by_epoll(int fd)
{
	return by_epoll_flags(fd, 0);
}

static int by_epoll_edge(int fd)
{
	return by_epoll_flags(fd, EPOLLET);
}

/* What by_io_uring() returns where there is none. */
#define NO_RING	(-EOPNOTSUPP)

static int by_io_uring(int fd)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_POLL_ADD,
		.fd = fd,
		.poll32_events = POLLOUT,
	};
	struct io_uring_cqe cqe = { 0 };
	struct rill_uring ring;
	int ret = rill_uring_init(&ring);

	if (ret)
		return NO_RING;
	ret = rill_uring_submit(&ring, &sqe);
	if (!ret)
		ret = rill_uring_reap(&ring, &cqe, 1);
	rill_uring_exit(&ring);
	return ret ? ret : cqe.res;
}

/**
 * struct waiter - A thread that waits in one of these ways.
 * @by: The way.
 * @fd: For what.
 */
struct waiter {
	int (*by)(int fd);
	int fd;
};

static int waiter_fn(void *arg)
{
	struct waiter *waiter = arg;

	return waiter->by(waiter->fd);
}

/* Set up, let a thread wait, make the request end, see what it was told. */
static void told(struct __test_metadata *_metadata, struct rill_path *path,
		 int (*by)(int fd), long nr, bool well)
{
	bool coarse = by == by_select || by == by_pselect;
	int events = POLLOUT | (well || coarse ? 0 : POLLERR | POLLHUP);
	struct rill_call call;
	struct waiter waiter;
	struct watch w;
	int ret;

	ASSERT_EQ(0, watch_setup(&w, path));
	waiter.by = by;
	waiter.fd = w.fd;
	ASSERT_EQ(0, rill_call_start(&call, waiter_fn, &waiter));
	ret = rill_call_blocked(&call, nr);
	if (ret == -ESRCH && rill_call_join(&call) == NO_RING)
		SKIP(return, "no io_uring");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, well ? rill_path_unblock(path, w.lfd) : close(w.lfd));
	EXPECT_EQ(events, rill_call_join(&call));
	EXPECT_EQ(well ? 0 : ECONNREFUSED, rill_so_error(w.fd));
}

TEST_F(connect, C07_poll)
{
	told(_metadata, &self->path, by_poll, SYS_poll, true);
}

TEST_F(connect, C07_ppoll)
{
	told(_metadata, &self->path, by_ppoll, SYS_ppoll, true);
}

TEST_F(connect, C07_select)
{
	told(_metadata, &self->path, by_select, SYS_select, true);
}

TEST_F(connect, C07_pselect)
{
	told(_metadata, &self->path, by_pselect, SYS_pselect6, true);
}

TEST_F(connect, C07_epoll)
{
	told(_metadata, &self->path, by_epoll, SYS_epoll_wait, true);
}

TEST_F(connect, C07_epoll_edge)
{
	told(_metadata, &self->path, by_epoll_edge, SYS_epoll_wait, true);
}

TEST_F(connect, C07_io_uring)
{
	told(_metadata, &self->path, by_io_uring, __NR_io_uring_enter, true);
}

TEST_F(connect, C08_poll_failure)
{
	told(_metadata, &self->path, by_poll, SYS_poll, false);
}

TEST_F(connect, C08_ppoll_failure)
{
	told(_metadata, &self->path, by_ppoll, SYS_ppoll, false);
}

TEST_F(connect, C08_select_failure)
{
	told(_metadata, &self->path, by_select, SYS_select, false);
}

TEST_F(connect, C08_pselect_failure)
{
	told(_metadata, &self->path, by_pselect, SYS_pselect6, false);
}

TEST_F(connect, C08_epoll_failure)
{
	told(_metadata, &self->path, by_epoll, SYS_epoll_wait, false);
}

TEST_F(connect, C08_epoll_edge_failure)
{
	told(_metadata, &self->path, by_epoll_edge, SYS_epoll_wait, false);
}

TEST_F(connect, C08_io_uring_failure)
{
	told(_metadata, &self->path, by_io_uring, __NR_io_uring_enter, false);
}

/* The set of readable and exceptional descriptors, on each outcome. */
TEST_F(connect, C07_select_sets)
{
	struct timeval now = { 0 };
	fd_set reads, excepts;
	struct watch w;

	ASSERT_EQ(0, watch_setup(&w, &self->path));
	FD_ZERO(&reads);
	FD_ZERO(&excepts);
	FD_SET(w.fd, &reads);
	FD_SET(w.fd, &excepts);
	EXPECT_EQ(0, select(w.fd + 1, &reads, NULL, &excepts, &now));
	ASSERT_EQ(0, rill_path_unblock(&self->path, w.lfd));
	EXPECT_EQ(POLLOUT, by_select(w.fd));
	FD_SET(w.fd, &reads);
	FD_SET(w.fd, &excepts);
	EXPECT_EQ(0, select(w.fd + 1, &reads, NULL, &excepts, &now));
}

/* Add @fd to a new epoll, edge-triggered, for everything. */
static int edge_watch(int fd)
{
	struct epoll_event ev = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
	};
	int efd = epoll_create1(EPOLL_CLOEXEC);

	return epoll_ctl(efd, EPOLL_CTL_ADD, fd, &ev) ? -errno : efd;
}

/* What an edge-triggered epoll has to tell now, in poll()'s terms, or 0. */
static int edge_events(int efd)
{
	struct epoll_event ev = { 0 };

	return epoll_wait(efd, &ev, 1, 0) == 1 ? (int)ev.events : 0;
}

TEST_F(connect, C07_one_wakeup_none_before)
{
	struct watch w;
	int efd, i;

	ASSERT_EQ(0, watch_setup(&w, &self->path));
	efd = edge_watch(w.fd);
	ASSERT_LE(0, efd);
	EXPECT_EQ(0, edge_events(efd));
	/* others come and go on the same listener */
	for (i = 0; i < 3; i++) {
		int fd = rill_path_pending(&self->path, &w.addr);

		ASSERT_LE(0, fd);
		EXPECT_EQ(EALREADY, rill_connect(w.fd, &w.addr));
		close(fd);
		EXPECT_EQ(0, edge_events(efd));
	}
	ASSERT_EQ(0, rill_path_unblock(&self->path, w.lfd));
	EXPECT_EQ(POLLOUT, rill_poll_wait(w.fd, POLLOUT));
	EXPECT_EQ(POLLOUT, edge_events(efd));
	EXPECT_EQ(0, edge_events(efd));
	/* being accepted is no event of the client's */
	ASSERT_LE(0, rill_accept(w.lfd));
	EXPECT_EQ(0, edge_events(efd));
}

TEST_F(connect, C07_one_wakeup_on_failure)
{
	struct watch w;
	int efd;

	ASSERT_EQ(0, watch_setup(&w, &self->path));
	efd = edge_watch(w.fd);
	ASSERT_LE(0, efd);
	EXPECT_EQ(0, edge_events(efd));
	close(w.lfd);
	EXPECT_EQ(POLLOUT | POLLERR | POLLHUP, rill_poll_wait(w.fd, POLLOUT));
	EXPECT_NE(0, edge_events(efd) & POLLERR);
	EXPECT_EQ(0, edge_events(efd));
	EXPECT_EQ(ECONNREFUSED, rill_so_error(w.fd));
	EXPECT_EQ(0, edge_events(efd));
}

TEST_F(connect, C07_one_wakeup_on_timeout)
{
	struct watch w;
	int efd;

	ASSERT_EQ(0, rill_sysctl_set("connect_timeout_ms", "1000"));
	ASSERT_EQ(0, watch_setup(&w, &self->path));
	efd = edge_watch(w.fd);
	ASSERT_LE(0, efd);
	EXPECT_NE(0, rill_poll_wait(w.fd, POLLOUT) & POLLERR);
	EXPECT_NE(0, edge_events(efd) & POLLERR);
	EXPECT_EQ(0, edge_events(efd));
	EXPECT_EQ(ETIMEDOUT, rill_so_error(w.fd));
}

/* Watched since before connect(), as event loops do. */
TEST_F(connect, C07_watched_from_the_start)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, SOCK_NONBLOCK);
	int efd = edge_watch(fd);

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, efd);
	EXPECT_EQ(POLLOUT | POLLHUP, edge_events(efd));
	ASSERT_EQ(0, rill_path_block(&self->path, lfd));
	ASSERT_EQ(EINPROGRESS, rill_connect(fd, &addr));
	EXPECT_EQ(0, edge_events(efd));
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	EXPECT_EQ(POLLOUT, rill_poll_wait(fd, POLLOUT));
	EXPECT_EQ(POLLOUT, edge_events(efd));
	EXPECT_EQ(0, edge_events(efd));
}

/* Every watcher is told, not just one of them. */
TEST_F(connect, C07_all_watchers)
{
	static int (* const ways[])(int fd) = {
		by_poll, by_ppoll, by_select, by_pselect, by_epoll,
		by_epoll_edge,
	};
	static const long nrs[] = {
		SYS_poll, SYS_ppoll, SYS_select, SYS_pselect6, SYS_epoll_wait,
		SYS_epoll_wait,
	};
	struct waiter waiter[6];
	struct rill_call call[6];
	struct watch w;
	int i;

	ASSERT_EQ(0, watch_setup(&w, &self->path));
	for (i = 0; i < 6; i++) {
		waiter[i].by = ways[i];
		waiter[i].fd = w.fd;
		ASSERT_EQ(0, rill_call_start(&call[i], waiter_fn, &waiter[i]));
		ASSERT_EQ(0, rill_call_blocked(&call[i], nrs[i]));
	}
	ASSERT_EQ(0, rill_path_unblock(&self->path, w.lfd));
	for (i = 0; i < 6; i++)
		EXPECT_EQ(POLLOUT, rill_call_join(&call[i]));
}

/* Waiting and completing at once, in no order: nothing is lost. */
static void never_lost(struct __test_metadata *_metadata,
		       struct rill_path *path, int (*by)(int fd))
{
	struct rill_call call;
	struct waiter waiter;
	struct watch w;
	int round, ret;

	for (round = 0; round < ROUNDS; round++) {
		ASSERT_EQ(0, watch_setup(&w, path));
		waiter.by = by;
		waiter.fd = w.fd;
		ASSERT_EQ(0, rill_call_start(&call, waiter_fn, &waiter));
		ASSERT_EQ(0, rill_path_unblock(path, w.lfd));
		ret = rill_call_join(&call);
		if (ret == NO_RING)
			SKIP(return, "no io_uring");
		EXPECT_EQ(POLLOUT, ret);
		close(w.fd);
		close(w.lfd);
	}
}

TEST_F(connect, C07_poll_never_lost)
{
	never_lost(_metadata, &self->path, by_poll);
}

TEST_F(connect, C07_epoll_edge_never_lost)
{
	never_lost(_metadata, &self->path, by_epoll_edge);
}

TEST_F(connect, C07_io_uring_never_lost)
{
	never_lost(_metadata, &self->path, by_io_uring);
}

/* A ring's poll that stays: one completion for one end. */
TEST_F(connect, C07_io_uring_one_completion)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_POLL_ADD,
		.len = IORING_POLL_ADD_MULTI,
		.poll32_events = POLLOUT,
	};
	struct rill_uring ring;
	struct io_uring_cqe cqe;
	struct watch w;

	if (rill_uring_init(&ring))
		SKIP(return, "no io_uring");
	ASSERT_EQ(0, watch_setup(&w, &self->path));
	sqe.fd = w.fd;
	ASSERT_EQ(0, rill_uring_submit(&ring, &sqe));
	EXPECT_EQ(-EAGAIN, rill_uring_reap(&ring, &cqe, 0));
	ASSERT_EQ(0, rill_path_unblock(&self->path, w.lfd));
	EXPECT_EQ(POLLOUT, rill_poll_wait(w.fd, POLLOUT));
	ASSERT_EQ(0, rill_uring_reap(&ring, &cqe, 1));
	EXPECT_EQ(POLLOUT, cqe.res);
	EXPECT_EQ(-EAGAIN, rill_uring_reap(&ring, &cqe, 0));
	rill_uring_exit(&ring);
}

TEST_HARNESS_MAIN
