//! Codes of the instructions: the classes, sizes, modes, operations and sources of bpf(4) and linux/filter.h, which
//! give them the same numbers.

/// Load into the accumulator.
pub const LD: u16 = 0x00;
/// Load into the index register.
pub const LDX: u16 = 0x01;
/// Store the accumulator.
pub const ST: u16 = 0x02;
/// Store the index register.
pub const STX: u16 = 0x03;
/// Arithmetic and logic on the accumulator.
pub const ALU: u16 = 0x04;
/// Jump.
pub const JMP: u16 = 0x05;
/// End with a verdict.
pub const RET: u16 = 0x06;
/// Move between the registers.
pub const MISC: u16 = 0x07;

/// A word of four bytes.
pub const W: u16 = 0x00;
/// Two bytes.
pub const H: u16 = 0x08;
/// One byte.
pub const B: u16 = 0x10;

/// The operand itself.
pub const IMM: u16 = 0x00;
/// At a fixed place of the packet.
pub const ABS: u16 = 0x20;
/// At a place of the packet relative to the index register.
pub const IND: u16 = 0x40;
/// A word of the scratch memory.
pub const MEM: u16 = 0x60;
/// The length of the packet.
pub const LEN: u16 = 0x80;
/// Four times the low half of a byte of the packet: the length of an IPv4 header.
pub const MSH: u16 = 0xa0;

/// Sum.
pub const ADD: u16 = 0x00;
/// Difference.
pub const SUB: u16 = 0x10;
/// Product.
pub const MUL: u16 = 0x20;
/// Quotient.
pub const DIV: u16 = 0x30;
/// Either bit.
pub const OR: u16 = 0x40;
/// Both bits.
pub const AND: u16 = 0x50;
/// Shift to the left.
pub const LSH: u16 = 0x60;
/// Shift to the right.
pub const RSH: u16 = 0x70;
/// Two's complement.
pub const NEG: u16 = 0x80;
/// Remainder.
pub const MOD: u16 = 0x90;
/// One bit of both.
pub const XOR: u16 = 0xa0;

/// Always.
pub const JA: u16 = 0x00;
/// When equal.
pub const JEQ: u16 = 0x10;
/// When greater.
pub const JGT: u16 = 0x20;
/// When greater or equal.
pub const JGE: u16 = 0x30;
/// When any bit is common.
pub const JSET: u16 = 0x40;

/// The other operand is the instruction's.
pub const K: u16 = 0x00;
/// The other operand is the index register.
pub const X: u16 = 0x08;
/// The verdict is the accumulator.
pub const A: u16 = 0x10;

/// Copy the accumulator to the index register.
pub const TAX: u16 = 0x00;
/// Copy the index register to the accumulator.
pub const TXA: u16 = 0x80;
