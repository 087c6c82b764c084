// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receiving on STREAM and SEQPACKET. Readers take turns by a mutex, so a buffer
 * that one has looked up stays where it is; the sender may append to the last
 * one meanwhile, behind the bytes that were counted.
 */
#include "netns.h"
#include "transport.h"

/*
 * Look up the buffer at @off unread bytes; *@bytes: in, how many are wanted,
 * out, how many it has from there on, at most. With @take a buffer of which
 * all is wanted leaves the queue at once, which is told by skb->next.
 */
static struct sk_buff *rill_queue_at(struct sock *sk, u32 *off, u32 *bytes,
				     bool take)
{
	struct sk_buff_head *queue = &sk->sk_receive_queue;
	struct sk_buff *skb, *found = NULL;
	u32 unread;

	if (skb_queue_empty_lockless(queue))
		return NULL;
	spin_lock_bh(&queue->lock);
	skb_queue_walk(queue, skb) {
		unread = rill_skb_unread(skb);
		if (*off < unread) {
			found = skb;
			break;
		}
		*off -= unread;
	}
	if (found) {
		*bytes = min(*bytes, unread - *off);
		if (take && *bytes == unread)
			__skb_unlink(found, queue);
	}
	spin_unlock_bh(&queue->lock);
	return found;
}

/**
 * rill_unread() - Count the unread bytes of a socket.
 * @sk: The socket.
 * @first_only: Of the first message only.
 *
 * Return: bytes.
 */
u32 rill_unread(struct sock *sk, bool first_only)
{
	struct sk_buff *skb;
	u32 bytes = 0;

	spin_lock_bh(&sk->sk_receive_queue.lock);
	skb_queue_walk(&sk->sk_receive_queue, skb) {
		bytes += rill_skb_unread(skb);
		if (first_only)
			break;
	}
	spin_unlock_bh(&sk->sk_receive_queue.lock);
	return bytes;
}

/* What rill_queue_at() found is read, or (@bytes 0) could not be copied. */
static void rill_queue_done(struct sock *sk, struct sk_buff *skb, u32 bytes)
{
	struct sk_buff_head *queue = &sk->sk_receive_queue;

	if (!skb->next && bytes) {
		consume_skb(skb);
		return;
	}
	spin_lock_bh(&queue->lock);
	if (skb->next)
		rill_skb_cb(skb)->consumed += bytes;
	else
		__skb_queue_head(queue, skb);
	spin_unlock_bh(&queue->lock);
}

/* The reader has taken that much: a peer elsewhere may send more. */
static void rill_recv_drained(struct sock *sk, u32 bytes)
{
	struct rill_sock *rs = rill_sk(sk);
	/* A connect() of another thread may change it meanwhile. */
	const struct rill_transport *transport = READ_ONCE(rs->transport);

	WRITE_ONCE(rs->taken, rs->taken + bytes);
	if (transport->drained &&
	    (s32)(rs->taken - READ_ONCE(rs->tell_at)) >= 0)
		transport->drained(sk);
}

/*
 * Will nothing more be queued? To be asked before the queue is looked at: the
 * peer may send and close between the two.
 */
static bool rill_recv_ended(struct sock *sk)
{
	/* Pairs with those who set it: what was queued before is visible. */
	return (smp_load_acquire(&sk->sk_shutdown) & RCV_SHUTDOWN) ||
	       rill_state(sk) != RILL_ESTABLISHED;
}

/* What a call reports then, the queue being empty: 0 at the end of file. */
static int rill_recv_verdict(struct sock *sk)
{
	int state = rill_state(sk);

	return sock_error(sk) ? : state == RILL_ESTABLISHED ||
				  state == RILL_CLOSE_WAIT ? 0 : -ENOTCONN;
}

static bool rill_recv_ready(struct sock *sk, u32 off)
{
	u32 bytes = 1;

	/* No stream buffer is empty; a record may be. */
	if (!off && !skb_queue_empty_lockless(&sk->sk_receive_queue))
		return true;
	return rill_recv_ended(sk) ||
	       (off && rill_queue_at(sk, &off, &bytes, false));
}

/*
 * Wait, and let other readers read. Return: 0 to look again, or an errno; the
 * readers' mutex is held as before.
 */
static int rill_recv_wait(struct sock *sk, u32 off, long *timeo)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);

	if (!*timeo)
		return -EAGAIN;
	if (signal_pending(current))
		return sock_intr_errno(*timeo);
	mutex_unlock(&rill_sk(sk)->readers);
	add_wait_queue(sk_sleep(sk), &wait);
	sk_set_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	if (!rill_recv_ready(sk, off))
		*timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, *timeo);
	sk_clear_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	remove_wait_queue(sk_sleep(sk), &wait);
	mutex_lock(&rill_sk(sk)->readers);
	return 0;
}

/*
 * Read from the buffer at @off. Return: bytes, 0 when there is none, or
 * -EFAULT.
 */
