// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect() on SOCK_DGRAM: the peer that send() goes to and the only one to
 * be heard (C29, C30), any number of times (C31), and none again (C32).
 */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "rill_path.h"

/**
 * struct talk - Three sockets.
 * @path: Between the first and the others.
 * @fd: The one under test.
 * @addr: Its address, once bound, as the others name it.
 * @peer: Two that it may choose.
 * @name: Their addresses, as it names them.
 */
struct talk {
	struct rill_path path;
	int fd;
	struct sockaddr_rill addr;
	int peer[2];
	struct sockaddr_rill name[2];
};

FIXTURE(dgram) {
	struct talk talk;
};

FIXTURE_VARIANT(dgram) {
	const struct rill_path_ops *ops;
	int dialect;
};

FIXTURE_VARIANT_ADD(dgram, linux) {
	.ops = &rill_path_loop,
	.dialect = RILL_DIALECT_LINUX,
};

FIXTURE_VARIANT_ADD(dgram, posix) {
	.ops = &rill_path_loop,
	.dialect = RILL_DIALECT_POSIX,
};

FIXTURE_VARIANT_ADD(dgram, freebsd) {
	.ops = &rill_path_loop,
	.dialect = RILL_DIALECT_FREEBSD,
};

FIXTURE_VARIANT_ADD(dgram, bsd) {
	.ops = &rill_path_loop,
	.dialect = RILL_DIALECT_BSD,
};

FIXTURE_VARIANT_ADD(dgram, ether_linux) {
	.ops = &rill_path_ether,
	.dialect = RILL_DIALECT_LINUX,
};

FIXTURE_VARIANT_ADD(dgram, ether_posix) {
	.ops = &rill_path_ether,
	.dialect = RILL_DIALECT_POSIX,
};

FIXTURE_VARIANT_ADD(dgram, ether_freebsd) {
	.ops = &rill_path_ether,
	.dialect = RILL_DIALECT_FREEBSD,
};

FIXTURE_VARIANT_ADD(dgram, ether_bsd) {
	.ops = &rill_path_ether,
	.dialect = RILL_DIALECT_BSD,
};

