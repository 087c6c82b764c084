// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect(): calls that block, in threads known to sleep in them, and what
 * ends them: room, refusal, time, other threads. Signals: connect_signal.c.
 */
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "connect_fixture.h"

/** THREADS - Threads that call connect() on one socket. */
#define THREADS	6

TEST_F(connect, C01_blocks_until_established)
{
	struct rill_blocked b;
	int peer;

	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	EXPECT_FALSE(rill_call_done(&b.call));
	ASSERT_EQ(0, rill_path_unblock(&self->path, b.lfd));
	/* the call returns without anyone having accepted it */
	EXPECT_EQ(0, rill_call_join(&b.call));
	EXPECT_EQ(POLLOUT, rill_poll(b.conn.fd, POLLOUT));
	peer = rill_accept(b.lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(b.conn.fd, peer));
	EXPECT_TRUE(rill_nothing_to_accept(b.lfd));
}

TEST_F(connect, C01_at_once_where_room)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 3, &addr);
	int fd, i;

	ASSERT_LE(0, lfd);
	/* backlog 3 has room for 4, nobody accepting */
	for (i = 0; i < 4; i++) {
		fd = rill_path_socket(&self->path, 0);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, rill_connect(fd, &addr));
		EXPECT_EQ(0, rill_wait_state(fd, "ESTABLISHED"));
	}
	EXPECT_EQ(0, rill_wait_recvq(lfd, 4));
}

TEST_F(connect, C05_other_thread_does_not_wait)
{
	struct rill_blocked b;
	int peer;

	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	/* the socket is blocking, and this would hang if it waited */
	EXPECT_EQ(EALREADY, rill_connect(b.conn.fd, &b.conn.addr));
	EXPECT_EQ(EALREADY, rill_connect(b.conn.fd, &b.conn.addr));
	EXPECT_EQ(0, rill_wait_pending(b.lfd, 1));
	EXPECT_EQ(0, rill_call_blocked(&b.call, SYS_connect));
	ASSERT_EQ(0, rill_path_unblock(&self->path, b.lfd));
	EXPECT_EQ(0, rill_call_join(&b.call));
	peer = rill_accept(b.lfd);
	ASSERT_LE(0, peer);
	EXPECT_TRUE(rill_nothing_to_accept(b.lfd));
	EXPECT_EQ(EISCONN, rill_connect(b.conn.fd, &b.conn.addr));
}

TEST_F(connect, C05_after_sndtimeo)
{
	struct rill_blocked b;

	/* Linux's dialect: the wait ends, the request goes on */
	ASSERT_EQ(0, rill_blocked_setup(&b, &self->path));
	ASSERT_EQ(0, rill_set_sndtimeo(b.conn.fd, 50));
	EXPECT_EQ(EINPROGRESS, rill_connect(b.conn.fd, &b.conn.addr));
	EXPECT_EQ(EALREADY, rill_connect(b.conn.fd, &b.conn.addr));
	ASSERT_EQ(0, rill_path_unblock(&self->path, b.lfd));
	ASSERT_LE(0, rill_accept(b.lfd));
	EXPECT_EQ(EISCONN, rill_connect(b.conn.fd, &b.conn.addr));
}

TEST_F(connect, C09_timeout)
{
	struct rill_blocked b;
	long long start;

	ASSERT_EQ(0, rill_blocked_setup(&b, &self->path));
	ASSERT_EQ(0, rill_setsockopt_int(b.conn.fd, SOL_RILL,
					 RILL_CONNECT_TIMEOUT, 250));
	start = rill_now_ms();
	EXPECT_EQ(ETIMEDOUT, rill_connect(b.conn.fd, &b.conn.addr));
	EXPECT_LE(start + 250, rill_now_ms() + RILL_EARLY_MS);
	EXPECT_EQ(0, rill_wait_state(b.conn.fd, "CLOSE"));
	EXPECT_EQ(0, rill_wait_pending(b.lfd, 0));
	/* told by the call, so not by SO_ERROR as well */
	EXPECT_EQ(0, rill_so_error(b.conn.fd));
	EXPECT_EQ(POLLOUT | POLLHUP, rill_poll(b.conn.fd, POLLOUT));
	ASSERT_EQ(0, rill_path_unblock(&self->path, b.lfd));
	EXPECT_TRUE(rill_nothing_to_accept(b.lfd));
	/* C33 */
	EXPECT_EQ(0, rill_connect(b.conn.fd, &b.conn.addr));
	ASSERT_LE(0, rill_accept(b.lfd));
	EXPECT_TRUE(rill_nothing_to_accept(b.lfd));
}

