//! The places where the guest traps: how often each did, and which are hoisted.
//!
//! All threads of an address space share them, those of a `vfork` child too.

use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};

use schemas::Errno;
use schemas::exec::Decision;

use crate::guest;
use crate::host::linux::memory;
use crate::process::{Guard, Lock};
use crate::trap::area::{self, Areas};
use crate::trap::patch::{self, HALT, LENGTH};

/// Sites that are remembered; those above trap for ever.
const SITES: usize = 2048;
/// Slots of the hash index over them; a power of two.
const SLOTS: usize = 2 * SITES;
/// Traps by way of the host after which a site is worth hoisting. Each costs 1.4 µs more than an entry from hoisted
/// code; having it hoisted costs a message to the exec server and the patch, 20 to 40 µs when the server knows the
/// file, so that a site that has trapped so often will most likely pay for it with as many traps more.
const THRESHOLD: u32 = 16;
/// How often one site is tried, when memory is mapped under the attempt or over it.
const ATTEMPTS: u8 = 4;
/// Instructions that can be replayed, and one more for the end.
pub const STEPS: usize = 32;

/// An offset in a trampoline, and that of the instruction that stands there from the one that is overwritten.
pub type Step = (u8, u8);

/// What stands in for an instruction.
#[derive(Clone, Copy)]
pub struct Hoisted {
    /// Address of the instruction that is overwritten.
    pub replaced: u64,
    /// Its first bytes.
    pub original: [u8; LENGTH],
    /// Address of the trampoline.
    pub trampoline: u64,
    /// Bytes of the trampoline.
    pub len: u64,
    /// Which of its instructions stands for which.
    pub steps: [Step; STEPS],
    /// How many.
    pub step_count: usize,
    /// Where the region counts the site.
    pub index: u32,
}

impl Hoisted {
    /// The jump to the trampoline.
    fn jump(&self) -> [u8; LENGTH] {
        let distance = self.trampoline.wrapping_sub(self.replaced + LENGTH as u64) as u32;
        let [a, b, c, d] = distance.to_le_bytes();
        [0xe9, a, b, c, d]
    }
}

/// How far a site has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It traps by way of the host.
    Trapping,
    /// A thread has it hoisted.
    Asked,
    /// It is.
    Hoisted,
    /// It cannot be.
    Refused,
}

/// One site.
#[derive(Clone, Copy)]
struct Site {
    address: u64,
    traps: u32,
    attempts: u8,
    state: State,
    hoisted: Option<Hoisted>,
}

struct Memory {
    index: [u16; SLOTS],
    sites: [core::mem::MaybeUninit<Site>; SITES],
}

/// The sites, under their lock.
pub struct Sites {
    count: usize,
    areas: Areas,
}

// Every fork writes to it, as to the little else that is not zero at first: they share a page.
#[unsafe(link_section = ".data.fork")]
static STATE: Lock<Sites> = Lock::new(Sites { count: 0, areas: Areas::new() });
static MEMORY: AtomicPtr<Memory> = AtomicPtr::new(core::ptr::null_mut());
/// Whether sites are hoisted at all.
static ENABLED: AtomicBool = AtomicBool::new(false);
/// Counts what was done to the address space that could take code away or change it.
static CHANGES: AtomicU64 = AtomicU64::new(0);
/// Calls that do so now, and [`PATCHING`].
static CHANGING: AtomicU32 = AtomicU32::new(0);
const PATCHING: u32 = 1 << 31;
/// Stretches of addresses in which code was ever patched, start and end: what lies outside needs no look at the sites.
static STRETCHES: [(AtomicU64, AtomicU64); 8] = [const { (AtomicU64::new(0), AtomicU64::new(0)) }; 8];
/// Distance up to which patches belong to one stretch.
const STRETCH: u64 = 16 << 20;

