//! Messages in place: building, reading, and refusing what is wrong.

use schemas::{Errno, Operation, fs, message, proc, trace};

#[repr(C, align(8))]
struct Area<const N: usize>([u8; N]);

fn open(area: &mut [u8], path: &[u8]) -> Result<usize, Errno> {
    message::build::<fs::open::params::Owned>(area, message::data_words(path.len()), |mut params| {
        params.set_mount(3);
        params.set_path(path);
        params.set_flags(0o2);
        params.set_mode(0o644);
        Ok(())
    })
}

#[test]
fn a_message_survives_the_way() {
    let mut area = Area([0xff; 256]);
    let length = open(&mut area.0, b"bpf0").unwrap();
    assert!(length.is_multiple_of(message::WORD) && length < 100, "{length}");
    let message = message::Message::new(&area.0[..length]);
    let params: fs::open::params::Reader<'_> = message.root().unwrap();
    assert_eq!(params.get_mount(), 3);
    assert_eq!(params.get_path().unwrap(), b"bpf0");
    assert_eq!(params.get_mode(), 0o644);
    assert_eq!(area.0[length..], [0xff; 256][length..], "nothing is touched behind the message");
}

#[test]
fn what_does_not_fit_is_refused_before_it_is_built() {
    let mut area = Area([0; 64]);
    assert_eq!(open(&mut area.0, &[b'x'; 64]), Err(Errno::MSGSIZE));
    assert_eq!(open(&mut area.0[1..], b""), Err(Errno::FAULT));
    let huge = message::build::<fs::open::params::Owned>(&mut area.0, usize::MAX, |_| Ok(()));
    assert_eq!(huge, Err(Errno::MSGSIZE));
}

#[test]
#[should_panic(expected = "larger than announced")]
fn writing_more_than_announced_does_not_leave_the_area() {
    let mut area = Area([0; 4096]);
    let _ = message::build::<fs::open::params::Owned>(&mut area.0, 0, |mut params| {
        params.set_path(&[b'x'; 1000]);
        Ok(())
    });
}

#[test]
fn structures_and_lists_are_measured() {
    let count = 3;
    let words = message::list_words::<schemas::common::signal_target::Owned>(count);
    let mut area = Area([0; 1024]);
    let length = message::build::<proc::kill::results::Owned>(&mut area.0, words, |results| {
        let mut targets = results.init_targets(count as u32);
        for index in 0..count as u32 {
            targets.reborrow().get(index).set_pid(100 + index as i32);
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(length, (1 + message::struct_words::<proc::kill::results::Owned>() + words) * message::WORD);
    let message = message::Message::new(&area.0[..length]);
    let results: proc::kill::results::Reader<'_> = message.root().unwrap();
    let pids: Vec<_> = results.get_targets().unwrap().iter().map(|target| target.get_pid()).collect();
    assert_eq!(pids, [100, 101, 102]);
}

#[test]
fn text_ends_with_a_nul() {
    assert_eq!(message::text_words(7), 1);
    assert_eq!(message::text_words(8), 2);
    assert_eq!(message::data_words(8), 1);
    assert_eq!(message::data_words(0), 0);
}

/// Reads everything a server would, and must come back.
fn read_all(bytes: &[u8]) -> Result<(), Errno> {
    let message = message::Message::new(bytes);
    let params: fs::open::params::Reader<'_> = message.root()?;
    params.get_path()?;
    let results: proc::list::results::Reader<'_> = message.root()?;
    for process in results.get_processes()? {
        process.get_command()?;
        for argument in process.get_arguments()? {
            argument?;
        }
    }
    Ok(())
}

#[test]
fn hostile_bytes_are_refused() {
    let mut area = Area([0; 256]);
    assert_eq!(read_all(&[]), Err(Errno::BADMSG));
    assert_eq!(read_all(&area.0[..4]), Err(Errno::BADMSG));
    assert_eq!(read_all(&area.0[1..9]), Err(Errno::BADMSG), "not aligned");
    area.0[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(read_all(&area.0).is_err());

    // A structure whose pointer leads back to itself: depth and traversal are limited.
    area.0[..8].copy_from_slice(&[0xfc, 0xff, 0xff, 0xff, 0, 0, 1, 0]);
    let _ = read_all(&area.0);

    // Every single byte of a good message changed to every value.
    let mut good = Area([0; 256]);
    let length = open(&mut good.0, b"some/path").unwrap();
    for at in 0..length {
        for value in 0..=u8::MAX {
            let mut changed = Area(good.0);
            changed.0[at] = value;
            let _ = read_all(&changed.0[..length]);
            let mut text = String::new();
            let message = message::Message::new(&changed.0[..length]);
            if let Ok(root) = message.root() {
                trace::params(Operation::FsOpen, root, &mut text).unwrap();
            }
        }
    }
}

#[test]
fn traces_show_the_traced_fields() {
    let mut area = Area([0; 256]);
    let length = open(&mut area.0, b"a \"b\"\n\x7f").unwrap();
    let message = message::Message::new(&area.0[..length]);
    let mut text = String::new();
    trace::params(Operation::FsOpen, message.root().unwrap(), &mut text).unwrap();
    assert_eq!(text, r#"mount=3, path="a \"b\"\n\x7f", flags=0x2, mode=0644"#);

    text.clear();
    let mut fields = trace::Fields::new(&mut text);
    fields.number("signal", schemas::Format::Signal, 66).unwrap();
    fields.number("descriptor", schemas::Format::Descriptor, -100).unwrap();
    fields.number("address", schemas::Format::Address, 0).unwrap();
    fields.number("value", schemas::Format::Hexadecimal, -1).unwrap();
    fields.flag("follow", true).unwrap();
    fields.length("data", 9).unwrap();
    assert_eq!(text, "signal=SIGINFO, descriptor=AT_FDCWD, address=NULL, value=-0x1, follow=true, data=[9]");

    text.clear();
    trace::quoted(&mut text, &[b'x'; 1000]).unwrap();
    assert!(text.ends_with("xx\"...") && text.len() < 300);
}
