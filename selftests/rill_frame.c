// SPDX-License-Identifier: GPL-2.0-only
/*
 * Selftest helpers: frames by hand, see rill_frame.h.
 */
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/if_packet.h>

#include "rill_frame.h"

/* Links */

/* Without the first nothing can be segmented or summed up by the other end. */
int rill_dev_offload(const char *name, bool on)
{
	int ret = rill_dev_feature(name, "tx-checksum-ip-generic", on);

	return ret ? ret : rill_dev_feature(name, "tx-generic-segmentation", on);
}

int rill_stay_on_cpu(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu < 0 ? 0 : cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

int rill_raw_packet_socket(const char *name)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = __cpu_to_be16(RILL_ETHERTYPE),
		.sll_ifindex = if_nametoindex(name),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int one = 1, size = 8 << 20;

	if (fd < 0)
		return -errno;
	if (!addr.sll_ifindex ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -ENODEV;
	}
	return fd;
}

/* In the far end's namespace: bring it up, and let nobody but us answer. */
static int raw_open_away(struct rill_raw *raw)
{
	int ret = -rill_sysctl_set("ethernet", "0");

	if (!ret)
		ret = rill_dev_up("far0", true);
	if (!ret)
		ret = rill_dev_hw("far0", raw->hw);
	if (ret)
		return ret;
	raw->fd = rill_raw_packet_socket("far0");
	return raw->fd < 0 ? raw->fd : 0;
}

int rill_raw_open(struct rill_raw *raw, const char *name)
{
	int home = rill_netns_here();
	int ret;

	memset(raw, 0, sizeof(*raw));
	raw->away = rill_netns_make();
	if (home < 0 || raw->away < 0)
		return home < 0 ? home : raw->away;
	ret = rill_stay_on_cpu();
	if (!ret)
		raw->ifindex = rill_veth_add(name, raw->away, "far0");
	if (!ret && raw->ifindex < 0)
		ret = raw->ifindex;
	if (!ret)
		ret = rill_dev_offload(name, false);
	if (!ret)
		ret = rill_dev_hw(name, raw->peer);
	if (!ret)
		ret = rill_dev_up(name, true);
	if (!ret)
		ret = rill_netns_enter(raw->away);
	if (!ret) {
		ret = raw_open_away(raw);
		if (rill_netns_enter(home))
			abort();
	}
	close(home);
	return ret;
}

void rill_raw_close(struct rill_raw *raw)
{
	close(raw->fd);
	close(raw->away);
}

/* Frames */

static __u32 sum_add(__u32 sum, const __u8 *bytes, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += bytes[i] << 8 | bytes[i + 1];
	if (len & 1)
		sum += bytes[len - 1] << 8;
	return (sum & 0xffff) + (sum >> 16);
}

/* Over both addresses and what comes behind the EtherType. */
static __u16 frame_sum(const __u8 *bytes, size_t len)
{
	__u32 sum = sum_add(0, bytes, 2 * ETH_ALEN);

	sum = sum_add(sum, bytes + ETH_HLEN, len - ETH_HLEN);
	return (sum & 0xffff) + (sum >> 16);
}

#define SUM_AT	(ETH_HLEN + offsetof(struct rill_header, checksum))

void rill_frame_seal(__u8 *bytes, size_t len)
{
	__u16 sum;

	if (len < SUM_AT + 2)
		return;
	bytes[SUM_AT] = 0;
	bytes[SUM_AT + 1] = 0;
	sum = ~frame_sum(bytes, len);
	bytes[SUM_AT] = sum >> 8;
	bytes[SUM_AT + 1] = sum;
}

bool rill_frame_sound(const __u8 *bytes, size_t len)
{
	return frame_sum(bytes, len) == 0xffff;
}

