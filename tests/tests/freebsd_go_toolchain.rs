//! Go's tool chain for FreeBSD, which builds a program, and all packages below it anew.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tests::guest::guest;
use tests::process::End;

const LONG: Duration = Duration::from_secs(240);

const PROGRAM: &str = r#"package main

import "os"

func main() {
	os.Stdout.WriteString("built\n")
}
"#;

/// A folder like the one that Go is installed in, with the tools for FreeBSD and the sources of the host's.
fn tool_chain(root: &Path) {
    let tools = root.join("pkg/tool/freebsd_amd64");
    fs::create_dir_all(&tools).unwrap();
    fs::create_dir(root.join("bin")).unwrap();
    symlink(guest("freebsd-go").path, root.join("bin/go")).unwrap();
    for tool in ["compile", "asm", "link"] {
        symlink(guest(&format!("freebsd-go-{tool}")).path, tools.join(tool)).unwrap();
    }
    let sources = guest("go-sources").path;
    let sources = sources.ancestors().nth(3).expect("the file lies in src/os");
    symlink(sources.join("src"), root.join("src")).unwrap();
    symlink(sources.join("pkg/include"), root.join("pkg/include")).unwrap();
    let host = Command::new("go").args(["env", "GOROOT"]).output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    symlink(Path::new(host.trim()).join("VERSION"), root.join("VERSION")).unwrap();
}

#[test]
fn builds_what_the_cross_compiler_builds() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).into_os_string();
    let build =
        |output: &str| ["build".into(), "-trimpath".into(), "-o".into(), path(output), path("program.go")];
    tool_chain(folder.path());
    fs::write(folder.path().join("program.go"), PROGRAM).unwrap();
    let crossed = Command::new("go")
        .args(build("crossed"))
        .current_dir(folder.path())
        .envs([("GOOS", "freebsd"), ("CGO_ENABLED", "0"), ("GO111MODULE", "off"), ("GOFLAGS", "")])
        .env("GOCACHE", folder.path().join("cache-of-the-host"))
        .status()
        .unwrap();
    assert!(crossed.success());
    let side = guest("freebsd-go")
        .case(build("built"))
        .env("GOROOT", folder.path())
        .env("GOCACHE", folder.path().join("cache"))
        .env("GOPATH", folder.path().join("path"))
        .env("CGO_ENABLED", "0")
        .env("GO111MODULE", "off")
        .timeout(LONG)
        .run();
    assert_eq!(side.outcome.end, End::Exited(0), "{}", side.outcome);
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert!(read("built") == read("crossed"), "the two differ");
}
