//! The routing table: what happens to an operation, and who answers it.
//!
//! There is a cell for each operation of each OS: a flavour, and the server that answers when the flavour is
//! `mapped`. Rules for single paths and socket families refine it. A [`Table`] never changes; a change makes a new
//! one ([`crate::published`]), so that the message path reads without a lock.

mod rule;

use schemas::{Flavour, Interface, Operation, Personality};

use crate::deployment::{Deployment, RouteRule, ServerKind};
use crate::servers;
pub use rule::{Rule, Subject};

/// A server of the world, by its number there, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(pub u32);

/// A server's name and kind, as routes know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerName {
    /// Its name in the deployment.
    pub name: String,
    /// What it is.
    pub kind: ServerKind,
}

/// One route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// What the stub does.
    pub flavour: Flavour,
    /// Who answers when it is mapped; none when no server of that interface runs.
    pub server: Option<ServerId>,
}

/// The kind of server that is a network stack of our own.
const STACK: &str = "netstack";

/// All routes of a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    servers: Vec<Option<ServerName>>,
    cells: Vec<[Cell; Operation::COUNT]>,
    rules: Vec<Rule>,
}

/// A change of a route that cannot be made, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// The operations that a word means: `*` for all, a subsystem, or one by its name.
pub fn select_operations(word: &str) -> Option<Vec<Operation>> {
    if let Some(operation) = Operation::from_name(word) {
        return Some(vec![operation]);
    }
    let selected: Vec<_> = Operation::ALL
        .into_iter()
        .filter(|operation| word == "*" || operation.info().subsystem == word)
        .collect();
    (!selected.is_empty()).then_some(selected)
}

impl Table {
    /// The routes of a deployment.
    pub fn new(deployment: &Deployment) -> Self {
        let mut servers = Vec::new();
        for (name, spec) in &deployment.servers {
            let place = spec.number as usize;
            servers.resize(servers.len().max(place), None);
            servers[place - 1] = Some(ServerName { name: name.clone(), kind: spec.kind });
        }
        let defaults = Operation::ALL.map(|operation| {
            let info = operation.info();
            Cell { flavour: info.flavour, server: default_server(&servers, info.server) }
        });
        let mut table = Self { servers, cells: vec![defaults; Personality::ALL.len()], rules: Vec::new() };
        for rule in &deployment.routes {
            table.apply(rule);
        }
        if deployment.servers.values().any(|spec| spec.kind.name == STACK) {
            // Which stack a guest has the stub does not know.
            for row in &mut table.cells {
                row[Operation::SocketSocket.index()].flavour = Flavour::Mapped;
            }
        }
        if deployment.options.mediate {
            table.mediate();
        }
        table
    }

    /// The route of an operation of an OS.
    pub fn cell(&self, personality: Personality, operation: Operation) -> Cell {
        self.cells[row(personality)][operation.index()]
    }

    /// The server for one request, which rules may single out.
    pub fn server(
        &self,
        personality: Personality,
        operation: Operation,
        subject: Subject<'_>,
    ) -> Option<ServerId> {
        self.by_rule(personality, operation, subject).or(self.cell(personality, operation).server)
    }

    /// The server that a rule singles out for one request.
    pub fn by_rule(
        &self,
        personality: Personality,
        operation: Operation,
        subject: Subject<'_>,
    ) -> Option<ServerId> {
        let mut with_server = self.rules.iter().rev().filter(|rule| rule.server.is_some());
        with_server.find(|rule| rule.matches(personality, operation, subject))?.server
    }

    /// The server that answers an interface when no route says otherwise.
    pub fn default_server(&self, interface: Interface) -> Option<ServerId> {
        default_server(&self.servers, interface)
    }

    /// The rules for single paths and families, in the order in which they were written.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What a server answers.
    pub fn interface_of(&self, server: ServerId) -> Option<Interface> {
        let index = (server.0 as usize).checked_sub(1)?;
        Some(self.servers.get(index)?.as_ref()?.kind.interface)
    }

    /// A server's name.
    pub fn server_name(&self, server: ServerId) -> Option<&str> {
        let index = (server.0 as usize).checked_sub(1)?;
        Some(self.servers.get(index)?.as_ref()?.name.as_str())
    }

    /// The server of this name.
    pub fn server_id(&self, name: &str) -> Option<ServerId> {
        let is = |server: &Option<ServerName>| server.as_ref().is_some_and(|server| server.name == name);
        self.servers.iter().position(is).map(|index| ServerId(index as u32 + 1))
    }

    /// Sends every operation that can be to the mapper.
    pub fn mediate(&mut self) {
        for row in &mut self.cells {
            for operation in Operation::ALL {
                let cell = &mut row[operation.index()];
                if cell.flavour == Flavour::Direct && operation.info().allows(Flavour::Mapped) {
                    cell.flavour = Flavour::Mapped;
                }
            }
        }
    }

