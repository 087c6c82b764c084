// SPDX-License-Identifier: GPL-2.0-only
/* Links: Ethernet devices, frames in and out, what happens to devices. */
#include <linux/if_arp.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/notifier.h>

#include "../trace.h"
#include "conn.h"

static ushort ethertype = ETH_P_802_EX1;
module_param(ethertype, ushort, 0444);
MODULE_PARM_DESC(ethertype, "EtherType of rill's frames (default 0x88b5)");

/*
 * -ENODEV: no link of ours; -ENETDOWN; -EHOSTUNREACH: no carrier; or 0.
 * A port of a bridge or bond is no link: what comes in there is its master's.
 */
static int rill_link_state(struct net_device *dev)
{
	if (dev->type != ARPHRD_ETHER || dev->addr_len != ETH_ALEN ||
	    (dev->flags & IFF_LOOPBACK) || dev->mtu < RILL_MTU_MIN ||
	    (netdev_master_upper_dev_get_rcu(dev) && !netif_is_l3_slave(dev)))
		return -ENODEV;
	if (!(dev->flags & IFF_UP))
		return -ENETDOWN;
	return netif_carrier_ok(dev) ? 0 : -EHOSTUNREACH;
}

/**
 * rill_link_each() - Visit the links that a request may use.
 * @net: Namespace.
 * @ifindex: The only one, or 0 for all.
 * @hw: Only those with this hardware address, or zero for all.
 * @what: Called for each that is up and has its carrier, under RCU; or NULL.
 * @arg: Passed to it.
 *
 * Return: 0 if there was one, -ENETUNREACH (no link), -ENETDOWN (what was asked
 * for is down, or nobody has the address), -EHOSTUNREACH (no carrier).
 */
int rill_link_each(struct net *net, u32 ifindex, const u8 *hw,
		   void (*what)(struct net_device *dev, void *arg), void *arg)
{
	bool named = !is_zero_ether_addr(hw);
	/* Of several errors the largest number says most. */
	int err, worst = 0;
	struct net_device *dev;
	bool up = false;

	rcu_read_lock();
	for_each_netdev_rcu(net, dev) {
		if ((ifindex && dev->ifindex != ifindex) ||
		    (named && !ether_addr_equal_unaligned(hw, dev->dev_addr)))
			continue;
		err = rill_link_state(dev);
		if (!err && what)
			what(dev, arg);
		up |= !err;
		worst = min(worst, err);
	}
	rcu_read_unlock();
	if (up)
		return 0;
	switch (worst) {
	case -EHOSTUNREACH:
		return -EHOSTUNREACH;
	case -ENETDOWN:	/* what nobody asked for may be down */
		return named || ifindex ? -ENETDOWN : -ENETUNREACH;
	case 0:		/* no device: the one that had the address is gone */
		return named ? -ENETDOWN : -ENETUNREACH;
	default:
		return -ENETUNREACH;
	}
}

/**
 * rill_ether_reach() - Is there a link to send a request on?
 * @net: Namespace.
 * @ifindex: The only one it may use, or 0 for any.
 * @hw: Own hardware address that it has to have, or zero for any.
 *
 * Return: as rill_link_each().
 */
int rill_ether_reach(struct net *net, u32 ifindex, const u8 *hw)
{
	return rill_link_each(net, ifindex, hw, NULL, NULL);
}

/* The sum over both addresses, as the checksum field has it on the way out. */
static __sum16 rill_link_pseudo(const struct ethhdr *eth)
{
	return ~csum_fold(csum_partial(eth, 2 * ETH_ALEN, 0));
}

static struct sk_buff *rill_link_room(void)
{
	struct sk_buff *skb;

	skb = alloc_skb(RILL_LINK_ROOM, GFP_ATOMIC | __GFP_NOWARN);
	if (skb)
		skb_reserve(skb, RILL_LINK_ROOM);
	return skb;
}

/**
 * rill_link_xmit() - Send a frame by a device.
 * @dev: Device; RCU or RTNL held.
 * @src: Source address.
 * @dst: Destination address.
 * @f: Header; its MTU is filled in.
 * @skb: Payload with RILL_LINK_ROOM before it, consumed; NULL for none.
 * @mss: Payload that one frame may have, for one that is to be cut up; or 0.
 *
 * Return: 0, -ENOBUFS.
 */
int rill_link_xmit(struct net_device *dev, const u8 *src, const u8 *dst,
		   struct rill_frame *f, struct sk_buff *skb, u32 mss)
{
	struct rill_header *h;

