/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Types shared by all files of the module, each field with its lock.
 *
 * Locks, outermost first:
 *   readers		mutex: readers of one socket take turns
 *   listener's slock		sk->sk_lock.slock of a listening socket
 *   conn->lock			Ethernet: all of one struct rill_conn, see
 *				ether/conn.h. BH off; frames are sent under it.
 *   slock			sk->sk_lock.slock of any other socket: guards its
 *				state, addresses, conn. BH off, never sleeps.
 *				Two are held only as listener, then a client
 *				whose connect() is under way (loopback) or a
 *				child that its client confirms (Ethernet):
 *				neither can be a listener.
 *   bucket->lock		chains of one bucket
 *   sk_receive_queue.lock	of the peer, to append
 * Wakeups, and copies from and to user space, happen outside all spinlocks, as
 * do allocations but those of Ethernet: frames, and children in softirq.
 */
#ifndef RILL_H
#define RILL_H

#include <linux/etherdevice.h>
#include <linux/mutex.h>
#include <linux/socket.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/sock.h>
#include <linux/rill.h>

#include "connect_table.h"

struct rill_transport;

/* Keepalive: seconds, seconds, probes. */
#define RILL_KEEPIDLE_DEFAULT	60
#define RILL_KEEPINTVL_DEFAULT	10
#define RILL_KEEPCNT_DEFAULT	6

/**
 * struct rill_addr - An address inside the kernel.
 * @ifindex: Interface index, 0 for any.
 * @port: Port, network byte order, 0 for none.
 * @hw: Hardware address, all zero for any (local) or this host (remote).
 */
struct rill_addr {
	u32	ifindex;
	__be16	port;
	u8	hw[ETH_ALEN];
};

/**
 * struct rill_sock - An AF_RILL socket.
 * @sk: Generic part, first. sk_state holds enum rill_state, written under
 *	slock by state.c only. sk_receive_queue: unread data; its lock guards
 *	the queue and every &struct rill_skb_cb.consumed on it. sk_timer: end
 *	of the pending attempt.
 * @transport: Carries the connection; set before state leaves CLOSE (slock).
 * @conn: The transport's end of the connection or request, counted by the
 *	transport (slock). Loopback: the peer's struct sock; Ethernet: a
 *	&struct rill_conn. Which of them it is @transport tells, under slock.
 * @local: Own address; port 0 while unbound (slock; port: bucket lock too).
 * @remote: Peer's address, port 0 without peer (slock).
 * @readers: Held by who reads, but not while it waits: a buffer that it has
 *	looked up stays on the queue. lock_sock() would do at twice the price.
 * @attempt: Number of the current connection attempt (slock).
 * @taken: Bytes that were ever read, modulo 2^32 (readers).
 * @tell_at: The transport is told of what is read from this @taken on. It moves
 *	that before it queues what makes it want to know.
 * @timeout_ms: RILL_CONNECT_TIMEOUT, milliseconds, 0 for the sysctl.
 * @user_timeout_ms: RILL_USER_TIMEOUT, milliseconds, 0 for the sysctl.
 * @keepidle: RILL_KEEPIDLE, seconds.
 * @keepintvl: RILL_KEEPINTVL, seconds.
 * @keepcnt: RILL_KEEPCNT.
 * @pending: On a listener: requests on @pending_queue that wait for a place
 *	(slock).
 * @reserved: On a listener: places given to requests on @pending_queue whose
 *	client has still to confirm (slock).
 * @dialect: enum rill_dialect.
 * @hearing: The transports were told that it takes what comes from a link.
 * @queued: @listener is set and held: a child on @pending_queue, or one whose
 *	client withdrew (listener's slock).
 * @place: enum rill_place of a queued child (listener's slock).
 * @accept_queue: On a listener: established children, by @child_node (slock).
 * @pending_queue: On a listener: SYN_RECV children, by @child_node (slock).
 * @child_node: On a child not accepted yet: its place on the listener
 *	(listener's slock).
 * @listener: On a queued child: the listener.
 * @wait_until: On a pending client: jiffies when SO_SNDTIMEO ends the wait
 *	(slock).
 */
