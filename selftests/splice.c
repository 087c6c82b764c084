// SPDX-License-Identifier: GPL-2.0-only
/*
 * splice(), tee(), vmsplice() and sendfile(), into a socket and out of it.
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "rill_io.h"

#define MOST	300000

static const size_t sizes[] = { 1, 13, 4095, 4096, 4097, 12289, 65536, 65537,
				200003 };

FIXTURE(splice) {
	int fd[2];
	int pipe[2];
};

FIXTURE_VARIANT(splice) {
	int type;
};

FIXTURE_VARIANT_ADD(splice, stream) {
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(splice, seqpacket) {
	.type = SOCK_SEQPACKET,
};

FIXTURE_SETUP(splice)
{
	RILL_IN_NETNS(return);
	ASSERT_EQ(0, rill_pair(variant->type, self->fd));
	ASSERT_EQ(0, pipe(self->pipe));
}

FIXTURE_TEARDOWN(splice)
{
	close(self->fd[0]);
	close(self->fd[1]);
	close(self->pipe[0]);
	close(self->pipe[1]);
}

/* A file of @len bytes of the pattern. */
static int make_file(size_t len)
{
	static char buf[MOST];
	int fd = memfd_create("rill", 0);

	rill_pattern(buf, len, 0);
	if (fd >= 0 && write(fd, buf, len) != (ssize_t)len)
		return -errno;
	return fd < 0 ? -errno : fd;
}

struct sink {
	int fd;
	unsigned long off;
	long got;
};

/* Reads until the end; 0 when all of it was the pattern from @off on. */
static int sink_fn(void *arg)
{
	struct sink *s = arg;
	char *buf = malloc(MOST);
	ssize_t ret;

	while ((ret = rill_recv(s->fd, buf, MOST, 0)) > 0) {
		if (!rill_pattern_ok(buf, ret, s->off + s->got))
			return -EILSEQ;
		s->got += ret;
	}
	free(buf);
	return ret;
}

/* Moves all of @len bytes by sendfile(); 0 or -errno. */
static int sendfile_all(int out, int in, off_t *off, size_t len)
{
	ssize_t ret;

	while (len) {
		ret = sendfile(out, in, off, len);
		if (ret <= 0)
			return ret ? -errno : -EIO;
		len -= ret;
	}
	return 0;
}

TEST_F(splice, files_of_any_size)
{
	struct rill_call call;
	struct sink sink;
	unsigned int i;
	int file;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, rill_pair(variant->type, self->fd));
		file = make_file(sizes[i]);
		ASSERT_LE(0, file);
		ASSERT_EQ(0, lseek(file, 0, SEEK_SET));
		sink = (struct sink){ .fd = self->fd[1] };
		ASSERT_EQ(0, rill_call_start(&call, sink_fn, &sink));
		EXPECT_EQ(0, sendfile_all(self->fd[0], file, NULL, sizes[i]));
		ASSERT_EQ(0, rill_shutdown(self->fd[0], SHUT_WR));
		EXPECT_EQ(0, rill_call_join(&call));
		EXPECT_EQ((long)sizes[i], sink.got);
		close(file);
		close(self->fd[0]);
		close(self->fd[1]);
	}
}

TEST_F(splice, part_of_a_file)
{
	struct sink sink = { .fd = self->fd[1], .off = 777 };
	int file = make_file(100000);
	struct rill_call call;
	off_t off = 777;

	ASSERT_LE(0, file);
	ASSERT_EQ(0, rill_call_start(&call, sink_fn, &sink));
	EXPECT_EQ(0, sendfile_all(self->fd[0], file, &off, 50001));
	EXPECT_EQ(50778, off);
	ASSERT_EQ(0, rill_shutdown(self->fd[0], SHUT_WR));
	EXPECT_EQ(0, rill_call_join(&call));
	EXPECT_EQ(50001, sink.got);
}

TEST_F(splice, empty_and_beyond_the_end)
{
	int file = make_file(10);
	off_t off = 10;
	char c;

	ASSERT_LE(0, file);
	EXPECT_EQ(0, sendfile(self->fd[0], file, &off, 100));
	off = 0;
	EXPECT_EQ(0, sendfile(self->fd[0], file, &off, 0));
	EXPECT_EQ(-EAGAIN, rill_recv(self->fd[1], &c, 1, MSG_DONTWAIT));
	EXPECT_EQ(10, sendfile(self->fd[0], file, &off, 100));
	EXPECT_EQ(10, rill_drain(self->fd[1]));
}

