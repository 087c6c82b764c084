// SPDX-License-Identifier: GPL-2.0-only
/* Connections: made, found by their token, timed, buried. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "../trace.h"
#include "conn.h"

static struct kmem_cache *rill_conn_cache;
static struct kmem_cache *rill_range_cache;

struct rill_range *rill_range_alloc(void)
{
	return kmem_cache_alloc(rill_range_cache, GFP_ATOMIC | __GFP_NOWARN);
}

void rill_range_free(struct rill_range *range)
{
	kmem_cache_free(rill_range_cache, range);
}

static void rill_conn_free(struct rcu_head *rcu)
{
	kmem_cache_free(rill_conn_cache,
			container_of(rcu, struct rill_conn, rcu));
}

/**
 * rill_conn_put() - Give a reference back.
 * @conn: The connection.
 */
void rill_conn_put(struct rill_conn *conn)
{
	if (!refcount_dec_and_test(&conn->ref))
		return;
	rill_link_put();
	call_rcu(&conn->rcu, rill_conn_free);
}

static void rill_conn_timer(struct timer_list *timer)
{
	struct rill_conn *conn = timer_container_of(conn, timer, timer);
	struct rill_wake wake = {};
	u64 now;

	spin_lock_bh(&conn->lock);
	now = rill_clock();
	if (conn->state != RILL_CONN_DEAD) {
		if (conn->ack_at && now >= conn->ack_at)
			rill_output_ack(conn, 0);
		rill_output_alarm(conn, now);
		rill_close_time(conn, now, &wake);
		rill_conn_arm(conn, now);
	}
	spin_unlock_bh(&conn->lock);
	rill_wake_up(&wake);
	rill_conn_put(conn);
}

/**
 * rill_conn_alloc() - Make a connection, in no state and not in the table.
 * @sk: Its socket; not linked yet.
 * @gfp: How to allocate.
 *
 * Return: the connection with one reference, or NULL.
 */
struct rill_conn *rill_conn_alloc(struct sock *sk, gfp_t gfp)
{
	struct rill_conn *conn = kmem_cache_zalloc(rill_conn_cache, gfp);

	if (!conn)
		return NULL;
	refcount_set(&conn->ref, 1);
	spin_lock_init(&conn->lock);
	conn->net = sock_net(sk);
	conn->seqpacket = sk->sk_type == SOCK_SEQPACKET;
	conn->taken = READ_ONCE(rill_sk(sk)->taken);
	conn->brought = conn->taken;
	conn->iss = get_random_u32();
	conn->write_seq = conn->iss;
	__skb_queue_head_init(&conn->queue);
	__skb_queue_head_init(&conn->ooo);
	__skb_queue_head_init(&conn->record);
	conn->cost_bytes = RILL_COST_BYTES_FIRST;
	conn->cost_memory = RILL_COST_MEMORY_FIRST;
	rill_sent_init(&conn->sent, conn->iss);
	rill_rtt_init(&conn->rtt);
	timer_setup(&conn->timer, rill_conn_timer, 0);
	rill_link_hold();
	return conn;
}

/* Tokens are random, and ours: no stranger can choose their buckets. */
static u32 rill_conn_hash(const void *token, u32 len, u32 seed)
{
	return *(const u32 *)token ^ seed;
}

static int rill_conn_compare(struct rhashtable_compare_arg *arg,
			     const void *obj)
{
	const struct rill_conn *conn = obj;

	return conn->token != *(const u32 *)arg->key;
}

static const struct rhashtable_params rill_conn_params = {
	.key_len		= sizeof(u32),
	.key_offset		= offsetof(struct rill_conn, token),
	.head_offset		= offsetof(struct rill_conn, node),
	.hashfn			= rill_conn_hash,
	.obj_cmpfn		= rill_conn_compare,
	.automatic_shrinking	= true,
};

/**
 * rill_conn_insert() - Put a connection into the table; it can be found now.
 * @conn: The connection, its token chosen.
 *
 * Return: 0, -EEXIST (the token is in use), or another negative errno.
 */
int rill_conn_insert(struct rill_conn *conn)
{
	int err;

	rill_conn_hold(conn);
	conn->hashed = true;
	err = rhashtable_lookup_insert_fast(&rill_ether_net(conn->net)->conns,
					    &conn->node, rill_conn_params);
	if (err) {
		conn->hashed = false;
		rill_conn_put(conn);
	}
	return err;
}

/**
 * rill_conn_find() - Look a connection up by its own token.
 * @net: Namespace.
 * @token: The token.
 *
 * RCU is held, and keeps the memory: it may be dead once it is locked.
 *
 * Return: the connection, or NULL.
 */
struct rill_conn *rill_conn_find(struct net *net, u32 token)
{
	return rhashtable_lookup(&rill_ether_net(net)->conns, &token,
				 rill_conn_params);
}

