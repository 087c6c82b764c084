// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random and mutated frames between two hosts whose connections are alive: not
 * a byte of theirs may change. Once as a veth is by default, units passing
 * whole; once with each unit cut up and put together again (GRO), jumbo frames
 * and NICs that say strange things about checksums. RILL_FUZZ_FRAMES tells how
 * many frames each test sends; as many as there is time for where it is not set.
 */
#include "kselftest_harness.h"

#include <poll.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>

#include "rill_frame.h"
#include "rill_io.h"

/* How long each test sends frames if it is not told how many; when slow. */
#define FUZZ_MS		10000
#define FUZZ_SLOW_MS	30000

/* Seconds for a test that was told to send many. */
#define FUZZ_TIMEOUT	14400

/* Frames sent by one call. */
#define BATCH		32

/* Frames remembered to be mutated, and the longest of them. */
#define KEPT		256
#define KEPT_LEN	4500

/* Frames of more than a page are not linear. */
#define JUMBO_MTU	4400

/* Is there more to be sent? */
struct budget {
	long frames;
	long most;
	long long end;
};

static struct budget budget_init(void)
{
	const char *frames = getenv("RILL_FUZZ_FRAMES");
	struct budget b = { .most = 0 };

	if (frames && *frames)
		b.most = atol(frames);
	b.end = rill_now_ms() + (rill_slow() > 4 ? FUZZ_SLOW_MS : FUZZ_MS);
	return b;
}

static bool budget_left(const struct budget *b)
{
	if (b->most)
		return b->frames < b->most;
	return rill_now_ms() < b->end;
}

/* Data that moves all the while, in a process of its own */

#define CONNS	4
#define RECORD	8000

/* Pause between rounds, microseconds: the processors are for the attacker. */
#define PAUSE	5000

/* One end of a connection. */
struct end {
	int fd;
	int type;
	unsigned long sent;
	unsigned long got;
	unsigned int sent_records;
	unsigned int got_records;
	bool shut;
	bool ended;
	int error;		/* the errno that ended it, negative */
};

struct mover {
	struct end ends[2 * CONNS];
	int stop;
	int report;
};

/* Lengths that both ends know. */
static size_t record_len(unsigned int n)
{
	return 1 + n * 2654435761U % RECORD;
}

/* The two directions have different bytes. */
static unsigned long pattern_off(const struct mover *m, const struct end *from,
				 unsigned long off)
{
	return off + 1000003UL * (from - m->ends);
}

static int move_out(struct mover *m, struct end *e)
{
	struct end *peer = &m->ends[(e - m->ends) ^ 1];
	size_t len = record_len(e->sent_records);
	char buf[RECORD];
	ssize_t n;

	if (e->sent - peer->got > 100000)
		return 0;
	rill_pattern(buf, len, pattern_off(m, e, e->sent));
	n = rill_send(e->fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0) {
		e->error = n == -EAGAIN ? 0 : n;
		return e->error ? 10 : 0;
	}
	if (e->type == SOCK_SEQPACKET && n != (ssize_t)len)
		return 11;
	e->sent += n;
	e->sent_records++;
	return 0;
}

static int move_in(struct mover *m, struct end *e)
{
	struct end *peer = &m->ends[(e - m->ends) ^ 1];
	char buf[RECORD];
	ssize_t n = rill_recv(e->fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n == -EAGAIN)
		return 0;
	if (n < 0) {
		e->error = n;
		return 20;
	}
	if (!n) {
		e->ended = true;
		return e->got == peer->sent && peer->shut ? 0 : 21;
	}
	if (e->type == SOCK_SEQPACKET &&
	    n != (ssize_t)record_len(e->got_records++))
		return 22;
	if (!rill_pattern_ok(buf, n, pattern_off(m, peer, e->got)))
		return 23;
	e->got += n;
	return e->got <= peer->sent ? 0 : 24;
}

static int move_one(struct mover *m, struct end *e, short events, bool stop)
{
	int ret = 0;

	if (events & (POLLIN | POLLHUP | POLLERR) && !e->ended)
		ret = move_in(m, e);
	if (stop && !e->shut && !ret) {
		e->shut = true;
		return rill_shutdown(e->fd, SHUT_WR) ? 30 : 0;
	}
	if (!ret && !e->shut && events & POLLOUT)
		ret = move_out(m, e);
	return ret;
}

