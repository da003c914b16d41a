//! Dynamic linkers and interpreters, and where they are found.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use object::elf;

use super::elf_file::ElfFile;
use super::fixtures::named;
use crate::exec::report;
use crate::exec::signature::*;

/// System trees in memory.
#[derive(Default)]
struct Trees(HashMap<(Option<Os>, PathBuf), Vec<u8>>);

impl Trees {
    fn with(mut self, os: Option<Os>, path: &str, file: Vec<u8>) -> Trees {
        self.0.insert((os, path.into()), file);
        self
    }
}

impl Surroundings for Trees {
    fn open(&self, os: Option<Os>, path: &Path) -> io::Result<Found> {
        let file = self.0.get(&(os, path.to_owned())).ok_or(io::ErrorKind::NotFound)?;
        Ok(Found { sysroot: "/tree".into(), source: Box::new(file.clone()) })
    }
}

fn ask(file: &[u8], trees: &Trees) -> Identity {
    identify_bytes(file, &Question::new(Path::new("file"), trees)).unwrap()
}

#[test]
fn static_programs_need_nothing() {
    for name in ["linux-note", "linux-static-pie", "freebsd-osabi", "freebsd-linker", "ape-elf"] {
        assert!(ask(&named(name), &Trees::default()).runnable.is_ok(), "{name}");
    }
}

#[test]
fn the_dynamic_linker_is_looked_for_in_the_trees_of_its_os() {
    let program = named("freebsd-dynamic");
    let path = "/libexec/ld-elf.so.1";

    let identity = ask(&program, &Trees::default().with(Some(Os::FreeBsd), path, named("freebsd-linker")));
    assert!(identity.runnable.is_ok(), "{:?}", identity.runnable);
    assert_eq!(report::interpreter(&identity), "/libexec/ld-elf.so.1 (in /tree)");

    let reason = ask(&program, &Trees::default().with(Some(Os::Linux), path, named("freebsd-linker")));
    let reason = reason.runnable.unwrap_err();
    assert!(matches!(reason, Reason::InterpreterMissing { os: Os::FreeBsd, .. }), "{reason}");
    assert_eq!(reason.errno(), 2);
}

#[test]
fn a_dynamic_linker_must_fit() {
    let program = named("freebsd-dynamic");
    for (linker, words) in [
        (named("linux-i386"), "it is an i386 ELF"),
        (named("text"), "it is no ELF file"),
        (named("freebsd-linker")[..80].to_vec(), "truncated"),
    ] {
        let trees = Trees::default().with(Some(Os::FreeBsd), "/libexec/ld-elf.so.1", linker);
        let reason = ask(&program, &trees).runnable.unwrap_err();
        assert!(reason.to_string().contains(words), "{reason}");
        assert_eq!(reason.errno(), 80);
    }
}

#[test]
fn what_no_personality_runs_is_named() {
    let reason = |name| ask(&named(name), &Trees::default()).runnable.unwrap_err().to_string();
    assert_eq!(
        reason("solaris-dynamic"),
        "Solaris x86-64 ELF, needs /lib/amd64/ld.so.1: Solaris personality is not there yet"
    );
    assert_eq!(reason("dos-exe"), "DOS 8086 MZ: DOS personality is not there yet");
    assert_eq!(reason("linux-i386"), "Linux i386 ELF: Linux programs for i386 are not run yet");
    assert_eq!(
        reason("linux-x32"),
        "Linux x86-64 ELF: Linux programs for x86-64 with 32-bit addresses are not run yet"
    );
}

#[test]
fn a_caller_with_more_personalities_says_so() {
    struct Everything;
    impl Surroundings for Everything {
        fn open(&self, _: Option<Os>, _: &Path) -> io::Result<Found> {
            Err(io::ErrorKind::NotFound.into())
        }
        fn runs(&self, _: Os, _: Architecture, _: Class) -> bool {
            true
        }
    }
    let ask =
        |name| identify_bytes(&named(name), &Question::new(Path::new(name), &Everything)).unwrap().runnable;
    assert!(ask("netbsd-note").is_ok());
    assert!(ask("linux-i386").is_ok());
    assert!(matches!(ask("solaris-dynamic"), Err(Reason::InterpreterMissing { os: Os::Solaris, .. })));
}

