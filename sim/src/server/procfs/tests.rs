use super::*;
use crate::hurd::mounts::{MountKind, MountPoint};
use crate::hurd::world::{Guest, Identity, Policy, View};
use crate::mach::TaskId;
use crate::server::testing::{ask, caller, donated, none, world};
use schemas::server::FsServer;
use std::io::{Read, Write};

struct Fixture {
    world: Arc<World>,
    server: FsServer<Translator<Procfs>>,
    caller: Caller,
}

fn fixture() -> Fixture {
    let world = world();
    let row = |identifier: u32, prefix: &str, kind: MountKind| MountPoint {
        identifier,
        prefix: prefix.into(),
        personalities: 0,
        kind,
        read_only: false,
        overlay: false,
    };
    world.mounts.set(vec![
        row(1, "/", MountKind::Directory(b"/".into())),
        row(2, "/proc", MountKind::Server("procfs".into())),
    ]);
    let caller = caller(Personality::Linux);
    world.task_started(Guest {
        task: TaskId(1),
        pid: caller.pid,
        personality: Personality::Linux,
        jail: 0,
        command: b"prog".to_vec(),
        path: b"/bin/sh".to_vec(),
    });
    Fixture { server: FsServer::new("procfs", procfs(world.clone())), world, caller }
}

enum Answer {
    File(OwnedFd),
    Elsewhere(String),
}

impl Fixture {
    fn open(&self, path: &str, flags: i32) -> Result<Answer, Errno> {
        let mut caps = none();
        let redirect = ask!(
            self.server,
            &self.caller,
            fs::open,
            FsOpen,
            |p| {
                p.set_mount(2);
                p.set_path(path.as_bytes());
                p.set_flags(flags as u32);
            },
            &mut caps,
            |r| String::from_utf8(r.get_redirect().unwrap().to_vec()).unwrap()
        )?;
        Ok(if redirect.is_empty() { Answer::File(donated(caps)) } else { Answer::Elsewhere(redirect) })
    }

    fn read(&self, path: &str) -> Result<String, Errno> {
        match self.open(path, libc::O_RDONLY)? {
            Answer::Elsewhere(path) => Ok(format!(">{path}")),
            Answer::File(file) => {
                let mut text = String::new();
                std::fs::File::from(file).read_to_string(&mut text)?;
                Ok(text)
            }
        }
    }

    fn own(&self, file: &str) -> String {
        format!("{}/{file}", self.caller.pid)
    }

    fn link(&self, path: &str) -> Result<String, Errno> {
        ask!(
            self.server,
            &self.caller,
            fs::read_link,
            FsReadLink,
            |p| {
                p.set_mount(2);
                p.set_path(path.as_bytes());
            },
            &mut none(),
            |r| String::from_utf8(r.get_target().unwrap().to_vec()).unwrap()
        )
    }

    fn list(&self, path: &str) -> Vec<String> {
        let Ok(Answer::File(file)) = self.open(path, libc::O_DIRECTORY) else {
            panic!("no listing of {path}")
        };
        let mut bytes = Vec::new();
        std::fs::File::from(file).read_to_end(&mut bytes).unwrap();
        let mut names = Vec::new();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let length = usize::from(u16::from_ne_bytes([rest[16], rest[17]]));
            let name = rest[19..length].split(|byte| *byte == 0).next().unwrap();
            names.push(String::from_utf8(name.to_vec()).unwrap());
            rest = &rest[length..];
        }
        names
    }
}

#[test]
fn files_about_the_machine_are_the_hosts() {
    let f = fixture();
    assert_eq!(f.read("filesystems").unwrap(), std::fs::read_to_string("/proc/filesystems").unwrap());
    assert!(f.read("cpuinfo").unwrap().contains("processor"));
    assert!(f.list("sys/kernel").contains(&"ostype".to_owned()));
    assert_eq!(f.read("nothing").unwrap_err(), Errno::NOENT);
    f.world.set_identity(Personality::Linux, Identity { node: "guest-host".into(), ..Identity::default() });
    assert_eq!(f.read("sys/kernel/hostname").unwrap(), "guest-host\n");
}

