use proptest::prelude::*;

use super::opcode::*;
use super::*;

const fn op(code: u16, operand: u32) -> Instruction {
    Instruction { code, jump_true: 0, jump_false: 0, operand }
}

const fn branch(code: u16, operand: u32, jump_true: u8, jump_false: u8) -> Instruction {
    Instruction { code: JMP | code, jump_true, jump_false, operand }
}

const BOTH: [Dialect; 2] = [Dialect::Bsd, Dialect::Linux];
const TAKE_ALL: Instruction = op(RET | K, u32::MAX);
const NO_FACTS: Facts = Facts {
    protocol: 0,
    packet_type: 0,
    interface: 0,
    hardware: 0,
    mark: 0,
    queue: 0,
    hash: 0,
    processor: 0,
    tag: None,
};

fn packet<'a>(frame: &'a [u8], facts: &'a Facts) -> Packet<'a> {
    Packet { frame, start: 0, network: 14, length: frame.len() as u32, facts }
}

fn verdict(dialect: Dialect, instructions: &[Instruction], frame: &[u8]) -> u32 {
    Program::new(dialect, instructions).unwrap().run(&packet(frame, &NO_FACTS))
}

fn refusal(dialect: Dialect, instructions: &[Instruction]) -> Refusal {
    Program::new(dialect, instructions).unwrap_err()
}

#[test]
fn programs_that_break_a_rule_are_refused() {
    for dialect in BOTH {
        assert_eq!(refusal(dialect, &[]), Refusal::Empty);
        assert_eq!(refusal(dialect, &[op(LD | IMM, 1)]), Refusal::End);
        let long = vec![TAKE_ALL; dialect.most() + 1];
        assert_eq!(refusal(dialect, &long), Refusal::TooLong(long.len()));
        assert!(Program::new(dialect, &long[1..]).is_ok());
        // Jumps behind the end, with a skip that wraps around as well: that is the only way to go backwards.
        for skip in [1, 2, u32::MAX, u32::MAX - 1, 0x8000_0000] {
            assert_eq!(refusal(dialect, &[op(JMP | JA, skip), TAKE_ALL]), Refusal::Jump(0));
        }
        assert_eq!(refusal(dialect, &[branch(JEQ, 0, 0, 1), TAKE_ALL]), Refusal::Jump(0));
        assert_eq!(refusal(dialect, &[branch(JEQ, 0, 255, 0), TAKE_ALL]), Refusal::Jump(0));
        assert_eq!(refusal(dialect, &[TAKE_ALL, op(ST, 16), TAKE_ALL]), Refusal::Memory(1));
        assert_eq!(refusal(dialect, &[op(LD | MEM, u32::MAX), TAKE_ALL]), Refusal::Memory(0));
        for code in [DIV, MOD] {
            assert_eq!(refusal(dialect, &[op(ALU | code, 0), TAKE_ALL]), Refusal::Division(0));
            assert!(Program::new(dialect, &[op(ALU | code | X, 0), TAKE_ALL]).is_ok());
        }
        for code in [
            0x100 | LD,
            LD | 0x18,
            ST | K | 0x20,
            LDX | ABS,
            RET | X,
            JMP | 0x50,
            ALU | 0xb0,
            MISC | 0x40,
            0xffff,
        ] {
            assert_eq!(refusal(dialect, &[op(code, 0), TAKE_ALL]), Refusal::Unknown(0), "{code:#x}");
        }
    }
}

