//! `exec`: what a program is, for which OS, and how it is to be run.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, ResolveFlags};
use schemas::exec::{self, Decision, identify::results};
use schemas::server::{Caller, Exec};
use schemas::{Errno, Personality};

use crate::exec::hoist::{Answer, Place, Programs};
use crate::exec::signature::{
    self, Architecture, Class, Format, Found, Identity, Linking, Os, Question, Surroundings,
};
use crate::host::{HostResult, identity::acting_as, mapping::mapping, memory, raw};
use crate::hurd::mounts::{MountKind, MountPoint, below};
use crate::hurd::world::World;

/// The server.
pub struct ExecServer {
    world: Arc<World>,
    programs: Programs,
}

impl ExecServer {
    /// The server of a world.
    pub fn new(world: Arc<World>) -> Self {
        Self { world, programs: Programs::default() }
    }
}

/// The files that guests of an OS see, through the directory mounts.
struct Seen<'a> {
    world: &'a World,
    personality: Personality,
}

impl Seen<'_> {
    /// Opens a file as guests find it: in the directory with the longest prefix, of several the one mounted last, and
    /// in the next one when that is an overlay and the file is not there.
    fn open(&self, path: &Path, flags: OFlags) -> Result<(PathBuf, OwnedFd), Errno> {
        let path = path.as_os_str().as_bytes();
        let mut mounts: Vec<(usize, MountPoint)> =
            self.world.mounts.seen_by(self.personality).into_iter().enumerate().collect();
        mounts.sort_by_key(|(order, mount)| std::cmp::Reverse((mount.prefix.len(), *order)));
        for (_, mount) in mounts {
            let (MountKind::Directory(directory), Some(rest)) = (&mount.kind, below(&mount.prefix, path))
            else {
                continue;
            };
            let rest = if rest.is_empty() { b"." } else { rest };
            let root = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let root = match rustix::fs::open(directory.as_slice(), root, Mode::empty()) {
                Err(rustix::io::Errno::NOENT) if mount.overlay => continue,
                root => root.host()?,
            };
            match rustix::fs::openat2(&root, rest, flags, Mode::empty(), ResolveFlags::IN_ROOT) {
                Err(rustix::io::Errno::NOENT) if mount.overlay => {}
                file => {
                    return Ok((
                        PathBuf::from(std::ffi::OsString::from_vec(directory.clone())),
                        file.host()?,
                    ));
                }
            }
        }
        Err(Errno::NOENT)
    }
}

/// Opens a file as guests of the caller's OS find it, as the caller.
pub(super) fn open_seen(
    world: &World,
    caller: &Caller,
    path: &[u8],
    flags: OFlags,
) -> Result<OwnedFd, Errno> {
    let seen = Seen { world, personality: caller.personality };
    let path = Path::new(std::ffi::OsStr::from_bytes(path));
    acting_as(&caller.credentials, || {
        let (_, file) = seen.open(path, OFlags::PATH | OFlags::CLOEXEC)?;
        if flags.contains(OFlags::PATH) {
            Ok(file)
        } else {
            memory::reopen(&file, flags | OFlags::NOCTTY | OFlags::NONBLOCK)
        }
    })
}

/// A pipe or a device must not make the reader wait.
const READING: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NOCTTY).union(OFlags::NONBLOCK);

impl Surroundings for Seen<'_> {
    fn open(&self, os: Option<Os>, path: &Path) -> io::Result<Found> {
        let personality = os.and_then(Os::personality).unwrap_or(self.personality);
        let seen = Seen { personality, ..*self };
        let (sysroot, file) = seen.open(path, READING)?;
        Ok(Found { sysroot, source: Box::new(File::from(file)) })
    }
}

fn os(byte: u8) -> Result<Option<Os>, Errno> {
    match byte {
        0 => Ok(None),
        byte => {
            Personality::from_byte(byte).map(|personality| Some(Os::from(personality))).ok_or(Errno::INVAL)
        }
    }
}

