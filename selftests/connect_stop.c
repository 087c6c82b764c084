// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect(): what wakes a blocked call without a caught signal (C06b): stop
 * and continue, a tracer, a freezer. The wait goes on, with the time it has
 * left, and the request stays one.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "connect_fixture.h"

/* Stops of one call in a test; enough to exceed its time if each restarts it */
#define STOPS	5

/**
 * struct sleeper - A child process that sleeps in connect().
 * @lfd: The listener, without room.
 * @conn: The socket, shared with the child, and where it connects.
 * @pid: The child; its exit status is what connect() gave.
 */
struct sleeper {
	int lfd;
	struct rill_connect_call conn;
	pid_t pid;
};

static int sleeper_setup(struct sleeper *s, struct rill_path *path)
{
	struct rill_blocked b;
	int ret = rill_blocked_setup(&b, path);

	s->lfd = b.lfd;
	s->conn = b.conn;
	return ret;
}

static int sleeper_start(struct sleeper *s)
{
	s->pid = rill_child_start(rill_connect_fn, &s->conn);
	if (s->pid < 0)
		return s->pid;
	return rill_task_blocked(s->pid, SYS_connect);
}

/* Stop the child, know it stopped, let it go on. Return: 0 or -errno. */
static int sleeper_stop(struct sleeper *s, int sig)
{
	int ret;

	if (kill(s->pid, sig))
		return -errno;
	ret = rill_wait_stopped(s->pid);
	if (!ret && kill(s->pid, SIGCONT))
		ret = -errno;
	return ret;
}

/* The child sleeps on, its request is one, and it ends well. */
static int sleeper_ends_well(struct sleeper *s, struct rill_path *path)
{
	int peer;

	if (rill_task_blocked(s->pid, SYS_connect))
		return __LINE__;
	if (rill_wait_state(s->conn.fd, "SYN_SENT"))
		return __LINE__;
	if (rill_wait_pending(s->lfd, 1))
		return __LINE__;
	if (rill_path_unblock(path, s->lfd))
		return __LINE__;
	if (rill_child_wait(s->pid))
		return __LINE__;
	peer = rill_accept(s->lfd);
	if (peer < 0 || rill_ping(s->conn.fd, peer))
		return __LINE__;
	close(peer);
	return rill_nothing_to_accept(s->lfd) ? 0 : __LINE__;
}

TEST_F(connect, C06b_stop_and_continue)
{
	struct sleeper s;
	int i;

	ASSERT_EQ(0, sleeper_setup(&s, &self->path));
	ASSERT_EQ(0, sleeper_start(&s));
	for (i = 0; i < STOPS; i++) {
		ASSERT_EQ(0, sleeper_stop(&s, i & 1 ? SIGTSTP : SIGSTOP));
		ASSERT_EQ(0, rill_task_blocked(s.pid, SYS_connect));
	}
	EXPECT_EQ(0, sleeper_ends_well(&s, &self->path));
}

TEST_F(connect, C06b_stop_with_sndtimeo)
{
	struct sleeper s;

	/* a bounded wait, which may be told from an unbounded one in code */
	ASSERT_EQ(0, sleeper_setup(&s, &self->path));
	ASSERT_EQ(0, rill_set_sndtimeo(s.conn.fd, 3600000));
	ASSERT_EQ(0, sleeper_start(&s));
	ASSERT_EQ(0, sleeper_stop(&s, SIGSTOP));
	EXPECT_EQ(0, sleeper_ends_well(&s, &self->path));
}

TEST_F(connect, C06b_established_while_stopped)
{
	struct sleeper s;
	int peer;

	ASSERT_EQ(0, sleeper_setup(&s, &self->path));
	ASSERT_EQ(0, sleeper_start(&s));
	ASSERT_EQ(0, kill(s.pid, SIGSTOP));
	ASSERT_EQ(0, rill_wait_stopped(s.pid));
	ASSERT_EQ(0, rill_path_unblock(&self->path, s.lfd));
	ASSERT_EQ(0, rill_wait_state(s.conn.fd, "ESTABLISHED"));
	peer = rill_accept(s.lfd);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, kill(s.pid, SIGCONT));
	EXPECT_EQ(0, rill_child_wait(s.pid));
	EXPECT_TRUE(rill_nothing_to_accept(s.lfd));
}

TEST_F(connect, C06b_refused_while_stopped)
{
	struct sleeper s;

	ASSERT_EQ(0, sleeper_setup(&s, &self->path));
	ASSERT_EQ(0, sleeper_start(&s));
	ASSERT_EQ(0, kill(s.pid, SIGSTOP));
	ASSERT_EQ(0, rill_wait_stopped(s.pid));
	/* the child has a descriptor of it too: close() would not end it */
	ASSERT_EQ(0, shutdown(s.lfd, SHUT_RDWR));
	ASSERT_EQ(0, rill_wait_state(s.conn.fd, "CLOSE"));
	ASSERT_EQ(0, kill(s.pid, SIGCONT));
	EXPECT_EQ(ECONNREFUSED, rill_child_wait(s.pid));
	EXPECT_EQ(0, rill_so_error(s.conn.fd));
}