    /// Gives operations of one OS, or of all, a flavour or a server, whichever `word` names. Returns how many
    /// routes are different now.
    pub fn set(
        &mut self,
        operations: &[Operation],
        personality: Option<Personality>,
        word: &str,
    ) -> Result<u32, Refused> {
        let change = self.change(operations, word)?;
        let mut changed = 0;
        for one in Personality::ALL.into_iter().filter(|&one| personality.is_none_or(|wanted| wanted == one))
        {
            for &operation in operations {
                let cell = &mut self.cells[row(one)][operation.index()];
                let before = *cell;
                change.make(operation, cell, &self.servers);
                changed += u32::from(*cell != before);
            }
        }
        Ok(changed)
    }

    fn change(&self, operations: &[Operation], word: &str) -> Result<Change, Refused> {
        let Some(first) = operations.first() else {
            return Err(Refused("no operation was named".to_owned()));
        };
        if let Some(flavour) = Flavour::from_name(word) {
            if operations.iter().any(|operation| operation.info().allows(flavour)) {
                return Ok(Change { flavour: Some(flavour), server: None });
            }
            let possible: Vec<_> =
                Flavour::ALL.into_iter().filter(|&f| first.info().allows(f)).map(Flavour::name).collect();
            let possible = possible.join(" or ");
            return Err(Refused(format!("{first} cannot be {flavour}; it can be {possible}")));
        }
        let Some(server) = self.server_id(word) else {
            let names: Vec<_> = self.servers.iter().flatten().map(|server| server.name.as_str()).collect();
            return Err(Refused(format!(
                "`{word}` is neither a flavour (local, cached, direct, mapped) nor a server of this world ({})",
                names.join(", ")
            )));
        };
        let answers = |operation: &Operation| answers(&self.servers, server, *operation);
        if !operations.iter().any(answers) {
            let kind =
                self.servers[server.0 as usize - 1].as_ref().map(|server| server.kind.interface.name());
            let interface = kind.unwrap_or_default();
            return Err(Refused(format!("`{word}` answers the interface {interface}, which has no {first}")));
        }
        Ok(Change { flavour: None, server: Some(server) })
    }

    fn apply(&mut self, rule: &RouteRule) {
        let server = rule.server.as_deref().and_then(|name| self.server_id(name));
        let mut change = Change { flavour: rule.flavour, server };
        if rule.path.is_some() || rule.family.is_some() {
            self.rules.push(Rule::new(rule, server));
            if rule.path.is_some() || rule.flavour.is_some_and(|flavour| flavour != Flavour::Mapped) {
                return;
            }
            // Stubs do not look at families: all are asked for here, and those of other families answered as ever.
            change = Change { flavour: Some(Flavour::Mapped), server: None };
        }
        for personality in rule.personalities.as_deref().unwrap_or(&Personality::ALL) {
            for &operation in &rule.operations {
                change.make(operation, &mut self.cells[row(*personality)][operation.index()], &self.servers);
            }
        }
    }
}

/// A change that is made to those cells that can have it.
struct Change {
    flavour: Option<Flavour>,
    server: Option<ServerId>,
}

impl Change {
    fn make(&self, operation: Operation, cell: &mut Cell, servers: &[Option<ServerName>]) {
        let info = operation.info();
        if let Some(flavour) = self.flavour.filter(|&flavour| info.allows(flavour)) {
            cell.flavour = flavour;
        }
        if let Some(server) = self.server.filter(|&server| answers(servers, server, operation)) {
            cell.server = Some(server);
            // Naming a server asks for it; one that is declared to be mapped needs nothing more.
            if self.flavour.is_none() && info.allows(Flavour::Mapped) {
                cell.flavour = Flavour::Mapped;
            }
        }
    }
}

/// Whether a server has an operation.
fn answers(servers: &[Option<ServerName>], server: ServerId, operation: Operation) -> bool {
    let named = servers.get(server.0 as usize - 1).and_then(Option::as_ref);
    named.is_some_and(|server| operation.info().answered_by(server.kind.interface))
}

/// The server that answers an interface when no route says otherwise: of those that do, the one whose kind comes first
/// in [`servers::all`].
fn default_server(servers: &[Option<ServerName>], interface: Interface) -> Option<ServerId> {
    let rank = |server: &ServerName| servers::all().position(|kind| kind == server.kind);
    let known = servers.iter().enumerate().filter_map(|(place, server)| Some((place, server.as_ref()?)));
    let answering = known.filter(|(_, server)| server.kind.interface == interface);
    let (position, _) = answering.min_by_key(|(_, server)| rank(server))?;
    Some(ServerId(position as u32 + 1))
}

fn row(personality: Personality) -> usize {
    personality.index() - 1
}

#[cfg(test)]
mod tests;
