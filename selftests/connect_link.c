// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect(): networks, hosts and interfaces that are not there, or go away
 * while the request is pending (C13, C14, C15). What only a link between hosts
 * has is in connect_ether.c.
 */
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "rill_path.h"

/** OTHER_DEV - A second device, that the path does not use. */
#define OTHER_DEV	"rill1"

FIXTURE(link) {
	struct rill_path path;
};

FIXTURE_VARIANT(link) {
	const struct rill_path_ops *ops;
	int type;
};

FIXTURE_VARIANT_ADD(link, loop_stream) {
	.ops = &rill_path_loop_dev,
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(link, loop_seqpacket) {
	.ops = &rill_path_loop_dev,
	.type = SOCK_SEQPACKET,
};

FIXTURE_VARIANT_ADD(link, ether_stream) {
	.ops = &rill_path_ether,
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(link, ether_seqpacket) {
	.ops = &rill_path_ether,
	.type = SOCK_SEQPACKET,
};

FIXTURE_SETUP(link)
{
	int ret = rill_path_open(&self->path, variant->ops, variant->type);

	if (ret == -EPERM)
		SKIP(return, "needs root");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no kind of Ethernet device to make");
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN(link)
{
	rill_path_close(&self->path);
}

/* What holds on loopback alone. */
FIXTURE(own) {
	struct rill_path path;
};

FIXTURE_VARIANT(own) {
	int type;
};

FIXTURE_VARIANT_ADD(own, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(own, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_SETUP(own)
{
	int ret = rill_path_open(&self->path, &rill_path_loop_dev,
				 variant->type);

	if (ret == -EPERM)
		SKIP(return, "needs root");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no kind of Ethernet device to make");
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN(own)
{
	rill_path_close(&self->path);
}

/* How an address or a socket may name the path's device. */
enum naming {
	BY_BOTH,		/* interface and hardware address */
	BY_IFINDEX,		/* interface alone */
	BY_BIND,		/* bind() to the interface */
	BY_DEVICE,		/* SO_BINDTODEVICE */
	BY_HW,			/* hardware address alone: whose it is */
	NAMINGS,
};

/* The ways that make the request use this interface and no other. */
#define USES	BY_HW

/* A new client and where it connects, one naming the device. Fd or -errno. */
static int name_device(struct rill_path *path, enum naming by,
		       struct sockaddr_rill *addr)
{
	int fd = rill_path_socket(path, SOCK_NONBLOCK), err = 0;
	struct sockaddr_rill local = rill_addr(0);

	if (by != BY_BOTH && by != BY_IFINDEX)
		addr->srl_ifindex = 0;
	/* another host has to be named in any case */
	if (by != BY_BOTH && by != BY_HW && path->ops->at_once)
		memset(addr->srl_addr, 0, sizeof(addr->srl_addr));
	if (by == BY_BIND) {
		local.srl_ifindex = path->end[RILL_CLIENT].ifindex;
		err = rill_bind(fd, &local);
	} else if (by == BY_DEVICE) {
		err = setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE,
				 RILL_PATH_DEV, sizeof(RILL_PATH_DEV)) ?
		      errno : 0;
	}
	return err ? -err : fd;
}

/* A blocked listener, and a client pending that names the device @by. */
static int pending_by(struct rill_path *path, enum naming by, int *lfd,
		      struct sockaddr_rill *addr)
{
	int fd;

	*lfd = rill_path_listen(path, 0, addr);
	if (*lfd < 0 || rill_path_block(path, *lfd))
		return -EIO;
	fd = name_device(path, by, addr);
	if (fd >= 0 && (rill_connect(fd, addr) != EINPROGRESS ||
			rill_wait_pending(*lfd, 1)))
		return -EPROTO;
	return fd;
}

TEST_F(link, C01_named_by_device)
{
	struct sockaddr_rill addr, name;
	int lfd, fd, peer, by;

	for (by = 0; by < NAMINGS; by++) {
		lfd = rill_path_listen(&self->path, 0, &addr);
		ASSERT_LE(0, lfd);
		fd = name_device(&self->path, by, &addr);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, rill_path_connect(&self->path, fd, &addr));
		peer = rill_accept(lfd);
		ASSERT_LE(0, peer);
		EXPECT_EQ(0, rill_ping(fd, peer));
		ASSERT_EQ(0, rill_peer(fd, &name));
		EXPECT_EQ(addr.srl_port, name.srl_port);
		close(fd);
		close(peer);
		close(lfd);
	}
}

TEST_F(own, C13_nobody_has_that_address)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, SOCK_NONBLOCK);

	ASSERT_LE(0, lfd);
	/* loopback does not lead to a foreign address, Ethernet is off */
	ASSERT_EQ(0, rill_sysctl_set("ethernet", "0"));
	addr.srl_addr[5] ^= 1;
	EXPECT_EQ(ENETUNREACH, rill_connect(fd, &addr));
	addr.srl_ifindex = 0;
	EXPECT_EQ(ENETUNREACH, rill_connect(fd, &addr));
	/* C33 */
	addr.srl_addr[5] ^= 1;
	EXPECT_EQ(0, rill_path_connect(&self->path, fd, &addr));
}

TEST_F(link, C13_device_was_removed)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, 0);

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_dev_del(RILL_PATH_DEV));
	EXPECT_EQ(ENETUNREACH, rill_connect(fd, &addr));
	addr.srl_ifindex = 0;
	EXPECT_EQ(ENETUNREACH, rill_connect(fd, &addr));
	/* where it listens on any it can be reached otherwise */
	memset(addr.srl_addr, 0, sizeof(addr.srl_addr));
	EXPECT_EQ(variant->ops->at_once ? 0 : ECONNREFUSED,
		  rill_connect(fd, &addr));
}

