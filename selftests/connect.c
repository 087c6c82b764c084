// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect(): the table {rule, states, destination, dialects, errno}. Every
 * row is tried from each of its states under each of its dialects, on every
 * transport and type, and whatever a failed call must leave alone is looked
 * at afterwards.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_BRIDGE
#include "connect_fixture.h"

/* The state that a socket is in when connect() is called. */
enum state {
	FRESH		= 1 << 0,	/* socket() */
	BOUND		= 1 << 1,	/* bind() */
	FAILED		= 1 << 2,	/* refused before */
	DROPPED		= 1 << 3,	/* connected, then AF_UNSPEC */
	WITHDRAWN	= 1 << 4,	/* pending, then AF_UNSPEC */
	PENDING		= 1 << 5,	/* EINPROGRESS */
	CONNECTED	= 1 << 6,
	SHUT		= 1 << 7,	/* shutdown() of both directions */
	ENDED		= 1 << 8,	/* closed by the peer */
	RESET		= 1 << 9,	/* reset by the peer */
	LISTENING	= 1 << 10,
	STATES		= 11,
};

#define IDLE	(FRESH | BOUND | FAILED | DROPPED | WITHDRAWN)
#define LINKED	(CONNECTED | SHUT | ENDED | RESET)
#define ALL	(IDLE | PENDING | LINKED | LISTENING)

static const char * const state_names[STATES] = {
	"fresh", "bound", "failed", "dropped", "withdrawn", "pending",
	"connected", "shut", "ended", "reset", "listening",
};

/* Where connect() goes; each has its maker in dest_make(). */
enum dest {
	TO_LISTENER,		/* one with room */
	TO_FULL,		/* one where requests stay pending */
	TO_LONG_LISTENER,	/* with room, sockaddr_storage's length */
	TO_NOBODY,
	TO_OTHER_TYPE,
	TO_PORT_0,
	TO_NULL_ADDR,		/* AF_RILL and zeros */
	TO_MULTICAST,
	TO_BROADCAST,
	TO_NO_DEVICE,
	TO_FAMILY,		/* AF_INET */
	TO_FAMILY_SHORT,	/* AF_INET, two bytes: the length goes first */
	TO_RESERVED,		/* srl_zero */
	TO_UNSPEC,		/* AF_UNSPEC, two bytes */
	TO_UNSPEC_16,
	TO_UNSPEC_128,
	TO_ONE_BYTE,
	TO_SHORT,		/* 15 bytes */
	TO_TOO_LONG,		/* 129 bytes */
	TO_NULL_0,		/* (NULL, 0) */
	TO_BAD_POINTER,
	DESTS,
};

static const char * const dest_names[DESTS] = {
	"listener", "full listener", "listener, 128 bytes", "nobody",
	"other type", "port 0", "null address", "multicast", "broadcast",
	"no such device", "AF_INET", "AF_INET, 2 bytes", "reserved bytes",
	"AF_UNSPEC, 2 bytes", "AF_UNSPEC, 16 bytes", "AF_UNSPEC, 128 bytes",
	"1 byte", "15 bytes", "129 bytes", "(NULL, 0)", "bad pointer",
};

/**
 * struct row - One line of the table.
 * @rule: The rule it belongs to.
 * @states: From which states.
 * @dest: Where to.
 * @err: What connect() gives, on a non-blocking socket.
 */
struct row {
	const char *rule;
	unsigned int states;
	enum dest dest;
	int err;
};

