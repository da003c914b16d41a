//! Debian's coreutils, over a hundred programs.

use tests::guest::guest;
use tests::manifest::source_file;
use tests::process::End;

#[test]
fn every_program_does_what_it_does_natively() {
    guest("env");
    let script = std::fs::read(source_file("coreutils.sh")).expect("it is part of the checkout");
    let side = guest("bash").case(["script.sh"]).file("script.sh", script).compare();
    assert_eq!(side.outcome.end, End::Exited(0), "{}", side.outcome);
    assert!(side.outcome.text().matches("-> ").count() > 100, "{}", side.outcome);
}

#[test]
fn a_hundred_thousand_lines_are_sorted() {
    let lines: String =
        (0..100_000_u64).map(|n| format!("{:x}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    guest("env").case(["sort", "--parallel=2", "-S", "1M", "-u"]).stdin(lines).compare();
}

#[test]
fn a_tree_is_copied_with_its_links_and_modes() {
    let script = "mkdir -p from/x/y && echo 1 > from/x/f && ln from/x/f from/x/g && ln -s ../f from/x/y/l \
                  && chmod 4751 from/x/f && mkfifo from/p && cp -a from to && ls -lR --time-style=+ to | cut -d' ' -f1,2";
    guest("bash").case(["-c", script]).compare();
}
