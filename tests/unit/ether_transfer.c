// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole transfers over a simulated link that loses, delays, repeats and turns
 * around frames: everything arrives, in bounded time, and nothing is sent
 * again that need not be. The same each time.
 */
#include "ether/cubic.h"
#include "ether/sack.h"
#include "scoreboard.h"

#define MSS 1000

/* Numbers wrap early in each transfer. */
#define BASE (0U - 100 * MSS)

#define MAX_BYTES (8 * 1024 * 1024)

/**
 * struct link - A link, and what may come of it.
 * @name: For the report.
 * @bytes: To transfer.
 * @unit: Bytes that are sent as one range.
 * @delay: One way, microseconds.
 * @rate: Bytes per microsecond; 0: any number.
 * @queue: Bytes that wait for the link, the rest is lost; 0: any number.
 * @window: Credit, bytes.
 * @lose: Of a million frames.
 * @lose_acks: Of a million acknowledgments.
 * @repeat: Of a million frames and acknowledgments: arrive twice.
 * @late: Of a million frames: delayed by up to @late_us.
 * @late_us: Microseconds.
 * @jitter: Each frame is delayed by up to this, microseconds.
 * @out_from: The link is away from here, microseconds of a transfer; 0: never.
 * @out_to: Until here.
 * @out_holds: What is sent meanwhile is delayed, not lost.
 * @renege: Of a million acknowledgments: the receiver throws away what is out
 *	of order.
 * @no_memory: Of 1000 allocations: fail.
 * @tick: Timers end at multiples of this, microseconds; 0: at any time.
 * @writes: The application writes up to so much at once; 0: all.
 * @pause: And then pauses up to this long, microseconds.
 * @reorders: It is known from the start that frames overtake one another.
 * @limit: Longest transfer, milliseconds.
 * @most_again: Most frames that are sent again; -1: any number.
 * @undo: The reduction of the window is undone.
 */
struct link {
	const char *name;
	__u32 bytes;
	__u32 unit;
	__u32 delay;
	__u32 rate;
	__u32 queue;
	__u32 window;
	__u32 lose;
	__u32 lose_acks;
	__u32 repeat;
	__u32 late;
	__u32 late_us;
	__u32 jitter;
	__u32 out_from;
	__u32 out_to;
	bool out_holds;
	__u32 renege;
	__u32 no_memory;
	__u32 tick;
	__u32 writes;
	__u32 pause;
	bool reorders;
	__u32 limit;
	int most_again;
	bool undo;
};

enum event_type {
	FRAME,
	ACK,
	DELAYED_ACK,
	WRITE,
};

struct event {
	__u64 time;
	__u64 number;
	enum event_type type;
	__u32 start;
	__u32 end;
	__u32 ack;
	struct rill_sack_list list;
};

struct world {
	const struct link *link;
	__u64 now;
	__u64 began;
	__u64 busy;
	/* Sender. */
	struct rill_sent sent;
	struct rill_rtt rtt;
	struct rill_cubic cc;
	__u32 written;
	bool limited;
	struct rill_sack_list told;
	bool sacked[MAX_BYTES];
	/* Receiver. */
	bool has[MAX_BYTES];
	__u32 next;
	struct rill_sack_list list;
	int unacked;
	__u64 delayed_at;
	/* What happened. */
	__u32 frames;
	__u32 lost;
	__u32 again;
	__u32 probes;
	__u32 timeouts;
	__u32 undone;
	__u32 steps;
};

static struct world w;

/* Events, the next first: a heap. */
static struct event *heap;
static __u32 heap_size, heap_room;
static __u64 heap_number;

static bool sooner(const struct event *a, const struct event *b)
{
	return a->time < b->time ||
	       (a->time == b->time && a->number < b->number);
}

static void swap_events(__u32 a, __u32 b)
{
	struct event e = heap[a];

	heap[a] = heap[b];
	heap[b] = e;
}

