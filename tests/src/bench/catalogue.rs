//! What is measured, and the goals.

/// One benchmark.
#[derive(Clone, Copy, Debug)]
pub struct Benchmark {
    /// What `--only` calls it.
    pub name: &'static str,
    /// What it measures, in a line.
    pub what: &'static str,
    /// How it is measured.
    pub method: Method,
    /// What it should come to.
    pub goal: Goal,
    /// Why it is not run under `qemu-x86_64`, where it is not.
    pub not_qemu: Option<&'static str>,
}

/// How a benchmark is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `microbench OPERATION` measures itself; nanoseconds an operation.
    Operation {
        /// On one processor, so that two processes change places by the scheduler alone.
        pinned: bool,
    },
    /// The wall time of a whole command, in milliseconds; the median of so many runs in each round.
    Command {
        /// How many.
        repeats: usize,
    },
    /// `iperf3` against itself over the loopback interface, in Gbit/s.
    Throughput,
    /// The resident memory that an idle process shares with no other, in MiB.
    PrivateMemory,
    /// The resident memory of the mapper with a thousand idle guests, in MiB.
    MapperMemory,
}

impl Method {
    /// The unit of its values.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Operation { .. } => "ns",
            Self::Command { .. } => "ms",
            Self::Throughput => "Gbit/s",
            Self::PrivateMemory | Self::MapperMemory => "MiB",
        }
    }

    /// Whether a larger value is the better one.
    pub fn more_is_better(self) -> bool {
        self == Self::Throughput
    }
}

/// What a benchmark should come to under the mapper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// At most so many times the native value.
    Ratio(f64),
    /// At most so many times the native value, and at most so much.
    RatioAndValue(f64, f64),
    /// At most so much.
    Value(f64),
    /// At most so much more than the native value.
    Above(f64),
    /// At least so many times the native value.
    Throughput(f64),
}

impl Goal {
    /// Whether that value reaches it. Nothing can be said where a native value is needed and missing.
    pub fn reached(self, value: f64, native: Option<f64>) -> Option<bool> {
        match self {
            Self::Ratio(most) => native.map(|native| value <= native * most),
            Self::RatioAndValue(ratio, most) => native.map(|native| value <= native * ratio && value <= most),
            Self::Value(most) => Some(value <= most),
            Self::Above(most) => native.map(|native| value <= native + most),
            Self::Throughput(least) => native.map(|native| value >= native * least),
        }
    }

    /// In words, with the unit of the benchmark.
    pub fn words(self, unit: &str) -> String {
        match self {
            Self::Ratio(most) => format!("≤ {most:.2}×"),
            Self::RatioAndValue(ratio, most) => format!("≤ {ratio:.2}×, ≤ {most} {unit}"),
            Self::Value(most) => format!("≤ {most} {unit}"),
            Self::Above(most) => format!("≤ native + {most} {unit}"),
            Self::Throughput(least) => format!("≥ {least:.2}×"),
        }
    }
}

const CHILDREN: Option<&str> = Some("the programs that a program executes run natively");

const fn operation(name: &'static str, what: &'static str, goal: Goal) -> Benchmark {
    Benchmark { name, what, method: Method::Operation { pinned: false }, goal, not_qemu: None }
}

const fn command(name: &'static str, what: &'static str, goal: Goal) -> Benchmark {
    Benchmark { name, what, method: Method::Command { repeats: 1 }, goal, not_qemu: None }
}

