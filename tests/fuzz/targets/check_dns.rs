//! Any bytes as a datagram of a DNS server to a check.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    holdfast_fuzz::check::run_dns(input);
});
