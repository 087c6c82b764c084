// SPDX-License-Identifier: GPL-2.0-only
/*
 * A qemu plugin: counts the instructions that a guest executes, by the address
 * of each block, between two functions of a program in it. It costs the guest
 * nothing, so the counts are those of the unprofiled run.
 *
 * Arguments: arm=ADDR disarm=ADDR begin=ADDR end=ADDR out=FILE, hexadecimal,
 * the addresses of bench_arm() and so on. Each bench_arm() begins a section,
 * which bench_disarm() ends. Writes for each section and block a line
 *	ADDRESS SECTION INSTRUCTIONS EXECUTIONS
 * and for each section "windows SECTION TIMES", how often begin was passed.
 * The argument probe=on ends qemu at once, to show that it takes the plugin.
 *
 * A block that a fault leaves early counts as whole: an error below 1 %.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu-plugin.h"

#ifndef PLUGIN_VERSION
#define PLUGIN_VERSION	1
#endif

int qemu_plugin_version = PLUGIN_VERSION;

struct block {
	struct block *next;
	uint64_t address;
	uint64_t length;
	uint64_t executions;
};

#define BUCKETS	65536

static struct block *blocks[BUCKETS];
static uint64_t at_arm, at_disarm, at_begin, at_end, windows;
static unsigned int section;
static bool armed, counting;
static FILE *out;

/* The counter of a block; translated anew, it is found again. */
static struct block *block_of(uint64_t address, uint64_t length)
{
	struct block **head, *b;

	head = blocks + (address ^ address >> 16) % BUCKETS;
	for (b = *head; b; b = b->next)
		if (b->address == address && b->length == length)
			return b;
	b = calloc(1, sizeof(*b));
	b->address = address;
	b->length = length;
	b->next = *head;
	*head = b;
	return b;
}

static void executed(unsigned int vcpu, void *data)
{
	struct block *b = data;

	if (counting)
		b->executions++;
}

static void write_section(void)
{
	struct block *b;
	size_t i;

	if (!section)
		return;
	fprintf(out, "windows %u %llu\n", section, (unsigned long long)windows);
	windows = 0;
	for (i = 0; i < BUCKETS; i++)
		for (b = blocks[i]; b; b = b->next) {
			if (!b->executions)
				continue;
			fprintf(out, "%016llx %u %llu %llu\n",
				(unsigned long long)b->address, section,
				(unsigned long long)(b->length * b->executions),
				(unsigned long long)b->executions);
			b->executions = 0;
		}
	fflush(out);
}

/* The marks stand at the first block of a function. */
static void marked(unsigned int vcpu, void *data)
{
	struct block *b = data;

	if (b->address == at_arm) {
		write_section();
		section++;
		armed = true;
	}
	if (b->address == at_disarm)
		armed = false;
	counting = armed && b->address == at_begin;
	windows += counting;
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	uint64_t address = qemu_plugin_tb_vaddr(tb);
	struct block *b = block_of(address, qemu_plugin_tb_n_insns(tb));
	bool mark = address == at_arm || address == at_disarm ||
		    address == at_begin || address == at_end;

	qemu_plugin_register_vcpu_tb_exec_cb(tb, mark ? marked : executed, 0, b);
}

static void finish(uint64_t id, void *data)
{
	write_section();
	fclose(out);
}

int qemu_plugin_install(uint64_t id, const struct qemu_info_t *info,
			int argc, char **argv)
{
	char *value;
	int i;

	for (i = 0; i < argc; i++) {
		value = strchr(argv[i], '=');
		if (!value)
			return -1;
		*value++ = 0;
		if (!strcmp(argv[i], "probe"))
			exit(0);
		if (!strcmp(argv[i], "arm"))
			at_arm = strtoull(value, NULL, 16);
		else if (!strcmp(argv[i], "disarm"))
			at_disarm = strtoull(value, NULL, 16);
		else if (!strcmp(argv[i], "begin"))
			at_begin = strtoull(value, NULL, 16);
		else if (!strcmp(argv[i], "end"))
			at_end = strtoull(value, NULL, 16);
		else if (!strcmp(argv[i], "out"))
			out = fopen(value, "w");
	}
	if (!at_arm || !at_disarm || !at_begin || !at_end || !out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finish, NULL);
	return 0;
}
