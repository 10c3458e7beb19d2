# SPDX-License-Identifier: GPL-2.0-or-later
#
# The simulator as a program, beside the tests of its ring: `make sim` runs the ring, and then as
# many seeds or minutes as it is told, each a scenario made up by chance.

SIM := $(BUILD)/tests/sim/xvrrp-sim
SIM_FIRST ?= 1
sim_options := $(SEEDS:%=--seeds %) $(MINUTES:%=--minutes %) --first $(SIM_FIRST)

$(SIM): $(BUILD)/tests/sim/sim.o $(sim_HELPERS) $(call archives,$(sim_LIBRARIES)) $(SOURCES)
	$(call say,LINK,$@)
	$(Q)$(link)

sim: $(sim_TESTS) $(SIM) ## Ring: simulator; SEEDS=N or MINUTES=N: so many seeds instead
	$(if $(SEEDS)$(MINUTES),$(Q)$(SIM) $(strip $(sim_options)),$(call run_ring,$@))
