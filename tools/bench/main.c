// SPDX-License-Identifier: GPL-2.0-only
/*
 * rill-bench: AF_RILL beside other families, on one machine. README.md says
 * what is measured; `run` builds it and calls it in a guest.
 *
 * Output, a line each result:
 *	MODE OPERATION FAMILY VALUE
 * where VALUE is "-" for what this kernel does not offer. The clock's own cost
 * is the result of the operation "clock".
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <linux/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define CALIBRATION	101	/* looks at the clock to know its cost */
#define NO_NUMBER	(~0U)
#define PATIENCE	200	/* seconds for one operation of one family */

const struct op ops[] = {
	{ "nothing", "time", true, 1, NULL, nothing_run },
	{ "wakeup", "time", true, 1, wakeup_prepare, wakeup_run },
	{ "pipe", "time", true, 1, pipe_echo_prepare, pipe_echo_run },
	{ "pipe64k", "time", true, 1, pipe_prepare, pipe_large_run },
	{ "copy64k", "time", true, 1, file_prepare, copy_run },
	{ "socket", "time", false, 1, NULL, socket_run },
	{ "connect", "time", false, 1, serve_prepare, serve_run },
	{ "connect1", "time", false, 1, listen_prepare, connect_run },
	{ "nbconnect", "time", false, 1, nbconnect_prepare, nbconnect_run },
	{ "nbpending", "time", false, 1, pending_prepare, pending_run },
	{ "roundtrip", "time", false, 1, echo_prepare, echo_run },
	{ "write64", "time", false, 20, small_prepare, small_run },
	{ "queue64", "time", false, 1, pair_prepare, queue_run },
	{ "write64k", "time", false, 5, large_prepare, large_run },
	{ "turn64k", "time", false, 1, pair_prepare, turn_run },
	{ "sendfile64k", "time", false, 5, file_prepare, sendfile_run },
	{ "memory", "bytes", false, 0, NULL, memory_run },
	{ "memfree", "bytes", false, 0, NULL, memfree_run },
};

const size_t n_ops = ARRAY_SIZE(ops);

const struct op link_ops[] = {
	{ "connect", "time", false, 1, serve_prepare, serve_run },
	{ "nbconnect", "time", false, 1, nbconnect_prepare, nbconnect_run },
	{ "roundtrip", "time", false, 1, echo_prepare, echo_run },
	{ "write64", "time", false, 20, small_prepare, small_run },
	{ "write64k", "time", false, 5, large_prepare, large_run },
	{ "sendfile64k", "time", false, 5, file_prepare, sendfile_run },
	{ "away64k", "time", false, 40, away_prepare, far_run },
	{ "lossy64k", "time", false, 40, lossy_prepare, far_run },
	{ "fair", "index", false, 0, NULL, fair_run },
	{ "fairtcp", "index", false, 0, NULL, fairtcp_run },
	{ "memory", "bytes", false, 0, NULL, memory_run },
	{ "memfree", "bytes", false, 0, NULL, memfree_run },
};

const size_t n_link_ops = ARRAY_SIZE(link_ops);

static struct {
	const char *mode;
	const char *op;
	const char *family;
	const char *link;
	unsigned int samples;
	unsigned int warmup;
	unsigned int rounds;
	unsigned int pairs;
} want = { "icount", "*", "*", NULL, 0, NO_NUMBER, 0, 1000 };

/* Measures in this process; writes the result to @out. */
static int measure(const struct op *op, const struct family *f, int out)
{
	struct bench b = { .family = f, .pairs = want.pairs };
	double *values = calloc(want.samples, sizeof(*values)), result;
	unsigned int i, n = op->share ? want.samples / op->share : 0;

	/* Whatever was measured last is over, however it ended. */
	bench_disarm();
	n = n ? n : 1;
	if (link_clean())
		return -1;
	b.in = malloc(BENCH_LARGE);
	b.out = malloc(BENCH_LARGE);
	memset(b.in, 1, BENCH_LARGE);
	memset(b.out, 2, BENCH_LARGE);
	if (op->prepare && op->prepare(&b))
		return -1;
	for (i = 0; op->share && i < want.warmup / op->share; i++)
		if (op->run(&b, values))
			return -1;
	bench_arm();
	for (i = 0; i < n; i++)
		if (op->run(&b, values + i))
			return -1;
	result = median(values, n);
	return write(out, &result, sizeof(result)) == sizeof(result) ? 0 : -1;
}

