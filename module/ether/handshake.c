// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections begin: REQUEST, ACCEPT, and the first DATA that confirms it;
 * under pressure CHALLENGE before any of it is remembered.
 */
#include <linux/netdevice.h>

#include "../trace.h"
#include "conn.h"

/* Repetition of a request or an offer, microseconds. */
#define RILL_REPEAT_FIRST	RILL_RTO_INITIAL
#define RILL_REPEAT_MAX		4000000
/* Offers that nobody confirms. */
#define RILL_OFFERS		6
/* A client that waits for a place asks again at least every RILL_REPEAT_MAX. */
#define RILL_PENDING_TIME	(30 * USEC_PER_SEC)
/* Frames acknowledged at once at first, that the sender finds its speed. */
#define RILL_QUICK		16
/* Requests without proof that may be held in a namespace. */
#define RILL_UNPROVEN_MAX	16

/* Frames of the handshake; @ack as the type has it. */
static void rill_handshake_frame(struct rill_conn *conn, struct rill_frame *f,
				 u8 type, u32 ack)
{
	*f = (struct rill_frame) {
		.type	= type,
		.flags	= conn->seqpacket ? RILL_FLAG_SEQPACKET : 0,
		.sport	= conn->lport,
		.dport	= conn->pport,
		.to	= type == RILL_FRAME_REQUEST ? 0 : conn->peer_token,
		.from	= conn->token,
		.seq	= conn->iss,
		.ack	= ack,
		.credit	= rill_input_credit(conn),
	};
}

/* Requests go to the one link that is known, or to all that may be it. */
static void rill_request_on(struct net_device *dev, void *arg)
{
	struct rill_conn *conn = arg;
	struct rill_frame f;

	rill_handshake_frame(conn, &f, RILL_FRAME_REQUEST, 0);
	rill_link_xmit(dev, dev->dev_addr, conn->peer_hw, &f, NULL, 0);
}

static void rill_handshake_repeat(struct rill_conn *conn, u64 now)
{
	conn->repeat_us = conn->repeat_us ?
		min_t(u32, 2 * conn->repeat_us, RILL_REPEAT_MAX) :
		RILL_REPEAT_FIRST;
	conn->repeat_at = now + conn->repeat_us;
}

/**
 * rill_handshake_send() - Send what a step of the handshake asks for.
 * @conn: The connection, locked.
 * @todo: RILL_DO_REQUEST, RILL_DO_ACCEPT or neither.
 * @now: The time.
 */
void rill_handshake_send(struct rill_conn *conn, u16 todo, u64 now)
{
	struct rill_frame f;

	if (todo & RILL_DO_REQUEST)
		rill_link_each(conn->net, conn->bound, conn->local_hw,
			       rill_request_on, conn);
	/* Simultaneous connect(): who has asked too, as it seems, is answered. */
	if ((todo & RILL_DO_ACCEPT) ||
	    ((todo & RILL_DO_REQUEST) && conn->peer_token)) {
		rill_handshake_frame(conn, &f, RILL_FRAME_ACCEPT,
				     conn->rcv_nxt);
		rill_link_send(conn, &f, NULL);
	}
	/* Only our own clock slows us down, not what the peer repeats. */
	if (todo && (!conn->repeat_at || now >= conn->repeat_at))
		rill_handshake_repeat(conn, now);
}

/**
 * rill_handshake_time() - Is it time to repeat an offer or a request?
 * @conn: The connection, locked.
 * @now: The time.
 *
 * Return: whether an offer has been repeated often enough.
 */
bool rill_handshake_time(struct rill_conn *conn, u64 now)
{
	if ((conn->state != RILL_CONN_REQUESTED &&
	     conn->state != RILL_CONN_OFFERED) ||
	    !conn->repeat_at || now < conn->repeat_at)
		return false;
	if (conn->state == RILL_CONN_OFFERED && ++conn->tries >= RILL_OFFERS)
		return true;
	rill_handshake_send(conn, rill_conn_step(conn, RILL_CONN_REPEAT), now);
	return false;
}

