/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random numbers that are the same each time (xorshift).
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <linux/types.h>
#include <stdbool.h>

static __u64 random_state = 1;

static inline void random_seed(__u64 seed)
{
	random_state = seed * 0x9e3779b97f4a7c15ULL + 1;
}

/** random_below() - Return: from 0 to before @limit. */
static inline __u32 random_below(__u32 limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 20) % limit;
}

/** random_chance() - Return: true in @of of a million cases. */
static inline bool random_chance(unsigned int of)
{
	return of && random_below(1000000) < of;
}

#endif /* RANDOM_H */
