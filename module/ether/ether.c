// SPDX-License-Identifier: GPL-2.0-only
/* The Ethernet transport: its ops, its namespaces. */
#include "conn.h"

static unsigned int rill_ether_id __read_mostly;

/**
 * rill_ether_net() - The transport's state in a namespace.
 * @net: The namespace.
 *
 * Return: the state.
 */
struct rill_ether_net *rill_ether_net(const struct net *net)
{
	return net_generic(net, rill_ether_id);
}

/**
 * rill_ether_conn() - The connection of a socket.
 * @sk: The socket; neither its slock nor conn->lock is held, RCU is.
 *
 * Another thread may meanwhile connect the socket by another transport: what
 * &struct rill_sock.conn is only slock tells.
 *
 * Return: the connection, or NULL.
 */
struct rill_conn *rill_ether_conn(struct sock *sk)
{
	struct rill_conn *conn = NULL;

	rill_lock(sk);
	if (rill_sk(sk)->transport == &rill_ether)
		conn = rill_sk(sk)->conn;
	rill_unlock(sk);
	return conn;
}

/* May the socket still send? */
static bool rill_ether_open(const struct rill_conn *conn)
{
	return conn->state == RILL_CONN_OPEN &&
	       !(conn->marks & RILL_FLAG_FIN) &&
	       !(conn->peer_marks & RILL_FLAG_STOP);
}

static int rill_send_locked(struct rill_conn *conn, struct sk_buff_head *list)
{
	u64 now = rill_clock();
	struct sk_buff *skb;
	u32 len = 0;

	if (!rill_ether_open(conn))
		return -EPIPE;
	skb_queue_walk(list, skb)
		len += skb->len;
	if (conn->seqpacket && len > RILL_RECORD_MAX)
		return -EMSGSIZE;
	while ((skb = __skb_dequeue(list)))
		rill_output_queue(conn, skb, now);
	rill_output(conn, now);
	rill_conn_arm(conn, now);
	return 0;
}

static int rill_ether_send(struct sock *sk, struct sk_buff_head *list)
{
	struct rill_conn *conn;
	int err = -EPIPE;

	rcu_read_lock();
	conn = rill_ether_conn(sk);
	if (conn) {
		spin_lock_bh(&conn->lock);
		err = rill_send_locked(conn, list);
		spin_unlock_bh(&conn->lock);
	}
	rcu_read_unlock();
	__skb_queue_purge(list);
	return err;
}

/* The last unit may grow even if part of it was sent: frames are copies. */
static int rill_append_locked(struct rill_conn *conn, const void *data,
			      unsigned int len)
{
	struct sk_buff *tail = skb_peek_tail(&conn->queue);
	u64 now;

	if (!rill_ether_open(conn))
		return -EPIPE;
	if (!tail)
		return RILL_APPEND_IDLE;
	if (skb_tailroom(tail) < (int)len)
		return RILL_APPEND_FULL;
	skb_put_data(tail, data, len);
	rill_unit(tail)->end += len;
	conn->write_seq += len;
	now = rill_clock();
	rill_output(conn, now);
	rill_conn_arm(conn, now);
	return RILL_APPENDED;
}

static int rill_ether_append(struct sock *sk, const void *data,
			     unsigned int len)
{
	struct rill_conn *conn;
	int ret = -EPIPE;

	rcu_read_lock();
	conn = rill_ether_conn(sk);
	if (conn) {
		spin_lock_bh(&conn->lock);
		ret = rill_append_locked(conn, data, len);
		spin_unlock_bh(&conn->lock);
	}
	rcu_read_unlock();
	return ret;
}

static void rill_ether_drained(struct sock *sk)
{
	struct rill_conn *conn;

	rcu_read_lock();
	conn = rill_ether_conn(sk);
	if (conn) {
		spin_lock_bh(&conn->lock);
		rill_input_drained(conn);
		spin_unlock_bh(&conn->lock);
	}
	rcu_read_unlock();
}

static void rill_ether_local(const void *arg, struct rill_addr *addr)
{
	const struct rill_conn *conn = arg;
	u32 ifindex = READ_ONCE(conn->ifindex);

	/* Not before an answer has chosen the link. */
	if (!ifindex)
		return;
	addr->ifindex = ifindex;
	ether_addr_copy(addr->hw, conn->local_hw);
}

