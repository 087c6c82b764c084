// SPDX-License-Identifier: GPL-2.0-only
/*
 * Selftest helpers: threads known to block, processes, signals.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rill_test.h"

static int rill_sig_counts[_NSIG];

static void *rill_call_main(void *arg)
{
	struct rill_call *call = arg;
	int ret;

	__atomic_store_n(&call->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	ret = call->fn(call->arg);
	call->ret = ret;
	__atomic_store_n(&call->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static bool rill_call_has_tid(void *arg)
{
	struct rill_call *call = arg;

	return __atomic_load_n(&call->tid, __ATOMIC_ACQUIRE);
}

int rill_call_start(struct rill_call *call, int (*fn)(void *arg), void *arg)
{
	int err;

	memset(call, 0, sizeof(*call));
	call->fn = fn;
	call->arg = arg;
	err = pthread_create(&call->thread, NULL, rill_call_main, call);
	if (err)
		return -err;
	return rill_wait_until(rill_call_has_tid, call);
}

bool rill_call_done(struct rill_call *call)
{
	return __atomic_load_n(&call->done, __ATOMIC_ACQUIRE);
}

int rill_call_join(struct rill_call *call)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += RILL_DEADLINE_MS / 1000;
	if (pthread_timedjoin_np(call->thread, NULL, &ts))
		return -ETIMEDOUT;
	return call->ret;
}

int rill_task_state(pid_t tid)
{
	char path[64], line[256], *p;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	file = fopen(path, "re");
	if (!file)
		return -ESRCH;
	p = fgets(line, sizeof(line), file);
	fclose(file);
	/* the command's name may hold blanks and parentheses */
	p = p ? strrchr(line, ')') : NULL;
	return p && p[1] ? p[2] : -ESRCH;
}

/* Number of the system call that @tid is in; -1 when it runs, -errno. */
static long rill_task_syscall(pid_t tid)
{
	char path[64], line[256];
	FILE *file;
	long nr = -1;

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	file = fopen(path, "re");
	if (!file)
		return -ESRCH;
	if (fgets(line, sizeof(line), file) && line[0] != 'r')
		nr = strtol(line, NULL, 10);
	fclose(file);
	return nr;
}

/* What a wait for a blocked task looks at. */
struct rill_block {
	struct rill_call *call;
	pid_t tid;
	long nr;
	bool gone;
};

static bool rill_is_blocked(void *arg)
{
	struct rill_block *block = arg;
	int state = rill_task_state(block->tid);
	long nr = rill_task_syscall(block->tid);

	block->gone = block->call ? rill_call_done(block->call) :
				    state < 0 || state == 'Z' || state == 'X';
	if (block->gone)
		return true;
	return state == 'S' && (nr == block->nr || nr == SYS_restart_syscall);
}

static int rill_block_wait(struct rill_block *block)
{
	int ret = rill_wait_until(rill_is_blocked, block);

	if (!ret && block->gone)
		ret = -ESRCH;
	return ret;
}

int rill_call_blocked(struct rill_call *call, long nr)
{
	struct rill_block block = { .call = call, .tid = call->tid, .nr = nr };

	return rill_block_wait(&block);
}

int rill_task_blocked(pid_t tid, long nr)
{
	struct rill_block block = { .tid = tid, .nr = nr };

	return rill_block_wait(&block);
}

static void rill_sig_handler(int sig)
{
	__atomic_fetch_add(&rill_sig_counts[sig], 1, __ATOMIC_SEQ_CST);
}

int rill_sig_catch(int sig, int flags)
{
	struct sigaction sa = {
		.sa_handler = rill_sig_handler,
		.sa_flags = flags,
	};

	__atomic_store_n(&rill_sig_counts[sig], 0, __ATOMIC_SEQ_CST);
	return sigaction(sig, &sa, NULL) ? -errno : 0;
}

int rill_sig_count(int sig)
{
	return __atomic_load_n(&rill_sig_counts[sig], __ATOMIC_SEQ_CST);
}

/* What a wait for a signal looks at. */
struct rill_sig_want {
	int sig;
	int n;
};

static bool rill_sig_came(void *arg)
{
	struct rill_sig_want *want = arg;

	return rill_sig_count(want->sig) >= want->n;
}

int rill_wait_sig(int sig, int n)
{
	struct rill_sig_want want = { .sig = sig, .n = n };

	return rill_wait_until(rill_sig_came, &want);
}

int rill_tgkill(pid_t tid, int sig)
{
	return syscall(SYS_tgkill, getpid(), tid, sig) ? -errno : 0;
}

pid_t rill_child_start(int (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(fn(arg));
	}
	return pid;
}

/* What a wait for a child looks at. */
struct rill_child {
	pid_t pid;
	int status;
	int flags;
};

static bool rill_child_changed(void *arg)
{
	struct rill_child *child = arg;

	return waitpid(child->pid, &child->status, child->flags | WNOHANG);
}

int rill_child_wait(pid_t pid)
{
	struct rill_child child = { .pid = pid };

	if (rill_wait_until(rill_child_changed, &child)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return -ETIMEDOUT;
	}
	return WIFEXITED(child.status) ? WEXITSTATUS(child.status) : -EINTR;
}

int rill_child_run(int (*fn)(void *arg), void *arg)
{
	pid_t pid = rill_child_start(fn, arg);

	return pid < 0 ? pid : rill_child_wait(pid);
}

int rill_wait_stopped(pid_t pid)
{
	struct rill_child child = { .pid = pid, .flags = WUNTRACED };
	int ret = rill_wait_until(rill_child_changed, &child);

	if (!ret && !WIFSTOPPED(child.status))
		ret = -ESRCH;
	return ret;
}

int rill_connect_fn(void *arg)
{
	struct rill_connect_call *conn = arg;

	return rill_connect(conn->fd, &conn->addr);
}

int rill_connect_start(struct rill_call *call, struct rill_connect_call *conn)
{
	int ret = rill_call_start(call, rill_connect_fn, conn);

	if (!ret)
		ret = rill_call_blocked(call, SYS_connect);
	if (!ret)
		ret = rill_wait_state(conn->fd, "SYN_SENT");
	return ret;
}
