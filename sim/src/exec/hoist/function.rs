//! The instructions of one function.

use iced_x86::{Code, Decoder, DecoderOptions, FlowControl, Instruction, OpKind};

/// How much of a function is looked at. What is behind that is not reached.
pub(super) const LONGEST: usize = 128 << 10;

/// Longest instruction (Intel SDM, volume 2, 2.3.11).
const INSTRUCTION: usize = 15;

/// The instructions of a function that its start leads to, by every direct branch and behind every call.
pub(super) struct Function<'c> {
    code: &'c [u8],
    start: u64,
    /// Length of the instruction that begins at each byte; 0 where none does that can be reached.
    lengths: Vec<u8>,
    /// Bytes to which something jumps, whether it can be reached or only decodes as if.
    targets: Vec<bool>,
}

/// Where control goes behind an instruction.
struct Flow {
    /// To the next one.
    falls: bool,
    /// To this address.
    branch: Option<u64>,
}

fn flow(instruction: &Instruction) -> Flow {
    let near = matches!(instruction.op0_kind(), OpKind::NearBranch64);
    let target = near.then(|| instruction.near_branch_target());
    match instruction.flow_control() {
        FlowControl::Next => Flow { falls: true, branch: None },
        FlowControl::ConditionalBranch => Flow { falls: true, branch: target },
        FlowControl::UnconditionalBranch => Flow { falls: false, branch: target },
        // A transaction's other way out.
        FlowControl::XbeginXabortXend => Flow { falls: true, branch: target },
        FlowControl::Call => Flow { falls: true, branch: target },
        FlowControl::IndirectCall => Flow { falls: true, branch: None },
        FlowControl::Interrupt => Flow { falls: instruction.code() != Code::Int3, branch: None },
        FlowControl::IndirectBranch | FlowControl::Return | FlowControl::Exception => {
            Flow { falls: false, branch: None }
        }
    }
}

impl<'c> Function<'c> {
    /// Follows the code of a function from its start. `code` begins there, at address `start`, and ends where the
    /// function does.
    pub(super) fn follow(code: &'c [u8], start: u64) -> Self {
        let code = &code[..code.len().min(LONGEST)];
        let mut function =
            Self { code, start, lengths: vec![0; code.len()], targets: vec![false; code.len()] };
        let mut decoder = Decoder::with_ip(64, code, start, DecoderOptions::NONE);
        let mut waiting = vec![0];
        while let Some(first) = waiting.pop() {
            let mut at = first;
            while at < code.len() && function.lengths[at] == 0 {
                let instruction = seek(&mut decoder, start, at);
                if instruction.is_invalid() {
                    break;
                }
                function.lengths[at] = instruction.len() as u8;
                if ambiguous(&instruction, &code[at..]) {
                    break;
                }
                let flow = flow(&instruction);
                if let Some(target) = flow.branch.and_then(|target| function.offset(target)) {
                    function.targets[target] = true;
                    waiting.push(target);
                }
                if !flow.falls {
                    break;
                }
                at += instruction.len();
            }
        }
        // What cannot be reached by direct branches may still be by others: its branches count as well.
        let mut at = 0;
        while at < code.len() {
            let instruction = seek(&mut decoder, start, at);
            let target = flow(&instruction).branch.filter(|_| !instruction.is_invalid());
            if let Some(target) = target.and_then(|target| function.offset(target)) {
                function.targets[target] = true;
            }
            at += if instruction.is_invalid() { 1 } else { instruction.len() };
        }
        function
    }

    fn offset(&self, address: u64) -> Option<usize> {
        let offset = usize::try_from(address.checked_sub(self.start)?).ok()?;
        (offset < self.code.len()).then_some(offset)
    }

    /// The bytes between two addresses within the function.
    pub(super) fn bytes(&self, from: u64, to: u64) -> Option<&'c [u8]> {
        self.code.get(self.offset(from)?..usize::try_from(to.checked_sub(self.start)?).ok()?)
    }

    /// The instruction at an address, when the start leads there.
    pub(super) fn at(&self, address: u64) -> Option<Decoded> {
        let offset = self.offset(address).filter(|offset| self.lengths[*offset] != 0)?;
        let mut decoder = Decoder::with_ip(64, self.code, self.start, DecoderOptions::NONE);
        let instruction = seek(&mut decoder, self.start, offset);
        let places = decoder.get_constant_offsets(&instruction);
        let displacement = (places.displacement_size() == 4).then(|| places.displacement_offset());
        Some(Decoded { instruction, displacement })
    }

    /// The only instruction that ends at an address. None when there is none, or several that overlap.
    pub(super) fn before(&self, address: u64) -> Before {
        let end = match self.offset(address) {
            Some(end) if end > 0 => end,
            _ => return Before::None,
        };
        let begins = |length: &usize| usize::from(self.lengths[end - length]) == *length;
        let mut found = (1..=INSTRUCTION.min(end)).filter(begins);
        match (found.next(), found.next()) {
            (None, _) => Before::None,
            (Some(length), None) => Before::One(address - length as u64),
            (Some(_), Some(_)) => Before::Several,
        }
    }

    /// Whether something jumps between two addresses, neither of them included.
    pub(super) fn entered(&self, after: u64, before: u64) -> bool {
        let (Some(after), Some(before)) = (self.offset(after), self.offset(before)) else { return true };
        self.targets[after + 1..before].contains(&true)
    }

    /// The addresses of its `syscall` instructions.
    #[cfg(test)]
    pub(super) fn sites(&self) -> impl Iterator<Item = u64> {
        let reached = self.lengths.iter().enumerate().filter(|(_, length)| **length == 2);
        reached
            .filter(|(at, _)| self.code.get(*at..*at + 2) == Some(&SYSCALL))
            .map(|(at, _)| self.start + at as u64)
    }
}

/// The `syscall` instruction.
pub(super) const SYSCALL: [u8; 2] = [0x0f, 0x05];

/// An instruction, and where in it the four bytes of its displacement are, when it has such.
pub(super) struct Decoded {
    pub(super) instruction: Instruction,
    pub(super) displacement: Option<usize>,
}

/// What ends where an instruction begins.
pub(super) enum Before {
    None,
    One(u64),
    Several,
}

/// Whether processors differ about an instruction: a branch with the prefix of 16-bit operands goes to another address,
/// and is shorter, on AMD's than on Intel's (Intel SDM, volume 2, "JMP"; AMD64 APM, volume 3, "Jcc").
fn ambiguous(instruction: &Instruction, code: &[u8]) -> bool {
    const OPERAND_SIZE: u8 = 0x66;
    const WIDE: std::ops::RangeInclusive<u8> = 0x48..=0x4f;
    let others = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x67, 0xf0, 0xf2, 0xf3];
    let prefixes = code.iter().take_while(|byte| **byte == OPERAND_SIZE || others.contains(byte)).count();
    instruction.op0_kind() == OpKind::NearBranch64
        && code[..prefixes].contains(&OPERAND_SIZE)
        && !code.get(prefixes).is_some_and(|byte| WIDE.contains(byte))
}

/// Decodes the instruction at an offset of the code that begins at `start`.
fn seek(decoder: &mut Decoder<'_>, start: u64, at: usize) -> Instruction {
    // An offset within the code: `set_position` fails only behind its end.
    let _ = decoder.set_position(at);
    decoder.set_ip(start.wrapping_add(at as u64));
    decoder.decode()
}
