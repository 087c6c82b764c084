/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A path: two ends between which the tests connect, over one transport. A
 * test written against a path runs on each transport that has rill_path_ops.
 */
#ifndef RILL_PATH_H
#define RILL_PATH_H

#include "rill_test.h"

/** RILL_FILLERS - Most connections that rill_path_block() makes. */
#define RILL_FILLERS	16

/** enum rill_side - The end that connects and the end that listens. */
enum rill_side {
	RILL_CLIENT,
	RILL_SERVER,
};

struct rill_path;

/**
 * struct rill_path_ops - What a transport must be able to do for the tests.
 * @name: For messages.
 * @at_once: A request that finds room or nobody ends within connect().
 * @open: Make namespaces and devices; enter the client's. 0 or -errno.
 * @close: Undo @open.
 * @socket: A socket of one side, type with flags. Descriptor or -errno.
 * @address: Fill in the hardware address and ifindex by which the client
 *	reaches the server.
 * @block: From now on requests to the listener stay pending. 0 or -errno.
 * @unblock: End @block: room for backlog + 1 requests. 0 or -errno.
 */
struct rill_path_ops {
	const char *name;
	bool at_once;
	int (*open)(struct rill_path *path);
	void (*close)(struct rill_path *path);
	int (*socket)(struct rill_path *path, enum rill_side side, int type);
	void (*address)(struct rill_path *path, struct sockaddr_rill *addr);
	int (*block)(struct rill_path *path, int lfd);
	int (*unblock)(struct rill_path *path, int lfd);
};

/**
 * struct rill_path - One path.
 * @ops: Its transport.
 * @type: Type of the sockets, no flags.
 * @hw: Hardware address by which the server is named.
 * @ifindex: Interface by which the server is named.
 * @filler: Connections made by @ops->block, by the transport's own rules.
 * @fillers: Count of @filler.
 */
struct rill_path {
	const struct rill_path_ops *ops;
	int type;
	__u8 hw[RILL_HWADDR_LEN];
	unsigned int ifindex;
	int filler[RILL_FILLERS];
	int fillers;
};

/** rill_path_loop - Loopback, the server named by the all-zero address. */
extern const struct rill_path_ops rill_path_loop;

/** RILL_PATH_DEV - The device that rill_path_loop_dev names. */
#define RILL_PATH_DEV	"rill0"

/** rill_path_loop_dev - Loopback, the server named by an own device. */
extern const struct rill_path_ops rill_path_loop_dev;

/**
 * rill_path_open() - Set up @path.
 * @path: Out.
 * @ops: Transport.
 * @type: Type of its sockets.
 *
 * Return: 0, -EPERM without privilege, or -errno.
 */
int rill_path_open(struct rill_path *path, const struct rill_path_ops *ops,
		   int type);

/** rill_path_close() - Undo rill_path_open(). */
void rill_path_close(struct rill_path *path);

/** rill_path_socket() - A client's socket; @flags: SOCK_NONBLOCK or 0. */
int rill_path_socket(struct rill_path *path, int flags);

/**
 * rill_path_listen() - A listening, non-blocking socket on the server.
 * @path: The path.
 * @backlog: For listen(); at most RILL_FILLERS - 1.
 * @addr: Out: its address as the client must name it.
 *
 * Return: descriptor or -errno.
 */
int rill_path_listen(struct rill_path *path, int backlog,
		     struct sockaddr_rill *addr);

/** rill_path_block() - Requests to @lfd stay pending. 0 or -errno. */
int rill_path_block(struct rill_path *path, int lfd);

/** rill_path_unblock() - End rill_path_block(). Return: 0 or -errno. */
int rill_path_unblock(struct rill_path *path, int lfd);

/**
 * rill_path_pending() - A new non-blocking client's socket that is pending.
 * @path: The path, blocked.
 * @addr: Where to.
 *
 * Return: descriptor or -errno.
 */
int rill_path_pending(struct rill_path *path, const struct sockaddr_rill *addr);

/**
 * rill_path_settle() - The outcome of a non-blocking request under way.
 * @path: The path.
 * @fd: Its socket.
 *
 * Return: 0 or errno by SO_ERROR, once it ended; EINPROGRESS on a transport
 * where it had to end at once.
 */
int rill_path_settle(struct rill_path *path, int fd);

/**
 * rill_path_connect() - connect() a socket of any mode, up to the outcome.
 * @path: The path.
 * @fd: Its socket.
 * @addr: Where to.
 *
 * Return: 0 or errno.
 */
int rill_path_connect(struct rill_path *path, int fd,
		      const struct sockaddr_rill *addr);

/**
 * rill_path_pair() - A connected pair across the path.
 * @path: The path.
 * @fd: Out: [RILL_CLIENT] and [RILL_SERVER], both blocking.
 *
 * Return: 0 or -errno.
 */
int rill_path_pair(struct rill_path *path, int fd[2]);

/**
 * rill_accept() - accept() on a non-blocking listener, waiting for it.
 * @lfd: The listener.
 *
 * Return: descriptor or -errno; -ETIMEDOUT when nothing came.
 */
int rill_accept(int lfd);

/**
 * struct rill_blocked - A connect() known to sleep in its thread.
 * @lfd: The listener, without room.
 * @conn: What the thread connects.
 * @call: The thread.
 */
struct rill_blocked {
	int lfd;
	struct rill_connect_call conn;
	struct rill_call call;
};

/** rill_blocked_setup() - Make listener and socket of @b; 0 or -errno. */
int rill_blocked_setup(struct rill_blocked *b, struct rill_path *path);

/** rill_blocked_start() - Also start the call, and know it to sleep. */
int rill_blocked_start(struct rill_blocked *b, struct rill_path *path);

/** rill_nothing_to_accept() - Whether non-blocking @lfd has no connection. */
bool rill_nothing_to_accept(int lfd);

/**
 * rill_ping() - Send a byte each way between two connected sockets.
 * @a: One end.
 * @b: The other.
 *
 * Return: 0 or -errno.
 */
int rill_ping(int a, int b);

#endif /* RILL_PATH_H */
