/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* What a run of the model changes, as it was before. */
struct before {
	struct vr_slot slots[PLANE_SLOTS];
	struct vr_stats stats[PLANE_SLOTS];
	struct if_stats interface;
	uint32_t first_event, next_event;
};

struct engine {
	struct machine *machines[CLOCKS]; /* by enum machine_clock */
	struct scene scene;
	struct tally tally;

	/* of the batch */
	struct machine *machine;
	bool clock_held;
	bool careful; /* counters are compared after each run */
	uint64_t seed;

	/* of the frame */
	unsigned number;
	unsigned slot;
	struct frame frame;

	/* of the run */
	enum machine_program program;
	bool ring_full;
	struct before before;
	uint64_t started_ns, ended_ns; /* the program read the clock between the two */
	struct machine_result result;
	enum plane_verdict verdict; /* the model's ... */
	struct frame left;	    /* ... and the frame as it leaves it */
};

struct engine *engine_new(void)
{
	struct engine *engine = aligned_alloc(64, (sizeof(*engine) + 63) & ~(size_t)63);

	memset(engine, 0, sizeof(*engine));
	for (int i = 0; i < CLOCKS; i++) {
		engine->machines[i] = machine_new((enum machine_clock)i);
		if (!engine->machines[i]) {
			engine_free(engine);
			return NULL;
		}
	}
	return engine;
}

void engine_free(struct engine *engine)
{
	for (int i = 0; engine && i < CLOCKS; i++)
		machine_free(engine->machines[i]);
	free(engine);
}

const struct tally *engine_tally(const struct engine *engine)
{
	return &engine->tally;
}

/* ---- the model's side ---- */

static void remember(struct engine *engine)
{
	const struct plane *plane = &engine->scene.plane;
	struct before *before = &engine->before;

	memcpy(before->slots, plane->slots, sizeof(before->slots));
	memcpy(before->stats, plane->stats, sizeof(before->stats));
	before->interface = plane->interface;
	before->next_event = plane->next_event;
	before->first_event = plane->next_event - (engine->ring_full ? PLANE_EVENTS : 0);
}

static void run_model(struct engine *engine, uint64_t now_ns)
{
	struct plane *plane = &engine->scene.plane;
	const struct before *before = &engine->before;
	struct frame *left = &engine->left;

	memcpy(plane->slots, before->slots, sizeof(plane->slots));
	memcpy(plane->stats, before->stats, sizeof(plane->stats));
	plane->interface = before->interface;
	plane->first_event = before->first_event;
	plane->next_event = before->next_event;
	memcpy(left->bytes, engine->frame.bytes, engine->frame.length);
	left->length = engine->frame.length;
	engine->verdict =
		engine->program == RUN_TC_OUT
			? plane_egress(plane, SCENE_IFINDEX, now_ns, left->bytes, left->length)
			: plane_ingress(plane, SCENE_IFINDEX, now_ns, left->bytes, &left->length);
}

/*
 * Where the moment is only known to lie between two readings, so is the time at which the answers'
 * bucket is full again. The program's is taken over if it is as close as that.
 */
static void settle_answers(struct engine *engine)
{
	const struct vr_slot *theirs = machine_slots(engine->machine);
	uint64_t slack_ns = engine->ended_ns - engine->started_ns;

	for (unsigned i = 0; i < PLANE_SLOTS; i++) {
		uint64_t old_ns = engine->before.slots[i].answer_bucket_ns;
		__u64 *mine_ns = &engine->scene.plane.slots[i].answer_bucket_ns;
		uint64_t full_ns = theirs[i].answer_bucket_ns;

		if (*mine_ns != old_ns && full_ns != old_ns &&
		    full_ns - *mine_ns + slack_ns <= 2 * slack_ns)
			*mine_ns = full_ns;
	}
}

/* How much differs; told if `out` is not NULL. */
static unsigned differences(struct engine *engine, FILE *out)
{
	const struct plane *plane = &engine->scene.plane;
	uint32_t first = engine->before.next_event;
	unsigned count;

	count = differing_frames(&engine->result, engine->verdict, &engine->left, out);
	count += differing_slots(machine_slots(engine->machine), plane->slots, out);
	count += differing_events(&engine->result, &plane->events[first % PLANE_EVENTS],
				  plane->next_event - first, out);
	if (engine->careful) {
		struct machine_counters counters;

		machine_read_counters(engine->machine, &counters);
		count += differing_counters(&counters, plane, out);
	}
	return count;
}

