// SPDX-License-Identifier: GPL-2.0-only
/* net.rill.* of each namespace. */
#include <linux/slab.h>
#include <linux/sysctl.h>

#include "netns.h"

static u32 rill_timeout_min = 1;
static u32 rill_timeout_max = INT_MAX;
static u32 rill_backlog_max = 65535;
static u32 rill_buffer_most = BIT(28);
static int rill_port_min = 1;
static int rill_port_max = 65535;

/* Both ends of the range at once, or none. */
static int rill_sysctl_port_range(const struct ctl_table *table, int write,
				  void *buffer, size_t *lenp, loff_t *ppos)
{
	u32 *range = table->data;
	u32 last = READ_ONCE(*range) & 0xffff;
	int ports[2] = { READ_ONCE(*range) >> 16, last };
	struct ctl_table copy = {
		.data	= ports,
		.maxlen	= sizeof(ports),
		.mode	= table->mode,
		.extra1	= &rill_port_min,
		.extra2	= &rill_port_max,
	};
	int err;

	err = proc_dointvec_minmax(&copy, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	if (ports[0] > ports[1])
		return -EINVAL;
	WRITE_ONCE(*range, (u32)ports[0] << 16 | ports[1]);
	return 0;
}

/* rill_sysctl_register() turns the offset into an address. */
#define RILL_NET_FIELD(field)	((void *)offsetof(struct rill_net, field))

static const struct ctl_table rill_sysctls[] = {
	{
		.procname	= "connect_timeout_ms",
		.data		= RILL_NET_FIELD(connect_timeout_ms),
		.maxlen		= sizeof(u32),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= &rill_timeout_min,
		.extra2		= &rill_timeout_max,
	},
	{
		.procname	= "local_port_range",
		.data		= RILL_NET_FIELD(port_range),
		.maxlen		= sizeof(u32),
		.mode		= 0644,
		.proc_handler	= proc_handler_const(rill_sysctl_port_range),
	},
	{
		.procname	= "max_backlog",
		.data		= RILL_NET_FIELD(max_backlog),
		.maxlen		= sizeof(u32),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= &rill_backlog_max,
	},
	{
		.procname	= "max_pending",
		.data		= RILL_NET_FIELD(max_pending),
		.maxlen		= sizeof(u32),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= &rill_backlog_max,
	},
	{
		.procname	= "loopback",
		.data		= RILL_NET_FIELD(loopback),
		.maxlen		= sizeof(u32),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
	{
		.procname	= "ethernet",
		.data		= RILL_NET_FIELD(ethernet),
		.maxlen		= sizeof(u32),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
	{
		.procname	= "user_timeout_ms",
		.data		= RILL_NET_FIELD(user_timeout_ms),
		.maxlen		= sizeof(u32),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= &rill_timeout_min,
		.extra2		= &rill_timeout_max,
	},
	{
		.procname	= "buffer_max",
		.data		= RILL_NET_FIELD(buffer_max),
		.maxlen		= sizeof(u32),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= &rill_buffer_most,
	},
	{
		.procname	= "sockets",
		.data		= RILL_NET_FIELD(sockets),
		.maxlen		= sizeof(u32),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
};

/**
 * rill_sysctl_register() - Create net.rill with its defaults.
 * @net: A new namespace.
 *
 * Return: 0 or -ENOMEM.
 */
int rill_sysctl_register(struct net *net)
{
	struct rill_net *rn = rill_net(net);
	struct ctl_table *table;
	size_t i;

	rn->connect_timeout_ms = 75000;
	rn->port_range = 32768U << 16 | 60999;
	rn->max_backlog = 4096;
	rn->max_pending = 128;
	rn->user_timeout_ms = 30000;
	rn->buffer_max = 4 << 20;
	rn->loopback = 1;
	rn->ethernet = 1;
	rn->sockets = 1;

	/* One more, zero: kernels before 6.11 want an end marker. */
	table = kcalloc(ARRAY_SIZE(rill_sysctls) + 1, sizeof(*table),
			GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(rill_sysctls); i++) {
		table[i] = rill_sysctls[i];
		table[i].data = (void *)rn + (uintptr_t)table[i].data;
	}
	rn->sysctl = register_net_sysctl_sz(net, "net/rill", table,
					    ARRAY_SIZE(rill_sysctls));
	if (!rn->sysctl) {
		kfree(table);
		return -ENOMEM;
	}
	rn->sysctl_table = table;
	return 0;
}

/**
 * rill_sysctl_unregister() - Remove net.rill.
 * @net: A namespace on its way out.
 */
void rill_sysctl_unregister(struct net *net)
{
	unregister_net_sysctl_table(rill_net(net)->sysctl);
	kfree(rill_net(net)->sysctl_table);
}
