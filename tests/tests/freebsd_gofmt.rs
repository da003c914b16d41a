//! gofmt for FreeBSD, built from Go's own source, over the whole of that source.

use std::path::PathBuf;
use std::time::Duration;

use tests::guest::guest;
use tests::process::End;

const LONG: Duration = Duration::from_secs(120);

fn sources() -> PathBuf {
    let file = guest("go-sources").path;
    file.ancestors().nth(2).expect("the file lies in src/os").to_owned()
}

#[test]
fn lists_unformatted_files_of_the_whole_tree() {
    let side = guest("freebsd-gofmt").case(["-l".into(), sources()]).timeout(LONG).compare();
    assert_eq!(side.outcome.end, End::Exited(2), "parts of Go's test data cannot be parsed");
    assert!(side.outcome.text().lines().count() > 100, "{}", side.outcome);
}

#[test]
fn shows_the_differences_of_the_whole_tree() {
    let side = guest("freebsd-gofmt").case(["-d".into(), sources()]).timeout(LONG).compare();
    assert!(side.outcome.stdout.len() > 100_000, "{}", side.outcome);
}

#[test]
fn rewrites_files_in_place() {
    let unformatted = "package a\nimport   \"fmt\"\nfunc F( ) {fmt.Println( 1+2 )\n}\n";
    let side = guest("freebsd-gofmt")
        .case(["-w", "-s", "a.go", "folder"])
        .file("a.go", unformatted)
        .file("folder/b.go", unformatted.replace("package a", "package b"))
        .compare();
    let text = String::from_utf8_lossy(side.tree.file("a.go").expect("it was rewritten")).into_owned();
    assert!(text.contains("func F() {\n\tfmt.Println(1 + 2)\n}"), "{text}");
}

#[test]
fn formats_standard_input_and_reports_errors() {
    guest("freebsd-gofmt").case::<&str>([]).stdin("package a\nvar   x = 1\n").compare();
    let side = guest("freebsd-gofmt").case::<&str>([]).stdin("package a\nvar x = = 1\n").compare();
    assert_eq!(side.outcome.end, End::Exited(2));
}
