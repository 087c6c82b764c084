// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offload: units of up to 64 KiB go down whole and are cut up as late as
 * possible (GSO), or not at all on a veth; frames of a connection that come in
 * one after the other go up as one (GRO).
 *
 * A gso_type of one's own cannot be had. SKB_GSO_SCTP is borrowed: software
 * devices pass it on whole, and no NIC segments by it, so that before one the
 * core calls rill_gso_segment().
 */
#include <linux/netdevice.h>
#include <net/gro.h>
#include <net/gso.h>

#include "conn.h"

/* Where skb_gso_transport_seglen() looks for a header of 12 bytes. */
#define RILL_GSO_TRANSPORT	(RILL_HEADER_LEN - 12)

/**
 * rill_offload_unit() - Mark a frame that is longer than one.
 * @skb: The frame, from its header on.
 * @len: Its payload, bytes.
 * @mss: Payload of one frame, bytes.
 */
void rill_offload_unit(struct sk_buff *skb, u32 len, u32 mss)
{
	skb_shinfo(skb)->gso_size = mss;
	skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(len, mss);
	skb_shinfo(skb)->gso_type = SKB_GSO_SCTP;
	skb_set_transport_header(skb, RILL_GSO_TRANSPORT);
}

/* The header of one segment; its checksum field has the pseudo sum still. */
static void rill_gso_finish(struct sk_buff *seg, u32 offset)
{
	struct rill_header *h = (void *)skb_network_header(seg);
	u32 len = seg->len - skb_network_offset(seg) - RILL_HEADER_LEN;

	rill_wire_segment(h, offset, len, !seg->next);
	if (seg->ip_summed != CHECKSUM_PARTIAL)
		h->checksum = csum_fold(csum_partial(h, RILL_HEADER_LEN,
						     SKB_GSO_CB(seg)->csum));
}

static struct sk_buff *rill_gso_segment(struct sk_buff *skb,
					netdev_features_t features)
{
	u32 mss = skb_shinfo(skb)->gso_size;
	struct sk_buff *segs, *seg;
	u32 offset = 0;

	if (!(skb_shinfo(skb)->gso_type & SKB_GSO_SCTP) ||
	    !pskb_may_pull(skb, RILL_HEADER_LEN))
		return ERR_PTR(-EINVAL);
	if (skb_gso_ok(skb, features | NETIF_F_GSO_ROBUST)) {
		/* From somebody who is not trusted: count again. */
		skb_shinfo(skb)->gso_segs =
			DIV_ROUND_UP(skb->len - RILL_HEADER_LEN, mss);
		return NULL;
	}
	__skb_pull(skb, RILL_HEADER_LEN);
	segs = skb_segment(skb, features);
	if (IS_ERR(segs))
		return segs;
	for (seg = segs; seg; seg = seg->next) {
		rill_gso_finish(seg, offset);
		offset += mss;
	}
	return segs;
}

static __wsum rill_gro_pseudo(const struct sk_buff *skb)
{
	return csum_partial(eth_hdr(skb), 2 * ETH_ALEN, 0);
}

/*
 * Not skb_gro_checksum_validate(): right behind the Ethernet header, at offset
 * 0, it takes every frame for one with remote checksum offload and checks none.
 */
static bool rill_gro_checksum(struct sk_buff *skb)
{
	bool known = skb->ip_summed == CHECKSUM_PARTIAL ?
		     skb_checksum_start_offset(skb) >= (int)skb_gro_offset(skb) :
		     NAPI_GRO_CB(skb)->csum_cnt;

	if (!known &&
	    __skb_gro_checksum_validate_complete(skb, rill_gro_pseudo(skb)))
		return false;
	skb_gro_incr_csum_unnecessary(skb);
	return true;
}

/* The frame of the same connection that is held back, or NULL. */
static struct sk_buff *rill_gro_find(struct list_head *head,
				     const struct rill_header *h,
				     unsigned int off)
{
	struct sk_buff *p;

	list_for_each_entry(p, head, list) {
		if (!NAPI_GRO_CB(p)->same_flow)
			continue;
		if (rill_wire_same_flow((void *)p->data + off, h))
			return p;
		NAPI_GRO_CB(p)->same_flow = 0;
	}
	return NULL;
}

