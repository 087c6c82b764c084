// SPDX-License-Identifier: GPL-2.0-only
/*
 * sock_diag: listing sockets, finding one, destroying one.
 */
#include "kselftest_harness.h"
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include "rill_io.h"

#define MOST	300

FIXTURE(diag) {
	int nl;
	struct rill_diag_req req;
	struct rill_diag_msg msg[MOST];
};

FIXTURE_SETUP(diag)
{
	RILL_IN_NETNS(return);
	self->nl = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
	if (self->nl < 0)
		SKIP(return, "no sock_diag here");
	self->req.sdiag_family = AF_RILL;
	self->req.rdiag_cookie[0] = INET_DIAG_NOCOOKIE;
	self->req.rdiag_cookie[1] = INET_DIAG_NOCOOKIE;
}

FIXTURE_TEARDOWN(diag)
{
	close(self->nl);
}

/* Sends @len bytes of @req; 0 or -errno. */
static int request(int nl, int type, int flags, const void *req, size_t len)
{
	struct nlmsghdr head = {
		.nlmsg_len = NLMSG_LENGTH(len),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags,
	};
	struct iovec iov[2] = { { &head, sizeof(head) }, { (void *)req, len } };

	return writev(nl, iov, 2) < 0 ? -errno : 0;
}

/* One datagram of answers: -errno of an error, 1 at the end, 0 if more. */
static int take(char *buf, int len, bool dump, struct rill_diag_msg *out,
		int *n)
{
	struct nlmsghdr *h = (void *)buf;

	for (; NLMSG_OK(h, (unsigned int)len); h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_type == NLMSG_ERROR)
			return ((struct nlmsgerr *)NLMSG_DATA(h))->error ?: 1;
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*out)) || *n == MOST)
			return -EPROTO;
		memcpy(&out[(*n)++], NLMSG_DATA(h), sizeof(*out));
		if (!dump)
			return 1;
	}
	return 0;
}

/* Makes a request; number of answers or -errno. */
static int ask(int nl, int type, int flags, const void *req, size_t len,
	       struct rill_diag_msg *out)
{
	static char buf[32768];
	int err = request(nl, type, flags, req, len), n = 0;
	ssize_t got;

	while (!err) {
		got = recv(nl, buf, sizeof(buf), 0);
		if (got < 0)
			return -errno;
		err = take(buf, got, flags & NLM_F_DUMP, out, &n);
	}
	return err < 0 ? err : n;
}

static int dump(int nl, const struct rill_diag_req *req,
		struct rill_diag_msg *out)
{
	return ask(nl, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, req, sizeof(*req), out);
}

static int get(int nl, const struct rill_diag_req *req,
	       struct rill_diag_msg *out)
{
	return ask(nl, SOCK_DIAG_BY_FAMILY, 0, req, sizeof(*req), out);
}

static int destroy(int nl, const struct rill_diag_req *req)
{
	struct rill_diag_msg unused[1];

	return ask(nl, SOCK_DESTROY, NLM_F_ACK, req, sizeof(*req), unused);
}

static unsigned int inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

/* The answer about @fd among @n, or NULL. */
static struct rill_diag_msg *find(struct rill_diag_msg *msg, int n, int fd)
{
	unsigned int ino = inode(fd);
	int i;

	for (i = 0; i < n; i++)
		if (msg[i].rdiag_ino == ino)
			return &msg[i];
	return NULL;
}

TEST_F(diag, lists_all)
{
	struct sockaddr_rill addr = rill_addr(0);
	int listener = rill_listener(SOCK_STREAM, 3, &addr), fd[2], n;
	int dgram = socket(AF_RILL, SOCK_DGRAM, 0);
	struct rill_diag_msg *m;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, rill_pair(SOCK_SEQPACKET, fd));
	n = dump(self->nl, &self->req, self->msg);
	ASSERT_EQ(4, n);
	m = find(self->msg, n, listener);
	ASSERT_NE(NULL, m);
	EXPECT_EQ(AF_RILL, m->rdiag_family);
	EXPECT_EQ(SOCK_STREAM, m->rdiag_type);
	EXPECT_EQ(10, m->rdiag_state);
	EXPECT_EQ(3, m->rdiag_wqueue);
	EXPECT_TRUE(rill_addr_eq(&addr, &m->rdiag_local));
	m = find(self->msg, n, dgram);
	ASSERT_NE(NULL, m);
	EXPECT_EQ(SOCK_DGRAM, m->rdiag_type);
	EXPECT_EQ(7, m->rdiag_state);
	m = find(self->msg, n, fd[0]);
	ASSERT_NE(NULL, m);
	EXPECT_EQ(SOCK_SEQPACKET, m->rdiag_type);
	EXPECT_EQ(1, m->rdiag_state);
	EXPECT_EQ(0, m->rdiag_uid);
}

