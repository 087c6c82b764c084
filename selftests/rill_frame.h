/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A peer without rill: frames built, sent and received by hand on a packet
 * socket, to be what no correct peer is. Include it after "rill_test.h".
 *
 * The link is a veth pair. Its far end lies in a network namespace where
 * net.rill.ethernet is 0, so that nobody but the test answers there. Checksum and
 * segmentation offload are off at rill's end: each frame is taken off the
 * wire as a NIC would see it, and looked at whether it is a good one.
 */
#ifndef RILL_FRAME_H
#define RILL_FRAME_H

#include <linux/if_ether.h>

#include "rill_test.h"
#include "ether/wire.h"

/** RILL_ETHERTYPE - Protocol number of the frames. */
#define RILL_ETHERTYPE	0x88b5

/** RILL_PACKET_MAX - Room for the longest frame, a unit that is to be split. */
#define RILL_PACKET_MAX	(65536 + 128)

/** RILL_RAW_CREDIT - What a peer grants unless told otherwise. */
#define RILL_RAW_CREDIT	65536

/**
 * struct rill_raw - The far end of a link.
 * @fd: Packet socket there.
 * @hw: Hardware address of the far end.
 * @peer: Hardware address of the end here.
 * @ifindex: Interface index of the end here.
 * @away: The far end's network namespace.
 * @seen: Frames received, by type; [0]: those that were not good.
 * @longest: The longest of them, bytes from the header on.
 */
struct rill_raw {
	int fd;
	__u8 hw[ETH_ALEN];
	__u8 peer[ETH_ALEN];
	int ifindex;
	int away;
	unsigned long seen[RILL_FRAME_TYPES];
	size_t longest;
};

/**
 * struct rill_packet - A frame on the wire.
 * @f: Its header, decoded.
 * @len: Bytes of @bytes.
 * @payload: Behind the header, in @bytes.
 * @bytes: From the destination address on.
 */
struct rill_packet {
	struct rill_frame f;
	size_t len;
	const __u8 *payload;
	__u8 bytes[RILL_PACKET_MAX];
};

/* Links */

/**
 * rill_raw_open() - Make a link and a packet socket at its far end.
 * @raw: Out.
 * @name: Name of the end here, in the calling thread's namespace.
 *
 * The calling thread stays on one CPU from now on, so that frames keep their
 * order.
 *
 * Return: 0 or -errno.
 */
int rill_raw_open(struct rill_raw *raw, const char *name);

/** rill_raw_close() - Undo rill_raw_open(); the link goes away. */
void rill_raw_close(struct rill_raw *raw);

/**
 * rill_raw_packet_socket() - A packet socket for frames of rill.
 * @name: Device.
 *
 * Return: descriptor or -errno.
 */
int rill_raw_packet_socket(const char *name);

/** rill_dev_offload() - Checksum and segmentation offload. 0 or -errno. */
int rill_dev_offload(const char *name, bool on);

/** rill_stay_on_cpu() - Bind the calling thread to one CPU. 0 or -errno. */
int rill_stay_on_cpu(void);

/* Frames */

/**
 * rill_frame_build() - Encode a frame, its checksum right.
 * @pkt: Out.
 * @dst: Destination.
 * @src: Source.
 * @f: Header.
 * @payload: @f->length bytes, or NULL for zeros.
 */
void rill_frame_build(struct rill_packet *pkt, const __u8 *dst,
		      const __u8 *src, const struct rill_frame *f,
		      const void *payload);

/**
 * rill_frame_seal() - Make the checksum of a frame right.
 * @bytes: From the destination address on.
 * @len: Bytes up to the payload's end.
 */
void rill_frame_seal(__u8 *bytes, size_t len);

/** rill_frame_sound() - Whether the checksum of a frame is right. */
bool rill_frame_sound(const __u8 *bytes, size_t len);

/** rill_raw_send_bytes() - Send bytes as they are. Return: 0 or -errno. */
int rill_raw_send_bytes(struct rill_raw *raw, const void *bytes, size_t len);

/**
 * rill_raw_send_from() - Send a frame with any source address.
 * @raw: Link.
 * @src: Source.
 * @f: Header.
 * @payload: As of rill_frame_build().
 *
 * Return: 0 or -errno.
 */
int rill_raw_send_from(struct rill_raw *raw, const __u8 *src,
		       const struct rill_frame *f, const void *payload);

/** rill_raw_send() - Send a frame from the far end's own address. */
int rill_raw_send(struct rill_raw *raw, const struct rill_frame *f,
		  const void *payload);

/**
 * rill_raw_recv() - Take the next frame that came out.
 * @raw: Link.
 * @pkt: Out.
 * @ms: How long to wait for it.
 *
 * Return: 0, -ETIMEDOUT, -EBADMSG when it is not as wire.h has it, -errno.
 */
int rill_raw_recv(struct rill_raw *raw, struct rill_packet *pkt, int ms);