impl Exec for ExecServer {
    methods! {
        fn identify[exec::identify](&self, caller, params, results, caps) {
            let given = if params.get_descriptor() { Some(caps.received(0)?) } else { None };
            let path = Path::new(std::ffi::OsStr::from_bytes(params.get_path()?));
            let wanted = os(params.get_personality())?;
            let executing = os(params.get_caller())?.unwrap_or(caller.personality.into());
            let seen = Seen { world: &self.world, personality: caller.personality };
            let (identity, mode) = acting_as(&caller.credentials, || {
                let named = match given {
                    Some(given) => given.try_clone().host()?,
                    None => seen.open(path, OFlags::PATH | OFlags::CLOEXEC)?.1,
                };
                let mode = executable(&named)?;
                let file = File::from(memory::reopen(&named, OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK)?);
                let question = Question::new(path, &seen).with_os(wanted).with_caller(Some(executing));
                Ok((signature::identify(&file, &question).host()?, mode))
            })?;
            set(results.reborrow(), &identity);
            results.set_set_user(mode & (libc::S_ISUID | libc::S_ISGID) != 0);
            Ok(())
        }

        fn hoist[exec::hoist](&self, caller, params, results, _caps) {
            let site = params.get_site();
            let room = (params.get_room() as usize).min(TRAMPOLINE);
            let Some(found) = mapping(caller.pid, site)? else {
                results.set_decision(Decision::NotAFile);
                return Ok(());
            };
            if let Some(place) = Place::within(&found, site) {
                self.world.note_place(caller.pid, site, place);
            }
            match self.programs.answer(&found, &caller.credentials, site, params.get_trampoline(), room) {
                Ok(answer) => set_hoisted(results, &answer),
                Err(decision) => results.set_decision(decision),
            }
            Ok(())
        }
    }
}

/// Longest code that is told for a trampoline, in bytes: far more than any takes.
const TRAMPOLINE: usize = 1024;

fn set_hoisted(mut results: exec::hoist::results::Builder<'_>, answer: &Answer) {
    results.set_decision(Decision::Hoisted);
    results.set_replaced(answer.plan.replaced.wrapping_add(answer.bias));
    results.set_length(answer.plan.length);
    results.set_original(&answer.plan.original);
    results.set_code(&answer.code.bytes);
    let mut steps = results.init_steps(answer.code.steps.len() as u32);
    for (index, step) in answer.code.steps.iter().enumerate() {
        let mut row = steps.reborrow().get(index as u32);
        row.set_offset(step.offset);
        row.set_address(step.address);
    }
}

/// Whether the caller may execute a file, as `execve(2)` decides; its mode.
fn executable(file: &OwnedFd) -> Result<u32, Errno> {
    let mode = rustix::fs::fstat(file).host()?.st_mode;
    if mode & libc::S_IFMT != libc::S_IFREG {
        return Err(Errno::ACCES);
    }
    // Even the superuser needs one of the execute bits.
    rustix::fs::accessat(CWD, raw::magic_path(file), Access::EXEC_OK, AtFlags::EACCESS).host()?;
    Ok(mode)
}

fn personality(os: Option<Os>) -> u8 {
    os.and_then(Os::personality).map_or(0, |personality| personality as u8)
}

