//! Any bytes as the answer of a web server to a check.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    holdfast_fuzz::check::run_http(input);
});
