// SPDX-License-Identifier: GPL-2.0-only
/* What /proc and sock_diag tell of a socket. */
#include "netns.h"
#include "transport.h"

/**
 * rill_info() - Take a look at a socket.
 * @sk: The socket, held; no lock held.
 * @info: Result.
 */
void rill_info(struct sock *sk, struct rill_info *info)
{
	const struct rill_transport *transport;
	struct rill_sock *rs = rill_sk(sk);

	memset(info, 0, sizeof(*info));
	rill_lock(sk);
	info->state = sk->sk_state;
	info->local = rs->local;
	info->remote = rs->remote;
	transport = rs->transport;
	if (info->state == RILL_LISTEN) {
		info->recvq = sk->sk_ack_backlog;
		info->backlog = sk->sk_max_ack_backlog;
		info->pending = rs->pending;
	} else {
		info->recvq = rill_unread(sk, false);
	}
	rill_unlock(sk);
	if (info->state == RILL_ESTABLISHED)
		info->sendq = transport->outq(sk);
}
