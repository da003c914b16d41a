//! The results as a table and as JSON.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use super::catalogue::Benchmark;
use super::machine::Machine;
use super::side::Side;
use super::statistics::{Sample, Summary};

/// What one benchmark came to on one side.
#[derive(Clone, Debug)]
pub enum Cell {
    /// It was measured.
    Measured(Vec<Sample>),
    /// It makes no sense there, and why.
    Declined(&'static str),
    /// It failed, and why.
    Failed(String),
}

/// One benchmark's cells.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// Which benchmark.
    pub benchmark: &'a Benchmark,
    /// By side.
    pub cells: BTreeMap<Side, Cell>,
}

impl Row<'_> {
    fn summary(&self, side: Side) -> Option<Summary> {
        match self.cells.get(&side)? {
            Cell::Measured(samples) => Summary::of(samples, self.benchmark.method.more_is_better()),
            _ => None,
        }
    }

    /// A side's value as a multiple of the native one, by a choice of what to compare.
    fn ratio(&self, side: Side, value: impl Fn(&Summary) -> Option<f64>) -> Option<f64> {
        let (own, native) = (value(&self.summary(side)?)?, value(&self.summary(Side::Native)?)?);
        (native > 0.0).then_some(own / native)
    }

    /// Whether the goal is reached by the medians and by the best values: noise moves the one, luck the other.
    fn reached(&self) -> Option<bool> {
        let (own, native) = (self.summary(Side::Mapper)?, self.summary(Side::Native));
        let goal = self.benchmark.goal;
        let median = goal.reached(own.median, native.map(|native| native.median))?;
        Some(median && goal.reached(own.best, native.map(|native| native.best))?)
    }

    fn shown(&self, side: Side) -> String {
        match self.cells.get(&side) {
            Some(Cell::Measured(_)) => self
                .summary(side)
                .map_or("-".to_owned(), |summary| quantity(summary.median, self.benchmark.method.unit())),
            Some(Cell::Failed(_)) => "failed".to_owned(),
            Some(Cell::Declined(_)) | None => "-".to_owned(),
        }
    }

    fn shown_peer(&self, side: Side) -> String {
        let ratio = self.ratio(side, |summary| Some(summary.median));
        ratio.map_or_else(|| self.shown(side), times)
    }
}

