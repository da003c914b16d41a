//! A foreign test suite, of which each test counts for itself: one that crashes or hangs the whole program
//! is noted, and the rest is run again without it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::case::Case;
use crate::exclusions::Exclusions;
use crate::process::End;

/// How one test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passed.
    Passed,
    /// It said that it cannot be run here.
    Skipped,
    /// It failed, with what it printed.
    Failed(String),
    /// The program ended in the middle of it.
    Crashed(String),
    /// Nothing happened for too long while it ran.
    Hung(String),
    /// So many others crashed or hung that it was not tried.
    NotReached,
}

/// What one line of a suite's output says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The test begins, or goes on.
    Started(String),
    /// The test has ended.
    Finished(String, Verdict),
}

/// How a suite is told which tests to run, and how its output is read.
pub trait Suite {
    /// The case, told to run just these tests and to print them one by one.
    fn told(&self, case: &Case, tests: &[String]) -> Case;
    /// What a line of its standard output says.
    fn event(&self, line: &str) -> Option<Event>;
}

/// A test binary of Go: `-test.v` prints a line when each begins, pauses, goes on and ends.
pub struct Go;

impl Suite for Go {
    fn told(&self, case: &Case, tests: &[String]) -> Case {
        let pattern = format!("^({})$", tests.join("|"));
        case.clone().more_arguments(["-test.v", "-test.run", &pattern])
    }

    fn event(&self, line: &str) -> Option<Event> {
        for begin in ["=== RUN   ", "=== CONT  "] {
            if let Some(test) = line.strip_prefix(begin) {
                return (!test.contains('/')).then(|| Event::Started(test.to_owned()));
            }
        }
        // What a test prints without an end of line stands before the verdict; a subtest's is indented.
        for (word, verdict) in [
            ("--- PASS: ", Verdict::Passed),
            ("--- SKIP: ", Verdict::Skipped),
            ("--- FAIL: ", Verdict::Failed(String::new())),
        ] {
            let Some((before, after)) = line.split_once(word) else { continue };
            if before.starts_with("    ") {
                return None;
            }
            let (test, _) = after.split_once(" (")?;
            return Some(Event::Finished(test.to_owned(), verdict));
        }
        None
    }
}

/// Python's own tests, driven by `guests/src/unittest_report.py`.
pub struct Python;

impl Suite for Python {
    fn told(&self, case: &Case, tests: &[String]) -> Case {
        case.clone().stdin(tests.join("\n"))
    }

    fn event(&self, line: &str) -> Option<Event> {
        let (word, test) = line.split_once(' ')?;
        if !test.starts_with("test.") || test.contains(' ') {
            return None;
        }
        let test = test.to_owned();
        match word {
            "RUN" => Some(Event::Started(test)),
            "PASS" => Some(Event::Finished(test, Verdict::Passed)),
            "SKIP" => Some(Event::Finished(test, Verdict::Skipped)),
            "FAIL" => Some(Event::Finished(test, Verdict::Failed(String::new()))),
            _ => None,
        }
    }
}

/// How each test ended, by name.
pub type Report = BTreeMap<String, Verdict>;

/// After how many crashes and hangs a suite is given up.
const MOST_RESTARTS: usize = 30;

/// Runs these tests: under the mapper, or natively. A program that prints nothing for `quiet` hangs.
fn run(case: &Case, natively: bool, suite: &dyn Suite, tests: &[String], quiet: Duration) -> Report {
    let mut report = Report::new();
    let mut left: Vec<String> = tests.to_vec();
    for _ in 0..MOST_RESTARTS {
        if left.is_empty() {
            return report;
        }
        let case = suite.told(case, &left);
        let started = if natively { case.start_twin() } else { case.start_guest() };
        let (mut length, mut changed) = (0, Instant::now());
        let mut hung = false;
        while !started.running.ended_within(Duration::from_millis(100)) {
            let now = started.running.output().len() + started.running.errors().len();
            if now != length {
                (length, changed) = (now, Instant::now());
            } else if changed.elapsed() > quiet {
                hung = true;
                break;
            }
        }
        let outcome = started.running.finish(if hung { Duration::ZERO } else { Duration::from_secs(1) });
        let mut running: Vec<String> = Vec::new();
        let mut lines: Vec<&str> = Vec::new();
        let text = outcome.text();
        for line in text.lines() {
            match suite.event(line) {
                Some(Event::Started(test)) => {
                    running.retain(|other| *other != test);
                    running.push(test);
                    lines.clear();
                }
                Some(Event::Finished(test, verdict)) => {
                    running.retain(|other| *other != test);
                    let verdict = match verdict {
                        Verdict::Failed(_) => Verdict::Failed(lines.join("\n")),
                        other => other,
                    };
                    lines.clear();
                    report.insert(test, verdict);
                }
                None => lines.push(line),
            }
        }
        left.retain(|test| !report.contains_key(test));
        if left.is_empty() {
            return report;
        }
        let detail =
            format!("{:?}; it printed:\n{}\n{}", outcome.end, end_of(&text), end_of(&outcome.errors()));
        let suspect = running.pop().unwrap_or_else(|| left[0].clone());
        left.retain(|test| *test != suspect);
        let verdict =
            if outcome.end == End::TimedOut { Verdict::Hung(detail) } else { Verdict::Crashed(detail) };
        report.insert(suspect, verdict);
    }
    report.extend(left.into_iter().map(|test| (test, Verdict::NotReached)));
    report
}

