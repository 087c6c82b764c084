// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect(): requests under way: how they complete, how they end otherwise,
 * and that nothing is left of those that were withdrawn.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "connect_fixture.h"

/* A blocked listener and one pending client. Return: 0 or -errno. */
static int pending_setup(struct rill_path *path, struct sockaddr_rill *addr,
			 int *lfd, int *fd)
{
	int ret;

	*lfd = rill_path_listen(path, 0, addr);
	if (*lfd < 0)
		return *lfd;
	ret = rill_path_block(path, *lfd);
	if (ret)
		return ret;
	*fd = rill_path_queued(path, *lfd, addr, 1);
	return *fd < 0 ? *fd : rill_wait_state(*fd, "SYN_SENT");
}

TEST_F(connect, C03_completes_on_its_own)
{
	struct sockaddr_rill addr;
	struct rill_info info;
	int lfd, fd, peer;

	ASSERT_EQ(0, pending_setup(&self->path, &addr, &lfd, &fd));
	EXPECT_EQ(0, rill_poll(fd, POLLIN | POLLOUT | POLLRDHUP));
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	EXPECT_EQ(POLLOUT, rill_poll_wait(fd, POLLIN | POLLOUT | POLLRDHUP));
	EXPECT_EQ(0, rill_info(fd, &info));
	EXPECT_STREQ("ESTABLISHED", info.state);
	EXPECT_EQ(0, rill_so_error(fd));
	peer = rill_accept(lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(fd, peer));
	EXPECT_EQ(EISCONN, rill_connect(fd, &addr));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
}

TEST_F(connect, C03_zero_where_at_once)
{
	bool at_once = variant->ops->at_once;
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, SOCK_NONBLOCK);

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, fd);
	/* on a link every request takes a round trip */
	EXPECT_EQ(at_once ? 0 : EINPROGRESS, rill_connect(fd, &addr));
	if (!at_once)
		EXPECT_EQ(0, rill_path_settle(&self->path, fd));
	EXPECT_EQ(POLLOUT, rill_poll(fd, POLLIN | POLLOUT | POLLRDHUP));
}

TEST_F(connect, C03_flag_decides_at_the_call)
{
	struct sockaddr_rill addr;
	int lfd, fd, again;

	/* O_NONBLOCK is of the descriptor's file and is read by connect() */
	ASSERT_EQ(0, pending_setup(&self->path, &addr, &lfd, &fd));
	again = rill_path_socket(&self->path, 0);
	ASSERT_LE(0, again);
	ASSERT_EQ(0, rill_set_nonblock(again, true));
	EXPECT_EQ(EINPROGRESS, rill_connect(again, &addr));
	ASSERT_EQ(0, rill_set_nonblock(again, false));
	/* C05: blocking again, it still does not wait */
	EXPECT_EQ(EALREADY, rill_connect(again, &addr));
}

TEST_F(connect, C03_in_order)
{
	struct sockaddr_rill addr, name, seen;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd[4], peer[4], i;

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_path_block(&self->path, lfd));
	for (i = 0; i < 4; i++) {
		fd[i] = rill_path_queued(&self->path, lfd, &addr, i + 1);
		ASSERT_LE(0, fd[i]);
	}
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	for (i = 0; i < 4; i++) {
		peer[i] = rill_accept(lfd);
		ASSERT_LE(0, peer[i]);
		ASSERT_EQ(0, rill_wait_state(fd[i], "ESTABLISHED"));
		ASSERT_EQ(0, rill_local(fd[i], &name));
		ASSERT_EQ(0, rill_peer(peer[i], &seen));
		EXPECT_TRUE(rill_path_same(&self->path, &name, &seen));
		EXPECT_EQ(0, rill_ping(fd[i], peer[i]));
	}
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
}

TEST_F(connect, C04_request_not_disturbed)
{
	struct sockaddr_rill addr, elsewhere;
	int other = rill_path_listen(&self->path, 0, &elsewhere);
	int lfd, fd, peer, i;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, pending_setup(&self->path, &addr, &lfd, &fd));
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(EALREADY, rill_connect(fd, &addr));
		EXPECT_EQ(EALREADY, rill_connect(fd, &elsewhere));
	}
	EXPECT_EQ(0, rill_so_error(fd));
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	peer = rill_accept(lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(fd, peer));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
	EXPECT_TRUE(rill_nothing_to_accept(other));
}

