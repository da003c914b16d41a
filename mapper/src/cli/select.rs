//! Words on the command line that select something.

use schemas::Personality;

use crate::deployment::nearest;

/// The OS of that name.
pub(super) fn personality(word: &str) -> Result<Personality, String> {
    Personality::from_name(word).ok_or_else(|| {
        let names: Vec<_> = Personality::ALL.iter().map(|personality| personality.name()).collect();
        match nearest(word, names.iter().copied()) {
            Some(near) => format!("no OS is called `{word}`; did you mean `{near}`?"),
            None => format!("no OS is called `{word}`; known are {}", names.join(", ")),
        }
    })
}
