//! One request under way and its reply.
//!
//! # Protocol
//!
//! `state` goes round: free → owned → request → busy → reply → free. Each step is made by one side only:
//!
//! | from | to | by | call | order |
//! |---|---|---|---|---|
//! | free | owned | stub thread | [`Slot::claim`] | acquire |
//! | owned | request | stub thread | [`Claimed::submit`] | release: the request is written |
//! | request | busy | mapper | [`Slot::take`] | acquire: the request can be copied |
//! | busy | reply | mapper | [`Taken::complete`] | release: the reply is written |
//! | reply | owned | stub thread | [`Claimed::reply`] | acquire: the reply can be read |
//! | owned | free | stub thread | [`Claimed::release`] | release |
//!
//! A thread that waits long sets the bit [`SLEEPING`] in `state`, and sleeps on it as a futex (shared between processes)
//! as long as it holds the value seen. The mapper replaces both at once and wakes the thread when the bit was set.
//!
//! The mapper trusts nothing here: it copies the request out once, checks lengths against the layout, and writes only
//! into the reply half.

use super::{DESCRIPTORS, REPLY_SIZE, REQUEST_SIZE, Region, SLOT_SIZE};
use crate::{
    Errno, Operation, Personality,
    message::{self, WORD},
};
use core::{
    ptr::NonNull,
    sync::atomic::{AtomicI32, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering},
};

/// Where a slot is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum State {
    /// No thread has it.
    Free = 0,
    /// A thread has it and writes a request, or reads a reply.
    Owned = 1,
    /// It holds a request.
    Request = 2,
    /// The mapper works on it.
    Busy = 3,
    /// It holds a reply.
    Reply = 4,
}

impl State {
    const fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::Free),
            1 => Some(Self::Owned),
            2 => Some(Self::Request),
            3 => Some(Self::Busy),
            4 => Some(Self::Reply),
            _ => None,
        }
    }
}

/// In the state of a request on its way: its thread sleeps until that changes.
const SLEEPING: u32 = 1 << 31;

/// Head of a slot.
#[repr(C, align(64))]
pub struct SlotHeader {
    state: AtomicU32,
    unused: AtomicU32,
    operation: AtomicU16,
    personality: AtomicU8,
    request_descriptors: AtomicU8,
    thread: AtomicI32,
    request_length: AtomicU32,
    reply_length: AtomicU32,
    status: AtomicI32,
    reply_descriptors: AtomicU32,
    reserved: [AtomicU32; 8],
}

const _: () = {
    assert!(size_of::<SlotHeader>() == 64);
    assert!(size_of::<SlotHeader>() + REQUEST_SIZE + REPLY_SIZE == SLOT_SIZE);
};

/// A slot of a mapped region.
#[derive(Clone, Copy)]
pub struct Slot<'a> {
    start: NonNull<u8>,
    index: u32,
    region: Region<'a>,
}

// SAFETY: the header is atomics; the halves are touched only by the side whose turn it is.
unsafe impl Send for Slot<'_> {}
// SAFETY: as above.
unsafe impl Sync for Slot<'_> {}

impl<'a> Slot<'a> {
    pub(super) fn new(start: NonNull<u8>, index: u32, region: Region<'a>) -> Self {
        Self { start, index, region }
    }

