//! `mapper servers`: the servers of a world.

use super::{Failure, print, world};

/// Shows the servers of a world, and how they are.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The world; where none is named, `default` or the only one that runs.
    #[arg(long, value_name = "NAME")]
    world: Option<String>,
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let servers = world::connect(arguments.world.as_deref())?.servers()?;
    if arguments.json {
        return print::json(&servers);
    }
    let headings = [
        "NAME",
        "INTERFACE",
        "PROCESS",
        "STATE",
        "REQUESTS",
        "ERRORS",
        "RESTARTS",
        "OBJECTS",
        "MOUNTS",
        "ERROR",
    ];
    let shown = servers.into_iter().map(|server| {
        [
            server.name,
            server.interface,
            if server.pid == 0 { "mapper".to_owned() } else { server.pid.to_string() },
            server.state,
            server.requests.to_string(),
            server.errors.to_string(),
            server.restarts.to_string(),
            server.objects.to_string(),
            server.mounts.join(" "),
            server.error,
        ]
    });
    print::table(&headings, shown)
}