static bool moved_all(const struct mover *m)
{
	int i;

	for (i = 0; i < 2 * CONNS; i++)
		if (!m->ends[i].ended)
			return false;
	return true;
}

/* Move bytes until told to stop, then to the end. 0 or where it failed. */
static int move(void *arg)
{
	struct mover *m = arg;
	struct pollfd pfd[2 * CONNS + 1];
	int i, ret = 0;

	for (i = 0; i < 2 * CONNS; i++) {
		pfd[i].fd = m->ends[i].fd;
		pfd[i].events = POLLIN | POLLOUT;
	}
	pfd[i].fd = m->stop;
	pfd[i].events = POLLIN;
	pfd[i].revents = 0;
	while (!ret && !moved_all(m)) {
		if (poll(pfd, 2 * CONNS + 1, RILL_DEADLINE_MS) <= 0)
			return 40;
		for (i = 0; i < 2 * CONNS && !ret; i++) {
			ret = move_one(m, &m->ends[i], pfd[i].revents,
				       pfd[2 * CONNS].revents);
			if (m->ends[i].shut)
				pfd[i].events = POLLIN;
			if (m->ends[i].ended)
				pfd[i].fd = -1;
		}
		usleep(PAUSE);
	}
	if (write(m->report, m->ends, sizeof(m->ends)) != sizeof(m->ends))
		return 41;
	return ret;
}

/* The attacker, between two hosts */

struct fuzz {
	int home;
	int away;
	int fd[2];		/* packet sockets at both ends of the cable */
	int odd[2];		/* the same, with offload as their owner likes */
	__u8 hw[2][ETH_ALEN];
	struct mover mover;
	int stop;
	int report;
	pid_t pid;
	int listener[2];
};

FIXTURE(fuzz) {
	struct fuzz f;
};

FIXTURE_VARIANT(fuzz) {
	bool offload;
	int mtu;
};

FIXTURE_VARIANT_ADD(fuzz, units) {
	.offload = true,
	.mtu = ETH_DATA_LEN,
};

FIXTURE_VARIANT_ADD(fuzz, rows) {
	.offload = false,
	.mtu = JUMBO_MTU,
};

/* A connection from here to there. */
static int connect_through(struct fuzz *f, int type, struct end ends[2],
			   int i)
{
	struct sockaddr_rill addr = rill_addr(0);
	int ret = rill_netns_enter(f->away);

	f->listener[i] = rill_listener(type, 8, &addr);
	if (ret || f->listener[i] < 0 || rill_netns_enter(f->home))
		return -EBADF;
	memcpy(addr.srl_addr, f->hw[1], ETH_ALEN);
	for (i = 0; i < 2; i++)
		ends[i].type = type;
	ends[0].fd = rill_client(type, &addr);
	if (ends[0].fd < 0)
		return ends[0].fd;
	return 0;
}

/*
 * A packet socket that gets some of what @dev itself sends, and may send more.
 */
static int sniffer(const char *dev)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PKTTYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_RANDOM),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 7, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, KEPT_LEN),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = { ARRAY_SIZE(code), code };
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = __cpu_to_be16(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(dev),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
				 sizeof(filter)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	return fd;
}

/*
 * A packet socket whose frames come with a struct virtio_net_hdr, which tells
 * what is left to be done to them. Past the taps: the sniffer does not see it.
 */
static int odd_socket(const char *dev)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_ifindex = if_nametoindex(dev),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one,
		       sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	return fd;
}

/* Units are cut up before they leave, and rows put together on arrival. */
static int end_offload(const char *dev, bool on)
{
	if (on)
		return 0;
	return rill_dev_offload(dev, false) ?: rill_dev_feature(dev, "rx-gro",
								true);
}

static int end_open(struct fuzz *f, int i, const char *dev, bool offload,
		    int mtu)
{
	int ret = rill_dev_mtu(dev, mtu);

	if (!ret)
		ret = end_offload(dev, offload);
	if (!ret)
		ret = rill_dev_up(dev, true);
	if (!ret)
		ret = rill_dev_hw(dev, f->hw[i]);
	if (ret)
		return ret;
	f->fd[i] = sniffer(dev);
	f->odd[i] = odd_socket(dev);
	return f->fd[i] < 0 || f->odd[i] < 0 ? -EBADF : 0;
}

