# SPDX-License-Identifier: GPL-2.0-or-later
"""What two routers of any make go through together: the story that interoperation means."""

import time

from .config import ADDRESSES6, VIP, VRID, Instance, password, unicast
from .scenes import elected, only_speaker
from .wait import wait_until
from .wire import GROUP, GROUP6

SOURCES = {4: {"r1": "192.0.2.11", "r2": "192.0.2.12"}, 6: {"r1": "fe80::11", "r2": "fe80::12"}}


def _one(own, peer, priority, family=4, alone=False, extra=(), **fields):
    """An instance of the router `own`; `alone` is unicast with its peer."""
    addresses = ADDRESSES6 if family == 6 else (f"{VIP}/24",)
    ends = SOURCES[family]
    extra += unicast(ends[own], ends[peer]) if alone else ()
    return Instance(priority, addresses=fields.pop("addresses", addresses), extra=extra, **fields)


V2 = {"version": 2, "advert_int": 1}
FAST = {"advert_int": 0.1}
# Each is one process's instances: slow ones take their time together.
SETTINGS = {
    "v2": (V2, V2 | {"name": "VI_2", "vrid": 52, "addresses": ("192.0.2.2/24",),
                     "extra": password("secret")}),
    "v2-unicast": (V2 | {"alone": True},),
    "v3": (FAST,),
    "v3-unicast": (FAST | {"alone": True},),
    "ipv6": (FAST | {"family": 6},),
    "ipv6-unicast": (FAST | {"family": 6, "alone": True},),
    "both-families": (FAST, FAST | {"family": 6, "name": "VI_2"}),  # with one VRID
}


def instances(setting, own, peer, priority):
    return [_one(own, peer, priority, **fields) for fields in SETTINGS[setting]]


def all_elected(first, second, those):
    for instance in those:
        elected(first, second, instance.name)


def wait_all_active(router, those, what):
    wait_until(lambda: all(router.state(i.name) == "active" for i in those), what)


def of_instance(adverts, instance):
    """Those of one virtual router among advertisements: one VRID may be two of them."""
    return [a for a in adverts
            if a.vrid == instance.vrid and (":" in a.source) == (":" in instance.addresses[0])]


def check_farewell(capture, low, stopping_ns):
    """Priority 0 from r1, and r2 takes over after its skew time, not after a down interval."""
    for instance in low:
        spoke = wait_until(lambda i=instance: of_instance(
            capture.adverts_from("r2", stopping_ns, priority_zero=False), i), "takeover")[0]
        farewell = of_instance(capture.adverts_from("r1", stopping_ns, priority_zero=True),
                               instance)[0]
        silence_ns = spoke.time_ns - farewell.time_ns
        assert silence_ns > 0.9 * instance.skew_ns(), instance.name
        if instance.advert_int >= 1:  # long enough to tell the two on any machine
            assert silence_ns < instance.down_ns() / 2, instance.name


def live(lan, start_high, start_low, high, low):
    """Election, death of the Active, its return, death of the Backup, the Active's stop.

    `start_high` and `start_low` make routers of the instances `high` on r1 and `low` on r2.
    """
    capture = lan.capture()
    first, second = start_high(), start_low()
    all_elected(first, second, low)
    for instance in low:
        if instance.advert_int < 1:
            only_speaker(capture, "r1", instance.advert_int, instance.vrid)
    first.kill()
    wait_all_active(second, low, "failover")
    first = start_high()
    all_elected(first, second, low)  # preemption
    second.kill()
    second = start_low()
    all_elected(first, second, low)
    stopping_ns = time.time_ns()
    first.stop()
    check_farewell(capture, low, stopping_ns)
    wait_all_active(second, low, "after the farewell")
    assert {a.form for a in capture.adverts} <= {"good", "rfc9568", "pseudo"}
    assert {a.ttl for a in capture.adverts if a.destination in (GROUP, GROUP6)} <= {255}
    assert VRID in {a.vrid for a in capture.adverts}
    return capture
