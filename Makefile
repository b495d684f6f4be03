# `make` is what CI runs.
#
#   make demo    from nothing to a stored payment, on a local AWS emulator
#   make check   format, lints, files that need each other, and what the documentation says and links to
#   make test    every test
#   make bench   the figures in docs/benchmarks.md
#   make coverage the lines of the handlers that tests run
#   make judge   what prowler says of the systems, and of defects planted in them
#   make torture the counts in docs/reliability.md, in full
#   make fuzz    state and journal under a fuzzer

SHELL := /bin/sh
# One feature set for everything: another would build the AWS SDK a second time.
CARGO_FLAGS := --workspace --locked
# The same feature set for payctl alone: cargo counts the features that tests ask for only where tests,
# benchmarks or examples are built, and there is one example.
PAYCTL_ONLY := --bin payctl --examples
export PAYCTL_TEST_PYTHON ?= $(CURDIR)/target/tools/venv/bin/python
# Most of a test is waiting for an emulator: more at once than there are cores.
export RUST_TEST_THREADS ?= 6
# Our own crates are linted while they are compiled.
LINTED := RUSTC_WORKSPACE_WRAPPER=$(CURDIR)/scripts/linted.sh
# Looked up when it is used: `tools` may have to fetch it first.
POSTGRES = PAYCTL_POSTGRES=$(shell sh scripts/tools.sh --postgres)
# The sandbox of `make` shares the tests' Python environment and keeps apart from the user's.
DEMO_ENV := PAYCTL_SANDBOX_VENV=$(CURDIR)/target/tools/venv

# What each demonstration runs.
HANDLERS_pci-core := payment-processor
HANDLERS_secure-api := payment-api
HANDLERS_cost-optimized := payments-api event-handler
HANDLERS_migration := payment-validation fraud-detection transaction-processing secrets-rotation

.PHONY: all check fmt lint docs circles test unit overlay-test handler-test tools handlers build demo bench coverage torture judge fuzz

all: check test

check: fmt docs circles lint

fmt:
	cargo fmt --all --check
	cd lambda-src && cargo fmt --all --check

lint: build
	cd lambda-src && $(LINTED) cargo build --workspace --locked --all-targets

# Words that docs/glossary.md replaced, links that lead nowhere, and what AWS is believed to do.
docs:
	@python3 scripts/check_docs.py
	@python3 scripts/aws_facts.py

# Files of a crate that need each other.
circles:
	@python3 scripts/circles.py

tools:
	@sh scripts/tools.sh
	@sh scripts/tools.sh --awscli

handlers:
	@sh lambda-src/build.sh

build:
	$(LINTED) cargo build $(CARGO_FLAGS) --all-targets

test: unit handler-test overlay-test

# payctl itself: pure tests, conformance on two emulators, scenarios, end to end.
unit: tools handlers build
	$(LINTED) $(POSTGRES) cargo test $(CARGO_FLAGS)

# The handlers: directly, and their real binary against a Lambda Runtime API.
handler-test: tools handlers
	cd lambda-src && $(LINTED) $(POSTGRES) cargo test --workspace --locked
	cd lambda-src && $(LINTED) $(POSTGRES) \
		PAYCTL_TEST_BOOTSTRAP=$(CURDIR)/lambda-src/target/lambda/payment-processor/bootstrap \
		cargo test --workspace --locked --test all binary

# The sandbox's overlay: each gap it closes has a test that fails without it.
overlay-test: tools
	@$(POSTGRES) sh scripts/overlay-tests.sh

demo: STACK ?= pci-core
demo:
	@test -n "$(HANDLERS_$(STACK))" || { echo "there is no system $(STACK): pci-core, secure-api, cost-optimized, migration"; exit 1; }
	@sh scripts/tools.sh
	@sh lambda-src/build.sh $(HANDLERS_$(STACK))
	$(LINTED) cargo build $(CARGO_FLAGS) $(PAYCTL_ONLY)
	@$(DEMO_ENV) $(POSTGRES) STACK=$(STACK) sh scripts/demo.sh

torture: tools handlers build
	@$(LINTED) sh scripts/torture.sh

judge: tools build
	@$(POSTGRES) sh scripts/judge.sh

# Fails where payments-domain or payments-rules has a line that no test runs.
coverage: tools
	@$(POSTGRES) sh scripts/coverage.sh

fuzz:
	@sh scripts/fuzz.sh

# What users have, in the optimized build: the first takes half an hour on two cores.
bench: tools handlers
	cargo build --release --locked --package payctl --package payctl-tests --bin payctl --bin bench
	@$(LINTED) $(DEMO_ENV) $(POSTGRES) sh scripts/bench.sh
