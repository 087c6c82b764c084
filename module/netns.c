// SPDX-License-Identifier: GPL-2.0-only
/* Network namespaces come and go; the table of all sockets of each. */
#include <linux/hash.h>

#include "netns.h"

unsigned int rill_net_id __read_mostly;

static struct rill_bucket *rill_all_bucket(const struct sock *sk)
{
	return &rill_net(sock_net(sk))->buckets[hash_ptr(sk, RILL_BUCKET_BITS)];
}

/**
 * rill_hash() - Put a new socket into the table of all sockets.
 * @sk: The socket; the table holds a reference.
 */
void rill_hash(struct sock *sk)
{
	struct rill_bucket *bucket = rill_all_bucket(sk);

	spin_lock_bh(&bucket->lock);
	sk_add_node(sk, &bucket->all);
	spin_unlock_bh(&bucket->lock);
	sock_prot_inuse_add(sock_net(sk), &rill_proto, 1);
}

/**
 * rill_unhash() - Take a socket out of it.
 * @sk: The socket.
 */
void rill_unhash(struct sock *sk)
{
	struct rill_bucket *bucket = rill_all_bucket(sk);

	sock_prot_inuse_add(sock_net(sk), &rill_proto, -1);
	spin_lock_bh(&bucket->lock);
	sk_del_node_init(sk);
	spin_unlock_bh(&bucket->lock);
}

/**
 * rill_find() - Search all sockets of a namespace.
 * @net: The namespace.
 * @match: Called under the bucket's lock.
 * @arg: Passed to it.
 *
 * Return: the first match, held, or NULL.
 */
struct sock *rill_find(struct net *net,
		       bool (*match)(struct sock *sk, void *arg), void *arg)
{
	struct rill_net *rn = rill_net(net);
	struct sock *sk;
	size_t i;

	for (i = 0; i < RILL_BUCKETS; i++) {
		spin_lock_bh(&rn->buckets[i].lock);
		sk_for_each(sk, &rn->buckets[i].all) {
			if (!match(sk, arg))
				continue;
			sock_hold(sk);
			spin_unlock_bh(&rn->buckets[i].lock);
			return sk;
		}
		spin_unlock_bh(&rn->buckets[i].lock);
	}
	return NULL;
}

/**
 * rill_nth() - Walk all sockets of a namespace, one call each.
 * @net: The namespace.
 * @bucket: Bucket to go on in; 0 at first.
 * @n: Place in it; 0 at first. The caller adds 1 for the next socket.
 *
 * Return: the socket at the place or the next one after it, held; NULL at the
 * end. Who comes or goes during the walk may be missed or seen twice.
 */
struct sock *rill_nth(struct net *net, long *bucket, long *n)
{
	struct rill_net *rn = rill_net(net);
	struct sock *sk;
	long i;

	for (; *bucket < (long)RILL_BUCKETS; ++*bucket, *n = 0) {
		i = 0;
		spin_lock_bh(&rn->buckets[*bucket].lock);
		sk_for_each(sk, &rn->buckets[*bucket].all) {
			if (i++ < *n)
				continue;
			sock_hold(sk);
			break;
		}
		spin_unlock_bh(&rn->buckets[*bucket].lock);
		if (sk)
			return sk;
	}
	return NULL;
}

static int __net_init rill_net_init(struct net *net)
{
	struct rill_net *rn = rill_net(net);
	int err;
	size_t i;

	for (i = 0; i < RILL_BUCKETS; i++) {
		spin_lock_init(&rn->buckets[i].lock);
		INIT_HLIST_HEAD(&rn->buckets[i].bound);
		INIT_HLIST_HEAD(&rn->buckets[i].all);
	}
	atomic_set(&rn->port_cursor, get_random_u32_below(1 << 16));
	rn->counters = alloc_percpu(struct rill_counters);
	if (!rn->counters)
		return -ENOMEM;
	err = rill_sysctl_register(net);
	if (err)
		goto free_counters;
	err = rill_proc_register(net);
	if (err)
		goto unregister_sysctl;
	return 0;

unregister_sysctl:
	rill_sysctl_unregister(net);
free_counters:
	free_percpu(rn->counters);
	return err;
}

static void __net_exit rill_net_exit(struct net *net)
{
	rill_proc_unregister(net);
	rill_sysctl_unregister(net);
	free_percpu(rill_net(net)->counters);
}

static struct pernet_operations rill_net_ops = {
	.init	= rill_net_init,
	.exit	= rill_net_exit,
	.id	= &rill_net_id,
	.size	= sizeof(struct rill_net),
};

/**
 * rill_netns_init() - Set up every namespace, now and to come.
 *
 * Return: 0 or a negative errno.
 */
int __init rill_netns_init(void)
{
	return register_pernet_subsys(&rill_net_ops);
}

/** rill_netns_exit() - Undo it. */
void rill_netns_exit(void)
{
	unregister_pernet_subsys(&rill_net_ops);
}
