//! `devfs`: the devices that guests find under `/dev`.
//!
//! Those of every system (`null`, `zero`, `random` …) and terminals are the host's, donated. Those of residual servers
//! are listed here and opened by their servers, to which the mapper routes these paths.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::pty::OpenptFlags;
use schemas::common::Capability;
use schemas::server::Caller;
use schemas::{Errno, Personality};

use super::listing::{Entry, Kind};
use super::reserved;
use super::status::MadeUp;
use super::translator::{Backing, Hooks, Link, Node, Opened, Translator, inode, open_host};
use crate::host::{HostResult, identity::acting_as, process};
use crate::hurd::world::{DeviceNode, World};

/// Host nodes that are donated, and the systems that do not have them (`null(4)`, `random(4)`, `full(4)` of each).
const NODES: &[(&[u8], &[Personality])] = &[
    (b"null", &[]),
    (b"zero", &[]),
    (b"full", &[Personality::NetBsd, Personality::OpenBsd]),
    (b"random", &[]),
    (b"urandom", &[]),
    (b"tty", &[]),
];
/// Names of the first three descriptors.
const STANDARD: [&[u8]; 3] = [b"stdin", b"stdout", b"stderr"];

/// A new translator.
pub fn devfs(world: Arc<World>) -> Translator<Devfs> {
    Translator::new(world.clone(), Devfs { world })
}

/// The hooks.
pub struct Devfs {
    world: Arc<World>,
}

/// What is at a path.
enum Place {
    Folder,
    /// A folder in which residual servers have nodes.
    DeviceFolder,
    Node(Vec<u8>),
    /// The multiplexer that makes pseudo-terminals.
    Multiplexer,
    Terminals,
    Terminal(u32),
    Descriptors,
    Descriptor(i32),
    Device(DeviceNode),
}

fn number<T: std::str::FromStr>(name: &[u8]) -> Option<T> {
    let plain = name == b"0" || !name.starts_with(b"0") && name.iter().all(u8::is_ascii_digit);
    if plain { std::str::from_utf8(name).ok()?.parse().ok() } else { None }
}

fn host(path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    rustix::fs::open([b"/dev/", path].concat(), flags | OFlags::CLOEXEC, Mode::empty()).host()
}

impl Devfs {
    fn place(&self, caller: &Caller, path: &[&[u8]]) -> Result<Place, Errno> {
        let place = match path {
            [] => Some(Place::Folder),
            [b"ptmx"] => Some(Place::Multiplexer),
            [b"pts"] => Some(Place::Terminals),
            [b"pts", name] => number(name).map(Place::Terminal),
            [b"fd"] => Some(Place::Descriptors),
            [b"fd", name] => number(name).map(Place::Descriptor),
            [name] => match STANDARD.iter().position(|standard| standard == name) {
                Some(index) => Some(Place::Descriptor(index as i32)),
                None => self.has_node(caller, name).then(|| Place::Node(name.to_vec())),
            },
            _ => None,
        };
        place.or_else(|| self.device(caller, path)).ok_or(Errno::NOENT)
    }

    fn has_node(&self, caller: &Caller, name: &[u8]) -> bool {
        NODES.iter().any(|(node, without)| *node == name && !without.contains(&caller.personality))
    }

    fn devices(&self, caller: &Caller) -> Vec<DeviceNode> {
        let bit = caller.personality.bit();
        let devices = self.world.devices();
        devices
            .iter()
            .filter(|device| device.personalities == 0 || device.personalities & bit != 0)
            .cloned()
            .collect()
    }

    fn device(&self, caller: &Caller, path: &[&[u8]]) -> Option<Place> {
        let path = path.join(&b'/');
        let devices = self.devices(caller);
        if let Some(device) = devices.iter().find(|device| device.path == path) {
            return Some(Place::Device(device.clone()));
        }
        let below = [path.as_slice(), b"/"].concat();
        devices.iter().any(|device| device.path.starts_with(&below)).then_some(Place::DeviceFolder)
    }

