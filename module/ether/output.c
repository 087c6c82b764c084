// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending: units wait on the queue until they are acknowledged; a frame is
 * built from any range of their numbers, so that what is lost is sent again
 * as it is found, by whatever the MTU is then. Pages are referenced, the few
 * bytes of linear units copied; but a short unit is a frame itself once, when
 * it goes out for the first time and has room for the headers.
 */
#include "../trace.h"
#include "conn.h"

/* Payload of a unit: with all headers less than 64 KiB, GSO_LEGACY_MAX_SIZE. */
#define RILL_UNIT_MAX		65400
/* Payload that one frame may have in linear memory, bytes. */
#define RILL_LINEAR_MAX		8192

/**
 * rill_output_mtu() - The MTU of either end may have changed.
 * @conn: The connection, locked, its peer known.
 * @mtu: That of the own device.
 */
void rill_output_mtu(struct rill_conn *conn, u32 mtu)
{
	mtu = clamp_t(u32, mtu, RILL_MTU_MIN, U16_MAX);
	conn->mss = min_t(u32, mtu, max_t(u32, conn->peer_mtu, RILL_MTU_MIN)) -
		    RILL_HEADER_LEN;
	conn->sent.mss = conn->mss;
}

/**
 * rill_output_queue() - The socket has written a unit.
 * @conn: The connection, locked.
 * @skb: The unit.
 * @now: The time.
 */
void rill_output_queue(struct rill_conn *conn, struct sk_buff *skb, u64 now)
{
	struct rill_unit *unit = rill_unit(skb);

	if (conn->write_seq == conn->sent.una)
		conn->heard_at = now;
	unit->seq = conn->write_seq;
	unit->end = unit->seq + skb->len + unit->cb.eor;
	conn->write_seq = unit->end;
	__skb_queue_tail(&conn->queue, skb);
}

/* The unit that holds @seq, or NULL: marks alone are there. */
static struct sk_buff *rill_output_at(struct rill_conn *conn, u32 seq)
{
	struct sk_buff *skb;

	/* What was never sent is near the tail, what is lost near the head. */
	if (seq - conn->sent.una < conn->write_seq - seq) {
		skb_queue_walk(&conn->queue, skb)
			if (rill_before(seq, rill_unit(skb)->end))
				return skb;
		return NULL;
	}
	skb_queue_reverse_walk(&conn->queue, skb) {
		if (!rill_before(seq, rill_unit(skb)->end))
			return NULL;
		if (!rill_before(seq, rill_unit(skb)->seq))
			return skb;
	}
	return NULL;
}

/**
 * struct rill_build - A frame in the making.
 * @skb: Its buffer.
 * @seq: Number of what comes next.
 * @room: Numbers it may still take.
 * @frags: Page fragments of it.
 * @flags: RILL_FLAG_*.
 */
struct rill_build {
	struct sk_buff	*skb;
	u32		seq;
	u32		room;
	unsigned int	frags;
	u8		flags;
};

/* Reference pages of @unit, from @off on. Return: bytes taken. */
static u32 rill_build_pages(struct rill_build *b, const struct sk_buff *unit,
			    u32 off, u32 len)
{
	const struct skb_shared_info *info = skb_shinfo(unit);
	u32 taken = 0, size, bytes;
	unsigned int i;

	for (i = 0; i < info->nr_frags && taken < len; i++) {
		size = skb_frag_size(&info->frags[i]);
		if (off >= size) {
			off -= size;
			continue;
		}
		if (b->frags >= MAX_SKB_FRAGS)
			break;
		bytes = min(size - off, len - taken);
		get_page(skb_frag_page(&info->frags[i]));
		skb_add_rx_frag(b->skb, b->frags++,
				skb_frag_page(&info->frags[i]),
				skb_frag_off(&info->frags[i]) + off, bytes,
				bytes);
		taken += bytes;
		off = 0;
	}
	return taken;
}