TEST_F(diag, addresses_and_queues)
{
	struct sockaddr_rill local, peer;
	struct rill_diag_msg *m;
	int fd[2], n;

	ASSERT_EQ(0, rill_pair(SOCK_STREAM, fd));
	ASSERT_EQ(5, rill_send(fd[0], "hello", 5, 0));
	ASSERT_EQ(0, rill_shutdown(fd[0], SHUT_WR));
	n = dump(self->nl, &self->req, self->msg);
	ASSERT_EQ(2, n);
	m = find(self->msg, n, fd[0]);
	ASSERT_NE(NULL, m);
	ASSERT_EQ(0, rill_local(fd[0], &local));
	ASSERT_EQ(0, rill_peer(fd[0], &peer));
	EXPECT_TRUE(rill_addr_eq(&local, &m->rdiag_local));
	EXPECT_TRUE(rill_addr_eq(&peer, &m->rdiag_peer));
	EXPECT_EQ(5, m->rdiag_wqueue);
	EXPECT_EQ(0, m->rdiag_rqueue);
	EXPECT_EQ(2, m->rdiag_shutdown & 2);
	m = find(self->msg, n, fd[1]);
	ASSERT_NE(NULL, m);
	EXPECT_EQ(5, m->rdiag_rqueue);
}

TEST_F(diag, lists_by_state)
{
	struct sockaddr_rill addr = rill_addr(0);
	int listener = rill_listener(SOCK_STREAM, 0, &addr), fd[2];

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, rill_pair(SOCK_STREAM, fd));
	self->req.rdiag_states = 1 << 10;
	EXPECT_EQ(1, dump(self->nl, &self->req, self->msg));
	EXPECT_NE(NULL, find(self->msg, 1, listener));
	self->req.rdiag_states = 1 << 1;
	EXPECT_EQ(2, dump(self->nl, &self->req, self->msg));
	self->req.rdiag_states = 1 << 2;
	EXPECT_EQ(0, dump(self->nl, &self->req, self->msg));
	self->req.rdiag_states = (1 << 1) | (1 << 10);
	EXPECT_EQ(3, dump(self->nl, &self->req, self->msg));
}

TEST_F(diag, lists_the_pending)
{
	struct sockaddr_rill addr = rill_addr(0);
	int client;

	ASSERT_LE(0, rill_listener(SOCK_STREAM, 0, &addr));
	ASSERT_LE(0, rill_client(SOCK_STREAM, &addr));
	client = rill_client(SOCK_STREAM | SOCK_NONBLOCK, &addr);
	self->req.rdiag_states = 1 << 2;
	ASSERT_EQ(1, dump(self->nl, &self->req, self->msg));
	EXPECT_NE(NULL, find(self->msg, 1, client));
	EXPECT_EQ(rill_port(&addr), rill_port(&self->msg[0].rdiag_peer));
}

TEST_F(diag, one_by_inode_and_cookie)
{
	int fd[2], other = socket(AF_RILL, SOCK_DGRAM, 0);
	struct rill_diag_msg *m = self->msg;
	unsigned long long cookie;
	socklen_t len = sizeof(cookie);

	ASSERT_LE(0, other);
	ASSERT_EQ(0, rill_pair(SOCK_STREAM, fd));
	self->req.rdiag_ino = inode(fd[0]);
	ASSERT_EQ(1, get(self->nl, &self->req, m));
	EXPECT_EQ(inode(fd[0]), m->rdiag_ino);
	ASSERT_EQ(0, rill_getsockopt_raw(fd[0], SOL_SOCKET, SO_COOKIE, &cookie,
					 &len));
	EXPECT_EQ((unsigned int)cookie, m->rdiag_cookie[0]);
	EXPECT_EQ((unsigned int)(cookie >> 32), m->rdiag_cookie[1]);
	memcpy(self->req.rdiag_cookie, m->rdiag_cookie, sizeof(cookie));
	EXPECT_EQ(1, get(self->nl, &self->req, m));
	self->req.rdiag_cookie[0]++;
	EXPECT_GT(0, get(self->nl, &self->req, m));
	self->req.rdiag_cookie[0] = INET_DIAG_NOCOOKIE;
	self->req.rdiag_cookie[1] = INET_DIAG_NOCOOKIE;
	self->req.rdiag_ino = 4000000000U;
	EXPECT_EQ(-ENOENT, get(self->nl, &self->req, m));
}

TEST_F(diag, requests_refused)
{
	struct rill_diag_req bad;
	int fd = socket(AF_RILL, SOCK_STREAM, 0);
	size_t len;

	ASSERT_LE(0, fd);
	self->req.rdiag_ino = inode(fd);
	/* Shorter than sock_diag itself wants, or than rill does. */
	for (len = 0; len < sizeof(self->req); len += 4)
		EXPECT_GT(0, ask(self->nl, SOCK_DIAG_BY_FAMILY, NLM_F_ACK,
				 &self->req, len, self->msg))
			TH_LOG("length %zu", len);
	bad = self->req;
	bad.sdiag_protocol = 1;
	EXPECT_EQ(-EINVAL, get(self->nl, &bad, self->msg));
	bad = self->req;
	bad.pad = 1;
	EXPECT_EQ(-EINVAL, get(self->nl, &bad, self->msg));
	EXPECT_EQ(-EINVAL, destroy(self->nl, &bad));
	EXPECT_EQ(1, rill_socket_count());
}

