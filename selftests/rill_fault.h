/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocation-fault injection, one chosen allocation of one call at a time:
 * /proc/<pid>/task/<tid>/fail-nth of a kernel with CONFIG_FAILSLAB.
 */
#ifndef RILL_FAULT_H
#define RILL_FAULT_H

#include <stdbool.h>

/** struct rill_fault - The calling thread's injection; @fd: fail-nth. */
struct rill_fault {
	int fd;
};

/**
 * rill_fault_open() - Prepare injection into the calling thread.
 * @fault: Out.
 *
 * Lets allocations that may sleep fail as well, silently. Enters a mount
 * namespace of its own for debugfs.
 *
 * Return: 0, -ENOENT when the kernel has no injection, or -errno.
 */
int rill_fault_open(struct rill_fault *fault);

/** rill_fault_close() - Undo rill_fault_open(). */
void rill_fault_close(struct rill_fault *fault);

/**
 * rill_fault_arm() - Let the @n th allocation from now on fail.
 * @fault: The injection.
 * @n: 1 is the next one.
 *
 * Return: 0 or -errno.
 */
int rill_fault_arm(struct rill_fault *fault, unsigned int n);

/**
 * rill_fault_disarm() - End what rill_fault_arm() began.
 * @fault: The injection.
 *
 * Return: whether there was an allocation to fail. Keeps errno.
 */
bool rill_fault_disarm(struct rill_fault *fault);

#endif /* RILL_FAULT_H */
