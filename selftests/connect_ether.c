// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect(): what only a link between hosts shows: silence, lost and late
 * answers (C09), a link that is none (C13, C14, C15), several hosts (C27),
 * several links, requests that cross each other.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "rill_frame.h"
#include "rill_path.h"

/** HOSTS - Hosts beside the client and the server. */
#define HOSTS	2

/** OTHER_DEV - A second device of a host. */
#define OTHER_DEV	"rill1"

FIXTURE(ether) {
	struct rill_path path;
};

FIXTURE_VARIANT(ether) {
	int type;
};

FIXTURE_VARIANT_ADD(ether, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(ether, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_SETUP(ether)
{
	int ret = rill_path_open(&self->path, &rill_path_bridge,
				 variant->type);

	if (ret == -EPERM)
		SKIP(return, "needs root");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no veth or no bridge");
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN(ether)
{
	rill_path_close(&self->path);
}

/* A client's socket with a timeout interval of its own. Fd or -errno. */
static int patient(struct rill_path *path, int flags, unsigned int ms)
{
	int fd = rill_path_socket(path, flags);
	int err = fd < 0 ? -fd : rill_setsockopt_int(fd, SOL_RILL,
						     RILL_CONNECT_TIMEOUT, ms);

	return err ? -err : fd;
}

/* Wait until @n sockets are left on the server. Return: 0 or -errno. */
static int server_count(struct rill_path *path, int n)
{
	int ret = rill_path_enter(path, RILL_SERVER);

	if (!ret)
		ret = rill_wait_socket_count(n);
	return ret ? : rill_path_enter(path, RILL_CLIENT);
}

/* Frames that the client's device has sent, or -errno. */
static long client_sent(void)
{
	char line[256], name[32];
	long sent = -ENODEV;
	unsigned long n;
	FILE *file = fopen("/proc/thread-self/net/dev", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, " %31[^:]: %*u %*u %*u %*u %*u %*u %*u %*u %*u %lu",
			   name, &n) == 2 && !strcmp(name, RILL_PATH_DEV))
			sent = n;
	if (file)
		fclose(file);
	return sent;
}

static bool client_sent_more(void *arg)
{
	return client_sent() > *(long *)arg;
}

/* Wait until the client's device has sent @n frames more than @before. */
static int client_sends(long before, int n)
{
	long least = before + n - 1;

	return rill_wait_until(client_sent_more, &least);
}

/* Nothing that this or the other end sends gets through, or all does again. */
static int lose(struct rill_path *path, enum rill_side side, bool all)
{
	const struct rill_netem netem = { .loss = 1000 };

	return rill_path_netem(path, side, all ? &netem : NULL);
}

static int both_netem(struct rill_path *path, const struct rill_netem *netem)
{
	int ret = rill_path_netem(path, RILL_CLIENT, netem);

	return ret ? ret : rill_path_netem(path, RILL_SERVER, netem);
}

TEST_F(ether, C09_nobody_has_that_address)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = patient(&self->path, 0, 700), sockets;
	long long start = rill_now_ms();

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, fd);
	sockets = rill_socket_count();
	addr.srl_addr[5] ^= 1;
	EXPECT_EQ(ETIMEDOUT, rill_connect(fd, &addr));
	EXPECT_LE(start + 700, rill_now_ms() + RILL_EARLY_MS);
	addr.srl_ifindex = 0;
	EXPECT_EQ(ETIMEDOUT, rill_connect(fd, &addr));
	EXPECT_EQ(0, rill_so_error(fd));
	EXPECT_EQ(POLLOUT | POLLHUP, rill_poll(fd, POLLOUT));
	EXPECT_EQ(sockets, rill_socket_count());
	/* C33 */
	addr.srl_addr[5] ^= 1;
	EXPECT_EQ(0, rill_connect(fd, &addr));
}

TEST_F(ether, C09_host_is_silent)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = patient(&self->path, SOCK_NONBLOCK, 700);

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_path_sysctl(&self->path, RILL_SERVER, "ethernet",
				      "0"));
	ASSERT_EQ(EINPROGRESS, rill_connect(fd, &addr));
	EXPECT_EQ(0, rill_wait_state(fd, "SYN_SENT"));
	EXPECT_EQ(POLLOUT | POLLERR | POLLHUP, rill_poll_wait(fd, POLLOUT));
	EXPECT_EQ(ETIMEDOUT, rill_so_error(fd));
	EXPECT_EQ(0, rill_so_error(fd));
	ASSERT_EQ(0, rill_path_sysctl(&self->path, RILL_SERVER, "ethernet",
				      "1"));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
	EXPECT_EQ(0, rill_path_connect(&self->path, fd, &addr));
}

