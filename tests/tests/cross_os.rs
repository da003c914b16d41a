//! Programs of several systems side by side: pipes, children, signals and one process list between them.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tests::guest::{ask, guest};
use tests::process::{End, marked};

const SOON: Duration = Duration::from_secs(20);

#[test]
fn a_pipeline_runs_through_two_systems() {
    let esbuild = guest("freebsd-esbuild-0.28.2");
    let source =
        "enum Colour { Red, Green }\nconst f = <T,>(x: T): T => x\nconsole.log(f(Colour.Green) as number)\n";
    let script = |path: &std::path::Path| {
        format!(
            "cat a.ts | {} --loader=ts --minify | gzip -9n | tee packed | gunzip | tr a-z A-Z",
            path.display()
        )
    };
    let bash = guest("bash");
    let expected = bash.case(["-c", &script(&esbuild.twin)]).file("a.ts", source).run_twin();
    let found = bash.case(["-c", &script(&esbuild.path)]).file("a.ts", source).run();
    assert_eq!(found.outcome.end, End::Exited(0), "{}", found.outcome);
    assert_eq!(found.outcome.text(), expected.outcome.text(), "{}", found.outcome);
    assert_eq!(found.tree.file("packed"), expected.tree.file("packed"));
    assert!(found.outcome.text().contains("CONSOLE.LOG"), "{}", found.outcome);
}

#[test]
fn a_freebsd_program_starts_linux_programs() {
    let spawner = guest("freebsd-spawner");
    for arguments in [
        ["/bin/sh", "-c", "sort -r; echo $SPAWNED_BY; echo wrong >&2; exit 3"],
        ["/bin/bash", "-c", "kill -TERM $$"],
        ["/bin/bash", "-c", "kill -USR2 $$"],
        ["/bin/bash", "-c", "kill -KILL $$"],
        ["/usr/bin/env", "LC_ALL=C", "wc"],
        ["/no/such/program", "x", "y"],
        ["cat", "-", "/etc/passwd"],
    ] {
        spawner.case(arguments).compare();
    }
}

#[test]
fn a_linux_program_starts_freebsd_programs() {
    let spawner = guest("freebsd-spawner");
    let bash = guest("bash");
    let script = |path: &std::path::Path| {
        let path = path.display();
        format!(
            "{path} {path} tr a-z A-Z; echo status $?; {path}; echo status $?; (exec {path} false); echo $(echo y | {path} cat)"
        )
    };
    let expected = bash.case(["-c", &script(&spawner.twin)]).run_twin().outcome;
    let found = bash.case(["-c", &script(&spawner.path)]).run().outcome;
    assert_eq!((found.end, found.text(), found.errors()), (expected.end, expected.text(), expected.errors()));
    assert!(found.text().contains("exited: 1"), "{found}");
}

#[test]
fn a_chain_of_systems_passes_status_and_output_up() {
    let spawner = guest("freebsd-spawner");
    let chain = |path: &std::path::Path| {
        let path = path.display().to_string();
        [
            "/bin/sh".to_owned(),
            "-c".to_owned(),
            format!("{path} /bin/sh -c '{path} /bin/sh -c \"cat; exit 9\"; exit 8'; exit 7"),
        ]
    };
    let expected = spawner.case(chain(&spawner.twin)).run_twin().outcome;
    let found = spawner.case(chain(&spawner.path)).run().outcome;
    assert_eq!((found.end, found.text(), found.errors()), (expected.end, expected.text(), expected.errors()));
}

