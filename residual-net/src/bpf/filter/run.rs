//! Running a program that passed the checks.

use super::{Arithmetic, Dialect, MEMORY, Packet, Program, Source, Step, Test, Width};

// Offsets below zero of Linux (linux/filter.h): from the network layer's header, and from the link layer's.
const NETWORK: i64 = -0x10_0000;
const LINK: i64 = -0x20_0000;

/// Every jump goes forward, so this takes no more turns than the program has steps.
pub fn run(program: &Program, packet: &Packet<'_>) -> u32 {
    let mut accumulator = 0u32;
    let mut index = 0u32;
    let mut memory = [0u32; MEMORY];
    let mut at = 0usize;
    // The last step is a verdict, so that there is always a next one here.
    while let Some(step) = program.steps.get(at) {
        at += 1;
        match *step {
            Step::Load { width, indexed, offset } => {
                match load(program.dialect, packet, width, offset, if indexed { index } else { 0 }) {
                    Some(value) => accumulator = value,
                    None => return 0,
                }
            }
            Step::LoadBeside(what) => accumulator = what.value(packet, accumulator, index),
            Step::LoadConstant(constant) => accumulator = constant,
            Step::LoadLength => accumulator = packet.length,
            Step::LoadMemory(word) => accumulator = memory[usize::from(word)],
            Step::IndexConstant(constant) => index = constant,
            Step::IndexLength => index = packet.length,
            Step::IndexMemory(word) => index = memory[usize::from(word)],
            Step::IndexHeader(offset) => match load(program.dialect, packet, Width::Byte, offset, 0) {
                Some(value) => index = (value & 0xf) << 2,
                None => return 0,
            },
            Step::Store(word) => memory[usize::from(word)] = accumulator,
            Step::StoreIndex(word) => memory[usize::from(word)] = index,
            Step::Calculate(what, source) => match calculate(what, accumulator, operand(source, index)) {
                Some(value) => accumulator = value,
                None => return 0,
            },
            Step::Negate => accumulator = accumulator.wrapping_neg(),
            Step::Jump(target) => at = usize::from(target),
            Step::Branch { test, source, yes, no } => {
                let holds = holds(test, accumulator, operand(source, index));
                at = usize::from(if holds { yes } else { no });
            }
            Step::Return(length) => return length,
            Step::ReturnAccumulator => return accumulator,
            Step::IndexFromAccumulator => index = accumulator,
            Step::AccumulatorFromIndex => accumulator = index,
        }
    }
    0
}

fn operand(source: Source, index: u32) -> u32 {
    match source {
        Source::Constant(constant) => constant,
        Source::Index => index,
    }
}

/// Nothing for a division by zero, which refuses the packet.
fn calculate(what: Arithmetic, accumulator: u32, operand: u32) -> Option<u32> {
    Some(match what {
        Arithmetic::Add => accumulator.wrapping_add(operand),
        Arithmetic::Subtract => accumulator.wrapping_sub(operand),
        Arithmetic::Multiply => accumulator.wrapping_mul(operand),
        Arithmetic::Divide => return accumulator.checked_div(operand),
        Arithmetic::Remainder => return accumulator.checked_rem(operand),
        Arithmetic::Or => accumulator | operand,
        Arithmetic::And => accumulator & operand,
        Arithmetic::ExclusiveOr => accumulator ^ operand,
        // The processors of both kernels take the count modulo the word's bits.
        Arithmetic::ShiftLeft => accumulator.wrapping_shl(operand),
        Arithmetic::ShiftRight => accumulator.wrapping_shr(operand),
    })
}

fn holds(test: Test, accumulator: u32, operand: u32) -> bool {
    match test {
        Test::Equal => accumulator == operand,
        Test::Greater => accumulator > operand,
        Test::GreaterOrEqual => accumulator >= operand,
        Test::AnyBit => accumulator & operand != 0,
    }
}

/// Nothing for what is not in the packet, which refuses it.
fn load(dialect: Dialect, packet: &Packet<'_>, width: Width, offset: u32, index: u32) -> Option<u32> {
    let at = match dialect {
        // Two unsigned words that must not pass the end together.
        Dialect::Bsd => packet.start.checked_add(offset as usize + index as usize)?,
        Dialect::Linux => {
            let offset = i64::from(offset.wrapping_add(index) as i32);
            let at = match offset {
                0.. => packet.start as i64 + offset,
                NETWORK..0 => packet.network as i64 + (offset - NETWORK),
                LINK..NETWORK => offset - LINK,
                _ => return None,
            };
            usize::try_from(at).ok()?
        }
    };
    let rest = packet.frame.get(at..)?;
    Some(match width {
        Width::Byte => u32::from(*rest.first()?),
        Width::Half => u32::from(u16::from_be_bytes(*rest.first_chunk()?)),
        Width::Word => u32::from_be_bytes(*rest.first_chunk()?),
    })
}
