//! Linux's calls on files. Where the host answers it does so right into the guest's memory; what is here puts the
//! guest's paths and descriptors where they belong first.

pub mod attribute;
pub mod control;
pub mod data;
pub mod directory;
pub mod extended;
pub mod filesystem;
pub mod name;
pub mod open;
pub mod send;
pub mod status;
