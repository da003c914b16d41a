//! Feeds the search for instructions that can make way for a jump with whatever the fuzzer makes of program files.
//!
//! `cargo +nightly fuzz run hoist` in `sim/`. The test `exec::hoist::tests::mutation` of the crate needs no nightly tool
//! chain.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sim::exec::hoist::Program;

fuzz_target!(|file: &[u8]| {
    let Ok(program) = Program::read(&file) else { return };
    // Every place that looks like a call, up to some number of them.
    let calls = file.windows(2).enumerate().filter(|(_, bytes)| *bytes == [0x0f, 0x05]);
    for (offset, _) in calls.take(64) {
        let Some(site) = program.address(offset as u64) else { continue };
        if let Ok(plan) = program.plan(&file, site) {
            let code = plan.encode(0, plan.replaced.wrapping_add(0x1000_0000), 512);
            assert!(code.is_err() || code.is_ok_and(|code| code.bytes.len() <= 512));
        }
    }
});
