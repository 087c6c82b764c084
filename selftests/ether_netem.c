// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bad links: each loss with each delay, reordering, duplicates, corruption,
 * MTUs of all kinds and offloads of all kinds. Every byte is compared, every
 * transfer ends. Half of each STREAM, half SEQPACKET, either direction and
 * both at once, on one link at a time.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "rill_flow.h"
#include "rill_io.h"
#include "rill_path.h"

/* Connections of one transfer: there, back, both ways; of each type. */
#define WAYS	3
#define TYPES	2
#define FLOWS	(TYPES * (WAYS + 1))

/* Longest record, and what is written at once to a stream. */
#define CHUNK	20000

/**
 * struct storm - Flows on one link, all at once.
 * @path: The link.
 * @flow: The flows.
 * @flows: Count of @flow.
 * @begun: When.
 */
struct storm {
	struct rill_path *path;
	struct rill_flow flow[FLOWS];
	int flows;
	long long begun;
};

static void storm_flow(struct storm *s, const int fd[2], enum rill_side from,
		       size_t bytes)
{
	s->flow[s->flows++] = (struct rill_flow) {
		.from = fd[from],
		.to = fd[!from],
		.bytes = bytes,
		.chunk = CHUNK,
		.records = s->path->type == SOCK_SEQPACKET,
		.finish = true,
	};
}

/* Make the connections. Return: 0 or -errno. */
static int storm_open(struct storm *s, struct rill_path *path, size_t bytes)
{
	static const int types[TYPES] = { SOCK_STREAM, SOCK_SEQPACKET };
	int fd[2], ret, i, way;

	s->path = path;
	s->flows = 0;
	for (i = 0; i < TYPES; i++) {
		path->type = types[i];
		for (way = 0; way < WAYS; way++) {
			ret = rill_path_pair(path, fd);
			if (ret)
				return ret;
			if (way != 1)
				storm_flow(s, fd, RILL_CLIENT, bytes);
			if (way != 0)
				storm_flow(s, fd, RILL_SERVER, bytes);
		}
	}
	return 0;
}

static int storm_start(struct storm *s)
{
	int ret = 0, i;

	s->begun = rill_now_ms();
	for (i = 0; i < s->flows && !ret; i++)
		ret = rill_flow_start(&s->flow[i]);
	return ret;
}

/* What the counters say of flows that took long, for whoever reads the log. */
static void storm_slow(struct storm *s)
{
	static const char *const names[] = {
		"rx_frames", "tx_frames", "tx_failed", "retransmits",
		"timeouts", "rx_checksum", "rx_memory", "rx_window",
	};
	int side;
	size_t i;

	fprintf(stderr, "# it took %lld ms\n", rill_now_ms() - s->begun);
	for (side = RILL_SERVER; side >= RILL_CLIENT; side--) {
		rill_path_enter(s->path, side);
		for (i = 0; i < ARRAY_SIZE(names); i++)
			fprintf(stderr, "# %s %lld\n", names[i],
				rill_counter(names[i]));
	}
}

/* Return: how many flows did not end well. */
static int storm_join(struct storm *s)
{
	int bad = 0, err, i;

	for (i = 0; i < s->flows; i++) {
		struct rill_flow *f = &s->flow[i];

		err = rill_flow_join(f);
		if (!err)
			continue;
		bad++;
		fprintf(stderr,
			"# flow %d (%s): %d, sent %zu (%d), got %zu (%d) of %zu\n",
			i, f->records ? "records" : "bytes", err, f->sent,
			f->send_err, f->got, f->recv_err, f->bytes);
	}
	if (rill_now_ms() - s->begun > RILL_DEADLINE_MS / 2)
		storm_slow(s);
	return bad;
}

static void storm_close(struct storm *s)
{
	int i;

	for (i = 0; i < s->flows; i++) {
		close(s->flow[i].from);
		close(s->flow[i].to);
	}
}

/* All of it. Return: 0, how many flows did not end well, -errno. */
static int storm_run(struct rill_path *path, size_t bytes)
{
	struct storm s;
	int ret = storm_open(&s, path, bytes);

	if (!ret)
		ret = storm_start(&s);
	if (!ret)
		ret = storm_join(&s);
	storm_close(&s);
	return ret;
}

static int netem_both(struct rill_path *path, const struct rill_netem *netem)
{
	int ret = rill_path_netem(path, RILL_CLIENT, netem);

	return ret ? ret : rill_path_netem(path, RILL_SERVER, netem);
}

