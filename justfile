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

# Kill the server at random moments: `TIDINGS_CRASH_ROUNDS=500 just crash`.
crash:
    cargo test --package tidings --test crash

# Licences, advisories, duplicates and sources of the dependencies.
# Not in CI: it needs the advisory database, and building cargo-deny takes longer than all tests.
deny:
    @command -v cargo-deny >/dev/null || { echo "first: cargo install --locked cargo-deny" >&2; exit 1; }
    cargo deny check

# Load over HTTP, beside a server that only answers.
bench *arguments:
    cargo run --release --package tidings-bench -- {{ arguments }}
