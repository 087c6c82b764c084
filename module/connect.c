// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect(2), from top to bottom: what the address means, whether the state
 * allows it, the request, the wait. The rules Cnn are those of the manual
 * pages, see Documentation/conformance.rst; state.c says how a request ends.
 */
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sock_diag.h>

#include "netns.h"
#include "trace.h"
#include "transport.h"

/* rill_connect_parse(): the address dissolves what is there. */
#define RILL_DISSOLVE	1

/**
 * struct rill_attempt - One call's claim on the socket.
 * @number: &struct rill_sock.attempt of it.
 * @old_err: SO_ERROR from before, to restore when nothing comes of it.
 */
struct rill_attempt {
	u32	number;
	int	old_err;
};

/* The dialects to which a null address means "no peer". */
static bool rill_null_dissolves(const struct sock *sk)
{
	u8 dialect = READ_ONCE(rill_sk(sk)->dialect);

	return !rill_connection_mode(sk) &&
	       (dialect == RILL_DIALECT_FREEBSD || dialect == RILL_DIALECT_BSD);
}

static int rill_connect_parse(const struct sock *sk, const void *uaddr,
			      int len, struct rill_addr *dst)
{
	const struct sockaddr *sa = uaddr;
	int err;

	if (!len && rill_null_dissolves(sk))		/* C32 */
		return RILL_DISSOLVE;
	if (len < (int)sizeof(sa->sa_family))		/* C20 */
		return -EINVAL;
	if (sa->sa_family == AF_UNSPEC)			/* C32 */
		return RILL_DISSOLVE;
	err = rill_addr_parse(uaddr, len, dst);		/* C19, C20 */
	if (err)
		return err;
	if (rill_addr_is_null(dst) && rill_null_dissolves(sk))
		return RILL_DISSOLVE;			/* C32 */
	return 0;
}

/* connect() to AF_UNSPEC on a connection-mode socket: usable again. */
static int rill_disconnect(struct sock *sk)
{
	if (rill_state(sk) == RILL_LISTEN)
		return -EOPNOTSUPP;			/* C25 */
	rill_sk_drop(sk, true);
	/* A reader may hold a buffer of the queue. */
	mutex_lock(&rill_sk(sk)->readers);
	rill_lock(sk);
	if (sk->sk_state == RILL_CLOSE) {
		rill_sk_purge(sk);
		WRITE_ONCE(sk->sk_shutdown, 0);
		WRITE_ONCE(sk->sk_err, 0);
	}
	rill_unlock(sk);
	mutex_unlock(&rill_sk(sk)->readers);
	rill_sk_woken(sk, POLL_HUP);
	return 0;
}

/*
 * Make the socket this call's own: of several connect() calls exactly one
 * gets through, for the others the table has the errno (C04, C05, C10, C36).
 */
static int rill_connect_claim(struct sock *sk, const struct rill_addr *dst,
			      const struct rill_transport *transport,
			      long timeo, struct rill_attempt *attempt)
{
	struct rill_sock *rs = rill_sk(sk);
	int err = 0;

	rill_lock(sk);
	if (sk->sk_state == RILL_CLOSE && rill_port_connected(sk, dst))
		err = -EADDRINUSE;			/* C16 */
	else
		err = rill_sk_step(sk, RILL_EV_CONNECT, 0);
	if (!err) {
		if (!++rs->attempt)	/* 0 means any: rill_sk_abort() */
			rs->attempt++;
		attempt->number = rs->attempt;
		attempt->old_err = sk->sk_err;
		WRITE_ONCE(sk->sk_err, 0);		/* C33 */
		WRITE_ONCE(sk->sk_shutdown, 0);
		WRITE_ONCE(rs->transport, transport);
		rs->remote = *dst;
		rs->wait_until = 0;
		if (timeo != MAX_SCHEDULE_TIMEOUT)
			rs->wait_until = (jiffies + timeo) | 1;
	}
	rill_unlock(sk);
	return err;
}

