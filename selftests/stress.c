// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many threads at once: on one socket, on one listener, against close(),
 * and under a rain of signals. Bounded by counts; every byte is accounted for.
 */
#include "kselftest_harness.h"
#include <poll.h>
#include <sched.h>
#include <sys/time.h>
#include "rill_io.h"

#define THREADS	4

FIXTURE(stress) {
	struct sockaddr_rill addr;
	int listener;
	int scale;
};

FIXTURE_VARIANT(stress) {
	int type;
};

FIXTURE_VARIANT_ADD(stress, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(stress, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_SETUP(stress)
{
	RILL_IN_NETNS(return);
	self->scale = rill_slow();
	self->addr = rill_addr(0);
	self->listener = rill_listener(variant->type, 2, &self->addr);
	ASSERT_LE(0, self->listener);
}

FIXTURE_TEARDOWN(stress)
{
	close(self->listener);
}

struct writer {
	int fd;
	int count;
	unsigned int id;
};

struct reader {
	int fd;
	long sum[THREADS];
	long bytes;
};

/* Sends @count records, whole: its id in each byte, length by the number. */
static int writer_fn(void *arg)
{
	struct writer *w = arg;
	char buf[64];
	ssize_t ret;
	int i, len;

	memset(buf, w->id, sizeof(buf));
	for (i = 0; i < w->count; i++) {
		len = 1 + i % 63;
		ret = rill_send(w->fd, buf, len, 0);
		if (ret != len)
			return ret < 0 ? (int)ret : -EIO;
	}
	return 0;
}

static int reader_fn(void *arg)
{
	struct reader *r = arg;
	unsigned char buf[200];
	ssize_t ret, i;

	while ((ret = rill_recv(r->fd, buf, sizeof(buf), 0)) > 0) {
		for (i = 0; i < ret; i++) {
			if (buf[i] >= THREADS)
				return -EILSEQ;
			r->sum[buf[i]]++;
		}
		r->bytes += ret;
	}
	return ret;
}

TEST_F(stress, many_threads_on_one_socket)
{
	struct rill_call out[THREADS], in[THREADS];
	struct reader reader[THREADS] = { 0 };
	struct writer writer[THREADS];
	long sum[THREADS] = { 0 };
	int fd[2], i, j, count = 63 * (160 / self->scale);

	ASSERT_EQ(0, rill_pair(variant->type, fd));
	for (i = 0; i < THREADS; i++) {
		reader[i].fd = fd[1];
		writer[i] = (struct writer){ fd[0], count, i };
		ASSERT_EQ(0, rill_call_start(&in[i], reader_fn, &reader[i]));
		ASSERT_EQ(0, rill_call_start(&out[i], writer_fn, &writer[i]));
	}
	for (i = 0; i < THREADS; i++)
		EXPECT_EQ(0, rill_call_join(&out[i]));
	ASSERT_EQ(0, rill_shutdown(fd[0], SHUT_WR));
	for (i = 0; i < THREADS; i++) {
		EXPECT_EQ(0, rill_call_join(&in[i]));
		for (j = 0; j < THREADS; j++)
			sum[j] += reader[i].sum[j];
	}
	for (i = 0; i < THREADS; i++)
		EXPECT_EQ(count / 63 * 63L * 32, sum[i]);
}

struct client {
	struct sockaddr_rill addr;
	int type;
	int count;
	bool *stop;
};

/* Connects, says a number, hears the next one, closes; @count times. */
static int client_fn(void *arg)
{
	struct client *c = arg;
	int i, fd, value;

	for (i = 0; i < c->count; i++) {
		fd = socket(AF_RILL, c->type, 0);
		value = rill_connect(fd, &c->addr);
		if (value)
			return -value;
		value = i;
		if (rill_send(fd, &value, sizeof(value), 0) != sizeof(value))
			return -EIO;
		if (rill_recv(fd, &value, sizeof(value), MSG_WAITALL) !=
		    sizeof(value) || value != i + 1)
			return -EILSEQ;
		close(fd);
	}
	return i;
}

struct server {
	int listener;
};

static int serve(int fd)
{
	int value;

	if (rill_recv(fd, &value, sizeof(value), MSG_WAITALL) != sizeof(value))
		return -EIO;
	value++;
	if (rill_send(fd, &value, sizeof(value), 0) != sizeof(value))
		return -EPIPE;
	close(fd);
	return 0;
}

/* Serves until the listener is shut; number served. */
static int server_fn(void *arg)
{
	struct server *s = arg;
	int fd, served = 0, err;

	while ((fd = rill_accept_one(s->listener)) >= 0) {
		err = serve(fd);
		if (err)
			return err;
		served++;
	}
	return fd == -EINVAL ? served : fd;
}

TEST_F(stress, connect_and_accept_storm)
{
	struct client client = { self->addr, variant->type,
				 240 / self->scale, NULL };
	struct server server = { self->listener };
	struct rill_call in[THREADS], out[THREADS];
	int i, ret, served = 0;

	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, rill_call_start(&in[i], server_fn, &server));
		ASSERT_EQ(0, rill_call_start(&out[i], client_fn, &client));
	}
	for (i = 0; i < THREADS; i++)
		EXPECT_EQ(client.count, rill_call_join(&out[i]));
	ASSERT_EQ(0, rill_shutdown(self->listener, SHUT_RDWR));
	for (i = 0; i < THREADS; i++) {
		ret = rill_call_join(&in[i]);
		EXPECT_LE(0, ret);
		served += ret;
	}
	EXPECT_EQ(THREADS * client.count, served);
	EXPECT_EQ(0, rill_counter("illegal"));
}

