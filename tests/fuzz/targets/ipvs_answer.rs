//! Any bytes as an answer of the kernel's load balancer.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    holdfast_fuzz::ipvs::run(input);
});
