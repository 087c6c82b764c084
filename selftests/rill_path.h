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
 * @address: Fill in the hardware address and ifindex by which the other side
 *	reaches this one.
 */
struct rill_path_ops {
	const char *name;
	bool at_once;
	int (*open)(struct rill_path *path);
	void (*close)(struct rill_path *path);
	int (*socket)(struct rill_path *path, enum rill_side side, int type);
	void (*address)(struct rill_path *path, enum rill_side side,
			struct sockaddr_rill *addr);
};

/**
 * struct rill_path_end - One end of a path.
 * @ns: Its network namespace, or -1: that of the test.
 * @hw: Hardware address of its device; zero where it needs none.
 * @ifindex: Its device; 0 where none is named.
 */
struct rill_path_end {
	int ns;
	__u8 hw[RILL_HWADDR_LEN];
	unsigned int ifindex;
};

/**
 * struct rill_path - One path.
 * @ops: Its transport.
 * @type: Type of the sockets, no flags.
 * @end: The ends, by enum rill_side.
 * @hub: Namespace of the bridge between them, or -1.
 * @hosts: Ports of the bridge.
 * @filler: Connections that fill the backlog of a blocked listener.
 * @fillers: Count of @filler.
 */
struct rill_path {
	const struct rill_path_ops *ops;
	int type;
	struct rill_path_end end[2];
	int hub;
	int hosts;
	int filler[RILL_FILLERS];
	int fillers;
};

/** rill_path_loop - Loopback, the server named by the all-zero address. */
extern const struct rill_path_ops rill_path_loop;

/** RILL_PATH_DEV - The device of a path's end, where it has one. */
#define RILL_PATH_DEV	"rill0"

/** rill_path_loop_dev - Loopback, the server named by an own device. */
extern const struct rill_path_ops rill_path_loop_dev;

/** rill_path_ether - Ethernet: two namespaces joined by a veth pair, no IP. */
extern const struct rill_path_ops rill_path_ether;

/** rill_path_bridge - Ethernet: a bridge between two namespaces. */
extern const struct rill_path_ops rill_path_bridge;

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

/** rill_path_close() - Undo rill_path_open(). Does no harm a second time. */
void rill_path_close(struct rill_path *path);

/** rill_path_enter() - Let this thread act on @side. Return: 0 or -errno. */
int rill_path_enter(struct rill_path *path, enum rill_side side);

/** rill_path_sysctl() - rill_sysctl_set() on @side. Return: 0 or errno. */
int rill_path_sysctl(struct rill_path *path, enum rill_side side,
		     const char *name, const char *value);

/** rill_path_up() - rill_dev_up() of the device of @side. 0 or -errno. */
int rill_path_up(struct rill_path *path, enum rill_side side, bool up);

/** rill_path_set_hw() - rill_dev_set_hw() of the device of @side. */
int rill_path_set_hw(struct rill_path *path, enum rill_side side,
		     const __u8 hw[RILL_HWADDR_LEN]);

/** rill_path_mtu() - rill_dev_mtu() of the device of @side. */
int rill_path_mtu(struct rill_path *path, enum rill_side side, int mtu);

/** rill_path_netem() - What becomes of the frames that @side sends. */
int rill_path_netem(struct rill_path *path, enum rill_side side,
		    const struct rill_netem *netem);

/**
 * rill_path_plug() - Pull the cable of @side out of the bridge, or plug it in.
 * @path: An open rill_path_bridge.
 * @side: Whose device loses its carrier or gets it back.
 * @in: Plug it in.
 *
 * Return: 0 or -errno.
 */
int rill_path_plug(struct rill_path *path, enum rill_side side, bool in);

/**
 * rill_path_port() - Join a namespace to the bridge.
 * @path: An open rill_path_bridge.
 * @ns: The namespace.
 * @name: The device that it gets, up and running.
 *
 * Return: 0 or -errno.
 */
int rill_path_port(struct rill_path *path, int ns, const char *name);

/**
 * rill_path_host() - One more host on the bridge, with device RILL_PATH_DEV.
 * @path: An open rill_path_bridge.
 *
 * Return: its namespace or -errno.
 */
int rill_path_host(struct rill_path *path);

/**
 * rill_path_same() - Whether two names are of one socket.
 * @path: The path.
 * @a: A name that one side gave.
 * @b: A name that the other side gave, or the same.
 *
 * Interface indexes count only where both sides are on one host.
 */
bool rill_path_same(const struct rill_path *path,
		    const struct sockaddr_rill *a,
		    const struct sockaddr_rill *b);

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

/**
 * rill_path_bound() - A bound, non-blocking datagram socket of one side.
 * @path: The path.
 * @side: Where.
 * @addr: Out: its address as the other side must name it.
 *
 * Return: descriptor or -errno.
 */
int rill_path_bound(struct rill_path *path, enum rill_side side,
		    struct sockaddr_rill *addr);

/**
 * rill_path_block() - Let requests to a listener stay pending.
 * @path: The path.
 * @lfd: The listener; its backlog is full afterwards.
 *
 * Return: 0 or -errno.
 */
int rill_path_block(struct rill_path *path, int lfd);

/** rill_path_unblock() - Room for backlog + 1 requests again. 0 or -errno. */
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
 * rill_path_queued() - As rill_path_pending(), once it waits its turn.
 * @path: The path, blocked.
 * @lfd: The listener.
 * @addr: Where to.
 * @n: How many requests wait then.
 *
 * Return: descriptor or -errno.
 */
int rill_path_queued(struct rill_path *path, int lfd,
		     const struct sockaddr_rill *addr, unsigned long n);

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
