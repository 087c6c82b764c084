/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What profile.c uses of qemu's plugin interface, whose header no package has.
 * The same in all versions of the interface from 1 on.
 */
#ifndef RILL_QEMU_PLUGIN_H
#define RILL_QEMU_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

struct qemu_info_t;
struct qemu_plugin_tb;

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
					   void (*cb)(uint64_t id,
						      struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  void (*cb)(unsigned int vcpu,
						     void *data),
					  int flags, void *data);
void qemu_plugin_register_atexit_cb(uint64_t id,
				    void (*cb)(uint64_t id, void *data),
				    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);

/* What qemu looks for in a plugin. */
#define EXPORTED __attribute__((visibility("default")))

extern EXPORTED int qemu_plugin_version;
EXPORTED int qemu_plugin_install(uint64_t id, const struct qemu_info_t *info,
				 int argc, char **argv);

#endif /* RILL_QEMU_PLUGIN_H */
