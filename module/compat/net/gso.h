/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RILL_COMPAT_NET_GSO_H
#define RILL_COMPAT_NET_GSO_H
#include <linux/version.h>

/* 6.5: a header of its own; before, these were in two others. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#else
#include_next <net/gso.h>
#endif

#endif
