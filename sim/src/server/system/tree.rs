//! The tree of `sysctl(3)` names of one OS, with its numbers.
//!
//! The first numbers of a system's tree are fixed in its `sys/sysctl.h`. Further ones FreeBSD, DragonFly and NetBSD
//! give out as they come, from 256 up (`OID_AUTO`; NetBSD `CTL_CREATE`), and programs ask for them by name; here they
//! are counted in the order of the names.

use std::collections::BTreeMap;

use schemas::Personality::{self, DragonFly, FreeBsd, NetBsd, OpenBsd};

use super::leaf::LEAVES;

/// First number that is not fixed.
const FIRST_FREE: i32 = 256;

/// One node.
#[derive(Debug, Default)]
pub struct Node {
    /// Its name, the last component.
    pub name: String,
    /// The value here, as an index into [`LEAVES`].
    pub leaf: Option<usize>,
    /// What is below, by number.
    pub children: BTreeMap<i32, Node>,
}

/// The fixed numbers: systems, number, and name. A name's parent stands before it.
type Row = (&'static [Personality], i32, &'static str);

const ALL: &[Personality] = &[FreeBsd, NetBsd, OpenBsd, DragonFly];
const FREE: &[Personality] = &[FreeBsd, DragonFly];
const NAMED: &[Personality] = &[FreeBsd, NetBsd, DragonFly];
const NET_OPEN: &[Personality] = &[NetBsd, OpenBsd];
const FREE_ONLY: &[Personality] = &[FreeBsd];
const NET: &[Personality] = &[NetBsd];
const OPEN: &[Personality] = &[OpenBsd];

