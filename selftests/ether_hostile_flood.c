// SPDX-License-Identifier: GPL-2.0-only
/*
 * A flood of requests from hosts that do not exist, while others connect: a
 * server, a client and the attacker at three ports of a bridge.
 */
#include "kselftest_harness.h"

#include <poll.h>
#include <unistd.h>

#include "rill_frame.h"
#include "rill_io.h"
#include "rill_path.h"

/* Requests of the attacker, at least, on a machine that is not slow. */
#define REQUESTS	20000

/* Connects that all have to succeed. */
#define CONNECTS	40

/* Most sockets that a flood may leave, beside the backlog's. */
#define SPARE		(16 + 128 + 8)

FIXTURE(flood) {
	int away[3];		/* namespaces: bridge, client, attacker */
	int home;
	struct rill_raw raw;
	struct sockaddr_rill addr;
	int lfd;
	int count;
};

FIXTURE_VARIANT(flood) {
	int backlog;
	int type;
};

FIXTURE_VARIANT_ADD(flood, backlog_8) {
	.backlog = 8,
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(flood, backlog_128) {
	.backlog = 128,
	.type = SOCK_SEQPACKET,
};

/* From this namespace a cable to a port of the bridge. */
static int plug(int bridge, const char *name, const char *port)
{
	int ret = rill_veth_add(name, bridge, port);

	return ret < 0 ? ret : rill_dev_up(name, true);
}

/* In the bridge's namespace. */
static int bridge_up(void)
{
	static const char * const ports[] = { "port0", "port1", "port2" };
	unsigned int i;
	int ret = rill_dev_up("bridge0", true);

	for (i = 0; i < ARRAY_SIZE(ports) && !ret; i++) {
		ret = rill_dev_join(ports[i], "bridge0");
		if (!ret)
			ret = rill_dev_up(ports[i], true);
	}
	return ret;
}

FIXTURE_SETUP(flood)
{
	int i;

	RILL_IN_NETNS(return);
	self->home = rill_netns_here();
	ASSERT_LE(0, self->home);
	for (i = 0; i < 3; i++) {
		self->away[i] = rill_netns_make();
		ASSERT_LE(0, self->away[i]);
	}
	ASSERT_EQ(0, rill_netns_enter(self->away[0]));
	ASSERT_LT(0, rill_bridge_add("bridge0"));
	ASSERT_EQ(0, rill_netns_enter(self->home));
	ASSERT_EQ(0, plug(self->away[0], "server0", "port0"));
	ASSERT_EQ(0, rill_dev_hw("server0", self->raw.peer));
	ASSERT_EQ(0, rill_netns_enter(self->away[1]));
	ASSERT_EQ(0, plug(self->away[0], "client0", "port1"));
	ASSERT_EQ(0, rill_netns_enter(self->away[2]));
	ASSERT_EQ(0, rill_sysctl_set("ethernet", "0"));
	ASSERT_EQ(0, plug(self->away[0], "far0", "port2"));
	self->raw.fd = rill_raw_packet_socket("far0");
	ASSERT_LE(0, self->raw.fd);
	/* the answers are of no interest */
	ASSERT_EQ(0, rill_setsockopt_int(self->raw.fd, SOL_SOCKET, SO_RCVBUF,
					 1));
	ASSERT_EQ(0, rill_netns_enter(self->away[0]));
	ASSERT_EQ(0, bridge_up());
	ASSERT_EQ(0, rill_netns_enter(self->home));
	self->addr = rill_addr(0);
	self->lfd = rill_listener(variant->type | SOCK_NONBLOCK,
				  variant->backlog, &self->addr);
	ASSERT_LE(0, self->lfd);
	memcpy(self->addr.srl_addr, self->raw.peer, ETH_ALEN);
	self->count = rill_socket_count();
}

FIXTURE_TEARDOWN(flood)
{
	close(self->lfd);
}

/* What the attacker's process needs. */
struct attacker {
	struct rill_raw *raw;
	unsigned int port;
	int type;
	int stop;
	long least;
};

/* Send requests until told to stop, and so many at least. */
static int attack(void *arg)
{
	struct attacker *a = arg;
	struct pollfd stop = { .fd = a->stop, .events = POLLIN };
	struct rill_raw_conn c;
	struct rill_frame f;
	unsigned long seed = 7;
	__u8 src[ETH_ALEN];
	int ret;
	long n;

	rill_stay_on_cpu();
	for (n = 0; n < a->least || !poll(&stop, 1, 0); n++) {
		unsigned int who = rill_random(&seed);

		src[0] = 2;
		src[1] = n;
		memcpy(src + 2, &who, 4);
		c = rill_raw_client(a->raw, a->type, a->port);
		f = rill_raw_frame(&c, RILL_FRAME_REQUEST);
		if (n % 4 == 3)
			f.ack = rill_random(&seed);	/* a cookie, guessed */
		ret = rill_raw_send_from(a->raw, src, &f, NULL);
		/* some are lost: the link has its limits too */
		if (ret && ret != -ENOBUFS)
			return 1;
	}
	return 0;
}

/* One connection from the client's host, from its beginning to its end. */
static int connect_once(int type, const struct sockaddr_rill *addr, int away,
			int home, int lfd)
{
	int ret = rill_netns_enter(away);
	int fd = -1, child;

	if (!ret)
		fd = socket(AF_RILL, type, 0);
	if (ret || fd < 0 || rill_netns_enter(home))
		return -EBADF;
	ret = -rill_connect(fd, addr);
	if (!ret) {
		child = rill_accept(lfd);
		ret = child < 0 ? child : rill_ping(fd, child);
		close(child);
	}
	close(fd);
	return ret;
}

static bool lone(void *arg)
{
	return rill_socket_count() <= *(int *)arg;
}

TEST_F(flood, all_others_connect)
{
	int stop[2], i, most = 0, count, n = CONNECTS / rill_slow();
	long long challenged = rill_counter("challenged");
	struct attacker attacker;
	pid_t pid;

	ASSERT_EQ(0, pipe(stop));
	attacker.raw = &self->raw;
	attacker.port = rill_port(&self->addr);
	attacker.type = variant->type;
	attacker.stop = stop[0];
	attacker.least = REQUESTS / rill_slow();
	pid = rill_child_start(attack, &attacker);
	ASSERT_LT(0, pid);
	for (i = 0; i < n || i < 10; i++) {
		EXPECT_EQ(0, connect_once(variant->type, &self->addr,
					  self->away[1], self->home,
					  self->lfd));
		count = rill_socket_count();
		if (most < count)
			most = count;
	}
	ASSERT_EQ(1, write(stop[1], "x", 1));
	EXPECT_EQ(0, rill_child_wait(pid));
	count = rill_socket_count();
	if (most < count)
		most = count;
	/* there was pressure, and it did not fill the memory */
	EXPECT_LT(challenged, rill_counter("challenged"));
	EXPECT_GE(self->count + variant->backlog + 1 + SPARE, most);
	EXPECT_EQ(0, rill_wait_until(lone, &self->count));
}

TEST_HARNESS_MAIN