FIXTURE_SETUP(fuzz)
{
	struct fuzz *f = &self->f;
	int i, stop[2], report[2];

	RILL_IN_NETNS(return);
	f->home = rill_netns_here();
	f->away = rill_netns_make();
	ASSERT_LE(0, f->home);
	ASSERT_LE(0, f->away);
	ASSERT_LT(0, rill_veth_add("fuzz0", f->away, "fuzz1"));
	ASSERT_EQ(0, end_open(f, 0, "fuzz0", variant->offload,
			      variant->mtu));
	ASSERT_EQ(0, rill_netns_enter(f->away));
	ASSERT_EQ(0, end_open(f, 1, "fuzz1", variant->offload,
			      variant->mtu));
	ASSERT_EQ(0, rill_netns_enter(f->home));
	for (i = 0; i < CONNS; i++) {
		struct end *ends = &f->mover.ends[2 * i];

		ASSERT_EQ(0, connect_through(f, i % 2 ? SOCK_SEQPACKET :
					     SOCK_STREAM, ends, i % 2));
		ends[1].fd = rill_accept_one(f->listener[i % 2]);
		ASSERT_LE(0, ends[1].fd);
	}
	ASSERT_EQ(0, pipe(stop));
	ASSERT_EQ(0, pipe(report));
	f->mover.stop = stop[0];
	f->mover.report = report[1];
	f->stop = stop[1];
	f->report = report[0];
	f->pid = rill_child_start(move, &f->mover);
	ASSERT_LT(0, f->pid);
}

FIXTURE_TEARDOWN(fuzz)
{
}

/* A frame that was on the wire, and what is said of it, if it is odd. */
struct kept {
	__u8 bytes[KEPT_LEN + 4];
	size_t len;
	bool odd;
	struct virtio_net_hdr say;
};

struct attacker {
	struct kept kept[KEPT];
	unsigned int count;	/* ever kept */
	unsigned long seed;
	struct kept out[BATCH];
	long odd;		/* odd ones that were sent */
};

static unsigned int roll(struct attacker *a, unsigned int sides)
{
	return rill_random(&a->seed) % sides;
}

/*
 * Make a whole frame of at most @most bytes of payload of the beginning of a
 * unit that a NIC was to split, or whose checksum it was to fill in. False if
 * it is none.
 */
static bool make_whole(__u8 *bytes, size_t *len, size_t most)
{
	struct rill_header *h = (void *)(bytes + ETH_HLEN);
	size_t header, payload;

	if (*len < ETH_HLEN + RILL_HEADER_LEN)
		return false;
	header = ETH_HLEN + rill_wire_peek_len(h);
	payload = __be16_to_cpu(h->length);
	if (header > *len)
		return false;
	if (payload > most) {
		payload = most;
		h->length = __cpu_to_be16(payload);
		/* what comes behind the payload is cut off with it */
		h->sack_flags &= 7 << 5 | RILL_FLAG_STOP | RILL_FLAG_PROBE;
	}
	if (header + payload > *len)
		return false;
	*len = header + payload;
	rill_frame_seal(bytes, *len);
	return true;
}

/*
 * Remember what the connections of one side send. Neither what the attacker
 * sent himself nor an answer to that, such as RESET: a mutation of a mutation
 * might be right again.
 */
static void sniff(struct attacker *a, int fd)
{
	struct kept *k;
	ssize_t n;

	for (;;) {
		k = &a->kept[a->count % KEPT];
		n = recv(fd, k->bytes, KEPT_LEN, MSG_DONTWAIT);
		if (n <= 0)
			return;
		k->len = n;
		if (k->bytes[12] != RILL_ETHERTYPE >> 8 ||
		    k->bytes[ETH_HLEN] != (RILL_VERSION << 4 | RILL_FRAME_DATA))
			continue;
		/* short ones are soon summed up, long ones not linear */
		if (make_whole(k->bytes, &k->len,
			       a->count % 8 ? 200 :
			       KEPT_LEN - ETH_HLEN - RILL_HEADER_MAX))
			a->count++;
	}
}

