# SPDX-License-Identifier: GPL-2.0-or-later
#
# RINGS=sim: what does this ring notice alone? FAULTS="skew-* lease-too-long": these only.

RINGS ?= unit sim bpf
JOBS ?= $(shell nproc)

.PHONY: mutation
mutation: ## Would the tests notice? Try the faults of a list (root)
	$(need_root)
	@scripts/deps.sh --check test
	@$(PYTHON) -B tests/mutation/mutate.py --rings "$(RINGS)" --jobs $(JOBS) $(BUILD) $(FAULTS)
