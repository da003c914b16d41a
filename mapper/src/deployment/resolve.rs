//! From words to things: looks up every name in a chain of deployment files.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use schemas::{Flavour, Operation, Personality};
use toml::Spanned;

use super::error::{Complaint, Source, suggestion};
use super::text::{self, Loaded};
use super::{
    Deployment, Limits, Mount, MountTarget, Options, Place, RouteRule, ServerKind, ServerSpec, Sysroot,
};
use crate::servers;

/// Address families by name, in Linux's numbers (`bits/socket.h`).
/// What a server's process can be limited to: MiB of memory, and descriptors.
const MEMORY: std::ops::RangeInclusive<u64> = 4..=1 << 20;
const DESCRIPTORS: std::ops::RangeInclusive<u64> = 16..=1 << 20;
const FAMILIES: &[(&str, u32)] = &[
    ("unix", 1),
    ("inet", 2),
    ("ipx", 4),
    ("inet6", 10),
    ("netlink", 16),
    ("packet", 17),
    ("can", 29),
    ("bluetooth", 31),
    ("vsock", 40),
];

/// The most threads that answer operations.
const WORKERS_LIMIT: usize = 64;
/// The longest a worker may look for more work: beyond this it is only heat.
const POLL_LIMIT: u32 = 100_000;
/// Longest prefix that the world page holds.
pub(super) const PREFIX_LIMIT: usize = schemas::transport::Mount::PREFIX;

/// The faults found so far. What is faulty is left out, so that the rest can be looked at as well.
#[derive(Default)]
struct Faults(Vec<Complaint>);

impl Faults {
    fn keep<T>(&mut self, outcome: Result<T, Complaint>) -> Option<T> {
        outcome.map_err(|complaint| self.0.push(complaint)).ok()
    }
}

/// Merges the chain, most basic file first.
pub(super) fn resolve(
    name: String,
    path: Option<PathBuf>,
    chain: &[Loaded],
) -> Result<Deployment, Vec<Complaint>> {
    let mut deployment = Deployment {
        name,
        path,
        options: Options::default(),
        sysroots: BTreeMap::new(),
        identities: BTreeMap::new(),
        mounts: Vec::new(),
        servers: BTreeMap::new(),
        routes: Vec::new(),
    };
    let mut faults = Faults::default();
    for loaded in chain {
        for (name, server) in &loaded.file.servers {
            if let Some(spec) = faults.keep(server_spec(loaded, name, server)) {
                deployment.servers.insert(name.get_ref().clone(), spec);
            }
        }
    }
    for (spec, number) in deployment.servers.values_mut().zip(1..) {
        spec.number = number;
    }
    for loaded in chain {
        faults.keep(add_options(&mut deployment.options, loaded));
        for (name, os) in &loaded.file.os {
            faults.keep(add_os(&mut deployment, loaded, name, os));
        }
        for mount in &loaded.file.mount {
            if let Some(mount) = faults.keep(resolve_mount(&deployment, loaded, mount)) {
                deployment.mounts.push(mount);
            }
        }
        for route in &loaded.file.route {
            if let Some(rule) = faults.keep(route_rule(&deployment, loaded.source(), route)) {
                deployment.routes.push(rule);
            }
        }
    }
    if faults.0.is_empty() { Ok(deployment) } else { Err(faults.0) }
}

fn server_spec(
    loaded: &Loaded,
    name: &Spanned<String>,
    server: &text::Server,
) -> Result<ServerSpec, Complaint> {
    let kind = server.kind.as_ref().unwrap_or(name);
    let Some(found) = servers::kind(kind.get_ref()) else {
        return Err(loaded.source().complain(
            kind.span(),
            format!("there is no kind of server called `{}`", kind.get_ref()),
            suggestion(kind.get_ref(), servers::all().map(|known| known.name)),
        ));
    };
    let mut settings = server.settings.clone();
    servers::anchor(found, &mut settings, &loaded.folder);
    let complain = |why| loaded.source().complain(name.span(), why, None);
    let nodes = servers::nodes(found, &settings).map_err(complain)?;
    for node in &nodes {
        if node.prefix().len() > PREFIX_LIMIT {
            return Err(complain(format!("its device node `{}` has too long a path", node.path)));
        }
    }
    if server.place == Place::Process {
        servers::needs(found, &settings).map_err(complain)?;
    }
    let operations = server.operations.as_ref();
    let operations = operations.map(|words| asked(loaded.source(), found, words)).transpose()?;
    let limits = limits(loaded.source(), server)?;
    Ok(ServerSpec { number: 0, kind: found, place: server.place, operations, limits, settings, nodes })
}

/// The operations that a server is asked.
fn asked(
    source: Source<'_>,
    kind: ServerKind,
    words: &[Spanned<String>],
) -> Result<Vec<Operation>, Complaint> {
    let mut all = Vec::new();
    for word in words {
        let interface = kind.interface;
        let before = all.len();
        let found = operations(source, word)?;
        all.extend(found.into_iter().filter(|operation| operation.info().answered_by(interface)));
        if all.len() == before {
            let message = format!("a server of kind `{}` has no operation `{}`", kind.name, word.get_ref());
            return Err(source.complain(word.span(), message, None));
        }
    }
    Ok(all)
}