/* Bytes without sense; sometimes with a header that has some. */
static void make_random(struct attacker *a, struct kept *k, const __u8 hw[][6])
{
	unsigned int side = roll(a, 2);
	unsigned int bits;
	size_t i;

	k->len = ETH_HLEN + roll(a, 120);
	for (i = 0; i < k->len; i += sizeof(bits)) {
		bits = rill_random(&a->seed);
		memcpy(k->bytes + i, &bits, sizeof(bits));
	}
	memcpy(k->bytes, hw[side], ETH_ALEN);
	if (roll(a, 2))
		memcpy(k->bytes + ETH_ALEN, hw[!side], ETH_ALEN);
	k->bytes[ETH_ALEN] &= ~1;
	k->bytes[12] = RILL_ETHERTYPE >> 8;
	k->bytes[13] = RILL_ETHERTYPE & 0xff;
	if (roll(a, 2) && k->len > ETH_HLEN + 4) {
		k->bytes[ETH_HLEN] = RILL_VERSION << 4 | roll(a, 8);
		k->bytes[ETH_HLEN + 1] &= 0x3f;
		k->bytes[ETH_HLEN + 4] = 0;
		k->bytes[ETH_HLEN + 5] &= 0x7f;
		make_whole(k->bytes, &k->len, KEPT_LEN);
	}
}

/* Another value for some bytes of the header. */
static void change_field(struct attacker *a, struct kept *k)
{
	unsigned int at = ETH_HLEN + roll(a, RILL_HEADER_LEN);
	unsigned int size = 1 << roll(a, 3);
	static const __u8 edges[] = { 0, 0xff, 0x7f, 0x80, 1 };
	__u8 edge = edges[roll(a, sizeof(edges))];
	unsigned int how = roll(a, 3);

	for (; size-- && at < k->len; at++) {
		if (!how)
			k->bytes[at] = edge;
		else if (how == 1)
			k->bytes[at] = roll(a, 256);
		else
			k->bytes[at] ^= 1 << roll(a, 8);
	}
}

static __u32 get32(const struct kept *k, size_t offset)
{
	__u32 v;

	memcpy(&v, k->bytes + ETH_HLEN + offset, sizeof(v));
	return __be32_to_cpu(v);
}

static void put32(struct kept *k, size_t offset, __u32 v)
{
	v = __cpu_to_be32(v);
	memcpy(k->bytes + ETH_HLEN + offset, &v, sizeof(v));
}

/* Make sure that it is the frame of somebody who cannot see @was. */
static void make_blind(struct attacker *a, struct kept *k,
		       const struct kept *was)
{
	static const size_t tokens[] = {
		offsetof(struct rill_header, to),
		offsetof(struct rill_header, from),
	};
	size_t token = tokens[roll(a, 2)];
	unsigned int at;

	switch (roll(a, 6)) {
	case 0:
		put32(k, token, get32(was, token) ^ (1 + roll(a, 65536)));
		break;
	case 1:
	case 2:
		put32(k, token, get32(was, token) ^ 1U << roll(a, 32));
		break;
	case 3:
		at = ETH_ALEN + 5;
		k->bytes[at] = was->bytes[at] ^ (1 + roll(a, 255));
		break;
	case 4:
		at = ETH_HLEN + offsetof(struct rill_header, sport) + roll(a, 4);
		k->bytes[at] = was->bytes[at] ^ (1 + roll(a, 255));
		break;
	default:
		at = offsetof(struct rill_header, seq);
		put32(k, at, get32(was, at) + 0x20000000 + roll(a, 0x40000000));
		break;
	}
}

/*
 * Say of a frame that its checksum is to be filled in, somewhere, or that it
 * is to be split: what a guest may say of its frames.
 */
