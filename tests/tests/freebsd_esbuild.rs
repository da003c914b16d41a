//! esbuild for FreeBSD, as npm has it: three versions from three ages of Go.
//!
//! 0.28.2 carries FreeBSD's ABI note; 0.15.18 and 0.6.14 (Go 1.14) are branded by `EI_OSABI` alone.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tests::guest::guest;
use tests::http::{free_port, get};
use tests::process::End;
use tests::project;

const VERSIONS: [&str; 3] = ["0.28.2", "0.15.18", "0.6.14"];
const WITH_SERVER: [&str; 2] = ["0.28.2", "0.15.18"];
const SOON: Duration = Duration::from_secs(20);

fn esbuild(version: &str) -> tests::guest::Guest {
    guest(&format!("freebsd-esbuild-{version}"))
}

#[test]
fn says_its_version() {
    for version in VERSIONS {
        let side = esbuild(version).case(["--version"]).compare();
        // The oldest says it on standard error.
        let said = if version == "0.6.14" { side.outcome.errors() } else { side.outcome.text() };
        assert_eq!(said, format!("{version}\n"));
    }
}

#[test]
fn shows_its_help_and_refuses_unknown_flags() {
    for version in VERSIONS {
        esbuild(version).case(["--help"]).compare();
        let side = esbuild(version).case(["--no-such-flag"]).compare();
        assert_eq!(side.outcome.end, End::Exited(1));
    }
}

#[test]
fn minifies_standard_input() {
    for version in VERSIONS {
        let side = esbuild(version).case(["--minify"]).stdin("let x = 1 + 2;\nconsole.log( x )").compare();
        let text = side.outcome.text();
        assert!(text == "let x=3;console.log(x);\n" || version == "0.6.14", "{version} says {text:?}");
    }
}

#[test]
fn reports_a_syntax_error_as_its_twin_does() {
    for version in VERSIONS {
        let side = esbuild(version).case(["broken.ts"]).file("broken.ts", "let = = 3\nfoo(\n").compare();
        assert_eq!(side.outcome.end, End::Exited(1));
        assert!(side.outcome.errors().contains("broken.ts"), "{}", side.outcome);
    }
}

#[test]
fn reports_a_missing_file_as_its_twin_does() {
    for version in VERSIONS {
        let side = esbuild(version).case(["--bundle", "missing.ts"]).compare();
        assert_eq!(side.outcome.end, End::Exited(1));
    }
}

#[test]
fn bundles_200_files_with_source_maps() {
    for version in VERSIONS {
        let side = esbuild(version)
            .case(["--bundle", "src/main.ts", "--outfile=out/bundle.js", "--sourcemap", "--loader:.txt=text"])
            .setup(|folder| project::write(folder, 200))
            .normalise(without_timing)
            .compare();
        assert_eq!(side.outcome.end, End::Exited(0), "{version}: {}", side.outcome);
        let map = side.tree.file("out/bundle.js.map").expect("a source map was asked for");
        assert!(map.len() > 20_000, "{version}: a map of {} bytes for 200 files", map.len());
    }
}

#[test]
fn bundles_split_and_minified_into_a_new_folder() {
    let flags = [
        "--bundle",
        "--splitting",
        "--minify",
        "--format=esm",
        "--metafile=meta.json",
        "--outdir=out/deep/er",
        "--loader:.txt=file",
        "src/main.ts",
        "src/group4/module4.ts",
    ];
    let side = esbuild("0.28.2")
        .case(flags)
        .setup(|folder| project::write(folder, 200))
        .normalise(without_timing)
        .compare();
    assert_eq!(side.outcome.end, End::Exited(0), "{}", side.outcome);
    assert!(side.tree.paths().any(|path| path.starts_with("out/deep/er")));
}

#[test]
fn serves_a_bundle_over_http() {
    for version in WITH_SERVER {
        let port = free_port();
        let serve = format!("--serve=127.0.0.1:{port}");
        let case = esbuild(version)
            .case([
                &serve,
                "--servedir=www",
                "--bundle",
                "src/main.ts",
                "--outdir=www/js",
                "--loader:.txt=text",
            ])
            .setup(|folder| project::write(folder, 30))
            .file("www/index.html", "<!doctype html><script src=js/main.js></script>\n")
            .held_stdin();
        let served = |started: tests::case::Started| {
            let page = get(port, "/", SOON).unwrap_or_else(|error| {
                panic!("{version}: {error}\n{}", started.running.errors());
            });
            let script = get(port, "/js/main.js", SOON).expect("it answered just before");
            let missing = get(port, "/missing", SOON).expect("it answered just before");
            [page, script, missing].map(|answer| (answer.status, answer.body))
        };
        let expected = served(case.start_twin());
        assert_eq!([200, 200, 404], [expected[0].0, expected[1].0, expected[2].0], "{version}");
        let found = served(case.start_guest());
        assert!(found == expected, "{version}: {found:?}\nexpected {expected:?}");
    }
}

#[test]
fn watches_and_builds_again_after_an_edit() {
    for version in WITH_SERVER {
        let case = esbuild(version)
            .case(["--watch", "--bundle", "a.ts", "--outfile=out.js"])
            .file("a.ts", "import { b } from './b'\nconsole.log(b)\n")
            .file("b.ts", "export const b = 'before'\n")
            .held_stdin();
        let started = case.start_guest();
        let wait_for = |text: &str| wait_for_text(&started.folder.join("out.js"), text);
        assert!(wait_for("\"before\""), "{version} did not build: {}", started.running.errors());
        fs::write(started.folder.join("b.ts"), "export const b = 'after the edit'\n")
            .expect("the folder is ours");
        assert!(wait_for("\"after the edit\""), "{version} did not rebuild: {}", started.running.errors());
    }
}

#[test]
fn stops_watching_when_its_input_ends() {
    let case = esbuild("0.28.2")
        .case(["--watch", "a.ts", "--outfile=out.js"])
        .file("a.ts", "console.log(1 as number)\n")
        .held_stdin();
    let mut started = case.start_guest();
    assert!(wait_for_text(&started.folder.join("out.js"), "console.log(1)"), "{}", started.running.errors());
    started.running.close_stdin();
    let outcome = started.running.finish(SOON);
    assert_eq!(outcome.end, End::Exited(0), "{outcome}");
}

fn wait_for_text(file: &Path, text: &str) -> bool {
    let deadline = Instant::now() + SOON;
    while Instant::now() < deadline {
        if fs::read_to_string(file).is_ok_and(|found| found.contains(text)) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// Takes out the one thing two runs differ in: how long each took.
fn without_timing(output: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8_lossy(&output).into_owned();
    text.lines()
        .filter(|line| !line.contains("Done in") && !line.contains("Wrote to"))
        .collect::<Vec<_>>()
        .join("\n")
        .into()
}