#[test]
fn own_links_are_the_guests() {
    let f = fixture();
    assert_eq!(f.link("self").unwrap(), f.caller.pid.to_string());
    assert_eq!(f.read("self/status").unwrap(), format!(">/proc/{}/status", f.caller.pid));
    assert_eq!(f.link(&f.own("exe")).unwrap(), "/bin/sh");
    assert_eq!(f.read(&f.own("exe")).unwrap(), ">/bin/sh");
    let Ok(Answer::Elsewhere(path)) = f.open(&f.own("cwd/x"), 0) else { panic!() };
    assert_eq!(path, std::env::current_dir().unwrap().join("x").to_str().unwrap());
    assert_eq!(f.link(&f.own("root")).unwrap(), "/");
}

#[test]
fn stub_is_not_seen_in_the_process() {
    let f = fixture();
    let image = rustix::fs::memfd_create("stub", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
    rustix::fs::ftruncate(&image, 4096).unwrap();
    // SAFETY: a new private mapping at an address of the host's choice.
    let mapped = unsafe {
        let flags = rustix::mm::MapFlags::PRIVATE;
        rustix::mm::mmap(std::ptr::null_mut(), 4096, rustix::mm::ProtFlags::READ, flags, &image, 0).unwrap()
    };
    let number = std::os::fd::AsRawFd::as_raw_fd(&image).to_string();
    let host = std::fs::read_to_string("/proc/self/maps").unwrap();
    assert!(host.contains("/memfd:stub"));
    for file in ["maps", "smaps"] {
        let seen = f.read(&f.own(file)).unwrap();
        assert!(!seen.contains("/memfd:stub") && seen.contains("[stack]"), "{file}");
    }
    assert!(!f.list(&f.own("fd")).contains(&number));
    assert_eq!(f.open(&f.own(&format!("fd/{number}")), 0).err(), Some(Errno::NOENT));
    // SAFETY: the mapping was made above and nothing refers to it.
    unsafe { rustix::mm::munmap(mapped, 4096).unwrap() };
}

#[test]
fn other_systems_find_nothing() {
    let f = Fixture { caller: caller(Personality::FreeBsd), ..fixture() };
    assert_eq!(f.list(""), [".", ".."]);
    for path in ["self", "self/maps", "cpuinfo", "1"] {
        assert_eq!(f.open(path, 0).err(), Some(Errno::NOENT), "{path}");
    }
}

#[test]
fn mounts_are_those_of_the_table() {
    let f = fixture();
    assert_eq!(
        f.read(&f.own("mounts")).unwrap(),
        "/ / hostfs rw,relatime 0 0\nproc /proc proc rw,relatime 0 0\n"
    );
    assert_eq!(f.read(&f.own("mountinfo")).unwrap().lines().count(), 2);
    assert_eq!(f.open(&f.own("mounts"), libc::O_RDWR).err(), Some(Errno::ACCES));
}

#[test]
fn list_of_processes_follows_the_view() {
    let f = fixture();
    assert!(f.list("").contains(&"1".to_owned()));
    f.world.set_policy(Policy { view: View::World, ..Policy::default() });
    let names = f.list("");
    assert!(!names.contains(&"1".to_owned()) && names.contains(&f.caller.pid.to_string()));
    assert!(names.contains(&"self".to_owned()) && names.contains(&"cpuinfo".to_owned()));
    assert_eq!(f.open("1/status", 0).err(), Some(Errno::NOENT));
    assert!(f.read(&f.own("status")).unwrap().starts_with("Name:"));
}

#[test]
fn descriptors_are_opened_directly_and_writes_reach_the_host() {
    let f = fixture();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"text").unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(file.as_file());
    let path = f.own(&format!("fd/{number}"));
    assert_eq!(f.read(&path).unwrap(), "text");
    assert_eq!(f.link(&path).unwrap(), file.path().to_str().unwrap());
    let Ok(Answer::File(comm)) = f.open(&f.own(&format!("task/{}/comm", f.caller.tid)), libc::O_WRONLY)
    else {
        panic!()
    };
    // The host decides what may be written: the name of a thread of one's own process.
    rustix::io::write(&comm, b"renamed").unwrap();
    let size = ask!(
        f.server,
        &f.caller,
        fs::stat,
        FsStat,
        |p| {
            p.set_mount(2);
            p.set_path(path.as_bytes());
        },
        &mut none(),
        |r| r.get_stat().unwrap().get_size()
    );
    assert_eq!(size, Ok(4));
}
