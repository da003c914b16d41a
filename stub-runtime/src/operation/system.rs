//! What a guest may know of the machine, and the settings of the system that it asks for by name or number.

use schemas::message::{data_words, text_words};
use schemas::system::{control, log, module, reboot, set_identity};
use schemas::{Errno, Operation};

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::abi;
use crate::host::linux::syscall::{call, call_blocking};
use crate::transport;

/// How many processors the guest may use.
pub fn processors() -> u64 {
    let mut set = [0u8; 1024];
    // SAFETY: the kernel writes our buffer.
    let len = unsafe { call(abi::__NR_sched_getaffinity, [0, set.len() as u64, set.as_mut_ptr() as u64]) };
    let used = &set[..len.map_or(0, |len| len as usize)];
    used.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>().max(1)
}

/// A question about a setting: by its dotted name or, where that is empty, by numbers.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Its dotted name.
    pub name: &'a [u8],
    /// Its numbers.
    pub numbers: &'a [i32],
    /// What it is to become, in the guest's layout.
    pub new: Option<&'a [u8]>,
}

/// The value of a setting, in the guest's layout.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// Here.
    Bytes(&'a [u8]),
    /// In a file of this length, too long for a message.
    File(i32, usize),
}

impl Value<'_> {
    /// Its length in bytes.
    pub fn len(&self) -> usize {
        match *self {
            Value::Bytes(bytes) => bytes.len(),
            Value::File(_, len) => len,
        }
    }

    /// Whether there is nothing of it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies the first `len` bytes to the guest.
    ///
    /// # Errors
    /// `EFAULT`.
    pub fn copy_out(&self, at: u64, len: usize) -> Result<(), Errno> {
        match *self {
            Value::Bytes(bytes) => guest::write(at, &bytes[..len]),
            Value::File(file, _) => {
                let mut done = 0;
                while done < len as u64 {
                    // SAFETY: the kernel checks the guest's address.
                    let got = unsafe {
                        call(abi::__NR_pread64, [file as u64, at.wrapping_add(done), len as u64 - done, done])
                    }?;
                    if got == 0 {
                        return Err(Errno::IO);
                    }
                    done += got;
                }
                Ok(())
            }
        }
    }
}

