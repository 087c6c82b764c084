/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One end of a connection over Ethernet. It outlives its socket: what was
 * written before close() is delivered still.
 *
 * Locks, see also ../rill.h: a listener's slock, then conn->lock (BH off),
 * then the slock of the connection's own socket (SINGLE_DEPTH_NESTING), then
 * its receive queue's lock. Frames are sent under conn->lock, in order.
 * Sockets are woken and released after it.
 *
 * References: one of the table until the connection is dead, one of
 * &struct rill_sock.conn, one of the pending timer, one of whoever works with
 * it outside RCU. The memory is freed after a grace period of RCU: what
 * rill_conn_find() or rill_ether_conn() found can be locked, and is dead then
 * if it was buried meanwhile.
 */
#ifndef RILL_CONN_H
#define RILL_CONN_H

#include <linux/rhashtable.h>
#include <linux/siphash.h>

#include "../netns.h"
#include "../transport.h"
#include "cubic.h"
#include "machine.h"
#include "rtt.h"
#include "sack.h"
#include "sent.h"
#include "seq.h"
#include "wire.h"

/**
 * struct rill_ether_net - State of the transport in one namespace.
 * @conns: All connections that are not dead, by own token.
 * @secret: Key of tokens and cookies.
 * @unproven: Requests held whose sender has not shown yet that it gets our
 *	answers.
 * @orphans: Connections whose socket is closed.
 * @orphan_bytes: Memory of what they have queued.
 * @grown: Bytes by which buffers have grown beyond their first size.
 * @replies: Frames that were sent in answer to frames of no connection, in
 *	the second of @replies_at.
 * @replies_at: That second.
 */
struct rill_ether_net {
	struct rhashtable	conns;
	siphash_key_t		secret;
	atomic_t		unproven;
	atomic_t		orphans;
	atomic_long_t		orphan_bytes;
	atomic_long_t		grown;
	atomic_t		replies;
	unsigned long		replies_at;
};

/**
 * struct rill_path_id - Whom a connection is between; what is hashed.
 * @peer: Peer's hardware address.
 * @pport: Its port.
 * @lport: Own port.
 * @unused: 0; all of it is hashed.
 * @token: Peer's token.
 * @extra: 0, or a cookie's period.
 */
struct rill_path_id {
	u8	peer[ETH_ALEN];
	__be16	pport;
	__be16	lport;
	u8	unused[6];
	u32	token;
	u32	extra;
} __aligned(8);

