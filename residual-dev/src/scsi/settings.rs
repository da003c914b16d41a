//! What a deployment says of a server of kind `scsi`.

use std::path::PathBuf;

use toml::{Table, Value};

use super::medium::{Kind, folder};
use super::policy::Policy;
use super::recorder::Identity;
use crate::MakeError;

/// Most drives of one server.
const DRIVES: usize = 16;

/// A drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriveSettings {
    /// What it says it is.
    pub identity: Identity,
    /// What it lets through.
    pub allow: Policy,
    /// What is in it at first.
    pub medium: Option<String>,
    /// What that is, if it is to be made.
    pub kind: Option<Kind>,
    /// Whether it burns as slowly as a real one.
    pub real_speed: bool,
    /// A device of the host's, that is passed through.
    pub host: Option<PathBuf>,
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where its media lie.
    pub media: PathBuf,
    /// Its drives.
    pub drives: Vec<DriveSettings>,
}

fn text(key: &str, value: &Value) -> Result<String, MakeError> {
    value.as_str().map(str::to_owned).ok_or_else(|| MakeError(format!("`{key}` is text")))
}

fn field(key: &str, value: &Value, most: usize) -> Result<String, MakeError> {
    let text = text(key, value)?;
    let fits = text.len() <= most && text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if fits { Ok(text) } else { Err(MakeError(format!("`{key}` is at most {most} characters of ASCII"))) }
}

fn drive(table: &Table, allow: &Policy, real: bool) -> Result<DriveSettings, MakeError> {
    let mut drive = DriveSettings {
        identity: Identity::default(),
        allow: allow.clone(),
        medium: None,
        kind: None,
        real_speed: real,
        host: None,
    };
    for (key, value) in table {
        match key.as_str() {
            "vendor" => drive.identity.vendor = field(key, value, 8)?,
            "product" => drive.identity.product = field(key, value, 16)?,
            "revision" => drive.identity.revision = field(key, value, 4)?,
            "serial" => drive.identity.serial = field(key, value, 16)?,
            "allow" => drive.allow = Policy::read(value).map_err(MakeError)?,
            "speed" => drive.real_speed = speed(value)?,
            "medium" => {
                let name = text(key, value)?;
                if !folder::is_name(&name) {
                    return Err(MakeError(format!("no medium can be called `{name}`")));
                }
                drive.medium = Some(name);
            }
            "kind" => {
                let name = text(key, value)?;
                let kind = Kind::named(&name).filter(|kind| !kind.is_pressed());
                drive.kind = Some(kind.ok_or_else(|| unknown_kind(&name))?);
            }
            "host" => drive.host = Some(text(key, value)?.into()),
            _ => return Err(MakeError(format!("a drive has no setting `{key}`"))),
        }
    }
    if drive.host.is_some() && (drive.medium.is_some() || drive.kind.is_some()) {
        return Err(MakeError(
            "a drive of the host's has media of its own: leave out `medium` and `kind`".to_owned(),
        ));
    }
    if drive.kind.is_some() && drive.medium.is_none() {
        return Err(MakeError("`kind` is that of a `medium`, which is not named".to_owned()));
    }
    Ok(drive)
}

fn unknown_kind(name: &str) -> MakeError {
    let kinds: Vec<_> = Kind::all().filter(|kind| !kind.is_pressed()).map(Kind::name).collect();
    MakeError(format!("there is no medium of kind `{name}`; there are {}", kinds.join(", ")))
}

fn speed(value: &Value) -> Result<bool, MakeError> {
    match value.as_str() {
        Some("unlimited") => Ok(false),
        Some("real") => Ok(true),
        _ => Err(MakeError("`speed` is \"unlimited\" or \"real\"".to_owned())),
    }
}

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn read(table: &Table) -> Result<Self, MakeError> {
        let (mut media, mut allow, mut real, mut drives) = (None, Policy::Burn, false, None);
        for (key, value) in table {
            match key.as_str() {
                "media" => media = Some(PathBuf::from(text(key, value)?)),
                "allow" => allow = Policy::read(value).map_err(MakeError)?,
                "speed" => real = speed(value)?,
                "drive" => {
                    let tables = value.as_array().and_then(|list| list.iter().map(Value::as_table).collect());
                    drives = Some(tables.ok_or_else(|| MakeError("`drive` is a list of tables".to_owned()))?);
                }
                _ => return Err(MakeError(format!("a server of kind `scsi` has no setting `{key}`"))),
            }
        }
        let drives: Vec<&Table> = drives.unwrap_or_default();
        let mut read: Vec<_> =
            drives.into_iter().map(|table| drive(table, &allow, real)).collect::<Result<_, _>>()?;
        if read.is_empty() {
            read.push(drive(&Table::new(), &allow, real)?);
        }
        if read.len() > DRIVES {
            return Err(MakeError(format!("a server has at most {DRIVES} drives")));
        }
        let virtual_drives = read.iter().any(|drive| drive.host.is_none());
        let media = media.or(if virtual_drives { None } else { Some(PathBuf::new()) });
        let media =
            media.ok_or_else(|| MakeError("`media` names the folder that discs lie in".to_owned()))?;
        Ok(Self { media, drives: read })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, String> {
        Settings::read(&text.parse().expect("it is TOML")).map_err(|error| error.0)
    }

    #[test]
    fn settings_are_read() {
        let settings =
            read("media = '/m'\n[[drive]]\nmedium = 'a'\nkind = 'bd-r'\nallow = 'all'\n[[drive]]\n");
        let settings = settings.expect("they are right");
        assert_eq!((settings.drives.len(), settings.drives[0].kind), (2, Some(Kind::BdR)));
        assert_eq!((&settings.drives[0].allow, &settings.drives[1].allow), (&Policy::All, &Policy::Burn));
        assert_eq!(read("media = '/m'").expect("one drive").drives.len(), 1);
        assert_eq!(read("[[drive]]\nhost = '/dev/sg0'").expect("no folder is needed").drives.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, why) in [
            ("", "`media` names"),
            ("media = 3", "`media` is text"),
            ("media = ''\nspeed = 'fast'", "`speed` is"),
            ("media = ''\nallow = 'none'", "`allow` is"),
            ("media = ''\ndrive = 1", "list of tables"),
            ("media = ''\n[[drive]]\nkind = 'cd-r'", "not named"),
            ("media = ''\n[[drive]]\nmedium = '../x'", "can be called"),
            ("media = ''\n[[drive]]\nmedium = 'x'\nkind = 'tape'", "there are cd-r, cd-rw"),
            ("media = ''\n[[drive]]\nvendor = '123456789'", "at most 8"),
            ("media = ''\nsize = 1", "no setting `size`"),
        ] {
            let said = read(text).expect_err("it is wrong");
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