/* Bytes of @unit from @off on. Return: how many went in. */
static u32 rill_build_bytes(struct rill_build *b, const struct sk_buff *unit,
			    u32 off, u32 len)
{
	if (!len)
		return 0;
	if (skb_is_nonlinear(unit))
		return rill_build_pages(b, unit, off, len);
	/* Behind pages nothing can be copied. */
	if (b->frags)
		return 0;
	len = min_t(u32, len, skb_tailroom(b->skb));
	skb_put_data(b->skb, unit->data + off, len);
	return len;
}

/*
 * What @unit has from b->seq on. Return: whether the frame may go on with the
 * next unit.
 */
static bool rill_build_unit(struct rill_build *b, struct sk_buff *unit)
{
	struct rill_unit *u = rill_unit(unit);
	u32 off = b->seq - u->seq;
	u32 want = min(unit->len - off, b->room);
	u32 got = rill_build_bytes(b, unit, off, want);

	b->seq += got;
	b->room -= got;
	if (got < want || off + got < unit->len)
		return false;
	if (!u->cb.eor)
		return true;
	if (b->room) {
		b->flags |= RILL_FLAG_EOR;
		b->seq++;
		b->room--;
	}
	return false;
}

/* FIN and CLOSE, if they come next. */
static void rill_build_marks(struct rill_build *b, const struct rill_conn *conn)
{
	if (b->flags & RILL_FLAG_EOR)
		return;
	if ((conn->marks & RILL_FLAG_FIN) && b->seq == conn->fin_seq &&
	    b->room) {
		b->flags |= RILL_FLAG_FIN;
		b->seq++;
		b->room--;
	}
	if ((conn->marks & RILL_FLAG_CLOSE) && b->seq == conn->close_seq &&
	    b->room) {
		b->flags |= RILL_FLAG_CLOSE;
		b->seq++;
		b->room--;
	}
}

/* Linear memory that a frame from @unit on needs. */
static u32 rill_build_linear(const struct sk_buff *unit, u32 len)
{
	if (!unit || skb_is_nonlinear(unit))
		return 0;
	return min_t(u32, len, RILL_LINEAR_MAX);
}

/*
 * May @unit be the frame? Nobody else has headers before its data: it was never
 * sent, and it is the last, so that its clone leaves nothing to be merged.
 */
static bool rill_build_whole(struct rill_conn *conn, struct sk_buff *unit,
			     u32 seq, u32 len)
{
	struct rill_unit *u = rill_unit(unit);

	return seq == u->seq && seq == conn->sent.nxt &&
	       u->end == conn->write_seq && u->end - seq <= len &&
	       unit->len <= conn->mss && !skb_is_nonlinear(unit) &&
	       skb_headroom(unit) >= RILL_LINK_ROOM;
}

/* @unit's data with a header of their own, which drivers may change. */
static int rill_build_clone(struct rill_build *b, struct sk_buff *unit)
{
	struct rill_unit *u = rill_unit(unit);

	__skb_header_release(unit);
	b->skb = skb_clone(unit, GFP_ATOMIC | __GFP_NOWARN);
	if (!b->skb)
		return -ENOBUFS;
	b->room -= u->end - u->seq;
	b->seq = u->end;
	if (u->cb.eor)
		b->flags |= RILL_FLAG_EOR;
	return 0;
}

/* Copy, or refer to, what the units from @unit on have. */
static int rill_build_copy(struct rill_build *b, struct rill_conn *conn,
			   struct sk_buff *unit)
{
	b->skb = alloc_skb(RILL_LINK_ROOM + rill_build_linear(unit, b->room),
			   GFP_ATOMIC | __GFP_NOWARN);
	if (!b->skb)
		return -ENOBUFS;
	skb_reserve(b->skb, RILL_LINK_ROOM);
	if (unit)
		skb_queue_walk_from(&conn->queue, unit)
			if (!b->room || !rill_build_unit(b, unit))
				break;
	return 0;
}

/*
 * Build a frame of at most @len numbers from @seq on.
 * Return: 0 or -ENOBUFS.
 */
static int rill_build(struct rill_conn *conn, u32 seq, u32 len,
		      struct rill_build *b)
{
	struct sk_buff *unit = rill_output_at(conn, seq);
	int err;

