//! Guests of several systems on a virtual network, each host of which has a stack of its own: as a user without
//! privilege, where the tests are run by one who has it.

use std::path::Path;

use tests::guest::guest;
use tests::lab::{Lab, SOON};
use tests::process::{End, Running};

#[test]
fn hosts_answer_ping() {
    let lab = Lab::start();
    for to in ["10.1.0.2", "fd00:1::2", "127.0.0.1", "::1", "10.1.0.1"] {
        let outcome = lab.run("ping", &["-c", "2", "-i", "0.2", "-s", "1000", to]);
        assert_eq!(outcome.end, End::Exited(0), "{outcome}");
        assert!(outcome.text().contains("2 packets transmitted, 2 received, 0% packet loss"), "{outcome}");
        assert!(outcome.text().contains("icmp_seq=2 ttl=64 time="), "{outcome}");
    }
    let nobody = lab.run("ping", &["-c", "1", "-W", "1", "10.1.0.99"]);
    assert_eq!(nobody.end, End::Exited(1), "{nobody}");
    let nowhere = lab.run("ping", &["-c", "1", "192.0.2.1"]);
    assert!(nowhere.errors().contains("Network is unreachable"), "{nowhere}");
}

#[test]
fn datagrams_longer_than_the_link_carries_are_taken_apart() {
    let lab = Lab::start();
    for host in ["a", "b"] {
        let words = ["link", "set", "eth0", "mtu", "1500"];
        lab.guest(Some(host), &guest("ip").path, &words).finish(SOON).succeeded();
    }
    let capturing = tcpdump(&lab, "b", "eth0", &["-c", "3", "src host 10.1.0.1 and ip"]);
    for to in ["10.1.0.2", "fd00:1::2"] {
        let outcome = lab.run("ping", &["-c", "2", "-i", "0.2", "-s", "4000", to]);
        assert!(outcome.text().contains("2 packets transmitted, 2 received, 0% packet loss"), "{outcome}");
    }
    let seen = capturing.finish(SOON);
    assert!(seen.text().contains("length 1480") && seen.text().contains("ip-proto-1"), "{seen}");
}

#[test]
fn freebsd_and_linux_programs_talk_over_the_network() {
    let lab = Lab::start();
    let talker = guest("freebsd-talker");
    let (bsd, linux) = (lab.copied(&talker.path, "bsd"), lab.copied(&talker.twin, "linux"));
    for (server, client, address) in [(&bsd, &linux, "10.1.0.2:7000"), (&linux, &bsd, "[fd00:1::1]:7000")] {
        let serving = lab.guest(None, server, &["serve", address]);
        serving.expect_output("listening", SOON);
        let asked = lab.guest(None, client, &["ask", address, "hello"]).finish(SOON);
        let expected = format!("tcp: \"HELLO\\n\" from {address}\nlong: true\nudp: \"HELLO\"\n");
        assert_eq!((asked.end, asked.text()), (End::Exited(0), expected), "{asked}");
        assert_eq!(lab.guest(None, client, &["quit", address]).finish(SOON).end, End::Exited(0));
        assert_eq!(serving.finish(SOON).end, End::Exited(0));
    }
    // The network is the guests' own: nothing of it is on the host.
    let refused = lab.guest(None, &bsd, &["ask", "10.1.0.1:7000", "x"]).finish(SOON);
    assert!(refused.text().contains("connection refused"), "{refused}");
    let own = lab.guest(None, &bsd, &["interfaces"]).finish(SOON);
    assert!(own.text().contains("10.1.0.2/24 fd00:1::2/64") && own.text().contains("127.0.0.1/8"), "{own}");
}

