//! The classic packet filter: programs, their checks, and running them.
//!
//! A [`Program`] can only be had from instructions that pass the checks of the kernel that would run it
//! ([`Dialect`]): `bpf_validate` of FreeBSD (bpf(9)) or `bpf_check_classic` of Linux
//! (Documentation/networking/filter.rst). So running one ends, and stays within its memory and the packet, whatever
//! the guest sent.

mod ancillary;
pub mod opcode;
mod packet;
mod run;
#[cfg(test)]
mod tests;
mod validate;

pub use ancillary::Ancillary;
pub use packet::{Facts, Packet};

/// Words of scratch memory (`BPF_MEMWORDS`).
pub const MEMORY: usize = 16;

/// One instruction (`struct bpf_insn`, `struct sock_filter`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instruction {
    /// What it does.
    pub code: u16,
    /// Instructions to skip when a test holds.
    pub jump_true: u8,
    /// Instructions to skip when it does not.
    pub jump_false: u8,
    /// Its operand.
    pub operand: u32,
}

/// Whose rules a program follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Those of bpf(4): at most 512 instructions, loads from the packet only, memory that begins as zeros.
    Bsd,
    /// Those of socket filters of Linux: at most 4096 instructions, loads of what the kernel knows beside the packet,
    /// memory that must be written before it is read.
    Linux,
}

impl Dialect {
    /// Most instructions of a program (`BPF_MAXINSNS`).
    pub const fn most(self) -> usize {
        match self {
            Dialect::Bsd => 512,
            Dialect::Linux => 4096,
        }
    }
}

/// Why a program is refused. Every OS says `EINVAL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no instruction.
    #[error("the program has no instructions")]
    Empty,
    /// There are more than its OS allows.
    #[error("the program has {0} instructions, more than there may be")]
    TooLong(usize),
    /// An instruction that there is not.
    #[error("instruction {0} has a code that means nothing")]
    Unknown(usize),
    /// A jump behind the end.
    #[error("instruction {0} jumps out of the program")]
    Jump(usize),
    /// A word of memory beyond the last.
    #[error("instruction {0} uses memory that there is not")]
    Memory(usize),
    /// A word of memory that nothing was written to.
    #[error("instruction {0} reads memory that was not written on every way there")]
    Unwritten(usize),
    /// A division by the constant zero.
    #[error("instruction {0} divides by zero")]
    Division(usize),
    /// A shift by more bits than there are.
    #[error("instruction {0} shifts by more bits than a word has")]
    Shift(usize),
    /// A load of something beside the packet that there is not.
    #[error("instruction {0} loads something unknown beside the packet")]
    Beside(usize),
    /// The last instruction is not a verdict.
    #[error("the last instruction gives no verdict")]
    End,
}

/// How much of a packet a load takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    Byte,
    Half,
    Word,
}

/// The other operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Constant(u32),
    Index,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Or,
    And,
    ExclusiveOr,
    ShiftLeft,
    ShiftRight,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    Equal,
    Greater,
    GreaterOrEqual,
    AnyBit,
}

/// An instruction that was checked. Targets of jumps are places in the program, always behind the jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Load { width: Width, indexed: bool, offset: u32 },
    LoadBeside(Ancillary),
    LoadConstant(u32),
    LoadLength,
    LoadMemory(u8),
    IndexConstant(u32),
    IndexLength,
    IndexMemory(u8),
    IndexHeader(u32),
    Store(u8),
    StoreIndex(u8),
    Calculate(Arithmetic, Source),
    Negate,
    Jump(u16),
    Branch { test: Test, source: Source, yes: u16, no: u16 },
    Return(u32),
    ReturnAccumulator,
    IndexFromAccumulator,
    AccumulatorFromIndex,
}

/// A program that passed the checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    dialect: Dialect,
    steps: Box<[Step]>,
}

impl Program {
    /// Checks instructions as the kernel of an OS does.
    ///
    /// # Errors
    /// The first rule that they break.
    pub fn new(dialect: Dialect, instructions: &[Instruction]) -> Result<Program, Refusal> {
        validate::check(dialect, instructions).map(|steps| Program { dialect, steps })
    }

    /// How much of a packet is to be kept, in bytes from where the filter sees it begin; 0 for a packet that is not
    /// wanted. May be more than the packet has.
    pub fn run(&self, packet: &Packet<'_>) -> u32 {
        run::run(self, packet)
    }

    /// Instructions in it.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Never: a program has a verdict at least.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}
