//! Facts about the host, from `proc(5)`, `sysinfo(2)` and `sched_getaffinity(2)`.

use schemas::Errno;

use crate::host::HostResult;

/// Processors that a process may run on; those of the host when the process is gone.
pub fn processors(pid: i32) -> u32 {
    let set = rustix::thread::sched_getaffinity(rustix::process::Pid::from_raw(pid));
    set.map_or_else(|_| std::thread::available_parallelism().map_or(1, |n| n.get() as u32), |set| set.count())
}

/// Processors that are switched on.
pub fn online() -> u32 {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let lines = text.lines().filter(|line| line.starts_with("cpu") && !line.starts_with("cpu "));
    (lines.count() as u32).max(1)
}

/// Bytes of memory.
pub fn memory() -> u64 {
    let information = rustix::system::sysinfo();
    information.totalram as u64 * u64::from(information.mem_unit.max(1))
}

/// Bytes of swap space.
pub fn swap() -> u64 {
    let information = rustix::system::sysinfo();
    information.totalswap as u64 * u64::from(information.mem_unit.max(1))
}

/// Load averages over 1, 5 and 15 minutes, in units of `1 / scale`. Linux counts in units of 1 / 65536
/// (`linux/sysinfo.h`, `SI_LOAD_SHIFT`).
pub fn loads(scale: u64) -> [u32; 3] {
    let information = rustix::system::sysinfo();
    information.loads.map(|load| (load * scale / 65_536) as u32)
}

/// A line of `/proc/cpuinfo`, of the first processor.
pub fn processor(key: &str) -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.split(':').next().is_some_and(|name| name.trim() == key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Clock ticks that the processors spent: user, nice, system, interrupts, idle, in the order of the BSDs' `cp_time`.
/// One row for all together, then one for each.
pub fn processor_times() -> Result<Vec<[u64; 5]>, Errno> {
    let text = std::fs::read_to_string("/proc/stat").host()?;
    Ok(text
        .lines()
        .filter(|line| line.starts_with("cpu"))
        .map(|line| {
            let mut numbers = line.split_ascii_whitespace().skip(1).map(|word| word.parse().unwrap_or(0));
            let mut next = || numbers.next().unwrap_or(0u64);
            // proc(5): user nice system idle iowait irq softirq.
            let [user, nice, system, idle, waiting, hard, soft] = [(); 7].map(|()| next());
            [user, nice, system, hard + soft, idle + waiting]
        })
        .collect())
}

/// A setting of the host below `/proc/sys`, as a number.
pub fn setting(path: &str) -> Option<u64> {
    std::fs::read_to_string(format!("/proc/sys/{path}")).ok()?.split_ascii_whitespace().next()?.parse().ok()
}

/// The host's own identifier, as a UUID; made of the machine identifier where there is one (`machine-id(5)`).
pub fn uuid() -> String {
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let text = machine.trim();
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return "00000000-0000-0000-0000-000000000000".to_owned();
    }
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_has_processors_memory_and_load() {
        assert!(processors(std::process::id() as i32) >= 1);
        assert!(processors(i32::MAX) >= 1);
        assert!(online() >= 1);
        assert!(memory() > 1 << 20);
        assert_eq!(processor_times().unwrap().len() as u32, online() + 1);
        assert_eq!(uuid().len(), 36);
    }
}
