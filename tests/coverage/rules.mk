# SPDX-License-Identifier: GPL-2.0-or-later
#
# Coverage of what is pure by the rings that need no kernel, in objects of its own. Assertions are
# compiled out, because their other way is the one that is never taken. Inline functions are
# compiled in one place each, used or not: a copy in every caller would count their branches anew.

COVERAGE := $(BUILD)/coverage
COVERAGE_CFLAGS := -O0 -g --coverage -DNDEBUG -Wno-unused -Dalways_inline=unused \
	-fkeep-inline-functions
COVERED := 'user/core/*.c' 'user/conf/*.c' include/check.h include/checksum.h include/election.h \
	include/vrrp.h

.PHONY: coverage
coverage: ## Line and branch coverage of core, conf and the shared checks
	@scripts/deps.sh --check test
	@find $(COVERAGE) -name '*.gcda' -delete 2>/dev/null || true
	@SLOWER=4 $(MAKE) --no-print-directory BUILD=$(COVERAGE) SAN= CFLAGS='$(COVERAGE_CFLAGS)' \
		LDFLAGS=--coverage unit conf $(if $(sim_TESTS),sim)
	@$(PYTHON) -B tests/coverage/coverage.py $(COVERAGE) $(COVERED) --at-least 95:user/core
