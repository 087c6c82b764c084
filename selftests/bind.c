// SPDX-License-Identifier: GPL-2.0-only
/*
 * bind(): every address, length and privilege; who shares a port with whom.
 */
#include "kselftest_harness.h"
#include <limits.h>
#include <net/if.h>
#include "rill_io.h"

#define OWN_DEV		"rilldev0"
#define OTHER_DEV	"rilldev1"

static const unsigned char foreign_hw[] = { 0x02, 0xee, 0xee, 0, 0, 1 };
static const unsigned char multicast_hw[] = { 0x33, 0x33, 0, 0, 0, 1 };
static const unsigned char broadcast_hw[] = { 255, 255, 255, 255, 255, 255 };

/**
 * struct devices - Interfaces of a test's own.
 * @lo: Index of lo.
 * @dev: Index of OWN_DEV.
 * @other: Index of OTHER_DEV.
 * @hw: Hardware address of OWN_DEV.
 */
struct devices {
	int lo;
	int dev;
	int other;
	unsigned char hw[RILL_HWADDR_LEN];
};

/* Makes the devices, which takes its time; 0 or -errno. */
static int add_devices(struct devices *d)
{
	d->lo = if_nametoindex("lo");
	d->dev = rill_dev_add(OWN_DEV);
	if (d->dev < 0)
		return d->dev;
	d->other = rill_dev_add(OTHER_DEV);
	if (d->other < 0)
		return d->other;
	return rill_dev_up(OWN_DEV, true) ?: rill_dev_up(OTHER_DEV, true) ?:
	       rill_dev_hw(OWN_DEV, d->hw);
}

FIXTURE(bind) {
	int fd;
};

FIXTURE_VARIANT(bind) {
	int type;
};

