#!/bin/bash
# Measures holdfast and the distribution's keepalived side by side in one run. Needs root.
# The argument is the number of runs for a median, or `servers`: 10,000 virtual servers, or `checks`:
# 5,000 checks a second.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib.sh

become_root "$@"
install_missing ip=iproute2=iproute keepalived=keepalived=keepalived
install_build_needs
ensure_rust

say "building holdfast (release)"
cargo build --quiet --release --workspace --bins
target/release/holdfast-bench "$@"
