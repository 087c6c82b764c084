/* SPDX-License-Identifier: GPL-2.0-only */
/* What rill keeps per network namespace. */
#ifndef RILL_NETNS_H
#define RILL_NETNS_H

#include "rill.h"

#define RILL_BUCKET_BITS	8
#define RILL_BUCKETS		BIT(RILL_BUCKET_BITS)

/**
 * struct rill_bucket - One bucket of both tables.
 * @lock: Guards both chains, and the local port of the sockets on @bound.
 * @bound: Bound sockets by port, through sk_bind_node; no reference.
 * @all: All sockets by address of the struct, through sk_node; counted.
 */
struct rill_bucket {
	spinlock_t		lock;	/* both chains */
	struct hlist_head	bound;
	struct hlist_head	all;
};

/**
 * enum rill_counter - Events counted per namespace, /proc/net/rill/counters.
 * @RILL_CNT_CONNECT: Requests made.
 * @RILL_CNT_CONNECT_PENDING: Requests that had to wait for a place; counted
 *	where the listener is.
 * @RILL_CNT_ESTABLISHED: Connections established by connect().
 * @RILL_CNT_ACCEPTED: Connections handed out by accept().
 * @RILL_CNT_REFUSED: Attempts that ended refused.
 * @RILL_CNT_NO_ROOM: Requests turned away or dropped, too many pending (C35).
 * @RILL_CNT_TIMEOUT: Attempts that ended by timeout.
 * @RILL_CNT_UNREACH: Attempts and connections that ended by what happened to a
 *	device or link, by the user timeout, by keepalive, or because the peer's
 *	host left its address.
 * @RILL_CNT_WITHDRAWN: Attempts given up by this end.
 * @RILL_CNT_RESET: Requests and connections broken by the peer.
 * @RILL_CNT_HANGUP: Connections closed by the peer in order.
 * @RILL_CNT_LATE: Events that came after the end, ignored.
 * @RILL_CNT_ILLEGAL: Events that the state machine does not know.
 * @RILL_CNT_DGRAM_SENT: Datagrams delivered on this host, or sent on links.
 * @RILL_CNT_DGRAM_DROPPED: Datagrams dropped: buffer full, filter or peer.
 * @RILL_CNT_RX_FRAMES: Good frames received for this host, those that GRO has
 *	put together once.
 * @RILL_CNT_RX_OFF: Dropped: the transport is switched off.
 * @RILL_CNT_RX_SHORT: Dropped: truncated.
 * @RILL_CNT_RX_VERSION: Dropped: another version.
 * @RILL_CNT_RX_UNKNOWN: Dropped: unknown type, flag, code or field.
 * @RILL_CNT_RX_CHECKSUM: Dropped: wrong checksum.
 * @RILL_CNT_RX_NO_CONNECTION: Dropped: no connection has the token.
 * @RILL_CNT_RX_MISMATCH: Dropped: the connection is with somebody else, or a
 *	RESET is not to be believed.
 * @RILL_CNT_RX_WINDOW: Dropped: numbers outside the window, or never sent.
 * @RILL_CNT_RX_MEMORY: Dropped: no memory, or more than the receiver's share.
 * @RILL_CNT_RX_REFUSED: Requests and datagrams for nobody.
 * @RILL_CNT_CHALLENGED: Requests answered by a cookie.
 * @RILL_CNT_LIMITED: Answers not sent, there were too many.
 * @RILL_CNT_TX_FRAMES: Frames given to a device; one to be cut up counts once.
 * @RILL_CNT_TX_FAILED: Frames not sent: no memory or device.
 * @RILL_CNT_RETRANSMITS: Frames sent again.
 * @RILL_CNT_TIMEOUTS: Retransmission timeouts.
 * @RILL_CNT_EXPIRED: Connections given up after the user timeout.
 * @RILL_NR_COUNTERS: Their number.
 */
