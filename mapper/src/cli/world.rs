//! Which running world a command is for.

use super::{Failure, REFUSED, USAGE};
use crate::control::client::{Client, ClientError};
use crate::control::place::{DEFAULT_WORLD, Place, running};

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::with_status(REFUSED, error.to_string())
    }
}

/// The place of the world of this name.
pub(super) fn place(name: &str) -> Result<Place, Failure> {
    Place::of(name).map_err(|error| Failure::with_status(USAGE, error.to_string()))
}

/// The world that is meant: the one that is named, else the one of the default name, else the only one that runs. None
/// when none is named and none runs.
pub(super) fn find(name: Option<&str>) -> Result<Option<Place>, Failure> {
    if let Some(name) = name {
        return place(name).map(Some);
    }
    let mut places = running();
    if let Some(default) = places.iter().position(|place| place.name() == DEFAULT_WORLD) {
        return Ok(Some(places.swap_remove(default)));
    }
    if places.len() > 1 {
        let names: Vec<_> = places.iter().map(Place::name).collect();
        let message = format!("several worlds are running; choose one with --world ({})", names.join(", "));
        return Err(Failure::with_status(USAGE, message));
    }
    Ok(places.pop())
}

/// A connection to the world that is meant. Without any world that is a failure.
pub(super) fn connect(name: Option<&str>) -> Result<Client, Failure> {
    let place = match find(name)? {
        Some(place) => place,
        None => place(DEFAULT_WORLD)?,
    };
    Ok(Client::connect(&place)?)
}