    /// The guest's descriptors, those of its stub left out.
    fn descriptors(&self, caller: &Caller) -> Result<Vec<i32>, Errno> {
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(format!("/proc/{}/fd", caller.pid)).host()? {
            numbers.extend(entry.host()?.file_name().to_str().and_then(|name| name.parse::<i32>().ok()));
        }
        let reserved = reserved::descriptors(caller.pid);
        numbers.retain(|number| !reserved.contains(number));
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// What is found directly in a folder of residual servers' nodes.
    fn device_entries(&self, caller: &Caller, folder: &[&[u8]]) -> Vec<Entry> {
        let prefix =
            if folder.is_empty() { Vec::new() } else { [folder.join(&b'/').as_slice(), b"/"].concat() };
        let mut entries: Vec<Entry> = Vec::new();
        for device in self.devices(caller) {
            let Some(rest) = device.path.strip_prefix(prefix.as_slice()) else { continue };
            let (name, kind) = match rest.iter().position(|byte| *byte == b'/') {
                Some(slash) => (&rest[..slash], Kind::Directory),
                None if device.block => (rest, Kind::Block),
                None => (rest, Kind::Character),
            };
            if !name.is_empty() && !entries.iter().any(|entry| entry.name == name) {
                entries.push(entry(folder, name, kind));
            }
        }
        entries
    }
}

fn entry(folder: &[&[u8]], name: &[u8], kind: Kind) -> Entry {
    Entry { name: name.to_vec(), inode: inode(&[folder, &[name]].concat()), kind }
}

fn made_up(path: &[&[u8]], kind: Kind, mode: u32) -> Node {
    let format = match kind {
        Kind::Directory => libc::S_IFDIR,
        Kind::Link => libc::S_IFLNK,
        Kind::Block => libc::S_IFBLK,
        Kind::Character => libc::S_IFCHR,
        Kind::Regular => libc::S_IFREG,
    };
    let made = process::boot_time().unwrap_or(0);
    let file = MadeUp { mode: format | mode, inode: inode(path), made, ..MadeUp::default() };
    Node { kind, backing: Backing::MadeUp(file) }
}

/// How the caller's descriptors are reached: the host lets whoever may debug a process open them again.
fn descriptor_path(caller: &Caller, number: i32) -> Result<String, Errno> {
    if reserved::descriptors(caller.pid).contains(&number) {
        return Err(Errno::NOENT);
    }
    Ok(format!("/proc/{}/fd/{number}", caller.pid))
}

impl Hooks for Devfs {
    fn find(&self, caller: &Caller, path: &[&[u8]]) -> Result<Node, Errno> {
        let on_host = |path: &[u8]| {
            let file = host(path, OFlags::PATH)?;
            Ok(Node { kind: Kind::Character, backing: Backing::Host(file) })
        };
        match self.place(caller, path)? {
            Place::Folder | Place::DeviceFolder | Place::Terminals | Place::Descriptors => {
                Ok(made_up(path, Kind::Directory, 0o755))
            }
            Place::Node(name) => on_host(&name),
            Place::Multiplexer => on_host(b"ptmx"),
            Place::Terminal(number) => on_host(format!("pts/{number}").as_bytes()),
            Place::Descriptor(number) => {
                let path_there = descriptor_path(caller, number)?;
                rustix::fs::lstat(path_there).host()?;
                Ok(made_up(path, Kind::Link, 0o777))
            }
            Place::Device(device) => {
                Ok(made_up(path, if device.block { Kind::Block } else { Kind::Character }, 0o666))
            }
        }
    }

