//! How the tests of one package of Go's standard library are run.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tests::exclusions::Exclusions;
use tests::guest::guest;
use tests::manifest::entry;
use tests::suite::{Go, Judged};

/// Runs the package's tests in a copy of its source folder, as `go test` would.
#[track_caller]
pub fn check(package: &str) {
    let tests = guest(&format!("freebsd-go-{package}-tests"));
    let go = guest("go").path;
    let root = Command::new(&go).args(["env", "GOROOT"]).output().expect("Go is here").stdout;
    let root = String::from_utf8(root).expect("a plain path").trim().to_owned();
    let source_entry = entry("go-sources").expect("the list has it");
    let source = Path::new(&source_entry.file).ancestors().nth(2).expect("src/os/file").join(package);
    let case = tests
        .case::<&str>([])
        .env("GOROOT", root)
        .setup(move |folder| {
            let copied = Command::new("cp").arg("-RT").arg(&source).arg(folder).status();
            assert!(copied.expect("cp is everywhere").success(), "{} is not copied", source.display());
        })
        .timeout(Duration::from_secs(20));
    let listed = case.clone().more_arguments(["-test.list", "."]);
    let names =
        |text: String| text.lines().filter(|line| line.starts_with("Test")).map(str::to_owned).collect();
    let names: [Vec<String>; 2] =
        [listed.run(), listed.run_twin()].map(|side| names(side.outcome.succeeded().text()));
    assert!(names[0].len() > 10, "{names:?}");
    Judged {
        name: &format!("Go's package {package} for FreeBSD"),
        case: &case,
        suite: &Go,
        tests: &names[0],
        twin_tests: &names[1],
        exclusions: &Exclusions::load(&format!("freebsd-go-{package}")),
        quiet: Duration::from_secs(20),
    }
    .check();
}
