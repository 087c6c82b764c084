// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections end: closed in order, half closed, broken, given up; and the
 * requests that are withdrawn, refused or forgotten.
 */
#include "../trace.h"
#include "conn.h"

/* How long a repeated CLOSE is still acknowledged, microseconds. */
#define RILL_QUIET_TIME		(2 * USEC_PER_SEC)
/* Connections without a socket that a namespace may have; and their memory. */
#define RILL_ORPHANS_MAX	4096
#define RILL_ORPHAN_BYTES_MAX	(64L << 20)

/* A RESET of the connection itself, its peer known. */
static void rill_close_tell(struct rill_conn *conn, enum rill_reset_code code)
{
	struct rill_frame f = {
		.type	= RILL_FRAME_RESET,
		.sport	= conn->lport,
		.dport	= conn->pport,
		.to	= conn->peer_token,
		.from	= conn->token,
		.seq	= conn->sent.nxt,
		.ack	= code,
		.credit	= conn->rcv_nxt,
	};

	rill_link_send(conn, &f, NULL);
}

static void rill_withdraw_on(struct net_device *dev, void *arg)
{
	struct rill_conn *conn = arg;
	struct rill_frame f = {
		.type	= RILL_FRAME_RESET,
		.sport	= conn->lport,
		.dport	= conn->pport,
		.from	= conn->token,
		.seq	= conn->iss,
		.ack	= RILL_RESET_WITHDRAWN,
	};

	rill_link_xmit(dev, dev->dev_addr, conn->peer_hw, &f, NULL, 0);
}

/* Nobody who was asked shall wait for us (C09, C34). */
static void rill_close_withdraw(struct rill_conn *conn)
{
	if (conn->peer_token)
		rill_close_tell(conn, RILL_RESET_WITHDRAWN);
	else
		rill_link_each(conn->net, conn->bound, conn->local_hw,
			       rill_withdraw_on, conn);
}

/* What a step that ends in RILL_CONN_DEAD has to say to the peer. */
static void rill_close_frames(struct rill_conn *conn, u16 todo)
{
	if (todo & RILL_DO_WITHDRAW)
		rill_close_withdraw(conn);
	if (todo & RILL_DO_REFUSE)
		rill_close_tell(conn, RILL_RESET_REFUSED);
	if (todo & RILL_DO_RESET)
		rill_close_tell(conn, RILL_RESET_NONE);
}

static u64 rill_user_timeout(const struct rill_conn *conn)
{
	u32 ms = conn->user_timeout_ms;

	if (conn->sk)
		ms = READ_ONCE(rill_sk(conn->sk)->user_timeout_ms);
	if (!ms)
		ms = READ_ONCE(rill_net(conn->net)->user_timeout_ms);
	return (u64)ms * USEC_PER_MSEC;
}

/**
 * rill_close_patience() - Until when a peer may be silent.
 * @conn: The connection, locked.
 *
 * Return: time of rill_clock().
 */
u64 rill_close_patience(const struct rill_conn *conn)
{
	return rill_clock() + rill_user_timeout(conn);
}

/* Queue FIN, and with @close CLOSE behind it. */
static void rill_close_mark(struct rill_conn *conn, bool close, u64 now)
{
	if (conn->write_seq == conn->sent.una)
		conn->heard_at = now;
	if (!(conn->marks & RILL_FLAG_FIN))
		conn->fin_seq = conn->write_seq++;
	conn->marks |= RILL_FLAG_FIN;
	if (!close)
		return;
	conn->close_seq = conn->write_seq++;
	conn->marks |= RILL_FLAG_CLOSE | RILL_FLAG_STOP;
}

/* From now on what is queued is the connection's, not the socket's. */
static void rill_close_adopt(struct rill_conn *conn)
{
	struct rill_ether_net *en = rill_ether_net(conn->net);
	u32 option = READ_ONCE(rill_sk(conn->sk)->user_timeout_ms);
	struct sk_buff *skb;

	skb_queue_walk(&conn->queue, skb) {
		conn->orphan_size += skb->truesize;
		skb_orphan(skb);
	}
	__skb_queue_purge(&conn->ooo);
	__skb_queue_purge(&conn->record);
	conn->ooo_size = 0;
	conn->record_len = 0;
	conn->record_size = 0;
	conn->sacks.count = 0;
	/* What no process is left to kill for stays no longer than the sysctl. */
	if (option < READ_ONCE(rill_net(conn->net)->user_timeout_ms))
		conn->user_timeout_ms = option;
	conn->orphan = true;
	atomic_inc(&en->orphans);
	atomic_long_add(conn->orphan_size, &en->orphan_bytes);
}