    fn list(&self, caller: &Caller, path: &[&[u8]]) -> Result<Vec<Entry>, Errno> {
        match self.place(caller, path)? {
            Place::Folder => {
                let nodes = NODES.iter().map(|(name, _)| *name).chain([b"ptmx".as_slice()]);
                let nodes = nodes.filter(|name| *name == b"ptmx" || self.has_node(caller, name));
                let mut entries: Vec<Entry> = nodes.map(|name| entry(path, name, Kind::Character)).collect();
                entries.extend([b"pts".as_slice(), b"fd"].map(|name| entry(path, name, Kind::Directory)));
                entries.extend(STANDARD.map(|name| entry(path, name, Kind::Link)));
                let own: Vec<Entry> = self.device_entries(caller, path);
                entries.extend(own.into_iter().filter(|entry| !is_common(&entry.name)));
                Ok(entries)
            }
            Place::DeviceFolder => Ok(self.device_entries(caller, path)),
            Place::Terminals => {
                let mut entries = Vec::new();
                for found in std::fs::read_dir("/dev/pts").host()? {
                    let name = found.host()?.file_name();
                    let name = name.as_encoded_bytes();
                    if number::<u32>(name).is_some() {
                        entries.push(entry(path, name, Kind::Character));
                    }
                }
                Ok(entries)
            }
            Place::Descriptors => {
                let numbers = self.descriptors(caller)?;
                Ok(numbers
                    .iter()
                    .map(|number| entry(path, number.to_string().as_bytes(), Kind::Link))
                    .collect())
            }
            _ => Err(Errno::NOTDIR),
        }
    }

    fn open(&self, caller: &Caller, path: &[&[u8]], flags: OFlags) -> Result<Opened, Errno> {
        let file = match self.place(caller, path)? {
            // Which terminal this is depends on who opens it, and others can make an opener wait: the guest opens it.
            Place::Node(name) if name == b"tty" => host(&name, OFlags::PATH)?,
            Place::Terminal(number) => host(format!("pts/{number}").as_bytes(), OFlags::PATH)?,
            Place::Node(name) => {
                let file = host(&name, OFlags::PATH)?;
                acting_as(&caller.credentials, || open_host(file, flags))?
            }
            Place::Multiplexer if flags.contains(OFlags::PATH) => host(b"ptmx", OFlags::PATH)?,
            Place::Multiplexer => open_multiplexer(flags)?,
            Place::Descriptor(number) => {
                let path = descriptor_path(caller, number)?;
                acting_as(&caller.credentials, || {
                    let file =
                        rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).host()?;
                    let kind = FileType::from_raw_mode(rustix::fs::fstat(&file).host()?.st_mode);
                    // A pipe, socket or terminal could make the opener wait.
                    if kind == FileType::RegularFile { open_host(file, flags) } else { Ok(file) }
                })?
            }
            Place::Device(_) => return Err(Errno::NXIO),
            _ => return Err(Errno::ISDIR),
        };
        Ok(Opened { file, kind: Capability::Descriptor })
    }

    fn read_link(&self, caller: &Caller, path: &[&[u8]]) -> Result<Vec<u8>, Errno> {
        match self.place(caller, path)? {
            Place::Descriptor(number) => {
                let link =
                    rustix::fs::readlink(descriptor_path(caller, number)?, Vec::new()).host()?.into_bytes();
                Ok(self.world.mounts.guest_path(&link, caller.personality).unwrap_or(link))
            }
            _ => Err(Errno::INVAL),
        }
    }

    fn follow(&self, _: &Caller, _: &[&[u8]]) -> Result<Link, Errno> {
        Ok(Link::Direct)
    }

    fn filesystem(&self) -> (u64, &'static str) {
        (0x1373, "devfs")
    }
}

fn is_common(name: &[u8]) -> bool {
    NODES.iter().any(|(node, _)| *node == name)
        || STANDARD.contains(&name)
        || [b"ptmx".as_slice(), b"pts", b"fd"].contains(&name)
}

