// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/net/rill: what it lists, of whom, and while sockets come and go.
 */
#include "kselftest_harness.h"
#include <dirent.h>
#include <sys/stat.h>
#include "rill_io.h"

#define SOCKETS	"/proc/net/rill/sockets"

FIXTURE(proc) {
	int unused;
};

FIXTURE_SETUP(proc)
{
	RILL_IN_NETNS(return);
}

FIXTURE_TEARDOWN(proc)
{
}

/* The whole of a file, or what fits; bytes or -errno. */
static ssize_t slurp(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		return -errno;
	n = fread(buf, 1, size - 1, f);
	buf[n] = 0;
	fclose(f);
	return n;
}

TEST_F(proc, family)
{
	char buf[64];

	ASSERT_LT(0, slurp("/proc/net/rill/family", buf, sizeof(buf)));
	EXPECT_STREQ("18\n", buf);
}

TEST_F(proc, header_only_when_empty)
{
	char buf[512];

	ASSERT_LT(0, slurp(SOCKETS, buf, sizeof(buf)));
	EXPECT_EQ(strlen(buf) - 1, strcspn(buf, "\n"));
	EXPECT_EQ(0, rill_socket_count());
}

TEST_F(proc, columns)
{
	static const char *const want[] = { "sk", "type", "state", "local",
		"peer", "recvq", "sendq", "backlog", "pending", "uid",
		"inode" };
	int fd = socket(AF_RILL, SOCK_STREAM, 0);
	char buf[2048], *line, *word;
	unsigned int i;

	ASSERT_LE(0, fd);
	ASSERT_LT(0, slurp(SOCKETS, buf, sizeof(buf)));
	line = strtok(buf, "\n");
	line = strdup(line);
	word = strtok(NULL, "\n");
	ASSERT_NE(NULL, word);
	word = strdup(word);
	line = strtok(line, " ");
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		ASSERT_NE(NULL, line);
		EXPECT_STREQ(want[i], line);
		line = strtok(NULL, " ");
	}
	EXPECT_EQ(NULL, line);
	/* A line has as many words as the header. */
	word = strtok(word, " ");
	for (i = 0; word; i++)
		word = strtok(NULL, " ");
	EXPECT_EQ(ARRAY_SIZE(want), i);
}

TEST_F(proc, addresses)
{
	static const unsigned char zero[RILL_HWADDR_LEN];
	struct sockaddr_rill addr, name;
	unsigned char hw[RILL_HWADDR_LEN];
	struct rill_info info;
	char want[64];
	int fd, dev = rill_dev_add("rilldev0");

	ASSERT_LT(0, dev);
	ASSERT_EQ(0, rill_dev_hw("rilldev0", hw));
	ASSERT_NE(0, memcmp(hw, zero, sizeof(hw)));
	fd = socket(AF_RILL, SOCK_STREAM, 0);
	ASSERT_EQ(0, rill_info(fd, &info));
	EXPECT_STREQ("-", info.local);
	EXPECT_STREQ("-", info.peer);
	addr = rill_addr_hw(hw, dev, 7000);
	ASSERT_EQ(0, rill_bind(fd, &addr));
	snprintf(want, sizeof(want), "%02x:%02x:%02x:%02x:%02x:%02x%%%d:7000",
		 hw[0], hw[1], hw[2], hw[3], hw[4], hw[5], dev);
	ASSERT_EQ(0, rill_info(fd, &info));
	EXPECT_STREQ(want, info.local);
	EXPECT_STREQ("-", info.peer);
	ASSERT_EQ(0, rill_local(fd, &name));
	EXPECT_TRUE(rill_addr_eq(&addr, &name));
}

TEST_F(proc, both_ends)
{
	struct rill_info a, b;
	int fd[2];

	ASSERT_EQ(0, rill_pair(SOCK_STREAM, fd));
	ASSERT_EQ(5, rill_send(fd[0], "hello", 5, 0));
	ASSERT_EQ(0, rill_info(fd[0], &a));
	ASSERT_EQ(0, rill_info(fd[1], &b));
	EXPECT_STREQ("ESTABLISHED", a.state);
	EXPECT_STREQ("ESTABLISHED", b.state);
	EXPECT_STREQ(a.local, b.peer);
	EXPECT_STREQ(a.peer, b.local);
	EXPECT_EQ(5, a.sendq);
	EXPECT_EQ(0, a.recvq);
	EXPECT_EQ(5, b.recvq);
	EXPECT_EQ(0, b.sendq);
	EXPECT_NE(a.inode, b.inode);
}

TEST_F(proc, listener_and_its_queue)
{
	struct sockaddr_rill addr = rill_addr(0);
	int fd = rill_listener(SOCK_SEQPACKET, 1, &addr), i;
	struct rill_info info;

	ASSERT_LE(0, fd);
	for (i = 0; i < 4; i++)
		ASSERT_LE(0, rill_client(SOCK_SEQPACKET | SOCK_NONBLOCK,
					 &addr));
	ASSERT_EQ(0, rill_info(fd, &info));
	EXPECT_STREQ("SEQPACKET", info.type);
	EXPECT_STREQ("LISTEN", info.state);
	EXPECT_EQ(2, info.recvq);
	EXPECT_EQ(1, info.backlog);
	EXPECT_EQ(2, info.pending);
	EXPECT_STREQ("-", info.peer);
}

static int hold_as_nobody(void *arg)
{
	int *fd = arg;
	struct rill_info info;

	if (rill_drop_root())
		return 1;
	*fd = socket(AF_RILL, SOCK_DGRAM, 0);
	if (*fd < 0 || rill_info(*fd, &info))
		return 2;
	return info.uid == 65534 ? 0 : 3;
}