TEST_F(ether, C09_host_is_down)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = patient(&self->path, 0, 700);

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_path_up(&self->path, RILL_SERVER, false));
	EXPECT_EQ(ETIMEDOUT, rill_connect(fd, &addr));
	ASSERT_EQ(0, rill_path_up(&self->path, RILL_SERVER, true));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_CONNECT_TIMEOUT,
					 RILL_DEADLINE_MS));
	EXPECT_EQ(0, rill_connect(fd, &addr));
}

/* The host is asked again and again, and found when it is there. */
TEST_F(ether, C09_asked_again)
{
	long before = client_sent();
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = patient(&self->path, SOCK_NONBLOCK, RILL_DEADLINE_MS);
	int peer;

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_path_sysctl(&self->path, RILL_SERVER, "ethernet",
				      "0"));
	ASSERT_EQ(EINPROGRESS, rill_connect(fd, &addr));
	ASSERT_EQ(0, client_sends(before, 3));
	EXPECT_EQ(0, rill_poll(fd, POLLOUT));
	ASSERT_EQ(0, rill_path_sysctl(&self->path, RILL_SERVER, "ethernet",
				      "1"));
	EXPECT_EQ(0, rill_path_settle(&self->path, fd));
	peer = rill_accept(lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(fd, peer));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
}

/*
 * The answer comes when the attempt is over, and the word that it is over was
 * lost: refused, the answer ends the server's half as well.
 */
TEST_F(ether, C09_late_answer_is_refused)
{
	const struct rill_netem slow = { .delay_ms = 3000 };
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = patient(&self->path, SOCK_NONBLOCK, 1000);

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_path_netem(&self->path, RILL_SERVER, &slow));
	ASSERT_EQ(EINPROGRESS, rill_connect(fd, &addr));
	/* the server has its half */
	ASSERT_EQ(0, server_count(&self->path, 2));
	ASSERT_EQ(0, lose(&self->path, RILL_CLIENT, true));
	EXPECT_EQ(POLLOUT | POLLERR | POLLHUP, rill_poll_wait(fd, POLLOUT));
	EXPECT_EQ(ETIMEDOUT, rill_so_error(fd));
	ASSERT_EQ(0, lose(&self->path, RILL_CLIENT, false));
	EXPECT_EQ(0, server_count(&self->path, 1));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
	EXPECT_EQ(0, rill_wait_state(fd, "CLOSE"));
	EXPECT_EQ(0, rill_so_error(fd));
	ASSERT_EQ(0, rill_path_netem(&self->path, RILL_SERVER, NULL));
	EXPECT_EQ(0, rill_path_connect(&self->path, fd, &addr));
}

/* The same, and the socket has asked anew: it takes no answer but its own. */
TEST_F(ether, C09_late_answer_to_a_new_request)
{
	const struct rill_netem slow = { .delay_ms = 1500 };
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 4, &addr);
	int fd = patient(&self->path, 0, 700);
	int peer;

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_path_netem(&self->path, RILL_SERVER, &slow));
	ASSERT_EQ(ETIMEDOUT, rill_connect(fd, &addr));
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_CONNECT_TIMEOUT,
					 RILL_DEADLINE_MS));
	EXPECT_EQ(0, rill_connect(fd, &addr));
	peer = rill_accept(lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(fd, peer));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
	/* listener and connection, nothing else */
	EXPECT_EQ(0, server_count(&self->path, 2));
}

/* The client's word that it gave up is lost: the place is not. */
TEST_F(ether, C34_withdrawal_is_lost)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd, peer;

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_path_block(&self->path, lfd));
	fd = rill_path_queued(&self->path, lfd, &addr, 1);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, lose(&self->path, RILL_CLIENT, true));
	close(fd);
	ASSERT_EQ(0, lose(&self->path, RILL_CLIENT, false));
	fd = rill_path_pending(&self->path, &addr);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	peer = rill_accept(lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(fd, peer));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
	EXPECT_EQ(0, server_count(&self->path, 2));
}

/*
 * Answers, confirmations: each may be lost, some several times; but not all of
 * six offers and of what answers them, with which a listener's end gives up.
 */
