// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: pair far | pair near DEVICE
 * Tests across a wire: tools/check/pair.sh starts one in each of two guests.
 */
#include <stdio.h>
#include <string.h>

#include "pair.h"

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "far"))
		return far_main();
	if (argc == 3 && !strcmp(argv[1], "near"))
		return near_main(argv[2]);
	fprintf(stderr, "usage: pair far | pair near DEVICE\n");
	return 2;
}