static FIXED: &[Row] = &[
    (ALL, 1, "kern"),
    (ALL, 2, "vm"),
    (ALL, 4, "net"),
    (ALL, 6, "hw"),
    (ALL, 7, "machdep"),
    (NAMED, 8, "user"),
    (FREE, 9, "p1003_1b"),
    (ALL, 1, "kern.ostype"),
    (ALL, 2, "kern.osrelease"),
    (ALL, 3, "kern.osrevision"),
    (ALL, 4, "kern.version"),
    (ALL, 5, "kern.maxvnodes"),
    (ALL, 6, "kern.maxproc"),
    (ALL, 7, "kern.maxfiles"),
    (ALL, 8, "kern.argmax"),
    (ALL, 9, "kern.securelevel"),
    (ALL, 10, "kern.hostname"),
    (ALL, 11, "kern.hostid"),
    (ALL, 12, "kern.clockrate"),
    (NAMED, 14, "kern.proc"),
    (OPEN, 66, "kern.proc"),
    (FREE, 0, "kern.proc.all"),
    (FREE, 1, "kern.proc.pid"),
    (FREE, 2, "kern.proc.pgrp"),
    (FREE, 3, "kern.proc.session"),
    (FREE, 4, "kern.proc.tty"),
    (FREE, 5, "kern.proc.uid"),
    (FREE, 6, "kern.proc.ruid"),
    (FREE, 7, "kern.proc.args"),
    (FREE_ONLY, 8, "kern.proc.proc"),
    (FREE_ONLY, 9, "kern.proc.sv_name"),
    (FREE_ONLY, 10, "kern.proc.rgid"),
    (FREE_ONLY, 11, "kern.proc.gid"),
    (FREE_ONLY, 12, "kern.proc.pathname"),
    (FREE_ONLY, 34, "kern.proc.groups"),
    (FREE_ONLY, 35, "kern.proc.env"),
    (FREE_ONLY, 37, "kern.proc.rlimit"),
    (FREE_ONLY, 39, "kern.proc.umask"),
    (FREE_ONLY, 40, "kern.proc.osrel"),
    (FREE_ONLY, 42, "kern.proc.cwd"),
    (FREE_ONLY, 43, "kern.proc.nfds"),
    (&[DragonFly], 8, "kern.proc.cwd"),
    (&[DragonFly], 9, "kern.proc.pathname"),
    (NAMED, 17, "kern.posix1version"),
    (OPEN, 17, "kern.posix1"),
    (ALL, 18, "kern.ngroups"),
    (ALL, 19, "kern.job_control"),
    (ALL, 20, "kern.saved_ids"),
    (FREE, 21, "kern.boottime"),
    (OPEN, 21, "kern.boottime"),
    (NET, 83, "kern.boottime"),
    (ALL, 22, "kern.domainname"),
    (NET_OPEN, 23, "kern.maxpartitions"),
    (NET_OPEN, 24, "kern.rawpartition"),
    (FREE, 24, "kern.osreldate"),
    (OPEN, 25, "kern.maxthread"),
    (FREE, 26, "kern.bootfile"),
    (FREE, 27, "kern.maxfilesperproc"),
    (FREE, 28, "kern.maxprocperuid"),
    (OPEN, 27, "kern.osversion"),
    (OPEN, 28, "kern.somaxconn"),
    (FREE, 30, "kern.ipc"),
    (NET, 32, "kern.fsync"),
    (OPEN, 33, "kern.fsync"),
    (OPEN, 32, "kern.nosuidcoredump"),
    (FREE, 33, "kern.usrstack"),
    (FREE, 34, "kern.logsigexit"),
    (FREE, 35, "kern.iov_max"),
    (NET, 38, "kern.iov_max"),
    (FREE_ONLY, 36, "kern.hostuuid"),
    (FREE_ONLY, 37, "kern.arandom"),
    (OPEN, 37, "kern.arandom"),
    (NET, 81, "kern.arandom"),
    (NET, 61, "kern.urandom"),
    (NET, 37, "kern.synchronized_io"),
    (NET, 40, "kern.mapped_files"),
    (NET, 41, "kern.memlock"),
    (NET, 42, "kern.memlock_range"),
    (NET, 43, "kern.memory_protection"),
    (NET, 44, "kern.login_name_max"),
    (NET, 47, "kern.proc2"),
    (NET, 48, "kern.proc_args"),
    (OPEN, 55, "kern.proc_args"),
    (OPEN, 78, "kern.proc_cwd"),
    (NET, 49, "kern.fscale"),
    (OPEN, 46, "kern.fscale"),
    (NET, 51, "kern.cp_time"),
    (OPEN, 40, "kern.cp_time"),
    (NET, 60, "kern.monotonic_clock"),
    (NET, 66, "kern.posix_threads"),
    (NET, 67, "kern.posix_semaphores"),
    (NET, 68, "kern.posix_barriers"),
    (NET, 69, "kern.posix_timers"),
    (NET, 70, "kern.posix_spin_locks"),
    (NET, 71, "kern.posix_reader_writer_locks"),
    (ALL, 1, "hw.machine"),
    (ALL, 2, "hw.model"),
    (ALL, 3, "hw.ncpu"),
    (ALL, 4, "hw.byteorder"),
    (ALL, 5, "hw.physmem"),
    (ALL, 6, "hw.usermem"),
    (ALL, 7, "hw.pagesize"),
    (FREE, 10, "hw.floatingpoint"),
    (FREE, 11, "hw.machine_arch"),
    (NET, 10, "hw.machine_arch"),
    (NET, 11, "hw.alignbytes"),
    (FREE_ONLY, 12, "hw.realmem"),
    (OPEN, 12, "hw.cpuspeed"),
    (OPEN, 14, "hw.vendor"),
    (NET, 13, "hw.physmem64"),
    (NET, 14, "hw.usermem64"),
    (NET, 16, "hw.ncpuonline"),
    (OPEN, 19, "hw.physmem64"),
    (OPEN, 20, "hw.usermem64"),
    (OPEN, 21, "hw.ncpufound"),
    (OPEN, 25, "hw.ncpuonline"),
    (ALL, 2, "vm.loadavg"),
    (NAMED, 1, "user.cs_path"),
    (NAMED, 8, "user.line_max"),
    (NAMED, 9, "user.re_dup_max"),
    (NAMED, 10, "user.posix2_version"),
    (NAMED, 19, "user.stream_max"),
    (NAMED, 20, "user.tzname_max"),
    (FREE, 2, "p1003_1b.mapped_files"),
    (FREE, 3, "p1003_1b.memlock"),
    (FREE, 8, "p1003_1b.priority_scheduling"),
    (FREE, 9, "p1003_1b.realtime_signals"),
    (FREE, 12, "p1003_1b.shared_memory_objects"),
    (FREE, 14, "p1003_1b.timers"),
    (FREE, 18, "p1003_1b.delaytimer_max"),
    (FREE, 20, "p1003_1b.pagesize"),
    (FREE, 21, "p1003_1b.rtsig_max"),
    (FREE, 24, "p1003_1b.sigqueue_max"),
    (ALL, 2, "net.inet"),
    (ALL, 0, "net.inet.ip"),
    (ALL, 6, "net.inet.tcp"),
    (ALL, 1, "net.inet.ip.forwarding"),
    (NET_OPEN, 3, "net.inet.ip.ttl"),
    (FREE, 3, "net.inet.ip.ttl"),
    (FREE, 28, "net.inet6"),
    (&[NetBsd, OpenBsd], 24, "net.inet6"),
    (ALL, 41, "net.inet6.ip6"),
    (ALL, 1, "net.inet6.ip6.forwarding"),
];

