//! Messages to the mapper: the region of this process, its slots, and descriptors beside them.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

use capnp::traits::{HasStructSize, Owned};
use schemas::message::{self, Message};
use schemas::transport::{
    Claimed, DESCRIPTOR_REGION, DESCRIPTOR_SOCKET, DESCRIPTORS, Datagram, DatagramKind, Lane, Region, SLOTS,
};
use schemas::{Errno, Operation};

use crate::context::Context;
use crate::host::linux::abi::*;
use crate::host::linux::message as datagram;
use crate::host::linux::{memory, syscall::call as host_call};
use crate::operation::hidden;
use crate::process::Lock;
use crate::world;

/// Seals of a region: nobody can make it smaller under the mapper (linux/fcntl.h).
const SEALS: u64 = (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) as u64;
/// Nanoseconds that a sleeping thread waits before it looks whether the mapper still lives: at first, as no server
/// blocks and hardly a reply takes as long, and at most, each time being twice as long as the one before.
const LOOK: [i64; 2] = [1_000_000, 16_000_000];
/// Nanoseconds that one turn of the waiting loop takes at least.
const TURN: u32 = 20;
/// Nanoseconds that a thread always looks for its reply while the mapper is awake, so that the budget can grow again.
const SPIN_LEAST: u32 = 1_000;

/// Nanoseconds that threads look for replies before they sleep: more while that finds them, less while it does not, as
/// on a machine that is busy or has one processor.
static SPIN: AtomicU32 = AtomicU32::new(SPIN_LEAST);

/// Start of the mapped region; null before there is one.
static REGION: AtomicPtr<u8> = AtomicPtr::new(core::ptr::null_mut());
/// Whether the region is this process's own, and not its parent's.
// Every fork writes to it, see the state of the sites.
#[unsafe(link_section = ".data.fork")]
static ATTACHED: AtomicBool = AtomicBool::new(false);
/// Set when the mapper is gone.
static DEAD: AtomicBool = AtomicBool::new(false);
/// Descriptors that arrived for slots, until their threads take them.
static MAILBOX: Lock<Mailbox> = Lock::new(Mailbox { count: [0; SLOTS], held: [[0; DESCRIPTORS]; SLOTS] });
/// Held while a region is made.
static ATTACHING: Lock<()> = Lock::new(());

struct Mailbox {
    count: [u8; SLOTS],
    held: [[i32; DESCRIPTORS]; SLOTS],
}

/// The region, for counting and calling.
#[inline]
pub fn region() -> Option<Region<'static>> {
    let start = NonNull::new(REGION.load(Ordering::Relaxed))?;
    // SAFETY: mapped for good when the pointer was set.
    unsafe { Region::open(start) }.ok()
}

/// Address range of the region, which belongs to the stub.
pub fn range() -> core::ops::Range<u64> {
    let start = REGION.load(Ordering::Relaxed) as u64;
    if start == 0 { 0..0 } else { start..start + Region::SIZE as u64 }
}

/// Gives a thread counters of its own, where there is a region and a lane left in it, and tells it where sites are
/// counted.
pub fn take_lane(cx: &Context) {
    // SAFETY: no pointers; a signal 0 only asks whether there is such a thread.
    let lives = |thread: u32| unsafe { host_call(__NR_tkill, [u64::from(thread), 0]) } != Err(Errno::SRCH);
    let tid = cx.tid.load(Ordering::Relaxed);
    let start = REGION.load(Ordering::Acquire) as u64;
    cx.sites.store(if start == 0 { 0 } else { start + Region::SITES_AT as u64 }, Ordering::Relaxed);
    let lane = region().and_then(|region| region.take_lane(tid, lives));
    cx.lane.store(lane.map_or(0, |lane| core::ptr::from_ref(lane) as u64), Ordering::Relaxed);
}

/// Lets other threads have the counters of one that ends.
pub fn release_lane(cx: &Context) {
    let lane = cx.lane.swap(0, Ordering::Relaxed) as *const Lane;
    if let (Some(region), false) = (region(), lane.is_null()) {
        // SAFETY: a lane of a region, which stays mapped while a thread counts in it.
        region.release_lane(cx.tid.load(Ordering::Relaxed), unsafe { &*lane });
    }
}

