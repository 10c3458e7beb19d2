/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routers without multicast (H-40): only peers are heard, at our own address, each in its range of
 * TTL; and what is meant for one mode is not for the other.
 */
#include <string.h>

#include "harness.h"

#define PEER	 0xc000020cu /* 192.0.2.12, as in advert_v3() */
#define STRANGER 0xc000020du

static const uint8_t OWN_MAC[6] = {2, 0, 0, 0, 0, 0x11};
static const uint8_t PEER_MAC[6] = {2, 0, 0, 0, 0, 0x12};

static struct advert_spec advert_unicast(void)
{
	struct advert_spec spec = advert_v3(VRID_UNICAST, VIP_UNICAST);

	memcpy(spec.destination_mac, OWN_MAC, 6);
	memcpy(spec.source_mac, PEER_MAC, 6);
	spec.destination = PRIMARY;
	spec.source = PEER;
	return spec;
}

static struct advert6_spec advert6_unicast(void)
{
	struct advert6_spec spec = advert6(VRID_UNICAST);

	memcpy(spec.ip.destination_mac, OWN_MAC, 6);
	memcpy(spec.ip.source_mac, PEER_MAC, 6);
	spec.ip.destination = link_local(PRIMARY6);
	spec.ip.source = global(12);
	return spec;
}

static struct outcome receive_spec(struct world *world, const struct advert_spec *spec)
{
	struct frame frame = frame_advert(spec);

	return receive(world, &frame);
}

static struct outcome receive_spec6(struct world *world, const struct advert6_spec *spec)
{
	struct frame frame = frame_advert6(spec);

	return receive(world, &frame);
}

static void assert_accepted(struct world *world, const struct advert_spec *spec)
{
	struct outcome out;
	struct state expected;

	world->slots[UNICAST].reported = 0; /* as if it were the first */
	out = receive_spec(world, spec);
	expected = accepted(&out, UNICAST);
	assert_outcome(&out, PASSED, &expected);
}

static void assert_accepted6(struct world *world, const struct advert6_spec *spec)
{
	struct outcome out;
	struct state expected;

	world->slots[UNICAST6].reported = 0; /* as if it were the first */
	out = receive_spec6(world, spec);
	expected = accepted(&out, UNICAST6);
	assert_outcome(&out, PASSED, &expected);
}

static void assert_refused(struct world *world, unsigned slot, const struct advert_spec *spec,
			   enum vr_counter reason)
{
	struct outcome out = receive_spec(world, spec);

	assert_only_counted(&out, slot, reason);
}

static void assert_refused6(struct world *world, unsigned slot, const struct advert6_spec *spec,
			    enum vr_counter reason)
{
	struct outcome out = receive_spec6(world, spec);

	assert_only_counted(&out, slot, reason);
}

static void know_peers(struct world *world, uint8_t min, uint8_t max)
{
	struct vrrp_addr four = addr4(PEER), six = addr6(global(12));

	add_peer(world, UNICAST, &four, min, max);
	add_peer(world, UNICAST6, &six, min, max);
}

static void peers(void **state)
{
	struct advert_spec spec = advert_unicast();
	struct advert6_spec spec6 = advert6_unicast(); /* from an address that is not link-local */

	know_peers(*state, 255, 255);
	assert_accepted(*state, &spec);
	assert_accepted6(*state, &spec6);
}

static void strangers(void **state) /* peers of one router are strangers to the others */
{
	struct advert_spec spec = advert_unicast();
	struct advert6_spec spec6 = advert6_unicast();
	struct vrrp_addr peer = addr4(PEER);

	assert_refused(*state, UNICAST, &spec, COUNT_unicast_source);
	assert_refused6(*state, UNICAST6, &spec6, COUNT_unicast_source);
	add_peer(*state, V3, &peer, 0, 255);
	add_peer(*state, UNICAST6, &peer, 0, 255);
	assert_refused(*state, UNICAST, &spec, COUNT_unicast_source);
	know_peers(*state, 0, 255);
	spec.source = STRANGER;
	assert_refused(*state, UNICAST, &spec, COUNT_unicast_source);
	spec6.ip.source = link_local(12);
	assert_refused6(*state, UNICAST6, &spec6, COUNT_unicast_source);
}

static void ttl(void **state) /* B-3, with the range of the peer */
{
	struct advert_spec spec = advert_unicast();
	struct advert6_spec spec6 = advert6_unicast();

	know_peers(*state, 60, 64);
	for (unsigned hops = 58; hops <= 66; hops++) {
		spec.ttl = spec6.ip.hops = (uint8_t)hops;
		if (hops >= 60 && hops <= 64) {
			assert_accepted(*state, &spec);
			assert_accepted6(*state, &spec6);
		} else {
			assert_refused(*state, UNICAST, &spec, COUNT_ttl);
			assert_refused6(*state, UNICAST6, &spec6, COUNT_ttl);
		}
	}
	spec.ttl = 255;
	assert_refused(*state, UNICAST, &spec, COUNT_ttl);
	know_peers(*state, 0, 255);
	for (unsigned hops = 0; hops <= 255; hops += 51) {
		spec.ttl = spec6.ip.hops = (uint8_t)hops;
		assert_accepted(*state, &spec);
		assert_accepted6(*state, &spec6);
	}
}

