// SPDX-License-Identifier: GPL-2.0-only
/*
 * SOCK_DGRAM. A datagram is charged to the sender while it is made and to the
 * receiver once it is queued, as with UDP. A connected socket is ESTABLISHED.
 */
#include "netns.h"
#include "trace.h"
#include "transport.h"

/* Longest datagram, bytes; a link's MTU may say less. */
#define RILL_DGRAM_MAX	65536

/* What others sent before the association is not for it (C30). */
static void rill_dgram_purge_others(struct sock *sk)
{
	struct sk_buff *skb, *next;
	struct sk_buff_head others;

	__skb_queue_head_init(&others);
	spin_lock_bh(&sk->sk_receive_queue.lock);
	skb_queue_walk_safe(&sk->sk_receive_queue, skb, next) {
		if (rill_port_hears(sk, &rill_skb_cb(skb)->source))
			continue;
		__skb_unlink(skb, &sk->sk_receive_queue);
		__skb_queue_tail(&others, skb);
	}
	spin_unlock_bh(&sk->sk_receive_queue.lock);
	while ((skb = __skb_dequeue(&others)))
		consume_skb(skb);
}

/* On this host it can be told what is there (C24); nobody yet is fine. */
static int rill_dgram_check(struct sock *sk, const struct rill_addr *dst,
			    const struct rill_transport *transport)
{
	struct rill_query query = rill_query_local(sk, dst);
	struct sock *peer;

	if (transport != &rill_loopback)
		return 0;
	peer = rill_port_find(&query);
	if (!IS_ERR(peer))
		sock_put(peer);
	return PTR_ERR_OR_ZERO(peer) == -EPROTOTYPE ? -EPROTOTYPE : 0;
}

/**
 * rill_dgram_connect() - connect() of a datagram socket: set the peer (C29).
 * @sk: The socket.
 * @dst: The peer.
 *
 * Return: 0; an errno of rill_route(), rill_autobind() or -EPROTOTYPE, and the
 * old peer stays (C31).
 */
int rill_dgram_connect(struct sock *sk, const struct rill_addr *dst)
{
	const struct rill_transport *transport = rill_route(sk, dst);
	const struct rill_transport *old;
	void *conn;
	int err;

	if (IS_ERR(transport))
		return PTR_ERR(transport);
	err = rill_dgram_check(sk, dst, transport);
	if (!err)
		err = rill_autobind(sk);	/* C02 */
	if (err)
		return err;

	rill_lock(sk);
	conn = rill_sk_detach(sk);
	old = rill_sk(sk)->transport;
	rill_sk(sk)->transport = transport;
	rill_sk(sk)->remote = *dst;
	WRITE_ONCE(sk->sk_shutdown, 0);
	if (sk->sk_state == RILL_CLOSE)
		rill_sk_step(sk, RILL_EV_PAIR, 0);
	rill_unlock(sk);
	if (conn)
		old->drop(sk, conn, false);
	rill_dgram_purge_others(sk);
	return 0;
}

/**
 * rill_dgram_dissolve() - Dissolve the association (C32).
 * @sk: The socket.
 *
 * Return: 0, or -EAFNOSUPPORT when it is done under the BSD dialect.
 */
int rill_dgram_dissolve(struct sock *sk)
{
	rill_sk_drop(sk, false);
	WRITE_ONCE(sk->sk_shutdown, 0);
	return READ_ONCE(rill_sk(sk)->dialect) == RILL_DIALECT_BSD ?
	       -EAFNOSUPPORT : 0;
}

/* Where this message goes, and by what. */
static const struct rill_transport *
rill_dgram_dest(struct sock *sk, const struct msghdr *msg,
		struct rill_addr *dst)
{
	bool connected;
	int err;

