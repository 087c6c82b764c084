// SPDX-License-Identifier: GPL-2.0-only
/*
 * io_uring: CONNECT, ACCEPT, SEND, RECV and poll on AF_RILL sockets.
 */
#include "kselftest_harness.h"
#include <poll.h>
#include "rill_io.h"
#include "rill_uring.h"

FIXTURE(io_uring) {
	struct rill_uring ring;
	struct sockaddr_rill addr;
	int listener;
};

FIXTURE_VARIANT(io_uring) {
	int type;
};

FIXTURE_VARIANT_ADD(io_uring, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(io_uring, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_SETUP(io_uring)
{
	int err;

	RILL_IN_NETNS(return);
	err = rill_uring_init(&self->ring);
	ASSERT_NE(-ENOMEM, err);
	if (err)
		SKIP(return, "no io_uring here: %s", strerror(-err));
	self->addr = rill_addr(0);
	self->listener = rill_listener(variant->type, 0, &self->addr);
	ASSERT_LE(0, self->listener);
}

FIXTURE_TEARDOWN(io_uring)
{
	rill_uring_exit(&self->ring);
	close(self->listener);
}

/* Submits; the request's user_data is its opcode. */
static int submit(struct rill_uring *ring, struct io_uring_sqe sqe)
{
	sqe.user_data = sqe.opcode;
	return rill_uring_submit(ring, &sqe);
}

/* The result of the next completion, which is @opcode's. */
static int result(struct rill_uring *ring, int opcode)
{
	struct io_uring_cqe cqe;
	int err = rill_uring_reap(ring, &cqe, 1);

	if (err)
		return err;
	return (int)cqe.user_data == opcode ? cqe.res : -EBADMSG;
}

/* Whether nothing has completed. */
static bool quiet(struct rill_uring *ring)
{
	struct io_uring_cqe cqe;

	return rill_uring_reap(ring, &cqe, 0) == -EAGAIN;
}

static struct io_uring_sqe connect_sqe(int fd, const struct sockaddr_rill *addr)
{
	return (struct io_uring_sqe){
		.opcode = IORING_OP_CONNECT,
		.fd = fd,
		.addr = (unsigned long)addr,
		.off = sizeof(*addr),
	};
}

static struct io_uring_sqe data_sqe(int opcode, int fd, void *buf, int len)
{
	return (struct io_uring_sqe){
		.opcode = opcode,
		.fd = fd,
		.addr = (unsigned long)buf,
		.len = len,
	};
}

TEST_F(io_uring, connect)
{
	int fd = socket(AF_RILL, variant->type, 0);

	ASSERT_EQ(0, submit(&self->ring, connect_sqe(fd, &self->addr)));
	EXPECT_EQ(0, result(&self->ring, IORING_OP_CONNECT));
	ASSERT_EQ(0, submit(&self->ring, connect_sqe(fd, &self->addr)));
	EXPECT_EQ(-EISCONN, result(&self->ring, IORING_OP_CONNECT));
}

TEST_F(io_uring, connect_pending)
{
	int fd = socket(AF_RILL, variant->type, 0);

	ASSERT_LE(0, rill_client(variant->type, &self->addr));
	ASSERT_EQ(0, submit(&self->ring, connect_sqe(fd, &self->addr)));
	ASSERT_EQ(0, rill_wait_pending(self->listener, 1));
	EXPECT_TRUE(quiet(&self->ring));
	ASSERT_LE(0, rill_accept_one(self->listener));
	EXPECT_EQ(0, result(&self->ring, IORING_OP_CONNECT));
	EXPECT_EQ(0, rill_wait_state(fd, "ESTABLISHED"));
	EXPECT_TRUE(quiet(&self->ring));
}

TEST_F(io_uring, connect_refused)
{
	struct sockaddr_rill nobody = rill_addr(1);
	int fd = socket(AF_RILL, variant->type, 0);

	ASSERT_EQ(0, submit(&self->ring, connect_sqe(fd, &nobody)));
	EXPECT_EQ(-ECONNREFUSED, result(&self->ring, IORING_OP_CONNECT));
	ASSERT_LE(0, rill_client(variant->type, &self->addr));
	ASSERT_EQ(0, submit(&self->ring, connect_sqe(fd, &self->addr)));
	ASSERT_EQ(0, rill_wait_pending(self->listener, 1));
	close(self->listener);
	EXPECT_EQ(-ECONNREFUSED, result(&self->ring, IORING_OP_CONNECT));
}

TEST_F(io_uring, connect_cancelled)
{
	int fd = socket(AF_RILL, variant->type, 0), i, res;
	struct io_uring_sqe cancel = {
		.opcode = IORING_OP_ASYNC_CANCEL,
		.addr = IORING_OP_CONNECT,
	};
	struct io_uring_cqe cqe;

	ASSERT_LE(0, rill_client(variant->type, &self->addr));
	ASSERT_EQ(0, submit(&self->ring, connect_sqe(fd, &self->addr)));
	ASSERT_EQ(0, rill_wait_pending(self->listener, 1));
	ASSERT_EQ(0, submit(&self->ring, cancel));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, rill_uring_reap(&self->ring, &cqe, 1));
		res = cqe.user_data == IORING_OP_CONNECT ? cqe.res : -ECANCELED;
		EXPECT_EQ(-ECANCELED, res);
	}
	/* The wait is cancelled; the request ends with its socket. */
	close(fd);
	EXPECT_EQ(0, rill_wait_pending(self->listener, 0));
}

