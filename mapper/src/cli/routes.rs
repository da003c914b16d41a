//! `mapper routes`: what happens to operations, and how often it did.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemas::Personality;

use super::{FAILURE, Failure, print, world};
use crate::control::calls;
use crate::control::client::Client;
use crate::control::report::{self, Missing, Route};
use crate::deployment::Deployment;
use crate::registry::counters::Totals;
use crate::route::Table;
use crate::world::Statistics;

/// Shows, for every operation, the flavour of its route, the server that answers, and how often each flavour was taken.
/// Where no world runs, it shows the routes that one would begin with.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// The world; where none is named, `default` or the only one that runs.
    #[arg(long, value_name = "NAME")]
    world: Option<String>,
    /// Rather than those of a world, the routes that this deployment begins with.
    #[arg(long, value_name = "FILE", conflicts_with = "world")]
    deployment: Option<PathBuf>,
    /// Only routes of this OS.
    #[arg(long, value_name = "NAME", value_parser = super::select::personality)]
    os: Option<Personality>,
    /// Only routes that this server answers, or that belong to this interface.
    #[arg(long, value_name = "NAME", conflicts_with = "missing")]
    server: Option<String>,
    /// Show instead the system calls that guests cannot have, those first that were asked for.
    #[arg(long)]
    missing: bool,
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Set(Set),
}

/// Changes routes of a running world. Calls under way end as they began.
#[derive(Debug, clap::Args)]
struct Set {
    /// The world; where none is named, `default` or the only one that runs.
    #[arg(long, value_name = "NAME")]
    world: Option<String>,
    /// Only for this OS.
    #[arg(long, value_name = "NAME", value_parser = super::select::personality)]
    os: Option<Personality>,
    /// An operation such as `fs.open`, or `fs` for all of a subsystem, or `*`.
    operation: String,
    /// `local`, `cached`, `direct` or `mapped`; or the name of a server, which is asked from now on.
    flavour: String,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    if let Some(Verb::Set(set)) = arguments.verb {
        return set_route(&set);
    }
    let client = match &arguments.deployment {
        Some(_) => None,
        None => world::find(arguments.world.as_deref())?.map(|place| Client::connect(&place)).transpose()?,
    };
    if arguments.missing {
        let counted = client.map_or_else(|| Ok(Vec::new()), |client| client.missing())?;
        return show_missing(&counted, arguments.os, arguments.json);
    }
    let mut routes = match client {
        Some(client) => client.routes()?,
        None => first_routes(arguments.deployment.as_ref())?,
    };
    routes.retain(|route| {
        arguments.os.is_none_or(|os| route.os == os.name())
            && arguments.server.as_ref().is_none_or(|name| route.server == *name || route.interface == *name)
    });
    if arguments.json {
        return print::json(&routes);
    }
    let headings =
        ["OPERATION", "OS", "FLAVOUR", "SERVER", "LOCAL", "CACHED", "DIRECT", "MAPPED", "FAILED", "µs EACH"];
    print::table(&headings, merged(&routes).into_iter().map(Line::row))
}

fn set_route(set: &Set) -> Result<(), Failure> {
    let client = world::connect(set.world.as_deref())?;
    match client.set_route(&set.operation, set.os, &set.flavour)? {
        0 => eprintln!("mapper: nothing to change: it is so already"),
        1 => eprintln!("mapper: 1 route changed"),
        changed => eprintln!("mapper: {changed} routes changed"),
    }
    Ok(())
}

/// The routes that a world of this deployment begins with.
fn first_routes(deployment: Option<&PathBuf>) -> Result<Vec<Route>, Failure> {
    let deployment = match deployment {
        Some(path) => {
            Deployment::load(path).map_err(|error| Failure::with_status(FAILURE, error.to_string()))?
        }
        None => Deployment::built_in(),
    };
    Ok(report::routes(&Table::new(&deployment), &Totals::default(), &Statistics::default()))
}

/// Lines of the table: what is alike for several OSes is shown once.
struct Line<'a> {
    route: Route,
    oses: Vec<&'a str>,
}

fn merged(routes: &[Route]) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for route in routes {
        let alike = |line: &&mut Line<'_>| {
            line.route.operation == route.operation
                && line.route.flavour == route.flavour
                && line.route.server == route.server
        };
        // Routes of one operation stand together, at most one for each OS.
        match lines.iter_mut().rev().take(Personality::ALL.len()).find(alike) {
            Some(line) => {
                line.oses.push(&route.os);
                let sums = [
                    (&mut line.route.local, route.local),
                    (&mut line.route.cached, route.cached),
                    (&mut line.route.direct, route.direct),
                    (&mut line.route.mapped, route.mapped),
                    (&mut line.route.failed, route.failed),
                    (&mut line.route.nanoseconds, route.nanoseconds),
                ];
                for (sum, count) in sums {
                    *sum = sum.saturating_add(count);
                }
            }
            None => lines.push(Line { route: route.clone(), oses: vec![&route.os] }),
        }
    }
    lines
}

impl Line<'_> {
    fn row(self) -> [String; 10] {
        let Route { operation, flavour, server, local, cached, direct, mapped, failed, nanoseconds, .. } =
            self.route;
        let oses =
            if self.oses.len() == Personality::ALL.len() { "all".to_owned() } else { self.oses.join(" ") };
        let server = if server.is_empty() { "none".to_owned() } else { server };
        let each = match nanoseconds.checked_div(mapped) {
            Some(each) if nanoseconds > 0 => format!("{:.1}", each as f64 / 1000.0),
            _ => String::new(),
        };
        let [local, cached, direct, mapped, failed] =
            [local, cached, direct, mapped, failed].map(|count| count.to_string());
        [operation, oses, flavour, server, local, cached, direct, mapped, failed, each]
    }
}

/// Shows the calls that guests cannot have, with how often they asked for them.
fn show_missing(counted: &[Missing], os: Option<Personality>, json: bool) -> Result<(), Failure> {
    let mut missing = Vec::new();
    for personality in Personality::ALL.into_iter().filter(|&one| os.is_none_or(|os| os == one)) {
        let own = counted.iter().filter(|call| call.os == personality.name());
        let asked: BTreeMap<u32, u64> = own.map(|call| (call.number, call.count)).collect();
        missing.extend(calls::unsupported(personality, &asked));
    }
    if json {
        return print::json(&missing);
    }
    let headings = ["OS", "NUMBER", "NAME", "COUNT", "REASON"];
    print::table(
        &headings,
        missing
            .into_iter()
            .map(|call| [call.os, call.number.to_string(), call.name, call.count.to_string(), call.reason]),
    )
}