/* Measures in a process of its own, which a hanging family cannot outlive. */
static double apart(const struct op *op, const struct family *f)
{
	double result = -1;
	int ends[2], status;
	pid_t child;

	if (pipe(ends))
		exit(2);
	child = fork_tied();
	if (!child) {
		alarm(PATIENCE);
		if (measure(op, f, ends[1])) {
			if (errno != EOPNOTSUPP)
				fprintf(stderr, "rill-bench: %s %s: %s\n", op->name,
					f ? f->name : "floor", strerror(errno));
			_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	if (read(ends[0], &result, sizeof(result)) != sizeof(result))
		result = -1;
	close(ends[0]);
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		fprintf(stderr, "rill-bench: %s %s: signal %d\n", op->name,
			f ? f->name : "floor", WTERMSIG(status));
	return result;
}

/* @f is NULL, on the floor; or not @usable, and has no results. */
static void one(const struct op *op, const struct family *f, bool usable)
{
	const char *name = f ? f->name : "floor";
	double value = usable ? apart(op, f) : -1;

	if (value < 0)
		printf("%s %s %s -\n", want.mode, op->name, name);
	else
		printf("%s %s %s %.0f\n", want.mode, op->name, name, value);
	fflush(stdout);
}

/* What does not leave the machine has no link. */
static bool wanted(const struct family *f)
{
	if (want.link && (f->domain == AF_UNIX || f->domain == AF_VSOCK))
		return false;
	return !fnmatch(want.family, f->name, 0);
}

/* Every family in turn, so that one slow moment falls on all of them. */
static void round_of(const struct op *op, const bool *usable)
{
	size_t i;

	if (op->floor)
		one(op, NULL, true);
	for (i = 0; i < n_families && !op->floor; i++)
		if (wanted(families + i))
			one(op, families + i, usable[i]);
}

static void explain(void)
{
	fputs("usage: rill-bench [--mode icount|wall] [--op GLOB] [--family GLOB]\n"
	      "                  [--link SCRIPT] [--samples N] [--warmup N] [--rounds N]\n"
	      "                  [--pairs N]\n"
	      "icount: medians of single operations, one round\n"
	      "--link: over the link that the script link.sh makes\n"
	      "wall: several rounds, the report takes medians of their ratios\n",
	      stderr);
	exit(2);
}

static void options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "mode", required_argument, NULL, 'm' },
		{ "op", required_argument, NULL, 'o' },
		{ "family", required_argument, NULL, 'f' },
		{ "link", required_argument, NULL, 'l' },
		{ "samples", required_argument, NULL, 's' },
		{ "warmup", required_argument, NULL, 'w' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "pairs", required_argument, NULL, 'p' },
		{ }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		switch (c) {
		case 'm':
			want.mode = optarg;
			break;
		case 'o':
			want.op = optarg;
			break;
		case 'f':
			want.family = optarg;
			break;
		case 'l':
			want.link = optarg;
			break;
		case 's':
			want.samples = atoi(optarg);
			break;
		case 'w':
			want.warmup = atoi(optarg);
			break;
		case 'r':
			want.rounds = atoi(optarg);
			break;
		case 'p':
			want.pairs = atoi(optarg);
			break;
		default:
			explain();
		}
	if (strcmp(want.mode, "icount") && strcmp(want.mode, "wall"))
		explain();
	if (!want.pairs || optind < argc)
		explain();
	if (!want.samples)
		want.samples = *want.mode == 'w' ? 41 : 201;
	if (want.warmup == NO_NUMBER)
		want.warmup = want.samples / 6;
	if (!want.rounds)
		want.rounds = *want.mode == 'w' ? 5 : 1;
}

/* Gives what two looks at the clock cost. */
static double calibrate(void)
{
	double values[CALIBRATION], overhead;
	size_t i;

	for (i = 0; i < CALIBRATION; i++) {
		bench_begin();
		values[i] = bench_end();
	}
	overhead = median(values, CALIBRATION);
	bench_set_overhead(overhead);
	return overhead;
}

/*
 * A young guest's random numbers come slowly, which TCP would pay for, until
 * the kernel believes to have entropy.
 */
static void ripen(void)
{
	struct {
		struct rand_pool_info head;
		char bytes[32];
	} pool = { .head = { .entropy_count = 256, .buf_size = 32 } };
	int fd = open("/dev/random", O_WRONLY);

	if (fd < 0)
		return;
	ioctl(fd, RNDADDENTROPY, &pool);
	close(fd);
}

int main(int argc, char **argv)
{
	const struct op *table = ops;
	bool usable[n_families];
	size_t i, n = n_ops;
	unsigned int r;

	options(argc, argv);
	if (want.link) {
		table = link_ops;
		n = n_link_ops;
	}
	for (i = 0; i < n_families; i++)
		usable[i] = wanted(families + i) && family_usable(families + i);
	if (want.link && link_up(want.link)) {
		perror("rill-bench: the link");
		return 1;
	}
	ripen();
	printf("%s clock floor %.0f\n", want.mode, calibrate());
	for (r = 0; r < want.rounds; r++)
		for (i = 0; i < n; i++) {
			/* Neither sizes nor fairness depend on the clock. */
			if (*want.mode == 'w' && *table[i].unit != 't')
				continue;
			if (!fnmatch(want.op, table[i].name, 0))
				round_of(table + i, usable);
		}
	return 0;
}
