// SPDX-License-Identifier: GPL-2.0-only
/*
 * The families: a table, and how each comes by a listener and a connected
 * pair. All that differs between families is in this file.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/rill.h>
#include <linux/tipc.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench.h"

#define SERVICE		0x72696c6c	/* a TIPC service type: "rill" */

const struct family families[] = {
	{ "rill/stream", AF_RILL, SOCK_STREAM, NULL, FAM_PENDING },
	{ "rill/seqpacket", AF_RILL, SOCK_SEQPACKET, NULL,
	  FAM_PENDING | FAM_RECORDS },
	{ "tcp", AF_INET, SOCK_STREAM, NULL, 0 },
	{ "unix/stream", AF_UNIX, SOCK_STREAM, NULL, 0 },
	{ "unix/seqpacket", AF_UNIX, SOCK_SEQPACKET, NULL, FAM_RECORDS },
	{ "vsock", AF_VSOCK, SOCK_STREAM, "vsock_loopback", 0 },
	{ "tipc/stream", AF_TIPC, SOCK_STREAM, "tipc", FAM_ACCEPT },
	{ "tipc/seqpacket", AF_TIPC, SOCK_SEQPACKET, "tipc",
	  FAM_ACCEPT | FAM_RECORDS },
};

const size_t n_families = ARRAY_SIZE(families);

const struct family *family_named(const char *name)
{
	size_t i;

	for (i = 0; i < n_families; i++)
		if (!strcmp(families[i].name, name))
			return families + i;
	return NULL;
}

/* True if the kernel has it, now or after loading its module. */
int family_usable(const struct family *f)
{
	char command[64];
	int fd;

	if (f->module) {
		snprintf(command, sizeof(command), "modprobe -q %s", f->module);
		if (system(command))
			return 0;
	}
	fd = socket(f->domain, f->type, 0);
	if (fd < 0)
		return 0;
	close(fd);
	return 1;
}

/* Any unused address. TIPC's service is the whole guest's, and so a number. */
static void any_address(struct bench *b)
{
	struct sockaddr_tipc *tipc = (void *)&b->address;
	struct sockaddr_vm *vm = (void *)&b->address;
	struct sockaddr_in *in = (void *)&b->address;

	memset(&b->address, 0, sizeof(b->address));
	b->address.ss_family = b->family->domain;
	switch (b->family->domain) {
	case AF_RILL:
		b->length = sizeof(struct sockaddr_rill);
		break;
	case AF_INET:
		b->length = sizeof(*in);
		if (!link_is_up())
			in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		break;
	case AF_UNIX:
		b->length = sizeof(sa_family_t);
		break;
	case AF_VSOCK:
		b->length = sizeof(*vm);
		vm->svm_cid = VMADDR_CID_ANY;
		vm->svm_port = VMADDR_PORT_ANY;
		break;
	case AF_TIPC:
		b->length = sizeof(*tipc);
		tipc->addrtype = TIPC_SERVICE_RANGE;
		tipc->scope = TIPC_NODE_SCOPE;
		tipc->addr.nameseq.type = SERVICE;
		tipc->addr.nameseq.lower = getpid();
		tipc->addr.nameseq.upper = getpid();
		break;
	}
}

/* Turns the address that was bound into the one to connect to. */
static int name_listener(struct bench *b)
{
	struct sockaddr_tipc *tipc = (void *)&b->address;
	struct sockaddr_vm *vm = (void *)&b->address;

	/* Across a link by its number: names take their time to get known. */
	if (b->family->domain == AF_TIPC && !link_is_up()) {
		tipc->addrtype = TIPC_SERVICE_ADDR;
		tipc->scope = 0;
		tipc->addr.name.name.type = SERVICE;
		tipc->addr.name.name.instance = getpid();
		tipc->addr.name.domain = 0;
		return 0;
	}
	b->length = sizeof(b->address);
	if (getsockname(b->listener, (void *)&b->address, &b->length))
		return -1;
	if (b->family->domain == AF_VSOCK)
		vm->svm_cid = VMADDR_CID_LOCAL;
	link_name(&b->address);
	return 0;
}

int family_socket(const struct bench *b, int flags)
{
	return socket(b->family->domain, b->family->type | flags, 0);
}

int family_listen(struct bench *b, int backlog)
{
	b->listener = link_socket(b->family->domain, b->family->type);
	if (b->listener < 0)
		return -1;
	any_address(b);
	if (bind(b->listener, (void *)&b->address, b->length))
		return -1;
	if (listen(b->listener, backlog))
		return -1;
	return name_listener(b);
}

/* Waits until a non-blocking connect() has ended; gives how. */
int family_reap(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t length = sizeof(errno);

	if (poll(&p, 1, -1) != 1)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &errno, &length))
		return -1;
	return errno ? -1 : 0;
}

/* A connected pair through the listener; TCP without Nagle's delay. */
int family_pair(struct bench *b, int fd[2])
{
	int one = 1, i;

	fd[0] = family_socket(b, SOCK_NONBLOCK);
	if (fd[0] < 0)
		return -1;
	if (connect(fd[0], (void *)&b->address, b->length) &&
	    errno != EINPROGRESS)
		return -1;
	fd[1] = accept(b->listener, NULL, NULL);
	if (fd[1] < 0 || family_reap(fd[0]))
		return -1;
	fcntl(fd[0], F_SETFL, 0);
	for (i = 0; i < 2 && b->family->domain == AF_INET; i++)
		setsockopt(fd[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return 0;
}

/* A child that ends with its parent. */
pid_t fork_tied(void)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}
