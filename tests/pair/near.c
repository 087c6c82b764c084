// SPDX-License-Identifier: GPL-2.0-only
/*
 * The near end: the tests, in TAP. What only the rig can do (carriers, the far
 * guest's death) is asked for by a line "rig: WHO WHAT" on standard output.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../unit/tap.h"

#include "pair.h"

#define SIZE		(3ULL << 20)	/* bytes of a transfer, one way */
#define ENDLESS		0x10000000000ULL
#define BOOT_MS		120000		/* until the far guest serves */
#define LONG_MS		20000		/* what must happen, has by then */
#define SHORT_MS	700		/* a timeout that is waited for */
#define PATIENCE_MS	2500		/* a user timeout that is waited for */
#define USUAL_MS	30000		/* the user timeout otherwise */

static const unsigned char everyone[6] = { 255, 255, 255, 255, 255, 255 };
static const unsigned char nobody[6] = { 0x52, 0x54, 0, 0x72, 0x6c, 0x99 };
static unsigned char far[6], own[6];
static const char *device;
static int control = -1;

/* What stands in a file of one line; -1: nothing. */
static int number_in(const char *path)
{
	FILE *file = fopen(path, "r");
	int value = -1;

	if (file && fscanf(file, "%d", &value) != 1)
		value = -1;
	if (file)
		fclose(file);
	return value;
}

static int plugged(void)
{
	char path[80];

	snprintf(path, sizeof(path), "/sys/class/net/%s/carrier", device);
	return number_in(path);
}

static long counter(const char *name)
{
	FILE *file = fopen("/proc/net/rill/counters", "r");
	long value, found = -1;
	char word[64];

	while (file && fscanf(file, "%63s %ld", word, &value) == 2)
		if (!strcmp(word, name))
			found = value;
	if (file)
		fclose(file);
	return found;
}

static void await_carrier(int want)
{
	long end = now_ms() + LONG_MS;

	while (plugged() != want && now_ms() < end)
		poll(NULL, 0, 10);
	check(plugged() == want, "on the wire: %d", plugged());
}

/* Until a timer of ours has found that nothing comes through. */
static void await_timeout(long before)
{
	long end = now_ms() + LONG_MS;

	while (counter("timeouts") <= before && now_ms() < end)
		poll(NULL, 0, 10);
	check(counter("timeouts") > before, "no retransmission timeout");
}

static void ask(const char *what)
{
	printf("rig: %s\n", what);
}

static void set_up(bool up)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct ifreq ifr = {};

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", device);
	check(!ioctl(fd, SIOCGIFFLAGS, &ifr), "SIOCGIFFLAGS: %m");
	ifr.ifr_flags = up ? ifr.ifr_flags | IFF_UP : ifr.ifr_flags & ~IFF_UP;
	check(!ioctl(fd, SIOCSIFFLAGS, &ifr), "SIOCSIFFLAGS: %m");
	close(fd);
}

static int order(int what, int value)
{
	struct order order = { what, value };
	int answer = -1;

	if (send(control, &order, sizeof(order), MSG_NOSIGNAL) < 0 ||
	    recv(control, &answer, sizeof(answer), 0) != sizeof(answer))
		check(false, "%d not obeyed: %m", what);
	return answer;
}

static int patient_socket(int type, int ms)
{
	int fd = socket(AF_RILL, type, 0), one = 1;
	__u32 timeout = ms;

	check(fd >= 0, "socket: %m");
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	check(!setsockopt(fd, SOL_RILL, RILL_CONNECT_TIMEOUT, &timeout,
			  sizeof(timeout)), "RILL_CONNECT_TIMEOUT: %m");
	return fd;
}

/* 0 or errno. */
static int connect_to(int fd, const unsigned char *hw, int port)
{
	struct sockaddr_rill addr = address_of(hw, port);

	return connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ? errno : 0;
}

static int connected(int type, int port)
{
	int fd = patient_socket(type, LONG_MS);
	int error = connect_to(fd, far, port);

	check(!error, "connect: %s", strerror(error));
	return fd;
}

/* A non-blocking connect() that is pending. */
static int pending(int type, const unsigned char *hw, int port, int ms)
{
	int fd = patient_socket(type, ms), error;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	error = connect_to(fd, hw, port);
	check(error == EINPROGRESS, "connect: %s", strerror(error));
	return fd;
}

/* Waits for its end; gives SO_ERROR. */
static int ended(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int error = -1;

	check(poll(&pfd, 1, LONG_MS) == 1, "poll: no end");
	check(pfd.revents & POLLOUT, "poll: %#x", pfd.revents);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	check(!(pfd.revents & POLLERR) == !error, "poll: %#x, %s", pfd.revents,
	      strerror(error));
	return error;
}

