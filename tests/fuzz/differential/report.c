/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

/* ---- members ---- */

struct member {
	const char *name;
	size_t offset, size;
};

#define MEMBER(type, name)                                                      \
	{                                                                       \
#name, offsetof(type, name), sizeof(((const type *)NULL)->name) \
	}

static const struct member slot_members[] = {
	MEMBER(struct vr_slot, lease_until_ns),
	MEMBER(struct vr_slot, decided_ns),
	MEMBER(struct vr_slot, flags),
	MEMBER(struct vr_slot, zero),
	MEMBER(struct vr_slot, steady_header),
	MEMBER(struct vr_slot, steady_source),
	MEMBER(struct vr_slot, identity),
	MEMBER(struct vr_slot, agent),
	MEMBER(struct vr_slot, memory),
	MEMBER(struct vr_slot, last_advert_ns),
	MEMBER(struct vr_slot, authority_ns),
	MEMBER(struct vr_slot, superior_ns),
	MEMBER(struct vr_slot, last_claim_ns),
	MEMBER(struct vr_slot, report_bucket_ns),
	MEMBER(struct vr_slot, leaving_bucket_ns),
	MEMBER(struct vr_slot, claim_bucket_ns),
	MEMBER(struct vr_slot, answer_bucket_ns),
	MEMBER(struct vr_slot, reported),
	{},
};

static const struct member event_members[] = {
	MEMBER(struct xvrrp_event, time_ns), MEMBER(struct xvrrp_event, kind),
	MEMBER(struct xvrrp_event, slot),    MEMBER(struct xvrrp_event, ifindex),
	MEMBER(struct xvrrp_event, flags),   MEMBER(struct xvrrp_event, source),
	MEMBER(struct xvrrp_event, header),  MEMBER(struct xvrrp_event, mac),
	MEMBER(struct xvrrp_event, zero),    {},
};

static const struct member vr_counters[] = {
#define VR_COUNTER(kind, name, text) MEMBER(struct vr_stats, name),
#include "counters.def"
	{},
};

static const struct member if_counters[] = {
#define IF_COUNTER(kind, name, text) MEMBER(struct if_stats, name),
#include "counters.def"
	{},
};

static void print_value(FILE *out, const void *bytes, size_t size)
{
	uint64_t value;

	if (size != sizeof(value)) {
		print_hex(out, bytes, size);
		return;
	}
	memcpy(&value, bytes, sizeof(value));
	fprintf(out, " %" PRIu64 "\n", value);
}

static unsigned differing_members(const struct member *member, const char *what, unsigned number,
				  const void *program, const void *model, FILE *out)
{
	unsigned count = 0;

	for (; member->name; member++) {
		const uint8_t *mine = (const uint8_t *)model + member->offset;
		const uint8_t *theirs = (const uint8_t *)program + member->offset;

		if (memcmp(mine, theirs, member->size) == 0)
			continue;
		count++;
		if (!out)
			continue;
		fprintf(out, "  %s %u: %s: program", what, number, member->name);
		print_value(out, theirs, member->size);
		fprintf(out, "  %s %u: %s: model  ", what, number, member->name);
		print_value(out, mine, member->size);
	}
	return count;
}

/* ---- comparisons ---- */

unsigned differing_slots(const struct vr_slot *program, const struct vr_slot *model, FILE *out)
{
	unsigned count = 0;

	if (memcmp(program, model, sizeof(*program) * PLANE_SLOTS) == 0)
		return 0;
	for (unsigned i = 0; i < PLANE_SLOTS; i++)
		count += differing_members(slot_members, "slot", i, &program[i], &model[i], out);
	return count;
}

unsigned differing_counters(const struct machine_counters *program, const struct plane *model,
			    FILE *out)
{
	unsigned count = differing_members(if_counters, "interface", SCENE_IFINDEX,
					   &program->interface, &model->interface, out);

	for (unsigned i = 0; i < PLANE_SLOTS; i++)
		count += differing_members(vr_counters, "counters of slot", i, &program->stats[i],
					   &model->stats[i], out);
	return count;
}

unsigned differing_events(const struct machine_result *program, const struct xvrrp_event *model,
			  unsigned model_count, FILE *out)
{
	unsigned count = program->event_count != model_count;

	if (count && out)
		fprintf(out, "  reports: program %u, model %u\n", program->event_count,
			model_count);
	for (unsigned i = 0; !count && i < model_count && i < MACHINE_EVENTS; i++)
		count = differing_members(event_members, "report", i, &program->events[i],
					  &model[i], out);
	return count;
}

unsigned differing_frames(const struct machine_result *program, enum plane_verdict verdict,
			  const struct frame *model, FILE *out)
{
	static const char *const names[] = {"pass", "accept", "drop", "reply"};
	enum plane_verdict visible = verdict == PLANE_ACCEPT ? PLANE_PASS : verdict;
	unsigned count = program->verdict != visible;

	if (count && out)
		fprintf(out, "  verdict: program %s, model %s\n", names[program->verdict],
			names[verdict]);
	if (program->length == model->length &&
	    memcmp(program->frame, model->bytes, model->length) == 0)
		return count;
	if (out) {
		fprintf(out, "  frame, by the program:\n");
		print_hex(out, program->frame, program->length);
		fprintf(out, "  frame, by the model:\n");
		print_hex(out, model->bytes, model->length);
	}
	return count + 1;
}

/* ---- what it began with ---- */

void print_hex(FILE *out, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		fprintf(out, "%s%02x%s", i % 32 == 0 ? "    " : " ", bytes[i],
			i % 32 == 31 || i + 1 == length ? "\n" : "");
}

static void print_time(FILE *out, const char *name, uint64_t time_ns, uint64_t now_ns)
{
	if (time_ns == 0)
		fprintf(out, "    %s never\n", name);
	else
		fprintf(out, "    %s %" PRIu64 " (now %+" PRId64 ")\n", name, time_ns,
			(int64_t)(time_ns - now_ns));
}

void print_slot(FILE *out, unsigned number, const struct vr_slot *slot, uint64_t now_ns)
{
	const struct vr_identity *own = &slot->identity;

	fprintf(out,
		"  slot %u before: VRID %u, VLAN %u.%u, family %u, version %u, priority %u,\n"
		"    flags %#x, authentication %u, %u addresses, interval %u cs, steady header "
		"%016" PRIx64 "\n",
		number, own->key.vrid, own->key.vlan >> 16, own->key.vlan & 0xffff, own->key.family,
		own->version, own->priority, slot->flags, own->auth_type, own->addr_count,
		own->interval_cs, (uint64_t)slot->steady_header);
	fprintf(out, "    primary, steady source:\n");
	print_hex(out, own->primary.b, sizeof(own->primary.b));
	print_hex(out, slot->steady_source.b, sizeof(slot->steady_source.b));
	print_time(out, "lease_until_ns", slot->lease_until_ns, now_ns);
	print_time(out, "decided_ns", slot->decided_ns, now_ns);
	print_time(out, "superior_ns", slot->superior_ns, now_ns);
	print_time(out, "report_bucket_ns", slot->report_bucket_ns, now_ns);
	print_time(out, "leaving_bucket_ns", slot->leaving_bucket_ns, now_ns);
	print_time(out, "claim_bucket_ns", slot->claim_bucket_ns, now_ns);
	print_time(out, "answer_bucket_ns", slot->answer_bucket_ns, now_ns);
}
