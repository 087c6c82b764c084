/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a transport offers to the socket calls. A transport never sees a
 * struct socket; a socket file never sees what the transport keeps in
 * &struct rill_sock.conn.
 *
 * Upwards a transport calls: rill_child_alloc(), rill_child_free(),
 * rill_autobind(), rill_port_*(), rill_listener_*(), rill_sk_*() and the
 * callbacks of struct sock.
 */
#ifndef RILL_TRANSPORT_H
#define RILL_TRANSPORT_H

#include "rill.h"

/**
 * enum rill_appended - Answer of &struct rill_transport.append.
 * @RILL_APPENDED: Done.
 * @RILL_APPEND_IDLE: Nothing is queued: send a buffer of the exact size.
 * @RILL_APPEND_FULL: The last buffer has no room: send one with room, for
 *	more small writes will follow.
 */
enum rill_appended {
	RILL_APPENDED,
	RILL_APPEND_IDLE,
	RILL_APPEND_FULL,
};

/**
 * struct rill_transport - Operations of one transport.
 * @name: For /proc and traces.
 * @connect: Make the request of @attempt to @dst, binding the socket when it
 *	is unbound (C02). The socket is SYN_SENT. 0: established; -EINPROGRESS:
 *	pending; another errno: nothing was begun. Sleeps.
 * @drop: @sk gave up @conn, its end of a request or connection, which the
 *	call consumes: the other end is told (@reset: the hard way). Any
 *	context, no lock held.
 * @admit: @child, pending on a listener whose slock is held, has got its
 *	place: establish it. The client is returned held, to be woken; NULL if
 *	it gave up; ERR_PTR(-EINPROGRESS) if it is elsewhere and was told: the
 *	place is reserved until rill_listener_confirm().
 * @send: Queue the buffers, in order and at once, behind what was sent
 *	before. Consumes them in any case. 0, -EPIPE, or -EMSGSIZE (a record
 *	longer than the transport takes).
 * @append: Add @len bytes to the last buffer that is still unread or unsent,
 *	see enum rill_appended; or -EPIPE.
 * @shutdown: Tell the peer that @how (SEND_SHUTDOWN, RCV_SHUTDOWN) directions
 *	of this end are shut.
 * @drained: The reader has taken something, and &struct rill_sock.taken is
 *	@tell_at or more. Optional.
 * @local: Fill in what @addr, the own address, leaves open; slock held.
 *	Optional.
 * @outq: Bytes sent that the peer has not read (loopback) or acknowledged.
 * @delivered: Has the peer acknowledged all, the end included? SO_LINGER waits
 *	for it. Optional: it has, always.
 * @keepalive: SO_KEEPALIVE was switched on or off. Optional.
 * @dgram_send: Deliver one datagram; consumes it. 0 or a negative errno.
 * @headroom: Bytes that it likes to have before the data of a short buffer, for
 *	it will clone it; without them it copies. 0: it does neither.
 */
struct rill_transport {
	const char	*name;
	int		(*connect)(struct sock *sk, const struct rill_addr *dst,
				   u32 attempt);
	void		(*drop)(struct sock *sk, void *conn, bool reset);
	struct sock	*(*admit)(struct sock *child);
	int		(*send)(struct sock *sk, struct sk_buff_head *list);
	int		(*append)(struct sock *sk, const void *data,
				  unsigned int len);
	void		(*shutdown)(struct sock *sk, int how);
	void		(*drained)(struct sock *sk);
	void		(*local)(const void *conn, struct rill_addr *addr);
	u32		(*outq)(struct sock *sk);
	bool		(*delivered)(struct sock *sk);
	void		(*keepalive)(struct sock *sk, bool on);
	int		(*dgram_send)(struct sock *sk, struct sk_buff *skb,
				      const struct rill_addr *dst);
	unsigned int	headroom;
};

extern const struct rill_transport rill_loopback;

void rill_loopback_pair(struct sock *a, struct sock *b);

extern const struct rill_transport rill_ether;

int rill_ether_reach(struct net *net, u32 ifindex, const u8 *hw);
void rill_ether_hear(bool hear);
int rill_ether_init(void);
void rill_ether_exit(void);

#endif /* RILL_TRANSPORT_H */
