// SPDX-License-Identifier: GPL-2.0-only
/*
 * listen(2), accept(2) and the two queues of a listener: connections to accept,
 * and requests that wait for room (pending).
 */
#include <linux/security.h>

#include "netns.h"
#include "trace.h"
#include "transport.h"

/**
 * rill_listen() - listen(2).
 * @sock: The socket; bound to an unused port when it is not bound.
 * @backlog: Connections to hold beyond the first, clamped to the sysctl.
 *
 * Return: 0, -EOPNOTSUPP (datagrams), -EINVAL (pending or connected),
 * -EADDRINUSE (a port shared by SO_REUSEADDR has its listener), or what
 * rill_autobind() returns.
 */
int rill_listen(struct socket *sock, int backlog)
{
	struct sock *sk = sock->sk;
	struct rill_sock *rs = rill_sk(sk);
	u32 limit = READ_ONCE(rill_net(sock_net(sk))->max_backlog);
	int err;

	if (!rill_connection_mode(sk))
		return -EOPNOTSUPP;
	err = rill_next_state(rill_state(sk), RILL_EV_LISTEN);
	if (err < 0)
		return err;
	err = rill_autobind(sk);
	if (err)
		return err;

	rill_lock(sk);
	if (sk->sk_state == RILL_CLOSE) {
		/* Ready before a client can find it. */
		INIT_LIST_HEAD(&rs->accept_queue);
		INIT_LIST_HEAD(&rs->pending_queue);
		rs->pending = 0;
		rs->reserved = 0;
		sk->sk_ack_backlog = 0;
	}
	WRITE_ONCE(sk->sk_max_ack_backlog, clamp_t(u32, backlog, 0, limit));
	err = rill_port_listen(sk);
	if (!err) {
		WRITE_ONCE(sk->sk_shutdown, 0);
		WRITE_ONCE(sk->sk_err, 0);
	}
	rill_unlock(sk);
	if (!err) {
		rill_peercred_set(sk, get_pid(task_tgid(current)),
				  get_current_cred());
		rill_hear(sk);
		rill_listener_admit(sk);
	}
	return err;
}

/* Every place is taken, or given to one who has to confirm. */
static bool rill_listener_full(const struct sock *listener)
{
	return READ_ONCE(listener->sk_ack_backlog) +
	       rill_sk(listener)->reserved >
	       READ_ONCE(listener->sk_max_ack_backlog);
}

/**
 * rill_listener_room() - May one more request come in?
 * @listener: The listener, slock held.
 *
 * Return: 0: it can be established; -EINPROGRESS: it has to wait its turn;
 * -EAGAIN: too many wait already (C35); -ECONNREFUSED: shut down; -ESTALE: not
 * a listener any more.
 */
int rill_listener_room(struct sock *listener)
{
	u32 limit = READ_ONCE(rill_net(sock_net(listener))->max_pending);
	struct rill_sock *rs = rill_sk(listener);

	if (listener->sk_state != RILL_LISTEN)
		return -ESTALE;
	if (listener->sk_shutdown & RCV_SHUTDOWN)
		return -ECONNREFUSED;
	if (!rill_listener_full(listener) && !rs->pending)
		return 0;
	return rs->pending < limit ? -EINPROGRESS : -EAGAIN;
}

/* What a child has from its listener, as on other families. */
static void rill_child_inherit(const struct sock *listener, struct sock *child)
{
	rill_sk(child)->dialect = rill_sk(listener)->dialect;
	rill_sk(child)->timeout_ms = rill_sk(listener)->timeout_ms;
	rill_sk(child)->user_timeout_ms = rill_sk(listener)->user_timeout_ms;
	rill_sk(child)->keepidle = rill_sk(listener)->keepidle;
	rill_sk(child)->keepintvl = rill_sk(listener)->keepintvl;
	rill_sk(child)->keepcnt = rill_sk(listener)->keepcnt;
	if (sock_flag(listener, SOCK_KEEPOPEN))
		sock_set_flag(child, SOCK_KEEPOPEN);
	child->sk_bound_dev_if = listener->sk_bound_dev_if;
	child->sk_priority = listener->sk_priority;
	child->sk_mark = listener->sk_mark;
	child->sk_rcvbuf = listener->sk_rcvbuf;
	child->sk_sndbuf = listener->sk_sndbuf;
	child->sk_userlocks = listener->sk_userlocks;
	child->sk_rcvlowat = listener->sk_rcvlowat;
	child->sk_rcvtimeo = listener->sk_rcvtimeo;
	child->sk_sndtimeo = listener->sk_sndtimeo;
	if (sock_flag(listener, SOCK_LINGER)) {
		sock_set_flag(child, SOCK_LINGER);
		child->sk_lingertime = listener->sk_lingertime;
	}
}

