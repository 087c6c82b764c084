// SPDX-License-Identifier: GPL-2.0-only
/*
 * DATA comes in: whose is it, what does it acknowledge, what does it bring.
 * In order it goes to the socket's receive queue, else it waits.
 */
#include "../trace.h"
#include "conn.h"

/* A payload up to this may be copied to the end of the one before it. */
#define RILL_MERGE		256
/* Room of a buffer that small payloads are collected in. */
#define RILL_MERGE_ROOM		SKB_WITH_OVERHEAD(2048)

/* The timer may be two ticks late; the peer's probe is not (RFC 8985, 7.2). */
#define RILL_ACK_LATE		(2 * USEC_PER_SEC / HZ)

/* Beyond these what came before counts half: see rill_input_price(). */
#define RILL_COST_BYTES		65536
#define RILL_COST_MEMORY	BIT(20)

/* Bytes that @memory is enough for, by what they cost lately; half at most. */
static u32 rill_input_worth(const struct rill_conn *conn, u32 memory)
{
	return min_t(u64, memory / 2, div_u64((u64)memory * conn->cost_bytes,
					      conn->cost_memory));
}

/* What an empty buffer may take, bytes. */
static u32 rill_input_whole(const struct rill_conn *conn)
{
	u32 rcvbuf = READ_ONCE(conn->sk->sk_rcvbuf);

	return min(rcvbuf, rill_input_worth(conn, 2 * rcvbuf));
}

/* Bytes that the reader took. */
static u32 rill_input_taken(const struct rill_conn *conn)
{
	return READ_ONCE(rill_sk(conn->sk)->taken);
}

/*
 * What the socket holds for its reader, bytes. What was left from a connection
 * before this one may be taken too.
 */
static u32 rill_input_unread(const struct rill_conn *conn)
{
	u32 unread = conn->brought - rill_input_taken(conn);

	return unread & BIT(31) ? 0 : unread;
}

/* What the socket may still take, bytes. */
static u32 rill_input_space(const struct rill_conn *conn)
{
	u32 rcvbuf = conn->sk ? READ_ONCE(conn->sk->sk_rcvbuf) : 0;
	u32 unread = conn->sk ? rill_input_unread(conn) : 0;
	u32 used = unread + conn->record_len;
	u32 memory;

	/* A record that fills the buffer has to come to its end. */
	if (conn->record_len >= rcvbuf / 2 && !unread)
		return conn->record_len < RILL_RECORD_MAX ? rcvbuf / 2 : 0;
	if (used >= rcvbuf)
		return 0;
	memory = atomic_read(&conn->sk->sk_rmem_alloc);
	if (memory >= 2 * rcvbuf)
		return 0;
	return min(rcvbuf - used, rill_input_worth(conn, 2 * rcvbuf - memory));
}

/* Credit promises bytes, but what is bounded is memory: learn what bytes take. */
static void rill_input_price(struct rill_conn *conn, u32 memory, u32 len)
{
	conn->cost_memory += memory;
	conn->cost_bytes += len;
	if (conn->cost_bytes <= RILL_COST_BYTES &&
	    conn->cost_memory <= RILL_COST_MEMORY)
		return;
	conn->cost_memory = conn->cost_memory / 2 + 1;
	conn->cost_bytes = conn->cost_bytes / 2 + 1;
}

/*
 * A reader that takes half a buffer in two round trips could have more, if the
 * sender had the credit: let the buffer grow, unless SO_RCVBUF has fixed it.
 */
static void rill_input_grow(struct rill_conn *conn)
{
	u32 trip = conn->rtt.srtt ? : conn->trip_us;
	struct sock *sk = conn->sk;
	u32 rcvbuf = READ_ONCE(sk->sk_rcvbuf);
	u64 now;

	if (rill_input_taken(conn) - conn->taken < rcvbuf / 2)
		return;
	now = rill_clock();
	if (now - conn->taken_at <= 2 * (u64)trip &&
	    !(sk->sk_userlocks & SOCK_RCVBUF_LOCK))
		WRITE_ONCE(sk->sk_rcvbuf,
			   rill_conn_grow(conn, rcvbuf, 2 * rcvbuf));
	conn->taken = rill_input_taken(conn);
	conn->taken_at = now;
}

