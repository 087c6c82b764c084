// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moving bytes over a connection.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "bench.h"

int pair_prepare(struct bench *b)
{
	if (family_listen(b, 64))
		return -1;
	return family_pair(b, b->fd);
}

/* A child answers each byte. */
int echo_prepare(struct bench *b)
{
	char byte;
	pid_t child;

	if (pair_prepare(b))
		return -1;
	child = fork_tied();
	if (child)
		return child < 0 ? -1 : 0;
	while (read(b->fd[1], &byte, 1) == 1 && write(b->fd[1], &byte, 1) == 1)
		;
	_exit(0);
}

int echo_run(struct bench *b, double *value)
{
	char byte = 'x';

	bench_begin();
	if (write(b->fd[0], &byte, 1) != 1 || read(b->fd[0], &byte, 1) != 1)
		return -1;
	*value = bench_end();
	return 0;
}

/* Reads what was sent: @total bytes, @size at a time. */
static int drain(struct bench *b, size_t total, size_t size)
{
	ssize_t n;

	while (total) {
		n = read(b->fd[1], b->in, size);
		if (n <= 0)
			return -1;
		total -= n;
	}
	return 0;
}

/* A child reads all there is, and answers one byte for each batch. */
static int drain_apart(struct bench *b, size_t batch, size_t size)
{
	pid_t child;

	if (pair_prepare(b))
		return -1;
	child = fork_tied();
	if (child)
		return child < 0 ? -1 : 0;
	while (!drain(b, batch, size) && write(b->fd[1], b->out, 1) == 1)
		;
	_exit(0);
}

int small_prepare(struct bench *b)
{
	return drain_apart(b, BENCH_MANY * BENCH_SMALL, BENCH_PAGE);
}

/* Writes to a process that reads them, up to the answer. */
int small_run(struct bench *b, double *value)
{
	int i;

	bench_begin();
	for (i = 0; i < BENCH_MANY; i++)
		if (write(b->fd[0], b->out, BENCH_SMALL) != BENCH_SMALL)
			return -1;
	if (read(b->fd[0], b->in, 1) != 1)
		return -1;
	*value = bench_end() / BENCH_MANY;
	return 0;
}

/* The writes alone: nobody waits for them, they are read later. */
int queue_run(struct bench *b, double *value)
{
	int i;

	bench_begin();
	for (i = 0; i < BENCH_BATCH; i++)
		if (write(b->fd[0], b->out, BENCH_SMALL) != BENCH_SMALL)
			return -1;
	*value = bench_end() / BENCH_BATCH;
	return drain(b, BENCH_BATCH * BENCH_SMALL, BENCH_PAGE);
}

/* Large writes to a process that reads them, up to the answer. */
int drain_prepare(struct bench *b, int writes)
{
	return drain_apart(b, (size_t)writes * BENCH_LARGE, BENCH_LARGE);
}

int large_prepare(struct bench *b)
{
	return drain_prepare(b, BENCH_BATCH);
}

static ssize_t put(struct bench *b, bool file, size_t sent)
{
	off_t offset = sent;

	if (file)
		return sendfile(b->fd[0], b->file, &offset, BENCH_LARGE - sent);
	return write(b->fd[0], b->out + sent, BENCH_LARGE - sent);
}

static int large_batch(struct bench *b, bool file, int writes, double *value)
{
	size_t sent;
	ssize_t n;
	int i;

	bench_begin();
	for (i = 0; i < writes; i++)
		for (sent = 0; sent < BENCH_LARGE; sent += n) {
			n = put(b, file, sent);
			if (n <= 0)
				return -1;
		}
	if (read(b->fd[0], b->in, 1) != 1)
		return -1;
	*value = bench_end() / writes;
	return 0;
}

int write_batch(struct bench *b, int writes, double *value)
{
	return large_batch(b, false, writes, value);
}

int large_run(struct bench *b, double *value)
{
	return write_batch(b, BENCH_BATCH, value);
}

int file_prepare(struct bench *b)
{
	b->file = memfd_create("bench", 0);
	if (b->file < 0 || write(b->file, b->out, BENCH_LARGE) != BENCH_LARGE)
		return -1;
	return b->family ? large_prepare(b) : 0;
}

int sendfile_run(struct bench *b, double *value)
{
	return large_batch(b, true, BENCH_BATCH, value);
}

/*
 * Both sides in one process, in turns: as much as the sender takes, then all
 * there is to read, until BENCH_LARGE bytes are through.
 */
int turn_run(struct bench *b, double *value)
{
	struct pollfd p = { .fd = b->fd[1], .events = POLLIN };
	size_t sent = 0, got = 0;
	ssize_t n;

	bench_begin();
	while (got < BENCH_LARGE) {
		n = sent == BENCH_LARGE ? 0 :
			send(b->fd[0], b->out + sent, BENCH_LARGE - sent, MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN)
			return -1;
		sent += n > 0 ? n : 0;
		n = recv(b->fd[1], b->in, BENCH_LARGE, MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN && poll(&p, 1, -1) == 1)
			continue;
		if (n <= 0)
			return -1;
		got += n;
	}
	*value = bench_end();
	return 0;
}
