// SPDX-License-Identifier: GPL-2.0-only
/* Registration ladder, nothing else. */
#include <linux/module.h>

#include "netns.h"
#include "transport.h"

static int __init rill_init(void)
{
	int err;

	err = rill_netns_init();
	if (err)
		return err;
	err = rill_device_init();
	if (err)
		goto netns_exit;
	err = rill_ether_init();
	if (err)
		goto device_exit;
	err = rill_diag_init();
	if (err)
		goto ether_exit;
	err = rill_family_init();
	if (err)
		goto diag_exit;
	return 0;

diag_exit:
	rill_diag_exit();
ether_exit:
	rill_ether_exit();
device_exit:
	rill_device_exit();
netns_exit:
	rill_netns_exit();
	return err;
}

static void __exit rill_exit(void)
{
	rill_family_exit();
	rill_diag_exit();
	rill_ether_exit();
	rill_device_exit();
	rill_netns_exit();
}

module_init(rill_init);
module_exit(rill_exit);

MODULE_AUTHOR("The rill developers");
MODULE_DESCRIPTION("AF_RILL sockets over loopback and Ethernet");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
MODULE_ALIAS_NETPROTO(PF_RILL);
