//! The list of guests.

use std::sync::Arc;

use schemas::proc::list::results;
use schemas::server::Caller;
use schemas::{Errno, Personality, common};

use crate::host::process::{self, Stat};
use crate::hurd::world::{Guest, World};

/// Bytes of a reply that rows may take, and the part of it that the arguments of one row may.
const ROOM: usize = 24 * 1024;
const ARGUMENTS: usize = 4096;
/// Bytes of a row without what it points to, with room to spare.
const ROW: usize = 256;

struct Row {
    guest: Arc<Guest>,
    stat: Stat,
    credentials: schemas::server::Credentials,
    arguments: Vec<Vec<u8>>,
}

impl Row {
    fn read(guest: Arc<Guest>) -> Option<Self> {
        let stat = process::stat(guest.pid).ok()?;
        let credentials = process::credentials(guest.pid).ok()?;
        let mut left = ARGUMENTS;
        let mut arguments = process::strings(guest.pid, "cmdline").unwrap_or_default();
        arguments.retain_mut(|argument| {
            argument.truncate(left);
            left = left.saturating_sub(argument.len() + 16);
            left > 0
        });
        Some(Self { guest, stat, credentials, arguments })
    }

    fn size(&self) -> usize {
        let arguments: usize = self.arguments.iter().map(|argument| argument.len() + 16).sum();
        ROW + self.guest.path.len() + self.stat.command.len() + self.guest.command.len() + arguments
    }
}

/// Fills in the guests that the caller sees and asks for.
pub fn fill(
    world: &World,
    caller: &Caller,
    personality: Option<Personality>,
    pid: i32,
    after: i32,
    mut results: results::Builder<'_>,
) -> Result<(), Errno> {
    let guests = world.guests().into_iter().filter(|guest| {
        (pid <= 0 || guest.pid == pid)
            && guest.pid > after
            && personality.is_none_or(|personality| guest.personality == personality)
            && world.sees(caller, guest)
    });
    let mut rows = Vec::new();
    let mut size = 0;
    let mut more = false;
    for row in guests.filter_map(Row::read) {
        size += row.size();
        if size > ROOM && !rows.is_empty() {
            more = true;
            break;
        }
        rows.push(row);
    }
    if pid > 0 && rows.is_empty() {
        return Err(Errno::SRCH);
    }
    results.set_more(more);
    let mut list = results.init_processes(rows.len() as u32);
    let boot = process::boot_time()?;
    for (index, row) in rows.iter().enumerate() {
        set(list.reborrow().get(index as u32), row, boot);
    }
    Ok(())
}

fn set_ticks(mut builder: common::time::Builder<'_>, base: i64, ticks: u64) {
    let (seconds, nanoseconds) = process::ticks_to_time(ticks);
    builder.set_seconds(base + seconds);
    builder.set_nanoseconds(nanoseconds);
}

fn set(mut builder: common::process::Builder<'_>, row: &Row, boot: i64) {
    let Row { guest, stat, credentials, arguments } = row;
    builder.set_pid(guest.pid);
    builder.set_parent(stat.parent);
    builder.set_group(stat.group);
    builder.set_session(stat.session);
    builder.set_user(credentials.effective_user);
    builder.set_group_id(credentials.effective_group);
    builder.set_personality(guest.personality as u8);
    builder.set_state(stat.state);
    builder.set_threads(stat.threads);
    builder.set_terminal(if stat.terminal == 0 { 0 } else { process::terminal_device(stat.terminal) });
    set_ticks(builder.reborrow().init_started(), boot, stat.start_ticks);
    set_ticks(builder.reborrow().init_user_time(), 0, stat.user_ticks);
    set_ticks(builder.reborrow().init_system_time(), 0, stat.system_ticks);
    builder.set_virtual_size(stat.virtual_size);
    builder.set_resident(stat.resident * rustix::param::page_size() as u64);
    builder.set_nice(stat.nice);
    builder.set_command(if guest.command.is_empty() { &stat.command } else { &guest.command });
    builder.set_path(&guest.path);
    let mut list = builder.init_arguments(arguments.len() as u32);
    for (index, argument) in arguments.iter().enumerate() {
        list.set(index as u32, argument);
    }
}
