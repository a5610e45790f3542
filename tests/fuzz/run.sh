#!/bin/sh
# Fuzzes TARGET (vrrp_packet, ipc_message, check_http, check_dns, check_smtp, ipvs_answer,
# conf_text, conf_words) for SECONDS with the
# stable compiler; more arguments go to libFuzzer. What it found lies in artifacts/TARGET, and is run again with: run.sh TARGET 0 FILE
set -eu

if [ $# -lt 2 ]; then
    echo "usage: $0 TARGET SECONDS [libFuzzer options]" >&2
    exit 2
fi
target=$1
seconds=$2
shift 2
cd "$(dirname "$0")"
host=$(rustc -vV | sed -n 's/^host: //p')

mkdir -p "corpus/$target" "artifacts/$target"
cargo run --quiet --release --bin seeds -- "$target" "corpus/$target"

# Coverage by LLVM's pass, without a sanitizer: those need the nightly compiler. With --target the
# flags hold for the targets alone and not for build scripts.
flags="--cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module"
for option in level=4 inline-8bit-counters pc-table trace-compares; do
    flags="$flags -Cllvm-args=-sanitizer-coverage-$option"
done
RUSTFLAGS="$flags" cargo build --release --target "$host" --bin "$target"

# No input of a configuration takes long: that is the bound of its work.
case $target in
conf_*) limits="-max_len=8192 -timeout=10 -rss_limit_mb=1024" ;;
*) limits=-max_len=2048 ;;
esac
# shellcheck disable=SC2086 # words of their own
[ "$seconds" -eq 0 ] || set -- "-max_total_time=$seconds" $limits "$@" "corpus/$target"
exec "target/$host/release/$target" "-artifact_prefix=artifacts/$target/" "$@"