/* The end of a failed request: poll(), SO_ERROR once, then another try. */
static void expect_failed(struct __test_metadata *_metadata,
			  struct rill_path *path, int fd, int err)
{
	struct sockaddr_rill addr;
	int lfd;

	EXPECT_EQ(POLLOUT | POLLERR | POLLHUP, rill_poll_wait(fd, POLLOUT));
	EXPECT_EQ(0, rill_wait_state(fd, "CLOSE"));
	EXPECT_EQ(err, rill_so_error(fd));
	EXPECT_EQ(0, rill_so_error(fd));
	EXPECT_EQ(POLLOUT | POLLHUP, rill_poll(fd, POLLOUT));
	lfd = rill_path_listen(path, 0, &addr);
	EXPECT_LE(0, lfd);
	EXPECT_EQ(0, rill_path_connect(path, fd, &addr));
	close(lfd);
}

TEST_F(connect, C08_failure_is_told_once)
{
	struct sockaddr_rill addr;
	int lfd, fd;

	ASSERT_EQ(0, pending_setup(&self->path, &addr, &lfd, &fd));
	EXPECT_EQ(0, rill_so_error(fd));
	close(lfd);
	expect_failed(_metadata, &self->path, fd, ECONNREFUSED);
}

TEST_F(connect, C08_events_asked_or_not)
{
	struct sockaddr_rill addr;
	int lfd, fd;

	ASSERT_EQ(0, pending_setup(&self->path, &addr, &lfd, &fd));
	close(lfd);
	/* POLLERR and POLLHUP need no asking */
	EXPECT_EQ(POLLERR | POLLHUP, rill_poll_wait(fd, 0));
	EXPECT_EQ(ECONNREFUSED, rill_so_error(fd));
	EXPECT_EQ(POLLHUP, rill_poll(fd, 0));
}

/* What a call that moves data gives on a failed request. */
TEST_F(connect, C08_failure_by_send)
{
	struct sockaddr_rill addr;
	int lfd, fd;

	ASSERT_EQ(0, pending_setup(&self->path, &addr, &lfd, &fd));
	close(lfd);
	EXPECT_NE(0, rill_poll_wait(fd, POLLOUT) & POLLERR);
	EXPECT_EQ(-1, send(fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(ECONNREFUSED, errno);
	/* that took it */
	EXPECT_EQ(0, rill_so_error(fd));
}

TEST_F(connect, C09_timeout_by_option)
{
	struct sockaddr_rill addr;
	int lfd, fd;
	long long start;

	lfd = rill_path_listen(&self->path, 0, &addr);
	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_path_block(&self->path, lfd));
	fd = rill_path_socket(&self->path, SOCK_NONBLOCK);
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_CONNECT_TIMEOUT,
					 300));
	start = rill_now_ms();
	ASSERT_EQ(EINPROGRESS, rill_connect(fd, &addr));
	EXPECT_EQ(POLLOUT | POLLERR | POLLHUP, rill_poll_wait(fd, POLLOUT));
	EXPECT_LE(start + 300, rill_now_ms() + RILL_EARLY_MS);
	/* nothing left behind */
	EXPECT_EQ(0, rill_wait_pending(lfd, 0));
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
	expect_failed(_metadata, &self->path, fd, ETIMEDOUT);
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
}

TEST_F(connect, C09_timeout_by_sysctl)
{
	struct sockaddr_rill addr;
	int lfd, fd, patient;

	/* its time was set before the sysctl changed */
	ASSERT_EQ(0, pending_setup(&self->path, &addr, &lfd, &patient));
	ASSERT_EQ(0, rill_sysctl_set("connect_timeout_ms", "200"));
	fd = rill_path_pending(&self->path, &addr);
	ASSERT_LE(0, fd);
	EXPECT_NE(0, rill_poll_wait(fd, POLLOUT) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, rill_so_error(fd));
	EXPECT_EQ(0, rill_poll(patient, POLLOUT));
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	ASSERT_LE(0, rill_accept(lfd));
	EXPECT_EQ(POLLOUT, rill_poll_wait(patient, POLLOUT));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
}

