// SPDX-License-Identifier: GPL-2.0-only
/* Sockets are made and released; the tables of their calls. */
#include <linux/module.h>

#include "netns.h"
#include "trace.h"
#include "transport.h"

/* SO_KEEPALIVE; the flag itself is set by the core afterwards. */
static void rill_keepalive(struct sock *sk, int on)
{
	const struct rill_transport *transport = rill_sk(sk)->transport;

	if (transport && transport->keepalive && rill_connection_mode(sk))
		transport->keepalive(sk, on);
}

struct proto rill_proto = {
	.name		= "RILL",
	.owner		= THIS_MODULE,
	.keepalive	= rill_keepalive,
	.obj_size	= sizeof(struct rill_sock),
};

static void rill_sock_destruct(struct sock *sk)
{
	rill_sk_purge(sk);
	WARN_ON_ONCE(rill_sk(sk)->conn);
	if (rill_sk(sk)->queued)
		sock_put(rill_sk(sk)->listener);
}

/* A socket without or with a struct socket. */
static struct sock *rill_sock_alloc(struct net *net, struct socket *sock,
				    int type, int kern, gfp_t gfp)
{
	struct sock *sk;

	sk = sk_alloc(net, PF_RILL, gfp, &rill_proto, kern);
	if (!sk)
		return NULL;
	sock_init_data(sock, sk);
	sk->sk_type = type;
	sk->sk_state = RILL_CLOSE;
	mutex_init(&rill_sk(sk)->readers);
	rill_sk(sk)->keepidle = RILL_KEEPIDLE_DEFAULT;
	rill_sk(sk)->keepintvl = RILL_KEEPINTVL_DEFAULT;
	rill_sk(sk)->keepcnt = RILL_KEEPCNT_DEFAULT;
	sk->sk_destruct = rill_sock_destruct;
	sk->sk_write_space = rill_write_space;
	timer_setup(&sk->sk_timer, rill_sk_timer, 0);
	rill_hash(sk);
	return sk;
}

/**
 * rill_peercred_set() - What SO_PEERCRED will report.
 * @sk: The socket.
 * @pid: The peer's process, or NULL; the reference is taken over.
 * @cred: The peer's credentials, or NULL; the reference is taken over.
 */
void rill_peercred_set(struct sock *sk, struct pid *pid,
		       const struct cred *cred)
{
	const struct cred *old_cred;
	struct pid *old_pid;

	spin_lock(&sk->sk_peer_lock);
	old_pid = sk->sk_peer_pid;
	old_cred = sk->sk_peer_cred;
	sk->sk_peer_pid = pid;
	sk->sk_peer_cred = cred;
	spin_unlock(&sk->sk_peer_lock);
	put_pid(old_pid);
	put_cred(old_cred);
}

/**
 * rill_peercred_copy() - The listener's credentials are its connections'.
 * @sk: A client.
 * @from: Its listener.
 */
void rill_peercred_copy(struct sock *sk, struct sock *from)
{
	const struct cred *cred;
	struct pid *pid;

	spin_lock(&from->sk_peer_lock);
	pid = get_pid(from->sk_peer_pid);
	cred = from->sk_peer_cred ? get_cred(from->sk_peer_cred) : NULL;
	spin_unlock(&from->sk_peer_lock);
	rill_peercred_set(sk, pid, cred);
}

/**
 * rill_child_alloc() - Make the far end of a connection.
 * @net: Its namespace.
 * @type: Its type.
 * @kern: It is a socket of the kernel's own.
 * @gfp: How to allocate.
 *
 * Return: a socket for rill_listener_add(), or NULL.
 */
struct sock *rill_child_alloc(struct net *net, int type, bool kern, gfp_t gfp)
{
	struct sock *child = rill_sock_alloc(net, NULL, type, kern, gfp);

	if (child)
		INIT_LIST_HEAD(&rill_sk(child)->child_node);
	return child;
}

/**
 * rill_hear() - Frames from a link may mean this socket from now on.
 * @sk: A listener or bound datagram socket; may sleep.
 */
void rill_hear(struct sock *sk)
{
	bool hears;

	if (rill_bound_ifindex(sk) == LOOPBACK_IFINDEX)
		return;
	rill_lock(sk);
	hears = rill_sk(sk)->hearing;
	rill_sk(sk)->hearing = true;
	rill_unlock(sk);
	if (!hears)
		rill_ether_hear(true);
}

/* Off all lists; the last reference may stay with the transport or timer. */
static void rill_sock_retire(struct sock *sk)
{
	rill_unbind(sk);
	if (rill_sk(sk)->hearing)
		rill_ether_hear(false);
	rill_unhash(sk);
	sock_orphan(sk);
	rill_sk_purge(sk);
	sock_put(sk);
}

/**
 * rill_child_free() - Release a child that is on no queue of its listener.
 * @child: The child; its client is refused or reset.
 */
void rill_child_free(struct sock *child)
{
	rill_sk_drop(child, true);
	rill_sock_retire(child);
}

/* SO_LINGER: wait until the peer has everything, or the time is over. */
static void rill_linger(struct sock *sk)
{
	const struct rill_transport *transport = rill_sk(sk)->transport;
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	long timeo = sk->sk_lingertime;

	if (!transport || !transport->delivered || !rill_connection_mode(sk) ||
	    (current->flags & PF_EXITING))
		return;
	transport->shutdown(sk, SEND_SHUTDOWN);
	add_wait_queue(sk_sleep(sk), &wait);
	while (rill_state(sk) == RILL_ESTABLISHED && timeo &&
	       !transport->delivered(sk) && !signal_pending(current))
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
	remove_wait_queue(sk_sleep(sk), &wait);
}