FIXTURE_SETUP(dgram)
{
	struct talk *t = &self->talk;
	int ret = rill_path_open(&t->path, variant->ops, SOCK_SEQPACKET), i;

	if (ret == -EPERM)
		SKIP(return, "needs root");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no kind of Ethernet device to make");
	ASSERT_EQ(0, ret);
	for (i = 0; i < 2; i++) {
		t->peer[i] = rill_path_bound(&t->path, RILL_SERVER,
					     &t->name[i]);
		ASSERT_LE(0, t->peer[i]);
	}
	t->fd = socket(AF_RILL, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ASSERT_LE(0, t->fd);
	ASSERT_EQ(0, rill_setsockopt_int(t->fd, SOL_RILL, RILL_DIALECT,
					 variant->dialect));
}

FIXTURE_TEARDOWN(dgram)
{
	rill_path_close(&self->talk.path);
}

/* Bind the socket under test, for tests that send to it first. */
static int bind_here(struct talk *t)
{
	int err;

	t->addr = rill_addr(0);
	err = rill_bind(t->fd, &t->addr) ? : rill_local(t->fd, &t->addr);
	t->path.ops->address(&t->path, RILL_CLIENT, &t->addr);
	return err;
}

/* send() one letter. Return: 0 or errno. */
static int say(int fd, char letter)
{
	return send(fd, &letter, 1, MSG_NOSIGNAL) == 1 ? 0 : errno;
}

static int say_to(int fd, char letter, const struct sockaddr_rill *to)
{
	return sendto(fd, &letter, 1, MSG_NOSIGNAL,
		      (const struct sockaddr *)to, sizeof(*to)) == 1 ?
	       0 : errno;
}

/* The letter that is there to read, or -errno. */
static int hear(int fd)
{
	char letter;

	return recv(fd, &letter, 1, 0) == 1 ? letter : -errno;
}

/* The letter that comes, or -errno. */
static int heard(int fd)
{
	int events = rill_poll_wait(fd, POLLIN);

	return events < 0 ? events : hear(fd);
}

/* The call that dissolves, as the dialect has it. */
static int dissolve_result(int dialect)
{
	return dialect == RILL_DIALECT_BSD ? EAFNOSUPPORT : 0;
}

TEST_F(dgram, C02_unbound_is_bound)
{
	struct talk *t = &self->talk;
	struct sockaddr_rill name, seen;

	ASSERT_EQ(0, rill_connect(t->fd, &t->name[0]));
	ASSERT_EQ(0, rill_local(t->fd, &name));
	EXPECT_NE(0, name.srl_port);
	/* and this address is what the peer answers to */
	ASSERT_EQ(0, say(t->fd, 'a'));
	ASSERT_EQ('a', heard(t->peer[0]));
	seen = name;
	t->path.ops->address(&t->path, RILL_CLIENT, &seen);
	EXPECT_EQ(0, say_to(t->peer[0], 'b', &seen));
	EXPECT_EQ('b', heard(t->fd));
}

TEST_F(dgram, C02_bound_keeps_its_address)
{
	struct talk *t = &self->talk;
	struct sockaddr_rill name;

	ASSERT_EQ(0, bind_here(t));
	ASSERT_EQ(0, rill_connect(t->fd, &t->name[0]));
	ASSERT_EQ(0, rill_local(t->fd, &name));
	EXPECT_EQ(t->addr.srl_port, name.srl_port);
	EXPECT_EQ(dissolve_result(variant->dialect),
		  rill_connect_unspec(t->fd));
	ASSERT_EQ(0, rill_local(t->fd, &name));
	EXPECT_EQ(t->addr.srl_port, name.srl_port);
}

TEST_F(dgram, C29_send_goes_to_the_peer)
{
	struct talk *t = &self->talk;
	struct sockaddr_rill name;

	EXPECT_EQ(EDESTADDRREQ, say(t->fd, 'x'));
	EXPECT_EQ(ENOTCONN, rill_peer(t->fd, &name));
	ASSERT_EQ(0, rill_connect(t->fd, &t->name[0]));
	ASSERT_EQ(0, rill_peer(t->fd, &name));
	EXPECT_EQ(t->name[0].srl_port, name.srl_port);
	EXPECT_EQ(0, say(t->fd, 'a'));
	EXPECT_EQ('a', heard(t->peer[0]));
	EXPECT_EQ(-EAGAIN, hear(t->peer[1]));
	/* elsewhere it goes when told so, once */
	EXPECT_EQ(0, say_to(t->fd, 'b', &t->name[1]));
	EXPECT_EQ('b', heard(t->peer[1]));
	EXPECT_EQ(0, say(t->fd, 'c'));
	EXPECT_EQ('c', heard(t->peer[0]));
}

TEST_F(dgram, C29_no_peer_need_be_there)
{
	bool at_once = variant->ops->at_once;
	struct talk *t = &self->talk;
	struct sockaddr_rill name;

	/* no connection is made: connect() only notes where to */
	close(t->peer[0]);
	EXPECT_EQ(0, rill_connect(t->fd, &t->name[0]));
	EXPECT_EQ(0, rill_peer(t->fd, &name));
	EXPECT_EQ(at_once ? ECONNREFUSED : 0, say(t->fd, 'a'));
	if (!at_once) {
		/* another host's word comes later */
		EXPECT_NE(0, rill_poll_wait(t->fd, 0) & POLLERR);
		EXPECT_EQ(ECONNREFUSED, rill_so_error(t->fd));
		EXPECT_EQ(0, rill_so_error(t->fd));
	}
	/* still connected, and it works when there is one */
	name = rill_addr(rill_port(&t->name[0]));
	t->peer[0] = t->path.ops->socket(&t->path, RILL_SERVER,
					 SOCK_DGRAM | SOCK_NONBLOCK);
	ASSERT_EQ(0, rill_bind(t->peer[0], &name));
	EXPECT_EQ(0, say(t->fd, 'b'));
	EXPECT_EQ('b', heard(t->peer[0]));
}

TEST_F(dgram, C30_only_the_peer_is_heard)
{
	struct talk *t = &self->talk;

	ASSERT_EQ(0, bind_here(t));
	ASSERT_EQ(0, rill_connect(t->fd, &t->name[0]));
	say_to(t->peer[1], 'x', &t->addr);
	EXPECT_EQ(-EAGAIN, hear(t->fd));
	EXPECT_EQ(0, rill_poll(t->fd, POLLIN));
	EXPECT_EQ(0, say_to(t->peer[0], 'a', &t->addr));
	EXPECT_EQ('a', heard(t->fd));
	EXPECT_EQ(-EAGAIN, hear(t->fd));
}

TEST_F(dgram, C30_queued_before_the_call)
{
	struct talk *t = &self->talk;

	ASSERT_EQ(0, bind_here(t));
	ASSERT_EQ(0, say_to(t->peer[1], 'x', &t->addr));
	ASSERT_EQ(0, say_to(t->peer[0], 'a', &t->addr));
	ASSERT_EQ(0, say_to(t->peer[1], 'y', &t->addr));
	ASSERT_EQ(0, say_to(t->peer[0], 'b', &t->addr));
	ASSERT_EQ(0, rill_wait_recvq(t->fd, 4));
	ASSERT_EQ(0, rill_connect(t->fd, &t->name[0]));
	EXPECT_EQ(POLLIN, rill_poll(t->fd, POLLIN));
	EXPECT_EQ('a', heard(t->fd));
	EXPECT_EQ('b', heard(t->fd));
	EXPECT_EQ(-EAGAIN, hear(t->fd));
	EXPECT_EQ(0, rill_poll(t->fd, POLLIN));
}

TEST_F(dgram, C30_queued_from_others_only)
{
	struct talk *t = &self->talk;

	ASSERT_EQ(0, bind_here(t));
	ASSERT_EQ(0, say_to(t->peer[1], 'x', &t->addr));
	ASSERT_EQ(0, rill_wait_recvq(t->fd, 1));
	ASSERT_EQ(0, rill_connect(t->fd, &t->name[0]));
	EXPECT_EQ(0, rill_poll(t->fd, POLLIN));
	EXPECT_EQ(-EAGAIN, hear(t->fd));
	/* gone for good, not hidden */
	rill_connect_unspec(t->fd);
	EXPECT_EQ(-EAGAIN, hear(t->fd));
}

TEST_F(dgram, C31_last_one_wins)
{
	struct talk *t = &self->talk;
	struct sockaddr_rill name;
	int i;

	ASSERT_EQ(0, bind_here(t));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, rill_connect(t->fd, &t->name[i & 1]));
		ASSERT_EQ(0, rill_peer(t->fd, &name));
		EXPECT_EQ(t->name[i & 1].srl_port, name.srl_port);
		EXPECT_EQ(0, say(t->fd, 'a'));
		EXPECT_EQ('a', heard(t->peer[i & 1]));
		EXPECT_EQ(-EAGAIN, hear(t->peer[~i & 1]));
		say_to(t->peer[~i & 1], 'x', &t->addr);
		EXPECT_EQ(-EAGAIN, hear(t->fd));
	}
}