struct rill_sock {
	struct sock			sk;
	const struct rill_transport	*transport;
	void				*conn;
	struct rill_addr		local;
	struct rill_addr		remote;
	struct mutex			readers;	/* one reads at a time */
	u32				attempt;
	u32				taken;
	u32				tell_at;
	u32				timeout_ms;
	u32				user_timeout_ms;
	u16				keepidle;
	u16				keepintvl;
	u16				pending;
	u16				reserved;
	u8				keepcnt;
	u8				dialect;
	bool				hearing;
	bool				queued;
	u8				place;
	union {
		struct {
			struct list_head	accept_queue;
			struct list_head	pending_queue;
		};
		struct {
			struct list_head	child_node;
			struct sock		*listener;
		};
		unsigned long			wait_until;
	};
};

static inline struct rill_sock *rill_sk(const struct sock *sk)
{
	return (struct rill_sock *)sk;
}

/**
 * struct rill_skb_cb - rill's part of skb->cb.
 * @consumed: Bytes already read (receive queue's lock).
 * @eor: Last buffer of a SEQPACKET record.
 * @source: Sender's address, of a datagram.
 */
struct rill_skb_cb {
	u32			consumed;
	bool			eor;
	struct rill_addr	source;
};

static inline struct rill_skb_cb *rill_skb_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct rill_skb_cb) >
		     sizeof_field(struct sk_buff, cb));
	return (struct rill_skb_cb *)skb->cb;
}

/* Bytes of @skb nobody has read; under the queue's lock. */
static inline u32 rill_skb_unread(struct sk_buff *skb)
{
	return skb->len - rill_skb_cb(skb)->consumed;
}

/* The socket's state lock; see the table above. */
static inline void rill_lock(struct sock *sk)
{
	spin_lock_bh(&sk->sk_lock.slock);
}

static inline void rill_unlock(struct sock *sk)
{
	spin_unlock_bh(&sk->sk_lock.slock);
}

/* State without a lock: what came before its change is visible, sk_err too. */
static inline int rill_state(const struct sock *sk)
{
	/* Pairs with rill_sk_step(). */
	return smp_load_acquire(&sk->sk_state);
}

static inline bool rill_connection_mode(const struct sock *sk)
{
	return sk->sk_type != SOCK_DGRAM;
}

/* The interface the socket is tied to by SO_BINDTODEVICE or bind(), or 0. */
static inline u32 rill_bound_ifindex(const struct sock *sk)
{
	int dev = READ_ONCE(sk->sk_bound_dev_if);

	return dev ? dev : rill_sk(sk)->local.ifindex;
}

extern struct proto rill_proto;

/* addr.c */
int rill_addr_parse(const void *uaddr, int len, struct rill_addr *addr);
int rill_addr_store(void *uaddr, const struct rill_addr *addr);

static inline bool rill_addr_is_null(const struct rill_addr *addr)
{
	return !addr->port && !addr->ifindex && is_zero_ether_addr(addr->hw);
}

/* connect.c */
int rill_connect(struct socket *sock, struct sockaddr_unsized *uaddr, int len,
		 int flags);
void rill_connect_exit(void);

/* device.c */
u32 rill_device_owner(struct net *net, const u8 *hw, u32 ifindex);
int rill_device_usable(struct net *net, u32 ifindex);
int rill_device_init(void);
void rill_device_exit(void);

/* dgram.c */
int rill_dgram_connect(struct sock *sk, const struct rill_addr *dst);
int rill_dgram_dissolve(struct sock *sk);
int rill_dgram_sendmsg(struct socket *sock, struct msghdr *msg, size_t len);
int rill_dgram_recvmsg(struct socket *sock, struct msghdr *msg, size_t size,
		       int flags);

/* diag.c */
int rill_diag_init(void);
void rill_diag_exit(void);

/* family.c */
int rill_family_init(void);
void rill_family_exit(void);
struct sock *rill_child_alloc(struct net *net, int type, bool kern,
			      gfp_t gfp);
void rill_child_free(struct sock *child);
void rill_hear(struct sock *sk);
void rill_peercred_set(struct sock *sk, struct pid *pid,
		       const struct cred *cred);
void rill_peercred_copy(struct sock *sk, struct sock *from);

/* info.c */

/**
 * struct rill_info - What /proc and sock_diag tell of a socket.
 * @state: enum rill_state.
 * @local: Own address.
 * @remote: Peer's address, port 0 without peer.
 * @recvq: Unread bytes; of a listener connections to accept.
 * @sendq: Bytes sent that the peer has not read (loopback) or acknowledged.
 * @backlog: Of a listener: its backlog.
 * @pending: Of a listener: requests that wait.
 */
