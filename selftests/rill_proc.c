// SPDX-License-Identifier: GPL-2.0-only
/*
 * Selftest helpers: /proc/net/rill, sysctls, waiting for a state.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <linux/sockios.h>

#include "rill_test.h"

#define RILL_PROC	"/proc/thread-self/net/rill/"
#define RILL_SYSCTL	"/proc/sys/net/rill/"

/* Pause between two looks at a state; the one sleep of the selftests. */
#define RILL_POLL_NS	1000000

long long rill_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

int rill_wait_until(bool (*cond)(void *arg), void *arg)
{
	const struct timespec pause = { .tv_nsec = RILL_POLL_NS };
	long long end = rill_now_ms() + RILL_DEADLINE_MS;

	while (!cond(arg)) {
		if (rill_now_ms() > end)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/*
 * Read a whole file. One read(): the list fits unless it has thousands of
 * sockets, and then seq_file gives the rest by further reads.
 */
static char *rill_slurp(const char *path)
{
	size_t size = 65536, len = 0;
	char *buf = malloc(size);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (buf && fd >= 0) {
		n = read(fd, buf + len, size - len - 1);
		if (n <= 0)
			break;
		len += n;
		if (size - len < 8192) {
			char *more = realloc(buf, size *= 2);

			if (!more)
				free(buf);
			buf = more;
		}
	}
	if (fd >= 0)
		close(fd);
	if (buf && n < 0) {
		free(buf);
		buf = NULL;
	}
	if (buf)
		buf[len] = '\0';
	return buf;
}

static bool rill_info_parse(const char *line, struct rill_info *info)
{
	return sscanf(line, "%*s %11s %15s %47s %47s %lu %lu %lu %lu %u %lu",
		      info->type, info->state, info->local, info->peer,
		      &info->recvq, &info->sendq, &info->backlog,
		      &info->pending, &info->uid, &info->inode) == 10;
}

/* Look in the list of the calling thread's namespace. */
static int rill_info_here(unsigned long inode, struct rill_info *info)
{
	char *text = rill_slurp(RILL_PROC "sockets");
	char *save = NULL, *line;
	int ret = -ENOENT;

	if (!text)
		return -EIO;
	line = strtok_r(text, "\n", &save);
	while (line && ret) {
		line = strtok_r(NULL, "\n", &save);
		if (line && rill_info_parse(line, info) && info->inode == inode)
			ret = 0;
	}
	free(text);
	return ret;
}

/* Look in the list of the socket's own namespace. */
static int rill_info_there(int fd, unsigned long inode, struct rill_info *info)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int away = ioctl(fd, SIOCGSKNS);
	int ret = -ENOENT;

	if (home >= 0 && away >= 0 && !setns(away, CLONE_NEWNET)) {
		ret = rill_info_here(inode, info);
		if (setns(home, CLONE_NEWNET))
			abort();
	}
	if (away >= 0)
		close(away);
	if (home >= 0)
		close(home);
	return ret;
}

int rill_info(int fd, struct rill_info *info)
{
	struct stat st;
	int ret;

	memset(info, 0, sizeof(*info));
	if (fstat(fd, &st))
		return -errno;
	ret = rill_info_here(st.st_ino, info);
	if (ret == -ENOENT)
		ret = rill_info_there(fd, st.st_ino, info);
	return ret;
}

int rill_socket_count(void)
{
	char *text = rill_slurp(RILL_PROC "sockets");
	int n = -1;	/* the header line */
	char *p;

	if (!text)
		return -EIO;
	for (p = text; *p; p++)
		n += *p == '\n';
	free(text);
	return n;
}

/* What a wait is for; @n or @text as the condition needs. */
struct rill_want {
	int fd;
	unsigned long n;
	const char *text;
};

static bool rill_has_state(void *arg)
{
	struct rill_want *want = arg;
	struct rill_info info;

	return !rill_info(want->fd, &info) && !strcmp(info.state, want->text);
}

static bool rill_has_pending(void *arg)
{
	struct rill_want *want = arg;
	struct rill_info info;

	return !rill_info(want->fd, &info) && info.pending == want->n;
}

static bool rill_has_recvq(void *arg)
{
	struct rill_want *want = arg;
	struct rill_info info;

	return !rill_info(want->fd, &info) && info.recvq == want->n;
}

static bool rill_has_count(void *arg)
{
	struct rill_want *want = arg;

	return rill_socket_count() == (int)want->n;
}

int rill_wait_state(int fd, const char *state)
{
	struct rill_want want = { .fd = fd, .text = state };

	return rill_wait_until(rill_has_state, &want);
}

int rill_wait_pending(int fd, unsigned long n)
{
	struct rill_want want = { .fd = fd, .n = n };

	return rill_wait_until(rill_has_pending, &want);
}

int rill_wait_recvq(int fd, unsigned long n)
{
	struct rill_want want = { .fd = fd, .n = n };

	return rill_wait_until(rill_has_recvq, &want);
}

int rill_wait_socket_count(int n)
{
	struct rill_want want = { .n = n };

	return rill_wait_until(rill_has_count, &want);
}

long long rill_counter(const char *name)
{
	char *text = rill_slurp(RILL_PROC "counters");
	size_t len = strlen(name);
	long long value = -ENOENT;
	char *save = NULL, *line;

	if (!text)
		return -EIO;
	line = strtok_r(text, "\n", &save);
	while (line) {
		if (!strncmp(line, name, len) && line[len] == ' ')
			value = strtoll(line + len, NULL, 10);
		line = strtok_r(NULL, "\n", &save);
	}
	free(text);
	return value;
}

int rill_file_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, value, strlen(value)) < 0)
		err = errno;
	close(fd);
	return err;
}

int rill_sysctl_set(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), RILL_SYSCTL "%s", name);
	return rill_file_write(path, value);
}

int rill_sysctl_get(const char *name, char *value, size_t size)
{
	char path[128], *text;

	snprintf(path, sizeof(path), RILL_SYSCTL "%s", name);
	text = rill_slurp(path);
	if (!text)
		return -ENOENT;
	snprintf(value, size, "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	return 0;
}
