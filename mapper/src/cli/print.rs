//! Output: tables for people, JSON for programs.

use serde::Serialize;

use super::{FAILURE, Failure};

/// Prints a value as JSON, indented, with a line end.
pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::with_status(FAILURE, format!("cannot write JSON: {error}")))?;
    write(&text)
}

/// Prints values as JSON, one a line.
pub(super) fn json_lines(values: &[impl Serialize]) -> Result<(), Failure> {
    values.iter().try_for_each(|value| {
        let text = serde_json::to_string(value)
            .map_err(|error| Failure::with_status(FAILURE, format!("cannot write JSON: {error}")))?;
        write(&text)
    })
}

/// Prints a table without borders, so that it can be cut by columns.
pub(super) fn table<const COLUMNS: usize>(
    headings: &[&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> Result<(), Failure> {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING).set_header(headings);
    for row in rows {
        table.add_row(row);
    }
    write(&table.to_string())
}

/// Text without the characters that would break a line or steer a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

/// Writes text to standard output; a reader that is gone is no failure.
fn write(text: &str) -> Result<(), Failure> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::with_status(FAILURE, format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
