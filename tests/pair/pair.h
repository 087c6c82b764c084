/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two guests on one wire: far.c serves, near.c tests. What they share.
 */
#ifndef PAIR_H
#define PAIR_H

#include <linux/rill.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

enum pair_port {
	PORT_CONTROL = 9000,	/* SEQPACKET: orders to the far end */
	PORT_TRANSFER,		/* both types: struct header first */
	PORT_STREAM,		/* STREAM only */
	PORT_RECORDS,		/* SEQPACKET only */
	PORT_FULL,		/* a listener that nobody serves, by order */
	PORT_NOBODY,
	PORT_ECHO,		/* DGRAM */
};

enum pair_order {
	ORDER_LISTEN,	/* a listener of type @value with backlog 0 */
	ORDER_PENDING,	/* wait until @value requests are pending on it */
	ORDER_ACCEPT,	/* accept one connection, keep it */
	ORDER_DRAIN,	/* accept all there are: how many */
	ORDER_CLOSE,	/* close the listener and what it accepted */
	ORDER_PATIENCE,	/* net.rill.user_timeout_ms = @value */
	ORDER_RESULT,	/* wait for the next transfer to fail: its errno */
};

/**
 * struct order - One record to PORT_CONTROL; an int comes back.
 * @what: enum pair_order.
 * @value: Its argument.
 */
struct order {
	int what;
	int value;
};

/**
 * struct header - What a connection to PORT_TRANSFER begins with.
 * @send: Bytes that follow.
 * @fetch: Bytes that shall come back, and then a struct verdict.
 */
struct header {
	__u64 send;
	__u64 fetch;
};

/**
 * struct verdict - Hashes, from the far end.
 * @got: Of what it received.
 * @sent: Of what it sent.
 */
struct verdict {
	__u64 got;
	__u64 sent;
};

/**
 * struct sum - A hash of bytes and, with SEQPACKET, of where records end.
 * @hash: Of all whole words.
 * @word: The bytes since.
 * @filled: How many these are.
 */
struct sum {
	__u64 hash;
	__u64 word;
	unsigned int filled;
};

/**
 * struct transfer - Bytes both ways over one connection, at once.
 * @fd: The connection.
 * @type: SOCK_STREAM or SOCK_SEQPACKET.
 * @send: Random bytes to send.
 * @fetch: Bytes to receive.
 * @mark: After so many bytes sent @at_mark is called; 0: never.
 * @at_mark: See there.
 * @sent: Hash of what was sent.
 * @got: Hash of what was received.
 * @send_error: errno of the sender, 0 without.
 * @receive_error: errno of the receiver, 0 without; EPIPE: ended too early.
 * @progress: When (ms) the sender last came on.
 */
struct transfer {
	int fd;
	int type;
	__u64 send;
	__u64 fetch;
	__u64 mark;
	void (*at_mark)(void);
	struct sum sent;
	struct sum got;
	int send_error;
	int receive_error;
	long progress;
};

/* wire.c */
long now_ms(void);
struct sockaddr_rill address_of(const unsigned char *hw, int port);
int listener_on(int type, int port, int backlog);
void write_file(const char *path, const char *text);
__u64 sum_end(struct sum *sum);
int receive_all(int fd, void *buf, size_t len);
void transfer_run(struct transfer *t);
int control_patience(int fd);

/* far.c, near.c */
int far_main(void);
int near_main(const char *device);

#endif /* PAIR_H */
