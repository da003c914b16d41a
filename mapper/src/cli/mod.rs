//! The command line. One module a verb.

mod compose;
mod down;
mod fb;
mod identify;
mod net;
mod print;
mod ps;
mod routes;
mod run;
mod scsi;
mod select;
mod servers;
mod trace;
mod up;
mod world;

use clap::{Parser, Subcommand};

/// Runs programs of other operating systems, and explains what happens to their system calls.
#[derive(Debug, Parser)]
#[command(name = "mapper", version, disable_help_subcommand = true)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Run(run::Arguments),
    Up(up::Arguments),
    Down(down::Arguments),
    Compose(compose::Arguments),
    Fb(fb::Arguments),
    Scsi(scsi::Arguments),
    Ps(ps::Arguments),
    Routes(routes::Arguments),
    Servers(servers::Arguments),
    Net(net::Arguments),
    Trace(trace::Arguments),
    Identify(identify::Arguments),
    /// Runs a server for the mapper that started this process.
    #[command(hide = true)]
    Serve,
}

/// The command that programs are started with, alone: what every other one can be told is made for help and for errors
/// only.
#[derive(Debug, Parser)]
#[command(name = "mapper run")]
struct Run {
    #[command(flatten)]
    arguments: run::Arguments,
}

/// The verb that the process's arguments name.
fn parse() -> Result<Verb, clap::Error> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|verb| verb == "run")
        && let Ok(run) = Run::try_parse_from(std::iter::once("run".into()).chain(arguments))
    {
        return Ok(Verb::Run(run.arguments));
    }
    Command::try_parse().map(|command| command.verb)
}

/// Exit status when something other than the program asked for went wrong, as of `env`, `nice` and `timeout`.
const FAILURE: u8 = 125;
/// Exit status when the world that a command is for does not run, or says no.
const REFUSED: u8 = 1;
/// Exit status when the command line was wrong, as of a shell's own commands.
const USAGE: u8 = 2;

/// What went wrong with a verb, for a person to read, and the exit status that says so.
#[derive(Debug)]
struct Failure {
    status: u8,
    message: String,
}

impl Failure {
    /// A failure with a status of its own.
    fn with_status(status: u8, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

/// The process of a server.
fn serve() -> Result<(), Failure> {
    crate::log::start();
    crate::servers::remote::serve().map_err(|why| Failure::with_status(FAILURE, why))
}

/// Runs the verb that the process's arguments name and returns the exit status.
pub fn main() -> u8 {
    let verb = match parse() {
        Ok(verb) => verb,
        Err(error) => {
            let status = if error.use_stderr() { USAGE } else { 0 };
            // Nothing is left to be done when even the message cannot be written.
            let _ = error.print();
            return status;
        }
    };
    let done = match verb {
        Verb::Run(arguments) => run::run(arguments),
        Verb::Up(arguments) => up::run(arguments),
        Verb::Down(arguments) => down::run(arguments),
        Verb::Compose(arguments) => compose::run(arguments),
        Verb::Fb(arguments) => fb::run(arguments),
        Verb::Scsi(arguments) => scsi::run(arguments),
        Verb::Ps(arguments) => ps::run(arguments),
        Verb::Routes(arguments) => routes::run(arguments),
        Verb::Servers(arguments) => servers::run(arguments),
        Verb::Net(arguments) => net::run(arguments),
        Verb::Trace(arguments) => trace::run(arguments),
        Verb::Identify(arguments) => identify::run(arguments),
        Verb::Serve => serve(),
    };
    match done {
        Ok(()) => 0,
        Err(failure) => {
            eprintln!("mapper: {}", failure.message);
            failure.status
        }
    }
}