/**
 * struct farewell - A sender that closes at once and its receiver.
 * @fd: Connected sockets; the sender's is closed by it.
 * @round: Number of the round that @fd is ready for.
 * @rounds: How many.
 */
struct farewell {
	int fd[2];
	int round;
	int rounds;
};

static int farewell_fn(void *arg)
{
	struct farewell *f = arg;
	int i, j;

	for (i = 1; i <= f->rounds; i++) {
		while (__atomic_load_n(&f->round, __ATOMIC_ACQUIRE) < i)
			sched_yield();
		/* Another moment each time, around the receiver's look. */
		for (j = 0; j < i % 64 * 8; j++)
			__asm__ volatile("" ::: "memory");
		if (rill_send(f->fd[0], "last", 4, 0) != 4)
			return -EIO;
		close(f->fd[0]);
	}
	return 0;
}

TEST_F(stress, data_comes_before_the_end)
{
	struct farewell f = { .rounds = 2000 / self->scale };
	struct rill_call call;
	int i, first, second;
	char buf[8];

	ASSERT_EQ(0, rill_call_start(&call, farewell_fn, &f));
	for (i = 1; i <= f.rounds; i++) {
		ASSERT_EQ(0, rill_pair(variant->type, f.fd));
		if (i % 2)
			ASSERT_EQ(0, rill_set_linger(f.fd[0], 1, 0));
		__atomic_store_n(&f.round, i, __ATOMIC_RELEASE);
		first = rill_recv(f.fd[1], buf, sizeof(buf), 0);
		ASSERT_EQ(4, first);
		second = rill_recv(f.fd[1], buf, sizeof(buf), 0);
		ASSERT_EQ(i % 2 ? -ECONNRESET : 0, second);
		close(f.fd[1]);
	}
	EXPECT_EQ(0, rill_call_join(&call));
}

/* Makes requests without waiting and drops them at once. */
static int fickle_fn(void *arg)
{
	struct client *c = arg;
	int i, fd;

	for (i = 0; !__atomic_load_n(c->stop, __ATOMIC_RELAXED); i++) {
		fd = socket(AF_RILL, c->type | SOCK_NONBLOCK, 0);
		rill_connect(fd, &c->addr);
		if (i % 3 == 0)
			rill_shutdown(fd, SHUT_RDWR);
		if (i % 3 == 1)
			rill_connect_unspec(fd);
		close(fd);
	}
	return i;
}

