# Everything a person types. The work is done by scripts/, so that CI does the same.

# Queries are checked against the committed .sqlx, never against a database that DATABASE_URL happens to name.
export SQLX_OFFLINE := true

sei := $(or $(CARGO_TARGET_DIR),target)/release/sei

.PHONY: help
help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: ## Build sei and start it on this repository's history, or on another: make run REPO=/path/or/url
	@scripts/setup run
	cargo build --release --locked -p sei
	@exec $(sei) up $(if $(REPO),--repo '$(REPO)')

.PHONY: setup
setup: ## Install what building and testing need (Debian, Ubuntu), and nothing that is there already
	@scripts/setup test

.PHONY: test
test: ## Run all tests, with a PostgreSQL and a Kafka of their own
	@scripts/test

.PHONY: lint
lint: ## Check format, clippy, documentation, licences, and the saved queries
	@scripts/lint

.PHONY: openapi
openapi: ## Hold the API against its description, with redocly and schemathesis
	cargo build --locked -p sei
	@scripts/openapi

.PHONY: bench
bench: ## Measure speed and memory against their limits
	@scripts/bench

.PHONY: doc
doc: ## Build the documentation of the code
	cargo doc --workspace --no-deps --locked