FIXTURE_VARIANT_ADD(bind, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(bind, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_VARIANT_ADD(bind, dgram) {
	.type = SOCK_DGRAM,
};

FIXTURE_SETUP(bind)
{
	RILL_IN_NETNS(return);
	self->fd = socket(AF_RILL, variant->type, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(bind)
{
	close(self->fd);
}

/* bind() a new socket, and close it. */
static int try_bind(int type, const void *addr, socklen_t len)
{
	int fd = socket(AF_RILL, type, 0);
	int err;

	if (fd < 0)
		return errno;
	err = bind(fd, addr, len) ? errno : 0;
	close(fd);
	return err;
}

struct bind_case {
	const void *hw;
	int ifindex;
	int want;
};

TEST_F(bind, addresses)
{
	struct devices d = { 0 };
	int made = add_devices(&d);
	const struct bind_case cases[] = {
		{ NULL, 0, 0 },
		{ NULL, d.lo, 0 },
		{ NULL, d.dev, 0 },
		{ d.hw, 0, 0 },
		{ d.hw, d.dev, 0 },
		{ d.hw, 9999, EADDRNOTAVAIL },
		{ NULL, 9999, EADDRNOTAVAIL },
		{ NULL, -1, EADDRNOTAVAIL },
		{ NULL, INT_MIN, EADDRNOTAVAIL },
		{ foreign_hw, 0, EADDRNOTAVAIL },
		{ foreign_hw, d.dev, EADDRNOTAVAIL },
		{ multicast_hw, 0, EADDRNOTAVAIL },
		{ multicast_hw, d.dev, EADDRNOTAVAIL },
		{ broadcast_hw, 0, EADDRNOTAVAIL },
		{ broadcast_hw, d.dev, EADDRNOTAVAIL },
	};
	struct sockaddr_rill addr, name;
	unsigned int i;
	int fd;

	ASSERT_EQ(0, made);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		addr = rill_addr_hw(cases[i].hw, cases[i].ifindex, 7000);
		fd = socket(AF_RILL, variant->type, 0);
		ASSERT_LE(0, fd);
		EXPECT_EQ(cases[i].want, rill_bind(fd, &addr))
			TH_LOG("address %u", i);
		ASSERT_EQ(0, rill_local(fd, &name));
		if (cases[i].want)
			addr = rill_addr(0);
		EXPECT_TRUE(rill_addr_eq(&addr, &name))
			TH_LOG("name after address %u", i);
		close(fd);
	}
}

TEST_F(bind, lengths)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_rill addr = rill_addr(7000);
	int len, want;

	memcpy(&ss, &addr, sizeof(addr));
	memset((char *)&ss + sizeof(addr), 0xff, sizeof(ss) - sizeof(addr));
	for (len = 0; len <= (int)sizeof(ss) + 2; len++) {
		want = len < 16 || len > 128 ? EINVAL : 0;
		EXPECT_EQ(want, try_bind(variant->type, &ss, len))
			TH_LOG("length %d", len);
	}
	EXPECT_EQ(EINVAL, try_bind(variant->type, &ss, -1));
	EXPECT_EQ(EINVAL, try_bind(variant->type, &ss, INT_MAX));
	EXPECT_EQ(EINVAL, try_bind(variant->type, &ss, INT_MIN));
}

TEST_F(bind, families)
{
	struct sockaddr_rill addr = rill_addr(7000);
	int family;

	for (family = 0; family < 64; family++) {
		addr.srl_family = family;
		EXPECT_EQ(family == AF_RILL ? 0 : EAFNOSUPPORT,
			  try_bind(variant->type, &addr, sizeof(addr)))
			TH_LOG("family %d", family);
	}
	addr.srl_family = AF_RILL | 0x100;
	EXPECT_EQ(EAFNOSUPPORT, try_bind(variant->type, &addr, sizeof(addr)));
}

TEST_F(bind, reserved_bytes)
{
	struct sockaddr_rill addr = rill_addr(7000);

	addr.srl_zero[0] = 1;
	EXPECT_EQ(EINVAL, rill_bind(self->fd, &addr));
	addr.srl_zero[0] = 0;
	addr.srl_zero[1] = 0x80;
	EXPECT_EQ(EINVAL, rill_bind(self->fd, &addr));
	addr.srl_zero[1] = 0;
	EXPECT_EQ(0, rill_bind(self->fd, &addr));
}

TEST_F(bind, only_once)
{
	struct sockaddr_rill addr = rill_addr(7000), next = rill_addr(7001);
	struct sockaddr_rill name;

	ASSERT_EQ(0, rill_bind(self->fd, &addr));
	EXPECT_EQ(EINVAL, rill_bind(self->fd, &next));
	EXPECT_EQ(EINVAL, rill_bind(self->fd, &addr));
	ASSERT_EQ(0, rill_local(self->fd, &name));
	EXPECT_TRUE(rill_addr_eq(&addr, &name));
	EXPECT_EQ(0, try_bind(variant->type, &next, sizeof(next)));
}

TEST_F(bind, not_after_listen_or_connect)
{
	struct sockaddr_rill peer = rill_addr(0), addr = rill_addr(7001);
	int server;

	if (variant->type == SOCK_DGRAM)
		server = rill_bound(SOCK_DGRAM, &peer);
	else
		server = rill_listener(variant->type, 1, &peer);
	ASSERT_LE(0, server);
	EXPECT_EQ(EINVAL, rill_bind(server, &addr));
	ASSERT_EQ(0, rill_connect(self->fd, &peer));
	EXPECT_EQ(EINVAL, rill_bind(self->fd, &addr));
}

static int bind_low_ports(void *arg)
{
	static const unsigned int low[] = { 1, 7, 512, 1023 };
	struct sockaddr_rill addr;
	unsigned int i;

	if (rill_drop_root())
		return 1;
	for (i = 0; i < ARRAY_SIZE(low); i++) {
		addr = rill_addr(low[i]);
		if (try_bind(*(int *)arg, &addr, sizeof(addr)) != EACCES)
			return 2;
	}
	addr = rill_addr(1024);
	if (try_bind(*(int *)arg, &addr, sizeof(addr)))
		return 3;
	addr = rill_addr(0);
	return try_bind(*(int *)arg, &addr, sizeof(addr)) ? 4 : 0;
}

TEST_F(bind, low_ports_are_privileged)
{
	struct sockaddr_rill addr = rill_addr(1);
	int type = variant->type;

	EXPECT_EQ(0, rill_in_child(bind_low_ports, &type));
	EXPECT_EQ(0, rill_bind(self->fd, &addr));
}

TEST_F(bind, port_is_free_after_close)
{
	struct sockaddr_rill addr = rill_addr(7000);
	int i;

	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, try_bind(variant->type, &addr, sizeof(addr)));
	addr = rill_addr(65535);
	EXPECT_EQ(0, try_bind(variant->type, &addr, sizeof(addr)));
}

TEST_F(bind, a_failed_bind_takes_nothing)
{
	struct sockaddr_rill addr = rill_addr_hw(foreign_hw, 0, 7000);

	EXPECT_EQ(EADDRNOTAVAIL, rill_bind(self->fd, &addr));
	addr = rill_addr(7000);
	EXPECT_EQ(0, try_bind(variant->type, &addr, sizeof(addr)));
	EXPECT_EQ(0, rill_bind(self->fd, &addr));
	EXPECT_EQ(EADDRINUSE, try_bind(variant->type, &addr, sizeof(addr)));
}

/* Which of the fixture's addresses. */
enum where { ANY, ON_LO, ON_DEV, ON_OTHER, HW, HW_ON_DEV };

static struct sockaddr_rill where_addr(enum where where,
				       const struct devices *d)
{
	switch (where) {
	case ON_LO:
		return rill_addr_hw(NULL, d->lo, 7000);
	case ON_DEV:
		return rill_addr_hw(NULL, d->dev, 7000);
	case ON_OTHER:
		return rill_addr_hw(NULL, d->other, 7000);
	case HW:
		return rill_addr_hw(d->hw, 0, 7000);
	case HW_ON_DEV:
		return rill_addr_hw(d->hw, d->dev, 7000);
	default:
		return rill_addr(7000);
	}
}

static const struct {
	enum where a, b;
	bool conflict;
} pairs[] = {
	{ ANY, ANY, true },
	{ ANY, ON_LO, true },
	{ ANY, ON_DEV, true },
	{ ANY, HW, true },
	{ ANY, HW_ON_DEV, true },
	{ ON_LO, ON_LO, true },
	{ ON_LO, ON_DEV, false },
	{ ON_DEV, ON_OTHER, false },
	{ ON_DEV, HW, true },
	{ ON_DEV, HW_ON_DEV, true },
	{ ON_OTHER, HW_ON_DEV, false },
	{ ON_OTHER, HW, true },
	{ HW, HW, true },
	{ HW, HW_ON_DEV, true },
	{ HW_ON_DEV, HW_ON_DEV, true },
};

/* Both orders of a pair; reuse: bit 0 of the first, bit 1 of the second. */
static int second_bind(int type, const struct sockaddr_rill *first,
		       const struct sockaddr_rill *second, int reuse)
{
	int a = socket(AF_RILL, type, 0);
	int b = socket(AF_RILL, type, 0);
	int err;

	rill_setsockopt_int(a, SOL_SOCKET, SO_REUSEADDR, reuse & 1);
	rill_setsockopt_int(b, SOL_SOCKET, SO_REUSEADDR, reuse >> 1);
	err = rill_bind(a, first);
	if (err)
		err = -err;
	else
		err = rill_bind(b, second);
	close(a);
	close(b);
	return err;
}

TEST_F(bind, conflicts)
{
	struct sockaddr_rill a, b;
	struct devices d;
	int reuse, want;
	unsigned int i;

	ASSERT_EQ(0, add_devices(&d));
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		a = where_addr(pairs[i].a, &d);
		b = where_addr(pairs[i].b, &d);
		for (reuse = 0; reuse < 4; reuse++) {
			want = pairs[i].conflict && reuse != 3 ? EADDRINUSE : 0;
			EXPECT_EQ(want, second_bind(variant->type, &a, &b,
						    reuse))
				TH_LOG("pair %u, reuse %d", i, reuse);
			EXPECT_EQ(want, second_bind(variant->type, &b, &a,
						    reuse))
				TH_LOG("swapped pair %u, reuse %d", i, reuse);
		}
	}
}

