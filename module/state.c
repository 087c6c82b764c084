// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection state machine at work: every change of a socket's state goes
 * through rill_sk_step(). Its table is connect_table.h.
 */
#include "netns.h"
#include "trace.h"
#include "transport.h"

static_assert((int)RILL_ESTABLISHED == TCP_ESTABLISHED);
static_assert((int)RILL_SYN_SENT == TCP_SYN_SENT);
static_assert((int)RILL_SYN_RECV == TCP_SYN_RECV);
static_assert((int)RILL_CLOSE == TCP_CLOSE);
static_assert((int)RILL_CLOSE_WAIT == TCP_CLOSE_WAIT);
static_assert((int)RILL_LISTEN == TCP_LISTEN);

static void rill_count_step(struct sock *sk, int old, enum rill_event event)
{
	switch (event) {
	case RILL_EV_CONNECT:
		rill_count(sk, RILL_CNT_CONNECT);
		break;
	case RILL_EV_ESTABLISHED:
		if (old == RILL_SYN_SENT)
			rill_count(sk, RILL_CNT_ESTABLISHED);
		break;
	case RILL_EV_REFUSED:
		rill_count(sk, RILL_CNT_REFUSED);
		break;
	case RILL_EV_TIMEOUT:
		rill_count(sk, RILL_CNT_TIMEOUT);
		break;
	case RILL_EV_UNREACH:
		rill_count(sk, RILL_CNT_UNREACH);
		break;
	case RILL_EV_RESET:
		rill_count(sk, RILL_CNT_RESET);
		break;
	case RILL_EV_HANGUP:
		rill_count(sk, RILL_CNT_HANGUP);
		break;
	case RILL_EV_DROP:
		if (old == RILL_SYN_SENT)
			rill_count(sk, RILL_CNT_WITHDRAWN);
		break;
	default:
		break;
	}
}

/**
 * rill_sk_step() - Let an event happen to a socket.
 * @sk: The socket; slock held, or nobody else can reach it yet.
 * @event: The event.
 * @err: Positive errno to leave in SO_ERROR, 0 for none (rule C08).
 *
 * Return: 0 when the state changed; -ESTALE when the event came too late,
 * -EPROTO when it is illegal in this state (both are counted and change
 * nothing), or the errno that the call behind the event reports.
 */
int rill_sk_step(struct sock *sk, enum rill_event event, int err)
{
	int old = sk->sk_state;
	int next = rill_next_state(old, event);

	if (unlikely(next <= 0)) {
		if (next == RILL_LATE)
			rill_count(sk, RILL_CNT_LATE);
		else if (next == RILL_ILLEGAL)
			rill_count(sk, RILL_CNT_ILLEGAL);
		trace_rill_ignored(sk, event, next);
		return next == RILL_LATE ? -ESTALE : next;
	}

	if (old == RILL_SYN_SENT && timer_pending(&sk->sk_timer))
		sk_stop_timer(sk, &sk->sk_timer);
	if (err)
		WRITE_ONCE(sk->sk_err, err);
	if (next == RILL_CLOSE_WAIT)
		/* Pairs with rill_recv_ended(). */
		smp_store_release(&sk->sk_shutdown, SHUTDOWN_MASK);
	else if (next == RILL_CLOSE)
		memset(&rill_sk(sk)->remote, 0, sizeof(struct rill_addr));
	trace_rill_state(sk, next, event, err);
	/* Pairs with rill_state(): who sees the state sees sk_err. */
	smp_store_release(&sk->sk_state, next);
	rill_count_step(sk, old, event);
	return 0;
}

/**
 * rill_sk_detach() - Take the transport's end of a connection away.
 * @sk: The socket; slock held.
 *
 * Return: what &struct rill_transport.drop consumes, or NULL.
 */
void *rill_sk_detach(struct sock *sk)
{
	void *conn = rill_sk(sk)->conn;

	rill_sk(sk)->conn = NULL;
	return conn;
}

/**
 * rill_sk_woken() - Tell everyone who waits for the socket, once (rule C07).
 * @sk: The socket; no lock held.
 * @band: POLL_OUT, POLL_ERR, POLL_IN or POLL_HUP, for SIGIO.
 */
void rill_sk_woken(struct sock *sk, int band)
{
	sk->sk_state_change(sk);
	sk_wake_async(sk, SOCK_WAKE_IO, band);
}

/**
 * rill_sk_start_timer() - Start the timeout interval of an attempt (C09).
 * @sk: A pending client; slock held.
 */
void rill_sk_start_timer(struct sock *sk)
{
	u32 ms = READ_ONCE(rill_sk(sk)->timeout_ms);

	if (!ms)
		ms = READ_ONCE(rill_net(sock_net(sk))->connect_timeout_ms);
	/* The jiffy that is partly over does not count. */
	sk_reset_timer(sk, &sk->sk_timer, jiffies + msecs_to_jiffies(ms) + 1);
}

