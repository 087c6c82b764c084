// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network namespaces: apart from each other, and gone when they should be.
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/wait.h>
#include "rill_io.h"

FIXTURE(netns) {
	struct sockaddr_rill addr;
	int listener;
};

FIXTURE_VARIANT(netns) {
	int type;
};

FIXTURE_VARIANT_ADD(netns, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(netns, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_SETUP(netns)
{
	RILL_IN_NETNS(return);
	self->addr = rill_addr(7000);
	self->listener = rill_listener(variant->type, 2, &self->addr);
	ASSERT_LE(0, self->listener);
}

FIXTURE_TEARDOWN(netns)
{
	close(self->listener);
}

TEST_F(netns, ports_are_not_shared)
{
	struct sockaddr_rill addr = rill_addr(7000);
	int own;

	ASSERT_EQ(0, rill_netns_new());
	EXPECT_EQ(-ECONNREFUSED, rill_client(variant->type, &self->addr));
	own = rill_listener(variant->type, 2, &addr);
	ASSERT_LE(0, own);
	ASSERT_LE(0, rill_client(variant->type, &addr));
	ASSERT_EQ(0, rill_set_nonblock(self->listener, true));
	EXPECT_EQ(-EAGAIN, rill_accept_one(self->listener));
	EXPECT_LE(0, rill_accept_one(own));
}

TEST_F(netns, a_socket_stays_in_its_own)
{
	int client = socket(AF_RILL, variant->type, 0);
	int child;
	char c;

	ASSERT_LE(0, client);
	ASSERT_EQ(0, rill_netns_new());
	ASSERT_EQ(0, rill_connect(client, &self->addr));
	child = rill_accept_one(self->listener);
	ASSERT_LE(0, child);
	EXPECT_EQ(1, rill_send(client, "x", 1, 0));
	EXPECT_EQ(1, rill_recv(child, &c, 1, 0));
	EXPECT_EQ(0, rill_socket_count());
}

TEST_F(netns, devices_are_not_shared)
{
	struct sockaddr_rill addr;
	unsigned char hw[RILL_HWADDR_LEN];
	int dev = rill_dev_add("rilldev0");
	int there = socket(AF_RILL, variant->type, 0);
	int here;

	ASSERT_LT(0, dev);
	ASSERT_EQ(0, rill_dev_hw("rilldev0", hw));
	ASSERT_EQ(0, rill_netns_new());
	here = socket(AF_RILL, variant->type, 0);
	addr = rill_addr_hw(hw, 0, 7100);
	EXPECT_EQ(EADDRNOTAVAIL, rill_bind(here, &addr));
	EXPECT_EQ(0, rill_bind(there, &addr));
	addr = rill_addr_hw(NULL, dev, 7101);
	EXPECT_EQ(EADDRNOTAVAIL, rill_bind(here, &addr));
	EXPECT_EQ(ENETUNREACH, rill_connect(here, &addr));
}

/* Sends @fd through the AF_UNIX socket @via. */
static int pass_fd(int via, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	return sendmsg(via, &msg, 0) == 1 ? 0 : -errno;
}

static int take_fd(int via)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, c;
	struct iovec iov = { &c, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(via, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return -EIO;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return fd;
}

TEST_F(netns, passed_to_a_process_elsewhere)
{
	int via[2], fd[2], got, status;
	char buf[8];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, via));
	ASSERT_EQ(0, rill_pair(variant->type, fd));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(fd[0]);
		close(fd[1]);
		if (rill_netns_new())
			_exit(1);
		got = take_fd(via[1]);
		if (got < 0 || rill_recv(got, buf, 8, 0) != 4)
			_exit(2);
		_exit(rill_send(got, "pong", 4, 0) == 4 ? 0 : 3);
	}
	ASSERT_EQ(0, pass_fd(via[0], fd[1]));
	close(fd[1]);
	ASSERT_EQ(4, rill_send(fd[0], "ping", 4, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(4, rill_recv(fd[0], buf, 8, 0));
	EXPECT_EQ(0, rill_recv(fd[0], buf, 8, 0));
}

/* What a child's namespace holds when the child ends. */
static int populate(int type)
{
	struct sockaddr_rill addr = rill_addr(0), dgram = rill_addr(0);
	int fd[2], i;

	if (rill_listener(type, 0, &addr) < 0)
		return 1;
	for (i = 0; i < 3; i++)		/* one established, two pending */
		if (rill_client(type | SOCK_NONBLOCK, &addr) < 0)
			return 2;
	if (rill_pair_any(type, fd) || rill_send(fd[0], "unread", 6, 0) != 6)
		return 3;
	i = rill_bound(SOCK_DGRAM, &dgram);
	if (i < 0 || rill_sendto(i, "to myself", 9, 0, &dgram) != 9)
		return 4;
	return 0;
}

static bool device_gone(void *arg)
{
	return !if_nametoindex(arg);
}

/* Puts the far end of a veth into the namespace of @pid. 0 or -1. */
static int veth_into(pid_t pid)
{
	char command[128];

	snprintf(command, sizeof(command),
		 "ip link add rillv0 type veth peer name rillv1 netns %d", pid);
	return system(command) ? -1 : 0;
}

TEST_F(netns, dies_with_sockets_in_it)
{
	int go[2], ready[2], status;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(go[1]);
		status = rill_netns_new() ? 9 : populate(variant->type);
		write(ready[1], "x", 1);
		read(go[0], &c, 1);
		_exit(status);
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	/* When its namespace is gone so is our end of the veth. */
	if (veth_into(pid)) {
		close(go[1]);
		SKIP(return, "no ip(8) or no veth");
	}
	EXPECT_NE(0, if_nametoindex("rillv0"));
	close(go[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, rill_wait_until(device_gone, "rillv0"));
}

TEST_F(netns, lives_while_a_socket_is_held)
{
	int via[2], held, peer, status;
	char buf[8];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, via));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd[2];

		if (rill_netns_new() || rill_pair(variant->type, fd))
			_exit(1);
		read(via[1], buf, 1);
		_exit(pass_fd(via[1], fd[0]) || pass_fd(via[1], fd[1]));
	}
	if (veth_into(pid)) {
		kill(pid, SIGKILL);
		SKIP(return, "no ip(8) or no veth");
	}
	ASSERT_EQ(1, write(via[0], "x", 1));
	held = take_fd(via[0]);
	peer = take_fd(via[0]);
	ASSERT_LE(0, held);
	ASSERT_LE(0, peer);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(4, rill_send(held, "here", 4, 0));
	EXPECT_EQ(4, rill_recv(peer, buf, 8, 0));
	EXPECT_NE(0, if_nametoindex("rillv0"));
	close(held);
	EXPECT_NE(0, if_nametoindex("rillv0"));
	close(peer);
	EXPECT_EQ(0, rill_wait_until(device_gone, "rillv0"));
}

