// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracepoints events/rill: each change of state and each refusal shows.
 */
#include "kselftest_harness.h"
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "rill_io.h"
#include "rill_path.h"

#define TRACEFS	"/sys/kernel/tracing"
#define OURS	TRACEFS "/instances/rill_selftest"

static char text[1 << 20];

FIXTURE(trace) {
	bool names;
};

/*
 * Without names of tasks, events of the scheduler stay off: to switch these on
 * and off the kernel patches schedule(), of which an emulated processor (QEMU
 * before 8.2) may keep the breakpoint for ever.
 */
static bool names_off(void)
{
	FILE *f = fopen(TRACEFS "/options/record-cmd", "r");
	bool on = f && fgetc(f) == '1';

	if (f)
		fclose(f);
	return on && !rill_file_write(TRACEFS "/options/record-cmd", "0");
}

/* Tracing is there; 0 or -ENOENT. */
static int trace_find(void)
{
	if (access(TRACEFS "/instances", F_OK)) {
		if (unshare(CLONE_NEWNS) ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("tracefs", TRACEFS, "tracefs", 0, NULL))
			return -ENOENT;
	}
	return access(TRACEFS "/instances", F_OK) ? -ENOENT : 0;
}

/* A trace instance with all events of rill; 0 or -errno. */
static int trace_on(void)
{
	if (mkdir(OURS, 0700) && errno != EEXIST)
		return -errno;
	return -rill_file_write(OURS "/events/rill/enable", "1");
}

FIXTURE_SETUP(trace)
{
	if (trace_find())
		SKIP(return, "no tracefs here");
	self->names = names_off();
	ASSERT_EQ(0, trace_on());
	RILL_IN_NETNS(return);
	rill_file_write(OURS "/trace", "");
}

FIXTURE_TEARDOWN(trace)
{
	rill_file_write(OURS "/events/rill/enable", "0");
	rmdir(OURS);
	if (self->names)
		rill_file_write(TRACEFS "/options/record-cmd", "1");
}

/* Lines of the trace that speak of rill; the whole of it into text[]. */
static int trace_lines(void)
{
	FILE *f = fopen(OURS "/trace", "r");
	char *line;
	int n = 0;

	if (!f)
		return -errno;
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	for (line = strstr(text, ": rill_"); line;
	     line = strstr(line + 1, ": rill_"))
		n++;
	return n;
}

TEST_F(trace, events_exist)
{
	DIR *dir = opendir(OURS "/events/rill");
	struct dirent *d;
	char path[512];
	int n = 0;

	ASSERT_NE(NULL, dir);
	while ((d = readdir(dir))) {
		if (strncmp(d->d_name, "rill_", 5))
			continue;
		snprintf(path, sizeof(path), "%s/events/rill/%s/format", OURS,
			 d->d_name);
		EXPECT_EQ(0, access(path, R_OK));
		n++;
	}
	closedir(dir);
	EXPECT_LE(2, n);
}

TEST_F(trace, states_of_a_connection)
{
	int fd[2];

	EXPECT_EQ(0, trace_lines());
	ASSERT_EQ(0, rill_pair(SOCK_STREAM, fd));
	close(fd[0]);
	close(fd[1]);
	EXPECT_LE(4, trace_lines());
	EXPECT_NE(NULL, strstr(text, "SYN_SENT"));
	EXPECT_NE(NULL, strstr(text, "ESTABLISHED"));
	EXPECT_NE(NULL, strstr(text, "LISTEN"));
	EXPECT_NE(NULL, strstr(text, "CLOSE"));
}

TEST_F(trace, refusals)
{
	struct sockaddr_rill nobody = rill_addr(1);
	int before = trace_lines();

	EXPECT_EQ(-ECONNREFUSED, rill_client(SOCK_SEQPACKET, &nobody));
	EXPECT_LT(before, trace_lines());
	EXPECT_NE(NULL, strstr(text, "refuse"));
}

/* The reason has the name that it has in /proc/net/rill/counters. */
TEST_F(trace, frames_dropped)
{
	struct sockaddr_rill nobody = rill_addr(1);
	struct rill_path path;
	int ret, fd;

	ret = rill_path_open(&path, &rill_path_ether, SOCK_STREAM);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no veth");
	ASSERT_EQ(0, ret);
	path.ops->address(&path, RILL_SERVER, &nobody);
	fd = rill_path_socket(&path, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(ECONNREFUSED, rill_connect(fd, &nobody));
	close(fd);
	rill_path_close(&path);
	trace_lines();
	EXPECT_NE(NULL, strstr(text, ": rill_rx_drop: "));
	EXPECT_NE(NULL, strstr(text, "reason=rx_refused"));
}

TEST_F(trace, nothing_when_off)
{
	int fd[2];

	ASSERT_EQ(0, rill_file_write(OURS "/events/rill/enable", "0"));
	ASSERT_EQ(0, rill_pair(SOCK_STREAM, fd));
	EXPECT_EQ(0, trace_lines());
}

TEST_HARNESS_MAIN
