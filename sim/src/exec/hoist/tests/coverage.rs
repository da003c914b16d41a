//! What share of the sites of real programs can be hoisted.

use std::collections::BTreeMap;
use std::fs::File;

use crate::exec::hoist::Program;

/// `HOIST_FILES="/lib/x86_64-linux-gnu/libc.so.6 …" cargo test -p sim hoist::tests::coverage -- --ignored --nocapture`
#[test]
#[ignore = "prints what it finds in the files that HOIST_FILES names"]
fn files() {
    for path in std::env::var("HOIST_FILES").expect("HOIST_FILES names files").split_whitespace() {
        let file = File::open(path).unwrap();
        let began = std::time::Instant::now();
        let Ok(program) = Program::read(&file) else {
            println!("{path}: cannot be read");
            continue;
        };
        let sites = program.sites(&file);
        let mut counts: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for site in &sites {
            let answer =
                match program.plan(&file, *site).and_then(|plan| plan.encode(0, *site + 0x1000_0000, 256)) {
                    Ok(_) => "hoisted".to_owned(),
                    Err(decision) => format!("{decision:?}"),
                };
            counts.entry(answer).or_default().push(*site);
        }
        let hoisted = counts.get("hoisted").map_or(0, Vec::len);
        println!(
            "{path}: {hoisted} of {} ({:.1} %), {:?}",
            sites.len(),
            hoisted as f64 * 100.0 / sites.len() as f64,
            began.elapsed()
        );
        for (answer, sites) in counts.iter().filter(|(answer, _)| *answer != "hoisted") {
            println!("    {answer}: {:x?}", &sites[..sites.len().min(12)]);
        }
    }
}
