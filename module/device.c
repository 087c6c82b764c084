// SPDX-License-Identifier: GPL-2.0-only
/* Network devices: whose address is it, is it up, what if it goes away. */
#include <linux/netdevice.h>
#include <linux/notifier.h>

#include "netns.h"
#include "transport.h"

/**
 * rill_device_owner() - Find the device that has a hardware address.
 * @net: Namespace to look in.
 * @hw: The address.
 * @ifindex: Only this device, or 0 for any.
 *
 * Return: its interface index, 0 if there is none.
 */
u32 rill_device_owner(struct net *net, const u8 *hw, u32 ifindex)
{
	struct net_device *dev;
	u32 owner = 0;

	rcu_read_lock();
	for_each_netdev_rcu(net, dev) {
		if (dev->addr_len != ETH_ALEN ||
		    (ifindex && ifindex != dev->ifindex) ||
		    !ether_addr_equal_unaligned(dev->dev_addr, hw))
			continue;
		owner = dev->ifindex;
		break;
	}
	rcu_read_unlock();
	return owner;
}

/**
 * rill_device_usable() - Is the interface there, and up?
 * @net: Namespace to look in.
 * @ifindex: The interface.
 *
 * Return: 0, -ENODEV (no such interface), -ENETDOWN.
 */
int rill_device_usable(struct net *net, u32 ifindex)
{
	struct net_device *dev;
	int err = -ENODEV;

	rcu_read_lock();
	dev = dev_get_by_index_rcu(net, ifindex);
	if (dev)
		err = dev->flags & IFF_UP ? 0 : -ENETDOWN;
	rcu_read_unlock();
	return err;
}

/* Does a pending request of @sk use the device (its index is @arg)? */
static bool rill_pending_on(struct sock *sk, void *arg)
{
	struct net_device *dev = arg;

	return rill_state(sk) == RILL_SYN_SENT &&
	       (rill_sk(sk)->remote.ifindex == dev->ifindex ||
		rill_bound_ifindex(sk) == dev->ifindex);
}

/* Is the hardware address that @sk wants to reach nobody's any more? */
static bool rill_pending_to_nobody(struct sock *sk, void *arg)
{
	const u8 *hw = rill_sk(sk)->remote.hw;

	return rill_state(sk) == RILL_SYN_SENT &&
	       rill_sk(sk)->transport == &rill_loopback &&
	       is_valid_ether_addr(hw) &&
	       !rill_device_owner(sock_net(sk), hw, 0);
}

static void rill_device_abort(struct net_device *dev,
			      bool (*match)(struct sock *sk, void *arg),
			      int err)
{
	struct sock *sk;

	/* Whoever is aborted is not pending any more and not found again. */
	while ((sk = rill_find(dev_net(dev), match, dev))) {
		rill_sk_abort(sk, 0, RILL_EV_UNREACH, err);
		sock_put(sk);
	}
}

static int rill_device_event(struct notifier_block *nb, unsigned long event,
			     void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);

	switch (event) {
	case NETDEV_GOING_DOWN:
	case NETDEV_DOWN:
		rill_device_abort(dev, rill_pending_on, ENETDOWN);	/* C15 */
		break;
	case NETDEV_UNREGISTER:
		rill_device_abort(dev, rill_pending_on, ENETDOWN);
		fallthrough;
	case NETDEV_CHANGEADDR:
		rill_device_abort(dev, rill_pending_to_nobody,
				  EHOSTUNREACH);			/* C14 */
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block rill_device_notifier = {
	.notifier_call	= rill_device_event,
};

/**
 * rill_device_init() - Begin to watch the devices of all namespaces.
 *
 * Return: 0 or a negative errno.
 */
int __init rill_device_init(void)
{
	return register_netdevice_notifier(&rill_device_notifier);
}

/** rill_device_exit() - Watch no longer. */
void rill_device_exit(void)
{
	unregister_netdevice_notifier(&rill_device_notifier);
}
