// SPDX-License-Identifier: GPL-2.0-only
/* sock_diag: list sockets, find one, destroy one. */
#include <linux/module.h>
#include <linux/sock_diag.h>
#include <net/netlink.h>

#include "netns.h"

static int rill_diag_fill(struct sk_buff *answer, struct sock *sk,
			  const struct netlink_callback *cb,
			  const struct nlmsghdr *req, int flags)
{
	struct rill_diag_msg *msg;
	struct rill_info info;
	struct nlmsghdr *nlh;

	nlh = nlmsg_put(answer, NETLINK_CB(cb->skb).portid, req->nlmsg_seq,
			SOCK_DIAG_BY_FAMILY, sizeof(*msg), flags);
	if (!nlh)
		return -EMSGSIZE;
	rill_info(sk, &info);
	msg = nlmsg_data(nlh);
	memset(msg, 0, sizeof(*msg));
	msg->rdiag_family = AF_RILL;
	msg->rdiag_type = sk->sk_type;
	msg->rdiag_state = info.state;
	msg->rdiag_shutdown = READ_ONCE(sk->sk_shutdown);
	msg->rdiag_ino = sock_i_ino(sk);
	msg->rdiag_uid = from_kuid_munged(sk_user_ns(NETLINK_CB(cb->skb).sk),
					  sk_uid(sk));
	msg->rdiag_rqueue = info.recvq;
	msg->rdiag_wqueue = info.state == RILL_LISTEN ? info.backlog :
							  info.sendq;
	sock_diag_save_cookie(sk, msg->rdiag_cookie);
	rill_addr_store(&msg->rdiag_local, &info.local);
	if (info.remote.port)
		rill_addr_store(&msg->rdiag_peer, &info.remote);
	nlmsg_end(answer, nlh);
	return 0;
}

static bool rill_diag_wanted(struct sock *sk, const struct rill_diag_req *req)
{
	if (req->rdiag_states && !(req->rdiag_states & BIT(sk->sk_state)))
		return false;
	return !req->rdiag_ino || req->rdiag_ino == (u32)sock_i_ino(sk);
}

/* cb->args: where to go on, see rill_nth(). */
static int rill_diag_dump(struct sk_buff *answer, struct netlink_callback *cb)
{
	const struct rill_diag_req *req = nlmsg_data(cb->nlh);
	struct net *net = sock_net(answer->sk);
	struct sock *sk;
	int err;

	for (;; cb->args[1]++) {
		sk = rill_nth(net, &cb->args[0], &cb->args[1]);
		if (!sk)
			return answer->len;
		err = 0;
		if (rill_diag_wanted(sk, req))
			err = rill_diag_fill(answer, sk, cb, cb->nlh,
					     NLM_F_MULTI);
		sock_put(sk);
		if (err)
			return answer->len;
	}
}

static bool rill_diag_is(struct sock *sk, void *arg)
{
	struct rill_diag_req *req = arg;

	return req->rdiag_ino == (u32)sock_i_ino(sk) &&
	       !sock_diag_check_cookie(sk, req->rdiag_cookie);
}

/* The one socket of a request, held. */
static struct sock *rill_diag_find(struct net *net, const struct nlmsghdr *nlh)
{
	struct rill_diag_req *req = nlmsg_data(nlh);
	struct sock *sk;

	if (!req->rdiag_ino)
		return ERR_PTR(-EINVAL);
	sk = rill_find(net, rill_diag_is, req);
	return sk ? sk : ERR_PTR(-ENOENT);
}

static int rill_diag_check(const struct nlmsghdr *nlh)
{
	const struct rill_diag_req *req = nlmsg_data(nlh);

	if (nlmsg_len(nlh) < (int)sizeof(*req) || req->sdiag_protocol ||
	    req->pad)
		return -EINVAL;
	return 0;
}

static int rill_diag_one(struct sk_buff *skb, const struct nlmsghdr *nlh)
{
	struct netlink_callback cb = { .skb = skb };
	struct net *net = sock_net(skb->sk);
	struct sk_buff *answer;
	struct sock *sk;
	int err;

	sk = rill_diag_find(net, nlh);
	if (IS_ERR(sk))
		return PTR_ERR(sk);
	answer = nlmsg_new(sizeof(struct rill_diag_msg), GFP_KERNEL);
	err = answer ? rill_diag_fill(answer, sk, &cb, nlh, 0) : -ENOMEM;
	sock_put(sk);
	if (err) {
		nlmsg_free(answer);
		return err;
	}
	return nlmsg_unicast(net->diag_nlsk, answer, NETLINK_CB(skb).portid);
}

static int rill_diag_handler_dump(struct sk_buff *skb, struct nlmsghdr *nlh)
{
	struct netlink_dump_control control = { .dump = rill_diag_dump };
	struct net *net = sock_net(skb->sk);
	int err;

	err = rill_diag_check(nlh);
	if (err)
		return err;
	if (!(nlh->nlmsg_flags & NLM_F_DUMP))
		return rill_diag_one(skb, nlh);
	return netlink_dump_start(net->diag_nlsk, skb, nlh, &control);
}

/* SOCK_DESTROY, the administrator's; the core does not ask who calls. */
static int rill_diag_destroy(struct sk_buff *skb, struct nlmsghdr *nlh)
{
	struct sock *sk;
	int err;

	if (!netlink_net_capable(skb, CAP_NET_ADMIN))
		return -EPERM;
	err = rill_diag_check(nlh);
	if (err)
		return err;
	sk = rill_diag_find(sock_net(skb->sk), nlh);
	if (IS_ERR(sk))
		return PTR_ERR(sk);
	rill_destroy(sk);
	sock_put(sk);
	return 0;
}

static const struct sock_diag_handler rill_diag_handler = {
	.owner		= THIS_MODULE,
	.family		= AF_RILL,
	.dump		= rill_diag_handler_dump,
	.destroy	= rill_diag_destroy,
};

/**
 * rill_diag_init() - Answer sock_diag requests for AF_RILL.
 *
 * Return: 0 or a negative errno.
 */
int __init rill_diag_init(void)
{
	return sock_diag_register(&rill_diag_handler);
}

/** rill_diag_exit() - Answer no longer. */
void rill_diag_exit(void)
{
	sock_diag_unregister(&rill_diag_handler);
}

MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_NETLINK, NETLINK_SOCK_DIAG, AF_RILL);
