// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect(): where the manual pages disagree (C18, C35, SO_SNDTIMEO) each
 * dialect has its own; and how one is chosen. C32 is in connect_dgram.c.
 */
#include <poll.h>
#include <unistd.h>

#include "connect_fixture.h"

#define DIALECTS	(RILL_DIALECT_BSD + 1)

static int dialect_socket(struct rill_path *path, int dialect, int flags)
{
	int fd = rill_path_socket(path, flags);

	if (fd < 0)
		return fd;
	if (rill_setsockopt_int(fd, SOL_RILL, RILL_DIALECT, dialect))
		return -EINVAL;
	return fd;
}

/* What a wait for a port to be given back tries. */
struct retry {
	int fd;
	struct sockaddr_rill addr;
	int err;
};

static bool port_is_free(void *arg)
{
	struct retry *retry = arg;

	retry->err = rill_connect(retry->fd, &retry->addr);
	return retry->err != EADDRNOTAVAIL;
}

TEST_F(connect, C18_no_free_port)
{
	int errnos[DIALECTS] = {
		[RILL_DIALECT_LINUX] = EADDRNOTAVAIL,
		[RILL_DIALECT_POSIX] = EADDRNOTAVAIL,
		[RILL_DIALECT_FREEBSD] = EAGAIN,
		[RILL_DIALECT_BSD] = EADDRNOTAVAIL,
	};
	struct sockaddr_rill addr, name;
	int lfd = rill_path_listen(&self->path, 4, &addr);
	struct retry retry;
	int taken[2], fd, i;

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_sysctl_set("local_port_range", "2000 2001"));
	for (i = 0; i < 2; i++) {
		taken[i] = rill_path_socket(&self->path, 0);
		ASSERT_EQ(0, rill_connect(taken[i], &addr));
	}
	for (i = 0; i < DIALECTS; i++) {
		fd = dialect_socket(&self->path, i, 0);
		ASSERT_LE(0, fd);
		EXPECT_EQ(errnos[i], rill_connect(fd, &addr));
		/* C33: nothing happened to it */
		EXPECT_EQ(0, rill_so_error(fd));
		ASSERT_EQ(0, rill_local(fd, &name));
		EXPECT_EQ(0, name.srl_port);
		close(fd);
	}
	/* a port that is given back is found, on a link after taking leave */
	close(taken[1]);
	retry.fd = rill_path_socket(&self->path, 0);
	retry.addr = addr;
	if (variant->ops->at_once)
		port_is_free(&retry);
	else
		rill_wait_until(port_is_free, &retry);
	EXPECT_EQ(0, retry.err);
}

TEST_F(connect, C18_one_port_is_enough_for_its_owner)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 4, &addr);
	int fd = rill_path_socket(&self->path, 0);

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_sysctl_set("local_port_range", "2000 2000"));
	ASSERT_EQ(0, rill_connect(fd, &addr));
	ASSERT_EQ(0, close(rill_accept(lfd)));
	ASSERT_EQ(0, rill_connect_unspec(fd));
	EXPECT_EQ(0, rill_connect(fd, &addr));
}

/*
 * No room for another pending request, as the dialect reports it. On a link
 * the listener is silent then: the client goes on asking until its time ends.
 */
static int no_room_errno(struct rill_path *path, int dialect)
{
	int err = ETIMEDOUT;

	if (path->ops->at_once)
		err = dialect == RILL_DIALECT_LINUX ? EAGAIN : ECONNREFUSED;
	return err;
}

