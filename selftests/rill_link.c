// SPDX-License-Identifier: GPL-2.0-only
/*
 * Selftest helpers: devices and queueing disciplines made by rtnetlink.
 */
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "rill_test.h"

/* A request, with room for what any has here. */
struct rill_req {
	struct nlmsghdr n;
	char body[512];
};

/* Where the next thing of a request goes. */
static void *rill_tail(struct rill_req *req)
{
	return (char *)req + NLMSG_ALIGN(req->n.nlmsg_len);
}

static struct rtattr *rill_attr(struct rill_req *req, int type,
				const void *data, size_t len)
{
	struct rtattr *rta = rill_tail(req);

	rta->rta_type = type;
	rta->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(rta), data, len);
	req->n.nlmsg_len = NLMSG_ALIGN(req->n.nlmsg_len) +
			   RTA_ALIGN(rta->rta_len);
	return rta;
}

/* What came since @rta was begun is in it. */
static void rill_attr_end(struct rill_req *req, struct rtattr *rta)
{
	rta->rta_len = (char *)rill_tail(req) - (char *)rta;
}

/* Send @req and read the first answer. Return: its length or -errno. */
static int rill_netlink_ask(struct rill_req *req, void *answer, size_t size)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int ret;

	if (fd < 0)
		return -errno;
	req->n.nlmsg_flags |= NLM_F_REQUEST;
	ret = send(fd, req, req->n.nlmsg_len, 0);
	if (ret >= 0)
		ret = recv(fd, answer, size, 0);
	if (ret < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Send @req, of which the answer is an errno. */
static int rill_netlink(struct rill_req *req)
{
	char answer[4096];
	struct nlmsgerr *err = NLMSG_DATA((struct nlmsghdr *)answer);
	int ret;

	req->n.nlmsg_flags |= NLM_F_ACK;
	ret = rill_netlink_ask(req, answer, sizeof(answer));
	return ret < 0 ? ret : err->error;
}

/* Begin a request. Return: its head, of @len zero bytes. */
static void *rill_req_init(struct rill_req *req, int type, int flags,
			   size_t len)
{
	memset(req, 0, sizeof(*req));
	req->n.nlmsg_len = NLMSG_LENGTH(len);
	req->n.nlmsg_type = type;
	req->n.nlmsg_flags = flags;
	return NLMSG_DATA(&req->n);
}

static struct ifinfomsg *rill_link_init(struct rill_req *req, int type,
					int flags)
{
	return rill_req_init(req, type, flags, sizeof(struct ifinfomsg));
}

/* Begin the request to make a link of @kind; IFLA_LINKINFO stays open. */
static struct rtattr *rill_link_new(struct rill_req *req,
				    const char *name, const char *kind)
{
	struct rtattr *info;

	rill_link_init(req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	rill_attr(req, IFLA_IFNAME, name, strlen(name) + 1);
	info = rill_attr(req, IFLA_LINKINFO, NULL, 0);
	rill_attr(req, IFLA_INFO_KIND, kind, strlen(kind));
	return info;
}

/* End it. Return: ifindex or -errno. */
static int rill_link_make(struct rill_req *req, struct rtattr *info,
			  const char *name)
{
	int ret;

	rill_attr_end(req, info);
	ret = rill_netlink(req);
	return ret ? ret : (int)if_nametoindex(name);
}

static int rill_dev_add_kind(const char *name, const char *kind)
{
	struct rill_req req;
	struct rtattr *info = rill_link_new(&req, name, kind);

	return rill_link_make(&req, info, name);
}

int rill_dev_add(const char *name)
{
	int ret = rill_dev_add_kind(name, "dummy");

	/* a small kernel may have no dummy; one end of a veth does as well */
	return ret == -EOPNOTSUPP ? rill_dev_add_kind(name, "veth") : ret;
}

int rill_bridge_add(const char *name)
{
	return rill_dev_add_kind(name, "bridge");
}

int rill_veth_add(const char *name, int peer_ns, const char *peer)
{
	/* they differ from host to host, so that a mix-up shows */
	static int index = 10;
	struct ifinfomsg ifi = { .ifi_index = ++index };
	struct rill_req req;
	struct rtattr *info = rill_link_new(&req, name, "veth");
	struct ifinfomsg *own = NLMSG_DATA(&req.n);
	struct rtattr *data = rill_attr(&req, IFLA_INFO_DATA, NULL, 0);
	struct rtattr *end = rill_attr(&req, VETH_INFO_PEER, &ifi,
				       sizeof(ifi));

	/* the kernel heeds the one only with the other */
	own->ifi_index = ++index;
	rill_attr(&req, IFLA_IFNAME, peer, strlen(peer) + 1);
	rill_attr(&req, IFLA_NET_NS_FD, &peer_ns, sizeof(peer_ns));
	rill_attr_end(&req, end);
	rill_attr_end(&req, data);
	return rill_link_make(&req, info, name);
}

/* Make a device of @kind on @lower, with one option. */
static int rill_upper_add(const char *name, const char *kind, const char *lower,
			  int option, const void *value, size_t len)
{
	__u32 ifindex = if_nametoindex(lower);
	struct rill_req req;
	struct rtattr *info = rill_link_new(&req, name, kind);
	struct rtattr *data = rill_attr(&req, IFLA_INFO_DATA, NULL, 0);

	rill_attr(&req, option, value, len);
	rill_attr_end(&req, data);
	rill_attr_end(&req, info);
	rill_attr(&req, IFLA_LINK, &ifindex, sizeof(ifindex));
	return rill_netlink(&req) ? : (int)if_nametoindex(name);
}

int rill_vlan_add(const char *name, const char *lower, __u16 id)
{
	return rill_upper_add(name, "vlan", lower, IFLA_VLAN_ID, &id,
			      sizeof(id));
}

int rill_macvlan_add(const char *name, const char *lower)
{
	__u32 mode = MACVLAN_MODE_BRIDGE;

	return rill_upper_add(name, "macvlan", lower, IFLA_MACVLAN_MODE, &mode,
			      sizeof(mode));
}

int rill_dev_del(const char *name)
{
	struct rill_req req;

	rill_link_init(&req, RTM_DELLINK, 0);
	rill_attr(&req, IFLA_IFNAME, name, strlen(name) + 1);
	return rill_netlink(&req);
}

/* Change one 32-bit attribute of a device. */
static int rill_dev_set(const char *name, int type, __u32 value)
{
	struct rill_req req;
	struct ifinfomsg *ifi = rill_link_init(&req, RTM_SETLINK, 0);

	ifi->ifi_index = if_nametoindex(name);
	if (!ifi->ifi_index)
		return -ENODEV;
	rill_attr(&req, type, &value, sizeof(value));
	return rill_netlink(&req);
}

/*
 * Its state by RFC 2863. The flags are of no use: they say IFF_RUNNING of a
 * new device as well, before anything was found out about it.
 */
bool rill_dev_running(const char *name)
{
	char answer[16384];
	struct nlmsghdr *n = (struct nlmsghdr *)answer;
	struct rtattr *rta = IFLA_RTA(NLMSG_DATA(n));
	struct rill_req req;
	int len;

	rill_link_init(&req, RTM_GETLINK, 0);
	rill_attr(&req, IFLA_IFNAME, name, strlen(name) + 1);
	len = rill_netlink_ask(&req, answer, sizeof(answer));
	if (len < NLMSG_LENGTH(sizeof(struct ifinfomsg)) ||
	    n->nlmsg_type != RTM_NEWLINK)
		return false;
	for (len = IFLA_PAYLOAD(n); RTA_OK(rta, len); rta = RTA_NEXT(rta, len))
		if (rta->rta_type == IFLA_OPERSTATE)
			return *(__u8 *)RTA_DATA(rta) == IF_OPER_UP;
	return false;
}

int rill_dev_move(const char *name, int ns)
{
	return rill_dev_set(name, IFLA_NET_NS_FD, ns);
}

int rill_dev_join(const char *name, const char *bridge)
{
	return rill_dev_set(name, IFLA_MASTER, if_nametoindex(bridge));
}

/* Tenths of a percent as the kernel has it, 2^32 - 1 for certain. */
static __u32 rill_chance(unsigned int permille)
{
	return permille * 4294967295ULL / 1000;
}

static void rill_netem_options(struct rill_req *req,
			       const struct rill_netem *netem)
{
	struct tc_netem_reorder reorder = {
		.probability = rill_chance(netem->reorder),
	};
	struct tc_netem_corrupt corrupt = {
		.probability = rill_chance(netem->corrupt),
	};
	struct tc_netem_qopt opt = {
		.limit = 10000,
		.loss = rill_chance(netem->loss),
		.gap = !!netem->reorder,
		.duplicate = rill_chance(netem->duplicate),
	};
	__s64 latency = netem->delay_ms * 1000000LL;
	__s64 jitter = netem->jitter_ms * 1000000LL;
	struct rtattr *options;

	options = rill_attr(req, TCA_OPTIONS, &opt, sizeof(opt));
	rill_attr(req, TCA_NETEM_LATENCY64, &latency, sizeof(latency));
	rill_attr(req, TCA_NETEM_JITTER64, &jitter, sizeof(jitter));
	if (netem->reorder)
		rill_attr(req, TCA_NETEM_REORDER, &reorder, sizeof(reorder));
	if (netem->corrupt)
		rill_attr(req, TCA_NETEM_CORRUPT, &corrupt, sizeof(corrupt));
	rill_attr_end(req, options);
}

int rill_dev_netem(const char *name, const struct rill_netem *netem)
{
	struct rill_req req;
	struct tcmsg *tcm;

	if (netem)
		tcm = rill_req_init(&req, RTM_NEWQDISC,
				    NLM_F_CREATE | NLM_F_REPLACE, sizeof(*tcm));
	else
		tcm = rill_req_init(&req, RTM_DELQDISC, 0, sizeof(*tcm));
	tcm->tcm_ifindex = if_nametoindex(name);
	tcm->tcm_handle = 0x10000;
	tcm->tcm_parent = TC_H_ROOT;
	if (netem) {
		rill_attr(&req, TCA_KIND, "netem", sizeof("netem"));
		rill_netem_options(&req, netem);
	}
	return rill_netlink(&req);
}