static const struct row table[] = {
	{ "C01", IDLE, TO_LISTENER, 0 },
	{ "C03", IDLE, TO_FULL, EINPROGRESS },
	{ "C04", PENDING, TO_LISTENER, EALREADY },
	{ "C04", PENDING, TO_FULL, EALREADY },
	{ "C04", PENDING, TO_LONG_LISTENER, EALREADY },
	{ "C04", PENDING, TO_NOBODY, EALREADY },
	{ "C04", PENDING, TO_OTHER_TYPE, EALREADY },
	{ "C04", PENDING, TO_PORT_0, EALREADY },
	{ "C04", PENDING, TO_NULL_ADDR, EALREADY },
	{ "C04", PENDING, TO_MULTICAST, EALREADY },
	{ "C04", PENDING, TO_BROADCAST, EALREADY },
	{ "C04", PENDING, TO_NO_DEVICE, EALREADY },
	{ "C10", LINKED, TO_LISTENER, EISCONN },
	{ "C10", LINKED, TO_FULL, EISCONN },
	{ "C10", LINKED, TO_LONG_LISTENER, EISCONN },
	{ "C10", LINKED, TO_NOBODY, EISCONN },
	{ "C10", LINKED, TO_OTHER_TYPE, EISCONN },
	{ "C10", LINKED, TO_PORT_0, EISCONN },
	{ "C10", LINKED, TO_NULL_ADDR, EISCONN },
	{ "C10", LINKED, TO_MULTICAST, EISCONN },
	{ "C10", LINKED, TO_BROADCAST, EISCONN },
	{ "C10", LINKED, TO_NO_DEVICE, EISCONN },
	{ "C11", IDLE, TO_NOBODY, ECONNREFUSED },
	{ "C13", IDLE, TO_NO_DEVICE, ENETUNREACH },
	{ "C17", IDLE, TO_PORT_0, EADDRNOTAVAIL },
	{ "C17", IDLE, TO_NULL_ADDR, EADDRNOTAVAIL },
	{ "C17", IDLE, TO_MULTICAST, EADDRNOTAVAIL },
	{ "C19", ALL, TO_FAMILY, EAFNOSUPPORT },
	{ "C20", IDLE, TO_LONG_LISTENER, 0 },
	{ "C20", ALL, TO_RESERVED, EINVAL },
	{ "C20", ALL, TO_FAMILY_SHORT, EINVAL },
	{ "C20", ALL, TO_ONE_BYTE, EINVAL },
	{ "C20", ALL, TO_SHORT, EINVAL },
	{ "C20", ALL, TO_TOO_LONG, EINVAL },
	{ "C20", ALL, TO_NULL_0, EINVAL },
	{ "C21", ALL, TO_BAD_POINTER, EFAULT },
	{ "C24", IDLE, TO_OTHER_TYPE, EPROTOTYPE },
	{ "C25", LISTENING, TO_LISTENER, EOPNOTSUPP },
	{ "C25", LISTENING, TO_FULL, EOPNOTSUPP },
	{ "C25", LISTENING, TO_NOBODY, EOPNOTSUPP },
	{ "C25", LISTENING, TO_OTHER_TYPE, EOPNOTSUPP },
	{ "C25", LISTENING, TO_PORT_0, EOPNOTSUPP },
	{ "C25", LISTENING, TO_BROADCAST, EOPNOTSUPP },
	{ "C25", LISTENING, TO_NO_DEVICE, EOPNOTSUPP },
	{ "C25", LISTENING, TO_UNSPEC, EOPNOTSUPP },
	{ "C27", IDLE, TO_BROADCAST, EACCES },
	{ "C32", ALL & ~LISTENING, TO_UNSPEC, 0 },
	{ "C32", ALL & ~LISTENING, TO_UNSPEC_16, 0 },
	{ "C32", ALL & ~LISTENING, TO_UNSPEC_128, 0 },
};

/**
 * struct bench - The sockets around the one under test.
 * @path: The path.
 * @open: A listener with room.
 * @open_addr: Its address.
 * @full: A listener where requests stay pending.
 * @full_addr: Its address.
 * @other: A socket of another type, with a port of its own.
 * @other_addr: Its address.
 * @peer: The other end of the socket under test, or -1.
 */
struct bench {
	struct rill_path *path;
	int open;
	struct sockaddr_rill open_addr;
	int full;
	struct sockaddr_rill full_addr;
	int other;
	struct sockaddr_rill other_addr;
	int peer;
};

static int bench_setup(struct bench *b, struct rill_path *path)
{
	int other = path->type == SOCK_STREAM ? SOCK_SEQPACKET : SOCK_STREAM;
	struct rill_path other_path = *path;

	b->path = path;
	b->peer = -1;
	b->open = rill_path_listen(path, 8, &b->open_addr);
	b->full = rill_path_listen(path, 0, &b->full_addr);
	if (b->open < 0 || b->full < 0)
		return -EIO;
	/* a port where no socket of the tested type is: ports are per type */
	other_path.type = other;
	do {
		b->other = rill_path_listen(&other_path, 0, &b->other_addr);
		if (b->other < 0)
			return -EIO;
	} while (b->other_addr.srl_port == b->open_addr.srl_port ||
		 b->other_addr.srl_port == b->full_addr.srl_port);
	return rill_path_block(path, b->full);
}

