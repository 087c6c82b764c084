// SPDX-License-Identifier: GPL-2.0-only
/*
 * What may be under way: the send buffer, who waits for room, who is woken,
 * and that every byte arrives, in order, whatever the sizes.
 */
#include "kselftest_harness.h"
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include "rill_io.h"

#define BOUND		(64 * 1024)
#define BLOCK		(256 * 1024)

FIXTURE(buffer) {
	int fd[2];
	int sndbuf;
};

FIXTURE_VARIANT(buffer) {
	int type;
};

FIXTURE_VARIANT_ADD(buffer, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(buffer, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_SETUP(buffer)
{
	RILL_IN_NETNS(return);
	ASSERT_EQ(0, rill_pair(variant->type, self->fd));
	ASSERT_EQ(0, rill_setsockopt_int(self->fd[0], SOL_SOCKET, SO_SNDBUF,
					 BOUND));
	self->sndbuf = rill_getsockopt_int(self->fd[0], SOL_SOCKET, SO_SNDBUF);
	ASSERT_LE(BOUND, self->sndbuf);
}

FIXTURE_TEARDOWN(buffer)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(buffer, bounds_what_is_unread)
{
	static const int chunks[] = { 1000, 4096, 16384 };
	long sent;
	int i;

	for (i = 0; i < 3; i++) {
		sent = rill_fill(self->fd[0], chunks[i]);
		EXPECT_LT(0, sent);
		/* The last chunk may pass the bound. */
		EXPECT_GE(self->sndbuf + chunks[i], sent);
		EXPECT_EQ(sent, rill_ioctl_int(self->fd[0], SIOCOUTQ));
		EXPECT_EQ(sent, rill_drain(self->fd[1]));
		EXPECT_EQ(0, rill_ioctl_int(self->fd[0], SIOCOUTQ));
	}
}

TEST_F(buffer, small_chunks_cost_what_they_take)
{
	long sent = rill_fill(self->fd[0], 16);

	/* Overhead is charged, but a good part must be payload. */
	EXPECT_LE(512, sent);
	EXPECT_GE(self->sndbuf + 16, sent);
	EXPECT_EQ(sent, rill_drain(self->fd[1]));
	EXPECT_EQ(sent, rill_fill(self->fd[0], 16));
}

TEST_F(buffer, is_of_each_direction)
{
	EXPECT_LT(0, rill_fill(self->fd[0], 4096));
	EXPECT_EQ(4, rill_send(self->fd[1], "back", 4, MSG_DONTWAIT));
}

TEST_F(buffer, full_is_not_writable_until_half_is_free)
{
	char buf[1024];
	long sent = rill_fill(self->fd[0], 1024), left;

	ASSERT_LT(8 * 1024, sent);
	EXPECT_EQ(0, rill_poll(self->fd[0], POLLOUT));
	for (left = sent; left > 0; left -= 1024) {
		if (rill_poll(self->fd[0], POLLOUT))
			break;
		ASSERT_EQ(1024, rill_recv(self->fd[1], buf, 1024, 0));
	}
	/* Not after the first read, nor only when all is read. */
	EXPECT_GT(sent * 7 / 8, left);
	EXPECT_LT(0, left);
	EXPECT_EQ(POLLOUT, rill_poll(self->fd[0], POLLOUT));
}

TEST_F(buffer, blocked_writer_is_woken)
{
	static char big[16384];
	struct rill_xfer x = { self->fd[0], big, sizeof(big), 0 };
	struct rill_call call;
	long sent = rill_fill(self->fd[0], sizeof(big));

	ASSERT_LT(0, sent);
	ASSERT_EQ(0, rill_call_start(&call, rill_send_fn, &x));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_sendto));
	EXPECT_LE(sent, rill_drain(self->fd[1]));
	EXPECT_EQ(sizeof(big), rill_call_join(&call));
}