/* What a REQUEST or ACCEPT tells about the peer. */
static void rill_handshake_learn(struct rill_conn *conn,
				 const struct rill_rx *rx)
{
	conn->peer_token = rx->f.from;
	conn->peer_mtu = rx->f.mtu;
	conn->rcv_nxt = rx->f.seq;
	conn->rcv_edge = rx->f.seq;
	conn->rcv_low = rx->f.seq;
	conn->rcv_acked = rx->f.seq;
	conn->credit_end = conn->iss + min_t(u32, rx->f.credit,
					     RILL_CREDIT_MAX);
	ether_addr_copy(conn->peer_hw, rx->src);
	ether_addr_copy(conn->local_hw, rx->dev->dev_addr);
	WRITE_ONCE(conn->ifindex, rx->dev->ifindex);
	rill_output_mtu(conn, rx->dev->mtu);
	rill_cubic_init(&conn->cubic, conn->mss);
}

/* Established: what is asked of a connection from now on. */
static void rill_handshake_alive(struct rill_conn *conn)
{
	u64 now = rill_clock();

	/* What was sent once; a client may have waited for a place, though. */
	if (conn->repeat_at && conn->repeat_us == RILL_REPEAT_FIRST)
		conn->trip_us = now - (conn->repeat_at - conn->repeat_us);
	conn->quick = RILL_QUICK;
	conn->alive_at = now;
	conn->keepalive = sock_flag(conn->sk, SOCK_KEEPOPEN);
}

/* The client */

/* A token of one's own choice is in use only by accident. */
static int rill_connect_insert(struct rill_conn *conn)
{
	int err;

	do {
		conn->token = get_random_u32() ? : 1;
		err = rill_conn_insert(conn);
	} while (err == -EEXIST);
	return err ? -ENOBUFS : 0;
}

/* Give the socket its connection, unless the attempt is over already. */
static int rill_connect_link(struct sock *sk, struct rill_conn *conn,
			     u32 attempt)
{
	struct rill_sock *rs = rill_sk(sk);
	int err = -ECONNABORTED;

	spin_lock_bh(&conn->lock);
	spin_lock_nested(&sk->sk_lock.slock, SINGLE_DEPTH_NESTING);
	if (sk->sk_state == RILL_SYN_SENT && rs->attempt == attempt) {
		rill_conn_hold(conn);
		rs->conn = conn;
		sock_hold(sk);
		conn->sk = sk;
		rill_sk_start_timer(sk);
		err = 0;
	}
	spin_unlock(&sk->sk_lock.slock);
	if (err) {
		rill_conn_bury(conn);
	} else {
		conn->rcv_edge = conn->rcv_nxt;
		conn->state = RILL_CONN_REQUESTED;
		rill_handshake_send(conn, RILL_DO_REQUEST, rill_clock());
		rill_conn_arm(conn, rill_clock());
	}
	spin_unlock_bh(&conn->lock);
	return err;
}

static void rill_connect_address(struct sock *sk, struct rill_conn *conn,
				 const struct rill_addr *dst, u32 ifindex)
{
	conn->lport = rill_sk(sk)->local.port;
	conn->pport = dst->port;
	conn->bound = ifindex;
	ether_addr_copy(conn->peer_hw, dst->hw);
	ether_addr_copy(conn->local_hw, rill_sk(sk)->local.hw);
}

/* The link that a request may use, or 0 for any. */
static int rill_connect_source(struct sock *sk, const struct rill_addr *dst,
			       u32 *ifindex)
{
	const struct rill_addr *local = &rill_sk(sk)->local;
	struct net *net = sock_net(sk);

	*ifindex = rill_bound_ifindex(sk) ? : dst->ifindex;
	if (*ifindex && !is_zero_ether_addr(local->hw) &&
	    !rill_device_owner(net, local->hw, *ifindex))
		return -EADDRNOTAVAIL;			/* C17 */
	return rill_ether_reach(net, *ifindex, local->hw);
}

/**
 * rill_ether_connect() - &struct rill_transport.connect.
 * @sk: The client.
 * @dst: Peer's address.
 * @attempt: Number of the attempt.
 *
 * Return: -EINPROGRESS, -ENOBUFS, -ECONNABORTED (given up meanwhile),
 * -EADDRNOTAVAIL (another link has the socket's hardware address), an errno of
 * rill_autobind() or rill_link_each().
 */
