//! Debian's git: many small files, locks made by links and renames, memory-mapped packs, and processes that
//! talk through pipes.

use tests::guest::guest;
use tests::manifest::source_file;
use tests::process::End;

#[test]
fn a_repository_lives_from_its_first_commit_to_its_repacking() {
    guest("git");
    let script = std::fs::read(source_file("git.sh")).expect("it is part of the checkout");
    let side = guest("bash")
        .case(["script.sh"])
        .file("script.sh", script)
        // Times of files stand in an index, and random names in what was put away.
        .leave_out(&["origin/.git", "local/.git", "over-protocol/.git", "shallow.git", "all.bundle"])
        .compare();
    assert_eq!(side.outcome.end, End::Exited(0), "{}", side.outcome);
}

#[test]
fn hashes_and_packs_the_same_bytes() {
    let script = "git init -q . && for i in $(seq 1 300); do seq $i 500 > f$i; done && git add . && git write-tree \
                  && git rev-list --objects --no-object-names --indexed-objects | git cat-file --batch-check | sort | md5sum \
                  && git ls-files -s | git hash-object --stdin";
    guest("git");
    guest("bash").case(["-c", script]).env("GIT_CONFIG_NOSYSTEM", "1").leave_out(&[".git"]).compare();
}

#[test]
fn fails_as_natively_outside_a_repository() {
    let side = guest("git").case(["log"]).env("GIT_CEILING_DIRECTORIES", "/tmp").compare();
    assert_eq!(side.outcome.end, End::Exited(128));
}
