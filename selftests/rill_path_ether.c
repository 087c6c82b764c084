// SPDX-License-Identifier: GPL-2.0-only
/*
 * Selftest helpers: paths over Ethernet. Each end is a network namespace with
 * one device, RILL_PATH_DEV, and no IP address; the test is in the client's.
 */
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rill_path.h"

/* The bridge, and its ports for the two ends and further hosts. */
#define HUB	"br0"

static void ether_port(char name[IFNAMSIZ], int host)
{
	snprintf(name, IFNAMSIZ, "port%d", host);
}

/* Note how the other end names this one, whose namespace the thread is in. */
static int ether_end(struct rill_path_end *end)
{
	end->ifindex = if_nametoindex(RILL_PATH_DEV);
	if (!end->ifindex)
		return -ENODEV;
	return rill_dev_hw(RILL_PATH_DEV, end->hw);
}

/* A namespace whose devices stay silent by themselves. */
static int ether_namespace(void)
{
	int ns = rill_netns_make();
	int home = rill_netns_here();

	if (ns < 0 || home < 0)
		return ns < 0 ? ns : home;
	if (!rill_netns_enter(ns)) {
		rill_file_write("/proc/sys/net/ipv6/conf/default/disable_ipv6",
				"1");
		rill_netns_enter(home);
	}
	close(home);
	return ns;
}

/* Two namespaces; the thread is in the client's afterwards. */
static int ether_namespaces(struct rill_path *path)
{
	int i;

	for (i = RILL_CLIENT; i <= RILL_SERVER; i++) {
		path->end[i].ns = ether_namespace();
		if (path->end[i].ns < 0)
			return path->end[i].ns;
	}
	return rill_path_enter(path, RILL_CLIENT);
}

static bool ether_running(void *arg)
{
	return rill_dev_running(arg);
}

/*
 * Wait until frames leave a device: it runs a moment before its queue opens,
 * both under the lock that the second call takes.
 */
static int ether_ready(const char *name)
{
	int ret = rill_wait_until(ether_running, (void *)name);

	return ret ? ret : rill_dev_up(name, true);
}

/* Bring both ends up, and see them running. */
static int ether_up(struct rill_path *path)
{
	int ret, i;

	for (i = RILL_CLIENT; i <= RILL_SERVER; i++) {
		ret = rill_path_enter(path, i);
		if (!ret)
			ret = rill_dev_up(RILL_PATH_DEV, true);
		if (!ret)
			ret = ether_end(&path->end[i]);
		if (ret)
			return ret;
	}
	ret = ether_ready(RILL_PATH_DEV);
	if (!ret)
		ret = rill_path_enter(path, RILL_CLIENT);
	return ret ? ret : ether_ready(RILL_PATH_DEV);
}

static int ether_open(struct rill_path *path)
{
	int ret = ether_namespaces(path);

	if (ret)
		return ret;
	ret = rill_veth_add(RILL_PATH_DEV, path->end[RILL_SERVER].ns,
			    RILL_PATH_DEV);
	return ret < 0 ? ret : ether_up(path);
}

/* Join a host to the bridge; the thread is in the bridge's namespace. */
static int bridge_join(struct rill_path *path, int ns, const char *name)
{
	char port[IFNAMSIZ];
	int ret;

	ether_port(port, path->hosts++);
	ret = rill_veth_add(port, ns, name);
	if (ret > 0)
		ret = rill_dev_join(port, HUB);
	return ret ? ret : rill_dev_up(port, true);
}

static int bridge_make(struct rill_path *path)
{
	int ret = rill_bridge_add(HUB);

	if (ret > 0)
		ret = rill_dev_up(HUB, true);
	if (!ret)
		ret = bridge_join(path, path->end[RILL_CLIENT].ns,
				  RILL_PATH_DEV);
	return ret ? ret : bridge_join(path, path->end[RILL_SERVER].ns,
				       RILL_PATH_DEV);
}

/* Wait until a port of the bridge forwards. */
static int bridge_ready(struct rill_path *path, int host)
{
	int ret = rill_netns_enter(path->hub);
	char port[IFNAMSIZ];

	ether_port(port, host);
	if (!ret)
		ret = ether_ready(port);
	return ret ? ret : rill_path_enter(path, RILL_CLIENT);
}

static int bridge_open(struct rill_path *path)
{
	int ret;

	path->hub = ether_namespace();
	if (path->hub < 0)
		return path->hub;
	ret = ether_namespaces(path);
	if (!ret)
		ret = rill_netns_enter(path->hub);
	if (!ret)
		ret = bridge_make(path);
	if (!ret)
		ret = ether_up(path);
	if (!ret)
		ret = bridge_ready(path, RILL_CLIENT);
	return ret ? ret : bridge_ready(path, RILL_SERVER);
}

int rill_path_port(struct rill_path *path, int ns, const char *name)
{
	int ret = rill_netns_enter(path->hub);

	if (!ret)
		ret = bridge_join(path, ns, name);
	if (!ret)
		ret = rill_netns_enter(ns);
	if (!ret)
		ret = rill_dev_up(name, true);
	if (!ret)
		ret = ether_ready(name);
	return ret ? ret : bridge_ready(path, path->hosts - 1);
}

int rill_path_host(struct rill_path *path)
{
	int ns = ether_namespace();
	int ret;

	if (ns < 0)
		return ns;
	ret = rill_path_port(path, ns, RILL_PATH_DEV);
	return ret ? ret : ns;
}

int rill_path_plug(struct rill_path *path, enum rill_side side, bool in)
{
	char port[IFNAMSIZ];
	int ret = rill_netns_enter(path->hub);

	ether_port(port, side);
	if (!ret)
		ret = rill_dev_up(port, in);
	return ret ? ret : rill_path_enter(path, RILL_CLIENT);
}

static void ether_close(struct rill_path *path)
{
	int i;

	for (i = RILL_CLIENT; i <= RILL_SERVER; i++) {
		if (path->end[i].ns >= 0)
			close(path->end[i].ns);
		path->end[i].ns = -1;
	}
	if (path->hub >= 0)
		close(path->hub);
	path->hub = -1;
}

static int ether_socket(struct rill_path *path, enum rill_side side, int type)
{
	int fd, ret;

	/* a client's may be made in a namespace that the test has chosen */
	ret = side == RILL_CLIENT ? 0 : rill_path_enter(path, side);
	if (ret)
		return ret;
	fd = socket(AF_RILL, type, 0);
	if (fd < 0)
		fd = -errno;
	if (side != RILL_CLIENT)
		ret = rill_path_enter(path, RILL_CLIENT);
	return ret ? ret : fd;
}

/* The other side reaches this end's hardware address by its own device. */
static void ether_address(struct rill_path *path, enum rill_side side,
			  struct sockaddr_rill *addr)
{
	memcpy(addr->srl_addr, path->end[side].hw, RILL_HWADDR_LEN);
	addr->srl_ifindex = path->end[!side].ifindex;
}

const struct rill_path_ops rill_path_ether = {
	.name = "Ethernet",
	.open = ether_open,
	.close = ether_close,
	.socket = ether_socket,
	.address = ether_address,
};

const struct rill_path_ops rill_path_bridge = {
	.name = "Ethernet by a bridge",
	.open = bridge_open,
	.close = ether_close,
	.socket = ether_socket,
	.address = ether_address,
};
