/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adoption (I8): a new agent goes on as the one before it, by what that one left in the slot. Under
 * a valid lease the role goes on; to the network nothing has happened. A Backup's timer goes on if
 * it is still ahead. Everything else is an ordinary Startup, and so is a slot that makes no sense:
 * it was another program's, or a bug's.
 */
#include <assert.h>
#include <string.h>

#include "core/step.h"

/* The longest that anything here can last: a hundred of VRRPv2's longest intervals, and some. */
#define LEASE_MAX_NS (100 * 255 * NS_PER_S)
#define TIMER_MAX_NS (LEASE_MAX_NS + 255 * NS_PER_S)
#define HOLD_MAX_NS  (1000 * NS_PER_S)

static bool past(const struct step *s, uint64_t time_ns)
{
	return time_ns <= (uint64_t)s->now_ns;
}

static bool sane_words(const struct vr *vr, const struct vr_adoption *adoption)
{
	const struct vr_memory *memory = &adoption->memory;
	uint32_t max_cs = vr->params.version == 2 ? 25500 : VRRP_INTERVAL_MAX_CS;

	return memory->state <= VR_ACTIVE && memory->last_event <= LAST_EVENT_TRACKED_OBJECT &&
	       memory->active_reason <= ACTIVE_REASON_NO_RESPONSE &&
	       memory->next_reason <= ACTIVE_REASON_NO_RESPONSE &&
	       (memory->state != VR_BACKUP || memory->next_reason != ACTIVE_REASON_NOT_ACTIVE) &&
	       (memory->state != VR_ACTIVE || memory->active_reason != ACTIVE_REASON_NOT_ACTIVE) &&
	       memory->checksum_heard <= 1 + CHECKSUM_PSEUDO && memory->drained <= 1 &&
	       memory->checksums_differ <= 1 && memory->interval_cs >= 1 &&
	       memory->interval_cs <= max_cs && memory->relied_cs <= max_cs &&
	       adoption->priority != VRRP_PRIORITY_LEAVING;
}

/* Who was heard may have been so a moment after the caller looked at the clock. */
static bool sane_stamp(const struct step *s, int64_t stamp_ns)
{
	return stamp_ns >= 0 && stamp_ns <= s->now_ns + NS_PER_S;
}

static bool sane_hold(const struct step *s, const struct vr_memory *memory)
{
	return memory->hold_until_ns <= (uint64_t)(s->now_ns + HOLD_MAX_NS) ||
	       memory->hold_until_ns == NEVER_NS;
}

static bool sane_times(const struct step *s, const struct vr_memory *memory)
{
	if (!sane_stamp(s, s->seen->authority_ns) || !sane_stamp(s, s->seen->last_advert_ns) ||
	    !sane_stamp(s, s->seen->superior_ns))
		return false;
	if (s->seen->lease_until_ns > s->now_ns + LEASE_MAX_NS || !past(s, memory->transition_ns) ||
	    !past(s, memory->down_armed_ns))
		return false;
	if (!sane_hold(s, memory))
		return false;
	if (memory->down_timer_ns == 0) /* only a drained Backup waits for nothing */
		return memory->state != VR_BACKUP || memory->drained;
	return memory->state == VR_BACKUP && memory->down_timer_ns >= memory->down_armed_ns &&
	       memory->down_timer_ns <= (uint64_t)(s->now_ns + TIMER_MAX_NS);
}

/*
 * Of the steady Active, 0 = there is none, or none of our version. Who died between two stores may
 * have learned another's interval, and left this one's signature: its advertisements are stamped,
 * and not reported.
 */
static uint32_t steady_interval_cs(const struct vr *vr, const struct vr_adoption *adoption)
{
	struct vrrp_hdr header;

	memcpy(&header, &adoption->steady_header, sizeof(header));
	if (header.version_type >> 4 != vr->params.version)
		return 0;
	return vrrp_header_interval_cs(&header);
}

