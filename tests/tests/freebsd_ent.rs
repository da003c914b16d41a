//! cosmo-ent 1.4.4 of PyPI: one file, compiled once, that runs on FreeBSD, NetBSD, OpenBSD and Linux and asks
//! at its start which of them this is.

use tests::guest::guest;
use tests::process::End;

fn measured(flags: &[&str]) {
    let ent = guest("ape-ent-1.4.4");
    let files: [(&str, Vec<u8>); 4] = [
        ("text", b"The quick brown fox jumps over the lazy dog.\n".repeat(300)),
        ("zeros", vec![0; 100_000]),
        ("ramp", (0..=255).cycle().take(70_001).collect()),
        ("empty", Vec::new()),
    ];
    for (name, bytes) in files {
        let side = ent.case([name]).flags(flags).file(name, bytes.clone()).compare();
        assert!(side.outcome.text().starts_with("Entropy = ") || name == "empty", "{}", side.outcome);
        ent.case(["-b", "-c", "-t", name]).flags(flags).file(name, bytes).compare();
    }
    let side = ent.case(["missing"]).flags(flags).compare();
    assert_ne!(side.outcome.end, End::Exited(0), "{}", side.outcome);
    ent.case(["-u"]).flags(flags).compare();
    ent.case::<&str>([]).flags(flags).stdin("what comes through a pipe\n").compare();
}

#[test]
fn measures_as_the_system_that_its_brands_name() {
    measured(&[]);
}

#[test]
fn measures_as_a_freebsd_program() {
    measured(&["--os", "freebsd"]);
}

#[test]
fn measures_as_a_linux_program() {
    measured(&["--os", "linux"]);
}
