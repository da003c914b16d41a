//! Media: discs, and the files that they are kept in.

pub mod disc;
pub mod export;
pub mod folder;
pub mod form;
pub mod kind;
mod recovery;
pub mod store;

pub use disc::{Disc, Extent, State, Track};
pub use form::Form;
pub use kind::{Family, Kind};
pub use store::Medium;
