use super::*;
use crate::hurd::mounts::{MountKind, MountPoint};
use crate::server::testing::{ask, caller, donated, none, world};
use schemas::Personality;
use schemas::server::Capabilities;
use schemas::server::FsServer;
use std::io::Read;

struct Fixture {
    folder: tempfile::TempDir,
    server: FsServer<Directory>,
    caller: Caller,
}

fn fixture(read_only: bool) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "content").unwrap();
    std::os::unix::fs::symlink("file", folder.path().join("link")).unwrap();
    std::os::unix::fs::symlink("/etc/hosts", folder.path().join("out")).unwrap();
    let root: OwnedFd = std::fs::File::open(folder.path()).unwrap().into();
    let world = world();
    world.mounts.set(vec![MountPoint {
        identifier: 0,
        prefix: b"/".into(),
        personalities: 0,
        kind: MountKind::Server("own".into()),
        read_only,
        overlay: false,
    }]);
    let server = FsServer::new("own", Directory::new(world, Roots::Own(Arc::new(root)), None));
    Fixture { folder, server, caller: caller(Personality::FreeBsd) }
}

impl Fixture {
    fn open(&self, path: &str, flags: i32, mode: u32) -> Result<(OwnedFd, u32), Errno> {
        let mut caps = none();
        let flags = ask!(
            self.server,
            &self.caller,
            fs::open,
            FsOpen,
            |p| {
                p.set_path(path.as_bytes());
                p.set_flags(flags as u32);
                p.set_mode(mode);
            },
            &mut caps,
            |r| {
                assert!(r.get_redirect().unwrap().is_empty());
                r.get_flags()
            }
        )?;
        Ok((donated(caps), flags))
    }

    fn remove(&self, path: &str, directory: bool) -> Result<(), Errno> {
        ask!(
            self.server,
            &self.caller,
            fs::remove,
            FsRemove,
            |p| {
                p.set_path(path.as_bytes());
                p.set_directory(directory);
            },
            &mut none(),
            |_r| ()
        )
    }
}

#[test]
fn open_reads_and_creates_with_the_exact_mode() {
    let f = fixture(false);
    let (file, flags) = f.open("link", libc::O_RDONLY, 0).unwrap();
    let mut text = String::new();
    std::fs::File::from(file).read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), flags as i32 & libc::O_NONBLOCK), ("content", 0));
    let (made, _) = f.open("new", libc::O_CREAT | libc::O_RDWR, 0o666).unwrap();
    assert_eq!(rustix::fs::fstat(&made).unwrap().st_mode & 0o7777, 0o666);
    assert_eq!(f.open("new", libc::O_CREAT | libc::O_EXCL, 0o600).unwrap_err(), Errno::EXIST);
    assert_eq!(f.open("link", libc::O_CREAT | libc::O_EXCL, 0o600).unwrap_err(), Errno::EXIST);
    assert_eq!(f.open("link", libc::O_NOFOLLOW, 0).unwrap_err(), Errno::LOOP);
    assert_eq!(f.open("file/", libc::O_RDONLY, 0).unwrap_err(), Errno::NOTDIR);
    assert_eq!(f.open("none", libc::O_RDONLY, 0).unwrap_err(), Errno::NOENT);
    f.open("", libc::O_TMPFILE | libc::O_RDWR, 0o600).unwrap();
}

#[test]
fn open_of_a_fifo_does_not_wait() {
    let f = fixture(false);
    ask!(
        f.server,
        &f.caller,
        fs::make_node,
        FsMakeNode,
        |p| {
            p.set_path(b"fifo");
            p.set_mode(libc::S_IFIFO | 0o622);
        },
        &mut none(),
        |_r| ()
    )
    .unwrap();
    let (_, flags) = f.open("fifo", libc::O_RDONLY, 0).unwrap();
    assert_ne!(flags as i32 & libc::O_PATH, 0, "the guest is to open it itself");
    let (_, flags) = f.open("fifo", libc::O_RDONLY | libc::O_NONBLOCK, 0).unwrap();
    assert_eq!(flags as i32 & libc::O_PATH, 0);
    assert!(f.open("fifo", libc::O_WRONLY | libc::O_NONBLOCK | libc::O_TRUNC, 0).is_err());
}