/* The socket leaves; what it wrote is delivered, unless it breaks. */
static void rill_close_leave(struct rill_conn *conn, bool reset)
{
	struct rill_ether_net *en = rill_ether_net(conn->net);
	u64 now = rill_clock();
	u16 todo;

	if (atomic_read(&en->orphans) >= RILL_ORPHANS_MAX ||
	    atomic_long_read(&en->orphan_bytes) >= RILL_ORPHAN_BYTES_MAX)
		reset = true;
	todo = rill_conn_step(conn, reset ? RILL_CONN_BREAK : RILL_CONN_LEAVE);
	rill_close_frames(conn, todo);
	if (todo & RILL_DO_FINISH) {
		rill_close_mark(conn, true, now);
		rill_close_adopt(conn);
		rill_output(conn, now);
	}
	if (conn->state == RILL_CONN_DEAD)
		rill_conn_bury(conn);
	else
		rill_conn_arm(conn, now);
}

/**
 * rill_ether_drop() - &struct rill_transport.drop.
 * @sk: The socket.
 * @arg: Its &struct rill_conn; the reference is taken over.
 * @reset: Break it.
 */
void rill_ether_drop(struct sock *sk, void *arg, bool reset)
{
	struct rill_conn *conn = arg;
	struct sock *left;

	spin_lock_bh(&conn->lock);
	if (conn->sk && !skb_queue_empty(&sk->sk_receive_queue))
		reset = true;
	rill_close_leave(conn, reset);
	left = rill_conn_leave(conn);
	spin_unlock_bh(&conn->lock);
	if (left)
		sock_put(left);
	rill_conn_put(conn);
}

/**
 * rill_ether_shutdown() - &struct rill_transport.shutdown.
 * @sk: The socket.
 * @how: SEND_SHUTDOWN, RCV_SHUTDOWN or both.
 */
void rill_ether_shutdown(struct sock *sk, int how)
{
	struct rill_conn *conn;
	u64 now = rill_clock();

	rcu_read_lock();
	conn = rill_ether_conn(sk);
	if (conn) {
		spin_lock_bh(&conn->lock);
		if (conn->state == RILL_CONN_OPEN) {
			if (how & RCV_SHUTDOWN)
				conn->marks |= RILL_FLAG_STOP;
			if ((how & SEND_SHUTDOWN) &&
			    !(conn->marks & RILL_FLAG_FIN))
				rill_close_mark(conn, false, now);
			if (!rill_output(conn, now) && (how & RCV_SHUTDOWN))
				rill_output_ack(conn, 0);
			rill_conn_arm(conn, now);
		}
		spin_unlock_bh(&conn->lock);
	}
	rcu_read_unlock();
}

/**
 * rill_close_received() - The peer has closed, and all it sent is here.
 * @conn: The connection, locked.
 * @wake: Filled in.
 */
void rill_close_received(struct rill_conn *conn, struct rill_wake *wake)
{
	u16 todo = rill_conn_step(conn, RILL_CONN_RX_CLOSE);
	struct sock *sk = conn->sk;

	conn->peer_marks |= RILL_FLAG_CLOSE;
	if ((todo & RILL_DO_HANGUP) && sk) {
		spin_lock_nested(&sk->sk_lock.slock, SINGLE_DEPTH_NESTING);
		if (!rill_sk_step(sk, RILL_EV_HANGUP, 0))
			wake->band = POLL_HUP;
		spin_unlock(&sk->sk_lock.slock);
	}
	if (!(todo & RILL_DO_LINGER))
		return;
	conn->end_at = rill_clock() + RILL_QUIET_TIME;
	conn->repeat_at = 0;
	rill_output_forget(conn, wake);
}

/**
 * rill_close_acked() - Our CLOSE is acknowledged: there is no more to say.
 * @conn: The connection, locked.
 */
void rill_close_acked(struct rill_conn *conn)
{
	if (conn->state != RILL_CONN_CLOSING)
		return;
	rill_conn_step(conn, RILL_CONN_ACKED);
	rill_conn_bury(conn);
}