static void expect_end(int fd, int want)
{
	int error = ended(fd);

	check(error == want, "SO_ERROR: %s", strerror(error));
	close(fd);
}

static void expect_connect(int type, int ms, const unsigned char *hw, int port,
			   int want)
{
	int fd = patient_socket(type, ms);
	int error = connect_to(fd, hw, port);

	check(error == want, "connect: %s", strerror(error));
	close(fd);
}

/* The first one also waits for the far guest. */
static void test_broadcast(int type)
{
	struct sockaddr_rill peer = {};
	socklen_t len = sizeof(peer);
	int fd = patient_socket(type, BOOT_MS);
	int error = connect_to(fd, everyone, PORT_TRANSFER), zero = 0;

	check(!error, "connect: %s", strerror(error));
	check(!getpeername(fd, (struct sockaddr *)&peer, &len),
	      "getpeername: %m");
	memcpy(far, peer.srl_addr, sizeof(far));
	check(far[0] == 0x52 && memcmp(far, own, sizeof(far)), "peer's address");
	close(fd);
	fd = patient_socket(type, SHORT_MS);
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &zero, sizeof(zero));
	error = connect_to(fd, everyone, PORT_TRANSFER);
	check(error == EACCES, "without SO_BROADCAST: %s", strerror(error));
	close(fd);
}

static void test_connect(int type)
{
	int fd = connected(type, PORT_TRANSFER), error;
	struct sockaddr_rill addr = {};
	socklen_t len = sizeof(addr);

	getsockname(fd, (struct sockaddr *)&addr, &len);
	check(!memcmp(addr.srl_addr, own, sizeof(own)), "own address");
	check(addr.srl_ifindex == if_nametoindex(device), "own interface");
	getpeername(fd, (struct sockaddr *)&addr, &len);
	check(!memcmp(addr.srl_addr, far, sizeof(far)), "peer's address");
	error = connect_to(fd, far, PORT_TRANSFER);
	check(error == EISCONN, "again: %s", strerror(error));
	close(fd);
}

static void test_refused(int type)
{
	int fd = patient_socket(type, LONG_MS);
	int error = connect_to(fd, far, PORT_NOBODY);

	check(error == ECONNREFUSED, "connect: %s", strerror(error));
	error = connect_to(fd, far, PORT_TRANSFER);
	check(!error, "the same socket: %s", strerror(error));
	close(fd);
	fd = pending(type, far, PORT_NOBODY, LONG_MS);
	check(ended(fd) == ECONNREFUSED, "SO_ERROR");
	close(fd);
}

static void test_prototype(int type)
{
	int port = type == SOCK_STREAM ? PORT_RECORDS : PORT_STREAM;

	expect_connect(type, LONG_MS, far, port, EPROTOTYPE);
	expect_end(pending(type, far, port, LONG_MS), EPROTOTYPE);
}

static void test_silence(int type)
{
	long start = now_ms();
	int fd = patient_socket(type, SHORT_MS);
	int error = connect_to(fd, nobody, PORT_TRANSFER);

	check(error == ETIMEDOUT, "connect: %s", strerror(error));
	check(now_ms() - start >= SHORT_MS - 15, "after %ld ms",
	      now_ms() - start);
	error = connect_to(fd, far, PORT_TRANSFER);
	check(!error, "the same socket: %s", strerror(error));
	close(fd);
	expect_connect(type, SHORT_MS, everyone, PORT_NOBODY, ETIMEDOUT);
}

static void test_nonblocking(int type)
{
	int fd = pending(type, far, PORT_TRANSFER, LONG_MS), error;

	error = ended(fd);
	check(!error, "SO_ERROR: %s", strerror(error));
	error = connect_to(fd, far, PORT_TRANSFER);
	check(error == EISCONN, "again: %s", strerror(error));
	close(fd);
}

/* A listener whose backlog is full; gives the connection that fills it. */
static int fill_listener(int type)
{
	int error = order(ORDER_LISTEN, type);

	check(!error, "the far listener: %s", strerror(error));
	return connected(type, PORT_FULL);
}

static int pending_on_full(int type, int ms)
{
	int fd = pending(type, far, PORT_FULL, ms);

	check(!order(ORDER_PENDING, 1), "it does not get there");
	return fd;
}

static void test_pending(int type)
{
	int first = fill_listener(type);
	int fd = pending_on_full(type, LONG_MS), error;

	error = connect_to(fd, far, PORT_FULL);
	check(error == EALREADY, "again: %s", strerror(error));
	check(!order(ORDER_ACCEPT, 0), "accept");
	expect_end(fd, 0);
	order(ORDER_CLOSE, 0);
	close(first);
}