TEST_F(connect, C06b_timed_out_while_stopped)
{
	struct sleeper s;

	ASSERT_EQ(0, sleeper_setup(&s, &self->path));
	ASSERT_EQ(0, rill_setsockopt_int(s.conn.fd, SOL_RILL,
					 RILL_CONNECT_TIMEOUT, 2000));
	ASSERT_EQ(0, sleeper_start(&s));
	ASSERT_EQ(0, kill(s.pid, SIGSTOP));
	ASSERT_EQ(0, rill_wait_stopped(s.pid));
	ASSERT_EQ(0, rill_wait_state(s.conn.fd, "CLOSE"));
	ASSERT_EQ(0, kill(s.pid, SIGCONT));
	EXPECT_EQ(ETIMEDOUT, rill_child_wait(s.pid));
	EXPECT_EQ(0, rill_wait_pending(s.lfd, 0));
}

/* Stop and continue until the call ends. Return: what it gave, -errno. */
static int stop_until_end(struct sleeper *s, int *stops)
{
	long long end = rill_now_ms() + RILL_DEADLINE_MS;

	*stops = 0;
	while (rill_now_ms() < end) {
		if (rill_task_blocked(s->pid, SYS_connect) == -ESRCH ||
		    sleeper_stop(s, SIGSTOP) == -ESRCH)
			break;
		(*stops)++;
	}
	if (rill_now_ms() >= end) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
		return -ETIMEDOUT;
	}
	return 0;
}

/**
 * struct outcome - What a child's connect() gave, in shared memory: its exit
 *	status may go to the wait for a stop that does not come.
 * @conn: What to connect.
 * @err: 0 or errno.
 */
struct outcome {
	struct rill_connect_call conn;
	int err;
};

static int connect_outcome_fn(void *arg)
{
	struct outcome *outcome = arg;

	outcome->err = rill_connect_fn(&outcome->conn);
	return 0;
}

/*
 * If each continuation waited the whole time anew, the call would not end
 * while it is stopped again and again.
 */
static void deadline_stays(struct __test_metadata *_metadata,
			   struct rill_path *path, int dialect,
			   unsigned int timeout, unsigned int sndtimeo,
			   int expected)
{
	struct outcome *outcome;
	struct sleeper s;
	long long start;
	int stops;

	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)outcome);
	ASSERT_EQ(0, sleeper_setup(&s, path));
	outcome->conn = s.conn;
	outcome->err = -1;
	ASSERT_EQ(0, rill_setsockopt_int(s.conn.fd, SOL_RILL, RILL_DIALECT,
					 dialect));
	if (timeout)
		ASSERT_EQ(0, rill_setsockopt_int(s.conn.fd, SOL_RILL,
						 RILL_CONNECT_TIMEOUT,
						 timeout));
	if (sndtimeo)
		ASSERT_EQ(0, rill_set_sndtimeo(s.conn.fd, sndtimeo));
	start = rill_now_ms();
	s.pid = rill_child_start(connect_outcome_fn, outcome);
	ASSERT_LT(0, s.pid);
	EXPECT_EQ(0, stop_until_end(&s, &stops));
	EXPECT_EQ(expected, outcome->err);
	EXPECT_LE(start + timeout + sndtimeo,
		  rill_now_ms() + RILL_EARLY_MS);
	EXPECT_EQ(0, rill_so_error(s.conn.fd));
}

TEST_F(connect, C06b_stops_do_not_extend_timeout)
{
	deadline_stays(_metadata, &self->path, RILL_DIALECT_LINUX, 2000, 0,
		       ETIMEDOUT);
}

TEST_F(connect, C06b_stops_do_not_extend_sndtimeo)
{
	deadline_stays(_metadata, &self->path, RILL_DIALECT_LINUX, 0, 2000,
		       EINPROGRESS);
}

TEST_F(connect, C06b_stops_do_not_extend_sndtimeo_posix)
{
	deadline_stays(_metadata, &self->path, RILL_DIALECT_POSIX, 0, 2000,
		       ETIMEDOUT);
}

/* A handler in the child, for signals that a tracer passes on. */
static int connect_catching_fn(void *arg)
{
	rill_sig_catch(SIGUSR1, SA_RESTART);
	return rill_connect_fn(arg);
}

static int connect_ignoring_fn(void *arg)
{
	signal(SIGUSR1, SIG_IGN);
	return rill_connect_fn(arg);
}

TEST_F(connect, C06b_tracer_interrupts)
{
	struct sleeper s;
	int i;

	ASSERT_EQ(0, sleeper_setup(&s, &self->path));
	ASSERT_EQ(0, sleeper_start(&s));
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, s.pid, NULL, NULL));
	for (i = 0; i < STOPS; i++) {
		ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, s.pid, NULL, NULL));
		ASSERT_EQ(0, rill_wait_stopped(s.pid));
		ASSERT_EQ(0, ptrace(PTRACE_CONT, s.pid, NULL, NULL));
		ASSERT_EQ(0, rill_task_blocked(s.pid, SYS_connect));
	}
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, s.pid, NULL, NULL));
	ASSERT_EQ(0, rill_wait_stopped(s.pid));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, s.pid, NULL, NULL));
	EXPECT_EQ(0, sleeper_ends_well(&s, &self->path));
}