/* Leave: under slock, then tell the other end and whoever waits here. */
static bool rill_sk_leave(struct sock *sk, enum rill_event event, int err,
			  bool reset)
	__releases(&sk->sk_lock.slock)
{
	const struct rill_transport *transport = rill_sk(sk)->transport;
	bool left = !rill_sk_step(sk, event, err);
	void *conn = left ? rill_sk_detach(sk) : NULL;

	rill_unlock(sk);
	if (conn)
		transport->drop(sk, conn, reset);
	return left;
}

/**
 * rill_sk_timer() - The timeout interval of an attempt is over.
 * @timer: sk_timer of the socket; it holds a reference.
 */
void rill_sk_timer(struct timer_list *timer)
{
	struct sock *sk = timer_container_of(sk, timer, sk_timer);

	rill_lock(sk);
	/* Armed again: that attempt is over and this is the next one. */
	if (timer_pending(timer))
		rill_unlock(sk);
	else if (rill_sk_leave(sk, RILL_EV_TIMEOUT, ETIMEDOUT, true))
		rill_sk_woken(sk, POLL_ERR);
	sock_put(sk);
}

/**
 * rill_sk_abort() - End an attempt or connection from outside its calls.
 * @sk: The socket, held; no lock held.
 * @attempt: End only this attempt; 0: whatever is there.
 * @event: RILL_EV_TIMEOUT, RILL_EV_DROP, or, of what is pending only,
 *	RILL_EV_UNREACH.
 * @err: Positive errno that the socket reports.
 *
 * Return: whether there was something to end.
 */
bool rill_sk_abort(struct sock *sk, u32 attempt, enum rill_event event,
		   int err)
{
	rill_lock(sk);
	if ((attempt && attempt != rill_sk(sk)->attempt) ||
	    (event == RILL_EV_UNREACH && sk->sk_state != RILL_SYN_SENT)) {
		rill_unlock(sk);
		return false;
	}
	if (!rill_sk_leave(sk, event, err, true))
		return false;
	rill_sk_woken(sk, POLL_ERR);
	return true;
}

/**
 * rill_sk_drop() - Give up what is there; the socket is CLOSE afterwards.
 * @sk: The socket; no lock held. Not a listener that has a queue.
 * @reset: Break the connection rather than end it in order.
 */
void rill_sk_drop(struct sock *sk, bool reset)
{
	rill_lock(sk);
	rill_sk_leave(sk, RILL_EV_DROP, 0, reset);
}

/**
 * rill_sk_purge() - Throw unread data away; senders get their space back.
 * @sk: The socket; no connection can append any more.
 */
void rill_sk_purge(struct sock *sk)
{
	skb_queue_purge(&sk->sk_receive_queue);
}

/**
 * rill_shutdown() - shutdown(2).
 * @sock: The socket.
 * @how: SHUT_RD, SHUT_WR or SHUT_RDWR.
 *
 * A pending request is given up whatever @how is: a connect() blocked in
 * another thread must not return 0 for a socket that is shut.
 *
 * Return: 0, -EINVAL for another @how, -ENOTCONN.
 */
int rill_shutdown(struct socket *sock, int how)
{
	const struct rill_transport *transport;
	struct sock *sk = sock->sk;
	int mask = how + 1;
	u32 attempt;
	int state;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;

	rill_lock(sk);
	state = sk->sk_state;
	attempt = rill_sk(sk)->attempt;
	transport = rill_sk(sk)->transport;
	if (state == RILL_ESTABLISHED ||
	    (state == RILL_LISTEN && (mask & RCV_SHUTDOWN)))
		WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | mask);
	rill_unlock(sk);

	switch (state) {
	case RILL_ESTABLISHED:
		if (rill_connection_mode(sk))
			transport->shutdown(sk, mask);
		rill_sk_woken(sk, POLL_IN);
		return 0;
	case RILL_LISTEN:
		if (mask & RCV_SHUTDOWN) {
			rill_listener_flush(sk);
			rill_sk_woken(sk, POLL_HUP);
		}
		return 0;
	case RILL_SYN_SENT:
		rill_sk_abort(sk, attempt, RILL_EV_DROP, ECONNABORTED);
		return 0;
	case RILL_CLOSE_WAIT:
		return 0;
	default:
		return -ENOTCONN;
	}
}

/**
 * rill_destroy() - SOCK_DESTROY: the administrator ends a socket.
 * @sk: The socket, held; no lock held.
 *
 * A listener lets nobody in any more and its accept() fails; it is one until
 * it is closed.
 */
void rill_destroy(struct sock *sk)
{
	bool listener;

	rill_lock(sk);
	listener = sk->sk_state == RILL_LISTEN;
	if (listener) {
		WRITE_ONCE(sk->sk_err, ECONNABORTED);
		WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	}
	rill_unlock(sk);
	if (!listener) {
		rill_sk_abort(sk, 0, RILL_EV_DROP, ECONNABORTED);
		return;
	}
	rill_listener_flush(sk);
	rill_sk_woken(sk, POLL_ERR);
}
