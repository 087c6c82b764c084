// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers that only this host can make: the token of a connection that a
 * request asks for, so that the same request finds the same connection; and
 * the cookie that shows that a client gets our answers.
 */
#include "conn.h"

/* A cookie is good for one period, and the next. */
#define RILL_COOKIE_PERIOD	(64 * HZ)

static u32 rill_request_hash(struct net *net, const struct rill_rx *rx,
			     u32 extra)
{
	struct rill_path_id id = {
		.pport	= rx->f.sport,
		.lport	= rx->f.dport,
		.token	= rx->f.from,
		.extra	= extra,
	};

	ether_addr_copy(id.peer, rx->src);
	return siphash(&id, sizeof(id), &rill_ether_net(net)->secret);
}

/**
 * rill_token_make() - The token of the connection that a client asks for.
 * @net: Namespace.
 * @rx: The client's REQUEST or RESET.
 *
 * Return: the token, never 0.
 */
u32 rill_token_make(struct net *net, const struct rill_rx *rx)
{
	return rill_request_hash(net, rx, 0) ? : 1;
}

static u32 rill_cookie_of(struct net *net, const struct rill_rx *rx, u32 period)
{
	/* Odd, so that it is no token and not 0. */
	return rill_request_hash(net, rx, period << 1 | 1) ? : 1;
}

/**
 * rill_cookie_make() - The cookie to challenge a client with.
 * @net: Namespace.
 * @rx: Its REQUEST.
 *
 * Return: the cookie, never 0.
 */
u32 rill_cookie_make(struct net *net, const struct rill_rx *rx)
{
	return rill_cookie_of(net, rx, (u32)(jiffies / RILL_COOKIE_PERIOD));
}

/**
 * rill_cookie_valid() - Did the client get an answer of this host?
 * @net: Namespace.
 * @rx: Its REQUEST.
 *
 * Return: whether it has the cookie of this or the last period.
 */
bool rill_cookie_valid(struct net *net, const struct rill_rx *rx)
{
	u32 period = jiffies / RILL_COOKIE_PERIOD;

	return rx->f.ack && (rx->f.ack == rill_cookie_of(net, rx, period) ||
			     rx->f.ack == rill_cookie_of(net, rx, period - 1));
}
