use super::*;
use crate::hurd::world::Identity;
use crate::server::proc::ProcServer;
use crate::server::testing::{ask, caller, donated, none, world};
use schemas::server::ProcServer as Named;

fn server() -> (Arc<World>, Named<ProcServer>) {
    let world = world();
    for personality in SYSTEMS {
        world.set_identity(
            personality,
            Identity {
                system: personality.title().into(),
                node: "host".into(),
                release: "14.2-RELEASE".into(),
                version: "a version".into(),
                machine: "amd64".into(),
                number: 1_402_000,
                ..Identity::default()
            },
        );
    }
    let server = Named::new("proc", ProcServer::new(world.clone()));
    (world, server)
}

struct Asked<'a> {
    server: &'a Named<ProcServer>,
    os: Personality,
}

impl Asked<'_> {
    fn get(&self, name: &str, numbers: &[i32], new: Option<&[u8]>) -> Result<Vec<u8>, Errno> {
        let mut caps = none();
        let value = ask!(
            *self.server,
            &caller(self.os),
            system::control,
            SystemControl,
            |p| {
                p.set_name(name);
                p.set_set(new.is_some());
                p.set_value(new.unwrap_or_default());
                let mut list = p.init_numbers(numbers.len() as u32);
                for (index, number) in numbers.iter().enumerate() {
                    list.set(index as u32, *number);
                }
            },
            &mut caps,
            |r| r.get_value().unwrap().to_vec()
        )?;
        if caps.donated.is_empty() {
            return Ok(value);
        }
        let mut file = std::fs::File::from(donated(caps));
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
        Ok(bytes)
    }

    fn int(&self, name: &str) -> i32 {
        i32::from_ne_bytes(self.get(name, &[], None).unwrap().try_into().unwrap())
    }
}

/// What the Go runtime and library ask for on FreeBSD: processors, page size, release date, host name, own path.
#[test]
fn freebsd_go_programs_get_what_they_ask_for() {
    let (world, server) = server();
    let free = Asked { server: &server, os: Personality::FreeBsd };
    assert!(i32::from_ne_bytes(free.get("", &[6, 3], None).unwrap().try_into().unwrap()) >= 1);
    assert_eq!(free.get("", &[6, 7], None).unwrap(), 4096i32.to_ne_bytes());
    assert_eq!(free.int("kern.osreldate"), 1_402_000);
    assert!(free.int("kern.ipc.soacceptqueue") > 0);
    let numbers = free.get("", &[0, 3], Some(b"kern.hostname\0")).unwrap();
    assert_eq!(numbers, [1i32.to_ne_bytes(), 10i32.to_ne_bytes()].concat());
    assert_eq!(free.get("", &[1, 10], None).unwrap(), b"host\0");
    let pid = std::process::id() as i32;
    world.task_started(crate::hurd::world::Guest {
        task: crate::mach::TaskId(1),
        pid,
        personality: Personality::FreeBsd,
        jail: 0,
        command: b"prog".to_vec(),
        path: b"/usr/local/bin/prog".to_vec(),
    });
    assert_eq!(free.get("", &[1, 14, 12, -1], None).unwrap(), b"/usr/local/bin/prog\0");
    assert_eq!(free.get("kern.nothing", &[], None), Err(Errno::NOENT));
    assert_eq!(free.get("kern", &[], None), Err(Errno::ISDIR));
    assert_eq!(free.get("", &[1, 10, 5], None), Err(Errno::NOTDIR));
}

#[test]
fn freebsd_tree_can_be_walked() {
    let (_, server) = server();
    let free = Asked { server: &server, os: Personality::FreeBsd };
    assert_eq!(free.get("", &[0, 1, 1, 14, 12, -1], None).unwrap(), b"kern.proc.pathname.-1\0");
    assert_eq!(free.get("", &[0, 2, 1], None).unwrap(), [1i32.to_ne_bytes(), 1i32.to_ne_bytes()].concat());
    let format = free.get("", &[0, 4, 6, 5], None).unwrap();
    assert_eq!((&format[..4], &format[4..]), (0x8000_0008u32.to_ne_bytes().as_slice(), b"LU\0".as_slice()));
    assert_eq!(free.get("", &[0, 4, 6], None).unwrap()[4..], *b"N\0");
}