/**
 * rill_close_break() - The peer writes to a socket that is closed.
 * @conn: The connection, locked, CLOSING.
 */
void rill_close_break(struct rill_conn *conn)
{
	rill_close_frames(conn, rill_conn_step(conn, RILL_CONN_BREAK));
	rill_conn_bury(conn);
}

/* A request is over; its child leaves the listener once the lock is free. */
static void rill_close_remove(struct rill_conn *conn, struct rill_wake *wake)
{
	sock_hold(conn->sk);
	wake->removed = conn->sk;
}

/* Is a RESET to be believed? */
static bool rill_reset_fits(const struct rill_conn *conn,
			    const struct rill_rx *rx)
{
	const struct rill_frame *f = &rx->f;

	if (f->sport != conn->pport || f->dport != conn->lport ||
	    !ether_addr_equal(rx->src, conn->peer_hw))
		return false;
	/* Only a request can be withdrawn by who was not answered yet. */
	if (!f->to && conn->state != RILL_CONN_PENDING &&
	    conn->state != RILL_CONN_OFFERED)
		return false;
	/* It answers the request: it has its number. */
	if (conn->state == RILL_CONN_REQUESTED)
		return f->credit == conn->iss &&
		       (!conn->peer_token || f->from == conn->peer_token);
	/* FIN and CLOSE may have come beyond the credit. */
	return f->from == conn->peer_token &&
	       !rill_before(f->seq, conn->rcv_nxt) &&
	       !rill_after(f->seq, conn->rcv_edge + 2);
}

/* What a RESET means to the socket. */
static void rill_reset_fail(struct rill_conn *conn, u8 state, u32 code,
			    struct rill_wake *wake)
{
	bool asked = state == RILL_CONN_REQUESTED;

	if (code == RILL_RESET_UNREACH)			/* C14 */
		rill_conn_fail(conn, RILL_EV_UNREACH, EHOSTUNREACH, wake);
	else if (asked && code == RILL_RESET_REFUSED)	/* C11 */
		rill_conn_fail(conn, RILL_EV_REFUSED, ECONNREFUSED, wake);
	else if (asked && code == RILL_RESET_TYPE)	/* C24 */
		rill_conn_fail(conn, RILL_EV_REFUSED, EPROTOTYPE, wake);
	else						/* C12 */
		rill_conn_fail(conn, RILL_EV_RESET, ECONNRESET, wake);
}

static void rill_reset_locked(struct rill_conn *conn, struct rill_rx *rx,
			      struct rill_wake *wake)
{
	u8 state = conn->state;
	u16 todo;

	if (!rill_reset_fits(conn, rx)) {
		rill_link_drop(rx, RILL_CNT_RX_MISMATCH);
		return;
	}
	todo = rill_conn_step(conn, RILL_CONN_RX_RESET);
	if (todo & RILL_DO_FAIL)
		rill_reset_fail(conn, state, rx->f.ack, wake);
	if (todo & RILL_DO_REMOVE)
		rill_close_remove(conn, wake);
	if (conn->state == RILL_CONN_DEAD)
		rill_conn_bury(conn);
}

/**
 * rill_close_reset() - A RESET came in.
 * @rx: It.
 */
void rill_close_reset(struct rill_rx *rx)
{
	struct net *net = dev_net(rx->dev);
	struct rill_wake wake = {};
	struct rill_conn *conn;

	/* A client that had no answer does not know our token; we do. */
	conn = rill_conn_find(net, rx->f.to ? : rill_token_make(net, rx));
	if (!conn) {
		rill_link_drop(rx, RILL_CNT_RX_NO_CONNECTION);
		return;
	}
	spin_lock_bh(&conn->lock);
	rill_reset_locked(conn, rx, &wake);
	spin_unlock_bh(&conn->lock);
	rill_wake_up(&wake);
}

/* Time is over. The peer hears of it if it should. */
static void rill_close_expire(struct rill_conn *conn, int err,
			      struct rill_wake *wake)
{
	bool asked = conn->state == RILL_CONN_REQUESTED;
	u16 todo = rill_conn_step(conn, asked ? RILL_CONN_RX_RESET :
						RILL_CONN_EXPIRE);

	rill_close_frames(conn, todo);
	if (todo & RILL_DO_FAIL)
		rill_conn_fail(conn, RILL_EV_UNREACH, err, wake);
	if (todo & RILL_DO_REMOVE)
		rill_close_remove(conn, wake);
	rill_conn_bury(conn);
}

