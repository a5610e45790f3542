#!/bin/bash
# All tests: format, lints, unit and property tests, and the scenarios with real daemons in network
# namespaces. Needs root. Ends with one line: how many passed, how many failed.
set -uo pipefail
cd "$(dirname "$0")/.."
. tests/lib.sh

# Scenarios that mostly wait run many at a time; those that assert on times below a tenth of a
# second a few; floods take a whole processor each.
PUNCTUAL="crash hostile_packets many_routers reload takeover"
ALONE="floods"
# One boot of the virtual machine, by itself: its scenarios have deadlines of seconds.
VIRTUAL="vm"
MANY=10
FEW=3

# Property tests try the same inputs in each run: only a change of the code makes one fail. A plain
# `cargo test` tries others each time, and PROPTEST_CASES=100000 many of them.
export PROPTEST_RNG_SEED=${PROPTEST_RNG_SEED:-20260101}

become_root "$@"
install_missing ip=iproute2=iproute keepalived=keepalived=keepalived nginx=nginx=nginx \
    rsyslogd=rsyslog=rsyslog python3=python3=python3 killall=psmisc=psmisc ps=procps=procps-ng \
    groff=groff-base=groff-base openssl=openssl=openssl
install_smtp_server
install_build_needs
install_pcre
[ "${!VM_SWITCH:-}" = 1 ] || install_vm_packages
ensure_rust

told=$(mktemp)
trap 'rm -f "$told"' EXIT
failed_steps=()

# Runs one step; its output is shown and kept for the sum at the end.
step() {
    local begun=$SECONDS
    say "$*"
    "$@" 2>&1 | tee -a "$told"
    [ "${PIPESTATUS[0]}" -eq 0 ] || failed_steps+=("$*")
    say "took $((SECONDS - begun)) s"
}

targets() {
    printf -- '--test %s ' "$@"
}

# The test targets that no list names.
others() {
    local path
    for path in tests/tests/*; do
        basename "$path" .rs
    done | grep -vxF "$(printf '%s\n' $PUNCTUAL $ALONE $VIRTUAL)"
}

step cargo fmt --all --check
step cargo clippy --quiet --workspace --all-targets -- -D warnings
step cargo build --quiet --workspace --bins
step cargo test --quiet --workspace --exclude holdfast-tests --no-fail-fast
step cargo clippy --quiet -p holdfast-conf -p holdfast-checker -p holdfast --features pcre \
    --lib --bins -- -D warnings
step cargo test --quiet -p holdfast-conf -p holdfast-checker --features pcre --lib --test pcre
step cargo test --quiet -p holdfast-tests --lib --bins --no-fail-fast
# shellcheck disable=SC2046,SC2086
step cargo test -p holdfast-tests --no-fail-fast $(targets $(others)) -- --test-threads=$MANY
# shellcheck disable=SC2046,SC2086
step cargo test -p holdfast-tests --no-fail-fast $(targets $PUNCTUAL) -- --test-threads=$FEW
# shellcheck disable=SC2046,SC2086
step cargo test -p holdfast-tests --no-fail-fast $(targets $ALONE) -- --test-threads=1
if [ "${!VM_SWITCH:-}" = 1 ]; then
    say "$VM_SWITCH=1: load balancing in the virtual machine is not tested"
else
    step tests/vmlab/vmlab build
    # shellcheck disable=SC2046
    step cargo test -p holdfast-tests --no-fail-fast $(targets $VIRTUAL)
fi

read -r passed failed < <(awk '
    /^test result:/ { passed += $4; failed += $6 }
    END { print passed + 0, failed + 0 }' "$told")
for step in "${failed_steps[@]}"; do
    say "FAILED: $step"
done
printf '%s passed, %s failed\n' "$passed" "$failed"
[ ${#failed_steps[@]} -eq 0 ]