TEST_F(diag, other_namespaces_are_not_listed)
{
	int fd = socket(AF_RILL, SOCK_STREAM, 0), nl;

	ASSERT_EQ(1, dump(self->nl, &self->req, self->msg));
	ASSERT_EQ(0, rill_netns_new());
	nl = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
	EXPECT_EQ(0, dump(nl, &self->req, self->msg));
	self->req.rdiag_ino = inode(fd);
	EXPECT_EQ(-ENOENT, get(nl, &self->req, self->msg));
	EXPECT_EQ(-ENOENT, destroy(nl, &self->req));
}

TEST_F(diag, long_list)
{
	int fd[200], n;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fd); i++) {
		fd[i] = socket(AF_RILL, SOCK_STREAM, 0);
		ASSERT_LE(0, fd[i]);
	}
	n = dump(self->nl, &self->req, self->msg);
	EXPECT_EQ(ARRAY_SIZE(fd), n);
	for (i = 0; i < ARRAY_SIZE(fd); i++)
		EXPECT_NE(NULL, find(self->msg, n, fd[i]));
}

TEST_F(diag, destroys_a_connection)
{
	int fd[2];
	char c;

	ASSERT_EQ(0, rill_pair(SOCK_STREAM, fd));
	self->req.rdiag_ino = inode(fd[0]);
	ASSERT_EQ(0, destroy(self->nl, &self->req));
	EXPECT_EQ(-ECONNABORTED, rill_recv(fd[0], &c, 1, 0));
	EXPECT_EQ(-ECONNRESET, rill_recv(fd[1], &c, 1, 0));
}

TEST_F(diag, destroy_wakes_a_reader)
{
	char c;
	struct rill_xfer x = { .buf = &c, .len = 1 };
	struct rill_call call;
	int fd[2];

	ASSERT_EQ(0, rill_pair(SOCK_SEQPACKET, fd));
	x.fd = fd[0];
	ASSERT_EQ(0, rill_call_start(&call, rill_recv_fn, &x));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_recvfrom));
	self->req.rdiag_ino = inode(fd[0]);
	ASSERT_EQ(0, destroy(self->nl, &self->req));
	EXPECT_EQ(-ECONNABORTED, rill_call_join(&call));
}

TEST_F(diag, destroys_a_pending_request)
{
	struct sockaddr_rill addr = rill_addr(0);
	int listener = rill_listener(SOCK_STREAM, 0, &addr);
	struct rill_connect_call conn = { .addr = addr };
	struct rill_call call;

	ASSERT_LE(0, rill_client(SOCK_STREAM, &addr));
	conn.fd = socket(AF_RILL, SOCK_STREAM, 0);
	ASSERT_EQ(0, rill_connect_start(&call, &conn));
	self->req.rdiag_ino = inode(conn.fd);
	ASSERT_EQ(0, destroy(self->nl, &self->req));
	EXPECT_EQ(ECONNABORTED, rill_call_join(&call));
	EXPECT_EQ(0, rill_wait_pending(listener, 0));
	ASSERT_LE(0, rill_accept_one(listener));
	ASSERT_EQ(0, rill_set_nonblock(listener, true));
	EXPECT_EQ(-EAGAIN, rill_accept_one(listener));
}

TEST_F(diag, destroys_a_listener)
{
	struct sockaddr_rill addr = rill_addr(0);
	int listener = rill_listener(SOCK_STREAM, 0, &addr);
	struct rill_call call;
	int ret;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, rill_call_start(&call, rill_accept_fn, &listener));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_accept));
	self->req.rdiag_ino = inode(listener);
	ASSERT_EQ(0, destroy(self->nl, &self->req));
	ret = rill_call_join(&call);
	EXPECT_TRUE(ret == -EINVAL || ret == -ECONNABORTED)
		TH_LOG("accept: %d", ret);
	EXPECT_EQ(-ECONNREFUSED, rill_client(SOCK_STREAM, &addr));
}

struct victim {
	struct rill_diag_req req;
};

static int destroy_as_nobody(void *arg)
{
	struct victim *v = arg;
	int nl;

	if (rill_drop_root())
		return 1;
	nl = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
	return nl < 0 ? 2 : -destroy(nl, &v->req);
}

TEST_F(diag, destroy_is_privileged)
{
	struct victim v = { self->req };
	int fd[2];
	char c;

	ASSERT_EQ(0, rill_pair(SOCK_STREAM, fd));
	v.req.rdiag_ino = inode(fd[0]);
	EXPECT_EQ(EPERM, rill_in_child(destroy_as_nobody, &v));
	EXPECT_EQ(-EAGAIN, rill_recv(fd[0], &c, 1, MSG_DONTWAIT));
}

TEST_HARNESS_MAIN
