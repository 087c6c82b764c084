// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect(): a caught signal ends the call and nothing else (C06); no other
 * event of that kind ends it (C06b: stops in connect_stop.c).
 */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "connect_fixture.h"
#include "rill_uring.h"

/* The interrupted request goes on, and completes. Return: 0 or a line. */
static int goes_on(struct rill_blocked *b, struct rill_path *path)
{
	int fd = b->conn.fd, peer;
	struct rill_info info;

	if (rill_info(fd, &info) || strcmp(info.state, "SYN_SENT"))
		return __LINE__;
	if (rill_so_error(fd) || rill_poll(fd, POLLOUT | POLLIN))
		return __LINE__;
	if (rill_connect(fd, &b->conn.addr) != EALREADY)
		return __LINE__;
	if (rill_wait_pending(b->lfd, 1))
		return __LINE__;
	if (rill_path_unblock(path, b->lfd))
		return __LINE__;
	if (rill_poll_wait(fd, POLLOUT) != POLLOUT || rill_so_error(fd))
		return __LINE__;
	if (rill_connect(fd, &b->conn.addr) != EISCONN)
		return __LINE__;
	peer = rill_accept(b->lfd);
	if (peer < 0 || rill_ping(fd, peer))
		return __LINE__;
	close(peer);
	return rill_nothing_to_accept(b->lfd) ? 0 : __LINE__;
}

/* The call still sleeps, its request is one, and it ends well. */
static int still_waits(struct rill_blocked *b, struct rill_path *path)
{
	int peer;

	if (rill_call_blocked(&b->call, SYS_connect))
		return __LINE__;
	if (rill_wait_state(b->conn.fd, "SYN_SENT"))
		return __LINE__;
	if (rill_wait_pending(b->lfd, 1))
		return __LINE__;
	if (rill_path_unblock(path, b->lfd))
		return __LINE__;
	if (rill_call_join(&b->call))
		return __LINE__;
	peer = rill_accept(b->lfd);
	if (peer < 0 || rill_ping(b->conn.fd, peer))
		return __LINE__;
	close(peer);
	return rill_nothing_to_accept(b->lfd) ? 0 : __LINE__;
}

static void caught(struct __test_metadata *_metadata, struct rill_path *path,
		   int sig, int flags)
{
	struct rill_blocked b;

	ASSERT_EQ(0, rill_sig_catch(sig, flags));
	ASSERT_EQ(0, rill_blocked_start(&b, path));
	ASSERT_EQ(0, rill_tgkill(b.call.tid, sig));
	EXPECT_EQ(EINTR, rill_call_join(&b.call));
	EXPECT_EQ(1, rill_sig_count(sig));
	EXPECT_EQ(0, goes_on(&b, path));
}

TEST_F(connect, C06_caught)
{
	caught(_metadata, &self->path, SIGUSR1, 0);
}

TEST_F(connect, C06_caught_with_restart)
{
	caught(_metadata, &self->path, SIGUSR1, SA_RESTART);
}

TEST_F(connect, C06_caught_realtime)
{
	caught(_metadata, &self->path, SIGRTMIN + 3, SA_RESTART);
}

/* Signals that would be ignored, or stop, are caught when there is a handler */
TEST_F(connect, C06_caught_sigchld)
{
	caught(_metadata, &self->path, SIGCHLD, 0);
}

TEST_F(connect, C06_caught_sigcont)
{
	caught(_metadata, &self->path, SIGCONT, SA_RESTART);
}

TEST_F(connect, C06_caught_sigtstp)
{
	caught(_metadata, &self->path, SIGTSTP, SA_RESTART);
}

TEST_F(connect, C06_caught_with_sndtimeo)
{
	struct rill_blocked b;

	/* a bounded wait is interrupted as well; the bound is the wait's */
	ASSERT_EQ(0, rill_sig_catch(SIGUSR1, SA_RESTART));
	ASSERT_EQ(0, rill_blocked_setup(&b, &self->path));
	ASSERT_EQ(0, rill_set_sndtimeo(b.conn.fd, 3600000));
	ASSERT_EQ(0, rill_connect_start(&b.call, &b.conn));
	ASSERT_EQ(0, rill_tgkill(b.call.tid, SIGUSR1));
	EXPECT_EQ(EINTR, rill_call_join(&b.call));
	EXPECT_EQ(0, goes_on(&b, &self->path));
}

TEST_F(connect, C06_caught_in_every_dialect)
{
	struct rill_blocked b;
	int dialect;

	ASSERT_EQ(0, rill_sig_catch(SIGUSR1, SA_RESTART));
	for (dialect = RILL_DIALECT_POSIX; dialect <= RILL_DIALECT_BSD;
	     dialect++) {
		ASSERT_EQ(0, rill_blocked_setup(&b, &self->path));
		ASSERT_EQ(0, rill_setsockopt_int(b.conn.fd, SOL_RILL,
						 RILL_DIALECT, dialect));
		ASSERT_EQ(0, rill_connect_start(&b.call, &b.conn));
		ASSERT_EQ(0, rill_tgkill(b.call.tid, SIGUSR1));
		EXPECT_EQ(EINTR, rill_call_join(&b.call));
		EXPECT_EQ(0, goes_on(&b, &self->path));
		close(b.lfd);
	}
}