#[test]
fn curl_fetches_from_nginx_and_python() {
    let lab = Lab::start();
    let write = |name: &str, text: &str| {
        let path = lab.folder().join(name);
        std::fs::write(&path, text).expect("the folder is ours");
    };
    write("index.html", "<h1>It is served</h1>\n");
    write("large.txt", &"0123456789abcde\n".repeat(200_000));
    write(
        "nginx.conf",
        "daemon off; pid nginx.pid; error_log stderr notice; events { worker_connections 64; }\n\
         http { access_log off; sendfile on; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;\n\
         uwsgi_temp_path t4; scgi_temp_path t5; server { listen 10.1.0.2:80; root .; } }\n",
    );
    let nginx = lab.guest(Some("b"), &guest("nginx").path, &["-p", ".", "-c", "nginx.conf", "-e", "stderr"]);
    nginx.expect_errors("start worker process", SOON);
    let python = Path::new("/usr/bin/python3");
    let serving = lab.guest(Some("b"), python, &["-u", "-m", "http.server", "-b", "10.1.0.2", "8000"]);
    serving.expect_output("Serving", SOON);
    for port in [80, 8000] {
        let url = format!("http://10.1.0.2:{port}");
        let page = lab.run("curl", &["-sS", &format!("{url}/index.html")]);
        assert_eq!(page.text(), "<h1>It is served</h1>\n", "{page}");
        let large = lab
            .run("curl", &["-sS", "-w", "%{size_download}", "-o", "/dev/null", &format!("{url}/large.txt")]);
        assert_eq!(large.text(), "3200000", "{large}");
    }
    let refused = lab.run("curl", &["-sS", "http://10.1.0.2:81/"]);
    assert_eq!(refused.end, End::Exited(7), "{refused}");
    nginx.signal(rustix::process::Signal::QUIT);
    assert_eq!(nginx.finish(SOON).end, End::Exited(0));
    serving.signal(rustix::process::Signal::INT);
    serving.finish(SOON);
}

#[test]
fn iperf3_measures_the_network() {
    let lab = Lab::start();
    let iperf = guest("iperf3").path;
    let server = lab.guest(Some("b"), &iperf, &["-s", "-1", "--forceflush"]);
    server.expect_output("listening", SOON);
    let measured = lab.guest(None, &iperf, &["-c", "10.1.0.2", "-t", "2", "-J"]).finish(SOON);
    assert_eq!(measured.end, End::Exited(0), "{measured}");
    let report: serde_json::Value = serde_json::from_str(&measured.text()).expect("iperf3 writes JSON");
    let rate = report["end"]["sum_received"]["bits_per_second"].as_f64().expect("a number");
    println!("{:.2} Gbit/s between two guests", rate / 1e9);
    assert!(rate > 1e8, "{rate}");
    server.finish(SOON);
}

#[test]
fn ip_shows_and_changes_interfaces_and_routes() {
    let lab = Lab::start();
    let ip = |arguments: &str| {
        let words: Vec<_> = arguments.split(' ').collect();
        lab.run("ip", &words)
    };
    let shown = ip("-br address");
    let text = shown.text();
    assert!(text.contains("10.1.0.1/24 fd00:1::1/64") && text.contains("127.0.0.1/8"), "{shown}");
    for (change, shows, part) in [
        ("link set dev eth0 mtu 1400", "link show eth0", "mtu 1400"),
        ("address add 10.9.0.1/16 dev eth0", "address show dev eth0", "inet 10.9.0.1/16 brd 10.9.255.255"),
        ("route add 10.8.0.0/16 via 10.9.0.7", "route", "10.8.0.0/16 via 10.9.0.7 dev eth0"),
        ("-6 route add fd00:8::/48 via fd00:1::7", "-6 route", "fd00:8::/48 via fd00:1::7 dev eth0"),
        ("route get 10.8.1.1", "route get 10.8.1.1", "10.8.1.1 via 10.9.0.7 dev eth0 src 10.9.0.1"),
        ("route add default via 10.1.0.2", "route", "default via 10.1.0.2 dev eth0"),
        (
            "neigh add 10.1.0.9 lladdr 02:00:00:00:00:09 dev eth0",
            "neigh",
            "10.1.0.9 dev eth0 lladdr 02:00:00:00:00:09 PERMANENT",
        ),
        ("link set dev eth0 down", "link show eth0", "state DOWN"),
    ] {
        let changed = ip(change);
        assert_eq!((changed.end, changed.errors()), (End::Exited(0), String::new()), "{change}: {changed}");
        let shown = ip(shows);
        assert!(shown.text().contains(part), "{shows}: {shown}");
    }
    let again = ip("address add 10.9.0.1/16 dev eth0");
    assert!(again.errors().contains("File exists"), "{again}");
    let down = lab.run("ping", &["-c", "1", "10.1.0.2"]);
    assert!(down.errors().contains("Network is unreachable"), "{down}");
}