/// What the process of a server may have.
fn limits(source: Source<'_>, server: &text::Server) -> Result<Limits, Complaint> {
    let text::Limits { memory_mebibytes, descriptors } = &server.limits;
    let given = [(memory_mebibytes, MEMORY, "MiB of memory"), (descriptors, DESCRIPTORS, "descriptors")];
    for (number, range, of) in given {
        let Some(number) = number else { continue };
        if server.place == Place::Task {
            let hint = Some("add `place = \"process\"`".to_owned());
            let message = "a server inside the mapper has no limits of its own";
            return Err(source.complain(number.span(), message, hint));
        }
        if !range.contains(number.get_ref()) {
            let message = format!("a server's process has {} to {} {of}", range.start(), range.end());
            return Err(source.complain(number.span(), message, None));
        }
    }
    Ok(Limits {
        memory: memory_mebibytes.as_ref().map(|number| number.get_ref() << 20),
        descriptors: descriptors.as_ref().map(|number| *number.get_ref()),
    })
}

fn add_options(options: &mut Options, loaded: &Loaded) -> Result<(), Complaint> {
    let source = loaded.source();
    let given = &loaded.file.options;
    if let Some(hostname) = &given.hostname {
        if hostname.get_ref().is_empty() || hostname.get_ref().len() > 64 {
            let message = "a host name has 1 to 64 bytes";
            return Err(source.complain(hostname.span(), message, None));
        }
        options.hostname = Some(hostname.get_ref().clone());
    }
    if let Some(workers) = &given.workers {
        if !(1..=WORKERS_LIMIT).contains(workers.get_ref()) {
            let message = format!("there can be 1 to {WORKERS_LIMIT} workers");
            return Err(source.complain(workers.span(), message, None));
        }
        options.workers = *workers.get_ref();
    }
    if let Some(poll) = &given.poll_microseconds {
        if *poll.get_ref() > POLL_LIMIT {
            let message = format!("a worker polls for at most {POLL_LIMIT} µs");
            return Err(source.complain(poll.span(), message, Some("0 turns polling off".to_owned())));
        }
        options.poll_microseconds = *poll.get_ref();
    }
    if let Some(spin) = &given.spin_microseconds {
        if *spin.get_ref() > POLL_LIMIT {
            let message = format!("a guest looks for its reply for at most {POLL_LIMIT} µs");
            return Err(source.complain(spin.span(), message, Some("0 makes it sleep at once".to_owned())));
        }
        options.spin_microseconds = *spin.get_ref();
    }
    options.mediate = given.mediate.unwrap_or(options.mediate);
    options.process_lists = given.process_lists.unwrap_or(options.process_lists);
    Ok(())
}

fn add_os(
    deployment: &mut Deployment,
    loaded: &Loaded,
    name: &Spanned<String>,
    os: &text::Os,
) -> Result<(), Complaint> {
    let personality = personality(loaded.source(), name)?;
    if let Some(sysroot) = &os.sysroot {
        let directory = loaded.folder.join(sysroot.get_ref());
        // The built-in deployment names where sysroots usually are; a person's own means what it says.
        let optional = loaded.text == text::DEFAULT;
        deployment.sysroots.insert(personality, Sysroot { directory, optional });
    }
    let identity = deployment.identities.entry(personality).or_default();
    let words = [
        (&mut identity.system, &os.system),
        (&mut identity.release, &os.release),
        (&mut identity.version, &os.version),
        (&mut identity.machine, &os.machine),
    ];
    for (word, given) in words {
        if let Some(given) = given {
            given.clone_into(word);
        }
    }
    identity.number = os.number.unwrap_or(identity.number);
    Ok(())
}

fn resolve_mount(deployment: &Deployment, loaded: &Loaded, mount: &text::Mount) -> Result<Mount, Complaint> {
    let source = loaded.source();
    let prefix = absolute_path(source, &mount.path)?;
    let target = match (&mount.directory, &mount.server) {
        (Some(directory), None) => MountTarget::Directory(loaded.folder.join(directory.get_ref())),
        (None, Some(server)) => MountTarget::Server(server_name(deployment, source, server)?),
        (Some(_), Some(server)) => {
            let message = "a mount is either a directory or a server, not both";
            return Err(source.complain(server.span(), message, None));
        }
        (None, None) => {
            let hint = "add `directory = \"/some/path\"` or `server = \"name\"`".to_owned();
            return Err(source.complain(
                mount.path.span(),
                "the mount does not say what appears there",
                Some(hint),
            ));
        }
    };
    let personalities = personalities(source, mount.os.as_deref())?;
    Ok(Mount { prefix, personalities, target })
}