/**
 * struct rill_conn - One end; under @lock where nothing else is said.
 * @node: Place in the table.
 * @token: Own token; constant.
 * @ref: References.
 * @lock: Guards the rest.
 * @state: enum rill_conn_state.
 * @tries: Repetitions of a handshake frame.
 * @seqpacket: Records; constant.
 * @unproven: Counted in &struct rill_ether_net.unproven.
 * @orphan: Counted in &struct rill_ether_net.orphans.
 * @keepalive: SO_KEEPALIVE.
 * @heard: The peer has sent DATA: it knows that this end is established.
 * @hashed: In the table.
 * @probes: Keepalive probes that were not answered.
 * @marks: RILL_FLAG_FIN, RILL_FLAG_CLOSE: queued at @fin_seq, @close_seq;
 *	RILL_FLAG_STOP: nothing is read any more.
 * @peer_marks: What the peer said of these, in order.
 * @quick: Segments to acknowledge at once, at the beginning of a connection.
 * @net: Namespace; the connection dies with it.
 * @sk: Socket, held, or NULL.
 * @listener: Of a PENDING or OFFERED server: its listener, held.
 * @ifindex: Link; 0 as long as no answer has chosen it.
 * @bound: Link that the request may use, 0: any.
 * @local_hw: Own hardware address on that link; before it is chosen, the one
 *	that the socket is bound to, or zero.
 * @peer_hw: Peer's; before an answer, where the request goes.
 * @lport: Own port; constant.
 * @pport: Peer's port; constant.
 * @peer_token: Peer's token, 0 if not known yet.
 * @peer_mtu: Longest frame the peer takes.
 * @mss: Payload of a frame, by the smaller MTU.
 * @iss: First own sequence number.
 * @queue: Units not acknowledged yet, &struct rill_unit.
 * @write_seq: Number of the next byte that the socket writes.
 * @orphan_size: Its part of &struct rill_ether_net.orphan_bytes.
 * @priority: SO_PRIORITY, as last seen.
 * @mark: SO_MARK, as last seen.
 * @user_timeout_ms: Of a socket that has left, milliseconds, 0 for the sysctl.
 * @fin_seq: Number of FIN.
 * @close_seq: Number of CLOSE.
 * @credit_end: The peer takes numbers before this one.
 * @sent: What is on its way.
 * @rtt: Round-trip time.
 * @cubic: Congestion window.
 * @rcv_nxt: Next number expected.
 * @rcv_edge: End of the credit that was told.
 * @rcv_low: From this @rcv_nxt on, every read is looked at.
 * @rcv_acked: @rcv_nxt as last told.
 * @brought: &struct rill_sock.taken as it will be when all is read.
 * @grown: Its part of &struct rill_ether_net.grown.
 * @trip_us: How long the handshake took, microseconds; 0: not known.
 * @taken: &struct rill_sock.taken at @taken_at.
 * @taken_at: When the reader had last taken half a buffer.
 * @cost_bytes: Bytes that came lately, and
 * @cost_memory: the memory they took.
 * @ooo: Frames that came too early, by number.
 * @ooo_size: Memory of @ooo, bytes.
 * @record: Frames of a record whose end is not there yet.
 * @record_len: Bytes of it.
 * @record_size: Memory of it, bytes.
 * @sacks: Ranges of @ooo, to tell.
 * @repeat_at: When to repeat a handshake frame or a probe; 0: not. All times
 *	are microseconds of rill_clock().
 * @repeat_us: Interval of it.
 * @ack_at: When to acknowledge at the latest; 0: nothing is owed.
 * @end_at: When to give up; 0: never.
 * @heard_at: When something was acknowledged last, or began to wait for it, or
 *	the peer said that it has no room.
 * @alive_at: When the last frame of the peer came.
 * @timer: Runs out at @timer_at.
 * @timer_at: The next of these times, or one before it.
 * @rcu: To free it.
 */
struct rill_conn {
	struct rhash_head	node;
	u32			token;
	refcount_t		ref;
	spinlock_t		lock;	/* the rest, see above */
	u8			state;
	u8			tries;
	bool			seqpacket;
	bool			unproven;
	bool			orphan;
	bool			keepalive;
	bool			heard;
	bool			hashed;
	u8			probes;
	u8			marks;
	u8			peer_marks;
	u8			quick;
	struct net		*net;
	struct sock		*sk;
	struct sock		*listener;
	u32			ifindex;
	u32			bound;
	u8			local_hw[ETH_ALEN];
	u8			peer_hw[ETH_ALEN];
	__be16			lport;
	__be16			pport;
	u32			peer_token;
	u16			peer_mtu;
	u32			mss;
	u32			iss;
	struct sk_buff_head	queue;
	u32			write_seq;
	u32			orphan_size;
	u32			priority;
	u32			mark;
	u32			user_timeout_ms;
	u32			fin_seq;
	u32			close_seq;
	u32			credit_end;
	struct rill_sent	sent;
	struct rill_rtt		rtt;
	struct rill_cubic	cubic;
	u32			rcv_nxt;
	u32			rcv_edge;
	u32			rcv_low;
	u32			rcv_acked;
	u32			brought;
	u32			grown;
	u32			trip_us;
	u32			taken;
	u64			taken_at;
	u32			cost_bytes;
	u32			cost_memory;
	struct sk_buff_head	ooo;
	u32			ooo_size;
	struct sk_buff_head	record;
	u32			record_len;
	u32			record_size;
	struct rill_sack_list	sacks;
	u64			repeat_at;
	u32			repeat_us;
	u64			ack_at;
	u64			end_at;
	u64			heard_at;
	u64			alive_at;
	u64			timer_at;
	struct timer_list	timer;
	struct rcu_head		rcu;
};

