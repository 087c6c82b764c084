// SPDX-License-Identifier: GPL-2.0-only
/*
 * socket() and socketpair(): types, protocols, flags, the switch.
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "rill_io.h"

FIXTURE(socket) {
	int fd;
};

FIXTURE_VARIANT(socket) {
	int type;
	const char *name;
};

FIXTURE_VARIANT_ADD(socket, stream) {
	.type = SOCK_STREAM,
	.name = "STREAM",
};

FIXTURE_VARIANT_ADD(socket, seqpacket) {
	.type = SOCK_SEQPACKET,
	.name = "SEQPACKET",
};

FIXTURE_VARIANT_ADD(socket, dgram) {
	.type = SOCK_DGRAM,
	.name = "DGRAM",
};

FIXTURE_SETUP(socket)
{
	RILL_IN_NETNS(return);
	self->fd = socket(AF_RILL, variant->type, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(socket)
{
	close(self->fd);
}

TEST_F(socket, is_of_its_kind)
{
	struct stat st;

	EXPECT_EQ(AF_RILL, rill_getsockopt_int(self->fd, SOL_SOCKET,
					       SO_DOMAIN));
	EXPECT_EQ(variant->type, rill_getsockopt_int(self->fd, SOL_SOCKET,
						     SO_TYPE));
	EXPECT_EQ(0, rill_getsockopt_int(self->fd, SOL_SOCKET, SO_PROTOCOL));
	EXPECT_EQ(0, rill_getsockopt_int(self->fd, SOL_SOCKET, SO_ACCEPTCONN));
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_TRUE(S_ISSOCK(st.st_mode));
}

TEST_F(socket, starts_unnamed)
{
	struct sockaddr_rill none = rill_addr(0), addr;
	struct rill_info info;

	ASSERT_EQ(0, rill_local(self->fd, &addr));
	EXPECT_TRUE(rill_addr_eq(&none, &addr));
	EXPECT_EQ(ENOTCONN, rill_peer(self->fd, &addr));
	ASSERT_EQ(0, rill_info(self->fd, &info));
	EXPECT_STREQ(variant->name, info.type);
	EXPECT_STREQ("CLOSE", info.state);
	EXPECT_EQ(0, info.uid);
}

TEST_F(socket, flags)
{
	int both = socket(AF_RILL, variant->type | SOCK_CLOEXEC | SOCK_NONBLOCK,
			  0);

	EXPECT_EQ(0, fcntl(self->fd, F_GETFD) & FD_CLOEXEC);
	EXPECT_EQ(0, fcntl(self->fd, F_GETFL) & O_NONBLOCK);
	ASSERT_LE(0, both);
	EXPECT_EQ(FD_CLOEXEC, fcntl(both, F_GETFD) & FD_CLOEXEC);
	EXPECT_EQ(O_NONBLOCK, fcntl(both, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(EINVAL, rill_socket_err(variant->type | 0x100, 0));
}

TEST_F(socket, protocol_must_be_zero)
{
	static const int protocols[] = { 1, 6, 17, 18, 255, 256, 65536, -1,
					 0x7fffffff };
	unsigned int i;
	int pair[2];

	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		EXPECT_EQ(EPROTONOSUPPORT, rill_socket_err(variant->type,
							   protocols[i]));
		EXPECT_EQ(-1, socketpair(AF_RILL, variant->type, protocols[i],
					 pair));
		EXPECT_EQ(EPROTONOSUPPORT, errno);
	}
	EXPECT_EQ(1, rill_socket_count());
}

TEST_F(socket, lives_until_the_last_close)
{
	int copy = dup(self->fd);
	struct rill_info info;
	pid_t pid;
	int status, fds[2];
	char c;

	ASSERT_LE(0, copy);
	ASSERT_EQ(0, pipe(fds));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(fds[1]);
		_exit(read(fds[0], &c, 1) != 0);
	}
	close(self->fd);
	EXPECT_EQ(0, rill_info(copy, &info));
	close(copy);
	EXPECT_EQ(1, rill_socket_count());
	close(fds[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, rill_wait_socket_count(0));
}

TEST_F(socket, none_is_left_without_a_descriptor)
{
	struct rlimit limit = { .rlim_cur = self->fd + 1,
				.rlim_max = self->fd + 1 };
	int pair[2];

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(EMFILE, rill_socket_err(variant->type, 0));
	EXPECT_EQ(-1, socketpair(AF_RILL, variant->type, 0, pair));
	EXPECT_EQ(EMFILE, errno);
}

TEST_F(socket, none_is_left_by_emfile)
{
	struct rlimit old, limit;
	int pair[2];

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	limit = old;
	limit.rlim_cur = self->fd + 2;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-1, socketpair(AF_RILL, variant->type, 0, pair));
	EXPECT_EQ(EMFILE, errno);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	EXPECT_EQ(0, rill_wait_socket_count(1));
}

TEST_F(socket, switch_off)
{
	int pair[2];

	ASSERT_EQ(0, rill_sysctl_set("sockets", "0"));
	EXPECT_EQ(EACCES, rill_socket_err(variant->type, 0));
	EXPECT_EQ(-1, socketpair(AF_RILL, variant->type, 0, pair));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(1, rill_socket_count());
	ASSERT_EQ(0, rill_sysctl_set("sockets", "1"));
	EXPECT_EQ(0, rill_socket_err(variant->type, 0));
}

TEST_F(socket, many)
{
	int fd[100];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fd); i++) {
		fd[i] = socket(AF_RILL, variant->type, 0);
		ASSERT_LE(0, fd[i]);
	}
	EXPECT_EQ(1 + ARRAY_SIZE(fd), rill_socket_count());
	for (i = 0; i < ARRAY_SIZE(fd); i++)
		close(fd[i]);
	EXPECT_EQ(0, rill_wait_socket_count(1));
}

TEST_F(socket, pair_is_unnamed_and_connected)
{
	struct sockaddr_rill none = rill_addr(0), addr;
	struct rill_info info;
	char buf[8];
	int pair[2], i;

	ASSERT_EQ(0, socketpair(AF_RILL, variant->type, 0, pair));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, rill_local(pair[i], &addr));
		EXPECT_TRUE(rill_addr_eq(&none, &addr));
		ASSERT_EQ(0, rill_peer(pair[i], &addr));
		EXPECT_TRUE(rill_addr_eq(&none, &addr));
		ASSERT_EQ(0, rill_info(pair[i], &info));
		EXPECT_STREQ("ESTABLISHED", info.state);
		ASSERT_EQ(4, rill_send(pair[i], "ping", 4, 0));
		ASSERT_EQ(4, rill_recv(pair[!i], buf, sizeof(buf), 0));
		EXPECT_EQ(0, memcmp("ping", buf, 4));
	}
	close(pair[0]);
	close(pair[1]);
	EXPECT_EQ(0, rill_wait_socket_count(1));
}

TEST_F(socket, pair_flags)
{
	int pair[2], i;
	char c;

	ASSERT_EQ(0, socketpair(AF_RILL, variant->type | SOCK_CLOEXEC |
				SOCK_NONBLOCK, 0, pair));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(FD_CLOEXEC, fcntl(pair[i], F_GETFD) & FD_CLOEXEC);
		EXPECT_EQ(-EAGAIN, rill_recv(pair[i], &c, 1, 0));
	}
}

TEST_F(socket, pair_to_a_bad_pointer)
{
	/* Through syscall(): the compiler sees what is wrong with it. */
	EXPECT_EQ(-1, syscall(SYS_socketpair, AF_RILL, variant->type, 0, 8));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, rill_wait_socket_count(1));
}

