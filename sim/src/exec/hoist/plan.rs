//! What is overwritten, and what is carried out in its place.

use iced_x86::{CpuidFeature, FlowControl, Instruction, Mnemonic, Register};
use schemas::exec::Decision;

use super::function::{Before, Decoded, Function, SYSCALL};

/// Bytes of `jmp rel32`.
const JUMP: usize = 5;
/// Bytes of a conditional jump with a displacement of four bytes.
const CONDITIONAL: usize = 6;
/// Instructions that one trampoline carries out at most: a long way back is seldom worth it.
const INSTRUCTIONS: usize = 48;

/// A stretch of instructions that a trampoline carries out, from the one that is overwritten to the `syscall`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Address of the instruction that is overwritten.
    pub replaced: u64,
    /// Its length.
    pub length: u8,
    /// The bytes from there on, the `syscall` included.
    pub original: Vec<u8>,
    pieces: Vec<Piece>,
}

/// One instruction of the stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    address: u64,
    length: u8,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The same bytes do the same anywhere.
    Anywhere,
    /// It refers to an address relative to its own end, by four bytes at `place`.
    Relative { place: u8, target: u64 },
    /// A conditional jump; `condition` is the low half of its opcode.
    Conditional { condition: u8, target: u64 },
}

impl Piece {
    fn encoded_length(&self) -> usize {
        match self.kind {
            Kind::Conditional { .. } => CONDITIONAL,
            _ => usize::from(self.length),
        }
    }
}

/// An instruction of the guest and where its counterpart in the trampoline begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Offset in the trampoline's code.
    pub offset: u32,
    /// Address in the guest.
    pub address: u64,
}

/// The code of a trampoline, without what follows the last instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The instructions.
    pub bytes: Vec<u8>,
    /// Every instruction in order, and the end, which stands for the `syscall`.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Chooses what is overwritten for the `syscall` at an address of a function.
    pub(super) fn make(function: &Function<'_>, site: u64) -> Result<Self, Decision> {
        let end = site.checked_add(SYSCALL.len() as u64).ok_or(Decision::Unreached)?;
        if function.bytes(site, end) != Some(&SYSCALL) || function.at(site).is_none() {
            return Err(Decision::Unreached);
        }
        let mut pieces = Vec::new();
        let mut refusal = Decision::TooShort;
        let mut address = site;
        while pieces.len() < INSTRUCTIONS {
            address = match function.before(address) {
                Before::One(address) => address,
                Before::Several => return Err(Decision::Entered),
                Before::None => return Err(refusal),
            };
            let decoded = function.at(address).ok_or(Decision::Unreached)?;
            let length = decoded.instruction.len();
            let kind = movable(&decoded).map_err(|reason| {
                // What barred a nearer instruction says more than that no other is left.
                if refusal == Decision::TooShort { reason } else { refusal }
            })?;
            pieces.push(Piece { address, length: length as u8, kind });
            if length < JUMP {
                continue;
            }
            // Code that leaves out a `lock` where there is one processor jumps behind it.
            if decoded.instruction.has_lock_prefix() || function.entered(address, address + length as u64) {
                refusal = Decision::Entered;
                continue;
            }
            pieces.reverse();
            let original = function.bytes(address, end).ok_or(Decision::Unreached)?.to_vec();
            return Ok(Self { replaced: address, length: length as u8, original, pieces });
        }
        Err(Decision::TooLong)
    }

    /// The code for a trampoline at `trampoline`, for a guest that has the file mapped `bias` bytes above the addresses
    /// that it names, in at most `room` bytes.
    pub fn encode(&self, bias: u64, trampoline: u64, room: usize) -> Result<Code, Decision> {
        let mut steps = Vec::with_capacity(self.pieces.len() + 1);
        let mut size = 0;
        for piece in &self.pieces {
            steps.push(Step { offset: size as u32, address: piece.address.wrapping_add(bias) });
            size += piece.encoded_length();
        }
        let site = self.pieces.last().map_or(self.replaced, |last| last.address + u64::from(last.length));
        steps.push(Step { offset: size as u32, address: site.wrapping_add(bias) });
        if size > room {
            return Err(Decision::TooLong);
        }
        let mut bytes = Vec::with_capacity(size);
        for (piece, step) in self.pieces.iter().zip(&steps) {
            let from = (piece.address - self.replaced) as usize;
            let own = &self.original[from..from + usize::from(piece.length)];
            let end =
                trampoline.wrapping_add(u64::from(step.offset)).wrapping_add(piece.encoded_length() as u64);
            match piece.kind {
                Kind::Anywhere => bytes.extend_from_slice(own),
                Kind::Relative { place, target } => {
                    let place = bytes.len() + usize::from(place);
                    bytes.extend_from_slice(own);
                    let distance = distance(end, target.wrapping_add(bias))?;
                    bytes[place..place + 4].copy_from_slice(&distance.to_le_bytes());
                }
                Kind::Conditional { condition, target } => {
                    let target = target.wrapping_add(bias);
                    // Within the stretch the copies are as good as the originals, and cheaper at its end.
                    let inner = steps.iter().find(|step| step.address == target);
                    let target = inner.map_or(target, |step| trampoline.wrapping_add(u64::from(step.offset)));
                    bytes.extend_from_slice(&[0x0f, 0x80 | condition]);
                    bytes.extend_from_slice(&distance(end, target)?.to_le_bytes());
                }
            }
        }
        Ok(Code { bytes, steps })
    }
}

