// SPDX-License-Identifier: GPL-2.0-only
/* Options of level SOL_RILL, and ioctl(). SOL_SOCKET is the core's. */
#include <linux/sockios.h>
#include <linux/uaccess.h>

#include <asm/ioctls.h>

#include "transport.h"

/* Smallest and largest value of each option. */
static const struct {
	u32 min;
	u32 max;
} rill_options[] = {
	/* What a timer can hold on every machine. */
	[RILL_CONNECT_TIMEOUT]	= { 0, INT_MAX },
	[RILL_DIALECT]		= { 0, RILL_DIALECT_BSD },
	[RILL_USER_TIMEOUT]	= { 0, INT_MAX },
	[RILL_KEEPIDLE]		= { 1, S16_MAX },
	[RILL_KEEPINTVL]	= { 1, S16_MAX },
	[RILL_KEEPCNT]		= { 1, S8_MAX },
};

static bool rill_option_known(int level, int name)
{
	return level == SOL_RILL && name >= RILL_CONNECT_TIMEOUT &&
	       name < (int)ARRAY_SIZE(rill_options);
}

static void rill_option_set(struct rill_sock *rs, int name, u32 value)
{
	switch (name) {
	case RILL_CONNECT_TIMEOUT:
		WRITE_ONCE(rs->timeout_ms, value);
		break;
	case RILL_DIALECT:
		WRITE_ONCE(rs->dialect, value);
		break;
	case RILL_USER_TIMEOUT:
		WRITE_ONCE(rs->user_timeout_ms, value);
		break;
	case RILL_KEEPIDLE:
		WRITE_ONCE(rs->keepidle, value);
		break;
	case RILL_KEEPINTVL:
		WRITE_ONCE(rs->keepintvl, value);
		break;
	case RILL_KEEPCNT:
		WRITE_ONCE(rs->keepcnt, value);
		break;
	}
}

static u32 rill_option_get(const struct rill_sock *rs, int name)
{
	switch (name) {
	case RILL_CONNECT_TIMEOUT:
		return READ_ONCE(rs->timeout_ms);
	case RILL_DIALECT:
		return READ_ONCE(rs->dialect);
	case RILL_USER_TIMEOUT:
		return READ_ONCE(rs->user_timeout_ms);
	case RILL_KEEPIDLE:
		return READ_ONCE(rs->keepidle);
	case RILL_KEEPINTVL:
		return READ_ONCE(rs->keepintvl);
	default:
		return READ_ONCE(rs->keepcnt);
	}
}

/* A running keepalive goes by the new values at once. */
static void rill_option_changed(struct sock *sk, int name)
{
	const struct rill_transport *transport = rill_sk(sk)->transport;

	if (name >= RILL_USER_TIMEOUT && transport && transport->keepalive &&
	    rill_connection_mode(sk))
		transport->keepalive(sk, sock_flag(sk, SOCK_KEEPOPEN));
}

/**
 * rill_setsockopt() - setsockopt(2), level SOL_RILL.
 * @sock: The socket.
 * @level: Level.
 * @name: Option.
 * @val: Its value.
 * @len: Length of the value; longer is fine.
 *
 * Return: 0, -ENOPROTOOPT, -EINVAL (length or value), -EFAULT.
 */
int rill_setsockopt(struct socket *sock, int level, int name, sockptr_t val,
		    unsigned int len)
{
	u32 value;

	if (!rill_option_known(level, name))
		return -ENOPROTOOPT;
	if (len < sizeof(value))
		return -EINVAL;
	if (copy_from_sockptr(&value, val, sizeof(value)))
		return -EFAULT;
	if (value < rill_options[name].min || value > rill_options[name].max)
		return -EINVAL;
	rill_option_set(rill_sk(sock->sk), name, value);
	rill_option_changed(sock->sk, name);
	return 0;
}

/**
 * rill_getsockopt() - getsockopt(2), level SOL_RILL.
 * @sock: The socket.
 * @level: Level.
 * @name: Option.
 * @val: Room for the value.
 * @len: Its length, gets the length of the value.
 *
 * Return: 0, -ENOPROTOOPT, -EINVAL (negative length), -EFAULT.
 */
int rill_getsockopt(struct socket *sock, int level, int name,
		    char __user *val, int __user *len)
{
	u32 value;
	int size;

	if (!rill_option_known(level, name))
		return -ENOPROTOOPT;
	value = rill_option_get(rill_sk(sock->sk), name);
	if (get_user(size, len))
		return -EFAULT;
	if (size < 0)
		return -EINVAL;
	size = min_t(int, size, sizeof(value));
	if (put_user(size, len) || copy_to_user(val, &value, size))
		return -EFAULT;
	return 0;
}

/**
 * rill_ioctl() - SIOCINQ (FIONREAD) and SIOCOUTQ.
 * @sock: The socket.
 * @cmd: The request.
 * @arg: Pointer to an int.
 *
 * Return: 0, -EINVAL (a listener), -ENOIOCTLCMD, -EFAULT.
 */
int rill_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct sock *sk = sock->sk;
	int bytes;

	if (cmd != SIOCINQ && cmd != SIOCOUTQ)
		return -ENOIOCTLCMD;
	if (rill_state(sk) == RILL_LISTEN)
		return -EINVAL;
	if (cmd == SIOCINQ)
		bytes = rill_unread(sk, !rill_connection_mode(sk));
	else if (rill_state(sk) == RILL_ESTABLISHED)
		bytes = rill_sk(sk)->transport->outq(sk);
	else
		bytes = 0;
	return put_user(bytes, (int __user *)arg);
}

/**
 * rill_set_rcvlowat() - SO_RCVLOWAT.
 * @sk: The socket.
 * @val: Bytes; capped so that a default sender can always reach it.
 *
 * Return: 0.
 */
int rill_set_rcvlowat(struct sock *sk, int val)
{
	WRITE_ONCE(sk->sk_rcvlowat, clamp(val, 1, sk->sk_rcvbuf >> 1));
	return 0;
}