#[test]
fn tools_and_the_command_line_show_the_same_network() {
    let lab = Lab::start();
    let listening = lab.guest(
        None,
        Path::new("/usr/bin/python3"),
        &["-u", "-m", "http.server", "-b", "10.1.0.1", "8000"],
    );
    listening.expect_output("Serving", SOON);
    let shown = lab.run("ifconfig", &["eth0"]);
    assert!(shown.text().contains("inet 10.1.0.1  netmask 255.255.255.0  broadcast 10.1.0.255"), "{shown}");
    assert!(shown.text().contains("inet6 fd00:1::1  prefixlen 64"), "{shown}");
    let changed = lab.run("ifconfig", &["eth0", "10.7.0.1", "netmask", "255.255.0.0", "mtu", "1400"]);
    assert_eq!(changed.end, End::Exited(0), "{changed}");
    let shown = lab.run("ifconfig", &["-a"]);
    assert!(shown.text().contains("inet 10.7.0.1  netmask 255.255.0.0"), "{shown}");
    assert!(
        shown.text().contains("mtu 1400") && shown.text().contains("lo: flags=73<UP,LOOPBACK,RUNNING>"),
        "{shown}"
    );
    let routes = lab.run("netstat", &["-rn"]);
    assert!(routes.text().contains("10.7.0.0        0.0.0.0         255.255.0.0     U"), "{routes}");
    let sockets = lab.run("netstat", &["-tln"]);
    assert!(sockets.text().contains("10.1.0.1:8000           0.0.0.0:*               LISTEN"), "{sockets}");
    let sockets = lab.run("ss", &["-tln"]);
    assert!(sockets.text().contains("10.1.0.1:8000"), "{sockets}");
    let json = |what: &str| -> serde_json::Value {
        let told = lab.ask(&["net", what, "--world", "lab", "--json"]).succeeded();
        serde_json::from_str(&told.text()).expect("it is JSON")
    };
    let interfaces = json("interfaces");
    let of = |server: &str| {
        let all = interfaces.as_array().expect("a list").iter();
        all.filter(|one| one["server"] == server && one["name"] == "eth0").collect::<Vec<_>>()
    };
    assert_eq!((of("a").len(), of("b").len()), (1, 1), "{interfaces}");
    let addresses = of("a")[0]["addresses"].as_array().expect("a list");
    assert!(of("a")[0]["mtu"] == 1400 && addresses.contains(&"10.7.0.1/16".into()), "{interfaces}");
    let routes = json("routes");
    let default = |one: &&serde_json::Value| one["server"] == "b" && one["destination"] == "default";
    let found = routes.as_array().expect("a list").iter().find(default).expect("the deployment says so");
    assert_eq!(found["gateway"], "10.1.0.1");
    let sockets = lab.ask(&["net", "sockets", "--world", "lab", "--server", "a"]).succeeded();
    let line = sockets.text().lines().find(|line| line.contains("10.1.0.1:8000")).map(str::to_owned);
    assert!(line.is_some_and(|line| line.contains("tcp") && line.contains("listen")), "{sockets}");
    listening.signal(rustix::process::Signal::INT);
    listening.finish(SOON);
}

/// Starts tcpdump on an interface of a host, which ends after some packets.
fn tcpdump(lab: &Lab, host: &str, interface: &str, words: &[&str]) -> Running {
    let arguments = [&["-i", interface, "-n", "-l", "--immediate-mode"][..], words].concat();
    let capturing = lab.guest(Some(host), &guest("tcpdump").path, &arguments);
    capturing.expect_errors("listening on", SOON);
    capturing
}