#[test]
fn link_out_of_the_mount_is_a_redirect() {
    let f = fixture(false);
    let mut caps = none();
    let redirect = ask!(f.server, &f.caller, fs::open, FsOpen, |p| p.set_path(b"out"), &mut caps, |r| {
        r.get_redirect().unwrap().to_vec()
    })
    .unwrap();
    assert_eq!(redirect, b"/etc/hosts");
    assert!(caps.donated.is_empty());
    let target =
        ask!(f.server, &f.caller, fs::read_link, FsReadLink, |p| p.set_path(b"out"), &mut none(), |r| {
            r.get_target().unwrap().to_vec()
        });
    assert_eq!(target.unwrap(), b"/etc/hosts");
}

#[test]
fn tree_is_changed_as_asked() {
    let f = fixture(false);
    ask!(
        f.server,
        &f.caller,
        fs::make_directory,
        FsMakeDirectory,
        |p| {
            p.set_path(b"folder/");
            p.set_mode(0o777);
        },
        &mut none(),
        |_r| ()
    )
    .unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &f.folder.path().join("folder").metadata().unwrap().permissions(),
    );
    assert_eq!(mode & 0o7777, 0o777);
    let rename = |from: &str, to: &str, mount: u32| {
        ask!(
            f.server,
            &f.caller,
            fs::rename,
            FsRename,
            |p| {
                p.set_path(from.as_bytes());
                p.set_new_path(to.as_bytes());
                p.set_new_mount(mount);
            },
            &mut none(),
            |_r| ()
        )
    };
    rename("file", "folder/moved", 0).unwrap();
    assert_eq!(rename("folder/moved", "x", 9), Err(Errno::XDEV));
    ask!(
        f.server,
        &f.caller,
        fs::link,
        FsLink,
        |p| {
            p.set_path(b"folder/moved");
            p.set_new_path(b"second");
        },
        &mut none(),
        |_r| ()
    )
    .unwrap();
    ask!(
        f.server,
        &f.caller,
        fs::symbolic_link,
        FsSymbolicLink,
        |p| {
            p.set_path(b"s");
            p.set_target(b"second");
        },
        &mut none(),
        |_r| ()
    )
    .unwrap();
    ask!(
        f.server,
        &f.caller,
        fs::set_mode,
        FsSetMode,
        |p| {
            p.set_path(b"s");
            p.set_mode(0o604);
        },
        &mut none(),
        |_r| ()
    )
    .unwrap();
    ask!(
        f.server,
        &f.caller,
        fs::truncate,
        FsTruncate,
        |p| {
            p.set_path(b"s");
            p.set_size(3);
        },
        &mut none(),
        |_r| ()
    )
    .unwrap();
    let (mode, size, links) =
        ask!(f.server, &f.caller, fs::stat, FsStat, |p| p.set_path(b"s"), &mut none(), |r| {
            let stat = r.get_stat().unwrap();
            (stat.get_mode(), stat.get_size(), stat.get_links())
        })
        .unwrap();
    assert_eq!((mode, size, links), (libc::S_IFREG | 0o604, 3, 2));
    ask!(
        f.server,
        &f.caller,
        fs::set_times,
        FsSetTimes,
        |p| {
            p.set_path(b"second");
            p.reborrow().init_accessed().set_nanoseconds(libc::UTIME_OMIT);
            p.init_modified().set_seconds(1000);
        },
        &mut none(),
        |_r| ()
    )
    .unwrap();
    let time = f.folder.path().join("second").metadata().unwrap().modified().unwrap();
    assert_eq!(time, std::time::UNIX_EPOCH + std::time::Duration::from_secs(1000));
    assert_eq!(f.remove("folder", true), Err(Errno::NOTEMPTY));
    f.remove("folder/moved", false).unwrap();
    f.remove("folder/", true).unwrap();
    assert_eq!(f.remove("", true), Err(Errno::BUSY));
    let node = ask!(
        f.server,
        &f.caller,
        fs::make_node,
        FsMakeNode,
        |p| {
            p.set_path(b"disk");
            p.set_mode(libc::S_IFBLK | 0o600);
        },
        &mut none(),
        |_r| ()
    );
    assert_eq!(node, Err(Errno::PERM));
}