/* Bad luck in a row is no reason to give up: the default is 30 s. */
static int patient(struct rill_path *path)
{
	int err = rill_path_sysctl(path, RILL_CLIENT, "user_timeout_ms",
				   "150000");

	return err ? err : rill_path_sysctl(path, RILL_SERVER,
					    "user_timeout_ms", "150000");
}

FIXTURE(netem) {
	struct rill_path path;
};

/* What both ends do to what they send, and how much each flow carries. */
FIXTURE_VARIANT(netem) {
	struct rill_netem netem;
	size_t bytes;
};

FIXTURE_VARIANT_ADD(netem, loss_0_delay_0) {
	.netem = { 0 },
	.bytes = 2000000,
};

FIXTURE_VARIANT_ADD(netem, loss_0_delay_10) {
	.netem = { .delay_ms = 10 },
	.bytes = 500000,
};

FIXTURE_VARIANT_ADD(netem, loss_0_delay_100) {
	.netem = { .delay_ms = 100 },
	.bytes = 200000,
};

FIXTURE_VARIANT_ADD(netem, loss_01_delay_0) {
	.netem = { .loss = 1 },
	.bytes = 2000000,
};

FIXTURE_VARIANT_ADD(netem, loss_01_delay_10) {
	.netem = { .loss = 1, .delay_ms = 10 },
	.bytes = 500000,
};

FIXTURE_VARIANT_ADD(netem, loss_01_delay_100) {
	.netem = { .loss = 1, .delay_ms = 100 },
	.bytes = 200000,
};

FIXTURE_VARIANT_ADD(netem, loss_1_delay_0) {
	.netem = { .loss = 10 },
	.bytes = 1000000,
};

FIXTURE_VARIANT_ADD(netem, loss_1_delay_10) {
	.netem = { .loss = 10, .delay_ms = 10 },
	.bytes = 300000,
};

FIXTURE_VARIANT_ADD(netem, loss_1_delay_100) {
	.netem = { .loss = 10, .delay_ms = 100 },
	.bytes = 100000,
};

FIXTURE_VARIANT_ADD(netem, loss_5_delay_0) {
	.netem = { .loss = 50 },
	.bytes = 300000,
};

FIXTURE_VARIANT_ADD(netem, loss_5_delay_10) {
	.netem = { .loss = 50, .delay_ms = 10 },
	.bytes = 150000,
};

FIXTURE_VARIANT_ADD(netem, loss_5_delay_100) {
	.netem = { .loss = 50, .delay_ms = 100 },
	.bytes = 50000,
};

FIXTURE_VARIANT_ADD(netem, loss_20_delay_0) {
	.netem = { .loss = 200 },
	.bytes = 60000,
};

FIXTURE_VARIANT_ADD(netem, loss_20_delay_10) {
	.netem = { .loss = 200, .delay_ms = 10 },
	.bytes = 40000,
};

FIXTURE_VARIANT_ADD(netem, loss_20_delay_100) {
	.netem = { .loss = 200, .delay_ms = 100 },
	.bytes = 15000,
};

FIXTURE_VARIANT_ADD(netem, reorder) {
	.netem = { .reorder = 250, .delay_ms = 10 },
	.bytes = 500000,
};

FIXTURE_VARIANT_ADD(netem, reorder_far) {
	.netem = { .reorder = 20, .delay_ms = 50 },
	.bytes = 200000,
};

FIXTURE_VARIANT_ADD(netem, jitter) {
	.netem = { .delay_ms = 20, .jitter_ms = 20 },
	.bytes = 300000,
};

FIXTURE_VARIANT_ADD(netem, duplicate) {
	.netem = { .duplicate = 200 },
	.bytes = 500000,
};

FIXTURE_VARIANT_ADD(netem, duplicate_delay) {
	.netem = { .duplicate = 500, .delay_ms = 10 },
	.bytes = 300000,
};

FIXTURE_VARIANT_ADD(netem, corrupt) {
	.netem = { .corrupt = 20 },
	.bytes = 500000,
};

FIXTURE_VARIANT_ADD(netem, corrupt_delay) {
	.netem = { .corrupt = 50, .delay_ms = 10 },
	.bytes = 200000,
};