TEST_F(ether, C01_frames_are_lost)
{
	const struct rill_netem bad = { .loss = 300 };
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 4, &addr);
	int fd, peer, i;

	ASSERT_LE(0, lfd);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, both_netem(&self->path, &bad));
		fd = patient(&self->path, 0, RILL_DEADLINE_MS);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, rill_connect(fd, &addr));
		peer = rill_accept(lfd);
		ASSERT_LE(0, peer);
		ASSERT_EQ(0, both_netem(&self->path, NULL));
		EXPECT_EQ(0, rill_ping(fd, peer));
	}
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
}

TEST_F(ether, C01_frames_come_twice)
{
	const struct rill_netem twice = { .duplicate = 1000 };
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 4, &addr);
	int fd, peer, i;

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, both_netem(&self->path, &twice));
	for (i = 0; i < 4; i++) {
		fd = rill_path_socket(&self->path, 0);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, rill_connect(fd, &addr));
		peer = rill_accept(lfd);
		ASSERT_LE(0, peer);
		EXPECT_EQ(0, rill_ping(fd, peer));
		EXPECT_TRUE(rill_nothing_to_accept(lfd));
	}
	EXPECT_EQ(0, server_count(&self->path, 5));
}

/* The listener is gone when the request comes again. */
TEST_F(ether, C11_listener_closed_meanwhile)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = patient(&self->path, SOCK_NONBLOCK, RILL_DEADLINE_MS);
	long before = client_sent();

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, lose(&self->path, RILL_SERVER, true));
	ASSERT_EQ(EINPROGRESS, rill_connect(fd, &addr));
	ASSERT_EQ(0, client_sends(before, 1));
	close(lfd);
	ASSERT_EQ(0, lose(&self->path, RILL_SERVER, false));
	EXPECT_EQ(ECONNREFUSED, rill_path_settle(&self->path, fd));
	EXPECT_EQ(0, server_count(&self->path, 0));
}

/* What the host says instead of an answer, and what the client makes of it. */
static const struct {
	__u32 code;
	int err;
} resets[] = {
	{ RILL_RESET_NONE, ECONNRESET },
	{ RILL_RESET_REFUSED, ECONNREFUSED },
	{ RILL_RESET_TYPE, EPROTOTYPE },
	{ RILL_RESET_UNREACH, EHOSTUNREACH },
};

/* A host without rill, played by the test. */
struct stage {
	struct rill_raw raw;
	struct rill_raw_conn conn;
	struct rill_packet pkt;
	struct sockaddr_rill addr;
};

static int stage_open(struct stage *s)
{
	int ret = rill_raw_open(&s->raw, OTHER_DEV);

	s->addr = rill_addr_hw(s->raw.hw, s->raw.ifindex, 4000);
	return ret;
}

/* Wait for the request, and reset it. */
static int stage_reset(struct stage *s, __u32 code)
{
	struct rill_frame f;
	int ret = rill_raw_asked(&s->raw, &s->conn, &s->pkt);

	f = rill_raw_frame(&s->conn, RILL_FRAME_RESET);
	f.from = 0;
	f.credit = s->pkt.f.seq;
	f.ack = code;
	return ret ? ret : rill_raw_send(&s->raw, &f, NULL);
}

/* Reset it until it is over: what is there may be an older request. */
static int stage_reset_all(struct stage *s, int fd, __u32 code)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	int ret;

	do {
		ret = stage_reset(s, code);
	} while (!ret && !poll(&pfd, 1, 1000));
	return ret;
}

TEST_F(ether, C12_reset_while_pending)
{
	struct stage s;
	size_t i;
	int fd;

	ASSERT_EQ(0, stage_open(&s));
	fd = patient(&self->path, SOCK_NONBLOCK, RILL_DEADLINE_MS);
	ASSERT_LE(0, fd);
	/* C33: all on one socket */
	for (i = 0; i < ARRAY_SIZE(resets); i++) {
		ASSERT_EQ(EINPROGRESS, rill_connect(fd, &s.addr));
		ASSERT_EQ(0, stage_reset_all(&s, fd, resets[i].code));
		EXPECT_EQ(POLLOUT | POLLERR | POLLHUP,
			  rill_poll_wait(fd, POLLOUT));
		EXPECT_EQ(0, rill_wait_state(fd, "CLOSE"));
		EXPECT_EQ(resets[i].err, rill_so_error(fd));
		EXPECT_EQ(0, rill_so_error(fd));
	}
	rill_raw_close(&s.raw);
}