void rill_frame_build(struct rill_packet *pkt, const __u8 *dst,
		      const __u8 *src, const struct rill_frame *f,
		      const void *payload)
{
	unsigned int header = ETH_HLEN + rill_wire_header_len(f);

	memcpy(pkt->bytes, dst, ETH_ALEN);
	memcpy(pkt->bytes + ETH_ALEN, src, ETH_ALEN);
	pkt->bytes[12] = RILL_ETHERTYPE >> 8;
	pkt->bytes[13] = RILL_ETHERTYPE & 0xff;
	rill_wire_write(pkt->bytes + ETH_HLEN, f);
	if (payload)
		memcpy(pkt->bytes + header, payload, f->length);
	else
		memset(pkt->bytes + header, 0, f->length);
	pkt->f = *f;
	pkt->len = header + f->length;
	pkt->payload = pkt->bytes + header;
	rill_frame_seal(pkt->bytes, pkt->len);
}

int rill_raw_send_bytes(struct rill_raw *raw, const void *bytes, size_t len)
{
	ssize_t n = send(raw->fd, bytes, len, 0);

	if (n < 0)
		return -errno;
	return n == (ssize_t)len ? 0 : -EIO;
}

int rill_raw_send_from(struct rill_raw *raw, const __u8 *src,
		       const struct rill_frame *f, const void *payload)
{
	static __thread struct rill_packet pkt;

	rill_frame_build(&pkt, raw->peer, src, f, payload);
	return rill_raw_send_bytes(raw, pkt.bytes, pkt.len);
}

int rill_raw_send(struct rill_raw *raw, const struct rill_frame *f,
		  const void *payload)
{
	return rill_raw_send_from(raw, raw->hw, f, payload);
}

/* Whether the kernel has left the checksum to hardware that is not there. */
static bool sum_is_missing(struct msghdr *msg)
{
	struct tpacket_auxdata *aux;
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_PACKET ||
		    cmsg->cmsg_type != PACKET_AUXDATA)
			continue;
		aux = (void *)CMSG_DATA(cmsg);
		return aux->tp_status & TP_STATUS_CSUMNOTREADY;
	}
	return false;
}

/* A frame that a correct peer may send, as far as it can be told from it. */
static bool packet_good(struct rill_packet *pkt, bool unsummed)
{
	unsigned int header;

	if (pkt->len < ETH_HLEN ||
	    rill_wire_read(pkt->bytes + ETH_HLEN, pkt->len - ETH_HLEN,
			   &pkt->f) != RILL_FRAME_OK)
		return false;
	header = ETH_HLEN + rill_wire_header_len(&pkt->f);
	pkt->payload = pkt->bytes + header;
	return unsummed ||
	       rill_frame_sound(pkt->bytes, header + pkt->f.length);
}

int rill_raw_recv(struct rill_raw *raw, struct rill_packet *pkt, int ms)
{
	struct pollfd pfd = { .fd = raw->fd, .events = POLLIN };
	struct iovec iov = { pkt->bytes, sizeof(pkt->bytes) };
	char control[256];
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int n = poll(&pfd, 1, ms);

	if (n <= 0)
		return n ? -errno : -ETIMEDOUT;
	n = recvmsg(raw->fd, &msg, MSG_DONTWAIT);
	if (n < 0)
		return -errno;
	pkt->len = n;
	if (raw->longest + ETH_HLEN < pkt->len)
		raw->longest = pkt->len - ETH_HLEN;
	if (packet_good(pkt, sum_is_missing(&msg))) {
		raw->seen[pkt->f.type]++;
		return 0;
	}
	raw->seen[0]++;
	fprintf(stderr, "# a bad frame of %d bytes came\n", n);
	return -EBADMSG;
}

int rill_raw_expect(struct rill_raw *raw, int type, __u32 to,
		    struct rill_packet *pkt)
{
	long long end = rill_now_ms() + RILL_DEADLINE_MS, now;
	int ret;

	for (;;) {
		now = rill_now_ms();
		if (now >= end)
			return -ETIMEDOUT;
		ret = rill_raw_recv(raw, pkt, end - now);
		if (ret)
			return ret;
		if (pkt->f.type == type && (!to || pkt->f.to == to))
			return 0;
	}
}

int rill_raw_drain(struct rill_raw *raw)
{
	static __thread struct rill_packet pkt;
	int ret;

	do {
		ret = rill_raw_recv(raw, &pkt, 0);
	} while (!ret);
	return ret == -ETIMEDOUT ? 0 : ret;
}

