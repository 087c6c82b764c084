/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * AF_RILL sockets: what programs see. Installed as <linux/rill.h>.
 */
#ifndef _UAPI_LINUX_RILL_H
#define _UAPI_LINUX_RILL_H

#include <linux/types.h>
#include <linux/socket.h>

/*
 * The family number: the slot of AF_ASH, which no kernel ever implemented.
 * A module built with another number needs programs built with the same one;
 * /proc/net/rill/family tells the number in force.
 */
#ifndef AF_RILL
#define AF_RILL			18
#endif
#ifndef PF_RILL
#define PF_RILL			AF_RILL
#endif

/** RILL_HWADDR_LEN - Bytes of a hardware (MAC-48) address. */
#define RILL_HWADDR_LEN		6

/** RILL_PORT_ANY - In bind(): any unused port. Never a destination. */
#define RILL_PORT_ANY		0

/**
 * struct sockaddr_rill - Address of an AF_RILL socket.
 * @srl_family: AF_RILL, host byte order.
 * @srl_port: Port, network byte order. 0 binds an unused one.
 * @srl_ifindex: Interface index, host byte order, 0 for any (as
 *	sin6_scope_id).
 * @srl_addr: Hardware address. All zero: any on bind(), this host on
 *	connect(). ff:ff:ff:ff:ff:ff: every host on the link.
 * @srl_zero: Reserved, must be zero.
 *
 * 16 bytes, the size of struct sockaddr; a longer length, as of a struct
 * sockaddr_storage, is accepted and the excess ignored.
 */
struct sockaddr_rill {
	__kernel_sa_family_t	srl_family;
	__be16			srl_port;
	__u32			srl_ifindex;
	__u8			srl_addr[RILL_HWADDR_LEN];
	__u8			srl_zero[2];
};

/** SOL_RILL - Level of the options below in getsockopt(), setsockopt(). */
#define SOL_RILL		318

/**
 * RILL_CONNECT_TIMEOUT - __u32, milliseconds: the timeout interval of this
 * socket's connection attempts. 0, the default: sysctl
 * net.rill.connect_timeout_ms at the time of the connect().
 */
#define RILL_CONNECT_TIMEOUT	1

/** RILL_DIALECT - int, one of enum rill_dialect. */
#define RILL_DIALECT		2

/**
 * RILL_USER_TIMEOUT - __u32, milliseconds: a connection of which something
 * waits to be acknowledged ends with ETIMEDOUT when nothing is heard for that
 * long. 0, the default: sysctl net.rill.user_timeout_ms. Ethernet.
 */
#define RILL_USER_TIMEOUT	3

/**
 * RILL_KEEPIDLE - int, seconds, 1 to 32767: with SO_KEEPALIVE, time without a
 * frame of the peer until it is probed. Default 60. Ethernet.
 */
#define RILL_KEEPIDLE		4

/** RILL_KEEPINTVL - int, seconds, 1 to 32767: time between probes. Default 10. */
#define RILL_KEEPINTVL		5

/**
 * RILL_KEEPCNT - int, 1 to 127: probes without an answer after which the
 * connection ends with ETIMEDOUT. Default 6.
 */
#define RILL_KEEPCNT		6

/**
 * enum rill_dialect - Whose manual page decides where the pages disagree.
 * @RILL_DIALECT_LINUX: connect(2) of Linux man-pages. The default.
 * @RILL_DIALECT_POSIX: POSIX.1-2017.
 * @RILL_DIALECT_FREEBSD: connect(2) of FreeBSD.
 * @RILL_DIALECT_BSD: connect(2) of 4.2BSD and Darwin.
 */
enum rill_dialect {
	RILL_DIALECT_LINUX,
	RILL_DIALECT_POSIX,
	RILL_DIALECT_FREEBSD,
	RILL_DIALECT_BSD,
};

/**
 * struct rill_diag_req - SOCK_DIAG_BY_FAMILY and SOCK_DESTROY request.
 * @sdiag_family: AF_RILL.
 * @sdiag_protocol: Must be zero.
 * @pad: Must be zero.
 * @rdiag_states: Dump: mask of 1 << state (TCP_* numbers), 0 for all.
 * @rdiag_ino: The one socket with this inode; 0 in a dump: all.
 * @rdiag_cookie: Cookie of that socket, or both INET_DIAG_NOCOOKIE (~0U).
 */
struct rill_diag_req {
	__u8	sdiag_family;
	__u8	sdiag_protocol;
	__u16	pad;
	__u32	rdiag_states;
	__u32	rdiag_ino;
	__u32	rdiag_cookie[2];
};

/**
 * struct rill_diag_msg - Answer: one socket.
 * @rdiag_family: AF_RILL.
 * @rdiag_type: SOCK_STREAM, SOCK_SEQPACKET or SOCK_DGRAM.
 * @rdiag_state: TCP_* number: ESTABLISHED 1, SYN_SENT 2 (connect() pending),
 *	SYN_RECV 3 (queued on a listener), CLOSE 7, CLOSE_WAIT 8 (ended),
 *	LISTEN 10.
 * @rdiag_shutdown: Bit 0: reads, bit 1: writes are shut.
 * @rdiag_ino: Inode, 0 when nobody holds a descriptor.
 * @rdiag_uid: Owner, in the reader's user namespace.
 * @rdiag_rqueue: Unread bytes; on a listener: connections to accept.
 * @rdiag_wqueue: Bytes sent that the peer has not read (loopback) or not
 *	acknowledged (Ethernet); on a listener: backlog.
 * @rdiag_cookie: Cookie, for a later request about the same socket.
 * @rdiag_local: Own address.
 * @rdiag_peer: Peer's address, all zero without one.
 */
struct rill_diag_msg {
	__u8	rdiag_family;
	__u8	rdiag_type;
	__u8	rdiag_state;
	__u8	rdiag_shutdown;
	__u32	rdiag_ino;
	__u32	rdiag_uid;
	__u32	rdiag_rqueue;
	__u32	rdiag_wqueue;
	__u32	rdiag_cookie[2];
	struct sockaddr_rill rdiag_local;
	struct sockaddr_rill rdiag_peer;
};

#endif /* _UAPI_LINUX_RILL_H */
