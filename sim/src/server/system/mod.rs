//! Facts and settings of the system by name or number: `system.control`.

mod facts;
mod leaf;
mod process;
mod tree;
mod value;

use std::sync::Arc;

use schemas::server::Caller;
use schemas::system::control::{params, results};
use schemas::{Errno, Personality};

use crate::host::memory;
use crate::hurd::world::World;
use leaf::{Context, LEAVES};
use tree::Node;
pub use value::Value;

/// Longest value that goes into a reply. A longer one is donated as a sealed memory file, and the reply's is empty.
const MOST: usize = 24 * 1024;

/// `CTL_QUERY` of NetBSD: tells what is below a node.
const QUERY: i32 = -2;

/// The trees of all systems that have `sysctl(3)`.
pub struct System {
    world: Arc<World>,
    trees: [Node; 4],
}

const SYSTEMS: [Personality; 4] =
    [Personality::FreeBsd, Personality::NetBsd, Personality::OpenBsd, Personality::DragonFly];

impl System {
    /// The trees over a world.
    pub fn new(world: Arc<World>) -> Self {
        Self { world, trees: SYSTEMS.map(Node::tree) }
    }

    /// Answers `system.control`.
    pub fn control(
        &self,
        caller: &Caller,
        params: params::Reader<'_>,
        mut results: results::Builder<'_>,
        caps: &mut schemas::server::Capabilities,
    ) -> Result<(), Errno> {
        let name = params.get_name()?.to_str().map_err(|_| Errno::NOENT)?;
        let numbers: Vec<i32> = params.get_numbers()?.iter().collect();
        let new = if params.get_set() { Some(params.get_value()?) } else { None };
        let value = process::with_identity(caller, || self.value(caller, name, &numbers, new))?;
        let bytes = value.encode();
        results.set_kind(value.kind());
        if bytes.len() > MOST {
            caps.donate(memory::sealed(b"sysctl", &bytes)?);
        } else {
            results.set_value(&bytes);
        }
        Ok(())
    }

    fn value(
        &self,
        caller: &Caller,
        name: &str,
        numbers: &[i32],
        new: Option<&[u8]>,
    ) -> Result<Value, Errno> {
        let Some(index) = SYSTEMS.iter().position(|system| *system == caller.personality) else {
            return if new.is_some() { Err(Errno::PERM) } else { host_setting(name) };
        };
        let tree = &self.trees[index];
        let named;
        let numbers = if name.is_empty() {
            numbers
        } else {
            named = tree.numbers(name).ok_or(Errno::NOENT)?;
            &named
        };
        if let Some((0, rest)) = numbers.split_first().map(|(first, rest)| (*first, rest))
            && matches!(caller.personality, Personality::FreeBsd | Personality::DragonFly)
        {
            return self.about(caller, tree, rest, new);
        }
        if let Some((&QUERY, path)) = numbers.split_last()
            && caller.personality == Personality::NetBsd
        {
            return self.query(caller, tree, path);
        }
        let value = self.read(caller, tree, numbers)?;
        if let Some(new) = new {
            self.change(caller, &tree.name_of(numbers), new)?;
        }
        Ok(value)
    }

    fn context<'a>(&'a self, caller: &'a Caller) -> Context<'a> {
        let identity = self.world.identity(caller.personality);
        Context { world: &self.world, caller, identity }
    }

    fn read(&self, caller: &Caller, tree: &Node, numbers: &[i32]) -> Result<Value, Errno> {
        let (node, rest) = tree.follow(numbers);
        let context = self.context(caller);
        if let Some(index) = node.leaf {
            return if rest.is_empty() { (LEAVES[index].value)(&context) } else { Err(Errno::NOTDIR) };
        }
        let known = &numbers[..numbers.len() - rest.len()];
        match process::value(&context, &tree.name_of(known), rest) {
            Some(value) => value,
            None if rest.is_empty() => Err(Errno::ISDIR),
            None => Err(Errno::NOENT),
        }
    }

    /// The names of the system can be changed by those who may; nothing else can.
    fn change(&self, caller: &Caller, name: &str, new: &[u8]) -> Result<(), Errno> {
        let domain = match name {
            "kern.hostname" => false,
            "kern.domainname" => true,
            _ => return Err(Errno::PERM),
        };
        let text = new.split(|byte| *byte == 0).next().unwrap_or_default();
        set_name(&self.world, caller, text, domain)
    }

