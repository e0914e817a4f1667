# `just` lists these. CI runs `./test`.

# List what there is.
default:
    @just --list

# Start a server on 127.0.0.1:4566.
serve *arguments:
    cargo run --release -- serve {{ arguments }}

# Everything that CI runs.
test:
    ./test

# What a change to the Rust code needs before it is sent: all but the conformance suite.
check:
    ./test --rust

# Format the code.
format:
    cargo fmt --all

# Real SDKs against the newest build: `just conformance --drivers go`.
conformance *arguments:
    cargo build --package tidings
    conformance/run {{ arguments }}

# Functions by AWS's runtimes for Python, Node, Go and Rust, built and hosted.
functions *arguments:
    conformance/functions/run {{ arguments }}

# Kill the server at random moments: `TIDINGS_CRASH_ROUNDS=500 just crash`.
crash:
    cargo test --package tidings --test crash

# The whole broker on one thread, from seeds, with faults and a judge: `just sim --seeds 10000`.
sim *arguments:
    cargo run --release --package tidings-sim -- {{ arguments }}

# Whether the simulator sees: the product broken in forty ways, each of which it has to find.
sim-mutants *arguments:
    cargo run --release --package tidings-sim --features mutants -- mutants {{ arguments }}

# Licences, advisories, duplicates and sources of the dependencies; of programs that only test, advisories.
# Not in CI: it needs the advisory database, and building cargo-deny takes longer than all tests.
deny:
    @command -v cargo-deny >/dev/null || { echo "first: cargo install --locked cargo-deny" >&2; exit 1; }
    cargo deny --locked check
    cargo deny --locked --manifest-path fuzz/Cargo.toml --config deny.toml check advisories sources
    cargo deny --locked --manifest-path conformance/drivers/rust/Cargo.toml --config deny.toml check advisories sources
    cargo deny --locked --manifest-path conformance/functions/rust/Cargo.toml --config deny.toml check advisories sources

# The same advisories, as cargo-audit reads them: every version in every lock file, needed or not.
audit:
    @command -v cargo-audit >/dev/null || { echo "first: cargo install --locked cargo-audit" >&2; exit 1; }
    cargo audit --deny warnings
    cargo audit --deny warnings --file fuzz/Cargo.lock
    cargo audit --deny warnings --file conformance/drivers/rust/Cargo.lock
    cargo audit --deny warnings --file conformance/functions/rust/Cargo.lock

# Tidings beside other servers: `just compare --peers tidings,elasticmq`.
compare *arguments:
    cargo build --release --package tidings --package tidings-bench
    bench/compare {{ arguments }}

# Load over HTTP, beside a server that only answers.
bench *arguments:
    cargo run --release --package tidings-bench -- {{ arguments }}

# Instructions that the hot paths execute, under valgrind: `just instructions --check`.
instructions *arguments:
    cargo build --release --package tidings-bench
    bench/instructions {{ arguments }}

# How long the hot paths take, by Criterion: `just hot-paths decode`.
hot-paths *arguments:
    cargo bench --package tidings-bench -- {{ arguments }}