/* Numbers of a unit that the peer has; only the first has some. */
static u32 rill_acked_of(const struct rill_conn *conn, struct sk_buff *skb)
{
	u32 seq = rill_unit(skb)->seq;

	return rill_after(conn->sent.una, seq) ? conn->sent.una - seq : 0;
}

/* Bytes, without the ends of records. */
static u32 rill_ether_outq(struct sock *sk)
{
	struct rill_conn *conn;
	struct sk_buff *skb;
	u32 bytes = 0;

	if (!rill_connection_mode(sk))
		return 0;
	rcu_read_lock();
	conn = rill_ether_conn(sk);
	if (conn) {
		spin_lock_bh(&conn->lock);
		skb_queue_walk(&conn->queue, skb)
			bytes += skb->len -
				 min(skb->len, rill_acked_of(conn, skb));
		spin_unlock_bh(&conn->lock);
	}
	rcu_read_unlock();
	return bytes;
}

static bool rill_ether_delivered(struct sock *sk)
{
	struct rill_conn *conn;
	bool delivered = true;

	rcu_read_lock();
	conn = rill_ether_conn(sk);
	if (conn) {
		spin_lock_bh(&conn->lock);
		delivered = conn->state != RILL_CONN_OPEN ||
			    conn->write_seq == conn->sent.una;
		spin_unlock_bh(&conn->lock);
	}
	rcu_read_unlock();
	return delivered;
}

static void rill_ether_keepalive(struct sock *sk, bool on)
{
	struct rill_conn *conn;

	rcu_read_lock();
	conn = rill_ether_conn(sk);
	if (conn) {
		spin_lock_bh(&conn->lock);
		conn->keepalive = on;
		if (conn->state == RILL_CONN_OPEN)
			rill_conn_arm(conn, rill_clock());
		spin_unlock_bh(&conn->lock);
	}
	rcu_read_unlock();
}

const struct rill_transport rill_ether = {
	.name		= "ethernet",
	.connect	= rill_ether_connect,
	.drop		= rill_ether_drop,
	.admit		= rill_ether_admit,
	.send		= rill_ether_send,
	.append		= rill_ether_append,
	.shutdown	= rill_ether_shutdown,
	.drained	= rill_ether_drained,
	.local		= rill_ether_local,
	.outq		= rill_ether_outq,
	.delivered	= rill_ether_delivered,
	.keepalive	= rill_ether_keepalive,
	.dgram_send	= rill_ether_dgram_send,
	.headroom	= RILL_LINK_ROOM,
};

/**
 * rill_ether_hear() - A socket takes what comes from a link, or no longer.
 * @hear: It does. May sleep then.
 */
void rill_ether_hear(bool hear)
{
	if (hear)
		rill_link_get();
	else
		rill_link_put();
}

static int __net_init rill_ether_net_init(struct net *net)
{
	struct rill_ether_net *en = rill_ether_net(net);

	get_random_bytes(&en->secret, sizeof(en->secret));
	return rill_conn_table_init(&en->conns);
}

static void __net_exit rill_ether_net_pre_exit(struct net *net)
{
	rill_conn_table_clear(net);
}

/* Timers that were at work are over: RCU's grace period is between the two. */
static void __net_exit rill_ether_net_exit(struct net *net)
{
	rhashtable_destroy(&rill_ether_net(net)->conns);
}

static struct pernet_operations rill_ether_net_ops = {
	.init		= rill_ether_net_init,
	.pre_exit	= rill_ether_net_pre_exit,
	.exit		= rill_ether_net_exit,
	.id		= &rill_ether_id,
	.size		= sizeof(struct rill_ether_net),
};

/**
 * rill_ether_init() - Set the transport up.
 *
 * Return: 0 or a negative errno.
 */
int __init rill_ether_init(void)
{
	int err;

	err = rill_conn_init();
	if (err)
		return err;
	err = register_pernet_subsys(&rill_ether_net_ops);
	if (err)
		goto conn_exit;
	err = rill_link_init();
	if (err)
		goto net_exit;
	return 0;

net_exit:
	unregister_pernet_subsys(&rill_ether_net_ops);
conn_exit:
	rill_conn_exit();
	return err;
}

/** rill_ether_exit() - Undo it; no socket is left. */
void rill_ether_exit(void)
{
	rill_link_exit();
	unregister_pernet_subsys(&rill_ether_net_ops);
	rill_conn_exit();
	rill_link_flush();
}
