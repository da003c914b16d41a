//! `mapper servers`: the servers of a world.

use super::{Failure, print, world};
use crate::control::report::Server;

/// Shows the servers of a world, and how they are.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The world; where none is named, `default` or the only one that runs.
    #[arg(long, value_name = "NAME")]
    world: Option<String>,
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
    /// Start this server anew, also one that was given up, before they are shown.
    #[arg(long, value_name = "SERVER")]
    restart: Option<String>,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let client = world::connect(arguments.world.as_deref())?;
    if let Some(name) = &arguments.restart {
        client.restart_server(name)?;
    }
    let servers = client.servers()?;
    if arguments.json {
        return print::json(&servers);
    }
    show(servers)
}

/// Prints servers as a table.
pub(super) fn show(servers: Vec<Server>) -> Result<(), Failure> {
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