/**
 * rill_listener_add() - Queue a child that rill_listener_room() let in.
 * @listener: The listener, slock held.
 * @child: The child; its reference goes to the queue.
 * @place: What it gets.
 */
void rill_listener_add(struct sock *listener, struct sock *child,
		       enum rill_place place)
{
	struct rill_sock *rs = rill_sk(listener);
	struct rill_sock *cs = rill_sk(child);

	rill_child_inherit(listener, child);
	rill_sk_step(child, RILL_EV_QUEUED, 0);
	cs->place = place;
	if (place == RILL_PLACE_TAKEN) {
		rill_sk_step(child, RILL_EV_ESTABLISHED, 0);
		list_add_tail(&cs->child_node, &rs->accept_queue);
		sk_acceptq_added(listener);
		return;
	}
	list_add_tail(&cs->child_node, &rs->pending_queue);
	sock_hold(listener);
	cs->listener = listener;
	cs->queued = true;
	if (place == RILL_PLACE_NONE) {
		WRITE_ONCE(rs->pending, rs->pending + 1);
		rill_count(listener, RILL_CNT_CONNECT_PENDING);
	} else {
		rs->reserved++;
	}
}

/* Off the pending queue; slock of the listener held. */
static void rill_listener_unlink(struct rill_sock *rs, struct rill_sock *cs)
{
	list_del_init(&cs->child_node);
	if (cs->place == RILL_PLACE_NONE)
		WRITE_ONCE(rs->pending, rs->pending - 1);
	else
		rs->reserved--;
}

/* The child is established and not pending any more; as above. */
static void rill_listener_take(struct sock *listener, struct rill_sock *cs)
{
	list_add_tail(&cs->child_node, &rill_sk(listener)->accept_queue);
	sk_acceptq_added(listener);
	cs->place = RILL_PLACE_TAKEN;
	cs->queued = false;
	__sock_put(listener);		/* the caller holds another one */
}

/**
 * rill_listener_confirm() - The client of a child with a place has confirmed.
 * @listener: Its listener, slock held; the caller holds a reference.
 * @child: The child.
 *
 * Return: whether it can be accepted now; false when the listener or the child
 * was closed meanwhile. Then call the listener's sk_data_ready().
 */
bool rill_listener_confirm(struct sock *listener, struct sock *child)
{
	struct rill_sock *cs = rill_sk(child);
	int err;

	if (list_empty(&cs->child_node))
		return false;
	spin_lock_nested(&child->sk_lock.slock, SINGLE_DEPTH_NESTING);
	err = rill_sk_step(child, RILL_EV_ESTABLISHED, 0);
	spin_unlock(&child->sk_lock.slock);
	if (err)
		return false;
	rill_listener_unlink(rill_sk(listener), cs);
	rill_listener_take(listener, cs);
	return true;
}

/**
 * rill_listener_evict() - Take a lent place back.
 * @listener: The listener, slock held.
 *
 * Return: the oldest child on a lent place, off the queue, for
 * rill_child_free() once no lock is held; NULL if there is none.
 */
struct sock *rill_listener_evict(struct sock *listener)
{
	struct rill_sock *rs = rill_sk(listener);
	struct rill_sock *cs;

	list_for_each_entry(cs, &rs->pending_queue, child_node) {
		if (cs->place != RILL_PLACE_LENT)
			continue;
		rill_listener_unlink(rs, cs);
		return &cs->sk;
	}
	return NULL;
}

/**
 * rill_listener_remove() - The client of a pending child gave up (C09, C34).
 * @child: The child, held by the caller; no lock held.
 */
void rill_listener_remove(struct sock *child)
{
	struct sock *listener = rill_sk(child)->listener;
	bool found;

	sock_hold(listener);
	rill_lock(listener);
	found = !list_empty(&rill_sk(child)->child_node);
	if (found)
		rill_listener_unlink(rill_sk(listener), rill_sk(child));
	rill_unlock(listener);
	if (found)
		rill_child_free(child);
	/* It may have stood before one for whom there is room. */
	rill_listener_admit(listener);
	sock_put(listener);
}

/*
 * The oldest request whose client still waits; slock of the listener held.
 * Return: its client, held; ERR_PTR(-EINPROGRESS) if it has yet to confirm;
 * NULL if there is none.
 */
static struct sock *rill_admit_oldest(struct sock *listener)
{
	struct rill_sock *rs = rill_sk(listener);
	struct rill_sock *cs;
	struct sock *client;