enum rill_counter {
	RILL_CNT_CONNECT,
	RILL_CNT_CONNECT_PENDING,
	RILL_CNT_ESTABLISHED,
	RILL_CNT_ACCEPTED,
	RILL_CNT_REFUSED,
	RILL_CNT_NO_ROOM,
	RILL_CNT_TIMEOUT,
	RILL_CNT_UNREACH,
	RILL_CNT_WITHDRAWN,
	RILL_CNT_RESET,
	RILL_CNT_HANGUP,
	RILL_CNT_LATE,
	RILL_CNT_ILLEGAL,
	RILL_CNT_DGRAM_SENT,
	RILL_CNT_DGRAM_DROPPED,
	RILL_CNT_RX_FRAMES,
	RILL_CNT_RX_OFF,
	RILL_CNT_RX_SHORT,
	RILL_CNT_RX_VERSION,
	RILL_CNT_RX_UNKNOWN,
	RILL_CNT_RX_CHECKSUM,
	RILL_CNT_RX_NO_CONNECTION,
	RILL_CNT_RX_MISMATCH,
	RILL_CNT_RX_WINDOW,
	RILL_CNT_RX_MEMORY,
	RILL_CNT_RX_REFUSED,
	RILL_CNT_CHALLENGED,
	RILL_CNT_LIMITED,
	RILL_CNT_TX_FRAMES,
	RILL_CNT_TX_FAILED,
	RILL_CNT_RETRANSMITS,
	RILL_CNT_TIMEOUTS,
	RILL_CNT_EXPIRED,
	RILL_NR_COUNTERS,
};

/**
 * struct rill_counters - One CPU's counters.
 * @v: By enum rill_counter.
 */
struct rill_counters {
	unsigned long v[RILL_NR_COUNTERS];
};

/**
 * struct rill_net - State of one network namespace.
 * @buckets: Socket tables.
 * @port_cursor: Where the search for an ephemeral port goes on.
 * @counters: Per-CPU counters.
 * @sysctl: Handle of net.rill.
 * @sysctl_table: Its table.
 * @connect_timeout_ms: Sysctl: timeout interval of an attempt, milliseconds.
 * @port_range: Sysctl: first ephemeral port << 16 | last one; read at once.
 * @max_backlog: Sysctl: limit of listen()'s backlog.
 * @max_pending: Sysctl: limit of requests pending per listener.
 * @user_timeout_ms: Sysctl: a connection that has something outstanding and
 *	hears nothing for that long is over, milliseconds.
 * @buffer_max: Sysctl: how far the buffers of a connection over Ethernet grow by
 *	themselves, bytes.
 * @loopback: Sysctl: 0 switches the loopback transport off.
 * @ethernet: Sysctl: 0 switches the Ethernet transport off.
 * @sockets: Sysctl: 0 refuses new sockets.
 */
struct rill_net {
	struct rill_bucket	buckets[RILL_BUCKETS];
	atomic_t		port_cursor;
	struct rill_counters __percpu *counters;
	struct ctl_table_header	*sysctl;
	struct ctl_table	*sysctl_table;
	u32			connect_timeout_ms;
	u32			port_range;
	u32			max_backlog;
	u32			max_pending;
	u32			user_timeout_ms;
	u32			buffer_max;
	u32			loopback;
	u32			ethernet;
	u32			sockets;
};

extern unsigned int rill_net_id;

static inline struct rill_net *rill_net(const struct net *net)
{
	return net_generic(net, rill_net_id);
}

static inline void rill_count_net(const struct net *net,
				  enum rill_counter which)
{
	this_cpu_inc(rill_net(net)->counters->v[which]);
}

static inline void rill_count(const struct sock *sk, enum rill_counter which)
{
	rill_count_net(sock_net(sk), which);
}

static inline u32 rill_net_port_range(const struct rill_net *rn, u32 *last)
{
	u32 range = READ_ONCE(rn->port_range);

	*last = range & 0xffff;
	return range >> 16;
}

/* netns.c */
int rill_netns_init(void);
void rill_netns_exit(void);
void rill_hash(struct sock *sk);
void rill_unhash(struct sock *sk);
struct sock *rill_find(struct net *net,
		       bool (*match)(struct sock *sk, void *arg), void *arg);
struct sock *rill_nth(struct net *net, long *bucket, long *n);

/* sysctl.c */
int rill_sysctl_register(struct net *net);
void rill_sysctl_unregister(struct net *net);

/* proc.c */
int rill_proc_register(struct net *net);
void rill_proc_unregister(struct net *net);

#endif /* RILL_NETNS_H */
