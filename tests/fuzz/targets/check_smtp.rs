//! Any bytes as what a mail server says to a check.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    holdfast_fuzz::check::run_smtp(input);
});