/// Whether the region is this process's own, and not its parent's.
pub fn is_attached() -> bool {
    ATTACHED.load(Ordering::Relaxed)
}

/// A forked child counts in its parent's region until it makes a call of its own.
pub fn detach() {
    ATTACHED.store(false, Ordering::Relaxed);
}

/// Goes on with the region that was left for this image; where there is none, or another process's, makes one.
///
/// # Errors
/// As [`attach`].
pub fn start(cx: &Context) -> Result<(), Errno> {
    match adopt(cx) {
        Ok(()) => {
            ATTACHED.store(true, Ordering::Release);
            take_lane(cx);
            Ok(())
        }
        Err(_) => hidden::with_room(|| attach(cx)),
    }
}

fn adopt(cx: &Context) -> Result<(), Errno> {
    let at = memory::map_shared(world::reserved(DESCRIPTOR_REGION), Region::SIZE as u64, true)?;
    let start = NonNull::new(at as *mut u8).ok_or(Errno::NOMEM)?;
    let process = cx.process();
    let pid = process.pid.load(Ordering::Relaxed) as i32;
    // SAFETY: just mapped with that size; the file is sealed against shrinking.
    let adopted = unsafe { Region::open(start) }
        .and_then(|region| region.adopt(pid, process.personality.id, process.executable()));
    match adopted {
        Ok(()) => REGION.store(start.as_ptr(), Ordering::Release),
        Err(_) => memory::release(at, Region::SIZE as u64),
    }
    adopted
}

/// Makes this process's region and tells the mapper of it, over the socket that it inherited.
///
/// # Errors
/// As the host's calls; `EPIPE` when the mapper is gone.
pub fn attach(cx: &Context) -> Result<(), Errno> {
    let _held = ATTACHING.lock();
    if ATTACHED.load(Ordering::Acquire) {
        return Ok(());
    }
    let mut pair = [0i32; 2];
    let kind = SOCK_SEQPACKET_CLOEXEC;
    // SAFETY: every pointer is ours.
    unsafe {
        host_call(__NR_socketpair, [1, kind, 0, pair.as_mut_ptr() as u64])?;
        let name = c"region";
        let file =
            host_call(__NR_memfd_create, [name.as_ptr() as u64, u64::from(MFD_CLOEXEC | MFD_ALLOW_SEALING)])
                .inspect_err(|_| close_all(&pair))?;
        let result = host_call(__NR_ftruncate, [file, Region::SIZE as u64])
            .and_then(|_| host_call(__NR_fcntl, [file, u64::from(F_ADD_SEALS), SEALS]))
            .and_then(|_| share(cx, file as i32, pair));
        close_all(&[file as i32]);
        close_all(&pair);
        result?;
    }
    ATTACHED.store(true, Ordering::Release);
    Ok(())
}

/// `SOCK_SEQPACKET | SOCK_CLOEXEC` (linux/net.h).
const SOCK_SEQPACKET_CLOEXEC: u64 = 5 | 0x8_0000;

/// Maps the region, sends it with one end of the pair, and keeps the other as process socket.
fn share(cx: &Context, file: i32, pair: [i32; 2]) -> Result<(), Errno> {
    let at = memory::map_shared(file, Region::SIZE as u64, true)?;
    let start = NonNull::new(at as *mut u8).ok_or(Errno::NOMEM)?;
    // SAFETY: fresh memory of the region's size, page aligned.
    let region = unsafe { Region::create(start) };
    region.set_program(cx.process().executable());
    // SAFETY: no pointers. A child that borrows its parent's memory has a number of its own.
    let pid = unsafe { host_call::<0>(__NR_getpid, []) }? as i32;
    region.set_owner(pid, cx.process().personality.id);
    let hello = Datagram {
        pid,
        personality: Some(cx.process().personality.id),
        count: 2,
        ..Datagram::new(DatagramKind::Hello)
    };
    let socket = world::reserved(DESCRIPTOR_SOCKET);
    datagram::send(socket, &hello.to_bytes(), &[pair[1], file]).inspect_err(|error| {
        memory::release(at, Region::SIZE as u64);
        note_death(*error);
    })?;
    // SAFETY: replaces the inherited socket by our own end, and the region that the next image finds.
    unsafe {
        host_call(__NR_dup3, [pair[0] as u64, socket as u64, 0])?;
        host_call(__NR_dup3, [file as u64, world::reserved(DESCRIPTOR_REGION) as u64, 0])?;
    }
    release_lane(cx);
    if let Some(parent) = self::region() {
        region.adopt_sites(parent);
    }
    let old = REGION.swap(at as *mut u8, Ordering::AcqRel);
    let mut alone = true;
    let own = cx.tid.load(Ordering::Relaxed);
    cx.process().each_block(|block| {
        alone &= block.tid.load(Ordering::Relaxed) == own;
        if !core::ptr::eq(block, cx) {
            take_lane(block);
        }
    });
    take_lane(cx);
    if !old.is_null() {
        // Other threads may be counting in the old region still.
        let kept = if alone { 0 } else { Region::SLOTS_AT as u64 };
        memory::release(old as u64 + kept, Region::SIZE as u64 - kept);
    }
    Ok(())
}

