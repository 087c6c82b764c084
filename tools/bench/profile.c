// SPDX-License-Identifier: GPL-2.0-only
/*
 * A qemu plugin: counts the instructions that a guest executes, by the address
 * of each block, between two functions of a program in it. It costs the guest
 * nothing, so the counts are those of the unprofiled run.
 *
 * Arguments: arm=ADDR begin=ADDR end=ADDR out=FILE, hexadecimal, the addresses
 * of bench_arm(), bench_begin() and bench_end(). Writes a line
 *	ADDRESS INSTRUCTIONS EXECUTIONS
 * for each block, and a first one with the number of times begin was passed.
 *
 * A block that a fault leaves early counts as whole: an error below 1 %.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What is used of qemu-plugin.h, which no package has; the same in all
 * versions of the interface from 1 on.
 */
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info_t;
typedef void (*tb_trans_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*exec_cb)(unsigned int vcpu, void *data);
typedef void (*exit_cb)(qemu_plugin_id_t id, void *data);
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
						  tb_trans_cb cb);
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
						 exec_cb cb, int flags,
						 void *data);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, exit_cb cb,
					   void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);

#ifndef PLUGIN_VERSION
#define PLUGIN_VERSION	1
#endif
__attribute__((visibility("default"))) int qemu_plugin_version = PLUGIN_VERSION;

struct block {
	struct block *next;
	uint64_t address;
	uint64_t length;
	uint64_t executions;
};

static struct block *blocks[1 << 16];
static uint64_t at_arm, at_begin, at_end, windows;
static bool armed, counting;
static const char *out;

/* The counter of a block; translated anew, it is found again. */
static struct block *block_of(uint64_t address, uint64_t length)
{
	struct block **head, *b;

	head = blocks + (address ^ address >> 16) % (1 << 16);
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

/* The marks stand at the first block of a function. */
static void marked(unsigned int vcpu, void *data)
{
	struct block *b = data;

	if (b->address == at_arm)
		armed = true;
	counting = armed && b->address == at_begin;
	windows += counting;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	uint64_t address = qemu_plugin_tb_vaddr(tb);
	struct block *b = block_of(address, qemu_plugin_tb_n_insns(tb));
	bool mark = address == at_arm || address == at_begin ||
		    address == at_end;

	qemu_plugin_register_vcpu_tb_exec_cb(tb, mark ? marked : executed, 0, b);
}

static void finish(qemu_plugin_id_t id, void *data)
{
	FILE *f = fopen(out, "w");
	struct block *b;
	size_t i;

	if (!f)
		return;
	fprintf(f, "windows %" PRIu64 "\n", windows);
	for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		for (b = blocks[i]; b; b = b->next)
			if (b->executions)
				fprintf(f, "%016" PRIx64 " %" PRIu64 " %" PRIu64 "\n",
					b->address, b->length * b->executions,
					b->executions);
	fclose(f);
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info,
		    int argc, char **argv)
{
	char *value;
	int i;

	for (i = 0; i < argc; i++) {
		value = strchr(argv[i], '=');
		if (!value)
			return -1;
		*value++ = 0;
		if (!strcmp(argv[i], "arm"))
			at_arm = strtoull(value, NULL, 16);
		else if (!strcmp(argv[i], "begin"))
			at_begin = strtoull(value, NULL, 16);
		else if (!strcmp(argv[i], "end"))
			at_end = strtoull(value, NULL, 16);
		else if (!strcmp(argv[i], "out"))
			out = strdup(value);
	}
	if (!at_arm || !at_begin || !at_end || !out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finish, NULL);
	return 0;
}
