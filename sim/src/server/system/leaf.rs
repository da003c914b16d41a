//! The values that guests ask for by `sysctl(3)`: their names, who has them, what they are.
//!
//! Names and types are those of `sysctl(3)` and of `sys/sysctl.h` of each OS, FreeBSD 14, NetBSD 10, OpenBSD 7 and
//! DragonFly 6. Which ones are here was found by looking at what C libraries, the Go and Rust runtimes and the usual
//! tools read.

use schemas::Errno;
use schemas::Personality::{self, DragonFly, FreeBsd, NetBsd, OpenBsd};
use schemas::server::Caller;

use super::facts;
use super::value::{Layout, Value};
use crate::host::process;
use crate::hurd::world::{Identity, World};

/// What a value is computed from.
pub struct Context<'a> {
    /// The world.
    pub world: &'a World,
    /// Who asks.
    pub caller: &'a Caller,
    /// What its OS says it is.
    pub identity: Identity,
}

/// A value.
pub struct Leaf {
    /// Its dotted name.
    pub name: &'static str,
    /// The systems that have it.
    pub on: &'static [Personality],
    /// What it is.
    pub value: fn(&Context<'_>) -> Result<Value, Errno>,
}

const ALL: &[Personality] = &[FreeBsd, NetBsd, OpenBsd, DragonFly];
const FREE: &[Personality] = &[FreeBsd, DragonFly];
const NAMED: &[Personality] = &[FreeBsd, NetBsd, DragonFly];
const OPEN: &[Personality] = &[OpenBsd];
const NET: &[Personality] = &[NetBsd];
const NET_OPEN: &[Personality] = &[NetBsd, OpenBsd];

const fn leaf(
    name: &'static str,
    on: &'static [Personality],
    value: fn(&Context<'_>) -> Result<Value, Errno>,
) -> Leaf {
    Leaf { name, on, value }
}

fn int(value: impl TryInto<i32>) -> Result<Value, Errno> {
    Ok(Value::Int(value.try_into().unwrap_or(i32::MAX)))
}

fn text(value: impl Into<String>) -> Result<Value, Errno> {
    Ok(Value::Text(value.into()))
}

fn long(value: u64) -> Result<Value, Errno> {
    Ok(Value::UnsignedLong(value))
}

fn page() -> u64 {
    rustix::param::page_size() as u64
}

/// `struct timeval`, or `struct timespec`, of which the second half is zero.
fn boot_time(_: &Context<'_>) -> Result<Value, Errno> {
    Ok(Value::Structure(Layout::new(16).long(0, process::boot_time()?).finish()))
}

/// `struct loadavg`: three fixed-point numbers, and their scale as a long.
fn load_average(_: &Context<'_>) -> Result<Value, Errno> {
    const SCALE: u64 = 2048;
    let [one, five, fifteen] = facts::loads(SCALE).map(|load| load as i32);
    let structure = Layout::new(24).int(0, one).int(4, five).int(8, fifteen).long(16, SCALE as i64).finish();
    Ok(Value::Structure(structure))
}

/// `struct clockinfo` of FreeBSD and DragonFly, NetBSD and OpenBSD: hz, tick, one field of history, stathz, profhz.
fn clock_rate(_: &Context<'_>) -> Result<Value, Errno> {
    let rate = process::ticks_per_second() as i32;
    let structure =
        Layout::new(20).int(0, rate).int(4, 1_000_000 / rate).int(12, rate).int(16, rate).finish();
    Ok(Value::Structure(structure))
}

fn times(rows: &[[u64; 5]]) -> Result<Value, Errno> {
    Ok(Value::Structure(rows.iter().flatten().flat_map(|ticks| ticks.to_ne_bytes()).collect()))
}

/// OpenBSD counts spinning between system time and interrupts.
fn times_with_spin(_: &Context<'_>) -> Result<Value, Errno> {
    let [user, nice, system, interrupts, idle] = facts::processor_times()?[0];
    let row = [user, nice, system, 0, interrupts, idle];
    Ok(Value::Structure(row.iter().flat_map(|ticks| ticks.to_ne_bytes()).collect()))
}

/// As much as one request can have (`arc4random(9)`).
fn random(_: &Context<'_>) -> Result<Value, Errno> {
    let mut bytes = vec![0; 256];
    let got = rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::NONBLOCK);
    bytes.truncate(got.map_err(|error| Errno(error.raw_os_error()))?);
    Ok(Value::Bytes(bytes))
}

/// Guests that care for their stack ask where it ends: at the host's stack, which they run on.
fn stack_end(context: &Context<'_>) -> Result<Value, Errno> {
    let maps = process::read(context.caller.pid, "maps")?;
    let maps = String::from_utf8_lossy(&maps);
    let line = maps.lines().find(|line| line.ends_with("[stack]")).ok_or(Errno::NOENT)?;
    let range = line.split_ascii_whitespace().next().and_then(|range| range.split_once('-'));
    let end = range.and_then(|(_, end)| u64::from_str_radix(end, 16).ok()).ok_or(Errno::NOENT)?;
    long(end)
}

fn most_files() -> u64 {
    facts::setting("fs/file-max").unwrap_or(1 << 20)
}

fn most_processes() -> u64 {
    facts::setting("kernel/pid_max").unwrap_or(99_999)
}

fn listen_queue(_: &Context<'_>) -> Result<Value, Errno> {
    int(facts::setting("net/core/somaxconn").unwrap_or(128))
}

/// Short name of the processor's instruction set, which for `amd64` differs from OS to OS (`machine`).
fn machine(context: &Context<'_>) -> Result<Value, Errno> {
    text(context.identity.machine.clone())
}

fn version(context: &Context<'_>) -> Result<Value, Errno> {
    let version = &context.identity.version;
    text(if version.ends_with('\n') { version.clone() } else { format!("{version}\n") })
}

/// All values.
pub static LEAVES: &[Leaf] = &[
    leaf("kern.ostype", ALL, |c| text(c.identity.system.clone())),
    leaf("kern.osrelease", ALL, |c| text(c.identity.release.clone())),
    leaf("kern.osrevision", ALL, |c| match c.caller.personality {
        NetBsd => int(c.identity.number),
        // BSD of sys/param.h, a constant since 4.4BSD in these three.
        _ => int(199_506),
    }),
    leaf("kern.version", ALL, version),
    leaf("kern.osversion", OPEN, |c| text(c.identity.version.clone())),
    leaf("kern.osreldate", FREE, |c| int(c.identity.number)),
    leaf("kern.ident", FREE, |_| text("GENERIC")),
    leaf("kern.maxvnodes", ALL, |_| int(most_files())),
    leaf("kern.maxproc", ALL, |_| int(most_processes())),
    leaf("kern.maxprocperuid", FREE, |_| int(most_processes())),
    leaf("kern.maxfiles", ALL, |_| int(most_files())),
    leaf("kern.maxfilesperproc", FREE, |_| int(facts::setting("fs/nr_open").unwrap_or(1 << 20))),
    leaf("kern.openfiles", FREE, |_| int(facts::setting("fs/file-nr").unwrap_or(0))),
    // MAX_ARG_STRLEN and a quarter of the stack bound it on Linux; this is what the default stack allows.
    leaf("kern.argmax", ALL, |_| int(2_097_152)),
    leaf("kern.securelevel", ALL, |_| int(-1)),
    leaf("kern.hostname", ALL, |c| text(c.identity.node.clone())),
    leaf("kern.domainname", ALL, |c| text(c.identity.domain.clone())),
    leaf("kern.hostid", FREE, |_| long(0)),
    leaf("kern.hostid", NET_OPEN, |_| int(0)),
    leaf("kern.hostuuid", FREE, |_| text(facts::uuid())),
    leaf("kern.clockrate", ALL, clock_rate),
    leaf("kern.posix1version", NAMED, |_| int(200_112)),
    leaf("kern.posix1", OPEN, |_| int(200_809)),
    leaf("kern.ngroups", FREE, |_| int(1023)),
    leaf("kern.ngroups", NET_OPEN, |_| int(16)),
    leaf("kern.job_control", ALL, |_| int(1)),
    leaf("kern.saved_ids", ALL, |_| int(1)),
    leaf("kern.boottime", ALL, boot_time),
    leaf("kern.bootfile", FREE, |_| text("/boot/kernel/kernel")),
    leaf("kern.iov_max", NAMED, |_| int(1024)),
    leaf("kern.arandom", ALL, random),
    leaf("kern.urandom", NET, random),
    leaf("kern.usrstack", FREE, stack_end),
    leaf("kern.logsigexit", FREE, |_| int(0)),
    leaf("kern.cp_time", NAMED, |_| times(&facts::processor_times()?[..1])),
    leaf("kern.cp_time", OPEN, times_with_spin),
    leaf("kern.cp_times", FREE, |_| times(&facts::processor_times()?[1..])),
    leaf("kern.smp.cpus", &[FreeBsd], |_| int(facts::online())),
    leaf("kern.smp.maxcpus", &[FreeBsd], |_| int(1024)),
    leaf("kern.smp.active", &[FreeBsd], |_| int(i32::from(facts::online() > 1))),
    leaf("kern.sched.cpusetsize", &[FreeBsd], |_| int(128)),
    leaf("kern.sched.name", &[FreeBsd], |_| text("ULE")),
    leaf("kern.supported_archs", &[FreeBsd], |c| text(c.identity.machine.clone())),
    leaf("kern.conftxt", &[FreeBsd], |_| text("")),
    leaf("kern.fscale", FREE, |_| int(2048)),
    leaf("kern.fscale", NET_OPEN, |_| int(2048)),
    leaf("kern.somaxconn", OPEN, listen_queue),
    leaf("kern.ipc.somaxconn", NAMED, listen_queue),
    leaf("kern.ipc.soacceptqueue", &[FreeBsd], listen_queue),
    leaf("kern.ipc.maxsockbuf", FREE, |_| long(facts::setting("net/core/rmem_max").unwrap_or(212_992))),
    leaf("kern.ipc.shmmax", FREE, |_| long(facts::setting("kernel/shmmax").unwrap_or(u64::MAX >> 1))),
    leaf("kern.ipc.shmall", FREE, |_| long(facts::setting("kernel/shmall").unwrap_or(u64::MAX >> 13))),
    leaf("kern.ipc.shmmni", FREE, |_| long(facts::setting("kernel/shmmni").unwrap_or(4096))),
    leaf("kern.ipc.shm_use_phys", FREE, |_| int(0)),
    leaf("kern.timecounter.hardware", &[FreeBsd], |_| text("TSC")),
    leaf("kern.elf64.aslr.enable", &[FreeBsd], |_| int(1)),
    leaf("kern.features.posix_shm", &[FreeBsd], |_| int(1)),
    leaf("kern.maxpartitions", NET_OPEN, |_| int(16)),
    leaf("kern.rawpartition", NET, |_| int(3)),
    leaf("kern.rawpartition", OPEN, |_| int(2)),
    leaf("kern.fsync", NET_OPEN, |_| int(1)),
    leaf("kern.synchronized_io", NET, |_| int(1)),
    leaf("kern.mapped_files", NET, |_| int(1)),
    leaf("kern.memlock", NET, |_| int(1)),
    leaf("kern.memlock_range", NET, |_| int(1)),
    leaf("kern.memory_protection", NET, |_| int(1)),
    leaf("kern.login_name_max", NET, |_| int(17)),
    leaf("kern.monotonic_clock", NET, |_| int(200_112)),
    leaf("kern.posix_threads", NET, |_| int(200_112)),
    leaf("kern.posix_semaphores", NET, |_| int(200_112)),
    leaf("kern.posix_barriers", NET, |_| int(200_112)),
    leaf("kern.posix_timers", NET, |_| int(200_112)),
    leaf("kern.posix_spin_locks", NET, |_| int(200_112)),
    leaf("kern.posix_reader_writer_locks", NET, |_| int(200_112)),
    leaf("kern.maxthread", OPEN, |_| int(most_processes())),
    leaf("kern.nosuidcoredump", OPEN, |_| int(1)),
    leaf("hw.machine", ALL, machine),
    leaf("hw.machine_arch", NAMED, machine),
    leaf("hw.model", ALL, |_| text(facts::processor("model name").unwrap_or_else(|| "unknown".into()))),
    leaf("hw.vendor", OPEN, |_| text(facts::processor("vendor_id").unwrap_or_else(|| "unknown".into()))),
    leaf("hw.ncpu", ALL, |c| int(facts::processors(c.caller.pid))),
    leaf("hw.ncpuonline", NET_OPEN, |c| int(facts::processors(c.caller.pid))),
    leaf("hw.ncpufound", OPEN, |_| int(facts::online())),
    leaf("hw.byteorder", ALL, |_| int(1234)),
    leaf("hw.physmem", FREE, |_| long(facts::memory())),
    leaf("hw.physmem", NET_OPEN, |_| int(facts::memory())),
    leaf("hw.physmem64", NET_OPEN, |_| long(facts::memory())),
    leaf("hw.usermem", FREE, |_| long(facts::memory())),
    leaf("hw.usermem", NET_OPEN, |_| int(facts::memory())),
    leaf("hw.usermem64", NET_OPEN, |_| long(facts::memory())),
    leaf("hw.realmem", &[FreeBsd], |_| long(facts::memory())),
    leaf("hw.pagesize", ALL, |_| int(page())),
    leaf("hw.pagesizes", &[FreeBsd], |_| {
        Ok(Value::Structure(Layout::new(24).long(0, page() as i64).long(8, 2 << 20).finish()))
    }),
    leaf("hw.floatingpoint", FREE, |_| int(1)),
    leaf("hw.availpages", FREE, |_| long(facts::memory() / page())),
    leaf("hw.cpuspeed", OPEN, |_| {
        let speed = facts::processor("cpu MHz").and_then(|text| text.parse::<f64>().ok());
        int(speed.map_or(0, |speed| speed as i32))
    }),
    leaf("hw.clockrate", &[FreeBsd], |_| {
        let speed = facts::processor("cpu MHz").and_then(|text| text.parse::<f64>().ok());
        int(speed.map_or(0, |speed| speed as i32))
    }),
    leaf("hw.alignbytes", NET, |_| int(15)),
    leaf("machdep.tsc_freq", &[FreeBsd], |_| {
        let speed = facts::processor("cpu MHz").and_then(|text| text.parse::<f64>().ok());
        long(speed.map_or(0, |speed| (speed * 1e6) as u64))
    }),
    leaf("vm.loadavg", ALL, load_average),
    leaf("vm.overcommit", FREE, |_| int(0)),
    leaf("vm.swap_total", &[FreeBsd], |_| long(facts::swap())),
    leaf("vm.swap_enabled", &[FreeBsd], |_| int(i32::from(facts::swap() > 0))),
    leaf("vm.stats.vm.v_page_size", FREE, |_| Ok(Value::Unsigned(page() as u32))),
    leaf("vm.stats.vm.v_page_count", FREE, |_| Ok(Value::Unsigned((facts::memory() / page()) as u32))),
    leaf("vm.stats.vm.v_free_count", FREE, |_| {
        let information = rustix::system::sysinfo();
        let free = information.freeram as u64 * u64::from(information.mem_unit.max(1));
        Ok(Value::Unsigned((free / page()) as u32))
    }),
    leaf("security.jail.jailed", &[FreeBsd], |c| int(i32::from(c.world.jail_of(c.caller.pid) != 0))),
    leaf("security.bsd.see_other_uids", &[FreeBsd], |_| int(1)),
    leaf("security.bsd.unprivileged_proc_debug", &[FreeBsd], |_| int(1)),
    leaf("net.inet.tcp.sendspace", FREE, |_| long(16_384)),
    leaf("net.inet.tcp.recvspace", FREE, |_| long(131_072)),
    leaf("net.inet.ip.portrange.first", FREE, |_| {
        int(facts::setting("net/ipv4/ip_local_port_range").unwrap_or(32_768))
    }),
    leaf("net.inet.ip.ttl", ALL, |_| int(facts::setting("net/ipv4/ip_default_ttl").unwrap_or(64))),
    leaf("net.inet.ip.forwarding", ALL, |_| int(facts::setting("net/ipv4/ip_forward").unwrap_or(0))),
    leaf("net.inet6.ip6.v6only", FREE, |_| int(1)),
    leaf("net.inet6.ip6.forwarding", ALL, |_| {
        int(facts::setting("net/ipv6/conf/all/forwarding").unwrap_or(0))
    }),
    leaf("user.cs_path", NAMED, |_| text("/usr/bin:/bin:/usr/sbin:/sbin")),
    leaf("user.posix2_version", NAMED, |_| int(199_212)),
    leaf("user.line_max", NAMED, |_| int(2048)),
    leaf("user.re_dup_max", NAMED, |_| int(255)),
    leaf("user.stream_max", NAMED, |_| int(20)),
    leaf("user.tzname_max", NAMED, |_| int(255)),
    leaf("p1003_1b.mapped_files", FREE, |_| int(200_112)),
    leaf("p1003_1b.shared_memory_objects", FREE, |_| int(200_112)),
    leaf("p1003_1b.memlock", FREE, |_| int(200_112)),
    leaf("p1003_1b.priority_scheduling", FREE, |_| int(200_112)),
    leaf("p1003_1b.realtime_signals", FREE, |_| int(200_112)),
    leaf("p1003_1b.timers", FREE, |_| int(200_112)),
    leaf("p1003_1b.pagesize", FREE, |_| int(page())),
    leaf("p1003_1b.rtsig_max", FREE, |_| int(62)),
    leaf("p1003_1b.sigqueue_max", FREE, |_| int(128)),
    leaf("p1003_1b.delaytimer_max", FREE, |_| int(i32::MAX)),
];