fn close_all(descriptors: &[i32]) {
    for descriptor in descriptors {
        // SAFETY: our own descriptors.
        let _ = unsafe { host_call(__NR_close, [*descriptor as u64]) };
    }
}

/// Remembers that the mapper is gone, where an error says so.
fn note_death(error: Errno) {
    if matches!(error, Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN) {
        DEAD.store(true, Ordering::Relaxed);
    }
}

/// Notes a child for the mapper, which it tells only when notes could be lost; not waited for, and of no consequence
/// when nobody listens.
pub fn forked(cx: &Context, pid: i32) {
    if region().is_some_and(|region| !region.note_child(pid)) {
        return;
    }
    let note = Datagram {
        pid,
        personality: Some(cx.process().personality.id),
        ..Datagram::new(DatagramKind::Forked)
    };
    let _ = datagram::send(world::reserved(DESCRIPTOR_SOCKET), &note.to_bytes(), &[]);
}

/// Asks the mapper: builds the request with `fill` (whose variable parts take at most `contents`
/// words, see [`message`]), sends `descriptors` beside it, waits, and reads the reply with `read`,
/// which gets the descriptors that came with it and owns them.
///
/// # Errors
/// What the operation failed with; `EIO` when the mapper is gone.
pub fn call<P, R, T>(
    cx: &Context,
    operation: Operation,
    contents: usize,
    descriptors: &[i32],
    fill: impl FnOnce(P::Builder<'_>) -> Result<(), Errno>,
    read: impl FnOnce(R::Reader<'_>, &[i32]) -> Result<T, Errno>,
) -> Result<T, Errno>
where
    P: Owned,
    P::Builder<'static>: HasStructSize,
    R: Owned,
{
    if DEAD.load(Ordering::Relaxed) {
        return Err(Errno::IO);
    }
    if !ATTACHED.load(Ordering::Acquire) {
        hidden::with_room(|| attach(cx)).map_err(|_| Errno::IO)?;
    }
    let region = region().ok_or(Errno::IO)?;
    let mut slot = claim(cx, region);
    let result = exchange::<P, R, T>(cx, operation, contents, descriptors, fill, read, &mut slot);
    // A slot of which the reply never came is lost to this process: the mapper may still write there.
    if !DEAD.load(Ordering::Relaxed) {
        slot.release();
    }
    result
}

/// Takes a free slot, first the one that this thread had before.
fn claim(cx: &Context, region: Region<'static>) -> Claimed<'static> {
    let first = cx.tid.load(Ordering::Relaxed);
    loop {
        for i in 0..SLOTS as u32 {
            let index = first.wrapping_add(i) % SLOTS as u32;
            if let Some(claimed) = region.slot(index).and_then(|slot| slot.claim()) {
                return claimed;
            }
        }
        // SAFETY: no arguments.
        let _ = unsafe { host_call::<0>(__NR_sched_yield, []) };
    }
}

fn exchange<P, R, T>(
    cx: &Context,
    operation: Operation,
    contents: usize,
    descriptors: &[i32],
    fill: impl FnOnce(P::Builder<'_>) -> Result<(), Errno>,
    read: impl FnOnce(R::Reader<'_>, &[i32]) -> Result<T, Errno>,
    slot: &mut Claimed<'static>,
) -> Result<T, Errno>
where
    P: Owned,
    P::Builder<'static>: HasStructSize,
    R: Owned,
{
    let len = message::build::<P>(slot.request(), contents, fill)?;
    let tid = cx.tid.load(Ordering::Relaxed) as i32;
    let personality = cx.process().personality.id;
    let asleep = slot.submit(operation, personality, tid, len, descriptors.len());
    if asleep {
        let bell = Datagram {
            slot: slot.index(),
            count: descriptors.len() as u8,
            ..Datagram::new(DatagramKind::Doorbell)
        };
        datagram::send(world::reserved(DESCRIPTOR_SOCKET), &bell.to_bytes(), descriptors).map_err(
            |error| {
                // Nobody heard of a request whose descriptors cannot be sent, such as one that is not open.
                note_death(error);
                if DEAD.load(Ordering::Relaxed) { Errno::IO } else { error }
            },
        )?;
    }
    wait(slot, !asleep)?;
    let index = slot.index() as usize;
    let (bytes, count) = slot.reply()?;
    let received = receive(index, count)?;
    let message = Message::new(bytes);
    let result = message.root::<R::Reader<'_>>().and_then(|results| read(results, &received[..count]));
    if result.is_err() {
        close_all(&received[..count]);
    }
    result
}

/// Waits for the reply: where the mapper is awake a bounded while without sleep, then asleep, looking now and then for the
/// mapper.
fn wait(slot: &Claimed<'_>, awake: bool) -> Result<(), Errno> {
    if awake && spin(slot) {
        return Ok(());
    }
    let [mut look, longest] = LOOK;
    while let Some(seen) = slot.prepare_sleep() {
        let word = slot.state_word().as_ptr() as u64;
        let time = [0, look];
        // SAFETY: a shared futex word of the region; the time is ours. FUTEX_WAIT is 0.
        let slept = unsafe { host_call(__NR_futex, [word, 0, u64::from(seen), time.as_ptr() as u64, 0, 0]) };
        if slept == Err(Errno::TIMEDOUT) {
            look = (2 * look).min(longest);
            if !slot.replied() && datagram::hung_up(world::reserved(DESCRIPTOR_SOCKET)) {
                DEAD.store(true, Ordering::Relaxed);
                return Err(Errno::IO);
            }
        }
    }
    Ok(())
}

/// Looks for the reply for as long as that has been worth it. Returns whether it came.
fn spin(slot: &Claimed<'_>) -> bool {
    let most = world::page().stub_spin();
    if most == 0 {
        return slot.replied();
    }
    let budget = SPIN.load(Ordering::Relaxed).clamp(SPIN_LEAST, most.max(SPIN_LEAST));
    for _ in 0..budget / TURN {
        if slot.replied() {
            SPIN.store(budget.saturating_mul(2), Ordering::Relaxed);
            return true;
        }
        core::hint::spin_loop();
    }
    SPIN.store(budget / 2, Ordering::Relaxed);
    slot.replied()
}

/// Takes the descriptors that came for a slot; what comes for others is kept for them.
fn receive(index: usize, count: usize) -> Result<[i32; DESCRIPTORS], Errno> {
    let mut taken = [-1; DESCRIPTORS];
    if count == 0 {
        return Ok(taken);
    }
    let mut mailbox = MAILBOX.lock();
    while usize::from(mailbox.count[index]) < count {
        let mut bytes = [0; Datagram::SIZE];
        let mut came = [-1; DESCRIPTORS];
        let (len, number) = datagram::receive(world::reserved(DESCRIPTOR_SOCKET), &mut bytes, &mut came)?;
        let Some(note) = Datagram::from_bytes(&bytes[..len]) else { continue };
        let slot = note.slot as usize;
        if note.kind != DatagramKind::Descriptors || slot >= SLOTS {
            close_all(&came[..number]);
            continue;
        }
        mailbox.held[slot] = came;
        mailbox.count[slot] = number as u8;
    }
    taken[..count].copy_from_slice(&mailbox.held[index][..count]);
    mailbox.count[index] = 0;
    Ok(taken)
}
