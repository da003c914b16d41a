//! Broken and hostile files, at random: nothing may panic, take long, or read much.
//!
//! The same seeds serve the fuzz target of `fuzz/`, which finds more but needs a nightly tool chain. Here
//! `SIGNATURE_MUTATIONS` sets the number of files tried, and `SIGNATURE_SEED` the random sequence.

use std::cell::Cell;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::exec::corpus;
use crate::exec::report::Entry;
use crate::exec::signature::*;

const MUTATIONS: u64 = 20_000;
const SEED: u64 = 0x5eed;
/// Far above what any takes, with room for a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(2);

/// SplitMix64, by Steele, Lea and Flood.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Numbers at which arithmetic and bounds go wrong.
const EDGES: [u64; 14] = [
    0,
    1,
    0x7f,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
    0x7fff_ffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
];

fn mutate(file: &mut Vec<u8>, others: &[(String, Vec<u8>)], random: &mut Random) {
    for _ in 0..=random.below(6) {
        let at = random.below(file.len());
        match random.below(9) {
            0 => file.truncate(at),
            1 => file.resize(file.len() + random.below(300), random.next() as u8),
            2 => drop(file.splice(at..at, random.next().to_le_bytes())),
            3 => {
                let other = &others[random.below(others.len())].1;
                let from = random.below(other.len());
                file.truncate(at);
                file.extend(&other[from..]);
            }
            4 if at < file.len() => file[at] ^= 1 << random.below(8),
            5 if at < file.len() => file[at] = random.next() as u8,
            _ => {
                // A number of some width, mostly where headers are and as headers align them.
                let width = 1 << random.below(4);
                let reach = if random.below(4) == 0 { file.len() } else { file.len().min(192) };
                let at = random.below(reach) / width * width;
                let number = EDGES[random.below(EDGES.len())].to_le_bytes();
                if let Some(place) = file.get_mut(at..at + width) {
                    place.copy_from_slice(&number[..width]);
                }
            }
        }
    }
}

/// Whatever is asked for, it is this file.
struct Everywhere<'a>(&'a [u8]);

impl Surroundings for Everywhere<'_> {
    fn open(&self, _os: Option<Os>, _path: &Path) -> io::Result<Found> {
        Ok(Found { sysroot: "/".into(), source: Box::new(self.0.to_vec()) })
    }

    fn runs(&self, _os: Os, _architecture: Architecture, _class: Class) -> bool {
        true
    }
}

/// Identifies `file` in every way there is.
fn exercise(file: &dyn Source, needed: &[u8]) {
    let surroundings = Everywhere(needed);
    let path = Path::new("FILE.COM");
    for question in [Question::new(path, &surroundings), Question::new(path, &surroundings).thoroughly()] {
        let start = Instant::now();
        let identity = identify(file, &question);
        let taken = start.elapsed();
        assert!(taken < PATIENCE, "took {taken:?}: {identity:?}");
        if let Ok(identity) = &identity {
            identity.command(path, Vec::new());
        }
        let entry = Entry::new(path, identity);
        entry.row();
        serde_json::to_string(&entry).expect("every answer can be written as JSON");
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

#[test]
fn mutated_files() {
    let seeds = corpus::seeds("signature");
    let count = setting("SIGNATURE_MUTATIONS", MUTATIONS);
    let seed = setting("SIGNATURE_SEED", SEED);
    for number in 0..count {
        // Each has its own sequence, so that one that fails can be tried alone.
        let mut random = Random(seed ^ number.wrapping_mul(0xd134_2543_de82_ef95));
        let mut file = seeds[random.below(seeds.len())].1.clone();
        mutate(&mut file, &seeds, &mut random);
        let mut needed = seeds[random.below(seeds.len())].1.clone();
        mutate(&mut needed, &seeds, &mut random);
        let outcome = std::panic::catch_unwind(|| exercise(&file, &needed));
        assert!(outcome.is_ok(), "mutation {number} of SIGNATURE_SEED={seed}: {file:02x?}");
    }
}

#[test]
fn every_seed_cut_anywhere() {
    for (_, seed) in corpus::seeds("signature") {
        for length in 0..seed.len() {
            exercise(&&seed[..length], b"#!/bin/sh\n");
        }
    }
}

/// A file of enormous size, of which what is read is counted.
struct Vast {
    head: Vec<u8>,
    fill: u8,
    read: Cell<u64>,
}

impl Source for Vast {
    fn size(&self) -> io::Result<u64> {
        Ok(i64::MAX as u64)
    }

    fn read_from(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let head =
            usize::try_from(offset).ok().and_then(|offset| self.head.get(offset..)).unwrap_or_default();
        let length = head.len().min(buffer.len());
        buffer[..length].copy_from_slice(&head[..length]);
        buffer[length..].fill(self.fill);
        self.read.set(self.read.get() + buffer.len() as u64);
        Ok(buffer.len())
    }
}

/// Headers whose every size and offset is as large as can be, in a file that has all of it.
#[test]
fn vast_files_are_read_in_bounds() {
    for (name, seed) in corpus::seeds("signature") {
        for fill in [0, 0x0f, b'_'] {
            for from in [40, 64, 128] {
                let mut head = seed.clone();
                head.resize(head.len().max(256), 0);
                for word in head[from..from + 64].chunks_exact_mut(8) {
                    word.copy_from_slice(&(1_u64 << 40).to_le_bytes());
                }
                let vast = Vast { head, fill, read: Cell::new(0) };
                exercise(&vast, b"");
                let read = vast.read.get() >> 20;
                assert!(read < 40, "{name} with {fill:#x} from {from}: {read} MiB read");
            }
        }
    }
}