int rill_ether_connect(struct sock *sk, const struct rill_addr *dst,
		       u32 attempt)
{
	struct rill_conn *conn;
	u32 ifindex;
	int err;

	err = rill_connect_source(sk, dst, &ifindex);
	if (err)
		return err;			/* C13, C14, C15 */
	/* Whoever it was connected to before is not its peer now. */
	rill_peercred_set(sk, NULL, NULL);
	rill_link_get();
	conn = rill_conn_alloc(sk, GFP_KERNEL);
	rill_link_put();			/* the connection counts itself */
	if (!conn)
		return -ENOBUFS;		/* C26 */
	err = rill_autobind(sk);		/* C02, C18 */
	if (!err) {
		rill_connect_address(sk, conn, dst, ifindex);
		err = rill_connect_insert(conn);
	}
	if (!err)
		err = rill_connect_link(sk, conn, attempt);
	rill_conn_put(conn);
	return err ? : -EINPROGRESS;
}

/**
 * rill_handshake_establish() - A client's request is answered.
 * @conn: The connection, locked, its peer known.
 * @wake: Filled in.
 *
 * Return: whether the socket still wanted to be connected.
 */
bool rill_handshake_establish(struct rill_conn *conn, struct rill_wake *wake)
{
	struct sock *sk = conn->sk;
	int err;

	spin_lock_nested(&sk->sk_lock.slock, SINGLE_DEPTH_NESTING);
	err = rill_sk_step(sk, RILL_EV_ESTABLISHED, 0);	/* C01 */
	if (!err) {
		rill_sk(sk)->remote.ifindex = conn->ifindex;
		ether_addr_copy(rill_sk(sk)->remote.hw, conn->peer_hw);
	}
	spin_unlock(&sk->sk_lock.slock);
	if (err)
		return false;	/* it is on its way to drop us */
	rill_handshake_alive(conn);
	/* Confirmed again until the peer is heard: it may have forgotten. */
	conn->repeat_us = RILL_REPEAT_FIRST;
	conn->repeat_at = rill_clock() + RILL_REPEAT_FIRST;
	conn->end_at = rill_close_patience(conn);
	sock_hold(sk);
	wake->sk = sk;
	wake->band = POLL_OUT;
	return true;
}

/* Can the ACCEPT be an answer to what this client asked? */
static bool rill_accept_fits(const struct rill_conn *conn,
			     const struct rill_rx *rx)
{
	return rx->f.sport == conn->pport && rx->f.dport == conn->lport &&
	       rx->f.ack == conn->iss &&
	       !!(rx->f.flags & RILL_FLAG_SEQPACKET) == conn->seqpacket &&
	       (!conn->bound || conn->bound == rx->dev->ifindex) &&
	       (is_broadcast_ether_addr(conn->peer_hw) ||
		conn->state != RILL_CONN_REQUESTED ||
		ether_addr_equal(conn->peer_hw, rx->src));
}

/*
 * Return: whether the sender is to be told that there is nothing for it: it
 * was not the first to answer.
 */
static bool rill_accept_take(struct rill_conn *conn, const struct rill_rx *rx,
			     struct rill_wake *wake)
{
	u64 now = rill_clock();
	u16 todo;

	if (conn->state == RILL_CONN_DEAD)
		return true;
	if (!rill_accept_fits(conn, rx)) {
		rill_link_drop(rx, RILL_CNT_RX_MISMATCH);
		return false;
	}
	/* It knows our token, which a REQUEST that crossed ours need not do. */
	if (conn->state != RILL_CONN_REQUESTED &&
	    (conn->peer_token != rx->f.from ||
	     !ether_addr_equal(conn->peer_hw, rx->src)))
		return true;
	if (conn->state == RILL_CONN_REQUESTED)
		rill_handshake_learn(conn, rx);
	todo = rill_conn_step(conn, RILL_CONN_RX_ACCEPT);
	if ((todo & RILL_DO_ESTABLISH) && !rill_handshake_establish(conn, wake)) {
		rill_conn_bury(conn);
		return true;
	}
	if (todo & RILL_DO_ACK)
		rill_output_ack(conn, 0);
	rill_conn_arm(conn, now);
	return false;
}

/**
 * rill_handshake_accept() - An ACCEPT came in.
 * @rx: It.
 */
