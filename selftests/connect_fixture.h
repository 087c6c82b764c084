/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixture of the connect programs: each of their tests runs on every
 * transport and connection-mode type. A new transport adds variants here.
 * CONNECT_BRIDGE, defined before: also through a bridge.
 */
#ifndef CONNECT_FIXTURE_H
#define CONNECT_FIXTURE_H

#include "kselftest_harness.h"
#include "rill_path.h"

FIXTURE(connect) {
	struct rill_path path;
};

FIXTURE_VARIANT(connect) {
	const struct rill_path_ops *ops;
	int type;
};

FIXTURE_VARIANT_ADD(connect, loop_stream) {
	.ops = &rill_path_loop,
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(connect, loop_seqpacket) {
	.ops = &rill_path_loop,
	.type = SOCK_SEQPACKET,
};

FIXTURE_VARIANT_ADD(connect, ether_stream) {
	.ops = &rill_path_ether,
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(connect, ether_seqpacket) {
	.ops = &rill_path_ether,
	.type = SOCK_SEQPACKET,
};

#ifdef CONNECT_BRIDGE
FIXTURE_VARIANT_ADD(connect, bridge_stream) {
	.ops = &rill_path_bridge,
	.type = SOCK_STREAM,
};
#endif

FIXTURE_SETUP(connect)
{
	int ret = rill_path_open(&self->path, variant->ops, variant->type);

	if (ret == -EPERM)
		SKIP(return, "needs root");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no kind of Ethernet device to make");
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN(connect)
{
	rill_path_close(&self->path);
}

#endif /* CONNECT_FIXTURE_H */