FIXTURE_VARIANT_ADD(netem, everything) {
	.netem = {
		.delay_ms = 10,
		.jitter_ms = 10,
		.loss = 20,
		.reorder = 50,
		.duplicate = 50,
		.corrupt = 20,
	},
	.bytes = 100000,
};

FIXTURE_SETUP(netem)
{
	int ret = rill_path_open(&self->path, &rill_path_ether, SOCK_STREAM);

	if (ret == -EPERM)
		SKIP(return, "needs root");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no veth");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, patient(&self->path));
	ret = netem_both(&self->path, &variant->netem);
	if (ret == -ENOENT || ret == -EOPNOTSUPP)
		SKIP(return, "no netem");
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN(netem)
{
	rill_path_close(&self->path);
}

TEST_F(netem, every_byte)
{
	EXPECT_EQ(0, storm_run(&self->path, variant->bytes / rill_slow()));
}

/* Only one direction of the link is bad: data, or acknowledgements. */
FIXTURE(half) {
	struct rill_path path;
};

FIXTURE_VARIANT(half) {
	enum rill_side side;
};

FIXTURE_VARIANT_ADD(half, there) {
	.side = RILL_CLIENT,
};

FIXTURE_VARIANT_ADD(half, back) {
	.side = RILL_SERVER,
};

FIXTURE_SETUP(half)
{
	int ret = rill_path_open(&self->path, &rill_path_ether, SOCK_STREAM);

	if (ret == -EPERM)
		SKIP(return, "needs root");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no veth");
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN(half)
{
	rill_path_close(&self->path);
}

TEST_F(half, loses_a_tenth)
{
	const struct rill_netem bad = { .loss = 100, .delay_ms = 5 };
	int ret = rill_path_netem(&self->path, variant->side, &bad);

	if (ret == -ENOENT || ret == -EOPNOTSUPP)
		SKIP(return, "no netem");
	ASSERT_EQ(0, ret);
	EXPECT_EQ(0, storm_run(&self->path, 100000 / rill_slow()));
}

/* Nothing gets through for a while, in the midst of it. */
TEST_F(half, goes_dead_and_comes_back)
{
	const struct rill_netem dead = { .loss = 1000 };
	struct storm s;
	int i, ret;

	ASSERT_EQ(0, storm_open(&s, &self->path, 1000000 / rill_slow()));
	ASSERT_EQ(0, storm_start(&s));
	for (i = 1; i <= 2; i++) {
		ASSERT_EQ(0, rill_flow_wait(&s.flow[0],
					    i * s.flow[0].bytes / 3));
		ret = rill_path_netem(&self->path, variant->side, &dead);
		if (ret == -ENOENT || ret == -EOPNOTSUPP)
			SKIP(return, "no netem");
		ASSERT_EQ(0, ret);
		/* long enough for several timeouts of either end */
		EXPECT_EQ(0, poll(NULL, 0, 700));
		ASSERT_EQ(0, rill_path_netem(&self->path, variant->side,
					     NULL));
	}
	EXPECT_EQ(0, storm_join(&s));
	storm_close(&s);
}

FIXTURE(mtu) {
	struct rill_path path;
};

FIXTURE_VARIANT(mtu) {
	int mtu[2];
};

FIXTURE_VARIANT_ADD(mtu, both_576) {
	.mtu = { 576, 576 },
};

FIXTURE_VARIANT_ADD(mtu, both_1500) {
	.mtu = { 1500, 1500 },
};

FIXTURE_VARIANT_ADD(mtu, both_9000) {
	.mtu = { 9000, 9000 },
};

FIXTURE_VARIANT_ADD(mtu, both_65535) {
	.mtu = { 65535, 65535 },
};

FIXTURE_VARIANT_ADD(mtu, less_here) {
	.mtu = { 576, 9000 },
};

FIXTURE_VARIANT_ADD(mtu, less_there) {
	.mtu = { 9000, 576 },
};

FIXTURE_VARIANT_ADD(mtu, odd) {
	.mtu = { 1501, 1499 },
};

FIXTURE_SETUP(mtu)
{
	int ret = rill_path_open(&self->path, &rill_path_ether, SOCK_STREAM);
	int i;

	if (ret == -EPERM)
		SKIP(return, "needs root");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no veth");
	ASSERT_EQ(0, ret);
	for (i = RILL_CLIENT; i <= RILL_SERVER; i++)
		ASSERT_EQ(0, rill_path_mtu(&self->path, i, variant->mtu[i]));
}

FIXTURE_TEARDOWN(mtu)
{
	rill_path_close(&self->path);
}

TEST_F(mtu, every_byte)
{
	EXPECT_EQ(0, storm_run(&self->path, 500000 / rill_slow()));
}

TEST_F(mtu, every_byte_with_loss)
{
	const struct rill_netem bad = { .loss = 10, .delay_ms = 2 };
	int ret = netem_both(&self->path, &bad);

	if (ret == -ENOENT || ret == -EOPNOTSUPP)
		SKIP(return, "no netem");
	ASSERT_EQ(0, ret);
	EXPECT_EQ(0, storm_run(&self->path, 200000 / rill_slow()));
}

/* Both ends' MTU changes while the flows are on their way. */
TEST_F(mtu, changes_meanwhile)
{
	static const int mtus[] = { 9000, 1500, 576, 1400, 4000, 1000 };
	struct storm s;
	size_t i;

	ASSERT_EQ(0, storm_open(&s, &self->path, 600000 / rill_slow()));
	ASSERT_EQ(0, storm_start(&s));
	for (i = 0; i < 2 * ARRAY_SIZE(mtus); i++) {
		ASSERT_EQ(0, rill_flow_wait(&s.flow[i % s.flows],
					    i * s.flow[0].bytes / 16));
		ASSERT_EQ(0, rill_path_mtu(&self->path, i & 1,
					   mtus[i % ARRAY_SIZE(mtus)]));
	}
	EXPECT_EQ(0, storm_join(&s));
	storm_close(&s);
}

/* The receiver alone takes less than before; it has nothing to send itself. */
TEST_F(mtu, receiver_takes_less)
{
	struct rill_flow f = { .bytes = 1000000, .chunk = CHUNK };
	int fd[2];

	f.bytes /= rill_slow();
	ASSERT_EQ(0, rill_path_mtu(&self->path, RILL_CLIENT, 9000));
	ASSERT_EQ(0, rill_path_mtu(&self->path, RILL_SERVER, 9000));
	ASSERT_EQ(0, rill_path_pair(&self->path, fd));
	f.from = fd[RILL_CLIENT];
	f.to = fd[RILL_SERVER];
	ASSERT_EQ(0, rill_flow_start(&f));
	ASSERT_EQ(0, rill_flow_wait(&f, f.bytes / 3));
	ASSERT_EQ(0, rill_path_mtu(&self->path, RILL_SERVER, 600));
	EXPECT_EQ(0, rill_flow_join(&f));
}

FIXTURE(offload) {
	struct rill_path path;
};

FIXTURE_SETUP(offload)
{
	int ret = rill_path_open(&self->path, &rill_path_ether, SOCK_STREAM);

	if (ret == -EPERM)
		SKIP(return, "needs root");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no veth");
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN(offload)
{
	rill_path_close(&self->path);
}

/* What can be switched, and how a veth has it. */
static const struct {
	const char *name;
	bool usual;
} offloads[] = {
	{ "tx-checksum-ip-generic", true },
	{ "tx-scatter-gather", true },
	{ "tx-generic-segmentation", true },
	{ "tx-sctp-segmentation", true },	/* what rill borrows */
	{ "rx-checksum", true },
	{ "rx-gro", false },
};

/* Switch one at @side. Return: 0 or -errno. */
static int offload_set(struct rill_path *path, enum rill_side side,
		       const char *name, bool on)
{
	int ret = rill_path_enter(path, side);

	if (!ret)
		ret = rill_dev_feature(RILL_PATH_DEV, name, on);
	return ret ? : rill_path_enter(path, RILL_CLIENT);
}

/* Switch one at both ends: @mask tells by side where it is on. */
static int offload_mask(struct rill_path *path, const char *name, int mask)
{
	int ret = offload_set(path, RILL_CLIENT, name, mask & 1);

	return ret ? ret : offload_set(path, RILL_SERVER, name, mask & 2);
}

/*
 * All flows with each offload the other way than usual, here, there, at both
 * ends; @merging: GRO is usual. Return: 0, how many flows did not end well, or -errno.
 */
static int each_offload(struct rill_path *path, bool merging, size_t bytes)
{
	int mask, usual, bad, ret = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(offloads) && ret >= 0; i++) {
		usual = offloads[i].usual || merging ? 3 : 0;
		for (mask = 1; mask <= 3 && ret >= 0; mask++) {
			bad = offload_mask(path, offloads[i].name,
					   usual ^ mask);
			if (!bad)
				bad = storm_run(path, bytes);
			if (bad)
				fprintf(stderr, "# %s, mask %d\n",
					offloads[i].name, usual ^ mask);
			ret = bad < 0 ? bad : ret + bad;
		}
		if (ret >= 0 && offload_mask(path, offloads[i].name, usual))
			ret = -EIO;
	}
	return ret;
}

static int all_offloads(struct rill_path *path, enum rill_side side, bool on)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(offloads) && !ret; i++)
		ret = offload_set(path, side, offloads[i].name, on);
	return ret;
}

