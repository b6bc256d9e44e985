# Thin on purpose: with the set-up done, plain `cargo build`, `cargo test --workspace` and
# `cargo run` do the same, with the same profile and target folder.

CARGO ?= cargo

# Where rustup puts cargo, for a shell that has not heard of it yet.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin

BENCHES = --bench sandbox --bench http --bench polls --bench schedule --bench hub --bench rollout --bench start

.DEFAULT_GOAL := help
.PHONY: help setup build run test lint bench clean

help: ## Say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

setup: ## Get a compiler for the extractors, or say how
	@sh extractors/toolchain/bootstrap.sh

build: setup ## Build the server with its extractors
	$(CARGO) build

run: setup ## Start a demo: key results that follow a simulated Looker, and events that it pushes
	$(CARGO) run -- demo

test: ## Run all tests
	@sh extractors/toolchain/bootstrap.sh test
	$(CARGO) test --workspace

lint: ## Check the format, and what the compiler and clippy say
	@sh extractors/toolchain/bootstrap.sh lint
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

bench: setup ## Measure what there is to measure, with a profile of its own, and end with one table of it
	$(CARGO) bench --no-run $(BENCHES) --bench table
	$(CARGO) bench --bench table -- begin
	$(CARGO) bench --no-fail-fast $(BENCHES); measured=$$?; $(CARGO) bench --bench table && exit $$measured

clean: ## Remove all that was built
	$(CARGO) clean
