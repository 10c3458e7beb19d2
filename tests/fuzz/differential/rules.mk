# SPDX-License-Identifier: GPL-2.0-or-later
#
# The differential fuzzer: the BPF programs once more with a clock that it holds, its parts as a
# library (also for the bpf ring's smoke run), and the program.

HELD_OBJECT := $(BUILD)/bpf/xvrrp_held.bpf.o
HELD_SKELETON := $(BUILD)/bpf/xvrrp_held.skel.h
DIFFERENTIAL := tests/fuzz/differential
DIFFERENTIAL_OBJECTS := $(call objects,$(DIFFERENTIAL)/*.c)
DIFFERENTIAL_MAIN := $(BUILD)/$(DIFFERENTIAL)/main.o

$(HELD_OBJECT): bpf/xvrrp.bpf.c $(BPF_FLAGS)
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -include $(DIFFERENTIAL)/held_clock.h -MD -MP -c $< -o $@

$(HELD_SKELETON): $(HELD_OBJECT)
	$(call say,SKELETON,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name xvrrp_held_bpf >$@

$(DIFFERENTIAL_OBJECTS): private CPPFLAGS_ALL += -Itests
$(DIFFERENTIAL_OBJECTS): | $(SKELETON) $(HELD_SKELETON)

$(BUILD)/libdifferential.a: $(filter-out $(DIFFERENTIAL_MAIN),$(DIFFERENTIAL_OBJECTS)) $(SOURCES)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

$(BUILD)/differential: $(DIFFERENTIAL_MAIN) $(BUILD)/tests/bpf/frames.o \
		$(call archives,differential model core) $(SOURCES)
	$(call say,LINK,$@)
	$(Q)$(link) $(call library,libbpf)

tests: $(BUILD)/differential
