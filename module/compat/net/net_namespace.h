/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RILL_COMPAT_NET_NET_NAMESPACE_H
#define RILL_COMPAT_NET_NET_NAMESPACE_H
#include_next <net/net_namespace.h>
#include <linux/version.h>

/* 6.6: the table's size is told. Before, a zero entry ends it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
static inline struct ctl_table_header *
register_net_sysctl_sz(struct net *net, const char *path,
		       struct ctl_table *table, size_t size)
{
	return register_net_sysctl(net, path, table);
}
#endif

#endif
