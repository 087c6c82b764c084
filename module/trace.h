/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints: events/rill/. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM rill

#if !defined(RILL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define RILL_TRACE_H

#include <linux/tracepoint.h>
#include <net/sock.h>

#include "rill.h"

#define rill_show_state(state)				\
	__print_symbolic(state,				\
		{ RILL_ESTABLISHED,	"ESTABLISHED" },	\
		{ RILL_SYN_SENT,	"SYN_SENT" },	\
		{ RILL_SYN_RECV,	"SYN_RECV" },	\
		{ RILL_CLOSE,		"CLOSE" },	\
		{ RILL_CLOSE_WAIT,	"CLOSE_WAIT" },	\
		{ RILL_LISTEN,		"LISTEN" })

#define rill_show_event(event)				\
	__print_symbolic(event,				\
		{ RILL_EV_CONNECT,	"CONNECT" },	\
		{ RILL_EV_UNCLAIM,	"UNCLAIM" },	\
		{ RILL_EV_LISTEN,	"LISTEN" },	\
		{ RILL_EV_PAIR,		"PAIR" },	\
		{ RILL_EV_QUEUED,	"QUEUED" },	\
		{ RILL_EV_ESTABLISHED,	"ESTABLISHED" },	\
		{ RILL_EV_REFUSED,	"REFUSED" },	\
		{ RILL_EV_RESET,	"RESET" },	\
		{ RILL_EV_TIMEOUT,	"TIMEOUT" },	\
		{ RILL_EV_UNREACH,	"UNREACH" },	\
		{ RILL_EV_HANGUP,	"HANGUP" },	\
		{ RILL_EV_DROP,		"DROP" })

/* A socket changes its state. */
TRACE_EVENT(rill_state,
	TP_PROTO(const struct sock *sk, int next, int event, int err),
	TP_ARGS(sk, next, event, err),
	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(u16, type)
		__field(u16, local_port)
		__field(u16, remote_port)
		__field(u8, old)
		__field(u8, next)
		__field(u8, event)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->sk = sk;
		__entry->type = sk->sk_type;
		__entry->local_port = ntohs(rill_sk(sk)->local.port);
		__entry->remote_port = ntohs(rill_sk(sk)->remote.port);
		__entry->old = sk->sk_state;
		__entry->next = next;
		__entry->event = event;
		__entry->err = err;
	),
	TP_printk("sk=%p type=%u local=%u remote=%u %s: %s -> %s err=%d",
		  __entry->sk, __entry->type, __entry->local_port,
		  __entry->remote_port, rill_show_event(__entry->event),
		  rill_show_state(__entry->old),
		  rill_show_state(__entry->next), __entry->err)
);

/* An event that changes nothing: late (0), illegal, or a refused call. */
TRACE_EVENT(rill_ignored,
	TP_PROTO(const struct sock *sk, int event, int verdict),
	TP_ARGS(sk, event, verdict),
	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(u8, state)
		__field(u8, event)
		__field(int, verdict)
	),
	TP_fast_assign(
		__entry->sk = sk;
		__entry->state = sk->sk_state;
		__entry->event = event;
		__entry->verdict = verdict;
	),
	TP_printk("sk=%p %s in %s: %d", __entry->sk,
		  rill_show_event(__entry->event),
		  rill_show_state(__entry->state), __entry->verdict)
);

/* A call refuses what the program asked for. */
TRACE_EVENT(rill_refused,
	TP_PROTO(const struct sock *sk, int err),
	TP_ARGS(sk, err),
	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(u8, state)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->sk = sk;
		__entry->state = sk->sk_state;
		__entry->err = err;
	),
	TP_printk("sk=%p %s err=%d", __entry->sk,
		  rill_show_state(__entry->state), __entry->err)
);

/* A datagram is dropped at its receiver. */
TRACE_EVENT(rill_dropped,
	TP_PROTO(const struct sock *sk, unsigned int len, int err),
	TP_ARGS(sk, len, err),
	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(unsigned int, len)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->sk = sk;
		__entry->len = len;
		__entry->err = err;
	),
	TP_printk("sk=%p len=%u err=%d", __entry->sk, __entry->len,
		  __entry->err)
);

#endif /* RILL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
