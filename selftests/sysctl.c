// SPDX-License-Identifier: GPL-2.0-only
/*
 * net.rill.*: defaults, limits, and that a refused value changes nothing.
 */
#include "kselftest_harness.h"
#include "rill_io.h"

struct sysctl {
	const char *name;
	const char *initial;
	const char *const good[4];
	const char *const bad[8];
};

static const struct sysctl sysctls[] = {
	{
		.name = "connect_timeout_ms",
		.initial = "75000",
		.good = { "1", "1000", "86400000" },
		.bad = { "-1", "x", "99999999999", "0x" },
	}, {
		.name = "local_port_range",
		.initial = "32768 60999",
		.good = { "1024 65535", "5000 5000", "1 2" },
		.bad = { "5001 5000", "0 5000", "5000 65536", "-1 5000", "x y" },
	}, {
		.name = "max_backlog",
		.initial = "4096",
		.good = { "0", "1", "65535" },
		.bad = { "-1", "99999999999", "many" },
	}, {
		.name = "max_pending",
		.initial = "128",
		.good = { "0", "1", "65535" },
		.bad = { "-1", "99999999999", "many" },
	}, {
		.name = "loopback",
		.initial = "1",
		.good = { "0", "1" },
		.bad = { "2", "-1", "256", "x" },
	}, {
		.name = "ethernet",
		.initial = "1",
		.good = { "0", "1" },
		.bad = { "2", "-1", "256", "x" },
	}, {
		.name = "user_timeout_ms",
		.initial = "30000",
		.good = { "1", "1000", "86400000" },
		.bad = { "0", "-1", "x", "99999999999" },
	}, {
		.name = "buffer_max",
		.initial = "4194304",
		.good = { "0", "65536", "268435456" },
		.bad = { "-1", "x", "268435457" },
	}, {
		.name = "sockets",
		.initial = "1",
		.good = { "0", "1" },
		.bad = { "2", "-1", "256", "x" },
	},
};

FIXTURE(sysctl) {
	int unused;
};

FIXTURE_SETUP(sysctl)
{
	RILL_IN_NETNS(return);
}

FIXTURE_TEARDOWN(sysctl)
{
}

/* As the kernel prints a list: with a tab. */
static bool same(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !(strchr(" \t", *a) && strchr(" \t", *b)))
			return false;
	return *a == *b;
}

TEST_F(sysctl, defaults)
{
	char value[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sysctls); i++) {
		ASSERT_EQ(0, rill_sysctl_get(sysctls[i].name, value,
					     sizeof(value)));
		EXPECT_TRUE(same(sysctls[i].initial, value))
			TH_LOG("%s is %s", sysctls[i].name, value);
	}
}

TEST_F(sysctl, good_values_are_kept)
{
	char value[64];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sysctls); i++)
		for (j = 0; j < 4 && sysctls[i].good[j]; j++) {
			EXPECT_EQ(0, rill_sysctl_set(sysctls[i].name,
						     sysctls[i].good[j]))
				TH_LOG("%s = %s", sysctls[i].name,
				       sysctls[i].good[j]);
			ASSERT_EQ(0, rill_sysctl_get(sysctls[i].name, value,
						     sizeof(value)));
			EXPECT_TRUE(same(sysctls[i].good[j], value))
				TH_LOG("%s is %s", sysctls[i].name, value);
		}
}

TEST_F(sysctl, bad_values_change_nothing)
{
	char value[64];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sysctls); i++)
		for (j = 0; j < 8 && sysctls[i].bad[j]; j++) {
			EXPECT_EQ(EINVAL, rill_sysctl_set(sysctls[i].name,
							  sysctls[i].bad[j]))
				TH_LOG("%s = %s", sysctls[i].name,
				       sysctls[i].bad[j]);
			ASSERT_EQ(0, rill_sysctl_get(sysctls[i].name, value,
						     sizeof(value)));
			EXPECT_TRUE(same(sysctls[i].initial, value))
				TH_LOG("%s is %s", sysctls[i].name, value);
		}
}

TEST_F(sysctl, of_each_namespace)
{
	char value[64];

	ASSERT_EQ(0, rill_sysctl_set("max_pending", "7"));
	ASSERT_EQ(0, rill_sysctl_set("sockets", "0"));
	ASSERT_EQ(0, rill_netns_new());
	ASSERT_EQ(0, rill_sysctl_get("max_pending", value, sizeof(value)));
	EXPECT_STREQ("128", value);
	EXPECT_EQ(0, rill_socket_err(SOCK_STREAM, 0));
}

static int write_as_nobody(void *arg)
{
	return rill_drop_root() ? 1 : rill_sysctl_set("max_pending", "1");
}

TEST_F(sysctl, only_root_writes)
{
	EXPECT_EQ(EACCES, rill_in_child(write_as_nobody, NULL));
}

TEST_F(sysctl, max_pending)
{
	struct sockaddr_rill addr = rill_addr(0);
	int listener = rill_listener(SOCK_STREAM, 0, &addr), last;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, rill_sysctl_set("max_pending", "2"));
	ASSERT_LE(0, rill_client(SOCK_STREAM | SOCK_NONBLOCK, &addr));
	ASSERT_LE(0, rill_client(SOCK_STREAM | SOCK_NONBLOCK, &addr));
	last = rill_client(SOCK_STREAM | SOCK_NONBLOCK, &addr);
	ASSERT_LE(0, last);
	EXPECT_EQ(-EAGAIN, rill_client(SOCK_STREAM | SOCK_NONBLOCK, &addr));
	EXPECT_EQ(-EAGAIN, rill_client(SOCK_STREAM, &addr));
	close(last);
	EXPECT_LE(0, rill_client(SOCK_STREAM | SOCK_NONBLOCK, &addr));
}

TEST_F(sysctl, loopback)
{
	struct sockaddr_rill addr = rill_addr(0);
	int listener = rill_listener(SOCK_STREAM, 1, &addr), fd[2];

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, rill_pair(SOCK_STREAM, fd));
	ASSERT_EQ(0, rill_sysctl_set("loopback", "0"));
	EXPECT_EQ(-ENETUNREACH, rill_client(SOCK_STREAM, &addr));
	/* Connections that exist go on. */
	EXPECT_EQ(1, rill_send(fd[0], "x", 1, 0));
	ASSERT_EQ(0, rill_sysctl_set("loopback", "1"));
	EXPECT_LE(0, rill_client(SOCK_STREAM, &addr));
}

TEST_F(sysctl, port_range_is_in_force_at_once)
{
	struct sockaddr_rill addr = rill_addr(0);

	ASSERT_EQ(0, rill_sysctl_set("local_port_range", "2000 2000"));
	ASSERT_LE(0, rill_bound(SOCK_STREAM, &addr));
	EXPECT_EQ(2000, (int)rill_port(&addr));
	addr = rill_addr(0);
	EXPECT_EQ(-EADDRNOTAVAIL, rill_bound(SOCK_STREAM, &addr));
	ASSERT_EQ(0, rill_sysctl_set("local_port_range", "2000 2001"));
	ASSERT_LE(0, rill_bound(SOCK_STREAM, &addr));
	EXPECT_EQ(2001, (int)rill_port(&addr));
}

TEST_HARNESS_MAIN
