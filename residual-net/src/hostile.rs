//! Messages from guests that mean harm: whatever comes in, servers answer, and stay.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use proptest::prelude::*;
use schemas::device::{bpf_instruction, control};
use schemas::message::{self, Message, ReplyBuffer};
use schemas::server::{Caller, Capabilities, Credentials, MountedNode, Post, Server, answer};
use schemas::{Errno, Operation, Personality, fs, socket};

use crate::network::{DEFAULT_HOST, Networks};

fn caller() -> Caller {
    let credentials = Arc::new(Credentials::default());
    Caller { task: 1, pid: 1, tid: 1, personality: Personality::FreeBsd, credentials, stack: None }
}

/// A server with an object, and the descriptor that the guest has of it.
struct Victim {
    server: Arc<dyn Server>,
    object: u64,
    guest: OwnedFd,
    _networks: Networks,
}

fn received(guest: &OwnedFd) -> Capabilities {
    Capabilities::new(vec![guest.try_clone().unwrap()])
}

fn victim(kind: &str) -> Victim {
    let networks = Networks::default();
    let host = networks.host(DEFAULT_HOST);
    let network = networks.network("n");
    host.add_loopback("lo").unwrap();
    host.add_ethernet("net0", &network).unwrap();
    let settings = toml::Table::new();
    let nodes = crate::nodes(kind, &settings).unwrap();
    let nodes = nodes.into_iter().zip(1..).map(|(node, mount)| MountedNode { mount, path: node.path });
    let post = Post { name: kind.to_owned(), nodes: nodes.collect(), first_object: 1 };
    let server = crate::make(kind, &settings, post, &networks).unwrap();
    let (mut caps, mut reply) = (Capabilities::default(), ReplyBuffer::default());
    let mut area = [0u64; 64];
    let area = message::bytes_mut(&mut area);
    let length = message::build::<fs::open::params::Owned>(area, 2, |mut params| {
        params.set_mount(1);
        Ok(())
    })
    .unwrap();
    let told =
        answer(&*server, 1, Operation::FsOpen, &caller(), &area[..length], &mut caps, &mut reply).unwrap();
    let object = Message::new(&told).root::<fs::open::results::Reader<'_>>().unwrap().get_object();
    Victim { server, object, guest: caps.donated.remove(0), _networks: networks }
}

/// A packet socket of the server bpf.
fn packet_socket() -> Victim {
    let mut victim = victim("bpf");
    let (mut caps, mut reply) = (Capabilities::default(), ReplyBuffer::default());
    let mut area = [0u64; 64];
    let area = message::bytes_mut(&mut area);
    let length = message::build::<socket::socket::params::Owned>(area, 0, |mut params| {
        params.set_domain(17);
        params.set_type(3);
        params.set_protocol(0x300);
        Ok(())
    })
    .unwrap();
    let told = answer(
        &*victim.server,
        1,
        Operation::SocketSocket,
        &caller(),
        &area[..length],
        &mut caps,
        &mut reply,
    );
    let told = told.unwrap();
    victim.object = Message::new(&told).root::<socket::socket::results::Reader<'_>>().unwrap().get_object();
    victim.guest = caps.donated.remove(0);
    victim
}

impl Victim {
    fn ask(&self, operation: Operation, request: &[u8]) -> Result<(), Errno> {
        let (mut caps, mut reply) = (received(&self.guest), ReplyBuffer::default());
        answer(&*self.server, 1, operation, &caller(), request, &mut caps, &mut reply).map(|_| ())
    }

    /// Asks with a message that is right but for one byte.
    fn ask_with(&self, request: u16, numbers: &[u32], at: usize, bits: u8) -> Result<(), Errno> {
        let mut area = [0u64; 1024];
        let area = message::bytes_mut(&mut area);
        let length = message::build::<control::params::Owned>(area, 900, |mut params| {
            params.set_object(self.object);
            let mut to = params.get_request();
            let steps = |list: capnp::struct_list::Builder<'_, bpf_instruction::Owned>| {
                let mut list = list;
                for (place, number) in numbers.iter().enumerate() {
                    let mut step = list.reborrow().get(place as u32);
                    step.set_code(*number as u16);
                    step.set_jump_true((number >> 16) as u8);
                    step.set_operand(*number);
                }
            };
            let number = numbers.first().copied().unwrap_or(0);
            match request {
                0 => steps(to.init_bpf().init_set_filter(numbers.len() as u32)),
                1 => steps(to.init_bpf().init_set_write_filter(numbers.len() as u32)),
                2 => to.init_bpf().set_set_interface("lo"),
                3 => to.init_bpf().set_set_buffer_length(number),
                4 => to.init_bpf().init_set_timeout().set_seconds(i64::from(number as i32)),
                5 => to.init_bpf().set_set_timestamp(number),
                6 => to.init_tun().init_attach().set_name("t%d%d"),
                7 => to.init_tun().set_set_hardware(&number.to_ne_bytes()),
                8 => to.init_tun().init_set_information().set_mtu(number),
                _ => to.set_raw(&number.to_ne_bytes()),
            }
            Ok(())
        })?;
        if let Some(byte) = area[..length].get_mut(at) {
            *byte ^= bits;
        }
        self.ask(Operation::DeviceControl, &area[..length])
    }
}

const OPERATIONS: [Operation; 12] = [
    Operation::FsOpen,
    Operation::FsStat,
    Operation::FileRead,
    Operation::FileWrite,
    Operation::FileReadVector,
    Operation::FileWriteVector,
    Operation::DeviceControl,
    Operation::SocketBind,
    Operation::SocketSend,
    Operation::SocketReceive,
    Operation::SocketSetOption,
    Operation::SocketGetOption,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn words_that_are_no_message(
        requests in prop::collection::vec((0..OPERATIONS.len(), prop::collection::vec(any::<u64>(), 0..12)), 1..12),
        small in any::<bool>(),
    ) {
        for victim in [victim("bpf"), victim("tun"), packet_socket()] {
            for (operation, words) in &requests {
                let words: Vec<u64> = words.iter().map(|word| if small { word % 64 } else { *word }).collect();
                let _ = victim.ask(OPERATIONS[*operation], message::bytes(&words));
            }
            // It still answers.
            prop_assert_eq!(victim.ask_with(2, &[], usize::MAX, 0).err() == Some(Errno::BADF), false);
        }
    }

    #[test]
    fn messages_with_a_fault(
        requests in prop::collection::vec(
            (0u16..10, prop::collection::vec(prop_oneof![0u32..200, any::<u32>()], 0..40), 0usize..400, any::<u8>()),
            1..16,
        ),
    ) {
        for victim in [victim("bpf"), victim("tun"), packet_socket()] {
            for (request, numbers, at, bits) in &requests {
                let _ = victim.ask_with(*request, numbers, *at, *bits);
            }
        }
    }
}
