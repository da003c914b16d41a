//! `mapper down`: ends a world.

use super::{Failure, world};

/// Ends a running world.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The world; where none is named, `default` or the only one that runs.
    #[arg(long, value_name = "NAME")]
    world: Option<String>,
    /// End its guests, too: they are told to, and killed when they do not.
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    Ok(world::connect(arguments.world.as_deref())?.shutdown(arguments.force)?)
}
