// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shows how connects over AF_RILL end, with what each call returned:
 * outcomes refused | interrupted | timeout | broadcast
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <linux/rill.h>

#define PORT	9090

/* Prints a call and what it returned, and passes that on. */
static int show(const char *call, int ret)
{
	int error = errno;

	if (ret < 0)
		printf("  %-34s = -1 %s (%s)\n", call, strerrorname_np(error),
		       strerror(error));
	else
		printf("  %-34s = %d\n", call, ret);
	errno = error;
	return ret;
}

static void must(int ok, const char *what)
{
	if (ok)
		return;
	printf("UNEXPECTED: %s\n", what);
	exit(1);
}

static void show_sockets(void)
{
	char line[256];
	FILE *file = fopen("/proc/net/rill/sockets", "r");

	must(!!file, "no /proc/net/rill/sockets");
	printf("  /proc/net/rill/sockets now:\n");
	while (fgets(line, sizeof(line), file))
		printf("    %s", line);
	fclose(file);
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static struct sockaddr_rill address(void)
{
	struct sockaddr_rill addr = {
		.srl_family = AF_RILL,
		.srl_port = htons(PORT),
	};

	return addr;
}

static int try_connect(int fd)
{
	struct sockaddr_rill addr = address();

	return connect(fd, (struct sockaddr *)&addr, sizeof(addr));
}

/* A listener whose backlog of 0 is full with one connection. */
static int full_listener(void)
{
	struct sockaddr_rill addr = address();
	int fd = socket(AF_RILL, SOCK_STREAM, 0);
	int first = socket(AF_RILL, SOCK_STREAM, 0);

	must(fd >= 0 && first >= 0, "socket()");
	must(!bind(fd, (struct sockaddr *)&addr, sizeof(addr)), "bind()");
	must(!listen(fd, 0), "listen()");
	must(!try_connect(first), "the first connect()");
	printf("  a listener with backlog 0 has one connection waiting: full\n");
	return fd;
}

static void on_alarm(int sig)
{
	static const char text[] = "  (a signal arrives; SA_RESTART is set)\n";

	(void)sig;
	if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0)
		_exit(1);
}

static void refused(void)
{
	int fd = socket(AF_RILL, SOCK_STREAM, 0);

	must(show("connect(port nobody listens on)", try_connect(fd)) < 0 &&
	     errno == ECONNREFUSED, "the port is taken?");
}

static void interrupted(void)
{
	struct sigaction act = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct itimerval soon = { .it_value.tv_usec = 300000 };
	int listener = full_listener();
	int fd = socket(AF_RILL, SOCK_STREAM, 0);
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int error = -1;

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	must(show("connect()", try_connect(fd)) < 0 && errno == EINTR,
	     "no EINTR");
	must(show("connect() again", try_connect(fd)) < 0 && errno == EALREADY,
	     "no EALREADY");
	show_sockets();
	must(show("accept() by the server", accept(listener, NULL, NULL)) >= 0,
	     "accept()");
	must(show("poll(POLLOUT)", poll(&pfd, 1, 5000)) == 1, "poll()");
	must(!getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len), "SO_ERROR");
	show("SO_ERROR", error);
	must(error == 0, "SO_ERROR");
	must(show("connect() once more", try_connect(fd)) < 0 &&
	     errno == EISCONN, "no EISCONN");
	show_sockets();
}

static void timed_out(void)
{
	__u32 ms = 500;
	long start;
	int fd;

	full_listener();
	fd = socket(AF_RILL, SOCK_STREAM, 0);
	must(!show("setsockopt(RILL_CONNECT_TIMEOUT, 500)",
		   setsockopt(fd, SOL_RILL, RILL_CONNECT_TIMEOUT, &ms,
			      sizeof(ms))), "setsockopt()");
	start = now_ms();
	must(show("connect()", try_connect(fd)) < 0 && errno == ETIMEDOUT,
	     "no ETIMEDOUT");
	printf("  after %ld ms\n", now_ms() - start);
	show_sockets();
}

/* Nobody says where the service is: the link is asked. */
static void broadcast(void)
{
	struct sockaddr_rill addr = {
		.srl_family = AF_RILL,
		.srl_port = htons(8080),
		.srl_addr = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	};
	int fd = socket(AF_RILL, SOCK_STREAM, 0), one = 1;
	socklen_t len = sizeof(addr);
	const unsigned char *hw = addr.srl_addr;

	must(!show("setsockopt(SO_BROADCAST, 1)",
		   setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one))),
	     "setsockopt()");
	must(!show("connect(ff:ff:ff:ff:ff:ff, 8080)",
		   connect(fd, (struct sockaddr *)&addr, sizeof(addr))),
	     "nobody answers");
	must(!show("getpeername()",
		   getpeername(fd, (struct sockaddr *)&addr, &len)),
	     "getpeername()");
	printf("  the service is at %02x:%02x:%02x:%02x:%02x:%02x\n", hw[0],
	       hw[1], hw[2], hw[3], hw[4], hw[5]);
	must(write(fd, "found\n", 6) == 6, "write()");
}

int main(int argc, char **argv)
{
	const char *which = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(which, "refused"))
		refused();
	else if (!strcmp(which, "interrupted"))
		interrupted();
	else if (!strcmp(which, "timeout"))
		timed_out();
	else if (!strcmp(which, "broadcast"))
		broadcast();
	else
		return 2;
	return 0;
}
