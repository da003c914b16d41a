//! Runs in which every operation that a server can answer is sent to one.

use tests::guest::guest;
use tests::process::End;

#[test]
fn nothing_is_done_directly() {
    let script =
        "echo written > file; cat file /etc/passwd | wc -c; ls -l file | wc -l; mv file moved; rm moved; ls";
    let folder = tempfile::tempdir().expect("room for a folder");
    let trace = folder.path().join("trace");
    let flags = ["--mediate", &format!("--trace={}", trace.display())];
    let side = guest("bash").case(["-c", script]).flags(&flags).compare();
    assert_eq!(side.outcome.end, End::Exited(0), "{}", side.outcome);
    let trace = std::fs::read_to_string(trace).expect("it was traced");
    let mapped = |name: &str| trace.lines().any(|line| line.contains(&format!("{name} mapped")));
    for operation in ["fs.open", "fs.stat", "fs.rename", "fs.remove", "file.read", "file.write"] {
        assert!(mapped(operation), "{operation} is not among what was mapped");
    }
    let direct: Vec<_> = trace.lines().filter(|line| line.contains(" direct ")).collect();
    assert!(direct.is_empty(), "{direct:?}");
}

#[test]
fn long_writes_are_whole() {
    // Bash gives a long here-document to its command as a file, and takes a short write for a full disk.
    let script = "wc -c <<< $(printf '%0100000d' 7); head -c 300000 /dev/zero | tr '\\0' x > file; wc -c < file; \
                  dd if=file of=copy bs=150000 2> said; cmp file copy && tail -n 1 said | cut -d' ' -f1";
    let side = guest("bash").case(["-c", script]).flags(&["--mediate"]).leave_out(&["said"]).compare();
    assert_eq!(side.outcome.end, End::Exited(0), "{}", side.outcome);
}
