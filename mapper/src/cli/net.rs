//! `mapper net`: the networks of a world.

use super::{Failure, print, world};
use crate::control::networks::Networks;

/// Shows the interfaces, routes or sockets of a world's network stacks.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Network interfaces, their addresses, and what passed.
    Interfaces(Selection),
    /// Where packets go.
    Routes(Selection),
    /// Sockets of internet protocols, and how far their connections are.
    Sockets(Selection),
}

#[derive(Debug, clap::Args)]
struct Selection {
    /// The world; where none is named, `default` or the only one that runs.
    #[arg(long, value_name = "NAME")]
    world: Option<String>,
    /// Only those of this network stack.
    #[arg(long, value_name = "NAME")]
    server: Option<String>,
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let (Verb::Interfaces(selection) | Verb::Routes(selection) | Verb::Sockets(selection)) = &arguments.verb;
    let mut networks = world::connect(selection.world.as_deref())?.networks()?;
    if let Some(server) = &selection.server {
        networks.interfaces.retain(|interface| interface.server == *server);
        networks.routes.retain(|route| route.server == *server);
        networks.sockets.retain(|socket| socket.server == *server);
    }
    match arguments.verb {
        Verb::Interfaces(_) if selection.json => print::json(&networks.interfaces),
        Verb::Routes(_) if selection.json => print::json(&networks.routes),
        Verb::Sockets(_) if selection.json => print::json(&networks.sockets),
        Verb::Interfaces(_) => interfaces(networks),
        Verb::Routes(_) => routes(networks),
        Verb::Sockets(_) => sockets(networks),
    }
}

fn interfaces(networks: Networks) -> Result<(), Failure> {
    let headings = [
        "SERVER",
        "OS",
        "NAME",
        "FLAGS",
        "MTU",
        "HARDWARE",
        "ADDRESSES",
        "RECEIVED",
        "SENT",
        "ERRORS",
        "DROPPED",
    ];
    let shown = networks.interfaces.into_iter().map(|interface| {
        let (received, sent) = (interface.received, interface.sent);
        [
            interface.server,
            interface.os.unwrap_or_default(),
            interface.name,
            interface.flags.join(","),
            interface.mtu.to_string(),
            interface.hardware,
            interface.addresses.join(" "),
            received.bytes.to_string(),
            sent.bytes.to_string(),
            (received.errors + sent.errors).to_string(),
            (received.dropped + sent.dropped).to_string(),
        ]
    });
    print::table(&headings, shown)
}

fn routes(networks: Networks) -> Result<(), Failure> {
    let headings = ["SERVER", "DESTINATION", "GATEWAY", "INTERFACE", "METRIC"];
    let shown = networks.routes.into_iter().map(|route| {
        [
            route.server,
            route.destination,
            route.gateway.unwrap_or_default(),
            route.interface,
            route.metric.to_string(),
        ]
    });
    print::table(&headings, shown)
}

fn sockets(networks: Networks) -> Result<(), Failure> {
    let headings = ["SERVER", "PROTOCOL", "STATE", "LOCAL", "REMOTE", "TO RECEIVE", "TO SEND", "DROPPED"];
    let shown = networks.sockets.into_iter().map(|socket| {
        [
            socket.server,
            socket.protocol,
            socket.state.to_owned(),
            socket.local,
            socket.remote,
            socket.receive_queue.to_string(),
            socket.send_queue.to_string(),
            socket.dropped.to_string(),
        ]
    });
    print::table(&headings, shown)
}
