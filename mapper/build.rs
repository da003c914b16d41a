//! Builds the stub that the mapper carries inside itself.
//!
//! The stub is a freestanding static program, so it is compiled by a cargo of its own: its profile, its link
//! arguments and its features differ from everything else in the workspace. The path of the finished image
//! reaches the code as `STUB_IMAGE`, for `include_bytes!`.
//!
//! `MAPPER_STUB=FILE` takes a ready image instead, for packagers who build the two halves apart.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Without start files and libraries, linked to nothing, and for an address that relative code alone can be linked for:
/// the second page of `schemas::transport::STUB_IMAGE`.
const STUB_FLAGS: &[&str] = &[
    "-Crelocation-model=pie",
    "-Ctarget-feature=+crt-static",
    "-Clink-arg=-nostartfiles",
    "-Clink-arg=-nostdlib",
    "-Clink-arg=-static",
    "-Clink-arg=-no-pie",
    "-Clink-arg=-Wl,--image-base=0x7e9000001000",
    "-Clink-arg=-Wl,--no-dynamic-linker",
    "-Clink-arg=-Wl,-z,noexecstack",
    // No page between two segments stays unmapped, where the host could put a mapping of the guest's: the stub's image
    // is one range, all of which is taken for its own.
    "-Clink-arg=-Wl,-z,separate-loadable-segments",
    "-Cforce-frame-pointers=no",
];

/// What the stub's release profile adds to the workspace's.
const STUB_PROFILE: &[&str] = &[
    "profile.release.opt-level=3",
    "profile.release.panic=\"abort\"",
    "profile.release.lto=\"fat\"",
    "profile.release.codegen-units=1",
    "profile.release.debug=false",
    "profile.release.strip=\"symbols\"",
];

fn main() {
    // The program starts for each guest, and nearly all that would be relocated then is constant.
    println!("cargo::rustc-link-arg-bins=-no-pie");
    // What unwinds comes from the compiler's archive rather than from a library to be loaded (`-static-libgcc` of gcc(1)).
    println!("cargo::rustc-link-lib=dylib:+verbatim=libgcc_eh.a");
    println!("cargo::rerun-if-env-changed=MAPPER_STUB");
    if let Some(image) = env::var_os("MAPPER_STUB") {
        let image = PathBuf::from(image);
        if !image.is_file() {
            fail(&format!("MAPPER_STUB names {}, which is not a file", image.display()));
        }
        println!("cargo::rerun-if-changed={}", image.display());
        return publish(&image);
    }
    let workspace = workspace();
    for watched in ["stub-runtime/src", "stub-runtime/Cargo.toml", "schemas", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", workspace.join(watched).display());
    }
    publish(&build_stub(&workspace));
}

/// The folder above this crate.
fn workspace() -> PathBuf {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the crate's folder"));
    here.parent().expect("the crate lies inside a workspace").to_owned()
}

/// Runs the nested cargo and returns the image it made.
fn build_stub(workspace: &Path) -> PathBuf {
    let target = env::var("TARGET").expect("cargo names the target");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names the output folder")).join("stub");
    let mut cargo = Command::new(env::var_os("CARGO").expect("cargo names itself"));
    cargo.current_dir(workspace).args([
        "build",
        "--locked",
        "--release",
        "-p",
        "stub-runtime",
        "--bin",
        "stub",
    ]);
    cargo.args(["--no-default-features", "--features", "freestanding"]);
    // Naming the target keeps the flags below away from build scripts and macros, which need a C library.
    cargo.arg("--target").arg(&target).arg("--target-dir").arg(&out);
    for setting in STUB_PROFILE {
        cargo.arg("--config").arg(setting);
    }
    // The outer cargo's flags, wrappers (clippy's among them) and facts about this crate are not the stub's.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(belongs_to_outer_build) {
            cargo.env_remove(name);
        }
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", STUB_FLAGS.join("\u{1f}"));
    let status =
        cargo.status().unwrap_or_else(|error| fail(&format!("cannot start cargo for the stub: {error}")));
    if !status.success() {
        fail(&format!(
            "the stub did not build ({status}): its binary `stub` in stub-runtime must compile with \
             `--no-default-features --features freestanding` for {target}; cargo's messages are above"
        ));
    }
    out.join(target).join("release").join("stub")
}

/// Whether a variable was set by the outer build for this build script alone.
fn belongs_to_outer_build(name: &str) -> bool {
    const EXACT: &[&str] = &[
        "RUSTFLAGS",
        "RUSTC",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_LINKER",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "CARGO_MANIFEST_LINKS",
        "TARGET",
        "HOST",
        "PROFILE",
        "OPT_LEVEL",
        "DEBUG",
        "NUM_JOBS",
        "OUT_DIR",
        "CLIPPY_ARGS",
    ];
    const PREFIXES: &[&str] = &["CARGO_CFG_", "CARGO_FEATURE_", "CARGO_PKG_", "CARGO_PROFILE_", "DEP_"];
    EXACT.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn publish(image: &Path) {
    println!("cargo::rustc-env=STUB_IMAGE={}", image.display());
}

fn fail(message: &str) -> ! {
    println!("cargo::error={message}");
    std::process::exit(1)
}
