//! Watching an interface.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

use bytes::Bytes;

use super::{Frame, lock};

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the host.
    In,
    /// From the host.
    Out,
}

/// Which ways a tap watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Directions {
    /// Both.
    #[default]
    Both,
    /// Only to the host.
    In,
    /// Only from the host.
    Out,
}

impl Directions {
    /// Whether it watches this way.
    pub fn covers(self, direction: Direction) -> bool {
        match self {
            Self::Both => true,
            Self::In => direction == Direction::In,
            Self::Out => direction == Direction::Out,
        }
    }
}

/// Says what a tap takes of a frame that goes one way, if anything: the frame, the front part of it, or another form of
/// it.
pub type Select = Box<dyn Fn(&Bytes, Direction) -> Option<Bytes> + Send + Sync>;

/// What a new tap does.
pub struct TapOptions {
    /// Most bytes that wait to be taken; what does not fit is dropped and counted.
    pub capacity: usize,
    /// Which ways it watches.
    pub directions: Directions,
    /// Whether the interface is to get all frames of its network, not only its own.
    pub promiscuous: bool,
    /// Chooses frames. It is called where the frame passes, so it must be quick.
    pub select: Select,
    /// Called after a frame was queued or dropped, and when the interface is gone. It must not call the tap's interface.
    pub wake: Box<dyn Fn() + Send + Sync>,
}

/// A frame that a tap took.
#[derive(Clone, Debug)]
pub struct Captured {
    /// What was selected of it.
    pub bytes: Bytes,
    /// Its whole length.
    pub length: usize,
    /// Which way it went.
    pub direction: Direction,
    /// When it passed.
    pub time: SystemTime,
}

/// Counters of a tap since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TapStatistics {
    /// Frames that passed in the directions that are watched.
    pub passed: u64,
    /// Those of them that were selected.
    pub selected: u64,
    /// Those of them for which there was no room.
    pub dropped: u64,
}

/// What a frame costs in a queue beyond the bytes that it has.
const OVERHEAD: usize = 64;

#[derive(Default)]
struct Queue {
    frames: VecDeque<Captured>,
    bytes: usize,
}

/// A watch on an interface. It is removed from there when its owner drops it.
pub struct Tap {
    queue: Mutex<Queue>,
    capacity: AtomicU64,
    settings: Mutex<(Directions, Select)>,
    promiscuous: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
    passed: AtomicU64,
    selected: AtomicU64,
    dropped: AtomicU64,
    gone: AtomicBool,
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap").field("statistics", &self.statistics()).finish_non_exhaustive()
    }
}

impl Tap {
    pub(super) fn new(options: TapOptions) -> Self {
        Self {
            queue: Mutex::default(),
            capacity: AtomicU64::new(options.capacity as u64),
            settings: Mutex::new((options.directions, options.select)),
            promiscuous: AtomicBool::new(options.promiscuous),
            wake: options.wake,
            passed: AtomicU64::new(0),
            selected: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            gone: AtomicBool::new(false),
        }
    }

    /// The oldest frame that waits, if it has at most `room` bytes; a longer one stays.
    pub fn take(&self, room: usize) -> Option<Captured> {
        let mut queue = lock(&self.queue);
        if queue.frames.front()?.bytes.len() > room {
            return None;
        }
        let frame = queue.frames.pop_front()?;
        queue.bytes -= frame.bytes.len() + OVERHEAD;
        Some(frame)
    }

    /// How many frames wait, and how many bytes they have.
    pub fn waiting(&self) -> (usize, usize) {
        let queue = lock(&self.queue);
        (queue.frames.len(), queue.bytes - queue.frames.len() * OVERHEAD)
    }

    /// Throws away what waits.
    pub fn flush(&self) {
        *lock(&self.queue) = Queue::default();
    }

    /// Chooses frames differently from now on.
    pub fn set_select(&self, select: Select) {
        lock(&self.settings).1 = select;
    }

    /// Watches other ways from now on.
    pub fn set_directions(&self, directions: Directions) {
        lock(&self.settings).0 = directions;
    }

    /// Lets this much wait from now on, in bytes.
    pub fn set_capacity(&self, capacity: usize) {
        self.capacity.store(capacity as u64, Ordering::Relaxed);
    }

    /// Whether the interface gets all frames of its network because of this tap.
    pub fn is_promiscuous(&self) -> bool {
        self.promiscuous.load(Ordering::Relaxed)
    }

    /// Has the interface get all frames of its network, or no more.
    pub fn set_promiscuous(&self, on: bool) {
        self.promiscuous.store(on, Ordering::Relaxed);
    }

    /// Its counters.
    pub fn statistics(&self) -> TapStatistics {
        TapStatistics {
            passed: self.passed.load(Ordering::Relaxed),
            selected: self.selected.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }

    /// Whether the interface was removed: what waits can still be taken, nothing more comes.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    pub(super) fn end(&self) {
        self.gone.store(true, Ordering::Release);
        (self.wake)();
    }

    /// A frame passes; `summed` holds it with all its checksums once one tap has asked for it.
    pub(super) fn pass(
        &self,
        frame: &Frame,
        summed: &mut Option<Frame>,
        direction: Direction,
        time: SystemTime,
    ) {
        let bytes = {
            let settings = lock(&self.settings);
            if !settings.0.covers(direction) {
                return;
            }
            self.passed.fetch_add(1, Ordering::Relaxed);
            let frame = summed.get_or_insert_with(|| frame.summed());
            (settings.1)(frame.bytes(), direction)
        };
        let Some(bytes) = bytes else { return };
        self.selected.fetch_add(1, Ordering::Relaxed);
        {
            let mut queue = lock(&self.queue);
            let cost = bytes.len() + OVERHEAD;
            if (queue.bytes + cost) as u64 > self.capacity.load(Ordering::Relaxed) {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            } else {
                queue.bytes += cost;
                queue.frames.push_back(Captured { bytes, length: frame.bytes().len(), direction, time });
            }
        }
        (self.wake)();
    }
}