/* Chain @skb, which is at its payload, behind @p. */
static void rill_gro_merge(struct sk_buff *p, struct sk_buff *skb)
{
	if (NAPI_GRO_CB(p)->last == p)
		skb_shinfo(p)->frag_list = skb;
	else
		NAPI_GRO_CB(p)->last->next = skb;
	NAPI_GRO_CB(p)->last = skb;
	NAPI_GRO_CB(p)->count++;
	/* Whoever pays for it pays for the whole now; core has compared them. */
	skb->destructor = NULL;
	skb->sk = NULL;
	__skb_header_release(skb);
	p->data_len += skb->len;
	p->len += skb->len;
	p->truesize += skb->truesize;
	NAPI_GRO_CB(skb)->same_flow = 1;
}

static struct sk_buff *rill_gro_receive(struct list_head *head,
					struct sk_buff *skb)
{
	unsigned int off = skb_gro_offset(skb);
	struct rill_header *h, *held;
	struct sk_buff *p;
	u32 len, size;

	/* In a tunnel eth_hdr() is another header than ours. */
	if (NAPI_GRO_CB(skb)->encap_mark ||
	    !pskb_may_pull(skb, off + RILL_HEADER_LEN)) {
		NAPI_GRO_CB(skb)->flush = 1;
		return NULL;
	}
	/* It may have moved the page that frag0 points to. */
	NAPI_GRO_CB(skb)->frag0_len = 0;
	h = (void *)skb->data + off;
	p = rill_gro_find(head, h, off);
	if (!rill_wire_plain(h, skb_gro_len(skb)) || !rill_gro_checksum(skb)) {
		/* What is held came before it, whatever it is. */
		NAPI_GRO_CB(skb)->flush = 1;
		return p;
	}
	skb_gro_pull(skb, RILL_HEADER_LEN);
	if (!p)
		return NULL;
	held = (void *)p->data + off;
	len = skb_gro_len(skb);
	size = skb_shinfo(p)->gso_size;
	if (NAPI_GRO_CB(skb)->flush || len > size || p->len + len > U16_MAX ||
	    !rill_wire_follows(held, p->len - off - RILL_HEADER_LEN, h))
		return p;
	rill_wire_append(held, h);
	__skb_pull(skb, skb_gro_offset(skb));
	rill_gro_merge(p, skb);
	return len < size || rill_wire_row_end(held) ? p : NULL;
}

static int rill_gro_complete(struct sk_buff *skb, int nhoff)
{
	struct rill_header *h = (void *)skb->data + nhoff;

	rill_wire_unit(h, skb->len - nhoff - RILL_HEADER_LEN);
	/* Every part was checked; what it is now is summed up if it leaves. */
	h->checksum = ~csum_fold(rill_gro_pseudo(skb));
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = (void *)h - (void *)skb->head;
	skb->csum_offset = offsetof(struct rill_header, checksum);
	skb_set_transport_header(skb, nhoff + RILL_GSO_TRANSPORT);
	skb_shinfo(skb)->gso_segs = NAPI_GRO_CB(skb)->count;
	skb_shinfo(skb)->gso_type = SKB_GSO_SCTP;
	return 0;
}

static struct packet_offload rill_offload = {
	.callbacks = {
		.gso_segment	= rill_gso_segment,
		.gro_receive	= rill_gro_receive,
		.gro_complete	= rill_gro_complete,
	},
};

/**
 * rill_offload_add() - Cut up and put together from now on.
 * @type: EtherType.
 */
void rill_offload_add(__be16 type)
{
	rill_offload.type = type;
	dev_add_offload(&rill_offload);
}

/** rill_offload_remove() - No longer. Sleeps. */
void rill_offload_remove(void)
{
	dev_remove_offload(&rill_offload);
}