/* RFC 3768 has one interval for all: the configured one, which may be new. */
static uint32_t learned_interval_cs(const struct vr *vr, const struct vr_adoption *adoption)
{
	uint32_t steady_cs = steady_interval_cs(vr, adoption);
	uint32_t learned_cs = adoption->memory.interval_cs;

	if (vr->params.version == 2)
		return vr->params.interval_cs;
	return learned_cs > steady_cs ? learned_cs : steady_cs;
}

static void restore(struct vr *vr, const struct vr_adoption *adoption)
{
	const struct vr_memory *memory = &adoption->memory;

	vr->started = true;
	vr->last_event = (enum vr_last_event)memory->last_event;
	vr->active_reason = (enum vr_active_reason)memory->active_reason;
	vr->next_reason = (enum vr_active_reason)memory->next_reason;
	vr->transition_ns = (int64_t)memory->transition_ns;
	vr->peer_heard = memory->checksum_heard != 0;
	vr->peers_differ = memory->checksums_differ;
	if (vr->peer_heard)
		vr->peer_checksum = (enum checksum_form)(memory->checksum_heard - 1);
	vr->active_interval_cs = learned_interval_cs(vr, adoption);
	timers_recompute(vr);
}

/* The delay may be new, and so may what we compare with. */
static void restore_hold(struct step *s, const struct vr_memory *memory)
{
	struct vr *vr = s->vr;
	int64_t longest_ns = s->now_ns + vr->params.preempt_delay_ns;
	int64_t hold_ns = (int64_t)memory->hold_until_ns;

	if (backup_hold(&vr->params) == 0)
		return;
	vr->hold_until_ns = hold_ns == NEVER_NS || hold_ns < longest_ns ? hold_ns : longest_ns;
}

static void adopt_active(struct step *s, const struct vr_adoption *adoption)
{
	struct vr *vr = s->vr;
	uint32_t relied_cs = adoption->memory.relied_cs;

	restore(vr, adoption);
	vr->state = VR_ACTIVE;
	vr->active_address = vr->primary;
	if (adoption->steady_header != 0)
		steady_clear(s);
	emit(s, ACT_PUBLISH);
	active_go_on(s, relied_cs != 0 ? relied_cs : vr->params.interval_cs);
	emit(s, ACT_ACQUIRE);
}

/*
 * When the earlier agent's Active_Down_Timer ends, NEVER_NS = it does not run; by the latest
 * advertisement, and by our priority, which may be new (C-24).
 */
static int64_t down_timer_of(const struct step *s, const struct vr_adoption *adoption)
{
	const struct vr *vr = s->vr;
	const struct vr_memory *memory = &adoption->memory;
	uint8_t version = vr->params.version;
	uint32_t interval_cs = learned_interval_cs(vr, adoption);

	if (s->seen->authority_ns > (int64_t)memory->down_armed_ns)
		return s->seen->authority_ns + vr_down_interval_ns(version, vr->effective_priority,
								   interval_cs,
								   vr->params.down_adverts);
	if (memory->down_timer_ns == 0)
		return NEVER_NS;
	return (int64_t)memory->down_timer_ns +
	       vr_skew_ns(version, vr->effective_priority, interval_cs) -
	       vr_skew_ns(version, adoption->priority, interval_cs);
}

/*
 * The dead agent took the multicast memberships along, so the silence of the last moments proves
 * nothing: the timer is given an interval in which we do hear.
 */
static void restore_timer(struct step *s, const struct vr_memory *memory, int64_t timer_ns)
{
	struct vr *vr = s->vr;
	int64_t earliest_ns = s->now_ns + vr->active_interval_cs * NS_PER_CS;

	timers_stop(vr);
	vr->awake_ns = s->now_ns; /* nor does a goodbye that has waited */
	vr->down_armed_ns = (int64_t)memory->down_armed_ns;
	backup_rearm(s);
	vr->down_timer_ns = timer_ns > earliest_ns ? timer_ns : earliest_ns;
}

/* The slot is steady already; not for another priority, by which we may obey another router. */
static void restore_steady(struct step *s, const struct vr_adoption *adoption)
{
	struct vr *vr = s->vr;

	if (adoption->steady_header == 0)
		return;
	vr->active_address = adoption->steady_source;
	if (adoption->priority == vr->effective_priority)
		vr->steady_header = adoption->steady_header;
	else
		steady_clear(s);
}