/* Accepts and forgets; now and then the listener is another one. */
static int flighty_fn(void *arg)
{
	struct client *c = arg;
	struct sockaddr_rill addr;
	int i, j, listener, fd;

	for (i = 0; i < c->count; i++) {
		addr = c->addr;
		listener = rill_listener(c->type | SOCK_NONBLOCK, i % 3, &addr);
		if (listener < 0)
			return listener;
		for (j = 0; j < 30; j++) {
			fd = rill_accept_one(listener);
			if (fd >= 0)
				close(fd);
		}
		close(listener);
	}
	__atomic_store_n(c->stop, true, __ATOMIC_RELAXED);
	return 0;
}

TEST_F(stress, requests_come_and_go)
{
	bool stop = false;
	struct client c = { self->addr, variant->type, 160 / self->scale,
			    &stop };
	struct rill_call call[THREADS], listener;
	int i;

	close(self->listener);
	ASSERT_EQ(0, rill_call_start(&listener, flighty_fn, &c));
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, rill_call_start(&call[i], fickle_fn, &c));
	EXPECT_EQ(0, rill_call_join(&listener));
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < THREADS; i++)
		EXPECT_LE(1, rill_call_join(&call[i]));
	EXPECT_EQ(0, rill_wait_socket_count(0));
	EXPECT_EQ(0, rill_counter("illegal"));
}

struct shared {
	int fd[2];
	struct sockaddr_rill addr;
	int type;
	int count;
	unsigned long seed;
};

static int replacement(struct shared *s, unsigned int what)
{
	struct timeval tv = { 0, 2000 };
	struct sockaddr_rill any = rill_addr(0);
	int fd = socket(AF_RILL, s->type, 0), pair[2];

	if (what % 4 == 1) {
		close(fd);
		if (socketpair(AF_RILL, s->type, 0, pair))
			return -1;
		fd = pair[0];
		close(pair[1]);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	if (what % 4 == 2)
		rill_bind(fd, &any);
	if (what % 4 == 3)
		rill_listen(fd, 1);
	return fd;
}

static void any_call(struct shared *s, int fd, unsigned int what, char *buf)
{
	struct sockaddr_rill addr;
	int got;

	switch (what % 11) {
	case 0:
	case 1:
		rill_connect(fd, &s->addr);
		break;
	case 2:
		got = rill_accept_one(fd);
		if (got >= 0)
			close(got);
		break;
	case 3:
	case 4:
		rill_send(fd, buf, 3000, MSG_NOSIGNAL);
		break;
	case 5:
		rill_recv(fd, buf, 3000, 0);
		break;
	case 6:
		rill_shutdown(fd, what / 11 % 3);
		break;
	case 7:
		rill_connect_unspec(fd);
		break;
	case 8:
		rill_poll(fd, POLLIN | POLLOUT);
		break;
	case 9:
		rill_local(fd, &addr);
		rill_peer(fd, &addr);
		break;
	default:
		rill_listen(fd, what / 11 % 3);
	}
}

static int any_call_fn(void *arg)
{
	struct shared *s = arg;
	unsigned long seed = __atomic_add_fetch(&s->seed, 77, __ATOMIC_RELAXED);
	char buf[3000] = { 0 };
	unsigned int what;
	int i;

	for (i = 0; i < s->count; i++) {
		what = rill_random(&seed);
		any_call(s, __atomic_load_n(&s->fd[what & 1],
					    __ATOMIC_RELAXED), what >> 1, buf);
	}
	return 0;
}

/* Keeps replacing both descriptors by other sockets, under their numbers. */
static int closer_fn(void *arg)
{
	struct shared *s = arg;
	unsigned long seed = 4711;
	unsigned int what;
	int i, fd;

	for (i = 0; i < s->count; i++) {
		what = rill_random(&seed);
		fd = replacement(s, what >> 4);
		if (fd < 0)
			return -errno;
		/* dup2() closes the old one while calls are made on it. */
		if (dup2(fd, s->fd[what & 1]) < 0)
			return -errno;
		close(fd);
	}
	return 0;
}

TEST_F(stress, close_against_every_call)
{
	struct shared s = { .addr = self->addr, .type = variant->type,
			    .count = 1600 / self->scale, .seed = 1 };
	struct rill_call call[THREADS], closer;
	int i;

	s.fd[0] = replacement(&s, 0);
	s.fd[1] = replacement(&s, 3);
	/* Nobody accepts there: requests wait, and end by their timeout. */
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, rill_call_start(&call[i], any_call_fn, &s));
	ASSERT_EQ(0, rill_call_start(&closer, closer_fn, &s));
	for (i = 0; i < THREADS; i++)
		EXPECT_EQ(0, rill_call_join(&call[i]));
	EXPECT_EQ(0, rill_call_join(&closer));
	close(s.fd[0]);
	close(s.fd[1]);
	close(self->listener);
	EXPECT_EQ(0, rill_wait_socket_count(0));
	EXPECT_EQ(0, rill_counter("illegal"));
}