static bool agrees_at(struct engine *engine, uint64_t now_ns)
{
	run_model(engine, now_ns);
	if (engine->started_ns != engine->ended_ns)
		settle_answers(engine);
	return differences(engine, NULL) == 0;
}

/* The time that the program has left in a stamp, or 0. */
static uint64_t stamped(const struct engine *engine)
{
	const struct vr_slot *slots = machine_slots(engine->machine);
	const struct vr_slot *before = engine->before.slots;

	for (unsigned i = 0; i < PLANE_SLOTS; i++) {
		if (slots[i].last_advert_ns != before[i].last_advert_ns)
			return slots[i].last_advert_ns;
		if (slots[i].last_claim_ns != before[i].last_claim_ns)
			return slots[i].last_claim_ns;
	}
	return 0;
}

/*
 * Without a stamp, at both ends, and at the last moment of each lease that ends between them: then
 * the counters tell between outcomes that are alike otherwise.
 */
static bool agrees_between(struct engine *engine)
{
	bool careful = engine->careful, agrees;
	uint64_t moments[PLANE_SLOTS + 2] = {engine->started_ns, engine->ended_ns};
	unsigned count = 2;

	for (unsigned i = 0; i < PLANE_SLOTS; i++) {
		uint64_t end_ns = engine->before.slots[i].lease_until_ns;

		if (end_ns > engine->started_ns && end_ns <= engine->ended_ns)
			moments[count++] = end_ns - 1;
	}
	engine->careful |= count > 2;
	agrees = false;
	for (unsigned i = 0; i < count && !agrees; i++)
		agrees = agrees_at(engine, moments[i]);
	engine->careful = careful;
	return agrees;
}

/* ---- runs, frames, batches ---- */

/* Has either side counted for it or changed it? */
static bool is_concerned(const struct engine *engine, unsigned slot)
{
	const struct before *before = &engine->before;
	const struct plane *plane = &engine->scene.plane;

	return memcmp(&before->stats[slot], &plane->stats[slot], sizeof(before->stats[slot])) ||
	       memcmp(&before->slots[slot], &plane->slots[slot], sizeof(before->slots[slot])) ||
	       memcmp(&before->slots[slot], &machine_slots(engine->machine)[slot],
		      sizeof(before->slots[slot]));
}

static void tell(struct engine *engine)
{
	uint64_t now_ns = stamped(engine) ? stamped(engine) : engine->started_ns;

	run_model(engine, now_ns);
	fprintf(stderr,
		"\nDISAGREEMENT: seed %" PRIu64 ", frame %u, %s at %" PRIu64 " of %s clock%s\n",
		engine->seed, engine->number, machine_program_names[engine->program], now_ns,
		engine->clock_held ? "a held" : "the real", engine->ring_full ? ", ring full" : "");
	fprintf(stderr, "  frame of %zu bytes:\n", engine->frame.length);
	print_hex(stderr, engine->frame.bytes, engine->frame.length);
	for (unsigned i = 0; i < PLANE_SLOTS; i++)
		if (i == engine->slot || is_concerned(engine, i))
			print_slot(stderr, i, &engine->before.slots[i], now_ns);
	engine->careful = true;
	differences(engine, stderr);
	fprintf(stderr, "  again: differential --seed %" PRIu64 " --frames %u\n", engine->seed,
		BATCH_FRAMES);
}

/* One program; both sides begin with the same slots, and, if they agree, end with the same. */
static bool run_program(struct engine *engine, enum machine_program program)
{
	struct machine *machine = engine->machine;
	uint64_t stamp_ns;
	bool agrees;

	engine->program = program;
	engine->ring_full = one_in(&engine->scene.random, 64);
	remember(engine);
	engine->started_ns = machine_now_ns(machine);
	if (!machine_run(machine, program, &engine->frame, engine->ring_full, &engine->result)) {
		engine->tally.no_packet++;
		return true;
	}
	engine->ended_ns = machine_now_ns(machine);
	stamp_ns = stamped(engine);
	if (stamp_ns >= engine->started_ns && stamp_ns <= engine->ended_ns) {
		engine->started_ns = engine->ended_ns = stamp_ns;
		agrees = agrees_at(engine, stamp_ns);
	} else {
		agrees = engine->clock_held ? agrees_at(engine, engine->started_ns)
					    : agrees_between(engine);
	}
	if (!agrees)
		tell(engine);
	engine->tally.runs[program][engine->verdict]++;
	engine->tally.events += engine->result.event_count;
	return agrees;
}