	if (!skb)
		skb = rill_link_room();
	if (!skb) {
		rill_count_net(dev_net(dev), RILL_CNT_TX_FAILED);
		return -ENOBUFS;
	}
	f->mtu = min_t(u32, dev->mtu, U16_MAX);
	h = skb_push(skb, rill_wire_header_len(f));
	rill_wire_write(h, f);
	skb_reset_network_header(skb);
	if (mss && f->length > mss)
		rill_offload_unit(skb, f->length, mss);
	skb->dev = dev;
	skb->protocol = htons(ethertype);
	if (dev_hard_header(skb, dev, ethertype, dst, src, skb->len) < 0) {
		kfree_skb(skb);
		return -ENOBUFS;
	}
	skb_reset_mac_header(skb);
	h->checksum = rill_link_pseudo(eth_hdr(skb));
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_network_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct rill_header, checksum);
	rill_count_net(dev_net(dev), RILL_CNT_TX_FRAMES);
	dev_queue_xmit(skb);
	return 0;
}

/**
 * rill_link_send() - Send a frame of a connection.
 * @conn: The connection, locked, its link chosen.
 * @f: Header; its MTU is filled in.
 * @skb: As rill_link_xmit().
 *
 * Return: 0, -ENOBUFS, -ENETDOWN.
 */
int rill_link_send(struct rill_conn *conn, struct rill_frame *f,
		   struct sk_buff *skb)
{
	struct net_device *dev;
	int err = -ENETDOWN;

	if (!skb)
		skb = rill_link_room();
	if (skb && conn->sk) {
		conn->priority = READ_ONCE(conn->sk->sk_priority);
		conn->mark = READ_ONCE(conn->sk->sk_mark);
	}
	if (skb) {
		skb->priority = conn->priority;
		skb->mark = conn->mark;
	}
	rcu_read_lock();
	dev = dev_get_by_index_rcu(conn->net, conn->ifindex);
	if (dev && (dev->flags & IFF_UP)) {
		err = rill_link_xmit(dev, conn->local_hw, conn->peer_hw, f,
				     skb, conn->mss);
	} else {
		rill_count_net(conn->net, RILL_CNT_TX_FAILED);
		kfree_skb(skb);
	}
	rcu_read_unlock();
	return err;
}

/* Answers to frames of no connection, per second and namespace. */
#define RILL_REPLIES_MAX	1000

static bool rill_link_limited(struct net *net)
{
	struct rill_ether_net *en = rill_ether_net(net);
	unsigned long second = jiffies / HZ;

	if (READ_ONCE(en->replies_at) != second) {
		WRITE_ONCE(en->replies_at, second);
		atomic_set(&en->replies, 0);
	}
	if (atomic_inc_return(&en->replies) <= RILL_REPLIES_MAX)
		return false;
	rill_count_net(net, RILL_CNT_LIMITED);
	return true;
}

/**
 * rill_link_reply() - Answer a frame that belongs to no connection.
 * @rx: The frame; what was sent to everybody is not answered.
 * @type: Type of the answer.
 * @seq: Its sequence number.
 * @code: Its acknowledgment number: cookie or code.
 */
void rill_link_reply(const struct rill_rx *rx, u8 type, u32 seq, u32 code)
{
	struct rill_frame f = {
		.type	= type,
		.sport	= rx->f.dport,
		.dport	= rx->f.sport,
		.to	= rx->f.from,
		.from	= rx->f.to,
		.seq	= seq,
		.ack	= code,
		.credit	= rx->f.seq,
	};

	/* What everybody got only CHALLENGE answers. */
	if (rx->broadcast && type != RILL_FRAME_CHALLENGE)
		return;
	/* A cookie is what keeps a flood from mattering: it is not limited. */
	if ((rx->broadcast || type != RILL_FRAME_CHALLENGE) &&
	    rill_link_limited(dev_net(rx->dev)))
		return;
	rill_link_xmit(rx->dev, rx->dev->dev_addr, rx->src, &f, NULL, 0);
}

static __wsum rill_link_pseudo_in(struct sk_buff *skb, int proto)
{
	return csum_partial(eth_hdr(skb), 2 * ETH_ALEN, 0);
}

/* A connection is between two hosts; what asks for one may go to everybody. */
static bool rill_link_for_all(const struct rill_frame *f)
{
	return f->type == RILL_FRAME_REQUEST || f->type == RILL_FRAME_DGRAM ||
	       (f->type == RILL_FRAME_RESET && !f->to);
}

/*
 * Check and decode a frame. The header is pulled, padding cut off.
 * Return: -1, or enum rill_counter of the reason to drop it.
 */
