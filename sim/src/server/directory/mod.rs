//! A directory of the host with all `fs.*` operations done for real: what `hostfs` and `tmpfs` are made of.

mod open;
mod roots;
mod walk;

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{Access, AtFlags, FileType, Mode, OFlags, RenameFlags};
use schemas::Errno;
use schemas::common::Capability;
use schemas::server::{Caller, Credentials, Fs};

use super::{descriptor, status};
use crate::host::{HostResult, identity::acting_as, raw};
use crate::hurd::world::World;
pub(super) use roots::Roots;
use walk::{Found, Place, Walk};

/// `RENAME_WHITEOUT` makes a device node, which no guest is to make by this way.
const RENAME_ALLOWED: u32 = libc::RENAME_NOREPLACE | libc::RENAME_EXCHANGE;

/// A donated directory.
pub struct Directory {
    world: Arc<World>,
    roots: Roots,
    /// Ends with the directory.
    _keep: Option<Box<dyn Send + Sync>>,
}

/// A path of a request.
struct Target<'a> {
    mount: u32,
    path: &'a [u8],
    start: Option<&'a OwnedFd>,
    follow: bool,
}

/// Reads the three fields that every request on a path has.
macro_rules! target {
    ($params:ident, $caps:ident, $follow:expr) => {
        target!($params, $caps, $follow, 0)
    };
    ($params:ident, $caps:ident, $follow:expr, $index:expr) => {
        Target {
            mount: $params.get_mount(),
            path: $params.get_path()?,
            start: if $params.get_at_directory() { Some($caps.received($index)?) } else { None },
            follow: $follow,
        }
    };
}

/// The place that a walk found; a redirect ends the method.
macro_rules! here {
    ($found:expr, $results:ident) => {
        match $found {
            Found::Here(place) => place,
            Found::Elsewhere(path) => {
                $results.set_redirect(&path);
                return Ok(());
            }
        }
    };
}

impl Directory {
    pub(super) fn new(world: Arc<World>, roots: Roots, keep: Option<Box<dyn Send + Sync>>) -> Self {
        Self { world, roots, _keep: keep }
    }

    /// The directory behind a mount, for guests that resolve in it themselves; 0 is any mount of a server that has
    /// one directory only.
    pub fn root(&self, mount: u32) -> Result<Arc<OwnedFd>, Errno> {
        self.roots.root(&self.world.mounts, mount)
    }

    fn find(&self, caller: &Caller, target: &Target<'_>) -> Result<Found, Errno> {
        let prefix = self.world.mounts.prefix(target.mount);
        let root = self.root(target.mount)?;
        let walk = Walk {
            root: root.as_fd(),
            mounts: &self.world.mounts,
            personality: caller.personality,
            prefix: &prefix,
        };
        acting_as(&caller.credentials, || walk.find(target.start, target.path, target.follow))
    }

    fn writable(&self, mount: u32) -> Result<(), Errno> {
        if self.roots.read_only(&self.world.mounts, mount) { Err(Errno::ROFS) } else { Ok(()) }
    }
}

impl Place {
    /// The file itself, as a descriptor that stands for it and cannot be read or written.
    fn file(&self) -> Result<OwnedFd, Errno> {
        let directory = if self.directory { OFlags::DIRECTORY } else { OFlags::empty() };
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC | directory;
        rustix::fs::openat(&self.folder, self.name.as_slice(), flags, Mode::empty()).host()
    }

    /// The name as one that is made anew, or that is taken away: not the folder itself.
    fn new_name(&self) -> Result<&[u8], Errno> {
        if self.name == b"." { Err(Errno::EXIST) } else { Ok(&self.name) }
    }

    fn old_name(&self) -> Result<&[u8], Errno> {
        if self.name == b"." { Err(Errno::BUSY) } else { Ok(&self.name) }
    }
}

/// Checks access with the effective or the real identities.
fn check_access(credentials: &Credentials, place: &Place, mode: u32, effective: bool) -> Result<(), Errno> {
    let real;
    let credentials = if effective {
        credentials
    } else {
        real = Credentials {
            effective_user: credentials.real_user,
            effective_group: credentials.real_group,
            ..credentials.clone()
        };
        &real
    };
    let mode = Access::from_bits(mode).ok_or(Errno::INVAL)?;
    acting_as(credentials, || {
        let flags = AtFlags::EACCESS | AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::accessat(&place.folder, place.name.as_slice(), mode, flags).host()
    })
}