TEST_F(io_uring, accept)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_ACCEPT,
		.fd = self->listener,
	};
	int client;

	ASSERT_EQ(0, submit(&self->ring, sqe));
	EXPECT_TRUE(quiet(&self->ring));
	client = rill_client(variant->type, &self->addr);
	ASSERT_LE(0, client);
	EXPECT_LE(0, result(&self->ring, IORING_OP_ACCEPT));
	EXPECT_EQ(0, rill_wait_state(client, "ESTABLISHED"));
	ASSERT_EQ(0, submit(&self->ring, sqe));
	ASSERT_EQ(0, rill_shutdown(self->listener, SHUT_RDWR));
	EXPECT_EQ(-EINVAL, result(&self->ring, IORING_OP_ACCEPT));
}

#ifdef IORING_ACCEPT_MULTISHOT
TEST_F(io_uring, accept_multishot)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_ACCEPT,
		.fd = self->listener,
		.ioprio = IORING_ACCEPT_MULTISHOT,
	};
	struct io_uring_cqe cqe;
	int i;

	ASSERT_EQ(0, submit(&self->ring, sqe));
	for (i = 0; i < 5; i++) {
		ASSERT_LE(0, rill_client(variant->type, &self->addr));
		ASSERT_EQ(0, rill_uring_reap(&self->ring, &cqe, 1));
		EXPECT_LE(0, cqe.res);
		EXPECT_EQ(IORING_CQE_F_MORE, cqe.flags & IORING_CQE_F_MORE);
	}
	EXPECT_TRUE(quiet(&self->ring));
}
#endif

TEST_F(io_uring, send_and_receive)
{
	char in[16], out[] = "through the ring";
	int fd[2];

	ASSERT_EQ(0, rill_pair(variant->type, fd));
	ASSERT_EQ(0, submit(&self->ring, data_sqe(IORING_OP_RECV, fd[1], in,
						  sizeof(in))));
	EXPECT_TRUE(quiet(&self->ring));
	ASSERT_EQ(16, rill_send(fd[0], out, 16, 0));
	EXPECT_EQ(16, result(&self->ring, IORING_OP_RECV));
	EXPECT_EQ(0, memcmp(out, in, 16));
	ASSERT_EQ(0, submit(&self->ring, data_sqe(IORING_OP_SEND, fd[1], out,
						  7)));
	EXPECT_EQ(7, result(&self->ring, IORING_OP_SEND));
	ASSERT_EQ(7, rill_recv(fd[0], in, sizeof(in), 0));
	EXPECT_EQ(0, memcmp(out, in, 7));
}