static void test_listener_closes(int type)
{
	int first = fill_listener(type);
	int fd = pending_on_full(type, LONG_MS);

	order(ORDER_CLOSE, 0);
	expect_end(fd, ECONNREFUSED);
	close(first);
}

/* What timed out or was closed is never accepted. */
static void test_withdrawn(int type)
{
	int first = fill_listener(type), n;

	expect_end(pending_on_full(type, SHORT_MS), ETIMEDOUT);
	check(!order(ORDER_PENDING, 0), "the far end keeps it");
	close(pending_on_full(type, LONG_MS));
	check(!order(ORDER_PENDING, 0), "the far end keeps the closed one");
	n = order(ORDER_DRAIN, 0);
	check(n == 1, "%d accepted", n);
	order(ORDER_CLOSE, 0);
	close(first);
}

static struct transfer begin(int type, __u64 size, __u64 fetch)
{
	struct transfer t = { .type = type, .send = size, .fetch = fetch };
	struct header header = { .send = size, .fetch = fetch };

	t.fd = connected(type, PORT_TRANSFER);
	check(send(t.fd, &header, sizeof(header), MSG_NOSIGNAL) ==
	      sizeof(header), "header: %m");
	return t;
}

/* Moves the bytes and compares the hashes of both ends. */
static void complete(struct transfer *t)
{
	struct verdict verdict = {};
	long start = now_ms();
	char byte;

	transfer_run(t);
	check(!t->send_error, "send: %s", strerror(t->send_error));
	check(!t->receive_error, "receive: %s", strerror(t->receive_error));
	check(!receive_all(t->fd, &verdict, sizeof(verdict)), "verdict: %m");
	check(verdict.got == sum_end(&t->sent), "what went out differs");
	check(verdict.sent == sum_end(&t->got), "what came in differs");
	check(recv(t->fd, &byte, 1, 0) == 0, "no end");
	printf("# %llu bytes out, %llu in, %ld ms\n",
	       (unsigned long long)t->send, (unsigned long long)t->fetch,
	       now_ms() - start);
	close(t->fd);
}

static void test_out(int type)
{
	struct transfer t = begin(type, SIZE, 0);

	complete(&t);
}

static void test_in(int type)
{
	struct transfer t = begin(type, 0, SIZE);

	complete(&t);
}

static void test_both(int type)
{
	struct transfer t = begin(type, SIZE, SIZE);

	complete(&t);
}

static void transfer_with(int type, void (*at_mark)(void))
{
	struct transfer t = begin(type, SIZE, SIZE);

	t.mark = SIZE / 3;
	t.at_mark = at_mark;
	complete(&t);
}

/* Beside the sender, which has filled its buffer meanwhile. */
static void *plug_later(void *arg)
{
	long *before = arg;

	await_timeout(*before);
	ask("near on");
	await_carrier(1);
	return NULL;
}

static pthread_t plugger;

static void pull_and_plug(void)
{
	static long before;

	ask("near off");
	await_carrier(0);
	before = counter("timeouts");
	check(!pthread_create(&plugger, NULL, plug_later, &before), "thread");
}

static void test_carrier(int type)
{
	transfer_with(type, pull_and_plug);
	pthread_join(plugger, NULL);
}

static void down_and_up(void)
{
	set_up(false);
	set_up(true);
	await_carrier(1);
}

static void test_device_down(int type)
{
	transfer_with(type, down_and_up);
}

static void pull(void)
{
	ask("near off");
	await_carrier(0);
}

static void plug(void)
{
	ask("near on");
	await_carrier(1);
}

static void pull_far(void)
{
	ask("far off");
}

static void kill_far(void)
{
	ask("far kill");
}

static void set_patience(int ms)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", ms);
	write_file("/proc/sys/net/rill/user_timeout_ms", text);
}

/* An endless transfer both ways that ends with @want within the timeout. */
static void broken(int type, void (*at_mark)(void), int want)
{
	struct transfer t;
	long took;

	set_patience(PATIENCE_MS);
	t = begin(type, ENDLESS, ENDLESS);
	t.mark = SIZE / 3;
	t.at_mark = at_mark;
	transfer_run(&t);
	took = now_ms() - t.progress;
	check(t.send_error == want || t.receive_error == want, "ends with %s, %s",
	      strerror(t.send_error), strerror(t.receive_error));
	check(took < PATIENCE_MS + 5000, "after %ld ms", took);
	close(t.fd);
	set_patience(USUAL_MS);
}

static void expect_far_result(void)
{
	int error = order(ORDER_RESULT, 0);

	check(error == ETIMEDOUT, "the far end: %s", strerror(error));
	order(ORDER_PATIENCE, USUAL_MS);
}

