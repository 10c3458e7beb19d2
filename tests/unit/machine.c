/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bench of the state machine: see machine.h. */
#include "unit/machine.h"

#include <asm/byteorder.h>
#include <inttypes.h>
#include <string.h>

#include "election.h"

struct vr_params params(uint8_t version, uint8_t priority)
{
	return (struct vr_params){
		.family = VRRP_IPV4,
		.version = version,
		.vrid = 51,
		.priority = priority,
		.preempt = true,
		.interval_cs = 100,
		.down_adverts = 3,
		.announce = {.repeat = 5, .delay_ns = 5 * NS_PER_S},
		.checksum_policy = CHECKSUM_POLICY_AUTO,
	};
}

struct machine machine_of(const struct vr_params *params)
{
	struct vrrp_addr own = addr_from_ipv4(0xc000020b);
	struct machine m = {
		.now_ns = START_NS,
		.peer = addr_from_ipv4(0xc000020c),
		.peer_interval_cs = 100,
	};

	vr_init(&m.vr, params);
	vr_set_primary(&m.vr, &own);
	m.preempts = vr_preempts(&m.vr);
	return m;
}

struct machine machine_started(const struct vr_params *params)
{
	struct machine m = machine_of(params);

	startup(&m);
	return m;
}

struct machine machine_backup(uint8_t version, uint8_t priority)
{
	struct vr_params p = params(version, priority);
	struct machine m = machine_started(&p);

	assert_int_equal(m.vr.state, VR_BACKUP);
	return m;
}

struct machine machine_active_of(const struct vr_params *params)
{
	struct machine m = machine_started(params);

	if (m.vr.state == VR_INITIALIZE)
		recheck(&m);
	else
		take_over(&m);
	assert_int_equal(m.vr.state, VR_ACTIVE);
	return m;
}

struct machine machine_active(uint8_t version, uint8_t priority)
{
	struct vr_params p = params(version, priority);

	return machine_active_of(&p);
}

static void send(struct machine *m, const struct vr_action *action)
{
	bool leaving = action->advert.priority == VRRP_PRIORITY_LEAVING;

	if (!leaving && m->slot.lease_until_ns <= m->now_ns)
		fail_msg("an advertisement without a lease");
	if (!m->deaf_kernel) {
		m->adverts_sent++;
		if (action->advert.until_ns != 0)
			m->slot.lease_until_ns = action->advert.until_ns;
	} else if (action->advert.first) {
		m->slot.lease_until_ns = 0;
	}
}

/* What leaves a trace in the slot. */
static void carry_out(struct machine *m, const struct vr_action *action)
{
	switch (action->kind) {
	case ACT_LEASE:
		m->slot.lease_until_ns = action->until_ns;
		break;
	case ACT_ADVERT:
		send(m, action);
		break;
	case ACT_PUBLISH:
		m->published = m->vr.effective_priority;
		m->preempts = vr_preempts(&m->vr);
		break;
	case ACT_STEADY:
		m->steady_header = action->steady.header;
		m->steady_source = action->steady.source;
		break;
	case ACT_ACQUIRE:
		m->acquired = true;
		break;
	case ACT_RELEASE:
		m->acquired = false;
		break;
	case ACT_RECHECK:
	case ACT_ANNOUNCE:
	case ACT_COUNT:
	case ACT_NOTIFY:
	case ACT_LATE:
		break;
	}
}

void step(struct machine *m, struct vr_event event)
{
	vr_step(&m->vr, &event, m->now_ns, &m->slot, &m->said);
	for (unsigned i = 0; i < m->said.count; i++)
		carry_out(m, &m->said.list[i]);
}

void startup(struct machine *m)
{
	step(m, (struct vr_event){.kind = EV_STARTUP});
}

void shut_down(struct machine *m)
{
	step(m, (struct vr_event){.kind = EV_SHUTDOWN});
}

void shut_down_alone(struct machine *m)
{
	step(m, (struct vr_event){.kind = EV_SHUTDOWN, .alone = true});
}

void fault(struct machine *m, unsigned bit)
{
	step(m, (struct vr_event){.kind = EV_FAULT, .fault = bit});
}

void fault_over(struct machine *m, unsigned bit)
{
	step(m, (struct vr_event){.kind = EV_FAULT_OVER, .fault = bit});
}

void configure_to(struct machine *m, const struct vr_params *params)
{
	step(m, (struct vr_event){.kind = EV_CONFIGURE, .configure = {params, params->priority}});
}

void priority(struct machine *m, uint8_t effective)
{
	step(m, (struct vr_event){.kind = EV_PRIORITY, .priority = effective});
}

void claim(struct machine *m)
{
	step(m, (struct vr_event){.kind = EV_CLAIM});
}

void drain(struct machine *m)
{
	step(m, (struct vr_event){.kind = EV_DRAIN});
}

