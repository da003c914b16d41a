//! The calls of each foreign OS, as the stub's own tables list them.

use std::collections::BTreeMap;

use schemas::Personality;
use schemas::transport::MISSING;
use stub_runtime::call::{Row, Support, Table};
use stub_runtime::personality::{freebsd, linux};

use super::report::Missing;

/// The table of an OS that the stub knows.
fn table(personality: Personality) -> Option<&'static Table> {
    match personality {
        Personality::Linux => Some(&linux::calls::CALLS),
        Personality::FreeBsd => Some(&freebsd::calls::CALLS),
        _ => None,
    }
}

/// The name of a call, where its OS gives it one.
pub fn name(personality: Personality, number: u32) -> Option<&'static str> {
    table(personality)?.get(number.into()).map(|row| row.name)
}

/// Why a call is not supported; none when it is.
fn reason(row: &Row) -> Option<&'static str> {
    match row.support {
        Support::None(reason) => Some(reason),
        Support::Full | Support::Partial(_) => None,
    }
}

/// Every call that guests of an OS cannot have, with how often one of them asked: those asked for most come first.
pub fn unsupported(personality: Personality, asked: &BTreeMap<u32, u64>) -> Vec<Missing> {
    let rows = table(personality).into_iter().flat_map(Table::iter);
    let mut calls: BTreeMap<u32, Missing> = rows
        .filter_map(|row| Some((row, reason(row)?)))
        .map(|(row, reason)| {
            let number = u32::from(row.number);
            (number, Missing::new(personality, number, row.name, reason))
        })
        .collect();
    for (&number, &count) in asked {
        let entry = calls.entry(number).or_insert_with(|| {
            let name = name(personality, number).unwrap_or_default();
            let reason = match number as usize {
                // Counters have a last row for all that is above.
                number if number == MISSING - 1 => "no such call (this number or a higher one)",
                _ => "no such call",
            };
            Missing::new(personality, number, name, reason)
        });
        entry.count = count;
    }
    let mut calls: Vec<_> = calls.into_values().collect();
    calls.sort_by_key(|call| (std::cmp::Reverse(call.count), call.number));
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsupported_begins_with_what_was_asked_for() {
        let asked = BTreeMap::from([(900, 2), (1023, 1)]);
        let calls = unsupported(Personality::FreeBsd, &asked);
        assert_eq!((calls[0].number, calls[0].count, calls[0].name.as_str()), (900, 2, ""));
        assert!(calls[1].reason.contains("or a higher one"));
        assert!(calls[2..].iter().all(|call| call.count == 0 && !call.name.is_empty()));
        assert!(calls[2..].is_sorted_by_key(|call| call.number));
    }

    #[test]
    fn unsupported_knows_nothing_of_an_os_without_a_table() {
        assert!(unsupported(Personality::Dos, &BTreeMap::new()).is_empty());
    }

    #[test]
    fn name_is_that_of_the_os() {
        assert_eq!(name(Personality::Linux, 0), Some("read"));
        assert_eq!(name(Personality::FreeBsd, 3), Some("read"));
        assert_eq!(name(Personality::Linux, 400), None);
    }
}