TEST_F(ether, C12_reset_while_blocked)
{
	struct rill_connect_call conn;
	struct rill_call call;
	struct stage s;
	size_t i;

	ASSERT_EQ(0, stage_open(&s));
	conn.addr = s.addr;
	for (i = 0; i < ARRAY_SIZE(resets); i++) {
		conn.fd = patient(&self->path, 0, RILL_DEADLINE_MS);
		ASSERT_LE(0, conn.fd);
		ASSERT_EQ(0, rill_connect_start(&call, &conn));
		ASSERT_EQ(0, stage_reset(&s, resets[i].code));
		EXPECT_EQ(resets[i].err, rill_call_join(&call));
		EXPECT_EQ(0, rill_so_error(conn.fd));
		close(conn.fd);
	}
	rill_raw_close(&s.raw);
}

/* A reset that does not know the request is none. */
TEST_F(ether, C12_blind_reset)
{
	struct rill_frame f;
	struct stage s;
	int fd;

	ASSERT_EQ(0, stage_open(&s));
	fd = patient(&self->path, SOCK_NONBLOCK, RILL_DEADLINE_MS);
	ASSERT_LE(0, fd);
	ASSERT_EQ(EINPROGRESS, rill_connect(fd, &s.addr));
	ASSERT_EQ(0, rill_raw_asked(&s.raw, &s.conn, &s.pkt));
	f = rill_raw_frame(&s.conn, RILL_FRAME_RESET);
	f.from = 0;
	f.credit = s.pkt.f.seq + 1;
	ASSERT_EQ(0, rill_raw_send(&s.raw, &f, NULL));
	f.credit = s.pkt.f.seq;
	f.to ^= 1;
	ASSERT_EQ(0, rill_raw_send(&s.raw, &f, NULL));
	EXPECT_EQ(0, rill_poll(fd, POLLOUT));
	EXPECT_EQ(0, rill_so_error(fd));
	/* it goes on: asked again, the host agrees */
	ASSERT_EQ(0, rill_raw_accept(&s.raw, &s.conn, &s.pkt));
	EXPECT_EQ(0, rill_path_settle(&self->path, fd));
	rill_raw_close(&s.raw);
}

TEST_F(ether, C13_no_link_is_up)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, 0);

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_dev_up(RILL_PATH_DEV, false));
	addr.srl_ifindex = 0;
	EXPECT_EQ(ENETUNREACH, rill_connect(fd, &addr));
	memset(addr.srl_addr, 0xff, sizeof(addr.srl_addr));
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_SOCKET, SO_BROADCAST, 1));
	EXPECT_NE(0, rill_connect(fd, &addr));
	EXPECT_EQ(0, rill_so_error(fd));
	self->path.ops->address(&self->path, RILL_SERVER, &addr);
	addr.srl_ifindex = 0;
	ASSERT_EQ(0, rill_dev_up(RILL_PATH_DEV, true));
	EXPECT_EQ(0, rill_connect(fd, &addr));
}

TEST_F(ether, C13_no_device_at_all)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, 0);

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_dev_del(RILL_PATH_DEV));
	EXPECT_EQ(ENETUNREACH, rill_connect(fd, &addr));
	addr.srl_ifindex = 0;
	EXPECT_EQ(ENETUNREACH, rill_connect(fd, &addr));
	EXPECT_EQ(0, rill_so_error(fd));
}

/* What comes in by a port of a bridge is the bridge's: the port is no link. */
TEST_F(ether, C13_bound_to_the_port_of_a_bridge)
{
	static const __u8 other[RILL_HWADDR_LEN] = { 2, 0, 0, 0, 0, 4 };
	struct sockaddr_rill addr, local = rill_addr(0);
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, 0);

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_dev_hw(RILL_PATH_DEV, local.srl_addr));
	ASSERT_EQ(0, rill_bind(fd, &local));
	ASSERT_LT(0, rill_bridge_add("br1"));
	ASSERT_EQ(0, rill_dev_set_hw("br1", other));
	ASSERT_EQ(0, rill_dev_join(RILL_PATH_DEV, "br1"));
	addr.srl_ifindex = 0;
	EXPECT_EQ(ENETUNREACH, rill_connect(fd, &addr));
	EXPECT_EQ(0, rill_so_error(fd));
	/* That the bridge is down is its own business, until it is asked for. */
	ASSERT_EQ(0, rill_dev_set_hw("br1", local.srl_addr));
	EXPECT_EQ(ENETDOWN, rill_connect(fd, &addr));
	ASSERT_EQ(0, rill_dev_up("br1", true));
	EXPECT_EQ(0, rill_path_connect(&self->path, fd, &addr));
}

static bool carrier_is_off(void *arg)
{
	return !rill_dev_running(RILL_PATH_DEV);
}

