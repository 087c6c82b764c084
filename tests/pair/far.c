// SPDX-License-Identifier: GPL-2.0-only
/*
 * The far end: serves transfers, and does what it is told on PORT_CONTROL.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pair.h"

#define MOST_KEPT	16

/* errno of transfers that failed. */
static int results[2];

/* What ORDER_LISTEN made. */
static int full = -1, kept[MOST_KEPT], n_kept;

static void note(int error)
{
	if (error && error != EPIPE &&
	    write(results[1], &error, sizeof(error)) < 0)
		perror("pipe");
}

/* Until the other end has closed too. */
static void finish(int fd)
{
	char byte;

	shutdown(fd, SHUT_WR);
	while (recv(fd, &byte, 1, 0) > 0)
		;
	close(fd);
}

static void serve_transfer(int fd, int type)
{
	struct transfer t = { .fd = fd, .type = type };
	struct verdict verdict;
	struct header header;

	if (receive_all(fd, &header, sizeof(header)))
		return;
	t.send = header.fetch;
	t.fetch = header.send;
	transfer_run(&t);
	note(t.send_error);
	note(t.receive_error);
	if (t.send_error || t.receive_error)
		return;
	verdict.got = sum_end(&t.got);
	verdict.sent = sum_end(&t.sent);
	if (send(fd, &verdict, sizeof(verdict), MSG_NOSIGNAL) < 0)
		note(errno);
	finish(fd);
}

/* Requests that wait on the listener on PORT_FULL. */
static int count_pending(void)
{
	char line[256], state[32], local[64];
	FILE *file = fopen("/proc/net/rill/sockets", "r");
	int pending, found = -1;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %*s %31s %63s %*s %*d %*d %*d %d", state,
			   local, &pending) == 3 && !strcmp(state, "LISTEN") &&
		    atoi(strrchr(local, ':') + 1) == PORT_FULL)
			found = pending;
	if (file)
		fclose(file);
	return found;
}

static int await_pending(int n)
{
	long end = now_ms() + 20000;

	while (count_pending() != n) {
		if (now_ms() > end)
			return -ETIMEDOUT;
		poll(NULL, 0, 5);
	}
	return 0;
}

static int keep(int flags)
{
	struct pollfd pfd = { .fd = full, .events = POLLIN };

	if (poll(&pfd, 1, flags & SOCK_NONBLOCK ? 0 : 20000) != 1)
		return -EAGAIN;
	if (n_kept == MOST_KEPT)
		return -ENOSPC;
	kept[n_kept] = accept(full, NULL, NULL);
	if (kept[n_kept] < 0)
		return errno;
	n_kept++;
	return 0;
}

static int drain(void)
{
	int n = 0;

	while (!keep(SOCK_NONBLOCK))
		n++;
	return n;
}

static void clear(void)
{
	close(full);
	full = -1;
	while (n_kept)
		close(kept[--n_kept]);
}

static int obey(const struct order *order)
{
	char text[16];
	int error;

	switch (order->what) {
	case ORDER_LISTEN:
		full = listener_on(order->value, PORT_FULL, 0);
		return full < 0 ? errno : 0;
	case ORDER_PENDING:
		return await_pending(order->value);
	case ORDER_ACCEPT:
		return keep(0);
	case ORDER_DRAIN:
		return drain();
	case ORDER_CLOSE:
		clear();
		return 0;
	case ORDER_PATIENCE:
		snprintf(text, sizeof(text), "%d", order->value);
		write_file("/proc/sys/net/rill/user_timeout_ms", text);
		return 0;
	case ORDER_RESULT:
		if (read(results[0], &error, sizeof(error)) < 0)
			return errno;
		return error;
	}
	return -EINVAL;
}

static void serve_control(int fd, int type)
{
	struct order order;
	int answer;

	(void)type;
	if (control_patience(fd))
		perror("RILL_USER_TIMEOUT");
	while (recv(fd, &order, sizeof(order), 0) == sizeof(order)) {
		answer = obey(&order);
		send(fd, &answer, sizeof(answer), MSG_NOSIGNAL);
	}
}

static void serve_nothing(int fd, int type)
{
	(void)type;
	finish(fd);
}

static const struct service {
	int type;
	int port;
	void (*serve)(int fd, int type);
} services[] = {
	{ SOCK_SEQPACKET, PORT_CONTROL, serve_control },
	{ SOCK_STREAM, PORT_TRANSFER, serve_transfer },
	{ SOCK_SEQPACKET, PORT_TRANSFER, serve_transfer },
	{ SOCK_STREAM, PORT_STREAM, serve_nothing },
	{ SOCK_SEQPACKET, PORT_RECORDS, serve_nothing },
};

#define N_SERVICES	ARRAY_SIZE(services)

/* A process for each connection. */
static void serve(const struct service *s, int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		return;
	if (!fork()) {
		s->serve(fd, s->type);
		_exit(0);
	}
	close(fd);
}

static void echo(int fd)
{
	struct sockaddr_rill from;
	socklen_t len = sizeof(from);
	char buf[2048];
	ssize_t n;

	n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);
	if (n >= 0)
		sendto(fd, buf, n, 0, (struct sockaddr *)&from, len);
}

/* Serves until it is killed. */
int far_main(void)
{
	struct pollfd fds[N_SERVICES + 1];
	size_t i;

	signal(SIGCHLD, SIG_IGN);
	if (pipe(results))
		return 1;
	for (i = 0; i < N_SERVICES; i++)
		fds[i].fd = listener_on(services[i].type, services[i].port, 16);
	fds[i].fd = listener_on(SOCK_DGRAM, PORT_ECHO, 0);
	for (i = 0; i <= N_SERVICES; i++) {
		fds[i].events = POLLIN;
		if (fds[i].fd < 0) {
			perror("listener");
			return 1;
		}
	}
	printf("the far end serves\n");
	while (poll(fds, N_SERVICES + 1, -1) > 0) {
		for (i = 0; i < N_SERVICES; i++)
			if (fds[i].revents)
				serve(services + i, fds[i].fd);
		if (fds[i].revents)
			echo(fds[i].fd);
	}
	perror("poll");
	return 1;
}
