// SPDX-License-Identifier: GPL-2.0-only
/* /proc/net/rill/: family, sockets, counters. */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/tcp_states.h>

#include "netns.h"
#include "transport.h"

static const char * const rill_state_names[RILL_NR_STATES] = {
	[RILL_ESTABLISHED]	= "ESTABLISHED",
	[RILL_SYN_SENT]		= "SYN_SENT",
	[RILL_SYN_RECV]		= "SYN_RECV",
	[RILL_CLOSE]		= "CLOSE",
	[RILL_CLOSE_WAIT]	= "CLOSE_WAIT",
	[RILL_LISTEN]		= "LISTEN",
};

static const char * const rill_counter_names[RILL_NR_COUNTERS] = {
	[RILL_CNT_CONNECT]		= "connect",
	[RILL_CNT_CONNECT_PENDING]	= "connect_pending",
	[RILL_CNT_ESTABLISHED]		= "established",
	[RILL_CNT_ACCEPTED]		= "accepted",
	[RILL_CNT_REFUSED]		= "refused",
	[RILL_CNT_NO_ROOM]		= "no_room",
	[RILL_CNT_TIMEOUT]		= "timeout",
	[RILL_CNT_UNREACH]		= "unreachable",
	[RILL_CNT_WITHDRAWN]		= "withdrawn",
	[RILL_CNT_RESET]		= "reset",
	[RILL_CNT_HANGUP]		= "hangup",
	[RILL_CNT_LATE]			= "late",
	[RILL_CNT_ILLEGAL]		= "illegal",
	[RILL_CNT_DGRAM_SENT]		= "dgram_sent",
	[RILL_CNT_DGRAM_DROPPED]	= "dgram_dropped",
	[RILL_CNT_RX_FRAMES]		= "rx_frames",
	[RILL_CNT_RX_OFF]		= "rx_off",
	[RILL_CNT_RX_SHORT]		= "rx_short",
	[RILL_CNT_RX_VERSION]		= "rx_version",
	[RILL_CNT_RX_UNKNOWN]		= "rx_unknown",
	[RILL_CNT_RX_CHECKSUM]		= "rx_checksum",
	[RILL_CNT_RX_NO_CONNECTION]	= "rx_no_connection",
	[RILL_CNT_RX_MISMATCH]		= "rx_mismatch",
	[RILL_CNT_RX_WINDOW]		= "rx_window",
	[RILL_CNT_RX_MEMORY]		= "rx_memory",
	[RILL_CNT_RX_REFUSED]		= "rx_refused",
	[RILL_CNT_CHALLENGED]		= "challenged",
	[RILL_CNT_LIMITED]		= "limited",
	[RILL_CNT_TX_FRAMES]		= "tx_frames",
	[RILL_CNT_TX_FAILED]		= "tx_failed",
	[RILL_CNT_RETRANSMITS]		= "retransmits",
	[RILL_CNT_TIMEOUTS]		= "timeouts",
	[RILL_CNT_EXPIRED]		= "expired",
};

static int rill_family_show(struct seq_file *seq, void *v)
{
	seq_printf(seq, "%d\n", PF_RILL);
	return 0;
}

static int rill_counters_show(struct seq_file *seq, void *v)
{
	struct rill_net *rn = rill_net(seq_file_single_net(seq));
	unsigned long sum;
	int i, cpu;

	for (i = 0; i < RILL_NR_COUNTERS; i++) {
		sum = 0;
		for_each_possible_cpu(cpu)
			sum += per_cpu_ptr(rn->counters, cpu)->v[i];
		seq_printf(seq, "%s %lu\n", rill_counter_names[i], sum);
	}
	return 0;
}

/* Where the next socket is found, see rill_nth(). */
struct rill_seq {
	struct seq_net_private	net;
	long			bucket;
	long			n;
};

static struct sock *rill_seq_socket(struct seq_file *seq)
{
	struct rill_seq *rseq = seq->private;
	struct sock *sk = rill_nth(seq_file_net(seq), &rseq->bucket, &rseq->n);

	rseq->n++;
	return sk;
}

/* Position 0 is the header, n the n-th socket. */
static void *rill_seq_start(struct seq_file *seq, loff_t *pos)
{
	struct rill_seq *rseq = seq->private;
	struct sock *sk = NULL;
	loff_t n;

	rseq->bucket = 0;
	rseq->n = 0;
	if (!*pos)
		return SEQ_START_TOKEN;
	for (n = 0; n < *pos; n++) {
		if (sk)
			sock_put(sk);
		sk = rill_seq_socket(seq);
		if (!sk)
			break;
	}
	return sk;
}

static void rill_seq_stop(struct seq_file *seq, void *v)
{
	if (v && v != SEQ_START_TOKEN)
		sock_put(v);
}

static void *rill_seq_next(struct seq_file *seq, void *v, loff_t *pos)
{
	++*pos;
	rill_seq_stop(seq, v);
	return rill_seq_socket(seq);
}

static void rill_seq_addr(struct seq_file *seq, const struct rill_addr *addr,
			  bool none)
{
	if (none)
		seq_puts(seq, " -");
	else
		seq_printf(seq, " %pM%%%u:%u", addr->hw, addr->ifindex,
			   ntohs(addr->port));
}

static const char *rill_type_name(const struct sock *sk)
{
	switch (sk->sk_type) {
	case SOCK_STREAM:
		return "STREAM";
	case SOCK_SEQPACKET:
		return "SEQPACKET";
	default:
		return "DGRAM";
	}
}

static int rill_seq_show(struct seq_file *seq, void *v)
{
	struct rill_info info;

	if (v == SEQ_START_TOKEN) {
		seq_puts(seq, "sk type state local peer recvq sendq backlog pending uid inode\n");
		return 0;
	}
	rill_info(v, &info);
	seq_printf(seq, "%pK %s %s", v, rill_type_name(v),
		   rill_state_names[info.state]);
	rill_seq_addr(seq, &info.local, !info.local.port);
	rill_seq_addr(seq, &info.remote, !info.remote.port);
	seq_printf(seq, " %u %u %u %u %u %llu\n", info.recvq, info.sendq,
		   info.backlog, info.pending,
		   from_kuid_munged(seq_user_ns(seq), sk_uid(v)),
		   (unsigned long long)sock_i_ino(v));
	return 0;
}

static const struct seq_operations rill_seq_ops = {
	.start	= rill_seq_start,
	.next	= rill_seq_next,
	.stop	= rill_seq_stop,
	.show	= rill_seq_show,
};

/**
 * rill_proc_register() - Create /proc/net/rill.
 * @net: A new namespace.
 *
 * Return: 0 or -ENOMEM.
 */
int rill_proc_register(struct net *net)
{
	struct proc_dir_entry *dir;

	dir = proc_net_mkdir(net, "rill", net->proc_net);
	if (!dir)
		return -ENOMEM;
	if (proc_create_net_single("family", 0444, dir, rill_family_show,
				   NULL) &&
	    proc_create_net_single("counters", 0444, dir, rill_counters_show,
				   NULL) &&
	    proc_create_net("sockets", 0444, dir, &rill_seq_ops,
			    sizeof(struct rill_seq)))
		return 0;
	rill_proc_unregister(net);
	return -ENOMEM;
}

/**
 * rill_proc_unregister() - Remove it.
 * @net: A namespace on its way out.
 */
void rill_proc_unregister(struct net *net)
{
	remove_proc_subtree("rill", net->proc_net);
}
