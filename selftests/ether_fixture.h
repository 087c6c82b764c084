/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixture of the ether_* programs: a connected pair on two hosts of one
 * link, SOCK_STREAM and SOCK_SEQPACKET. ETHER_PATH, defined before, names
 * another path.
 */
#ifndef ETHER_FIXTURE_H
#define ETHER_FIXTURE_H

#include "kselftest_harness.h"
#include "rill_path.h"

#ifndef ETHER_PATH
#define ETHER_PATH	rill_path_ether
#endif

FIXTURE(ether) {
	struct rill_path path;
	int fd[2];
};

FIXTURE_VARIANT(ether) {
	int type;
};

FIXTURE_VARIANT_ADD(ether, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(ether, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_SETUP(ether)
{
	int ret = rill_path_open(&self->path, &ETHER_PATH, variant->type);

	if (ret == -EPERM)
		SKIP(return, "needs root");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no veth or no bridge");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, rill_path_pair(&self->path, self->fd));
}

FIXTURE_TEARDOWN(ether)
{
	rill_path_close(&self->path);
}

#endif /* ETHER_FIXTURE_H */