static void make_odd(struct attacker *a, struct kept *k)
{
	static const __u8 types[] = {
		VIRTIO_NET_HDR_GSO_NONE, VIRTIO_NET_HDR_GSO_NONE,
		VIRTIO_NET_HDR_GSO_NONE, VIRTIO_NET_HDR_GSO_TCPV4,
		VIRTIO_NET_HDR_GSO_UDP, VIRTIO_NET_HDR_GSO_TCPV6,
		VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN,
	};
	static const __u16 sizes[] = { 1, 7, 500, 1436, 4368, 65535 };
	struct virtio_net_hdr *say = &k->say;

	k->odd = true;
	say->flags = roll(a, 8) ? VIRTIO_NET_HDR_F_NEEDS_CSUM : 0;
	say->gso_type = types[roll(a, sizeof(types))];
	say->gso_size = sizes[roll(a, ARRAY_SIZE(sizes))];
	/* new kernels believe no start before the end of an IP header */
	say->csum_start = roll(a, 8) ? ETH_HLEN + 6 + roll(a, k->len / 2) :
				       ETH_HLEN;
	say->csum_offset = roll(a, 8) ? 2 : roll(a, k->len);
	if (say->gso_type == VIRTIO_NET_HDR_GSO_UDP)
		say->csum_offset = 6;
	else if (say->gso_type != VIRTIO_NET_HDR_GSO_NONE)
		say->csum_offset = 16;
	else
		say->gso_size = 0;
	/* its header need not be where one looks for it first */
	say->hdr_len = roll(a, 2) ? 0 : roll(a, k->len);
}

/* A tag in front of it. */
static void make_tagged(struct attacker *a, struct kept *k)
{
	if (k->len + 4 > KEPT_LEN)
		return;
	memmove(k->bytes + 16, k->bytes + 12, k->len - 12);
	k->bytes[12] = 0x81;
	k->bytes[13] = 0;
	k->bytes[14] = roll(a, 16);
	k->bytes[15] = 1 + roll(a, 255);
	k->len += 4;
}

/* A copy of a frame that was seen, mutated. */
static void make_mutant(struct attacker *a, struct kept *k)
{
	unsigned int have = a->count < KEPT ? a->count : KEPT, n;
	const struct kept *was = &a->kept[roll(a, have)];

	k->len = was->len;
	memcpy(k->bytes, was->bytes, k->len);
	switch (roll(a, 8)) {
	case 0:		/* a stale copy */
		break;
	case 1:		/* bits that the checksum tells of */
		for (n = 1 + roll(a, 4); n; n--)
			k->bytes[ETH_HLEN + roll(a, k->len - ETH_HLEN)] ^=
				1 << roll(a, 8);
		if (rill_frame_sound(k->bytes, k->len))
			k->bytes[ETH_HLEN + 2] ^= 1;
		break;
	case 2:		/* cut off */
		k->len = ETH_HLEN + roll(a, k->len - ETH_HLEN);
		break;
	case 3:
		make_tagged(a, k);
		break;
	default:	/* other values, another attacker's luck */
		for (n = roll(a, 4); n; n--)
			change_field(a, k);
		make_blind(a, k, was);
		if (roll(a, 4))
			rill_frame_seal(k->bytes, k->len);
		else
			make_odd(a, k);
	}
}

/* The side at which it is to be sent: not the one that it is for. */
static int side_of(struct fuzz *f, const struct kept *k)
{
	return !memcmp(k->bytes, f->hw[0], ETH_ALEN);
}

/* Frames that leave by one socket. */
struct batch {
	struct mmsghdr msgs[BATCH];
	struct iovec iov[2 * BATCH];
	int count;
};

static void batch_add(struct batch *b, struct kept *k)
{
	struct iovec *iov = &b->iov[2 * b->count];
	struct msghdr *msg = &b->msgs[b->count++].msg_hdr;

	memset(msg, 0, sizeof(*msg));
	iov[0].iov_base = &k->say;
	iov[0].iov_len = sizeof(k->say);
	iov[1].iov_base = k->bytes;
	iov[1].iov_len = k->len;
	msg->msg_iov = k->odd ? iov : iov + 1;
	msg->msg_iovlen = k->odd ? 2 : 1;
}

/* Return: how many the socket took. */
static int batch_send(struct batch *b, int fd)
{
	int i = 0, done, taken = 0;

	while (i < b->count) {
		done = sendmmsg(fd, b->msgs + i, b->count - i, 0);
		/* a link may refuse one: that is none of our business */
		i += done > 0 ? done : 1;
		taken += done > 0 ? done : 0;
	}
	b->count = 0;
	return taken;
}

