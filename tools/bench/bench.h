/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rill-bench: what its files share. README.md says what each operation is.
 */
#ifndef RILL_BENCH_H
#define RILL_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define BENCH_LARGE	65536	/* bytes of a large write */
#define BENCH_SMALL	64	/* bytes of a small write */
#define BENCH_PAGE	4096	/* bytes of a read of small writes */
#define BENCH_BATCH	16	/* writes between two answers, or readings */
#define BENCH_MANY	1024	/* small writes between two answers */

enum family_flags {
	FAM_PENDING = 1,	/* a full backlog keeps a request pending */
	FAM_ACCEPT = 2,		/* connect() ends no sooner than accept() */
	FAM_RECORDS = 4,	/* one write is one record */
};

/**
 * struct family - Something to measure.
 * @name: As the report calls it.
 * @domain: First argument of socket(); 0: no socket, see floor.c.
 * @type: Second argument of socket().
 * @module: What to load before, or NULL.
 * @flags: enum family_flags.
 */
struct family {
	const char *name;
	int domain;
	int type;
	const char *module;
	unsigned int flags;
};

/**
 * struct bench - One operation on one family, in a process of its own.
 * @family: Whose sockets.
 * @address: Of @listener.
 * @length: Of @address.
 * @listener: Listening socket.
 * @fd: A connected pair: the client's end, the accepted end.
 * @file: In memory, BENCH_LARGE bytes.
 * @epoll: epoll descriptor.
 * @in: What is read lands here, BENCH_LARGE bytes.
 * @out: What is written, BENCH_LARGE bytes.
 * @pairs: Connected pairs to make in the operation memory.
 */
struct bench {
	const struct family *family;
	struct sockaddr_storage address;
	socklen_t length;
	int listener;
	int fd[2];
	int file;
	int epoll;
	char *in;
	char *out;
	unsigned int pairs;
};

/**
 * struct op - An operation.
 * @name: As the report calls it.
 * @unit: "time", or "bytes" if @run gives a size or "index" if a fairness,
 *	which the clock does not matter to.
 * @floor: Needs no family.
 * @share: It is costly: one sample for so many of others; 0: one and no warm-up.
 * @prepare: Called once, or NULL. -1 with errno: cannot be measured here.
 * @run: Does it once; gives the time between bench_begin() and bench_end(),
 *	divided by what it did between them. -1 with errno: failed.
 */
struct op {
	const char *name;
	const char *unit;
	bool floor;
	unsigned int share;
	int (*prepare)(struct bench *b);
	int (*run)(struct bench *b, double *value);
};

extern const struct family families[];
extern const struct op link_ops[];
extern const size_t n_link_ops;
extern const size_t n_families;
extern const struct op ops[];
extern const size_t n_ops;

/* clock.c: the time, or in the icount guest the instructions. */
void bench_arm(void);
void bench_disarm(void);
void bench_begin(void);
double bench_end(void);
void bench_set_overhead(double ns);
double median(double *values, size_t n);

/* link.c */
int link_up(const char *path);
bool link_is_up(void);
int link_clean(void);
int link_socket(int domain, int type);
void link_name(struct sockaddr_storage *address);
int away_prepare(struct bench *b);
int lossy_prepare(struct bench *b);
int far_run(struct bench *b, double *value);
int fair_run(struct bench *b, double *value);
int fairtcp_run(struct bench *b, double *value);

/* family.c */
const struct family *family_named(const char *name);
int family_usable(const struct family *f);
int family_listen(struct bench *b, int backlog);
int family_socket(const struct bench *b, int flags);
int family_pair(struct bench *b, int fd[2]);
int family_reap(int fd);
pid_t fork_tied(void);

/* connect.c */
int socket_run(struct bench *b, double *value);
int listen_prepare(struct bench *b);
int serve_prepare(struct bench *b);
int serve_run(struct bench *b, double *value);
int connect_run(struct bench *b, double *value);
int nbconnect_prepare(struct bench *b);
int nbconnect_run(struct bench *b, double *value);
int pending_prepare(struct bench *b);
int pending_run(struct bench *b, double *value);

/* data.c */
int echo_prepare(struct bench *b);
int echo_run(struct bench *b, double *value);
int pair_prepare(struct bench *b);
int small_prepare(struct bench *b);
int small_run(struct bench *b, double *value);
int queue_run(struct bench *b, double *value);
int drain_prepare(struct bench *b, int writes);
int write_batch(struct bench *b, int writes, double *value);
int large_prepare(struct bench *b);
int large_run(struct bench *b, double *value);
int file_prepare(struct bench *b);
int sendfile_run(struct bench *b, double *value);
int turn_run(struct bench *b, double *value);

/* memory.c */
int memory_run(struct bench *b, double *value);
int memfree_run(struct bench *b, double *value);

/* floor.c */
int nothing_run(struct bench *b, double *value);
int wakeup_prepare(struct bench *b);
int wakeup_run(struct bench *b, double *value);
int pipe_echo_prepare(struct bench *b);
int pipe_echo_run(struct bench *b, double *value);
int pipe_prepare(struct bench *b);
int pipe_large_run(struct bench *b, double *value);
int copy_run(struct bench *b, double *value);

#endif /* RILL_BENCH_H */