fn set(mut results: results::Builder<'_>, identity: &Identity) {
    results.set_personality(personality(identity.os));
    results.set_architecture(architecture(identity.architecture, identity.class));
    results.set_format(format(identity.format));
    results.set_bits(identity.class.map_or(0, Class::bits));
    results.set_big_endian(identity.big_endian);
    results.set_dynamic(identity.linking == Some(Linking::Dynamic));
    results.set_os_version(identity.os_version.as_ref().map_or(0, |version| version.number));
    if let Some(interpreter) = &identity.interpreter {
        let path = interpreter.path.as_os_str().as_bytes();
        if identity.format == Format::Script {
            results.set_script_interpreter(path);
            results.set_has_script_argument(interpreter.argument.is_some());
            results.set_script_argument(
                interpreter.argument.as_deref().map_or(b"", |argument| argument.as_bytes()),
            );
        } else {
            results.set_interpreter(path);
        }
    }
    match &identity.runnable {
        Ok(()) => results.set_runnable(true),
        Err(reason) => results.set_reason(reason.to_string()),
    }
    let mut list = results.init_evidence(identity.evidence.len() as u32);
    for (index, evidence) in identity.evidence.iter().enumerate() {
        let mut row = list.reborrow().get(index as u32);
        row.set_personality(personality(evidence.os));
        row.set_weight(evidence.kind.weight());
        row.set_rule(&evidence.detail);
    }
}

fn format(format: Format) -> exec::Format {
    match format {
        Format::Unknown => exec::Format::Unknown,
        Format::Elf => exec::Format::Elf,
        Format::Script => exec::Format::Script,
        Format::Aout | Format::Xout => exec::Format::Aout,
        Format::Coff => exec::Format::Coff,
        Format::Mz | Format::Com | Format::Ne | Format::Le => exec::Format::Dos,
        // One that was not assimilated is executed as what it begins as.
        Format::Pe | Format::Ape => exec::Format::Windows,
        Format::MachO | Format::MachOFat => exec::Format::MachO,
    }
}

