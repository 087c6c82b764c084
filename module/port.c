// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports: bind(2), ephemeral ports, and who is bound to a destination. Ports
 * are per type; STREAM 80 and DGRAM 80 have nothing to do with each other,
 * but share a bucket so that the wrong type is told from nobody (C24).
 */
#include <linux/hash.h>

#include "netns.h"
#include "trace.h"

static struct rill_bucket *rill_port_bucket(const struct net *net, __be16 port)
{
	u32 hash = hash_32((__force u32)port, RILL_BUCKET_BITS);

	return &rill_net(net)->buckets[hash];
}

static bool rill_hw_overlap(const u8 *a, const u8 *b)
{
	return is_zero_ether_addr(a) || is_zero_ether_addr(b) ||
	       ether_addr_equal_unaligned(a, b);
}

static bool rill_ifindex_overlap(u32 a, u32 b)
{
	return !a || !b || a == b;
}

/* The same peer, the interface told or not. */
static bool rill_remote_equal(const struct rill_addr *a,
			      const struct rill_addr *b)
{
	return a->port == b->port && ether_addr_equal_unaligned(a->hw, b->hw) &&
	       rill_ifindex_overlap(a->ifindex, b->ifindex);
}

/* Two sockets' local addresses have a destination in common. */
static bool rill_local_overlap(const struct sock *a, const struct rill_addr *x,
			       const struct sock *b)
{
	const struct rill_addr *y = &rill_sk(b)->local;

	return a != b && a->sk_type == b->sk_type && x->port == y->port &&
	       rill_hw_overlap(x->hw, y->hw) &&
	       rill_ifindex_overlap(x->ifindex, y->ifindex);
}

/* bucket->lock held. @share: SO_REUSEADDR counts (not for ephemeral ports). */
static bool rill_port_conflict(const struct sock *sk,
			       const struct rill_bucket *bucket,
			       const struct rill_addr *local, bool share)
{
	struct sock *other;

	sk_for_each_bound(other, &bucket->bound) {
		if (!rill_local_overlap(sk, local, other))
			continue;
		if (!share || !sk->sk_reuse || !other->sk_reuse ||
		    rill_state(other) == RILL_LISTEN)
			return true;
	}
	return false;
}

/* Bind to a port that is known, unless another thread bound the socket. */
static int rill_port_take(struct sock *sk, const struct rill_addr *local,
			  bool share)
{
	struct rill_bucket *bucket = rill_port_bucket(sock_net(sk), local->port);
	int err = 0;

	rill_lock(sk);
	if (rill_sk(sk)->local.port) {
		rill_unlock(sk);
		return -EINVAL;
	}
	spin_lock(&bucket->lock);
	if (rill_port_conflict(sk, bucket, local, share)) {
		err = -EADDRINUSE;			/* C16 */
	} else {
		rill_sk(sk)->local = *local;
		sk_add_bind_node(sk, &bucket->bound);
	}
	spin_unlock(&bucket->lock);
	rill_unlock(sk);
	if (!err && !rill_connection_mode(sk))
		rill_hear(sk);
	return err;
}

static int rill_port_take_any(struct sock *sk, struct rill_addr *local)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	u32 first, last, span, cursor, i;
	int err;

	first = rill_net_port_range(rn, &last);
	span = last - first + 1;
	cursor = atomic_inc_return(&rn->port_cursor);
	for (i = 0; i < span; i++) {
		local->port = htons(first + (cursor + i) % span);
		err = rill_port_take(sk, local, false);
		if (err != -EADDRINUSE) {
			if (i)
				atomic_add(i, &rn->port_cursor);
			return err;
		}
		cond_resched();
	}
	/* C18 */
	return READ_ONCE(rill_sk(sk)->dialect) == RILL_DIALECT_FREEBSD ?
	       -EAGAIN : -EADDRNOTAVAIL;
}

/**
 * rill_autobind() - Bind an unbound socket to an unused port (C02).
 * @sk: The socket.
 *
 * Return: 0, also when it is bound already; -EADDRNOTAVAIL or, under the
 * FreeBSD dialect, -EAGAIN when no port is free (C18).
 */
int rill_autobind(struct sock *sk)
{
	struct rill_addr local = {};
	int err;

	if (READ_ONCE(rill_sk(sk)->local.port))
		return 0;
	err = rill_port_take_any(sk, &local);
	return err == -EINVAL ? 0 : err;	/* another thread was faster */
}

