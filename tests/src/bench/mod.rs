//! The benchmark: small operations and whole commands, natively, under the mapper and under its peers.
//!
//! In every round each benchmark runs once on each side, one side right after the other, so that what else the machine
//! does meets all of them alike. [`catalogue`] has the benchmarks and their goals, [`side`] the sides, [`workload`] the
//! programs and files, [`command`] and [`crowd`] do the measuring, [`report`] shows it.

pub mod catalogue;
pub mod command;
pub mod crowd;
pub mod machine;
pub mod report;
pub mod side;
pub mod statistics;
pub mod workload;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use catalogue::{Benchmark, Method};
use command::{Output, pin, run};
use crowd::Crowd;
use report::{Cell, Row, quantity};
use side::{Runner, Side};
use statistics::{Sample, quantile};
use workload::Workloads;

/// How long one run may take.
const LONGEST_OPERATION: Duration = Duration::from_secs(20);
const LONGEST_COMMAND: Duration = Duration::from_secs(60);
/// How long one cell may take in all; a slower side has fewer runs.
const LONGEST_CELL: Duration = Duration::from_secs(60);
/// Processes whose private memory is looked at, and guests that a mapper idles with.
const SEVERAL: usize = 5;
const CROWD: usize = 1000;
/// Bits in a Gbit.
const GBIT: f64 = 1e9;

/// Runs the benchmarks in so many rounds on all sides. Tells `progress` of every run.
pub fn measure<'a>(
    benchmarks: &[&'a Benchmark],
    runners: &[Runner],
    workloads: &Workloads,
    rounds: usize,
    mut progress: impl FnMut(&str),
) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> =
        benchmarks.iter().map(|&benchmark| Row { benchmark, cells: BTreeMap::new() }).collect();
    let mut used: BTreeMap<(&str, Side), Duration> = BTreeMap::new();
    for round in 1..=rounds {
        for row in &mut rows {
            if round == 1 && matches!(row.benchmark.method, Method::Command { .. }) {
                warm_up(row.benchmark, runners, workloads);
            }
            let mut line = format!("round {round} of {rounds}  {:<14}", row.benchmark.name);
            for runner in runners {
                let used = used.entry((row.benchmark.name, runner.side)).or_default();
                let cell =
                    row.cells.entry(runner.side).or_insert_with(|| match runner.declines(row.benchmark) {
                        Some(why) => Cell::Declined(why),
                        None => Cell::Measured(Vec::new()),
                    });
                let Cell::Measured(samples) = cell else { continue };
                if *used > LONGEST_CELL {
                    continue;
                }
                let start = Instant::now();
                match sample(row.benchmark, runner, workloads) {
                    Ok(sample) => {
                        line += &format!(
                            "  {} {}",
                            runner.side,
                            quantity(sample.value, row.benchmark.method.unit())
                        );
                        samples.push(sample);
                    }
                    Err(why) => {
                        line += &format!("  {} failed", runner.side);
                        *cell = Cell::Failed(why);
                    }
                }
                *used += start.elapsed();
            }
            progress(&line);
        }
    }
    rows
}

/// Fills the page cache with what the benchmark reads. What goes wrong shows again when it counts.
fn warm_up(benchmark: &Benchmark, runners: &[Runner], workloads: &Workloads) {
    for runner in runners.iter().filter(|runner| !Side::PEERS.contains(&runner.side)) {
        if let Ok(task) = workloads.task(benchmark.name, runner.side) {
            let mut command = runner.command_with(&task.options, &task.program, &task.arguments);
            let _ = run(command.current_dir(&task.folder), LONGEST_COMMAND, false);
        }
    }
}

/// Measures once.
fn sample(benchmark: &Benchmark, runner: &Runner, workloads: &Workloads) -> Result<Sample, String> {
    let once = |keep: bool, within: Duration, pinned: bool| -> Result<Output, String> {
        let task = workloads.task(benchmark.name, runner.side)?;
        let mut command = runner.command_with(&task.options, &task.program, &task.arguments);
        if pinned {
            pin(&mut command);
        }
        run(command.current_dir(&task.folder), within, keep)
    };
    match benchmark.method {
        Method::Operation { pinned } => operation(&once(true, LONGEST_OPERATION, pinned)?.text),
        Method::Command { repeats } => {
            let (mut walls, mut processor) = (Vec::new(), Vec::new());
            for _ in 0..repeats {
                let output = once(false, LONGEST_COMMAND, false)?;
                walls.push(output.wall.as_secs_f64() * 1e3);
                processor.push(output.processor.as_secs_f64());
            }
            let (value, best) = quantile(&walls, 0.5).zip(quantile(&walls, 0.0)).ok_or("no run")?;
            Ok(Sample { value, best, processor: quantile(&processor, 0.5) })
        }
        Method::Throughput => {
            let output = once(true, LONGEST_COMMAND, false)?;
            let value = throughput(&output.text)?;
            Ok(Sample { value, best: value, processor: Some(output.processor.as_secs_f64()) })
        }
        Method::PrivateMemory => {
            let value =
                Crowd::start(runner, &workload::installed("linux-microbench")?, SEVERAL)?.private_memory()?;
            Ok(Sample { value, best: value, processor: None })
        }
        Method::MapperMemory => {
            let value =
                Crowd::start(runner, &workload::installed("linux-microbench")?, CROWD)?.mapper_memory()?;
            Ok(Sample { value, best: value, processor: None })
        }
    }
}

/// What `microbench` printed: the operation, the median, the minimum, the number of batches.
fn operation(text: &str) -> Result<Sample, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number =
        |at: usize| words.get(at).and_then(|word| word.parse::<f64>().ok()).filter(|value| *value >= 0.0);
    match (words.len(), number(1), number(2)) {
        (4, Some(value), Some(best)) => Ok(Sample { value, best, processor: None }),
        _ => Err(format!("it printed {text:?}")),
    }
}

/// What `iperf3 -J` received, in Gbit/s.
fn throughput(text: &str) -> Result<f64, String> {
    let report: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let bits = report["end"]["sum_received"]["bits_per_second"].as_f64();
    bits.map(|bits| bits / GBIT).ok_or_else(|| format!("iperf3: {}", report["error"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_of_the_small_programs_is_read_strictly() {
        assert_eq!(operation("read 215.70 205.53 27\n").unwrap().value, 215.7);
        assert!(operation("").is_err());
        assert!(operation("read 215.70 205.53 27\nread 1 1 1\n").is_err());
        assert!(operation("read nan inf 27\n").is_err());
        assert_eq!(throughput(r#"{"end":{"sum_received":{"bits_per_second":25e9}}}"#).unwrap(), 25.0);
        assert!(throughput(r#"{"error":"refused"}"#).unwrap_err().contains("refused"));
        assert!(throughput("").is_err());
    }
}
