//! Debian's busybox: static, with system calls of its own C library.

use tests::guest::guest;
use tests::manifest::source_file;
use tests::process::End;

#[test]
fn runs_a_script_of_its_applets() {
    let script = std::fs::read(source_file("busybox.sh")).expect("it is part of the checkout");
    let side = guest("busybox")
        .case(["sh", "script"])
        .file("script", script)
        // Archives hold the time of their making.
        .leave_out(&["d/a.tar", "d/a.cpio", "d/numbers.gz"])
        .compare();
    assert_eq!(side.outcome.end, End::Exited(0), "{}", side.outcome);
    assert!(side.outcome.text().matches("== ").count() > 80, "{}", side.outcome);
}

#[test]
fn computes_in_a_shell_on_standard_input() {
    let side = guest("busybox").case(["sh"]).stdin("echo $((6 * 7))\nexit 3\n").compare();
    assert_eq!((side.outcome.text().as_str(), side.outcome.end), ("42\n", End::Exited(3)));
}

#[test]
fn refuses_an_applet_it_does_not_have() {
    let side = guest("busybox").case(["nosuchapplet"]).compare();
    assert_eq!(side.outcome.end, End::Exited(127));
}