void rill_handshake_accept(struct rill_rx *rx)
{
	struct rill_conn *conn = rill_conn_find(dev_net(rx->dev), rx->f.to);
	struct rill_wake wake = {};
	bool refuse = true;

	if (conn) {
		spin_lock_bh(&conn->lock);
		refuse = rill_accept_take(conn, rx, &wake);
		spin_unlock_bh(&conn->lock);
		rill_wake_up(&wake);
	}
	/* C09, C34: too late, or not the first (C27). */
	if (refuse)
		rill_link_reply(rx, RILL_FRAME_RESET, rx->f.ack,
				RILL_RESET_NONE);
}

/**
 * rill_handshake_challenge() - A CHALLENGE came in: ask again, with it.
 * @rx: It.
 */
void rill_handshake_challenge(struct rill_rx *rx)
{
	struct rill_conn *conn = rill_conn_find(dev_net(rx->dev), rx->f.to);
	struct rill_frame f;

	if (!conn) {
		rill_link_drop(rx, RILL_CNT_RX_NO_CONNECTION);
		return;
	}
	spin_lock_bh(&conn->lock);
	if (conn->state == RILL_CONN_REQUESTED && rx->f.seq == conn->iss &&
	    rx->f.sport == conn->pport &&
	    (!conn->bound || conn->bound == rx->dev->ifindex) &&
	    rx->f.dport == conn->lport) {
		rill_handshake_frame(conn, &f, RILL_FRAME_REQUEST, rx->f.ack);
		rill_link_xmit(rx->dev, rx->dev->dev_addr, rx->src, &f, NULL, 0);
	} else {
		rill_link_drop(rx, RILL_CNT_RX_MISMATCH);
	}
	spin_unlock_bh(&conn->lock);
}

/* The server */

static bool rill_request_same(const struct rill_conn *conn,
			      const struct rill_rx *rx)
{
	return conn->peer_token == rx->f.from && conn->pport == rx->f.sport &&
	       conn->lport == rx->f.dport &&
	       ether_addr_equal(conn->peer_hw, rx->src);
}

/* A request that is known already: repeat the answer. */
static void rill_request_again(struct rill_conn *conn,
			       const struct rill_rx *rx)
{
	u64 now = rill_clock();

	spin_lock_bh(&conn->lock);
	if (rill_request_same(conn, rx)) {
		if (conn->state == RILL_CONN_PENDING)
			conn->end_at = now + RILL_PENDING_TIME;
		rill_handshake_send(conn, rill_conn_step(conn,
							 RILL_CONN_RX_REQUEST),
				    now);
		rill_conn_arm(conn, now);
	} else {
		rill_link_drop(rx, RILL_CNT_RX_MISMATCH);
	}
	spin_unlock_bh(&conn->lock);
}

/*
 * Both ends asked each other: answer, as a listener would.
 * Return: whether it was so.
 */
static bool rill_request_crossing(const struct rill_query *query,
				  const struct rill_rx *rx)
{
	struct sock *sk = rill_port_pending(query);
	struct rill_conn *conn;
	u64 now = rill_clock();

	if (!sk)
		return false;
	conn = rill_ether_conn(sk);
	sock_put(sk);
	if (!conn)
		return false;
	spin_lock_bh(&conn->lock);
	if (conn->state == RILL_CONN_REQUESTED &&
	    (!conn->peer_token || conn->peer_token == rx->f.from)) {
		rill_handshake_learn(conn, rx);
		rill_handshake_send(conn, rill_conn_step(conn,
							 RILL_CONN_RX_REQUEST),
				    now);
	}
	spin_unlock_bh(&conn->lock);
	return true;
}

/* The far end of a request, linked to a child; the listener is locked. */
static struct rill_conn *rill_request_conn(struct sock *listener,
					   struct sock *child,
					   const struct rill_rx *rx)
{
	struct rill_conn *conn = rill_conn_alloc(child, GFP_ATOMIC);

	if (!conn)
		return NULL;
	conn->token = rill_token_make(conn->net, rx);
	conn->lport = rx->f.dport;
	conn->pport = rx->f.sport;
	sock_hold(child);
	conn->sk = child;
	rill_handshake_learn(conn, rx);
	/* The child is nobody else's yet. */
	rill_sk(child)->transport = &rill_ether;
	rill_sk(child)->local.port = rx->f.dport;
	rill_sk(child)->local.ifindex = rx->dev->ifindex;
	ether_addr_copy(rill_sk(child)->local.hw, conn->local_hw);
	rill_sk(child)->remote.port = rx->f.sport;
	rill_sk(child)->remote.ifindex = rx->dev->ifindex;
	ether_addr_copy(rill_sk(child)->remote.hw, conn->peer_hw);
	return conn;
}

