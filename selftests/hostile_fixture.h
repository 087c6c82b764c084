/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixture of the ether_hostile programs: a listener here, a peer played by
 * hand at the far end of a link, and one connection between them that is good.
 */
#ifndef HOSTILE_FIXTURE_H
#define HOSTILE_FIXTURE_H

#include "kselftest_harness.h"
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <linux/sockios.h>

#include "rill_frame.h"
#include "rill_io.h"

/* The end of the link that is rill's. */
#define HOSTILE_DEV	"rillh0"

/**
 * struct hostile - What the tests stand on.
 * @raw: The link.
 * @pkt: A frame that came.
 * @c: The far end of the good connection.
 * @fd: The socket at this end of it.
 * @lfd: The listener, non-blocking, backlog 8.
 * @addr: Its address.
 * @type: SOCK_STREAM or SOCK_SEQPACKET.
 */
struct hostile {
	struct rill_raw raw;
	struct rill_packet pkt;
	struct rill_raw_conn c;
	int fd;
	int lfd;
	struct sockaddr_rill addr;
	int type;
};

/* RILL_FLAG_EOR where a record has to end for a reader to get it. */
static inline int hostile_eor(const struct hostile *h)
{
	return h->type == SOCK_SEQPACKET ? RILL_FLAG_EOR : 0;
}

/* Accept the connection that is confirmed. Descriptor or -errno. */
static inline int hostile_accept(struct hostile *h)
{
	int ret = rill_poll_wait(h->lfd, POLLIN);

	return ret < 0 ? ret : rill_accept_one(h->lfd);
}

/* Make @c a client of the listener, connected; @fd: the accepted end. */
static inline int hostile_connect(struct hostile *h, struct rill_raw_conn *c,
				  int *fd)
{
	int ret = rill_raw_connect(c, &h->pkt);

	if (ret)
		return ret;
	*fd = hostile_accept(h);
	return *fd < 0 ? *fd : 0;
}

/* Read just these bytes, and then nothing. */
static inline int hostile_reads(int fd, const void *bytes, size_t len)
{
	char buf[4096];
	ssize_t n;

	if (rill_poll_wait(fd, POLLIN) < 0)
		return -ETIMEDOUT;
	n = rill_recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n != (ssize_t)len || memcmp(buf, bytes, len))
		return n < 0 ? n : -EBADMSG;
	n = rill_recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	return n == -EAGAIN ? 0 : -ENOTEMPTY;
}

/**
 * hostile_alive_pair() - Show that a connection is as good as ever.
 * @h: The fixture.
 * @c: Its far end.
 * @fd: Its socket; nothing unread.
 *
 * A few bytes go each way and no other byte is there. All frames sent before
 * have been looked at then.
 *
 * Return: 0 or -errno.
 */
static inline int hostile_alive_pair(struct hostile *h,
				     struct rill_raw_conn *c, int fd)
{
	char buf[3];
	int ret;

	ret = rill_raw_push(c, "abc", 3, hostile_eor(h));
	if (!ret)
		ret = rill_raw_acked(c, &h->pkt);
	if (!ret)
		ret = hostile_reads(fd, "abc", 3);
	if (!ret && rill_send(fd, "xyz", 3, MSG_DONTWAIT | MSG_NOSIGNAL) != 3)
		ret = -EPIPE;
	if (!ret)
		ret = rill_raw_pull(c, buf, 3, &h->pkt);
	if (!ret && memcmp(buf, "xyz", 3))
		ret = -EBADMSG;
	return ret;
}

/* The same of the good connection. */
static inline int hostile_alive(struct hostile *h)
{
	return hostile_alive_pair(h, &h->c, h->fd);
}

/* Set up @h. Return: 0 or -errno. */
static inline int hostile_open(struct hostile *h, int type)
{
	int ret = rill_raw_open(&h->raw, HOSTILE_DEV);

	if (ret)
		return ret;
	h->type = type;
	h->addr = rill_addr(0);
	h->lfd = rill_listener(type | SOCK_NONBLOCK, 8, &h->addr);
	if (h->lfd < 0)
		return h->lfd;
	h->c = rill_raw_client(&h->raw, type, rill_port(&h->addr));
	return hostile_connect(h, &h->c, &h->fd);
}

FIXTURE(hostile) {
	struct hostile h;
};

FIXTURE_VARIANT(hostile) {
	int type;
};

FIXTURE_VARIANT_ADD(hostile, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(hostile, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_SETUP(hostile)
{
	RILL_IN_NETNS(return);
	ASSERT_EQ(0, hostile_open(&self->h, variant->type));
}

FIXTURE_TEARDOWN(hostile)
{
	rill_raw_close(&self->h.raw);
}

#endif /* HOSTILE_FIXTURE_H */
