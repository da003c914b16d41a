//! The mapper's own log.

use std::io::stderr;

/// Starts logging to standard error when `MAPPER_LOG` asks for it, as `MAPPER_LOG=debug` or
/// `MAPPER_LOG=mapper::dispatch=trace`.
pub fn start() {
    if let Ok(filter) = std::env::var("MAPPER_LOG") {
        let filter = tracing_subscriber::EnvFilter::new(filter);
        // A second start changes nothing.
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).try_init();
    }
}
