//! `mapper trace`: follows the system calls of a running world.

use std::io::Write;

use schemas::Personality;

use super::{Failure, USAGE, print, world};
use crate::control::report::{GuestSites, Site};
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
    /// Show instead the instructions at which guests make their calls, those of the last guests that have ended as well:
    /// how often the host turned a call back, which is slow, how often one came by a trampoline, and why none does.
    #[arg(long, conflicts_with_all = ["failed", "operations"])]
    sites: bool,
    /// Answer in JSON, one object a line, for programs.
    #[arg(long)]
    json: bool,
    /// Only these operations, such as `fs.open`, or `fs` for all of them.
    #[arg(value_name = "OPERATION")]
    operations: Vec<String>,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    if arguments.sites {
        return show_sites(&arguments);
    }
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

/// Shows the sites of guests, and what share of each guest's calls came by trampolines.
fn show_sites(arguments: &Arguments) -> Result<(), Failure> {
    let mut guests = world::connect(arguments.world.as_deref())?.sites()?;
    guests.retain(|guest| {
        arguments.os.is_none_or(|os| guest.os == os.name())
            && (arguments.pid.is_empty() || arguments.pid.contains(&guest.pid))
    });
    if arguments.json {
        return print::json_lines(&guests);
    }
    let headings = ["PID", "OS", "ADDRESS", "FILE", "TRAPPED", "HOISTED", "DECISION"];
    let row = |guest: &GuestSites, site: &Site| {
        let file = match site.file.as_str() {
            "" => String::new(),
            file => format!("{}+{:#x}", print::plain(file), site.offset),
        };
        let (address, trapped, hoisted) =
            (format!("{:#x}", site.address), site.trapped.to_string(), site.hoisted.to_string());
        [guest.pid.to_string(), guest.os.clone(), address, file, trapped, hoisted, site.decision.clone()]
    };
    print::table(&headings, guests.iter().flat_map(|guest| guest.sites.iter().map(|site| row(guest, site))))?;
    let headings = ["PID", "OS", "PROGRAM", "TRAPPED", "HOISTED", "SHARE"];
    print::table(
        &headings,
        guests.iter().map(|guest| {
            let all = guest.trapped.saturating_add(guest.hoisted);
            let share = if all == 0 {
                String::new()
            } else {
                format!("{:.1} %", guest.hoisted as f64 * 100.0 / all as f64)
            };
            let (pid, program) = (guest.pid.to_string(), print::plain(&guest.program));
            [pid, guest.os.clone(), program, guest.trapped.to_string(), guest.hoisted.to_string(), share]
        }),
    )
}