TEST_F(connect, C09_each_has_its_time)
{
	struct sockaddr_rill addr;
	int lfd, first, fd[3], i;

	/* the middle one of three ends; the others stay in their order */
	ASSERT_EQ(0, pending_setup(&self->path, &addr, &lfd, &first));
	for (i = 0; i < 3; i++) {
		fd[i] = rill_path_socket(&self->path, SOCK_NONBLOCK);
		ASSERT_LE(0, fd[i]);
		if (i == 1)
			ASSERT_EQ(0, rill_setsockopt_int(fd[i], SOL_RILL,
							 RILL_CONNECT_TIMEOUT,
							 100));
		ASSERT_EQ(EINPROGRESS, rill_connect(fd[i], &addr));
	}
	EXPECT_NE(0, rill_poll_wait(fd[1], POLLOUT) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, rill_so_error(fd[1]));
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	for (i = 0; i < 3; i++)
		ASSERT_LE(0, rill_accept(lfd));
	EXPECT_EQ(POLLOUT, rill_poll_wait(first, POLLOUT));
	EXPECT_EQ(POLLOUT, rill_poll_wait(fd[0], POLLOUT));
	EXPECT_EQ(POLLOUT, rill_poll_wait(fd[2], POLLOUT));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
}

TEST_F(connect, C11_listener_closes)
{
	struct sockaddr_rill addr;
	int lfd, fd[3], i;

	ASSERT_EQ(0, pending_setup(&self->path, &addr, &lfd, &fd[0]));
	for (i = 1; i < 3; i++) {
		fd[i] = rill_path_queued(&self->path, lfd, &addr, i + 1);
		ASSERT_LE(0, fd[i]);
	}
	close(lfd);
	for (i = 0; i < 3; i++)
		expect_failed(_metadata, &self->path, fd[i], ECONNREFUSED);
}

TEST_F(connect, C11_listener_shut)
{
	struct sockaddr_rill addr;
	int lfd, fd;

	ASSERT_EQ(0, pending_setup(&self->path, &addr, &lfd, &fd));
	ASSERT_EQ(0, shutdown(lfd, SHUT_RDWR));
	expect_failed(_metadata, &self->path, fd, ECONNREFUSED);
}

TEST_F(connect, C11_not_to_itself)
{
	struct sockaddr_rill addr = rill_addr(0);
	int fd = rill_path_socket(&self->path, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_bind(fd, &addr));
	ASSERT_EQ(0, rill_local(fd, &addr));
	EXPECT_EQ(ECONNREFUSED, rill_connect(fd, &addr));
}

TEST_F(connect, C12_reset_before_accept)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, SOCK_NONBLOCK);
	char byte;

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_path_connect(&self->path, fd, &addr));
	/* established, and the other side goes without having accepted it */
	close(lfd);
	EXPECT_NE(0, rill_poll_wait(fd, POLLIN) & POLLERR);
	EXPECT_EQ(-1, recv(fd, &byte, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
	EXPECT_EQ(0, rill_so_error(fd));
	EXPECT_EQ(EISCONN, rill_connect(fd, &addr));
	EXPECT_EQ(0, rill_connect_unspec(fd));
	EXPECT_EQ(ECONNREFUSED, rill_path_connect(&self->path, fd, &addr));
}

TEST_F(connect, C33_again_on_the_same_descriptor)
{
	struct sockaddr_rill addr, before, after;
	struct sockaddr_rill nobody = rill_addr(0);
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, 0);
	int peer;

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_bind(fd, &nobody));
	ASSERT_EQ(0, rill_local(fd, &before));
	nobody = addr;
	nobody.srl_port ^= htons(1);
	EXPECT_EQ(ECONNREFUSED, rill_connect(fd, &nobody));
	EXPECT_EQ(ECONNREFUSED, rill_connect(fd, &nobody));
	nobody.srl_port = 0;
	EXPECT_EQ(EADDRNOTAVAIL, rill_connect(fd, &nobody));
	EXPECT_EQ(0, rill_so_error(fd));
	EXPECT_EQ(0, rill_connect(fd, &addr));
	peer = rill_accept(lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(fd, peer));
	ASSERT_EQ(0, rill_local(fd, &after));
	EXPECT_EQ(before.srl_port, after.srl_port);
}