/* Connections */

static __u32 dice(void)
{
	static bool seeded;

	if (!seeded)
		srandom(getpid() ^ rill_now_ms());
	seeded = true;
	return random() << 16 ^ random();
}

struct rill_raw_conn rill_raw_client(struct rill_raw *raw, int type,
				     unsigned int port)
{
	struct rill_raw_conn c = {
		.raw = raw,
		.type = type,
		.sport = __cpu_to_be16(1024 + dice() % 60000),
		.dport = __cpu_to_be16(port),
		.from = dice() | 1,
		.seq = dice(),
		.credit = RILL_RAW_CREDIT,
		.mtu = ETH_DATA_LEN,
	};

	return c;
}

struct rill_frame rill_raw_frame(const struct rill_raw_conn *c, int type)
{
	struct rill_frame f = {
		.type = type,
		.mtu = c->mtu,
		.sport = c->sport,
		.dport = c->dport,
		.to = c->to,
		.from = c->from,
		.seq = c->seq,
		.ack = c->ack,
		.credit = c->credit,
	};

	if (type == RILL_FRAME_REQUEST || type == RILL_FRAME_ACCEPT)
		f.flags = c->type == SOCK_SEQPACKET ? RILL_FLAG_SEQPACKET : 0;
	if (type == RILL_FRAME_REQUEST) {
		f.to = 0;
		f.ack = c->cookie;
	} else if (type == RILL_FRAME_RESET) {
		f.ack = RILL_RESET_NONE;
	} else if (type == RILL_FRAME_DATA && c->stop) {
		f.flags = RILL_FLAG_STOP;
	}
	return f;
}

int rill_raw_say(struct rill_raw_conn *c, int type)
{
	struct rill_frame f = rill_raw_frame(c, type);

	return rill_raw_send(c->raw, &f, NULL);
}

int rill_raw_ack(struct rill_raw_conn *c, int flags)
{
	struct rill_frame f = rill_raw_frame(c, RILL_FRAME_DATA);

	f.flags |= flags;
	return rill_raw_send(c->raw, &f, NULL);
}

/* What the socket says of itself in a frame. */
static void conn_learn(struct rill_raw_conn *c, const struct rill_frame *f)
{
	c->peer_end = f->ack + f->credit;
}

/* Frames of others come too, answers to those that were sent as theirs. */
static bool conn_owns(const struct rill_raw_conn *c, const struct rill_frame *f)
{
	return f->to == c->from && (!c->to || f->from == c->to);
}

int rill_raw_request(struct rill_raw_conn *c, struct rill_packet *pkt)
{
	int ret = rill_raw_say(c, RILL_FRAME_REQUEST);

	while (!ret) {
		ret = rill_raw_recv(c->raw, pkt, RILL_DEADLINE_MS);
		if (ret || pkt->f.to != c->from)
			continue;
		switch (pkt->f.type) {
		case RILL_FRAME_CHALLENGE:
			c->cookie = pkt->f.ack;
			ret = rill_raw_say(c, RILL_FRAME_REQUEST);
			break;
		case RILL_FRAME_ACCEPT:
			c->to = pkt->f.from;
			c->ack = pkt->f.seq;
			conn_learn(c, &pkt->f);
			return pkt->f.ack == c->seq ? 0 : -EPROTO;
		case RILL_FRAME_RESET:
			return -ECONNREFUSED;
		}
	}
	return ret;
}

int rill_raw_connect(struct rill_raw_conn *c, struct rill_packet *pkt)
{
	int ret = rill_raw_request(c, pkt);

	return ret ? ret : rill_raw_ack(c, 0);
}

int rill_raw_asked(struct rill_raw *raw, struct rill_raw_conn *c,
		   struct rill_packet *pkt)
{
	int ret = rill_raw_expect(raw, RILL_FRAME_REQUEST, 0, pkt);

	if (ret)
		return ret;
	*c = rill_raw_client(raw, pkt->f.flags ? SOCK_SEQPACKET : SOCK_STREAM,
			     0);
	c->sport = pkt->f.dport;
	c->dport = pkt->f.sport;
	c->to = pkt->f.from;
	c->ack = pkt->f.seq;
	c->peer_end = c->seq + pkt->f.credit;
	return 0;
}