void undrain(struct machine *m)
{
	step(m, (struct vr_event){.kind = EV_UNDRAIN});
}

void group_go(struct machine *m)
{
	step(m, (struct vr_event){.kind = EV_GROUP_GO});
}

void group_yield(struct machine *m)
{
	step(m, (struct vr_event){.kind = EV_GROUP_YIELD});
}

void group_leaving(struct machine *m)
{
	step(m, (struct vr_event){.kind = EV_GROUP_LEAVING});
}

struct machine successor(const struct machine *old, const struct vr_params *params)
{
	struct machine m = *old;

	vr_init(&m.vr, params);
	vr_set_primary(&m.vr, &old->vr.primary);
	m.adverts_sent = 0;
	m.said.count = 0;
	return m;
}

struct vr_adoption left_by(const struct machine *old)
{
	struct vr_adoption adoption = {
		.priority = old->published,
		.steady_header = old->steady_header,
		.steady_source = old->steady_source,
	};

	/* the slot may have held anything before */
	adoption.decided_ns = old->vr.superior_ns;
	memset(&adoption.memory, 0xff, sizeof(adoption.memory));
	vr_remember(&old->vr, &adoption.memory);
	return adoption;
}

void adopt(struct machine *m, const struct vr_adoption *adoption)
{
	step(m, (struct vr_event){.kind = EV_ADOPT, .adoption = *adoption});
}

struct machine adopted_after(const struct machine *old, int64_t span_ns)
{
	struct vr_adoption left = left_by(old);
	struct machine m = successor(old, &old->vr.params);

	pass(&m, span_ns);
	adopt(&m, &left);
	return m;
}

void assert_not_adopted(struct machine *m)
{
	assert_int_equal(m->vr.state, VR_INITIALIZE);
	assert_false(m->vr.started);
	assert_int_equal(vr_deadline(&m->vr), NEVER_NS);
	assert_true(m->slot.lease_until_ns <= m->now_ns);
	assert_int_equal(m->adverts_sent, 0);
	startup(m);
	assert_int_equal(m->vr.last_event, LAST_EVENT_STARTUP);
	assert_true(m->vr.state == VR_BACKUP || said(m, ACT_RECHECK));
}

void stood_still(struct machine *m, int64_t span_ns)
{
	step(m, (struct vr_event){.kind = EV_STOOD_STILL, .stood_still_ns = span_ns});
}

void deadline(struct machine *m)
{
	step(m, (struct vr_event){.kind = EV_DEADLINE});
}

void recheck(struct machine *m)
{
	step(m, (struct vr_event){.kind = EV_RECHECK});
}

/* As it is on the wire, but for the checksum, which only has to differ with its form. */
static uint64_t header_of(const struct machine *m, uint8_t priority)
{
	struct vrrp_hdr header = {
		.version_type = (uint8_t)(m->vr.params.version << 4 | VRRP_TYPE_ADVERTISEMENT),
		.vrid = m->vr.params.vrid,
		.priority = priority,
		.addr_count = 1,
		.checksum = m->peer_sum,
	};
	uint64_t word;

	if (m->vr.params.version == 3)
		header.max_advert_int = __cpu_to_be16((uint16_t)m->peer_interval_cs);
	else
		header.advert_int_s = (uint8_t)(m->peer_interval_cs / 100);
	memcpy(&word, &header, sizeof(word));
	return word;
}

void stamp(struct machine *m, uint8_t priority, int64_t received_ns)
{
	m->slot.last_advert_ns = received_ns;
	if (vrrp_backup_obeys(m->vr.effective_priority, m->preempts, priority))
		m->slot.authority_ns = received_ns;
}

void hear_late(struct machine *m, uint8_t priority, int64_t received_ns)
{
	step(m, (struct vr_event){.kind = EV_ADVERT,
				  .advert = {
					  .source = m->peer,
					  .priority = priority,
					  .interval_cs = m->peer_interval_cs,
					  .checksum = m->peer_sum,
					  .header = header_of(m, priority),
					  .received_ns = received_ns,
				  }});
}

void hear(struct machine *m, uint8_t priority)
{
	stamp(m, priority, m->now_ns);
	hear_late(m, priority, m->now_ns);
}

void to_deadline(struct machine *m)
{
	assert_true(vr_deadline(&m->vr) != NEVER_NS);
	assert_true(vr_deadline(&m->vr) >= m->now_ns);
	m->now_ns = vr_deadline(&m->vr);
	deadline(m);
}

void take_over(struct machine *m)
{
	to_deadline(m);
	if (said(m, ACT_ACQUIRE))
		to_deadline(m);
	assert_non_null(said(m, ACT_RECHECK));
	recheck(m);
	assert_int_equal(m->vr.state, VR_ACTIVE);
}

