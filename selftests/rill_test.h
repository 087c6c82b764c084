/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the AF_RILL selftests share. Include it after "kselftest_harness.h".
 *
 * Conventions: a function that makes something returns it, or -errno; a
 * function that makes a call under test returns 0 or the positive errno, to
 * be compared with one EXPECT_EQ(). Every wait is for a state, never for a
 * time, and is bounded by RILL_DEADLINE_MS.
 */
#ifndef RILL_TEST_H
#define RILL_TEST_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <linux/rill.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

/** RILL_DEADLINE_MS - Bound of each wait: generous to debug kernels on TCG. */
#define RILL_DEADLINE_MS	60000

/**
 * RILL_EARLY_MS - A timer may end that much too early: it counts jiffies, which
 * lag behind the clock where a processor is emulated by a busy one.
 */
#define RILL_EARLY_MS	20

/** RILL_TEST_TIMEOUT - Seconds that the harness grants each test. */
#define RILL_TEST_TIMEOUT	240

#ifdef TEST_TIMEOUT_DEFAULT
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	RILL_TEST_TIMEOUT
#endif

/* Addresses (rill_sock.c) */

/**
 * rill_addr() - The address of this host with any hardware address.
 * @port: Host byte order.
 *
 * Return: the address; ifindex and hardware address are zero.
 */
struct sockaddr_rill rill_addr(unsigned int port);

/**
 * rill_addr_hw() - An address with every field given.
 * @hw: Six bytes, or NULL for all zero.
 * @ifindex: Interface index.
 * @port: Host byte order.
 *
 * Return: the address.
 */
struct sockaddr_rill rill_addr_hw(const void *hw, unsigned int ifindex,
				  unsigned int port);

/** rill_port() - The port of @addr in host byte order. */
unsigned int rill_port(const struct sockaddr_rill *addr);

/** rill_addr_eq() - Whether all 16 bytes of @a and @b are equal. */
bool rill_addr_eq(const struct sockaddr_rill *a, const struct sockaddr_rill *b);

/** rill_local() - getsockname() of @fd into @addr. Return: 0 or errno. */
int rill_local(int fd, struct sockaddr_rill *addr);

/** rill_peer() - getpeername() of @fd into @addr. Return: 0 or errno. */
int rill_peer(int fd, struct sockaddr_rill *addr);

/* Calls that give 0 or the errno (rill_sock.c) */

/** rill_bind() - bind() @fd to @addr. Return: 0 or errno. */
int rill_bind(int fd, const struct sockaddr_rill *addr);

/** rill_connect() - connect() @fd to @addr. Return: 0 or errno. */
int rill_connect(int fd, const struct sockaddr_rill *addr);

/** rill_connect_raw() - connect() with any pointer and length. */
int rill_connect_raw(int fd, const void *addr, socklen_t len);

/** rill_connect_unspec() - connect() @fd to just the family AF_UNSPEC. */
int rill_connect_unspec(int fd);

/** rill_so_error() - SO_ERROR of @fd (reading clears it), or -errno. */
int rill_so_error(int fd);

/** rill_setsockopt_int() - Set an int option. Return: 0 or errno. */
int rill_setsockopt_int(int fd, int level, int name, int value);

/** rill_getsockopt_int() - Value of an int option, or -errno. */
int rill_getsockopt_int(int fd, int level, int name);

/** rill_set_sndtimeo() - SO_SNDTIMEO of @fd. Return: 0 or errno. */
int rill_set_sndtimeo(int fd, unsigned int ms);

/** rill_set_nonblock() - Set or clear O_NONBLOCK of @fd. */
int rill_set_nonblock(int fd, bool on);

/** rill_poll() - poll() @fd for @events now. Return: revents or -errno. */
int rill_poll(int fd, short events);

/**
 * rill_poll_wait() - poll() @fd until any of @events, or the deadline.
 * @fd: Descriptor.
 * @events: Events of interest; error conditions also end the wait.
 *
 * Return: revents, -ETIMEDOUT after RILL_DEADLINE_MS, -errno.
 */
int rill_poll_wait(int fd, short events);

/* Sockets in a wanted state (rill_sock.c) */

