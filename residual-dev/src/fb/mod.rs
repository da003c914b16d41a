//! Screens in shared memory, that programs draw on as on a frame buffer of Linux or a BSD.

mod mode;
mod picture;
mod screen;
mod server;
mod settings;

pub use mode::{Channel, Depth, Mode};
pub use picture::{colours, write_png};
pub use server::Fb;
pub use settings::Settings;