/* Whether the process that moves data has ended, which it should not. */
static bool mover_gone(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) ||
	       info.si_pid;
}

/* The next frames to both sides. */
static void send_some(struct fuzz *f, struct attacker *a)
{
	static struct batch plain[2], odd[2];
	struct kept *k;
	int i, side;

	for (i = 0; i < BATCH; i++) {
		k = &a->out[i];
		k->odd = false;
		if (!a->count || !roll(a, 4))
			make_random(a, k, (const __u8 (*)[6])f->hw);
		else
			make_mutant(a, k);
		side = side_of(f, k);
		batch_add(k->odd ? &odd[side] : &plain[side], k);
	}
	for (side = 0; side < 2; side++) {
		batch_send(&plain[side], f->fd[side]);
		a->odd += batch_send(&odd[side], f->odd[side]);
	}
}

/* Reasons to drop a frame, each of which has to have occurred. */
static const char * const reasons[] = {
	"rx_short", "rx_version", "rx_unknown", "rx_checksum",
	"rx_no_connection", "rx_mismatch", "rx_window",
};

TEST_F_TIMEOUT(fuzz, live_connections_are_unharmed, FUZZ_TIMEOUT)
{
	struct attacker *a = calloc(1, sizeof(*a));
	struct fuzz *f = &self->f;
	struct budget budget = budget_init();
	long long start = rill_now_ms();
	struct end ends[2 * CONNS];
	unsigned int i;

	ASSERT_NE(NULL, a);
	a->seed = 20251121;
	while (budget_left(&budget) && !mover_gone(f->pid)) {
		sniff(a, f->fd[0]);
		sniff(a, f->fd[1]);
		send_some(f, a);
		budget.frames += BATCH;
	}
	ASSERT_EQ(1, write(f->stop, "x", 1));
	EXPECT_EQ(0, rill_child_wait(f->pid));
	ASSERT_EQ((ssize_t)sizeof(ends),
		  read(f->report, ends, sizeof(ends)));
	for (i = 0; i < 2 * CONNS; i++) {
		EXPECT_LT(10000, ends[i].got);
		EXPECT_EQ(ends[i].got, ends[i ^ 1].sent);
		TH_LOG("end %u: %lu bytes received, error %d", i, ends[i].got,
		       ends[i].error);
	}
	TH_LOG("%ld frames in %lld ms, %ld odd ones taken, %u seen",
	       budget.frames, rill_now_ms() - start, a->odd, a->count);
	EXPECT_LT(0, a->odd);
	for (i = 0; i < ARRAY_SIZE(reasons); i++) {
		TH_LOG("%s %lld", reasons[i], rill_counter(reasons[i]));
		EXPECT_LT(0, rill_counter(reasons[i]));
	}
	EXPECT_EQ(0, rill_counter("illegal"));
	free(a);
}

/* A peer that has all the right numbers and has gone mad */

struct mad {
	struct rill_raw raw;
	struct rill_packet pkt;
	struct sockaddr_rill addr[2];
	int lfd[2];
	unsigned long seed;
};

FIXTURE(mad) {
	struct mad m;
};

FIXTURE_SETUP(mad)
{
	struct mad *m = &self->m;
	int i;

	RILL_IN_NETNS(return);
	ASSERT_EQ(0, rill_raw_open(&m->raw, "mad0"));
	for (i = 0; i < 2; i++) {
		m->addr[i] = rill_addr(0);
		m->lfd[i] = rill_listener((i ? SOCK_SEQPACKET :
					      SOCK_STREAM) | SOCK_NONBLOCK,
					     8, &m->addr[i]);
		ASSERT_LE(0, m->lfd[i]);
	}
	ASSERT_EQ(0, rill_sysctl_set("user_timeout_ms", "1000"));
	m->seed = 4711;
}

FIXTURE_TEARDOWN(mad)
{
	rill_raw_close(&self->m.raw);
}

/* A number near @n mostly. */
static __u32 near(unsigned long *seed, __u32 n)
{
	static const __u32 spans[] = { 4, 100, 3000, 100000, 0xffffffff };
	__u32 span = spans[rill_random(seed) % ARRAY_SIZE(spans)];

	return n + rill_random(seed) % span - span / 4;
}

