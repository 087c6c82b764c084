// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending on STREAM and SEQPACKET. Buffers are charged to the sender until
 * they are read (loopback) or acknowledged; they are allocated and filled
 * before any lock is taken.
 */
#include "netns.h"
#include "transport.h"

/* Writes up to here go by the stack into the last buffer, if it has room. */
#define RILL_SMALL	256
/* Room of a buffer that more small writes will follow into. */
#define RILL_ROOM	SKB_WITH_OVERHEAD(2048)
/* Up to here a buffer is one piece of kmalloc() memory, above it is pages. */
#define RILL_LINEAR	SKB_WITH_OVERHEAD(PAGE_SIZE)
/* Bytes of one buffer: 16 pages, what every kernel lets an skb have. */
#define RILL_CHUNK	65536

static unsigned long rill_skb_linear(size_t len)
{
	return len <= RILL_LINEAR ? len : 0;
}

static struct sk_buff *rill_skb_sized(struct sk_buff *skb, size_t len)
{
	unsigned long linear = rill_skb_linear(len);

	if (skb) {
		skb_put(skb, linear);
		skb->data_len = len - linear;
		skb->len = len;
	}
	return skb;
}

/* What sock_alloc_send_pskb() would wait for, or refuse. */
static bool rill_send_held(struct sock *sk)
{
	return READ_ONCE(sk->sk_err) ||
	       (READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN) ||
	       sk_wmem_alloc_get(sk) >= READ_ONCE(sk->sk_sndbuf);
}

/*
 * A buffer in one piece, to be sent as soon as it is filled: with @headroom if
 * all of it still is one piece.
 */
static struct sk_buff *rill_skb_short(struct sock *sk, unsigned int headroom,
				      size_t len, bool noblock, int *err)
{
	struct sk_buff *skb;

	if (!headroom || headroom + len > RILL_LINEAR || rill_send_held(sk))
		return sock_alloc_send_pskb(sk, len, 0, noblock, err, 0);
	skb = alloc_skb_fclone(headroom + len, sk->sk_allocation);
	if (!skb) {
		*err = -ENOBUFS;
		return NULL;
	}
	skb_reserve(skb, headroom);
	skb_set_owner_w(skb, sk);
	return skb;
}

/**
 * rill_skb_alloc() - Get a buffer, waiting for room in SO_SNDBUF.
 * @sk: The sender; it is charged.
 * @headroom: &struct rill_transport.headroom, or 0.
 * @len: Bytes, at most RILL_CHUNK.
 * @noblock: Do not wait.
 * @err: Why NULL is returned: negative errno of the call.
 *
 * Return: a buffer of that length, to be filled, or NULL.
 */
struct sk_buff *rill_skb_alloc(struct sock *sk, unsigned int headroom,
			       size_t len, bool noblock, int *err)
{
	unsigned long linear = rill_skb_linear(len);
	struct sk_buff *skb;

	if (linear)
		skb = rill_skb_short(sk, headroom, linear, noblock, err);
	else
		skb = sock_alloc_send_pskb(sk, 0, len, noblock, err,
					   PAGE_ALLOC_COSTLY_ORDER);
	return rill_skb_sized(skb, len);
}

/**
 * rill_skb_fill() - Copy a message's next bytes into a buffer.
 * @skb: From rill_skb_alloc().
 * @msg: The message.
 * @len: As in rill_skb_alloc().
 *
 * Return: 0 or -EFAULT.
 */
int rill_skb_fill(struct sk_buff *skb, struct msghdr *msg, size_t len)
{
	return skb_copy_datagram_from_iter(skb, 0, &msg->msg_iter, len);
}

static int rill_send_one(struct sock *sk, struct sk_buff *skb)
{
	struct sk_buff_head list;

	__skb_queue_head_init(&list);
	__skb_queue_tail(&list, skb);
	return rill_sk(sk)->transport->send(sk, &list);
}

/* A small stream write. Return: bytes or a negative errno. */
static ssize_t rill_stream_small(struct sock *sk, struct msghdr *msg,
				 size_t len, bool noblock)
{
	const struct rill_transport *transport = rill_sk(sk)->transport;
	u8 data[RILL_SMALL];
	struct sk_buff *skb;
	int err;

	if (!copy_from_iter_full(data, len, &msg->msg_iter))
		return -EFAULT;
	/* Nothing charged, nothing unread: no buffer to append to. */
	err = RILL_APPEND_IDLE;
	if (sk_wmem_alloc_get(sk))
		err = transport->append(sk, data, len);
	if (err < 0)
		return err;
	if (err == RILL_APPENDED)
		return len;
	if (err == RILL_APPEND_FULL)
		skb = sock_alloc_send_pskb(sk, RILL_ROOM, 0, noblock, &err, 0);
	else
		skb = rill_skb_short(sk, transport->headroom, len, noblock,
				     &err);
	if (!skb) {
		iov_iter_revert(&msg->msg_iter, len);
		return err;
	}
	skb_put_data(skb, data, len);
	err = rill_send_one(sk, skb);
	return err ? err : len;
}

/*
 * An empty buffer, for pages. Before Linux 6.5 these come one by one: a pause
 * for the allocator would hand each to the reader by itself.
 */
static struct sk_buff *rill_skb_empty(struct sock *sk, bool noblock, int *err)
{
	struct sk_buff *skb = NULL;

	if (!rill_send_held(sk))
		skb = alloc_skb(0, GFP_NOWAIT | __GFP_NOWARN);
	if (!skb)
		return sock_alloc_send_pskb(sk, 0, 0, noblock, err, 0);
	skb_set_owner_w(skb, sk);
	return skb;
}

