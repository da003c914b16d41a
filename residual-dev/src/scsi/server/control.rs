//! Requests of the scsi family (`device.control`).

use std::sync::Arc;

use rustix::io::pwrite;
use schemas::Errno;
use schemas::device::{
    ScsiDirection, ScsiTransport, scsi_address, scsi_execute, scsi_pattern, scsi_reply, scsi_request,
    scsi_result, scsi_unit,
};
use schemas::server::Caller;

use super::node::Node;
use super::{INLINE, LARGEST, Open, Scsi};
use crate::errno;
use crate::scsi::drive::Drive;
use crate::scsi::recorder::inquiry::TYPE;
use crate::scsi::sent::Sent;

/// Longest CDB.
const LONGEST_COMMAND: usize = 32;
/// Most units in one reply.
const UNITS: usize = 16;

impl Scsi {
    /// Answers a request.
    pub(super) fn answer(
        &self,
        caller: &Caller,
        open: &Arc<Open>,
        request: scsi_request::Reader<'_>,
        mut reply: scsi_reply::Builder<'_>,
    ) -> Result<(), Errno> {
        match request.which().map_err(|_| Errno::BADMSG)? {
            scsi_request::Execute(request) => {
                let request = request?;
                let drive = match open.node {
                    // Commands to the multiplexer itself name the unit; none was attached.
                    Node::Transport => return Err(Errno::NXIO),
                    _ => Self::drive(open)?,
                };
                execute(open, drive, request, reply.init_execute())
            }
            scsi_request::Address(()) => {
                let number = open.node.drive().ok_or(Errno::NXIO)?;
                self.tell(number, reply.init_address());
                Ok(())
            }
            scsi_request::List(pattern) => {
                let pattern = pattern?;
                let found = self.matching(pattern)?;
                let mut list = reply.init_list(found.len() as u32);
                for (at, number) in (0..).zip(found) {
                    self.tell(number, list.reborrow().get(at));
                }
                Ok(())
            }
            scsi_request::MaximumTransfer(()) => {
                reply.set_maximum_transfer(LARGEST as u64);
                Ok(())
            }
            // Units do not share anything that a reset would touch, and no command is ever under way.
            scsi_request::Reset(_) => Err(Errno::NOTTY),
            scsi_request::Attach(_) => Err(Errno::NOTTY),
            // Guests have tasks.
            _ if caller.task != 0 => Err(Errno::PERM),
            scsi_request::Inspect(()) => {
                self.inspect(open.node.drive().ok_or(Errno::NXIO)?, reply.init_inspect())
            }
            scsi_request::Media(skip) => self.media(skip as usize, reply),
            scsi_request::Load(load) => {
                let said = self.load(open.node.drive().ok_or(Errno::NXIO)?, load?)?;
                reply.set_refused(&*said);
                Ok(())
            }
            scsi_request::Eject(force) => {
                let said = self.eject(open.node.drive().ok_or(Errno::NXIO)?, force)?;
                reply.set_refused(&*said);
                Ok(())
            }
        }
    }

    /// Units that a pattern describes.
    fn matching(&self, pattern: scsi_pattern::Reader<'_>) -> Result<Vec<usize>, Errno> {
        let driver = pattern.get_driver()?.to_str().map_err(|_| Errno::INVAL)?;
        let fits = |number: &usize| {
            let any = |wanted: u32, is: u32| wanted == u32::MAX || wanted == is;
            any(pattern.get_bus(), 0)
                && any(pattern.get_target(), *number as u32)
                && matches!(pattern.get_unit(), 0 | u64::MAX)
                && matches!(driver, "" | "cd" | "pass" | "sr" | "sg")
                && any(pattern.get_number(), *number as u32)
        };
        let skip = pattern.get_skip() as usize;
        Ok((0..self.drives.len()).filter(fits).skip(skip).take(UNITS).collect())
    }

    pub(super) fn tell(&self, number: usize, mut unit: scsi_unit::Builder<'_>) {
        let Some(drive) = self.drives.get(number) else { return };
        let identity = drive.identity();
        address(number, unit.reborrow().init_address());
        unit.set_type(drive.inquiry().first().map_or(TYPE, |kind| kind & 0x1f));
        unit.set_vendor(&identity.vendor);
        unit.set_product(&identity.product);
        unit.set_revision(&identity.revision);
        unit.set_driver("cd");
        unit.set_number(number as u32);
        unit.set_pass_number(number as u32);
        unit.set_removable(drive.inquiry().get(1).is_some_and(|flags| flags & 0x80 != 0));
        unit.set_inquiry(drive.inquiry());
    }
}

/// All drives are on one bus, one target each.
fn address(number: usize, mut address: scsi_address::Builder<'_>) {
    address.set_bus(0);
    address.set_target(number as u32);
    address.set_unit(0);
}

/// Carries out one command. Data that is too long for a message is in the memory that the descriptor is.
fn execute(
    open: &Open,
    drive: &Drive,
    request: scsi_execute::Reader<'_>,
    mut result: scsi_result::Builder<'_>,
) -> Result<(), Errno> {
    let command = request.get_command()?;
    if command.len() > LONGEST_COMMAND {
        return Err(Errno::INVAL);
    }
    let length = request.get_length() as usize;
    let shared = request.get_shared();
    let offset = request.get_shared_offset();
    if length > LARGEST || !shared && length > INLINE {
        return Err(Errno::INVAL);
    }
    let memory = if shared { open.shared.part(offset, length).ok_or(Errno::INVAL)? } else { &[] };
    let started = std::time::Instant::now();
    let sends = request.get_direction().map_err(|_| Errno::BADMSG)? == ScsiDirection::ToDevice;
    let receives = request.get_direction().map_err(|_| Errno::BADMSG)? == ScsiDirection::FromDevice;
    let sent = match (sends, shared) {
        (true, true) => Sent::Shared(memory),
        (true, false) => Sent::Own(request.get_data()?),
        (false, _) => Sent::NONE,
    };
    let mut room = if receives { vec![0; length] } else { Vec::new() };
    let outcome = drive.execute(command, sent, &mut room, request.get_timeout());
    let wanted = if sends { sent.len() } else { room.len() };
    if receives {
        let data = &room[..outcome.moved.min(room.len())];
        if shared {
            let mut done = 0;
            while done < data.len() {
                done +=
                    pwrite(open.shared.descriptor(), &data[done..], offset + done as u64).map_err(errno)?;
            }
        } else {
            result.set_data(data);
        }
    }
    result.set_status(outcome.status);
    result.set_transport(if outcome.failed { ScsiTransport::Error } else { ScsiTransport::Ok });
    let sense = outcome.sense.len().min(usize::from(request.get_sense_length()));
    result.set_sense(&outcome.sense[..sense]);
    result.set_residual(wanted.saturating_sub(outcome.moved) as u32);
    result.set_duration(started.elapsed().as_millis().min(u128::from(u32::MAX)) as u32);
    Ok(())
}