#[test]
fn tcpdump_captures_on_the_interfaces_of_its_own_host() {
    let lab = Lab::start();
    let list = lab.guest(Some("b"), &guest("tcpdump").path, &["-D"]).finish(SOON);
    assert!(list.text().contains("eth0 [Up, Running, Connected]"), "{list}");
    assert!(list.text().contains("lo [Up, Running, Loopback]"), "{list}");
    let here = tcpdump(&lab, "a", "eth0", &["-c", "4", "-w", "eth0.pcap", "icmp"]);
    let there = tcpdump(&lab, "b", "any", &["-c", "2", "icmp"]);
    let loopback = tcpdump(&lab, "a", "lo", &["-c", "2"]);
    for to in ["10.1.0.2", "127.0.0.1"] {
        lab.run("ping", &["-c", "2", "-i", "0.2", "-s", "1000", to]).succeeded();
    }
    assert!(here.finish(SOON).errors().contains("4 packets captured"));
    let there = there.finish(SOON);
    let expected =
        ["eth0  In  IP 10.1.0.1 > 10.1.0.2: ICMP echo request", "eth0  Out IP 10.1.0.2 > 10.1.0.1: ICMP"];
    assert!(expected.iter().all(|line| there.text().contains(line)), "{there}");
    let loopback = loopback.finish(SOON);
    assert!(loopback.text().contains("127.0.0.1 > 127.0.0.1: ICMP echo request"), "{loopback}");
    let read = lab.run("tcpdump", &["-n", "-r", "eth0.pcap"]);
    let lines: Vec<_> = read.text().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 4, "{read}");
    for (line, part) in lines.iter().zip([
        "10.1.0.1 > 10.1.0.2: ICMP echo request",
        "10.1.0.2 > 10.1.0.1: ICMP echo reply",
        "10.1.0.1 > 10.1.0.2: ICMP echo request",
        "10.1.0.2 > 10.1.0.1: ICMP echo reply",
    ]) {
        assert!(line.contains(part) && line.ends_with("length 1008"), "{line}");
    }
}

#[test]
fn arping_and_nmap_find_hosts_and_ports() {
    let lab = Lab::start();
    let answered = lab.run("arping", &["-c", "2", "-I", "eth0", "10.1.0.2"]);
    assert_eq!(answered.end, End::Exited(0), "{answered}");
    assert!(answered.text().contains("Received 2 response(s)"), "{answered}");
    let nobody = lab.run("arping", &["-c", "1", "-w", "1", "-I", "eth0", "10.1.0.9"]);
    assert!(nobody.text().contains("Received 0 response(s)"), "{nobody}");
    let python = Path::new("/usr/bin/python3");
    let serving = lab.guest(Some("b"), python, &["-u", "-m", "http.server", "-b", "10.1.0.2", "8000"]);
    serving.expect_output("Serving", SOON);
    let found = lab.run("nmap", &["-n", "-sn", "10.1.0.1-3"]);
    assert!(found.text().contains("3 IP addresses (2 hosts up) scanned"), "{found}");
    let ports = lab.run("nmap", &["-n", "-sT", "-p", "7990-8010", "10.1.0.2"]);
    assert!(ports.text().contains("8000/tcp open"), "{ports}");
    assert_eq!(ports.text().matches("/tcp closed").count(), 20, "{ports}");
    serving.signal(rustix::process::Signal::INT);
    serving.finish(SOON);
}

/// What scapy does on one host, and what it then saw on the other.
const SCAPY_SENDS: &str = r#"
from scapy.all import *
conf.verb = 0
for number in range(3):
    sendp(Ether(dst="ff:ff:ff:ff:ff:ff") / IP(src="10.1.0.1", dst="10.1.0.2") / UDP(sport=5, dport=4000)
          / ("packet %d" % number), iface="eth0")
