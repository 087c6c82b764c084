// SPDX-License-Identifier: GPL-2.0-only
/*
 * Selftest helpers: network namespaces and devices in them.
 */
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "rill_test.h"

/* A request for a link, with room for its attributes. */
struct rill_link_req {
	struct nlmsghdr n;
	struct ifinfomsg i;
	char attrs[256];
};

int rill_netns_new(void)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	return rill_dev_up("lo", true);
}

static int rill_ifreq(unsigned long request, struct ifreq *ifr)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, request, ifr))
		ret = -errno;
	close(fd);
	return ret;
}

static struct ifreq rill_ifreq_init(const char *name)
{
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	return ifr;
}

int rill_dev_up(const char *name, bool up)
{
	struct ifreq ifr = rill_ifreq_init(name);
	int ret = rill_ifreq(SIOCGIFFLAGS, &ifr);

	if (ret)
		return ret;
	if (up)
		ifr.ifr_flags |= IFF_UP;
	else
		ifr.ifr_flags &= ~IFF_UP;
	return rill_ifreq(SIOCSIFFLAGS, &ifr);
}

int rill_dev_hw(const char *name, __u8 hw[RILL_HWADDR_LEN])
{
	struct ifreq ifr = rill_ifreq_init(name);
	int ret = rill_ifreq(SIOCGIFHWADDR, &ifr);

	if (!ret)
		memcpy(hw, ifr.ifr_hwaddr.sa_data, RILL_HWADDR_LEN);
	return ret;
}

int rill_dev_set_hw(const char *name, const __u8 hw[RILL_HWADDR_LEN])
{
	struct ifreq ifr = rill_ifreq_init(name);

	ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(ifr.ifr_hwaddr.sa_data, hw, RILL_HWADDR_LEN);
	return rill_ifreq(SIOCSIFHWADDR, &ifr);
}

static struct rtattr *rill_attr(struct nlmsghdr *n, int type, const char *data,
				size_t len)
{
	struct rtattr *rta = (void *)((char *)n + NLMSG_ALIGN(n->nlmsg_len));

	rta->rta_type = type;
	rta->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(rta), data, len);
	n->nlmsg_len = NLMSG_ALIGN(n->nlmsg_len) + RTA_ALIGN(rta->rta_len);
	return rta;
}

/* Send @req and read the answer. */
static int rill_netlink(struct nlmsghdr *n)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct nlmsgerr *err;
	char answer[4096];
	int ret;

	if (fd < 0)
		return -errno;
	n->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (send(fd, n, n->nlmsg_len, 0) < 0 ||
	    recv(fd, answer, sizeof(answer), 0) < 0) {
		ret = -errno;
	} else {
		err = NLMSG_DATA((struct nlmsghdr *)answer);
		ret = err->error;
	}
	close(fd);
	return ret;
}

static int rill_dev_add_kind(const char *name, const char *kind)
{
	struct rill_link_req req = {
		.n.nlmsg_len = NLMSG_LENGTH(sizeof(req.i)),
		.n.nlmsg_type = RTM_NEWLINK,
		.n.nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL,
	};
	struct rtattr *info;

	rill_attr(&req.n, IFLA_IFNAME, name, strlen(name) + 1);
	info = rill_attr(&req.n, IFLA_LINKINFO, NULL, 0);
	rill_attr(&req.n, IFLA_INFO_KIND, kind, strlen(kind));
	info->rta_len = (char *)&req + req.n.nlmsg_len - (char *)info;
	return rill_netlink(&req.n);
}

int rill_dev_add(const char *name)
{
	int ret = rill_dev_add_kind(name, "dummy");

	/* a small kernel may have no dummy; one end of a veth does as well */
	if (ret == -EOPNOTSUPP)
		ret = rill_dev_add_kind(name, "veth");
	return ret ? ret : (int)if_nametoindex(name);
}

int rill_dev_del(const char *name)
{
	struct rill_link_req req = {
		.n.nlmsg_len = NLMSG_LENGTH(sizeof(req.i)),
		.n.nlmsg_type = RTM_DELLINK,
	};

	rill_attr(&req.n, IFLA_IFNAME, name, strlen(name) + 1);
	return rill_netlink(&req.n);
}
