/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the AF_RILL selftests other than connect's share: moving bytes.
 * Include it after "rill_test.h".
 *
 * Counts are given as the calls give them, failures as -errno; options and
 * makers follow the conventions of rill_test.h.
 */
#ifndef RILL_IO_H
#define RILL_IO_H

#include <sys/types.h>
#include "rill_test.h"

/**
 * RILL_IN_NETNS() - Put the test into a network namespace of its own.
 * @leave: Statement that leaves the test, as for SKIP().
 */
#define RILL_IN_NETNS(leave)						\
	do {								\
		int __err = rill_netns_new();				\
									\
		if (__err == -EPERM)					\
			SKIP(leave, "needs CAP_SYS_ADMIN");		\
		ASSERT_EQ(0, __err);					\
	} while (0)

/** RILL_SHORT_MS - A timeout that tests let pass. */
#define RILL_SHORT_MS	50

/** RILL_LEAST_MS - What then has passed at least: a tick may be missing. */
#define RILL_LEAST_MS	35

/** rill_send() - send(). Return: bytes or -errno. */
ssize_t rill_send(int fd, const void *buf, size_t len, int flags);

/** rill_recv() - recv(). Return: bytes or -errno. */
ssize_t rill_recv(int fd, void *buf, size_t len, int flags);

/** rill_sendto() - sendto() an AF_RILL address. Return: bytes or -errno. */
ssize_t rill_sendto(int fd, const void *buf, size_t len, int flags,
		    const struct sockaddr_rill *addr);

/** rill_recvfrom() - recvfrom() with the name. Return: bytes or -errno. */
ssize_t rill_recvfrom(int fd, void *buf, size_t len, int flags,
		      struct sockaddr_rill *addr);

/** rill_sendmsg() - sendmsg(). Return: bytes or -errno. */
ssize_t rill_sendmsg(int fd, struct msghdr *msg, int flags);

/** rill_recvmsg() - recvmsg(). Return: bytes or -errno. */
ssize_t rill_recvmsg(int fd, struct msghdr *msg, int flags);

/** rill_listen() - listen(). Return: 0 or errno. */
int rill_listen(int fd, int backlog);

/** rill_accept_one() - accept() without a name. Return: descriptor or -errno. */
int rill_accept_one(int fd);

/** rill_shutdown() - shutdown(). Return: 0 or errno. */
int rill_shutdown(int fd, int how);

/** rill_socket_err() - Make and close a socket. Return: 0 or errno. */
int rill_socket_err(int type, int protocol);

/** rill_bound() - A new socket bound to @addr (in, out). fd or -errno. */
int rill_bound(int type, struct sockaddr_rill *addr);

/** rill_pair_any() - As rill_pair(); SOCK_DGRAM: two connected peers. */
int rill_pair_any(int type, int fd[2]);

/** rill_ioctl_int() - SIOCINQ, SIOCOUTQ. Return: value or -errno. */
int rill_ioctl_int(int fd, unsigned long request);

/** rill_set_timeo() - Set SO_RCVTIMEO or SO_SNDTIMEO. 0 or errno. */
int rill_set_timeo(int fd, int name, unsigned int ms);

/** rill_set_linger() - Set SO_LINGER. Return: 0 or errno. */
int rill_set_linger(int fd, int onoff, int seconds);

/** rill_setsockopt_raw() - setsockopt() of any kind. Return: 0 or errno. */
int rill_setsockopt_raw(int fd, int level, int name, const void *value,
			socklen_t len);

/** rill_getsockopt_raw() - getsockopt() of any kind. Return: 0 or errno. */
int rill_getsockopt_raw(int fd, int level, int name, void *value,
			socklen_t *len);

/**
 * rill_fill() - Send without waiting until EAGAIN.
 * @fd: A connected socket.
 * @chunk: Bytes of each send(); they follow rill_pattern() from 0.
 *
 * Return: bytes sent, or -errno of another failure.
 */
long rill_fill(int fd, size_t chunk);

/**
 * rill_drain() - Receive without waiting until EAGAIN or the end.
 * @fd: A connected socket.
 *
 * Return: bytes received, or -errno of another failure.
 */
long rill_drain(int fd);

/** rill_pattern() - Fill @buf as bytes @off and on of the pattern. */
void rill_pattern(void *buf, size_t len, unsigned long off);

/** rill_pattern_ok() - Whether @buf is bytes @off and on of the pattern. */
bool rill_pattern_ok(const void *buf, size_t len, unsigned long off);

/**
 * struct rill_xfer - One call that moves bytes, for rill_call_start().
 * @fd: Socket.
 * @buf: Where the bytes are or go.
 * @len: How many.
 * @flags: MSG_*.
 */
struct rill_xfer {
	int fd;
	void *buf;
	size_t len;
	int flags;
};

/** rill_send_fn() - For rill_call_start(): one send() of struct rill_xfer. */
int rill_send_fn(void *arg);

/** rill_recv_fn() - For rill_call_start(): one recv() of struct rill_xfer. */
int rill_recv_fn(void *arg);

/** rill_accept_fn() - For rill_call_start(): accept() on the int at @arg. */
int rill_accept_fn(void *arg);

/** rill_random() - Next number of a generator. @state: The seed, not 0. */
unsigned int rill_random(unsigned long *state);

/**
 * rill_slow() - How much less a test should do here.
 *
 * Return: 1, or more on a kernel that checks itself (found by the time that
 * some system calls take).
 */
int rill_slow(void);

/** rill_drop_root() - Become uid and gid 65534, no capability. 0 or errno. */
int rill_drop_root(void);

/**
 * rill_in_child() - Call @fn in a child process and wait for it.
 * @fn: Gives 0..255.
 * @arg: For @fn.
 *
 * Return: what @fn gave, or -ECHILD when the child died otherwise.
 */
int rill_in_child(int (*fn)(void *arg), void *arg);

#endif /* RILL_IO_H */