fn route_rule(
    deployment: &Deployment,
    source: Source<'_>,
    route: &text::Route,
) -> Result<RouteRule, Complaint> {
    let operations = operations(source, &route.operation)?;
    if route.flavour.is_none() && route.server.is_none() {
        let hint = "add `flavour = …` or `server = …`".to_owned();
        return Err(source.complain(route.operation.span(), "the route changes nothing", Some(hint)));
    }
    let flavour = route.flavour.as_ref().map(|word| flavour(source, word)).transpose()?;
    if let (Some(flavour), Some(word)) = (flavour, &route.flavour) {
        refuse_impossible(source, word.span(), &operations, flavour)?;
    }
    let server = route.server.as_ref().map(|word| server_name(deployment, source, word)).transpose()?;
    if let (Some(server), Some(word)) = (&server, &route.server) {
        let interface = deployment.servers[server].kind.interface;
        if !operations.iter().any(|operation| operation.info().answered_by(interface)) {
            let message = format!(
                "`{server}` answers the interface {interface}, which has no operation `{}`",
                route.operation.get_ref()
            );
            return Err(source.complain(word.span(), message, None));
        }
    }
    let path = route.path.as_ref().map(|path| absolute_path(source, path)).transpose()?;
    let family = route.family.as_ref().map(|word| family(source, word)).transpose()?;
    let personalities = personalities(source, route.os.as_deref())?;
    Ok(RouteRule { operations, personalities, path, family, flavour, server })
}

/// A flavour that none of the operations can have is a mistake; of a whole subsystem the others keep theirs.
fn refuse_impossible(
    source: Source<'_>,
    span: Range<usize>,
    operations: &[Operation],
    flavour: Flavour,
) -> Result<(), Complaint> {
    if operations.iter().any(|operation| operation.info().allows(flavour)) {
        return Ok(());
    }
    let info = operations[0].info();
    let possible: Vec<_> =
        Flavour::ALL.into_iter().filter(|&other| info.allows(other)).map(Flavour::name).collect();
    let message = format!("`{}` cannot be {flavour}", info.name);
    Err(source.complain(span, message, Some(format!("it can be {}", possible.join(" or ")))))
}

fn absolute_path(source: Source<'_>, path: &Spanned<String>) -> Result<String, Complaint> {
    let text = path.get_ref();
    let plain = text.starts_with('/') && !text.split('/').any(|part| part == "." || part == "..");
    if !plain {
        let hint = "it begins with `/` and has no `.` or `..` in it".to_owned();
        return Err(source.complain(path.span(), format!("`{text}` is no absolute path"), Some(hint)));
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
    let path_text = format!("/{}", parts.join("/"));
    if path_text.len() > PREFIX_LIMIT {
        let message = format!("the path is longer than {PREFIX_LIMIT} bytes");
        return Err(source.complain(path.span(), message, None));
    }
    Ok(path_text)
}

fn server_name(
    deployment: &Deployment,
    source: Source<'_>,
    word: &Spanned<String>,
) -> Result<String, Complaint> {
    if deployment.servers.contains_key(word.get_ref()) {
        return Ok(word.get_ref().clone());
    }
    Err(source.complain(
        word.span(),
        format!("no server is called `{}`", word.get_ref()),
        suggestion(word.get_ref(), deployment.servers.keys().map(String::as_str)),
    ))
}

fn operations(source: Source<'_>, word: &Spanned<String>) -> Result<Vec<Operation>, Complaint> {
    crate::route::select_operations(word.get_ref()).ok_or_else(|| {
        source.complain(
            word.span(),
            format!("no operation is called `{}`", word.get_ref()),
            suggestion(word.get_ref(), Operation::ALL.iter().map(|operation| operation.name()))
                .or_else(|| Some("`mapper routes` lists them".to_owned())),
        )
    })
}

fn personality(source: Source<'_>, word: &Spanned<String>) -> Result<Personality, Complaint> {
    Personality::from_name(word.get_ref()).ok_or_else(|| {
        source.complain(
            word.span(),
            format!("no OS is called `{}`", word.get_ref()),
            suggestion(word.get_ref(), Personality::ALL.iter().map(|os| os.name())),
        )
    })
}

fn personalities(
    source: Source<'_>,
    words: Option<&[Spanned<String>]>,
) -> Result<Option<Vec<Personality>>, Complaint> {
    words.map(|words| words.iter().map(|word| personality(source, word)).collect()).transpose()
}

fn flavour(source: Source<'_>, word: &Spanned<String>) -> Result<Flavour, Complaint> {
    Flavour::from_name(word.get_ref()).ok_or_else(|| {
        source.complain(
            word.span(),
            format!("no flavour is called `{}`", word.get_ref()),
            suggestion(word.get_ref(), Flavour::ALL.iter().map(|flavour| flavour.name())),
        )
    })
}

fn family(source: Source<'_>, word: &Spanned<String>) -> Result<u32, Complaint> {
    let known = FAMILIES.iter().find(|(name, _)| name == word.get_ref()).map(|&(_, number)| number);
    known.or_else(|| word.get_ref().parse().ok()).ok_or_else(|| {
        source.complain(
            word.span(),
            format!("no socket family is called `{}`", word.get_ref()),
            suggestion(word.get_ref(), FAMILIES.iter().map(|(name, _)| *name)),
        )
    })
}
