# The commands that people type. scripts/ does the work, so that CI does the same.

# Queries are checked against the committed .sqlx, never against the database of DATABASE_URL.
export SQLX_OFFLINE := true

sei := $(or $(CARGO_TARGET_DIR),target)/release/sei

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: ## Start sei on this repository's history, or on another: make run REPO=/path/or/url. Takes a release of this commit, or builds
	@exec scripts/sei up $(if $(REPO),--repo '$(REPO)')

.PHONY: configure-sources
configure-sources: ## Write sei.toml with what to collect: `sei init`, with options: make configure-sources INIT='--repo URL'
	@exec scripts/sei init $(INIT)

.PHONY: dev
dev: ## Build and start sei, and again after each change of a source; on another repository: make dev REPO=/path/or/url
	@exec scripts/dev $(if $(REPO),--repo '$(REPO)')

.PHONY: install
install: ## Build sei and install it: into /usr/local as root, else into ~/.local, or make install PREFIX=/path
	@scripts/setup run
	@scripts/web build
	cargo build --release --locked -p sei
	@scripts/release --binary $(sei)
	@sh $(dir $(sei))../release-dist/install.sh $(if $(PREFIX),--prefix '$(PREFIX)')

.PHONY: release
release: ## Make what is released, for x86_64 and aarch64: programs, Debian packages, checksums, bill of materials
	@scripts/release

.PHONY: image
image: ## Build the container image with buildah; around a program that is built already: make image BINARY=target/release/sei
	@scripts/image build $(if $(BINARY),--binary '$(BINARY)')

.PHONY: deploy
deploy: ## Install or upgrade the Helm chart on the current cluster: make deploy VALUES=values.yaml
	@scripts/deploy $(VALUES)

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
counterparts: ## Run sei against what others use: Keycloak, oidc-provider, graphql-ws, urql, generated clients, schemathesis, wrk, Lighthouse, Superset, dbt, helm, kube-score, Checkov; or some: make counterparts GROUPS='keycloak urql' LIMIT=600
	@scripts/counterparts $(if $(LIMIT),--limit $(LIMIT)) $(GROUPS)

.PHONY: chaos
chaos: ## Inject faults into all roles on both logs for 20 minutes each: make chaos SEED=7 FAULTS=200 MINUTES=20 LOG=kafka
	@scripts/chaos

.PHONY: screenshots
screenshots: ## Take the images of README and docs from the demo
	@scripts/web build
	cargo build --locked -p sei
	@scripts/screenshots

.PHONY: bench
bench: ## Measure speed and memory against their limits
	@scripts/bench

.PHONY: fuzz
fuzz: ## Fuzz what reads input from outside, ten minutes each; or less, or one of it: make fuzz SECS=60 TARGET=webhooks
	@scripts/fuzz $(if $(SECS),--secs $(SECS)) $(TARGET)

.PHONY: docs
docs: ## Build the documentation site with mdBook, and check its links
	@scripts/docs

.PHONY: audit
audit: ## Look for known vulnerabilities of dependencies, in the RustSec database of GitHub
	@scripts/audit

.PHONY: doc
doc: ## Build the documentation of the code
	cargo doc --workspace --no-deps --locked
