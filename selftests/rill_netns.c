// SPDX-License-Identifier: GPL-2.0-only
/*
 * Selftest helpers: network namespaces, and devices in them by ioctl().
 */
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "rill_test.h"

int rill_netns_new(void)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	return rill_dev_up("lo", true);
}

int rill_netns_here(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int rill_netns_enter(int ns)
{
	return setns(ns, CLONE_NEWNET) ? -errno : 0;
}

int rill_netns_make(void)
{
	int home = rill_netns_here(), made, ret;

	if (home < 0)
		return home;
	made = rill_netns_new();
	if (!made)
		made = rill_netns_here();
	ret = rill_netns_enter(home);
	close(home);
	return ret ? ret : made;
}

static int rill_ifreq(unsigned long request, struct ifreq *ifr)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, request, ifr) < 0)
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

int rill_dev_mtu(const char *name, int mtu)
{
	struct ifreq ifr = rill_ifreq_init(name);

	ifr.ifr_mtu = mtu;
	return rill_ifreq(SIOCSIFMTU, &ifr);
}

static int rill_ethtool(const char *name, void *data)
{
	struct ifreq ifr = rill_ifreq_init(name);

	ifr.ifr_data = data;
	return rill_ifreq(SIOCETHTOOL, &ifr);
}

/* More offloads than any kernel has. */
#define RILL_FEATURES	256

/* The number of an offload. @count gets how many there are. */
static int rill_feature_find(const char *name, const char *feature,
			     unsigned int *count)
{
	struct {
		struct ethtool_gstrings head;
		char name[RILL_FEATURES][ETH_GSTRING_LEN];
	} all = {
		.head.cmd = ETHTOOL_GSTRINGS,
		.head.string_set = ETH_SS_FEATURES,
	};
	int ret = rill_ethtool(name, &all);
	unsigned int i;

	if (ret)
		return ret;
	*count = all.head.len;
	for (i = 0; i < *count; i++)
		if (!strcmp(all.name[i], feature))
			return i;
	return -ENOENT;
}

int rill_dev_feature(const char *name, const char *feature, bool on)
{
	struct {
		struct ethtool_sfeatures head;
		struct ethtool_set_features_block block[RILL_FEATURES / 32];
	} set = { .head.cmd = ETHTOOL_SFEATURES };
	unsigned int count = 0;
	int bit = rill_feature_find(name, feature, &count);

	if (bit < 0)
		return bit;
	set.head.size = (count + 31) / 32;
	set.block[bit / 32].valid = 1U << bit % 32;
	set.block[bit / 32].requested = on ? 1U << bit % 32 : 0;
	return rill_ethtool(name, &set);
}

int rill_dev_rename(const char *name, const char *to)
{
	struct ifreq ifr = rill_ifreq_init(name);

	snprintf(ifr.ifr_newname, sizeof(ifr.ifr_newname), "%s", to);
	return rill_ifreq(SIOCSIFNAME, &ifr);
}