TEST_F(link, C13_switched_off)
{
	const char *name = variant->ops->at_once ? "loopback" : "ethernet";
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, 0);

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_sysctl_set(name, "0"));
	EXPECT_EQ(ENETUNREACH, rill_connect(fd, &addr));
	ASSERT_EQ(0, rill_sysctl_set(name, "1"));
	EXPECT_EQ(0, rill_connect(fd, &addr));
}

TEST_F(link, C14_address_vanishes_while_pending)
{
	__u8 hw[RILL_HWADDR_LEN] = { 2, 0, 0, 0, 0, 1 };
	struct sockaddr_rill addr;
	int lfd, fd;

	fd = pending_by(&self->path, BY_HW, &lfd, &addr);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_path_set_hw(&self->path, RILL_SERVER, hw));
	EXPECT_EQ(POLLOUT | POLLERR | POLLHUP, rill_poll_wait(fd, POLLOUT));
	EXPECT_EQ(EHOSTUNREACH, rill_so_error(fd));
	EXPECT_EQ(0, rill_wait_pending(lfd, 0));
	/* on a link those that block it have ended as well */
	if (variant->ops->at_once)
		ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	if (variant->ops->at_once)
		EXPECT_TRUE(rill_nothing_to_accept(lfd));
}

TEST_F(link, C14_address_vanishes_while_blocked)
{
	__u8 hw[RILL_HWADDR_LEN] = { 2, 0, 0, 0, 0, 1 };
	struct rill_blocked b;

	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	ASSERT_EQ(0, rill_wait_pending(b.lfd, 1));
	ASSERT_EQ(0, rill_path_set_hw(&self->path, RILL_SERVER, hw));
	EXPECT_EQ(EHOSTUNREACH, rill_call_join(&b.call));
	EXPECT_EQ(0, rill_so_error(b.conn.fd));
	EXPECT_EQ(0, rill_wait_pending(b.lfd, 0));
}

TEST_F(link, C15_is_down)
{
	struct sockaddr_rill addr;
	int lfd, fd, by;

	for (by = 0; by < USES; by++) {
		lfd = rill_path_listen(&self->path, 0, &addr);
		ASSERT_LE(0, lfd);
		fd = name_device(&self->path, by, &addr);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, rill_dev_up(RILL_PATH_DEV, false));
		EXPECT_EQ(ENETDOWN, rill_connect(fd, &addr));
		EXPECT_EQ(0, rill_so_error(fd));
		ASSERT_EQ(0, rill_dev_up(RILL_PATH_DEV, true));
		EXPECT_EQ(0, rill_path_connect(&self->path, fd, &addr));
		close(fd);
		close(lfd);
	}
}

/* A way by another interface: one named by the path, the other by bind(). */
TEST_F(link, C17_not_from_the_bound_interface)
{
	struct sockaddr_rill addr, local = rill_addr(0);
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, 0);
	int other = rill_dev_add(OTHER_DEV);

	ASSERT_LE(0, lfd);
	ASSERT_LT(0, other);
	ASSERT_EQ(0, rill_dev_up(OTHER_DEV, true));
	local.srl_ifindex = other;
	ASSERT_EQ(0, rill_bind(fd, &local));
	EXPECT_EQ(EADDRNOTAVAIL, rill_connect(fd, &addr));
	EXPECT_EQ(0, rill_so_error(fd));
	addr.srl_ifindex = 0;
	/* a host of one link is not found on another */
	ASSERT_EQ(0, rill_setsockopt_int(fd, SOL_RILL, RILL_CONNECT_TIMEOUT,
					 500));
	EXPECT_EQ(variant->ops->at_once ? 0 : ETIMEDOUT,
		  rill_connect(fd, &addr));
}

