//! What a guest may know of the machine, and the settings of the system that it asks for by name or number.

use schemas::message::{data_words, text_words};
use schemas::system::control;
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

/// getrandom(2), the flags of which FreeBSD and NetBSD have from Linux.
///
/// # Errors
/// `EINVAL` for unknown flags, `EFAULT`, `EAGAIN`, `EINTR`.
pub fn random(_cx: &mut Context, buffer: Pointer, len: usize, flags: u32) -> Result<u64, Errno> {
    // SAFETY: the kernel checks the guest's pointer.
    unsafe { call_blocking(abi::__NR_getrandom, [buffer.0, len as u64, u64::from(flags)]) }
}
