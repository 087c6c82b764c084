/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RILL_COMPAT_LINUX_SKBUFF_H
#define RILL_COMPAT_LINUX_SKBUFF_H
#include_next <linux/skbuff.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#include <linux/bvec.h>
#include <linux/uio.h>

/* Of the one page that sendpage() gives, into an empty buffer. */
static inline ssize_t skb_splice_from_iter(struct sk_buff *skb,
					   struct iov_iter *iter,
					   ssize_t maxsize)
{
	size_t size = min_t(size_t, maxsize, iter->count);
	struct page *page = iter->bvec->bv_page;

	if (!sendpage_ok(page))
		return -EIO;
	get_page(page);
	skb_add_rx_frag(skb, 0, page,
			iter->bvec->bv_offset + iter->iov_offset, size, size);
	iov_iter_advance(iter, size);
	return size;
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
