// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to connections over Ethernet when something happens to a
 * device: cable, up and down, name, address, namespace, its end. What happens
 * to requests then is in connect_link.c and connect_ether.c.
 */
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ETHER_PATH	rill_path_bridge
#include "ether_fixture.h"
#include "rill_flow.h"
#include "rill_io.h"

/** OTHER_DEV - A second device of a host. */
#define OTHER_DEV	"rill1"

/* Bytes of a flow that something happens to. */
#define BYTES	(4 << 20)

static bool carrier_is_off(void *arg)
{
	return !rill_dev_running(RILL_PATH_DEV);
}

/* Pull the client's cable, and see that it knows. */
static int unplug(struct rill_path *path)
{
	int ret = rill_path_plug(path, RILL_CLIENT, false);

	return ret ? ret : rill_wait_until(carrier_is_off, NULL);
}

static int plug(struct rill_path *path)
{
	return rill_path_plug(path, RILL_CLIENT, true);
}

static int down(struct rill_path *path)
{
	return rill_dev_up(RILL_PATH_DEV, false);
}

static int up(struct rill_path *path)
{
	return rill_dev_up(RILL_PATH_DEV, true);
}

static int server_down(struct rill_path *path)
{
	return rill_path_up(path, RILL_SERVER, false);
}

static int server_up(struct rill_path *path)
{
	return rill_path_up(path, RILL_SERVER, true);
}

static int rename_it(struct rill_path *path)
{
	int ret = rill_dev_up(RILL_PATH_DEV, false);

	return ret ? ret : rill_dev_rename(RILL_PATH_DEV, OTHER_DEV);
}

static int renamed_up(struct rill_path *path)
{
	return rill_dev_up(OTHER_DEV, true);
}

/* The limit of silence at both ends. */
static int user_timeout(struct rill_path *path, const char *ms)
{
	int err = rill_path_sysctl(path, RILL_CLIENT, "user_timeout_ms", ms);

	return err ? err : rill_path_sysctl(path, RILL_SERVER,
					    "user_timeout_ms", ms);
}

/* Two flows are interrupted by @off and go on after @on. */
static void survives(struct __test_metadata *_metadata, struct rill_path *path,
		     const int fd[2], int (*off)(struct rill_path *path),
		     int (*on)(struct rill_path *path))
{
	struct rill_flow f[2];
	int i;

	for (i = RILL_CLIENT; i <= RILL_SERVER; i++) {
		f[i] = (struct rill_flow) {
			.from = fd[i],
			.to = fd[!i],
			.bytes = BYTES / rill_slow(),
			.chunk = 20000,
			.records = path->type == SOCK_SEQPACKET,
			.finish = true,
		};
		ASSERT_EQ(0, rill_flow_start(&f[i]));
	}
	ASSERT_EQ(0, rill_flow_wait(&f[0], f[0].bytes / 4));
	ASSERT_EQ(0, off(path));
	/* long enough for some timeouts, short enough to live on */
	EXPECT_EQ(0, poll(NULL, 0, 500));
	ASSERT_EQ(0, on(path));
	for (i = RILL_CLIENT; i <= RILL_SERVER; i++)
		EXPECT_EQ(0, rill_flow_join(&f[i]));
}

TEST_F(ether, cable_pulled_and_plugged)
{
	survives(_metadata, &self->path, self->fd, unplug, plug);
}

TEST_F(ether, down_and_up)
{
	survives(_metadata, &self->path, self->fd, down, up);
}

TEST_F(ether, peer_down_and_up)
{
	survives(_metadata, &self->path, self->fd, server_down, server_up);
}

TEST_F(ether, renamed)
{
	survives(_metadata, &self->path, self->fd, rename_it, renamed_up);
}