TEST_F(buffer, blocked_writer_ends_by_close)
{
	static char big[16384];
	struct rill_xfer x = { self->fd[0], big, sizeof(big), MSG_NOSIGNAL };
	struct rill_call call;
	int ret;

	ASSERT_LT(0, rill_fill(self->fd[0], 4096));
	ASSERT_EQ(0, rill_call_start(&call, rill_send_fn, &x));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_sendto));
	close(self->fd[1]);
	ret = rill_call_join(&call);
	/* Something may have fitted; else the peer was reset, or is gone. */
	EXPECT_TRUE(ret == -EPIPE || ret == -ECONNRESET || ret > 0)
		TH_LOG("send: %d", ret);
	EXPECT_LT(ret, (int)sizeof(big));
}

TEST_F(buffer, blocked_writer_ends_by_shutdown)
{
	static char big[16384];
	struct rill_xfer x = { self->fd[0], big, sizeof(big), MSG_NOSIGNAL };
	struct rill_call call;
	int i, ret;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, rill_pair(variant->type, self->fd));
		x.fd = self->fd[0];
		ASSERT_LT(0, rill_fill(self->fd[0], 4096));
		ASSERT_EQ(0, rill_call_start(&call, rill_send_fn, &x));
		ASSERT_EQ(0, rill_call_blocked(&call, SYS_sendto));
		/* By this end's writing side or the other end's reading. */
		ASSERT_EQ(0, rill_shutdown(self->fd[i], i ? SHUT_RD : SHUT_WR));
		ret = rill_call_join(&call);
		EXPECT_TRUE(ret == -EPIPE ||
			    (ret > 0 && ret < (int)sizeof(big)))
			TH_LOG("end %d, send: %d", i, ret);
	}
}

TEST_F(buffer, signal_ends_a_blocked_writer)
{
	static char big[16384];
	struct rill_xfer x = { self->fd[0], big, sizeof(big), 0 };
	struct rill_call call;
	int ret;

	ASSERT_EQ(0, rill_sig_catch(SIGUSR1, 0));
	ASSERT_LT(0, rill_fill(self->fd[0], 4096));
	ASSERT_EQ(0, rill_call_start(&call, rill_send_fn, &x));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_sendto));
	ASSERT_EQ(0, rill_tgkill(call.tid, SIGUSR1));
	ret = rill_call_join(&call);
	EXPECT_TRUE(ret == -EINTR || (ret > 0 && ret < (int)sizeof(big)))
		TH_LOG("send: %d", ret);
}

TEST_F(buffer, larger_bound_wakes)
{
	static char small[64];
	struct rill_xfer x = { self->fd[0], small, sizeof(small), 0 };
	struct rill_call call;

	ASSERT_LT(0, rill_fill(self->fd[0], sizeof(small)));
	ASSERT_EQ(0, rill_call_start(&call, rill_send_fn, &x));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_sendto));
	ASSERT_EQ(0, rill_setsockopt_int(self->fd[0], SOL_SOCKET, SO_SNDBUF,
					 4 * BOUND));
	EXPECT_EQ(sizeof(small), rill_call_join(&call));
}

struct flow {
	int fd;
	long total;
	unsigned long seed;
	size_t most;
	int flags;
};

/* Sends @total bytes of the pattern in blocks of random size. */
static int flow_send(void *arg)
{
	struct flow *flow = arg;
	char *buf = malloc(flow->most);
	long off = 0;
	ssize_t ret;
	size_t len;

	while (off < flow->total) {
		len = 1 + rill_random(&flow->seed) % flow->most;
		if ((long)len > flow->total - off)
			len = flow->total - off;
		rill_pattern(buf, len, off);
		ret = rill_send(flow->fd, buf, len, flow->flags);
		if (ret <= 0)
			return ret ? (int)ret : -EIO;
		off += ret;
	}
	free(buf);
	return rill_shutdown(flow->fd, SHUT_WR);
}