impl Fs for Directory {
    methods! {
        fn open[fs::open](&self, caller, params, results, caps) {
            self.open_file(caller, params, results, caps)
        }

        fn stat[fs::stat](&self, caller, params, results, caps) {
            let place = here!(self.find(caller, &target!(params, caps, params.get_follow()))?, results);
            let stat = acting_as(&caller.credentials, || {
                let file = place.file()?;
                rustix::fs::statx(&file, "", AtFlags::EMPTY_PATH, status::wanted()).host()
            })?;
            status::set_stat(results.init_stat(), &stat);
            Ok(())
        }

        fn access[fs::access](&self, caller, params, results, caps) {
            let place = here!(self.find(caller, &target!(params, caps, params.get_follow()))?, results);
            if params.get_mode() & libc::W_OK as u32 != 0 {
                self.writable(params.get_mount())?;
            }
            check_access(&caller.credentials, &place, params.get_mode(), params.get_effective())
        }

        fn read_link[fs::read_link](&self, caller, params, results, caps) {
            let place = here!(self.find(caller, &target!(params, caps, false))?, results);
            let link = acting_as(&caller.credentials, || {
                rustix::fs::readlinkat(&place.folder, place.name.as_slice(), Vec::new()).host()
            })?;
            results.set_target(link.as_bytes());
            Ok(())
        }

        fn make_directory[fs::make_directory](&self, caller, params, results, caps) {
            // The slash that may end the name of a new directory does not make a link at its end be followed.
            let mut target = target!(params, caps, false);
            while let Some(path) = target.path.strip_suffix(b"/") {
                target.path = path;
            }
            let place = here!(self.find(caller, &target)?, results);
            self.writable(params.get_mount())?;
            let mode = Mode::from_bits_truncate(params.get_mode());
            acting_as(&caller.credentials, || {
                rustix::fs::mkdirat(&place.folder, place.new_name()?, mode).host()?;
                // The umask of this process took bits away that the guest's umask, applied already, did not.
                let made = place.file()?;
                rustix::fs::chmod(raw::magic_path(&made), mode).host()
            })
        }

        fn remove[fs::remove](&self, caller, params, results, caps) {
            let mut target = target!(params, caps, false);
            if params.get_directory() {
                while let Some(path) = target.path.strip_suffix(b"/") {
                    target.path = path;
                }
            }
            let place = here!(self.find(caller, &target)?, results);
            self.writable(params.get_mount())?;
            let flags = if params.get_directory() { AtFlags::REMOVEDIR } else { AtFlags::empty() };
            acting_as(&caller.credentials, || {
                rustix::fs::unlinkat(&place.folder, place.old_name()?, flags).host()
            })
        }

        fn rename[fs::rename](&self, caller, params, results, caps) {
            if params.get_mount() != params.get_new_mount() {
                return Err(Errno::XDEV);
            }
            let target = target!(params, caps, false);
            let second = usize::from(params.get_at_directory());
            let new = Target {
                mount: params.get_new_mount(),
                path: params.get_new_path()?,
                start: if params.get_new_at_directory() { Some(caps.received(second)?) } else { None },
                follow: false,
            };
            let old = here!(self.find(caller, &target)?, results);
            let new = match self.find(caller, &new)? {
                Found::Here(place) => place,
                Found::Elsewhere(path) => {
                    results.set_new_redirect(&path);
                    return Ok(());
                }
            };
            self.writable(params.get_mount())?;
            if params.get_flags() & !RENAME_ALLOWED != 0 {
                return Err(Errno::INVAL);
            }
            let flags = RenameFlags::from_bits_retain(params.get_flags());
            acting_as(&caller.credentials, || {
                rustix::fs::renameat_with(&old.folder, old.old_name()?, &new.folder, new.old_name()?, flags).host()
            })
        }

        fn link[fs::link](&self, caller, params, results, caps) {
            if params.get_mount() != params.get_new_mount() {
                return Err(Errno::XDEV);
            }
            let target = target!(params, caps, params.get_follow());
            let second = usize::from(params.get_at_directory());
            let new = Target {
                mount: params.get_new_mount(),
                path: params.get_new_path()?,
                start: if params.get_new_at_directory() { Some(caps.received(second)?) } else { None },
                follow: false,
            };
            let old = here!(self.find(caller, &target)?, results);
            let new = match self.find(caller, &new)? {
                Found::Here(place) => place,
                Found::Elsewhere(path) => {
                    results.set_new_redirect(&path);
                    return Ok(());
                }
            };
            self.writable(params.get_mount())?;
            acting_as(&caller.credentials, || {
                let flags = AtFlags::empty();
                rustix::fs::linkat(&old.folder, old.old_name()?, &new.folder, new.new_name()?, flags).host()
            })
        }

        fn symbolic_link[fs::symbolic_link](&self, caller, params, results, caps) {
            let place = here!(self.find(caller, &target!(params, caps, false))?, results);
            self.writable(params.get_mount())?;
            acting_as(&caller.credentials, || {
                rustix::fs::symlinkat(params.get_target()?, &place.folder, place.new_name()?).host()
            })
        }

        fn make_node[fs::make_node](&self, caller, params, results, caps) {
            let place = here!(self.find(caller, &target!(params, caps, false))?, results);
            self.writable(params.get_mount())?;
            let (kind, mode) = (FileType::from_raw_mode(params.get_mode()), params.get_mode() & 0o7777);
            let kind = if params.get_mode() & libc::S_IFMT == 0 { FileType::RegularFile } else { kind };
            // A device node is a way around every server; the host would let a privileged mapper make it.
            if matches!(kind, FileType::CharacterDevice | FileType::BlockDevice) {
                return Err(Errno::PERM);
            }
            let mode = Mode::from_bits_truncate(mode);
            acting_as(&caller.credentials, || {
                rustix::fs::mknodat(&place.folder, place.new_name()?, kind, mode, 0).host()?;
                let made = place.file()?;
                rustix::fs::chmod(raw::magic_path(&made), mode).host()
            })
        }

        fn set_mode[fs::set_mode](&self, caller, params, results, caps) {
            let place = here!(self.find(caller, &target!(params, caps, params.get_follow()))?, results);
            self.writable(params.get_mount())?;
            if params.get_file_flags() {
                return Err(Errno::OPNOTSUPP);
            }
            let mode = Mode::from_bits_truncate(params.get_mode());
            acting_as(&caller.credentials, || {
                let file = place.file()?;
                if FileType::from_raw_mode(rustix::fs::fstat(&file).host()?.st_mode) == FileType::Symlink {
                    return Err(Errno::OPNOTSUPP);
                }
                rustix::fs::chmod(raw::magic_path(&file), mode).host()
            })
        }

        fn set_owner[fs::set_owner](&self, caller, params, results, caps) {
            let place = here!(self.find(caller, &target!(params, caps, params.get_follow()))?, results);
            self.writable(params.get_mount())?;
            let (user, group) = descriptor::owner(params.get_user(), params.get_group());
            acting_as(&caller.credentials, || {
                rustix::fs::chownat(&place.file()?, "", user, group, AtFlags::EMPTY_PATH).host()
            })
        }

        fn set_times[fs::set_times](&self, caller, params, results, caps) {
            let place = here!(self.find(caller, &target!(params, caps, params.get_follow()))?, results);
            self.writable(params.get_mount())?;
            let times = descriptor::times(params.get_accessed()?, params.get_modified()?);
            acting_as(&caller.credentials, || {
                let flags = AtFlags::SYMLINK_NOFOLLOW;
                rustix::fs::utimensat(&place.folder, place.name.as_slice(), &times, flags).host()
            })
        }

        fn truncate[fs::truncate](&self, caller, params, results, caps) {
            let place = here!(self.find(caller, &target!(params, caps, true))?, results);
            self.writable(params.get_mount())?;
            let size = u64::try_from(params.get_size()).map_err(|_| Errno::INVAL)?;
            acting_as(&caller.credentials, || {
                let file = place.file()?;
                match FileType::from_raw_mode(rustix::fs::fstat(&file).host()?.st_mode) {
                    FileType::RegularFile => {}
                    FileType::Directory => return Err(Errno::ISDIR),
                    _ => return Err(Errno::INVAL),
                }
                let file = crate::host::memory::reopen(&file, OFlags::WRONLY | OFlags::NONBLOCK)?;
                rustix::fs::ftruncate(&file, size).host()
            })
        }

        fn stat_filesystem[fs::stat_filesystem](&self, caller, params, results, caps) {
            let mount = params.get_mount();
            let place = here!(self.find(caller, &target!(params, caps, true))?, results);
            let stat = acting_as(&caller.credentials, || rustix::fs::fstatfs(&place.file()?).host())?;
            let target = self.world.mounts.prefix(mount);
            status::set_filesystem(results.init_stat(), &stat, b"", &target)
        }

        fn get_attribute[fs::get_attribute](&self, caller, params, results, caps) {
            let place = here!(self.find(caller, &target!(params, caps, params.get_follow()))?, results);
            let mut value = vec![0; descriptor::MOST];
            let length = acting_as(&caller.credentials, || {
                let file = place.file()?;
                rustix::fs::getxattr(raw::magic_path(&file), params.get_name()?, &mut value[..]).host()
            })?;
            results.set_value(&value[..length]);
            Ok(())
        }

        fn set_attribute[fs::set_attribute](&self, caller, params, results, caps) {
            let place = here!(self.find(caller, &target!(params, caps, params.get_follow()))?, results);
            self.writable(params.get_mount())?;
            let flags = rustix::fs::XattrFlags::from_bits_retain(params.get_flags());
            acting_as(&caller.credentials, || {
                let file = place.file()?;
                rustix::fs::setxattr(raw::magic_path(&file), params.get_name()?, params.get_value()?, flags).host()
            })
        }

        fn list_attributes[fs::list_attributes](&self, caller, params, results, caps) {
            let place = here!(self.find(caller, &target!(params, caps, params.get_follow()))?, results);
            let mut names = vec![0; descriptor::MOST];
            let length = acting_as(&caller.credentials, || {
                let file = place.file()?;
                rustix::fs::listxattr(raw::magic_path(&file), &mut names[..]).host()
            })?;
            let names = descriptor::attribute_names(&names[..length]);
            let mut list = results.init_names(names.len() as u32);
            for (index, name) in names.iter().enumerate() {
                list.set(index as u32, name);
            }
            Ok(())
        }

        fn remove_attribute[fs::remove_attribute](&self, caller, params, results, caps) {
            let place = here!(self.find(caller, &target!(params, caps, params.get_follow()))?, results);
            self.writable(params.get_mount())?;
            acting_as(&caller.credentials, || {
                let file = place.file()?;
                rustix::fs::removexattr(raw::magic_path(&file), params.get_name()?).host()
            })
        }

        fn change_directory[fs::change_directory](&self, caller, params, results, caps) {
            let place = here!(self.find(caller, &target!(params, caps, true))?, results);
            let directory = self.searchable(caller, place)?;
            caps.donate(directory);
            results.set_kind(Capability::Descriptor);
            Ok(())
        }

        fn change_root[fs::change_root](&self, caller, params, results, caps) {
            let place = here!(self.find(caller, &target!(params, caps, true))?, results);
            if !caller.credentials.is_root() || !self.world.policy().change_root {
                return Err(Errno::PERM);
            }
            let directory = self.searchable(caller, place)?;
            caps.donate(directory);
            Ok(())
        }

        fn watch[fs::watch](&self, caller, params, results, caps) {
            const DONT_FOLLOW: u32 = libc::IN_DONT_FOLLOW;
            let follow = params.get_mask() & DONT_FOLLOW == 0;
            let place = here!(self.find(caller, &target!(params, caps, follow, 1))?, results);
            let mask = rustix::fs::inotify::WatchFlags::from_bits_retain(params.get_mask() & !DONT_FOLLOW);
            let watch = acting_as(&caller.credentials, || {
                let file = place.file()?;
                rustix::fs::inotify::add_watch(caps.received(0)?, raw::magic_path(&file), mask).host()
            })?;
            results.set_watch(watch);
            Ok(())
        }
    }

    descriptor_methods!();
}

impl Directory {
    /// A directory that the caller may search, to work in.
    fn searchable(&self, caller: &Caller, mut place: Place) -> Result<OwnedFd, Errno> {
        place.directory = true;
        let directory = acting_as(&caller.credentials, || place.file())?;
        check_access(&caller.credentials, &place, libc::X_OK as u32, true)?;
        Ok(directory)
    }
}

#[cfg(test)]
mod tests;