#[test]
fn a_linux_kill_reaches_a_freebsd_program_in_its_own_numbers() {
    let terminator = guest("freebsd-terminator");
    // SIGUSR1 is 10 in Linux and 30 in FreeBSD, SIGCONT 18 and 19: each must arrive as itself.
    let script = |path: &std::path::Path| {
        format!(
            "{} > said & child=$!; for i in {{1..200}}; do [[ -s said ]] && break; sleep 0.02; done
             for signal in USR1 USR2 CONT HUP; do kill -$signal $child; sleep 0.1; done
             kill -TERM $child; wait $child; echo status $?; tail -n +2 said; [[ $(head -n 1 said) == \"ready $child\" ]] && echo same number",
            path.display()
        )
    };
    let bash = guest("bash");
    let case = |path: &std::path::Path| bash.case(["-c", &script(path)]).leave_out(&["said"]);
    let expected = case(&terminator.twin).run_twin().outcome.succeeded();
    let found = case(&terminator.path).run().outcome;
    assert_eq!(found.text(), expected.text(), "{found}");
    assert!(found.text().starts_with("status 7\nreceived user defined signal 1\n"), "{found}");
}

#[test]
fn a_freebsd_program_ends_by_a_signal_from_outside() {
    let terminator = guest("freebsd-terminator");
    for (signal, end) in [
        (Signal::TERM, End::Exited(7)),
        (Signal::KILL, End::Killed(9)),
        (Signal::QUIT, End::Exited(2)),
        (Signal::INT, End::Killed(2)),
    ] {
        for started in [terminator.case::<&str>([]).start_twin(), terminator.case::<&str>([]).start_guest()] {
            started.running.expect_output("ready", SOON);
            started.running.signal(signal);
            let outcome = started.running.finish(SOON);
            assert_eq!(outcome.end, end, "{signal:?}: {outcome}");
        }
    }
}

#[test]
fn a_signal_that_only_linux_knows_is_refused_or_harmless_to_freebsd() {
    let terminator = guest("freebsd-terminator");
    // SIGPWR and SIGSTKFLT have no counterpart in FreeBSD.
    let script = format!(
        "{} > said & child=$!; for i in {{1..200}}; do [[ -s said ]] && break; sleep 0.02; done
         kill -PWR $child; echo $?; kill -STKFLT $child; echo $?; sleep 0.2
         kill -USR1 $child; sleep 0.2; kill -TERM $child; wait $child; echo status $?; tail -n +2 said",
        terminator.path.display()
    );
    let outcome = guest("bash").case(["-c", &script]).run().outcome;
    let expected = "1\n1\nstatus 7\nreceived user defined signal 1\nreceived terminated\n";
    assert_eq!(outcome.text(), expected, "{outcome}");
}

#[test]
fn a_stopped_freebsd_program_is_seen_and_continued_by_a_shell() {
    let terminator = guest("freebsd-terminator");
    let script = |path: &std::path::Path| {
        format!(
            "set -m; {} > said & for i in {{1..200}}; do [[ -s said ]] && break; sleep 0.02; done
             kill -STOP %1; sleep 0.2; jobs | cut -c6-12; kill -CONT %1; sleep 0.2; jobs | cut -c6-12; kill -TERM %1; wait %1; echo $?",
            path.display()
        )
    };
    let bash = guest("bash");
    let expected = bash.case(["-c", &script(&terminator.twin)]).run_twin().outcome;
    let found = bash.case(["-c", &script(&terminator.path)]).run().outcome;
    assert_eq!(found.text(), expected.text(), "{found}");
}

#[test]
fn one_process_list_shows_each_with_its_system() {
    let runtime = tempfile::tempdir().expect("room for a folder");
    let terminator = guest("freebsd-terminator");
    let case = guest("bash")
        .case(["-c", &format!("{} & sleep 60; wait", terminator.path.display())])
        .env("XDG_RUNTIME_DIR", runtime.path());
    let started = case.start_guest();
    started.running.expect_output("ready", SOON);
    let said = started.running.output();
    let child: i32 =
        said.trim().strip_prefix("ready ").and_then(|pid| pid.parse().ok()).expect("it says its number");
    let parent = started.running.pid().as_raw_nonzero().get();
    let deadline = Instant::now() + SOON;
    loop {
        let listed = ask(&["ps"], &[("XDG_RUNTIME_DIR", runtime.path())]);
        let text = listed.text();
        let shows = |pid: i32, system: &str| {
            text.lines().any(|line| {
                line.split_whitespace().any(|word| word == pid.to_string())
                    && line.to_lowercase().contains(system)
            })
        };
        if shows(parent, "linux") && shows(child, "freebsd") {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "neither shows {parent} of Linux nor {child} of FreeBSD: {listed}"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    kill_process(Pid::from_raw(child).expect("a number"), Signal::TERM).expect("it runs");
    assert!(marked(&started.mark()).len() > 1);
}
