#![no_main]

#[path = "../texts.rs"]
#[allow(dead_code)]
mod texts;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| texts::policy(bytes));
