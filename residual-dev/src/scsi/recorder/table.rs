//! Which commands there are (MMC-6, table 239; SPC-4), what they need, and which file carries them out.

use super::{
    Recorder, blank, capacity, close, cue_sheet, disc_information, events, features, format, inquiry,
    mechanism, mode, performance, read, read_cd, structure, sub_channel, toc, track_information, write,
};
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::sense::Sense;

/// What must be before a command is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it is answered whatever happened (SPC-4, 5.14).
    Nothing,
    /// That the host was told of a change.
    Heard,
    /// That, and a medium.
    Medium,
}

/// What a command may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Nothing but settings of the drive that are gone with it.
    Read,
    /// What is on the medium, and whether it is in the drive.
    Burn,
}

/// A command.
#[derive(Debug)]
pub struct Command {
    /// Its operation code.
    pub operation: u8,
    /// Its name in the standard.
    pub name: &'static str,
    /// What it may change.
    pub class: Class,
    /// What it needs.
    pub needs: Needs,
    /// What carries it out.
    pub run: fn(&mut Recorder, &Cdb, &mut Transfer<'_>) -> Result<(), Sense>,
}

macro_rules! commands {
    ($($operation:literal $name:literal $class:ident $needs:ident $run:path;)*) => {
        /// Every command, by operation code.
        pub static COMMANDS: &[Command] = &[ $( Command {
            operation: $operation, name: $name, class: Class::$class, needs: Needs::$needs, run: $run,
        } ),* ];
    };
}

commands! {
    0x00 "TEST UNIT READY" Read Medium mechanism::test_unit_ready;
    0x01 "REZERO UNIT" Read Heard mechanism::rezero;
    0x03 "REQUEST SENSE" Read Nothing inquiry::request_sense;
    0x04 "FORMAT UNIT" Burn Medium format::format_unit;
    0x12 "INQUIRY" Read Nothing inquiry::inquiry;
    0x15 "MODE SELECT (6)" Read Heard mode::select;
    0x1a "MODE SENSE (6)" Read Heard mode::sense;
    0x1b "START STOP UNIT" Burn Heard mechanism::start_stop;
    0x1e "PREVENT ALLOW MEDIUM REMOVAL" Read Heard mechanism::prevent;
    0x23 "READ FORMAT CAPACITIES" Read Heard format::read_format_capacities;
    0x25 "READ CAPACITY (10)" Read Medium capacity::read_capacity;
    0x28 "READ (10)" Read Medium read::read;
    0x2a "WRITE (10)" Burn Medium write::write;
    0x2b "SEEK (10)" Read Medium read::seek;
    0x2e "WRITE AND VERIFY (10)" Burn Medium write::write;
    0x2f "VERIFY (10)" Read Medium read::verify;
    0x35 "SYNCHRONIZE CACHE" Burn Medium write::synchronize;
    0x42 "READ SUB-CHANNEL" Read Medium sub_channel::read_sub_channel;
    0x43 "READ TOC/PMA/ATIP" Read Medium toc::read_toc;
    0x46 "GET CONFIGURATION" Read Nothing features::get_configuration;
    0x4a "GET EVENT STATUS NOTIFICATION" Read Nothing events::get_event_status;
    0x51 "READ DISC INFORMATION" Read Medium disc_information::read_disc_information;
    0x52 "READ TRACK INFORMATION" Read Medium track_information::read_track_information;
    0x53 "RESERVE TRACK" Burn Medium close::reserve_track;
    0x54 "SEND OPC INFORMATION" Burn Medium write::send_opc;
    0x55 "MODE SELECT (10)" Read Heard mode::select;
    0x58 "REPAIR TRACK" Burn Medium close::repair_track;
    0x5a "MODE SENSE (10)" Read Heard mode::sense;
    0x5b "CLOSE TRACK SESSION" Burn Medium close::close;
    0x5c "READ BUFFER CAPACITY" Read Medium write::read_buffer_capacity;
    0x5d "SEND CUE SHEET" Burn Medium cue_sheet::send_cue_sheet;
    0xa0 "REPORT LUNS" Read Nothing inquiry::report_luns;
    0xa1 "BLANK" Burn Medium blank::blank;
    0xa8 "READ (12)" Read Medium read::read;
    0xaa "WRITE (12)" Burn Medium write::write;
    0xac "GET PERFORMANCE" Read Heard performance::get_performance;
    0xad "READ DISC STRUCTURE" Read Medium structure::read_disc_structure;
    0xb6 "SET STREAMING" Read Heard performance::set_streaming;
    0xb9 "READ CD MSF" Read Medium read_cd::read_cd_msf;
    0xbb "SET CD SPEED" Read Heard performance::set_cd_speed;
    0xbd "MECHANISM STATUS" Read Heard mechanism::mechanism_status;
    0xbe "READ CD" Read Medium read_cd::read_cd;
}

/// By operation code.
pub fn find(operation: u8) -> Option<&'static Command> {
    COMMANDS.binary_search_by_key(&operation, |command| command.operation).ok().map(|index| &COMMANDS[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found() {
        assert!(COMMANDS.is_sorted_by_key(|command| command.operation));
        assert_eq!(find(0xbe).map(|command| command.name), Some("READ CD"));
        assert!(find(0xff).is_none());
    }
}
