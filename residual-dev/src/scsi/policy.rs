//! Which commands a deployment lets guests send.

use super::recorder::table::{self, Class};

/// Commands that a drive lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// What changes nothing on a medium.
    ReadOnly,
    /// What a burning program needs.
    Burn,
    /// Everything.
    All,
    /// These operation codes.
    These(Vec<u8>),
}

impl Policy {
    /// What a setting says: a name, or operation codes.
    ///
    /// # Errors
    /// A sentence that says what would be one.
    pub fn read(value: &toml::Value) -> Result<Self, String> {
        let code = |value: &toml::Value| value.as_integer().and_then(|code| u8::try_from(code).ok());
        let read = match value {
            toml::Value::String(name) => match name.as_str() {
                "read-only" => Some(Self::ReadOnly),
                "burn" => Some(Self::Burn),
                "all" => Some(Self::All),
                _ => None,
            },
            toml::Value::Array(codes) => codes.iter().map(code).collect::<Option<Vec<u8>>>().map(Self::These),
            _ => None,
        };
        read.ok_or_else(|| {
            "`allow` is \"read-only\", \"burn\", \"all\" or a list of operation codes".to_owned()
        })
    }

    /// Whether a command may pass.
    pub fn allows(&self, operation: u8) -> bool {
        match self {
            Self::All => true,
            Self::These(codes) => codes.contains(&operation),
            Self::ReadOnly => table::find(operation).is_some_and(|command| command.class == Class::Read),
            Self::Burn => table::find(operation).is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_commands() {
        let read = |text: &str| Policy::read(&toml::Value::String(text.to_owned()));
        let read_only = read("read-only").expect("it is one");
        assert!(read_only.allows(0x28) && !read_only.allows(0x2a) && !read_only.allows(0x3b));
        let burn = read("burn").expect("it is one");
        // WRITE BUFFER, by which firmware is replaced, is not among them.
        assert!(burn.allows(0x2a) && burn.allows(0xa1) && !burn.allows(0x3b));
        assert!(read("all").expect("it is one").allows(0x3b));
        let codes = Policy::read(&toml::Value::Array(vec![toml::Value::Integer(0x12)])).expect("it is one");
        assert!(codes.allows(0x12) && !codes.allows(0x28));
        assert!(read("some").is_err());
        assert!(Policy::read(&toml::Value::Array(vec![toml::Value::Integer(256)])).is_err());
    }
}