static void destination(void **state) /* B-1: our address, no other, and not the group */
{
	struct advert_spec spec = advert_unicast();
	struct advert6_spec spec6 = advert6_unicast();

	know_peers(*state, 0, 255);
	spec.destination = PRIMARY + 1;
	assert_refused(*state, UNICAST, &spec, COUNT_non_group_destination);
	spec.destination = GROUP;
	assert_refused(*state, UNICAST, &spec, COUNT_non_group_destination);
	spec6.ip.destination = global(PRIMARY6);
	assert_refused6(*state, UNICAST6, &spec6, COUNT_non_group_destination);
	spec6.ip.destination = (struct ip6){{0xff, 2, [15] = 0x12}};
	assert_refused6(*state, UNICAST6, &spec6, COUNT_non_group_destination);
}

static void unicast_to_multicast_router(void **state) /* and the reverse of the test above */
{
	struct advert_spec spec = advert_v3(VRID_V3, VIP_V3);
	struct advert6_spec spec6 = advert6(VRID_V3);
	struct vrrp_addr peer = addr4(PEER);

	add_peer(*state, V3, &peer, 0, 255); /* nobody asks for it */
	spec.destination = PRIMARY;
	assert_refused(*state, V3, &spec, COUNT_non_group_destination);
	spec.destination = GROUP;
	spec.ttl = 254;
	assert_refused(*state, V3, &spec, COUNT_ttl);
	spec6.ip.destination = link_local(PRIMARY6);
	assert_refused6(*state, V6, &spec6, COUNT_non_group_destination);
}

static void own_packet(void **state) /* B-2, before the list of peers */
{
	struct advert_spec spec = advert_unicast();
	struct advert6_spec spec6 = advert6_unicast();

	spec.source = PRIMARY;
	assert_refused(*state, UNICAST, &spec, COUNT_own_packet);
	spec6.ip.source = link_local(PRIMARY6);
	assert_refused6(*state, UNICAST6, &spec6, COUNT_own_packet);
}

static void earlier_counts(void **state)
{
	struct advert_spec spec = advert_unicast();

	spec.ttl = 1;
	spec.version = 2;
	assert_refused(*state, UNICAST, &spec, COUNT_unicast_source);
	know_peers(*state, 2, 255);
	assert_refused(*state, UNICAST, &spec, COUNT_ttl);
	spec.ttl = 2;
	assert_refused(*state, UNICAST, &spec, COUNT_version);
}

static void unknown_vrid(void **state) /* I6: another daemon's */
{
	struct advert_spec spec = advert_unicast();
	struct outcome out;
	struct state expected;

	spec.vrid = 99;
	out = receive_spec(*state, &spec);
	expected = out.before;
	expected.interface.vrid_unknown++;
	assert_outcome(&out, PASSED, &expected);
}

/* the pseudo-header of a unicast message names the peer; H-3: once it named the group. */
static void pseudo_headers(void **state)
{
	struct world *world = *state;
	struct advert_spec spec = advert_unicast();
	struct frame frame;
	struct outcome out;
	struct state expected;

	know_peers(world, 255, 255);
	spec.form = SUM_PSEUDO;
	for (int old = 0; old < 2; old++) {
		frame = frame_advert(&spec);
		if (old) {
			struct frame other = frame;

			memcpy(other.bytes + other.l3 + 16, (const uint8_t[]){224, 0, 0, 18}, 4);
			frame_sum(&other, &spec);
			memcpy(frame.bytes + frame.message + 6, other.bytes + other.message + 6, 2);
		}
		out = receive(world, &frame);
		expected = accepted(&out, UNICAST);
		expected.stats[UNICAST].checksum_form_rfc9568--;
		expected.stats[UNICAST].checksum_form_pseudo++;
		expected.events[0].flags = EVENT_CHECKSUM_PSEUDO;
		assert_outcome(&out, PASSED, &expected);
	}
	frame.bytes[frame.message + 7] ^= 1; /* which would be that of a third address */
	out = receive(world, &frame);
	assert_only_counted(&out, UNICAST, COUNT_checksum);
}

static void padded(void **state)
{
	struct advert_spec spec = advert_unicast();

	know_peers(*state, 255, 255);
	spec.padding = 14;
	assert_accepted(*state, &spec);
}

int main(void)
{
	const struct CMUnitTest unicast[] = {
		in_world(peers),
		in_world(strangers),
		in_world(ttl),
		in_world(destination),
		in_world(unicast_to_multicast_router),
		in_world(own_packet),
		in_world(earlier_counts),
		in_world(unknown_vrid),
		in_world(pseudo_headers),
		in_world(padded),
	};

	return run_in_world(unicast);
}