/**
 * rill_close_link() - The link of a connection is of no use any more.
 * @conn: The connection, held, not locked.
 * @hw: Hardware address that it has now, or NULL if it is gone.
 */
void rill_close_link(struct rill_conn *conn, const u8 *hw)
{
	struct rill_wake wake = {};

	spin_lock_bh(&conn->lock);
	if (conn->state != RILL_CONN_DEAD &&
	    !(hw && ether_addr_equal(conn->local_hw, hw))) {
		if (hw && conn->peer_token)
			rill_close_tell(conn, RILL_RESET_UNREACH);	/* C14 */
		rill_close_expire(conn, ENETDOWN, &wake);	/* C15 */
	}
	spin_unlock_bh(&conn->lock);
	rill_wake_up(&wake);
}

/**
 * rill_close_unlinked() - A link is lost: has a request still one to use?
 * @conn: The connection, locked, REQUESTED.
 * @wake: Filled in.
 */
void rill_close_unlinked(struct rill_conn *conn, struct rill_wake *wake)
{
	int err = rill_ether_reach(conn->net, conn->bound, conn->local_hw);

	if (err == -ENETUNREACH)
		err = -ENETDOWN;
	if (err)
		rill_close_expire(conn, -err, wake);
}

/* Something of ours waits to be acknowledged. */
static bool rill_close_waiting(const struct rill_conn *conn)
{
	return (conn->state == RILL_CONN_OPEN ||
		conn->state == RILL_CONN_CLOSING) &&
	       conn->write_seq != conn->sent.una;
}

/**
 * rill_close_deadline() - When is the connection over, if nothing is heard?
 * @conn: The connection, locked.
 *
 * Return: time of rill_clock(), 0 for never.
 */
u64 rill_close_deadline(const struct rill_conn *conn)
{
	if (rill_close_waiting(conn))
		return conn->heard_at + rill_user_timeout(conn);
	return conn->end_at;
}

/**
 * rill_close_keepalive() - When is the next keepalive probe due (RFC 9293,
 * 3.8.4)?
 * @conn: The connection, locked.
 *
 * Return: time of rill_clock(), 0 for never.
 */
u64 rill_close_keepalive(const struct rill_conn *conn)
{
	const struct rill_sock *rs;
	u32 seconds;

	/* What is outstanding is probe enough. */
	if (!conn->keepalive || conn->state != RILL_CONN_OPEN || !conn->sk ||
	    conn->write_seq != conn->sent.una)
		return 0;
	rs = rill_sk(conn->sk);
	seconds = READ_ONCE(rs->keepidle) +
		  conn->probes * READ_ONCE(rs->keepintvl);
	return conn->alive_at + (u64)seconds * USEC_PER_SEC;
}

/* Return: whether too many were not answered. */
static bool rill_keepalive_time(struct rill_conn *conn, u64 now)
{
	u64 at = rill_close_keepalive(conn);

	if (!at || now < at)
		return false;
	if (conn->probes >= READ_ONCE(rill_sk(conn->sk)->keepcnt))
		return true;
	conn->probes++;
	rill_output_ack(conn, RILL_FLAG_PROBE);
	return false;
}

/* Why nothing is heard, negative errno. */
static int rill_close_reason(const struct rill_conn *conn)
{
	int err = rill_ether_reach(conn->net, conn->ifindex, conn->local_hw);

	if (!err)
		return -ETIMEDOUT;
	return err == -EHOSTUNREACH ? err : -ENETDOWN;
}

/**
 * rill_close_time() - Is it time to repeat something, or to give up?
 * @conn: The connection, locked, not dead.
 * @now: The time.
 * @wake: Filled in.
 */
void rill_close_time(struct rill_conn *conn, u64 now, struct rill_wake *wake)
{
	u64 end = rill_close_deadline(conn);

	if (end && now >= end) {
		if (rill_close_waiting(conn))
			rill_count_net(conn->net, RILL_CNT_EXPIRED);
		rill_close_expire(conn, -rill_close_reason(conn), wake);
		return;
	}
	if (conn->state == RILL_CONN_OPEN || conn->state == RILL_CONN_CLOSING)
		rill_output_persist(conn, now);
	if (rill_handshake_time(conn, now) || rill_keepalive_time(conn, now))
		rill_close_expire(conn, -rill_close_reason(conn), wake);
}