static void schedule(struct event *e, __u64 time)
{
	__u32 i = heap_size++;

	if (heap_size > heap_room) {
		heap_room = 2 * heap_size;
		heap = realloc(heap, heap_room * sizeof(*heap));
	}
	e->time = time;
	e->number = heap_number++;
	heap[i] = *e;
	for (; i && sooner(&heap[i], &heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap_events(i, (i - 1) / 2);
}

static struct event next_event(void)
{
	struct event e = heap[0];
	__u32 i = 0, child;

	heap[0] = heap[--heap_size];
	while ((child = 2 * i + 1) < heap_size) {
		if (child + 1 < heap_size &&
		    sooner(&heap[child + 1], &heap[child]))
			child++;
		if (!sooner(&heap[child], &heap[i]))
			break;
		swap_events(i, child);
		i = child;
	}
	return e;
}

static bool away(void)
{
	__u64 t = w.now - w.began;

	return t >= w.link->out_from && t < w.link->out_to;
}

/* When a frame of @bytes arrives; 0: never. */
static __u64 through_link(__u32 bytes, __u32 lose)
{
	const struct link *l = w.link;
	__u64 at = w.now;

	if (away() && l->out_holds)
		w.busy = rill_max(w.busy, w.began + l->out_to);
	if (l->rate) {
		w.busy = rill_max(w.busy, w.now);
		if (l->queue && (w.busy - w.now) * l->rate > l->queue)
			return 0;
		w.busy += bytes / l->rate;
		at = w.busy;
	}
	if ((away() && !l->out_holds) || random_chance(lose))
		return 0;
	at += l->delay;
	if (random_chance(l->late))
		at += random_below(l->late_us + 1);
	if (l->jitter)
		at += random_below(l->jitter + 1);
	return at;
}

static void transmit(__u32 start, __u32 end)
{
	struct event e = { .type = FRAME };
	__u64 at;

	for (; rill_before(start, end); start = e.end) {
		e.start = start;
		e.end = start + rill_min(end - start, MSS);
		at = through_link(e.end - e.start + 70, w.link->lose);
		w.frames++;
		w.lost += !at;
		if (at)
			schedule(&e, at);
		if (at && random_chance(w.link->repeat))
			schedule(&e, at + 5);
	}
}

/* The way back has a rate of its own that is never used up. */
static void acknowledge(void)
{
	struct event e = { .type = ACK };
	__u64 at = w.now + w.link->delay;

	if (random_chance(w.link->renege)) {
		memset(&w.has[w.next], 0, sizeof(w.has) - w.next);
		w.list.count = 0;
	}
	e.ack = BASE + w.next;
	e.list = w.list;
	w.unacked = 0;
	w.delayed_at = 0;
	if (away() && w.link->out_holds)
		at = w.began + w.link->out_to + w.link->delay;
	else if (away() || random_chance(w.link->lose_acks))
		return;
	schedule(&e, at);
	if (random_chance(w.link->repeat))
		schedule(&e, at + 5);
}

/* What filled a gap is acknowledged at once, or it seems lost. */
static void in_order(__u32 end)
{
	struct event e = { .type = DELAYED_ACK };

	while (w.next < w.link->bytes && w.has[w.next])
		w.next++;
	rill_sack_advance(&w.list, BASE + w.next);
	if (w.list.count || w.next != end || ++w.unacked >= 2) {
		acknowledge();
		return;
	}
	w.delayed_at = w.now + RILL_ACK_DELAY;
	schedule(&e, w.delayed_at);
}

static void receive(const struct event *e)
{
	__u32 i, start = e->start - BASE, end = e->end - BASE;

	if (end <= w.next) {
		acknowledge();
		return;
	}
	for (i = start; i < end; i++)
		w.has[i] = true;
	if (start <= w.next) {
		in_order(end);
		return;
	}
	rill_sack_add(&w.list, e->start, e->end);
	acknowledge();
}

/* Note what was told to be received; the known part of a range is skipped. */
static void remember(const struct event *e)
{
	const struct rill_sack *new, *old;
	__u32 i, j, from;

	for (i = 0; i < e->list.count; i++) {
		new = &e->list.sack[i];
		from = new->start;
		for (j = 0; j < w.told.count; j++) {
			old = &w.told.sack[j];
			if (old->start == from &&
			    !rill_after(old->end, new->end))
				from = old->end;
		}
		for (; from != new->end; from++)
			w.sacked[from - BASE] = true;
	}
	w.told = e->list;
}

/* With memory and a peer that keeps its word, nothing SACKed is sent again. */
static void check_again(__u32 start, __u32 end)
{
	__u32 i;

	check(!rill_before(start, w.sent.una) &&
	      !rill_after(end, w.sent.nxt), "not outstanding");
	if (w.link->no_memory || w.link->renege)
		return;
	for (i = start - BASE; i != end - BASE; i++)
		if (w.sacked[i]) {
			check(false, "%u was SACKed, is sent again", i);
			return;
		}
}

static void send_again(__u32 start, __u32 end)
{
	check_again(start, end);
	w.again += (end - start + MSS - 1) / MSS;
	transmit(start, end);
	rill_sent_again(&w.sent, start, end, w.now);
}

/* Return: false if there is nothing to send. */
static bool send_new(__u32 room)
{
	__u32 done = w.sent.nxt - BASE, len = w.written - done;
	__u32 start = w.sent.nxt;

	len = rill_min(len, w.link->window - (w.sent.nxt - w.sent.una));
	len = rill_min(len, rill_min(w.link->unit, room));
	if (!len)
		return false;
	transmit(start, start + len);
	rill_sent_new(&w.sent, start, start + len, w.now);
	return true;
}

static void push(void)
{
	__u32 room, start, end, flight;

	w.limited = false;
	while ((flight = rill_sent_inflight(&w.sent)) < w.cc.cwnd) {
		/* Whole frames, or small ones become more and more. */
		room = rill_max(1, (w.cc.cwnd - flight) / MSS) * MSS;
		if (rill_sent_lost(&w.sent, &start, &end)) {
			end = start + rill_min(end - start, room);
			send_again(start, end);
		} else if (!send_new(room)) {
			return;
		}
	}
	w.limited = true;
}

static void react(const struct rill_acked *out)
{
	if (out->undo) {
		rill_cubic_undo(&w.cc);
		w.undone++;
	}
	if (out->recovery_began)
		rill_cubic_loss(&w.cc, MSS, w.now);
	if (out->acked && rill_sent_may_grow(&w.sent))
		rill_cubic_ack(&w.cc, out->acked, MSS, w.rtt.srtt, out->rtt,
			       w.now, w.limited);
}

static void take_ack(const struct event *e)
{
	struct rill_acked out;
	__u32 una = w.sent.una;
	int ret;

	remember(e);
	ret = rill_sent_ack(&w.sent, e->ack, e->list.sack, e->list.count,
			    &w.rtt, w.now, &out);
	check(ret == !rill_before(e->ack, una), "an ack gives %d", ret);
	react(&out);
	push();
}

static void take_write(void)
{
	struct event e = { .type = WRITE };
	__u32 left = w.link->bytes - w.written;

	w.written += w.link->writes ?
		     rill_min(left, 1 + random_below(w.link->writes)) : left;
	if (w.written < w.link->bytes)
		schedule(&e, w.now + random_below(w.link->pause + 1));
	push();
}

static void probe(void)
{
	__u32 start, end;

	w.probes++;
	if (send_new(MSS))
		return;
	check(rill_sent_tail(&w.sent, &start, &end), "no tail");
	send_again(start, end);
}

static void take_alarm(void)
{
	struct rill_acked out;

	switch (rill_sent_alarm(&w.sent, &w.rtt, w.now, &out)) {
	case RILL_ALARM_TIMEOUT:
		rill_cubic_timeout(&w.cc, MSS, w.now);
		w.timeouts++;
		break;
	case RILL_ALARM_PROBE:
		probe();
		return;
	default:
		react(&out);
	}
	push();
}

static __u64 alarm_at(void)
{
	__u64 at = rill_sent_deadline(&w.sent, &w.rtt);
	__u32 tick = w.link->tick;

	if (at && tick)
		at = (at + tick - 1) / tick * tick;
	return at ? rill_max(at, w.now) : ~0ULL;
}

static void step(void)
{
	struct event e;
	__u64 alarm = alarm_at();

	if (!heap_size || alarm < heap[0].time) {
		w.now = alarm;
		take_alarm();
		return;
	}
	e = next_event();
	w.now = e.time;
	if (e.type == FRAME)
		receive(&e);
	else if (e.type == ACK)
		take_ack(&e);
	else if (e.type == WRITE)
		take_write();
	else if (w.delayed_at && w.now >= w.delayed_at)
		acknowledge();
}

static void start_transfer(const struct link *l, __u64 seed)
{
	struct event e = { .type = WRITE };

	memset(&w, 0, sizeof(w));
	heap_size = 0;
	random_seed(seed);
	w.link = l;
	w.now = 77777777;
	w.began = w.now;
	memory_fails = l->no_memory;
	rill_sent_init(&w.sent, BASE);
	w.sent.mss = MSS;
	w.sent.reorders = l->reorders;
	rill_rtt_init(&w.rtt);
	/* The handshake's. */
	rill_rtt_sample(&w.rtt, 2 * l->delay + 1);
	rill_cubic_init(&w.cc, MSS);
	schedule(&e, w.now);
}

static bool running(void)
{
	if (w.sent.una == BASE + w.link->bytes)
		return false;
	if (!heap_size && alarm_at() == ~0ULL) {
		check(false, "it stands still");
		return false;
	}
	if (w.now - w.began > w.link->limit * 1000ULL) {
		check(false, "takes too long: %u of %u bytes",
		      w.sent.una - BASE, w.link->bytes);
		return false;
	}
	return true;
}

static void check_end(void)
{
	const struct link *l = w.link;

	check(w.next == l->bytes, "%u bytes arrived", w.next);
	check(!w.sent.ranges && !w.sent.flight, "something is outstanding");
	check(l->most_again < 0 || (int)w.again <= l->most_again,
	      "%u frames sent again", w.again);
	check(!l->undo || w.undone, "nothing undone");
	rill_sent_purge(&w.sent);
	check(!memory_used, "memory is left");
}

static void transfer(const struct link *l, __u64 seed)
{
	start_transfer(l, seed);
	while (running()) {
		step();
		if (w.sent.ranges < 60 || !(++w.steps % 64))
			check_scoreboard(&w.sent);
	}
	check_end();
	printf("# %s: %u ms, %u frames, %u lost, %u again, %u probes, %u timeouts, %u undone\n",
	       l->name, (__u32)((w.now - w.began) / 1000), w.frames, w.lost,
	       w.again, w.probes, w.timeouts, w.undone);
}

#define MB	1048576
#define GSO	64000

static const struct link links[] = {
	/* Nothing is lost: nothing is sent again. */
	{ .name = "a fast link", .bytes = 8 * MB, .unit = GSO, .delay = 50,
	  .rate = 125, .window = MB, .limit = 200 },
	{ .name = "one frame at a time", .bytes = 4 * MB, .unit = MSS,
	  .delay = 50, .rate = 125, .window = MB, .limit = 200 },
	{ .name = "no rate at all", .bytes = 8 * MB, .unit = GSO, .delay = 20,
	  .window = MB, .limit = 100 },
	{ .name = "a slow link", .bytes = MB, .unit = GSO, .delay = 500,
	  .rate = 1, .window = 64000, .limit = 2000 },
	{ .name = "a long link", .bytes = 8 * MB, .unit = GSO, .delay = 30000,
	  .rate = 125, .window = 4 * MB, .limit = 2000 },
	{ .name = "an odd frame each time", .bytes = 100000, .unit = GSO,
	  .delay = 100, .rate = 125, .window = MB, .writes = 1,
	  .pause = 1000, .limit = 100000 },
	{ .name = "an application that pauses", .bytes = MB, .unit = GSO,
	  .delay = 100, .rate = 125, .window = MB, .writes = 20000,
	  .pause = 100000, .limit = 10000 },
	{ .name = "frames arrive twice", .bytes = 4 * MB, .unit = GSO,
	  .delay = 100, .rate = 125, .window = MB, .repeat = 50000,
	  .limit = 200 },
	/* Overtaken, less than a quarter of 2 ms late. */
	{ .name = "frames change places", .bytes = 4 * MB, .unit = GSO,
	  .delay = 1000, .rate = 125, .window = MB, .late = 20000,
	  .late_us = 16, .limit = 400 },
	{ .name = "frames are late", .bytes = 8 * MB, .unit = GSO,
	  .delay = 1000, .window = MB, .late = 50000, .late_us = 490,
	  .reorders = true, .limit = 400 },
	{ .name = "all frames jitter", .bytes = 8 * MB, .unit = MSS,
	  .delay = 1000, .window = MB, .jitter = 490, .reorders = true,
	  .limit = 400 },
	/* The first time it is not known; then it is. */
	{ .name = "all frames jitter, to be learned", .bytes = 8 * MB,
	  .unit = MSS, .delay = 1000, .rate = 125, .window = MB,
	  .jitter = 490, .limit = 200, .most_again = 60 },
	{ .name = "frames are very late", .bytes = 8 * MB, .unit = MSS,
	  .delay = 1000, .rate = 125, .window = MB, .late = 10000,
	  .late_us = 1500, .limit = 2000, .most_again = 400 },
	/* Losses. */
	{ .name = "a queue of 64 kB", .bytes = 8 * MB, .unit = GSO,
	  .delay = 200, .rate = 125, .queue = 64000, .window = 4 * MB,
	  .limit = 200, .most_again = 800 },
	{ .name = "a queue of 1 MB", .bytes = 8 * MB, .unit = GSO,
	  .delay = 200, .rate = 125, .queue = 1000000, .window = 4 * MB,
	  .limit = 200, .most_again = 2600 },
	{ .name = "1 of 1000 lost", .bytes = 8 * MB, .unit = GSO, .delay = 100,
	  .rate = 125, .window = 2 * MB, .lose = 1000, .limit = 400,
	  .most_again = 40 },
	{ .name = "1 of 100 lost", .bytes = 4 * MB, .unit = GSO, .delay = 100,
	  .rate = 125, .window = 2 * MB, .lose = 10000, .limit = 1500,
	  .most_again = 90 },
	{ .name = "1 of 20 lost, and of acknowledgments", .bytes = 2 * MB,
	  .unit = GSO, .delay = 100, .rate = 125, .window = MB,
	  .lose = 50000, .lose_acks = 50000, .limit = 6000,
	  .most_again = 300 },
	{ .name = "1 of 5 lost, and of acknowledgments", .bytes = MB,
	  .unit = GSO, .delay = 100, .rate = 125, .window = MB,
	  .lose = 200000, .lose_acks = 200000, .limit = 200000,
	  .most_again = -1 },
	{ .name = "half is lost", .bytes = 30000, .unit = GSO, .delay = 100,
	  .window = MB, .lose = 500000, .lose_acks = 500000,
	  .limit = 1000000, .most_again = -1 },
	{ .name = "many acknowledgments lost", .bytes = 4 * MB, .unit = GSO,
	  .delay = 100, .rate = 125, .window = MB, .lose_acks = 300000,
	  .limit = 3000, .most_again = 20 },
	{ .name = "all at once", .bytes = 4 * MB, .unit = GSO, .delay = 500,
	  .rate = 125, .window = MB, .lose = 20000, .lose_acks = 20000,
	  .repeat = 20000, .late = 20000, .late_us = 3000, .jitter = 100,
	  .tick = 4000, .limit = 20000, .most_again = -1 },
	{ .name = "writes and losses", .bytes = MB, .unit = GSO, .delay = 100,
	  .rate = 125, .window = MB, .lose = 20000, .lose_acks = 20000,
	  .writes = 8000, .pause = 10000, .tick = 4000, .limit = 20000,
	  .most_again = -1 },
	/* The link goes away. */
	{ .name = "away for 50 ms", .bytes = 8 * MB, .unit = GSO, .delay = 100,
	  .rate = 125, .window = MB, .out_from = 20000, .out_to = 70000,
	  .limit = 600, .most_again = 1100 },
	{ .name = "away for 3 s", .bytes = 8 * MB, .unit = GSO, .delay = 100,
	  .rate = 125, .window = MB, .out_from = 20000, .out_to = 3000000,
	  .limit = 8000, .most_again = 1100 },
	{ .name = "held for 0.3 s", .bytes = 8 * MB, .unit = GSO, .delay = 100,
	  .rate = 125, .window = MB, .out_from = 20000, .out_to = 320000,
	  .out_holds = true, .limit = 900, .most_again = 30, .undo = true },
	/* Little memory, a peer that breaks its word. */
	{ .name = "some memory, losses", .bytes = 2 * MB, .unit = GSO,
	  .delay = 100, .rate = 125, .window = MB, .lose = 10000,
	  .lose_acks = 10000, .no_memory = 100, .limit = 20000,
	  .most_again = -1 },
	{ .name = "little memory, losses", .bytes = 2 * MB, .unit = MSS,
	  .delay = 100, .rate = 125, .window = MB, .lose = 10000,
	  .lose_acks = 10000, .no_memory = 900, .limit = 60000,
	  .most_again = -1 },
	{ .name = "no memory", .bytes = 4 * MB, .unit = GSO, .delay = 100,
	  .rate = 125, .window = MB, .no_memory = 1000, .limit = 200 },
	{ .name = "no memory, losses", .bytes = MB, .unit = GSO, .delay = 100,
	  .rate = 125, .window = MB, .lose = 10000, .lose_acks = 10000,
	  .no_memory = 1000, .limit = 100000, .most_again = -1 },
	{ .name = "what was SACKed is thrown away", .bytes = 4 * MB,
	  .unit = GSO, .delay = 100, .rate = 125, .window = MB,
	  .lose = 5000, .renege = 5000, .limit = 60000, .most_again = -1 },
	{ .name = "the same, without memory", .bytes = MB, .unit = GSO,
	  .delay = 100, .rate = 125, .window = MB, .lose = 5000,
	  .renege = 20000, .no_memory = 500, .limit = 400000,
	  .most_again = -1 },
};

int main(int argc, char **argv)
{
	unsigned int i, seed, seeds = argc > 1 ? atoi(argv[1]) : 3;

	for (i = 0; i < ARRAY_SIZE(links); i++) {
		for (seed = 1; seed <= seeds; seed++)
			transfer(&links[i], seed);
		tap_end(links[i].name);
	}
	free(heap);
	return tap_done();
}