/* The request could not be made: as if connect() had not been called. */
static void rill_connect_unclaim(struct sock *sk,
				 const struct rill_attempt *attempt, int err)
{
	if (err == -ECONNREFUSED || err == -EPROTOTYPE)
		rill_count(sk, RILL_CNT_REFUSED);
	rill_lock(sk);
	if (rill_sk(sk)->attempt == attempt->number &&
	    !rill_sk_step(sk, RILL_EV_UNCLAIM, 0))
		WRITE_ONCE(sk->sk_err, attempt->old_err);
	rill_unlock(sk);
	/* Who polled meanwhile saw a pending socket. */
	sk->sk_state_change(sk);
}

static bool rill_connect_pending(const struct sock *sk, u32 attempt)
{
	return rill_state(sk) == RILL_SYN_SENT &&
	       READ_ONCE(rill_sk(sk)->attempt) == attempt;
}

/* What the attempt came to, once it is not pending any more. */
static int rill_connect_result(struct sock *sk, u32 attempt)
{
	int err = 0;

	rill_lock(sk);
	if (rill_sk(sk)->attempt != attempt)
		err = -ECONNABORTED;	/* AF_UNSPEC, and a later attempt */
	else if (sk->sk_state == RILL_CLOSE)
		err = sock_error(sk) ? : -ECONNABORTED;
	rill_unlock(sk);
	return err;
}

/* SO_SNDTIMEO ended the wait; whether it ends the attempt the dialect says. */
static int rill_connect_wait_over(struct sock *sk, u32 attempt)
{
	if (READ_ONCE(rill_sk(sk)->dialect) == RILL_DIALECT_LINUX)
		return -EINPROGRESS;
	rill_sk_abort(sk, attempt, RILL_EV_TIMEOUT, ETIMEDOUT);	/* C09 */
	return rill_connect_result(sk, attempt);
}

static long rill_connect_restart(struct restart_block *restart);

/*
 * Something interrupts the wait (C06, C06b). The kernel alone decides, on the
 * way to user space, whether a handler is to run: if so the call has failed
 * with EINTR, with SA_RESTART as without; if not (stop and continue, a tracer)
 * it resumes in rill_connect_restart(). The request goes on in any case.
 */
static int rill_connect_interrupted(struct sock *sk, u32 attempt)
{
	struct restart_block *restart = &current->restart_block;
	u32 cookie[2];

	if (current->flags & (PF_KTHREAD | PF_IO_WORKER))
		return -EINTR;
	sock_diag_save_cookie(sk, cookie);
	restart->futex.val = cookie[0];
	restart->futex.flags = cookie[1];
	restart->futex.bitset = attempt;
	return set_restart_fn(restart, rill_connect_restart);
}

static int rill_connect_wait(struct sock *sk, u32 attempt, long timeo)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);

	add_wait_queue(sk_sleep(sk), &wait);
	while (rill_connect_pending(sk, attempt) && timeo &&
	       !signal_pending(current))
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
	remove_wait_queue(sk_sleep(sk), &wait);

	if (!rill_connect_pending(sk, attempt))
		return rill_connect_result(sk, attempt);	/* C01, C11 */
	if (!timeo)
		return rill_connect_wait_over(sk, attempt);
	return rill_connect_interrupted(sk, attempt);
}

/* Is @sk the socket a restart block speaks of? */
static bool rill_restart_match(struct sock *sk, void *arg)
{
	const struct restart_block *restart = arg;
	u64 cookie = (u64)restart->futex.flags << 32 | restart->futex.val;

	return atomic64_read(&sk->sk_cookie) == cookie;
}

/* The file of a socket that is being closed is not to be had any more. */
static struct file *rill_restart_file(struct sock *sk)
{
	struct file *file = NULL;

	read_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_socket && sk->sk_socket->file)
		file = get_file_active(&sk->sk_socket->file);
	read_unlock_bh(&sk->sk_callback_lock);
	return file;
}

/*
 * Find the socket again. The call has lost its file, and another thread may
 * have closed it: the cookie is looked up in every namespace, which happens
 * only after a stop or a tracer.
 */