static int rill_link_decode(struct rill_rx *rx)
{
	static const u8 reasons[RILL_FRAME_FAULTS] = {
		[RILL_FRAME_SHORT]	= RILL_CNT_RX_SHORT,
		[RILL_FRAME_VERSION]	= RILL_CNT_RX_VERSION,
		[RILL_FRAME_UNKNOWN]	= RILL_CNT_RX_UNKNOWN,
	};
	struct sk_buff *skb = rx->skb;
	unsigned int len;
	int fault;

	if (!pskb_may_pull(skb, RILL_HEADER_LEN))
		return RILL_CNT_RX_SHORT;
	len = min(rill_wire_peek_len(skb->data), skb->len);
	if (!pskb_may_pull(skb, len))
		return RILL_CNT_RX_SHORT;
	fault = rill_wire_read(skb->data, skb->len, &rx->f);
	if (fault)
		return reasons[fault];
	len = rill_wire_header_len(&rx->f);
	if (pskb_trim_rcsum(skb, len + rx->f.length))
		return RILL_CNT_RX_MEMORY;
	if (skb_checksum_validate(skb, 0, rill_link_pseudo_in))
		return RILL_CNT_RX_CHECKSUM;
	ether_addr_copy(rx->src, eth_hdr(skb)->h_source);
	rx->broadcast = skb->pkt_type != PACKET_HOST;
	if (rx->broadcast && !rill_link_for_all(&rx->f))
		return RILL_CNT_RX_MISMATCH;
	__skb_pull(skb, len);
	return -1;
}

static void rill_link_dispatch(struct rill_rx *rx)
{
	switch (rx->f.type) {
	case RILL_FRAME_DATA:
		rill_input(rx);
		break;
	case RILL_FRAME_REQUEST:
		rill_handshake_request(rx);
		break;
	case RILL_FRAME_ACCEPT:
		rill_handshake_accept(rx);
		break;
	case RILL_FRAME_CHALLENGE:
		rill_handshake_challenge(rx);
		break;
	case RILL_FRAME_RESET:
		rill_close_reset(rx);
		break;
	case RILL_FRAME_DGRAM:
		rill_dgram_input(rx);
		break;
	case RILL_FRAME_NOBODY:
		rill_dgram_nobody(rx);
		break;
	}
}

/**
 * rill_link_query() - For whom is a frame, and from whom?
 * @rx: The frame.
 * @type: Type of the socket.
 *
 * Return: the question to rill_port_find(), with this link's address.
 */
struct rill_query rill_link_query(const struct rill_rx *rx, int type)
{
	struct rill_query query = {
		.net	= dev_net(rx->dev),
		.type	= type,
		.from	= {
			.ifindex	= rx->dev->ifindex,
			.port		= rx->f.sport,
		},
		.to	= {
			.ifindex	= rx->dev->ifindex,
			.port		= rx->f.dport,
		},
		.link	= true,
	};

	ether_addr_copy(query.from.hw, rx->src);
	ether_addr_copy(query.to.hw, rx->dev->dev_addr);
	return query;
}

/**
 * rill_link_drop() - Count a frame that is of no use, and trace it.
 * @rx: The frame.
 * @reason: Why, enum rill_counter.
 */
void rill_link_drop(const struct rill_rx *rx, int reason)
{
	rill_count_net(dev_net(rx->dev), reason);
	trace_rill_rx_drop(rx->dev, rx->f.type, reason);
}

static int rill_link_rcv(struct sk_buff *skb, struct net_device *dev,
			 struct packet_type *pt, struct net_device *orig_dev)
{
	struct rill_rx rx = { .dev = dev };
	int reason;

	if (skb->pkt_type != PACKET_HOST && skb->pkt_type != PACKET_BROADCAST)
		goto drop;
	if (rill_link_state(dev) == -ENODEV ||
	    !is_valid_ether_addr(eth_hdr(skb)->h_source))
		goto drop;
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (!skb)
		return NET_RX_DROP;
	/* As packet_rcv(): a queue of a socket keeps none of these alive. */
	skb_dst_drop(skb);
	nf_reset_ct(skb);
	rx.skb = skb;
	if (!READ_ONCE(rill_net(dev_net(dev))->ethernet))
		reason = RILL_CNT_RX_OFF;
	else
		reason = rill_link_decode(&rx);
	if (reason >= 0) {
		rill_link_drop(&rx, reason);
		goto drop;
	}
	rill_count_net(dev_net(dev), RILL_CNT_RX_FRAMES);
	rill_link_dispatch(&rx);
	consume_skb(rx.skb);
	return NET_RX_SUCCESS;
drop:
	kfree_skb(skb);
	return NET_RX_DROP;
}

static struct packet_type rill_packet_type = {
	.func	= rill_link_rcv,
};

