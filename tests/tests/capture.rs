//! Packets of an interface within the world, seen by unmodified programs of two systems at the same time, without any
//! privilege.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tests::guest::{guest, mapper};
use tests::manifest::package_folder;
use tests::process::{End, Input, Outcome, Running};

/// Who sends and who receives, on an interface of Ethernet.
const ETHERNET: [u8; 12] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];

/// An IPv4 packet in a frame.
fn frame(protocol: u8, contents: &[u8]) -> Vec<u8> {
    let length = (20 + contents.len()) as u16;
    let mut header = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 9, 0, 2, 10, 9, 0, 1];
    header[2..4].copy_from_slice(&length.to_be_bytes());
    [&ETHERNET[..], &[8, 0], &header, contents].concat()
}

fn datagram(port: u16, payload: &[u8]) -> Vec<u8> {
    let length = (8 + payload.len()) as u16;
    let numbers = [40_000, port, length, 0].map(u16::to_be_bytes).concat();
    frame(17, &[&numbers, payload].concat())
}

/// Datagrams of all lengths to one port, with others in between that a filter has to tell from them.
fn traffic() -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for number in 0..24u8 {
        frames.push(datagram(4000, &vec![number; usize::from(number) * 60]));
        match number % 3 {
            0 => frames.push(datagram(4001, &[number])),
            1 => frames.push(frame(6, &[number; 20])),
            _ => frames.push([&ETHERNET[..], &[8, 6], &[number; 28]].concat()),
        }
    }
    frames
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The packets of a file in the format of pcap-savefile(5): length on the wire and bytes.
fn saved(file: &Path) -> Vec<(usize, Vec<u8>)> {
    let bytes = fs::read(file).unwrap();
    assert_eq!(bytes[..4], 0xa1b2_c3d4u32.to_ne_bytes());
    let mut packets = Vec::new();
    let mut rest = &bytes[24..];
    while !rest.is_empty() {
        let word = |at: usize| u32::from_ne_bytes(*rest[at..].first_chunk().unwrap()) as usize;
        let (captured, length) = (word(8), word(12));
        packets.push((length, rest[16..16 + captured].to_vec()));
        rest = &rest[16 + captured..];
    }
    packets
}

fn deployment() -> PathBuf {
    package_folder().join("deployments/capture.toml")
}

/// A folder that everybody may use, with copies of these files.
fn folder(files: &[&Path]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    for file in files {
        let copy = folder.path().join(file.file_name().unwrap());
        fs::copy(file, &copy).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

/// Runs a script of bash in a folder that has the mapper and the deployment, as one who may do nothing special.
fn run(folder: &Path, script: &str) -> Outcome {
    let bash = guest("bash");
    let mut command = Command::new("./mapper");
    if rustix::process::geteuid().is_root() {
        command = Command::new("setpriv");
        // The user and group nobody, nogroup (Debian Policy 9.2.2).
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "./mapper"]);
    }
    command.args(["run", "--deployment", "capture.toml", "--"]).arg(&bash.path);
    command.args(["-euc", script]).current_dir(folder);
    Running::start(command, &Input::Nothing, &format!("capture-{}", folder.display()))
        .finish(Duration::from_secs(60))
}

#[test]
fn tcpdump_and_gopacket_see_what_was_sent_packet_by_packet() {
    let (tcpdump, tunnel, capture) = (guest("tcpdump"), guest("linux-tunnel"), guest("freebsd-capture"));
    let folder = folder(&[mapper(), &deployment(), &tunnel.path, &capture.path]);
    let sent = traffic();
    let lines: String = sent.iter().map(|frame| hexadecimal(frame) + "\n").collect();
    fs::write(folder.path().join("frames"), lines).unwrap();
    let script = format!(
        "mkfifo in
        until_says() {{ until grep -q \"$1\" \"$2\"; do sleep 0.02; done; }}
        ./tunnel tap0 < in > said_by_tunnel & exec 9> in
        until_says up said_by_tunnel
        {tcpdump} -i tap0 -c 24 -w all.pcap udp port 4000 2> all & all=$!
        {tcpdump} -i tap0 --immediate-mode -c 16 -s 50 -w cut.pcap 'tcp or arp' 2> cut & cut=$!
        ./capture tap0 {count} > captured & captured=$!
        until_says listening all; until_says listening cut; until_says listening captured
        cat frames >&9
        wait $all; wait $cut; wait $captured
        {tcpdump} -n -r all.pcap 'greater 1000' 2> /dev/null | wc -l
        cat all cut",
        tcpdump = tcpdump.path.display(),
        count = sent.len(),
    );
    let outcome = run(folder.path(), &script);
    assert_eq!(outcome.end, End::Exited(0), "{outcome}");
    let said = outcome.text();
    // Payloads from 960 bytes on.
    assert_eq!(said.lines().next().map(str::trim), Some("8"), "{outcome}");
    assert!(said.contains("24 packets captured"), "{outcome}");
    assert!(
        said.contains("16 packets captured\n16 packets received by filter\n0 packets dropped"),
        "{outcome}"
    );

    let chosen: Vec<_> =
        sent.iter().filter(|frame| frame.get(36..38) == Some(&[15, 160][..])).cloned().collect();
    assert_eq!(chosen.len(), 24);
    let all = saved(&folder.path().join("all.pcap"));
    assert_eq!(all, chosen.iter().map(|frame| (frame.len(), frame.clone())).collect::<Vec<_>>());
    let others = sent.iter().filter(|frame| frame[23] == 6 || frame[12..14] == [8, 6]);
    let cut: Vec<_> = others.map(|frame| (frame.len(), frame[..frame.len().min(50)].to_vec())).collect();
    assert_eq!(saved(&folder.path().join("cut.pcap")), cut);
    let captured = fs::read_to_string(folder.path().join("captured")).unwrap();
    let seen: Vec<&str> = captured.lines().skip(1).collect();
    assert_eq!(seen, sent.iter().map(|frame| hexadecimal(frame)).collect::<Vec<_>>());
}

#[test]
fn descriptors_of_bpf_and_tap_do_what_freebsd_says() {
    let packets = guest("freebsd-packets");
    let deployment = deployment();
    let flags = ["--deployment", deployment.to_str().unwrap()];
    let side = packets.case([""; 0]).flags(&flags).timeout(Duration::from_secs(60)).run();
    assert_eq!((side.outcome.end, side.outcome.text().as_str()), (End::Exited(0), ""), "{}", side.outcome);
}

#[test]
fn a_capture_ends_when_its_interface_goes() {
    let (tcpdump, tunnel) = (guest("tcpdump"), guest("linux-tunnel"));
    let folder = folder(&[mapper(), &deployment(), &tunnel.path]);
    let script = format!(
        "mkfifo in
        until_says() {{ until grep -q \"$1\" \"$2\"; do sleep 0.02; done; }}
        ./tunnel tun0 < in > said_by_tunnel & exec 9> in
        until_says up said_by_tunnel
        {tcpdump} -i tun0 -n > seen 2> said 9>&- & pid=$!
        until_says listening said
        echo 4500001c0000000040116cb20a0900020a0900019c400fa00008 >&9
        exec 9>&-
        wait $pid || echo status $?
        cat said",
        tcpdump = tcpdump.path.display(),
    );
    let outcome = run(folder.path(), &script);
    let said = outcome.text();
    assert_eq!(outcome.end, End::Exited(0), "{outcome}");
    assert!(said.contains("link-type RAW") && said.contains("status 1"), "{outcome}");
    assert!(said.contains("1 packet received by filter"), "{outcome}");
}
