#!/bin/sh
# Fails where twice the text is more than about twice the work for the configuration, by shapes of
# texts. Built with counters of its own, with the stable compiler.
set -eu

cd "$(dirname "$0")"
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="-Cprofile-generate -Ccodegen-units=1" \
    cargo build --release --target "$host" --target-dir target/work --bin work
LLVM_PROFILE_FILE=/dev/null exec "target/work/$host/release/work" "$@"
