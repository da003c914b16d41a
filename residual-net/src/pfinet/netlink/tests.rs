use super::*;
use crate::network::Networks;
use crate::pfinet::{Netstack, Settings};
use message::Attributes;
use schemas::server::Post;

fn stack() -> (Networks, Netstack) {
    let networks = Networks::default();
    let text = "network = \"lab\"\naddress = [\"10.1.0.1/24\", \"fd00:1::1/64\"]\ngateway = \"10.1.0.254\"";
    let settings = Settings::read(&text.parse().unwrap()).unwrap();
    let stack =
        Netstack::new(&Post { name: "a".to_owned(), ..Post::default() }, &settings, &networks).unwrap();
    (networks, stack)
}

fn message(kind: u16, flags: u16, head: &[u8], attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut message = vec![0; 16];
    message.extend(head);
    for (kind, value) in attributes {
        message.extend(((4 + value.len()) as u16).to_ne_bytes());
        message.extend(kind.to_ne_bytes());
        message.extend(*value);
        message.resize(message.len().next_multiple_of(4), 0);
    }
    let length = message.len() as u32;
    message[..4].copy_from_slice(&length.to_ne_bytes());
    message[4..6].copy_from_slice(&kind.to_ne_bytes());
    message[6..8].copy_from_slice(&(flags | 1).to_ne_bytes());
    message[8] = 42;
    message
}

