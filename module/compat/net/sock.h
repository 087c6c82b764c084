/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RILL_COMPAT_NET_SOCK_H
#define RILL_COMPAT_NET_SOCK_H
#include_next <net/sock.h>
#include <linux/version.h>

/* 6.10: accept() takes its arguments as a struct. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
struct proto_accept_arg {
	int	flags;
	int	err;
	int	is_empty;
	bool	kern;
};

#define proto_ops_accept(accept) accept##_flags
#define DEFINE_PROTO_OPS_ACCEPT(accept)					\
static int accept##_flags(struct socket *sock, struct socket *newsock,	\
			  int flags, bool kern)				\
{									\
	struct proto_accept_arg arg = { .flags = flags, .kern = kern };	\
									\
	return accept(sock, newsock, &arg);				\
}
#else
#define proto_ops_accept(accept) accept
#define DEFINE_PROTO_OPS_ACCEPT(accept)
#endif

/* 6.5: sendmsg() with MSG_SPLICE_PAGES in place of sendpage(). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define PROTO_OPS_SENDPAGE(send) .sendpage = send##_page,
#define DEFINE_PROTO_OPS_SENDPAGE(send)					\
static ssize_t send##_page(struct socket *sock, struct page *page,	\
			   int offset, size_t size, int flags)		\
{									\
	struct msghdr msg = { .msg_flags = flags | MSG_SPLICE_PAGES };	\
	struct bio_vec bvec = {						\
		.bv_page	= page,					\
		.bv_len		= size,					\
		.bv_offset	= offset,				\
	};								\
									\
	iov_iter_bvec(&msg.msg_iter, WRITE, &bvec, 1, size);		\
	return send(sock, &msg, size);					\
}
#else
#define PROTO_OPS_SENDPAGE(send)
#define DEFINE_PROTO_OPS_SENDPAGE(send)
#endif

/* 6.17 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
static inline kuid_t sk_uid(const struct sock *sk)
{
	return READ_ONCE(sk->sk_uid);
}
#endif

#endif