/**
 * rill_listener() - A listening socket.
 * @type: Type, with SOCK_NONBLOCK or SOCK_CLOEXEC if wanted.
 * @backlog: For listen(): @backlog + 1 connections fit.
 * @addr: In: port 0 for an unused one. Out: where to connect.
 *
 * Return: descriptor or -errno.
 */
int rill_listener(int type, int backlog, struct sockaddr_rill *addr);

/**
 * rill_client() - A new socket connected to @addr.
 * @type: Type, with SOCK_NONBLOCK if wanted.
 * @addr: A listener's address.
 *
 * A request that stays pending (EINPROGRESS) is no error here.
 *
 * Return: descriptor or -errno.
 */
int rill_client(int type, const struct sockaddr_rill *addr);

/**
 * rill_pair() - Two sockets connected through a listener.
 * @type: SOCK_STREAM or SOCK_SEQPACKET, with flags for both ends.
 * @fd: Out: [0] the connecting end, [1] the accepted one.
 *
 * Return: 0 or -errno.
 */
int rill_pair(int type, int fd[2]);

/* /proc/net/rill and sysctls (rill_proc.c) */

/**
 * struct rill_info - One line of /proc/net/rill/sockets.
 * @type: STREAM, SEQPACKET or DGRAM.
 * @state: CLOSE, SYN_SENT, SYN_RECV, ESTABLISHED, LISTEN or CLOSE_WAIT.
 * @local: Own address text, or "-".
 * @peer: The peer's address text, or "-".
 * @recvq: Unread bytes; of a listener: connections to accept.
 * @sendq: Bytes not yet read by the peer.
 * @backlog: Of a listener: its backlog.
 * @pending: Of a listener: requests that do not fit.
 * @uid: Owner.
 * @inode: As fstat() tells; 0 while nobody holds a descriptor.
 */
struct rill_info {
	char type[12];
	char state[16];
	char local[48];
	char peer[48];
	unsigned long recvq;
	unsigned long sendq;
	unsigned long backlog;
	unsigned long pending;
	unsigned int uid;
	unsigned long inode;
};

/**
 * rill_info() - What /proc/net/rill/sockets says of a socket.
 * @fd: The socket, of this network namespace or another one.
 * @info: Out.
 *
 * Return: 0, or -ENOENT when it is not listed, or -errno.
 */
int rill_info(int fd, struct rill_info *info);

/**
 * rill_socket_count() - Sockets listed in this thread's namespace.
 *
 * Return: count or -errno.
 */
int rill_socket_count(void);

/**
 * rill_wait_state() - Wait until a socket is in @state.
 * @fd: The socket.
 * @state: As in struct rill_info.
 *
 * Return: 0, or -ETIMEDOUT.
 */
int rill_wait_state(int fd, const char *state);

/** rill_wait_pending() - Wait until listener @fd has @n pending requests. */
int rill_wait_pending(int fd, unsigned long n);

/** rill_wait_recvq() - Wait until recvq of @fd is @n. Return: as above. */
int rill_wait_recvq(int fd, unsigned long n);

/** rill_wait_socket_count() - Wait until @n sockets are listed. */
int rill_wait_socket_count(int n);

/** rill_counter() - Value of a line of /proc/net/rill/counters, or -errno. */
long long rill_counter(const char *name);

/** rill_sysctl_set() - Write @value to net.rill.@name. Return: 0 or errno. */
int rill_sysctl_set(const char *name, const char *value);

/** rill_sysctl_get() - Read net.rill.@name, no newline. 0 or -errno. */
int rill_sysctl_get(const char *name, char *value, size_t size);

/** rill_file_write() - Write the text @value to @path. Return: 0 or errno. */
int rill_file_write(const char *path, const char *value);

/**
 * rill_wait_until() - Wait until @cond says true.
 * @cond: Called again and again with @arg.
 * @arg: For @cond.
 *
 * Return: 0, or -ETIMEDOUT after RILL_DEADLINE_MS.
 */
int rill_wait_until(bool (*cond)(void *arg), void *arg);

/** rill_now_ms() - CLOCK_MONOTONIC in milliseconds. */
long long rill_now_ms(void);

/* Namespaces and devices (rill_netns.c, rill_link.c); all need root */

