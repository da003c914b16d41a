//! Generates the Rust of this crate from the committed schema requests, so that no schema compiler is needed to
//! build it. `tests/request.rs` checks that the requests are those of the schemas.

use std::{env, error::Error, fs, path::PathBuf};

#[path = "generator/mod.rs"]
mod generator;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=request");
    println!("cargo::rerun-if-changed=generator");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for name in ["operation", "control", "remote"] {
        let request = fs::read(root.join("request").join(format!("{name}.bin")))?;
        generator::messages(&request, &out)?;
        if name == "operation" {
            generator::operations(&request, &out)?;
        }
    }
    Ok(())
}
