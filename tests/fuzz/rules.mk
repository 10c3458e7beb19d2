# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fuzz targets: tests/fuzz/fuzz_NAME.c becomes $(BUILD)/fuzz/NAME. All that they link is compiled
# once more below $(BUILD)/fuzz, by clang, with sanitizers and libFuzzer's coverage. Other files of
# tests/fuzz/ are helpers, but for dictionary.c, a program that prints the statements of the
# configuration.

FUZZ := $(BUILD)/fuzz
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_PROGRAMS := $(FUZZ_TARGETS:%=$(FUZZ)/%)

FUZZ_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_CFLAGS := -std=gnu11 -pthread -O1 -g -fno-omit-frame-pointer $(WARNINGS) $(FUZZ_SANITIZE)
FUZZ_COVERAGE := -fsanitize=fuzzer-no-link
# The keyword tables are searched line by line, word by word: following each comparison costs more
# than the parser does, and tells nothing that the dictionary does not say.
$(FUZZ)/user/conf/%.o: private FUZZ_COVERAGE := -fsanitize-coverage=inline-8bit-counters,pc-table

$(FUZZ)/flags: force
	$(call remember,$(CLANG) $(CPPFLAGS_ALL) $(FUZZ_CFLAGS))

# Says what to install before a linker complains about files that nobody knows.
$(FUZZ)/libfuzzer: $(FUZZ)/flags
	@echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | \
		$(CLANG) -fsanitize=fuzzer,address,undefined -x c - -o $@ 2>/dev/null || { \
		echo "fuzz: $(CLANG) has no libFuzzer: install libclang-rt-dev (Debian, Ubuntu) or" \
			"compiler-rt (Fedora); sudo make deps does it" >&2; exit 1; }

$(FUZZ)/%.o: %.c $(FUZZ)/flags $(FUZZ)/libfuzzer
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(CPPFLAGS_ALL) -Itests $(FUZZ_CFLAGS) $(FUZZ_COVERAGE) -MD -MP -c $< -o $@

fuzz_objects = $(patsubst %.c,$(FUZZ)/%.o,$(wildcard $(1)))
FUZZ_SOURCES := $(wildcard user/options.c user/core/*.c user/conf/*.c user/ctl/*.c user/sys/*.c) \
	$(filter-out user/xvrrpctl/main.c,$(wildcard user/xvrrpctl/*.c)) $(wildcard tests/model/*.c) \
	$(filter-out tests/fuzz/fuzz_% tests/fuzz/dictionary.c,$(wildcard tests/fuzz/*.c))
$(call fuzz_objects,user/sys/*.c user/options.c tests/fuzz/*.c): | $(SKELETON)

# One archive of everything: a target links what it uses, and may define functions of its own
# instead of a file's.
$(FUZZ)/libfuzz.a: $(call fuzz_objects,$(FUZZ_SOURCES)) $(SOURCES)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar qcs $@ $(filter %.o,$^)

fuzz_link = $(CLANG) $(FUZZ_SANITIZE) -pthread -Wl,--as-needed -o $@ $(filter %.o %.a,$^) \
	$(call library,$(PACKAGES))

$(FUZZ_PROGRAMS): $(FUZZ)/%: $(FUZZ)/tests/fuzz/fuzz_%.o $(FUZZ)/libfuzz.a
	$(call say,LINK,$@)
	$(Q)$(fuzz_link) -fsanitize=fuzzer

$(FUZZ)/dictionary: $(FUZZ)/tests/fuzz/dictionary.o $(FUZZ)/libfuzz.a
	$(call say,LINK,$@)
	$(Q)$(fuzz_link)

$(FUZZ)/conf.dict: $(FUZZ)/dictionary
	$(Q)$< >$@

.PHONY: fuzz fuzz-build fuzz-smoke
fuzz-build: $(FUZZ_PROGRAMS) $(FUZZ)/conf.dict

# SECONDS or RUNS for each of TARGETS, JOBS at a time; CONF_CORPUS=DIR: more configurations.
fuzz: SECONDS ?= 60
fuzz: fuzz-build ## Fuzz for SECONDS=60 each of TARGETS
	@BUILD=$(BUILD) FUZZ_SECONDS=$(SECONDS) tests/fuzz/run.sh long $(TARGETS)

fuzz-smoke: fuzz-build ## Ring: each fuzz target for a few seconds
	$(call run_ring,fuzz)