    /// FreeBSD's and DragonFly's questions about the tree itself (`sysctl(3)`, the undocumented interface that
    /// `sysctlbyname` and `sysctl(8)` use; `sys/sysctl.h`, `CTL_SYSCTL_*`).
    fn about(&self, caller: &Caller, tree: &Node, rest: &[i32], new: Option<&[u8]>) -> Result<Value, Errno> {
        let (question, numbers) = rest.split_first().ok_or(Errno::NOENT)?;
        let array = |numbers: Vec<i32>| {
            Value::Structure(numbers.into_iter().flat_map(|number| number.to_ne_bytes()).collect())
        };
        match question {
            1 => Ok(Value::Text(tree.name_of(numbers))),
            2 | 7 => tree.next(numbers).map(array).ok_or(Errno::NOENT),
            3 => {
                let name = new.ok_or(Errno::INVAL)?.split(|byte| *byte == 0).next().unwrap_or_default();
                let name = std::str::from_utf8(name).map_err(|_| Errno::NOENT)?;
                tree.numbers(name).map(array).ok_or(Errno::NOENT)
            }
            4 => {
                /// `CTLFLAG_RD`, and `CTLTYPE_NODE`.
                const READABLE: u32 = 0x8000_0000;
                const NODE: (u32, &str) = (1, "N");
                let (kind, format) = match self.read(caller, tree, numbers) {
                    Ok(value) => value.freebsd_type(),
                    Err(Errno::ISDIR) => NODE,
                    Err(error) => return Err(error),
                };
                let head = (kind | READABLE).to_ne_bytes();
                Ok(Value::Structure([head.as_slice(), format.as_bytes(), b"\0"].concat()))
            }
            5 => Ok(Value::Text(String::new())),
            _ => Err(Errno::NOENT),
        }
    }

    /// NetBSD's question for the nodes below one: `struct sysctlnode` for each (`sys/sysctl.h`, version 1).
    fn query(&self, caller: &Caller, tree: &Node, path: &[i32]) -> Result<Value, Errno> {
        const SIZE: usize = 96;
        /// `SYSCTL_VERS_1`, and `CTLTYPE_NODE`.
        const VERSION: u32 = 0x0100_0000;
        const NODE: u32 = 1;
        let (node, rest) = tree.follow(path);
        if !rest.is_empty() {
            return Err(Errno::NOENT);
        }
        if node.leaf.is_some() {
            return Err(Errno::NOTDIR);
        }
        let context = self.context(caller);
        let mut nodes = Vec::new();
        for (number, child) in &node.children {
            let kind = match child.leaf.map(|index| (LEAVES[index].value)(&context)) {
                Some(Ok(value)) => value.netbsd_type(),
                Some(Err(_)) => continue,
                None => NODE,
            };
            let mut layout = value::Layout::new(SIZE);
            layout.int(0, (VERSION | kind) as i32).int(4, *number).text(8, 32, child.name.as_bytes());
            nodes.extend(layout.finish());
        }
        Ok(Value::Structure(nodes))
    }
}

/// Changes the name of the system, or its domain.
pub(super) fn set_name(world: &World, caller: &Caller, name: &[u8], domain: bool) -> Result<(), Errno> {
    /// `HOST_NAME_MAX` of Linux, and the length of the world page's text.
    const LONGEST: usize = 64;
    if !caller.credentials.is_root() || !world.policy().set_system {
        return Err(Errno::PERM);
    }
    let name = std::str::from_utf8(name).map_err(|_| Errno::INVAL)?;
    if name.len() > LONGEST {
        return Err(Errno::INVAL);
    }
    let (node, domain) = if domain { (None, Some(name)) } else { (Some(name), None) };
    world.set_names(node, domain);
    Ok(())
}

/// A setting of a Linux host by its dotted name (`sysctl(8)`).
fn host_setting(name: &str) -> Result<Value, Errno> {
    let plain = name.split('.').all(|part| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    });
    if !plain {
        return Err(Errno::NOENT);
    }
    let text = std::fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/")))?;
    Ok(Value::Text(text.trim_end_matches('\n').to_owned()))
}

#[cfg(test)]
mod tests;
