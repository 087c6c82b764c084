// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the scripts: says "ready" once it has one socket of each type, two
 * connected and one pending, and holds them until its input ends.
 */
#include <stdio.h>
#include <unistd.h>
#include "rill_test.h"

int main(void)
{
	struct sockaddr_rill addr = rill_addr(0);
	int fd[2];
	char c;

	if (rill_listener(SOCK_STREAM, 0, &addr) < 0 ||
	    rill_client(SOCK_STREAM, &addr) < 0 ||
	    rill_client(SOCK_STREAM | SOCK_NONBLOCK, &addr) < 0 ||
	    rill_pair(SOCK_SEQPACKET, fd) ||
	    socket(AF_RILL, SOCK_DGRAM, 0) < 0) {
		perror("hold_socket");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	return read(0, &c, 1) != 0;
}
