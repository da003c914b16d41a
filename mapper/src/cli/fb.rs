//! `mapper fb`: screens.

use std::path::PathBuf;

use super::{FAILURE, Failure, world};

/// Looks at the screens that servers of kind `fb` show.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Writes what a screen shows to a file, as PNG.
    Snapshot {
        /// The file.
        file: PathBuf,
        /// The screen.
        #[arg(long, value_name = "NAME", default_value = "fb0")]
        screen: String,
        /// The world; where none is named, `default` or the only one that runs.
        #[arg(long, value_name = "NAME")]
        world: Option<String>,
    },
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Verb::Snapshot { file, screen, world } = arguments.verb;
    let picture = world::connect(world.as_deref())?.snapshot(&screen)?;
    std::fs::write(&file, picture)
        .map_err(|error| Failure::with_status(FAILURE, format!("cannot write {}: {error}", file.display())))
}