fn architecture(architecture: Option<Architecture>, class: Option<Class>) -> exec::Architecture {
    match architecture {
        Some(Architecture::X86_64) => exec::Architecture::X86v64,
        Some(Architecture::I386 | Architecture::I286 | Architecture::I8086) => exec::Architecture::X86,
        Some(Architecture::Arm) => exec::Architecture::Arm,
        Some(Architecture::Aarch64) => exec::Architecture::Aarch64,
        Some(Architecture::RiscV) if class == Some(Class::Bits64) => exec::Architecture::Riscv64,
        Some(Architecture::Mips) => exec::Architecture::Mips,
        Some(Architecture::PowerPc) => exec::Architecture::Powerpc,
        Some(Architecture::PowerPc64) => exec::Architecture::Powerpc64,
        Some(Architecture::Sparc) => exec::Architecture::Sparc,
        Some(Architecture::Sparc64) => exec::Architecture::Sparc64,
        Some(Architecture::Alpha) => exec::Architecture::Alpha,
        Some(Architecture::M68k) => exec::Architecture::M68k,
        Some(Architecture::Vax) => exec::Architecture::Vax,
        Some(Architecture::S390) => exec::Architecture::S390,
        Some(Architecture::LoongArch) => exec::Architecture::Loongarch64,
        _ => exec::Architecture::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::testing::{ask, caller, none, world};
    use schemas::server::{Capabilities, ExecServer as Named};
    use std::os::unix::fs::PermissionsExt;

    fn server(folder: &tempfile::TempDir) -> Named<ExecServer> {
        let world = world();
        let row = |identifier: u32, directory: &[u8]| MountPoint {
            identifier,
            prefix: b"/".into(),
            personalities: 0,
            kind: MountKind::Directory(directory.into()),
            read_only: false,
            overlay: identifier == 2,
        };
        world.mounts.set(vec![row(1, b"/"), row(2, folder.path().as_os_str().as_encoded_bytes())]);
        Named::new("exec", ExecServer::new(world))
    }

    type Told = (u8, exec::Format, bool, Vec<u8>, String);

    fn identify(server: &Named<ExecServer>, path: &str, mut caps: Capabilities) -> Result<Told, Errno> {
        let descriptor = !caps.received.is_empty();
        let caller: Caller = caller(Personality::Linux);
        ask!(
            *server,
            &caller,
            exec::identify,
            ExecIdentify,
            |p| {
                p.set_path(path.as_bytes());
                p.set_descriptor(descriptor);
            },
            &mut caps,
            |r| (
                r.get_personality(),
                r.get_format().unwrap(),
                r.get_runnable(),
                r.get_script_interpreter().unwrap().to_vec(),
                r.get_reason().unwrap().to_string().unwrap(),
            )
        )
    }

    fn write(folder: &tempfile::TempDir, name: &str, content: &[u8], mode: u32) -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn programs_are_found_through_the_mounts() {
        let folder = tempfile::tempdir().unwrap();
        let server = server(&folder);
        let own = std::env::current_exe().unwrap();
        let (personality, format, runnable, ..) = identify(&server, own.to_str().unwrap(), none()).unwrap();
        assert_eq!((personality, format), (Personality::Linux as u8, exec::Format::Elf));
        assert!(runnable);
        write(&folder, "script", b"#!/bin/sh -e\n", 0o755);
        let (_, format, _, interpreter, _) = identify(&server, "/script", none()).unwrap();
        assert_eq!((format, interpreter), (exec::Format::Script, b"/bin/sh".to_vec()));
        assert_eq!(identify(&server, "/none", none()).unwrap_err(), Errno::NOENT);
    }

    #[test]
    fn file_that_is_no_program_is_told_with_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let server = server(&folder);
        let path = write(&folder, "text", b"hello world\n", 0o755);
        let file: OwnedFd = File::open(path).unwrap().into();
        let (personality, _, runnable, _, reason) =
            identify(&server, "text", Capabilities::new(vec![file])).unwrap();
        assert_eq!((personality, runnable), (0, false));
        assert!(!reason.is_empty());
    }

    #[test]
    fn own_calls_can_be_hoisted() {
        let server = server(&tempfile::tempdir().unwrap());
        let caller = Caller { pid: std::process::id() as i32, ..caller(Personality::Linux) };
        let ask = |site: u64| {
            ask!(
                server,
                &caller,
                exec::hoist,
                ExecHoist,
                |p| {
                    p.set_site(site);
                    p.set_trampoline(site + 0x1000_0000);
                    p.set_room(128);
                },
                &mut none(),
                |r| (
                    r.get_decision().unwrap(),
                    r.get_replaced(),
                    r.get_original().unwrap().to_vec(),
                    r.get_steps().unwrap().iter().last().map(|step| step.get_address()),
                )
            )
            .unwrap()
        };
        // The C library's own `getppid` is no more than its `syscall`.
        let function = libc::getppid as *const () as u64;
        // SAFETY: code of the C library, where a function has at least as many bytes.
        let code = unsafe { std::slice::from_raw_parts(function as *const u8, 16) };
        let offset = code.windows(2).position(|bytes| bytes == [0x0f, 0x05]).unwrap() as u64;
        let site = function + offset;
        let (decision, replaced, original, last) = ask(site);
        assert_eq!(decision, Decision::Hoisted);
        assert!(replaced >= function && replaced + 5 <= site, "{replaced:x} {site:x}");
        assert_eq!(original, code[(replaced - function) as usize..offset as usize + 2]);
        assert_eq!(last, Some(site));
        assert_eq!(ask(site + 1).0, Decision::Unreached);
        assert_eq!(ask(code.as_ptr_range().end as u64 | 0x7fff_0000_0000_0000).0, Decision::NotAFile);
        assert_eq!(ask(&raw const server as u64).0, Decision::NotAFile);
    }

    #[test]
    fn only_executable_plain_files_are_programs() {
        let folder = tempfile::tempdir().unwrap();
        let server = server(&folder);
        write(&folder, "data", b"#!/bin/sh\n", 0o644);
        assert_eq!(identify(&server, "/data", none()).unwrap_err(), Errno::ACCES);
        assert_eq!(identify(&server, "/", none()).unwrap_err(), Errno::ACCES);
    }
}