/* Idle it outlives any time without a link. */
TEST_F(ether, idle_without_a_link)
{
	ASSERT_EQ(0, user_timeout(&self->path, "300"));
	ASSERT_EQ(0, unplug(&self->path));
	EXPECT_EQ(0, poll(NULL, 0, 1000));
	ASSERT_EQ(0, plug(&self->path));
	ASSERT_EQ(0, user_timeout(&self->path, "60000"));
	EXPECT_EQ(0, rill_ping(self->fd[0], self->fd[1]));
	ASSERT_EQ(0, user_timeout(&self->path, "300"));
	ASSERT_EQ(0, down(&self->path));
	EXPECT_EQ(0, poll(NULL, 0, 1000));
	ASSERT_EQ(0, up(&self->path));
	ASSERT_EQ(0, user_timeout(&self->path, "60000"));
	EXPECT_EQ(0, rill_ping(self->fd[1], self->fd[0]));
}

/* The errno that ends @fd, with data outstanding; -ETIMEDOUT: none does. */
static int ends_by(int fd)
{
	ssize_t n = rill_send(fd, "x", 1, MSG_NOSIGNAL);

	/* the call may be the first to be told */
	if (n < 0 && n != -EPIPE)
		return -n;
	/* POLLERR and POLLHUP need no asking, and data may be there to read */
	if (rill_poll_wait(fd, 0) < 0)
		return -ETIMEDOUT;
	return rill_so_error(fd);
}

TEST_F(ether, long_without_carrier)
{
	ASSERT_EQ(0, user_timeout(&self->path, "1500"));
	ASSERT_EQ(0, unplug(&self->path));
	EXPECT_EQ(EHOSTUNREACH, ends_by(self->fd[RILL_CLIENT]));
	/* the other host's cable is in: it just hears nothing */
	EXPECT_EQ(ETIMEDOUT, ends_by(self->fd[RILL_SERVER]));
	EXPECT_EQ(0, rill_wait_state(self->fd[RILL_CLIENT], "CLOSE_WAIT"));
	EXPECT_EQ(0, rill_wait_state(self->fd[RILL_SERVER], "CLOSE_WAIT"));
	EXPECT_EQ(-EPIPE, rill_send(self->fd[RILL_CLIENT], "x", 1,
				    MSG_NOSIGNAL));
}

TEST_F(ether, long_down)
{
	ASSERT_EQ(0, user_timeout(&self->path, "1500"));
	ASSERT_EQ(0, down(&self->path));
	EXPECT_EQ(ENETDOWN, ends_by(self->fd[RILL_CLIENT]));
	EXPECT_EQ(ETIMEDOUT, ends_by(self->fd[RILL_SERVER]));
}

/* Reader and writer of @fd in threads, known to sleep. */
struct sleepers {
	struct rill_xfer x[2];
	struct rill_call call[2];
	char in[8];
	char out[5000];
};

static int sleepers_start(struct sleepers *s, int fd)
{
	int ret;

	memset(s, 0, sizeof(*s));
	s->x[0] = (struct rill_xfer){ .fd = fd, .buf = s->in, .len = 8 };
	s->x[1] = (struct rill_xfer){
		.fd = fd,
		.buf = s->out,
		.len = sizeof(s->out),
		.flags = MSG_NOSIGNAL,
	};
	if (rill_fill(fd, sizeof(s->out)) < 0)
		return -EIO;
	ret = rill_call_start(&s->call[0], rill_recv_fn, &s->x[0]);
	if (!ret)
		ret = rill_call_start(&s->call[1], rill_send_fn, &s->x[1]);
	if (!ret)
		ret = rill_call_blocked(&s->call[0], SYS_recvfrom);
	return ret ? ret : rill_call_blocked(&s->call[1], SYS_sendto);
}

/* Both wake: one is told @err, the other that or that there is no more. */
static bool sleepers_told(struct sleepers *s, int err)
{
	int in = rill_call_join(&s->call[0]);
	int out = rill_call_join(&s->call[1]);

	return (in == -err && (out == -EPIPE || out == -err)) ||
	       (out == -err && (!in || in == -err));
}

TEST_F(ether, removed)
{
	struct sleepers s;

	ASSERT_EQ(0, sleepers_start(&s, self->fd[RILL_CLIENT]));
	ASSERT_EQ(0, rill_dev_del(RILL_PATH_DEV));
	EXPECT_TRUE(sleepers_told(&s, ENETDOWN));
	EXPECT_EQ(0, rill_wait_state(self->fd[RILL_CLIENT], "CLOSE_WAIT"));
	/* the other host finds out when it wants something */
	ASSERT_EQ(0, user_timeout(&self->path, "1000"));
	EXPECT_EQ(ETIMEDOUT, ends_by(self->fd[RILL_SERVER]));
}

