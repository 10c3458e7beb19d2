# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds xvrrpd into $(BUILD). Each folder of user/ is a static library, each tests/<ring>/test_*.c
# a program; sources are found by wildcard, so that a new file needs no line here. Objects depend on
# every header they read, system headers and the BPF skeleton included, and on the flags in use.
# Variables to set: BUILD, CC, CLANG, CFLAGS, LDFLAGS, V=1 (show the commands), SAN=1 (user space
# with sanitizers for addresses and undefined behaviour, into build/san; SAN=thread: for data races,
# into build/tsan); for install: DESTDIR, PREFIX.

VERSION := 0.1.0

BUILD ?= build$(if $(SAN),/$(if $(filter thread,$(SAN)),tsan,san))
PREFIX ?= /usr/local
CLANG ?= clang
PKG_CONFIG ?= pkg-config
PYTHON ?= /usr/bin/python3
# bpftool lives outside the PATH of ordinary users.
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
ifeq ($(origin CC),default)
CC := gcc
endif

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
Q := $(if $(V),,@)
say = @printf '  %-8s %s\n' $(1) $(2)

.PHONY: all
all: ## Build everything into build/ (the default)

# ---- Flags ---------------------------------------------------------------------------------------

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Werror
HARDENING := -fPIE -fstack-protector-strong -fstack-clash-protection
ifeq ($(SAN),thread) # of fences it knows nothing, and gcc says so
SANITIZE := -fsanitize=thread $(if $(filter gcc%,$(CC)),-Wno-tsan)
else ifneq ($(SAN),) # shared libraries of gcc's would not agree upon where reports go
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all \
	$(if $(filter gcc%,$(CC)),-static-libasan -static-libubsan)
else
FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
PACKAGES := libbpf libmnl libsystemd jansson
CPPFLAGS_ALL := -D_GNU_SOURCE -DXVRRPD_VERSION='"$(VERSION)"' -Iinclude -Iuser \
	-isystem $(BUILD)/bpf $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null) $(CPPFLAGS)
CFLAGS_ALL := -std=gnu11 -pthread $(CFLAGS) $(WARNINGS) $(HARDENING) $(SANITIZE)
LDFLAGS_ALL := -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(SANITIZE) $(LDFLAGS)
library = $(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null)

# UAPI headers include <asm/types.h>, which Debian keeps in a folder per architecture.
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
BPF_WARNINGS := -Wall -Wextra -Werror
# Where the stack has held a pointer, the verifier takes no number from who lacks CAP_PERFMON.
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -mllvm -no-stack-slot-sharing $(BPF_WARNINGS) \
	-Iinclude -Ibpf -idirafter /usr/include/$(MULTIARCH)

# A changed compiler or flag rebuilds; an added or removed source relinks.
USER_FLAGS := $(BUILD)/flags.user
BPF_FLAGS := $(BUILD)/flags.bpf
SOURCES := $(BUILD)/sources
remember = @mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || \
	printf '%s\n' '$(subst ','\'',$(1))' >$@
.PHONY: force
$(USER_FLAGS): force
	@test -e $@ || scripts/deps.sh --check build
	$(call remember,$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(FORTIFY) $(LDFLAGS_ALL))
$(BPF_FLAGS): force
	@test -e $@ || scripts/deps.sh --check build
	$(call remember,$(CLANG) $(BPF_CFLAGS))