TEST_F(link, C15_goes_down_while_pending)
{
	struct sockaddr_rill addr;
	int lfd, fd, by;

	for (by = 0; by < USES; by++) {
		fd = pending_by(&self->path, by, &lfd, &addr);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, rill_dev_up(RILL_PATH_DEV, false));
		EXPECT_EQ(POLLOUT | POLLERR | POLLHUP,
			  rill_poll_wait(fd, POLLOUT));
		EXPECT_EQ(ENETDOWN, rill_so_error(fd));
		/* another host may learn of it by asking: when there is room */
		if (variant->ops->at_once)
			EXPECT_EQ(0, rill_wait_pending(lfd, 0));
		ASSERT_EQ(0, rill_dev_up(RILL_PATH_DEV, true));
		ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
		EXPECT_EQ(0, rill_wait_pending(lfd, 0));
		EXPECT_TRUE(rill_nothing_to_accept(lfd));
		/* C33 */
		EXPECT_EQ(0, rill_path_connect(&self->path, fd, &addr));
		close(fd);
		close(lfd);
	}
}

TEST_F(link, C15_goes_down_while_blocked)
{
	struct rill_blocked b;

	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	ASSERT_EQ(0, rill_dev_up(RILL_PATH_DEV, false));
	EXPECT_EQ(ENETDOWN, rill_call_join(&b.call));
	EXPECT_EQ(0, rill_so_error(b.conn.fd));
	if (variant->ops->at_once)
		EXPECT_EQ(0, rill_wait_pending(b.lfd, 0));
}

TEST_F(link, C15_goes_away_while_pending)
{
	struct sockaddr_rill addr;
	int lfd, fd;

	fd = pending_by(&self->path, BY_BOTH, &lfd, &addr);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_dev_del(RILL_PATH_DEV));
	EXPECT_EQ(POLLOUT | POLLERR | POLLHUP, rill_poll_wait(fd, POLLOUT));
	EXPECT_EQ(ENETDOWN, rill_so_error(fd));
	EXPECT_EQ(0, rill_wait_pending(lfd, 0));
}

TEST_F(link, C15_goes_away_while_blocked)
{
	struct rill_blocked b;

	ASSERT_EQ(0, rill_blocked_start(&b, &self->path));
	ASSERT_EQ(0, rill_dev_del(RILL_PATH_DEV));
	EXPECT_EQ(ENETDOWN, rill_call_join(&b.call));
}

/* lo is an interface like others where it is named. */
TEST_F(own, C15_lo_is_down)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd = rill_path_socket(&self->path, 0);

	ASSERT_LE(0, lfd);
	addr = rill_addr_hw(NULL, if_nametoindex("lo"), rill_port(&addr));
	ASSERT_EQ(0, rill_dev_up("lo", false));
	EXPECT_EQ(ENETDOWN, rill_connect(fd, &addr));
	/* and needed by nobody who does not name it */
	addr.srl_ifindex = 0;
	EXPECT_EQ(0, rill_connect(fd, &addr));
}

/* What happens to other devices is not this request's business. */
TEST_F(link, C15_another_device)
{
	__u8 hw[RILL_HWADDR_LEN] = { 2, 0, 0, 0, 0, 2 };
	int lfd, fd[NAMINGS], peer, by;
	struct sockaddr_rill addr;

	ASSERT_LT(0, rill_dev_add(OTHER_DEV));
	ASSERT_EQ(0, rill_dev_up(OTHER_DEV, true));
	lfd = rill_path_listen(&self->path, NAMINGS, &addr);
	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_path_block(&self->path, lfd));
	for (by = 0; by < NAMINGS; by++) {
		struct sockaddr_rill dest = addr;

		fd[by] = name_device(&self->path, by, &dest);
		ASSERT_LE(0, fd[by]);
		ASSERT_EQ(EINPROGRESS, rill_connect(fd[by], &dest));
		ASSERT_EQ(0, rill_wait_pending(lfd, by + 1));
	}
	ASSERT_EQ(0, rill_dev_set_hw(OTHER_DEV, hw));
	ASSERT_EQ(0, rill_dev_up(OTHER_DEV, false));
	ASSERT_EQ(0, rill_dev_del(OTHER_DEV));
	EXPECT_EQ(0, rill_wait_pending(lfd, NAMINGS));
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	for (by = 0; by < NAMINGS; by++) {
		peer = rill_accept(lfd);
		ASSERT_LE(0, peer);
		EXPECT_EQ(0, rill_ping(fd[by], peer));
	}
}

/* One that names no device is not ended by any. */
TEST_F(own, C15_no_device_named)
{
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&self->path, 0, &addr);
	int fd;

	ASSERT_LE(0, lfd);
	ASSERT_EQ(0, rill_path_block(&self->path, lfd));
	addr = rill_addr(rill_port(&addr));
	fd = rill_path_pending(&self->path, &addr);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_dev_del(RILL_PATH_DEV));
	ASSERT_EQ(0, rill_path_unblock(&self->path, lfd));
	ASSERT_LE(0, rill_accept(lfd));
	EXPECT_EQ(POLLOUT, rill_poll_wait(fd, POLLOUT));
}

TEST_HARNESS_MAIN
