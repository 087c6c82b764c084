// SPDX-License-Identifier: GPL-2.0-only
/* What select(), poll(), epoll and io_uring see (C07, C08). */
#include "rill.h"

static bool rill_poll_readable(struct sock *sk)
{
	u32 lowat = READ_ONCE(sk->sk_rcvlowat);

	if (skb_queue_empty_lockless(&sk->sk_receive_queue))
		return false;
	return lowat <= 1 || sk->sk_type != SOCK_STREAM ||
	       rill_unread(sk, false) >= lowat;
}

/* Nothing holds a write up: it is taken or fails at once. */
static bool rill_poll_writable(struct sock *sk, u8 shutdown)
{
	if ((shutdown & SEND_SHUTDOWN) || sock_writeable(sk))
		return true;
	sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	/* Room made between the test and the bit must not go unnoticed. */
	smp_mb__after_atomic();
	return sock_writeable(sk);
}

/**
 * rill_write_space() - A buffer charged to the socket was freed.
 * @sk: The sender; it may be closed already.
 *
 * Wakes who found no room, once half of SO_SNDBUF is free; nobody else, so
 * that a reader's progress is no event for an idle sender.
 */
void rill_write_space(struct sock *sk)
{
	struct socket_wq *wq;
	struct socket *sock;

	if (!sock_writeable(sk))
		return;
	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	sock = wq ? container_of(wq, struct socket, wq) : NULL;
	if (sock && test_bit(SOCK_NOSPACE, &sock->flags)) {
		clear_bit(SOCK_NOSPACE, &sock->flags);
		if (skwq_has_sleeper(wq))
			wake_up_interruptible_poll(&wq->wait, EPOLLOUT |
						   EPOLLWRNORM | EPOLLWRBAND);
		sk_wake_async(sk, SOCK_WAKE_SPACE, POLL_OUT);
	}
	rcu_read_unlock();
}

static __poll_t rill_poll_listener(struct sock *sk)
{
	if (READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN)
		return EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | EPOLLHUP;
	if (READ_ONCE(sk->sk_ack_backlog))
		return EPOLLIN | EPOLLRDNORM;
	return 0;
}

/**
 * rill_poll() - Report readiness.
 * @file: Of the socket.
 * @sock: The socket.
 * @wait: Where to register for wakeups.
 *
 * Return: mask of EPOLL* bits. A pending socket has none; one whose attempt
 * failed has OUT, ERR and HUP until SO_ERROR is read.
 */
__poll_t rill_poll(struct file *file, struct socket *sock, poll_table *wait)
{
	struct sock *sk = sock->sk;
	__poll_t mask = 0;
	int state;
	u8 shutdown;

	sock_poll_wait(file, sock, wait);
	state = rill_state(sk);
	if (state == RILL_SYN_SENT)
		return 0;
	if (state == RILL_LISTEN)
		return rill_poll_listener(sk);

	shutdown = READ_ONCE(sk->sk_shutdown);
	if (READ_ONCE(sk->sk_err))
		mask |= EPOLLERR;
	if (shutdown == SHUTDOWN_MASK ||
	    (state == RILL_CLOSE && rill_connection_mode(sk)))
		mask |= EPOLLHUP;
	if (shutdown & RCV_SHUTDOWN)
		mask |= EPOLLRDHUP | EPOLLIN | EPOLLRDNORM;
	if (rill_poll_readable(sk))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (rill_poll_writable(sk, shutdown))
		mask |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
	return mask;
}
