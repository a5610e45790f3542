//! Any packet against any expectation.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    holdfast_fuzz::packet::run(input);
});