int64_t role_due(const struct machine *m)
{
	struct machine later = *m;
	int64_t due_ns;

	later.vr.hold_until_ns = 0;
	due_ns = vr_deadline(&later.vr);
	if (due_ns == NEVER_NS)
		return NEVER_NS;
	if (later.now_ns < due_ns)
		later.now_ns = due_ns;
	deadline(&later);
	return said(&later, ACT_ACQUIRE) ? vr_deadline(&later.vr) : due_ns;
}

void pass(struct machine *m, int64_t span_ns)
{
	m->now_ns += span_ns;
}

struct vr_action steady_action(const struct machine *m, uint8_t priority)
{
	return (struct vr_action){.kind = ACT_STEADY, .steady = {m->peer, header_of(m, priority)}};
}

static bool same(const struct vr_action *a, const struct vr_action *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case ACT_LEASE:
		return a->until_ns == b->until_ns;
	case ACT_ADVERT:
		return a->advert.priority == b->advert.priority &&
		       a->advert.until_ns == b->advert.until_ns &&
		       a->advert.first == b->advert.first;
	case ACT_ANNOUNCE:
		return a->rounds == b->rounds;
	case ACT_STEADY:
		return a->steady.header == b->steady.header &&
		       addr_equal(&a->steady.source, &b->steady.source);
	case ACT_COUNT:
		return a->counter == b->counter;
	case ACT_NOTIFY:
		return a->from == b->from;
	case ACT_LATE:
		return a->late.late_ns == b->late.late_ns && a->late.decision == b->late.decision;
	case ACT_RECHECK:
	case ACT_ACQUIRE:
	case ACT_RELEASE:
	case ACT_PUBLISH:
		return true;
	}
	return false;
}

/* Times as milliseconds from now, which is how a reader thinks of them; 0 is "none". */
static double from_now(const struct machine *m, int64_t time_ns)
{
	return (double)(time_ns - m->now_ns) / NS_PER_MS;
}

static void print_until(const struct machine *m, int64_t until_ns)
{
	if (until_ns == 0)
		print_error(" until 0");
	else
		print_error(" until now%+.6f ms", from_now(m, until_ns));
}

static void print_action(const struct machine *m, const struct vr_action *action)
{
	static const char *const names[] = {
		[ACT_LEASE] = "LEASE",	     [ACT_RECHECK] = "RECHECK", [ACT_ADVERT] = "ADVERT",
		[ACT_ANNOUNCE] = "ANNOUNCE", [ACT_ACQUIRE] = "ACQUIRE", [ACT_RELEASE] = "RELEASE",
		[ACT_PUBLISH] = "PUBLISH",   [ACT_STEADY] = "STEADY",	[ACT_COUNT] = "COUNT",
		[ACT_NOTIFY] = "NOTIFY",     [ACT_LATE] = "LATE",
	};
	char text[ADDR_TEXT_LEN];

	print_error("    %s", names[action->kind]);
	if (action->kind == ACT_LEASE)
		print_until(m, action->until_ns);
	if (action->kind == ACT_ADVERT) {
		print_error("%s priority %u", action->advert.first ? ", the first," : "",
			    action->advert.priority);
		print_until(m, action->advert.until_ns);
	}
	if (action->kind == ACT_ANNOUNCE)
		print_error(" %u rounds", action->rounds);
	if (action->kind == ACT_STEADY)
		print_error(" %016" PRIx64 " from %s", action->steady.header,
			    addr_format(&action->steady.source, text));
	if (action->kind == ACT_COUNT)
		print_error(" counter %d", (int)action->counter);
	if (action->kind == ACT_NOTIFY)
		print_error(" from %s", vr_state_name(action->from));
	if (action->kind == ACT_LATE)
		print_error(" %.6f ms, decision %d", (double)action->late.late_ns / NS_PER_MS,
			    (int)action->late.decision);
	print_error("\n");
}

static void print_list(const struct machine *m, const char *title, const struct vr_action *list,
		       size_t count)
{
	print_error("%s:%s\n", title, count == 0 ? " nothing" : "");
	for (size_t i = 0; i < count; i++)
		print_action(m, &list[i]);
}

void expect_list(const struct machine *m, const struct vr_action *wanted, size_t count,
		 const char *file, int line)
{
	bool equal = m->said.count == count;

	for (size_t i = 0; equal && i < count; i++)
		equal = same(&m->said.list[i], &wanted[i]);
	if (equal)
		return;
	print_error("state %s, now start%+.6f ms\n", vr_state_name(m->vr.state),
		    (double)(m->now_ns - START_NS) / NS_PER_MS);
	print_list(m, "wanted", wanted, count);
	print_list(m, "said", m->said.list, m->said.count);
	_fail(file, line);
}

const struct vr_action *said(const struct machine *m, enum vr_action_kind kind)
{
	for (unsigned i = 0; i < m->said.count; i++)
		if (m->said.list[i].kind == kind)
			return &m->said.list[i];
	return NULL;
}