/* Time passes, mostly little, so that what one frame has used up is missed by the next. */
static void advance(struct engine *engine)
{
	static const uint32_t steps_ns[] = {1, 2, 1000, 10000, 3906250, 62500000, 1000000000};
	struct random *random = &engine->scene.random;

	if (engine->clock_held && one_in(random, 4))
		machine_set_clock(engine->machine, machine_now_ns(engine->machine) +
							   below(random, pick(random, steps_ns)));
}

/* ARP, or ICMPv6. */
static bool concerns_egress(const struct frame *frame)
{
	const uint8_t *l3 = frame->bytes + frame->l3;
	bool arp = frame->l3 >= 14 && l3[-2] == 0x08 && l3[-1] == 0x06;

	return arp || (frame->length >= frame->l3 + 40 && l3[0] >> 4 == 6 && l3[6] == 58);
}

static bool run_frame(struct engine *engine)
{
	struct scene *scene = &engine->scene;
	struct vr_slot *slots = machine_slots(engine->machine);

	engine->slot = next_frame(scene, &engine->frame);
	advance(engine);
	for (unsigned i = below(&scene->random, 4); i > 0; i--) {
		unsigned slot = one_in(&scene->random, 8) ? below(&scene->random, PLANE_SLOTS)
							  : engine->slot;

		scene_disturb(scene, slot, machine_now_ns(engine->machine), &engine->frame);
		slots[slot] = scene->plane.slots[slot];
	}
	engine->tally.frames++;
	if (!run_program(engine, RUN_XDP) || !run_program(engine, RUN_TC_IN))
		return false;
	if (concerns_egress(&engine->frame) || one_in(&scene->random, 16))
		return run_program(engine, RUN_TC_OUT);
	return true;
}

static void add_up(struct tally *tally, const struct machine_counters *counters)
{
	__u64 *sum = (__u64 *)&tally->stats;
	__u64 *interface = (__u64 *)&tally->interface;

	for (unsigned slot = 0; slot < PLANE_SLOTS; slot++)
		for (unsigned i = 0; i < sizeof(struct vr_stats) / sizeof(__u64); i++)
			sum[i] += ((const __u64 *)&counters->stats[slot])[i];
	for (unsigned i = 0; i < sizeof(struct if_stats) / sizeof(__u64); i++)
		interface[i] += ((const __u64 *)&counters->interface)[i];
}

static bool run_batch(struct engine *engine, uint64_t seed, unsigned frames, bool careful)
{
	struct machine_counters counters;

	engine->seed = seed;
	engine->careful = careful;
	engine->clock_held = seed % 2 == 0;
	engine->machine = engine->machines[engine->clock_held ? CLOCK_HELD : CLOCK_REAL];
	engine->frame.length = 0;
	scene_make(&engine->scene, seed);
	if (engine->clock_held)
		machine_set_clock(engine->machine, 3600000000000);
	machine_load(engine->machine, &engine->scene);
	for (engine->number = 0; engine->number < frames; engine->number++)
		if (!run_frame(engine))
			return false;
	machine_read_counters(engine->machine, &counters);
	if (differing_counters(&counters, &engine->scene.plane, NULL)) {
		fprintf(stderr, "\nDISAGREEMENT: seed %" PRIu64 ", counters of the batch; ", seed);
		fprintf(stderr, "it runs again, frame by frame\n");
		differing_counters(&counters, &engine->scene.plane, stderr);
		return false;
	}
	add_up(&engine->tally, &counters);
	return true;
}

bool engine_batch(struct engine *engine, uint64_t seed, unsigned frames)
{
	uint64_t done = engine->tally.frames;

	if (run_batch(engine, seed, frames, false))
		return true;
	if (engine->tally.frames - done == frames)
		run_batch(engine, seed, frames, true);
	return false;
}

unsigned engine_unreached(const struct engine *engine)
{
	const struct vr_stats *stats = &engine->tally.stats;
	const struct if_stats *interface = &engine->tally.interface;
	unsigned count = 0;

#define VR_COUNTER(kind, name, text)                                    \
	if (!stats->name) {                                             \
		fprintf(stderr, "never counted: vr_stats." #name "\n"); \
		count++;                                                \
	}
#define IF_COUNTER(kind, name, text)                                    \
	if (!interface->name) {                                         \
		fprintf(stderr, "never counted: if_stats." #name "\n"); \
		count++;                                                \
	}
#include "counters.def"
	return count;
}
