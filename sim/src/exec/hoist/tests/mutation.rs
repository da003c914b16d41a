//! Broken and hostile files, at random: nothing may panic or take long, and what is found is what each table says.
//!
//! The fuzz target `hoist` of `fuzz/` does the same with what the fuzzer makes.

use std::time::{Duration, Instant};

use object::elf;
use proptest::prelude::*;

use super::{START, bytes};
use crate::exec::hoist::Program;

/// Far above what any takes, with room for a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(2);

/// Two functions of which the second makes a call: `getppid`.
const CODE: &str = "31c0 c3 cccccccccc b86e000000 0f05 c3";
const SECOND: u64 = START + 8;
const SITE: u64 = START + 13;
const END: u64 = START + 16;

/// Offset of the code in the file: what is before it is not mapped.
const TEXT: usize = 0x100;
/// Address of the tables, which follow the code in the file.
const TABLE: u64 = 0x50_0000;

fn section(name: u32, kind: u32, address: u64, offset: usize, size: usize) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend([name, kind].into_iter().flat_map(u32::to_le_bytes));
    header.extend([0, address, offset as u64, size as u64].into_iter().flat_map(u64::to_le_bytes));
    header.extend([0_u32; 2].into_iter().flat_map(u32::to_le_bytes));
    header.extend([1_u64, 0].into_iter().flat_map(u64::to_le_bytes));
    header
}

/// A program with one table of functions.
fn program(name: &str, kind: u32, table: &[u8]) -> Vec<u8> {
    let code = bytes(CODE);
    let names = format!("\0.text\0{name}\0");
    let table_at = TEXT + code.len();
    let names_at = table_at + table.len();
    let sections_at = names_at + names.len();
    let mut file = bytes("7f454c46 02010100 0000000000000000 0200 3e00 01000000");
    file.extend([START, 64, sections_at as u64].into_iter().flat_map(u64::to_le_bytes));
    file.extend(bytes("00000000 4000 3800 0100 4000 0400 0300"));
    file.extend([elf::PT_LOAD, elf::PF_R | elf::PF_X].into_iter().flat_map(u32::to_le_bytes));
    let size = code.len() as u64;
    file.extend([TEXT as u64, START, START, size, size, 4096].into_iter().flat_map(u64::to_le_bytes));
    file.resize(TEXT, 0);
    file.extend(&code);
    file.extend(table);
    file.extend(names.as_bytes());
    file.extend(section(0, 0, 0, 0, 0));
    file.extend(section(1, elf::SHT_PROGBITS, START, TEXT, code.len()));
    file.extend(section(7, kind, TABLE, table_at, table.len()));
    file.extend(section(0, elf::SHT_STRTAB, 0, names_at, names.len()));
    file
}

fn frames() -> Vec<u8> {
    // One entry for all (version 1, "zR", addresses relative and of 4 bytes), one for each function, and the end.
    let mut table = bytes("14000000 00000000 01 7a5200 01 78 10 01 1b 0c0708 900100 00");
    for (start, end) in [(START, SECOND), (SECOND, END)] {
        let at = table.len() as u64;
        table.extend(16_u32.to_le_bytes());
        table.extend((at as u32 + 4).to_le_bytes());
        table.extend((start.wrapping_sub(TABLE + at + 8) as u32).to_le_bytes());
        table.extend(((end - start) as u32).to_le_bytes());
        table.extend([0; 4]);
    }
    table.extend([0; 4]);
    program(".eh_frame", elf::SHT_PROGBITS, &table)
}

fn symbols() -> Vec<u8> {
    let mut table = vec![0; 24];
    for (start, size) in [(START, 3), (SECOND, 0)] {
        table.extend(bytes("00000000 12 00 0100"));
        table.extend([start, size].into_iter().flat_map(u64::to_le_bytes));
    }
    program(".symtab", elf::SHT_SYMTAB, &table)
}

fn golang(magic: u32, fields: &[u64], wide: bool) -> Vec<u8> {
    let mut table = magic.to_le_bytes().to_vec();
    table.extend([0, 0, 1, 8]);
    table.extend(fields.iter().copied().flat_map(u64::to_le_bytes));
    for start in [START, SECOND, END] {
        if wide {
            table.extend([start, 0].into_iter().flat_map(u64::to_le_bytes));
        } else {
            table.extend([(start - START) as u32, 0].into_iter().flat_map(u32::to_le_bytes));
        }
    }
    program(".gopclntab", elf::SHT_PROGBITS, &table)
}