TEST_F(io_uring, receive_ends)
{
	char c;
	int fd[2];

	ASSERT_EQ(0, rill_pair(variant->type, fd));
	ASSERT_EQ(0, submit(&self->ring, data_sqe(IORING_OP_RECV, fd[1], &c,
						  1)));
	close(fd[0]);
	EXPECT_EQ(0, result(&self->ring, IORING_OP_RECV));
}

TEST_F(io_uring, send_waits_for_room)
{
	static char buf[4096];
	int fd[2];

	ASSERT_EQ(0, rill_pair(variant->type, fd));
	ASSERT_LT(0, rill_fill(fd[0], sizeof(buf)));
	ASSERT_EQ(0, submit(&self->ring, data_sqe(IORING_OP_SEND, fd[0], buf,
						  sizeof(buf))));
	/* A stream may take the first part at once. */
	if (variant->type == SOCK_SEQPACKET)
		EXPECT_TRUE(quiet(&self->ring));
	ASSERT_LT(0, rill_drain(fd[1]));
	EXPECT_LT(0, result(&self->ring, IORING_OP_SEND));
}

TEST_F(io_uring, messages)
{
	char in[8];
	struct iovec out_iov = { "message", 7 }, in_iov = { in, 8 };
	struct msghdr out = { .msg_iov = &out_iov, .msg_iovlen = 1 };
	struct msghdr msg = { .msg_iov = &in_iov, .msg_iovlen = 1 };
	int fd[2];

	ASSERT_EQ(0, rill_pair(variant->type, fd));
	ASSERT_EQ(0, submit(&self->ring, data_sqe(IORING_OP_SENDMSG, fd[0],
						  &out, 1)));
	EXPECT_EQ(7, result(&self->ring, IORING_OP_SENDMSG));
	ASSERT_EQ(0, submit(&self->ring, data_sqe(IORING_OP_RECVMSG, fd[1],
						  &msg, 1)));
	EXPECT_EQ(7, result(&self->ring, IORING_OP_RECVMSG));
	EXPECT_EQ(0, memcmp("message", in, 7));
}

TEST_F(io_uring, poll)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_POLL_ADD,
		.poll32_events = POLLIN,
	};
	int fd[2], client;

	ASSERT_EQ(0, rill_pair(variant->type, fd));
	sqe.fd = fd[1];
	ASSERT_EQ(0, submit(&self->ring, sqe));
	EXPECT_TRUE(quiet(&self->ring));
	ASSERT_EQ(1, rill_send(fd[0], "x", 1, 0));
	EXPECT_EQ(POLLIN, result(&self->ring, IORING_OP_POLL_ADD) & POLLIN);
	sqe.fd = self->listener;
	ASSERT_EQ(0, submit(&self->ring, sqe));
	EXPECT_TRUE(quiet(&self->ring));
	client = rill_client(variant->type, &self->addr);
	ASSERT_LE(0, client);
	EXPECT_EQ(POLLIN, result(&self->ring, IORING_OP_POLL_ADD) & POLLIN);
}

TEST_F(io_uring, ring_closed_with_requests_in_it)
{
	char c;
	int fd[2];

	ASSERT_EQ(0, rill_pair(variant->type, fd));
	ASSERT_EQ(0, submit(&self->ring, data_sqe(IORING_OP_RECV, fd[1], &c,
						  1)));
	rill_uring_exit(&self->ring);
	self->ring.ring = NULL;
	self->ring.sqes = NULL;
	close(fd[0]);
	close(fd[1]);
	close(self->listener);
	EXPECT_EQ(0, rill_wait_socket_count(0));
}

TEST_HARNESS_MAIN
