//! The checks that a program must pass before it is run.

use super::opcode::*;
use super::{Ancillary, Arithmetic, Dialect, Instruction, MEMORY, Refusal, Source, Step, Test, Width};

/// Offsets from here on do not lead into the packet for Linux (`SKF_AD_OFF`, linux/filter.h).
const BESIDE: u32 = 0xffff_f000;

/// Turns instructions into steps, if they all keep the rules.
pub fn check(dialect: Dialect, instructions: &[Instruction]) -> Result<Box<[Step]>, Refusal> {
    if instructions.is_empty() {
        return Err(Refusal::Empty);
    }
    if instructions.len() > dialect.most() {
        return Err(Refusal::TooLong(instructions.len()));
    }
    let steps = instructions
        .iter()
        .enumerate()
        .map(|(at, instruction)| step(dialect, at, instruction, instructions.len()))
        .collect::<Result<Box<[Step]>, Refusal>>()?;
    if !matches!(steps.last(), Some(Step::Return(_) | Step::ReturnAccumulator)) {
        return Err(Refusal::End);
    }
    if dialect == Dialect::Linux {
        check_memory(&steps)?;
    }
    Ok(steps)
}

fn step(dialect: Dialect, at: usize, instruction: &Instruction, len: usize) -> Result<Step, Refusal> {
    let Instruction { code, operand, .. } = *instruction;
    // The classes, and what is in the rest of the code for each (the table of bpf(4)).
    match code & 0x07 {
        LD => load(dialect, at, code, operand),
        LDX => match code & !0x07 {
            IMM => Ok(Step::IndexConstant(operand)),
            LEN => Ok(Step::IndexLength),
            MEM => memory(at, operand).map(Step::IndexMemory),
            // `BPF_B | BPF_MSH`
            0xb0 => Ok(Step::IndexHeader(operand)),
            _ => Err(Refusal::Unknown(at)),
        },
        ST if code == ST => memory(at, operand).map(Step::Store),
        STX if code == STX => memory(at, operand).map(Step::StoreIndex),
        ALU => calculation(dialect, at, code, operand),
        JMP => jump(at, instruction, len),
        RET => match code & !0x07 {
            K => Ok(Step::Return(operand)),
            A => Ok(Step::ReturnAccumulator),
            _ => Err(Refusal::Unknown(at)),
        },
        MISC => match code & !0x07 {
            TAX => Ok(Step::IndexFromAccumulator),
            TXA => Ok(Step::AccumulatorFromIndex),
            _ => Err(Refusal::Unknown(at)),
        },
        _ => Err(Refusal::Unknown(at)),
    }
}

fn memory(at: usize, operand: u32) -> Result<u8, Refusal> {
    u8::try_from(operand).ok().filter(|word| usize::from(*word) < MEMORY).ok_or(Refusal::Memory(at))
}

fn load(dialect: Dialect, at: usize, code: u16, operand: u32) -> Result<Step, Refusal> {
    let width = match code & 0x18 {
        W => Width::Word,
        H => Width::Half,
        B => Width::Byte,
        _ => return Err(Refusal::Unknown(at)),
    };
    match code & !0x1f {
        ABS if dialect == Dialect::Linux && operand >= BESIDE => {
            Ancillary::from_offset(operand - BESIDE).map(Step::LoadBeside).ok_or(Refusal::Beside(at))
        }
        ABS => Ok(Step::Load { width, indexed: false, offset: operand }),
        IND => Ok(Step::Load { width, indexed: true, offset: operand }),
        IMM if width == Width::Word => Ok(Step::LoadConstant(operand)),
        LEN if width == Width::Word => Ok(Step::LoadLength),
        MEM if width == Width::Word => memory(at, operand).map(Step::LoadMemory),
        _ => Err(Refusal::Unknown(at)),
    }
}

fn source(code: u16, operand: u32) -> Source {
    if code & X != 0 { Source::Index } else { Source::Constant(operand) }
}

fn calculation(dialect: Dialect, at: usize, code: u16, operand: u32) -> Result<Step, Refusal> {
    let what = match code & !0x0f {
        ADD => Arithmetic::Add,
        SUB => Arithmetic::Subtract,
        MUL => Arithmetic::Multiply,
        DIV => Arithmetic::Divide,
        MOD => Arithmetic::Remainder,
        OR => Arithmetic::Or,
        AND => Arithmetic::And,
        XOR => Arithmetic::ExclusiveOr,
        LSH => Arithmetic::ShiftLeft,
        RSH => Arithmetic::ShiftRight,
        NEG if code & X == 0 => return Ok(Step::Negate),
        _ => return Err(Refusal::Unknown(at)),
    };
    let source = source(code, operand);
    if let Source::Constant(constant) = source {
        if constant == 0 && matches!(what, Arithmetic::Divide | Arithmetic::Remainder) {
            return Err(Refusal::Division(at));
        }
        if dialect == Dialect::Linux
            && constant >= u32::BITS
            && matches!(what, Arithmetic::ShiftLeft | Arithmetic::ShiftRight)
        {
            return Err(Refusal::Shift(at));
        }
    }
    Ok(Step::Calculate(what, source))
}

fn jump(at: usize, instruction: &Instruction, len: usize) -> Result<Step, Refusal> {
    let Instruction { code, jump_true, jump_false, operand } = *instruction;
    // Every jump goes forward, to an instruction that there is. Programs are shorter than 2^16.
    let target = |skip: u32| {
        let target = (at + 1).checked_add(skip as usize).filter(|target| *target < len);
        target.map(|target| target as u16).ok_or(Refusal::Jump(at))
    };
    let test = match code & !0x0f {
        JA if code & X == 0 => return target(operand).map(Step::Jump),
        JEQ => Test::Equal,
        JGT => Test::Greater,
        JGE => Test::GreaterOrEqual,
        JSET => Test::AnyBit,
        _ => return Err(Refusal::Unknown(at)),
    };
    let (yes, no) = (target(u32::from(jump_true))?, target(u32::from(jump_false))?);
    Ok(Step::Branch { test, source: source(code, operand), yes, no })
}

/// Linux does not clear the memory: each word must have been written on every way that leads to where it is read.
fn check_memory(steps: &[Step]) -> Result<(), Refusal> {
    // For each step the words that every jump to it leaves written; all ones where none comes.
    let mut arriving = vec![u16::MAX; steps.len()];
    let mut written = 0u16;
    for (at, step) in steps.iter().enumerate() {
        written &= arriving[at];
        match *step {
            Step::Store(word) | Step::StoreIndex(word) => written |= 1 << word,
            Step::LoadMemory(word) | Step::IndexMemory(word) if written & 1 << word == 0 => {
                return Err(Refusal::Unwritten(at));
            }
            Step::Jump(target) => {
                arriving[usize::from(target)] &= written;
                written = u16::MAX;
            }
            Step::Branch { yes, no, .. } => {
                arriving[usize::from(yes)] &= written;
                arriving[usize::from(no)] &= written;
                written = u16::MAX;
            }
            _ => {}
        }
    }
    Ok(())
}
