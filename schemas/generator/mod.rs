//! From the committed schema requests to Rust: messages by the Cap'n Proto generator, and from the annotations the
//! operation table, the server traits with their dispatch, and the trace formatters.

mod declaration;
mod operation;
mod server;
mod trace;

use std::{error::Error, fs, path::Path};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Writes one `…_capnp.rs` for each schema of the request below `out`.
pub fn messages(request: &[u8], out: &Path) -> Outcome<()> {
    capnpc::codegen::CodeGenerationCommand::new()
        .output_directory(out)
        .default_parent_module(vec!["generated".into()])
        .run(request)?;
    Ok(())
}

/// Writes `operation.rs`, `server.rs` and `trace.rs` from the operations that the request declares.
pub fn operations(request: &[u8], out: &Path) -> Outcome<()> {
    let model = declaration::read(request)?;
    fs::write(out.join("operation.rs"), operation::generate(&model)?)?;
    fs::write(out.join("server.rs"), server::generate(&model)?)?;
    fs::write(out.join("trace.rs"), trace::generate(&model)?)?;
    Ok(())
}
