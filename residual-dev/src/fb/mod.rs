//! Screens in shared memory, that programs draw on as on a frame buffer of Linux or a BSD.

mod mode;
mod node;
mod picture;
mod requests;
mod screen;
mod server;
mod settings;
mod tell;

pub use mode::{Channel, Depth, Mode};
pub(crate) use node::Node;
pub use picture::{colours, write_png};
pub(crate) use screen::Screen;
pub use server::Fb;
pub use settings::Settings;