	if (listener->sk_state != RILL_LISTEN || rill_listener_full(listener))
		return NULL;
	list_for_each_entry(cs, &rs->pending_queue, child_node) {
		if (cs->place != RILL_PLACE_NONE)
			continue;
		client = cs->transport->admit(&cs->sk);
		if (!client)
			continue;	/* its withdrawal removes the child */
		if (IS_ERR(client)) {
			WRITE_ONCE(rs->pending, rs->pending - 1);
			rs->reserved++;
			cs->place = RILL_PLACE_RESERVED;
			return client;
		}
		rill_listener_unlink(rs, cs);
		rill_listener_take(listener, cs);
		return client;
	}
	return NULL;
}

/**
 * rill_listener_admit() - There may be room: let pending requests in (C03).
 * @listener: The listener, no lock held.
 */
void rill_listener_admit(struct sock *listener)
{
	struct sock *client;

	while (READ_ONCE(rill_sk(listener)->pending)) {
		rill_lock(listener);
		client = rill_admit_oldest(listener);
		rill_unlock(listener);
		if (!client)
			break;
		if (IS_ERR(client))
			continue;
		rill_sk_woken(client, POLL_OUT);
		sock_put(client);
		listener->sk_data_ready(listener);
	}
}

static struct sock *rill_listener_pop(struct sock *listener)
{
	struct rill_sock *rs = rill_sk(listener);
	struct rill_sock *cs = NULL;

	rill_lock(listener);
	if (!list_empty(&rs->accept_queue)) {
		cs = list_first_entry(&rs->accept_queue, struct rill_sock,
				      child_node);
		list_del_init(&cs->child_node);
		sk_acceptq_removed(listener);
	} else if (!list_empty(&rs->pending_queue)) {
		cs = list_first_entry(&rs->pending_queue, struct rill_sock,
				      child_node);
		rill_listener_unlink(rs, cs);
	}
	rill_unlock(listener);
	return cs ? &cs->sk : NULL;
}

/**
 * rill_listener_flush() - Refuse who is pending (C11), reset who is not
 * accepted.
 * @listener: A listener that lets nobody in any more; no lock held.
 */
void rill_listener_flush(struct sock *listener)
{
	struct sock *child;

	while ((child = rill_listener_pop(listener)))
		rill_child_free(child);
}

/* A child to accept; -EAGAIN: none yet; -EINVAL: not listening. */
static struct sock *rill_accept_take(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct rill_sock *cs;
	int err = -EAGAIN;

	rill_lock(sk);
	if (sk->sk_state != RILL_LISTEN || (sk->sk_shutdown & RCV_SHUTDOWN)) {
		err = -EINVAL;
	} else if (!list_empty(&rs->accept_queue)) {
		cs = list_first_entry(&rs->accept_queue, struct rill_sock,
				      child_node);
		list_del_init(&cs->child_node);
		sk_acceptq_removed(sk);
		rill_unlock(sk);
		return &cs->sk;
	}
	rill_unlock(sk);
	return ERR_PTR(err);
}

static struct sock *rill_accept_wait(struct sock *sk, long timeo)
{
	struct sock *child;
	DEFINE_WAIT(wait);

	for (;;) {
		prepare_to_wait_exclusive(sk_sleep(sk), &wait,
					  TASK_INTERRUPTIBLE);
		child = rill_accept_take(sk);
		if (PTR_ERR_OR_ZERO(child) != -EAGAIN || !timeo)
			break;
		if (signal_pending(current)) {
			child = ERR_PTR(sock_intr_errno(timeo));
			break;
		}
		timeo = schedule_timeout(timeo);
	}
	finish_wait(sk_sleep(sk), &wait);
	return child;
}

/**
 * rill_accept() - accept4(2).
 * @sock: The listener.
 * @newsock: Gets the connection.
 * @arg: Flags of the call.
 *
 * Return: 0, -EOPNOTSUPP (datagrams), -EINVAL (not listening), -EAGAIN (also
 * after SO_RCVTIMEO), or as an interrupted call.
 */
int rill_accept(struct socket *sock, struct socket *newsock,
		struct proto_accept_arg *arg)
{
	struct sock *sk = sock->sk;
	struct sock *child;

	if (!rill_connection_mode(sk))
		return -EOPNOTSUPP;
	child = rill_accept_take(sk);
	if (PTR_ERR_OR_ZERO(child) == -EAGAIN)
		child = rill_accept_wait(sk, sock_rcvtimeo(sk, arg->flags &
							       O_NONBLOCK));
	if (IS_ERR(child))
		return PTR_ERR(child);

	rill_listener_admit(sk);
	security_sk_clone(sk, child);
	sock_graft(child, newsock);
	newsock->state = SS_CONNECTED;
	rill_count(sk, RILL_CNT_ACCEPTED);
	return 0;
}