/* Nothing was begun: nobody knows the two. */
static void rill_request_undo(struct rill_conn *conn, struct sock *child)
{
	if (conn) {
		rill_conn_bury(conn);
		sock_put(rill_conn_leave(conn));
		rill_conn_put(conn);
	}
	if (child)
		rill_child_free(child);
}

/*
 * Hold a request: it has a place, or waits for one. The listener is locked.
 * Return: 0, or -ENOBUFS and nothing was begun.
 */
static int rill_request_hold(struct sock *listener, struct rill_rx *rx,
			     enum rill_place place)
{
	struct rill_conn *conn;
	struct sock *child;
	u64 now = rill_clock();

	child = rill_child_alloc(sock_net(listener), listener->sk_type,
				 !listener->sk_net_refcnt, GFP_ATOMIC);
	conn = child ? rill_request_conn(listener, child, rx) : NULL;
	if (!conn || rill_conn_insert(conn)) {
		rill_request_undo(conn, child);
		return -ENOBUFS;
	}
	spin_lock_bh(&conn->lock);
	rill_sk(child)->conn = conn;	/* takes the reference */
	sock_hold(listener);
	conn->listener = listener;
	rill_listener_add(listener, child, place);
	if (place == RILL_PLACE_LENT) {
		conn->unproven = true;
		atomic_inc(&rill_ether_net(conn->net)->unproven);
	}
	if (place == RILL_PLACE_NONE) {
		conn->state = RILL_CONN_PENDING;
		conn->end_at = now + RILL_PENDING_TIME;
	} else {
		conn->state = RILL_CONN_OFFERED;
		rill_handshake_send(conn, RILL_DO_ACCEPT, now);
	}
	rill_conn_arm(conn, now);
	spin_unlock_bh(&conn->lock);
	return 0;
}

/* May a request without proof be held? Not where it could keep others out. */
static bool rill_request_trusted(struct sock *listener, int room)
{
	struct rill_ether_net *en = rill_ether_net(sock_net(listener));
	u32 taken = READ_ONCE(listener->sk_ack_backlog) +
		    rill_sk(listener)->reserved;

	return !room && 2 * taken <= READ_ONCE(listener->sk_max_ack_backlog) &&
	       atomic_read(&en->unproven) < RILL_UNPROVEN_MAX;
}

/*
 * Ask a listener, which is locked. @evicted: who lost a place by it.
 * Return: 0: done or dropped; -EAGAIN: challenge; -ESTALE: not a listener any
 * more; -ECONNREFUSED.
 */
static int rill_request_ask(struct sock *listener, struct rill_rx *rx,
			    struct sock **evicted)
{
	bool proven = rill_cookie_valid(sock_net(listener), rx);
	enum rill_place place = proven ? RILL_PLACE_RESERVED : RILL_PLACE_LENT;
	int room = rill_listener_room(listener);

	if (room == -ESTALE || room == -ECONNREFUSED)
		return room;
	if (!proven && !rill_request_trusted(listener, room))
		return -EAGAIN;
	if (room) {
		*evicted = rill_listener_evict(listener);
		if (*evicted)
			room = rill_listener_room(listener);
	}
	if (room == -EAGAIN) {
		/* The client goes on asking (C35: that is pending, too). */
		rill_link_drop(rx, RILL_CNT_NO_ROOM);
		return 0;
	}
	if (room)
		place = RILL_PLACE_NONE;
	if (rill_request_hold(listener, rx, place))
		rill_link_drop(rx, RILL_CNT_RX_MEMORY);
	return 0;
}

/* An offer whose place was given to another is forgotten, without a word. */
static void rill_request_forget(struct sock *child)
{
	struct rill_conn *conn = rill_sk(child)->conn;

	if (conn) {
		spin_lock_bh(&conn->lock);
		rill_conn_bury(conn);
		spin_unlock_bh(&conn->lock);
	}
	rill_child_free(child);
}