/** rill_netns_new() - Enter a new network namespace, lo up. 0 or -errno. */
int rill_netns_new(void);

/** rill_netns_make() - A new network namespace, not entered. fd or -errno. */
int rill_netns_make(void);

/** rill_netns_here() - This thread's network namespace. fd or -errno. */
int rill_netns_here(void);

/** rill_netns_enter() - Move this thread into @ns, a descriptor. 0 or -errno */
int rill_netns_enter(int ns);

/** rill_dev_add() - Make Ethernet device @name, down. ifindex or -errno. */
int rill_dev_add(const char *name);

/** rill_dev_del() - Delete a device. Return: 0 or -errno. */
int rill_dev_del(const char *name);

/** rill_dev_up() - Bring a device up or down. Return: 0 or -errno. */
int rill_dev_up(const char *name, bool up);

/** rill_dev_running() - Whether a device is up and has its carrier. */
bool rill_dev_running(const char *name);

/** rill_dev_hw() - Read the hardware address of a device. 0 or -errno. */
int rill_dev_hw(const char *name, __u8 hw[RILL_HWADDR_LEN]);

/** rill_dev_set_hw() - Change the hardware address. Return: 0 or -errno. */
int rill_dev_set_hw(const char *name, const __u8 hw[RILL_HWADDR_LEN]);

/** rill_dev_mtu() - Change the MTU of a device. Return: 0 or -errno. */
int rill_dev_mtu(const char *name, int mtu);

/**
 * rill_dev_feature() - Switch an offload of a device.
 * @name: The device.
 * @feature: As ethtool -k names it in full, e.g. "tx-generic-segmentation".
 * @on: Switch it on.
 *
 * Return: 0, -ENOENT if this kernel knows no such feature, or -errno.
 */
int rill_dev_feature(const char *name, const char *feature, bool on);

/** rill_dev_rename() - Rename a device. Return: 0 or -errno. */
int rill_dev_rename(const char *name, const char *to);

/** rill_dev_move() - Move a device to namespace @ns. Return: 0 or -errno. */
int rill_dev_move(const char *name, int ns);

/** rill_dev_join() - Make a device a port of a bridge. 0 or -errno. */
int rill_dev_join(const char *name, const char *bridge);

/** rill_bridge_add() - Make a bridge, down. Return: ifindex or -errno. */
int rill_bridge_add(const char *name);

/**
 * rill_veth_add() - Make a veth pair, both ends down.
 * @name: The end here.
 * @peer_ns: Namespace of the other end.
 * @peer: Its name there.
 *
 * Return: ifindex of @name; -EOPNOTSUPP without veth in the kernel, -errno.
 */
int rill_veth_add(const char *name, int peer_ns, const char *peer);

/** rill_vlan_add() - Make VLAN @id of @lower, down. ifindex or -errno. */
int rill_vlan_add(const char *name, const char *lower, __u16 id);

/** rill_macvlan_add() - Make a macvlan on @lower, down. ifindex or -errno. */
int rill_macvlan_add(const char *name, const char *lower);

/**
 * struct rill_netem - What a link does to the frames that leave a device.
 * @delay_ms: Milliseconds that each takes.
 * @jitter_ms: More or less by this, at random.
 * @loss: Tenths of a percent that are lost.
 * @reorder: Tenths of a percent that overtake the delayed ones.
 * @duplicate: Tenths of a percent that come twice.
 * @corrupt: Tenths of a percent with one bit flipped.
 */
struct rill_netem {
	unsigned int delay_ms;
	unsigned int jitter_ms;
	unsigned int loss;
	unsigned int reorder;
	unsigned int duplicate;
	unsigned int corrupt;
};

/**
 * rill_dev_netem() - Put netem on a device, or change it.
 * @name: The device.
 * @netem: What it does; NULL takes it away.
 *
 * Return: 0, -ENOENT or -EOPNOTSUPP without netem in the kernel, -errno.
 */
int rill_dev_netem(const char *name, const struct rill_netem *netem);

/* Threads, processes and signals (rill_task.c) */