	if (msg->msg_namelen) {
		err = rill_addr_parse(msg->msg_name, msg->msg_namelen, dst);
		return err ? ERR_PTR(err) : rill_route(sk, dst);
	}
	rill_lock(sk);
	connected = sk->sk_state == RILL_ESTABLISHED;
	*dst = rill_sk(sk)->remote;
	rill_unlock(sk);
	if (!connected)
		return ERR_PTR(-EDESTADDRREQ);
	if (!dst->port)
		return &rill_loopback;		/* socketpair() */
	return rill_route(sk, dst);
}

/**
 * rill_dgram_sendmsg() - Send one datagram.
 * @sock: The socket; bound when it is not.
 * @msg: The datagram.
 * @len: Its length.
 *
 * Return: @len; -EOPNOTSUPP (MSG_OOB), -EMSGSIZE, -EDESTADDRREQ, -ECONNREFUSED
 * (nobody is bound there), -EPROTOTYPE, -EPIPE (shut down), -EAGAIN, -ENOBUFS,
 * -EFAULT, those of rill_addr_parse() and rill_route().
 */
int rill_dgram_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	const struct rill_transport *transport;
	struct sock *sk = sock->sk;
	struct rill_addr dst;
	struct sk_buff *skb;
	int err;

	if (msg->msg_flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (len > RILL_DGRAM_MAX)
		return -EMSGSIZE;
	transport = rill_dgram_dest(sk, msg, &dst);
	if (IS_ERR(transport))
		return PTR_ERR(transport);
	/* Each link gets a copy. */
	skb = rill_skb_alloc(sk, 0, len, msg->msg_flags & MSG_DONTWAIT, &err);
	if (!skb)
		return err;
	err = rill_skb_fill(skb, msg, len);
	if (!err && dst.port)
		err = rill_autobind(sk);
	if (err) {
		kfree_skb(skb);
		return err;
	}
	rill_skb_cb(skb)->source = rill_sk(sk)->local;
	err = transport->dgram_send(sk, skb, &dst);
	if (err)
		trace_rill_refused(sk, err);
	return err ? err : len;
}

/* The next datagram that is for this socket, or NULL and 0 or an errno. */
static struct sk_buff *rill_dgram_next(struct sock *sk, int flags, int *err)
{
	struct sk_buff *skb;

	/* One may have slipped in while connect() set the peer. */
	while ((skb = skb_recv_datagram(sk, flags, err)) &&
	       !rill_port_hears(sk, &rill_skb_cb(skb)->source))
		skb_kill_datagram(sk, skb, flags);
	return skb;
}

/**
 * rill_dgram_recvmsg() - Receive one datagram.
 * @sock: The socket.
 * @msg: Where to; msg_name gets the sender.
 * @size: Room.
 * @flags: MSG_PEEK, MSG_DONTWAIT, MSG_TRUNC.
 *
 * Return: bytes, the datagram's length with MSG_TRUNC; -EOPNOTSUPP (MSG_OOB),
 * -EAGAIN, -EFAULT, or as an interrupted call.
 */
int rill_dgram_recvmsg(struct socket *sock, struct msghdr *msg, size_t size,
		       int flags)
{
	struct sock *sk = sock->sk;
	struct sk_buff *skb;
	size_t bytes;
	int err;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (flags & MSG_ERRQUEUE)
		return -EAGAIN;
	skb = rill_dgram_next(sk, flags, &err);
	if (!skb)
		return err;
	bytes = min_t(size_t, skb->len, size);
	if (bytes < skb->len)
		msg->msg_flags |= MSG_TRUNC;
	err = skb_copy_datagram_msg(skb, 0, msg, bytes);
	if (!err) {
		if (msg->msg_name)
			msg->msg_namelen =
				rill_addr_store(msg->msg_name,
						&rill_skb_cb(skb)->source);
		sock_recv_cmsgs(msg, sk, skb);
		err = flags & MSG_TRUNC ? skb->len : bytes;
	}
	skb_free_datagram(sk, skb);
	return err;
}
