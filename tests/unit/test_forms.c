/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VRRPv2 and IPv6 have one form of checksum each: whatever is configured or was heard,
 * there is nothing to choose, and nothing to ask the peers for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/packet.h"
#include "unit/machine.h"

/* Each advertisement in the one form, and each extends the lease. */
static void assert_never_asks(const struct vr_params *params)
{
	struct machine m = machine_active_of(params);

	for (int i = 0; i < 30; i++) {
		to_deadline(&m);
		const struct vr_action *advert = said(&m, ACT_ADVERT);
		if (!advert)
			continue; /* announcements */
		assert_int_equal(advert->advert.checksum, CHECKSUM_RFC9568);
		assert_int_equal(advert->advert.until_ns, m.now_ns + vr_lease_ns(&m.vr));
	}
}

static void a_60_version_2_asks_nobody_for_another_form(void **state)
{
	struct vr_params p = params(2, 100);

	(void)state;
	assert_never_asks(&p);
}

static void a_61_ipv6_asks_nobody_for_another_form(void **state)
{
	struct vr_params p = params(3, 100);

	(void)state;
	p.family = VRRP_IPV6;
	assert_never_asks(&p);
}

static void a_60_version_2_never_has_a_pseudo_header(void **state)
{
	const struct vrrp_addr vip = addr_from_ipv4(0xc0000201);
	struct advert advert = {.family = VRRP_IPV4,
				.version = 2,
				.vrid = 51,
				.priority = 100,
				.interval_cs = 100,
				.source = addr_from_ipv4(0xc0000202),
				.addresses = &vip,
				.address_count = 1};
	uint8_t plain[20], pseudo[20];

	(void)state;
	assert_int_equal(vrrp_message_encode(&advert, plain, sizeof(plain)), 20);
	advert.checksum = CHECKSUM_PSEUDO;
	assert_int_equal(vrrp_message_encode(&advert, pseudo, sizeof(pseudo)), 20);
	assert_memory_equal(plain, pseudo, sizeof(plain));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_60_version_2_asks_nobody_for_another_form),
		cmocka_unit_test(a_61_ipv6_asks_nobody_for_another_form),
		cmocka_unit_test(a_60_version_2_never_has_a_pseudo_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