TEST_F(ether, moved_to_another_namespace)
{
	int elsewhere = rill_netns_make();
	struct sleepers s;

	ASSERT_LE(0, elsewhere);
	ASSERT_EQ(0, sleepers_start(&s, self->fd[RILL_CLIENT]));
	ASSERT_EQ(0, rill_dev_move(RILL_PATH_DEV, elsewhere));
	EXPECT_TRUE(sleepers_told(&s, ENETDOWN));
	/* it does not come back with the device */
	ASSERT_EQ(0, rill_netns_enter(elsewhere));
	ASSERT_EQ(0, rill_dev_move(RILL_PATH_DEV,
				   self->path.end[RILL_CLIENT].ns));
	ASSERT_EQ(0, rill_path_enter(&self->path, RILL_CLIENT));
	ASSERT_EQ(0, rill_dev_up(RILL_PATH_DEV, true));
	EXPECT_EQ(0, rill_wait_state(self->fd[RILL_CLIENT], "CLOSE_WAIT"));
	/* what the other host sends then is refused */
	rill_send(self->fd[RILL_SERVER], "x", 1, MSG_NOSIGNAL);
	EXPECT_LT(0, rill_poll_wait(self->fd[RILL_SERVER], 0));
}

TEST_F(ether, address_changed)
{
	static const __u8 hw[RILL_HWADDR_LEN] = { 2, 0, 0, 0, 0, 1 };
	struct sleepers s;

	ASSERT_EQ(0, sleepers_start(&s, self->fd[RILL_CLIENT]));
	ASSERT_EQ(0, rill_path_set_hw(&self->path, RILL_CLIENT, hw));
	EXPECT_TRUE(sleepers_told(&s, ENETDOWN));
	/* the other host is told that this one leaves the address */
	EXPECT_LT(0, rill_poll_wait(self->fd[RILL_SERVER], 0));
	EXPECT_EQ(EHOSTUNREACH, rill_so_error(self->fd[RILL_SERVER]));
}

TEST_F(ether, peers_address_changed)
{
	static const __u8 hw[RILL_HWADDR_LEN] = { 2, 0, 0, 0, 0, 1 };
	struct sleepers s;

	ASSERT_EQ(0, sleepers_start(&s, self->fd[RILL_CLIENT]));
	ASSERT_EQ(0, rill_path_set_hw(&self->path, RILL_SERVER, hw));
	EXPECT_TRUE(sleepers_told(&s, EHOSTUNREACH));
}

TEST_F(ether, same_address_set_again)
{
	ASSERT_EQ(0, rill_path_set_hw(&self->path, RILL_CLIENT,
				      self->path.end[RILL_CLIENT].hw));
	EXPECT_EQ(0, rill_ping(self->fd[0], self->fd[1]));
}

/* Another device's fate is none of this connection's business. */
TEST_F(ether, another_device)
{
	static const __u8 hw[RILL_HWADDR_LEN] = { 2, 0, 0, 0, 0, 9 };

	ASSERT_EQ(0, rill_path_port(&self->path,
				    self->path.end[RILL_CLIENT].ns,
				    OTHER_DEV));
	ASSERT_EQ(0, rill_dev_set_hw(OTHER_DEV, hw));
	EXPECT_EQ(0, rill_ping(self->fd[0], self->fd[1]));
	ASSERT_EQ(0, rill_dev_up(OTHER_DEV, false));
	ASSERT_EQ(0, rill_dev_del(OTHER_DEV));
	EXPECT_EQ(0, rill_ping(self->fd[1], self->fd[0]));
}

/* Each end is closed while the link is away: nothing is left for ever. */
TEST_F(ether, closed_without_a_link)
{
	int i;

	ASSERT_EQ(0, user_timeout(&self->path, "1000"));
	ASSERT_EQ(0, unplug(&self->path));
	for (i = RILL_CLIENT; i <= RILL_SERVER; i++) {
		rill_send(self->fd[i], "x", 1, MSG_NOSIGNAL);
		close(self->fd[i]);
	}
	EXPECT_EQ(0, rill_wait_socket_count(0));
	/* and an orphan's device goes as any other does */
	ASSERT_EQ(0, rill_dev_del(RILL_PATH_DEV));
}