TEST(socket_types_refused)
{
	static const int types[] = { SOCK_RAW, SOCK_RDM, 6, SOCK_PACKET };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_EQ(ESOCKTNOSUPPORT, rill_socket_err(types[i], 0));
	EXPECT_EQ(ESOCKTNOSUPPORT, rill_socket_err(0, 0));
	EXPECT_EQ(EINVAL, rill_socket_err(11, 0));
	EXPECT_EQ(EINVAL, rill_socket_err(15, 0));
	EXPECT_EQ(EINVAL, rill_socket_err(-1, 0));
}

TEST(socket_switch_leaves_sockets_alone)
{
	struct sockaddr_rill addr = rill_addr(0);
	int listener, client, child;

	RILL_IN_NETNS(return);
	listener = rill_listener(SOCK_STREAM, 1, &addr);
	ASSERT_LE(0, listener);
	client = socket(AF_RILL, SOCK_STREAM, 0);
	ASSERT_LE(0, client);
	ASSERT_EQ(0, rill_sysctl_set("sockets", "0"));
	EXPECT_EQ(0, rill_connect(client, &addr));
	child = rill_accept_one(listener);
	EXPECT_LE(0, child);
	EXPECT_EQ(1, rill_send(client, "x", 1, 0));
}

TEST_HARNESS_MAIN