TEST_F(connect, C06_then_refused)
{
	struct rill_blocked b;

	ASSERT_EQ(0, rill_sig_catch(SIGUSR1, SA_RESTART));
	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	ASSERT_EQ(0, rill_tgkill(b.call.tid, SIGUSR1));
	EXPECT_EQ(EINTR, rill_call_join(&b.call));
	close(b.lfd);
	EXPECT_EQ(POLLOUT | POLLERR | POLLHUP,
		  rill_poll_wait(b.conn.fd, POLLOUT));
	EXPECT_EQ(ECONNREFUSED, rill_so_error(b.conn.fd));
	EXPECT_EQ(0, rill_so_error(b.conn.fd));
}

TEST_F(connect, C06_then_timed_out)
{
	struct rill_blocked b;

	ASSERT_EQ(0, rill_sig_catch(SIGUSR1, SA_RESTART));
	ASSERT_EQ(0, rill_blocked_setup(&b, &self->path));
	/* long enough to be interrupted before, also on a slow machine */
	ASSERT_EQ(0, rill_setsockopt_int(b.conn.fd, SOL_RILL,
					 RILL_CONNECT_TIMEOUT, 5000));
	ASSERT_EQ(0, rill_connect_start(&b.call, &b.conn));
	ASSERT_EQ(0, rill_tgkill(b.call.tid, SIGUSR1));
	EXPECT_EQ(EINTR, rill_call_join(&b.call));
	EXPECT_EQ(POLLOUT | POLLERR | POLLHUP,
		  rill_poll_wait(b.conn.fd, POLLOUT));
	EXPECT_EQ(ETIMEDOUT, rill_so_error(b.conn.fd));
	EXPECT_EQ(0, rill_wait_pending(b.lfd, 0));
	ASSERT_EQ(0, rill_path_unblock(&self->path, b.lfd));
	EXPECT_TRUE(rill_nothing_to_accept(b.lfd));
}

TEST_F(connect, C06_process_signal)
{
	struct rill_blocked b;
	sigset_t set;

	/* sent to the process; this thread alone has it unblocked */
	ASSERT_EQ(0, rill_sig_catch(SIGUSR1, SA_RESTART));
	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	ASSERT_EQ(0, pthread_sigmask(SIG_BLOCK, &set, NULL));
	ASSERT_EQ(0, kill(getpid(), SIGUSR1));
	EXPECT_EQ(EINTR, rill_call_join(&b.call));
	EXPECT_EQ(0, goes_on(&b, &self->path));
}

/* What a handler got from connect() on the interrupted socket. */
static struct rill_connect_call handler_conn;
static int handler_err;

static void connecting_handler(int sig)
{
	handler_err = rill_connect_fn(&handler_conn);
}

TEST_F(connect, C06_handler_connects)
{
	struct sigaction sa = {
		.sa_handler = connecting_handler,
		.sa_flags = SA_RESTART,
	};
	struct rill_blocked b;

	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	handler_conn = b.conn;
	handler_err = -1;
	ASSERT_EQ(0, rill_tgkill(b.call.tid, SIGUSR1));
	EXPECT_EQ(EINTR, rill_call_join(&b.call));
	EXPECT_EQ(EALREADY, handler_err);
	EXPECT_EQ(0, goes_on(&b, &self->path));
}

TEST_F(connect, C06_against_completion)
{
	int round, lfd, peer, err;
	struct rill_blocked b;

	/* whichever is first, there is one connection in the end */
	ASSERT_EQ(0, rill_sig_catch(SIGUSR1, SA_RESTART));
	lfd = rill_path_listen(&self->path, 0, &b.conn.addr);
	ASSERT_LE(0, lfd);
	for (round = 0; round < 20; round++) {
		ASSERT_EQ(0, rill_path_block(&self->path, lfd));
		b.conn.fd = rill_path_socket(&self->path, 0);
		ASSERT_EQ(0, rill_connect_start(&b.call, &b.conn));
		if (round & 1)
			ASSERT_EQ(0, rill_tgkill(b.call.tid, SIGUSR1));
		ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
		if (~round & 1)
			rill_tgkill(b.call.tid, SIGUSR1);
		err = rill_call_join(&b.call);
		EXPECT_TRUE(!err || err == EINTR);
		EXPECT_EQ(POLLOUT, rill_poll_wait(b.conn.fd, POLLOUT));
		EXPECT_EQ(0, rill_so_error(b.conn.fd));
		peer = rill_accept(lfd);
		ASSERT_LE(0, peer);
		EXPECT_EQ(0, rill_ping(b.conn.fd, peer));
		close(peer);
		close(b.conn.fd);
		EXPECT_TRUE(rill_nothing_to_accept(lfd));
	}
}