/* The listener outlives the device on which it was reached. */
TEST_F(ether, listener_gets_another_device)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 2, &addr);
	__u8 hw[RILL_HWADDR_LEN];
	int fd, peer;

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_path_enter(&self->path, RILL_SERVER));
	ASSERT_EQ(0, rill_dev_del(RILL_PATH_DEV));
	ASSERT_EQ(0, rill_path_port(&self->path,
				    self->path.end[RILL_SERVER].ns,
				    RILL_PATH_DEV));
	ASSERT_EQ(0, rill_path_enter(&self->path, RILL_SERVER));
	ASSERT_EQ(0, rill_dev_hw(RILL_PATH_DEV, hw));
	ASSERT_EQ(0, rill_path_enter(&self->path, RILL_CLIENT));
	memcpy(addr.srl_addr, hw, sizeof(hw));
	fd = rill_path_socket(&self->path, 0);
	EXPECT_EQ(0, rill_connect(fd, &addr));
	peer = rill_accept(lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(fd, peer));
}

/* What a process does in a namespace that ends with it. */
struct leaver {
	struct rill_path *path;
	struct sockaddr_rill addr;
	int ns;
	bool pending;
};

static int leaver_fn(void *arg)
{
	const struct rill_netem dead = { .loss = 1000 };
	struct leaver *l = arg;
	int fd;

	if (rill_netns_enter(l->ns))
		return 1;
	close(l->ns);
	fd = socket(AF_RILL, l->path->type | (l->pending ? SOCK_NONBLOCK : 0),
		    0);
	l->addr.srl_ifindex = 0;
	if (rill_connect(fd, &l->addr) != (l->pending ? EINPROGRESS : 0))
		return 2;
	/* what is written now is not delivered before the namespace ends */
	if (!l->pending && (rill_dev_netem(RILL_PATH_DEV, &dead) ||
			    rill_fill(fd, 5000) < 0))
		return 3;
	return 0;
}

static bool port_is_gone(void *arg)
{
	return !if_nametoindex(arg);
}

/* Its devices go with a namespace: then no connection keeps it alive. */
static void namespace_ends(struct __test_metadata *_metadata,
			   struct rill_path *path, bool pending)
{
	struct leaver l = { .path = path, .pending = pending };
	int lfd = rill_path_listen(path, 0, &l.addr), peer;

	ASSERT_LE(0, lfd);
	if (pending)
		ASSERT_EQ(0, rill_path_block(path, lfd));
	l.ns = rill_path_host(path);
	ASSERT_LE(0, l.ns);
	ASSERT_EQ(0, user_timeout(path, "1500"));
	ASSERT_EQ(0, rill_child_run(leaver_fn, &l));
	close(l.ns);
	ASSERT_EQ(0, rill_netns_enter(path->hub));
	EXPECT_EQ(0, rill_wait_until(port_is_gone, (void *)"port2"));
	ASSERT_EQ(0, rill_path_enter(path, RILL_CLIENT));
	if (pending)
		return;
	peer = rill_accept(lfd);
	ASSERT_LE(0, peer);
	rill_drain(peer);
	EXPECT_NE(0, ends_by(peer));
}

TEST_F(ether, namespace_ends)
{
	namespace_ends(_metadata, &self->path, false);
}

TEST_F(ether, namespace_ends_while_pending)
{
	namespace_ends(_metadata, &self->path, true);
}