print("ping", sr1(IP(dst="10.1.0.2") / ICMP() / b"hello", timeout=9)[Raw].load)
answered, _ = srp(Ether(dst="ff:ff:ff:ff:ff:ff") / ARP(pdst="10.1.0.2"), timeout=9, iface="eth0")
print("arp", len(answered), answered[0][1].psrc)
"#;
const SCAPY_SNIFFS: &str = r#"
from scapy.all import *
conf.verb = 0
for packet in sniff(iface="eth0", filter="udp port 4000", count=3, timeout=25,
                    started_callback=lambda: print("listening", flush=True)):
    print(packet[IP].src, packet[UDP].sport, packet[Raw].load)
"#;

#[test]
fn scapy_sends_and_sniffs() {
    let lab = Lab::start();
    guest("python3-scapy");
    for (name, text) in [("send.py", SCAPY_SENDS), ("sniff.py", SCAPY_SNIFFS)] {
        std::fs::write(lab.folder().join(name), text).expect("the folder is ours");
    }
    let python = Path::new("/usr/bin/python3");
    let sniffing = lab.guest(Some("b"), python, &["sniff.py"]);
    sniffing.expect_output("listening", SOON);
    let sent = lab.guest(Some("a"), python, &["send.py"]).finish(SOON);
    assert_eq!(sent.text(), "ping b'hello'\narp 1 10.1.0.2\n", "{sent}");
    let seen = sniffing.finish(SOON);
    let lines: String = (0..3).map(|number| format!("10.1.0.1 5 b'packet {number}'\n")).collect();
    assert_eq!(seen.text(), format!("listening\n{lines}"), "{seen}");
}

/// Answers questions for addresses (RFC 1035): over UDP that the answer is too long, unless the name is short, and over TCP
/// in full.
const NAME_SERVER: &str = r#"
import socket, struct, threading
def answer(question, truncated):
    name = question[12:question.index(b"\0", 12) + 5]
    flags = 0x8600 if truncated else 0x8400
    head = question[:2] + struct.pack(">HHHHH", flags, 1, 0 if truncated else 1, 0, 0)
    record = b"" if truncated else b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes([192, 0, 2, 7])
    return head + name + record
def over_tcp():
    listener = socket.create_server(("10.1.0.2", 53))
    while True:
        connection, _ = listener.accept()
        length = struct.unpack(">H", connection.recv(2, socket.MSG_WAITALL))[0]
        reply = answer(connection.recv(length, socket.MSG_WAITALL), False)
        connection.sendall(struct.pack(">H", len(reply)) + reply)
        connection.close()
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("10.1.0.2", 53))
threading.Thread(target=over_tcp, daemon=True).start()
print("ready", flush=True)
while True:
    question, who = server.recvfrom(4096)
    server.sendto(answer(question, question[12] > 8), who)
"#;

#[test]
fn dig_and_nslookup_ask_a_name_server() {
    let lab = Lab::start();
    std::fs::write(lab.folder().join("names.py"), NAME_SERVER).expect("the folder is ours");
    let serving = lab.guest(Some("b"), Path::new("/usr/bin/python3"), &["names.py"]);
    serving.expect_output("ready", SOON);
    for (name, flags) in [("short.test", "+noedns"), ("long-enough.test", "+noedns"), ("short.test", "+tcp")]
    {
        let told = lab.run("dig", &["@10.1.0.2", name, "A", flags]);
        assert!(told.text().contains("IN\tA\t192.0.2.7"), "{told}");
        let over = if name.starts_with("long") || flags == "+tcp" { "(TCP)" } else { "(UDP)" };
        assert!(told.text().contains(&format!("SERVER: 10.1.0.2#53(10.1.0.2) {over}")), "{told}");
    }
    let told = lab.run("nslookup", &["-type=A", "short.test", "10.1.0.2"]);
    assert!(told.text().contains("Name:\tshort.test\nAddress: 192.0.2.7"), "{told}");
    let nobody = lab.run("dig", &["@10.1.0.1", "short.test", "+tries=1", "+timeout=2"]);
    assert!(nobody.text().contains("connection refused"), "{nobody}");
    serving.signal(rustix::process::Signal::TERM);
    serving.finish(SOON);
}
