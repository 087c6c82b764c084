/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * io_uring by raw system calls, one request at a time: no liburing needed.
 */
#ifndef RILL_URING_H
#define RILL_URING_H

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/io_uring.h>

/**
 * struct rill_uring - A ring.
 * @fd: Its descriptor, or -1.
 * @p: As the kernel filled it in.
 * @ring: Both rings (IORING_FEAT_SINGLE_MMAP).
 * @size: Bytes of @ring.
 * @sqes: Submission entries.
 */
struct rill_uring {
	int fd;
	struct io_uring_params p;
	char *ring;
	size_t size;
	struct io_uring_sqe *sqes;
};

/** rill_uring_exit() - Unmap and close @u. */
static inline void rill_uring_exit(struct rill_uring *u)
{
	if (u->sqes && u->sqes != MAP_FAILED)
		munmap(u->sqes, u->p.sq_entries * sizeof(*u->sqes));
	if (u->ring && u->ring != MAP_FAILED)
		munmap(u->ring, u->size);
	if (u->fd >= 0)
		close(u->fd);
	u->fd = -1;
}

/**
 * rill_uring_init() - Set up @u.
 * @u: Out.
 *
 * Return: 0, -ENOSYS or -EPERM when the machine has no io_uring, or -errno.
 */
static inline int rill_uring_init(struct rill_uring *u)
{
	size_t cq;

	memset(u, 0, sizeof(*u));
	u->fd = syscall(__NR_io_uring_setup, 8, &u->p);
	if (u->fd < 0)
		return -errno;
	u->size = u->p.sq_off.array + u->p.sq_entries * sizeof(unsigned int);
	cq = u->p.cq_off.cqes + u->p.cq_entries * sizeof(struct io_uring_cqe);
	if (cq > u->size)
		u->size = cq;
	u->ring = mmap(NULL, u->size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_POPULATE, u->fd, IORING_OFF_SQ_RING);
	u->sqes = mmap(NULL, u->p.sq_entries * sizeof(*u->sqes),
		       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		       u->fd, IORING_OFF_SQES);
	if (u->ring == MAP_FAILED || u->sqes == MAP_FAILED) {
		rill_uring_exit(u);
		return -ENOMEM;
	}
	return 0;
}

/** rill_uring_word() - The ring's word at offset @off. */
static inline unsigned int *rill_uring_word(struct rill_uring *u,
					    unsigned int off)
{
	return (unsigned int *)(u->ring + off);
}

/**
 * rill_uring_submit() - Submit one request.
 * @u: Ring.
 * @sqe: The request, copied.
 *
 * Return: 0 or -errno.
 */
static inline int rill_uring_submit(struct rill_uring *u,
				    const struct io_uring_sqe *sqe)
{
	unsigned int *tail = rill_uring_word(u, u->p.sq_off.tail);
	unsigned int mask = *rill_uring_word(u, u->p.sq_off.ring_mask);
	unsigned int slot = *tail & mask;
	int n;

	u->sqes[slot] = *sqe;
	rill_uring_word(u, u->p.sq_off.array)[slot] = slot;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	n = syscall(__NR_io_uring_enter, u->fd, 1, 0, 0, NULL, 0);
	if (n < 0)
		return -errno;
	return n == 1 ? 0 : -EIO;
}

/**
 * rill_uring_reap() - Take one completion.
 * @u: Ring.
 * @cqe: Out.
 * @wait: Wait until there is one. Bound it by the test's own timeout.
 *
 * Return: 0, -EAGAIN when there is none, or -errno.
 */
static inline int rill_uring_reap(struct rill_uring *u,
				  struct io_uring_cqe *cqe, int wait)
{
	unsigned int *head = rill_uring_word(u, u->p.cq_off.head);
	unsigned int mask = *rill_uring_word(u, u->p.cq_off.ring_mask);
	unsigned int *tail = rill_uring_word(u, u->p.cq_off.tail);
	struct io_uring_cqe *cqes;

	cqes = (struct io_uring_cqe *)(u->ring + u->p.cq_off.cqes);
	if (syscall(__NR_io_uring_enter, u->fd, 0, wait ? 1 : 0,
		    IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -errno;
	if (*head == __atomic_load_n(tail, __ATOMIC_ACQUIRE))
		return -EAGAIN;
	*cqe = cqes[*head & mask];
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return 0;
}

#endif /* RILL_URING_H */
