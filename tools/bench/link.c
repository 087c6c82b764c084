// SPDX-License-Identifier: GPL-2.0-only
/*
 * The link: listeners are in the namespace far, all else is in near; link.sh
 * makes both. And what only a link can show: loss, and how flows share it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rill.h>
#include <linux/tipc.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

#define FAR_WRITES	128	/* large writes of one transfer */
#define SETTLE_S	10	/* seconds until flows are weighed */
#define WEIGH_S		60	/* seconds for which they are */

static const char *script;
static int near = -1, far = -1;
static unsigned char far_address[RILL_HWADDR_LEN];
static unsigned int near_link;

/* Calls link.sh. */
static int link_do(const char *what)
{
	char command[256];

	snprintf(command, sizeof(command), "%s %s", script, what);
	return system(command) ? -1 : 0;
}

static int find_far_address(void)
{
	struct ifreq ifr = { .ifr_name = "far0" };
	int fd = link_socket(AF_UNIX, SOCK_DGRAM);
	int error = ioctl(fd, SIOCGIFHWADDR, &ifr);

	memcpy(far_address, ifr.ifr_hwaddr.sa_data, sizeof(far_address));
	close(fd);
	return error;
}

/* From now on sockets of this process are on the near end. */
int link_up(const char *path)
{
	script = path;
	if (link_do("up"))
		return -1;
	near = open("/run/netns/near", O_RDONLY | O_CLOEXEC);
	far = open("/run/netns/far", O_RDONLY | O_CLOEXEC);
	if (near < 0 || far < 0 || setns(near, CLONE_NEWNET))
		return -1;
	near_link = if_nametoindex("near0");
	return near_link ? find_far_address() : -1;
}

/* A socket on the far end; without a link, here. */
int link_socket(int domain, int type)
{
	int fd;

	if (far < 0)
		return socket(domain, type, 0);
	if (setns(far, CLONE_NEWNET))
		return -1;
	fd = socket(domain, type, 0);
	return setns(near, CLONE_NEWNET) ? -1 : fd;
}

/* Turns a listener's own address into the one by which near reaches it. */
void link_name(struct sockaddr_storage *address)
{
	struct sockaddr_rill *rill = (void *)address;
	struct sockaddr_in *in = (void *)address;

	if (far < 0)
		return;
	if (address->ss_family == AF_RILL) {
		/* As a route tells TCP: else it asks on near1 too. */
		rill->srl_ifindex = near_link;
		memcpy(rill->srl_addr, far_address, sizeof(far_address));
	} else if (address->ss_family == AF_INET) {
		inet_pton(AF_INET, "10.9.0.2", &in->sin_addr);
	}
}

bool link_is_up(void)
{
	return far >= 0;
}

int away_prepare(struct bench *b)
{
	return link_do("away") ? -1 : drain_prepare(b, FAR_WRITES);
}

int lossy_prepare(struct bench *b)
{
	return link_do("lossy") ? -1 : drain_prepare(b, FAR_WRITES);
}

int far_run(struct bench *b, double *value)
{
	return write_batch(b, FAR_WRITES, value);
}

/* Two processes that move bytes for ever: one writes, one reads and counts. */
static int start_flow(struct bench *b, __u64 *bytes)
{
	pid_t child;
	ssize_t n;

	if (pair_prepare(b))
		return -1;
	child = fork_tied();
	if (!child) {
		while (write(b->fd[0], b->out, BENCH_LARGE) > 0)
			;
		_exit(1);
	}
	if (child < 0)
		return -1;
	child = fork_tied();
	if (!child) {
		while ((n = read(b->fd[1], b->in, BENCH_LARGE)) > 0)
			__atomic_fetch_add(bytes, n, __ATOMIC_RELAXED);
		_exit(1);
	}
	return child < 0 ? -1 : 0;
}

/* Kilobytes a second of a flow, whose count was @before. */
static double speed(const __u64 *bytes, __u64 before)
{
	__u64 now = __atomic_load_n(bytes, __ATOMIC_RELAXED);

	return (now - before) / 1000.0 / WEIGH_S;
}

/* Jain's index of two, in thousandths. */
static double fairness(double x, double y)
{
	return 1000 * (x + y) * (x + y) / (2 * (x * x + y * y));
}

static int weigh(struct bench *one, struct bench *two, const char *name,
		 double *value)
{
	__u64 *bytes = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	__u64 first, second;
	double x, y;

	/* Records make no difference, and TIPC has no congestion control. */
	if (one->family->flags & (FAM_RECORDS | FAM_ACCEPT)) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (link_do("shaped"))
		return -1;
	if (start_flow(one, bytes) || start_flow(two, bytes + 1))
		return -1;
	sleep(SETTLE_S);
	first = __atomic_load_n(bytes, __ATOMIC_RELAXED);
	second = __atomic_load_n(bytes + 1, __ATOMIC_RELAXED);
	sleep(WEIGH_S);
	x = speed(bytes, first);
	y = speed(bytes + 1, second);
	printf("flows %s %s %s %.0f %.0f kB/s\n", name, one->family->name,
	       two->family->name, x, y);
	fflush(stdout);
	*value = fairness(x, y);
	return 0;
}

int fair_run(struct bench *b, double *value)
{
	struct bench other = *b;

	return weigh(b, &other, "fair", value);
}

int fairtcp_run(struct bench *b, double *value)
{
	struct bench other = *b;

	other.family = family_named("tcp");
	return weigh(b, &other, "fairtcp", value);
}

/* So that each operation finds the link as it was. */
int link_clean(void)
{
	return far < 0 ? 0 : link_do("clean");
}