TEST_F(connect, C35_too_many_pending)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int pending[2], fd, err, i;

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_path_sysctl(&self->path, RILL_SERVER, "max_pending",
				      "2"));
	ASSERT_EQ(0, rill_path_block(&self->path, lfd));
	for (i = 0; i < 2; i++) {
		pending[i] = rill_path_queued(&self->path, lfd, &addr, i + 1);
		ASSERT_LE(0, pending[i]);
	}
	for (i = 0; i < DIALECTS; i++) {
		/* blocking or not, it is told */
		fd = dialect_socket(&self->path, i, 0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL,
						 RILL_CONNECT_TIMEOUT, 700));
		err = no_room_errno(&self->path, i);
		EXPECT_EQ(err, rill_connect(fd, &addr));
		EXPECT_EQ(0, rill_so_error(fd));
		EXPECT_EQ(POLLOUT | POLLHUP, rill_poll(fd, POLLOUT));
		ASSERT_EQ(0, rill_set_nonblock(fd, true));
		EXPECT_EQ(err, rill_path_connect(&self->path, fd, &addr));
		close(fd);
	}
	/* the two are not disturbed, and a place given up is taken */
	EXPECT_EQ(0, rill_wait_pending(lfd, 2));
	close(pending[0]);
	ASSERT_EQ(0, rill_wait_pending(lfd, 1));
	fd = rill_path_queued(&self->path, lfd, &addr, 2);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	ASSERT_LE(0, rill_accept(lfd));
	ASSERT_LE(0, rill_accept(lfd));
	EXPECT_EQ(POLLOUT, rill_poll_wait(pending[1], POLLOUT));
	EXPECT_EQ(POLLOUT, rill_poll_wait(fd, POLLOUT));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
}

TEST_F(connect, C35_no_pending_at_all)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd;

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_path_block(&self->path, lfd));
	ASSERT_EQ(0, rill_path_sysctl(&self->path, RILL_SERVER, "max_pending",
				      "0"));
	fd = rill_path_socket(&self->path, SOCK_NONBLOCK);
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_CONNECT_TIMEOUT,
					 700));
	EXPECT_EQ(no_room_errno(&self->path, RILL_DIALECT_LINUX),
		  rill_path_connect(&self->path, fd, &addr));
	/* with a place for a connection none is needed for a request */
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	EXPECT_EQ(0, rill_path_connect(&self->path, fd, &addr));
}

/* SO_SNDTIMEO in a blocking connect(). */
static void sndtimeo(struct __test_metadata *_metadata, struct rill_path *path,
		     int dialect)
{
	bool goes_on = dialect == RILL_DIALECT_LINUX;
	struct rill_blocked b;
	long long start;

	ASSERT_EQ(0, rill_blocked_setup(&b, path));
	ASSERT_EQ(0, rill_setsockopt_int(b.conn.fd, SOL_RILL, RILL_DIALECT,
					 dialect));
	ASSERT_EQ(0, rill_set_sndtimeo(b.conn.fd, 200));
	start = rill_now_ms();
	EXPECT_EQ(goes_on ? EINPROGRESS : ETIMEDOUT,
		  rill_connect(b.conn.fd, &b.conn.addr));
	EXPECT_LE(start + 200, rill_now_ms() + RILL_EARLY_MS);
	EXPECT_EQ(0, rill_so_error(b.conn.fd));
	EXPECT_EQ(0, rill_wait_pending(b.lfd, goes_on));
	EXPECT_EQ(0, rill_wait_state(b.conn.fd,
				     goes_on ? "SYN_SENT" : "CLOSE"));
	EXPECT_EQ(goes_on ? 0 : POLLOUT | POLLHUP,
		  rill_poll(b.conn.fd, POLLOUT));
	ASSERT_EQ(0, rill_path_unblock(path, b.lfd));
	if (!goes_on) {
		EXPECT_TRUE(rill_nothing_to_accept(b.lfd));
		EXPECT_EQ(0, rill_connect(b.conn.fd, &b.conn.addr));
	}
	ASSERT_LE(0, rill_accept(b.lfd));
	EXPECT_EQ(EISCONN, rill_connect(b.conn.fd, &b.conn.addr));
	EXPECT_TRUE(rill_nothing_to_accept(b.lfd));
}

TEST_F(connect, C09_sndtimeo_linux)
{
	sndtimeo(_metadata, &self->path, RILL_DIALECT_LINUX);
}

