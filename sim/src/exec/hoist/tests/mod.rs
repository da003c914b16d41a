//! What can be hoisted, what must not, and what hostile files can do.

mod coverage;
mod mutation;
mod replay;
mod sequences;

use super::function::Function;
use super::{Decision, Plan};

/// Where the code of a test begins.
const START: u64 = 0x40_1000;

/// The plan for a `syscall` at an offset of a function.
fn plan(code: &[u8], site: usize) -> Result<Plan, Decision> {
    Plan::make(&Function::follow(code, START), START + site as u64)
}

/// Bytes written in hexadecimal, with spaces as the writer likes.
fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}