#[test]
fn working_directory_and_relative_paths() {
    let f = fixture(false);
    std::fs::create_dir(f.folder.path().join("sub")).unwrap();
    let mut caps = none();
    ask!(
        f.server,
        &f.caller,
        fs::change_directory,
        FsChangeDirectory,
        |p| p.set_path(b"sub"),
        &mut caps,
        |_r| ()
    )
    .unwrap();
    let mut caps = Capabilities::new(vec![donated(caps)]);
    let size = ask!(
        f.server,
        &f.caller,
        fs::stat,
        FsStat,
        |p| {
            p.set_path(b"../file");
            p.set_at_directory(true);
        },
        &mut caps,
        |r| r.get_stat().unwrap().get_size()
    );
    assert_eq!(size, Ok(7));
    let plain = ask!(
        f.server,
        &f.caller,
        fs::change_directory,
        FsChangeDirectory,
        |p| p.set_path(b"file"),
        &mut none(),
        |_r| ()
    );
    assert_eq!(plain, Err(Errno::NOTDIR));
}

#[test]
fn read_only_mount_refuses_changes() {
    let f = fixture(true);
    assert!(f.open("file", libc::O_RDONLY, 0).is_ok());
    assert_eq!(f.open("file", libc::O_RDWR, 0).unwrap_err(), Errno::ROFS);
    assert_eq!(f.remove("file", false), Err(Errno::ROFS));
}

#[test]
fn confinement_asked_by_the_guest_is_the_hosts() {
    let f = fixture(false);
    let open = |path: &str, resolve: u64| {
        ask!(
            f.server,
            &f.caller,
            fs::open,
            FsOpen,
            |p| {
                p.set_path(path.as_bytes());
                p.set_resolve(resolve);
            },
            &mut none(),
            |_r| ()
        )
    };
    // RESOLVE_NO_SYMLINKS 4, RESOLVE_BENEATH 8 (linux/openat2.h).
    assert_eq!(open("link", 4), Err(Errno::LOOP));
    assert_eq!(open("out", 8), Err(Errno::XDEV));
    assert_eq!(open("link", 8), Ok(()));
    assert_eq!(open("link", 1 << 40), Err(Errno::INVAL));
}

#[test]
fn attributes_come_back() {
    let f = fixture(false);
    let set = ask!(
        f.server,
        &f.caller,
        fs::set_attribute,
        FsSetAttribute,
        |p| {
            p.set_path(b"file");
            p.set_name(b"user.colour");
            p.set_value(b"red");
        },
        &mut none(),
        |_r| ()
    );
    if set == Err(Errno::OPNOTSUPP) {
        return;
    }
    set.unwrap();
    let value = ask!(
        f.server,
        &f.caller,
        fs::get_attribute,
        FsGetAttribute,
        |p| {
            p.set_path(b"link");
            p.set_name(b"user.colour");
        },
        &mut none(),
        |r| r.get_value().unwrap().to_vec()
    );
    assert_eq!(value.unwrap(), b"red");
}

#[test]
fn mapped_descriptor_operations_share_the_guests_position() {
    let f = fixture(false);
    let (file, _) = f.open("file", libc::O_RDWR, 0).unwrap();
    let kept = file.try_clone().unwrap();
    let mut caps = Capabilities::new(vec![file]);
    let data = ask!(f.server, &f.caller, file::read, FileRead, |p| p.set_length(3), &mut caps, |r| r
        .get_data()
        .unwrap()
        .to_vec());
    assert_eq!(data.unwrap(), b"con");
    assert_eq!(rustix::fs::tell(&kept).unwrap(), 3);
    let written =
        ask!(f.server, &f.caller, file::write, FileWrite, |p| p.set_data(b"TENT!"), &mut caps, |r| r
            .get_written());
    assert_eq!(written, Ok(5));
    assert_eq!(std::fs::read_to_string(f.folder.path().join("file")).unwrap(), "conTENT!");
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let mut caps = Capabilities::new(vec![reader]);
    let empty = ask!(f.server, &f.caller, file::read, FileRead, |p| p.set_length(3), &mut caps, |_r| ());
    assert_eq!(empty, Err(Errno::AGAIN), "it does not wait");
    rustix::io::write(&writer, b"x").unwrap();
    let readable = ask!(
        f.server,
        &f.caller,
        device::control,
        DeviceControl,
        |p| {
            p.init_request().init_generic().set_bytes_readable(());
        },
        &mut caps,
        |r| {
            let schemas::device::control::results::reply::Which::Generic(generic) =
                r.get_reply().which().unwrap()
            else {
                panic!()
            };
            generic.unwrap().get_value()
        }
    );
    assert_eq!(readable, Ok(1));
}