/* Signals with no handler and nothing to do by default. */
TEST_F(connect, C06b_ignored_by_default)
{
	static const int sigs[] = { SIGWINCH, SIGURG, SIGCHLD, SIGCONT };
	struct rill_blocked b;
	size_t i;

	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	for (i = 0; i < ARRAY_SIZE(sigs); i++) {
		ASSERT_EQ(0, rill_tgkill(b.call.tid, sigs[i]));
		EXPECT_EQ(0, rill_call_blocked(&b.call, SYS_connect));
		ASSERT_EQ(0, kill(getpid(), sigs[i]));
		EXPECT_EQ(0, rill_call_blocked(&b.call, SYS_connect));
	}
	EXPECT_EQ(0, still_waits(&b, &self->path));
}

TEST_F(connect, C06b_ignored_on_demand)
{
	struct rill_blocked b;

	ASSERT_NE(SIG_ERR, signal(SIGUSR1, SIG_IGN));
	ASSERT_NE(SIG_ERR, signal(SIGTERM, SIG_IGN));
	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	ASSERT_EQ(0, rill_tgkill(b.call.tid, SIGUSR1));
	ASSERT_EQ(0, kill(getpid(), SIGTERM));
	EXPECT_EQ(0, still_waits(&b, &self->path));
}

TEST_F(connect, C06b_blocked)
{
	struct rill_blocked b;
	sigset_t set, old;

	/* the thread inherits the mask */
	ASSERT_EQ(0, rill_sig_catch(SIGUSR1, 0));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	ASSERT_EQ(0, pthread_sigmask(SIG_BLOCK, &set, &old));
	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	ASSERT_EQ(0, rill_tgkill(b.call.tid, SIGUSR1));
	ASSERT_EQ(0, kill(getpid(), SIGUSR1));
	EXPECT_EQ(0, still_waits(&b, &self->path));
	EXPECT_EQ(0, rill_sig_count(SIGUSR1));
	/* the process's one was only waiting for this */
	ASSERT_EQ(0, pthread_sigmask(SIG_SETMASK, &old, NULL));
	EXPECT_EQ(0, rill_wait_sig(SIGUSR1, 1));
}

TEST_F(connect, C06b_other_threads_signal)
{
	struct rill_blocked b;
	int i;

	ASSERT_EQ(0, rill_sig_catch(SIGUSR1, 0));
	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	for (i = 1; i <= 5; i++) {
		ASSERT_EQ(0, rill_tgkill(getpid(), SIGUSR1));
		ASSERT_EQ(0, rill_wait_sig(SIGUSR1, i));
	}
	EXPECT_EQ(0, still_waits(&b, &self->path));
}

TEST_F(connect, C06b_process_signal_taken_elsewhere)
{
	struct rill_blocked b;
	sigset_t set;

	/* the process's signal; the connecting thread alone has it blocked */
	ASSERT_EQ(0, rill_sig_catch(SIGUSR1, 0));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	ASSERT_EQ(0, pthread_sigmask(SIG_BLOCK, &set, NULL));
	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	ASSERT_EQ(0, pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	ASSERT_EQ(0, kill(getpid(), SIGUSR1));
	ASSERT_EQ(0, rill_wait_sig(SIGUSR1, 1));
	EXPECT_EQ(0, still_waits(&b, &self->path));
}

/* What ringer_fn() returns where there is no io_uring. */
#define NO_RING	(-EOPNOTSUPP)

/**
 * struct ringer - A thread that has io_uring work pending while it connects.
 * @conn: What it connects.
 * @efd: The eventfd that its ring polls.
 * @ring: The ring.
 */
struct ringer {
	struct rill_connect_call conn;
	int efd;
	struct rill_uring ring;
};

/* The ring is made by the thread: its completions interrupt this thread. */
static int ringer_fn(void *arg)
{
	struct ringer *ringer = arg;
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_POLL_ADD,
		.fd = ringer->efd,
		.poll32_events = POLLIN,
	};
	struct io_uring_cqe cqe;
	int ret = rill_uring_init(&ringer->ring);

	if (ret)
		return NO_RING;
	ret = rill_uring_submit(&ringer->ring, &sqe);
	if (ret)
		return NO_RING;
	ret = rill_connect_fn(&ringer->conn);
	if (!ret && rill_uring_reap(&ringer->ring, &cqe, 0))
		ret = ENODATA;
	rill_uring_exit(&ringer->ring);
	return ret;
}

TEST_F(connect, C06b_task_work)
{
	struct ringer ringer = { .efd = eventfd(0, EFD_CLOEXEC) };
	struct rill_blocked b;
	int ret;

	/* a completion wakes its thread as a signal does, but it is none */
	ASSERT_EQ(0, rill_blocked_setup(&b, &self->path));
	ringer.conn = b.conn;
	ASSERT_EQ(0, rill_call_start(&b.call, ringer_fn, &ringer));
	ret = rill_call_blocked(&b.call, SYS_connect);
	if (ret == -ESRCH && rill_call_join(&b.call) == NO_RING)
		SKIP(return, "no io_uring");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, eventfd_write(ringer.efd, 1));
	EXPECT_EQ(0, still_waits(&b, &self->path));
}

TEST_HARNESS_MAIN