fn open_multiplexer(flags: OFlags) -> Result<OwnedFd, Errno> {
    let master =
        rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).host()?;
    if flags.contains(OFlags::NONBLOCK) {
        crate::host::raw::control(&master, libc::F_SETFL, i64::from(libc::O_RDWR | libc::O_NONBLOCK))?;
    }
    Ok(master)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hurd::mounts::{MountKind, MountPoint};
    use crate::server::testing::{ask, caller, donated, none, world};
    use schemas::server::{Capabilities, FsServer};

    struct Fixture {
        world: Arc<World>,
        server: FsServer<Translator<Devfs>>,
        caller: Caller,
    }

    fn fixture(personality: Personality) -> Fixture {
        let world = world();
        world.mounts.set(vec![MountPoint {
            identifier: 1,
            prefix: b"/dev".into(),
            personalities: 0,
            kind: MountKind::Server("devfs".into()),
            read_only: false,
            overlay: false,
        }]);
        let device = |path: &str| DeviceNode {
            path: path.into(),
            personalities: Personality::FreeBsd.bit(),
            server: "bpf".into(),
            block: false,
        };
        world.set_devices(vec![device("bpf"), device("net/tun0")]);
        Fixture { server: FsServer::new("devfs", devfs(world.clone())), world, caller: caller(personality) }
    }

    impl Fixture {
        fn open(&self, path: &str, flags: i32) -> Result<(OwnedFd, Capability, u64, i32), Errno> {
            let mut caps = none();
            let (kind, object, flags) = ask!(
                self.server,
                &self.caller,
                fs::open,
                FsOpen,
                |p| {
                    p.set_mount(1);
                    p.set_path(path.as_bytes());
                    p.set_flags(flags as u32);
                },
                &mut caps,
                |r| (r.get_kind().unwrap(), r.get_object(), r.get_flags() as i32)
            )?;
            Ok((donated(caps), kind, object, flags))
        }

        fn list(&self, path: &str) -> Vec<String> {
            let (file, kind, ..) = self.open(path, libc::O_RDONLY | libc::O_DIRECTORY).unwrap();
            assert_eq!(kind, Capability::Listing);
            names(&file)
        }
    }

    fn names(file: &OwnedFd) -> Vec<String> {
        let records = crate::server::listing::read_records(file, 20_000).unwrap();
        let mut names = Vec::new();
        let mut rest = records.as_slice();
        while !rest.is_empty() {
            let length = usize::from(u16::from_ne_bytes([rest[16], rest[17]]));
            let name = rest[19..length].split(|byte| *byte == 0).next().unwrap();
            names.push(String::from_utf8(name.to_vec()).unwrap());
            rest = &rest[length..];
        }
        names
    }

    #[test]
    fn host_nodes_are_donated() {
        let f = fixture(Personality::FreeBsd);
        let (zero, kind, ..) = f.open("zero", libc::O_RDONLY).unwrap();
        let mut bytes = [1; 4];
        rustix::io::read(&zero, &mut bytes).unwrap();
        assert_eq!((bytes, kind), ([0; 4], Capability::Descriptor));
        assert_eq!(f.open("none", libc::O_RDONLY).unwrap_err(), Errno::NOENT);
        assert_eq!(f.open("null", libc::O_CREAT | libc::O_EXCL).unwrap_err(), Errno::EXIST);
        assert_eq!(f.open("null/x", libc::O_RDONLY).unwrap_err(), Errno::NOTDIR);
        let (_, _, _, flags) = f.open("tty", libc::O_RDWR).unwrap();
        assert_ne!(flags & libc::O_PATH, 0, "the guest opens its own terminal");
        let device = ask!(f.server, &f.caller, fs::stat, FsStat, |p| p.set_path(b"null"), &mut none(), |r| {
            let stat = r.get_stat().unwrap();
            (stat.get_mode() & libc::S_IFMT, stat.get_raw_device())
        });
        assert_eq!(device, Ok((libc::S_IFCHR, rustix::fs::makedev(1, 3))));
    }

    #[test]
    fn listing_has_what_the_os_has_and_the_nodes_of_residual_servers() {
        let f = fixture(Personality::FreeBsd);
        let names = f.list("");
        for name in ["null", "full", "ptmx", "pts", "fd", "stdin", "bpf", "net"] {
            assert!(names.contains(&name.to_owned()), "{name}");
        }
        assert_eq!(f.list("net"), [".", "..", "tun0"]);
        assert_eq!(
            f.open("bpf", libc::O_RDWR).unwrap_err(),
            Errno::NXIO,
            "its server is asked, not this one"
        );
        let open = fixture(Personality::OpenBsd).list("");
        assert!(!open.contains(&"full".to_owned()) && !open.contains(&"bpf".to_owned()));
    }

    #[test]
    fn relative_paths_start_at_a_listing_and_leave_the_mount_by_a_redirect() {
        let f = fixture(Personality::FreeBsd);
        let (net, ..) = f.open("net", libc::O_RDONLY).unwrap();
        let mut caps = Capabilities::new(vec![net]);
        let stat = |path: &str, caps: &mut Capabilities| {
            ask!(
                f.server,
                &f.caller,
                fs::stat,
                FsStat,
                |p| {
                    p.set_mount(1);
                    p.set_path(path.as_bytes());
                    p.set_at_directory(true);
                },
                caps,
                |r| (r.get_redirect().unwrap().to_vec(), r.get_stat().unwrap().get_mode() & libc::S_IFMT)
            )
        };
        assert_eq!(stat("tun0", &mut caps), Ok((vec![], libc::S_IFCHR)));
        assert_eq!(stat("../null", &mut caps), Ok((vec![], libc::S_IFCHR)));
        assert_eq!(stat("../../etc/hosts", &mut caps), Ok((b"/dev/../etc/hosts".to_vec(), 0)));
        let directory = ask!(f.server, &f.caller, file::stat, FileStat, |_p| (), &mut caps, |r| {
            r.get_stat().unwrap().get_mode() & libc::S_IFMT
        });
        assert_eq!(directory, Ok(libc::S_IFDIR));
    }

    /// Open listings are held by rights in the guest's task and go with it.
    #[test]
    fn listing_of_a_dead_guest_is_forgotten() {
        let f = fixture(Personality::FreeBsd);
        let server = f.world.rights.add_server("devfs").unwrap();
        let guests = [(); 2].map(|()| f.world.mach.task_create("guest").unwrap());
        for guest in guests {
            let (_, _, object, _) = f.open("pts", libc::O_RDONLY).unwrap();
            f.world.rights.grant(server, object, guest).unwrap();
        }
        assert_eq!(f.server.inner().held_listings(), 1, "of one directory");
        for (guest, left) in guests.into_iter().zip([1, 0]) {
            f.world.mach.task_terminate(guest).unwrap();
            for gone in f.world.rights.collect() {
                schemas::server::Server::no_senders(&f.server, gone.object);
            }
            assert_eq!(f.server.inner().held_listings(), left);
        }
    }

    #[test]
    fn multiplexer_makes_a_terminal_and_descriptors_are_the_guests() {
        let f = fixture(Personality::FreeBsd);
        let (master, ..) = f.open("ptmx", libc::O_RDWR).unwrap();
        assert!(crate::host::raw::ask_number(&master, libc::TIOCGPTN).is_ok());
        let file =
            std::fs::File::open("/etc/hostname").or_else(|_| std::fs::File::open("/etc/passwd")).unwrap();
        let number = std::os::fd::AsRawFd::as_raw_fd(&file);
        let (again, ..) = f.open(&format!("fd/{number}"), libc::O_RDONLY).unwrap();
        assert_eq!(rustix::fs::fstat(&again).unwrap().st_ino, rustix::fs::fstat(&file).unwrap().st_ino);
        assert!(f.list("fd").contains(&number.to_string()));
        assert_eq!(f.open("fd/99999", libc::O_RDONLY).unwrap_err(), Errno::NOENT);
    }
}