/* After a failed connect(): the old peer or none, never a mixture. */
static void old_or_none(struct __test_metadata *_metadata,
			struct talk *t)
{
	struct sockaddr_rill name;
	int err = rill_peer(t->fd, &name);

	EXPECT_TRUE(!err || err == ENOTCONN);
	if (!err)
		EXPECT_TRUE(!memcmp(&name, &t->addr, sizeof(name)));
	EXPECT_EQ(err ? EDESTADDRREQ : 0, say(t->fd, 'a'));
	EXPECT_EQ(err ? -EAGAIN : 'a',
		  err ? hear(t->peer[0]) : heard(t->peer[0]));
	EXPECT_EQ(-EAGAIN, hear(t->peer[1]));
	EXPECT_EQ(0, rill_so_error(t->fd));
}

TEST_F(dgram, C31_failure_leaves_old_or_none)
{
	struct talk *t = &self->talk;
	static const __u8 multicast[RILL_HWADDR_LEN] = { 1, 2, 3, 4, 5, 6 };
	struct sockaddr_rill stream = rill_addr(0), bad;
	int lfd = rill_listener(SOCK_STREAM, 0, &stream);

	ASSERT_LE(0, lfd);
	/* ports are per type: make sure that no datagram socket has this one */
	ASSERT_NE(stream.srl_port, t->name[0].srl_port);
	ASSERT_NE(stream.srl_port, t->name[1].srl_port);
	ASSERT_EQ(0, rill_connect(t->fd, &t->name[0]));
	ASSERT_EQ(0, rill_peer(t->fd, &t->addr));

	/* what another host has there connect() does not ask */
	if (variant->ops->at_once)
		EXPECT_EQ(EPROTOTYPE, rill_connect(t->fd, &stream));
	old_or_none(_metadata, t);
	bad = t->name[1];
	bad.srl_port = 0;
	bad.srl_ifindex = 1;
	EXPECT_EQ(EADDRNOTAVAIL, rill_connect(t->fd, &bad));
	old_or_none(_metadata, t);
	bad = t->name[1];
	memset(bad.srl_addr, 0xff, sizeof(bad.srl_addr));
	EXPECT_EQ(EACCES, rill_connect(t->fd, &bad));
	old_or_none(_metadata, t);
	bad = t->name[1];
	bad.srl_ifindex = 0x7ffffff0;
	EXPECT_EQ(ENETUNREACH, rill_connect(t->fd, &bad));
	old_or_none(_metadata, t);
	bad = t->name[1];
	memcpy(bad.srl_addr, multicast, sizeof(multicast));
	EXPECT_NE(0, rill_connect(t->fd, &bad));
	old_or_none(_metadata, t);
	bad = t->name[1];
	bad.srl_zero[0] = 1;
	EXPECT_EQ(EINVAL, rill_connect(t->fd, &bad));
	old_or_none(_metadata, t);
	bad = t->name[1];
	bad.srl_family = AF_INET;
	EXPECT_EQ(EAFNOSUPPORT, rill_connect(t->fd, &bad));
	old_or_none(_metadata, t);
	EXPECT_EQ(EINVAL, rill_connect_raw(t->fd, &t->name[1], 15));
	old_or_none(_metadata, t);
	EXPECT_EQ(EFAULT, rill_connect_raw(t->fd, (void *)8, 16));
	old_or_none(_metadata, t);
}

