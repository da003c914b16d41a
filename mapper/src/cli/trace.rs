//! `mapper trace`: follows the system calls of a running world.

use std::io::Write;

use schemas::Personality;

use super::{Failure, USAGE, world};
use crate::control::trace::Filter;
use crate::route::select_operations;

/// Shows the system calls of all guests of a world while they happen, until the world ends or it is interrupted. Guests
/// that were started with `run --trace` go on writing theirs where that said.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The world; where none is named, `default` or the only one that runs.
    #[arg(long, value_name = "NAME")]
    world: Option<String>,
    /// Only guests of this OS.
    #[arg(long, value_name = "NAME", value_parser = super::select::personality)]
    os: Option<Personality>,
    /// Only this process; may be given several times.
    #[arg(long, value_name = "PID")]
    pid: Vec<i32>,
    /// Only calls that failed.
    #[arg(long)]
    failed: bool,
    /// Answer in JSON, one object a line, for programs.
    #[arg(long)]
    json: bool,
    /// Only these operations, such as `fs.open`, or `fs` for all of them.
    #[arg(value_name = "OPERATION")]
    operations: Vec<String>,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut operations = Vec::new();
    for word in &arguments.operations {
        operations.extend(select_operations(word).ok_or_else(|| {
            Failure::with_status(
                USAGE,
                format!("`{word}` is neither an operation nor a subsystem; `mapper routes` lists them"),
            )
        })?);
    }
    let filter = Filter {
        os: arguments.os.map(|os| os.name().to_owned()),
        operations,
        pids: arguments.pid,
        failed_only: arguments.failed,
    };
    let mut client = world::connect(arguments.world.as_deref())?;
    client.trace(&filter, move |events, lost| {
        let mut out = std::io::stdout().lock();
        if lost > 0 {
            eprintln!("mapper: {lost} lines were lost: they came faster than they could be written");
        }
        let written = events.iter().try_for_each(|event| {
            if arguments.json {
                serde_json::to_writer(&mut out, event)?;
                writeln!(out)
            } else {
                writeln!(out, "{}", event.line)
            }
        });
        // A reader that is gone has seen enough.
        written.and_then(|()| out.flush()).is_ok()
    })?;
    Ok(())
}
