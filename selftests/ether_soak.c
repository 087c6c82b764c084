// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections over Ethernet by the thousand: each moves data and dies, by
 * every cause in turn. Afterwards nothing is left of them on either host.
 * RILL_SOAK_ROUNDS in the environment makes it longer.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "rill_io.h"
#include "rill_path.h"

/* Rounds, and how often each cause is met in one of them: a thousand in all. */
#define ROUNDS	9
#define TIMES	8

/* Seconds; on a debug kernel that shares its processors it takes a while. */
#define PATIENCE	900

/* Connections of a process or of a host that dies with them. */
#define CROWD	6

/* Bytes that each connection moves each way. */
#define BYTES	3000

/**
 * struct soak - What all connections share.
 * @path: The path.
 * @lfd: A listener with room.
 * @addr: Its address.
 * @full: A listener without.
 * @full_addr: Its address.
 */
struct soak {
	struct rill_path *path;
	int lfd;
	struct sockaddr_rill addr;
	int full;
	struct sockaddr_rill full_addr;
};

FIXTURE(soak) {
	struct rill_path path;
};

FIXTURE_VARIANT(soak) {
	int type;
};

FIXTURE_VARIANT_ADD(soak, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(soak, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_SETUP(soak)
{
	int ret = rill_path_open(&self->path, &rill_path_bridge,
				 variant->type);

	if (ret == -EPERM)
		SKIP(return, "needs root");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no veth or no bridge");
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN(soak)
{
	rill_path_close(&self->path);
}

/* Lines of a file of /proc/net that have @text, or -errno. */
static int count_lines(const char *name, const char *text)
{
	char path[64], line[512];
	FILE *file;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/thread-self/net/%s", name);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		n += !!strstr(line, text);
	fclose(file);
	return n;
}

/* Sockets that /proc/net/protocols counts in this namespace, or -errno. */
static int protocol_sockets(void)
{
	FILE *file = fopen("/proc/thread-self/net/protocols", "re");
	char line[512];
	int n = -ENOENT;

	while (file && fgets(line, sizeof(line), file))
		if (!strncasecmp(line, "rill", 4))
			sscanf(line, "%*s %*u %d", &n);
	if (file)
		fclose(file);
	return n;
}

/* Do frames come to the module? They do as long as a connection is left. */
static int handlers(void)
{
	return count_lines("ptype", "rill");
}

/* What it was before: the module lets go a second after the last user. */
static int handlers_before(void)
{
	int i;

	for (i = 0; i < 30 && handlers(); i++)
		poll(NULL, 0, 100);
	return handlers();
}

static bool handlers_are(void *arg)
{
	return handlers() == *(int *)arg;
}

static bool no_protocol_sockets(void *arg)
{
	return !protocol_sockets();
}

/* One send and what comes of it. */
static int move(int from, int to)
{
	char buf[BYTES];
	size_t got = 0;
	ssize_t n;

	rill_pattern(buf, sizeof(buf), 0);
	if (rill_send(from, buf, sizeof(buf), MSG_NOSIGNAL) != sizeof(buf))
		return -EIO;
	memset(buf, 0, sizeof(buf));
	while (got < sizeof(buf)) {
		if (rill_poll_wait(to, POLLIN) < 0)
			return -ETIMEDOUT;
		n = rill_recv(to, buf + got, sizeof(buf) - got, 0);
		if (n <= 0)
			return -EPIPE;
		got += n;
	}
	return rill_pattern_ok(buf, sizeof(buf), 0) ? 0 : -EBADMSG;
}

static int soak_pair(struct soak *s, int fd[2])
{
	fd[0] = rill_path_socket(s->path, 0);
	if (fd[0] < 0 || rill_connect(fd[0], &s->addr))
		return -EIO;
	fd[1] = rill_accept(s->lfd);
	return fd[1] < 0 ? fd[1] : move(fd[0], fd[1]) ? : move(fd[1], fd[0]);
}

/* The causes. Each leaves no descriptor. Return: 0 or -errno. */

static int by_client(struct soak *s)
{
	int fd[2], ret = soak_pair(s, fd);

	close(fd[0]);
	close(fd[1]);
	return ret;
}

static int by_server(struct soak *s)
{
	int fd[2], ret = soak_pair(s, fd);

	close(fd[1]);
	close(fd[0]);
	return ret;
}

static int by_linger(struct soak *s)
{
	int fd[2], ret = soak_pair(s, fd);

	rill_set_linger(fd[0], 1, 0);
	close(fd[0]);
	if (!ret && rill_poll_wait(fd[1], POLLIN) < 0)
		ret = -ETIMEDOUT;
	if (!ret && rill_so_error(fd[1]) != ECONNRESET)
		ret = -EPROTO;
	close(fd[1]);
	return ret;
}

static int by_unspec(struct soak *s)
{
	int fd[2], ret = soak_pair(s, fd);

	if (!ret)
		ret = -rill_connect_unspec(fd[0]);
	close(fd[1]);
	close(fd[0]);
	return ret;
}

static int by_unread(struct soak *s)
{
	int fd[2], ret = soak_pair(s, fd);

	rill_fill(fd[0], 5000);
	close(fd[1]);
	close(fd[0]);
	return ret;
}

static int by_halves(struct soak *s)
{
	int fd[2], ret = soak_pair(s, fd);
	char c;

	shutdown(fd[0], SHUT_WR);
	if (!ret && rill_recv(fd[1], &c, 1, 0))
		ret = -EPROTO;
	shutdown(fd[1], SHUT_WR);
	if (!ret && rill_recv(fd[0], &c, 1, 0))
		ret = -EPROTO;
	close(fd[0]);
	close(fd[1]);
	return ret;
}

static int by_shutdown(struct soak *s)
{
	int fd[2], ret = soak_pair(s, fd);

	shutdown(fd[0], SHUT_RDWR);
	shutdown(fd[1], SHUT_RDWR);
	close(fd[1]);
	close(fd[0]);
	return ret;
}

/* Written, closed, read to the end by the other. */
static int by_end_of_data(struct soak *s)
{
	int fd[2], ret = soak_pair(s, fd);
	long sent = rill_fill(fd[0], 5000), got = 0, n;

	close(fd[0]);
	while (!ret && got < sent) {
		if (rill_poll_wait(fd[1], POLLIN) < 0)
			ret = -ETIMEDOUT;
		n = rill_drain(fd[1]);
		if (n <= 0)
			ret = n ? n : -EPIPE;
		got += n;
	}
	close(fd[1]);
	return ret;
}

/* Accepted when it is over. */
static int by_early_end(struct soak *s)
{
	int fd = rill_path_socket(s->path, 0);
	int err = rill_connect(fd, &s->addr);

	close(fd);
	fd = err ? -err : rill_accept(s->lfd);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static int by_withdrawal(struct soak *s)
{
	int fd = rill_path_pending(s->path, &s->full_addr);

	close(fd);
	return fd < 0 ? fd : 0;
}

static int by_refusal(struct soak *s)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(s->path, 0, &addr);
	int fd = rill_path_socket(s->path, 0), err;

	close(lfd);
	err = rill_connect(fd, &addr);
	close(fd);
	return err == ECONNREFUSED ? 0 : -EPROTO;
}

static int by_listener(struct soak *s)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(s->path, 0, &addr), fd[3], ret = 0, i;

	for (i = 0; i < 3; i++) {
		fd[i] = rill_path_socket(s->path, SOCK_NONBLOCK);
		if (rill_connect(fd[i], &addr) != EINPROGRESS)
			ret = -EPROTO;
	}
	close(lfd);
	for (i = 0; i < 3; i++) {
		if (!ret && rill_poll_wait(fd[i], POLLIN) < 0)
			ret = -ETIMEDOUT;
		close(fd[i]);
	}
	return ret;
}

static int by_timeout(struct soak *s)
{
	int fd = rill_path_socket(s->path, 0), err;

	rill_setsockopt_int(fd, SOL_RILL, RILL_CONNECT_TIMEOUT, 20);
	err = rill_connect(fd, &s->full_addr);
	close(fd);
	return err == ETIMEDOUT ? 0 : -EPROTO;
}

static int by_nothing(struct soak *s)
{
	int fd = rill_path_socket(s->path, 0);

	return close(fd);
}

static const struct {
	const char *name;
	int (*die)(struct soak *s);
} causes[] = {
	{ "client", by_client },
	{ "server", by_server },
	{ "linger", by_linger },
	{ "unspec", by_unspec },
	{ "unread", by_unread },
	{ "halves", by_halves },
	{ "shutdown", by_shutdown },
	{ "end of data", by_end_of_data },
	{ "early end", by_early_end },
	{ "withdrawal", by_withdrawal },
	{ "refusal", by_refusal },
	{ "listener", by_listener },
	{ "timeout", by_timeout },
	{ "nothing", by_nothing },
};

static int soak_round(struct soak *s)
{
	int bad = 0, ret, i;
	size_t c;

	for (c = 0; c < ARRAY_SIZE(causes); c++)
		for (i = 0; i < TIMES; i++) {
			ret = causes[c].die(s);
			if (!ret)
				continue;
			bad++;
			fprintf(stderr, "# %s: %s\n", causes[c].name,
				strerror(-ret));
		}
	return bad;
}

/* A process of which the connections, some with data under way, are killed. */
static int killed_fn(void *arg)
{
	struct soak *s = arg;
	int fd, i;

	for (i = 0; i < CROWD; i++) {
		fd = rill_path_socket(s->path, 0);
		if (fd < 0 || rill_connect(fd, &s->addr))
			return 1;
		if (i & 1)
			rill_fill(fd, 5000);
	}
	return kill(getpid(), SIGKILL);
}

/* Accept what @n clients have left, and let it go. */
static int accept_all(struct soak *s, int n)
{
	int fd;

	while (n--) {
		fd = rill_accept(s->lfd);
		if (fd < 0)
			return fd;
		close(fd);
	}
	return 0;
}

static int crowd_is_killed(struct soak *s)
{
	int ret = rill_child_run(killed_fn, s);

	return ret == -EINTR ? accept_all(s, CROWD) : -EPROTO;
}

/* A host that goes out with its connections: its device is removed. */
static int crowd_vanishes(struct soak *s)
{
	int ns = rill_path_host(s->path), fd[CROWD], ret, i;

	if (ns < 0)
		return ns;
	ret = rill_netns_enter(ns);
	for (i = 0; i < CROWD && !ret; i++) {
		struct sockaddr_rill addr = s->addr;

		addr.srl_ifindex = 0;
		fd[i] = socket(AF_RILL, s->path->type, 0);
		ret = -rill_connect(fd[i], &addr);
		if (!ret && (i & 1))
			rill_fill(fd[i], 5000);
	}
	if (!ret)
		ret = rill_dev_del(RILL_PATH_DEV);
	for (i = 0; i < CROWD && !ret; i++)
		if (rill_poll_wait(fd[i], POLLIN) < 0 ||
		    rill_so_error(fd[i]) != ENETDOWN)
			ret = -EPROTO;
	while (i--)
		close(fd[i]);
	if (!ret)
		ret = rill_wait_socket_count(0);
	close(ns);
	if (!ret)
		ret = rill_path_enter(s->path, RILL_CLIENT);
	return ret ? ret : accept_all(s, CROWD);
}

static int soak_open(struct soak *s, struct rill_path *path)
{
	int ret;

	s->path = path;
	s->lfd = rill_path_listen(path, 15, &s->addr);
	s->full = rill_path_listen(path, 0, &s->full_addr);
	if (s->lfd < 0 || s->full < 0)
		return -EIO;
	/* what a vanished host does not acknowledge is not kept for long */
	ret = rill_path_sysctl(path, RILL_SERVER, "user_timeout_ms", "5000");
	return ret ? -ret : rill_path_block(path, s->full);
}

static int rounds(void)
{
	const char *env = getenv("RILL_SOAK_ROUNDS");

	return env ? atoi(env) : ROUNDS;
}

TEST_F_TIMEOUT(soak, nothing_is_left, PATIENCE)
{
	int before = handlers_before(), n = rounds(), i;
	struct soak s;

	ASSERT_LE(0, before);
	ASSERT_EQ(0, soak_open(&s, &self->path));
	EXPECT_LE(1, handlers());
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, soak_round(&s));
		ASSERT_EQ(0, crowd_is_killed(&s));
		if (!(i % 4))
			ASSERT_EQ(0, crowd_vanishes(&s));
	}
	EXPECT_TRUE(rill_nothing_to_accept(s.lfd));
	close(s.lfd);
	close(s.full);
	/* closes what filled the one listener as well */
	while (self->path.fillers)
		close(self->path.filler[--self->path.fillers]);
	for (i = RILL_CLIENT; i <= RILL_SERVER; i++) {
		ASSERT_EQ(0, rill_path_enter(&self->path, i));
		EXPECT_EQ(0, rill_wait_socket_count(0));
		EXPECT_EQ(0, rill_wait_until(no_protocol_sockets, NULL));
		EXPECT_EQ(0, rill_counter("illegal"));
	}
	ASSERT_EQ(0, rill_path_enter(&self->path, RILL_CLIENT));
	/* no orphan and no quiet one lives on */
	EXPECT_EQ(0, rill_wait_until(handlers_are, &before));
}

TEST_HARNESS_MAIN