TEST_F(bind, a_listener_shares_with_nobody)
{
	struct sockaddr_rill addr = rill_addr(7000);
	int other;

	if (variant->type == SOCK_DGRAM)
		SKIP(return, "datagram sockets do not listen");
	other = socket(AF_RILL, variant->type, 0);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, rill_setsockopt_int(self->fd, SOL_SOCKET, SO_REUSEADDR,
					 1));
	ASSERT_EQ(0, rill_setsockopt_int(other, SOL_SOCKET, SO_REUSEADDR, 1));
	ASSERT_EQ(0, rill_bind(self->fd, &addr));
	ASSERT_EQ(0, rill_listen(self->fd, 1));
	EXPECT_EQ(EADDRINUSE, rill_bind(other, &addr));
	close(other);
}

TEST_F(bind, types_have_ports_of_their_own)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };
	struct sockaddr_rill addr = rill_addr(7000);
	unsigned int i;

	ASSERT_EQ(0, rill_bind(self->fd, &addr));
	for (i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_EQ(types[i] == variant->type ? EADDRINUSE : 0,
			  try_bind(types[i], &addr, sizeof(addr)));
}

TEST_F(bind, children_do_not_hold_the_port)
{
	struct sockaddr_rill addr = rill_addr(0);
	int listener, client, child;
	char c;

	if (variant->type == SOCK_DGRAM)
		SKIP(return, "datagram sockets have no children");
	listener = rill_listener(variant->type, 1, &addr);
	ASSERT_LE(0, listener);
	client = rill_client(variant->type, &addr);
	ASSERT_LE(0, client);
	child = rill_accept_one(listener);
	ASSERT_LE(0, child);
	close(listener);
	EXPECT_EQ(0, try_bind(variant->type, &addr, sizeof(addr)));
	EXPECT_EQ(1, rill_send(client, "x", 1, 0));
	EXPECT_EQ(1, rill_recv(child, &c, 1, 0));
	close(child);
}

