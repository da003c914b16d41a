//! `bench`: what system calls and whole programs cost under the mapper and its peers, as a multiple of native.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tests::bench::catalogue::{BENCHMARKS, Benchmark};
use tests::bench::command::adopt_orphans;
use tests::bench::machine::{Machine, commit};
use tests::bench::measure;
use tests::bench::report::{json, table};
use tests::bench::side::{Runner, Side};
use tests::bench::workload::Workloads;
use tests::guest;

/// Measures programs natively, under `mapper run`, and under every peer that is installed, in turn.
#[derive(Debug, Parser)]
struct Arguments {
    /// How often each benchmark runs on each side.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Run these benchmarks only.
    #[arg(long, value_name = "NAME", num_args = 1.., value_parser = benchmark)]
    only: Vec<&'static Benchmark>,
    /// Leave the peers out.
    #[arg(long)]
    no_peers: bool,
    /// Write every sample to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Show the benchmarks with their goals, and run none.
    #[arg(long)]
    list: bool,
    /// Measure this mapper rather than the one of this checkout.
    #[arg(long, value_name = "PATH")]
    mapper: Option<PathBuf>,
}

fn benchmark(name: &str) -> Result<&'static Benchmark, String> {
    let found = BENCHMARKS.iter().find(|benchmark| benchmark.name == name);
    found.ok_or_else(|| "there is no such benchmark; --list shows them".to_owned())
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list {
        for benchmark in BENCHMARKS {
            let goal = benchmark.goal.words(benchmark.method.unit());
            println!("{:<15} {goal:<20} {}", benchmark.name, benchmark.what);
        }
        return ExitCode::SUCCESS;
    }
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let mapper = match &arguments.mapper {
        Some(path) => {
            let path = path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))?;
            let version = path.display().to_string();
            Runner::mapper(path, version)
        }
        None if cfg!(debug_assertions) => {
            return Err("the mapper is measured as it is released: run this with --release".to_owned());
        }
        None => {
            eprintln!("building the mapper");
            Runner::mapper(guest::mapper().to_owned(), commit())
        }
    };
    adopt_orphans();
    let workloads = Workloads::new().map_err(|error| format!("no folder to work in: {error}"))?;
    let mut machine = Machine::this();
    let mut runners = vec![Runner::native(), mapper];
    for runner in &runners {
        machine.add(runner.side, Ok(runner));
    }
    for side in Side::PEERS.into_iter().filter(|_| !arguments.no_peers) {
        let found = Runner::peer(side, workloads.folder());
        machine.add(side, found.as_ref());
        match found {
            Ok(runner) => runners.push(runner),
            Err(why) => eprintln!("{side}: skipped: {why}"),
        }
    }
    let all: Vec<&Benchmark> = BENCHMARKS.iter().collect();
    let benchmarks = if arguments.only.is_empty() { &all } else { &arguments.only };
    let rows = measure(benchmarks, &runners, &workloads, arguments.rounds.into(), |line| eprintln!("{line}"));
    let sides: Vec<Side> = runners.iter().map(|runner| runner.side).collect();
    println!("{}", table(&machine, &rows, &sides));
    if let Some(path) = &arguments.json {
        let text = format!("{:#}\n", json(&machine, &rows));
        std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