/*
 * When does it matter what is read? At once if the credit is down to where
 * raising it may be worth a frame of its own, else when the buffer may grow.
 */
static void rill_input_watch(const struct rill_conn *conn)
{
	u32 at = conn->taken;

	if (rill_before(conn->rcv_nxt, conn->rcv_low))
		at += READ_ONCE(conn->sk->sk_rcvbuf) / 2;
	WRITE_ONCE(rill_sk(conn->sk)->tell_at, at);
}

/* More credit is given: what is read matters when the peer has used half. */
static void rill_input_rest(struct rill_conn *conn)
{
	u32 worth = max(rill_input_whole(conn) / 2, 2 * conn->mss);

	conn->rcv_low = conn->rcv_edge - worth;
	rill_input_watch(conn);
}

/**
 * rill_input_credit() - The credit to tell; what is owed is told by it.
 * @conn: The connection, locked.
 *
 * Return: bytes behind rcv_nxt.
 */
u32 rill_input_credit(struct rill_conn *conn)
{
	u32 edge = conn->rcv_nxt + rill_input_space(conn);

	/* Credit given is not taken back. */
	if (rill_after(edge, conn->rcv_edge)) {
		conn->rcv_edge = edge;
		if (conn->sk)
			rill_input_rest(conn);
	}
	conn->rcv_acked = conn->rcv_nxt;
	conn->ack_at = 0;
	return conn->rcv_edge - conn->rcv_nxt;
}

/**
 * rill_input_drained() - The reader made room: tell, if it is worth a frame.
 * @conn: The connection, locked.
 */
void rill_input_drained(struct rill_conn *conn)
{
	u32 edge, left, gain, worth;

	if (conn->state != RILL_CONN_OPEN ||
	    (conn->peer_marks & RILL_FLAG_FIN))
		return;
	rill_input_grow(conn);
	rill_input_watch(conn);
	edge = conn->rcv_nxt + rill_input_space(conn);
	if (!rill_after(edge, conn->rcv_edge))
		return;
	gain = edge - conn->rcv_edge;
	left = conn->rcv_edge - conn->rcv_nxt;
	worth = rill_input_whole(conn) / 2;
	if (gain >= worth || (left < 2 * conn->mss && gain >= 2 * conn->mss))
		rill_output_ack(conn, 0);
}

/* The directions that the peer has ended are ended for the socket. */
static void rill_input_shutdown(struct rill_conn *conn, u8 mask,
				struct rill_wake *wake)
{
	struct sock *sk = conn->sk;

	if (!sk)
		return;
	spin_lock_nested(&sk->sk_lock.slock, SINGLE_DEPTH_NESTING);
	/* Pairs with rill_recv_ended(). */
	smp_store_release(&sk->sk_shutdown, sk->sk_shutdown | mask);
	spin_unlock(&sk->sk_lock.slock);
	wake->band = sk->sk_shutdown == SHUTDOWN_MASK ? POLL_HUP : POLL_IN;
}

/* To the end of @tail, if that is a buffer to collect in. */
static bool rill_input_merge(struct sk_buff *tail, struct sk_buff *skb)
{
	if (skb->len > RILL_MERGE || !tail || skb_is_nonlinear(tail) ||
	    skb_cloned(tail) || skb_tailroom(tail) < (int)skb->len ||
	    skb_copy_bits(skb, 0, skb_tail_pointer(tail), skb->len))
		return false;
	__skb_put(tail, skb->len);
	return true;
}

static bool rill_input_merge_last(struct sock *sk, struct sk_buff *skb)
{
	struct sk_buff_head *queue = &sk->sk_receive_queue;
	bool merged;

	if (skb->len > RILL_MERGE || skb_queue_empty_lockless(queue))
		return false;
	spin_lock(&queue->lock);
	merged = rill_input_merge(skb_peek_tail(queue), skb);
	spin_unlock(&queue->lock);
	return merged;
}

/* A buffer with room for more, in place of a small one behind others. */
static struct sk_buff *rill_input_collect(struct sk_buff *skb)
{
	struct sk_buff *room;

