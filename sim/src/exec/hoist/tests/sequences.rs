//! Code around `syscall` in real libraries, and code that is made to mislead.

use schemas::exec::Decision::{self, *};

use super::replay::check;
use super::{START, bytes, plan};

/// Offset of the instruction that is replaced, or why none is. The site is the last `0f05` of the code.
fn decided(code: &str) -> Result<usize, Decision> {
    let code = bytes(code);
    let site = code.windows(2).rposition(|bytes| bytes == [0x0f, 0x05]).unwrap();
    decided_at(&code, site)
}

fn decided_at(code: &[u8], site: usize) -> Result<usize, Decision> {
    let plan = plan(code, site)?;
    let (bias, trampoline) = (0x7f00_0000_0000, 0x7f00_1000_0000);
    let code = plan.encode(bias, trampoline, 256)?;
    check(&plan, &code, bias, trampoline);
    Ok((plan.replaced - START) as usize)
}

#[test]
fn glibc() {
    let cases = [
        ("read", "f30f1efa 803d251c0d0000 7413 31c0 0f05 483d00f0ffff 774f c3", Ok(4)),
        ("write", "f30f1efa 803d851b0d0000 7417 b801000000 0f05 c3", Ok(13)),
        ("getppid", "f30f1efa b86e000000 0f05 c3", Ok(4)),
        (
            "clone",
            "f30f1efa 48c7c0eaffffff 4885ff 7459 4885f6 7454 4883ee10 48894e08 48893e 4889d7 4c89c2 4d89c8
          4c8b542408 b838000000 0f05 4885c0",
            Ok(46),
        ),
        ("syscall", "f30f1efa 4889f8 4889f7 4889d6 4889ca 4d89c2 4d89c8 4c8b4c2408 0f05 c3", Ok(22)),
        ("signal return", "48c7c00f000000 0f05", Ok(0)),
        ("__read_nocancel", "31c0 0f05 483d00f0ffff 7701 c3", Err(TooShort)),
        ("pthread_barrier_destroy", "7404 4d31c0 90 4531d2 4489c0 4080f680 0f05", Err(TooShort)),
    ];
    for (name, code, expected) in cases {
        assert_eq!(decided(code), expected, "{name}");
    }
}

#[test]
fn musl() {
    let cases = [
        (
            "__syscall_cp_asm",
            "8b07 85c0 7540 4989fb 4889f0 4889d7 4889ce 4c89c2 4d89ca 4c8b442408 4c8b4c2410
          4c895c2408 0f05 c3",
            Ok(34),
        ),
        ("syscall", "4889f8 4889f7 4889d6 4889ca 4d89c2 4d89c8 4c8b4c2408 0f05 c3", Ok(18)),
        ("__unmapself", "b80b000000 0f05 4831ff b83c000000 0f05", Ok(10)),
        ("getpid", "b827000000 0f05 c3", Ok(0)),
        ("restore_rt", "48c7c00f000000 0f05", Ok(0)),
    ];
    for (name, code, expected) in cases {
        assert_eq!(decided(code), expected, "{name}");
    }
}

#[test]
fn golang() {
    let cases = [
        ("1.14 Syscall", "488b7c2410 488b742418 488b542420 488b442408 0f05 483d01f0ffff 7620", Ok(15)),
        ("1.14 RawVforkSyscall", "488b7c2410 48c7c600000000 4531d2 488b442408 415c 0f05 4154", Ok(15)),
        ("1.19 Syscall6", "4989f2 4889fa 4889ce 4889df 0f05 483d01f0ffff 7615", Err(TooShort)),
        (
            "1.19 futex",
            "488b7c2408 8b742410 8b542414 4c8b542418 4c8b442420 448b4c2428 b8ca000000 0f05",
            Ok(28),
        ),
        ("freebsd exit", "8b7c2408 b801000000 0f05 f1", Ok(4)),
        (
            "freebsd sys_umtx_op",
            "488b7c2408 8b742410 8b542414 4c8b542418 4c8b442420 b8c6010000 0f05 7302",
            Ok(23),
        ),
    ];
    for (name, code, expected) in cases {
        assert_eq!(decided(code), expected, "{name}");
    }
}

