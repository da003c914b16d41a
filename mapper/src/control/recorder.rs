//! What the control plane tells of drives and media of the servers of kind `scsi`, and what it does with them.

use schemas::device::control::results::reply;
use schemas::device::{scsi_medium, scsi_reply, scsi_request, scsi_track};
use schemas::{Errno, control};
use serde::Serialize;

use super::device::{Device, Node, nodes};
use crate::world::Live;

/// Nodes that drives have for Linux, of which one is opened to ask.
const COMMANDS: &str = "sg";
/// Nodes that they are called by.
const BLOCKS: &str = "sr";

/// A drive.
#[derive(Debug, Clone, Serialize)]
pub struct Drive {
    /// Its server.
    pub server: String,
    /// Its node, below `/dev`.
    pub drive: String,
    /// What it says it is.
    pub vendor: String,
    /// What it says it is.
    pub product: String,
    /// What it says it is.
    pub revision: String,
    /// The host's node that it passes commands through to; nothing for a virtual recorder.
    pub host: Option<String>,
    /// Whether its tray is open.
    pub open: bool,
    /// Whether a guest prevents removal.
    pub locked: bool,
    /// Commands that the deployment does not allow.
    pub refused: u64,
    /// What is in it.
    pub medium: Option<Medium>,
}

/// A medium.
#[derive(Debug, Clone, Serialize)]
pub struct Medium {
    /// The server in whose folder it lies.
    pub server: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: String,
    /// `blank`, `appendable`, `complete`, or `random`: any block can be written at any time.
    pub state: String,
    /// Blocks that it holds.
    pub capacity: u32,
    /// Sessions that are closed.
    pub sessions: u16,
    /// How many tracks it has.
    pub track_count: u16,
    /// Its Media Catalogue Number.
    pub catalog: Option<String>,
    /// The drive that it is in.
    pub drive: Option<String>,
    /// Its tracks, the first 150 of them; of one that is in no drive none.
    pub tracks: Vec<Track>,
}

/// A track.
#[derive(Debug, Clone, Serialize)]
pub struct Track {
    /// Its number.
    pub number: u16,
    /// Its session.
    pub session: u16,
    /// `audio`, `mode1`, `mode2`, `xa`.
    pub form: String,
    /// First block.
    pub start: i32,
    /// Blocks that were written.
    pub blocks: u32,
    /// Blocks before it that belong to it.
    pub pregap: u32,
    /// Whether it is still being written.
    pub open: bool,
    /// International Standard Recording Code.
    pub isrc: Option<String>,
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

impl Track {
    fn read(message: scsi_track::Reader<'_>) -> capnp::Result<Self> {
        Ok(Self {
            number: message.get_number(),
            session: message.get_session(),
            form: message.get_form()?.to_string()?,
            start: message.get_start(),
            blocks: message.get_blocks(),
            pregap: message.get_pregap(),
            open: message.get_open(),
            isrc: some(message.get_isrc()?.to_string()?),
        })
    }
}

impl Medium {
    fn read(message: scsi_medium::Reader<'_>, server: &str, drive: &str) -> capnp::Result<Self> {
        Ok(Self {
            server: server.to_owned(),
            name: message.get_name()?.to_string()?,
            kind: message.get_kind()?.to_string()?,
            state: message.get_state()?.to_string()?,
            capacity: message.get_capacity(),
            sessions: message.get_sessions(),
            track_count: message.get_track_count(),
            catalog: some(message.get_catalog()?.to_string()?),
            drive: some(drive.to_owned()),
            tracks: message.get_tracks()?.iter().map(Track::read).collect::<capnp::Result<_>>()?,
        })
    }

    /// Reads a message.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_message(message: control::medium::Reader<'_>) -> capnp::Result<Self> {
        Self::read(message.get_medium()?, message.get_server()?.to_str()?, message.get_node()?.to_str()?)
    }
}

impl Drive {
    /// Reads a message.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_message(message: control::drive::Reader<'_>) -> capnp::Result<Self> {
        let (server, node) = (message.get_server()?.to_str()?, message.get_node()?.to_str()?);
        let told = message.get_drive()?;
        let unit = told.get_unit()?;
        let medium = Medium::read(told.get_medium()?, server, node)?;
        Ok(Self {
            server: server.to_owned(),
            drive: node.to_owned(),
            vendor: unit.get_vendor()?.to_string()?,
            product: unit.get_product()?.to_string()?,
            revision: unit.get_revision()?.to_string()?,
            host: some(told.get_host()?.to_string()?),
            open: told.get_open(),
            locked: told.get_locked(),
            refused: told.get_refusals(),
            medium: Some(medium).filter(|medium| !medium.name.is_empty()),
        })
    }
}

/// The name that a drive is called by.
fn called(node: &Node) -> String {
    node.name.replacen(COMMANDS, BLOCKS, 1)
}

