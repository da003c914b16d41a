//! Debian's gcc: a driver that starts a compiler, an assembler and a linker, and the programs that they make.

use tests::guest::guest;
use tests::manifest::source_file;
use tests::process::End;

fn source() -> Vec<u8> {
    guest("libc-headers");
    std::fs::read(source_file("compiled.c")).expect("it is part of the checkout")
}

#[test]
fn compiles_the_same_bytes_as_natively() {
    for flags in [["-O0", "-g"], ["-O2", "-flto"]] {
        let side = guest("gcc")
            .case(flags)
            .more_arguments(["-o", "program", "program.c", "-lm", "-pthread", "-frandom-seed=1"])
            .file("program.c", source())
            .compare();
        assert_eq!(side.outcome.end, End::Exited(0), "{}", side.outcome);
        assert!(side.tree.file("program").expect("it was linked").starts_with(b"\x7fELF"));
    }
}

#[test]
fn what_it_compiled_runs() {
    let script = "gcc -O1 -o program program.c -lm -pthread && ./program one two";
    let side = guest("bash").case(["-c", script]).file("program.c", source()).compare();
    assert_eq!(side.outcome.end, End::Exited(5), "{}", side.outcome);
    assert!(
        side.outcome.text().contains("threads 400000, own 1\nsignals 10\nchild 3, shared 42\n"),
        "{}",
        side.outcome
    );
}

#[test]
fn what_it_linked_statically_runs() {
    let script = "gcc -O1 -static -o program program.c -lm -pthread && ./program";
    let side = guest("bash").case(["-c", script]).file("program.c", source()).compare();
    assert_eq!(side.outcome.end, End::Exited(5), "{}", side.outcome);
}

#[test]
fn reports_errors_as_natively() {
    let side =
        guest("gcc").case(["-c", "broken.c"]).file("broken.c", "int main(void) { return x }\n").compare();
    assert_eq!(side.outcome.end, End::Exited(1));
}