TEST_F(offload, each)
{
	EXPECT_EQ(0, each_offload(&self->path, false, 200000 / rill_slow()));
}

/*
 * What was merged or cut up was looked at before, and nobody looks again: a
 * flipped bit must not get through there.
 */
TEST_F(offload, each_with_corruption)
{
	const struct rill_netem bad = { .corrupt = 30 };
	int ret = netem_both(&self->path, &bad);

	if (ret == -ENOENT || ret == -EOPNOTSUPP)
		SKIP(return, "no netem");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, offload_mask(&self->path, "rx-gro", 3));
	EXPECT_EQ(0, each_offload(&self->path, true, 60000 / rill_slow()));
}

/* First at the client alone, then at both ends. */
static void offload_none_or_all(struct __test_metadata *_metadata,
				struct rill_path *path, bool on)
{
	const struct rill_netem bad = { .corrupt = 30 };
	int side;

	for (side = RILL_CLIENT; side <= RILL_SERVER; side++) {
		ASSERT_EQ(0, all_offloads(path, side, on));
		EXPECT_EQ(0, storm_run(path, 300000 / rill_slow()));
		if (netem_both(path, &bad))
			continue;
		EXPECT_EQ(0, storm_run(path, 100000 / rill_slow()));
		EXPECT_EQ(0, netem_both(path, NULL));
	}
}