TEST_F(proc, owner)
{
	struct rill_info info;
	int fd = socket(AF_RILL, SOCK_DGRAM, 0);

	ASSERT_EQ(0, rill_info(fd, &info));
	EXPECT_EQ(0, info.uid);
	EXPECT_EQ(0, rill_in_child(hold_as_nobody, &fd));
	ASSERT_EQ(0, fchown(fd, 1234, 1234));
	ASSERT_EQ(0, rill_info(fd, &info));
	EXPECT_EQ(1234, info.uid);
}

TEST_F(proc, counters)
{
	char buf[4096], *line, *next, name[64], tail;
	int fd[2], lines = 0, words;
	long long value;

	ASSERT_EQ(0, rill_pair(SOCK_STREAM, fd));
	ASSERT_LT(0, slurp("/proc/net/rill/counters", buf, sizeof(buf)));
	for (line = strtok_r(buf, "\n", &next); line;
	     line = strtok_r(NULL, "\n", &next)) {
		words = sscanf(line, "%63s %lld%c", name, &value, &tail);
		EXPECT_EQ(2, words)
			TH_LOG("line '%s'", line);
		EXPECT_LE(0, value);
		lines++;
	}
	EXPECT_LT(3, lines);
	EXPECT_EQ(-ENOENT, rill_counter("no_such_counter"));
}

TEST_F(proc, counters_count)
{
	struct sockaddr_rill nobody = rill_addr(7999);
	long long connect = rill_counter("connect");
	long long established = rill_counter("established");
	long long accepted = rill_counter("accepted");
	long long refused = rill_counter("refused");
	int fd[2];

	EXPECT_EQ(0, connect);
	ASSERT_EQ(0, rill_pair(SOCK_STREAM, fd));
	EXPECT_EQ(-ECONNREFUSED, rill_client(SOCK_STREAM, &nobody));
	EXPECT_LE(1, rill_counter("connect") - connect);
	EXPECT_EQ(1, rill_counter("established") - established);
	EXPECT_EQ(1, rill_counter("accepted") - accepted);
	EXPECT_EQ(1, rill_counter("refused") - refused);
	EXPECT_EQ(0, rill_counter("illegal"));
}

TEST_F(proc, of_this_namespace_only)
{
	int fd = socket(AF_RILL, SOCK_STREAM, 0), other;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_netns_new());
	EXPECT_EQ(0, rill_socket_count());
	other = socket(AF_RILL, SOCK_STREAM, 0);
	ASSERT_LE(0, other);
	EXPECT_EQ(1, rill_socket_count());
	EXPECT_EQ(0, rill_counter("connect"));
}

TEST_F(proc, files_are_read_only)
{
	static const char *const names[] = { SOCKETS, "/proc/net/rill/family",
					     "/proc/net/rill/counters" };
	struct stat st;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		ASSERT_EQ(0, stat(names[i], &st));
		EXPECT_EQ(0444, st.st_mode & 0777);
	}
}

/* Many more lines than a page holds, read in pieces. */
TEST_F(proc, long_list_in_small_reads)
{
	int fd[150], lines = 0;
	unsigned int i;
	char buf[97];
	FILE *f;

	for (i = 0; i < ARRAY_SIZE(fd); i++) {
		fd[i] = socket(AF_RILL, SOCK_STREAM, 0);
		ASSERT_LE(0, fd[i]);
	}
	EXPECT_EQ(ARRAY_SIZE(fd), rill_socket_count());
	f = fopen(SOCKETS, "r");
	ASSERT_NE(NULL, f);
	setvbuf(f, NULL, _IONBF, 0);
	while (fgets(buf, sizeof(buf), f))
		lines += !!strchr(buf, '\n');
	fclose(f);
	EXPECT_EQ(ARRAY_SIZE(fd) + 1, lines);
}

struct churn {
	bool stop;
};

static int churn_fn(void *arg)
{
	struct churn *churn = arg;
	int fd[8], i, rounds = 0;

	while (!__atomic_load_n(&churn->stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < 8; i += 2)
			if (rill_pair(i % 4 ? SOCK_STREAM : SOCK_SEQPACKET,
				      &fd[i]))
				return -1;
		for (i = 0; i < 8; i++)
			close(fd[i]);
		rounds++;
	}
	return rounds;
}

TEST_F(proc, while_sockets_come_and_go)
{
	int fd = socket(AF_RILL, SOCK_DGRAM, 0), i;
	struct churn churn = { false };
	struct rill_call call;
	struct rill_info info;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rill_call_start(&call, churn_fn, &churn));
	/* One that stays is found in every reading. */
	for (i = 0; i < 400 / rill_slow(); i++)
		ASSERT_EQ(0, rill_info(fd, &info));
	__atomic_store_n(&churn.stop, true, __ATOMIC_RELAXED);
	EXPECT_LE(0, rill_call_join(&call));
	EXPECT_EQ(0, rill_wait_socket_count(1));
}

/* An open file keeps its namespace's answer without keeping it alive badly. */
TEST_F(proc, file_outlives_the_namespace)
{
	FILE *f = fopen(SOCKETS, "r");
	char buf[256];

	ASSERT_NE(NULL, f);
	ASSERT_EQ(0, rill_netns_new());
	EXPECT_NE(NULL, fgets(buf, sizeof(buf), f));
	EXPECT_EQ(NULL, fgets(buf, sizeof(buf), f));
	fclose(f);
}

TEST_HARNESS_MAIN