impl Sites {
    fn memory(&self) -> Option<&'static mut Memory> {
        // SAFETY: set once and never unmapped; the lock that `self` stands for is held.
        unsafe { MEMORY.load(Ordering::Acquire).as_mut() }
    }

    fn all(&self) -> &'static mut [Site] {
        let Some(memory) = self.memory() else { return &mut [] };
        // SAFETY: the first `count` are written, and the lock is held.
        unsafe { core::slice::from_raw_parts_mut(memory.sites.as_mut_ptr().cast(), self.count) }
    }

    /// The site at an address, a new one where there is room.
    fn at(&mut self, address: u64) -> Option<&'static mut Site> {
        if MEMORY.load(Ordering::Relaxed).is_null() {
            let at = memory::map(size_of::<Memory>() as u64).ok()?;
            MEMORY.store(at as *mut Memory, Ordering::Release);
        }
        let memory = self.memory()?;
        let mut slot = (address.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % SLOTS;
        loop {
            match memory.index[slot] {
                0 if self.count == SITES => return None,
                0 => {
                    let new = Site { address, traps: 0, attempts: 0, state: State::Trapping, hoisted: None };
                    memory.sites[self.count].write(new);
                    self.count += 1;
                    memory.index[slot] = self.count as u16;
                    return self.all().last_mut();
                }
                number => {
                    let number = usize::from(number) - 1;
                    if self.all()[number].address == address {
                        return self.all().get_mut(number);
                    }
                }
            }
            slot = (slot + 1) % SLOTS;
        }
    }
}

/// Lets sites be hoisted, where the host can have code changed under running threads. Called before there is a second
/// thread.
pub fn initialize() {
    ENABLED.store(patch::register().is_ok(), Ordering::Relaxed);
}

/// What of the address space is taken here.
pub fn ranges() -> impl Iterator<Item = Range<u64>> {
    let memory = MEMORY.load(Ordering::Relaxed) as u64;
    let memory = if memory == 0 { 0..0 } else { memory..memory + size_of::<Memory>() as u64 };
    area::ranges().chain(core::iter::once(memory))
}

/// Takes the lock over a fork, whose child must find it free and no instruction half replaced.
pub fn hold() -> Guard<'static, Sites> {
    STATE.lock()
}

/// In the child of a fork: what other threads of the parent were changing is their own affair.
pub fn forked() {
    if CHANGING.load(Ordering::Relaxed) != 0 {
        CHANGING.store(0, Ordering::Relaxed);
    }
}

/// Counts a trap that came by way of the host. Tells whether it is time to hoist the site; the caller then does so or
/// gives the attempt up.
pub fn count(address: u64) -> bool {
    if !ENABLED.load(Ordering::Relaxed) {
        return false;
    }
    let mut sites = STATE.lock();
    let Some(site) = sites.at(address) else { return false };
    site.traps = site.traps.saturating_add(1);
    let due = site.state == State::Trapping && site.traps >= THRESHOLD;
    if due {
        site.state = State::Asked;
        site.attempts += 1;
    }
    due
}

/// Whether children have trapped at a site often enough for its parent to have it hoisted.
pub fn is_worth(traps: u64) -> bool {
    traps >= THRESHOLD.into()
}

/// Begins to hoist a site at which children trap. The caller does so or gives the attempt up.
pub fn claim(address: u64) -> bool {
    if !ENABLED.load(Ordering::Relaxed) {
        return false;
    }
    let mut sites = STATE.lock();
    let Some(site) = sites.at(address).filter(|site| site.state == State::Trapping) else { return false };
    site.state = State::Asked;
    site.attempts += 1;
    true
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The site is hoisted.
    Hoisted,
    /// Memory was mapped meanwhile: it is tried again.
    Later,
    /// The code is not what it should be, or cannot be changed.
    Modified,
}

/// An attempt to hoist a site.
pub struct Attempt {
    site: u64,
    changes: u64,
    replacements: u64,
    trampoline: u64,
    room: u64,
}

