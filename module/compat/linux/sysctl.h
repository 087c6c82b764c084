/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RILL_COMPAT_LINUX_SYSCTL_H
#define RILL_COMPAT_LINUX_SYSCTL_H
#include_next <linux/sysctl.h>
#include <linux/version.h>

/* 6.11: handlers take a const table. The older type differs in that only. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define proc_handler_const(handler)					\
	((proc_handler *)(void *)(handler))
#else
#define proc_handler_const(handler) (handler)
#endif

#endif