impl Node {
    /// The tree of an OS.
    pub fn tree(personality: Personality) -> Node {
        let mut root = Node::default();
        for (on, number, name) in FIXED {
            if on.contains(&personality) {
                root.fix(name, *number);
            }
        }
        for (index, leaf) in LEAVES.iter().enumerate() {
            if leaf.on.contains(&personality) {
                root.make(leaf.name).leaf = Some(index);
            }
        }
        root
    }

    /// Gives a name its fixed number.
    fn fix(&mut self, path: &str, number: i32) {
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        let parent = if parent.is_empty() { self } else { self.make(parent) };
        parent.children.entry(number).or_insert_with(|| Node { name: name.to_owned(), ..Node::default() });
    }

    /// The node with this name, made when it is not there.
    fn make(&mut self, path: &str) -> &mut Node {
        let mut node = self;
        for name in path.split('.') {
            let known = node.children.iter().find(|(_, child)| child.name == name).map(|(number, _)| *number);
            let number = known.unwrap_or_else(|| {
                node.children.last_key_value().map_or(FIRST_FREE, |(last, _)| (last + 1).max(FIRST_FREE))
            });
            node = node
                .children
                .entry(number)
                .or_insert_with(|| Node { name: name.to_owned(), ..Node::default() });
        }
        node
    }

    /// Follows numbers as far as they are known: the node reached, and what of the numbers is left.
    pub fn follow<'a, 'n>(&'a self, numbers: &'n [i32]) -> (&'a Node, &'n [i32]) {
        match numbers.split_first().and_then(|(first, rest)| Some((self.children.get(first)?, rest))) {
            Some((child, rest)) => child.follow(rest),
            None => (self, numbers),
        }
    }

    /// The numbers of a dotted name. Components below the known ones may be numbers (`kern.proc.pathname.-1`).
    pub fn numbers(&self, name: &str) -> Option<Vec<i32>> {
        let mut node = Some(self);
        let mut numbers = Vec::new();
        for component in name.split('.') {
            let known = node.and_then(|node| node.children.iter().find(|(_, child)| child.name == component));
            match known {
                Some((number, child)) => {
                    numbers.push(*number);
                    node = Some(child);
                }
                None => {
                    numbers.push(component.parse().ok()?);
                    node = None;
                }
            }
        }
        Some(numbers)
    }

    /// The dotted name of numbers; unknown ones as themselves.
    pub fn name_of(&self, numbers: &[i32]) -> String {
        let mut node = Some(self);
        let names = numbers.iter().map(|number| {
            node = node.and_then(|node| node.children.get(number));
            node.map_or_else(|| number.to_string(), |node| node.name.clone())
        });
        names.collect::<Vec<_>>().join(".")
    }

    /// The numbers of the first value behind `numbers`, in the order of the tree.
    pub fn next(&self, numbers: &[i32]) -> Option<Vec<i32>> {
        let from = numbers.first().copied();
        for (number, child) in &self.children {
            let below = match from {
                Some(first) if *number < first => continue,
                Some(first) if *number == first => child.next(&numbers[1..]),
                _ if child.leaf.is_some() => Some(Vec::new()),
                _ => child.next(&[]),
            };
            if let Some(mut rest) = below {
                rest.insert(0, *number);
                return Some(rest);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_belong_together() {
        let tree = Node::tree(FreeBsd);
        assert_eq!(tree.numbers("kern.osreldate").unwrap(), [1, 24]);
        assert_eq!(tree.numbers("hw.ncpu").unwrap(), [6, 3]);
        assert_eq!(tree.numbers("kern.nothing"), None);
        let automatic = tree.numbers("kern.ipc.soacceptqueue").unwrap();
        assert_eq!(tree.name_of(&automatic), "kern.ipc.soacceptqueue");
        assert!(automatic[2] >= FIRST_FREE);
        assert_eq!(Node::tree(NetBsd).numbers("kern.boottime").unwrap(), [1, 83]);
        assert_eq!(Node::tree(OpenBsd).numbers("hw.ncpuonline").unwrap(), [6, 25]);
    }

    #[test]
    fn next_visits_every_value_once() {
        for personality in ALL {
            let tree = Node::tree(*personality);
            let mut at = Vec::new();
            let mut count = 0;
            while let Some(next) = tree.next(&at) {
                assert!(next > at, "{next:?} after {at:?}");
                assert!(tree.follow(&next).0.leaf.is_some());
                at = next;
                count += 1;
            }
            assert_eq!(count, LEAVES.iter().filter(|leaf| leaf.on.contains(personality)).count());
        }
    }
}