TEST_F(connect, C09_sndtimeo_posix)
{
	sndtimeo(_metadata, &self->path, RILL_DIALECT_POSIX);
}

TEST_F(connect, C09_sndtimeo_freebsd)
{
	sndtimeo(_metadata, &self->path, RILL_DIALECT_FREEBSD);
}

TEST_F(connect, C09_sndtimeo_bsd)
{
	sndtimeo(_metadata, &self->path, RILL_DIALECT_BSD);
}

TEST_F(connect, C09_sndtimeo_is_not_for_nonblocking)
{
	struct rill_blocked b;
	int dialect;

	/* it bounds a wait, and this does not wait */
	for (dialect = 0; dialect < DIALECTS; dialect++) {
		ASSERT_EQ(0, rill_blocked_setup(&b, &self->path));
		ASSERT_EQ(0, rill_setsockopt_int(b.conn.fd, SOL_RILL,
						 RILL_DIALECT, dialect));
		ASSERT_EQ(0, rill_set_sndtimeo(b.conn.fd, 1));
		ASSERT_EQ(0, rill_set_nonblock(b.conn.fd, true));
		EXPECT_EQ(EINPROGRESS, rill_connect(b.conn.fd, &b.conn.addr));
		ASSERT_EQ(0, rill_path_unblock(&self->path, b.lfd));
		ASSERT_LE(0, rill_accept(b.lfd));
		EXPECT_EQ(POLLOUT, rill_poll_wait(b.conn.fd, POLLOUT));
		close(b.lfd);
	}
}

/* Whichever of the two clocks is shorter. */
TEST_F(connect, C09_timeout_before_sndtimeo)
{
	struct rill_blocked b;

	ASSERT_EQ(0, rill_blocked_setup(&b, &self->path));
	ASSERT_EQ(0, rill_set_sndtimeo(b.conn.fd, 3600000));
	ASSERT_EQ(0, rill_setsockopt_int(b.conn.fd, SOL_RILL,
					 RILL_CONNECT_TIMEOUT, 100));
	EXPECT_EQ(ETIMEDOUT, rill_connect(b.conn.fd, &b.conn.addr));
}

TEST_F(connect, C09_timeout_after_sndtimeo)
{
	struct rill_blocked b;

	ASSERT_EQ(0, rill_blocked_setup(&b, &self->path));
	ASSERT_EQ(0, rill_set_sndtimeo(b.conn.fd, 50));
	ASSERT_EQ(0, rill_setsockopt_int(b.conn.fd, SOL_RILL,
					 RILL_CONNECT_TIMEOUT, 1000));
	EXPECT_EQ(EINPROGRESS, rill_connect(b.conn.fd, &b.conn.addr));
	EXPECT_EQ(POLLOUT | POLLERR | POLLHUP,
		  rill_poll_wait(b.conn.fd, POLLOUT));
	EXPECT_EQ(ETIMEDOUT, rill_so_error(b.conn.fd));
	EXPECT_EQ(0, rill_wait_pending(b.lfd, 0));
}

TEST_F(connect, C18_dialect_option)
{
	int fd = rill_path_socket(&self->path, 0);
	int i;

	ASSERT_LE(0, fd);
	EXPECT_EQ(RILL_DIALECT_LINUX,
		  rill_getsockopt_int(fd, SOL_RILL, RILL_DIALECT));
	for (i = 0; i < DIALECTS; i++) {
		EXPECT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_DIALECT,
						 i));
		EXPECT_EQ(i, rill_getsockopt_int(fd, SOL_RILL, RILL_DIALECT));
	}
	EXPECT_EQ(EINVAL, rill_setsockopt_int(fd, SOL_RILL, RILL_DIALECT, -1));
	EXPECT_EQ(EINVAL, rill_setsockopt_int(fd, SOL_RILL, RILL_DIALECT,
					      DIALECTS));
	EXPECT_EQ(RILL_DIALECT_BSD,
		  rill_getsockopt_int(fd, SOL_RILL, RILL_DIALECT));
}

TEST_HARNESS_MAIN
