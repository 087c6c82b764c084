// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loopback transport: both ends are sockets of this namespace. What one
 * sends is queued at once, in the sender's context, on the other's receive
 * queue and stays charged to the sender until it is read.
 *
 * conn of either end is the other's struct sock, held.
 */
#include "netns.h"
#include "trace.h"
#include "transport.h"

/* The other end of @sk, whose slock is held, or NULL. */
static struct sock *rill_loopback_peer(const struct sock *sk)
{
	return rill_sk(sk)->transport == &rill_loopback ? rill_sk(sk)->conn :
							  NULL;
}

/* The other end, held, if @sk may still send to it. */
static struct sock *rill_loopback_sender(struct sock *sk)
	__acquires(&sk->sk_lock.slock)
{
	struct sock *peer;

	rill_lock(sk);
	peer = rill_loopback_peer(sk);
	if (unlikely(sk->sk_state != RILL_ESTABLISHED || !peer ||
		     (sk->sk_shutdown & SEND_SHUTDOWN)))
		return NULL;
	sock_hold(peer);
	return peer;
}

/* SO_TIMESTAMP*: the receiver wants to know when this came. */
static void rill_loopback_stamp(const struct sock *to, struct sk_buff *skb)
{
	if (unlikely(sock_flag(to, SOCK_RCVTSTAMP) ||
		     sock_flag(to, SOCK_TIMESTAMPING_RX_SOFTWARE)))
		__net_timestamp(skb);
}

static int rill_loopback_send(struct sock *sk, struct sk_buff_head *list)
{
	struct sock *peer = rill_loopback_sender(sk);
	struct sk_buff *skb;

	if (!peer) {
		rill_unlock(sk);
		__skb_queue_purge(list);
		return -EPIPE;
	}
	skb_queue_walk(list, skb)
		rill_loopback_stamp(peer, skb);
	spin_lock(&peer->sk_receive_queue.lock);
	skb_queue_splice_tail_init(list, &peer->sk_receive_queue);
	spin_unlock(&peer->sk_receive_queue.lock);
	rill_unlock(sk);
	peer->sk_data_ready(peer);
	sock_put(peer);
	return 0;
}

/* May @len bytes of @sk go into the last buffer of the peer's queue? */
static int rill_loopback_tail(struct sock *sk, struct sk_buff *tail,
			      unsigned int len)
{
	if (!tail)
		return RILL_APPEND_IDLE;
	if (tail->sk != sk || skb_tailroom(tail) < (int)len)
		return RILL_APPEND_FULL;
	return RILL_APPENDED;
}

static int rill_loopback_append(struct sock *sk, const void *data,
				unsigned int len)
{
	struct sock *peer = rill_loopback_sender(sk);
	struct sk_buff *tail;
	int ret;

	if (!peer) {
		rill_unlock(sk);
		return -EPIPE;
	}
	/* At most RILL_SMALL bytes are copied under the locks. */
	spin_lock(&peer->sk_receive_queue.lock);
	tail = skb_peek_tail(&peer->sk_receive_queue);
	ret = rill_loopback_tail(sk, tail, len);
	if (ret == RILL_APPENDED) {
		skb_put_data(tail, data, len);
		rill_loopback_stamp(peer, tail);
	}
	spin_unlock(&peer->sk_receive_queue.lock);
	rill_unlock(sk);
	if (ret == RILL_APPENDED)
		peer->sk_data_ready(peer);
	sock_put(peer);
	return ret;
}

/* Make the two ends one connection or request; both slocks held or private. */
static void rill_loopback_join(struct sock *sk, struct sock *peer)
{
	sock_hold(peer);
	rill_sk(sk)->conn = peer;
	sock_hold(sk);
	rill_sk(peer)->conn = sk;
	rill_sk(sk)->transport = &rill_loopback;
	rill_sk(peer)->transport = &rill_loopback;
}

/* The request itself; both slocks held, the listener let it in with @room. */
static void rill_loopback_link(struct sock *listener, struct sock *sk,
			       struct sock *child, int room)
{
	rill_sk(child)->local = rill_sk(sk)->remote;
	rill_sk(child)->remote = rill_sk(sk)->local;
	/* Whom a broadcast found is this host (C27). */
	if (is_broadcast_ether_addr(rill_sk(sk)->remote.hw)) {
		eth_zero_addr(rill_sk(sk)->remote.hw);
		eth_zero_addr(rill_sk(child)->local.hw);
	}
	rill_loopback_join(sk, child);
	rill_listener_add(listener, child,
			  room ? RILL_PLACE_NONE : RILL_PLACE_TAKEN);
	if (room)
		rill_sk_start_timer(sk);
	else
		rill_sk_step(sk, RILL_EV_ESTABLISHED, 0);	/* C01 */
}

static int rill_loopback_ask(struct sock *listener, struct sock *sk,
			     struct sock *child, u32 attempt)
{
	int room;

