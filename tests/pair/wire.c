// SPDX-License-Identifier: GPL-2.0-only
/*
 * What both ends do: addresses, and a hashed transfer both ways at once.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pair.h"

#define CHUNK	32768		/* bytes of a write; the longest record */
#define MIX	0x9e3779b97f4a7c15ULL

long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* @hw: NULL for any. */
struct sockaddr_rill address_of(const unsigned char *hw, int port)
{
	struct sockaddr_rill addr = {
		.srl_family = AF_RILL,
		.srl_port = htons(port),
	};

	if (hw)
		memcpy(addr.srl_addr, hw, sizeof(addr.srl_addr));
	return addr;
}

int listener_on(int type, int port, int backlog)
{
	struct sockaddr_rill addr = address_of(NULL, port);
	int fd = socket(AF_RILL, type, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -1;
	if (type != SOCK_DGRAM && listen(fd, backlog))
		return -1;
	return fd;
}

void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

static void sum_word(struct sum *sum, __u64 word)
{
	sum->hash = (sum->hash ^ word) * MIX;
	sum->hash ^= sum->hash >> 29;
}

static void sum_bytes(struct sum *sum, const unsigned char *p, size_t len)
{
	__u64 word;

	while (len) {
		if (!sum->filled && len >= 8) {
			memcpy(&word, p, 8);
			sum_word(sum, word);
			p += 8;
			len -= 8;
			continue;
		}
		sum->word |= (__u64)*p++ << 8 * sum->filled++;
		len--;
		if (sum->filled == 8) {
			sum_word(sum, sum->word);
			sum->word = 0;
			sum->filled = 0;
		}
	}
}

/* The end of a record, or of all. */
__u64 sum_end(struct sum *sum)
{
	sum_word(sum, sum->word);
	sum_word(sum, sum->filled + 1);
	sum->word = 0;
	sum->filled = 0;
	return sum->hash;
}

/* Random bytes, eight at a time. */
static void fill(__u64 *state, __u64 *buf, size_t words)
{
	while (words--) {
		*state ^= *state << 13;
		*state ^= *state >> 7;
		*state ^= *state << 17;
		*buf++ = *state;
	}
}

static int send_all(struct transfer *t, const char *p, size_t len)
{
	ssize_t n;

	while (len) {
		n = send(t->fd, p, len, MSG_NOSIGNAL);
		if (n < 0)
			return errno;
		t->progress = now_ms();
		p += n;
		len -= n;
	}
	return 0;
}

static void *sender(void *arg)
{
	static __thread __u64 buf[CHUNK / 8];
	__u64 seed = MIX ^ (__u64)now_ms() ^ getpid(), done = 0;
	struct transfer *t = arg;
	size_t len;

	while (done < t->send) {
		fill(&seed, buf, CHUNK / 8);
		len = t->type == SOCK_SEQPACKET ? buf[0] % CHUNK + 1 : CHUNK;
		if (len > t->send - done)
			len = t->send - done;
		sum_bytes(&t->sent, (unsigned char *)buf, len);
		if (t->type == SOCK_SEQPACKET)
			sum_end(&t->sent);
		t->send_error = send_all(t, (char *)buf, len);
		if (t->send_error)
			break;
		if (t->mark && done < t->mark && done + len >= t->mark)
			t->at_mark();
		done += len;
	}
	return NULL;
}

static void receiver(struct transfer *t)
{
	static __thread unsigned char buf[CHUNK];
	__u64 done = 0;
	ssize_t n;

	while (done < t->fetch) {
		size_t want = t->fetch - done;

		n = recv(t->fd, buf, want < CHUNK ? want : CHUNK, 0);
		if (n <= 0) {
			t->receive_error = n ? errno : EPIPE;
			return;
		}
		sum_bytes(&t->got, buf, n);
		if (t->type == SOCK_SEQPACKET)
			sum_end(&t->got);
		done += n;
	}
}

/* Moves the bytes; what went wrong is in @t. */
void transfer_run(struct transfer *t)
{
	pthread_t thread;

	t->progress = now_ms();
	if (pthread_create(&thread, NULL, sender, t))
		abort();
	receiver(t);
	pthread_join(thread, NULL);
}

/*
 * What is said on the control connection may wait for an acknowledgment when a
 * cable is pulled: net.rill.user_timeout_ms is for the transfers. 0 or -1.
 */
int control_patience(int fd)
{
	__u32 ms = 600000;

	return setsockopt(fd, SOL_RILL, RILL_USER_TIMEOUT, &ms, sizeof(ms));
}

/* One struct, in as many pieces as a stream takes. 0 or -1. */
int receive_all(int fd, void *buf, size_t len)
{
	char *p = buf;
	ssize_t n;

	while (len) {
		n = recv(fd, p, len, 0);
		if (n <= 0) {
			errno = n ? errno : EPIPE;
			return -1;
		}
		p += n;
		len -= n;
	}
	return 0;
}
