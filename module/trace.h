/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints: events/rill/. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM rill

#if !defined(RILL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define RILL_TRACE_H

#include <linux/tracepoint.h>
#include <net/sock.h>

#include "ether/machine.h"
#include "netns.h"
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

#define rill_show_conn_state(state)			\
	__print_symbolic(state,				\
		{ RILL_CONN_DEAD,	"DEAD" },	\
		{ RILL_CONN_REQUESTED,	"REQUESTED" },	\
		{ RILL_CONN_PENDING,	"PENDING" },	\
		{ RILL_CONN_OFFERED,	"OFFERED" },	\
		{ RILL_CONN_OPEN,	"OPEN" },	\
		{ RILL_CONN_CLOSING,	"CLOSING" },	\
		{ RILL_CONN_QUIET,	"QUIET" })

#define rill_show_conn_event(event)			\
	__print_symbolic(event,				\
		{ RILL_CONN_RX_REQUEST,	"RX_REQUEST" },	\
		{ RILL_CONN_RX_ACCEPT,	"RX_ACCEPT" },	\
		{ RILL_CONN_RX_DATA,	"RX_DATA" },	\
		{ RILL_CONN_RX_RESET,	"RX_RESET" },	\
		{ RILL_CONN_RX_CLOSE,	"RX_CLOSE" },	\
		{ RILL_CONN_ACKED,	"ACKED" },	\
		{ RILL_CONN_ADMIT,	"ADMIT" },	\
		{ RILL_CONN_LEAVE,	"LEAVE" },	\
		{ RILL_CONN_BREAK,	"BREAK" },	\
		{ RILL_CONN_REPEAT,	"REPEAT" },	\
		{ RILL_CONN_EXPIRE,	"EXPIRE" })

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

/* One end of a connection over Ethernet changes its state (next -1: not). */
TRACE_EVENT(rill_conn,
	TP_PROTO(const struct net *net, u32 token, int old, int event,
		 int next),
	TP_ARGS(net, token, old, event, next),
	TP_STRUCT__entry(
		__field(unsigned int, netns)
		__field(u32, token)
		__field(u8, old)
		__field(u8, event)
		__field(s8, next)
	),
	TP_fast_assign(
		__entry->netns = net->ns.inum;
		__entry->token = token;
		__entry->old = old;
		__entry->event = event;
		__entry->next = next;
	),
	TP_printk("netns=%u token=%08x %s: %s -> %s", __entry->netns,
		  __entry->token, rill_show_conn_event(__entry->event),
		  rill_show_conn_state(__entry->old),
		  rill_show_conn_state(__entry->next))
);

#define rill_show_reason(reason)			\
	__print_symbolic(reason,			\
		{ RILL_CNT_RX_OFF,	"rx_off" },	\
		{ RILL_CNT_RX_SHORT,	"rx_short" },	\
		{ RILL_CNT_RX_VERSION,	"rx_version" },	\
		{ RILL_CNT_RX_UNKNOWN,	"rx_unknown" },	\
		{ RILL_CNT_RX_CHECKSUM,	"rx_checksum" },	\
		{ RILL_CNT_RX_NO_CONNECTION,	"rx_no_connection" },	\
		{ RILL_CNT_RX_MISMATCH,	"rx_mismatch" },	\
		{ RILL_CNT_RX_WINDOW,	"rx_window" },	\
		{ RILL_CNT_RX_MEMORY,	"rx_memory" },	\
		{ RILL_CNT_RX_REFUSED,	"rx_refused" })

/* A frame is dropped; reason is named as in /proc/net/rill/counters. */
TRACE_EVENT(rill_rx_drop,
	TP_PROTO(const struct net_device *dev, int type, int reason),
	TP_ARGS(dev, type, reason),
	TP_STRUCT__entry(
		__field(int, ifindex)
		__field(u8, type)
		__field(u8, reason)
	),
	TP_fast_assign(
		__entry->ifindex = dev->ifindex;
		__entry->type = type;
		__entry->reason = reason;
	),
	TP_printk("ifindex=%d type=%u reason=%s", __entry->ifindex,
		  __entry->type, rill_show_reason(__entry->reason))
);

/* Numbers are sent again. */
TRACE_EVENT(rill_retransmit,
	TP_PROTO(const struct net *net, u32 token, u32 seq, u32 len),
	TP_ARGS(net, token, seq, len),
	TP_STRUCT__entry(
		__field(unsigned int, netns)
		__field(u32, token)
		__field(u32, seq)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->netns = net->ns.inum;
		__entry->token = token;
		__entry->seq = seq;
		__entry->len = len;
	),
	TP_printk("netns=%u token=%08x seq=%u len=%u", __entry->netns,
		  __entry->token, __entry->seq, __entry->len)
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
