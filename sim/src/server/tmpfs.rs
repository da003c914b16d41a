//! `tmpfs`: a private directory in memory, with a limit, that is gone when the world is.
//!
//! It is a `tmpfs` of the host that is mounted nowhere: a detached mount, held by the descriptor alone
//! (`fsopen(2)`, `fsmount(2)`), so nobody else finds it and nothing has to be removed. Making one takes the privilege
//! to mount, which a child process gets in a user namespace of its own. Where the host allows neither, it is a folder
//! in shared memory that the server removes, and the limit cannot be enforced.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use rustix::process::WaitOptions;
use rustix::thread::UnshareFlags;

use super::directory::{Directory, Roots};
use crate::hurd::world::World;

/// The size where a deployment does not say one.
pub const DEFAULT_SIZE: u64 = 256 << 20;

/// A new directory of at most `size` bytes.
pub fn tmpfs(world: Arc<World>, size: u64) -> io::Result<Directory> {
    let (root, keep) = match detached(size).or_else(|_| detached_by_child(size)) {
        Ok(root) => (root, None),
        Err(error) => {
            tracing::warn!(%error, "no tmpfs of its own on this host; its size limit is not enforced");
            let (root, folder) = folder()?;
            (root, Some(Box::new(folder) as Box<dyn Send + Sync>))
        }
    };
    Ok(Directory::new(world, Roots::Own(Arc::new(root)), keep))
}

/// A detached mount. Everybody may create files in it, as in any folder for temporary files.
fn detached(size: u64) -> rustix::io::Result<OwnedFd> {
    let context = rustix::mount::fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    rustix::mount::fsconfig_set_string(context.as_fd(), "size", size.to_string())?;
    rustix::mount::fsconfig_set_string(context.as_fd(), "mode", "1777")?;
    rustix::mount::fsconfig_create(context.as_fd())?;
    let attributes = MountAttrFlags::MOUNT_ATTR_NODEV | MountAttrFlags::MOUNT_ATTR_NOSUID;
    rustix::mount::fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

/// The same, made by a child that is root in a user namespace of its own and hands the mount over.
fn detached_by_child(size: u64) -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC;
    let (parent, child) = rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let maps = [
        ("/proc/self/setgroups", "deny".to_owned()),
        ("/proc/self/uid_map", format!("{user} {user} 1")),
        ("/proc/self/gid_map", format!("{group} {group} 1")),
    ];
    // SAFETY: the child is alone with a copy of this thread. It makes system calls and short allocations, which the C
    // library keeps usable in a child of a process with threads, and ends without unwinding.
    let pid = match unsafe { libc::fork() } {
        -1 => return Err(rustix::io::Errno::AGAIN),
        0 => {
            let made =
                become_root(&maps).and_then(|()| detached(size)).and_then(|mount| hand_over(&child, &mount));
            // SAFETY: ends this process and nothing else.
            unsafe { libc::_exit(i32::from(made.is_err())) }
        }
        pid => rustix::process::Pid::from_raw(pid),
    };
    drop(child);
    let mount = take_over(&parent);
    // A host process that ignores SIGCHLD has no child to wait for.
    let _ = rustix::process::waitpid(pid, WaitOptions::empty());
    mount
}

fn become_root(maps: &[(&str, String)]) -> rustix::io::Result<()> {
    // SAFETY: the process has this one thread, and no descriptor of it is shared with another.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWUSER | UnshareFlags::NEWNS)? };
    for (path, map) in maps {
        let file = rustix::fs::open(*path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
        rustix::io::write(&file, map.as_bytes())?;
    }
    Ok(())
}

fn hand_over(socket: &OwnedFd, mount: &OwnedFd) -> rustix::io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let mounts = [mount.as_fd()];
    control.push(SendAncillaryMessage::ScmRights(&mounts));
    rustix::net::sendmsg(socket, &[io::IoSlice::new(b"m")], &mut control, SendFlags::empty()).map(drop)
}

fn take_over(socket: &OwnedFd) -> rustix::io::Result<OwnedFd> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    rustix::net::recvmsg(
        socket,
        &mut [io::IoSliceMut::new(&mut byte)],
        &mut control,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(mut mounts) = message {
            return mounts.next().ok_or(rustix::io::Errno::PERM);
        }
    }
    Err(rustix::io::Errno::PERM)
}

/// A folder that is removed when dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "a temporary folder could not be removed");
        }
    }
}

fn folder() -> io::Result<(OwnedFd, Folder)> {
    let shared = PathBuf::from("/dev/shm");
    let parent = if shared.is_dir() { shared } else { std::env::temp_dir() };
    let mut name = [0; 8];
    rustix::rand::getrandom(&mut name[..], rustix::rand::GetRandomFlags::empty())?;
    let path = parent.join(format!("tmpfs-{:016x}", u64::from_ne_bytes(name)));
    rustix::fs::mkdir(&path, Mode::RWXU)?;
    let folder = Folder(path);
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok((rustix::fs::open(&folder.0, flags, Mode::empty())?, folder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::testing::{ask, caller, donated, none, world};
    use schemas::server::FsServer;
    use schemas::{Errno, Personality};

    #[test]
    fn files_are_kept_up_to_the_limit() {
        let server = FsServer::new("tmpfs", tmpfs(world(), 1 << 20).unwrap());
        let caller = caller(Personality::FreeBsd);
        let mut caps = none();
        ask!(
            server,
            &caller,
            fs::open,
            FsOpen,
            |p| {
                p.set_path(b"file");
                p.set_flags((libc::O_CREAT | libc::O_RDWR) as u32);
                p.set_mode(0o600);
            },
            &mut caps,
            |_r| ()
        )
        .unwrap();
        let file = donated(caps);
        let most = ask!(server, &caller, fs::stat_filesystem, FsStatFilesystem, |_p| (), &mut none(), |r| {
            let stat = r.get_stat().unwrap();
            assert_eq!(stat.get_type_name().unwrap().to_str(), Ok("tmpfs"));
            stat.get_blocks() * stat.get_block_size()
        })
        .unwrap();
        if most == 1 << 20 {
            let written = rustix::io::write(&file, &vec![0; 2 << 20]).unwrap();
            assert!(written <= 1 << 20);
            assert_eq!(rustix::io::write(&file, &[0; 4096]), Err(rustix::io::Errno::NOSPC));
        }
        let list = std::fs::read_dir(crate::host::raw::magic_path(server.inner().root(0).unwrap())).unwrap();
        assert_eq!(list.count(), 1);
        let above = ask!(
            server,
            &caller,
            fs::stat,
            FsStat,
            |p| p.set_path(b"../../../etc/passwd"),
            &mut none(),
            |_r| ()
        );
        assert_eq!(above, Err(Errno::NOENT));
    }

    #[test]
    fn mount_can_be_made_without_privilege_where_the_host_lets() {
        if let Ok(mount) = detached_by_child(1 << 20) {
            let stat = rustix::fs::fstatfs(&mount).unwrap();
            assert_eq!(stat.f_blocks * stat.f_bsize as u64, 1 << 20);
            let flags = OFlags::CREATE | OFlags::RDWR;
            rustix::fs::openat(&mount, "file", flags, Mode::RUSR | Mode::WUSR).unwrap();
        }
    }

    #[test]
    fn folder_goes_with_its_server() {
        let (_root, kept) = folder().unwrap();
        let path = kept.0.clone();
        std::fs::write(path.join("file"), "x").unwrap();
        drop(kept);
        assert!(!path.exists());
    }
}
