// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a fuzz target where libFuzzer is not at hand: blind mutation of the
 * seeds, the same for each run.
 *
 * usage: target -max_total_time=SECONDS SEED-DIRECTORY
 */
#include <dirent.h>
#include <time.h>

#include "fuzz.h"

#define SEEDS	1024
#define MOST	4096

struct seed {
	__u8 bytes[MOST];
	size_t size;
};

static struct seed *seeds[SEEDS];
static unsigned int count;
static __u64 state = 88172645463325252ULL;

static __u32 dice(__u32 sides)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (__u32)(state >> 16) % sides;
}

static void load(const char *dir, const char *name)
{
	struct seed *seed = calloc(1, sizeof(*seed));
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	if (file && seed && count < SEEDS) {
		seed->size = fread(seed->bytes, 1, MOST, file);
		seeds[count++] = seed;
	} else {
		free(seed);
	}
	if (file)
		fclose(file);
}

static void load_all(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			load(path, entry->d_name);
	if (dir)
		closedir(dir);
}

/* One small change. */
static void change(struct seed *s)
{
	static const __u8 edges[] = { 0, 1, 0x7f, 0x80, 0xfe, 0xff };
	size_t at = s->size ? dice(s->size) : 0, n;

	switch (dice(6)) {
	case 0:
		s->bytes[at] ^= 1 << dice(8);
		break;
	case 1:
		s->bytes[at] = edges[dice(sizeof(edges))];
		break;
	case 2:
		s->bytes[at] = dice(256);
		break;
	case 3:
		s->size = dice(s->size + 1);
		break;
	case 4:
		n = dice(64);
		while (n-- && s->size < MOST)
			s->bytes[s->size++] = dice(256);
		break;
	default:
		s->bytes[at] += dice(2) ? 1 : -1;
	}
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + 1;
	struct seed one = { .size = 0 };
	unsigned long runs = 0;
	int i, n;

	for (i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "-max_total_time=", 16))
			end += atoi(argv[i] + 16);
		else if (argv[i][0] != '-')
			load_all(argv[i]);
	}
	while (time(NULL) < end) {
		for (i = 0; i < 1000; i++, runs++) {
			if (count && (runs < count || dice(8)))
				one = *seeds[runs < count ? runs : dice(count)];
			for (n = runs < count ? 0 : 1 + dice(8); n > 0; n--)
				change(&one);
			fuzz_one(one.bytes, one.size);
		}
	}
	printf("Done %lu runs\n", runs);
	return 0;
}