/* Connections over devices on devices. */
static void upper(struct __test_metadata *_metadata, struct rill_path *path)
{
	unsigned int index[2];
	struct rill_flow f[2];
	struct sockaddr_rill addr, name;
	int lfd, fd[2], i;
	__u8 hw[RILL_HWADDR_LEN];

	for (i = RILL_SERVER; i >= RILL_CLIENT; i--) {
		ASSERT_EQ(0, rill_path_enter(path, i));
		ASSERT_EQ(0, rill_dev_up(OTHER_DEV, true));
		index[i] = if_nametoindex(OTHER_DEV);
		if (i == RILL_SERVER)
			ASSERT_EQ(0, rill_dev_hw(OTHER_DEV, hw));
	}
	lfd = rill_path_listen(path, 0, &addr);
	ASSERT_LE(0, lfd);
	memcpy(addr.srl_addr, hw, sizeof(hw));
	addr.srl_ifindex = index[RILL_CLIENT];
	fd[RILL_CLIENT] = rill_path_socket(path, 0);
	ASSERT_EQ(0, rill_connect(fd[RILL_CLIENT], &addr));
	fd[RILL_SERVER] = rill_accept(lfd);
	ASSERT_LE(0, fd[RILL_SERVER]);
	for (i = RILL_CLIENT; i <= RILL_SERVER; i++) {
		ASSERT_EQ(0, rill_local(fd[i], &name));
		EXPECT_EQ(index[i], name.srl_ifindex);
		f[i] = (struct rill_flow) {
			.from = fd[i],
			.to = fd[!i],
			.bytes = 1000000 / rill_slow(),
			.chunk = 20000,
			.records = path->type == SOCK_SEQPACKET,
			.finish = true,
		};
	}
	EXPECT_EQ(0, rill_flow_both(&f[0], &f[1]));
}

TEST_F(ether, on_a_vlan)
{
	int i, ret;

	for (i = RILL_SERVER; i >= RILL_CLIENT; i--) {
		ASSERT_EQ(0, rill_path_enter(&self->path, i));
		ret = rill_vlan_add(OTHER_DEV, RILL_PATH_DEV, 5);
		if (ret == -EOPNOTSUPP)
			SKIP(return, "no VLANs");
		ASSERT_LT(0, ret);
	}
	upper(_metadata, &self->path);
}

/* Tagged and untagged do not meet. */
TEST_F(ether, vlan_of_another_number)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd, i, ret;

	ASSERT_LE(0, lfd);
	for (i = RILL_SERVER; i >= RILL_CLIENT; i--) {
		ASSERT_EQ(0, rill_path_enter(&self->path, i));
		ret = rill_vlan_add(OTHER_DEV, RILL_PATH_DEV, 5 + i);
		if (ret == -EOPNOTSUPP)
			SKIP(return, "no VLANs");
		ASSERT_LT(0, ret);
		ASSERT_EQ(0, rill_dev_up(OTHER_DEV, true));
	}
	fd = rill_path_socket(&self->path, 0);
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_CONNECT_TIMEOUT,
					 700));
	addr.srl_ifindex = if_nametoindex(OTHER_DEV);
	EXPECT_EQ(ETIMEDOUT, rill_connect(fd, &addr));
	EXPECT_TRUE(rill_nothing_to_accept(lfd));
}

TEST_F(ether, on_a_macvlan)
{
	int i, ret;

	for (i = RILL_SERVER; i >= RILL_CLIENT; i--) {
		ASSERT_EQ(0, rill_path_enter(&self->path, i));
		ret = rill_macvlan_add(OTHER_DEV, RILL_PATH_DEV);
		if (ret == -EOPNOTSUPP)
			SKIP(return, "no macvlan");
		ASSERT_LT(0, ret);
	}
	upper(_metadata, &self->path);
}

/* The bridge is a host as well, by its own device. */
TEST_F(ether, on_a_bridge)
{
	struct sockaddr_rill local = rill_addr(0), addr;
	int lfd, fd = rill_path_socket(&self->path, 0), peer;
	__u8 hw[RILL_HWADDR_LEN];

	ASSERT_EQ(0, rill_netns_enter(self->path.hub));
	lfd = rill_listener(variant->type | SOCK_NONBLOCK, 0, &local);
	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_dev_hw("br0", hw));
	ASSERT_EQ(0, rill_path_enter(&self->path, RILL_CLIENT));
	addr = rill_addr_hw(hw, 0, rill_port(&local));
	ASSERT_EQ(0, rill_connect(fd, &addr));
	peer = rill_accept(lfd);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, rill_ping(fd, peer));
}

TEST_HARNESS_MAIN
