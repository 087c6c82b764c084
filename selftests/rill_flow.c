// SPDX-License-Identifier: GPL-2.0-only
/*
 * Selftest helpers: checked bytes on their way, see rill_flow.h.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rill_flow.h"
#include "rill_io.h"

/* How long a flow may take, in deadlines. */
#define DEADLINES	3

/* Length of the record that begins at @off; every one occurs. */
static size_t record_len(const struct rill_flow *flow, size_t off)
{
	size_t len = 1 + off * 2654435761UL % flow->chunk;

	return len < flow->bytes - off ? len : flow->bytes - off;
}

static size_t flow_len(const struct rill_flow *flow, size_t off)
{
	if (flow->records)
		return record_len(flow, off);
	return flow->chunk < flow->bytes - off ? flow->chunk :
						 flow->bytes - off;
}

static void flow_count(size_t *count, size_t n)
{
	__atomic_store_n(count, *count + n, __ATOMIC_RELEASE);
}

static int flow_send_all(struct rill_flow *flow, char *buf)
{
	ssize_t n;
	size_t len;

	while (flow->sent < flow->bytes) {
		len = flow_len(flow, flow->sent);
		rill_pattern(buf, len, flow->sent);
		n = rill_send(flow->from, buf, len, MSG_NOSIGNAL);
		if (n < 0)
			return n;
		if (flow->records && n != (ssize_t)len)
			return -EMSGSIZE;
		flow_count(&flow->sent, n);
	}
	return 0;
}

static int flow_send_fn(void *arg)
{
	struct rill_flow *flow = arg;
	char *buf = malloc(flow->chunk);

	flow->send_err = buf ? -flow_send_all(flow, buf) : ENOMEM;
	free(buf);
	if (!flow->send_err && flow->finish && shutdown(flow->from, SHUT_WR))
		flow->send_err = errno;
	return flow->send_err;
}

static int flow_recv_all(struct rill_flow *flow, char *buf)
{
	size_t room = flow->chunk + 1;
	ssize_t n;

	while (flow->got < flow->bytes) {
		n = rill_recv(flow->to, buf, room, 0);
		if (n < 0)
			return n;
		if (!n)
			return -EPIPE;
		if (flow->records && n != (ssize_t)record_len(flow, flow->got))
			return -EBADMSG;
		if (!rill_pattern_ok(buf, n, flow->got))
			return -EBADMSG;
		flow_count(&flow->got, n);
	}
	return 0;
}

static int flow_recv_fn(void *arg)
{
	struct rill_flow *flow = arg;
	char *buf = malloc(flow->chunk + 1);
	ssize_t n;

	flow->recv_err = buf ? -flow_recv_all(flow, buf) : ENOMEM;
	if (!flow->recv_err && flow->finish) {
		n = rill_recv(flow->to, buf, 1, 0);
		flow->recv_err = n < 0 ? -n : n ? EBADMSG : 0;
	}
	free(buf);
	return flow->recv_err;
}

int rill_flow_start(struct rill_flow *flow)
{
	int ret;

	flow->sent = 0;
	flow->got = 0;
	flow->send_err = -1;
	flow->recv_err = -1;
	ret = rill_call_start(&flow->receiver, flow_recv_fn, flow);
	return ret ? ret : rill_call_start(&flow->sender, flow_send_fn, flow);
}

static bool flow_done(void *arg)
{
	struct rill_flow *flow = arg;

	return rill_call_done(&flow->sender) && rill_call_done(&flow->receiver);
}

/* End one that hangs, so that its threads do not use what is freed. */
static void flow_break(struct rill_flow *flow)
{
	shutdown(flow->from, SHUT_RDWR);
	shutdown(flow->to, SHUT_RDWR);
	rill_wait_until(flow_done, flow);
}

int rill_flow_join(struct rill_flow *flow)
{
	int ret = -ETIMEDOUT, i;

	for (i = 0; i < DEADLINES && ret; i++)
		ret = rill_wait_until(flow_done, flow);
	if (ret) {
		flow_break(flow);
		return ret;
	}
	rill_call_join(&flow->sender);
	rill_call_join(&flow->receiver);
	return flow->recv_err ? flow->recv_err : flow->send_err;
}

int rill_flow_run(struct rill_flow *flow)
{
	int ret = rill_flow_start(flow);

	return ret ? ret : rill_flow_join(flow);
}

int rill_flow_both(struct rill_flow *there, struct rill_flow *back)
{
	int ret = rill_flow_start(there), err;

	if (ret)
		return ret;
	ret = rill_flow_run(back);
	err = rill_flow_join(there);
	return err ? err : ret;
}

/* What rill_flow_wait() waits for. */
struct flow_want {
	struct rill_flow *flow;
	size_t n;
};

static bool flow_has(void *arg)
{
	struct flow_want *want = arg;

	return __atomic_load_n(&want->flow->got, __ATOMIC_ACQUIRE) >= want->n ||
	       rill_call_done(&want->flow->receiver);
}

int rill_flow_wait(struct rill_flow *flow, size_t n)
{
	struct flow_want want = { .flow = flow, .n = n };

	return rill_wait_until(flow_has, &want);
}
