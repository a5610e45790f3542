#!/bin/bash
# The demonstration: builds holdfast, lets two web servers share an address in isolated network
# namespaces, and breaks one thing after the other. Needs root; leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib.sh

become_root "$@"
install_missing ip=iproute2=iproute nginx=nginx=nginx
install_build_needs
ensure_rust

say "building holdfast"
cargo build --quiet --workspace --bins
target/debug/holdfast-demo
