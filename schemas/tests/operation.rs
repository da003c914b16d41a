//! The table of operations and the neutral vocabulary.

use schemas::{Errno, Flavour, Interface, Operation, Personality, signal};
use std::collections::HashSet;

#[test]
fn every_operation_is_found_by_each_of_its_names() {
    for (index, operation) in Operation::ALL.into_iter().enumerate() {
        let info = operation.info();
        assert_eq!(info.operation, operation);
        assert_eq!(operation.index(), index);
        assert_eq!(Operation::from_index(index), Some(operation));
        assert_eq!(Operation::from_id(operation.id()), Some(operation));
        assert_eq!(Operation::from_name(operation.name()), Some(operation));
        assert_eq!(info.name.split_once('.').unwrap().0, info.subsystem);
        assert!(!info.also.contains(&info.server), "{operation}");
        assert!(!info.contract.is_empty(), "{operation} has no contract");
        assert!(info.summary().ends_with('.') || info.summary() == info.contract, "{operation}");
    }
    assert_eq!(Operation::from_index(Operation::COUNT), None);
    assert_eq!(Operation::from_id(0), None);
    assert_eq!(Operation::from_id(0x08ff), None);
    assert_eq!(Operation::from_name("fs.nothing"), None);
    let ids: HashSet<_> = Operation::ALL.iter().map(|operation| operation.id()).collect();
    assert_eq!(ids.len(), Operation::COUNT);
}

/// Numbers are what the two sides of a world agree on: these must never change.
#[test]
fn stable_numbers() {
    assert_eq!(Operation::AuthGetIds.id(), 0x0101);
    assert_eq!(Operation::ProcKill.id(), 0x020b);
    assert_eq!(Operation::ExecIdentify.id(), 0x0301);
    assert_eq!(Operation::FsOpen.id(), 0x0801);
    assert_eq!(Operation::FileRead.id(), 0x0901);
    assert_eq!(Operation::SocketSocket.id(), 0x0b01);
    assert_eq!(Operation::DeviceControl.id(), 0x0f01);
}

#[test]
fn declared_routes_are_possible() {
    for operation in Operation::ALL {
        let info = operation.info();
        assert!(info.allows(info.flavour), "{operation}");
        let stub = info.server == Interface::Stub;
        let mapped = matches!(info.flavour, Flavour::Direct | Flavour::Mapped);
        assert_eq!(info.allows(Flavour::Mapped), mapped && !stub, "{operation}");
        assert!(!stub || info.flavour == Flavour::Local, "{operation} is answered by nobody");
    }
    assert_eq!(Operation::ProcKill.info().flavour, Flavour::Mapped);
    assert_eq!(Operation::FsOpen.info().flavour, Flavour::Direct);
    assert!(Operation::FsOpen.info().answered_by(Interface::Device));
    assert!(!Operation::ProcKill.info().answered_by(Interface::Device));
}

#[test]
fn fields_carry_their_trace_format() {
    let info = Operation::FsOpen.info();
    assert_eq!(info.summary(), "Opens, and with O_CREAT creates, a file.");
    let names: Vec<_> = info.params.iter().map(|field| field.name).collect();
    assert_eq!(names, ["mount", "path", "atDirectory", "flags", "mode", "resolve"]);
    assert_eq!(info.params[1].format, Some(schemas::Format::Bytes));
    assert_eq!(info.params[2].format, None);
    assert_eq!(info.params[4].documentation, "umask already applied");
}

#[test]
fn names_of_the_vocabulary_go_both_ways() {
    for flavour in Flavour::ALL {
        assert_eq!(Flavour::from_name(flavour.name()), Some(flavour));
        assert_eq!(Flavour::from_byte(flavour as u8), Some(flavour));
    }
    for personality in Personality::ALL {
        assert_eq!(Personality::from_name(personality.name()), Some(personality));
        assert_eq!(Personality::from_byte(personality as u8), Some(personality));
    }
    for interface in Interface::ALL {
        assert_eq!(Interface::from_name(interface.name()), Some(interface));
    }
    assert_eq!(Personality::from_name("FreeBSD"), Some(Personality::FreeBsd));
    assert_eq!(Personality::from_byte(0), None);
    assert_eq!(Personality::from_byte(10), None);
    assert_eq!(Flavour::from_byte(4), None);
    assert_eq!(format!("[{:>8}]", Flavour::Direct), "[  direct]");
}

#[test]
fn errors_have_the_numbers_and_symbols_of_the_host() {
    assert_eq!(Errno::NOENT.to_string(), "ENOENT: No such file or directory");
    assert_eq!(format!("{:?}", Errno::NOSYS), "ENOSYS");
    assert_eq!(Errno(4000).to_string(), "error 4000");
    assert_eq!(Errno::from_name("E2BIG"), Some(Errno::TOOBIG));
    assert_eq!(Errno::from_return(-2), Err(Errno::NOENT));
    assert_eq!(Errno::from_return(-4096), Ok(-4096_isize as usize));
    assert_eq!(Errno::from_return(7), Ok(7));
    for errno in Errno::ALL {
        let host = std::io::Error::from_raw_os_error(errno.raw()).to_string();
        let text = errno.message().unwrap();
        assert!(host.eq_ignore_ascii_case(&format!("{text} (os error {})", errno.raw())), "{host}: {text}");
    }
}

#[test]
fn signals_have_names() {
    assert_eq!(signal::name(2), Some("SIGINT"));
    assert_eq!(signal::name(signal::INFO), Some("SIGINFO"));
    assert_eq!(signal::name(40), None);
    assert!((signal::REALTIME_FIRST..=signal::REALTIME_LAST).all(|number| signal::name(number).is_none()));
    assert_eq!(signal::name(signal::FOREIGN_FIRST), Some("SIGEMT"));
}