TEST_F(connect, C11_listener_closes)
{
	struct rill_blocked b;

	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	close(b.lfd);
	EXPECT_EQ(ECONNREFUSED, rill_call_join(&b.call));
	EXPECT_EQ(0, rill_so_error(b.conn.fd));
	EXPECT_EQ(0, rill_wait_state(b.conn.fd, "CLOSE"));
}

TEST_F(connect, C11_listener_shut)
{
	struct rill_blocked b;

	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	ASSERT_EQ(0, shutdown(b.lfd, SHUT_RD));
	EXPECT_EQ(ECONNREFUSED, rill_call_join(&b.call));
	EXPECT_EQ(0, rill_so_error(b.conn.fd));
}

TEST_F(connect, C34_shutdown_ends_the_call)
{
	static const int how[] = { SHUT_RD, SHUT_WR, SHUT_RDWR };
	struct rill_blocked b;
	size_t i;

	ASSERT_EQ(0, rill_blocked_setup(&b, &self->path));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, rill_connect_start(&b.call, &b.conn));
		ASSERT_EQ(0, shutdown(b.conn.fd, how[i]));
		EXPECT_EQ(ECONNABORTED, rill_call_join(&b.call));
		EXPECT_EQ(0, rill_so_error(b.conn.fd));
		EXPECT_EQ(0, rill_wait_pending(b.lfd, 0));
	}
	ASSERT_EQ(0, rill_path_unblock(&self->path, b.lfd));
	EXPECT_TRUE(rill_nothing_to_accept(b.lfd));
}

TEST_F(connect, C34_unspec_ends_the_call)
{
	struct rill_blocked b;

	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	EXPECT_EQ(0, rill_connect_unspec(b.conn.fd));
	EXPECT_EQ(ECONNABORTED, rill_call_join(&b.call));
	EXPECT_EQ(0, rill_wait_pending(b.lfd, 0));
	ASSERT_EQ(0, rill_path_unblock(&self->path, b.lfd));
	EXPECT_TRUE(rill_nothing_to_accept(b.lfd));
	EXPECT_EQ(0, rill_connect(b.conn.fd, &b.conn.addr));
}

TEST_F(connect, C34_unspec_then_another_request)
{
	struct rill_call again;
	struct rill_blocked b;
	int peer;

	/*
	 * The first call must not be taken in by the second's success: its
	 * own request ended.
	 */
	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	EXPECT_EQ(0, rill_connect_unspec(b.conn.fd));
	ASSERT_EQ(0, rill_call_start(&again, rill_connect_fn, &b.conn));
	EXPECT_EQ(ECONNABORTED, rill_call_join(&b.call));
	ASSERT_EQ(0, rill_call_blocked(&again, SYS_connect));
	ASSERT_EQ(0, rill_path_unblock(&self->path, b.lfd));
	EXPECT_EQ(0, rill_call_join(&again));
	peer = rill_accept(b.lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(b.conn.fd, peer));
	EXPECT_TRUE(rill_nothing_to_accept(b.lfd));
}

TEST_F(connect, C34_descriptor_closed_meanwhile)
{
	struct rill_blocked b;
	char byte;
	int peer;

	/* the call itself holds the socket; its end is then the socket's */
	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	close(b.conn.fd);
	EXPECT_FALSE(rill_call_done(&b.call));
	ASSERT_EQ(0, rill_path_unblock(&self->path, b.lfd));
	EXPECT_EQ(0, rill_call_join(&b.call));
	peer = rill_accept(b.lfd);
	ASSERT_LE(0, peer);
	ASSERT_LT(0, rill_poll_wait(peer, POLLIN));
	EXPECT_EQ(0, recv(peer, &byte, 1, 0));
}

/**
 * struct crowd - Many threads, one socket.
 * @conn: What they connect.
 * @barrier: So that they start together.
 * @call: The threads.
 */
struct crowd {
	struct rill_connect_call conn;
	pthread_barrier_t barrier;
	struct rill_call call[THREADS];
};

static int crowd_fn(void *arg)
{
	struct crowd *crowd = arg;

	pthread_barrier_wait(&crowd->barrier);
	return rill_connect_fn(&crowd->conn);
}

static int crowd_start(struct crowd *crowd)
{
	int ret = 0, i;

	pthread_barrier_init(&crowd->barrier, NULL, THREADS);
	for (i = 0; i < THREADS && !ret; i++)
		ret = rill_call_start(&crowd->call[i], crowd_fn, crowd);
	return ret;
}

/* What the threads got. Return: how many 0s; -1 if any got what it may not. */
static int crowd_join(struct crowd *crowd, bool may_be_connected)
{
	int winners = 0, i;

	for (i = 0; i < THREADS; i++) {
		int err = rill_call_join(&crowd->call[i]);

		if (!err)
			winners++;
		else if (err != EALREADY &&
			 (err != EISCONN || !may_be_connected))
			return -1;
	}
	pthread_barrier_destroy(&crowd->barrier);
	return winners;
}

