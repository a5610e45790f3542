#!/bin/bash
# Measures holdfast and the distribution's keepalived side by side in one run. Needs root.
# The argument is the number of runs for a median, or `servers`: 10,000 virtual servers, or `checks`:
# 5,000 checks a second. Where the kernel has no IPVS, keepalived gets a stand-in (stand_in/ipvs.c).
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib.sh

become_root "$@"
install_missing ip=iproute2=iproute keepalived=keepalived=keepalived
install_build_needs
ensure_rust

say "building holdfast (release)"
cargo build --quiet --release --workspace --bins
cc -O2 -shared -fPIC -o target/release/ipvs_stand_in.so tests/stand_in/ipvs.c
HOLDFAST_TESTS_IPVS_STAND_IN="$PWD/target/release/ipvs_stand_in.so" target/release/holdfast-bench "$@"