	*b = (struct rill_build) { .seq = seq, .room = len };
	if (unit && rill_build_whole(conn, unit, seq, len))
		err = rill_build_clone(b, unit);
	else
		err = rill_build_copy(b, conn, unit);
	if (!err)
		rill_build_marks(b, conn);
	return err;
}

/* Numbers that a frame may take: it is cut up on the way, see offload.c. */
static u32 rill_output_limit(const struct rill_conn *conn)
{
	return max(conn->mss, RILL_UNIT_MAX / conn->mss * conn->mss);
}

/* What of @len the window leaves, in whole frames if it is more than one. */
static u32 rill_output_window(const struct rill_conn *conn, u32 len)
{
	u32 flight = rill_sent_inflight(&conn->sent);
	u32 left;

	if (flight >= conn->cubic.cwnd)
		return 0;
	left = conn->cubic.cwnd - flight;
	if (len <= left)
		return len;
	return left > conn->mss ? left / conn->mss * conn->mss : left;
}

static void rill_output_header(struct rill_conn *conn, struct rill_frame *f)
{
	f->type = RILL_FRAME_DATA;
	f->sport = conn->lport;
	f->dport = conn->pport;
	f->to = conn->peer_token;
	f->from = conn->token;
	f->credit = rill_input_credit(conn);
	f->ack = conn->rcv_nxt;
	f->flags |= conn->marks & RILL_FLAG_STOP;
}

/*
 * Send up to @len numbers from @seq on.
 * Return: how many were sent, 0 when there is no memory.
 */
static u32 rill_output_range(struct rill_conn *conn, u32 seq, u32 len, u8 flags)
{
	struct rill_frame f = { .seq = seq };
	struct rill_build b;

	if (rill_build(conn, seq, len, &b))
		return 0;
	if (b.seq == seq) {
		kfree_skb(b.skb);
		return 0;
	}
	f.length = b.skb->len;
	f.flags = b.flags | flags;
	rill_output_header(conn, &f);
	__skb_set_hash(b.skb, conn->token, true, true);
	rill_link_send(conn, &f, b.skb);
	return b.seq - seq;
}

/* Send what is lost again, as far as the window lets. */
static void rill_output_lost(struct rill_conn *conn, u64 now)
{
	u32 start, end, len;

	while (rill_sent_lost(&conn->sent, &start, &end)) {
		len = min(end - start, rill_output_limit(conn));
		len = rill_output_window(conn, len);
		if (len)
			len = rill_output_range(conn, start, len, 0);
		if (!len)
			break;
		trace_rill_retransmit(conn->net, conn->token, start, len);
		rill_count_net(conn->net, RILL_CNT_RETRANSMITS);
		rill_sent_again(&conn->sent, start, start + len, now);
	}
}

/* Numbers that may be sent now, beyond those that were; 0: wait. */
static u32 rill_output_allowance(const struct rill_conn *conn)
{
	u32 nxt = conn->sent.nxt;
	u32 unsent = conn->write_seq - nxt;
	u32 len = min(unsent, rill_output_limit(conn));

	if (!unsent)
		return 0;
	/* FIN and CLOSE need no credit. */
	if ((conn->marks & RILL_FLAG_FIN) && !rill_before(nxt, conn->fin_seq))
		return rill_output_window(conn, len);
	if (!rill_before(nxt, conn->credit_end))
		return 0;
	len = rill_output_window(conn, min(len, conn->credit_end - nxt));
	/* No silly small frame where a whole one will do soon (RFC 9293). */
	if (len < conn->mss && len < unsent &&
	    rill_sent_inflight(&conn->sent))
		return 0;
	return len;
}

/* The writer waits for its buffer to be free: it shall not wait for long. */
static u8 rill_output_urge(const struct rill_conn *conn, u32 len)
{
	struct sock *sk = conn->sk;

	return sk && conn->sent.nxt + len == conn->write_seq &&
	       sk_wmem_alloc_get(sk) >= READ_ONCE(sk->sk_sndbuf) ?
	       RILL_FLAG_PROBE : 0;
}