/// What is between the end of an instruction and what it refers to.
fn distance(end: u64, target: u64) -> Result<i32, Decision> {
    i32::try_from(target.wrapping_sub(end).cast_signed()).map_err(|_| Decision::OutOfReach)
}

/// How an instruction can be carried out elsewhere with the same effect; why it cannot, otherwise.
fn movable(decoded: &Decoded) -> Result<Kind, Decision> {
    let instruction = &decoded.instruction;
    match instruction.flow_control() {
        FlowControl::Next => {}
        FlowControl::ConditionalBranch => {
            // LOOP and JRCXZ have no form with four bytes, and prefixes are not carried over.
            let plain = instruction.is_jcc_short_or_near() && [2, CONDITIONAL].contains(&instruction.len());
            // The decoder counts conditions as opcodes do (Intel SDM, volume 2, appendix B.1.4.7), from one on.
            let condition = (instruction.condition_code() as u8).checked_sub(1).filter(|_| plain);
            let condition = condition.ok_or(Decision::NotMovable)?;
            return Ok(Kind::Conditional { condition, target: instruction.near_branch_target() });
        }
        _ => return Err(Decision::MovesFlow),
    }
    if bound_to_its_place(instruction) {
        return Err(Decision::NotMovable);
    }
    if !instruction.is_ip_rel_memory_operand() {
        return Ok(Kind::Anywhere);
    }
    match (instruction.memory_base(), decoded.displacement) {
        (Register::RIP, Some(place)) => {
            Ok(Kind::Relative { place: place as u8, target: instruction.ip_rel_memory_address() })
        }
        _ => Err(Decision::NotMovable),
    }
}

/// Whether an instruction has to do with where it is, or with what belongs to the stub: GS, and what is privileged.
fn bound_to_its_place(instruction: &Instruction) -> bool {
    let own = [Register::GS, Register::SS];
    let registers = (0..instruction.op_count()).map(|operand| instruction.op_register(operand));
    let mnemonic = instruction.mnemonic();
    instruction.is_privileged()
        || instruction.segment_prefix() == Register::GS
        || registers.into_iter().any(|register| own.contains(&register))
        || matches!(
            mnemonic,
            Mnemonic::Rdgsbase | Mnemonic::Wrgsbase | Mnemonic::Swapgs | Mnemonic::Lgs | Mnemonic::Lss
        )
        // They change what the stub's own memory accesses may do.
        || matches!(mnemonic, Mnemonic::Wrpkru | Mnemonic::Xrstor | Mnemonic::Xrstor64)
        // That unit keeps the address of its last instruction.
        || instruction.cpuid_features().iter().any(|feature| {
            matches!(feature, CpuidFeature::FPU | CpuidFeature::FPU287 | CpuidFeature::FPU387)
        })
}