/// Begins an attempt, with `room` bytes for the trampoline. None when there is no place for it.
pub fn attempt(site: u64, room: u64) -> Option<Attempt> {
    let changes = CHANGES.load(Ordering::Acquire);
    let replacements = patch::replacements();
    let taken = STATE.lock().areas.take(site, room);
    match taken {
        Ok(trampoline) => Some(Attempt { site, changes, replacements, trampoline, room }),
        Err(_) => {
            settle(site, State::Refused);
            None
        }
    }
}

impl Attempt {
    /// Where the trampoline goes.
    pub fn trampoline(&self) -> u64 {
        self.trampoline
    }

    /// Whether another thread may have made code writable for a moment since the beginning.
    pub fn is_disturbed(&self) -> bool {
        self.replacements != patch::replacements() || !self.replacements.is_multiple_of(2)
    }

    /// The site is not hoisted: not now, or never.
    pub fn give_up(self, for_good: bool) {
        STATE.lock().areas.trim(self.trampoline, self.room, self.trampoline);
        settle(self.site, if for_good { State::Refused } else { State::Trapping });
    }

    /// Hoists the site, unless memory has been mapped or protected meanwhile. The trampoline's bytes are `code`.
    pub fn finish(self, hoisted: Hoisted, code: &[u8]) -> Outcome {
        let mut sites = STATE.lock();
        let placed =
            patch::writable(self.trampoline, code.len() as u64, || guest::write(self.trampoline, code));
        if placed.is_err() {
            drop(sites);
            self.give_up(true);
            return Outcome::Modified;
        }
        let quiet = CHANGING.compare_exchange(0, PATCHING, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if quiet {
            let result = if CHANGES.load(Ordering::Acquire) == self.changes {
                sites.hoist(self.site, hoisted)
            } else {
                Err(Errno::AGAIN)
            };
            CHANGING.fetch_sub(PATCHING, Ordering::Release);
            if result.is_ok() {
                sites.areas.trim(self.trampoline, self.room, self.trampoline + code.len() as u64);
                return Outcome::Hoisted;
            }
            if result != Err(Errno::AGAIN) {
                drop(sites);
                self.give_up(true);
                return Outcome::Modified;
            }
        }
        drop(sites);
        self.give_up(false);
        Outcome::Later
    }
}

impl Sites {
    /// Overwrites the instruction. Nothing else changes the address space meanwhile.
    fn hoist(&mut self, address: u64, hoisted: Hoisted) -> Result<(), Errno> {
        if !ENABLED.load(Ordering::SeqCst) {
            return Err(Errno::PERM);
        }
        let site = self.at(address).ok_or(Errno::NOMEM)?;
        let mut now = [0; LENGTH];
        guest::read(hoisted.replaced, &mut now)?;
        // The `syscall` itself: 0f 05 (Intel SDM volume 2).
        if now != hoisted.original || guest::get::<[u8; 2]>(address)? != [0x0f, 0x05] {
            return Err(Errno::NOEXEC);
        }
        extend_stretch(hoisted.replaced);
        site.hoisted = Some(hoisted);
        site.state = State::Hoisted;
        patch::replace(hoisted.replaced, &hoisted.jump())
    }
}

fn settle(address: u64, state: State) {
    let mut sites = STATE.lock();
    if let Some(site) = sites.at(address) {
        let last = site.attempts >= ATTEMPTS;
        site.state = if last && state == State::Trapping { State::Refused } else { state };
        site.traps = 0;
    }
}

fn extend_stretch(address: u64) {
    let end = address + LENGTH as u64;
    for (at, (start, stop)) in STRETCHES.iter().enumerate() {
        let (low, high) = (start.load(Ordering::Relaxed), stop.load(Ordering::Relaxed));
        let near = low.saturating_sub(STRETCH) <= address && end <= high.saturating_add(STRETCH);
        if high == 0 || near || at + 1 == STRETCHES.len() {
            start.store(if high == 0 { address } else { low.min(address) }, Ordering::Relaxed);
            stop.store(high.max(end), Ordering::SeqCst);
            return;
        }
    }
}

/// A change to the address space, as long as it lasts.
pub struct Change(());

/// What becomes of code in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays, but moves, may be written to, or is to be seen as it is.
    Altered,
    /// It goes.
    Gone,
}

