// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock, and the marks that the profiler (profile.c) looks for: it counts
 * what the guest executes from bench_begin() to bench_end(), from bench_arm() on
 * up to bench_disarm(). Nothing in this file calls them, so that none is inlined.
 */
#include <stdlib.h>
#include <time.h>

#include "bench.h"

static struct timespec start;
static double overhead;

void bench_arm(void)
{
	asm volatile("" ::: "memory");
}

void bench_disarm(void)
{
	asm volatile("" ::: "memory");
}

void bench_begin(void)
{
	clock_gettime(CLOCK_MONOTONIC, &start);
}

double bench_end(void)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	return (end.tv_sec - start.tv_sec) * 1e9 +
	       (end.tv_nsec - start.tv_nsec) - overhead;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	if (n % 2)
		return values[n / 2];
	return (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* @ns: what the clock itself costs, to be taken off every measure. */
void bench_set_overhead(double ns)
{
	overhead = ns;
}
