//! `hot_paths encode|decode|dispatch TIMES`: runs a hot path of a mapped operation so often, for a tool that counts
//! instructions. The difference between two counts is free of everything that is done once.

use std::hint::black_box;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::ptr::NonNull;
use std::sync::Arc;

use mapper::deployment::Deployment;
use mapper::dispatch::{Desk, Guest, Mapped};
use mapper::world::{Face, Live};
use rustix::fs::{MemfdFlags, SealFlags};
use rustix::mm::{MapFlags, ProtFlags};
use schemas::message::{self, Message};
use schemas::proc::kill;
use schemas::transport::{Region, Slot};
use schemas::{Errno, Operation, Personality, common, fs};

/// A path as programs open them.
const PATH: &[u8] = b"/usr/lib/x86_64-linux-gnu/libc.so.6";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, times] = &arguments[..] else { return usage() };
    let (path, Ok(times)) = (path.as_str(), times.parse()) else { return usage() };
    match path {
        "encode" => encode(times),
        "decode" => decode(times),
        "dispatch" => dispatch(times),
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: hot_paths encode|decode|dispatch TIMES");
    ExitCode::from(2)
}

/// What a stub does to ask for a file.
fn encode(times: u32) {
    let mut area = vec![0_u64; 64];
    for _ in 0..times {
        let words = message::data_words(PATH.len());
        let length =
            message::build::<fs::open::params::Owned>(message::bytes_mut(&mut area), words, |mut params| {
                params.set_mount(1);
                params.set_path(black_box(PATH));
                Ok(())
            });
        black_box(length).expect("it fits");
    }
}

/// What a stub does to read whom a signal reaches.
fn decode(times: u32) {
    let mut area = vec![0_u64; 64];
    let words = message::list_words::<common::signal_target::Owned>(1);
    let fill = |results: kill::results::Builder<'_>| {
        let mut target = results.init_targets(1).get(0);
        target.set_pid(4711);
        target.set_signal(15);
        Ok(())
    };
    let bytes = message::bytes_mut(&mut area);
    let length = message::build::<kill::results::Owned>(bytes, words, fill).expect("it fits");
    for _ in 0..times {
        let pid = read_target(black_box(&message::bytes(&area)[..length]));
        assert_eq!(black_box(pid), Ok(4711));
    }
}

fn read_target(bytes: &[u8]) -> Result<i32, Errno> {
    let message = Message::new(bytes);
    let results: kill::results::Reader<'_> = message.root()?;
    results.get_targets()?.iter().next().map(|target| target.get_pid()).ok_or(Errno::SRCH)
}

/// What the mapper does with a request, `kill(own, 0)`, from the slot that it lies in to the reply in there. The
/// stub's part, of which `encode` and `decode` are the most, is in it as well.
fn dispatch(times: u32) {
    let deployment = Deployment::built_in();
    let face = Face::new(&deployment).expect("the built-in deployment makes a world");
    let world = Arc::new(Live::start(deployment, face).expect("its servers start"));
    let own = std::process::id() as i32;
    let entered = world.registry.enter(own, None, Personality::Linux);
    let (process, _) = entered.expect("this process lives");
    let mut desk = Desk::new(world);
    // No descriptors are sent.
    let socket = Arc::new(std::io::stderr().as_fd().try_clone_to_owned().expect("there is standard error"));
    let guest = Guest { process, socket, region: Arc::new(region()) };
    let slot = || -> Slot<'_> { guest.region.region().slot(0).expect("regions have slots") };
    for _ in 0..times {
        let mut claimed = slot().claim().expect("it was released");
        let length = message::build::<kill::params::Owned>(claimed.request(), 0, |mut params| {
            params.set_pid(own);
            Ok(())
        });
        claimed.submit(Operation::ProcKill, Personality::Linux, own, length.expect("it fits"), 0);
        let taken = slot().take().expect("it was submitted");
        desk.answer(&guest, taken, Vec::new());
        let reply = claimed.reply().map(|(bytes, _)| read_target(bytes));
        assert_eq!(reply, Ok(Ok(own)));
        claimed.release();
    }
}

/// A region as a stub makes it.
fn region() -> Mapped {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = rustix::fs::memfd_create(c"region", flags).expect("the host has memory files");
    rustix::fs::ftruncate(&file, Region::SIZE as u64).expect("a new file takes a size");
    rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK).expect("it was made for seals");
    let (access, shared) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
    // SAFETY: a new mapping at an address that the kernel chooses; it stays until the end.
    let start = unsafe { rustix::mm::mmap(std::ptr::null_mut(), Region::SIZE, access, shared, &file, 0) };
    let start = NonNull::new(start.expect("there is room for a region").cast()).expect("the kernel avoids 0");
    // SAFETY: mapped above, of that size, zeroed.
    unsafe { Region::create(start) };
    Mapped::new(file.as_fd()).expect("it is as the mapper wants it")
}
