#![no_main]

#[path = "../facts.rs"]
#[allow(dead_code, reason = "each target uses its part")]
mod facts;

libfuzzer_sys::fuzz_target!(|content: &[u8]| {
    facts::reply(content);
});
