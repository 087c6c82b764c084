/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fuzz target: one function that eats any bytes and aborts when something
 * does not hold. libFuzzer calls it, by a name that the Makefile gives it, or
 * driver.c where that is not at hand.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

/**
 * fuzz_one() - The target.
 * @data: Any bytes.
 * @size: Their count.
 *
 * Return: 0.
 */
int fuzz_one(const __u8 *data, size_t size);

/* Abort unless @ok holds. */
#define must(ok)							\
	do {								\
		if (!(ok)) {						\
			fprintf(stderr, "%s:%d: %s does not hold\n",	\
				__FILE__, __LINE__, #ok);		\
			abort();					\
		}							\
	} while (0)

/**
 * struct fuzz_input - Bytes that a target takes its decisions from.
 * @data: Next byte.
 * @size: Bytes left; zeros come after the last.
 */
struct fuzz_input {
	const __u8 *data;
	size_t size;
};

/* Take @len bytes off @in. */
static inline void fuzz_take(struct fuzz_input *in, void *to, size_t len)
{
	size_t n = len < in->size ? len : in->size;

	memset(to, 0, len);
	if (n)
		memcpy(to, in->data, n);
	in->data += n;
	in->size -= n;
}

static inline __u8 fuzz_u8(struct fuzz_input *in)
{
	__u8 v;

	fuzz_take(in, &v, sizeof(v));
	return v;
}

static inline __u16 fuzz_u16(struct fuzz_input *in)
{
	__u16 v;

	fuzz_take(in, &v, sizeof(v));
	return v;
}

static inline __u32 fuzz_u32(struct fuzz_input *in)
{
	__u32 v;

	fuzz_take(in, &v, sizeof(v));
	return v;
}

#endif /* FUZZ_H */