static void bench_close(struct bench *b)
{
	close(b->open);
	close(b->full);
	close(b->other);
}

/*
 * The server's end of client @fd, just connected to the open listener; one
 * that an earlier row has left may come before it.
 */
static void bench_accept(struct bench *b, int fd)
{
	struct sockaddr_rill name, seen;

	rill_local(fd, &name);
	for (;;) {
		b->peer = rill_accept(b->open);
		if (b->peer < 0 || (!rill_peer(b->peer, &seen) &&
				    rill_path_same(b->path, &name, &seen)))
			return;
		close(b->peer);
	}
}

/* An address where nobody listens, by a socket that was bound and closed. */
static struct sockaddr_rill bench_nobody(struct bench *b)
{
	struct sockaddr_rill addr = { 0 };
	int fd = rill_path_listen(b->path, 0, &addr);

	close(fd);
	return addr;
}

static int state_reset(struct bench *b, int fd)
{
	const struct linger now = { .l_onoff = 1 };

	setsockopt(b->peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(b->peer);
	b->peer = -1;
	if (rill_poll_wait(fd, POLLIN) < 0)
		return -ETIMEDOUT;
	/* fetched here, so that SO_ERROR is 0 before the call under test */
	return rill_so_error(fd) == ECONNRESET ? 0 : -EPROTO;
}

/* What happens to a connected socket to bring it into @state. */
static int state_linked(struct bench *b, int fd, enum state state)
{
	switch (state) {
	case SHUT:
		return shutdown(fd, SHUT_RDWR) ? errno : 0;
	case ENDED:
		close(b->peer);
		b->peer = -1;
		return rill_wait_state(fd, "CLOSE_WAIT");
	case RESET:
		return state_reset(b, fd);
	case DROPPED:
		return rill_connect_unspec(fd);
	default:
		return 0;
	}
}

/* Bring the fresh socket @fd into @state. Return: 0, else it failed. */
static int state_enter(struct bench *b, int fd, enum state state)
{
	struct sockaddr_rill addr = rill_addr(0);
	int err;

	switch (state) {
	case FRESH:
		return 0;
	case BOUND:
		return rill_bind(fd, &addr);
	case LISTENING:
		err = rill_bind(fd, &addr);
		if (!err && listen(fd, 1))
			err = errno;
		return err;
	case FAILED:
		addr = bench_nobody(b);
		err = rill_path_connect(b->path, fd, &addr);
		return err == ECONNREFUSED ? 0 : -EPROTO;
	case PENDING:
	case WITHDRAWN:
		err = rill_connect(fd, &b->full_addr);
		if (err != EINPROGRESS)
			return -EPROTO;
		return state == PENDING ? 0 : rill_connect_unspec(fd);
	default:
		err = rill_path_connect(b->path, fd, &b->open_addr);
		if (err)
			return err;
		bench_accept(b, fd);
		return b->peer < 0 ? -ETIMEDOUT : state_linked(b, fd, state);
	}
}

/* What connect() is called with. */
struct target {
	struct sockaddr_storage store;
	const void *ptr;
	socklen_t len;
};

static void target_rill(struct target *t, struct bench *b, enum dest dest)
{
	static const __u8 multicast[RILL_HWADDR_LEN] = { 1, 2, 3, 4, 5, 6 };
	struct sockaddr_rill addr = b->open_addr;

	if (dest == TO_FULL)
		addr = b->full_addr;
	else if (dest == TO_OTHER_TYPE)
		addr = b->other_addr;
	else if (dest == TO_NOBODY)
		addr = bench_nobody(b);
	else if (dest == TO_PORT_0)
		addr.srl_port = 0;
	else if (dest == TO_NULL_ADDR)
		addr = rill_addr(0);
	else if (dest == TO_MULTICAST)
		memcpy(addr.srl_addr, multicast, sizeof(multicast));
	else if (dest == TO_BROADCAST)
		memset(addr.srl_addr, 0xff, sizeof(addr.srl_addr));
	else if (dest == TO_NO_DEVICE)
		addr.srl_ifindex = 0x7ffffff0;
	else if (dest == TO_RESERVED)
		addr.srl_zero[1] = 1;
	memcpy(&t->store, &addr, sizeof(addr));
	t->len = sizeof(addr);
	if (dest == TO_LONG_LISTENER)
		t->len = sizeof(t->store);
	else if (dest == TO_ONE_BYTE)
		t->len = 1;
	else if (dest == TO_SHORT)
		t->len = sizeof(addr) - 1;
	else if (dest == TO_TOO_LONG)
		t->len = sizeof(t->store) + 1;
}

static void target_make(struct target *t, struct bench *b, enum dest dest)
{
	memset(&t->store, 0x5a, sizeof(t->store));
	t->ptr = &t->store;
	switch (dest) {
	case TO_FAMILY:
	case TO_FAMILY_SHORT:
		t->store.ss_family = AF_INET;
		t->len = dest == TO_FAMILY ? 16 : sizeof(sa_family_t);
		break;
	case TO_UNSPEC:
	case TO_UNSPEC_16:
	case TO_UNSPEC_128:
		t->store.ss_family = AF_UNSPEC;
		t->len = dest == TO_UNSPEC ? sizeof(sa_family_t) :
			 dest == TO_UNSPEC_16 ? 16 : sizeof(t->store);
		break;
	case TO_NULL_0:
		t->ptr = NULL;
		t->len = 0;
		break;
	case TO_BAD_POINTER:
		t->ptr = (void *)8;
		t->len = sizeof(struct sockaddr_rill);
		break;
	default:
		target_rill(t, b, dest);
	}
}

/* What a failed call must leave alone. */
struct sight {
	struct rill_info info;
	struct sockaddr_rill local;
	struct sockaddr_rill peer;
	int peer_err;
	int revents;
};

static void sight_take(struct sight *s, int fd)
{
	memset(s, 0, sizeof(*s));
	rill_info(fd, &s->info);
	rill_local(fd, &s->local);
	s->peer_err = rill_peer(fd, &s->peer);
	s->revents = rill_poll(fd, POLLIN | POLLOUT | POLLRDHUP);
}

/* Return: what differs, or NULL. */
static const char *sight_diff(struct sight *a, struct sight *b)
{
	if (strcmp(a->info.state, b->info.state))
		return "state";
	/* C02: an unbound socket may have been bound on the way */
	if (a->local.srl_port && !rill_addr_eq(&a->local, &b->local))
		return "local address";
	if (a->peer_err != b->peer_err || !rill_addr_eq(&a->peer, &b->peer))
		return "peer address";
	if (a->revents != b->revents)
		return "poll";
	return NULL;
}

/*
 * A bound socket keeps its address. What it left open, a connection on a link
 * fills in as long as it lasts.
 */
static bool name_kept(const struct row *row, const struct bench *b,
		      const struct sockaddr_rill *before,
		      const struct sockaddr_rill *after)
{
	if (!before->srl_port)
		return true;
	if (!row->err && !b->path->ops->at_once)
		return before->srl_port == after->srl_port;
	return rill_addr_eq(before, after);
}

/* What must hold after a call that went well. Return: what does not. */
static const char *row_after(const struct row *row, struct bench *b, int fd,
			     struct sight *after)
{
	bool unspec = row->dest >= TO_UNSPEC && row->dest <= TO_UNSPEC_128;

	if (row->err == EINPROGRESS)
		return strcmp(after->info.state, "SYN_SENT") ? "pending" : NULL;
	if (!unspec)
		return strcmp(after->info.state, "ESTABLISHED") ||
		       after->peer_err ? "established" : NULL;
	if (strcmp(after->info.state, "CLOSE"))
		return "dropped";
	if (after->peer_err != ENOTCONN)
		return "peer after AF_UNSPEC";
	if (rill_path_connect(b->path, fd, &b->open_addr))
		return "connect() after AF_UNSPEC";
	return NULL;
}

/* The call under test; where a transport needs an answer, wait for it. */
static int attempt(struct bench *b, int fd, struct target *t, int expected)
{
	int err = rill_connect_raw(fd, t->ptr, t->len);

	if (err == EINPROGRESS && expected != EINPROGRESS)
		err = rill_path_settle(b->path, fd);
	return err;
}

/* Try one row from one state under one dialect. Return: complaint or NULL. */
static const char *row_try(const struct row *row, struct bench *b, int fd,
			   enum state state, int *err)
{
	struct sight before, after;
	const char *what;
	struct target t;

	*err = state_enter(b, fd, state);
	if (*err)
		return "could not enter the state";
	target_make(&t, b, row->dest);
	sight_take(&before, fd);
	*err = attempt(b, fd, &t, row->err);
	if (*err != row->err)
		return "errno";
	sight_take(&after, fd);
	*err = rill_so_error(fd);
	if (*err)
		return "SO_ERROR";
	if (!name_kept(row, b, &before.local, &after.local))
		return "local address kept";
	if (row->err && row->err != EINPROGRESS)
		what = sight_diff(&before, &after);
	else
		what = row_after(row, b, fd, &after);
	return what;
}

/* Empty the open listener of what a row left there. */
static void bench_drain(struct bench *b)
{
	int fd;

	if (b->peer >= 0)
		close(b->peer);
	b->peer = -1;
	while ((fd = accept(b->open, NULL, NULL)) >= 0)
		close(fd);
}

static const char * const dialect_names[] = {
	"Linux", "POSIX", "FreeBSD", "BSD",
};

/* Try one row from all its states. Return: how many failed. */
static int row_run(const struct row *row, struct bench *b, int dialect)
{
	int failed = 0, err, fd, i;
	const char *what;

	for (i = 0; i < STATES; i++) {
		if (!(row->states & 1 << i))
			continue;
		fd = rill_path_socket(b->path, SOCK_NONBLOCK);
		err = rill_setsockopt_int(fd, SOL_RILL, RILL_DIALECT, dialect);
		what = err ? "RILL_DIALECT" : row_try(row, b, fd, 1 << i, &err);
		close(fd);
		bench_drain(b);
		if (!what)
			continue;
		failed++;
		fprintf(stderr,
			"# %s, %s, %s socket to %s: %s (%s, expected %s)\n",
			row->rule, dialect_names[dialect], state_names[i],
			dest_names[row->dest], what, strerror(abs(err)),
			strerror(row->err));
	}
	return failed;
}

/* Try all rows of one rule. Return: how many failed, -1 without rows. */
static int rule_run(struct rill_path *path, const char *rule)
{
	int failed = 0, rows = 0, dialect;
	struct bench b;
	size_t i;

	if (bench_setup(&b, path))
		return -1;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (strcmp(table[i].rule, rule))
			continue;
		rows++;
		for (dialect = 0; dialect <= RILL_DIALECT_BSD; dialect++)
			failed += row_run(&table[i], &b, dialect);
	}
	bench_close(&b);
	return rows ? failed : -1;
}