/**
 * rill_raw_expect() - Take frames until one is of a type and for a token.
 * @raw: Link.
 * @type: enum rill_frame_type.
 * @to: Its destination token, or 0 for any.
 * @pkt: Out.
 *
 * Return: 0, -ETIMEDOUT after RILL_DEADLINE_MS, -EBADMSG, -errno.
 */
int rill_raw_expect(struct rill_raw *raw, int type, __u32 to,
		    struct rill_packet *pkt);

/** rill_raw_drain() - Take all frames that are there. 0 or -EBADMSG. */
int rill_raw_drain(struct rill_raw *raw);

/* Connections */

/**
 * struct rill_raw_conn - One end of a connection, played by hand.
 * @raw: Link.
 * @type: SOCK_STREAM or SOCK_SEQPACKET.
 * @sport: Own port, network byte order.
 * @dport: The socket's port, network byte order.
 * @from: Own token.
 * @to: The socket's token, 0 while unknown.
 * @cookie: Cookie of the last CHALLENGE.
 * @seq: Own next number.
 * @ack: Next number expected of the socket.
 * @credit: Granted from @ack on.
 * @mtu: To be told.
 * @stop: Set on each DATA, as it has to be once it was said.
 * @peer_end: Number that the socket lets us send before.
 */
struct rill_raw_conn {
	struct rill_raw *raw;
	int type;
	__be16 sport;
	__be16 dport;
	__u32 from;
	__u32 to;
	__u32 cookie;
	__u32 seq;
	__u32 ack;
	__u32 credit;
	__u16 mtu;
	bool stop;
	__u32 peer_end;
};

/**
 * rill_raw_client() - A client that has not asked yet.
 * @raw: Link.
 * @type: SOCK_STREAM or SOCK_SEQPACKET.
 * @port: Where it will ask, host byte order.
 *
 * Port, token and first number are random.
 *
 * Return: the client.
 */
struct rill_raw_conn rill_raw_client(struct rill_raw *raw, int type,
				     unsigned int port);

/** rill_raw_frame() - A header of @type as @c has to send it now. */
struct rill_frame rill_raw_frame(const struct rill_raw_conn *c, int type);

/** rill_raw_say() - Send an empty frame of @type. Return: 0 or -errno. */
int rill_raw_say(struct rill_raw_conn *c, int type);

/** rill_raw_ack() - Send DATA with @flags, empty. Return: 0 or -errno. */
int rill_raw_ack(struct rill_raw_conn *c, int flags);

/**
 * rill_raw_request() - Ask until ACCEPT comes; CHALLENGE is obeyed.
 * @c: A client.
 * @pkt: For the answer.
 *
 * Return: 0, -ECONNREFUSED on RESET, -ETIMEDOUT, -errno.
 */
int rill_raw_request(struct rill_raw_conn *c, struct rill_packet *pkt);

/** rill_raw_connect() - rill_raw_request() and the confirmation. */
int rill_raw_connect(struct rill_raw_conn *c, struct rill_packet *pkt);

/**
 * rill_raw_asked() - Wait for a REQUEST, as a server.
 * @raw: Link.
 * @c: Out: what would be the server's end, with a random token.
 * @pkt: Out: the REQUEST.
 *
 * Return: 0 or -errno.
 */
int rill_raw_asked(struct rill_raw *raw, struct rill_raw_conn *c,
		   struct rill_packet *pkt);

/** rill_raw_accept() - rill_raw_asked(), ACCEPT, and the confirmation. */
int rill_raw_accept(struct rill_raw *raw, struct rill_raw_conn *c,
		    struct rill_packet *pkt);

/**
 * rill_raw_push() - Send bytes, in frames of the MTU told.
 * @c: Established.
 * @buf: Bytes.
 * @len: Their count.
 * @flags: RILL_FLAG_* of the last frame.
 *
 * @c->seq goes on. Nothing is repeated: the link loses nothing.
 *
 * Return: 0 or -errno.
 */
int rill_raw_push(struct rill_raw_conn *c, const void *buf, size_t len,
		  int flags);

/**
 * rill_raw_acked() - Wait until the socket has acknowledged all that was sent.
 * @c: Established.
 * @pkt: For the frames.
 *
 * Return: 0, -ECONNRESET on a RESET, -errno.
 */
int rill_raw_acked(struct rill_raw_conn *c, struct rill_packet *pkt);

/**
 * rill_raw_pull() - Take bytes that the socket sends, and acknowledge them.
 * @c: Established.
 * @buf: Out.
 * @len: How many must come.
 * @pkt: For the frames.
 *
 * Return: 0, -EPROTO when data beyond the credit came, -EPIPE when FIN came
 * before all, -ECONNRESET on a RESET, -errno.
 */
int rill_raw_pull(struct rill_raw_conn *c, void *buf, size_t len,
		  struct rill_packet *pkt);

#endif /* RILL_FRAME_H */
