//! The world page as this guest sees it, and the reserved descriptors.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, Ordering};

use schemas::transport::{DESCRIPTOR_COUNT, DESCRIPTOR_WORLD, World};
use schemas::{Errno, Flavour, Operation};

use crate::context::Context;
use crate::host::linux::memory;

/// First of the reserved descriptors.
static BASE: AtomicI32 = AtomicI32::new(schemas::transport::DESCRIPTOR_BASE);
/// Where the world page is mapped; read by assembly.
pub static WORLD: AtomicPtr<World> = AtomicPtr::new(core::ptr::null_mut());
/// Whether this guest was started to be traced, whatever the world says.
static TRACE: AtomicBool = AtomicBool::new(false);

/// A reserved descriptor, by its place in the block.
pub fn reserved(place: i32) -> i32 {
    BASE.load(Ordering::Relaxed) + place
}

/// Whether a descriptor belongs to the stub.
#[inline]
pub fn is_reserved(descriptor: i32) -> bool {
    (descriptor.wrapping_sub(BASE.load(Ordering::Relaxed)) as u32) < DESCRIPTOR_COUNT as u32
}

/// Sets where the reserved descriptors begin.
pub fn set_base(base: i32) {
    BASE.store(base, Ordering::Relaxed);
}

/// Maps the world page; gives the range of addresses it takes.
///
/// # Errors
/// As mmap(2); `EPROTO` for a page of another version.
pub fn open(trace: bool) -> Result<core::ops::Range<u64>, Errno> {
    let at = memory::map_shared(reserved(DESCRIPTOR_WORLD), World::SIZE as u64, false)?;
    let start = NonNull::new(at as *mut u8).ok_or(Errno::NOMEM)?;
    // SAFETY: just mapped, page aligned, and never unmapped.
    let world = unsafe { World::open(start) }?;
    WORLD.store(core::ptr::from_ref(world).cast_mut(), Ordering::Relaxed);
    TRACE.store(trace, Ordering::Relaxed);
    Ok(at..at + World::SIZE as u64)
}

/// The world page.
#[inline]
pub fn page() -> &'static World {
    // SAFETY: set once at start, before any guest code runs; never unmapped.
    unsafe { &*WORLD.load(Ordering::Relaxed) }
}

/// What is to be done with an operation of this guest now.
#[inline]
pub fn route(cx: &Context, operation: Operation) -> Flavour {
    page().route(cx.process().personality.id, operation)
}

/// Whether traps are traced.
#[inline]
pub fn traced() -> bool {
    TRACE.load(Ordering::Relaxed) || page().trace()
}

/// Whether this guest was itself started to be traced, for the image after it.
pub fn started_traced() -> bool {
    TRACE.load(Ordering::Relaxed)
}

/// A world without mounts and with the default routes, for tests.
#[cfg(test)]
pub(crate) fn open_empty() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let at = memory::map(World::SIZE as u64).unwrap();
        // SAFETY: fresh memory of the right size, page aligned, and never unmapped.
        let world = unsafe { World::create(NonNull::new(at as *mut u8).unwrap()) };
        WORLD.store(core::ptr::from_ref(world).cast_mut(), Ordering::Relaxed);
    });
}