#[test]
fn the_rules_of_each_system_differ() {
    let unwritten = [op(LD | MEM, 3), op(RET | A, 0)];
    assert_eq!(refusal(Dialect::Linux, &unwritten), Refusal::Unwritten(0));
    assert_eq!(verdict(Dialect::Bsd, &unwritten, b""), 0);
    // Written on one of two ways only.
    let one_way = [branch(JEQ, 0, 0, 1), op(ST, 2), op(LD | MEM, 2), op(RET | A, 0)];
    assert_eq!(refusal(Dialect::Linux, &one_way), Refusal::Unwritten(2));
    let shift = [op(ALU | LSH, 32), TAKE_ALL];
    assert_eq!(refusal(Dialect::Linux, &shift), Refusal::Shift(0));
    assert!(Program::new(Dialect::Bsd, &shift).is_ok());
    let beside = [op(LD | W | ABS, 0xffff_f000 + 64), TAKE_ALL];
    assert_eq!(refusal(Dialect::Linux, &beside), Refusal::Beside(0));
    assert_eq!(verdict(Dialect::Bsd, &beside, &[0; 64]), 0);
}

#[test]
fn loads_stay_in_the_packet() {
    let frame = [1, 2, 3, 4, 5];
    for dialect in BOTH {
        for (code, offset, value) in [
            (LD | W | ABS, 0, 0x0102_0304),
            (LD | W | ABS, 1, 0x0203_0405),
            (LD | W | ABS, 2, 0),
            (LD | H | ABS, 3, 0x0405),
            (LD | H | ABS, 4, 0),
            (LD | B | ABS, 4, 5),
            (LD | B | ABS, 5, 0),
            (LD | B | ABS, 0x7fff_ffff, 0),
            (LD | B | ABS, 0x8000_0000, 0),
        ] {
            let program = [op(code, offset), op(RET | A, 0)];
            assert_eq!(verdict(dialect, &program, &frame), value, "{dialect:?} {code:#x} {offset}");
        }
        let indexed = |index, offset| {
            let program = [op(LDX | IMM, index), op(LD | B | IND, offset), op(RET | A, 0)];
            verdict(dialect, &program, &frame)
        };
        assert_eq!(indexed(2, 2), 5);
        assert_eq!(indexed(3, 2), 0);
        // An index below zero is one for Linux alone.
        assert_eq!(indexed(u32::MAX, 5), if dialect == Dialect::Linux { 5 } else { 0 });
        let header = [op(0xb1, 4), op(MISC | TXA, 0), op(RET | A, 0)];
        assert_eq!(verdict(dialect, &header, &frame), 20);
        assert_eq!(verdict(dialect, &header, &frame[..4]), 0);
    }
}

#[test]
fn arithmetic_is_that_of_words() {
    for dialect in BOTH {
        for (code, left, right, result) in [
            (ADD, u32::MAX, 2, 1),
            (SUB, 1, 2, u32::MAX),
            (MUL, 0x8000_0001, 2, 2),
            (DIV, 7, 2, 3),
            (MOD, 7, 4, 3),
            (OR, 5, 2, 7),
            (AND, 7, 10, 2),
            (XOR, 6, 3, 5),
            (LSH, 3, 31, 0x8000_0000),
            (RSH, 0x8000_0000, 31, 1),
        ] {
            let constant = [op(LD | IMM, left), op(ALU | code, right), op(RET | A, 0)];
            assert_eq!(verdict(dialect, &constant, b""), result);
            let index = [op(LD | IMM, left), op(LDX | IMM, right), op(ALU | code | X, 0), op(RET | A, 0)];
            assert_eq!(verdict(dialect, &index, b""), result);
        }
        assert_eq!(verdict(dialect, &[op(LD | IMM, 1), op(ALU | NEG, 0), op(RET | A, 0)], b""), u32::MAX);
        for code in [DIV, MOD] {
            assert_eq!(verdict(dialect, &[op(ALU | code | X, 0), TAKE_ALL], b""), 0);
        }
    }
}

