# httponly: `make` lists the targets. Each sets up what it needs, below .tools and node_modules, and is quick the
# second time.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The versions of all tools: crates in Cargo.toml and Cargo.lock, npm packages in package.json and package-lock.json,
# and here what neither of the two can install. The wasm-bindgen command must equal the crate.
WASM_BINDGEN := $(shell sed -n 's/^wasm-bindgen = .*version = "=\([0-9.]*\)".*/\1/p' Cargo.toml)
WASM_PACK := 0.15.1
NODE_MIN := 20.19.0

export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export NEXT_TELEMETRY_DISABLED := 1
# Property tests try the same texts in every `make test`, so that a build fails by its own change only. Without a seed,
# as by `PROPTEST_CASES=1000000 cargo test --release --features server`, they look for new ones.
export PROPTEST_RNG_SEED ?= 1
# No step asks anything, with a terminal or without one: what may ask has its answer here, and recipes that run others'
# programs close their standard input. The tools do the same for what they start (tools/unattended.mjs).
export npm_config_yes := true
export VITEST_SKIP_INSTALL_CHECKS := 1
export GIT_TERMINAL_PROMPT := 0
export npm_config_fund := false
export npm_config_audit := false
export npm_config_update_notifier := false

BINDGEN_STAMP := .tools/wasm-bindgen-$(WASM_BINDGEN)
PACK_STAMP := .tools/wasm-pack-$(WASM_PACK)
NPM_STAMP := node_modules/.stamp

.PHONY: help
help: ## List the targets
	@echo "httponly: cookies and sign-in for web apps whose tokens never reach JavaScript"
	echo
	sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

# --- what the targets need ---------------------------------------------------------------------------------------

.PHONY: node
node:
	@command -v node >/dev/null || { echo "Node is missing: install Node $(NODE_MIN) or later from https://nodejs.org" >&2; exit 1; }
	node -e 'const [a, b] = ["$(NODE_MIN)", process.versions.node].map((v) => v.split(".").map(Number));
	  if (b[0] < a[0] || (b[0] === a[0] && b[1] < a[1])) {
	    console.error(`Node $${process.versions.node} is too old: $(NODE_MIN) or later is needed`); process.exit(1); }'

