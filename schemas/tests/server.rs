//! From bytes to a server's typed method and back.

#![cfg(feature = "std")]

use schemas::{
    Errno, Interface, Operation, Personality, fs, message,
    server::{Caller, Capabilities, Credentials, Device, DeviceServer, Fs, FsServer, Server, answer},
};
use std::{
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

#[derive(Default)]
struct Null {
    ended: AtomicU64,
}

impl Fs for Null {
    fn open(
        &self,
        caller: &Caller,
        params: fs::open::params::Reader<'_>,
        mut results: fs::open::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        assert_eq!(caller.pid, 12);
        caps.donate(File::open("/dev/null")?);
        if params.get_path()? != b"null" {
            return Err(Errno::NOENT);
        }
        results.set_object(5);
        Ok(())
    }

    fn list_attributes(
        &self,
        _: &Caller,
        _: fs::list_attributes::params::Reader<'_>,
        results: fs::list_attributes::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        let mut names = results.init_names(1000);
        for index in 0..1000 {
            names.set(index, &[b'x'; 100]);
        }
        Ok(())
    }

    fn task_ended(&self, task: u64) {
        self.ended.store(task, Ordering::Relaxed);
    }
}

fn caller() -> Caller {
    Caller {
        task: 1,
        pid: 12,
        tid: 12,
        personality: Personality::FreeBsd,
        credentials: Arc::new(Credentials::default()),
        stack: None,
    }
}

#[repr(C, align(8))]
struct Area([u8; 512]);

fn request(path: &[u8]) -> (Area, usize) {
    let mut area = Area([0; 512]);
    let words = message::data_words(path.len());
    let length = message::build::<fs::open::params::Owned>(&mut area.0, words, |mut params| {
        params.set_path(path);
        Ok(())
    });
    (area, length.unwrap())
}

#[test]
fn a_request_reaches_its_method() {
    let server: Arc<dyn Server> = Arc::new(FsServer::new("null", Null::default()));
    assert_eq!((server.name(), server.interface()), ("null", Interface::Fs));
    let mut buffer = message::ReplyBuffer::default();
    let mut caps = Capabilities::default();
    for _ in 0..3 {
        caps.donated.clear();
        let (area, length) = request(b"null");
        let reply =
            answer(&*server, 8, Operation::FsOpen, &caller(), &area.0[..length], &mut caps, &mut buffer)
                .unwrap();
        let message = message::Message::new(&reply);
        let results: fs::open::results::Reader<'_> = message.root().unwrap();
        assert_eq!((results.get_object(), results.get_server()), (5, 8));
        assert_eq!(caps.donated.len(), 1);
    }
}

#[test]
fn errors_leave_nothing_behind() {
    let server = FsServer::new("null", Null::default());
    let mut buffer = message::ReplyBuffer::default();
    let mut caps = Capabilities::default();
    let mut ask = |operation, bytes: &[u8]| {
        let error = answer(&server, 0, operation, &caller(), bytes, &mut caps, &mut buffer).err();
        assert!(caps.donated.is_empty());
        error
    };
    let (area, length) = request(b"zero");
    assert_eq!(ask(Operation::FsOpen, &area.0[..length]), Some(Errno::NOENT));
    assert_eq!(ask(Operation::FsStat, &area.0[..length]), Some(Errno::NOSYS), "not defined");
    assert_eq!(ask(Operation::ProcKill, &area.0[..length]), Some(Errno::NOSYS), "of another interface");
    assert_eq!(ask(Operation::FsOpen, &[]), Some(Errno::BADMSG));
    assert_eq!(ask(Operation::FsListAttributes, &area.0[..length]), Some(Errno::MSGSIZE));
    assert_eq!(ask(Operation::FsOpen, &area.0[..length]), Some(Errno::NOENT), "the buffer is clean again");
}

#[test]
fn operations_of_other_subsystems_have_their_name_in_front() {
    struct Opened;
    impl Device for Opened {
        fn fs_open(
            &self,
            _: &Caller,
            _: fs::open::params::Reader<'_>,
            _: fs::open::results::Builder<'_>,
            _: &mut Capabilities,
        ) -> Result<(), Errno> {
            Ok(())
        }
    }
    let server = DeviceServer::new("opened", Opened);
    let (area, length) = request(b"x");
    let mut caps = Capabilities::default();
    let mut buffer = message::ReplyBuffer::default();
    assert!(
        answer(&server, 0, Operation::FsOpen, &caller(), &area.0[..length], &mut caps, &mut buffer).is_ok()
    );
    assert_eq!(caps.received(0).err(), Some(Errno::BADF));
}

#[test]
fn servers_hear_of_the_end_of_a_task() {
    let server = FsServer::new("null", Null::default());
    let untyped: &dyn Server = &server;
    untyped.task_ended(77);
    untyped.no_senders(3);
    assert_eq!(server.inner().ended.load(Ordering::Relaxed), 77);
}
