//! The OS service mapper.
//!
//! A *guest* is a program of another OS, running as a process of the host. Its *stub* turns each of its system calls
//! into an *operation*; the routing table ([`route`]) says what happens to that. A `mapped` one comes here, is
//! carried to a server ([`dispatch`]) and answered. Which servers run and what is routed to them is a *deployment*
//! ([`deployment`]); one running mapper with its servers and guests is a *world* ([`world`]).

pub mod cli;
pub mod control;
pub mod deployment;
pub mod dispatch;
pub mod launch;
pub mod log;
pub mod published;
pub mod registry;
pub mod route;
pub mod servers;
pub mod world;