	if (skb->len > RILL_MERGE)
		return skb;
	room = alloc_skb(RILL_MERGE_ROOM, GFP_ATOMIC | __GFP_NOWARN);
	if (!room)
		return skb;
	skb_copy_bits(skb, 0, skb_put(room, skb->len), skb->len);
	memcpy(room->cb, skb->cb, sizeof(room->cb));
	room->tstamp = skb->tstamp;
	consume_skb(skb);
	return room;
}

static void rill_input_stream(struct rill_conn *conn, struct sk_buff *skb)
{
	struct sock *sk = conn->sk;
	u32 len = skb->len;

	conn->brought += len;
	if (rill_input_merge_last(sk, skb)) {
		rill_input_price(conn, 0, len);
		consume_skb(skb);
		return;
	}
	if (!skb_queue_empty_lockless(&sk->sk_receive_queue))
		skb = rill_input_collect(skb);
	rill_input_price(conn, skb->truesize, len);
	skb_set_owner_r(skb, sk);
	spin_lock(&sk->sk_receive_queue.lock);
	__skb_queue_tail(&sk->sk_receive_queue, skb);
	spin_unlock(&sk->sk_receive_queue.lock);
}

/* A part of a record; nobody is charged for it yet. */
static void rill_input_part(struct rill_conn *conn, struct sk_buff *skb)
{
	struct sk_buff *tail = skb_peek_tail(&conn->record);

	conn->record_len += skb->len;
	if (rill_input_merge(tail, skb)) {
		consume_skb(skb);
		return;
	}
	if (tail)
		skb = rill_input_collect(skb);
	conn->record_size += skb->truesize;
	__skb_queue_tail(&conn->record, skb);
}

/* A record is queued when its end is there, at once. */
static void rill_input_record(struct rill_conn *conn, struct sk_buff *skb)
{
	u8 flags = rill_unit(skb)->flags;
	struct sock *sk = conn->sk;

	rill_input_part(conn, skb);
	if (!(flags & RILL_FLAG_EOR))
		return;
	rill_skb_cb(skb_peek_tail(&conn->record))->eor = true;
	skb_queue_walk(&conn->record, skb)
		skb_set_owner_r(skb, sk);
	rill_input_price(conn, conn->record_size, conn->record_len + 1);
	conn->brought += conn->record_len;
	conn->record_len = 0;
	conn->record_size = 0;
	spin_lock(&sk->sk_receive_queue.lock);
	skb_queue_splice_tail_init(&conn->record, &sk->sk_receive_queue);
	spin_unlock(&sk->sk_receive_queue.lock);
}

/*
 * Take off what came before. Return: false when there is no memory to do it.
 */
static bool rill_input_trim(const struct rill_conn *conn, struct sk_buff *skb)
{
	static const u8 marks[] = {
		RILL_FLAG_EOR, RILL_FLAG_FIN, RILL_FLAG_CLOSE
	};
	struct rill_unit *unit = rill_unit(skb);
	u32 known = conn->rcv_nxt - unit->seq;
	u32 bytes = min(known, skb->len);
	unsigned int i;

	if (!rill_before(unit->seq, conn->rcv_nxt))
		return true;
	if (bytes && !pskb_pull(skb, bytes))
		return false;
	known -= bytes;
	for (i = 0; known && i < ARRAY_SIZE(marks); i++) {
		known -= !!(unit->flags & marks[i]);
		unit->flags &= ~marks[i];
	}
	unit->seq = conn->rcv_nxt;
	return true;
}

/* The next frame in order: @skb is consumed. */
static void rill_input_next(struct rill_conn *conn, struct sk_buff *skb,
			    struct rill_wake *wake)
{
	u8 flags;

