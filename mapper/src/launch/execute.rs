//! Becoming the guest: the stub's image replaces this process.

use std::ffi::{CString, OsStr, OsString, c_char};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;

use rustix::io::Errno;

/// What the guest starts with.
#[derive(Debug, Clone)]
pub struct Start {
    /// Its arguments, the program's name first.
    pub arguments: Vec<OsString>,
    /// Its environment, as `NAME=value`.
    pub environment: Vec<OsString>,
}

impl Start {
    /// The given arguments with this process's own environment.
    pub fn with_own_environment(arguments: Vec<OsString>) -> Self {
        let environment = std::env::vars_os()
            .map(|(mut name, value)| {
                name.push("=");
                name.push(value);
                name
            })
            .collect();
        Self { arguments, environment }
    }
}

/// What the host is given to execute the stub with.
#[derive(Debug)]
pub struct Image {
    arguments: Vec<CString>,
    environment: Vec<CString>,
    /// The pointers to the arguments, a null pointer, those to the environment, and another one.
    pointers: Vec<*const c_char>,
}

impl Image {
    /// `EINVAL` for a string with a zero byte inside.
    pub fn new(start: &Start) -> Result<Self, Errno> {
        let arguments = c_strings(&start.arguments).ok_or(Errno::INVAL)?;
        let environment = c_strings(&start.environment).ok_or(Errno::INVAL)?;
        let pointers = pointers(&arguments).into_iter().chain(pointers(&environment)).collect();
        Ok(Self { arguments, environment, pointers })
    }

    /// Replaces this process by the stub; returns only when the host refuses.
    ///
    /// The stub learns the number of its first reserved descriptor, its own image's, from the name it is executed
    /// under: the kernel sets `AT_EXECFN` to `/dev/fd/N` when it executes descriptor N itself.
    pub fn execute(&self, base: RawFd) -> Errno {
        debug_assert_eq!(self.pointers.len(), self.arguments.len() + self.environment.len() + 2);
        let argv = self.pointers.as_ptr();
        // SAFETY: both lists end in a null pointer and point to strings that live until the call is over.
        unsafe {
            let envp = argv.add(self.arguments.len() + 1);
            libc::syscall(libc::SYS_execveat, base, c"".as_ptr(), argv, envp, libc::AT_EMPTY_PATH)
        };
        Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)
    }
}

fn c_strings(strings: &[OsString]) -> Option<Vec<CString>> {
    strings.iter().map(|string: &OsString| c_string(string)).collect()
}

fn c_string(string: &OsStr) -> Option<CString> {
    CString::new(string.as_bytes()).ok()
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
}