/// Says that code in a range is about to be changed. No code is patched before the result is dropped.
pub fn change(start: u64, len: u64, fate: Fate) -> Change {
    while CHANGING.fetch_add(1, Ordering::Acquire) & PATCHING != 0 {
        CHANGING.fetch_sub(1, Ordering::Relaxed);
        // The lock is held while code is patched.
        drop(STATE.lock());
    }
    CHANGES.fetch_add(1, Ordering::Release);
    let end = start.saturating_add(len);
    let touched = STRETCHES
        .iter()
        .any(|(low, high)| start < high.load(Ordering::SeqCst) && low.load(Ordering::Relaxed) < end);
    if touched {
        let sites = STATE.lock();
        for site in sites.all() {
            let inside = |hoisted: Hoisted| {
                start < hoisted.replaced + LENGTH as u64 && hoisted.replaced < end
                    || start < site.address + 2 && site.address < end
            };
            if site.hoisted.is_some_and(inside) && site.state == State::Hoisted {
                if fate == Fate::Altered {
                    site.restore();
                }
                site.withdraw(Decision::Withdrawn);
                site.state = if site.attempts < ATTEMPTS { State::Trapping } else { State::Refused };
                site.traps = 0;
            }
        }
    }
    Change(())
}

impl Drop for Change {
    fn drop(&mut self) {
        CHANGING.fetch_sub(1, Ordering::Release);
    }
}

impl Site {
    /// Tells the region that the site is no longer hoisted.
    fn withdraw(&self, decision: Decision) {
        let counted = |hoisted: Hoisted| crate::transport::region()?.site(hoisted.index);
        if let Some(counted) = self.hoisted.and_then(counted) {
            counted.decide(decision);
        }
    }

    /// Puts the original instruction back, where the jump still stands.
    fn restore(&self) {
        let Some(hoisted) = self.hoisted else { return };
        if guest::get::<[u8; LENGTH]>(hoisted.replaced) == Ok(hoisted.jump()) {
            // Code that cannot be made writable any more goes on by way of the trampoline.
            let _ = patch::replace(hoisted.replaced, &hoisted.original);
        }
    }
}

/// Puts the original instruction of one site back for good.
pub fn restore(address: u64) {
    let mut sites = STATE.lock();
    if let Some(site) = sites.at(address) {
        site.restore();
        site.withdraw(Decision::Withdrawn);
        site.state = State::Refused;
    }
}

/// Puts every original instruction back, and hoists none any more.
pub fn restore_all() {
    ENABLED.store(false, Ordering::SeqCst);
    let sites = STATE.lock();
    for site in sites.all() {
        site.restore();
        site.withdraw(Decision::OwnsGs);
        site.state = State::Refused;
    }
}

/// Whether an address is or was that of an overwritten instruction, and holds something that can be executed. Waits
/// until no instruction is half replaced.
pub fn was_replaced(address: u64) -> bool {
    if MEMORY.load(Ordering::Relaxed).is_null() {
        return false;
    }
    let sites = STATE.lock();
    let known =
        sites.all().iter().any(|site| site.hoisted.is_some_and(|hoisted| hoisted.replaced == address));
    known && guest::get::<u8>(address).is_ok_and(|byte| byte != HALT)
}

/// What an address in a trampoline stands for, and the site that the trampoline belongs to.
pub fn stands_for(address: u64) -> Option<(u64, u64)> {
    let sites = STATE.lock();
    let (site, hoisted) = sites
        .all()
        .iter()
        .filter_map(|site| Some((site.address, site.hoisted?)))
        .find(|(_, hoisted)| (hoisted.trampoline..hoisted.trampoline + hoisted.len).contains(&address))?;
    let offset = address - hoisted.trampoline;
    let step = hoisted.steps[..hoisted.step_count].iter().rev().find(|(at, _)| u64::from(*at) <= offset);
    Some((step.map_or(site, |(_, behind)| hoisted.replaced + u64::from(*behind)), site))
}