	if (!rill_input_trim(conn, skb)) {
		kfree_skb(skb);
		return;
	}
	flags = rill_unit(skb)->flags;
	/* Behind the end there is only CLOSE. */
	if ((conn->peer_marks & RILL_FLAG_FIN) &&
	    (skb->len || (flags & (RILL_FLAG_EOR | RILL_FLAG_FIN)))) {
		kfree_skb(skb);
		return;
	}
	conn->rcv_nxt = rill_unit(skb)->end;
	/* Before it can be read: who reads it sees that. */
	if (conn->sk)
		rill_input_watch(conn);
	if (conn->sk && !(conn->marks & RILL_FLAG_STOP) &&
	    (skb->len || (conn->seqpacket && (flags & RILL_FLAG_EOR)))) {
		if (conn->seqpacket)
			rill_input_record(conn, skb);
		else
			rill_input_stream(conn, skb);
		wake->data = true;
	} else {
		consume_skb(skb);
	}
	if (flags & RILL_FLAG_FIN) {
		conn->peer_marks |= RILL_FLAG_FIN;
		rill_input_shutdown(conn, RCV_SHUTDOWN, wake);
	}
	if (flags & RILL_FLAG_CLOSE)
		rill_close_received(conn, wake);
}

/* Those that came too early and are next now; nothing comes after FIN. */
static void rill_input_follow(struct rill_conn *conn, struct rill_wake *wake)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(&conn->ooo)) &&
	       !(conn->peer_marks & RILL_FLAG_CLOSE) &&
	       !rill_after(rill_unit(skb)->seq, conn->rcv_nxt)) {
		__skb_unlink(skb, &conn->ooo);
		conn->ooo_size -= skb->truesize;
		if (rill_after(rill_unit(skb)->end, conn->rcv_nxt))
			rill_input_next(conn, skb, wake);
		else
			consume_skb(skb);
	}
	rill_sack_advance(&conn->sacks, conn->rcv_nxt);
}

/* Out of order: keep it, sorted. Return: false if it is dropped. */
static bool rill_input_early(struct rill_conn *conn, struct sk_buff *skb)
{
	struct rill_unit *unit = rill_unit(skb);
	struct sk_buff *before;

	if (conn->ooo_size + skb->truesize > 2 * READ_ONCE(conn->sk->sk_rcvbuf))
		return false;
	skb_queue_reverse_walk(&conn->ooo, before)
		if (!rill_after(rill_unit(before)->seq, unit->seq))
			break;
	if (before != (struct sk_buff *)&conn->ooo &&
	    !rill_before(rill_unit(before)->end, unit->end))
		return false;	/* it is there already */
	__skb_queue_after(&conn->ooo, before, skb);
	conn->ooo_size += skb->truesize;
	rill_sack_add(&conn->sacks, unit->seq, unit->end);
	return true;
}

/* More memory than the credit was meant for; records in crumbs are dear. */
static bool rill_input_full(const struct rill_conn *conn)
{
	u32 rcvbuf = READ_ONCE(conn->sk->sk_rcvbuf);

	return atomic_read(&conn->sk->sk_rmem_alloc) > 2 * rcvbuf ||
	       conn->record_size > rcvbuf + 4 * conn->record_len;
}

/*
 * Is there room for what the frame brings? Return: -1, or enum rill_counter
 * of the reason to drop it.
 */
static int rill_input_refuse(const struct rill_conn *conn,
			     const struct rill_frame *f)
{
	u32 end = f->seq + f->length + !!(f->flags & RILL_FLAG_EOR);
	const struct sock *sk = conn->sk;

	/* FIN and CLOSE need no credit. */
	if (rill_after(end, conn->rcv_edge) ||
	    rill_after(f->seq, conn->rcv_edge) ||
	    ((conn->peer_marks & RILL_FLAG_FIN) && rill_after(end, conn->rcv_nxt)))
		return RILL_CNT_RX_WINDOW;
	if (sk && f->length && rill_input_full(conn))
		return RILL_CNT_RX_MEMORY;
	return -1;
}

static void rill_input_unit(struct rill_rx *rx)
{
	*rill_unit(rx->skb) = (struct rill_unit) {
		.seq	= rx->f.seq,
		.end	= rx->f.seq + rill_wire_seq_len(&rx->f),
		.flags	= rx->f.flags,
	};
	rx->skb->dev = NULL;
}

/* What the frame brings. Return: whether to acknowledge it at once. */
static bool rill_input_payload(struct rill_conn *conn, struct rill_rx *rx,
			       struct rill_wake *wake)
{
	u32 len = rill_wire_seq_len(&rx->f);
	int reason;