TEST_F(offload, none)
{
	offload_none_or_all(_metadata, &self->path, false);
}

TEST_F(offload, all)
{
	offload_none_or_all(_metadata, &self->path, true);
}

/* Switched while the flows are on their way. */
TEST_F(offload, changes_meanwhile)
{
	struct storm s;
	unsigned int i;

	ASSERT_EQ(0, storm_open(&s, &self->path, 600000 / rill_slow()));
	ASSERT_EQ(0, storm_start(&s));
	for (i = 0; i < 4 * ARRAY_SIZE(offloads); i++) {
		ASSERT_EQ(0, rill_flow_wait(&s.flow[i % s.flows],
					    i * s.flow[0].bytes / 32));
		ASSERT_EQ(0, offload_set(&self->path, i & 1,
					 offloads[i % ARRAY_SIZE(offloads)].name,
					 i / ARRAY_SIZE(offloads) & 1));
	}
	EXPECT_EQ(0, storm_join(&s));
	storm_close(&s);
}

/* A bridge: merged there, cut up there, bits flipped on either side of it. */
FIXTURE(hop) {
	struct rill_path path;
};

FIXTURE_VARIANT(hop) {
	bool merges;
	bool cuts;
};

FIXTURE_VARIANT_ADD(hop, plain) {
	.merges = false,
};

FIXTURE_VARIANT_ADD(hop, merges) {
	.merges = true,
};

FIXTURE_VARIANT_ADD(hop, cuts) {
	.cuts = true,
};

FIXTURE_VARIANT_ADD(hop, merges_and_cuts) {
	.merges = true,
	.cuts = true,
};

static int hop_port(const char *port, bool merges, bool cuts)
{
	int ret = rill_dev_feature(port, "rx-gro", merges);

	if (!ret && cuts)
		ret = rill_dev_feature(port, "tx-generic-segmentation", false);
	if (!ret && cuts)
		ret = rill_dev_feature(port, "tx-sctp-segmentation", false);
	return ret;
}

FIXTURE_SETUP(hop)
{
	int ret = rill_path_open(&self->path, &rill_path_bridge, SOCK_STREAM);

	if (ret == -EPERM)
		SKIP(return, "needs root");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no veth or no bridge");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, rill_netns_enter(self->path.hub));
	ASSERT_EQ(0, hop_port("port0", variant->merges, variant->cuts));
	ASSERT_EQ(0, hop_port("port1", variant->merges, variant->cuts));
	ASSERT_EQ(0, rill_path_enter(&self->path, RILL_CLIENT));
	/* so that there is something to merge */
	if (variant->merges)
		ASSERT_EQ(0, offload_mask(&self->path, "tx-sctp-segmentation",
					  0));
}

