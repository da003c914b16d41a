//! `fetch-guests [NAME…|--all|--list]`: brings the guests that the tests run onto this machine.

use std::process::ExitCode;

use tests::{fetch, manifest};

const USAGE: &str = "usage: fetch-guests NAME… | --all | --list";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<&manifest::Entry> = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["--help"] => {
            println!("{USAGE}");
            return ExitCode::from(if arguments.is_empty() { 2 } else { 0 });
        }
        ["--list"] => {
            list();
            return ExitCode::SUCCESS;
        }
        ["--all"] => manifest::entries().iter().collect(),
        ref names => {
            let mut wanted = Vec::new();
            for name in names {
                let Some(entry) = manifest::entry(name) else {
                    eprintln!("no guest is called {name}; `fetch-guests --list` shows them\n{USAGE}");
                    return ExitCode::from(2);
                };
                wanted.push(entry);
            }
            wanted
        }
    };
    let mut failures = 0;
    for entry in wanted {
        match fetch::ensure(entry) {
            Ok(path) => println!("{}\t{}", entry.name, path.display()),
            Err(error) => {
                eprintln!("{}: {error}", entry.name);
                failures += 1;
            }
        }
    }
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn list() {
    for entry in manifest::entries() {
        let state = if fetch::is_present(entry) { "here" } else { "-" };
        let what = if entry.package.is_empty() { &entry.file } else { &entry.package };
        println!(
            "{:<28} {:<8} {:<5} {:?} {what} {}",
            entry.name, entry.os, state, entry.source, entry.version
        );
    }
}