/* Receives in blocks of random size until the end; 0, -EILSEQ, -errno. */
static int flow_receive(struct flow *flow)
{
	char *buf = malloc(flow->most);
	long off = 0;
	ssize_t ret;

	do {
		ret = rill_recv(flow->fd, buf,
				1 + rill_random(&flow->seed) % flow->most, 0);
		if (ret < 0)
			return ret;
		if (!rill_pattern_ok(buf, ret, off))
			return -EILSEQ;
		off += ret;
	} while (ret);
	free(buf);
	return off == flow->total ? 0 : -EMSGSIZE;
}

static int flow_receive_fn(void *arg)
{
	return flow_receive(arg);
}

TEST_F(buffer, every_byte_in_order)
{
	static const size_t sizes[] = { 40, 3000, 100000 };
	static const long totals[] = { 60000, 2000000, 10000000 };
	struct flow out, in;
	struct rill_call call;
	int i, slow = rill_slow();

	if (variant->type != SOCK_STREAM)
		SKIP(return, "records: see seqpacket");
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, rill_pair(variant->type, self->fd));
		out = (struct flow){ self->fd[0], totals[i] / slow,
				     11 + i, sizes[i], 0 };
		in = (struct flow){ self->fd[1], out.total, 97 + i,
				    sizes[2 - i], 0 };
		ASSERT_EQ(0, rill_call_start(&call, flow_send, &out));
		EXPECT_EQ(0, flow_receive(&in))
			TH_LOG("sizes up to %zu", sizes[i]);
		EXPECT_EQ(0, rill_call_join(&call));
	}
}

TEST_F(buffer, both_directions_at_once)
{
	struct flow flow[4];
	struct rill_call call[4];
	long total = 4000000 / rill_slow();
	int i;

	if (variant->type != SOCK_STREAM)
		SKIP(return, "records: see seqpacket");
	for (i = 0; i < 4; i++) {
		flow[i] = (struct flow){ self->fd[i & 1], total, 5 + i,
					 i < 2 ? 9000 : 17000, 0 };
		ASSERT_EQ(0, rill_call_start(&call[i], i < 2 ? flow_send :
					     flow_receive_fn, &flow[i]));
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, rill_call_join(&call[i]))
			TH_LOG("flow %d", i);
}

TEST_F(buffer, small_writes_keep_their_order)
{
	static char got[6000];
	long off = 0;
	int i;

	if (variant->type != SOCK_STREAM)
		SKIP(return, "records: see seqpacket");
	/* Alternately small and larger, with reads in between. */
	for (i = 0; i < 300; i++) {
		char buf[200];
		size_t len = i % 3 ? 1 + i % 7 : 150;

		rill_pattern(buf, len, off);
		ASSERT_EQ((ssize_t)len, rill_send(self->fd[0], buf, len,
						  i % 2 ? MSG_MORE : 0));
		off += len;
		if (i % 50 != 49)
			continue;
		len = rill_ioctl_int(self->fd[1], SIOCINQ);
		ASSERT_GE(sizeof(got), len);
		ASSERT_EQ((ssize_t)len, rill_recv(self->fd[1], got, len, 0));
		EXPECT_TRUE(rill_pattern_ok(got, len, off - len));
	}
}

TEST_F(buffer, one_large_write)
{
	static char out[BLOCK], in[BLOCK];
	struct rill_xfer x = { self->fd[0], out, BLOCK, 0 };
	struct rill_call call;

	if (variant->type != SOCK_STREAM)
		SKIP(return, "larger than a record may be");
	rill_pattern(out, BLOCK, 0);
	ASSERT_EQ(0, rill_call_start(&call, rill_send_fn, &x));
	EXPECT_EQ(BLOCK, rill_recv(self->fd[1], in, BLOCK, MSG_WAITALL));
	EXPECT_EQ(BLOCK, rill_call_join(&call));
	EXPECT_TRUE(rill_pattern_ok(in, BLOCK, 0));
}

TEST_HARNESS_MAIN
