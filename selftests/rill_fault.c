// SPDX-License-Identifier: GPL-2.0-only
/*
 * Selftest helpers: allocation-fault injection.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "rill_fault.h"
#include "rill_test.h"

#define DEBUGFS	"/sys/kernel/debug"

/*
 * fail-nth takes no part in these but for what they exclude and print. They
 * are left as set: without a probability nothing else fails by them.
 */
static int rill_fault_setup(void)
{
	if (rill_file_write(DEBUGFS "/failslab/ignore-gfp-wait", "N"))
		return -ENOENT;
	rill_file_write(DEBUGFS "/failslab/verbose", "0");
	rill_file_write(DEBUGFS "/fail_page_alloc/ignore-gfp-wait", "N");
	rill_file_write(DEBUGFS "/fail_page_alloc/min-order", "0");
	rill_file_write(DEBUGFS "/fail_page_alloc/verbose", "0");
	rill_file_write(DEBUGFS "/fail_usercopy/verbose", "0");
	return 0;
}

int rill_fault_open(struct rill_fault *fault)
{
	fault->fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fault->fd < 0)
		return -errno;
	if (access(DEBUGFS "/failslab", F_OK)) {
		if (unshare(CLONE_NEWNS) ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
			return -errno;
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	}
	return rill_fault_setup();
}

void rill_fault_close(struct rill_fault *fault)
{
	if (fault->fd >= 0)
		close(fault->fd);
	fault->fd = -1;
}

int rill_fault_arm(struct rill_fault *fault, unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	return pwrite(fault->fd, text, len, 0) == len ? 0 : -errno;
}

bool rill_fault_disarm(struct rill_fault *fault)
{
	int saved = errno;
	char text[16] = "";
	bool fired;

	/* it counts down to 0, at which it fails */
	fired = pread(fault->fd, text, sizeof(text) - 1, 0) > 0 &&
		!strtoul(text, NULL, 10);
	rill_fault_arm(fault, 0);
	errno = saved;
	return fired;
}