fn seeds() -> [(&'static str, Vec<u8>); 6] {
    [
        ("frames", frames()),
        ("symbols", symbols()),
        ("Go 1.2", golang(0xffff_fffb, &[2], true)),
        ("Go 1.16", golang(0xffff_fffa, &[2, 0, 0, 0, 0, 0, 64], true)),
        ("Go 1.18", golang(0xffff_fff0, &[2, 0, START, 0, 0, 0, 0, 72], false)),
        ("Go 1.26", golang(0xffff_fff1, &[2, 0, 0, 0, 0, 0, 0, 72], false)),
    ]
}

#[test]
fn the_corpus_is_the_seeds() {
    crate::exec::corpus::check("hoist", seeds());
}

#[test]
fn every_table_leads_to_the_site() {
    for (name, file) in seeds() {
        let read = Program::read(&file).unwrap();
        let site = read.address((TEXT as u64) + SITE - START);
        assert_eq!(site, Some(SITE), "{name}");
        assert_eq!(read.plan(&file, SITE).map(|plan| plan.replaced), Ok(SECOND), "{name}");
        assert_eq!(read.sites(&file), [SITE], "{name}");
    }
    let (none, _) = (program(".other", elf::SHT_PROGBITS, &[0; 64]), ());
    let read = Program::read(&none).unwrap();
    assert_eq!(read.plan(&none, SITE), Err(schemas::exec::Decision::NoStart));
}

/// Asks about the site and about what is around it.
fn exercise(file: &Vec<u8>) {
    let start = Instant::now();
    if let Ok(program) = Program::read(file) {
        for site in [SITE, START, END, 0, u64::MAX - 1, SITE + 1] {
            if let Ok(plan) = program.plan(file, site) {
                let _ = plan.encode(1 << 40, u64::MAX - 8, 128);
            }
        }
        let _ = program.address(u64::MAX);
    }
    let taken = start.elapsed();
    assert!(taken < PATIENCE, "took {taken:?}");
}

/// Numbers at which arithmetic and bounds go wrong.
const EDGES: [u64; 10] = [
    0,
    1,
    0xff,
    0xffff,
    0x7fff_ffff,
    0xffff_fff0,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0xffff_ffff_ffff_fff0,
    u64::MAX,
];

fn change(file: &mut Vec<u8>, at: usize, width: usize, number: u64) {
    let at = at % file.len();
    match width {
        0 => file.truncate(at.max(1)),
        9 => drop(file.splice(at..at, number.to_le_bytes())),
        width => {
            let at = at / width * width;
            if let Some(place) = file.get_mut(at..at + width) {
                place.copy_from_slice(&number.to_le_bytes()[..width]);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn mutated_files(
        seed in 0..6_usize,
        changes in prop::collection::vec(
            (
                any::<usize>(),
                prop::sample::select(vec![0, 1, 1, 2, 4, 4, 4, 8, 8, 8, 9]),
                prop_oneof![any::<u64>(), prop::sample::select(EDGES.to_vec()), 0..400_u64],
            ),
            1..6,
        ),
    ) {
        let mut file = seeds()[seed].1.clone();
        for (at, width, number) in changes {
            change(&mut file, at, width, number);
        }
        exercise(&file);
    }
}

#[test]
fn every_seed_cut_anywhere() {
    for (_, seed) in seeds() {
        for length in 0..seed.len() {
            exercise(&seed[..length].to_vec());
        }
    }
}

#[test]
fn large_tables_are_read_in_bounded_time() {
    // Every entry of a function leads to a common one as long as is read, a megabyte of them.
    let mut table = (1024_u32 - 4).to_le_bytes().to_vec();
    table.extend([0; 4]);
    table.push(1);
    table.resize(1024 - 1, b'a');
    table.push(0);
    while table.len() < 1 << 20 {
        let at = table.len() as u32;
        table.extend([12, at + 4, 0, 0].into_iter().flat_map(u32::to_le_bytes));
    }
    exercise(&program(".eh_frame", elf::SHT_PROGBITS, &table));
    // More functions than the file has room for.
    exercise(&golang(0xffff_fffb, &[u64::MAX / 16], true));
}
