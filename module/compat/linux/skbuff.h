/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RILL_COMPAT_LINUX_SKBUFF_H
#define RILL_COMPAT_LINUX_SKBUFF_H
#include_next <linux/skbuff.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
/* Never called: MSG_SPLICE_PAGES is 0, see compat/linux/socket.h. */
static inline ssize_t skb_splice_from_iter(struct sk_buff *skb,
					   struct iov_iter *iter,
					   ssize_t maxsize)
{
	return -EOPNOTSUPP;
}
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
/* 6.17 dropped the allocation flags. */
static inline ssize_t rill_splice_from_iter(struct sk_buff *skb,
					    struct iov_iter *iter,
					    ssize_t maxsize)
{
	return skb_splice_from_iter(skb, iter, maxsize, GFP_KERNEL);
}

#define skb_splice_from_iter rill_splice_from_iter
#endif

#endif
