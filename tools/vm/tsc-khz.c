// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints this machine's time stamp counter's rate in kHz. An emulated guest
 * sees the same counter, and one without ACPI has nothing to measure it by.
 */
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

int main(void)
{
	double start = now(), end;
	unsigned long long from = __rdtsc();

	do {
		end = now();
	} while (end - start < 200);
	printf("%.0f\n", (__rdtsc() - from) / (end - start));
	return 0;
}