/// What a socket gets for a request: kind and body of each message.
fn ask(stack: &Netstack, protocol: u8, request: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let (number, guest) = stack.with(|stack| stack.socket(NETLINK, 3, u32::from(protocol), false)).unwrap();
    stack.with(|stack| stack.send(number, &kernel(), request)).unwrap();
    let (mut answers, mut room) = (Vec::new(), vec![0; 65536]);
    while let Ok(Some((envelope, length))) = pair::receive_record(&guest, &mut room) {
        assert_eq!(envelope.address(), kernel());
        let mut rest = &room[..length];
        while let Some(head) = rest.first_chunk::<16>() {
            let length = u32::from_ne_bytes([head[0], head[1], head[2], head[3]]) as usize;
            assert_eq!(head[8], 42);
            answers.push((u16::from_ne_bytes([head[4], head[5]]), rest[16..length].to_vec()));
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
    }
    answers
}

const DUMP: u16 = 0x300;
const ACKNOWLEDGE: u16 = 4;

fn texts(answers: &[(u16, Vec<u8>)], head: usize, attribute: u16) -> Vec<Vec<u8>> {
    let of = |body: &Vec<u8>| Message::for_test(body).attributes(head).get(attribute).map(<[u8]>::to_vec);
    answers.iter().filter_map(|(_, body)| of(body)).collect()
}

fn error(answers: &[(u16, Vec<u8>)]) -> i32 {
    assert_eq!((answers.len(), answers[0].0), (1, Kind::ERROR));
    i32::from_ne_bytes(*answers[0].1.first_chunk().unwrap())
}

#[test]
fn links_addresses_and_routes_are_told() {
    let (_networks, stack) = stack();
    let links = ask(&stack, ROUTE, &message(Kind::GET_LINK, DUMP, &[0; 16], &[]));
    assert_eq!(texts(&links, 16, 3), [b"lo\0".to_vec(), b"eth0\0".to_vec()]);
    assert_eq!(links.last().unwrap().0, Kind::DONE);
    let addresses = ask(&stack, ROUTE, &message(Kind::GET_ADDRESS, DUMP, &[2, 0, 0, 0, 0, 0, 0, 0], &[]));
    assert_eq!(texts(&addresses, 8, 2), [vec![127, 0, 0, 1], vec![10, 1, 0, 1]]);
    let routes = ask(&stack, ROUTE, &message(Kind::GET_ROUTE, DUMP, &[2], &[]));
    assert_eq!(texts(&routes, 12, 5), [vec![10, 1, 0, 254]]);
    assert_eq!(texts(&routes, 12, 1), [vec![10, 1, 0, 0]]);
    let one = ask(&stack, ROUTE, &message(Kind::GET_LINK, 0, &[0; 16], &[(3, b"eth0\0")]));
    assert_eq!((one.len(), texts(&one, 16, 3)), (1, vec![b"eth0\0".to_vec()]));
    assert_eq!(error(&ask(&stack, ROUTE, &message(Kind::GET_LINK, 0, &[0; 16], &[(3, b"no\0")]))), -19);
}

#[test]
fn changes_are_made_and_acknowledged() {
    let (_networks, stack) = stack();
    let change = |kind: u16, head: &[u8], attributes: &[(u16, &[u8])]| {
        error(&ask(&stack, ROUTE, &message(kind, ACKNOWLEDGE, head, attributes)))
    };
    let address: (&[u8], [(u16, &[u8]); 1]) = (&[2, 16, 0, 0, 2, 0, 0, 0], [(2, &[10, 9, 0, 1])]);
    assert_eq!(change(Kind::NEW_ADDRESS, address.0, &address.1), 0);
    assert_eq!(change(Kind::NEW_ADDRESS, address.0, &address.1), -17);
    let count = || ask(&stack, ROUTE, &message(Kind::GET_ROUTE, DUMP, &[2], &[])).len();
    assert_eq!(count(), 4);
    let mut route = [0; 12];
    route[..2].copy_from_slice(&[2, 16]);
    let way: [(u16, &[u8]); 2] = [(1, &[10, 8, 0, 0]), (5, &[10, 9, 0, 77])];
    assert_eq!(change(Kind::NEW_ROUTE, &route, &way), 0);
    assert_eq!(count(), 5);
    assert_eq!(change(Kind::DELETE_ROUTE, &route, &way), 0);
    assert_eq!(change(Kind::DELETE_ROUTE, &route, &way), -3);
    assert_eq!(change(Kind::DELETE_ADDRESS, address.0, &address.1), 0);
    assert_eq!(change(Kind::DELETE_ADDRESS, address.0, &address.1), -99);
    assert_eq!(count(), 3);
    let mut link = [0; 16];
    link[4] = 2;
    assert_eq!(change(Kind::NEW_LINK, &link, &[(4, &1400u32.to_ne_bytes())]), 0);
    assert_eq!(stack.host().by_index(2).unwrap().mtu(), 1400);
    link[12] = 1;
    assert_eq!(change(Kind::NEW_LINK, &link, &[]), 0);
    assert!(!stack.host().by_index(2).unwrap().is_up());
}

#[test]
fn sockets_are_told() {
    let (_networks, stack) = stack();
    let (number, _guest) = stack.with(|stack| stack.socket(2, 1, 0, false)).unwrap();
    stack.with(|stack| stack.listen(number, 5)).unwrap();
    let mut head = [0; 56];
    head[..2].copy_from_slice(&[2, 6]);
    head[4..8].fill(0xff);
    let answers = ask(&stack, DIAGNOSIS, &message(20, DUMP, &head, &[]));
    assert_eq!((answers.len(), answers[0].1.len(), answers[0].1[1]), (2, 72, 10));
}

#[test]
fn any_bytes_are_decoded_without_a_panic() {
    let (_networks, stack) = stack();
    let mut state = 3u32;
    let mut random = move || {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        (state >> 24) as u8
    };
    let seeds = [
        message(
            Kind::NEW_ADDRESS,
            ACKNOWLEDGE,
            &[2, 16, 0, 0, 2, 0, 0, 0],
            &[(2, &[10, 9, 0, 1]), (1, &[10, 9, 0, 1])],
        ),
        message(
            Kind::NEW_ROUTE,
            ACKNOWLEDGE,
            &[2, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &[(1, &[10, 8, 0, 0]), (4, &[2, 0, 0, 0])],
        ),
        message(Kind::NEW_LINK, ACKNOWLEDGE, &[0; 16], &[(3, b"eth0\0"), (4, &[0, 4, 0, 0])]),
        message(
            Kind::NEW_NEIGHBOUR,
            ACKNOWLEDGE,
            &[2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0],
            &[(1, &[10, 1, 0, 9]), (2, &[2; 6])],
        ),
        message(Kind::GET_ROUTE, 0, &[2, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[(1, &[10, 8, 0, 0])]),
    ];
    let (number, _guest) = stack.with(|stack| stack.socket(NETLINK, 3, 0, false)).unwrap();
    for round in 0..4000 {
        let mut bytes = seeds[round % seeds.len()].clone();
        for _ in 0..1 + random() % 4 {
            let at = usize::from(random()) % bytes.len();
            bytes[at] = random();
        }
        bytes.truncate(bytes.len() - usize::from(random() % 8));
        stack.with(|stack| request(stack, number, &bytes));
        assert!(Attributes::count(Message::for_test(&bytes).attributes(0)) <= bytes.len());
    }
    assert!(!ask(&stack, ROUTE, &message(Kind::GET_LINK, DUMP, &[0; 16], &[])).is_empty());
}