/**
 * rill_output() - Send what may be sent.
 * @conn: The connection, locked.
 * @now: The time.
 *
 * Return: whether a frame went out, and with it an acknowledgment.
 */
bool rill_output(struct rill_conn *conn, u64 now)
{
	bool sent = false;
	u32 len;

	if (conn->write_seq == conn->sent.nxt && !conn->sent.lost)
		return false;
	if (conn->state != RILL_CONN_OPEN && conn->state != RILL_CONN_CLOSING)
		return false;
	if (conn->sent.una == conn->sent.nxt &&
	    now - conn->heard_at > rill_rtt_rto(&conn->rtt))
		rill_cubic_idle(&conn->cubic, conn->mss);
	rill_output_lost(conn, now);
	while ((len = rill_output_allowance(conn))) {
		len = rill_output_range(conn, conn->sent.nxt, len,
					rill_output_urge(conn, len));
		if (!len)
			break;
		rill_sent_new(&conn->sent, conn->sent.nxt,
			      conn->sent.nxt + len, now);
		sent = true;
	}
	return sent;
}

/**
 * rill_output_ack() - Acknowledge what came, with a frame of its own.
 * @conn: The connection, locked, its peer known.
 * @flags: RILL_FLAG_PROBE to ask for an acknowledgment in turn.
 */
void rill_output_ack(struct rill_conn *conn, u8 flags)
{
	struct rill_frame f = {
		.seq	= conn->sent.nxt,
		.flags	= flags,
		.sacks	= conn->sacks.count,
	};

	memcpy(f.sack, conn->sacks.sack, f.sacks * sizeof(f.sack[0]));
	rill_output_header(conn, &f);
	rill_link_send(conn, &f, NULL);
}

/* Take the first unit off the queue; it is freed without the lock. */
static void rill_output_drop(struct rill_conn *conn, struct rill_wake *wake)
{
	struct sk_buff *skb = __skb_dequeue(&conn->queue);

	skb->next = wake->freed;
	wake->freed = skb;
}

/**
 * rill_output_acked() - Free what the peer has.
 * @conn: The connection, locked.
 * @wake: Gets the buffers.
 */
void rill_output_acked(struct rill_conn *conn, struct rill_wake *wake)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(&conn->queue)) &&
	       !rill_before(conn->sent.una, rill_unit(skb)->end))
		rill_output_drop(conn, wake);
}

/**
 * rill_output_forget() - Nobody reads what is not acknowledged, or not sent.
 * @conn: The connection, locked; it sends no data any more.
 * @wake: Gets the buffers.
 */
void rill_output_forget(struct rill_conn *conn, struct rill_wake *wake)
{
	rill_sent_purge(&conn->sent);
	conn->write_seq = conn->sent.nxt;
	while (!skb_queue_empty(&conn->queue))
		rill_output_drop(conn, wake);
}

/* Tail loss probe: something new if there is, else the end again. */
static void rill_output_probe(struct rill_conn *conn, u64 now)
{
	u32 start = conn->sent.nxt, end, len;
	u32 limit = conn->mss;

	if (conn->write_seq != start && rill_before(start, conn->credit_end)) {
		len = min3(conn->write_seq - start, conn->credit_end - start,
			   limit);
		len = rill_output_range(conn, start, len, RILL_FLAG_PROBE);
		if (len)
			rill_sent_new(&conn->sent, start, start + len, now);
		return;
	}
	if (!rill_sent_tail(&conn->sent, &start, &end))
		return;
	if (end - start > limit)
		start = end - limit;
	len = rill_output_range(conn, start, end - start, RILL_FLAG_PROBE);
	if (!len)
		return;
	rill_count_net(conn->net, RILL_CNT_RETRANSMITS);
	trace_rill_retransmit(conn->net, conn->token, start, len);
	rill_sent_again(&conn->sent, start, start + len, now);
}

/**
 * rill_output_heard() - The peer's first DATA is here: it has our confirmation.
 * @conn: The connection, locked.
 */
void rill_output_heard(struct rill_conn *conn)
{
	conn->heard = true;
	conn->repeat_at = 0;
	conn->repeat_us = 0;
	conn->end_at = 0;
}