/* Close: the peer is told first, while it can still be seen what is unread. */
static int rill_release(struct socket *sock)
{
	struct sock *sk = sock->sk;
	bool reset;
	bool listener;

	if (!sk)
		return 0;
	listener = rill_state(sk) == RILL_LISTEN;
	reset = sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime;
	if (sock_flag(sk, SOCK_LINGER) && !reset &&
	    skb_queue_empty(&sk->sk_receive_queue))
		rill_linger(sk);
	rill_sk_drop(sk, reset);		/* C11, C34 */
	if (listener)
		rill_listener_flush(sk);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	rill_sock_retire(sk);
	sock->sk = NULL;
	return 0;
}

/* Own address, slock held: what was bound to any is the connection's. */
static void rill_local_name(struct sock *sk, struct rill_addr *addr)
{
	struct rill_sock *rs = rill_sk(sk);

	*addr = rs->local;
	if (rs->conn && rs->transport->local)
		rs->transport->local(rs->conn, addr);
}

static int rill_getname(struct socket *sock, struct sockaddr *uaddr, int peer)
{
	struct sock *sk = sock->sk;
	struct rill_addr local;
	int ret = -ENOTCONN;

	rill_lock(sk);
	if (!peer) {
		rill_local_name(sk, &local);
		ret = rill_addr_store(uaddr, &local);
	} else if (sk->sk_state == RILL_ESTABLISHED ||
		   sk->sk_state == RILL_CLOSE_WAIT) {
		ret = rill_addr_store(uaddr, &rill_sk(sk)->remote);
	}
	rill_unlock(sk);
	return ret;
}

static int rill_socketpair(struct socket *a, struct socket *b)
{
	rill_loopback_pair(a->sk, b->sk);
	a->state = SS_CONNECTED;
	b->state = SS_CONNECTED;
	return 0;
}

static int rill_set_peek_off(struct sock *sk, int val)
{
	if (sk->sk_type != SOCK_STREAM)
		return -EOPNOTSUPP;
	return sk_set_peek_off(sk, val);
}

DEFINE_PROTO_OPS_ACCEPT(rill_accept)
DEFINE_PROTO_OPS_SENDPAGE(rill_sendmsg)

static const struct proto_ops rill_stream_ops = {
	.family		= PF_RILL,
	.owner		= THIS_MODULE,
	.release	= rill_release,
	.bind		= rill_bind,
	.connect	= rill_connect,
	.socketpair	= rill_socketpair,
	.accept		= proto_ops_accept(rill_accept),
	.getname	= rill_getname,
	.poll		= rill_poll,
	.ioctl		= rill_ioctl,
	.gettstamp	= sock_gettstamp,
	.listen		= rill_listen,
	.shutdown	= rill_shutdown,
	.setsockopt	= rill_setsockopt,
	.getsockopt	= rill_getsockopt,
	.sendmsg	= rill_sendmsg,
	PROTO_OPS_SENDPAGE(rill_sendmsg)
	.recvmsg	= rill_recvmsg,
	.mmap		= sock_no_mmap,
	.set_peek_off	= rill_set_peek_off,
	.set_rcvlowat	= rill_set_rcvlowat,
};

static const struct proto_ops rill_dgram_ops = {
	.family		= PF_RILL,
	.owner		= THIS_MODULE,
	.release	= rill_release,
	.bind		= rill_bind,
	.connect	= rill_connect,
	.socketpair	= rill_socketpair,
	.accept		= proto_ops_accept(rill_accept),
	.getname	= rill_getname,
	.poll		= rill_poll,
	.ioctl		= rill_ioctl,
	.gettstamp	= sock_gettstamp,
	.listen		= rill_listen,
	.shutdown	= rill_shutdown,
	.setsockopt	= rill_setsockopt,
	.getsockopt	= rill_getsockopt,
	.sendmsg	= rill_dgram_sendmsg,
	.recvmsg	= rill_dgram_recvmsg,
	.mmap		= sock_no_mmap,
};

/* socket(2), socketpair(2). */
static int rill_create(struct net *net, struct socket *sock, int protocol,
		       int kern)
{
	if (sock->type != SOCK_STREAM && sock->type != SOCK_SEQPACKET &&
	    sock->type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (protocol)
		return -EPROTONOSUPPORT;
	if (!READ_ONCE(rill_net(net)->sockets))
		return -EACCES;
	sock->ops = sock->type == SOCK_DGRAM ? &rill_dgram_ops :
					       &rill_stream_ops;
	if (!rill_sock_alloc(net, sock, sock->type, kern, GFP_KERNEL)) {
		sock->sk = NULL;
		return -ENOBUFS;
	}
	return 0;
}

static const struct net_proto_family rill_family = {
	.family	= PF_RILL,
	.create	= rill_create,
	.owner	= THIS_MODULE,
};

/**
 * rill_family_init() - Make socket(AF_RILL, ...) work.
 *
 * Return: 0 or a negative errno; -EEXIST when the number is taken.
 */
int __init rill_family_init(void)
{
	int err;

	err = proto_register(&rill_proto, 1);
	if (err)
		return err;
	err = sock_register(&rill_family);
	if (err) {
		pr_err("address family %d is taken (%d): build with another AF_RILL\n",
		       PF_RILL, err);
		proto_unregister(&rill_proto);
	}
	return err;
}

/** rill_family_exit() - No new sockets; there are none left. */
void rill_family_exit(void)
{
	sock_unregister(PF_RILL);
	rill_connect_exit();
	proto_unregister(&rill_proto);
}
