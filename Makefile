# `make` is what CI runs.
#
#   make demo    from nothing to a stored payment, on a local AWS emulator
#   make test    every test
#   make bench   the figures in docs/benchmarks.md
#   make torture the counts in docs/reliability.md, in full
#   make fuzz    state and journal under a fuzzer

SHELL := /bin/sh
# One feature set for everything: another would build the AWS SDK a second time.
CARGO_FLAGS := --workspace --locked
export PAYCTL_TEST_PYTHON ?= $(CURDIR)/target/tools/venv/bin/python
# Most of a test is waiting for an emulator: more at once than there are cores.
export RUST_TEST_THREADS ?= 6
# Looked up when it is used: `tools` may have to fetch it first.
POSTGRES = PAYCTL_POSTGRES=$(shell sh scripts/tools.sh --postgres)
# The sandbox of `make` shares the tests' Python environment and keeps apart from the user's.
DEMO_ENV := PAYCTL_SANDBOX_VENV=$(CURDIR)/target/tools/venv

.PHONY: all check fmt lint test unit overlay-test handler-test tools handlers build demo bench torture fuzz

all: check test

check: fmt lint

fmt:
	cargo fmt --all --check
	cd lambda-src && cargo fmt --all --check

lint:
	cargo clippy $(CARGO_FLAGS) --all-targets -- -D warnings
	cd lambda-src && cargo clippy --workspace --locked --all-targets -- -D warnings

tools:
	@sh scripts/tools.sh

handlers:
	@sh lambda-src/build.sh

build:
	cargo build $(CARGO_FLAGS) --all-targets

test: unit handler-test overlay-test

# payctl itself: pure tests, conformance on two emulators, scenarios, end to end.
unit: tools handlers build
	$(POSTGRES) cargo test $(CARGO_FLAGS)

# The handlers: directly, and their real binary against a Lambda Runtime API.
handler-test: tools handlers
	cd lambda-src && $(POSTGRES) cargo test --workspace --locked
	cd lambda-src && $(POSTGRES) PAYCTL_TEST_BOOTSTRAP=$(CURDIR)/lambda-src/target/lambda/payment-processor/bootstrap \
		cargo test --workspace --locked --test binary

# The sandbox's overlay: each gap it closes has a test that fails without it.
overlay-test: tools
	@$(POSTGRES) sh scripts/overlay-tests.sh

demo: tools handlers build
	@$(DEMO_ENV) $(POSTGRES) sh scripts/demo.sh

torture: tools handlers build
	@sh scripts/torture.sh

fuzz:
	@sh scripts/fuzz.sh

bench: tools handlers build
	@$(DEMO_ENV) sh scripts/bench.sh
