//! The TOML of a deployment as it is written, before names are looked up.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::error::{Complaint, DeploymentError, Source, suggestion};

/// The deployment in force when none is named.
pub const DEFAULT: &str = include_str!("default.toml");

/// How many files may inherit from each other.
const INHERIT_LIMIT: usize = 8;

/// One deployment file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    /// `default` (also when absent), `nothing`, or the path of another file, taken from this file's folder.
    pub inherit: Option<Spanned<String>>,
    #[serde(default)]
    pub options: Options,
    #[serde(default)]
    pub os: BTreeMap<Spanned<String>, Os>,
    #[serde(default)]
    pub mount: Vec<Mount>,
    #[serde(default)]
    pub servers: BTreeMap<Spanned<String>, Server>,
    #[serde(default)]
    pub route: Vec<Route>,
}

/// Settings of the world as a whole; what is absent is inherited.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Options {
    pub hostname: Option<Spanned<String>>,
    pub mediate: Option<bool>,
    pub process_lists: Option<super::ProcessLists>,
    pub workers: Option<Spanned<usize>>,
    pub poll_microseconds: Option<Spanned<u32>>,
    pub spin_microseconds: Option<Spanned<u32>>,
}

/// What one OS needs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Os {
    /// Where that OS's own libraries and files are installed.
    pub sysroot: Option<Spanned<PathBuf>>,
    /// What `uname(2)` tells its guests …
    pub system: Option<String>,
    pub release: Option<String>,
    pub version: Option<String>,
    pub machine: Option<String>,
    /// … and the version as a number (`kern.osreldate`).
    pub number: Option<u64>,
}

/// One entry of the mount table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Mount {
    pub path: Spanned<String>,
    /// The OSes that see it; all of them when absent.
    pub os: Option<Vec<Spanned<String>>>,
    /// A directory of the host …
    pub directory: Option<Spanned<PathBuf>>,
    /// … or a server that answers below the path.
    pub server: Option<Spanned<String>>,
}

/// One server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Server {
    /// Which implementation; the server's own name when absent.
    pub kind: Option<Spanned<String>>,
    /// Where it runs.
    #[serde(default)]
    pub place: super::Place,
    /// The operations that it is asked; all of its interface when absent.
    pub operations: Option<Vec<Spanned<String>>>,
    /// What its process may have.
    #[serde(default)]
    pub limits: Limits,
    /// What the implementation itself understands.
    #[serde(default)]
    pub settings: toml::Table,
}

/// What the process of a server may have.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Limits {
    pub memory_mebibytes: Option<Spanned<u64>>,
    pub descriptors: Option<Spanned<u64>>,
}

/// One route that differs from the declared default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Route {
    pub operation: Spanned<String>,
    pub os: Option<Vec<Spanned<String>>>,
    pub path: Option<Spanned<String>>,
    pub family: Option<Spanned<String>>,
    pub flavour: Option<Spanned<String>>,
    pub server: Option<Spanned<String>>,
}

/// A file together with the text it came from.
pub(super) struct Loaded {
    pub origin: String,
    pub text: String,
    pub folder: PathBuf,
    pub file: File,
}

impl Loaded {
    pub fn source(&self) -> Source<'_> {
        Source { origin: &self.origin, text: &self.text }
    }
}

/// The folder that relative paths of a deployment's file begin at. It is absolute, because the mapper works elsewhere.
pub(super) fn folder_of(path: &Path) -> PathBuf {
    std::path::absolute(path).ok().and_then(|path| path.parent().map(Path::to_owned)).unwrap_or_default()
}

/// Reads `path` and what it inherits; the most basic file comes first.
pub(super) fn load_chain(path: &Path) -> Result<Vec<Loaded>, DeploymentError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| DeploymentError::Read { path: path.to_owned(), error })?;
    let folder = folder_of(path);
    chain(path.display().to_string(), text, folder)
}

/// Takes `text` as the deployment named `origin`, with what it inherits.
pub(super) fn chain(origin: String, text: String, folder: PathBuf) -> Result<Vec<Loaded>, DeploymentError> {
    let mut chain = vec![parse(origin, text, folder)?];
    loop {
        let last = chain.last().expect("a chain starts with the file asked for");
        let parent = match last.file.inherit.as_ref().map(|name| name.get_ref().as_str()) {
            Some("nothing") => break,
            None | Some("default") => parse_default()?,
            Some(name) => {
                let path = last.folder.join(name);
                let text = std::fs::read_to_string(&path)
                    .map_err(|error| DeploymentError::Read { path: path.clone(), error })?;
                let folder = folder_of(&path);
                if chain.len() == INHERIT_LIMIT {
                    return Err(DeploymentError::Circle { path, limit: INHERIT_LIMIT });
                }
                parse(path.display().to_string(), text, folder)?
            }
        };
        chain.push(parent);
    }
    chain.reverse();
    Ok(chain)
}

/// The built-in deployment.
pub(super) fn parse_default() -> Result<Loaded, Complaint> {
    parse("built-in deployment".to_owned(), DEFAULT.to_owned(), PathBuf::from("/"))
}

fn parse(origin: String, text: String, folder: PathBuf) -> Result<Loaded, Complaint> {
    match toml::from_str(&text) {
        Ok(file) => Ok(Loaded { origin, text, folder, file }),
        Err(error) => {
            let source = Source { origin: &origin, text: &text };
            let message = error.message().to_owned();
            let hint = unknown_field_hint(&message);
            Err(source.complain(error.span().unwrap_or(0..0), message, hint))
        }
    }
}

/// serde names the field it did not know and those it expected; the likeliest slip among them is the hint.
fn unknown_field_hint(message: &str) -> Option<String> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let field = quoted.next()?;
    let expected: Vec<&str> = quoted.collect();
    suggestion(field, expected.iter().copied())
}