/* sendfile(), splice(): take the pages themselves. */
static ssize_t rill_stream_splice(struct sock *sk, struct msghdr *msg,
				  size_t len, bool noblock)
{
	struct sk_buff *skb;
	ssize_t taken;
	int err;

	skb = rill_skb_empty(sk, noblock, &err);
	if (!skb)
		return err;
	/* It would sum the pages up for a device. */
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	taken = skb_splice_from_iter(skb, &msg->msg_iter, len);
	if (taken <= 0) {
		kfree_skb(skb);
		return taken ? taken : -EIO;
	}
	/* truesize has grown by that much */
	refcount_add(taken, &sk->sk_wmem_alloc);
	err = rill_send_one(sk, skb);
	return err ? err : taken;
}

static ssize_t rill_stream_chunk(struct sock *sk, struct msghdr *msg,
				 size_t len, bool noblock)
{
	struct sk_buff *skb;
	int err;

	skb = rill_skb_alloc(sk, rill_sk(sk)->transport->headroom, len, noblock,
			     &err);
	if (!skb)
		return err;
	err = rill_skb_fill(skb, msg, len);
	if (err) {
		kfree_skb(skb);
		return err;
	}
	err = rill_send_one(sk, skb);
	return err ? err : len;
}

static int rill_stream_send(struct sock *sk, struct msghdr *msg, size_t len)
{
	bool noblock = msg->msg_flags & MSG_DONTWAIT;
	size_t sent = 0, chunk;
	ssize_t n = 0;

	while (sent < len) {
		chunk = min_t(size_t, len - sent, RILL_CHUNK);
		if (msg->msg_flags & MSG_SPLICE_PAGES)
			n = rill_stream_splice(sk, msg, chunk, noblock);
		else if (chunk <= RILL_SMALL)
			n = rill_stream_small(sk, msg, chunk, noblock);
		else
			n = rill_stream_chunk(sk, msg, chunk, noblock);
		if (n < 0)
			break;
		sent += n;
	}
	return sent ? sent : n;
}

/* The rest of a record; its first buffer has waited for room. */
static int rill_record_rest(struct sock *sk, struct sk_buff_head *list,
			    struct msghdr *msg, size_t len)
{
	struct sk_buff *skb;
	unsigned long linear;
	size_t chunk;
	int err;

	for (; len; len -= chunk) {
		chunk = min_t(size_t, len, RILL_CHUNK);
		linear = rill_skb_linear(chunk);
		skb = alloc_skb_with_frags(linear, chunk - linear,
					   PAGE_ALLOC_COSTLY_ORDER, &err,
					   sk->sk_allocation);
		if (!rill_skb_sized(skb, chunk))
			return err;
		skb_set_owner_w(skb, sk);
		__skb_queue_tail(list, skb);
		err = rill_skb_fill(skb, msg, chunk);
		if (err)
			return err;
	}
	return 0;
}

/* One record, whole or not at all. */
static int rill_record_send(struct sock *sk, struct msghdr *msg, size_t len)
{
	size_t chunk = min_t(size_t, len, RILL_CHUNK);
	struct sk_buff_head list;
	struct sk_buff *skb;
	int err;

	if (len > READ_ONCE(sk->sk_sndbuf))
		return -EMSGSIZE;
	skb = rill_skb_alloc(sk, rill_sk(sk)->transport->headroom, chunk,
			     msg->msg_flags & MSG_DONTWAIT, &err);
	if (!skb)
		return err;
	__skb_queue_head_init(&list);
	__skb_queue_tail(&list, skb);
	err = rill_skb_fill(skb, msg, chunk);
	if (!err)
		err = rill_record_rest(sk, &list, msg, len - chunk);
	if (err) {
		__skb_queue_purge(&list);
		return err;
	}
	rill_skb_cb(skb_peek_tail(&list))->eor = true;
	err = rill_sk(sk)->transport->send(sk, &list);
	return err ? err : len;
}

/* Does the state allow to send? */
static int rill_send_check(struct sock *sk, const struct msghdr *msg)
{
	switch (rill_state(sk)) {
	case RILL_ESTABLISHED:
		if (msg->msg_namelen)
			return -EISCONN;
		return READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN ? -EPIPE : 0;
	case RILL_CLOSE_WAIT:
		return -EPIPE;
	default:
		return sock_error(sk) ? : -ENOTCONN;
	}
}

/**
 * rill_sendmsg() - send(2), sendto(2), sendmsg(2), write(2) in connection mode.
 * @sock: The socket.
 * @msg: The message.
 * @len: Its length.
 *
 * Return: bytes sent, or -ENOTCONN, -EISCONN (an address was given),
 * -EOPNOTSUPP (MSG_OOB), -EPIPE (with SIGPIPE unless MSG_NOSIGNAL),
 * -ECONNRESET, -EAGAIN, -EMSGSIZE (a record above SO_SNDBUF), -ENOBUFS,
 * -EFAULT, or as an interrupted call.
 */
int rill_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct sock *sk = sock->sk;
	int ret;

	if (msg->msg_flags & MSG_OOB)
		return -EOPNOTSUPP;
	ret = rill_send_check(sk, msg);
	if (!ret && sk->sk_type == SOCK_STREAM)
		ret = rill_stream_send(sk, msg, len);
	else if (!ret)
		ret = rill_record_send(sk, msg, len);
	return ret < 0 ? sk_stream_error(sk, msg->msg_flags, ret) : ret;
}