struct rill_info {
	int			state;
	struct rill_addr	local;
	struct rill_addr	remote;
	u32			recvq;
	u32			sendq;
	u32			backlog;
	u32			pending;
};

void rill_info(struct sock *sk, struct rill_info *info);

/* listen.c */

/**
 * enum rill_place - What a child has on its listener.
 * @RILL_PLACE_NONE: Nothing yet: it waits, pending.
 * @RILL_PLACE_LENT: A place, until somebody who has proved more asks.
 * @RILL_PLACE_RESERVED: A place, to be confirmed by its client.
 * @RILL_PLACE_TAKEN: It is established, to be accepted.
 */
enum rill_place {
	RILL_PLACE_NONE,
	RILL_PLACE_LENT,
	RILL_PLACE_RESERVED,
	RILL_PLACE_TAKEN,
};

int rill_listen(struct socket *sock, int backlog);
int rill_accept(struct socket *sock, struct socket *newsock,
		struct proto_accept_arg *arg);
int rill_listener_room(struct sock *listener);
void rill_listener_add(struct sock *listener, struct sock *child,
		       enum rill_place place);
bool rill_listener_confirm(struct sock *listener, struct sock *child);
struct sock *rill_listener_evict(struct sock *listener);
void rill_listener_remove(struct sock *child);
void rill_listener_admit(struct sock *listener);
void rill_listener_flush(struct sock *listener);

/* poll.c */
__poll_t rill_poll(struct file *file, struct socket *sock, poll_table *wait);
void rill_write_space(struct sock *sk);

/* port.c */

/**
 * struct rill_query - Who is bound to a destination on this host?
 * @net: Namespace.
 * @type: SOCK_*.
 * @from: Who asks.
 * @to: The destination.
 * @link: It came over a link, by interface @to.ifindex.
 */
struct rill_query {
	struct net		*net;
	int			type;
	struct rill_addr	from;
	struct rill_addr	to;
	bool			link;
};

int rill_bind(struct socket *sock, struct sockaddr_unsized *uaddr, int len);
int rill_autobind(struct sock *sk);
void rill_unbind(struct sock *sk);
bool rill_port_connected(struct sock *sk, const struct rill_addr *dst);
bool rill_port_hears(const struct sock *sk, const struct rill_addr *from);
/* What a socket asks for on its own host. */
static inline struct rill_query rill_query_local(const struct sock *sk,
						 const struct rill_addr *dst)
{
	return (struct rill_query) {
		.net	= sock_net(sk),
		.type	= sk->sk_type,
		.from	= rill_sk(sk)->local,
		.to	= *dst,
	};
}

struct sock *rill_port_find(const struct rill_query *query);
struct sock *rill_port_pending(const struct rill_query *query);
int rill_port_receivers(const struct rill_query *query, unsigned int skip,
			struct sock **found, int max);
int rill_port_listen(struct sock *sk);

/* recv.c */
int rill_recvmsg(struct socket *sock, struct msghdr *msg, size_t size,
		 int flags);
u32 rill_unread(struct sock *sk, bool first_only);

/* route.c */
const struct rill_transport *rill_route(struct sock *sk,
					const struct rill_addr *dst);

/* send.c */
int rill_sendmsg(struct socket *sock, struct msghdr *msg, size_t len);
struct sk_buff *rill_skb_alloc(struct sock *sk, unsigned int headroom,
			       size_t len, bool noblock, int *err);
int rill_skb_fill(struct sk_buff *skb, struct msghdr *msg, size_t len);

/* sockopt.c */
int rill_setsockopt(struct socket *sock, int level, int name, sockptr_t val,
		    unsigned int len);
int rill_getsockopt(struct socket *sock, int level, int name,
		    char __user *val, int __user *len);
int rill_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg);
int rill_set_rcvlowat(struct sock *sk, int val);

/* state.c */
int rill_sk_step(struct sock *sk, enum rill_event event, int err);
void *rill_sk_detach(struct sock *sk);
void rill_sk_start_timer(struct sock *sk);
void rill_sk_timer(struct timer_list *timer);
void rill_sk_woken(struct sock *sk, int band);
bool rill_sk_abort(struct sock *sk, u32 attempt, enum rill_event event,
		   int err);
void rill_sk_drop(struct sock *sk, bool reset);
void rill_sk_purge(struct sock *sk);
int rill_shutdown(struct socket *sock, int how);
void rill_destroy(struct sock *sk);

#endif /* RILL_H */