static struct file *rill_restart_find(struct restart_block *restart)
{
	struct sock *sk = NULL;
	struct file *file;
	struct net *net;

	rcu_read_lock();
	for_each_net_rcu(net) {
		sk = rill_find(net, rill_restart_match, restart);
		if (sk)
			break;
	}
	rcu_read_unlock();
	if (!sk)
		return NULL;
	file = rill_restart_file(sk);
	sock_put(sk);
	return file;
}

/* Resume the wait where it stopped. */
static long rill_connect_restart(struct restart_block *restart)
{
	u32 attempt = restart->futex.bitset;
	long timeo = MAX_SCHEDULE_TIMEOUT;
	struct file *file;
	struct sock *sk;
	long err;

	file = rill_restart_find(restart);
	if (!file)
		return -ECONNABORTED;
	sk = sock_from_file(file)->sk;
	rill_lock(sk);
	if (sk->sk_state == RILL_SYN_SENT && rill_sk(sk)->wait_until)
		timeo = max_t(long, rill_sk(sk)->wait_until - jiffies, 0);
	rill_unlock(sk);
	err = rill_connect_wait(sk, attempt, timeo);
	fput(file);
	return err;
}

static int rill_connect_stream(struct sock *sk, struct rill_addr *dst,
			       int flags)
{
	long timeo = sock_sndtimeo(sk, flags & O_NONBLOCK);
	const struct rill_transport *transport;
	struct rill_attempt attempt;
	int err;

	err = rill_next_state(rill_state(sk), RILL_EV_CONNECT);
	if (err < 0)
		return err;		/* C04, C05, C10, C25 */
	transport = rill_route(sk, dst);
	if (IS_ERR(transport))
		return PTR_ERR(transport);	/* C13, C15, C17, C27 */
	err = rill_connect_claim(sk, dst, transport, timeo, &attempt);
	if (err)
		return err;

	err = transport->connect(sk, dst, attempt.number);
	if (err && err != -EINPROGRESS)
		rill_connect_unclaim(sk, &attempt, err); /* C11, C24, C26 */
	if (err != -EINPROGRESS || (flags & O_NONBLOCK))
		return err;				/* C01, C03 */
	return rill_connect_wait(sk, attempt.number, timeo);
}

/**
 * rill_connect() - connect(2).
 * @sock: The socket.
 * @uaddr: Address, in kernel memory.
 * @len: Its length, 0 to sizeof(struct sockaddr_storage).
 * @flags: O_NONBLOCK or 0.
 *
 * Return: 0 or the errno of the rules.
 */
int rill_connect(struct socket *sock, struct sockaddr_unsized *uaddr, int len,
		 int flags)
{
	struct sock *sk = sock->sk;
	struct rill_addr dst;
	int err;

	err = rill_connect_parse(sk, uaddr, len, &dst);
	if (err == RILL_DISSOLVE) {
		if (rill_connection_mode(sk))
			err = rill_disconnect(sk);
		else
			err = rill_dgram_dissolve(sk);
	} else if (!err) {
		if (rill_connection_mode(sk))
			err = rill_connect_stream(sk, &dst, flags);
		else
			err = rill_dgram_connect(sk, &dst);
	}
	if (err && err != -EINPROGRESS)
		trace_rill_refused(sk, err);
	return err;
}

/**
 * rill_connect_exit() - Let no task come back into the module.
 *
 * A task that was stopped in connect(), or left a handler by longjmp(), may
 * still have rill_connect_restart() in its restart block, though its socket is
 * gone.
 */
void rill_connect_exit(void)
{
	struct task_struct *group, *task;

	rcu_read_lock();
	for_each_process_thread(group, task) {
		if (READ_ONCE(task->restart_block.fn) == rill_connect_restart)
			WRITE_ONCE(task->restart_block.fn,
				   init_task.restart_block.fn);
	}
	rcu_read_unlock();
	/* Who had begun to call it finds no socket and leaves. */
	synchronize_rcu_tasks();
}