/**
 * rill_conn_each() - Visit all connections of a namespace.
 * @net: Namespace.
 * @what: Called for each, under RCU, no lock held.
 * @arg: Passed to it.
 *
 * Who comes or goes meanwhile may be missed; one may be seen twice.
 */
void rill_conn_each(struct net *net,
		    void (*what)(struct rill_conn *conn, void *arg), void *arg)
{
	struct rhashtable_iter iter;
	struct rill_conn *conn;

	rhashtable_walk_enter(&rill_ether_net(net)->conns, &iter);
	rhashtable_walk_start(&iter);
	while ((conn = rhashtable_walk_next(&iter))) {
		if (IS_ERR(conn) || !refcount_inc_not_zero(&conn->ref))
			continue;
		what(conn, arg);
		rill_conn_put(conn);
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

/**
 * rill_conn_step() - Let an event happen to a connection.
 * @conn: The connection, locked.
 * @event: The event.
 *
 * Return: what is to be done, RILL_DO_*.
 */
u16 rill_conn_step(struct rill_conn *conn, enum rill_conn_event event)
{
	const struct rill_conn_entry *entry;

	entry = rill_machine_step(conn->state, event);
	if (unlikely(!entry->named)) {
		rill_count_net(conn->net, RILL_CNT_ILLEGAL);
		trace_rill_conn(conn->net, conn->token, conn->state, event,
				-1);
		return 0;
	}
	if (entry->next != conn->state)
		trace_rill_conn(conn->net, conn->token, conn->state, event,
				entry->next);
	conn->state = entry->next;
	return entry->todo;
}

static void rill_conn_proved(struct rill_conn *conn)
{
	if (conn->unproven)
		atomic_dec(&rill_ether_net(conn->net)->unproven);
	conn->unproven = false;
}

/* It is no orphan any more. */
static void rill_conn_claimed(struct rill_conn *conn)
{
	struct rill_ether_net *en = rill_ether_net(conn->net);

	if (!conn->orphan)
		return;
	atomic_dec(&en->orphans);
	atomic_long_sub(conn->orphan_size, &en->orphan_bytes);
	conn->orphan = false;
}

/**
 * rill_conn_settle() - A server's connection is no request any more.
 * @conn: The connection, locked.
 */
void rill_conn_settle(struct rill_conn *conn)
{
	rill_conn_proved(conn);
	if (conn->listener)
		sock_put(conn->listener);
	conn->listener = NULL;
}

/**
 * rill_conn_grow() - May a buffer be larger?
 * @conn: The connection, locked.
 * @size: What it is now, bytes.
 * @want: What it should be.
 *
 * All of a namespace together may grow by one part in 32 of the memory.
 *
 * Return: the size that it gets.
 */
u32 rill_conn_grow(struct rill_conn *conn, u32 size, u32 want)
{
	struct rill_ether_net *en = rill_ether_net(conn->net);
	long most = (long)(totalram_pages() / 32) << PAGE_SHIFT;

	want = min(want, READ_ONCE(rill_net(conn->net)->buffer_max));
	if (want <= size || atomic_long_read(&en->grown) >= most)
		return size;
	conn->grown += want - size;
	atomic_long_add(want - size, &en->grown);
	return want;
}

/**
 * rill_conn_bury() - A connection is over: nothing finds it, nothing wakes it.
 * @conn: The connection, locked; the caller holds a reference, or RCU.
 *
 * Its socket stays linked until rill_conn_leave().
 */
void rill_conn_bury(struct rill_conn *conn)
{
	conn->state = RILL_CONN_DEAD;
	if (conn->hashed) {
		rhashtable_remove_fast(&rill_ether_net(conn->net)->conns,
				       &conn->node, rill_conn_params);
		conn->hashed = false;
		rill_conn_put(conn);
	}
	if (timer_delete(&conn->timer))
		rill_conn_put(conn);
	conn->repeat_at = 0;
	conn->ack_at = 0;
	conn->end_at = 0;
	rill_conn_settle(conn);
	rill_conn_claimed(conn);
	atomic_long_sub(conn->grown, &rill_ether_net(conn->net)->grown);
	conn->grown = 0;
	rill_sent_purge(&conn->sent);
	__skb_queue_purge(&conn->queue);
	__skb_queue_purge(&conn->ooo);
	__skb_queue_purge(&conn->record);
}

/**
 * rill_conn_leave() - Part a connection and its socket.
 * @conn: The connection, locked.
 *
 * Return: the socket, to be put once the lock is free, or NULL.
 */
struct sock *rill_conn_leave(struct rill_conn *conn)
{
	struct sock *sk = conn->sk;

	conn->sk = NULL;
	return sk;
}

/* The earlier of two times, 0 being never. */
static u64 rill_sooner(u64 a, u64 b)
{
	return !a ? b : !b ? a : min(a, b);
}

/**
 * rill_conn_arm() - Let the timer run out at the next thing to do.
 * @conn: The connection, locked, not dead.
 * @now: The time.
 */
void rill_conn_arm(struct rill_conn *conn, u64 now)
{
	u64 at = rill_sooner(conn->repeat_at, rill_close_deadline(conn));
	unsigned long expires;

	at = rill_sooner(at, conn->ack_at);
	at = rill_sooner(at, rill_close_keepalive(conn));
	at = rill_sooner(at, rill_output_deadline(conn));
	if (!at || conn->state == RILL_CONN_DEAD)
		return;
	/* One that is too early finds nothing to do and is set again. */
	if (timer_pending(&conn->timer) && conn->timer_at <= at)
		return;
	conn->timer_at = at;
	expires = jiffies + 1;
	if (at > now)
		expires += usecs_to_jiffies(min_t(u64, at - now, UINT_MAX));
	if (!mod_timer(&conn->timer, expires))
		rill_conn_hold(conn);
}

/**
 * rill_conn_fail() - The connection of a socket ended by itself.
 * @conn: The connection, locked.
 * @event: What ended it.
 * @err: Positive errno that the socket reports.
 * @wake: Filled in.
 */
void rill_conn_fail(struct rill_conn *conn, enum rill_event event, int err,
		    struct rill_wake *wake)
{
	struct sock *sk = conn->sk;
	void *detached = NULL;

	if (!sk)
		return;
	spin_lock_nested(&sk->sk_lock.slock, SINGLE_DEPTH_NESTING);
	if (rill_sk(sk)->conn == conn && !rill_sk_step(sk, event, err)) {
		wake->band = POLL_ERR;
		/* Not connected, not connecting: it can connect again (C33). */
		if (sk->sk_state == RILL_CLOSE)
			detached = rill_sk_detach(sk);
	}
	spin_unlock(&sk->sk_lock.slock);
	if (!wake->sk) {
		sock_hold(sk);
		wake->sk = sk;
	}
	if (detached) {
		rill_conn_leave(conn);
		wake->left = sk;
		rill_conn_put(detached);
	}
}

/**
 * rill_wake_up() - Tell the socket what happened.
 * @wake: What; no lock held.
 */
void rill_wake_up(struct rill_wake *wake)
{
	struct sk_buff *skb;

	/* Acknowledged, not dropped: who watches drops hears nothing. */
	while ((skb = wake->freed)) {
		wake->freed = skb->next;
		skb_mark_not_on_list(skb);
		consume_skb(skb);
	}
	if (wake->sk) {
		if (wake->data)
			wake->sk->sk_data_ready(wake->sk);
		if (wake->band)
			rill_sk_woken(wake->sk, wake->band);
		sock_put(wake->sk);
	}
	if (wake->left)
		sock_put(wake->left);
	if (wake->removed) {
		rill_listener_remove(wake->removed);
		sock_put(wake->removed);
	}
}

static void rill_conn_kill(struct rill_conn *conn, void *arg)
{
	struct sock *left;

	spin_lock_bh(&conn->lock);
	if (conn->state != RILL_CONN_DEAD)
		rill_conn_bury(conn);
	left = rill_conn_leave(conn);
	spin_unlock_bh(&conn->lock);
	if (left)
		sock_put(left);
}

/**
 * rill_conn_table_init() - Make the table of a namespace.
 * @table: The table.
 *
 * Return: 0 or a negative errno.
 */
int rill_conn_table_init(struct rhashtable *table)
{
	return rhashtable_init(table, &rill_conn_params);
}

/**
 * rill_conn_table_clear() - Orphans die with their namespace.
 * @net: The namespace; it has no sockets any more.
 */
void rill_conn_table_clear(struct net *net)
{
	/* A walk misses some while the table is resized. */
	while (atomic_read(&rill_ether_net(net)->conns.nelems)) {
		rill_conn_each(net, rill_conn_kill, NULL);
		cond_resched();
	}
}

/**
 * rill_conn_init() - Make the caches.
 *
 * Return: 0 or -ENOMEM.
 */
int __init rill_conn_init(void)
{
	rill_conn_cache = KMEM_CACHE(rill_conn, SLAB_HWCACHE_ALIGN);
	rill_range_cache = KMEM_CACHE(rill_range, 0);
	if (rill_conn_cache && rill_range_cache)
		return 0;
	rill_conn_exit();
	return -ENOMEM;
}

/** rill_conn_exit() - Free them; there are no connections left. */
void rill_conn_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(rill_range_cache);
	kmem_cache_destroy(rill_conn_cache);
}
