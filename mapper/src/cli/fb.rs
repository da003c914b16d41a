//! `mapper fb`: screens.

use std::path::PathBuf;
use std::time::Duration;

use residual_dev::console::layout;
use residual_dev::input::Action;

use super::{FAILURE, Failure, USAGE, world};
use crate::control::seat::Seat;

/// How long one press of a key or button takes; programs that look at a pressed key only now and then see it.
const PRESS: Duration = Duration::from_millis(4);

/// Looks at the screens that servers of kind `fb` show, and types and points in front of them.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

/// Which screen.
#[derive(Debug, clap::Args)]
struct Which {
    /// The screen.
    #[arg(long, value_name = "NAME", default_value = "fb0")]
    screen: String,
    /// The world; where none is named, `default` or the only one that runs.
    #[arg(long, value_name = "NAME")]
    world: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Writes what a screen shows to a file, as PNG.
    Snapshot {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        which: Which,
    },
    /// Types a text on the keyboard of a screen, which has the layout of the United States.
    Type {
        /// The text; `\n` in it is the key Enter, `\t` the key Tab, `\\` a backslash.
        text: String,
        #[command(flatten)]
        which: Which,
    },
    /// Presses keys on the keyboard of a screen, one combination after the other.
    Key {
        /// Combinations such as `ctrl-alt-f2`, `Return`, `shift-a`; the names are those of Linux's `KEY_*`.
        #[arg(required = true)]
        keys: Vec<String>,
        #[command(flatten)]
        which: Which,
    },
    /// Moves the pointer of a screen to a pixel.
    Move {
        /// From the left.
        x: u32,
        /// From the top.
        y: u32,
        #[command(flatten)]
        which: Which,
    },
    /// Moves the pointer of a screen to a pixel and clicks there.
    Click {
        /// From the left.
        x: u32,
        /// From the top.
        y: u32,
        /// The button.
        #[arg(long, value_enum, default_value = "left")]
        button: Button,
        /// How often.
        #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=10))]
        times: u32,
        #[command(flatten)]
        which: Which,
    },
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Button {
    Left,
    Right,
    Middle,
}

impl Button {
    /// `BTN_*` of uapi/linux/input-event-codes.h.
    fn code(self) -> u16 {
        match self {
            Self::Left => 0x110,
            Self::Right => 0x111,
            Self::Middle => 0x112,
        }
    }
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.verb {
        Verb::Snapshot { file, which } => {
            let picture = world::connect(which.world.as_deref())?.snapshot(&which.screen)?;
            std::fs::write(&file, picture).map_err(|error| {
                Failure::with_status(FAILURE, format!("cannot write {}: {error}", file.display()))
            })
        }
        Verb::Type { text, which } => perform(&which, &typed(&text)?),
        Verb::Key { keys, which } => {
            let presses: Result<Vec<_>, _> = keys.iter().map(|keys| combination(keys)).collect();
            perform(&which, &presses?)
        }
        Verb::Move { x, y, which } => perform(&which, &[vec![Action::Move { x, y }]]),
        Verb::Click { x, y, button, times, which } => {
            let code = button.code();
            let mut acts = vec![vec![Action::Move { x, y }]];
            for _ in 0..times {
                acts.push(vec![Action::Button { code, down: true }]);
                acts.push(vec![Action::Button { code, down: false }]);
            }
            perform(&which, &acts)
        }
    }
}

/// Does what a person does, act after act, with a little time between them.
fn perform(which: &Which, acts: &[Vec<Action>]) -> Result<(), Failure> {
    let client = world::connect(which.world.as_deref())?;
    let seat = Seat::take(&client, &which.screen)?;
    for act in acts {
        seat.feed(act)?;
        std::thread::sleep(PRESS);
    }
    Ok(())
}

fn refused(what: String) -> Failure {
    Failure::with_status(USAGE, what)
}

/// The acts that type a text.
fn typed(text: &str) -> Result<Vec<Vec<Action>>, Failure> {
    let mut acts = Vec::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let character = match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('\\') => '\\',
                _ => return Err(refused("behind a backslash there is `n`, `t` or another one".to_owned())),
            },
            other => other,
        };
        let (code, shift) = layout::key_of(character)
            .ok_or_else(|| refused(format!("no key of the keyboard writes `{character}`")))?;
        let held = if shift { vec![layout::LEFT_SHIFT] } else { Vec::new() };
        acts.extend(pressed(&held, code));
    }
    Ok(acts)
}

/// The act that presses keys together, such as `ctrl-c`.
fn combination(keys: &str) -> Result<Vec<Action>, Failure> {
    let names: Vec<_> = if keys == "-" { vec!["-"] } else { keys.split('-').collect() };
    let code = |name: &&str| {
        layout::key_named(name).ok_or_else(|| refused(format!("there is no key `{name}` in `{keys}`")))
    };
    let codes: Vec<_> = names.iter().map(code).collect::<Result<_, _>>()?;
    let down = codes.iter().map(|&code| Action::Key { code, down: true });
    let up = codes.iter().rev().map(|&code| Action::Key { code, down: false });
    Ok(down.chain(up).collect())
}

/// Presses one key while others are held.
fn pressed(held: &[u16], code: u16) -> [Vec<Action>; 2] {
    let key = |code: u16, down: bool| Action::Key { code, down };
    let mut down: Vec<_> = held.iter().map(|&code| key(code, true)).collect();
    down.push(key(code, true));
    let mut up = vec![key(code, false)];
    up.extend(held.iter().rev().map(|&code| key(code, false)));
    [down, up]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_keys() {
        let acts = typed("A\\n").unwrap();
        let key = |code, down| Action::Key { code, down };
        assert_eq!(acts[0], [key(42, true), key(30, true)]);
        assert_eq!(acts[1], [key(30, false), key(42, false)]);
        assert_eq!(acts[2..], [vec![key(28, true)], vec![key(28, false)]]);
        assert!(typed("ü").is_err() && typed("\\x").is_err());
    }

    #[test]
    fn keys_are_pressed_together() {
        let key = |code, down| Action::Key { code, down };
        assert_eq!(
            combination("ctrl-C").unwrap(),
            [key(29, true), key(46, true), key(46, false), key(29, false)]
        );
        assert!(combination("ctrl-").is_err() && combination("hyper-x").is_err());
        assert_eq!(combination("-").unwrap().len(), 2);
    }
}
