/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A flow: bytes from one socket to another, sent and checked by a thread each.
 * Include it after "rill_test.h".
 */
#ifndef RILL_FLOW_H
#define RILL_FLOW_H

#include <sys/types.h>
#include "rill_test.h"

/**
 * struct rill_flow - One direction between two blocking sockets.
 * @from: Where it is sent.
 * @to: Where it is received, and every byte compared.
 * @bytes: How many.
 * @chunk: Bytes of a send(); with @records the longest record.
 * @records: Sockets are SOCK_SEQPACKET: records of every length up to @chunk.
 * @finish: shutdown() behind the last byte, and receive up to the end.
 * @sent: Out: bytes sent so far.
 * @got: Out: bytes received and found right so far.
 * @send_err: Out: 0 or the errno that ended the sender.
 * @recv_err: Out: 0, EBADMSG (a wrong byte or length), EPIPE (an early end) or
 *	the errno of recv().
 * @sender: Its thread.
 * @receiver: Its thread.
 */
struct rill_flow {
	int from;
	int to;
	size_t bytes;
	size_t chunk;
	bool records;
	bool finish;
	size_t sent;
	size_t got;
	int send_err;
	int recv_err;
	struct rill_call sender;
	struct rill_call receiver;
};

/**
 * rill_flow_start() - Start both threads.
 * @flow: @from to @finish are set. Stays in place until rill_flow_join().
 *
 * Return: 0 or -errno.
 */
int rill_flow_start(struct rill_flow *flow);

/**
 * rill_flow_join() - Wait for both threads.
 * @flow: The flow.
 *
 * Return: 0 when all bytes came, the positive errno of the receiver or else of
 * the sender; -ETIMEDOUT when a thread does not end in three deadlines: then
 * the sockets are shut to end it.
 */
int rill_flow_join(struct rill_flow *flow);

/** rill_flow_run() - Both: start and join. */
int rill_flow_run(struct rill_flow *flow);

/** rill_flow_both() - Two flows at once, the other by @back. As join. */
int rill_flow_both(struct rill_flow *there, struct rill_flow *back);

/** rill_flow_wait() - Wait until @n bytes were received. 0 or -ETIMEDOUT */
int rill_flow_wait(struct rill_flow *flow, size_t n);

#endif /* RILL_FLOW_H */