/// Asks for a setting, and lets `read` see what it is or, where it is changed, was.
///
/// # Errors
/// `ENOENT` for what nobody knows, `EPERM` for a change that is not allowed, `EISDIR` and `ENOTDIR` for what has no
/// value; `EIO` when the mapper is gone.
pub fn setting<T>(
    cx: &Context,
    setting: &Setting<'_>,
    read: impl FnOnce(Value<'_>) -> Result<T, Errno>,
) -> Result<T, Errno> {
    let words = text_words(setting.name.len())
        + data_words(size_of_val(setting.numbers))
        + data_words(setting.new.map_or(0, <[u8]>::len));
    transport::call::<control::params::Owned, control::results::Owned, _>(
        cx,
        Operation::SystemControl,
        words,
        &[],
        |mut params| {
            params.set_name(capnp::text::Reader(setting.name));
            let mut numbers = params.reborrow().init_numbers(setting.numbers.len() as u32);
            for (at, number) in (0..).zip(setting.numbers) {
                numbers.set(at, *number);
            }
            if let Some(new) = setting.new {
                params.set_set(true);
                params.set_value(new);
            }
            Ok(())
        },
        |results, received| {
            let Some(&file) = received.first() else {
                return read(Value::Bytes(results.get_value()?));
            };
            // SEEK_END is 2.
            // SAFETY: no pointers.
            let len = unsafe { call(abi::__NR_lseek, [file as u64, 0, 2]) }?;
            let result = read(Value::File(file, len as usize))?;
            // SAFETY: a descriptor of ours that nobody else knows.
            unsafe { call(abi::__NR_close, [file as u64]) }?;
            Ok(result)
        },
    )
}

/// Changes the name of the system or of its domain, for all guests of the world.
///
/// # Errors
/// `EINVAL` for a name that is too long, `EPERM` unless the caller may and the deployment allows it; `EIO` when the
/// mapper is gone.
pub fn set_name(cx: &Context, name: &[u8], domain: bool) -> Result<(), Errno> {
    transport::call::<set_identity::params::Owned, set_identity::results::Owned, _>(
        cx,
        Operation::SystemSetIdentity,
        data_words(name.len()),
        &[],
        |mut params| {
            params.set_name(name);
            params.set_domain(domain);
            Ok(())
        },
        |_, _| Ok(()),
    )
}

/// getrandom(2), the flags of which FreeBSD and NetBSD have from Linux.
///
/// # Errors
/// `EINVAL` for unknown flags, `EFAULT`, `EAGAIN`, `EINTR`.
pub fn random(_cx: &mut Context, buffer: Pointer, len: usize, flags: u32) -> Result<u64, Errno> {
    // SAFETY: the kernel checks the guest's pointer.
    unsafe { call_blocking(abi::__NR_getrandom, [buffer.0, len as u64, u64::from(flags)]) }
}

/// Ends the world of the guest's OS, as reboot(2); `how` is one of the host's `LINUX_REBOOT_CMD_*`.
///
/// # Errors
/// `EPERM` unless the deployment allows it; `EIO` when the mapper is gone.
pub fn reboot(cx: &Context, how: u32) -> Result<(), Errno> {
    transport::call::<reboot::params::Owned, reboot::results::Owned, _>(
        cx,
        Operation::SystemReboot,
        0,
        &[],
        |mut params| {
            params.set_how(how);
            Ok(())
        },
        |_, _| Ok(()),
    )
}

/// Writes a line to the log of the world.
///
/// # Errors
/// `EMSGSIZE` for a line that is too long; `EIO` when the mapper is gone.
pub fn log(cx: &Context, line: &[u8]) -> Result<(), Errno> {
    const WRITE: u32 = u32::MAX;
    transport::call::<log::params::Owned, log::results::Owned, _>(
        cx,
        Operation::SystemLog,
        data_words(line.len()),
        &[],
        |mut params| {
            params.set_action(WRITE);
            params.set_data(line);
            Ok(())
        },
        |_, _| Ok(()),
    )
}

/// The number of a module of the kernel, of which servers do the work.
///
/// # Errors
/// `ENOENT`; `EIO` when the mapper is gone.
pub fn find_module(cx: &Context, name: &[u8]) -> Result<i32, Errno> {
    ask_module(cx, module::Action::Find, name, 0, |results| Ok(results.get_identifier()))
}

/// Lets `read` see the module behind another, by its number and name. Behind 0 is the first; there is none behind the
/// last.
///
/// # Errors
/// `ENOENT` when there is no such module; `EIO` when the mapper is gone.
pub fn module_after<T>(
    cx: &Context,
    number: i32,
    read: impl FnOnce(Option<(i32, &[u8])>) -> Result<T, Errno>,
) -> Result<T, Errno> {
    ask_module(cx, module::Action::List, b"", number, |results| {
        let names = results.get_names()?;
        if names.is_empty() {
            return read(None);
        }
        read(Some((results.get_identifier(), names.get(0)?.as_bytes())))
    })
}

fn ask_module<T>(
    cx: &Context,
    action: module::Action,
    name: &[u8],
    number: i32,
    read: impl FnOnce(module::results::Reader<'_>) -> Result<T, Errno>,
) -> Result<T, Errno> {
    transport::call::<module::params::Owned, module::results::Owned, _>(
        cx,
        Operation::SystemModule,
        data_words(name.len()),
        &[],
        |mut params| {
            params.set_action(action);
            params.set_name(name);
            params.set_identifier(number);
            Ok(())
        },
        |results, _| read(results),
    )
}
