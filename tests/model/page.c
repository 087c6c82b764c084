// SPDX-License-Identifier: GPL-2.0-only
/*
 * Documentation/protocol.rst against the code: the example frames, the table
 * of states and events, the constants. `page print` writes the first two, to
 * be pasted there.
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/tap.h"
#include "ether/wire.h"
#include "names.h"

#define PAGE	"../../Documentation/protocol.rst"

static const char *const sources[] = {
	"../../module/ether/*.[ch]", "../../module/*.[ch]",
};

static bool print;

static char *read_file(const char *name)
{
	FILE *file = fopen(name, "r");
	char *text;
	size_t len;

	if (!file) {
		perror(name);
		exit(1);
	}
	text = malloc(1 << 20);
	if (!text)
		abort();
	len = fread(text, 1, (1 << 20) - 1, file);
	text[len] = 0;
	fclose(file);
	return text;
}

static char *page;

/* Is @line a line of the page, at any depth? */
static bool on_page(const char *line)
{
	size_t len = strlen(line);
	const char *at = page;

	while ((at = strstr(at, line))) {
		if (at[len] == '\n' && (at == page || at[-1] == '\n' ||
					at[-1] == ' '))
			return true;
		at++;
	}
	return false;
}

static void expect(const char *line)
{
	if (print)
		printf("    %s\n", line);
	else
		check(on_page(line), "not on the page: %s", line);
}

/* Frames */

static __u32 add(__u32 sum, const __u8 *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		sum += bytes[i] << (i & 1 ? 0 : 8);
	return sum;
}

