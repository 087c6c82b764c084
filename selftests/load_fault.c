// SPDX-License-Identifier: GPL-2.0-only
/*
 * For load_unload.sh: loads the module again and again, each time with
 * another allocation failing. It loads or it does not, never halfway.
 *
 * usage: load_fault FILE. Status 0, 1, or 4 when there is no injection.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "rill_fault.h"
#include "rill_io.h"

/*
 * The module's own part comes last: of these allocations each fifth fails.
 * What the kernel does before is not ours to test.
 */
#define LAST	100
#define STEP	5
#define PLENTY	1000000

static int load(int file)
{
	lseek(file, 0, SEEK_SET);
	return syscall(SYS_finit_module, file, "", 0) ? errno : 0;
}

static bool unloaded(void *arg)
{
	return !syscall(SYS_delete_module, "rill", O_NONBLOCK) ||
	       errno == ENOENT;
}

/* Allocations of one load, or -1. */
static long count(struct rill_fault *fault, int file)
{
	char text[32] = "";
	int err;

	if (rill_fault_arm(fault, PLENTY))
		return -1;
	err = load(file);
	if (pread(fault->fd, text, sizeof(text) - 1, 0) <= 0)
		return -1;
	rill_fault_disarm(fault);
	if (err || rill_wait_until(unloaded, NULL))
		return -1;
	return PLENTY - strtol(text, NULL, 10);
}

/* One load with the @n th allocation failing: 0, or what is wrong. */
static const char *try_one(struct rill_fault *fault, int file, long n)
{
	bool fired;
	int err;

	if (rill_fault_arm(fault, n))
		return "arming";
	err = load(file);
	fired = rill_fault_disarm(fault);
	if (err && !fired)
		return strerror(err);
	if (err && err != ENOMEM && err != ENOBUFS && err != EFAULT &&
	    err != ENFILE)
		return strerror(err);
	if (!err && rill_socket_err(SOCK_STREAM, 0))
		return "loaded, but no socket";
	if (err && !access("/sys/module/rill", F_OK))
		return "not loaded, but there";
	return rill_wait_until(unloaded, NULL) ? "not unloaded" : NULL;
}

int main(int argc, char **argv)
{
	struct rill_fault fault;
	const char *wrong;
	int file, status = 0;
	long n, total;

	if (argc != 2)
		return 1;
	file = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return 1;
	if (rill_fault_open(&fault))
		return 4;
	total = count(&fault, file);
	printf("# %ld allocations\n", total);
	if (total < 0)
		return 1;
	for (n = total > LAST ? total - LAST : 1; n <= total; n += STEP) {
		wrong = try_one(&fault, file, n);
		if (!wrong)
			continue;
		printf("# allocation %ld: %s\n", n, wrong);
		status = 1;
	}
	return status;
}