	if (!len)
		return rx->f.flags & RILL_FLAG_PROBE;
	if (!rill_after(rx->f.seq + len, conn->rcv_nxt))
		return true;		/* again: ours was lost */
	reason = rill_input_refuse(conn, &rx->f);
	if (reason >= 0) {
		rill_link_drop(rx, reason);
		return true;
	}
	rill_input_unit(rx);
	if (rill_after(rx->f.seq, conn->rcv_nxt)) {
		if (conn->sk && rill_input_early(conn, rx->skb))
			rx->skb = NULL;
		return true;
	}
	rill_input_next(conn, rx->skb, wake);
	rx->skb = NULL;
	if (!skb_queue_empty(&conn->ooo)) {
		/* It fills a gap (RFC 5681, 4.2). */
		rill_input_follow(conn, wake);
		return true;
	}
	if (conn->quick) {
		conn->quick--;
		return true;
	}
	return (rx->f.flags & (RILL_FLAG_PROBE | RILL_FLAG_FIN)) ||
	       /* The sender has no credit for a whole frame any more. */
	       conn->rcv_edge - conn->rcv_nxt < conn->mss ||
	       conn->rcv_nxt - conn->rcv_acked >= 2 * conn->mss;
}

/* What the frame acknowledges. Return: false if that was never sent. */
static bool rill_input_acks(struct rill_conn *conn, const struct rill_rx *rx,
			    struct rill_wake *wake, u64 now)
{
	const struct rill_frame *f = &rx->f;
	struct rill_acked out = {};
	u32 edge;

	if (rill_sent_ack(&conn->sent, f->ack, f->sack, f->sacks, &conn->rtt,
			  now, &out) < 0) {
		rill_link_drop(rx, RILL_CNT_RX_WINDOW);
		return false;
	}
	if (!conn->heard)
		rill_output_heard(conn);
	conn->alive_at = now;
	conn->probes = 0;
	edge = f->ack + min_t(u32, f->credit, RILL_CREDIT_MAX);
	if (rill_after(edge, conn->credit_end))
		conn->credit_end = edge;
	/* Who has no room for us may take its time; not for an orphan. */
	if (out.progress || (conn->sk && !rill_before(conn->sent.nxt,
						      conn->credit_end)))
		conn->heard_at = now;
	if (out.progress)
		rill_output_acked(conn, wake);
	/* Somebody may wait for it in close(). */
	if (out.progress && (conn->marks & RILL_FLAG_FIN) &&
	    conn->sent.una == conn->write_seq)
		wake->band = POLL_OUT;
	rill_output_cc(conn, &out, now);
	conn->peer_mtu = f->mtu;
	rill_output_mtu(conn, rx->dev->mtu);
	if ((f->flags & RILL_FLAG_STOP) &&
	    !(conn->peer_marks & RILL_FLAG_STOP)) {
		conn->peer_marks |= RILL_FLAG_STOP;
		rill_input_shutdown(conn, SEND_SHUTDOWN, wake);
	}
	if ((conn->marks & RILL_FLAG_CLOSE) &&
	    rill_after(conn->sent.una, conn->close_seq))
		rill_close_acked(conn);
	return true;
}

static bool rill_input_fits(const struct rill_conn *conn,
			    const struct rill_rx *rx)
{
	return rx->f.from == conn->peer_token && rx->f.sport == conn->pport &&
	       rx->f.dport == conn->lport &&
	       ether_addr_equal(rx->src, conn->peer_hw);
}

/*
 * A frame for an offer: is it that offer which its sender took? The token is
 * the same for the same request, the first number is not.
 */
static bool rill_input_confirms(const struct rill_conn *conn,
				const struct rill_rx *rx)
{
	return rx->f.ack == conn->iss &&
	       !rill_before(rx->f.seq, conn->rcv_nxt) &&
	       !rill_after(rx->f.seq, conn->rcv_edge + 2);
}

/*
 * A frame before the connection is established at this end. Return: whether
 * to go on with it.
 */