static void test_own_carrier_lost(int type)
{
	order(ORDER_PATIENCE, PATIENCE_MS);
	broken(type, pull, EHOSTUNREACH);
	expect_connect(type, LONG_MS, far, PORT_TRANSFER, EHOSTUNREACH);
	plug();
	expect_far_result();
}

static void test_far_carrier_lost(int type)
{
	broken(type, pull_far, ETIMEDOUT);
	expect_connect(type, SHORT_MS, far, PORT_TRANSFER, ETIMEDOUT);
	ask("far on");
	expect_connect(type, LONG_MS, far, PORT_TRANSFER, 0);
}

static void test_pending_link(int type)
{
	int first = fill_listener(type);
	int fd = pending_on_full(type, LONG_MS);

	ask("near off");
	expect_end(fd, EHOSTUNREACH);
	await_carrier(0);
	plug();
	/* The far end forgets the first when the third comes. */
	fd = pending(type, nobody, PORT_FULL, LONG_MS);
	set_up(false);
	expect_end(fd, ENETDOWN);
	set_up(true);
	await_carrier(1);
	order(ORDER_CLOSE, 0);
	close(first);
}

static void test_killed(int type)
{
	broken(type, kill_far, ETIMEDOUT);
}

static void test_dgram(void)
{
	int fd = socket(AF_RILL, SOCK_DGRAM, 0);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char buf[1400] = "datagram", back[1500];
	int error;

	check(!connect_to(fd, far, PORT_ECHO), "connect: %m");
	check(send(fd, buf, sizeof(buf), 0) == sizeof(buf), "send: %m");
	check(poll(&pfd, 1, LONG_MS) == 1, "no echo");
	check(recv(fd, back, sizeof(back), 0) == sizeof(buf) &&
	      !memcmp(buf, back, sizeof(buf)), "another echo");
	check(send(fd, buf, 1, 0) == 1 && poll(&pfd, 1, LONG_MS) == 1 &&
	      recv(fd, back, sizeof(back), 0) == 1, "no echo of a byte");
	check(!connect_to(fd, far, PORT_NOBODY), "connect: %m");
	check(send(fd, buf, 1, 0) == 1, "send: %m");
	check(poll(&pfd, 1, LONG_MS) == 1, "no answer");
	error = recv(fd, back, sizeof(back), 0) < 0 ? errno : 0;
	check(error == ECONNREFUSED, "recv: %s", strerror(error));
	close(fd);
}

static const struct test {
	const char *name;
	void (*run)(int type);
	bool once;
} tests[] = {
	{ "C27_broadcast", test_broadcast, false },
	{ "C01_connect", test_connect, false },
	{ "C11_refused", test_refused, false },
	{ "C24_prototype", test_prototype, false },
	{ "C09_nobody_answers", test_silence, false },
	{ "C03_nonblocking", test_nonblocking, false },
	{ "C03_pending", test_pending, false },
	{ "C11_listener_closes", test_listener_closes, false },
	{ "C34_withdrawn", test_withdrawn, false },
	{ "transfer_out", test_out, false },
	{ "transfer_in", test_in, false },
	{ "transfer_both", test_both, false },
	{ "transfer_carrier_off_and_on", test_carrier, false },
	{ "transfer_device_down_and_up", test_device_down, true },
	{ "C14_C15_link_lost_while_pending", test_pending_link, true },
	{ "transfer_own_carrier_lost", test_own_carrier_lost, true },
	{ "transfer_far_carrier_lost", test_far_carrier_lost, true },
};

static void open_control(void)
{
	control = connected(SOCK_SEQPACKET, PORT_CONTROL);
	check(!control_patience(control), "RILL_USER_TIMEOUT: %m");
}

static void run(const struct test *test, int type)
{
	char name[80];

	test->run(type);
	snprintf(name, sizeof(name), "%s.%s",
		 type == SOCK_STREAM ? "stream" : "seqpacket", test->name);
	tap_end(name);
}

static bool own_address(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), ret;
	struct ifreq ifr = {};

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", device);
	ret = ioctl(fd, SIOCGIFHWADDR, &ifr);
	memcpy(own, ifr.ifr_hwaddr.sa_data, sizeof(own));
	close(fd);
	return !ret;
}

/* Return: 0 when all went well. */
int near_main(const char *dev)
{
	const struct test killed = { "far_guest_killed", test_killed, true };
	size_t i;

	device = dev;
	if (!own_address()) {
		perror(dev);
		return 1;
	}
	await_carrier(1);
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		run(tests + i, SOCK_STREAM);
		if (!i)
			open_control();
		if (!tests[i].once)
			run(tests + i, SOCK_SEQPACKET);
	}
	test_dgram();
	tap_end("dgram.echo_and_refusal");
	run(&killed, SOCK_STREAM);
	close(control);
	return tap_done();
}