#[test]
fn jumps() {
    let cases = [
        ("into the only long instruction", "7501 b827000000 0f05", Err(Entered)),
        ("into it, from code that cannot be reached", "b827000000 0f05 c3 ebf8", Err(Entered)),
        ("into the nearer of two", "7506 b828000000 b827000000 0f05", Ok(2)),
        ("so that two ways of reading end alike", "7506 b827000000 b828000000 0f05", Err(Entered)),
        ("behind a lock", "7401 f00fb1b700010000 0f05", Err(Entered)),
        ("over part of the stretch", "b827000000 7402 31ff 0f05", Ok(0)),
        ("back into the stretch", "b827000000 85c0 74f7 0f05", Ok(0)),
        ("to an instruction between", "74fe b827000000 31c0 31ff 75fc 0f05", Ok(2)),
        ("of few bytes only", "b827000000 e302 31ff 0f05", Err(NotMovable)),
        ("that count", "b827000000 e2f9 0f05", Err(NotMovable)),
        ("of a transaction", "c7f800000000 0f05", Err(MovesFlow)),
        ("with a hint", "b827000000 2e7400 0f05", Err(NotMovable)),
        ("of another operand size", "b827000000 660f8400000000 0f05", Err(Unreached)),
    ];
    for (name, code, expected) in cases {
        assert_eq!(decided(code), expected, "{name}");
    }
}

#[test]
fn what_stands_between() {
    let cases = [
        ("call", "b827000000 e800100000 0f05", Err(MovesFlow)),
        ("another system call", "b827000000 0f05 31c0 0f05", Err(MovesFlow)),
        ("trap", "b827000000 cd80 0f05", Err(MovesFlow)),
        ("memory behind GS", "65488b042528000000 0f05", Err(NotMovable)),
        ("memory behind FS", "64488b042528000000 0f05", Ok(0)),
        ("base of GS", "b827000000 f3480faed8 0f05", Err(NotMovable)),
        ("GS", "b827000000 8ee8 0f05", Err(NotMovable)),
        ("floating point", "d90510000000 0f05", Err(NotMovable)),
        ("address of 32 bits", "678b0510000000 0f05", Err(NotMovable)),
        ("stack", "50 488d3d10000000 58 0f05", Ok(1)),
        ("copying", "b827000000 f3a4 0f05", Ok(0)),
        ("halt", "b827000000 f4 0f05", Err(NotMovable)),
        ("mark of a target", "b827000000 f30f1efa 0f05", Ok(0)),
        ("prefix that is left out", "f0480fb10f 0f05", Err(Entered)),
    ];
    for (name, code, expected) in cases {
        assert_eq!(decided(code), expected, "{name}");
    }
}

#[test]
fn boundaries_are_those_that_control_reaches() {
    // The data behind the jump swallows the beginning of the code when it is decoded.
    assert_eq!(decided("eb04 48b80000 b827000000 0f05"), Ok(6));
    // Only a jump by a table, whose content is not known, leads to it.
    assert_eq!(decided("ffe0 b827000000 0f05"), Err(Unreached));
    // The `syscall` is within another instruction, and something jumps there or not.
    assert_eq!(decided_at(&bytes("b80f05c390 c3"), 1), Err(Unreached));
    assert_eq!(decided_at(&bytes("b80f05c390 ebfa"), 1), Err(TooShort));
    // It is cut off, or not there.
    assert_eq!(decided_at(&bytes("b827000000 0f"), 5), Err(Unreached));
    assert_eq!(decided_at(&bytes("b827000000 0f0b"), 5), Err(Unreached));
    assert_eq!(decided_at(&bytes("b827000000"), 0x1000), Err(Unreached));
}

#[test]
fn trampolines_have_bounds() {
    let code = bytes("488d3d10000000 0f05");
    let plan = plan(&code, 7).unwrap();
    let near = |trampoline| plan.encode(0, trampoline, 64).map(|_| ());
    assert_eq!(near(START + 0x7fff_0000), Ok(()));
    assert_eq!(near(START + 0x8000_1000), Err(OutOfReach));
    assert_eq!(near(START.wrapping_sub(0x8000_1000)), Err(OutOfReach));
    assert_eq!(near(1 << 63), Err(OutOfReach));
    assert_eq!(plan.encode(0, START, 6).unwrap_err(), TooLong);
    let long = format!("b827000000 {} 0f05", "90".repeat(60));
    assert_eq!(decided(&long), Err(TooLong));
}
