// SPDX-License-Identifier: GPL-2.0-only
/* Which transport reaches a destination, and why none does. */
#include "netns.h"
#include "transport.h"

/* The interface a request has to use must be there and up (C13, C15). */
static int rill_route_device(struct sock *sk, const struct rill_addr *dst)
{
	u32 bound = rill_bound_ifindex(sk);
	struct net *net = sock_net(sk);
	int err = 0;

	if (bound && dst->ifindex && bound != dst->ifindex)
		return -EADDRNOTAVAIL;		/* C17 */
	if (bound)
		err = rill_device_usable(net, bound);
	else if (dst->ifindex)
		err = rill_device_usable(net, dst->ifindex);
	if (err == -ENODEV)
		err = bound ? -ENETDOWN : -ENETUNREACH;
	return err;
}

/* Does somebody on this host answer a broadcast? */
static bool rill_route_heard_here(struct sock *sk, const struct rill_addr *dst)
{
	struct rill_query query = rill_query_local(sk, dst);
	struct sock *found = rill_port_find(&query);

	if (IS_ERR(found))
		return false;
	sock_put(found);
	return true;
}

/* Has the request to leave this host? */
static bool rill_route_away(struct sock *sk, const struct rill_addr *dst)
{
	struct net *net = sock_net(sk);
	u32 ifindex = rill_bound_ifindex(sk) ? : dst->ifindex;

	if (is_zero_ether_addr(dst->hw))
		return false;
	if (!is_broadcast_ether_addr(dst->hw))
		return !rill_device_owner(net, dst->hw, 0);
	/* Of a broadcast the first answer counts (C27): that of this host. */
	return READ_ONCE(rill_net(net)->ethernet) &&
	       !rill_ether_reach(net, ifindex, rill_sk(sk)->local.hw) &&
	       !(rill_connection_mode(sk) &&
		 READ_ONCE(rill_net(net)->loopback) &&
		 rill_route_heard_here(sk, dst));
}

/**
 * rill_route() - Choose the transport for a destination.
 * @sk: The socket that wants to reach it.
 * @dst: The destination.
 *
 * Return: the transport, or ERR_PTR(): -EADDRNOTAVAIL (never a destination, or
 * not from the bound interface), -EACCES (broadcast not allowed), -ENETDOWN,
 * -ENETUNREACH.
 */
const struct rill_transport *rill_route(struct sock *sk,
					const struct rill_addr *dst)
{
	const struct rill_transport *transport = &rill_loopback;
	bool broadcast = is_broadcast_ether_addr(dst->hw);
	struct net *net = sock_net(sk);
	int err;

	if (!dst->port || (is_multicast_ether_addr(dst->hw) && !broadcast))
		return ERR_PTR(-EADDRNOTAVAIL);		/* C17 */
	if (broadcast && !sock_flag(sk, SOCK_BROADCAST))
		return ERR_PTR(-EACCES);		/* C27 */
	err = rill_route_device(sk, dst);
	if (err)
		return ERR_PTR(err);
	if (rill_route_away(sk, dst))
		transport = &rill_ether;
	if (!(transport == &rill_ether ? READ_ONCE(rill_net(net)->ethernet) :
					 READ_ONCE(rill_net(net)->loopback)))
		return ERR_PTR(-ENETUNREACH);		/* C13 */
	return transport;
}