FIXTURE_TEARDOWN(hop)
{
	rill_path_close(&self->path);
}

TEST_F(hop, every_byte)
{
	EXPECT_EQ(0, storm_run(&self->path, 400000 / rill_slow()));
}

TEST_F(hop, every_byte_with_corruption)
{
	const struct rill_netem bad = { .corrupt = 30 };
	int ret = netem_both(&self->path, &bad);

	if (ret == -ENOENT || ret == -EOPNOTSUPP)
		SKIP(return, "no netem");
	ASSERT_EQ(0, ret);
	EXPECT_EQ(0, storm_run(&self->path, 100000 / rill_slow()));
	/* and behind it, where the bridge may have merged them */
	ASSERT_EQ(0, netem_both(&self->path, NULL));
	ASSERT_EQ(0, rill_netns_enter(self->path.hub));
	ASSERT_EQ(0, rill_dev_netem("port0", &bad));
	ASSERT_EQ(0, rill_dev_netem("port1", &bad));
	ASSERT_EQ(0, rill_path_enter(&self->path, RILL_CLIENT));
	EXPECT_EQ(0, storm_run(&self->path, 100000 / rill_slow()));
}

/* Devices on top of the link's: a VLAN, a macvlan. */
#define UPPER	"upper0"

FIXTURE(upper) {
	struct rill_path path;
};

FIXTURE_VARIANT(upper) {
	bool vlan;
	const struct rill_path_ops *ops;
};

FIXTURE_VARIANT_ADD(upper, vlan) {
	.vlan = true,
	.ops = &rill_path_ether,
};

FIXTURE_VARIANT_ADD(upper, vlan_through_bridge) {
	.vlan = true,
	.ops = &rill_path_bridge,
};

FIXTURE_VARIANT_ADD(upper, macvlan) {
	.ops = &rill_path_ether,
};

FIXTURE_VARIANT_ADD(upper, macvlan_through_bridge) {
	.ops = &rill_path_bridge,
};

static bool upper_running(void *arg)
{
	return rill_dev_running(arg);
}

/* Make it on the device of @side, which is named by it from now on. */
static int upper_add(struct rill_path *path, enum rill_side side, bool vlan)
{
	struct rill_path_end *end = &path->end[side];
	int ret = rill_path_enter(path, side);

	if (!ret)
		ret = vlan ? rill_vlan_add(UPPER, RILL_PATH_DEV, 7) :
			     rill_macvlan_add(UPPER, RILL_PATH_DEV);
	if (ret < 0)
		return ret;
	end->ifindex = ret;
	ret = rill_dev_hw(UPPER, end->hw);
	if (!ret)
		ret = rill_dev_up(UPPER, true);
	if (!ret)
		ret = rill_wait_until(upper_running, UPPER);
	return ret ? ret : rill_path_enter(path, RILL_CLIENT);
}

FIXTURE_SETUP(upper)
{
	int ret = rill_path_open(&self->path, variant->ops, SOCK_STREAM);

	if (ret == -EPERM)
		SKIP(return, "needs root");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no veth or no bridge");
	ASSERT_EQ(0, ret);
	ret = upper_add(&self->path, RILL_CLIENT, variant->vlan);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no such kind of device");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, upper_add(&self->path, RILL_SERVER, variant->vlan));
}

FIXTURE_TEARDOWN(upper)
{
	rill_path_close(&self->path);
}

TEST_F(upper, every_byte)
{
	const struct rill_netem bad = { .loss = 10, .corrupt = 10 };

	EXPECT_EQ(0, storm_run(&self->path, 300000 / rill_slow()));
	ASSERT_EQ(0, offload_mask(&self->path, "rx-gro", 3));
	EXPECT_EQ(0, storm_run(&self->path, 300000 / rill_slow()));
	if (netem_both(&self->path, &bad))
		return;
	EXPECT_EQ(0, storm_run(&self->path, 100000 / rill_slow()));
	EXPECT_EQ(0, all_offloads(&self->path, RILL_CLIENT, false));
	EXPECT_EQ(0, storm_run(&self->path, 100000 / rill_slow()));
}

TEST_HARNESS_MAIN
