//! A trampoline does what the original did.

use iced_x86::{Decoder, DecoderOptions, Instruction, OpKind};
use proptest::prelude::*;

use super::{START, bytes, plan};
use crate::exec::hoist::{Code, Plan};

fn decode(code: &[u8], address: u64) -> Instruction {
    Decoder::with_ip(64, code, address, DecoderOptions::NONE).decode()
}

/// Checks that every instruction of the code, decoded where it will be, is the original one decoded where that is: the
/// same operands, and the same absolute addresses.
pub(super) fn check(plan: &Plan, code: &Code, bias: u64, trampoline: u64) {
    let site = code.steps.last().unwrap();
    assert_eq!(site.offset as usize, code.bytes.len());
    assert_eq!(site.address, plan.replaced.wrapping_add(bias) + plan.original.len() as u64 - 2);
    assert_eq!(code.steps[0].address, plan.replaced.wrapping_add(bias));
    for pair in code.steps.windows(2) {
        let (step, next) = (pair[0], pair[1]);
        let original = &plan.original[(step.address - code.steps[0].address) as usize..];
        let original = decode(original, step.address);
        assert_eq!(original.next_ip(), next.address, "{original:?}");
        let copy_at = trampoline.wrapping_add(u64::from(step.offset));
        let copy = decode(&code.bytes[step.offset as usize..next.offset as usize], copy_at);
        assert_eq!(copy.next_ip(), trampoline.wrapping_add(u64::from(next.offset)), "{copy:?}");
        if original.op0_kind() != OpKind::NearBranch64 {
            assert_eq!(original, copy);
            continue;
        }
        assert_eq!(original.condition_code(), copy.condition_code());
        let target = original.near_branch_target();
        let inner = code.steps.iter().find(|step| step.address == target);
        let meant = inner.map_or(target, |step| trampoline.wrapping_add(u64::from(step.offset)));
        assert_eq!(copy.near_branch_target(), meant);
    }
}

/// Instructions that may stand before a `syscall`; the last byte of a jump is left to chance.
const INSTRUCTIONS: &[&str] = &[
    "b827000000",             // mov eax, 39
    "4889f8",                 // mov rax, rdi
    "31c0",                   // xor eax, eax
    "488b3d10203000",         // mov rdi, [rip + …]
    "488d3500f0ffff",         // lea rsi, [rip - …]
    "803d4433220100",         // cmp byte [rip + …], 1
    "c705443322110a000000",   // mov dword [rip + …], 10
    "64488b042528000000",     // mov rax, fs:[40]
    "50",                     // push rax
    "4883ec18",               // sub rsp, 24
    "f3a4",                   // rep movsb
    "f30f6f0511000000",       // movdqu xmm0, [rip + …]
    "c5fa6f8d00010000",       // vmovdqu xmm1, [rbp + …]
    "0f8410000000",           // je, near
    "74",                     // je
    "75",                     // jne
    "7f",                     // jg
    "7a",                     // jp
    "66662e0f1f840000000000", // nop
];

proptest! {
    #[test]
    fn code_is_the_original_decoded_elsewhere(
        choice in prop::collection::vec((0..INSTRUCTIONS.len(), any::<i8>()), 1..24),
        bias in prop_oneof![Just(0), (1_u64 << 20..1 << 46).prop_map(|bias| bias & !0xfff)],
        distance in -0x7000_0000_i64..0x7000_0000,
    ) {
        let mut code = bytes("b803000000");
        for (index, jump) in choice {
            let instruction = bytes(INSTRUCTIONS[index]);
            code.extend_from_slice(&instruction);
            if let [0x70..=0x7f] = instruction[..] {
                code.push(jump as u8);
            }
        }
        let site = code.len();
        code.extend_from_slice(&bytes("0f05 c3"));
        if let Ok(plan) = plan(&code, site) {
            let trampoline = (START + bias).wrapping_add_signed(distance);
            if let Ok(code) = plan.encode(bias, trampoline, 512) {
                check(&plan, &code, bias, trampoline);
            }
        }
    }
}