$(SOURCES): force
	$(call remember,$(sort $(wildcard user/*.c user/*/*.c tests/*/*.c)))

# ---- BPF -----------------------------------------------------------------------------------------

BPF_OBJECT := $(BUILD)/bpf/xvrrp.bpf.o
SKELETON := $(BUILD)/bpf/xvrrp.skel.h

$(BPF_OBJECT): bpf/xvrrp.bpf.c $(BPF_FLAGS)
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MD -MP -c $< -o $@

$(SKELETON): $(BPF_OBJECT)
	$(call say,SKELETON,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name xvrrp_bpf >$@

# ---- User space ----------------------------------------------------------------------------------

objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(1)))
LIBRARIES := core conf sys ctl
archives = $(patsubst %,$(BUILD)/lib%.a,$(1))

$(BUILD)/%.o: %.c $(USER_FLAGS)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(FORTIFY) -MD -MP -c $< -o $@

# The core needs nothing of libc but four mem functions, so no checked variants of them either.
$(BUILD)/user/core/%.o: private FORTIFY :=
# Generated, so it must be there before what may include it is compiled the first time.
$(call objects,user/sys/*.c tests/bpf/*.c): | $(SKELETON)

define library_rule
$(BUILD)/lib$(1).a: $(call objects,$(2)/*.c) $(SOURCES)
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && ar rcs $$@ $$(filter %.o,$$^)
endef
$(foreach l,$(LIBRARIES),$(eval $(call library_rule,$(l),user/$(l))))
# The data plane in user space, for tests.
$(eval $(call library_rule,model,tests/model))
$(call objects,tests/model/*.c): private CPPFLAGS_ALL += -Itests

link = $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(filter %.a,$^)

$(BUILD)/xvrrpd: $(call objects,user/*.c) $(call archives,conf ctl sys core) $(SOURCES)
	$(call say,LINK,$@)
	$(Q)$(link) $(call library,$(PACKAGES))

$(BUILD)/xvrrpctl: $(call objects,user/xvrrpctl/*.c) $(SOURCES)
	$(call say,LINK,$@)
	$(Q)$(link) $(call library,jansson)

PROGRAMS := $(BUILD)/xvrrpd $(BUILD)/xvrrpctl
all: $(PROGRAMS)

# ---- Tests ---------------------------------------------------------------------------------------
# A ring of C tests: a folder below tests/, our libraries it may link, and packages. Files of the
# folder not named test_*.c, nor like the ring, are helpers of every program in it.

C_RINGS := unit conf sim bpf sys
unit_LIBRARIES := ctl core
unit_PACKAGES := jansson
conf_LIBRARIES := conf core
sim_LIBRARIES := model core
bpf_LIBRARIES := differential model core
bpf_PACKAGES := libbpf
sys_LIBRARIES := sys core
sys_PACKAGES := $(PACKAGES)

define ring_rule
$(1)_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/$(1)/test_*.c))
$(1)_HELPERS := $(call objects,$(filter-out tests/$(1)/test_% tests/$(1)/$(1).c,\
	$(wildcard tests/$(1)/*.c)))
$(call objects,tests/$(1)/*.c): private CPPFLAGS_ALL += -Itests
$(patsubst %.c,$(BUILD)/%,$(wildcard tests/$(1)/test_*.c)): %: %.o \
		$$($(1)_HELPERS) $(call archives,$($(1)_LIBRARIES)) $(SOURCES)
	$$(call say,LINK,$$@)
	$$(Q)$$(link) $$(call library,cmocka $($(1)_PACKAGES))
endef
$(foreach r,$(C_RINGS),$(eval $(call ring_rule,$(r))))

include tests/fuzz/differential/rules.mk
include tests/sim/rules.mk
include tests/fuzz/rules.mk

.PHONY: tests unit conf sim bpf netns test
tests: $(foreach r,$(C_RINGS),$($(r)_TESTS)) ## Build the test programs, run nothing

need_root = @test "$$(id -u)" -eq 0 || { echo "$@ needs root: sudo make $@" >&2; exit 1; }
run_ring = @BUILD=$(BUILD) PYTHON=$(PYTHON) tests/run.sh $(1)
unit: $(unit_TESTS) ## Ring: state machine, packets, control, without a kernel
	$(call run_ring,$@)
conf: $(conf_TESTS) ## Ring: configuration, golden input and output
	$(call run_ring,$@)
bpf: $(bpf_TESTS) ## Ring: the BPF programs under BPF_PROG_RUN (root)
	$(call run_ring,$@)
netns: all $(sys_TESTS) ## Ring: real daemons in network namespaces (root)
	$(call run_ring,$@)

test: ## Install what is missing, build, run all rings (root)
	$(need_root)
	@scripts/deps.sh build test
	@$(MAKE) --no-print-directory all tests
	$(if $(SAN),,@$(MAKE) --no-print-directory $(PARALLEL) fuzz-build)
	$(call run_ring,unit conf $(if $(sim_TESTS),sim) $(if $(SAN),,fuzz) bpf netns)
PARALLEL = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

MEMCHECK := valgrind -q --error-exitcode=99 --leak-check=full \
	--errors-for-leak-kinds=definite,possible
.PHONY: valgrind
valgrind: $(unit_TESTS) $(conf_TESTS) ## Rings unit and conf under valgrind
	@scripts/deps.sh --check test
	@BUILD=$(BUILD) LOGS=$(BUILD)/valgrind-logs RUN_UNDER="$(MEMCHECK)" SLOWER=30 \
		tests/run.sh unit conf

include tests/coverage/rules.mk
include tests/mutation/rules.mk

# ---- Everything else -----------------------------------------------------------------------------

.PHONY: deps lint demo vmtest install uninstall clean help
deps: ## Install the packages that building, testing and VM runs need (root)
	@scripts/deps.sh build test vm

lint: $(BUILD)/libcore.a ## Check style, sizes, include direction, purity of the core
	@scripts/deps.sh --check test
	@$(PYTHON) -B tests/lint/selftest.py
	@$(PYTHON) -B tests/lint/lint.py $<
	@$(PYTHON) -B tests/mutation/mutate.py --check

demo: ## Show a failover in network namespaces (root)
	$(need_root)
	@scripts/deps.sh build test
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) $(PYTHON) tests/netns/demo.py

vmtest: ## Run on Debian's 6.1 and 6.12 kernels under QEMU (root)
	@scripts/deps.sh build test vm
	@$(MAKE) --no-print-directory all tests
	@BUILD=$(BUILD) vmtest/run.sh

# Not part of PREFIX: /etc/xvrrpd, which is where xvrrpd looks and which install leaves alone.
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/xvrrpd
UNITDIR ?= $(PREFIX)/lib/systemd/system
MANUALS := $(notdir $(wildcard docs/man/*.[58]))
manual_path = $(DESTDIR)$(MANDIR)/man$(patsubst .%,%,$(suffix $(1)))/$(1)

install: all ## Install below PREFIX (/usr/local), itself below DESTDIR
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(UNITDIR) $(DESTDIR)$(DOCDIR)/examples
	install $(PROGRAMS) $(DESTDIR)$(SBINDIR)
	sed 's|@SBINDIR@|$(SBINDIR)|' dist/xvrrpd.service.in | \
		install -m 644 /dev/stdin $(DESTDIR)$(UNITDIR)/xvrrpd.service
	$(foreach m,$(MANUALS),sed 's|/usr/local/share/doc/xvrrpd|$(DOCDIR)|' docs/man/$(m) | \
		install -D -m 644 /dev/stdin $(call manual_path,$(m)) &&) true
	install -m 644 $(wildcard docs/examples/*.conf) $(DESTDIR)$(DOCDIR)/examples

uninstall: ## Remove what install put there
	rm -f $(addprefix $(DESTDIR)$(SBINDIR)/,xvrrpd xvrrpctl) $(DESTDIR)$(UNITDIR)/xvrrpd.service
	rm -f $(foreach m,$(MANUALS),$(call manual_path,$(m)))
	rm -rf $(DESTDIR)$(DOCDIR)

clean: ## Remove build/
	rm -rf $(BUILD)

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
