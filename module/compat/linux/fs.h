/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RILL_COMPAT_LINUX_FS_H
#define RILL_COMPAT_LINUX_FS_H
#include_next <linux/fs.h>
#include <linux/version.h>

/* 6.7: files are SLAB_TYPESAFE_BY_RCU and this helper exists. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline struct file *get_file_active(struct file **f)
{
	struct file *file = READ_ONCE(*f);

	return file && get_file_rcu(file) ? file : NULL;
}
#endif

#endif