/* Something waits, nothing is on its way, and the peer gives no credit. */
static bool rill_output_stuck(const struct rill_conn *conn)
{
	return conn->write_seq != conn->sent.nxt &&
	       conn->sent.una == conn->sent.nxt &&
	       !rill_before(conn->sent.nxt, conn->credit_end) &&
	       (conn->state == RILL_CONN_OPEN ||
		conn->state == RILL_CONN_CLOSING);
}

/**
 * rill_output_persist() - Ask for credit from time to time (RFC 9293,
 * 3.8.6.1); confirm a connection until the peer is heard on it.
 * @conn: The connection, locked.
 * @now: The time.
 */
void rill_output_persist(struct rill_conn *conn, u64 now)
{
	if (conn->heard && !rill_output_stuck(conn)) {
		conn->repeat_at = 0;
		conn->repeat_us = 0;
		return;
	}
	if (conn->repeat_at && now < conn->repeat_at)
		return;
	if (conn->repeat_at)
		rill_output_ack(conn, RILL_FLAG_PROBE);
	conn->repeat_us = conn->repeat_us ?
		min_t(u32, 2 * conn->repeat_us, RILL_RTO_MAX) :
		rill_rtt_rto(&conn->rtt);
	conn->repeat_at = now + conn->repeat_us;
}

/**
 * rill_output_deadline() - When is rill_output_alarm() due?
 * @conn: The connection, locked.
 *
 * Return: time of rill_clock(), 0 for never.
 */
u64 rill_output_deadline(const struct rill_conn *conn)
{
	if (conn->sent.una == conn->sent.nxt)
		return 0;
	return rill_sent_deadline(&conn->sent, &conn->rtt);
}

/**
 * rill_output_alarm() - Look for losses that no acknowledgment tells.
 * @conn: The connection, locked.
 * @now: The time.
 */
void rill_output_alarm(struct rill_conn *conn, u64 now)
{
	struct rill_acked out = {};

	if (conn->sent.una == conn->sent.nxt)
		return;
	switch (rill_sent_alarm(&conn->sent, &conn->rtt, now, &out)) {
	case RILL_ALARM_NONE:
		return;
	case RILL_ALARM_PROBE:
		rill_output_probe(conn, now);
		return;
	case RILL_ALARM_TIMEOUT:
		rill_count_net(conn->net, RILL_CNT_TIMEOUTS);
		rill_cubic_timeout(&conn->cubic, conn->mss, now);
		/* It may be the MTU: the answer tells. */
		if (conn->rtt.backoff > 1)
			rill_output_ack(conn, RILL_FLAG_PROBE);
		break;
	case RILL_ALARM_RETRANSMIT:
		rill_output_cc(conn, &out, now);
		break;
	}
	rill_output(conn, now);
}

/* The window wants more than SO_SNDBUF lets be written, if that is not fixed. */
static void rill_output_grow(struct rill_conn *conn)
{
	struct sock *sk = conn->sk;

	if (sk && !(sk->sk_userlocks & SOCK_SNDBUF_LOCK))
		WRITE_ONCE(sk->sk_sndbuf,
			   rill_conn_grow(conn, READ_ONCE(sk->sk_sndbuf),
					  3 * conn->cubic.cwnd));
}

/**
 * rill_output_cc() - Let the congestion window follow an acknowledgment.
 * @conn: The connection, locked.
 * @out: What it changed.
 * @now: The time.
 */
void rill_output_cc(struct rill_conn *conn, const struct rill_acked *out,
		    u64 now)
{
	bool limited;

	if (out->undo)
		rill_cubic_undo(&conn->cubic);
	if (out->recovery_began)
		rill_cubic_loss(&conn->cubic, conn->mss, now);
	if (!out->acked || !rill_sent_may_grow(&conn->sent))
		return;
	limited = rill_sent_inflight(&conn->sent) + out->acked + conn->mss >=
		  conn->cubic.cwnd;
	rill_cubic_ack(&conn->cubic, out->acked, conn->mss, conn->rtt.srtt,
		       out->rtt, now, limited);
	if (limited)
		rill_output_grow(conn);
}