#[test]
fn a_script_is_what_its_interpreter_is() {
    let shell = ElfFile::x86_64().note("FreeBSD", 1, &[1_400_000]).build();
    let trees = Trees::default().with(None, "/bin/sh", shell);
    let identity = ask(&named("script"), &trees);
    assert!(identity.runnable.is_ok());
    assert_eq!((identity.format, identity.os), (Format::Script, Some(Os::FreeBsd)));
    assert_eq!(identity.program().format, Format::Elf);
    assert_eq!(report::interpreter(&identity), "/bin/sh -e (in /tree)");
    assert_eq!(report::format(&identity), "script");
    assert_eq!(report::os(&identity), "FreeBSD 14.0");
    assert_eq!(report::evidence(&identity), "FreeBSD ABI note 14.0");
}

#[test]
fn an_interpreter_is_looked_for_where_its_caller_lives() {
    let trees = Trees::default().with(Some(Os::FreeBsd), "/bin/sh", named("freebsd-osabi"));
    let question = Question::new(Path::new("x"), &trees).with_caller(Some(Os::FreeBsd));
    assert!(identify_bytes(&named("script"), &question).unwrap().runnable.is_ok());
    assert!(matches!(ask(&named("script"), &trees).runnable, Err(Reason::ScriptInterpreterMissing { .. })));
}

#[test]
fn an_interpreter_that_cannot_run() {
    let trees = Trees::default().with(None, "/bin/sh", named("netbsd-note"));
    let reason = ask(&named("script"), &trees).runnable.unwrap_err();
    assert_eq!(
        reason.to_string(),
        "a script for /bin/sh, which cannot be run: NetBSD x86-64 ELF: NetBSD personality is not there yet"
    );
    assert_eq!(reason.errno(), 8);
}

/// A script for /1, which is one for /2, and so on to /`scripts`, which a program stands for.
fn chain(scripts: usize) -> Trees {
    let links = (1..scripts).fold(Trees::default(), |trees, n| {
        trees.with(None, &format!("/{n}"), format!("#!/{} {n}\n", n + 1).into_bytes())
    });
    links.with(None, &format!("/{scripts}"), named("linux-note"))
}

#[test]
fn scripts_may_interpret_scripts_four_times_over() {
    let script = b"#!/1 0\n";
    assert!(ask(script, &chain(SCRIPT_DEPTH)).runnable.is_ok());
    let reason = ask(script, &chain(SCRIPT_DEPTH + 1)).runnable.unwrap_err();
    assert!(matches!(reason, Reason::ScriptTooDeep), "{reason}");
    assert_eq!(reason.errno(), 40);

    let itself = Trees::default().with(None, "/1", script.to_vec());
    assert!(matches!(ask(script, &itself).runnable, Err(Reason::ScriptTooDeep)));
}

#[test]
fn the_command_line_of_a_chain() {
    let identity = ask(b"#!/1 0\n", &chain(3));
    let arguments = ["name", "a", "b"].map(OsString::from).to_vec();
    let (path, line) = identity.command(Path::new("./script"), arguments);
    assert_eq!(path, Path::new("/3"));
    assert_eq!(line, ["/3", "2", "/2", "1", "/1", "0", "./script", "a", "b"]);

    let program = ask(&named("linux-note"), &Trees::default());
    let (path, line) = program.command(Path::new("/bin/x"), vec!["name".into()]);
    assert_eq!((path.as_path(), line), (Path::new("/bin/x"), vec![OsString::from("name")]));
}

#[test]
fn paths_that_are_no_text_survive() {
    let file = ElfFile::x86_64().kind(elf::ET_DYN).interpreter(b"/lib/\xff\xfe").build();
    let identity = ask(&file, &Trees::default());
    let path = &identity.interpreter.as_ref().unwrap().path;
    assert_eq!(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()), b"/lib/\xff\xfe");
    assert!(serde_json::to_string(&identity).unwrap().contains("/lib/\u{fffd}"));
}
