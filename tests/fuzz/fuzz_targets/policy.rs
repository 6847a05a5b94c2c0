//! A file's name in the first line, any text after it, as one of the policy's files: refused with every fault in its place, or compiled, and then its own tests run.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reeve_policy::{ConfigTexts, Policy};

fuzz_target!(|input: &str| {
    let shipped = ConfigTexts::shipped();
    let Some((name, text)) = input.split_once('\n') else {
        return;
    };
    if !shipped.iter().any(|(known, _)| known == name) {
        return;
    }
    match Policy::compile(&shipped.with(name, text)) {
        Ok(policy) => drop(policy.run_tests()),
        Err(errors) => assert!(!errors.is_empty(), "a refusal says why"),
    }
});