TEST_F(splice, sendfile_without_waiting)
{
	int file = make_file(MOST);
	struct sink sink = { .fd = self->fd[1] };
	long sent = 0, ret;
	off_t off = 0;

	ASSERT_LE(0, file);
	ASSERT_EQ(0, rill_setsockopt_int(self->fd[0], SOL_SOCKET, SO_SNDBUF,
					 80000));
	ASSERT_EQ(0, rill_set_nonblock(self->fd[0], true));
	while ((ret = sendfile(self->fd[0], file, &off, MOST - sent)) > 0)
		sent += ret;
	EXPECT_EQ(-1, ret);
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(sent, off);
	EXPECT_LT(0, sent);
	EXPECT_GT(MOST, sent);
	ASSERT_EQ(0, rill_shutdown(self->fd[0], SHUT_WR));
	EXPECT_EQ(0, sink_fn(&sink));
	EXPECT_EQ(sent, sink.got);
}

TEST_F(splice, sendfile_to_nobody)
{
	int file = make_file(10), fresh = socket(AF_RILL, variant->type, 0);
	off_t off = 0;

	ASSERT_EQ(0, rill_sig_catch(SIGPIPE, 0));
	EXPECT_EQ(-1, sendfile(fresh, file, &off, 10));
	EXPECT_EQ(ENOTCONN, errno);
	close(self->fd[1]);
	self->fd[1] = -1;
	EXPECT_EQ(-1, sendfile(self->fd[0], file, &off, 10));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(0, off);
}

TEST_F(splice, in_from_a_pipe)
{
	char out[10000], in[10000];
	long moved = 0, ret;

	rill_pattern(out, sizeof(out), 0);
	ASSERT_EQ(sizeof(out), write(self->pipe[1], out, sizeof(out)));
	while (moved < (long)sizeof(out)) {
		ret = splice(self->pipe[0], NULL, self->fd[0], NULL, 3001,
			     SPLICE_F_MORE);
		ASSERT_LT(0, ret);
		moved += ret;
	}
	EXPECT_EQ(sizeof(out), moved);
	for (moved = 0; moved < (long)sizeof(in); moved += ret) {
		ret = rill_recv(self->fd[1], in + moved, sizeof(in) - moved,
				0);
		ASSERT_LT(0, ret);
	}
	EXPECT_TRUE(rill_pattern_ok(in, sizeof(in), 0));
}

TEST_F(splice, out_to_a_pipe)
{
	char out[6000], in[6000];
	long moved, ret;

	rill_pattern(out, sizeof(out), 0);
	ASSERT_EQ(sizeof(out), rill_send(self->fd[0], out, sizeof(out), 0));
	if (variant->type == SOCK_SEQPACKET) {
		/* A record goes in one piece or is cut: ask for enough. */
		ret = splice(self->fd[1], NULL, self->pipe[1], NULL, 65536, 0);
		EXPECT_EQ(sizeof(out), ret);
	}
	for (moved = 0; variant->type == SOCK_STREAM &&
	     moved < (long)sizeof(out); moved += ret) {
		ret = splice(self->fd[1], NULL, self->pipe[1], NULL, 1777, 0);
		ASSERT_LT(0, ret);
	}
	ASSERT_EQ(sizeof(in), read(self->pipe[0], in, sizeof(in)));
	EXPECT_TRUE(rill_pattern_ok(in, sizeof(in), 0));
}

TEST_F(splice, end_and_nothing_there)
{
	/* SPLICE_F_NONBLOCK alone speaks of the pipe: see splice(2). */
	ASSERT_EQ(0, rill_set_nonblock(self->fd[1], true));
	EXPECT_EQ(-1, splice(self->fd[1], NULL, self->pipe[1], NULL, 100,
			     SPLICE_F_NONBLOCK));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, rill_set_nonblock(self->fd[1], false));
	ASSERT_EQ(4, rill_send(self->fd[0], "last", 4, 0));
	close(self->fd[0]);
	self->fd[0] = -1;
	EXPECT_EQ(4, splice(self->fd[1], NULL, self->pipe[1], NULL, 100, 0));
	EXPECT_EQ(0, splice(self->fd[1], NULL, self->pipe[1], NULL, 100, 0));
}