/* bind() takes addresses of this host only (C17). */
static int rill_bind_check(struct sock *sk, const struct rill_addr *local)
{
	struct net *net = sock_net(sk);
	u16 port = ntohs(local->port);

	if (is_multicast_ether_addr(local->hw))
		return -EADDRNOTAVAIL;
	if (local->ifindex &&
	    rill_device_usable(net, local->ifindex) == -ENODEV)
		return -EADDRNOTAVAIL;
	if (!is_zero_ether_addr(local->hw) &&
	    !rill_device_owner(net, local->hw, local->ifindex))
		return -EADDRNOTAVAIL;
	if (port && port < PROT_SOCK &&
	    !ns_capable(net->user_ns, CAP_NET_BIND_SERVICE))
		return -EACCES;				/* C28 */
	return 0;
}

/**
 * rill_bind() - bind(2).
 * @sock: The socket.
 * @uaddr: Address, in kernel memory.
 * @len: Its length.
 *
 * Return: 0, -EINVAL (length, reserved bytes, bound or connected already),
 * -EAFNOSUPPORT, -EADDRNOTAVAIL, -EACCES, -EADDRINUSE; -EAGAIN as
 * rill_autobind().
 */
int rill_bind(struct socket *sock, struct sockaddr_unsized *uaddr, int len)
{
	struct sock *sk = sock->sk;
	struct rill_addr local;
	int err;

	err = rill_addr_parse(uaddr, len, &local);
	if (err)
		return err;
	if (READ_ONCE(rill_sk(sk)->local.port) || rill_state(sk) != RILL_CLOSE)
		return -EINVAL;
	err = rill_bind_check(sk, &local);
	if (err)
		return err;
	if (local.port)
		return rill_port_take(sk, &local, true);
	return rill_port_take_any(sk, &local);
}

/**
 * rill_unbind() - Give the port back.
 * @sk: A socket being released, bound or not.
 */
void rill_unbind(struct sock *sk)
{
	struct rill_bucket *bucket;

	/* An accepted child has its listener's port, but does not hold it. */
	if (hlist_unhashed(&sk->sk_bind_node))
		return;
	bucket = rill_port_bucket(sock_net(sk), rill_sk(sk)->local.port);
	spin_lock_bh(&bucket->lock);
	hlist_del_init(&sk->sk_bind_node);
	spin_unlock_bh(&bucket->lock);
}

/**
 * rill_port_listen() - Become the listener of the port.
 * @sk: A bound socket, slock held.
 *
 * Return: 0, -EADDRINUSE, or what rill_sk_step() returns.
 */
int rill_port_listen(struct sock *sk)
{
	const struct rill_addr *local = &rill_sk(sk)->local;
	struct rill_bucket *bucket = rill_port_bucket(sock_net(sk), local->port);
	struct sock *other;
	int err = 0;

	spin_lock(&bucket->lock);
	sk_for_each_bound(other, &bucket->bound) {
		if (rill_state(other) == RILL_LISTEN &&
		    rill_local_overlap(sk, local, other))
			err = -EADDRINUSE;
	}
	if (!err)
		err = rill_sk_step(sk, RILL_EV_LISTEN, 0);
	spin_unlock(&bucket->lock);
	return err;
}

/**
 * rill_port_connected() - Does the very same connection exist (C16)?
 * @sk: A socket about to connect, slock held.
 * @dst: To where.
 *
 * Only sockets that share their port by SO_REUSEADDR can meet here; each
 * publishes its destination under the bucket's lock before it looks.
 *
 * Return: whether another socket with an overlapping local address is
 * connected or connecting there.
 */
bool rill_port_connected(struct sock *sk, const struct rill_addr *dst)
{
	struct rill_bucket *bucket;
	struct sock *other;
	bool found = false;

	if (!sk->sk_reuse || !rill_sk(sk)->local.port)
		return false;
	bucket = rill_port_bucket(sock_net(sk), rill_sk(sk)->local.port);
	spin_lock(&bucket->lock);
	sk_for_each_bound(other, &bucket->bound) {
		if (rill_local_overlap(sk, &rill_sk(sk)->local, other) &&
		    rill_remote_equal(dst, &rill_sk(other)->remote) &&
		    rill_state(other) != RILL_CLOSE_WAIT)
			found = true;
	}
	if (!found)
		rill_sk(sk)->remote = *dst;
	spin_unlock(&bucket->lock);
	return found;
}

/*
 * How well a bound socket fits a destination on this host, -1 for not at all.
 * @owner: the interface that has dst->hw, or 0.
 */