.PHONY: rust
rust:
	@exec </dev/null
	command -v cargo >/dev/null || { echo "Rust is missing: install it with rustup from https://rustup.rs" >&2; exit 1; }
	[ -d "$$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ] || { echo "setup: Rust target wasm32-unknown-unknown"; rustup target add wasm32-unknown-unknown; }

# Debug builds of the two commands: they are fast enough, and take a quarter of the time to build.
$(BINDGEN_STAMP): | rust
	@exec </dev/null
	echo "setup: wasm-bindgen $(WASM_BINDGEN) (a minute or two)"
	cargo install wasm-bindgen-cli --version $(WASM_BINDGEN) --debug --root .tools --quiet
	touch $@

$(PACK_STAMP): | rust
	@exec </dev/null
	echo "setup: wasm-pack $(WASM_PACK) (a minute or two)"
	cargo install wasm-pack --version $(WASM_PACK) --locked --debug --root .tools --quiet
	touch $@

# The examples depend on the package in pkg/, so that must have a manifest before npm links it. Not `npm ci`: it refuses
# a lock file that was written where a registry lacked another system's optional binaries.
$(NPM_STAMP): package.json package-lock.json $(wildcard examples/*/package.json) pkg-template/package.json | node
	@exec </dev/null
	echo "setup: npm packages"
	mkdir -p pkg && cp pkg-template/package.json pkg/
	npm install --no-save --no-progress --loglevel=error
	touch $@

.PHONY: chromium
chromium: node
	@node tools/chromium.mjs

.PHONY: firefox
firefox: node
	@node tools/firefox.mjs

.PHONY: redis
redis: node
	@node tools/redis.mjs

.PHONY: tools
tools: node rust $(BINDGEN_STAMP) $(PACK_STAMP) $(NPM_STAMP)

# --- targets -----------------------------------------------------------------------------------------------------

.PHONY: build
build: tools ## Build the npm package into pkg/
	@node tools/build.mjs

.PHONY: demo
demo: build ## Serve the SvelteKit example with its API, and say what to try
	@node tools/demo.mjs

.PHONY: demo-next
demo-next: build ## Serve the Next.js example with its API, and say what to try
	@node tools/demo.mjs nextjs

.PHONY: demo-edge
demo-edge: build ## Serve the SvelteKit example as a Cloudflare Worker, in workerd
	@node tools/demo-edge.mjs

.PHONY: test
test: build chromium firefox redis ## Run every test: Rust, wasm in headless Chromium, TypeScript, the package, end to end
	@exec </dev/null
	echo "test: Rust"
	cargo test --quiet --features server
	echo "test: wasm in headless Chromium"
	wasm-pack test --headless --chrome --mode no-install . --lib --features account
	echo "test: TypeScript"
	vitest run
	echo "test: both engines, given the same calls; the rules of cookies as JavaScript"
	vitest run -c tests/twins/vitest.config.ts
	ENGINE=twin vitest run tests/js/server-cookies.test.ts tests/js/wrong-types.test.ts tests/js/vectors-proxy.test.ts
	echo "test: workerd, SvelteKit on Cloudflare, strict policies, Parcel, jsdom, happy-dom"
	vitest run -c tests/environments/vitest.config.ts
	echo "test: attacks on both frameworks and a plain server, in Chromium and Firefox"
	vitest run -c tests/attack/vitest.config.ts
	echo "test: the security checklist, an outage, rate limits"
	vitest run -c tests/checklist/vitest.config.ts
	echo "test: own sign-in in headless Chromium"
	vitest run -c tests/own/vitest.config.ts
	echo "test: the page's account functions in headless Chromium"
	vitest run -c tests/page/vitest.config.ts
	echo "test: the package"
	node tools/check-package.mjs
	echo "test: what a release needs"
	node tools/release.mjs check
	echo "test: the guides, followed from an empty folder"
	node tools/check-guide.mjs
	echo "test: the budgets of size and memory"
	node bench/run.mjs --check --only weight
	echo "test: end to end, SvelteKit"
	playwright test
	echo "test: end to end, Next.js"
	playwright test -c tests/e2e-next/playwright.config.ts

.PHONY: test-matrix
test-matrix: build chromium firefox ## Try the package in every runtime, framework and bundler; writes docs/environments.md
	@exec </dev/null
	echo "test: TypeScript, with the rules as JavaScript"
	ENGINE=twin vitest run
	vitest run -c tests/environments/vitest.config.ts
	node tests/environments/matrix.mjs

.PHONY: test-instances
test-instances: build redis ## Test three processes on one Redis at length: 200 rounds of endings, outages
	@exec </dev/null
	HTTPONLY_ROUNDS=200 HTTPONLY_OUTAGE=8 vitest run tests/js/store/instances.test.ts tests/js/store/outage.test.ts

.PHONY: lint
lint: build msrv ## Check formatting, lints, types and the oldest Rust
	@exec </dev/null
	echo "lint: rustfmt, clippy"
	cargo fmt --check
	cargo clippy --quiet --all-targets --features server -- -D warnings
	for module in read write account server; do
	  cargo clippy --quiet --lib --target wasm32-unknown-unknown --no-default-features --features $$module -- -D warnings
	done
	echo "lint: biome, tsc"
	biome check --error-on-warnings .
	tsc -p tsconfig.json
	echo "lint: the layers"
	node tools/check-layers.mjs

# The oldest Rust that the crate takes: `rust-version` in Cargo.toml.
MSRV := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
MSRV_STAMP := target/msrv/.$(MSRV)

.PHONY: msrv
msrv: $(MSRV_STAMP) ## Check that the crate builds with the oldest Rust that it declares

$(MSRV_STAMP): Cargo.toml Cargo.lock $(shell find src -name '*.rs') | rust
	@if ! command -v rustup >/dev/null; then
	  echo "skipped: rustup, which can install Rust $(MSRV), is missing"
	elif ! rustup run $(MSRV) cargo --version >/dev/null 2>&1 && ! rustup toolchain install $(MSRV) --profile minimal >/dev/null 2>&1; then
	  echo "skipped: Rust $(MSRV) cannot be installed here"
	else
	  echo "lint: Rust $(MSRV)"
	  CARGO_TARGET_DIR=target/msrv rustup run $(MSRV) cargo check --quiet --features server
	fi
	mkdir -p $(@D) && touch $@

.PHONY: bench
bench: build chromium ## Measure size and speed beside the peers, in one run
	@node bench/run.mjs

FUZZ_STAMP := .tools/bin/cargo-fuzz
SECONDS_EACH ?= 60

$(FUZZ_STAMP): | rust
	@echo "setup: cargo-fuzz (a minute or two)"
	cargo install cargo-fuzz --locked --debug --root .tools --quiet

.PHONY: fuzz
fuzz: tools $(FUZZ_STAMP) ## Look for input that no test has tried, SECONDS_EACH=60 for each of the targets
	@[ -d fuzz/corpus ] || node fuzz/seeds.mjs
	for target in $$(cargo fuzz list); do
	  echo "fuzz: $$target"
	  cargo fuzz run -s none $$target -- -max_total_time=$(SECONDS_EACH) -verbosity=0
	done

.PHONY: release
release: build ## Check what a release needs; VERSION=0.2.0 commits and tags that version
	@node tools/release.mjs $(if $(VERSION),prepare $(VERSION),check)

.PHONY: docs
docs: build ## Write the reference into docs/api (TypeScript) and target/doc (Rust)
	@cargo doc --no-deps --quiet
	typedoc

.PHONY: clean
clean: ## Remove what was built; tools and npm packages stay
	@rm -rf pkg js/wasm/gen target docs/api test-results examples/*/build examples/*/.svelte-kit examples/*/.next \
	  tests/{attack,checklist}/*/{build*,.svelte-kit*,.next} tests/page/build bench/proxy/next/.next