TEST_F(connect, C06b_tracer_attaches)
{
	struct sleeper s;

	ASSERT_EQ(0, sleeper_setup(&s, &self->path));
	ASSERT_EQ(0, sleeper_start(&s));
	ASSERT_EQ(0, ptrace(PTRACE_ATTACH, s.pid, NULL, NULL));
	ASSERT_EQ(0, rill_wait_stopped(s.pid));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, s.pid, NULL, NULL));
	EXPECT_EQ(0, sleeper_ends_well(&s, &self->path));
}

TEST_F(connect, C06b_tracer_sees_ignored_signal)
{
	struct sleeper s;

	/* while traced even an ignored signal is queued, and stops the task */
	ASSERT_EQ(0, sleeper_setup(&s, &self->path));
	s.pid = rill_child_start(connect_ignoring_fn, &s.conn);
	ASSERT_LT(0, s.pid);
	ASSERT_EQ(0, rill_task_blocked(s.pid, SYS_connect));
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, s.pid, NULL, NULL));
	ASSERT_EQ(0, kill(s.pid, SIGUSR1));
	ASSERT_EQ(0, rill_wait_stopped(s.pid));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, s.pid, NULL, SIGUSR1));
	ASSERT_EQ(0, rill_task_blocked(s.pid, SYS_connect));
	ASSERT_EQ(0, kill(s.pid, SIGWINCH));
	ASSERT_EQ(0, rill_wait_stopped(s.pid));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, s.pid, NULL, SIGWINCH));
	EXPECT_EQ(0, sleeper_ends_well(&s, &self->path));
}

TEST_F(connect, C06_tracer_passes_on_caught_signal)
{
	struct sleeper s;

	ASSERT_EQ(0, sleeper_setup(&s, &self->path));
	s.pid = rill_child_start(connect_catching_fn, &s.conn);
	ASSERT_LT(0, s.pid);
	ASSERT_EQ(0, rill_task_blocked(s.pid, SYS_connect));
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, s.pid, NULL, NULL));
	ASSERT_EQ(0, kill(s.pid, SIGUSR1));
	ASSERT_EQ(0, rill_wait_stopped(s.pid));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, s.pid, NULL, SIGUSR1));
	EXPECT_EQ(EINTR, rill_child_wait(s.pid));
	EXPECT_EQ(0, rill_wait_pending(s.lfd, 1));
	EXPECT_EQ(EALREADY, rill_connect(s.conn.fd, &s.conn.addr));
}

/* Write @value to file @name of the test's own cgroup. Return: 0 or errno. */
static int cgroup_write(const char *dir, const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/rill/%s", dir, name);
	return rill_file_write(path, value);
}

static bool cgroup_frozen(void *arg)
{
	char path[128], text[128] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/rill/cgroup.events", (char *)arg);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return false;
	close(fd);
	return strstr(text, "frozen 1");
}

TEST_F(connect, C06b_freezer)
{
	char dir[] = "/tmp/rill.XXXXXX", path[64], pid[16];
	struct sleeper s;

	/* mounted for this process only */
	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	snprintf(path, sizeof(path), "%s/rill", dir);
	if (mount("cgroup2", dir, "cgroup2", 0, NULL) || mkdir(path, 0700)) {
		umount(dir);
		rmdir(dir);
		SKIP(return, "no cgroups");
	}
	ASSERT_EQ(0, sleeper_setup(&s, &self->path));
	ASSERT_EQ(0, sleeper_start(&s));
	snprintf(pid, sizeof(pid), "%d", s.pid);
	EXPECT_EQ(0, cgroup_write(dir, "cgroup.procs", pid));
	EXPECT_EQ(0, cgroup_write(dir, "cgroup.freeze", "1"));
	EXPECT_EQ(0, rill_wait_until(cgroup_frozen, dir));
	EXPECT_EQ(0, cgroup_write(dir, "cgroup.freeze", "0"));
	EXPECT_EQ(0, sleeper_ends_well(&s, &self->path));
	rmdir(path);
	umount(dir);
	rmdir(dir);
}

/* Deadly signals need no connect() to return; the request goes with it. */
TEST_F(connect, C34_killed)
{
	struct rill_blocked b;
	struct sleeper s;

	ASSERT_EQ(0, rill_blocked_setup(&b, &self->path));
	s.lfd = b.lfd;
	s.conn = b.conn;
	ASSERT_EQ(0, sleeper_start(&s));
	/* now the child alone holds the socket */
	close(s.conn.fd);
	ASSERT_EQ(0, kill(s.pid, SIGTERM));
	EXPECT_EQ(-EINTR, rill_child_wait(s.pid));
	EXPECT_EQ(0, rill_wait_pending(s.lfd, 0));
	ASSERT_EQ(0, rill_path_unblock(&self->path, s.lfd));
	EXPECT_TRUE(rill_nothing_to_accept(s.lfd));
}

TEST_HARNESS_MAIN
