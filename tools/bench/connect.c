// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making connections.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench.h"

int socket_run(struct bench *b, double *value)
{
	int fd;

	bench_begin();
	fd = family_socket(b, 0);
	close(fd);
	*value = bench_end();
	return fd < 0 ? -1 : 0;
}

int listen_prepare(struct bench *b)
{
	return family_listen(b, 64);
}

/* A child accepts each connection and closes it. */
int serve_prepare(struct bench *b)
{
	pid_t child;
	int fd;

	if (family_listen(b, 64))
		return -1;
	child = fork_tied();
	if (child)
		return child < 0 ? -1 : 0;
	while ((fd = accept4(b->listener, NULL, NULL, 0)) >= 0)
		close(fd);
	_exit(1);
}

/*
 * The client goes by the server's close, and then closes too. TIPC may tell of
 * that close before connect() is back.
 */
int serve_run(struct bench *b, double *value)
{
	ssize_t n;
	int fd;

	bench_begin();
	fd = family_socket(b, 0);
	if (connect(fd, (void *)&b->address, b->length) &&
	    !(b->family->flags & FAM_ACCEPT && errno == ECONNRESET))
		return -1;
	n = read(fd, b->in, 1);
	close(fd);
	*value = bench_end();
	return n > 0 ? -1 : 0;
}

/*
 * One process does both sides. Where connect() waits for accept(), it is
 * non-blocking and its end is taken from poll().
 */
int connect_run(struct bench *b, double *value)
{
	int wait = b->family->flags & FAM_ACCEPT;
	int client, server, error;

	bench_begin();
	client = family_socket(b, wait ? SOCK_NONBLOCK : 0);
	error = connect(client, (void *)&b->address, b->length);
	if (error && wait && errno == EINPROGRESS)
		error = 0;
	if (error)
		return -1;
	server = accept4(b->listener, NULL, NULL, 0);
	if (wait)
		error = family_reap(client);
	close(client);
	close(server);
	*value = bench_end();
	return server < 0 || error ? -1 : 0;
}

/* Asks for the end of connect(), and waits for it. */
static int watch(struct bench *b, int fd)
{
	struct epoll_event event = { .events = EPOLLOUT, .data.fd = fd };

	return epoll_ctl(b->epoll, EPOLL_CTL_ADD, fd, &event);
}

static int await(struct bench *b)
{
	struct epoll_event event;

	if (epoll_wait(b->epoll, &event, 1, -1) != 1)
		return -1;
	return event.events & (EPOLLERR | EPOLLHUP) ? -1 : 0;
}

int nbconnect_prepare(struct bench *b)
{
	b->epoll = epoll_create1(0);
	return b->epoll < 0 ? -1 : family_listen(b, 64);
}

int nbconnect_run(struct bench *b, double *value)
{
	int early = b->family->flags & FAM_ACCEPT;
	int client, server = -1;

	bench_begin();
	client = family_socket(b, SOCK_NONBLOCK);
	if (connect(client, (void *)&b->address, b->length) &&
	    errno != EINPROGRESS)
		return -1;
	if (watch(b, client))
		return -1;
	if (early)
		server = accept4(b->listener, NULL, NULL, 0);
	if (await(b))
		return -1;
	*value = bench_end();
	if (!early)
		server = accept4(b->listener, NULL, NULL, 0);
	close(client);
	close(server);
	return server < 0 ? -1 : 0;
}

/* A backlog of 0 holds one connection: fd[0] fills it. */
int pending_prepare(struct bench *b)
{
	if (!(b->family->flags & FAM_PENDING)) {
		errno = EOPNOTSUPP;
		return -1;
	}
	b->epoll = epoll_create1(0);
	if (b->epoll < 0 || family_listen(b, 0))
		return -1;
	b->fd[0] = family_socket(b, 0);
	return connect(b->fd[0], (void *)&b->address, b->length);
}

/* The client waits; taking the one before it lets it in, to fill in turn. */
int pending_run(struct bench *b, double *value)
{
	int client, server;

	bench_begin();
	client = family_socket(b, SOCK_NONBLOCK);
	if (!connect(client, (void *)&b->address, b->length)) {
		errno = EISCONN;
		return -1;
	}
	if (errno != EINPROGRESS || watch(b, client))
		return -1;
	server = accept4(b->listener, NULL, NULL, 0);
	if (await(b))
		return -1;
	*value = bench_end();
	epoll_ctl(b->epoll, EPOLL_CTL_DEL, client, NULL);
	close(b->fd[0]);
	close(server);
	b->fd[0] = client;
	return server < 0 ? -1 : 0;
}