static bool carrier_is_on(void *arg)
{
	return rill_dev_running(RILL_PATH_DEV);
}

/* Pull the client's cable, and see that it knows. */
static int unplug(struct rill_path *path)
{
	int ret = rill_path_plug(path, RILL_CLIENT, false);

	return ret ? ret : rill_wait_until(carrier_is_off, NULL);
}

TEST_F(ether, C14_no_carrier)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = patient(&self->path, 0, RILL_DEADLINE_MS);

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unplug(&self->path));
	EXPECT_EQ(EHOSTUNREACH, rill_connect(fd, &addr));
	addr.srl_ifindex = 0;
	EXPECT_EQ(EHOSTUNREACH, rill_connect(fd, &addr));
	EXPECT_EQ(0, rill_so_error(fd));
	ASSERT_EQ(0, rill_path_plug(&self->path, RILL_CLIENT, true));
	ASSERT_EQ(0, rill_wait_until(carrier_is_on, NULL));
	EXPECT_EQ(0, rill_connect(fd, &addr));
}

TEST_F(ether, C14_carrier_lost_while_pending)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd[2], i;

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_path_block(&self->path, lfd));
	for (i = 0; i < 2; i++) {
		/* by its interface, and by address alone */
		if (i)
			addr.srl_ifindex = 0;
		fd[i] = rill_path_queued(&self->path, lfd, &addr, i + 1);
		ASSERT_LE(0, fd[i]);
	}
	ASSERT_EQ(0, rill_path_plug(&self->path, RILL_CLIENT, false));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(POLLOUT | POLLERR | POLLHUP,
			  rill_poll_wait(fd[i], POLLOUT));
		EXPECT_EQ(EHOSTUNREACH, rill_so_error(fd[i]));
		EXPECT_EQ(0, rill_so_error(fd[i]));
	}
	/* what the server still holds of them never is accepted */
	ASSERT_EQ(0, rill_path_plug(&self->path, RILL_CLIENT, true));
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
	EXPECT_EQ(0, rill_path_connect(&self->path, fd[0], &addr));
}

TEST_F(ether, C14_carrier_lost_while_blocked)
{
	struct rill_blocked b;

	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	ASSERT_EQ(0, rill_path_plug(&self->path, RILL_CLIENT, false));
	EXPECT_EQ(EHOSTUNREACH, rill_call_join(&b.call));
	EXPECT_EQ(0, rill_so_error(b.conn.fd));
	EXPECT_EQ(0, rill_wait_state(b.conn.fd, "CLOSE"));
}

/* One link of two has no carrier: the other will do. */
TEST_F(ether, C14_another_link_has_carrier)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 1, &addr);
	int fd;

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_path_port(&self->path,
				    self->path.end[RILL_CLIENT].ns,
				    OTHER_DEV));
	/* two places: one goes to what came by the link that is lost */
	ASSERT_EQ(0, rill_path_block(&self->path, lfd));
	addr.srl_ifindex = 0;
	fd = rill_path_pending(&self->path, &addr);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unplug(&self->path));
	EXPECT_EQ(0, rill_poll(fd, POLLOUT));
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	ASSERT_LE(0, rill_accept(lfd));
	EXPECT_EQ(0, rill_path_settle(&self->path, fd));
}

TEST_F(ether, C15_moves_away_while_pending)
{
	int elsewhere = rill_netns_make();
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd;

	ASSERT_LE(0, lfd);
	ASSERT_LE(0, elsewhere);
	ASSERT_EQ(0, rill_path_block(&self->path, lfd));
	fd = rill_path_queued(&self->path, lfd, &addr, 1);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_dev_move(RILL_PATH_DEV, elsewhere));
	EXPECT_EQ(POLLOUT | POLLERR | POLLHUP, rill_poll_wait(fd, POLLOUT));
	EXPECT_EQ(ENETDOWN, rill_so_error(fd));
	EXPECT_EQ(ENETUNREACH, rill_connect(fd, &addr));
}

/* The address from which the request went out is no longer this host's. */
TEST_F(ether, C15_own_address_changes_while_pending)
{
	static const __u8 hw[RILL_HWADDR_LEN] = { 2, 0, 0, 0, 0, 3 };
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 1, &addr);
	int fd, err;

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_path_block(&self->path, lfd));
	fd = rill_path_queued(&self->path, lfd, &addr, 1);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_path_set_hw(&self->path, RILL_CLIENT, hw));
	/* it may end, or go on by the new address; but not hang */
	rill_path_unblock(&self->path, lfd);
	err = rill_path_settle(&self->path, fd);
	EXPECT_TRUE(!err || err == ENETDOWN);
	if (err)
		EXPECT_EQ(0, rill_path_connect(&self->path, fd, &addr));
}

