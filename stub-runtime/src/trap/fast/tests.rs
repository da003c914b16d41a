//! The code of the fast way, instruction by instruction: nothing of the guest's may change that a `syscall` leaves.

use iced_x86::{
    Code, Decoder, DecoderOptions, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, Register,
};

use super::*;

/// What the code is made of.
fn instructions() -> Vec<Instruction> {
    let Range { start, end } = code();
    // SAFETY: code, which can be read.
    let bytes = unsafe { core::slice::from_raw_parts(start as *const u8, (end - start) as usize) };
    let decoder = Decoder::with_ip(64, bytes, start, DecoderOptions::NONE);
    let all: Vec<Instruction> = decoder.into_iter().collect();
    assert!(all.len() > 100 && all.iter().all(|instruction| instruction.code() != Code::INVALID));
    all
}

/// Registers that an instruction writes.
fn written(instruction: &Instruction) -> Vec<Register> {
    let mut factory = InstructionInfoFactory::new();
    let used = factory.info(instruction).used_registers().to_vec();
    let writes = |access| !matches!(access, OpAccess::Read | OpAccess::CondRead | OpAccess::NoMemAccess);
    used.into_iter()
        .filter(|used| writes(used.access()))
        .map(|used| used.register().full_register())
        .collect()
}

#[test]
fn no_instruction_touches_vector_registers() {
    for instruction in instructions() {
        let mut factory = InstructionInfoFactory::new();
        for used in factory.info(&instruction).used_registers() {
            let register = used.register();
            let general = register.is_gpr() || register.is_segment_register();
            assert!(general, "{:#x} {:?}: {register:?}", instruction.ip(), instruction.mnemonic());
        }
        assert!(!instruction.is_save_restore_instruction(), "{:#x}", instruction.ip());
    }
}

#[test]
fn flags_change_only_where_carry_is_told() {
    for instruction in instructions() {
        match instruction.mnemonic() {
            // The kernel puts them back from r11.
            Mnemonic::Syscall => {}
            Mnemonic::Clc => assert_eq!(instruction.rflags_modified(), iced_x86::RflagsBits::CF),
            mnemonic => assert_eq!(
                instruction.rflags_modified(),
                iced_x86::RflagsBits::NONE,
                "{:#x} {mnemonic:?}",
                instruction.ip()
            ),
        }
    }
}

#[test]
fn only_the_registers_that_a_call_may_change_are_written() {
    let results = [
        address!(stub_constant)..address!(stub_constant_end),
        address!(stub_constant_clear)..address!(stub_constant_clear_end),
        address!(stub_host)..address!(stub_host_end),
        address!(stub_translated)..address!(stub_translated_end),
    ];
    // The stack is changed where the frame has everything.
    let switch = address!(stub_full)..address!(stub_full_end);
    let other_than_call = |instruction: &Instruction| instruction.mnemonic() != Mnemonic::Syscall;
    for instruction in instructions().into_iter().filter(other_than_call) {
        let at = instruction.ip();
        for register in written(&instruction) {
            let may = match register {
                Register::RCX | Register::R11 => true,
                Register::RAX => results.iter().any(|range| range.contains(&at)),
                Register::RSP => switch.contains(&at),
                _ => false,
            };
            assert!(may, "{at:#x} {:?} writes {register:?}", instruction.mnemonic());
        }
    }
}