static int rill_port_score(const struct sock *sk,
			   const struct rill_query *query, u32 owner)
{
	const struct rill_addr *local = &rill_sk(sk)->local;
	const struct rill_addr *dst = &query->to;
	bool broadcast = is_broadcast_ether_addr(dst->hw);
	u32 bound = rill_bound_ifindex(sk);
	int score = 0;

	if (local->port != dst->port)
		return -1;
	if (!is_zero_ether_addr(local->hw)) {
		if (!broadcast && !ether_addr_equal_unaligned(local->hw,
							      dst->hw))
			return -1;
		score += 2;
	}
	if (bound) {
		if (bound != dst->ifindex && bound != owner &&
		    (query->link || bound != LOOPBACK_IFINDEX) &&
		    !(broadcast && !dst->ifindex))
			return -1;
		score++;
	}
	return score;
}

/**
 * rill_port_hears() - May a datagram be received here?
 * @sk: Datagram socket.
 * @from: The sender's address.
 *
 * Return: false for somebody else's than the connected peer's (C30).
 */
bool rill_port_hears(const struct sock *sk, const struct rill_addr *from)
{
	const struct rill_addr *remote = &rill_sk(sk)->remote;

	return rill_state(sk) != RILL_ESTABLISHED ||
	       (remote->port == from->port &&
		rill_hw_overlap(remote->hw, from->hw) &&
		rill_ifindex_overlap(remote->ifindex, from->ifindex));
}

static bool rill_port_fits(const struct sock *sk, const struct rill_addr *from)
{
	if (rill_connection_mode(sk))
		return rill_state(sk) == RILL_LISTEN;
	return rill_port_hears(sk, from);
}

/**
 * rill_port_find() - The socket that a destination on this host means.
 * @query: The destination.
 *
 * Connection mode: the listener; datagrams: the receiver.
 *
 * Return: the best fit, held; ERR_PTR(): -ECONNREFUSED (nobody, or nobody that
 * listens), -EPROTOTYPE (only sockets of another type).
 */
struct sock *rill_port_find(const struct rill_query *query)
{
	struct rill_bucket *bucket = rill_port_bucket(query->net,
						      query->to.port);
	struct sock *sk, *best = NULL;
	int score, best_score = -1;
	int err = -ECONNREFUSED;	/* C11 */
	bool same_type = false;
	u32 owner = 0;

	if (!query->link && is_valid_ether_addr(query->to.hw))
		owner = rill_device_owner(query->net, query->to.hw, 0);
	spin_lock_bh(&bucket->lock);
	sk_for_each_bound(sk, &bucket->bound) {
		score = rill_port_score(sk, query, owner);
		if (score < 0)
			continue;
		if (sk->sk_type != query->type) {
			err = -EPROTOTYPE;	/* C24 */
			continue;
		}
		same_type = true;
		if (score > best_score && rill_port_fits(sk, &query->from)) {
			best = sk;
			best_score = score;
		}
	}
	if (best)
		sock_hold(best);
	spin_unlock_bh(&bucket->lock);
	if (best)
		return best;
	return ERR_PTR(same_type ? -ECONNREFUSED : err);
}

/**
 * rill_port_pending() - Who is connecting to where a request comes from?
 * @query: The request's addresses.
 *
 * Return: a bound socket with a pending request to @query->from, held, or
 * NULL.
 */
struct sock *rill_port_pending(const struct rill_query *query)
{
	struct rill_bucket *bucket = rill_port_bucket(query->net,
						      query->to.port);
	struct sock *sk, *found = NULL;

	spin_lock_bh(&bucket->lock);
	sk_for_each_bound(sk, &bucket->bound) {
		if (rill_state(sk) != RILL_SYN_SENT ||
		    sk->sk_type != query->type ||
		    rill_port_score(sk, query, 0) < 0 ||
		    !rill_remote_equal(&rill_sk(sk)->remote, &query->from))
			continue;
		sock_hold(sk);
		found = sk;
		break;
	}
	spin_unlock_bh(&bucket->lock);
	return found;
}

/**
 * rill_port_receivers() - All datagram sockets that hear a broadcast.
 * @query: The destination.
 * @skip: Leave that many out: those of earlier calls.
 * @found: Array for the sockets, each held.
 * @max: Its size.
 *
 * Return: how many were found.
 */
int rill_port_receivers(const struct rill_query *query, unsigned int skip,
			struct sock **found, int max)
{
	struct rill_bucket *bucket = rill_port_bucket(query->net,
						      query->to.port);
	struct sock *sk;
	int n = 0;

	spin_lock_bh(&bucket->lock);
	sk_for_each_bound(sk, &bucket->bound) {
		if (sk->sk_type != query->type ||
		    rill_port_score(sk, query, 0) < 0 ||
		    !rill_port_hears(sk, &query->from))
			continue;
		if (skip) {
			skip--;
			continue;
		}
		if (n == max)
			break;
		sock_hold(sk);
		found[n++] = sk;
	}
	spin_unlock_bh(&bucket->lock);
	return n;
}