static __u16 fold(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void dump(const __u8 *bytes, size_t len)
{
	char line[80];
	size_t i, n;

	for (i = 0; i < len; i += 16) {
		n = snprintf(line, sizeof(line), "%04zx ", i);
		for (; n < 5 + 3 * 16 && i + (n - 5) / 3 < len;)
			n += snprintf(line + n, sizeof(line) - n, " %02x",
				      bytes[i + (n - 5) / 3]);
		expect(line);
	}
}

static const __u8 ethernet[14] = {
	0x02, 0, 0, 0, 0, 0x02, 0x02, 0, 0, 0, 0, 0x01, 0x88, 0xb5,
};

/* The frame as it is on the wire, and how its checksum comes about. */
static void example(const struct rill_frame *f, const char *payload,
		    const char *name)
{
	__u32 words[32] = { 0 };	/* the header is aligned */
	__u8 *bytes = (__u8 *)words + 2;
	__u8 *header = bytes + sizeof(ethernet);
	__u32 addresses, frame, len;
	struct rill_frame in = { 0 };
	char line[80];
	__u16 sum;

	memcpy(bytes, ethernet, sizeof(ethernet));
	rill_wire_write(header, f);
	len = rill_wire_header_len(f);
	memcpy(header + len, payload, f->length);
	len += f->length;
	addresses = add(0, bytes, 12);
	frame = add(0, header, len);
	sum = ~fold(addresses + frame);
	header[2] = sum >> 8;
	header[3] = sum;
	check(fold(add(addresses, header, len)) == 0xffff, "wrong sum");
	check(rill_wire_read(header, 60 - sizeof(ethernet) > len ?
			     60 - sizeof(ethernet) : len, &in) ==
	      RILL_FRAME_OK, "no frame");
	check(in.seq == f->seq && in.length == f->length, "not the same");
	len += sizeof(ethernet);
	dump(bytes, len < 60 ? 60 : len);
	snprintf(line, sizeof(line),
		 "addresses %05x + frame %05x = %05x, folded %04x, inverted %04x",
		 addresses, frame, addresses + frame, fold(addresses + frame),
		 sum);
	expect(line);
	tap_end(name);
}

static void frames(void)
{
	const struct rill_frame request = {
		.type = RILL_FRAME_REQUEST, .mtu = 1500,
		.sport = __cpu_to_be16(40000), .dport = __cpu_to_be16(8080),
		.from = 0x11223344, .seq = 0xfffffff0, .credit = 65536,
	};
	const struct rill_frame data = {
		.type = RILL_FRAME_DATA, .mtu = 1500, .length = 5, .sacks = 1,
		.flags = RILL_FLAG_EOR | RILL_FLAG_STOP,
		.sport = __cpu_to_be16(40000), .dport = __cpu_to_be16(8080),
		.to = 0x55667788, .from = 0x11223344, .seq = 0xfffffff0,
		.ack = 0x1000, .credit = 65536,
		.sack = { { 0x1400, 0x1a00 } },
	};

	example(&request, "", "the REQUEST on the page");
	example(&data, "hello", "the DATA on the page");
}

/* States and events */

static const struct {
	unsigned int bit;
	const char *name;
} deeds[] = {
	{ RILL_DO_ESTABLISH, "ESTABLISH" }, { RILL_DO_CONFIRM, "CONFIRM" },
	{ RILL_DO_FAIL, "FAIL" }, { RILL_DO_HANGUP, "HANGUP" },
	{ RILL_DO_REMOVE, "REMOVE" }, { RILL_DO_INPUT, "INPUT" },
	{ RILL_DO_REQUEST, "REQUEST" }, { RILL_DO_ACCEPT, "ACCEPT" },
	{ RILL_DO_ACK, "ACK" }, { RILL_DO_RESET, "RESET" },
	{ RILL_DO_REFUSE, "REFUSE" }, { RILL_DO_WITHDRAW, "WITHDRAW" },
	{ RILL_DO_FINISH, "FINISH" }, { RILL_DO_LINGER, "LINGER" },
};

static void entry_line(int state, int event)
{
	const struct rill_conn_entry *e = rill_machine_step(state, event);
	unsigned int todo = e->todo, i;
	const char *comma = "";
	char line[160];
	size_t n;

	n = snprintf(line, sizeof(line), "%-10s %-11s %-10s ",
		     state_names[state], event_names[event],
		     state_names[e->next]);
	for (i = 0; i < ARRAY_SIZE(deeds); i++) {
		if (!(todo & deeds[i].bit))
			continue;
		n += snprintf(line + n, sizeof(line) - n, "%s%s", comma,
			      deeds[i].name);
		comma = ", ";
		todo &= ~deeds[i].bit;
	}
	check(!todo, "a deed without a name: %#x", todo);
	if (!*comma)
		snprintf(line + n, sizeof(line) - n, "\\-");
	expect(line);
}

static bool is_name(const char *word, const char *const *names, int count)
{
	while (count--)
		if (!strcmp(word, names[count]))
			return true;
	return false;
}

static bool is_entry(const char *line)
{
	char state[32], event[32];

	return sscanf(line, "%31s %31s", state, event) == 2 &&
	       is_name(state, state_names, RILL_CONN_STATES) &&
	       is_name(event, event_names, RILL_CONN_EVENTS);
}

static void rows(void)
{
	int state, event, count = 0;
	const char *line;

	for (state = 0; state < RILL_CONN_STATES; state++)
		for (event = 0; event < RILL_CONN_EVENTS; event++) {
			if (!rill_machine_step(state, event)->named)
				continue;
			entry_line(state, event);
			count++;
		}
	for (line = page; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		count -= is_entry(line);
	}
	check(print || !count, "%d lines too few on the page", count);
	tap_end("the table on the page");
}

/* Constants: name and value are the first two words in a line of the page. */

/* What follows @before in a source, up to the end of the line. */
static bool find_source(const char *before, char *after, size_t room)
{
	unsigned int i, j;
	glob_t files;
	bool found;
	char *text;
	char *at;

	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		if (glob(sources[i], 0, NULL, &files))
			continue;
		found = false;
		for (j = 0; j < files.gl_pathc && !found; j++) {
			text = read_file(files.gl_pathv[j]);
			at = strstr(text, before);
			if (at) {
				at += strlen(before);
				at += strspn(at, " \t");
				snprintf(after, room, "%.*s",
					 (int)strcspn(at, "\n"), at);
				found = true;
			}
			free(text);
		}
		globfree(&files);
		if (found)
			return true;
	}
	return false;
}

static void constant(const char *before, const char *name, const char *value)
{
	char after[160];
	size_t len = strlen(value);

	if (!find_source(before, after, sizeof(after)))
		check(false, "%s is not in the code", name);
	else
		check(!strncmp(after, value, len) &&
		      (!after[len] || strchr(" \t;", after[len])),
		      "%s is %s, not %s", name, after, value);
}

/* Return: whether the line names a constant. */
static bool constant_line(const char *line)
{
	char name[64], value[64], before[96];

	if (sscanf(line, "``net.rill.%63[a-z_]`` ``%63[^`]``", name,
		   value) == 2)
		snprintf(before, sizeof(before), "rn->%s =", name);
	else if (sscanf(line, "``%63[A-Z_0-9]`` ``%63[^`]``", name,
			value) == 2)
		snprintf(before, sizeof(before), "#define %s\t", name);
	else
		return false;
	constant(before, name, value);
	return true;
}

static void constants(void)
{
	const char *line;
	int count = 0;

	for (line = page; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		count += constant_line(line);
	}
	check(count > 20, "%d constants are few", count);
	tap_end("the constants on the page");
}

int main(int argc, char **argv)
{
	print = argc > 1 && !strcmp(argv[1], "print");
	page = read_file(PAGE);
	frames();
	rows();
	if (!print)
		constants();
	free(page);
	return tap_done();
}
