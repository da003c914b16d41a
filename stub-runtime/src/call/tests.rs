use super::*;

call_table! {
    /// A table with every form of row.
    static SAMPLE = "sample";
    0 => syscall() -> Int, none("indirect");
    3 => read(fd: Fd, buf: Out<Bytes<2>>, nbyte: Size) -> Size, full, FileRead, read;
    7 => wait4(pid: Pid, status: Out<WaitStatus>) -> Pid, partial("no rusage"), ProcWait;
    9 => break(nsize: Address) -> Address, missing;
}

fn read(_: &mut Context, fd: i32, buf: Pointer, nbyte: usize) -> Result<usize, Errno> {
    Ok(fd as usize + buf.0 as usize + nbyte)
}

#[test]
fn table_is_indexed_by_number() {
    assert_eq!(SAMPLE.size(), 10);
    assert_eq!(SAMPLE.get(3).map(|row| row.name), Some("read"));
    assert_eq!(SAMPLE.get(9).map(|row| row.name), Some("break"));
    assert!(SAMPLE.get(1).is_none());
    assert!(SAMPLE.get(10).is_none());
    assert!(SAMPLE.get(u64::MAX).is_none());
    assert_eq!(SAMPLE.iter().count(), 4);
    assert_eq!(SAMPLE.find("wait4").map(|row| row.number), Some(7));
}

#[test]
fn row_says_everything() {
    let row = SAMPLE.get(3).unwrap();
    assert_eq!(row.support, Support::Full);
    assert_eq!(row.operation, Some(Operation::FileRead));
    assert!(row.handler.is_some());
    assert_eq!(row.args.len(), 3);
    assert_eq!(row.args[1].name, "buf");
    assert_eq!(
        row.args[1].kind,
        Kind::Pointer { direction: Direction::Out, shape: Shape::Bytes, extent: Extent::Argument(2) }
    );
    assert_eq!(SAMPLE.get(0).unwrap().support.note(), Some("indirect"));
    assert_eq!(SAMPLE.get(7).unwrap().support.word(), "partial");
    assert_eq!(SAMPLE.get(9).unwrap().support, Support::None(MISSING));
    assert!(SAMPLE.get(9).unwrap().operation.is_none());
}

#[test]
fn integers_take_their_part_of_the_register() {
    assert_eq!(i32::from(Fd::from_raw(0xdead_beef_ffff_ffff)), -1);
    assert_eq!(u32::from(OpenFlags::from_raw(0xffff_ffff_0000_0001)), 1);
    assert_eq!(i64::from(Offset::from_raw(u64::MAX)), -1);
    assert_eq!(Answer::into_raw(-1i32), u64::MAX);
    assert_eq!(Answer::into_raw(u32::MAX), 0xffff_ffff);
}

#[test]
fn handler_gets_typed_arguments() {
    // SAFETY: every field of a context is a number, an atomic or a raw pointer; zero is a value of each.
    let mut context: Context = unsafe { core::mem::zeroed() };
    let handler = SAMPLE.get(3).unwrap().handler.unwrap();
    let raw = [0xdead_0000_0000_0001, 0x1000, 7, 0, 0, 0, 0, 0];
    assert_eq!(handler(&mut context, &raw), Ok(0x1008));
}

/// Every "as many as argument n says" of a table must mean an argument that can say it: a number, or a
/// pointer to one number.
pub fn check_extents(table: &Table) {
    for row in table.iter() {
        for arg in row.args {
            let Kind::Pointer { extent: Extent::Argument(at), .. } = arg.kind else { continue };
            let says = row.args.get(usize::from(at)).unwrap_or_else(|| panic!("{}({})", row.name, arg.name));
            let number = |kind| matches!(kind, Kind::Int | Kind::Uint | Kind::Long | Kind::Ulong);
            let fits = match says.kind {
                Kind::Pointer { shape: Shape::Scalar(kind, _), extent: Extent::Fixed(1), .. } => {
                    number(*kind)
                }
                kind => number(kind),
            };
            assert!(fits, "{}({}) is as long as {} says", row.name, arg.name, says.name);
        }
    }
}