int rill_raw_accept(struct rill_raw *raw, struct rill_raw_conn *c,
		    struct rill_packet *pkt)
{
	int ret = rill_raw_asked(raw, c, pkt);

	if (!ret)
		ret = rill_raw_say(c, RILL_FRAME_ACCEPT);
	if (!ret)
		ret = rill_raw_expect(raw, RILL_FRAME_DATA, c->from, pkt);
	if (!ret)
		conn_learn(c, &pkt->f);
	return ret;
}

int rill_raw_push(struct rill_raw_conn *c, const void *buf, size_t len,
		  int flags)
{
	size_t most = c->mtu - RILL_HEADER_LEN, n;
	struct rill_frame f;
	int ret;

	do {
		n = len < most ? len : most;
		f = rill_raw_frame(c, RILL_FRAME_DATA);
		f.length = n;
		if (n == len)
			f.flags |= flags;
		ret = rill_raw_send(c->raw, &f, buf);
		if (ret)
			return ret;
		c->seq += rill_wire_seq_len(&f);
		buf += n;
		len -= n;
	} while (len);
	return 0;
}

int rill_raw_acked(struct rill_raw_conn *c, struct rill_packet *pkt)
{
	int ret = rill_raw_ack(c, RILL_FLAG_PROBE);

	while (!ret) {
		ret = rill_raw_recv(c->raw, pkt, RILL_DEADLINE_MS);
		if (ret || !conn_owns(c, &pkt->f))
			continue;
		if (pkt->f.type == RILL_FRAME_RESET)
			return -ECONNRESET;
		if (pkt->f.type != RILL_FRAME_DATA)
			continue;
		conn_learn(c, &pkt->f);
		if (pkt->f.ack == c->seq)
			return 0;
	}
	return ret;
}

/* Payload of @pkt that is next goes to @buf. Return: bytes. */
static size_t conn_take(struct rill_raw_conn *c, void *buf, size_t len,
			struct rill_packet *pkt)
{
	__u32 skip = c->ack - pkt->f.seq;
	size_t n;

	if ((__s32)skip < 0 || skip >= pkt->f.length)
		return 0;
	n = pkt->f.length - skip;
	if (n > len)
		n = len;
	memcpy(buf, pkt->payload + skip, n);
	c->ack += n;
	return n;
}

/* The EOR and then the FIN of @f, if they are next; whether FIN was. */
static bool conn_marks(struct rill_raw_conn *c, const struct rill_frame *f)
{
	__u32 at = f->seq + f->length;

	if (f->flags & RILL_FLAG_EOR) {
		c->ack += c->ack == at;
		at++;
	}
	if (!(f->flags & RILL_FLAG_FIN) || c->ack != at)
		return false;
	c->ack++;
	return true;
}

int rill_raw_pull(struct rill_raw_conn *c, void *buf, size_t len,
		  struct rill_packet *pkt)
{
	__u32 edge = c->ack + c->credit;
	size_t n;
	int ret;

	while (len) {
		ret = rill_raw_recv(c->raw, pkt, RILL_DEADLINE_MS);
		if (ret)
			return ret;
		if (!conn_owns(c, &pkt->f))
			continue;
		if (pkt->f.type == RILL_FRAME_RESET)
			return -ECONNRESET;
		if (pkt->f.type != RILL_FRAME_DATA)
			continue;
		conn_learn(c, &pkt->f);
		if ((__s32)c->credit >= 0 && pkt->f.length &&
		    (__s32)(pkt->f.seq + pkt->f.length - edge) > 0)
			return -EPROTO;
		n = conn_take(c, buf, len, pkt);
		buf += n;
		len -= n;
		if (conn_marks(c, &pkt->f) && len)
			return -EPIPE;
		if (rill_wire_seq_len(&pkt->f)) {
			ret = rill_raw_ack(c, 0);
			if (ret)
				return ret;
			edge = c->ack + c->credit;
		}
	}
	return 0;
}