#[test]
fn freebsd_process_rows_have_the_layout_of_kinfo_proc() {
    let (_, server) = server();
    let free = Asked { server: &server, os: Personality::FreeBsd };
    let pid = std::process::id() as i32;
    let row = free.get("", &[1, 14, 1, pid], None).unwrap();
    assert_eq!(row.len(), 1088);
    let int = |at: usize| i32::from_ne_bytes(row[at..at + 4].try_into().unwrap());
    assert_eq!((int(0), int(72), int(76)), (1088, pid, std::os::unix::process::parent_id() as i32));
    let all = free.get("", &[1, 14, 0], None).unwrap();
    assert!(all.len().is_multiple_of(1088) && all.len() > 1088);
    let directory = free.get("", &[1, 14, 42, pid], None).unwrap();
    assert_eq!(directory.len(), 1392);
    assert!(directory[368..].starts_with(std::env::current_dir().unwrap().as_os_str().as_encoded_bytes()));
    let arguments = free.get("", &[1, 14, 7, pid], None).unwrap();
    assert!(arguments.ends_with(b"\0"));
    assert!(free.get("", &[1, 14, 1, i32::MAX], None).unwrap().is_empty());
    assert_eq!(free.get("", &[1, 14, 37, pid, 8], None).unwrap().len(), 16);
}

/// NetBSD programs written in Go walk the tree by `CTL_QUERY`.
#[test]
fn netbsd_nodes_are_listed() {
    let (_, server) = server();
    let net = Asked { server: &server, os: Personality::NetBsd };
    let nodes = net.get("", &[QUERY], None).unwrap();
    let names: Vec<(i32, &[u8])> = nodes
        .chunks(96)
        .map(|node| {
            (
                i32::from_ne_bytes(node[4..8].try_into().unwrap()),
                node[8..40].split(|b| *b == 0).next().unwrap(),
            )
        })
        .collect();
    assert!(names.contains(&(1, b"kern".as_slice())) && names.contains(&(6, b"hw".as_slice())));
    let below = net.get("", &[1, QUERY], None).unwrap();
    assert!(below.chunks(96).any(|node| node[8..].starts_with(b"hostname\0")));
    assert_eq!(net.get("", &[1, 10], None).unwrap(), b"host\0");
    assert_eq!(net.get("", &[6, 16], None).unwrap().len(), 4);
    let pid = std::process::id() as i32;
    assert!(net.get("", &[1, 48, pid, 1], None).unwrap().len() > 1);
}

#[test]
fn openbsd_and_dragonfly_have_their_own_numbers() {
    let (_, server) = server();
    let open = Asked { server: &server, os: Personality::OpenBsd };
    assert_eq!(open.get("", &[6, 25], None).unwrap().len(), 4);
    assert_eq!(open.get("", &[1, 27], None).unwrap(), b"a version\0");
    assert_eq!(open.get("", &[6, 19], None).unwrap().len(), 8);
    let dragon = Asked { server: &server, os: Personality::DragonFly };
    assert_eq!(dragon.get("", &[6, 3], None).unwrap().len(), 4);
    assert!(dragon.get("", &[0, 3], Some(b"kern.ipc.somaxconn")).unwrap().len() == 12);
}

#[test]
fn values_change_only_by_leave() {
    let (world, server) = server();
    let free = Asked { server: &server, os: Personality::FreeBsd };
    assert_eq!(free.get("kern.ostype", &[], Some(b"x")), Err(Errno::PERM));
    let renamed = free.get("kern.hostname", &[], Some(b"new\0"));
    if caller(Personality::FreeBsd).credentials.is_root() {
        assert_eq!(renamed.unwrap(), b"host\0", "the old value");
        assert_eq!(world.identity(Personality::FreeBsd).node, "new");
        assert_eq!(world.identity(Personality::NetBsd).node, "new");
    } else {
        assert_eq!(renamed, Err(Errno::PERM));
    }
}

#[test]
fn linux_settings_are_the_hosts() {
    let (_, server) = server();
    let linux = Asked { server: &server, os: Personality::Linux };
    assert_eq!(linux.get("kernel.ostype", &[], None).unwrap(), b"Linux\0");
    assert_eq!(linux.get("kernel../etc/passwd", &[], None), Err(Errno::NOENT));
}

#[test]
fn every_value_can_be_read() {
    let (_, server) = server();
    for os in SYSTEMS {
        let asked = Asked { server: &server, os };
        for leaf in LEAVES.iter().filter(|leaf| leaf.on.contains(&os)) {
            let value = asked.get(leaf.name, &[], None);
            assert!(value.is_ok(), "{os} {}: {value:?}", leaf.name);
        }
    }
}
