//! SCSI: a virtual recorder for CD, DVD and BD, whose discs are files, and passing through to a device of the host's.

pub mod command;
pub mod medium;
pub mod recorder;
pub mod sense;
