//! Host processes, as `proc(5)` tells of them.

use schemas::Errno;
use schemas::server::Credentials;

use super::HostResult;

/// What `/proc/PID/stat` says, field for field as far as it is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Name of the program, without a folder, at most 15 bytes.
    pub command: Vec<u8>,
    /// State letter.
    pub state: u8,
    /// Parent.
    pub parent: i32,
    /// Process group.
    pub group: i32,
    /// Session.
    pub session: i32,
    /// Controlling terminal as the kernel packs device numbers there; 0 for none.
    pub terminal: i32,
    /// Foreground group of the terminal.
    pub terminal_group: i32,
    /// Minor faults.
    pub minor_faults: u64,
    /// Major faults.
    pub major_faults: u64,
    /// Time in user mode, in clock ticks.
    pub user_ticks: u64,
    /// Time in the kernel, in clock ticks.
    pub system_ticks: u64,
    /// Kernel priority.
    pub priority: i32,
    /// Nice value.
    pub nice: i32,
    /// Threads.
    pub threads: u32,
    /// Start, in clock ticks since boot.
    pub start_ticks: u64,
    /// Size of the address space in bytes.
    pub virtual_size: u64,
    /// Resident pages.
    pub resident: u64,
    /// Processor it last ran on.
    pub processor: u32,
}

/// Reads `/proc/PID/stat`; `ESRCH` when there is no such process.
pub fn stat(pid: i32) -> Result<Stat, Errno> {
    let text = read(pid, "stat")?;
    parse_stat(&text).ok_or(Errno::IO)
}

/// Reads a file below `/proc/PID`; `ESRCH` when there is no such process.
pub fn read(pid: i32, name: &str) -> Result<Vec<u8>, Errno> {
    std::fs::read(format!("/proc/{pid}/{name}")).host().map_err(|error| match error {
        Errno::NOENT => Errno::SRCH,
        error => error,
    })
}

/// The name stands in parentheses and may hold anything, so the last one closes it.
fn parse_stat(text: &[u8]) -> Option<Stat> {
    let open = text.iter().position(|byte| *byte == b'(')?;
    let close = text.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(text.get(close + 2..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // Numbered as in proc(5), where the state is field 3.
    let field = |number: usize| fields.get(number - 3).copied();
    fn number<T: std::str::FromStr>(field: Option<&str>) -> Option<T> {
        field?.parse().ok()
    }
    Some(Stat {
        command: text.get(open + 1..close)?.to_vec(),
        state: *field(3)?.as_bytes().first()?,
        parent: number(field(4))?,
        group: number(field(5))?,
        session: number(field(6))?,
        terminal: number(field(7))?,
        terminal_group: number(field(8))?,
        minor_faults: number(field(10))?,
        major_faults: number(field(12))?,
        user_ticks: number(field(14))?,
        system_ticks: number(field(15))?,
        priority: number(field(18))?,
        nice: number(field(19))?,
        threads: number(field(20))?,
        start_ticks: number(field(22))?,
        virtual_size: number(field(23))?,
        resident: number(field(24))?,
        processor: number(field(39)).unwrap_or(0),
    })
}

/// Identities from `/proc/PID/status`.
pub fn credentials(pid: i32) -> Result<Credentials, Errno> {
    let text = read(pid, "status")?;
    let text = String::from_utf8_lossy(&text);
    let numbers = |key: &str| -> Vec<u32> {
        text.lines()
            .find_map(|line| line.strip_prefix(key))
            .map(|rest| rest.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect())
            .unwrap_or_default()
    };
    let ([real_user, effective_user, saved_user, _], [real_group, effective_group, saved_group, _]) =
        (four(&numbers("Uid:"))?, four(&numbers("Gid:"))?);
    Ok(Credentials {
        real_user,
        effective_user,
        saved_user,
        real_group,
        effective_group,
        saved_group,
        groups: numbers("Groups:"),
    })
}

fn four(numbers: &[u32]) -> Result<[u32; 4], Errno> {
    numbers.try_into().map_err(|_| Errno::IO)
}

/// The strings of `/proc/PID/cmdline` or `environ`.
pub fn strings(pid: i32, name: &str) -> Result<Vec<Vec<u8>>, Errno> {
    let text = read(pid, name)?;
    let text = text.strip_suffix(b"\0").unwrap_or(&text);
    Ok(if text.is_empty() { Vec::new() } else { text.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect() })
}

/// Every process that `/proc` lists.
pub fn all() -> Result<Vec<i32>, Errno> {
    let mut pids = Vec::new();
    for entry in std::fs::read_dir("/proc").host()? {
        if let Some(pid) = entry.host()?.file_name().to_str().and_then(|name| name.parse().ok()) {
            pids.push(pid);
        }
    }
    Ok(pids)
}

/// Clock ticks in a second (`sysconf(_SC_CLK_TCK)`).
pub fn ticks_per_second() -> u64 {
    rustix::param::clock_ticks_per_second().max(1)
}

/// When the host was started, in seconds since the epoch (`btime` of `/proc/stat`).
pub fn boot_time() -> Result<i64, Errno> {
    let text = std::fs::read_to_string("/proc/stat").host()?;
    text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok()).ok_or(Errno::IO)
}

/// Ticks as seconds and nanoseconds.
pub fn ticks_to_time(ticks: u64) -> (i64, i64) {
    let rate = ticks_per_second();
    ((ticks / rate) as i64, (ticks % rate * (1_000_000_000 / rate)) as i64)
}

/// The device number as `makedev(3)` packs it, from the one in `/proc/PID/stat`: the minor there is split around
/// the major, which has twelve bits.
pub fn terminal_device(packed: i32) -> u64 {
    let packed = packed as u32;
    rustix::fs::makedev(packed >> 8 & 0xfff, packed & 0xff | packed >> 12 & 0xfff00)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_copes_with_parentheses_in_names() {
        let text = b"12 (a) b (c) S 1 12 12 34816 12 4194304 1 0 2 0 3 4 0 0 20 5 7 0 99 4096 3 18446744073709551615 \
            1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n";
        let stat = parse_stat(text).unwrap();
        assert_eq!(stat.command, b"a) b (c");
        assert_eq!((stat.state, stat.parent, stat.nice, stat.threads), (b'S', 1, 5, 7));
        assert_eq!((stat.start_ticks, stat.virtual_size, stat.processor), (99, 4096, 1));
        assert_eq!(terminal_device(stat.terminal), rustix::fs::makedev(136, 0));
    }

    #[test]
    fn own_process_is_described() {
        let pid = std::process::id() as i32;
        let own = stat(pid).unwrap();
        assert_eq!(own.parent, std::os::unix::process::parent_id() as i32);
        assert_eq!(credentials(pid).unwrap().effective_user, rustix::process::geteuid().as_raw());
        assert!(all().unwrap().contains(&pid));
        assert_eq!(stat(i32::MAX), Err(Errno::SRCH));
    }
}
