//! What `mapper identify` says of every foreign program of the list.

use std::ffi::OsStr;
use std::path::Path;

use tests::guest::{ask, guest};
use tests::manifest::{Source, entries};
use tests::process::Outcome;

fn identify(flags: &[&str], files: &[&Path]) -> Outcome {
    let mut arguments: Vec<&OsStr> = vec!["identify".as_ref()];
    arguments.extend(flags.iter().map(OsStr::new));
    arguments.extend(files.iter().map(|file| file.as_os_str()));
    ask(&arguments, &[])
}

/// The value of the first `"key": "value"` of the text.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("\"{key}\": \""))?;
    Some(rest.split_once('"')?.0)
}

#[test]
fn every_guest_is_recognised_as_of_its_system() {
    for entry in
        entries().iter().filter(|entry| entry.file_sha256.is_some() || entry.source == Source::GoTest)
    {
        let outcome = identify(&["--json"], &[&guest(&entry.name).path]).succeeded();
        let text = outcome.text();
        // Solaris and its descendants are one system here.
        let expected = if entry.os == "illumos" { "solaris" } else { &entry.os };
        assert_eq!(value(&text, "os"), Some(expected), "{}: {text}", entry.name);
        assert!(text.contains("\"evidence\": [\n"), "{}: {text}", entry.name);
    }
}

#[test]
fn a_file_of_three_brands_shows_them_all() {
    let text = identify(&[], &[&guest("ape-ent-1.4.4").path]).succeeded().text();
    for name in ["FreeBSD", "NetBSD", "OpenBSD", "Linux"] {
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn a_program_that_needs_libraries_says_which_linker() {
    for (name, linker) in [
        ("freebsd-lightningcss-1.33.0", "/libexec/ld-elf.so.1"),
        ("openbsd-esbuild-0.28.2", "/usr/libexec/ld.so"),
        ("illumos-esbuild-0.28.2", "/lib/amd64/ld.so.1"),
        ("bash", "/lib64/ld-linux-x86-64.so.2"),
    ] {
        let text = identify(&["--json"], &[&guest(name).path]).succeeded().text();
        assert!(text.contains("\"interpreter\": {\n"), "{name}: {text}");
        assert_eq!(value(&text, "path"), Some(linker), "{name}: {text}");
    }
}

#[test]
fn several_files_are_told_apart_in_one_table() {
    let files = ["freebsd-esbuild-0.28.2", "netbsd-esbuild-0.28.2", "linux-esbuild-0.28.2"]
        .map(|name| guest(name).path);
    let text = identify(&[], &files.each_ref().map(std::path::PathBuf::as_path)).succeeded().text();
    for (file, words) in files.iter().zip([["FreeBSD", "12.3"], ["NetBSD", "7.0"], ["Linux", "x86-64"]]) {
        let line = text.lines().find(|line| line.contains(&file.display().to_string()));
        assert!(line.is_some_and(|line| words.iter().all(|word| line.contains(word))), "{words:?}: {text}");
    }
}