fn end_of(text: &str) -> &str {
    let mut begin = text.len().saturating_sub(1500);
    while !text.is_char_boundary(begin) {
        begin += 1;
    }
    &text[begin..]
}

/// A suite with what is asked of it.
pub struct Judged<'a> {
    /// What its line in the log begins with.
    pub name: &'a str,
    /// The guest, with what each of its runs needs.
    pub case: &'a Case,
    /// How the suite is driven.
    pub suite: &'a dyn Suite,
    /// The tests that the guest has.
    pub tests: &'a [String],
    /// The tests that the twin has.
    pub twin_tests: &'a [String],
    /// Which are known not to pass.
    pub exclusions: &'a Exclusions,
    /// After how long without output a test hangs.
    pub quiet: Duration,
}

impl Judged<'_> {
    /// Runs all tests under the mapper, and natively those that did not pass there. What the twin does not
    /// pass is not asked of the guest; a test that only the guest has must pass; an excluded one must not,
    /// unless it is unstable.
    ///
    /// # Panics
    /// When a test failed that should pass, or an exclusion is no longer true.
    #[track_caller]
    pub fn check(&self) {
        let found = run(self.case, false, self.suite, self.tests, self.quiet);
        let doubtful: Vec<String> = found
            .iter()
            .filter(|(test, verdict)| **verdict != Verdict::Passed && self.exclusions.reason(test).is_none())
            .map(|(test, _)| test.clone())
            .filter(|test| self.twin_tests.contains(test))
            .collect();
        let native = run(self.case, true, self.suite, &doubtful, self.quiet);
        println!("{}", judge(self.name, &found, &native, self.exclusions));
    }
}

#[track_caller]
fn judge(name: &str, found: &Report, native: &Report, exclusions: &Exclusions) -> String {
    let mut problems = String::new();
    let (mut passed, mut excluded, mut not_asked, mut wrong) = (0, 0, 0, 0);
    for (test, verdict) in found {
        let natively = native.get(test).unwrap_or(&Verdict::Passed);
        match (verdict, exclusions.reason(test)) {
            (Verdict::Passed, Some(reason)) if !exclusions.is_unstable(test) => {
                wrong += 1;
                let _ = writeln!(problems, "{test}: passes, but is excluded for: {reason}");
            }
            (Verdict::Passed, _) => passed += 1,
            (_, Some(_)) => excluded += 1,
            _ if *natively != Verdict::Passed => not_asked += 1,
            (verdict, None) => {
                wrong += 1;
                let _ = writeln!(problems, "{test}: {verdict:?}");
            }
        }
    }
    for test in exclusions.names().filter(|test| !found.contains_key(*test)) {
        wrong += 1;
        let _ = writeln!(problems, "{test}: is excluded, but there is no such test");
    }
    let line = format!(
        "{name}: {passed} of {} passed, {excluded} excluded, {not_asked} that the twin does not pass either, {wrong} wrong",
        found.len()
    );
    assert!(wrong == 0, "{line}\n{}", problems.replace("\\n", "\n    "));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdicts: &[(&str, Verdict)]) -> Report {
        verdicts.iter().map(|(name, verdict)| ((*name).to_owned(), verdict.clone())).collect()
    }

    #[test]
    fn verdicts_of_go_are_read_behind_what_a_test_prints() {
        let passed = Event::Finished("TestA".to_owned(), Verdict::Passed);
        assert_eq!(Go.event("--- PASS: TestA (0.00s)"), Some(passed.clone()));
        assert_eq!(Go.event("no end of line--- PASS: TestA (0.00s)"), Some(passed));
        assert_eq!(Go.event("    --- PASS: TestA/sub (0.00s)"), None);
        assert_eq!(Go.event("=== RUN   TestA"), Some(Event::Started("TestA".to_owned())));
        assert_eq!(Go.event("=== RUN   TestA/sub"), None);
    }

    #[test]
    fn a_failure_that_the_twin_shares_is_not_held_against_the_guest() {
        let found = report(&[("A", Verdict::Failed(String::new())), ("B", Verdict::Passed)]);
        let native = report(&[("A", Verdict::Failed(String::new())), ("B", Verdict::Passed)]);
        judge("x", &found, &native, &Exclusions::default());
    }

    #[test]
    #[should_panic(expected = "A: Failed")]
    fn a_failure_that_only_the_guest_has_is_one() {
        let found = report(&[("A", Verdict::Failed(String::new()))]);
        judge("x", &found, &Report::new(), &Exclusions::default());
    }

    #[test]
    #[should_panic(expected = "A: Skipped")]
    fn a_test_skipped_only_by_the_guest_is_a_failure() {
        judge(
            "x",
            &report(&[("A", Verdict::Skipped)]),
            &report(&[("A", Verdict::Passed)]),
            &Exclusions::default(),
        );
    }
}
