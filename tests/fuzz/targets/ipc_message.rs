//! Any bytes as a message of one of the four directions.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    holdfast_fuzz::message::run(input);
});
