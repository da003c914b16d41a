//! Loading a guest program into the address space of the stub.

pub mod elf;

use schemas::Errno;

use crate::guest;

/// A program in memory, ready to be given its stack.
pub struct Image<'a> {
    /// Where the first instruction is: the interpreter's entry, or the program's.
    pub entry: u64,
    /// The program's own entry.
    pub program_entry: u64,
    /// Where its program headers lie in memory.
    pub headers: u64,
    /// How many there are.
    pub header_count: u16,
    /// Load address of the interpreter; zero without one.
    pub interpreter_base: u64,
    /// Address below which the initial stack goes.
    pub stack: u64,
    /// Address of the path of the program, zero-terminated.
    pub path_address: u64,
    /// Number of arguments, and the address of their pointers.
    pub argc: usize,
    /// Pointers to the arguments, in memory of the host's making.
    pub argv: u64,
    /// Number of environment strings.
    pub envc: usize,
    /// Pointers to the environment strings.
    pub envp: u64,
    /// The host's auxiliary vector, without its end.
    pub auxiliary: &'a [(u64, u64)],
}

impl Image<'_> {
    /// Writes the argument count, the argument pointers and the environment pointers, each list
    /// ended by a null pointer, from `at` upward; gives the address behind them.
    ///
    /// # Errors
    /// `EFAULT` where the stack cannot be written.
    pub fn push_vectors(&self, at: u64) -> Result<u64, Errno> {
        guest::put(at, &(self.argc as u64))?;
        let mut at = at + 8;
        for (count, pointers) in [(self.argc, self.argv), (self.envc, self.envp)] {
            for i in 0..count as u64 {
                guest::put(at, &guest::get::<u64>(pointers + 8 * i)?)?;
                at += 8;
            }
            guest::put(at, &0u64)?;
            at += 8;
        }
        Ok(at)
    }

    /// The value of an entry of the host's auxiliary vector.
    pub fn auxiliary(&self, key: u32) -> Option<u64> {
        self.auxiliary.iter().find(|(k, _)| *k == u64::from(key)).map(|(_, v)| *v)
    }
}