static int rill_stream_take(struct sock *sk, u32 off, struct msghdr *msg,
			    u32 bytes, int flags)
{
	bool take = !(flags & MSG_PEEK);
	struct sk_buff *skb;
	int err = 0;

	skb = rill_queue_at(sk, &off, &bytes, take);
	if (!skb)
		return 0;
	if (!(flags & MSG_TRUNC))
		err = skb_copy_datagram_msg(skb, rill_skb_cb(skb)->consumed +
					    off, msg, bytes);
	if (!err)
		sock_recv_timestamp(msg, sk, skb);
	if (take) {
		rill_queue_done(sk, skb, err ? 0 : bytes);
		if (!err)
			rill_recv_drained(sk, bytes);
	}
	return err ? err : bytes;
}

/* Readers' mutex held. */
static int rill_stream_recv(struct sock *sk, struct msghdr *msg, size_t size,
			    int flags)
{
	size_t target = sock_rcvlowat(sk, flags & MSG_WAITALL, size);
	u32 start = max(sk_peek_offset(sk, flags), 0);
	long timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	size_t copied = 0;
	int ret = 0;
	bool ended;
	u32 off;

	while (copied < size) {
		ended = rill_recv_ended(sk);
		off = flags & MSG_PEEK ? start + copied : 0;
		ret = rill_stream_take(sk, off, msg, size - copied, flags);
		if (ret < 0)
			break;
		copied += ret;
		if (ret)
			continue;
		if (copied >= target)
			break;
		/* An error is kept for the next call if there are bytes. */
		if (ended) {
			ret = copied ? 0 : rill_recv_verdict(sk);
			break;
		}
		ret = rill_recv_wait(sk, off, &timeo);
		if (ret)
			break;
	}
	if (!copied)
		return ret;
	if (flags & MSG_PEEK)
		sk_peek_offset_fwd(sk, copied);
	else
		sk_peek_offset_bwd(sk, copied);
	return copied;
}

/* Wait for a record. Return: its first buffer, or ERR_PTR(), 0 at the end. */
static struct sk_buff *rill_record_first(struct sock *sk, int flags)
{
	long timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	struct sk_buff *skb;
	bool ended;
	int err;

	for (;;) {
		ended = rill_recv_ended(sk);
		skb = skb_peek(&sk->sk_receive_queue);
		if (skb)
			return skb;
		err = ended ? rill_recv_verdict(sk) :
			      rill_recv_wait(sk, 0, &timeo);
		if (ended || err)
			return ERR_PTR(err);
	}
}

/* A record is queued at once: up to its end it does not change. */
static void rill_record_consume(struct sock *sk)
{
	struct sk_buff_head done;
	struct sk_buff *skb;

	__skb_queue_head_init(&done);
	spin_lock_bh(&sk->sk_receive_queue.lock);
	do {
		skb = __skb_dequeue(&sk->sk_receive_queue);
		__skb_queue_tail(&done, skb);
	} while (!rill_skb_cb(skb)->eor);
	spin_unlock_bh(&sk->sk_receive_queue.lock);
	while ((skb = __skb_dequeue(&done)))
		consume_skb(skb);
}

/* Readers' mutex held. */
static int rill_record_recv(struct sock *sk, struct msghdr *msg, size_t size,
			    int flags)
{
	size_t copied = 0, len = 0, bytes;
	struct sk_buff *skb;
	bool eor;

	skb = rill_record_first(sk, flags);
	if (IS_ERR_OR_NULL(skb))
		return PTR_ERR(skb);
	sock_recv_timestamp(msg, sk, skb);
	for (;; skb = skb->next) {
		eor = rill_skb_cb(skb)->eor;
		bytes = min_t(size_t, skb->len, size - copied);
		if (bytes && skb_copy_datagram_msg(skb, 0, msg, bytes))
			return -EFAULT;
		copied += bytes;
		len += skb->len;
		if (eor)
			break;
	}
	if (len > copied)
		msg->msg_flags |= MSG_TRUNC;
	msg->msg_flags |= MSG_EOR;
	if (!(flags & MSG_PEEK)) {
		rill_record_consume(sk);
		rill_recv_drained(sk, len);
	}
	return flags & MSG_TRUNC ? len : copied;
}

/**
 * rill_recvmsg() - recv(2), recvmsg(2), read(2) in connection mode.
 * @sock: The socket.
 * @msg: Where to.
 * @size: Room.
 * @flags: MSG_PEEK, MSG_DONTWAIT, MSG_WAITALL, MSG_TRUNC.
 *
 * Return: bytes (0: end of file, or an empty record), -ENOTCONN, -EOPNOTSUPP
 * (MSG_OOB), -EAGAIN, -ECONNRESET once all before it is read, -EFAULT, or as
 * an interrupted call.
 */
int rill_recvmsg(struct socket *sock, struct msghdr *msg, size_t size,
		 int flags)
{
	struct sock *sk = sock->sk;
	int ret;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (flags & MSG_ERRQUEUE)
		return -EAGAIN;
	mutex_lock(&rill_sk(sk)->readers);
	if (sk->sk_type == SOCK_STREAM)
		ret = rill_stream_recv(sk, msg, size, flags);
	else
		ret = rill_record_recv(sk, msg, size, flags);
	mutex_unlock(&rill_sk(sk)->readers);
	return ret;
}