TEST_F(connect, C33_close_after_failure)
{
	struct sockaddr_rill addr;
	int lfd, fd, sockets = rill_socket_count();

	ASSERT_LE(0, sockets);
	ASSERT_EQ(0, pending_setup(&self->path, &addr, &lfd, &fd));
	close(lfd);
	EXPECT_NE(0, rill_poll_wait(fd, POLLOUT) & POLLERR);
	EXPECT_EQ(0, close(fd));
	rill_path_close(&self->path);
	EXPECT_EQ(0, rill_wait_socket_count(sockets));
}

TEST_F(connect, C34_close_withdraws)
{
	struct sockaddr_rill addr;
	int lfd, fd, live, peer;

	ASSERT_EQ(0, pending_setup(&self->path, &addr, &lfd, &fd));
	live = rill_path_queued(&self->path, lfd, &addr, 2);
	ASSERT_LE(0, live);
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, rill_wait_pending(lfd, 1));
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	/* the first to be accepted is the one behind it */
	peer = rill_accept(lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(live, peer));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
}

/* Leave requests behind by ending: exit() or a signal. */
static int leave_pending(void *arg)
{
	struct rill_connect_call *conn = arg;
	int fd = socket(AF_RILL, conn->fd | SOCK_NONBLOCK, 0);

	if (rill_connect(fd, &conn->addr) != EINPROGRESS)
		return 0;
	fd = socket(AF_RILL, conn->fd, 0);
	return rill_connect(fd, &conn->addr);
}

TEST_F(connect, C34_process_ends)
{
	struct rill_connect_call conn = { .fd = variant->type };
	int lfd, live;
	pid_t pid;

	ASSERT_EQ(0, pending_setup(&self->path, &conn.addr, &lfd, &live));
	pid = rill_child_start(leave_pending, &conn);
	ASSERT_LT(0, pid);
	/* the child's two and the parent's one; then only the parent's */
	ASSERT_EQ(0, rill_task_blocked(pid, SYS_connect));
	EXPECT_EQ(0, rill_wait_pending(lfd, 3));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-EINTR, rill_child_wait(pid));
	EXPECT_EQ(0, rill_wait_pending(lfd, 1));
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	ASSERT_LE(0, rill_accept(lfd));
	EXPECT_EQ(POLLOUT, rill_poll_wait(live, POLLOUT));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
}

TEST_F(connect, C34_unspec_withdraws)
{
	struct sockaddr_rill addr, before, after;
	int lfd, fd;

	ASSERT_EQ(0, pending_setup(&self->path, &addr, &lfd, &fd));
	ASSERT_EQ(0, rill_local(fd, &before));
	EXPECT_EQ(0, rill_connect_unspec(fd));
	EXPECT_EQ(0, rill_wait_pending(lfd, 0));
	EXPECT_EQ(0, rill_so_error(fd));
	EXPECT_EQ(POLLOUT | POLLHUP, rill_poll(fd, POLLOUT));
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
	ASSERT_EQ(0, rill_path_connect(&self->path, fd, &addr));
	ASSERT_LE(0, rill_accept(lfd));
	ASSERT_EQ(0, rill_local(fd, &after));
	EXPECT_EQ(before.srl_port, after.srl_port);
}

TEST_F(connect, C34_shutdown_withdraws)
{
	static const int how[] = { SHUT_RD, SHUT_WR, SHUT_RDWR };
	struct sockaddr_rill addr;
	int lfd, fd;
	size_t i;

	lfd = rill_path_listen(&self->path, 0, &addr);
	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_path_block(&self->path, lfd));
	for (i = 0; i < 3; i++) {
		fd = rill_path_queued(&self->path, lfd, &addr, 1);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, shutdown(fd, how[i]));
		EXPECT_EQ(0, rill_wait_pending(lfd, 0));
		expect_failed(_metadata, &self->path, fd, ECONNABORTED);
	}
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
}

TEST_F(connect, C34_duplicate_keeps_the_request)
{
	struct sockaddr_rill addr;
	int lfd, fd, copy;

	ASSERT_EQ(0, pending_setup(&self->path, &addr, &lfd, &fd));
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	ASSERT_LE(0, copy);
	close(fd);
	EXPECT_EQ(EALREADY, rill_connect(copy, &addr));
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	ASSERT_LE(0, rill_accept(lfd));
	EXPECT_EQ(POLLOUT, rill_poll_wait(copy, POLLOUT));
}

TEST_HARNESS_MAIN