/* Dissolved: no peer, and everyone is heard again. */
static void dissolved(struct __test_metadata *_metadata,
		      struct talk *t)
{
	struct sockaddr_rill name;

	EXPECT_EQ(ENOTCONN, rill_peer(t->fd, &name));
	EXPECT_EQ(EDESTADDRREQ, say(t->fd, 'x'));
	EXPECT_EQ(0, say_to(t->fd, 'a', &t->name[1]));
	EXPECT_EQ('a', heard(t->peer[1]));
	EXPECT_EQ(0, say_to(t->peer[1], 'b', &t->addr));
	EXPECT_EQ('b', heard(t->fd));
	EXPECT_EQ(0, rill_so_error(t->fd));
	/* and connected again for the next way to dissolve */
	ASSERT_EQ(0, rill_connect(t->fd, &t->name[0]));
}

TEST_F(dgram, C32_unspec_dissolves)
{
	struct talk *t = &self->talk;
	int result = dissolve_result(variant->dialect);
	struct sockaddr_storage store = { .ss_family = AF_UNSPEC };
	socklen_t len;

	ASSERT_EQ(0, bind_here(t));
	ASSERT_EQ(0, rill_connect(t->fd, &t->name[0]));
	for (len = sizeof(sa_family_t); len <= sizeof(store); len += 7) {
		EXPECT_EQ(result, rill_connect_raw(t->fd, &store, len));
		dissolved(_metadata, t);
	}
	EXPECT_EQ(result, rill_connect_raw(t->fd, &store, sizeof(store)));
	dissolved(_metadata, t);
	/* one byte is no family */
	EXPECT_EQ(EINVAL, rill_connect_raw(t->fd, &store, 1));
	EXPECT_EQ(0, rill_peer(t->fd, &t->name[1]));
}