static int crowd_done(struct crowd *crowd)
{
	int done = 0, i;

	for (i = 0; i < THREADS; i++)
		done += rill_call_done(&crowd->call[i]);
	return done;
}

static bool crowd_but_one_done(void *arg)
{
	return crowd_done(arg) == THREADS - 1;
}

TEST_F(connect, C36_one_request_of_many_pending)
{
	struct crowd crowd;
	struct rill_blocked b;
	int round, peer;

	for (round = 0; round < 5; round++) {
		ASSERT_EQ(0, rill_blocked_setup(&b, &self->path));
		crowd.conn = b.conn;
		ASSERT_EQ(0, crowd_start(&crowd));
		EXPECT_EQ(0, rill_wait_until(crowd_but_one_done, &crowd));
		EXPECT_EQ(0, rill_wait_pending(b.lfd, 1));
		ASSERT_EQ(0, rill_path_unblock(&self->path, b.lfd));
		EXPECT_EQ(1, crowd_join(&crowd, false));
		peer = rill_accept(b.lfd);
		ASSERT_LE(0, peer);
		EXPECT_TRUE(rill_nothing_to_accept(b.lfd));
		close(peer);
		close(b.conn.fd);
		close(b.lfd);
	}
}

TEST_F(connect, C36_one_request_of_many_at_once)
{
	struct crowd crowd;
	int lfd, round, peer;

	lfd = rill_path_listen(&self->path, THREADS, &crowd.conn.addr);
	ASSERT_LE(0, lfd);
	for (round = 0; round < 20; round++) {
		crowd.conn.fd = rill_path_socket(&self->path, 0);
		ASSERT_LE(0, crowd.conn.fd);
		ASSERT_EQ(0, crowd_start(&crowd));
		EXPECT_EQ(1, crowd_join(&crowd, true));
		peer = rill_accept(lfd);
		ASSERT_LE(0, peer);
		EXPECT_TRUE(rill_nothing_to_accept(lfd));
		close(peer);
		close(crowd.conn.fd);
	}
}

/* Take the first request to come as soon as it does. */
static int accept_one_fn(void *arg)
{
	int fd = rill_accept(*(int *)arg);

	if (fd < 0)
		return -fd;
	close(fd);
	return 0;
}

TEST_F(connect, C36_one_request_while_accepting)
{
	struct rill_call acceptor;
	struct crowd crowd;
	int lfd, round;

	/* nothing orders these: whoever is first, one connection is made */
	lfd = rill_path_listen(&self->path, 0, &crowd.conn.addr);
	ASSERT_LE(0, lfd);
	for (round = 0; round < 20; round++) {
		crowd.conn.fd = rill_path_socket(&self->path, 0);
		ASSERT_LE(0, crowd.conn.fd);
		ASSERT_EQ(0, rill_call_start(&acceptor, accept_one_fn, &lfd));
		ASSERT_EQ(0, crowd_start(&crowd));
		EXPECT_EQ(1, crowd_join(&crowd, true));
		EXPECT_EQ(0, rill_call_join(&acceptor));
		EXPECT_TRUE(rill_nothing_to_accept(lfd));
		close(crowd.conn.fd);
	}
}

/* close() and connect() at once: either order, nothing else. */
static int close_fn(void *arg)
{
	struct crowd *crowd = arg;

	pthread_barrier_wait(&crowd->barrier);
	return close(crowd->conn.fd) ? errno : 0;
}

TEST_F(connect, C34_close_against_connect)
{
	struct rill_call closer, caller;
	struct crowd crowd;
	int lfd, round, err;

	lfd = rill_path_listen(&self->path, 0, &crowd.conn.addr);
	ASSERT_LE(0, lfd);
	for (round = 0; round < 20; round++) {
		crowd.conn.fd = rill_path_socket(&self->path, 0);
		ASSERT_LE(0, crowd.conn.fd);
		pthread_barrier_init(&crowd.barrier, NULL, 2);
		ASSERT_EQ(0, rill_call_start(&closer, close_fn, &crowd));
		ASSERT_EQ(0, rill_call_start(&caller, crowd_fn, &crowd));
		EXPECT_EQ(0, rill_call_join(&closer));
		err = rill_call_join(&caller);
		pthread_barrier_destroy(&crowd.barrier);
		if (err == EBADF) {
			EXPECT_TRUE(rill_nothing_to_accept(lfd));
			continue;
		}
		EXPECT_EQ(0, err);
		err = rill_accept(lfd);
		EXPECT_LE(0, err);
		close(err);
	}
}

TEST_HARNESS_MAIN
