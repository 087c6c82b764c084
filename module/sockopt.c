// SPDX-License-Identifier: GPL-2.0-only
/* Options of level SOL_RILL, and ioctl(). SOL_SOCKET is the core's. */
#include <linux/sockios.h>
#include <linux/uaccess.h>

#include <asm/ioctls.h>

#include "transport.h"

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
	struct rill_sock *rs = rill_sk(sock->sk);
	u32 value;

	if (level != SOL_RILL ||
	    (name != RILL_CONNECT_TIMEOUT && name != RILL_DIALECT))
		return -ENOPROTOOPT;
	if (len < sizeof(value))
		return -EINVAL;
	if (copy_from_sockptr(&value, val, sizeof(value)))
		return -EFAULT;
	if (name == RILL_CONNECT_TIMEOUT) {
		/* What a timer can hold on every machine. */
		if (value > INT_MAX)
			return -EINVAL;
		WRITE_ONCE(rs->timeout_ms, value);
	} else {
		if (value > RILL_DIALECT_BSD)
			return -EINVAL;
		WRITE_ONCE(rs->dialect, value);
	}
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
	struct rill_sock *rs = rill_sk(sock->sk);
	u32 value;
	int size;

	if (level != SOL_RILL)
		return -ENOPROTOOPT;
	switch (name) {
	case RILL_CONNECT_TIMEOUT:
		value = READ_ONCE(rs->timeout_ms);
		break;
	case RILL_DIALECT:
		value = READ_ONCE(rs->dialect);
		break;
	default:
		return -ENOPROTOOPT;
	}
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
