//! The table of operations.

use crate::Flavour;

include!(concat!(env!("OUT_DIR"), "/operation.rs"));

/// All that is declared about an operation.
#[derive(Debug)]
pub struct OperationInfo {
    /// The operation itself.
    pub operation: Operation,
    /// Its stable number: the subsystem in the high byte. This is what messages carry.
    pub id: u16,
    /// `subsystem.name`, as the command line and traces show it.
    pub name: &'static str,
    /// The part before the dot.
    pub subsystem: &'static str,
    /// The prose contract, one line a paragraph.
    pub contract: &'static str,
    /// The interface that answers it by default.
    pub server: Interface,
    /// Interfaces that can answer it as well, for objects of theirs.
    pub also: &'static [Interface],
    /// Its route when nothing else is configured.
    pub flavour: Flavour,
    /// Whether it may be asked again after a server was restarted.
    pub idempotent: bool,
    /// What is asked.
    pub params: &'static [Field],
    /// What is answered.
    pub results: &'static [Field],
}

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, as in the schema.
    pub name: &'static str,
    /// The schema's comment on it.
    pub documentation: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// How a trace shows it; none where it does not.
    pub format: Option<Format>,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A truth value.
    Bool,
    /// An integer with sign.
    Signed,
    /// An integer without.
    Unsigned,
    /// A floating-point number.
    Float,
    /// UTF-8.
    Text,
    /// Bytes.
    Data,
    /// Several values.
    List,
    /// One name out of several.
    Enum,
    /// A structure.
    Struct,
    /// Fields, or alternatives, of the structure itself.
    Group,
}

impl Operation {
    /// All that is declared about it.
    pub const fn info(self) -> &'static OperationInfo {
        &INFOS[self as usize]
    }

    /// Its dense index, below [`Operation::COUNT`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its stable number.
    pub const fn id(self) -> u16 {
        self.info().id
    }

    /// `subsystem.name`.
    pub const fn name(self) -> &'static str {
        self.info().name
    }

    /// The one with this dense index.
    pub const fn from_index(index: usize) -> Option<Self> {
        if index < Self::COUNT { Some(Self::ALL[index]) } else { None }
    }

    /// The one with this name, `subsystem.name`.
    pub fn from_name(name: &str) -> Option<Self> {
        INFOS.iter().find(|info| info.name == name).map(|info| info.operation)
    }
}

impl OperationInfo {
    /// Whether an interface can answer it.
    pub fn answered_by(&self, interface: Interface) -> bool {
        self.server == interface || self.also.contains(&interface)
    }

    /// Whether it can have a route of this flavour. What never leaves the stub, and what the stub answers from what it
    /// knows already, has no way to be mapped; what is mapped by declaration none to be answered in the stub.
    pub fn allows(&self, flavour: Flavour) -> bool {
        let asks = self.server != Interface::Stub && self.flavour == Flavour::Direct;
        flavour == self.flavour || (flavour == Flavour::Mapped && asks)
    }

    /// First sentence of the contract.
    pub fn summary(&self) -> &'static str {
        match self.contract.find(". ").or_else(|| self.contract.find(".\n")) {
            Some(end) => &self.contract[..=end],
            None => self.contract,
        }
    }
}

impl core::fmt::Display for Operation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.name())
    }
}

impl core::fmt::Display for Interface {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.name())
    }
}