    fn header(&self) -> &'a SlotHeader {
        // SAFETY: aligned and mapped for `'a`, and made of atomics only.
        unsafe { self.start.cast().as_ref() }
    }

    fn request_area(&self) -> NonNull<u8> {
        // SAFETY: within the slot.
        unsafe { self.start.add(size_of::<SlotHeader>()) }
    }

    fn reply_area(&self) -> NonNull<u8> {
        // SAFETY: within the slot.
        unsafe { self.start.add(SLOT_SIZE - REPLY_SIZE) }
    }

    fn step(&self, from: State, to: State) -> bool {
        self.header()
            .state
            .compare_exchange(from as u32, to as u32, Ordering::SeqCst, Ordering::Relaxed)
            .is_ok()
    }

    /// Has the processor fetch what another one has written, all of it at once.
    fn prefetch(&self) {
        #[cfg(target_arch = "x86_64")]
        {
            use core::arch::x86_64::{_MM_HINT_ET0, _MM_HINT_T0, _mm_prefetch};
            // SAFETY: a hint, with addresses in the slot.
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(self.request_area().as_ptr().cast());
                _mm_prefetch::<_MM_HINT_ET0>(self.reply_area().as_ptr().cast());
            }
        }
    }

    /// Its number.
    pub const fn index(&self) -> u32 {
        self.index
    }

    /// The futex word.
    pub fn state_word(&self) -> &'a AtomicU32 {
        &self.header().state
    }

    /// Where it is on its way; none when the guest wrote nonsense.
    pub fn state(&self) -> Option<State> {
        State::from_number(self.header().state.load(Ordering::SeqCst) & !SLEEPING)
    }

    /// Stub: makes a free slot this thread's.
    pub fn claim(self) -> Option<Claimed<'a>> {
        let claimed = self.step(State::Free, State::Owned).then_some(Claimed { slot: self });
        if claimed.is_some() {
            self.region.mark_used(self.index);
        }
        claimed
    }

    /// Stub: gives back what a thread that is gone had claimed, unless the mapper still works on it.
    pub(super) fn abandon(self) {
        let _ = self.step(State::Owned, State::Free) || self.step(State::Reply, State::Free);
    }

    /// Mapper: goes on with a request that was deferred ([`Taken::defer`]).
    pub fn resume(self) -> Option<Taken<'a>> {
        (self.state() == Some(State::Busy)).then_some(Taken { slot: self })
    }

    /// Mapper: takes a request on. None when there is none, or when another worker took it.
    pub fn take(self) -> Option<Taken<'a>> {
        self.prefetch();
        let state = &self.header().state;
        // Its thread may go to sleep meanwhile, once.
        for sleeping in [0, SLEEPING] {
            let (from, to) = (State::Request as u32 | sleeping, State::Busy as u32 | sleeping);
            if state.compare_exchange(from, to, Ordering::SeqCst, Ordering::Relaxed).is_ok() {
                return Some(Taken { slot: self });
            }
        }
        None
    }
}

/// Stub: a slot that belongs to the calling thread.
pub struct Claimed<'a> {
    slot: Slot<'a>,
}

impl<'a> Claimed<'a> {
    /// Its number.
    pub const fn index(&self) -> u32 {
        self.slot.index
    }

    /// Where to build a request. Aligned to words.
    pub fn request(&mut self) -> &mut [u8] {
        // SAFETY: the slot is owned by this thread, and `&mut self` lets it out once; the mapper reads it only after
        // `submit`, which needs `&mut self` as well.
        unsafe { core::slice::from_raw_parts_mut(self.slot.request_area().as_ptr(), REQUEST_SIZE) }
    }

    /// Hands a request of `length` bytes to the mapper. Returns whether a doorbell must be sent: always when there are
    /// descriptors, which go with it.
    pub fn submit(
        &mut self,
        operation: Operation,
        personality: Personality,
        thread: i32,
        length: usize,
        descriptors: usize,
    ) -> bool {
        debug_assert!(length <= REQUEST_SIZE && descriptors <= DESCRIPTORS);
        let header = self.slot.header();
        header.operation.store(operation.id(), Ordering::Relaxed);
        header.personality.store(personality as u8, Ordering::Relaxed);
        header.thread.store(thread, Ordering::Relaxed);
        header.request_length.store(length as u32, Ordering::Relaxed);
        header.request_descriptors.store(descriptors as u8, Ordering::Relaxed);
        header.state.store(State::Request as u32, Ordering::SeqCst);
        if descriptors > 0 { true } else { self.slot.region.announce(self.slot.index) }
    }

    /// Whether the reply is there.
    pub fn replied(&self) -> bool {
        self.slot.header().state.load(Ordering::Acquire) == State::Reply as u32
    }

    /// Says that this thread will sleep. Returns the value of the futex word to sleep on, or none when the reply is
    /// there. The word may have changed when the thread wakes: ask again.
    pub fn prepare_sleep(&self) -> Option<u32> {
        let state = &self.slot.header().state;
        let seen = state.load(Ordering::SeqCst);
        if seen == State::Reply as u32 {
            return None;
        }
        // Where the state has changed meanwhile, the word that is slept on is not what it is compared with.
        let _ = state.compare_exchange(seen, seen | SLEEPING, Ordering::SeqCst, Ordering::Relaxed);
        Some(seen | SLEEPING)
    }