/* A listener in @ns on the port of @addr. Fd or -errno. */
static int host_listen(struct rill_path *path, int ns,
		       const struct sockaddr_rill *addr, int backlog)
{
	struct sockaddr_rill local = rill_addr(rill_port(addr));
	int ret = rill_netns_enter(ns);
	int fd = -1;

	if (!ret)
		fd = rill_listener(path->type | SOCK_NONBLOCK, backlog, &local);
	if (!ret)
		ret = rill_path_enter(path, RILL_CLIENT);
	return ret ? ret : fd;
}

static int host_hw(struct rill_path *path, int ns, __u8 *hw)
{
	int ret = rill_netns_enter(ns);

	if (!ret)
		ret = rill_dev_hw(RILL_PATH_DEV, hw);
	return ret ? ret : rill_path_enter(path, RILL_CLIENT);
}

static int host_count(struct rill_path *path, int ns, int n)
{
	int ret = rill_netns_enter(ns);

	if (!ret)
		ret = rill_wait_socket_count(n);
	return ret ? ret : rill_path_enter(path, RILL_CLIENT);
}

/* A client's socket that may broadcast, and where to. */
static int broadcaster(struct rill_path *path, struct sockaddr_rill *all)
{
	int fd = patient(path, 0, RILL_DEADLINE_MS);

	memset(all->srl_addr, 0xff, sizeof(all->srl_addr));
	if (fd >= 0 && rill_setsockopt_int(fd, SOL_SOCKET, SO_BROADCAST, 1))
		return -EIO;
	return fd;
}

TEST_F(ether, C27_first_answer_is_the_peer)
{
	int ns[1 + HOSTS], lfd[1 + HOSTS], found = 0, fd, peer, i;
	struct sockaddr_rill all, name;
	__u8 hw[RILL_HWADDR_LEN];

	ns[0] = self->path.end[RILL_SERVER].ns;
	lfd[0] = rill_path_listen(&self->path, 0, &all);
	ASSERT_LE(0, lfd[0]);
	for (i = 1; i <= HOSTS; i++) {
		ns[i] = rill_path_host(&self->path);
		ASSERT_LE(0, ns[i]);
		lfd[i] = host_listen(&self->path, ns[i], &all, 0);
		ASSERT_LE(0, lfd[i]);
	}
	fd = broadcaster(&self->path, &all);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_connect(fd, &all));
	ASSERT_EQ(0, rill_peer(fd, &name));
	EXPECT_EQ(all.srl_port, name.srl_port);
	for (i = 0; i <= HOSTS; i++) {
		ASSERT_EQ(0, host_hw(&self->path, ns[i], hw));
		if (memcmp(hw, name.srl_addr, sizeof(hw))) {
			/* the losers' halves go without a trace */
			EXPECT_EQ(0, host_count(&self->path, ns[i], 1));
			EXPECT_TRUE(rill_nothing_to_accept(lfd[i]));
			continue;
		}
		found++;
		peer = rill_accept(lfd[i]);
		ASSERT_LE(0, peer);
		EXPECT_EQ(0, rill_ping(fd, peer));
	}
	EXPECT_EQ(1, found);
}

/* Who has no such service does not spoil it for who has. */
TEST_F(ether, C27_only_one_has_the_service)
{
	struct sockaddr_rill all, name;
	int ns, lfd, fd, peer, i;
	__u8 hw[RILL_HWADDR_LEN];

	lfd = rill_path_listen(&self->path, 0, &all);
	ASSERT_LE(0, lfd);
	close(lfd);
	for (i = 0; i < HOSTS; i++) {
		ns = rill_path_host(&self->path);
		ASSERT_LE(0, ns);
	}
	lfd = host_listen(&self->path, ns, &all, 0);
	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, host_hw(&self->path, ns, hw));
	fd = broadcaster(&self->path, &all);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, rill_connect(fd, &all));
	ASSERT_EQ(0, rill_peer(fd, &name));
	EXPECT_EQ(0, memcmp(hw, name.srl_addr, sizeof(hw)));
	peer = rill_accept(lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(fd, peer));
	/* C33: an address to be found at again */
	close(peer);
	ASSERT_EQ(0, rill_connect_unspec(fd));
	EXPECT_EQ(0, rill_connect(fd, &name));
}

