//! End-to-end tests: real programs of other systems, run by `mapper run` and judged by their twins.
//!
//! A *twin* is the same program compiled for Linux and run natively, or, for a Linux guest, the very same
//! file run natively. Guest and twin get the same arguments, standard input, environment and files, in the
//! same folder one after the other, and must leave the same output, exit status and files, byte for byte.
//!
//! - [`manifest`] and [`fetch`]: which programs, and how they come onto the machine.
//! - [`guest`], [`case`]: naming a guest, running it, comparing it with its twin.
//! - [`process`], [`pty`], [`http`]: what the above is made of, for tests that drive a guest while it runs.
//! - [`screen`]: a world with a screen, for tests that look at it and type.
//! - [`mod@bench`]: what programs cost under the mapper and its peers.
//! - [`suite`], [`exclusions`]: foreign test suites whose single tests are counted one by one.
//!
//! `MAPPER_UNDER_TEST` names another `mapper` than the one of this checkout; `MAPPER_RUN_FLAGS` adds flags
//! to each `mapper run`, for example `--deployment FILE`; `MAPPER_TEST_TRACE=1` has a failed comparison run
//! the guest again with `--trace` and show the end of that.

pub mod bench;
pub mod case;
pub mod exclusions;
pub mod fetch;
pub mod guest;
pub mod http;
pub mod lab;
pub mod manifest;
pub mod process;
pub mod project;
pub mod pty;
pub mod screen;
pub mod suite;
pub mod tree;