#[test]
fn linux_knows_more_than_the_bytes() {
    let facts = Facts {
        protocol: 0x800,
        packet_type: 4,
        interface: 3,
        hardware: 772,
        mark: 9,
        tag: Some((5, 0x8100)),
        ..NO_FACTS
    };
    let frame: Vec<u8> = (0..40).collect();
    let seen = Packet { start: 14, ..packet(&frame, &facts) };
    let load = |offset: u32, index: u32| {
        let program = [op(LDX | IMM, index), op(LD | B | ABS, offset), op(RET | A, 0)];
        Program::new(Dialect::Linux, &program).unwrap().run(&seen)
    };
    for (offset, value) in [(0, 0x800), (4, 4), (8, 3), (20, 9), (28, 772), (44, 5), (48, 1), (60, 0x8100)] {
        assert_eq!(load(0xffff_f000 + offset, 0), value, "{offset}");
    }
    assert_eq!(load(0xffff_f000 + 40, 21), 21);
    // From the network layer's header, and from the link layer's.
    assert_eq!(load(0xfff0_0000 + 2, 0), 16);
    assert_eq!(load(0xffe0_0000 + 2, 0), 2);
    assert_eq!(load(0xffd0_0000, 0), 0);
}

#[test]
fn payload_and_attributes_are_found() {
    let mut frame = vec![0u8; 14];
    frame.extend([0x45, 0, 0, 44, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    frame.extend([0u8; 12]);
    frame.extend([0x60, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let load = |frame: &[u8], offset: u32, accumulator: u32, index: u32| {
        let program = [
            op(LDX | IMM, index),
            op(LD | IMM, accumulator),
            op(LD | W | ABS, 0xffff_f000 + offset),
            op(RET | A, 0),
        ];
        Program::new(Dialect::Linux, &program).unwrap().run(&packet(frame, &NO_FACTS))
    };
    assert_eq!(load(&frame, 52, 0, 0), 14 + 20 + 24);
    assert_eq!(load(&frame[..20], 52, 0, 0), 0);
    // Type 7 of 8 bytes, then type 2 that holds one of type 1.
    let attributes = [8, 0, 7, 0, 0, 0, 0, 0, 8, 0, 2, 0, 4, 0, 1, 0];
    assert_eq!(load(&attributes, 12, 0, 2), 8);
    assert_eq!(load(&attributes, 12, 0, 3), 0);
    assert_eq!(load(&attributes, 16, 8, 1), 12);
    assert_eq!(load(&attributes, 16, u32::MAX, 1), 0);
}

/// Instructions that are likely to make sense, so that programs get past the checks now and then.
fn instruction() -> impl Strategy<Value = Instruction> {
    let code = prop_oneof![
        8 => prop::sample::select(vec![
            LD | W | ABS, LD | H | ABS, LD | B | ABS, LD | W | IND, LD | B | IND, LD | IMM, LD | LEN, LD | MEM,
            LDX | IMM, LDX | LEN, LDX | MEM, 0xb1, ST, STX, ALU | ADD, ALU | DIV | X, ALU | MOD | X, ALU | LSH | X,
            ALU | RSH, ALU | NEG, JMP | JA, JMP | JEQ, JMP | JGT | X, JMP | JSET, RET | K, RET | A, MISC | TAX,
            MISC | TXA,
        ]),
        1 => any::<u16>(),
    ];
    let operand =
        prop_oneof![4 => 0u32..16, 1 => 0u32..2000, 1 => 0xffd0_0000u32..=u32::MAX, 1 => any::<u32>()];
    (code, 0u8..4, 0u8..4, operand).prop_map(|(code, jump_true, jump_false, operand)| Instruction {
        code,
        jump_true,
        jump_false,
        operand,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever comes in, it is refused or it ends with a verdict.
    #[test]
    fn any_program_is_refused_or_ends(
        mut instructions in prop::collection::vec(instruction(), 0..24),
        end in any::<bool>(),
        frame in prop::collection::vec(any::<u8>(), 0..80),
        start in 0usize..100,
        network in 0usize..100,
    ) {
        if end {
            instructions.push(op(RET | A, 0));
        }
        for dialect in BOTH {
            if let Ok(program) = Program::new(dialect, &instructions) {
                let seen = Packet { frame: &frame, start, network, length: frame.len() as u32, facts: &NO_FACTS };
                program.run(&seen);
            }
        }
    }
}