TEST_F(bind, any_port_comes_from_the_range)
{
	struct sockaddr_rill addr;
	int i;

	ASSERT_EQ(0, rill_sysctl_set("local_port_range", "5000 5009"));
	for (i = 0; i < 10; i++) {
		addr = rill_addr(RILL_PORT_ANY);
		ASSERT_LE(0, rill_bound(variant->type, &addr));
		EXPECT_LE(5000, (int)rill_port(&addr));
		EXPECT_GE(5009, (int)rill_port(&addr));
	}
	/* Ten sockets hold ten ports: no two are equal. */
	addr = rill_addr(RILL_PORT_ANY);
	EXPECT_EQ(-EADDRNOTAVAIL, rill_bound(variant->type, &addr));
}

TEST_F(bind, exhausted)
{
	struct sockaddr_rill addr = rill_addr(RILL_PORT_ANY), name;
	int holder;

	ASSERT_EQ(0, rill_sysctl_set("local_port_range", "5000 5000"));
	holder = rill_bound(variant->type, &addr);
	ASSERT_LE(0, holder);
	addr = rill_addr(RILL_PORT_ANY);
	EXPECT_EQ(EADDRNOTAVAIL, rill_bind(self->fd, &addr));
	ASSERT_EQ(0, rill_setsockopt_int(self->fd, SOL_RILL, RILL_DIALECT,
					 RILL_DIALECT_FREEBSD));
	EXPECT_EQ(EAGAIN, rill_bind(self->fd, &addr));
	ASSERT_EQ(0, rill_local(self->fd, &name));
	EXPECT_EQ(0, (int)rill_port(&name));
	close(holder);
	EXPECT_EQ(0, rill_bind(self->fd, &addr));
	ASSERT_EQ(0, rill_local(self->fd, &name));
	EXPECT_EQ(5000, (int)rill_port(&name));
}

TEST_F(bind, any_port_of_one_interface)
{
	struct sockaddr_rill on_lo, on_dev;
	struct devices d;

	ASSERT_EQ(0, add_devices(&d));
	on_lo = rill_addr_hw(NULL, d.lo, 0);
	on_dev = rill_addr_hw(NULL, d.dev, 0);
	ASSERT_EQ(0, rill_sysctl_set("local_port_range", "5000 5000"));
	EXPECT_EQ(0, rill_bind(self->fd, &on_lo));
	/* The one port is taken on lo only. */
	EXPECT_LE(0, rill_bound(variant->type, &on_dev));
	EXPECT_EQ(d.dev, (int)on_dev.srl_ifindex);
	EXPECT_EQ(5000, (int)rill_port(&on_dev));
}

TEST_F(bind, to_device)
{
	struct sockaddr_rill addr = rill_addr(7000);
	char name[IFNAMSIZ] = "";
	socklen_t len = sizeof(name);
	struct devices d;

	ASSERT_EQ(0, add_devices(&d));
	EXPECT_EQ(ENODEV, rill_setsockopt_raw(self->fd, SOL_SOCKET,
					      SO_BINDTODEVICE, "nosuchdev",
					      10));
	ASSERT_EQ(0, rill_setsockopt_raw(self->fd, SOL_SOCKET, SO_BINDTODEVICE,
					 OWN_DEV, sizeof(OWN_DEV)));
	ASSERT_EQ(0, rill_getsockopt_raw(self->fd, SOL_SOCKET, SO_BINDTODEVICE,
					 name, &len));
	EXPECT_STREQ(OWN_DEV, name);
	EXPECT_EQ(0, rill_bind(self->fd, &addr));
	ASSERT_EQ(0, rill_local(self->fd, &addr));
	EXPECT_EQ(7000, (int)rill_port(&addr));
}

struct racer {
	int type;
	struct sockaddr_rill addr;
};

static int race_fn(void *arg)
{
	struct racer *racer = arg;
	int fd = socket(AF_RILL, racer->type, 0);

	/* The winner keeps its socket open until the process ends. */
	return fd < 0 ? errno : rill_bind(fd, &racer->addr);
}

TEST_F(bind, one_of_many_threads_gets_it)
{
	struct racer racer = { variant->type, rill_addr(7000) };
	struct rill_call call[8];
	int won = 0, lost = 0, err;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(call); i++)
		ASSERT_EQ(0, rill_call_start(&call[i], race_fn, &racer));
	for (i = 0; i < ARRAY_SIZE(call); i++) {
		err = rill_call_join(&call[i]);
		won += err == 0;
		lost += err == EADDRINUSE;
	}
	EXPECT_EQ(1, won);
	EXPECT_EQ(7, lost);
}

TEST_HARNESS_MAIN
