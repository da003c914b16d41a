//! That the benchmark measures what it says. One test: what it runs must be the only children of its process.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tests::bench::catalogue::BENCHMARKS;
use tests::bench::command::{Output, adopt_orphans, run};
use tests::bench::measure;
use tests::bench::report::Cell;
use tests::bench::side::{Runner, Side};
use tests::bench::workload::Workloads;
use tests::guest;

#[test]
fn measures_and_tells_results_from_failures() {
    adopt_orphans();
    commands();
    benchmarks();
}

fn shell(script: &str, within: Duration) -> Result<Output, String> {
    run(Command::new("sh").args(["-c", script]), within, true)
}

fn commands() {
    let long = Duration::from_secs(30);
    assert_eq!(shell("echo yes", long).expect("it succeeds").text, "yes\n");
    assert_eq!(shell("echo first >&2; echo no >&2; exit 3", long).unwrap_err(), "exit status 3: no");
    assert_eq!(shell("kill -9 $$", long).unwrap_err(), "was killed: ");
    assert_eq!(shell("sleep 60", Duration::ZERO).unwrap_err(), "not done within 0 s");
    let missing = run(&mut Command::new("/nowhere"), long, true).unwrap_err();
    assert!(missing.starts_with("/nowhere: "), "{missing}");
    // What runs on in the background is waited for, and its time counted.
    let script = "(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done) & exit 0";
    let output = shell(script, long).expect("it succeeds");
    assert!(output.processor > Duration::from_millis(20), "{output:?}");
}

fn benchmarks() {
    let wanted = ["getpid", "true", "private-memory"];
    let chosen: Vec<_> = BENCHMARKS.iter().filter(|benchmark| wanted.contains(&benchmark.name)).collect();
    let workloads = Workloads::new().expect("the machine has room for a folder");
    let good = Runner::mapper(guest::mapper().to_owned(), "under test".to_owned());
    let rows = measure(&chosen, &[Runner::native(), good], &workloads, 2, |line| eprintln!("{line}"));
    assert_eq!(rows.len(), wanted.len());
    for row in &rows {
        for side in [Side::Native, Side::Mapper] {
            let Cell::Measured(samples) = &row.cells[&side] else {
                panic!("{}: {row:?}", row.benchmark.name)
            };
            assert_eq!(samples.len(), 2);
            assert!(
                samples.iter().all(|sample| sample.value > 0.0 && sample.best <= sample.value),
                "{row:?}"
            );
        }
    }
    let broken = Runner::mapper(Path::new("/bin/false").to_owned(), "broken".to_owned());
    let rows = measure(&chosen[..1], &[broken], &workloads, 2, |_| {});
    assert!(
        matches!(&rows[0].cells[&Side::Mapper], Cell::Failed(why) if why.starts_with("exit status 1")),
        "{rows:?}"
    );
}