TEST_F(dgram, C32_unspec_without_peer)
{
	struct talk *t = &self->talk;

	EXPECT_EQ(dissolve_result(variant->dialect),
		  rill_connect_unspec(t->fd));
	EXPECT_EQ(EDESTADDRREQ, say(t->fd, 'x'));
}

TEST_F(dgram, C32_null_address)
{
	struct talk *t = &self->talk;
	int result = dissolve_result(variant->dialect);
	struct sockaddr_rill zero = rill_addr(0), name;
	bool dissolves = variant->dialect == RILL_DIALECT_FREEBSD ||
			 variant->dialect == RILL_DIALECT_BSD;

	ASSERT_EQ(0, bind_here(t));
	ASSERT_EQ(0, rill_connect(t->fd, &t->name[0]));
	if (dissolves) {
		EXPECT_EQ(result, rill_connect_raw(t->fd, NULL, 0));
		dissolved(_metadata, t);
		EXPECT_EQ(result, rill_connect_raw(t->fd, &zero, 0));
		dissolved(_metadata, t);
		EXPECT_EQ(result, rill_connect(t->fd, &zero));
		dissolved(_metadata, t);
	} else {
		EXPECT_EQ(EINVAL, rill_connect_raw(t->fd, NULL, 0));
		EXPECT_EQ(EADDRNOTAVAIL, rill_connect(t->fd, &zero));
		EXPECT_EQ(0, rill_peer(t->fd, &name));
		EXPECT_EQ(0, say(t->fd, 'a'));
		EXPECT_EQ('a', heard(t->peer[0]));
	}
}

TEST_F(dgram, C24_other_type)
{
	struct talk *t = &self->talk;
	bool at_once = variant->ops->at_once;
	struct sockaddr_rill addr;
	int lfd = rill_path_listen(&t->path, 0, &addr);
	int err;

	ASSERT_LE(0, lfd);
	ASSERT_NE(addr.srl_port, t->name[0].srl_port);
	ASSERT_NE(addr.srl_port, t->name[1].srl_port);
	EXPECT_EQ(at_once ? EPROTOTYPE : 0, rill_connect(t->fd, &addr));
	EXPECT_EQ(at_once ? EPROTOTYPE : 0, say_to(t->fd, 'x', &addr));
	if (at_once)
		return;
	/* no contact was made until then */
	EXPECT_NE(0, rill_poll_wait(t->fd, 0) & POLLERR);
	err = rill_so_error(t->fd);
	EXPECT_TRUE(err == EPROTOTYPE || err == ECONNREFUSED);
}

TEST_F(dgram, C27_broadcast)
{
	struct talk *t = &self->talk;
	struct sockaddr_rill all = t->name[0];

	memset(all.srl_addr, 0xff, sizeof(all.srl_addr));
	EXPECT_EQ(EACCES, rill_connect(t->fd, &all));
	EXPECT_EQ(EACCES, say_to(t->fd, 'x', &all));
	ASSERT_EQ(0, rill_setsockopt_int(t->fd, SOL_SOCKET, SO_BROADCAST,
					 1));
	EXPECT_NE(EACCES, rill_connect(t->fd, &all));
}

/* connect() of both to each other: a conversation without strangers. */
TEST_F(dgram, C29_pair)
{
	struct talk *t = &self->talk;

	ASSERT_EQ(0, bind_here(t));
	ASSERT_EQ(0, rill_connect(t->fd, &t->name[0]));
	ASSERT_EQ(0, rill_connect(t->peer[0], &t->addr));
	say_to(t->peer[1], 'x', &t->name[0]);
	EXPECT_EQ(0, say(t->fd, 'a'));
	EXPECT_EQ(0, say(t->peer[0], 'b'));
	EXPECT_EQ('a', heard(t->peer[0]));
	EXPECT_EQ('b', heard(t->fd));
	EXPECT_EQ(-EAGAIN, hear(t->peer[0]));
}

TEST_HARNESS_MAIN