TEST_F(splice, offsets_are_refused)
{
	off_t off = 0;

	ASSERT_EQ(1, write(self->pipe[1], "x", 1));
	EXPECT_EQ(-1, splice(self->pipe[0], NULL, self->fd[0], &off, 1, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, splice(self->fd[1], &off, self->pipe[1], NULL, 1, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, splice(self->fd[0], NULL, self->fd[1], NULL, 1, 0));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(splice, tee_sends_twice)
{
	int other[2], copy[2];
	char out[5000], in[5000];

	rill_pattern(out, sizeof(out), 0);
	ASSERT_EQ(0, pipe(copy));
	ASSERT_EQ(0, rill_pair(variant->type, other));
	ASSERT_EQ(sizeof(out), write(self->pipe[1], out, sizeof(out)));
	ASSERT_EQ(sizeof(out), tee(self->pipe[0], copy[1], sizeof(out), 0));
	EXPECT_EQ(sizeof(out), splice(self->pipe[0], NULL, self->fd[0], NULL,
				      sizeof(out), 0));
	EXPECT_EQ(sizeof(out), splice(copy[0], NULL, other[0], NULL,
				      sizeof(out), 0));
	ASSERT_EQ(0, rill_shutdown(self->fd[0], SHUT_WR));
	ASSERT_EQ(0, rill_shutdown(other[0], SHUT_WR));
	EXPECT_EQ(0, sink_fn(&(struct sink){ .fd = self->fd[1] }));
	EXPECT_EQ(0, sink_fn(&(struct sink){ .fd = other[1] }));
	/* Both were read to their ends. */
	EXPECT_EQ(0, rill_recv(self->fd[1], in, sizeof(in), 0));
	EXPECT_EQ(0, rill_recv(other[1], in, sizeof(in), 0));
}

TEST_F(splice, user_pages)
{
	struct sink sink = { .fd = self->fd[1] };
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec iov = { page + 100, 8000 };

	ASSERT_NE(MAP_FAILED, page);
	rill_pattern(page + 100, 8000, 0);
	ASSERT_EQ(8000, vmsplice(self->pipe[1], &iov, 1, 0));
	EXPECT_EQ(8000, splice(self->pipe[0], NULL, self->fd[0], NULL, 8000,
			       0));
	/* The mapping may go while the bytes are under way. */
	ASSERT_EQ(0, munmap(page, 8192));
	ASSERT_EQ(0, rill_shutdown(self->fd[0], SHUT_WR));
	EXPECT_EQ(0, sink_fn(&sink));
	EXPECT_EQ(8000, sink.got);
}

TEST_F(splice, mixed_with_writes)
{
	struct sink sink = { .fd = self->fd[1] };
	int file = make_file(30000);
	char buf[500];
	off_t off = 0;

	if (variant->type == SOCK_SEQPACKET)
		SKIP(return, "records keep apart what streams join");
	while (off < 30000) {
		rill_pattern(buf, sizeof(buf), off);
		ASSERT_EQ(sizeof(buf), rill_send(self->fd[0], buf, sizeof(buf),
						 MSG_MORE));
		off += sizeof(buf);
		ASSERT_EQ(0, sendfile_all(self->fd[0], file, &off, 4500));
	}
	ASSERT_EQ(0, rill_shutdown(self->fd[0], SHUT_WR));
	EXPECT_EQ(0, sink_fn(&sink));
	EXPECT_EQ(30000, sink.got);
}

/* The file may be truncated and closed while its pages are queued. */
TEST_F(splice, file_goes_while_queued)
{
	struct sink sink = { .fd = self->fd[1] };
	int file = make_file(40000);
	off_t off = 0;

	ASSERT_EQ(0, sendfile_all(self->fd[0], file, &off, 40000));
	close(file);
	ASSERT_EQ(0, rill_shutdown(self->fd[0], SHUT_WR));
	EXPECT_EQ(0, sink_fn(&sink));
	EXPECT_EQ(40000, sink.got);
}

TEST_F(splice, unread_at_close)
{
	int file = make_file(40000);
	off_t off = 0;

	ASSERT_EQ(0, sendfile_all(self->fd[0], file, &off, 40000));
	close(self->fd[1]);
	self->fd[1] = -1;
	EXPECT_EQ(0, rill_wait_state(self->fd[0], "CLOSE_WAIT"));
}

static int splice_fn(void *arg)
{
	int *fd = arg;
	ssize_t ret = splice(fd[0], NULL, fd[1], NULL, 100, 0);

	return ret < 0 ? -errno : ret;
}

TEST_F(splice, waits_for_data)
{
	int fds[2] = { self->fd[1], self->pipe[1] };
	struct rill_call call;

	ASSERT_EQ(0, rill_call_start(&call, splice_fn, fds));
	ASSERT_EQ(0, rill_call_blocked(&call, SYS_splice));
	ASSERT_EQ(4, rill_send(self->fd[0], "data", 4, 0));
	EXPECT_EQ(4, rill_call_join(&call));
}

TEST(splice_dgram)
{
	char buf[100];
	int fd[2], fds[2];

	RILL_IN_NETNS(return);
	ASSERT_EQ(0, rill_pair_any(SOCK_DGRAM, fd));
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(5, write(fds[1], "hello", 5));
	EXPECT_EQ(5, splice(fds[0], NULL, fd[0], NULL, 5, 0));
	EXPECT_EQ(5, rill_recv(fd[1], buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(0, memcmp("hello", buf, 5));
}

TEST_HARNESS_MAIN
