//! `mapper ps`: the guests.

use std::collections::HashMap;
use std::ffi::CStr;

use serde::Serialize;

use super::{Failure, print, world};
use crate::control::client::Client;
use crate::control::place::running;
use crate::control::report::Guest;

/// Shows the guests of one world, or of all.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only the guests of this world.
    #[arg(long, value_name = "NAME")]
    world: Option<String>,
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// A guest as it is shown.
#[derive(Serialize)]
struct Row {
    world: String,
    user: String,
    #[serde(flatten)]
    guest: Guest,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut names = HashMap::new();
    let mut rows = Vec::new();
    let mut add = |world: &str, guests: Vec<Guest>| {
        for guest in guests {
            let user = names.entry(guest.uid).or_insert_with(|| user_name(guest.uid)).clone();
            rows.push(Row { world: world.to_owned(), user, guest });
        }
    };
    match &arguments.world {
        Some(name) => add(name, Client::connect(&world::place(name)?)?.guests()?),
        None => {
            for place in running() {
                // One that ends at this moment has no guests to show.
                if let Ok(guests) = Client::connect(&place).and_then(|client| client.guests()) {
                    add(place.name(), guests);
                }
            }
        }
    }
    if arguments.json {
        return print::json(&rows);
    }
    let headings = ["PID", "PPID", "OS", "STATE", "USER", "WORLD", "COMMAND"];
    let shown = rows.into_iter().map(|row| {
        let guest = row.guest;
        let command = print::plain(&guest.command.join(" "));
        [guest.pid.to_string(), guest.ppid.to_string(), guest.os, guest.state, row.user, row.world, command]
    });
    print::table(&headings, shown)
}

/// The name of a user of the host; the number where there is none.
fn user_name(number: u32) -> String {
    // SAFETY: there is one thread, and the entry is read before it is asked for the next.
    let name = unsafe {
        let entry = libc::getpwuid(number);
        if entry.is_null() { None } else { Some(CStr::from_ptr((*entry).pw_name)) }
    };
    name.map_or_else(|| number.to_string(), |name| name.to_string_lossy().into_owned())
}
