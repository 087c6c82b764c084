// SPDX-License-Identifier: GPL-2.0-only
/* Addresses between struct sockaddr_rill and struct rill_addr. */
#include "rill.h"

/**
 * rill_addr_parse() - Read an address that a program gave.
 * @uaddr: It, in kernel memory.
 * @len: Its length; longer than needed is fine (C20).
 * @addr: Result.
 *
 * Return: 0, -EINVAL (length, reserved bytes), -EAFNOSUPPORT.
 */
int rill_addr_parse(const void *uaddr, int len, struct rill_addr *addr)
{
	const struct sockaddr_rill *sr = uaddr;

	if (len < (int)sizeof(*sr) ||
	    len > (int)sizeof(struct sockaddr_storage))
		return -EINVAL;
	if (sr->srl_family != AF_RILL)
		return -EAFNOSUPPORT;
	if (sr->srl_zero[0] || sr->srl_zero[1])
		return -EINVAL;
	addr->ifindex = sr->srl_ifindex;
	addr->port = sr->srl_port;
	memcpy(addr->hw, sr->srl_addr, ETH_ALEN);
	return 0;
}

/**
 * rill_addr_store() - Write an address for a program.
 * @uaddr: Room for a struct sockaddr_rill, kernel memory.
 * @addr: The address.
 *
 * Return: its length.
 */
int rill_addr_store(void *uaddr, const struct rill_addr *addr)
{
	struct sockaddr_rill *sr = uaddr;

	memset(sr, 0, sizeof(*sr));
	sr->srl_family = AF_RILL;
	sr->srl_port = addr->port;
	sr->srl_ifindex = addr->ifindex;
	memcpy(sr->srl_addr, addr->hw, ETH_ALEN);
	return sizeof(*sr);
}
