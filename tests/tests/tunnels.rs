//! Tunnels between guests: programs that make interfaces of their own, each on its own host.

use std::path::Path;

use tests::guest::guest;
use tests::lab::{Lab, SOON};
use tests::process::End;

/// Pings through a tunnel from host `a` until it is answered or has failed too often, and then five times more.
fn ping_through(lab: &Lab, to: &str) {
    let first = (0..20).find(|_| lab.run("ping", &["-c", "1", "-W", "1", to]).end == End::Exited(0));
    assert!(first.is_some(), "nobody answers at {to}");
    let answered = lab.run("ping", &["-c", "5", "-i", "0.2", "-s", "1200", to]);
    assert!(answered.text().contains("5 packets transmitted, 5 received"), "{answered}");
}

/// The deployment of the lab, with a folder of its own where wireguard-go has its sockets.
fn with_sockets_of_wireguard(folder: &Path) -> String {
    let sockets = folder.join("wireguard");
    std::fs::create_dir(&sockets).expect("the folder is ours");
    tests::lab::open_to_all(&sockets);
    format!("[[mount]]\npath = \"/var/run/wireguard\"\ndirectory = \"{}\"\n", sockets.display())
}

#[test]
fn wireguard_of_freebsd_and_of_linux_build_a_tunnel() {
    let lab = Lab::start_with(with_sockets_of_wireguard);
    let programs = guest("freebsd-wireguard");
    let linux = lab.guest(Some("a"), &lab.copied(&programs.twin, "wireguard-linux"), &["-f", "wg0"]);
    let bsd = lab.guest(Some("b"), &lab.copied(&programs.path, "wireguard-freebsd"), &["-f", "wg1"]);
    let hosts = [("a", "wg0", "5000", "10.9.0.1"), ("b", "wg1", "5001", "10.9.0.2")];
    let keys = hosts.map(|(host, ..)| {
        let secret = lab.run("wg", &["genkey"]).text();
        std::fs::write(lab.folder().join(host), &secret).expect("the folder is ours");
        let script = format!("exec wg pubkey < {host}");
        lab.run("bash", &["-c", &script]).text().trim().to_owned()
    });
    for (at, (host, interface, port, address)) in hosts.iter().enumerate() {
        let socket = lab.folder().join(format!("wireguard/{interface}.sock"));
        tests::lab::until(|| socket.exists());
        let (_, _, other_port, other) = hosts[1 - at];
        let endpoint = format!("10.1.0.{}:{other_port}", 2 - at);
        let on = |program: &str, words: &str| {
            let words: Vec<_> = words.split(' ').collect();
            lab.guest(Some(host), &guest(program).path, &words).finish(SOON).succeeded()
        };
        let peer = format!("peer {} endpoint {endpoint} allowed-ips {other}/32", keys[1 - at]);
        on("wg", &format!("set {interface} private-key {host} listen-port {port} {peer}"));
        on("ip", &format!("address add {address}/24 dev {interface}"));
        on("ip", &format!("link set {interface} up"));
    }
    ping_through(&lab, "10.9.0.2");
    let shown = lab.run("wg", &["show", "wg1", "transfer"]);
    let sent = shown.text().trim().rsplit('\t').next().and_then(|bytes| bytes.parse::<u64>().ok());
    assert!(sent.is_some_and(|bytes| bytes > 6000), "{shown}");
    for program in [linux, bsd] {
        program.signal(rustix::process::Signal::TERM);
        program.finish(SOON);
    }
    let gone = lab.guest(Some("b"), &guest("ip").path, &["link", "show"]).finish(SOON);
    assert!(!gone.text().contains("wg1"), "{gone}");
}

#[test]
fn openvpn_builds_a_tunnel_with_a_static_key() {
    let lab = Lab::start();
    lab.run("openvpn", &["--genkey", "secret", "key"]).succeeded();
    let ends = [("a", "10.1.0.2", "10.7.0.1 10.7.0.2"), ("b", "10.1.0.1", "10.7.0.2 10.7.0.1")].map(
        |(host, remote, addresses)| {
            let words = format!(
                "--dev tun --proto udp --port 1194 --cipher AES-256-CBC --secret key --remote {remote} --ifconfig {addresses}"
            );
            let words: Vec<_> = words.split(' ').collect();
            lab.guest(Some(host), &guest("openvpn").path, &words)
        },
    );
    ping_through(&lab, "10.7.0.2");
    for end in ends {
        end.signal(rustix::process::Signal::TERM);
        let end = end.finish(SOON);
        assert!(end.text().contains("Peer Connection Initiated"), "{end}");
        assert_eq!(end.end, End::Exited(0), "{end}");
    }
}