static bool adopt_backup(struct step *s, const struct vr_adoption *adoption)
{
	int64_t timer_ns = down_timer_of(s, adoption);

	if (timer_ns <= s->now_ns)
		return false;
	restore(s->vr, adoption);
	s->vr->state = VR_BACKUP;
	restore_timer(s, &adoption->memory, timer_ns);
	restore_hold(s, &adoption->memory);
	restore_steady(s, adoption);
	emit(s, ACT_PUBLISH);
	emit(s, ACT_RELEASE);
	return true;
}

void adopt_slot(struct step *s, const struct vr_adoption *adoption)
{
	const struct vr_memory *memory = &adoption->memory;
	struct vr *vr = s->vr;
	/* The dead one would have yielded, and the programs are silent. */
	bool superseded = s->seen->superior_ns > adoption->decided_ns;
	bool sane = sane_words(vr, adoption) && sane_times(s, memory);

	assert(vr->state == VR_INITIALIZE && !vr->started && vr->faults == 0);
	if (sane) {
		vr->drained = memory->drained;
		vr->effective_priority = priority_of(vr);
		timers_recompute(vr);
	}
	if (sane && lease_valid(s) && memory->state == VR_ACTIVE && !superseded) {
		adopt_active(s, adoption);
		return;
	}
	if (lease_valid(s))
		emit_lease(s, 0);
	if (sane && memory->state == VR_BACKUP && adopt_backup(s, adoption))
		return;
	if (adoption->steady_header != 0)
		steady_clear(s);
}

/* A role that is being taken is nobody's before the second look. */
static enum vr_state settled_state(const struct vr *vr)
{
	return vr->promoting && vr->state == VR_ACTIVE ? VR_INITIALIZE : vr->state;
}

/* Of one who is ready it is over, and no successor may rely on that. */
static uint64_t remembered_timer(const struct vr *vr)
{
	int64_t timer_ns = vr->ready ? vr->down_armed_ns : timers_role(vr);

	return vr->state != VR_BACKUP || timer_ns == NEVER_NS ? 0 : (uint64_t)timer_ns;
}

static uint16_t relied_interval(const struct vr *vr)
{
	if (vr->state != VR_ACTIVE)
		return 0;
	return (uint16_t)(vr->eased_cs != 0 ? vr->eased_cs : vr->params.interval_cs);
}

/*
 * Word by word, each at once and in their order: whoever dies in between leaves some old words and
 * some new ones, and none that was never true. Left to itself a compiler clears fields first.
 */
static void store(struct vr_memory *memory, const struct vr_memory *now)
{
	typedef uint64_t __attribute__((may_alias)) word;
	const word *from = (const word *)now;
	word *to = (word *)memory;

	_Static_assert(sizeof(*memory) % sizeof(*to) == 0, "made of words");
	for (unsigned i = 0; i < sizeof(*memory) / sizeof(*to); i++)
		__atomic_store_n(&to[i], from[i], __ATOMIC_RELEASE);
}

void vr_remember(const struct vr *vr, struct vr_memory *memory)
{
	struct vr_memory now = {
		.down_timer_ns = remembered_timer(vr),
		.down_armed_ns = vr->state == VR_BACKUP ? (uint64_t)vr->down_armed_ns : 0,
		.transition_ns = (uint64_t)vr->transition_ns,
		.transition_s = memory->transition_s,
		.hold_until_ns = vr->state == VR_BACKUP ? (uint64_t)vr->hold_until_ns : 0,
		.interval_cs = vr->active_interval_cs,
		.state = (uint8_t)settled_state(vr),
		.last_event = (uint8_t)vr->last_event,
		.active_reason = (uint8_t)vr->active_reason,
		.next_reason = (uint8_t)vr->next_reason,
		.checksum_heard = vr->peer_heard ? (uint8_t)(1 + vr->peer_checksum) : 0,
		.drained = vr->drained,
		.checksums_differ = vr->peers_differ,
		.relied_cs = relied_interval(vr),
	};

	store(memory, &now);
}