	rill_lock(listener);
	room = rill_listener_room(listener);
	if (room && room != -EINPROGRESS) {
		rill_unlock(listener);
		return room;
	}
	spin_lock_nested(&sk->sk_lock.slock, SINGLE_DEPTH_NESTING);
	if (sk->sk_state == RILL_SYN_SENT && rill_sk(sk)->attempt == attempt)
		rill_loopback_link(listener, sk, child, room);
	else
		room = -ECONNABORTED;	/* shut down or dissolved meanwhile */
	spin_unlock(&sk->sk_lock.slock);
	rill_unlock(listener);

	/* Now: who admits it later may not take sk_peer_lock, in softirq. */
	if (!room || room == -EINPROGRESS)
		rill_peercred_copy(sk, listener);
	if (!room) {
		listener->sk_data_ready(listener);
		sk->sk_state_change(sk);
	}
	return room;
}

/* Too many requests wait already: what that is the dialect says (C35). */
static int rill_loopback_no_room(struct sock *sk)
{
	rill_count(sk, RILL_CNT_NO_ROOM);
	return READ_ONCE(rill_sk(sk)->dialect) == RILL_DIALECT_LINUX ?
	       -EAGAIN : -ECONNREFUSED;
}

static int rill_loopback_request(struct sock *sk, struct sock *child,
				 const struct rill_addr *dst, u32 attempt)
{
	struct rill_query query = rill_query_local(sk, dst);
	struct sock *listener;
	int err;

	do {
		listener = rill_port_find(&query);
		if (IS_ERR(listener))
			return PTR_ERR(listener);	/* C11, C24 */
		err = rill_loopback_ask(listener, sk, child, attempt);
		sock_put(listener);
		/* Closed since it was found: perhaps another one listens. */
	} while (err == -ESTALE);
	return err == -EAGAIN ? rill_loopback_no_room(sk) : err;
}

static int rill_loopback_connect(struct sock *sk, const struct rill_addr *dst,
				 u32 attempt)
{
	struct sock *child;
	int err;

	/* All memory first: from here on nothing fails for want of it. */
	child = rill_child_alloc(sock_net(sk), sk->sk_type, !sk->sk_net_refcnt,
				 GFP_KERNEL);
	if (!child)
		return -ENOBUFS;			/* C26 */
	rill_peercred_set(child, get_pid(task_tgid(current)),
			  get_current_cred());
	err = rill_autobind(sk);			/* C02, C18 */
	if (!err)
		err = rill_loopback_request(sk, child, dst, attempt);
	if (err && err != -EINPROGRESS)
		rill_child_free(child);
	return err;
}

static struct sock *rill_loopback_admit(struct sock *child)
{
	struct sock *client = rill_sk(child)->conn;
	bool admitted;

	spin_lock_nested(&client->sk_lock.slock, SINGLE_DEPTH_NESTING);
	admitted = rill_sk(client)->conn == child &&
		   !rill_sk_step(client, RILL_EV_ESTABLISHED, 0);
	if (admitted) {
		/* Nobody but its client can reach the child yet. */
		rill_sk_step(child, RILL_EV_ESTABLISHED, 0);
		sock_hold(client);
	}
	spin_unlock(&client->sk_lock.slock);
	return admitted ? client : NULL;
}

/*
 * What the going of @sk means to @peer, whose slock is held: a client is
 * refused (C11) or hung up on. Unread data of ours makes it a reset.
 *
 * Return: the band to wake it with, or 0.
 */
static int rill_loopback_leave(struct sock *sk, struct sock *peer, bool reset)
{
	int err = 0;

	switch (peer->sk_state) {
	case RILL_SYN_SENT:
		err = rill_sk_step(peer, RILL_EV_REFUSED, ECONNREFUSED);
		break;
	case RILL_ESTABLISHED:
		if (reset || !skb_queue_empty(&sk->sk_receive_queue))
			err = rill_sk_step(peer, RILL_EV_RESET, ECONNRESET);
		else
			err = rill_sk_step(peer, RILL_EV_HANGUP, 0);
		break;
	}
	rill_sk_detach(peer);
	if (err)
		return 0;
	return peer->sk_state == RILL_CLOSE ? POLL_ERR : POLL_HUP;
}

static void rill_loopback_drop(struct sock *sk, void *conn, bool reset)
{
	struct sock *peer = conn;
	bool queued = false;
	bool linked;
	int band = 0;

	rill_lock(peer);
	linked = rill_sk(peer)->conn == sk;
	if (linked && peer->sk_state == RILL_SYN_RECV)
		queued = true;
	else if (linked && !rill_connection_mode(sk))
		rill_sk_detach(peer);
	else if (linked)
		band = rill_loopback_leave(sk, peer, reset);
	rill_unlock(peer);

	if (queued)
		rill_listener_remove(peer);
	else if (linked)
		sock_put(sk);		/* the peer's reference */
	if (band)
		rill_sk_woken(peer, band);
	sock_put(peer);
}