/// Every benchmark, in the order of the table.
pub const BENCHMARKS: &[Benchmark] = &[
    operation("getpid", "getpid, a cached answer", Goal::RatioAndValue(0.15, 16.0)),
    operation("read", "read of 1 byte of /dev/zero", Goal::Ratio(1.4)),
    operation("pread", "pread of 4 KiB of a cached file", Goal::Ratio(1.15)),
    operation("stat", "stat of an absolute path", Goal::Ratio(1.15)),
    operation("open", "open, fstat and close of an absolute path", Goal::Ratio(1.2)),
    operation("kill", "kill(child, 0), a mapped call, each timed", Goal::Value(1000.0)),
    Benchmark {
        method: Method::Operation { pinned: true },
        ..operation("ping-pong", "a byte to another process and back through pipes", Goal::Ratio(1.1))
    },
    operation("fork", "fork, exit and wait", Goal::Ratio(1.5)),
    Benchmark {
        not_qemu: CHILDREN,
        ..operation("exec-static", "fork, exec of a static program, wait", Goal::Ratio(2.5))
    },
    Benchmark {
        not_qemu: CHILDREN,
        ..operation("exec-dynamic", "fork, exec of /bin/true, wait", Goal::Ratio(2.5))
    },
    operation("memory", "mmap, touch and munmap of 64 KiB", Goal::Ratio(1.1)),
    Benchmark {
        method: Method::Command { repeats: 11 },
        ..command("true", "/bin/true, the whole command", Goal::Value(2.5))
    },
    command("find", "find /usr, names alone", Goal::Ratio(1.15)),
    command("find-stat", "find /usr, with a stat of each", Goal::Ratio(1.2)),
    Benchmark { not_qemu: CHILDREN, ..command("gcc", "gcc -O1 -c of 20 files of C", Goal::Ratio(1.2)) },
    command("dd", "dd of 1 GiB of zeros in blocks of 64 KiB", Goal::Ratio(1.05)),
    command("cat", "cat of a cached file of 1 GiB", Goal::Ratio(1.05)),
    Benchmark {
        name: "iperf3",
        what: "iperf3 over the loopback interface for 2 s",
        method: Method::Throughput,
        goal: Goal::Throughput(0.95),
        not_qemu: CHILDREN,
    },
    command("sha256", "sha256sum of a cached file of 256 MiB", Goal::Ratio(1.0)),
    command("esbuild", "esbuild for FreeBSD bundling 3000 files, natively its Linux twin", Goal::Ratio(1.05)),
    command("burn", "wodim burning 700 MB, natively cp of the same file", Goal::Ratio(2.0)),
    Benchmark {
        name: "private-memory",
        what: "private resident memory of an idle process",
        method: Method::PrivateMemory,
        goal: Goal::Above(1.0),
        not_qemu: None,
    },
    Benchmark {
        name: "idle-guests",
        what: "resident memory of the mapper with 1000 idle guests",
        method: Method::MapperMemory,
        goal: Goal::Value(64.0),
        not_qemu: None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_are_reached_at_their_bound_and_not_beyond() {
        assert_eq!(Goal::Ratio(1.2).reached(120.0, Some(100.0)), Some(true));
        assert_eq!(Goal::Ratio(1.2).reached(121.0, Some(100.0)), Some(false));
        assert_eq!(Goal::Ratio(1.2).reached(1.0, None), None);
        assert_eq!(Goal::RatioAndValue(0.15, 16.0).reached(16.0, Some(140.0)), Some(true));
        assert_eq!(Goal::RatioAndValue(0.15, 16.0).reached(17.0, Some(140.0)), Some(false));
        assert_eq!(Goal::RatioAndValue(0.15, 16.0).reached(15.0, Some(60.0)), Some(false));
        assert_eq!(Goal::Value(2.5).reached(2.5, None), Some(true));
        assert_eq!(Goal::Above(1.0).reached(1.3, Some(0.2)), Some(false));
        assert_eq!(Goal::Throughput(0.95).reached(9.6, Some(10.0)), Some(true));
        assert_eq!(Goal::Throughput(0.95).reached(9.4, Some(10.0)), Some(false));
    }

    #[test]
    fn names_are_different() {
        for (index, benchmark) in BENCHMARKS.iter().enumerate() {
            assert!(
                BENCHMARKS[..index].iter().all(|other| other.name != benchmark.name),
                "{}",
                benchmark.name
            );
        }
    }
}
