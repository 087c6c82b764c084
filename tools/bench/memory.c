// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel memory of a connected pair: objects in use of all slab caches before
 * and after making many.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"

#define CACHES	512

struct cache {
	char name[40];
	double bytes;
};

/* Reads /proc/slabinfo; gives the number of caches. */
static int slabs(struct cache *caches)
{
	char line[512];
	double active, size;
	int n = 0;
	FILE *f = fopen("/proc/slabinfo", "r");

	if (!f)
		return -1;
	while (n < CACHES && fgets(line, sizeof(line), f))
		if (sscanf(line, "%39s %lf %*f %lf", caches[n].name, &active,
			   &size) == 3) {
			caches[n].bytes = active * size;
			n++;
		}
	fclose(f);
	return n;
}

/* Which caches grew, a line each, for who wants to know where memory goes. */
static double grown(struct bench *b, struct cache *before, struct cache *after,
		    int n)
{
	double sum = 0, grew;
	int i;

	for (i = 0; i < n; i++) {
		grew = (after[i].bytes - before[i].bytes) / b->pairs;
		sum += grew;
		if (grew >= 8)
			printf("slab memory %s %.0f %s\n", b->family->name, grew,
			       after[i].name);
	}
	fflush(stdout);
	return sum;
}

static int make_pairs(struct bench *b, int *fds)
{
	unsigned int i;

	for (i = 0; i < b->pairs; i++)
		if (family_pair(b, fds + 2 * i))
			return -1;
	return 0;
}

/* Free pages, with those that wait on processors' own lists. */
static double free_bytes(void)
{
	double pages, sum = 0;
	char line[256];
	FILE *f = fopen("/proc/zoneinfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " nr_free_pages %lf", &pages) == 1 ||
		    sscanf(line, " count: %lf", &pages) == 1)
			sum += pages;
	if (f)
		fclose(f);
	return sum * sysconf(_SC_PAGESIZE);
}

/*
 * Lets what was closed be freed: RCU and work queues take their time, some
 * objects a tick. Nothing but the free memory's standing still tells the end.
 */
static void settle(void)
{
	double now, last;
	int same = 0, i;

	/* A family may keep what was closed for seconds. */
	sleep(3);
	now = free_bytes();
	for (i = 0; i < 100 && same < 10; i++) {
		last = now;
		usleep(100000);
		now = free_bytes();
		same = now == last ? same + 1 : 0;
	}
}

/* All pairs once, so that the table of descriptors and hash tables are big. */
static int rehearse(struct bench *b, int *fds)
{
	struct rlimit limit = { 2 * b->pairs + 64, 2 * b->pairs + 64 };
	unsigned int i;

	setrlimit(RLIMIT_NOFILE, &limit);
	if (family_listen(b, 64) || make_pairs(b, fds))
		return -1;
	for (i = 0; i < 2 * b->pairs; i++)
		close(fds[i]);
	settle();
	return 0;
}

int memory_run(struct bench *b, double *value)
{
	static struct cache before[CACHES], after[CACHES];
	int *fds = calloc(2 * b->pairs, sizeof(*fds)), n;

	if (rehearse(b, fds) || slabs(before) < 0 || make_pairs(b, fds))
		return -1;
	settle();
	n = slabs(after);
	if (n < 0)
		return -1;
	*value = grown(b, before, after, n);
	free(fds);
	return 0;
}

/* The cross-check: pages of any kind, with the slack of half-used ones. */
int memfree_run(struct bench *b, double *value)
{
	int *fds = calloc(2 * b->pairs, sizeof(*fds));
	struct rlimit limit = { 2 * b->pairs + 64, 2 * b->pairs + 64 };
	double before;

	setrlimit(RLIMIT_NOFILE, &limit);
	memset(fds, 1, 2 * b->pairs * sizeof(*fds));
	dup2(STDERR_FILENO, 2 * b->pairs + 32);
	if (family_listen(b, 64))
		return -1;
	settle();
	before = free_bytes();
	if (make_pairs(b, fds))
		return -1;
	settle();
	*value = (before - free_bytes()) / b->pairs;
	free(fds);
	return 0;
}
