//! Feeds the exec server's signature reader with whatever the fuzzer makes of the seeds.
//!
//! `cargo +nightly fuzz run signature` in `sim/`. The test `exec::signature::tests::mutation` of the crate starts
//! from the same seeds and needs no nightly tool chain.

#![no_main]

use std::io;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use sim::exec::report::Entry;
use sim::exec::signature::{Architecture, Class, Found, Os, Question, Surroundings, identify_bytes};

/// Every dynamic linker and interpreter is the file itself.
struct Itself<'a>(&'a [u8]);

impl Surroundings for Itself<'_> {
    fn open(&self, _os: Option<Os>, _path: &Path) -> io::Result<Found> {
        Ok(Found { sysroot: "/".into(), source: Box::new(self.0.to_vec()) })
    }

    fn runs(&self, _os: Os, _architecture: Architecture, _class: Class) -> bool {
        true
    }
}

fuzz_target!(|file: &[u8]| {
    let path = Path::new("FILE.COM");
    let surroundings = Itself(file);
    let identity = identify_bytes(file, &Question::new(path, &surroundings).thoroughly());
    let entry = Entry::new(path, identity);
    entry.row();
    serde_json::to_string(&entry).expect("every answer can be written as JSON");
});
