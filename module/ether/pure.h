/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the pure files need of the kernel, for both builds of them: in the
 * module, and in user space for unit tests and fuzzers.
 */
#ifndef RILL_PURE_H
#define RILL_PURE_H

#include <linux/types.h>

#ifdef __KERNEL__
#include <linux/math64.h>
#include <linux/stddef.h>
#else
#include <stdbool.h>
#include <stddef.h>

static inline __u64 div_u64(__u64 dividend, __u32 divisor)
{
	return dividend / divisor;
}
#endif

static inline __u64 rill_min(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static inline __u64 rill_max(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

#endif /* RILL_PURE_H */