static int rill_request_deliver(const struct rill_query *query,
				struct rill_rx *rx)
{
	struct sock *evicted = NULL;
	struct sock *listener;
	int err;

	do {
		listener = rill_port_find(query);
		if (IS_ERR(listener))
			return PTR_ERR(listener);	/* C11, C24 */
		rill_lock(listener);
		err = rill_request_ask(listener, rx, &evicted);
		rill_unlock(listener);
		sock_put(listener);
		/* Closed since it was found: perhaps another one listens. */
	} while (err == -ESTALE);
	if (evicted)
		rill_request_forget(evicted);
	return err;
}

/**
 * rill_handshake_request() - A REQUEST came in.
 * @rx: It.
 */
void rill_handshake_request(struct rill_rx *rx)
{
	bool seqpacket = rx->f.flags & RILL_FLAG_SEQPACKET;
	struct rill_query query =
		rill_link_query(rx, seqpacket ? SOCK_SEQPACKET : SOCK_STREAM);
	struct rill_conn *conn;

	conn = rill_conn_find(query.net, rill_token_make(query.net, rx));
	if (conn) {
		rill_request_again(conn, rx);
		return;
	}
	if (rill_request_crossing(&query, rx))
		return;
	switch (rill_request_deliver(&query, rx)) {
	case 0:
		break;
	case -EAGAIN:
		rill_count_net(query.net, RILL_CNT_CHALLENGED);
		rill_link_reply(rx, RILL_FRAME_CHALLENGE, rx->f.seq,
				rill_cookie_make(query.net, rx));
		break;
	case -EPROTOTYPE:
		rill_link_drop(rx, RILL_CNT_RX_REFUSED);
		rill_link_reply(rx, RILL_FRAME_RESET, rx->f.seq,
				RILL_RESET_TYPE);
		break;
	default:
		rill_link_drop(rx, RILL_CNT_RX_REFUSED);
		rill_link_reply(rx, RILL_FRAME_RESET, rx->f.seq,
				RILL_RESET_REFUSED);
		break;
	}
}

/**
 * rill_ether_admit() - &struct rill_transport.admit.
 * @child: A pending child; its listener is locked.
 *
 * Return: ERR_PTR(-EINPROGRESS), or NULL if its client gave up.
 */
struct sock *rill_ether_admit(struct sock *child)
{
	struct sock *answer = NULL;
	struct rill_conn *conn;
	u64 now = rill_clock();
	u16 todo;

	rcu_read_lock();
	conn = READ_ONCE(rill_sk(child)->conn);
	if (conn) {
		spin_lock_bh(&conn->lock);
		todo = rill_conn_step(conn, RILL_CONN_ADMIT);
		if (todo & RILL_DO_ACCEPT) {
			conn->end_at = 0;
			rill_handshake_send(conn, todo, now);
			rill_conn_arm(conn, now);
			answer = ERR_PTR(-EINPROGRESS);
		}
		spin_unlock_bh(&conn->lock);
	}
	rcu_read_unlock();
	return answer;
}

/* Both locked. */
static bool rill_confirm_locked(struct rill_conn *conn, struct sock *listener)
{
	if (conn->state != RILL_CONN_OFFERED)
		return false;
	if (!rill_listener_confirm(listener, conn->sk))
		return false;	/* it is on its way to drop us */
	rill_conn_step(conn, RILL_CONN_RX_DATA);
	rill_conn_settle(conn);
	rill_handshake_alive(conn);
	rill_output_heard(conn);
	conn->tries = 0;
	return true;
}

/**
 * rill_handshake_confirm() - The client confirms an offer.
 * @conn: The connection, which was OFFERED; not locked.
 *
 * Its child can be accepted afterwards.
 */
void rill_handshake_confirm(struct rill_conn *conn)
{
	struct sock *listener;
	bool confirmed;

	spin_lock_bh(&conn->lock);
	listener = conn->listener;
	if (listener)
		sock_hold(listener);
	spin_unlock_bh(&conn->lock);
	if (!listener)
		return;

	rill_lock(listener);
	spin_lock(&conn->lock);
	confirmed = rill_confirm_locked(conn, listener);
	spin_unlock(&conn->lock);
	rill_unlock(listener);
	if (confirmed)
		listener->sk_data_ready(listener);
	sock_put(listener);
}
