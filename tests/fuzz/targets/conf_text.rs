//! Any bytes as a configuration of two files.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    holdfast_fuzz::config::run_text(input);
});
