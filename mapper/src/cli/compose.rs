//! `mapper compose`: worlds made from deployment files.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Failure, REFUSED, print, up, world};
use crate::deployment::{Complaint, Deployment, DeploymentError, Place};
use crate::servers;

/// Checks deployment files, and starts, changes and ends the worlds that they describe.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Tells everything that is wrong with a deployment, with line, column and a hint; or what it makes.
    Check {
        /// The deployment.
        file: PathBuf,
        /// Answer in JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Starts the world that a deployment describes.
    Up {
        /// The deployment.
        file: PathBuf,
        /// The world's name; the file's without `.toml` when absent.
        #[arg(long, value_name = "NAME")]
        world: Option<String>,
        /// Stay in the foreground, to be supervised; SIGTERM and SIGINT end the world and its guests.
        #[arg(long)]
        foreground: bool,
    },
    /// Ends the world that a deployment describes.
    Down {
        /// The deployment.
        file: PathBuf,
        /// The world's name; the file's without `.toml` when absent.
        #[arg(long, value_name = "NAME")]
        world: Option<String>,
        /// End its guests, too: they are told to, and killed when they do not.
        #[arg(long)]
        force: bool,
    },
    /// Shows whether the world of a deployment runs, and its servers.
    Status {
        /// The deployment.
        file: PathBuf,
        /// The world's name; the file's without `.toml` when absent.
        #[arg(long, value_name = "NAME")]
        world: Option<String>,
        /// Answer in JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Brings the running world of a deployment to what the file says now, and tells what changed. Guests go on.
    Reload {
        /// The deployment.
        file: PathBuf,
        /// The world's name; the file's without `.toml` when absent.
        #[arg(long, value_name = "NAME")]
        world: Option<String>,
    },
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.verb {
        Verb::Check { file, json } => check(&file, json),
        Verb::Up { file, world, foreground } => {
            let deployment = load(&file)?;
            tell_of_loosened(&deployment);
            up::begin(&world.unwrap_or_else(|| deployment.name.clone()), deployment, foreground)
        }
        Verb::Down { file, world, force } => Ok(world::connect(Some(&named(&file, world)))?.shutdown(force)?),
        Verb::Status { file, world, json } => status(&named(&file, world), json),
        Verb::Reload { file, world } => {
            tell_of_loosened(&load(&file)?);
            let text = std::fs::read_to_string(&file)
                .map_err(|error| refused(format!("cannot read {}: {error}", file.display())))?;
            let path = std::path::absolute(&file).unwrap_or_else(|_| file.clone());
            let changes =
                world::connect(Some(&named(&file, world)))?.apply(&text, &path.display().to_string())?;
            if changes.is_empty() {
                println!("nothing changed");
            }
            for change in changes {
                println!("{change}");
            }
            Ok(())
        }
    }
}

/// What a deployment makes, in short.
#[derive(Debug, Serialize)]
struct Checked {
    deployment: String,
    faults: Vec<Complaint>,
    servers: Vec<CheckedServer>,
    mounts: usize,
    routes: usize,
}

#[derive(Debug, Serialize)]
struct CheckedServer {
    name: String,
    kind: &'static str,
    process: bool,
    devices: Vec<String>,
}

fn check(file: &Path, json: bool) -> Result<(), Failure> {
    let loaded = Deployment::load(file);
    if json {
        let checked = match loaded {
            Ok(deployment) => summary(&deployment),
            Err(DeploymentError::Text(faults)) => Checked {
                deployment: file.display().to_string(),
                faults,
                servers: Vec::new(),
                mounts: 0,
                routes: 0,
            },
            Err(error) => return Err(refused(error.to_string())),
        };
        print::json(&checked)?;
        let status = if checked.faults.is_empty() { 0 } else { REFUSED };
        return if status == 0 { Ok(()) } else { Err(refused(faults(checked.faults.len()))) };
    }
    match loaded {
        Ok(deployment) => {
            let checked = summary(&deployment);
            print::table(
                &["SERVER", "KIND", "RUNS IN", "DEVICES"],
                checked.servers.into_iter().map(|server| {
                    let place = if server.process { "a process of its own" } else { "the mapper" };
                    [server.name, server.kind.to_owned(), place.to_owned(), server.devices.join(" ")]
                }),
            )?;
            tell_of_loosened(&deployment);
            Ok(())
        }
        Err(DeploymentError::Text(complaints)) => {
            for complaint in &complaints {
                eprintln!("{complaint}");
            }
            Err(refused(faults(complaints.len())))
        }
        Err(error) => Err(refused(error.to_string())),
    }
}

fn faults(count: usize) -> String {
    if count == 1 {
        "the deployment has a fault".to_owned()
    } else {
        format!("the deployment has {count} faults")
    }
}

fn summary(deployment: &Deployment) -> Checked {
    let servers = deployment.servers.iter().map(|(name, spec)| CheckedServer {
        name: name.clone(),
        kind: spec.kind.name,
        process: spec.place == Place::Process,
        devices: spec.nodes.iter().map(|node| node.prefix()).collect(),
    });
    Checked {
        deployment: deployment.name.clone(),
        faults: Vec::new(),
        servers: servers.collect(),
        mounts: deployment.mounts.len(),
        routes: deployment.routes.len(),
    }
}

/// Says what servers in processes of their own keep of the host, which they would give up otherwise.
fn tell_of_loosened(deployment: &Deployment) {
    for (name, spec) in &deployment.servers {
        if spec.place != Place::Process {
            continue;
        }
        // That it has needs was checked when the deployment was read.
        let Ok(needs) = servers::needs(spec.kind, &spec.settings) else { continue };
        for file in &needs.files {
            eprintln!("mapper: server {name} keeps the host's {} and what is below it", file.display());
        }
        if needs.network {
            eprintln!("mapper: server {name} keeps the host's network");
        }
    }
}

fn status(name: &str, json: bool) -> Result<(), Failure> {
    let client = world::connect(Some(name))?;
    let servers = client.servers()?;
    if json {
        return print::json(&servers);
    }
    let world = client.describe()?;
    let guests = if world.guests == 1 { "1 guest".to_owned() } else { format!("{} guests", world.guests) };
    println!("world {} of deployment {}, mapper {}, {guests}", world.name, world.deployment, world.pid);
    super::servers::show(servers)
}

fn load(file: &Path) -> Result<Deployment, Failure> {
    Deployment::load(file).map_err(|error| refused(error.to_string()))
}

/// The world of a deployment file.
fn named(file: &Path, world: Option<String>) -> String {
    world.unwrap_or_else(|| crate::deployment::name_of(file))
}

fn refused(message: String) -> Failure {
    Failure::with_status(REFUSED, message)
}
