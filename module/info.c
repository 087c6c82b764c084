// SPDX-License-Identifier: GPL-2.0-only
/* What /proc and sock_diag tell of a socket. */
#include "netns.h"
#include "transport.h"

/**
 * rill_info() - Take a look at a socket.
 * @sk: The socket; called under its bucket's lock, so without its slock: what
 *	it tells may be of two moments.
 * @info: Result.
 */
void rill_info(struct sock *sk, struct rill_info *info)
{
	struct rill_sock *rs = rill_sk(sk);

	memset(info, 0, sizeof(*info));
	info->state = rill_state(sk);
	info->local = rs->local;
	info->remote = rs->remote;
	if (info->state == RILL_LISTEN) {
		info->recvq = READ_ONCE(sk->sk_ack_backlog);
		info->backlog = READ_ONCE(sk->sk_max_ack_backlog);
		info->pending = READ_ONCE(rs->pending);
		return;
	}
	info->recvq = rill_unread(sk, false);
	/* Buffers, as of what they cost: the peer's queue is not ours. */
	info->sendq = sk_wmem_alloc_get(sk);
}