struct rain {
	int fd;
	long total;
	size_t most;
	int interrupted;
};

/* A stream of the pattern, whatever interrupts the calls. */
static int rained_send(void *arg)
{
	struct rain *r = arg;
	char *buf = malloc(r->most);
	unsigned long seed = 3;
	ssize_t ret;
	size_t len;
	long off = 0;

	while (off < r->total) {
		len = 1 + rill_random(&seed) % r->most;
		if ((long)len > r->total - off)
			len = r->total - off;
		rill_pattern(buf, len, off);
		ret = rill_send(r->fd, buf, len, 0);
		if (ret == -EINTR) {
			r->interrupted++;
			continue;
		}
		if (ret < 0)
			return ret;
		off += ret;
	}
	free(buf);
	return rill_shutdown(r->fd, SHUT_WR);
}

static int rained_receive(void *arg)
{
	struct rain *r = arg;
	char *buf = malloc(r->most);
	ssize_t ret;
	long off = 0;

	while (off <= r->total) {
		ret = rill_recv(r->fd, buf, r->most, 0);
		if (ret == -EINTR) {
			r->interrupted++;
			continue;
		}
		if (ret < 0)
			return ret;
		if (!ret)
			break;
		if (!rill_pattern_ok(buf, ret, off))
			return -EILSEQ;
		off += ret;
	}
	free(buf);
	return off == r->total ? 0 : -EMSGSIZE;
}

/* A record cannot be sent in part, so the order of bytes is kept as well. */
TEST_F(stress, signals_lose_no_byte)
{
	struct rain out = { .total = 3000000 / self->scale, .most = 50000 };
	struct rain in = { .total = out.total, .most = 50000 };
	struct rill_call call[2];
	int fd[2], i;

	/* One that restarts calls and one that does not. */
	ASSERT_EQ(0, rill_sig_catch(SIGUSR1, 0));
	ASSERT_EQ(0, rill_sig_catch(SIGUSR2, SA_RESTART));
	ASSERT_EQ(0, rill_pair(variant->type, fd));
	out.fd = fd[0];
	in.fd = fd[1];
	ASSERT_EQ(0, rill_call_start(&call[0], rained_send, &out));
	ASSERT_EQ(0, rill_call_start(&call[1], rained_receive, &in));
	for (i = 0; !rill_call_done(&call[0]) || !rill_call_done(&call[1]);
	     i++) {
		rill_tgkill(call[i & 1].tid, i & 2 ? SIGUSR1 : SIGUSR2);
		sched_yield();
	}
	EXPECT_EQ(0, rill_call_join(&call[0]));
	EXPECT_EQ(0, rill_call_join(&call[1]));
	EXPECT_LT(0, rill_sig_count(SIGUSR1));
}

TEST_HARNESS_MAIN