/// Asks a drive, and copies what it answers.
fn ask<R>(
    drive: &Device,
    fill: impl FnOnce(scsi_request::Builder<'_>),
    take: impl FnOnce(scsi_reply::Reader<'_>) -> Result<R, Errno>,
) -> Result<R, Errno> {
    drive.control(
        |request| fill(request.init_scsi()),
        |reply| match reply.which() {
            Ok(reply::Scsi(reply)) => take(reply?),
            _ => Err(Errno::BADMSG),
        },
    )
}

fn failed(errno: Errno) -> capnp::Error {
    capnp::Error::failed(format!("the drive's server says {errno}"))
}

/// Writes what drives there are.
///
/// # Errors
/// What a server says.
pub fn write_drives(world: &Live, to: control::control::drives_results::Builder<'_>) -> capnp::Result<()> {
    let found = nodes(world, COMMANDS);
    let mut list = to.init_drives(found.len() as u32);
    for (at, node) in (0..).zip(&found) {
        let mut told = list.reborrow().get(at);
        told.set_server(node.server(world));
        told.set_node(called(node));
        let drive = Device::open(world, node).map_err(failed)?;
        let inspect = |mut request: scsi_request::Builder<'_>| request.set_inspect(());
        let copied = ask(&drive, inspect, |reply| match reply.which() {
            Ok(scsi_reply::Inspect(drive)) => Ok(told.set_drive(drive?)?),
            _ => Err(Errno::BADMSG),
        });
        copied.map_err(failed)?;
    }
    Ok(())
}

/// Which medium each drive of a server has.
fn loaded(world: &Live, node: &Node) -> Result<String, Errno> {
    let drive = Device::open(world, node)?;
    let inspect = |mut request: scsi_request::Builder<'_>| request.set_inspect(());
    ask(&drive, inspect, |reply| match reply.which() {
        Ok(scsi_reply::Inspect(drive)) => {
            drive?.get_medium()?.get_name()?.to_string().map_err(|_| Errno::BADMSG)
        }
        _ => Err(Errno::BADMSG),
    })
}

/// Writes what media there are.
///
/// # Errors
/// What a server says.
pub fn write_media(world: &Live, to: control::control::media_results::Builder<'_>) -> capnp::Result<()> {
    let mut drives = Vec::new();
    for node in nodes(world, COMMANDS) {
        drives.push((node.server(world), called(&node), loaded(world, &node).map_err(failed)?, node));
    }
    let mut messages = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for (server, _, _, node) in &drives {
        // One drive of each server tells of the folder that all of them have.
        if seen.contains(&server.as_str()) {
            continue;
        }
        seen.push(server);
        let drive = Device::open(world, node).map_err(failed)?;
        let mut skip = 0;
        loop {
            let before = messages.len();
            let media = |mut request: scsi_request::Builder<'_>| request.set_media(skip);
            let copied = ask(&drive, media, |reply| {
                let Ok(scsi_reply::Media(list)) = reply.which() else { return Err(Errno::BADMSG) };
                for medium in list? {
                    let mut copy = capnp::message::Builder::new_default();
                    copy.set_root(medium)?;
                    messages.push((server, copy));
                }
                Ok(())
            });
            copied.map_err(failed)?;
            match messages.len() - before {
                0 => break,
                more => skip += more as u32,
            }
        }
    }
    let mut list = to.init_media(messages.len() as u32);
    for (at, (server, message)) in (0..).zip(&messages) {
        let medium: scsi_medium::Reader<'_> = message.get_root_as_reader()?;
        let name = medium.get_name()?.to_str()?;
        let mut told = list.reborrow().get(at);
        told.set_medium(medium)?;
        told.set_server(server.as_str());
        let holder = drives.iter().find(|(of, _, has, _)| of == *server && has == name);
        told.set_node(holder.map_or("", |(_, drive, _, _)| drive));
    }
    Ok(())
}

/// Has a drive load or eject something.
///
/// # Errors
/// A sentence: which drives there are, or why it does not.
pub fn change(world: &Live, name: &str, fill: impl FnOnce(scsi_request::Builder<'_>)) -> capnp::Result<()> {
    let found = nodes(world, COMMANDS);
    let Some(node) = found.iter().find(|node| called(node) == name) else {
        let names: Vec<_> = found.iter().map(called).collect();
        return Err(capnp::Error::failed(if names.is_empty() {
            "the world has no drive; a server of kind `scsi` in its deployment makes one".to_owned()
        } else {
            format!("the world has no drive `{name}`, but {}", names.join(", "))
        }));
    };
    let drive = Device::open(world, node).map_err(failed)?;
    let said = ask(&drive, fill, |reply| match reply.which() {
        Ok(scsi_reply::Refused(why)) => why?.to_string().map_err(|_| Errno::BADMSG),
        _ => Err(Errno::BADMSG),
    });
    match said.map_err(failed)? {
        why if why.is_empty() => Ok(()),
        why => Err(capnp::Error::failed(why)),
    }
}
