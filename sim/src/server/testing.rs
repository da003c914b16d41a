//! Calling servers as the mapper does: with real messages, through the generated dispatch.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use capnp::message::{Builder, HeapAllocator};
use capnp::traits::Owned;
use schemas::message::{Message, ReplyBuffer};
use schemas::server::{Caller, Capabilities, Server};
use schemas::{Errno, Operation, Personality};

use crate::hurd::world::{Policy, World};
use crate::mach::Mach;

/// A world without guests and with the default policy.
pub(crate) fn world() -> Arc<World> {
    Arc::new(World::new(Arc::new(Mach::default()), Policy::default()))
}

/// A guest that is this test process.
pub(crate) fn caller(personality: Personality) -> Caller {
    let pid = std::process::id() as i32;
    Caller {
        task: 1,
        pid,
        tid: pid,
        personality,
        credentials: Arc::new(crate::host::process::credentials(pid).unwrap()),
        stack: None,
    }
}

/// Sends one operation. `fill` writes the parameters, `read` looks at the results.
pub(crate) fn call<P: Owned, R: Owned, T>(
    server: &dyn Server,
    operation: Operation,
    caller: &Caller,
    fill: impl FnOnce(P::Builder<'_>),
    caps: &mut Capabilities,
    read: impl FnOnce(R::Reader<'_>) -> T,
) -> Result<T, Errno> {
    let mut message = Builder::new(HeapAllocator::new().first_segment_words(4096));
    fill(message.init_root::<P::Builder<'_>>());
    let segments = message.get_segments_for_output();
    assert_eq!(segments.len(), 1);
    let mut buffer = ReplyBuffer::default();
    let reply = schemas::server::answer(server, 1, operation, caller, segments[0], caps, &mut buffer)?;
    let message = Message::new(&reply);
    Ok(read(message.root().unwrap()))
}

/// Sends an operation of `subsystem::operation` with parameters set field by field.
macro_rules! ask {
    ($server:expr, $caller:expr, $module:ident::$operation:ident, $variant:ident, |$params:ident| $fill:expr, $caps:expr, |$results:ident| $read:expr) => {
        $crate::server::testing::call::<
            schemas::$module::$operation::params::Owned,
            schemas::$module::$operation::results::Owned,
            _,
        >(
            &$server,
            schemas::Operation::$variant,
            $caller,
            |#[allow(unused_mut, unused_variables)] mut $params| $fill,
            $caps,
            |$results| $read,
        )
    };
}
pub(crate) use ask;

/// No descriptors.
pub(crate) fn none() -> Capabilities {
    Capabilities::default()
}

/// The only descriptor that came with a reply.
pub(crate) fn donated(caps: Capabilities) -> OwnedFd {
    let [only] = <[OwnedFd; 1]>::try_from(caps.donated).unwrap();
    only
}