    /// The futex word.
    pub fn state_word(&self) -> &'a AtomicU32 {
        self.slot.state_word()
    }

    /// The reply and the number of descriptors that came with it; `Err` holds what the operation failed with. `EAGAIN`
    /// while there is none.
    pub fn reply(&mut self) -> Result<(&[u8], usize), Errno> {
        let header = self.slot.header();
        // Nobody but this thread changes a reply's state, so that it takes no exchange.
        if !self.replied() {
            return Err(Errno::AGAIN);
        }
        header.state.store(State::Owned as u32, Ordering::Relaxed);
        match header.status.load(Ordering::Relaxed) {
            0 => {}
            status => return Err(Errno(status)),
        }
        let length = (header.reply_length.load(Ordering::Relaxed) as usize).min(REPLY_SIZE);
        let descriptors = (header.reply_descriptors.load(Ordering::Relaxed) as usize).min(DESCRIPTORS);
        // SAFETY: within the slot; the mapper, which is trusted, does not write to it before the next request.
        let reply = unsafe { core::slice::from_raw_parts(self.slot.reply_area().as_ptr(), length) };
        Ok((reply, descriptors))
    }

    /// Lets other threads have the slot. Without this it stays claimed, and can be used for the next request.
    pub fn release(self) {
        self.slot.header().state.store(State::Free as u32, Ordering::Release);
    }
}

/// A request, copied. All of it was told by the guest: only ranges are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// What is asked.
    pub operation: Operation,
    /// The OS that the stub speaks for.
    pub personality: Personality,
    /// The thread that asks.
    pub thread: i32,
    /// The message.
    pub message: &'a [u8],
    /// Descriptors that the doorbell carried.
    pub descriptors: usize,
}

/// Room for the longest request.
pub type RequestBuffer = [u64; REQUEST_SIZE / WORD];

/// Mapper: a request that this worker works on.
#[must_use = "the guest waits until it is completed"]
pub struct Taken<'a> {
    slot: Slot<'a>,
}

impl Taken<'_> {
    /// Its number.
    pub const fn index(&self) -> u32 {
        self.slot.index
    }

    /// Leaves the request to be completed later, from another thread: [`Slot::resume`] of the slot with this number.
    pub fn defer(self) -> u32 {
        self.slot.index
    }

    /// Copies the request into `target`, of which as many words as the message has are used. `EBADMSG` when the
    /// head is nonsense, `ENOSYS` for an unknown operation.
    pub fn copy_request<'t>(&self, target: &'t mut RequestBuffer) -> Result<Request<'t>, Errno> {
        let header = self.slot.header();
        let length = header.request_length.load(Ordering::Relaxed) as usize;
        let descriptors = usize::from(header.request_descriptors.load(Ordering::Relaxed));
        if length > REQUEST_SIZE || !length.is_multiple_of(WORD) || descriptors > DESCRIPTORS {
            return Err(Errno::BADMSG);
        }
        let personality =
            Personality::from_byte(header.personality.load(Ordering::Relaxed)).ok_or(Errno::BADMSG)?;
        let operation = Operation::from_id(header.operation.load(Ordering::Relaxed)).ok_or(Errno::NOSYS)?;
        let area = self.slot.request_area().cast::<AtomicU64>();
        let target = &mut target[..length / WORD];
        for (index, word) in target.iter_mut().enumerate() {
            // SAFETY: aligned and within the request half; the guest may write meanwhile, hence atomic.
            *word = unsafe { area.add(index).as_ref() }.load(Ordering::Relaxed);
        }
        Ok(Request {
            operation,
            personality,
            thread: header.thread.load(Ordering::Relaxed),
            message: message::bytes(target),
            descriptors,
        })
    }

    /// Answers with a message and the number of descriptors that were sent before, or with an error. Returns the
    /// futex word when a thread sleeps on it and must be woken.
    pub fn complete(self, outcome: Result<(&[u8], usize), Errno>) -> Option<*const u32> {
        let header = self.slot.header();
        let (reply, descriptors, status) = match outcome {
            Ok((reply, descriptors)) if reply.len() <= REPLY_SIZE && reply.len().is_multiple_of(WORD) => {
                (reply, descriptors, 0)
            }
            Ok(_) => (&[][..], 0, Errno::MSGSIZE.0),
            Err(errno) => (&[][..], 0, errno.0),
        };
        let area = self.slot.reply_area().cast::<AtomicU64>();
        for (index, word) in reply.as_chunks::<WORD>().0.iter().enumerate() {
            // SAFETY: aligned and within the reply half; the guest may touch it meanwhile, hence atomic.
            unsafe { area.add(index).as_ref() }.store(u64::from_ne_bytes(*word), Ordering::Relaxed);
        }
        header.reply_length.store(reply.len() as u32, Ordering::Relaxed);
        header.reply_descriptors.store(descriptors as u32, Ordering::Relaxed);
        header.status.store(status, Ordering::Relaxed);
        let before = header.state.swap(State::Reply as u32, Ordering::SeqCst);
        (before & SLEEPING != 0).then(|| header.state.as_ptr().cast_const())
    }
}
