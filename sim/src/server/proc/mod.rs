//! `proc`: processes, signals between them, and facts about the system.

mod kill;
mod list;

use std::sync::Arc;

use schemas::server::{Caller, Proc};
use schemas::{Errno, Personality, system};

use super::system::{System, set_name};
use crate::hurd::world::World;

/// The server.
pub struct ProcServer {
    world: Arc<World>,
    system: System,
}

impl ProcServer {
    /// The server of a world.
    pub fn new(world: Arc<World>) -> Self {
        Self { system: System::new(world.clone()), world }
    }
}

/// A thread of a guest is named by both numbers: the process must be the thread's own.
fn check_thread(pid: i32, thread: i32) -> Result<(), Errno> {
    let folder = format!("/proc/{pid}/task/{thread}");
    if thread > 0 && !std::path::Path::new(&folder).exists() { Err(Errno::SRCH) } else { Ok(()) }
}

impl Proc for ProcServer {
    methods! {
        fn get_pid[proc::get_pid](&self, caller, _params, results, _caps) {
            results.set_pid(caller.pid);
            results.set_thread(caller.tid);
            Ok(())
        }

        fn kill[proc::kill](&self, caller, params, results, _caps) {
            let (pid, thread, signal) = (params.get_pid(), params.get_thread(), params.get_signal());
            if thread > 0 {
                check_thread(pid, thread)?;
            }
            let (one, many);
            let targets: &[kill::Target] = if pid > 0 {
                one = [kill::target(&self.world, caller, pid, signal)?];
                &one
            } else {
                many = kill::targets(&self.world, caller, pid, signal)?;
                &many
            };
            let mut list = results.init_targets(targets.len() as u32);
            for (index, &(pid, signal)) in targets.iter().enumerate() {
                let mut target = list.reborrow().get(index as u32);
                target.set_pid(pid);
                target.set_thread(thread.max(0));
                target.set_signal(signal);
                target.set_queued(params.get_queued());
                target.set_value(params.get_value());
            }
            Ok(())
        }

        fn signal_queue[signal::queue](&self, caller, params, results, _caps) {
            let (pid, thread) = (params.get_pid(), params.get_thread());
            if pid <= 0 {
                return Err(Errno::INVAL);
            }
            check_thread(pid, thread)?;
            let (_, signal) = kill::target(&self.world, caller, pid, params.get_signal())?;
            results.set_host_signal(signal);
            Ok(())
        }

        fn list[proc::list](&self, caller, params, results, _caps) {
            let personality = match params.get_personality() {
                0 => None,
                byte => Some(Personality::from_byte(byte).ok_or(Errno::INVAL)?),
            };
            list::fill(&self.world, caller, personality, params.get_pid(), params.get_after(), results)
        }

        fn system_identity[system::identity](&self, caller, _params, results, _caps) {
            let identity = self.world.identity(caller.personality);
            results.set_system(&identity.system);
            results.set_node(&identity.node);
            results.set_release(&identity.release);
            results.set_version(&identity.version);
            results.set_machine(&identity.machine);
            results.set_domain(&identity.domain);
            Ok(())
        }

        fn system_set_identity[system::set_identity](&self, caller, params, _results, _caps) {
            set_name(&self.world, caller, params.get_name()?, params.get_domain())
        }

        fn system_control[system::control](&self, caller, params, results, caps) {
            self.system.control(caller, params, results, caps)
        }

        fn system_log[system::log](&self, caller, params, results, _caps) {
            results.set_value(log(caller, params.get_action(), params.get_data()?)?);
            Ok(())
        }

        fn system_reboot[system::reboot](&self, caller, params, _results, _caps) {
            self.reboot(caller, params.get_how())
        }

        fn system_module[system::module](&self, _caller, params, results, _caps) {
            use system::module::Action;
            let modules = self.world.modules();
            match params.get_action().map_err(|_| Errno::INVAL)? {
                Action::Load => Err(Errno::PERM),
                Action::Unload => Err(Errno::PERM),
                Action::Find => {
                    let name = params.get_name()?;
                    let found = modules.iter().position(|module| module.as_bytes() == name).ok_or(Errno::NOENT)?;
                    results.set_identifier(found as i32 + 1);
                    Ok(())
                }
                Action::List => {
                    // The one after a given one, or all when none is given.
                    let after = usize::try_from(params.get_identifier()).map_err(|_| Errno::INVAL)?;
                    if after > modules.len() {
                        return Err(Errno::NOENT);
                    }
                    results.set_identifier(if after < modules.len() { after as i32 + 1 } else { 0 });
                    let mut names = results.init_names((modules.len() - after) as u32);
                    for (index, module) in modules[after..].iter().enumerate() {
                        names.set(index as u32, module);
                    }
                    Ok(())
                }
            }
        }
    }
}

/// `syslog(2)` of Linux and `sendsyslog(2)` of OpenBSD. What a guest writes goes to the mapper's log; the kernel's own
/// log is not a guest's to read.
fn log(caller: &Caller, action: u32, data: &[u8]) -> Result<i64, Errno> {
    /// Written by `sendsyslog`.
    const WRITE: u32 = u32::MAX;
    /// `SYSLOG_ACTION_CLOSE` and `SYSLOG_ACTION_OPEN`.
    const CLOSE: u32 = 0;
    const OPEN: u32 = 1;
    /// Longest line that is kept (`LOG_MAXLINE` of OpenBSD).
    const LONGEST: usize = 8192;
    match action {
        CLOSE | OPEN => Ok(0),
        WRITE => {
            let line = String::from_utf8_lossy(&data[..data.len().min(LONGEST)]);
            tracing::info!(target: "guest", pid = caller.pid, os = caller.personality.name(), "{line}");
            Ok(0)
        }
        2..=10 => Err(Errno::PERM),
        _ => Err(Errno::INVAL),
    }
}

impl ProcServer {
    /// Ends the guests of the caller's OS, the caller last. The keyboard's part (`LINUX_REBOOT_CMD_CAD_*`) is nothing
    /// to a guest.
    fn reboot(&self, caller: &Caller, how: u32) -> Result<(), Errno> {
        const KEYS_ON: u32 = 0x89ab_cdef;
        const KEYS_OFF: u32 = 0;
        if !caller.credentials.is_root() || !self.world.policy().reboot {
            return Err(Errno::PERM);
        }
        if matches!(how, KEYS_ON | KEYS_OFF) {
            return Ok(());
        }
        let jail = self.world.jail_of(caller.pid);
        let guests = self.world.guests().into_iter();
        let mut pids: Vec<i32> = guests
            .filter(|guest| guest.personality == caller.personality && guest.jail == jail)
            .map(|guest| guest.pid)
            .filter(|pid| *pid != caller.pid)
            .collect();
        pids.push(caller.pid);
        for pid in pids {
            if let Some(pid) = rustix::process::Pid::from_raw(pid) {
                // One that is gone already is what was wanted.
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