static bool rill_input_first(struct rill_conn *conn, struct rill_rx *rx)
{
	u8 state = READ_ONCE(conn->state);

	if ((state != RILL_CONN_OFFERED && state != RILL_CONN_PENDING) ||
	    !rill_input_fits(conn, rx))
		return true;
	if (!rill_input_confirms(conn, rx)) {
		rill_link_drop(rx, RILL_CNT_RX_WINDOW);
		rill_link_reply(rx, RILL_FRAME_RESET, rx->f.ack,
				RILL_RESET_NONE);
		return false;
	}
	if (state == RILL_CONN_OFFERED)
		rill_handshake_confirm(conn);
	return true;
}

/*
 * Nothing of a frame is believed that is from nowhere near: neither beyond the
 * credit (FIN and CLOSE need none), nor from long ago.
 */
static bool rill_input_near(const struct rill_conn *conn,
			    const struct rill_rx *rx)
{
	if (!rill_after(rx->f.seq, conn->rcv_edge + 2) &&
	    !rill_before(rx->f.seq, conn->rcv_nxt - RILL_RECORD_MAX))
		return true;
	rill_link_drop(rx, RILL_CNT_RX_WINDOW);
	return false;
}

/* A frame of the connection, which is locked. */
static void rill_input_locked(struct rill_conn *conn, struct rill_rx *rx,
			      struct rill_wake *wake)
{
	u64 now = rill_clock();
	bool ack = false;
	u16 todo;

	if (!rill_input_fits(conn, rx)) {
		rill_link_drop(rx, RILL_CNT_RX_MISMATCH);
		/* Our peer's host has it from an attempt before this one. */
		if (rx->f.from != conn->peer_token &&
		    ether_addr_equal(rx->src, conn->peer_hw))
			rill_link_reply(rx, RILL_FRAME_RESET, rx->f.ack,
					RILL_RESET_NONE);
		return;
	}
	/* It could not be confirmed: its child is on its way to drop us. */
	if (conn->state == RILL_CONN_OFFERED)
		return;
	todo = rill_conn_step(conn, RILL_CONN_RX_DATA);
	if ((todo & RILL_DO_ESTABLISH) && !rill_handshake_establish(conn, wake)) {
		rill_conn_bury(conn);
		return;
	}
	if (todo & RILL_DO_ACK)
		ack = rill_wire_seq_len(&rx->f) ||
		      (rx->f.flags & RILL_FLAG_PROBE);
	if (todo & RILL_DO_INPUT) {
		ack = rill_wire_seq_len(&rx->f) ||
		      (rx->f.flags & RILL_FLAG_PROBE);
		if (rill_input_near(conn, rx) &&
		    rill_input_acks(conn, rx, wake, now) &&
		    conn->state != RILL_CONN_DEAD)
			ack = rill_input_payload(conn, rx, wake);
	}
	if (conn->state == RILL_CONN_DEAD)
		return;
	if (conn->state == RILL_CONN_CLOSING && rx->f.length &&
	    rill_after(rx->f.seq + rx->f.length, conn->rcv_acked)) {
		rill_close_break(conn);	/* it writes to nobody */
		return;
	}
	if (!ack && !conn->ack_at && conn->rcv_nxt != conn->rcv_acked)
		conn->ack_at = now + RILL_ACK_DELAY - RILL_ACK_LATE;
	if (ack)
		rill_output_ack(conn, 0);
	rill_output(conn, now);
	rill_conn_arm(conn, now);
}

/**
 * rill_input() - A DATA frame came in.
 * @rx: It.
 */
void rill_input(struct rill_rx *rx)
{
	struct rill_conn *conn = rill_conn_find(dev_net(rx->dev), rx->f.to);
	struct rill_wake wake = {};

	if (!conn) {
		rill_link_drop(rx, RILL_CNT_RX_NO_CONNECTION);
		rill_link_reply(rx, RILL_FRAME_RESET, rx->f.ack,
				RILL_RESET_NONE);
		return;
	}
	if (!rill_input_first(conn, rx))
		return;
	/* Frames come in with BH off. */
	spin_lock(&conn->lock);
	rill_input_locked(conn, rx, &wake);
	if ((wake.data || wake.band) && !wake.sk && conn->sk) {
		sock_hold(conn->sk);
		wake.sk = conn->sk;
	}
	spin_unlock(&conn->lock);
	rill_wake_up(&wake);
}