/**
 * struct rill_unit - skb->cb of a buffer on a connection's queues.
 * @cb: What the socket files have there.
 * @seq: Number of its first byte.
 * @end: Number behind its last byte and its EOR.
 * @flags: RILL_FLAG_* of a frame received.
 */
struct rill_unit {
	struct rill_skb_cb	cb;
	u32			seq;
	u32			end;
	u8			flags;
};

static inline struct rill_unit *rill_unit(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct rill_unit) >
		     sizeof_field(struct sk_buff, cb));
	return (struct rill_unit *)skb->cb;
}

/**
 * struct rill_rx - A frame that came in.
 * @f: Its header.
 * @skb: Its payload, or NULL when somebody took it.
 * @dev: Device.
 * @src: Sender's hardware address.
 * @broadcast: It was sent to everybody.
 */
struct rill_rx {
	struct rill_frame	f;
	struct sk_buff		*skb;
	struct net_device	*dev;
	u8			src[ETH_ALEN];
	bool			broadcast;
};

/**
 * struct rill_wake - Whom to tell what, once conn->lock is free.
 * @sk: Socket, held, or NULL.
 * @data: There is something to read.
 * @band: POLL_* of a change of state, or 0.
 * @left: Socket that the connection has left; its reference, or NULL.
 * @removed: Child whose request is over, held, or NULL.
 * @freed: Buffers to free, by skb->next; it wakes writers.
 */
struct rill_wake {
	struct sock	*sk;
	bool		data;
	int		band;
	struct sock	*left;
	struct sock	*removed;
	struct sk_buff	*freed;
};

/** RILL_RECORD_MAX - The longest record, bytes: more is not taken. */
#define RILL_RECORD_MAX		(16U << 20)

/* What bytes cost before any came, 16 times themselves: small records. */
#define RILL_COST_BYTES_FIRST	1024
#define RILL_COST_MEMORY_FIRST	(16 * RILL_COST_BYTES_FIRST)

/** RILL_CREDIT_MAX - More credit than this is not used, bytes. */
#define RILL_CREDIT_MAX		BIT(30)

/* Microseconds since boot. */
static inline u64 rill_clock(void)
{
	return ktime_to_us(ktime_get());
}

/* ether.c */
struct rill_ether_net *rill_ether_net(const struct net *net);
struct rill_conn *rill_ether_conn(struct sock *sk);

/* conn.c */
struct rill_conn *rill_conn_alloc(struct sock *sk, gfp_t gfp);
int rill_conn_insert(struct rill_conn *conn);
struct rill_conn *rill_conn_find(struct net *net, u32 token);
void rill_conn_put(struct rill_conn *conn);
u16 rill_conn_step(struct rill_conn *conn, enum rill_conn_event event);
void rill_conn_settle(struct rill_conn *conn);
u32 rill_conn_grow(struct rill_conn *conn, u32 size, u32 want);
void rill_conn_bury(struct rill_conn *conn);
struct sock *rill_conn_leave(struct rill_conn *conn);
void rill_conn_arm(struct rill_conn *conn, u64 now);
void rill_conn_fail(struct rill_conn *conn, enum rill_event event, int err,
		    struct rill_wake *wake);
void rill_conn_each(struct net *net,
		    void (*what)(struct rill_conn *conn, void *arg), void *arg);
void rill_wake_up(struct rill_wake *wake);
int rill_conn_table_init(struct rhashtable *table);
void rill_conn_table_clear(struct net *net);
int rill_conn_init(void);
void rill_conn_exit(void);

static inline void rill_conn_hold(struct rill_conn *conn)
{
	refcount_inc(&conn->ref);
}

/* cookie.c */
u32 rill_token_make(struct net *net, const struct rill_rx *rx);
u32 rill_cookie_make(struct net *net, const struct rill_rx *rx);
bool rill_cookie_valid(struct net *net, const struct rill_rx *rx);

