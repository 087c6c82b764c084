// SPDX-License-Identifier: GPL-2.0-only
/*
 * The floor: what a family cannot go below, whatever its protocol.
 */
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

/* One system call that does nothing. */
int nothing_run(struct bench *b, double *value)
{
	bench_begin();
	syscall(SYS_getppid);
	*value = bench_end();
	return 0;
}

/* Two wakeups: eventfd ping-pong with a child. */
int wakeup_prepare(struct bench *b)
{
	uint64_t one;
	pid_t child;

	b->fd[0] = eventfd(0, 0);
	b->fd[1] = eventfd(0, 0);
	if (b->fd[0] < 0 || b->fd[1] < 0)
		return -1;
	child = fork_tied();
	if (child)
		return child < 0 ? -1 : 0;
	while (read(b->fd[0], &one, sizeof(one)) == sizeof(one) &&
	       write(b->fd[1], &one, sizeof(one)) == sizeof(one))
		;
	_exit(0);
}

int wakeup_run(struct bench *b, double *value)
{
	uint64_t one = 1;

	bench_begin();
	if (write(b->fd[0], &one, sizeof(one)) != sizeof(one) ||
	    read(b->fd[1], &one, sizeof(one)) != sizeof(one))
		return -1;
	*value = bench_end();
	return 0;
}

/* One byte there and back by two pipes. */
static int pipe_there[2], pipe_back[2];

int pipe_echo_prepare(struct bench *b)
{
	char byte;
	pid_t child;

	if (pipe(pipe_there) || pipe(pipe_back))
		return -1;
	child = fork_tied();
	if (child)
		return child < 0 ? -1 : 0;
	while (read(pipe_there[0], &byte, 1) == 1 &&
	       write(pipe_back[1], &byte, 1) == 1)
		;
	_exit(0);
}

int pipe_echo_run(struct bench *b, double *value)
{
	char byte = 'x';

	bench_begin();
	if (write(pipe_there[1], &byte, 1) != 1 ||
	    read(pipe_back[0], &byte, 1) != 1)
		return -1;
	*value = bench_end();
	return 0;
}

int pipe_prepare(struct bench *b)
{
	return pipe(b->fd);
}

/* BENCH_LARGE bytes into a pipe and out, in one process. */
int pipe_large_run(struct bench *b, double *value)
{
	bench_begin();
	if (write(b->fd[1], b->out, BENCH_LARGE) != BENCH_LARGE ||
	    read(b->fd[0], b->in, BENCH_LARGE) != BENCH_LARGE)
		return -1;
	*value = bench_end();
	return 0;
}

/* One copy of BENCH_LARGE bytes by the kernel, from a file in memory. */
int copy_run(struct bench *b, double *value)
{
	bench_begin();
	if (pread(b->file, b->in, BENCH_LARGE, 0) != BENCH_LARGE)
		return -1;
	*value = bench_end();
	return 0;
}