static void rill_loopback_shutdown(struct sock *sk, int how)
{
	int mask = (how & SEND_SHUTDOWN ? RCV_SHUTDOWN : 0) |
		   (how & RCV_SHUTDOWN ? SEND_SHUTDOWN : 0);
	bool linked = false;
	struct sock *peer;

	rill_lock(sk);
	peer = rill_loopback_peer(sk);
	if (peer)
		sock_hold(peer);
	rill_unlock(sk);
	if (!peer)
		return;

	rill_lock(peer);
	if (rill_sk(peer)->conn == sk) {
		linked = true;
		/* Pairs with rill_recv_ended(). */
		smp_store_release(&peer->sk_shutdown,
				  peer->sk_shutdown | mask);
	}
	rill_unlock(peer);
	if (linked)
		rill_sk_woken(peer, mask == SHUTDOWN_MASK ? POLL_HUP : POLL_IN);
	sock_put(peer);
}

static u32 rill_loopback_outq(struct sock *sk)
{
	struct sock *peer;
	u32 bytes = 0;

	rill_lock(sk);
	peer = rill_connection_mode(sk) ? rill_loopback_peer(sk) : NULL;
	if (peer && sk->sk_state != RILL_SYN_SENT)
		bytes = rill_unread(peer, false);
	rill_unlock(sk);
	return bytes;
}

static int rill_loopback_deliver(struct sock *sk, struct sk_buff *skb,
				 struct sock *to)
{
	int err;

	rill_loopback_stamp(to, skb);
	skb_orphan(skb);
	err = sock_queue_rcv_skb(to, skb);
	if (err) {
		/* As UDP: a full receiver loses it, the sender goes on. */
		trace_rill_dropped(to, skb->len, err);
		rill_count(to, RILL_CNT_DGRAM_DROPPED);
		kfree_skb(skb);
	} else {
		rill_count(sk, RILL_CNT_DGRAM_SENT);
	}
	return 0;
}

#define RILL_BROADCAST_BATCH	16

/* Every bound socket of the port gets a copy. */
static int rill_loopback_broadcast(struct sock *sk, struct sk_buff *skb,
				   const struct rill_addr *dst)
{
	struct rill_query query = rill_query_local(sk, dst);
	struct sock *to[RILL_BROADCAST_BATCH];
	unsigned int skip = 0;
	struct sk_buff *copy;
	int found, i;

	do {
		found = rill_port_receivers(&query, skip, to, ARRAY_SIZE(to));
		for (i = 0; i < found; i++) {
			copy = skb_clone(skb, GFP_KERNEL);
			if (copy)
				rill_loopback_deliver(sk, copy, to[i]);
			else
				rill_count(sk, RILL_CNT_DGRAM_DROPPED);
			sock_put(to[i]);
		}
		skip += found;
		cond_resched();
	} while (found == ARRAY_SIZE(to));
	consume_skb(skb);
	return 0;
}

/* The other end of a socketpair(), held. */
static struct sock *rill_loopback_paired(struct sock *sk)
{
	struct sock *peer;

	rill_lock(sk);
	peer = rill_loopback_peer(sk);
	if (peer)
		sock_hold(peer);
	rill_unlock(sk);
	return peer ? peer : ERR_PTR(-ECONNREFUSED);
}

static int rill_loopback_dgram_send(struct sock *sk, struct sk_buff *skb,
				    const struct rill_addr *dst)
{
	struct rill_query query = rill_query_local(sk, dst);
	struct sock *to;
	int err = 0;

	if (is_broadcast_ether_addr(dst->hw))
		return rill_loopback_broadcast(sk, skb, dst);
	to = dst->port ? rill_port_find(&query) : rill_loopback_paired(sk);
	if (IS_ERR(to)) {
		kfree_skb(skb);
		return PTR_ERR(to);
	}
	if (READ_ONCE(to->sk_shutdown) & RCV_SHUTDOWN) {
		kfree_skb(skb);
		err = -EPIPE;
	} else {
		rill_loopback_deliver(sk, skb, to);
	}
	sock_put(to);
	return err;
}

/**
 * rill_loopback_pair() - Join two fresh sockets for socketpair(2).
 * @a: One.
 * @b: The other.
 */
void rill_loopback_pair(struct sock *a, struct sock *b)
{
	/* No program has a descriptor yet: nothing to lock against. */
	rill_loopback_join(a, b);
	rill_peercred_set(a, get_pid(task_tgid(current)), get_current_cred());
	rill_peercred_set(b, get_pid(task_tgid(current)), get_current_cred());
	rill_sk_step(a, RILL_EV_PAIR, 0);
	rill_sk_step(b, RILL_EV_PAIR, 0);
}

const struct rill_transport rill_loopback = {
	.name		= "loopback",
	.connect	= rill_loopback_connect,
	.drop		= rill_loopback_drop,
	.admit		= rill_loopback_admit,
	.send		= rill_loopback_send,
	.append		= rill_loopback_append,
	.shutdown	= rill_loopback_shutdown,
	.outq		= rill_loopback_outq,
	.dgram_send	= rill_loopback_dgram_send,
};