/*
 * The handler is registered only while something of this machine can receive
 * from a link: listeners, bound datagram sockets, connections.
 */
static atomic_t rill_link_users = ATOMIC_INIT(0);
static DEFINE_MUTEX(rill_link_mutex);	/* rill_link_registered */
static bool rill_link_registered;

static void rill_link_unregister(void)
{
	dev_remove_pack(&rill_packet_type);
	rill_offload_remove();
}

static void rill_link_retire(struct work_struct *work)
{
	mutex_lock(&rill_link_mutex);
	if (rill_link_registered) {
		WRITE_ONCE(rill_link_registered, false);
		/* Pairs with rill_link_get(): one of us sees the other. */
		smp_mb();
		if (atomic_read(&rill_link_users))
			WRITE_ONCE(rill_link_registered, true);
		else
			rill_link_unregister();
	}
	mutex_unlock(&rill_link_mutex);
}

static DECLARE_DELAYED_WORK(rill_link_work, rill_link_retire);

/** rill_link_hold() - One more user, while there is one. Any context. */
void rill_link_hold(void)
{
	atomic_inc(&rill_link_users);
}

/** rill_link_get() - Look at frames from now on. May sleep. */
void rill_link_get(void)
{
	atomic_inc(&rill_link_users);
	/* Pairs with rill_link_retire(). */
	smp_mb__after_atomic();
	if (READ_ONCE(rill_link_registered))
		return;
	mutex_lock(&rill_link_mutex);
	if (!rill_link_registered) {
		rill_offload_add(rill_packet_type.type);
		dev_add_pack(&rill_packet_type);
		WRITE_ONCE(rill_link_registered, true);
	}
	mutex_unlock(&rill_link_mutex);
}

/** rill_link_put() - Undo one of them. Any context. */
void rill_link_put(void)
{
	if (atomic_dec_and_test(&rill_link_users))
		schedule_delayed_work(&rill_link_work, HZ);
}

/* Is there still a link for a request that has not chosen one? */
static void rill_link_lost(struct rill_conn *conn, void *arg)
{
	struct net_device *dev = arg;
	struct rill_wake wake = {};

	/* A bound one is told when its own link goes. */
	if (conn->bound && conn->bound != dev->ifindex)
		return;
	spin_lock_bh(&conn->lock);
	if (conn->state == RILL_CONN_REQUESTED)
		rill_close_unlinked(conn, &wake);	/* C14, C15 */
	spin_unlock_bh(&conn->lock);
	rill_wake_up(&wake);
}

static void rill_link_gone(struct rill_conn *conn, void *arg)
{
	struct net_device *dev = arg;

	rill_link_lost(conn, arg);
	if (READ_ONCE(conn->ifindex) == dev->ifindex)
		rill_close_link(conn, NULL);
}

static void rill_link_moved(struct rill_conn *conn, void *arg)
{
	struct net_device *dev = arg;

	if (READ_ONCE(conn->ifindex) == dev->ifindex)
		rill_close_link(conn, dev->dev_addr);
	else
		rill_link_lost(conn, arg);
}

static int rill_link_event(struct notifier_block *nb, unsigned long event,
			   void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct net *net = dev_net(dev);

	switch (event) {
	case NETDEV_DOWN:
		rill_conn_each(net, rill_link_lost, dev);
		break;
	case NETDEV_CHANGE:
		if (!netif_carrier_ok(dev))
			rill_conn_each(net, rill_link_lost, dev);
		break;
	case NETDEV_UNREGISTER:
		rill_conn_each(net, rill_link_gone, dev);
		break;
	case NETDEV_CHANGEADDR:
		rill_conn_each(net, rill_link_moved, dev);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block rill_link_notifier = {
	.notifier_call	= rill_link_event,
};

/**
 * rill_link_init() - Begin to watch devices.
 *
 * Return: 0 or a negative errno.
 */
int __init rill_link_init(void)
{
	if (ethertype < ETH_P_802_3_MIN)
		return -EINVAL;
	rill_packet_type.type = htons(ethertype);
	return register_netdevice_notifier(&rill_link_notifier);
}

/** rill_link_exit() - Look at no frame and no device any more. */
void rill_link_exit(void)
{
	unregister_netdevice_notifier(&rill_link_notifier);
	mutex_lock(&rill_link_mutex);
	if (rill_link_registered)
		rill_link_unregister();
	rill_link_registered = false;
	mutex_unlock(&rill_link_mutex);
}

/** rill_link_flush() - The last user is gone: leave nothing scheduled. */
void rill_link_flush(void)
{
	cancel_delayed_work_sync(&rill_link_work);
}