struct low_port {
	int type;
	int flags;
	int want;
};

/* As nobody, in new namespaces: 0, 77 when there are none for nobody. */
static int bind_low(void *arg)
{
	struct sockaddr_rill addr = rill_addr(80);
	struct low_port *p = arg;
	int fd, err;

	if (rill_drop_root())
		return 1;
	if (unshare(p->flags))
		return 77;
	fd = socket(AF_RILL, p->type, 0);
	if (fd < 0)
		return 2;
	err = rill_bind(fd, &addr);
	return err == p->want ? 0 : 3;
}

TEST_F(netns, low_ports_in_a_user_namespace)
{
	struct low_port cases[] = {
		{ variant->type, CLONE_NEWUSER | CLONE_NEWNET, 0 },
		/* Root in a user namespace that does not own this one. */
		{ variant->type, CLONE_NEWUSER, EACCES },
		{ variant->type, 0, EACCES },
	};
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ret = rill_in_child(bind_low, &cases[i]);
		if (ret == 77)
			SKIP(return, "no user namespaces here");
		EXPECT_EQ(0, ret)
			TH_LOG("case %u", i);
	}
}

TEST_F(netns, many_come_and_go)
{
	int i, n = 40 / rill_slow() + 4;
	struct sockaddr_rill addr;
	int fd[2];

	for (i = 0; i < n; i++) {
		addr = rill_addr(7000);
		ASSERT_EQ(0, rill_netns_new());
		ASSERT_LE(0, rill_listener(variant->type, 0, &addr));
		ASSERT_LE(0, rill_client(variant->type, &addr));
		ASSERT_EQ(0, rill_pair(variant->type, fd));
		close(fd[0]);
		ASSERT_EQ(4, rill_socket_count());
	}
}

TEST_HARNESS_MAIN
