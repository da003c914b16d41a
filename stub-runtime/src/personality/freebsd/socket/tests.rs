use super::*;

#[test]
fn message_headers_have_their_fields_where_freebsd_has_them() {
    assert_eq!(core::mem::offset_of!(MessageHeader, vectors), 16);
    assert_eq!(core::mem::offset_of!(MessageHeader, control), 32);
    assert_eq!(core::mem::offset_of!(MessageHeader, flags), 44);
}

#[test]
fn flags_that_mean_nothing_on_the_way_in_are_passed_over() {
    let all = u32::MAX;
    assert!(message_flags(all, SENT).is_ok());
    assert!(message_flags(all, RECEIVED).is_ok());
    assert_eq!(message_flags(flags::MSG_PEEK | flags::MSG_DONTWAIT, RECEIVED), Ok(0x42));
    assert_eq!(message_flags(flags::MSG_PEEK | flags::MSG_NOSIGNAL, SENT), Ok(0x4000));
}

#[test]
fn types_that_there_are_not_are_refused_as_the_kernel_does() {
    assert_eq!(kind_to_host(1 | flags::SOCK_CLOEXEC as i32, 0), Ok(1 | 0x8_0000));
    assert_eq!(kind_to_host(9, 0), Err(Errno::PROTOTYPE));
    assert_eq!(kind_to_host(9, 6), Err(Errno::PROTONOSUPPORT));
    assert_eq!(refusal(Errno::SOCKTNOSUPPORT, 0), Errno::PROTOTYPE);
    assert_eq!(refusal(Errno::PROTONOSUPPORT, 17), Errno::PROTONOSUPPORT);
    assert_eq!(refusal(Errno::MFILE, 0), Errno::MFILE);
}