/* A host without room is silent, and the next one has it. */
TEST_F(ether, C27_first_with_room)
{
	int ns = rill_path_host(&self->path), full, lfd, fd, peer;
	struct sockaddr_rill all;

	ASSERT_LE(0, ns);
	full = rill_path_listen(&self->path, 0, &all);
	ASSERT_LE(0, full);
	ASSERT_EQ(0, rill_path_block(&self->path, full));
	lfd = host_listen(&self->path, ns, &all, 0);
	ASSERT_LE(0, lfd);
	fd = broadcaster(&self->path, &all);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, rill_connect(fd, &all));
	peer = rill_accept(lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(fd, peer));
	ASSERT_EQ(0, rill_path_unblock(&self->path, full));
	EXPECT_TRUE(rill_nothing_to_accept(full));
}

/* A service of another type is not the service, and no refusal either. */
TEST_F(ether, C27_other_type_is_silent)
{
	struct rill_path other = self->path;
	struct sockaddr_rill all;
	int lfd, fd;

	other.type = variant->type == SOCK_STREAM ? SOCK_SEQPACKET :
						    SOCK_STREAM;
	lfd = rill_path_listen(&other, 0, &all);
	ASSERT_LE(0, lfd);
	fd = broadcaster(&self->path, &all);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_CONNECT_TIMEOUT,
					 700));
	EXPECT_EQ(ETIMEDOUT, rill_connect(fd, &all));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
}

/* The service on this host is found before any other. */
TEST_F(ether, C27_own_service_first)
{
	struct sockaddr_rill all, local;
	int lfd = rill_path_listen(&self->path, 0, &all);
	int own, fd;

	ASSERT_LE(0, lfd);
	local = rill_addr(rill_port(&all));
	own = rill_listener(variant->type | SOCK_NONBLOCK, 0, &local);
	ASSERT_LE(0, own);
	fd = broadcaster(&self->path, &all);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, rill_connect(fd, &all));
	EXPECT_LE(0, rill_accept(own));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
}

/* Without an interface: on every link, whichever answers. */
TEST_F(ether, C01_any_interface)
{
	unsigned int ifindex = self->path.end[RILL_CLIENT].ifindex;
	struct sockaddr_rill addr, name;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, 0);
	int peer;

	/* the other link leads nowhere */
	ASSERT_LE(0, lfd);
	ASSERT_LT(0, rill_dev_add(OTHER_DEV));
	ASSERT_EQ(0, rill_dev_up(OTHER_DEV, true));
	addr.srl_ifindex = 0;
	ASSERT_EQ(0, rill_connect(fd, &addr));
	ASSERT_EQ(0, rill_local(fd, &name));
	EXPECT_EQ(ifindex, name.srl_ifindex);
	EXPECT_EQ(0, memcmp(self->path.end[RILL_CLIENT].hw, name.srl_addr,
			    RILL_HWADDR_LEN));
	ASSERT_EQ(0, rill_peer(fd, &name));
	EXPECT_EQ(ifindex, name.srl_ifindex);
	peer = rill_accept(lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(fd, peer));
}

/* Both links lead there: one connection, and no half of another. */
TEST_F(ether, C01_both_interfaces)
{
	struct sockaddr_rill addr, client, seen;
	int lfd = rill_path_listen(&self->path, 4, &addr);
	int fd, peer, i;

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_path_port(&self->path,
				    self->path.end[RILL_CLIENT].ns,
				    OTHER_DEV));
	addr.srl_ifindex = 0;
	for (i = 0; i < 5; i++) {
		fd = rill_path_socket(&self->path, 0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, rill_connect(fd, &addr));
		peer = rill_accept(lfd);
		ASSERT_LE(0, peer);
		ASSERT_EQ(0, rill_local(fd, &client));
		ASSERT_EQ(0, rill_peer(peer, &seen));
		EXPECT_TRUE(rill_path_same(&self->path, &client, &seen));
		EXPECT_EQ(0, rill_ping(fd, peer));
		EXPECT_TRUE(rill_nothing_to_accept(lfd));
		close(fd);
		close(peer);
	}
	EXPECT_EQ(0, server_count(&self->path, 1));
}

/* A socket of @side, bound, with @addr as the other side names it. */
static int bound(struct rill_path *path, enum rill_side side,
		 struct sockaddr_rill *addr)
{
	int fd = path->ops->socket(path, side, path->type | SOCK_NONBLOCK);