TEST_F(connect, C01_idle_socket_connects)
{
	EXPECT_EQ(0, rule_run(&self->path, "C01"));
}

TEST_F(connect, C03_no_room_is_in_progress)
{
	EXPECT_EQ(0, rule_run(&self->path, "C03"));
}

TEST_F(connect, C04_pending_is_already)
{
	EXPECT_EQ(0, rule_run(&self->path, "C04"));
}

TEST_F(connect, C10_connected_once)
{
	EXPECT_EQ(0, rule_run(&self->path, "C10"));
}

TEST_F(connect, C11_nobody_listens)
{
	EXPECT_EQ(0, rule_run(&self->path, "C11"));
}

TEST_F(connect, C13_no_such_network)
{
	EXPECT_EQ(0, rule_run(&self->path, "C13"));
}

TEST_F(connect, C17_never_a_destination)
{
	EXPECT_EQ(0, rule_run(&self->path, "C17"));
}

TEST_F(connect, C19_wrong_family)
{
	EXPECT_EQ(0, rule_run(&self->path, "C19"));
}

TEST_F(connect, C20_wrong_length)
{
	EXPECT_EQ(0, rule_run(&self->path, "C20"));
}

TEST_F(connect, C21_bad_pointer)
{
	EXPECT_EQ(0, rule_run(&self->path, "C21"));
}

TEST_F(connect, C24_other_type)
{
	EXPECT_EQ(0, rule_run(&self->path, "C24"));
}

TEST_F(connect, C25_listening)
{
	EXPECT_EQ(0, rule_run(&self->path, "C25"));
}

TEST_F(connect, C27_broadcast_forbidden)
{
	EXPECT_EQ(0, rule_run(&self->path, "C27"));
}

TEST_F(connect, C32_unspec_drops_anything)
{
	EXPECT_EQ(0, rule_run(&self->path, "C32"));
}

TEST_HARNESS_MAIN