/* handshake.c */
int rill_ether_connect(struct sock *sk, const struct rill_addr *dst,
		       u32 attempt);
struct sock *rill_ether_admit(struct sock *child);
void rill_handshake_request(struct rill_rx *rx);
void rill_handshake_accept(struct rill_rx *rx);
void rill_handshake_challenge(struct rill_rx *rx);
void rill_handshake_confirm(struct rill_conn *conn);
bool rill_handshake_establish(struct rill_conn *conn, struct rill_wake *wake);
void rill_handshake_send(struct rill_conn *conn, u16 todo, u64 now);
bool rill_handshake_time(struct rill_conn *conn, u64 now);

/* input.c */
void rill_input(struct rill_rx *rx);
void rill_input_drained(struct rill_conn *conn);
u32 rill_input_credit(struct rill_conn *conn);

/* output.c */
void rill_output_mtu(struct rill_conn *conn, u32 mtu);
void rill_output_queue(struct rill_conn *conn, struct sk_buff *skb, u64 now);
bool rill_output(struct rill_conn *conn, u64 now);
void rill_output_ack(struct rill_conn *conn, u8 flags);
void rill_output_acked(struct rill_conn *conn, struct rill_wake *wake);
void rill_output_forget(struct rill_conn *conn, struct rill_wake *wake);
void rill_output_heard(struct rill_conn *conn);
void rill_output_persist(struct rill_conn *conn, u64 now);
u64 rill_output_deadline(const struct rill_conn *conn);
void rill_output_alarm(struct rill_conn *conn, u64 now);
void rill_output_cc(struct rill_conn *conn, const struct rill_acked *out,
		    u64 now);

/* close.c */
void rill_ether_drop(struct sock *sk, void *arg, bool reset);
void rill_ether_shutdown(struct sock *sk, int how);
void rill_close_reset(struct rill_rx *rx);
void rill_close_received(struct rill_conn *conn, struct rill_wake *wake);
void rill_close_acked(struct rill_conn *conn);
void rill_close_break(struct rill_conn *conn);
void rill_close_link(struct rill_conn *conn, const u8 *hw);
void rill_close_unlinked(struct rill_conn *conn, struct rill_wake *wake);
u64 rill_close_patience(const struct rill_conn *conn);
u64 rill_close_keepalive(const struct rill_conn *conn);
u64 rill_close_deadline(const struct rill_conn *conn);
void rill_close_time(struct rill_conn *conn, u64 now, struct rill_wake *wake);

/* link.c */

/** RILL_LINK_ROOM - Bytes to leave before the payload of a frame. */
#define RILL_LINK_ROOM	(MAX_HEADER + RILL_HEADER_MAX)

int rill_link_each(struct net *net, u32 ifindex, const u8 *hw,
		   void (*what)(struct net_device *dev, void *arg), void *arg);
int rill_link_xmit(struct net_device *dev, const u8 *src, const u8 *dst,
		   struct rill_frame *f, struct sk_buff *skb, u32 mss);
int rill_link_send(struct rill_conn *conn, struct rill_frame *f,
		   struct sk_buff *skb);
void rill_link_reply(const struct rill_rx *rx, u8 type, u32 seq, u32 code);
struct rill_query rill_link_query(const struct rill_rx *rx, int type);
void rill_link_drop(const struct rill_rx *rx, int reason);
void rill_link_hold(void);
void rill_link_get(void);
void rill_link_put(void);
int rill_link_init(void);
void rill_link_exit(void);
void rill_link_flush(void);

/* offload.c */
void rill_offload_unit(struct sk_buff *skb, u32 len, u32 mss);
void rill_offload_add(__be16 type);
void rill_offload_remove(void);

/* dgram.c */
int rill_ether_dgram_send(struct sock *sk, struct sk_buff *skb,
			  const struct rill_addr *dst);
void rill_dgram_input(struct rill_rx *rx);
void rill_dgram_nobody(struct rill_rx *rx);

#endif /* RILL_CONN_H */
