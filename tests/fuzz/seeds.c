// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes what the fuzzers start from. usage: seeds DIRECTORY
 * Makes wire/: a good frame of each type, with the length in front; offload/,
 * sack/, sent/: a long history each, as their targets read it.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "ether/wire.h"

static void save(const char *dir, const char *name, const void *bytes,
		 size_t size)
{
	char path[512];
	FILE *file;

	mkdir(dir, 0755);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	must(file);
	must(fwrite(bytes, 1, size, file) == size);
	must(!fclose(file));
}

/* @f as the wire target eats it. */
static void frame(const char *dir, const char *name, struct rill_frame *f)
{
	struct {
		__u16 len;
		__u16 bytes[RILL_HEADER_MAX / 2];
	} seed = { 0 };

	f->sport = __cpu_to_be16(0x8001);
	f->dport = __cpu_to_be16(7000);
	rill_wire_write(seed.bytes, f);
	seed.len = rill_wire_header_len(f) + f->length;
	save(dir, name, &seed, sizeof(seed.len) + rill_wire_header_len(f));
}

static void frames(const char *dir)
{
	struct rill_frame request = {
		.type = RILL_FRAME_REQUEST, .mtu = 1500, .from = 0xc1c2c3c4,
		.seq = 0xfffffff0, .credit = 65536,
	};
	struct rill_frame accept = {
		.type = RILL_FRAME_ACCEPT, .flags = RILL_FLAG_SEQPACKET,
		.mtu = 1500, .to = 0xc1c2c3c4, .from = 0x51525354,
		.ack = 0xfffffff0, .credit = 65536,
	};
	struct rill_frame challenge = {
		.type = RILL_FRAME_CHALLENGE, .mtu = 1500, .to = 0xc1c2c3c4,
		.ack = 0xc00c1e00,
	};
	struct rill_frame data = {
		.type = RILL_FRAME_DATA, .mtu = 1500, .to = 0x51525354,
		.from = 0xc1c2c3c4, .seq = 100, .ack = 200, .credit = 65536,
		.flags = RILL_FLAG_EOR | RILL_FLAG_PROBE, .length = 1000,
	};
	struct rill_frame ranges = {
		.type = RILL_FRAME_DATA, .mtu = 1500, .to = 0x51525354,
		.from = 0xc1c2c3c4, .seq = 100, .ack = 200, .sacks = 4,
		.sack = { { 300, 400 }, { 500, 501 }, { 600, 700 },
			  { 0xffffff00, 0x10 } },
	};
	struct rill_frame end = {
		.type = RILL_FRAME_DATA, .mtu = 1500, .to = 0x51525354,
		.from = 0xc1c2c3c4, .seq = 100, .ack = 200,
		.flags = RILL_FLAG_FIN | RILL_FLAG_CLOSE | RILL_FLAG_STOP,
	};
	struct rill_frame reset = {
		.type = RILL_FRAME_RESET, .to = 0xc1c2c3c4,
		.ack = RILL_RESET_REFUSED,
	};
	struct rill_frame dgram = {
		.type = RILL_FRAME_DGRAM, .mtu = 1500, .length = 30,
	};
	struct rill_frame nobody = { .type = RILL_FRAME_NOBODY };

	frame(dir, "request", &request);
	frame(dir, "accept", &accept);
	frame(dir, "challenge", &challenge);
	frame(dir, "data", &data);
	frame(dir, "ranges", &ranges);
	frame(dir, "end", &end);
	frame(dir, "reset", &reset);
	frame(dir, "dgram", &dgram);
	frame(dir, "nobody", &nobody);
}

/*
 * @head, then @step over and over with its last byte counting up: the other
 * targets take any bytes for what happens next.
 */
static void history(const char *top, const char *name, const void *head,
		    size_t head_len, const void *step, size_t step_len)
{
	__u8 seed[1024];
	char dir[256];
	size_t at = head_len;

	snprintf(dir, sizeof(dir), "%s/%s", top, name);
	memset(seed, 0, sizeof(seed));
	memcpy(seed, head, head_len);
	while (at + step_len <= sizeof(seed)) {
		memcpy(seed + at, step, step_len);
		at += step_len;
		seed[at - 1] += at / step_len;
	}
	save(dir, "history", seed, at);
}

static void histories(const char *top)
{
	/* a unit of 60000 bytes in frames of 1400, three flows; rows of each */
	static const __u8 unit[4 * 31 + 4] = {
		[0] = RILL_FLAG_EOR, [1] = 5, [2] = 220, [31] = 0x60,
		[32] = 0xea, [33] = 0x78, [34] = 5, [35] = RILL_FLAG_STOP,
		[66] = RILL_FLAG_STOP, [97] = RILL_FLAG_STOP,
	};
	static const __u8 row[] = { 0, 3, 6, 9, 0x20, 1, 4, 7, 0x80, 17, 1, 0 };
	static const __u8 near_wrap[] = { 0xf0, 0xff, 0xff, 0xff };
	static const __u8 range[] = { 40, 0, 30, 1 };
	static const __u8 begin[] = { 0, 0xf0, 0xff, 0xff, 1, 0, 0xdb, 5 };
	/* new, new, time, SACK of a part, lost again, alarm */
	static const __u8 sends[] = {
		10, 0, 0xff, 0x3f, 10, 1, 0, 0x20, 10, 4, 12,
		10, 6, 1, 0, 0, 16, 0, 8, 10, 2, 3, 200, 5, 10, 3, 0, 0,
	};

	history(top, "offload", unit, sizeof(unit), row, sizeof(row));
	history(top, "sack", near_wrap, sizeof(near_wrap), range,
		sizeof(range));
	history(top, "sent", begin, sizeof(begin), sends, sizeof(sends));
}

int main(int argc, char **argv)
{
	char dir[256];

	must(argc == 2);
	snprintf(dir, sizeof(dir), "%s/wire", argv[1]);
	mkdir(argv[1], 0755);
	frames(dir);
	histories(argv[1]);
	return 0;
}
