//! Words of the language in any order, with any of their values.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    holdfast_fuzz::config::run_words(input);
});
