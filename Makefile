# The commands that people type. scripts/ does the work, so that CI does the same.

# Queries are checked against the committed .sqlx, never against the database of DATABASE_URL.
export SQLX_OFFLINE := true

sei := $(or $(CARGO_TARGET_DIR),target)/release/sei

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: ## Build sei and start it on this repository's history, or on another: make run REPO=/path/or/url
	@scripts/setup run
	@scripts/web build
	cargo build --release --locked -p sei
	@exec $(sei) up $(if $(REPO),--repo '$(REPO)')

.PHONY: setup
setup: ## Install what is missing to build and test (Debian, Ubuntu)
	@scripts/setup test

.PHONY: web
web: ## Build the web application, which the next build of sei takes into the binary
	@scripts/web build

.PHONY: test
test: ## Run all tests, with their own PostgreSQL and Kafka
	@scripts/test

.PHONY: lint
lint: ## Check format, clippy, documentation, licenses, and the saved queries
	@scripts/lint

.PHONY: openapi
openapi: ## Check the API against its OpenAPI document, with redocly and schemathesis
	cargo build --locked -p sei
	@scripts/openapi

.PHONY: counterparts
counterparts: ## Run sei against what others use: Keycloak, oidc-provider, graphql-ws, urql, generated clients, schemathesis, wrk, Lighthouse, Superset, dbt
	@scripts/counterparts

.PHONY: screenshots
screenshots: ## Take the images of README and docs from the demo
	@scripts/web build
	cargo build --locked -p sei
	@scripts/screenshots

.PHONY: bench
bench: ## Measure speed and memory against their limits
	@scripts/bench

.PHONY: doc
doc: ## Build the documentation of the code
	cargo doc --workspace --no-deps --locked
