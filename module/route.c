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
	if (is_valid_ether_addr(dst->hw) && !rill_device_owner(net, dst->hw, 0))
		return ERR_PTR(-ENETUNREACH);		/* C13 */
	if (!READ_ONCE(rill_net(net)->loopback))
		return ERR_PTR(-ENETUNREACH);
	return &rill_loopback;
}