/* A frame that both tokens make believable. */
static struct rill_frame mad_frame(struct mad *m,
				   const struct rill_raw_conn *c)
{
	unsigned long *seed = &m->seed;
	unsigned int type = rill_random(seed) % 12, i;
	struct rill_frame f;

	if (!type || type >= RILL_FRAME_DGRAM)
		type = RILL_FRAME_DATA;
	if (type == RILL_FRAME_RESET && rill_random(seed) % 8)
		type = RILL_FRAME_DATA;
	f = rill_raw_frame(c, type);
	if (rill_random(seed) % 2)
		f.seq = near(seed, c->seq);
	if (rill_random(seed) % 2)
		f.ack = near(seed, c->ack);
	if (!(rill_random(seed) % 4))
		f.credit = near(seed, 0);
	if (!(rill_random(seed) % 8))
		f.mtu = rill_random(seed);
	if (type != RILL_FRAME_DATA)
		return f;
	f.flags = rill_random(seed) % 4 ? 0 : rill_random(seed) % 32;
	if (rill_random(seed) % 2)
		f.length = rill_random(seed) % 1400;
	f.sacks = rill_random(seed) % 3 ? 0 : rill_random(seed) % 5;
	for (i = 0; i < f.sacks; i++) {
		f.sack[i].start = near(seed, c->ack);
		f.sack[i].end = near(seed, f.sack[i].start + 1000);
	}
	return f;
}

/* What a program does meanwhile. */
static void mad_use(struct mad *m, int fd)
{
	static char buf[20000];
	unsigned int what = rill_random(&m->seed) % 16;

	if (what < 3)
		rill_send(fd, buf, rill_random(&m->seed) % sizeof(buf),
			  MSG_DONTWAIT | MSG_NOSIGNAL);
	else if (what < 6)
		rill_recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	else if (what == 6 && !(rill_random(&m->seed) % 4))
		rill_shutdown(fd, rill_random(&m->seed) % 3);
}

/* One connection's life with such a peer. */
static int mad_life(struct mad *m, struct budget *budget)
{
	unsigned int kind = rill_random(&m->seed) % 2, i;
	struct rill_raw_conn c;
	struct rill_frame f;
	int fd, ret;

	c = rill_raw_client(&m->raw, kind ? SOCK_SEQPACKET : SOCK_STREAM,
			    rill_port(&m->addr[kind]));
	if (rill_random(&m->seed) % 2)
		c.seq = near(&m->seed, 0);
	ret = rill_raw_connect(&c, &m->pkt);
	if (!ret)
		ret = rill_poll_wait(m->lfd[kind], POLLIN);
	if (ret < 0)
		return ret;
	fd = rill_accept_one(m->lfd[kind]);
	if (fd < 0)
		return fd;
	ret = 0;
	for (i = rill_random(&m->seed) % 200; i && !ret; i--) {
		f = mad_frame(m, &c);
		ret = rill_raw_send(&m->raw, &f, NULL);
		mad_use(m, fd);
		while (!rill_raw_recv(&m->raw, &m->pkt, 0)) {
			if (m->pkt.f.to == c.from &&
			    m->pkt.f.type == RILL_FRAME_DATA &&
			    rill_random(&m->seed) % 2)
				c.ack = m->pkt.f.seq +
					rill_wire_seq_len(&m->pkt.f);
		}
		budget->frames++;
	}
	if (rill_random(&m->seed) % 2)
		rill_raw_say(&c, RILL_FRAME_RESET);
	close(fd);
	return ret;
}

TEST_F_TIMEOUT(mad, ends_well_with_a_mad_peer, FUZZ_TIMEOUT)
{
	struct budget budget = budget_init();
	int count = rill_socket_count(), lives = 0;
	struct mad *m = &self->m;

	while (budget_left(&budget)) {
		ASSERT_EQ(0, mad_life(m, &budget));
		lives++;
	}
	TH_LOG("%ld frames in %d connections", budget.frames, lives);
	/* no frame of ours was a bad one, and nothing is left */
	EXPECT_EQ(0, (int)m->raw.seen[0]);
	EXPECT_EQ(0, rill_wait_socket_count(count));
	EXPECT_EQ(0, rill_counter("illegal"));
}

TEST_HARNESS_MAIN
