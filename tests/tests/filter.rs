//! Packet filters: what the packet filter here says of packets, and what libpcap says, by Debian's tcpdump.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use residual_net::bpf::filter::{Dialect, Facts, Instruction, Packet, Program};
use tests::guest::guest;

/// What tcpdump prints when it is given these bytes.
fn tcpdump(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new(guest("tcpdump").path);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    // One that needs no input leaves it.
    let _ = writer.join().unwrap();
    output.stdout
}

/// The instructions that libpcap compiles an expression to.
fn compiled(expression: &str) -> Vec<Instruction> {
    let listing = String::from_utf8(tcpdump(&["-ddd", "-y", "EN10MB", expression], &[])).unwrap();
    let parse = |line: &str| {
        let numbers: Vec<u32> = line.split_whitespace().map(|number| number.parse().unwrap()).collect();
        let [code, jump_true, jump_false, operand] = numbers[..] else { panic!("{line}") };
        Instruction { code: code as u16, jump_true: jump_true as u8, jump_false: jump_false as u8, operand }
    };
    listing.lines().skip(1).map(parse).collect()
}

/// Which of some packets libpcap takes, by their numbers.
fn chosen(expression: &str, packets: &[Vec<u8>]) -> Vec<usize> {
    // pcap-savefile(5). A packet's time is its number.
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65535, 1] {
        file.extend(u32::to_ne_bytes(word));
    }
    for (number, packet) in packets.iter().enumerate() {
        for word in [number as u32, 0, packet.len() as u32, packet.len() as u32] {
            file.extend(word.to_ne_bytes());
        }
        file.extend(packet);
    }
    let told = tcpdump(&["-r", "-", "-w", "-", expression], &file);
    let mut numbers = Vec::new();
    let mut rest = told.get(24..).unwrap_or(&[]);
    while let Some(header) = rest.first_chunk::<16>() {
        let word = |at: usize| u32::from_ne_bytes(*header[at..].first_chunk().unwrap()) as usize;
        numbers.push(word(0));
        rest = &rest[16 + word(8)..];
    }
    numbers
}

fn judge(expression: &str, packets: &[Vec<u8>]) {
    let instructions = compiled(expression);
    let wanted = chosen(expression, packets);
    for dialect in [Dialect::Bsd, Dialect::Linux] {
        let program = Program::new(dialect, &instructions)
            .unwrap_or_else(|refusal| panic!("{expression}: {dialect:?}: {refusal}"));
        let takes = |packet: &[u8]| {
            let (length, facts) = (packet.len() as u32, Facts::default());
            program.run(&Packet { frame: packet, start: 0, network: 14, length, facts: &facts }) != 0
        };
        let found: Vec<usize> = (0..packets.len()).filter(|number| takes(&packets[*number])).collect();
        assert_eq!(found, wanted, "{expression}: {dialect:?}: {instructions:?}");
    }
}

/// A frame that is likely to be what expressions ask about, whole or cut.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![
        4 => Just(0x0800u16), 2 => Just(0x86dd), 1 => Just(0x0806), 1 => Just(0x8100), 1 => any::<u16>()
    ];
    let protocol = prop::sample::select(vec![1u8, 6, 6, 6, 17, 17, 17, 58, 132, 0, 47]);
    let port = prop::sample::select(vec![22u16, 53, 80, 443, 8080]);
    let fragment = prop_oneof![6 => Just(0u16), 1 => Just(0x2000), 1 => any::<u16>()];
    let parts = (kind, protocol, port.clone(), port, fragment, 5u8..8, any::<u8>(), any::<u64>());
    (parts, prop::collection::vec(any::<u8>(), 0..120), prop::option::weighted(0.2, 0usize..80)).prop_map(
        |((kind, protocol, from, to, fragment, words, flags, noise), payload, cut)| {
            let noise = noise.to_be_bytes();
            let mut frame = [&[2, 0, 0, 0, 0, noise[0] % 4, 2, 0, 0, 0, 0, noise[1] % 4][..]].concat();
            if kind == 0x8100 {
                frame.extend([0x81, 0, noise[2] & 0xf, noise[3], 8, 0]);
            } else {
                frame.extend(kind.to_be_bytes());
            }
            match kind {
                0x86dd => {
                    frame.extend([0x60, 0, 0, 0, 0, payload.len() as u8, protocol, noise[4]]);
                    frame.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, noise[5] % 4]);
                    frame.extend([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, noise[6] % 4]);
                }
                _ => {
                    frame.extend([0x40 | words, noise[4], 0, 20 + payload.len() as u8, 0, noise[5]]);
                    frame.extend(fragment.to_be_bytes());
                    frame.extend([noise[6], protocol, 0, 0, 10, 0, 0, noise[7] % 4, 192, 168, noise[0], 1]);
                    frame.resize(frame.len() + usize::from(words - 5) * 4, 1);
                }
            }
            frame.extend(from.to_be_bytes());
            frame.extend(to.to_be_bytes());
            frame.extend([0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
            frame.extend(payload);
            frame.truncate(cut.unwrap_or(usize::MAX));
            frame
        },
    )
}

/// A test that libpcap has words for.
fn primitive() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "ip",
        "ip6",
        "arp",
        "tcp",
        "udp",
        "icmp",
        "icmp6",
        "sctp",
        "vlan",
        "ip multicast",
        "ether broadcast",
        "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
        "ip[6:2] & 0x1fff = 0",
        "icmp[icmptype] = icmp-echo",
        "(ip[2:2] - ((ip[0] & 0xf) << 2)) > 40",
        "ip6[6] = 17",
        "ether[0] & 1 = 0 and len % 3 = 1",
        "udp[4:2] / 3 > 5",
        "ip[8] * 3 < 200",
        "-ip[8] != 7",
        "ip[8] ^ 85 > 100",
        "len << 2 > 400",
        "tcp[13] >> 2 & 3 = 1",
        "ether src 02:00:00:00:00:01",
        "src net 10.0.0.0/31",
        "ip6 host 2001:db8::1",
        "host 10.0.0.2",
        "dst net 192.168.0.0/16",
        "tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x01010101",
    ]);
    let number = prop_oneof![
        (
            prop::sample::select(vec!["port", "src port", "dst port", "tcp port", "udp dst port"]),
            prop::sample::select(vec![22u16, 53, 80, 443])
        )
            .prop_map(|(word, port)| format!("{word} {port}")),
        (prop::sample::select(vec!["greater", "less"]), 14u32..150)
            .prop_map(|(word, length)| format!("{word} {length}")),
        (0u8..140).prop_map(|protocol| format!("ip proto {protocol}")),
        (0u32..60, prop::sample::select(vec![1, 2, 4]), any::<u8>())
            .prop_map(|(at, size, value)| format!("ether[{at}:{size}] > {value}")),
        (20u16..60, 60u16..500).prop_map(|(low, high)| format!("portrange {low}-{high}")),
    ];
    prop_oneof![word.prop_map(str::to_owned), number]
}

fn expression() -> impl Strategy<Value = String> {
    primitive().prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) and ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) or ({b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn packets_are_chosen_as_by_libpcap(
        expression in expression(),
        packets in prop::collection::vec(packet(), 60),
    ) {
        // What can never be true libpcap refuses to compile.
        let dry = Command::new(guest("tcpdump").path).args(["-d", "-y", "EN10MB", &expression]).output().unwrap();
        prop_assume!(dry.status.success());
        judge(&expression, &packets);
    }
}