	*addr = rill_addr(0);
	if (fd < 0 || rill_bind(fd, addr) || rill_local(fd, addr))
		return -EIO;
	path->ops->address(path, side, addr);
	return fd;
}

/* Both connect to each other: one connection. */
static void cross(struct __test_metadata *_metadata, struct rill_path *path)
{
	struct sockaddr_rill addr[2], name;
	int fd[2], i;

	for (i = RILL_CLIENT; i <= RILL_SERVER; i++) {
		fd[i] = bound(path, i, &addr[i]);
		ASSERT_LE(0, fd[i]);
		ASSERT_EQ(0, rill_setsockopt_int(fd[i], SOL_RILL,
						 RILL_CONNECT_TIMEOUT,
						 RILL_DEADLINE_MS));
	}
	for (i = RILL_CLIENT; i <= RILL_SERVER; i++)
		ASSERT_EQ(EINPROGRESS, rill_connect(fd[i], &addr[!i]));
	for (i = RILL_CLIENT; i <= RILL_SERVER; i++) {
		EXPECT_EQ(0, rill_path_settle(path, fd[i]));
		EXPECT_EQ(EISCONN, rill_connect(fd[i], &addr[!i]));
		ASSERT_EQ(0, rill_peer(fd[i], &name));
		EXPECT_TRUE(rill_path_same(path, &name, &addr[!i]));
	}
	EXPECT_EQ(0, rill_ping(fd[0], fd[1]));
	EXPECT_EQ(0, rill_ping(fd[1], fd[0]));
	for (i = RILL_CLIENT; i <= RILL_SERVER; i++)
		close(fd[i]);
}

/*
 * The requests cross: a delayed link keeps each from arriving before the other
 * is made. The first call's end is at the second call's time at the latest.
 */
TEST_F(ether, C01_simultaneous)
{
	const struct rill_netem slow = { .delay_ms = 200 };

	ASSERT_EQ(0, rill_path_netem(&self->path, RILL_CLIENT, &slow));
	ASSERT_EQ(0, rill_path_netem(&self->path, RILL_SERVER, &slow));
	cross(_metadata, &self->path);
}

TEST_F(ether, C01_simultaneous_with_loss)
{
	const struct rill_netem bad = { .delay_ms = 100, .loss = 100 };
	int i;

	ASSERT_EQ(0, both_netem(&self->path, &bad));
	for (i = 0; i < 3; i++)
		cross(_metadata, &self->path);
}

TEST_F(ether, C01_simultaneous_and_twice)
{
	const struct rill_netem twice = { .delay_ms = 100, .duplicate = 1000 };

	ASSERT_EQ(0, both_netem(&self->path, &twice));
	cross(_metadata, &self->path);
}

/* A stranger's request is not the other half of a simultaneous connect(). */
TEST_F(ether, C11_bound_for_another)
{
	struct sockaddr_rill addr[2], stranger;
	int fd[2], i, third;

	for (i = RILL_CLIENT; i <= RILL_SERVER; i++) {
		fd[i] = bound(&self->path, i, &addr[i]);
		ASSERT_LE(0, fd[i]);
	}
	third = bound(&self->path, RILL_CLIENT, &stranger);
	ASSERT_LE(0, third);
	/* the server's waits for the first client, which does not call */
	ASSERT_EQ(0, lose(&self->path, RILL_SERVER, true));
	ASSERT_EQ(EINPROGRESS, rill_connect(fd[RILL_SERVER],
					    &addr[RILL_CLIENT]));
	ASSERT_EQ(0, lose(&self->path, RILL_SERVER, false));
	EXPECT_EQ(ECONNREFUSED, rill_path_connect(&self->path, third,
						  &addr[RILL_SERVER]));
}

/* Bound to loopback or to another interface, a listener is not on the link. */
TEST_F(ether, C11_listens_elsewhere)
{
	struct sockaddr_rill addr, local = rill_addr(0);
	int lfd, fd = rill_path_socket(&self->path, 0);

	ASSERT_EQ(0, rill_path_enter(&self->path, RILL_SERVER));
	local.srl_ifindex = 1;
	lfd = rill_listener(variant->type | SOCK_NONBLOCK, 0, &local);
	ASSERT_EQ(0, rill_path_enter(&self->path, RILL_CLIENT));
	ASSERT_LE(0, lfd);
	addr = local;
	self->path.ops->address(&self->path, RILL_SERVER, &addr);
	EXPECT_EQ(ECONNREFUSED, rill_connect(fd, &addr));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
}

TEST_HARNESS_MAIN