/// The table, and below it why cells have no number.
pub fn table(machine: &Machine, rows: &[Row<'_>], sides: &[Side]) -> String {
    let peers: Vec<Side> = sides.iter().copied().filter(|side| Side::PEERS.contains(side)).collect();
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    let heads = ["BENCHMARK", "NATIVE", "MAPPER", "RATIO", "OF BEST", "CPU", "SPREAD", "GOAL", "REACHED"];
    let peer_heads = peers.iter().map(|side| side.to_string().to_uppercase());
    table.set_header(heads.iter().map(ToString::to_string).chain(peer_heads));
    for row in rows {
        let optional = |ratio: Option<f64>| ratio.map_or("-".to_owned(), times);
        let spread = row.summary(Side::Mapper).map(|summary| format!("{:.0} %", summary.spread * 100.0));
        let reached = row.reached().map(|reached| if reached { "yes" } else { "no" });
        let mut line = vec![
            row.benchmark.name.to_owned(),
            row.shown(Side::Native),
            row.shown(Side::Mapper),
            optional(row.ratio(Side::Mapper, |summary| Some(summary.median))),
            optional(row.ratio(Side::Mapper, |summary| Some(summary.best))),
            optional(row.ratio(Side::Mapper, |summary| summary.processor)),
            spread.unwrap_or_else(|| "-".to_owned()),
            row.benchmark.goal.words(row.benchmark.method.unit()),
            reached.unwrap_or("-").to_owned(),
        ];
        line.extend(peers.iter().map(|&side| row.shown_peer(side)));
        table.add_row(line);
    }
    for number in (1..=6).chain(9..9 + peers.len()) {
        if let Some(column) = table.column_mut(number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let table: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    format!("{}\n{}\n{}", machine.lines(), table.join("\n"), reasons(rows))
}

/// Why cells have no number, each reason once.
fn reasons(rows: &[Row<'_>]) -> String {
    let mut reasons: BTreeMap<(Side, &str), Vec<&str>> = BTreeMap::new();
    for row in rows {
        for (&side, cell) in &row.cells {
            let why = match cell {
                Cell::Measured(_) => continue,
                Cell::Declined(why) => why,
                Cell::Failed(why) => why.as_str(),
            };
            reasons.entry((side, why)).or_default().push(row.benchmark.name);
        }
    }
    let line =
        |((side, why), names): (&(Side, &str), &Vec<&str>)| format!("{side}, {}: {why}\n", names.join(", "));
    reasons.iter().map(line).collect()
}

/// The same with every sample.
pub fn json(machine: &Machine, rows: &[Row<'_>]) -> Value {
    let cell = |row: &Row<'_>, side: Side, cell: &Cell| match cell {
        Cell::Measured(samples) => json!({
            "summary": row.summary(side),
            "ratio": row.ratio(side, |summary| Some(summary.median)),
            "samples": samples,
        }),
        Cell::Declined(why) => json!({ "declined": why }),
        Cell::Failed(why) => json!({ "failed": why }),
    };
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            let cells = row.cells.iter().map(|(&side, found)| (side.to_string(), cell(row, side, found)));
            json!({
                "name": row.benchmark.name,
                "what": row.benchmark.what,
                "unit": row.benchmark.method.unit(),
                "more-is-better": row.benchmark.method.more_is_better(),
                "goal": row.benchmark.goal.words(row.benchmark.method.unit()),
                "reached": row.reached(),
                "sides": cells.collect::<serde_json::Map<_, _>>(),
            })
        })
        .collect();
    json!({ "machine": machine, "benchmarks": rows })
}

/// A multiple, with as many digits as say something.
fn times(ratio: f64) -> String {
    format!("{}×", digits(ratio))
}

/// A value with its unit, in a larger unit of time where it is long.
pub fn quantity(value: f64, unit: &str) -> String {
    let (value, unit) = match unit {
        "ns" if value >= 1e6 => (value / 1e6, "ms"),
        "ns" if value >= 1e4 => (value / 1e3, "µs"),
        "ms" if value >= 1e4 => (value / 1e3, "s"),
        _ => (value, unit),
    };
    format!("{} {unit}", digits(value))
}

fn digits(value: f64) -> String {
    match value {
        value if value >= 99.95 => format!("{value:.0}"),
        value if value >= 9.995 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::BENCHMARKS;
    use super::*;

    fn row(mapper: Cell, native: f64) -> Row<'static> {
        let native = Cell::Measured(vec![Sample { value: native, best: native, processor: None }]);
        Row { benchmark: &BENCHMARKS[1], cells: [(Side::Native, native), (Side::Mapper, mapper)].into() }
    }

    #[test]
    fn failed_cell_is_shown_with_its_reason_and_never_as_a_number() {
        let rows = [row(Cell::Failed("exit status 3: no".to_owned()), 100.0)];
        let text = table(&Machine::this(), &rows, &[Side::Native, Side::Mapper]);
        let line = text.lines().find(|line| line.trim_start().starts_with("read ")).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words, ["read", "100", "ns", "failed", "-", "-", "-", "-", "≤", "1.40×", "-"]);
        assert!(text.contains("mapper, read: exit status 3: no\n"), "{text}");
        let value = json(&Machine::this(), &rows);
        assert_eq!(value["benchmarks"][0]["sides"]["mapper"], json!({ "failed": "exit status 3: no" }));
        assert_eq!(value["benchmarks"][0]["reached"], Value::Null);
    }

    #[test]
    fn ratio_decides_whether_a_goal_is_reached() {
        for (value, word) in [(139.0, "yes"), (141.0, "no")] {
            let cell = Cell::Measured(vec![Sample { value, best: value, processor: None }]);
            let text = table(&Machine::this(), &[row(cell, 100.0)], &[Side::Native, Side::Mapper]);
            assert!(text.lines().any(|line| line.contains(" read ") && line.ends_with(word)), "{text}");
        }
    }

    #[test]
    fn goal_is_not_reached_by_a_median_that_noise_made() {
        let mut rows =
            [row(Cell::Measured(vec![Sample { value: 100.0, best: 90.0, processor: None }]), 100.0)];
        let native = Sample { value: 100.0, best: 50.0, processor: None };
        rows[0].cells.insert(Side::Native, Cell::Measured(vec![native]));
        assert_eq!(rows[0].reached(), Some(false));
    }

    #[test]
    fn quantities_are_readable() {
        assert_eq!(quantity(15.4, "ns"), "15.4 ns");
        assert_eq!(quantity(1040.0, "ns"), "1040 ns");
        assert_eq!(quantity(424_375.0, "ns"), "424 µs");
        assert_eq!(quantity(2.314, "ms"), "2.31 ms");
        assert_eq!(quantity(12_345.0, "ms"), "12.3 s");
        assert_eq!(quantity(9.996, "Gbit/s"), "10.0 Gbit/s");
    }
}