/**
 * struct rill_call - A call made by a thread of its own.
 * @thread: For pthread_join().
 * @tid: Its number; set when rill_call_start() returns.
 * @fn: What the thread does.
 * @arg: For @fn.
 * @ret: What @fn returned; valid once done.
 * @done: Whether @fn returned.
 */
struct rill_call {
	pthread_t thread;
	pid_t tid;
	int (*fn)(void *arg);
	void *arg;
	int ret;
	bool done;
};

/**
 * rill_call_start() - Start a thread that makes a call.
 * @call: Out. Must stay in place until rill_call_join().
 * @fn: What to do, e.g. one connect().
 * @arg: For @fn.
 *
 * The thread inherits the signal mask.
 *
 * Return: 0 or -errno.
 */
int rill_call_start(struct rill_call *call, int (*fn)(void *arg), void *arg);

/**
 * rill_call_blocked() - Wait until the thread sleeps inside a system call.
 * @call: The thread.
 * @nr: SYS_connect, SYS_poll, ...
 *
 * Return: 0, -ETIMEDOUT, or -ESRCH when the call has returned instead.
 */
int rill_call_blocked(struct rill_call *call, long nr);

/**
 * rill_call_join() - Wait for the thread's end.
 * @call: The thread.
 *
 * Return: what @fn returned, or -ETIMEDOUT (the thread is left alone).
 */
int rill_call_join(struct rill_call *call);

/** rill_call_done() - Whether the thread's call has returned. */
bool rill_call_done(struct rill_call *call);

/**
 * rill_task_blocked() - Wait until a task sleeps inside a system call.
 * @tid: A process or a thread of this or another process.
 * @nr: System call; its continuation by restart_syscall() counts too.
 *
 * Return: 0, -ETIMEDOUT, or -ESRCH when the task is gone.
 */
int rill_task_blocked(pid_t tid, long nr);

/** rill_task_state() - Letter of /proc/<tid>/stat, or -errno. */
int rill_task_state(pid_t tid);

/**
 * rill_sig_catch() - Count deliveries of a signal from now on.
 * @sig: Signal; its count starts at 0.
 * @flags: SA_RESTART or 0.
 *
 * Return: 0 or -errno.
 */
int rill_sig_catch(int sig, int flags);

/** rill_sig_count() - Deliveries of @sig since rill_sig_catch(). */
int rill_sig_count(int sig);

/** rill_wait_sig() - Wait until @sig was delivered @n times. */
int rill_wait_sig(int sig, int n);

/** rill_tgkill() - Send @sig to thread @tid of this process. 0 or -errno. */
int rill_tgkill(pid_t tid, int sig);

/**
 * rill_child_start() - Run a function in a forked process.
 * @fn: Returns 0 to 254, its exit status, as an errno does. No EXPECT_*().
 * @arg: For @fn.
 *
 * The process is killed when its parent ends.
 *
 * Return: its number or -errno.
 */
pid_t rill_child_start(int (*fn)(void *arg), void *arg);

/**
 * rill_child_wait() - Wait for a process's end.
 * @pid: The process.
 *
 * Return: what its function returned, -ETIMEDOUT (then it was killed), or
 * -EINTR when a signal ended it.
 */
int rill_child_wait(pid_t pid);

/** rill_child_run() - Both: start and wait. */
int rill_child_run(int (*fn)(void *arg), void *arg);

/** rill_wait_stopped() - Wait until child @pid is stopped. 0 or -errno. */
int rill_wait_stopped(pid_t pid);

/**
 * struct rill_connect_call - Argument of rill_connect_fn().
 * @fd: Socket.
 * @addr: Where to.
 */
struct rill_connect_call {
	int fd;
	struct sockaddr_rill addr;
};

/** rill_connect_fn() - For rill_call_start(): rill_connect(). */
int rill_connect_fn(void *arg);

/**
 * rill_connect_start() - connect() in a thread, and wait until it blocks.
 * @call: Out: the thread.
 * @conn: In; must stay in place until rill_call_join().
 *
 * On return the request is pending (state SYN_SENT) and the thread sleeps.
 *
 * Return: 0 or -errno; -ESRCH when connect() returned at once.
 */
int rill_connect_start(struct rill_call *call, struct rill_connect_call *conn);

#endif /* RILL_TEST_H */
