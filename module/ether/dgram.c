// SPDX-License-Identifier: GPL-2.0-only
/* Datagrams: one frame each. */
#include <linux/netdevice.h>

#include "../trace.h"
#include "conn.h"

/**
 * struct rill_dgram_out - A datagram on its way out.
 * @sk: Sender.
 * @skb: Payload; each link gets a copy.
 * @dst: Destination.
 * @err: 0 or a negative errno.
 */
struct rill_dgram_out {
	struct sock		*sk;
	struct sk_buff		*skb;
	const struct rill_addr	*dst;
	int			err;
};

static void rill_dgram_fits(struct net_device *dev, void *arg)
{
	struct rill_dgram_out *out = arg;
	u32 mtu = min_t(u32, READ_ONCE(dev->mtu), U16_MAX);

	if (out->skb->len + RILL_HEADER_LEN > mtu)
		out->err = -EMSGSIZE;
}

static void rill_dgram_on(struct net_device *dev, void *arg)
{
	struct rill_dgram_out *out = arg;
	const struct rill_addr *local = &rill_sk(out->sk)->local;
	struct rill_frame f = {
		.type	= RILL_FRAME_DGRAM,
		.length	= out->skb->len,
		.sport	= local->port,
		.dport	= out->dst->port,
	};
	struct sk_buff *skb;

	skb = skb_copy_expand(out->skb, RILL_LINK_ROOM, 0, GFP_ATOMIC);
	if (!skb) {
		out->err = -ENOBUFS;
		return;
	}
	skb->priority = READ_ONCE(out->sk->sk_priority);
	skb->mark = READ_ONCE(out->sk->sk_mark);
	/* The sender pays until the device has sent it. */
	skb_set_owner_w(skb, out->sk);
	if (rill_link_xmit(dev, dev->dev_addr, out->dst->hw, &f, skb, 0))
		out->err = -ENOBUFS;
}

/* This host is one of those that a broadcast is for. */
static void rill_dgram_here(struct sock *sk, const struct sk_buff *skb,
			    const struct rill_addr *dst)
{
	struct sk_buff *copy;

	if (!READ_ONCE(rill_net(sock_net(sk))->loopback))
		return;
	copy = skb_copy(skb, GFP_KERNEL);
	if (!copy)
		return;
	rill_skb_cb(copy)->source = rill_skb_cb((struct sk_buff *)skb)->source;
	rill_loopback.dgram_send(sk, copy, dst);
}

/**
 * rill_ether_dgram_send() - &struct rill_transport.dgram_send.
 * @sk: The sender.
 * @skb: The datagram; consumed.
 * @dst: The destination.
 *
 * Return: 0, -EMSGSIZE (above the MTU), -ENOBUFS, as rill_link_each().
 */
int rill_ether_dgram_send(struct sock *sk, struct sk_buff *skb,
			  const struct rill_addr *dst)
{
	u32 ifindex = rill_bound_ifindex(sk) ? : dst->ifindex;
	const u8 *hw = rill_sk(sk)->local.hw;
	struct rill_dgram_out out = { .sk = sk, .skb = skb, .dst = dst };
	int err;

	err = rill_link_each(sock_net(sk), ifindex, hw, rill_dgram_fits, &out);
	if (!err && !out.err)
		err = rill_link_each(sock_net(sk), ifindex, hw, rill_dgram_on,
				     &out);
	if (!err)
		err = out.err;
	if (!err) {
		rill_count(sk, RILL_CNT_DGRAM_SENT);
		if (is_broadcast_ether_addr(dst->hw))
			rill_dgram_here(sk, skb, dst);
	}
	consume_skb(skb);
	return err;
}

static struct rill_query rill_dgram_query(const struct rill_rx *rx)
{
	struct rill_query query = rill_link_query(rx, SOCK_DGRAM);

	if (rx->broadcast)
		eth_broadcast_addr(query.to.hw);
	return query;
}

static void rill_dgram_deliver(const struct rill_query *query, struct sock *to,
			       struct sk_buff *skb)
{
	int err = -EPIPE;

	memset(skb->cb, 0, sizeof(skb->cb));
	rill_skb_cb(skb)->source = query->from;
	if (!(READ_ONCE(to->sk_shutdown) & RCV_SHUTDOWN))
		err = sock_queue_rcv_skb(to, skb);
	if (!err)
		return;
	trace_rill_dropped(to, skb->len, err);
	rill_count(to, RILL_CNT_DGRAM_DROPPED);
	kfree_skb(skb);
}

#define RILL_BROADCAST_BATCH	16

static void rill_dgram_broadcast(const struct rill_query *query,
				 const struct sk_buff *skb)
{
	struct sock *to[RILL_BROADCAST_BATCH];
	struct sk_buff *copy;
	unsigned int skip = 0;
	int found, i;

	do {
		found = rill_port_receivers(query, skip, to, ARRAY_SIZE(to));
		for (i = 0; i < found; i++) {
			copy = skb_clone((struct sk_buff *)skb, GFP_ATOMIC);
			if (copy)
				rill_dgram_deliver(query, to[i], copy);
			else
				rill_count(to[i], RILL_CNT_DGRAM_DROPPED);
			sock_put(to[i]);
		}
		skip += found;
	} while (found == ARRAY_SIZE(to));
}

/**
 * rill_dgram_input() - A DGRAM came in.
 * @rx: It.
 */
void rill_dgram_input(struct rill_rx *rx)
{
	struct rill_query query = rill_dgram_query(rx);
	struct sock *to;

	if (rx->broadcast) {
		rill_dgram_broadcast(&query, rx->skb);
		return;
	}
	to = rill_port_find(&query);
	if (IS_ERR(to)) {
		rill_link_drop(rx, RILL_CNT_RX_REFUSED);
		rill_link_reply(rx, RILL_FRAME_NOBODY, 0, 0);
		return;
	}
	rill_dgram_deliver(&query, to, rx->skb);
	rx->skb = NULL;
	sock_put(to);
}

/**
 * rill_dgram_nobody() - A NOBODY came in: a connected sender learns of it.
 * @rx: It.
 */
void rill_dgram_nobody(struct rill_rx *rx)
{
	struct rill_query query = rill_dgram_query(rx);
	struct sock *sk = rill_port_find(&query);

	if (IS_ERR(sk)) {
		rill_link_drop(rx, RILL_CNT_RX_REFUSED);
		return;
	}
	if (rill_state(sk) == RILL_ESTABLISHED) {
		WRITE_ONCE(sk->sk_err, ECONNREFUSED);
		sk_error_report(sk);
	}
	sock_put(sk);
}
