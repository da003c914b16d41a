//! The command `mapper`.

#![no_main]

/// The C library's entry, rather than Rust's: the latter ignores SIGPIPE, and a guest would inherit that.
#[unsafe(no_mangle)]
extern "C" fn main(
    _count: core::ffi::c_int,
    _arguments: *const *const core::ffi::c_char,
) -> core::ffi::c_int {
    mapper::cli::main().into()
}
