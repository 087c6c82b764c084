/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RILL_COMPAT_LINUX_SOCKET_H
#define RILL_COMPAT_LINUX_SOCKET_H
#include_next <linux/socket.h>
#include <linux/version.h>

/* 6.19: proto_ops take addresses as struct sockaddr_unsized. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define sockaddr_unsized sockaddr
#endif

/*
 * 6.5: MSG_SPLICE_PAGES. 6.1 stable has the bit, and keeps programs from
 * setting it, but not what it stands for: see skbuff.h and ../net/sock.h.
 */
#ifndef MSG_INTERNAL_SENDMSG_FLAGS
#define MSG_SPLICE_PAGES 0
#endif

#endif
