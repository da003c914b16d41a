//! What a deployment says of a stack.

use std::net::IpAddr;

use crate::MakeError;

use super::address::bits;

/// The settings of a server of kind `netstack`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The network that its interface is plugged into; nothing for a host with a loopback only.
    pub network: Option<String>,
    /// The name of that interface.
    pub interface: String,
    /// Addresses of the interface, with the lengths of their prefixes.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Whom packets for other networks are given to.
    pub gateways: Vec<IpAddr>,
    /// Longest packet of the interface, in bytes.
    pub mtu: u32,
    /// Whether it passes on packets for others.
    pub forward: bool,
    /// Whether only the superuser may change interfaces and routes, and have raw sockets.
    pub restricted: bool,
    /// Whom the host is for bpf and tun servers: the server's own name unless it is said.
    pub host: Option<String>,
}

fn text(key: &str, value: &toml::Value) -> Result<String, MakeError> {
    let text = value.as_str().filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| MakeError(format!("`{key}` is a name in quotes, not {value}")))
}

fn flag(key: &str, value: &toml::Value) -> Result<bool, MakeError> {
    value.as_bool().ok_or_else(|| MakeError(format!("`{key}` is true or false, not {value}")))
}

/// One text, or a list of them.
fn texts(key: &str, value: &toml::Value) -> Result<Vec<String>, MakeError> {
    match value {
        toml::Value::Array(values) => values.iter().map(|value| text(key, value)).collect(),
        value => Ok(vec![text(key, value)?]),
    }
}

fn ip(key: &str, text: &str) -> Result<IpAddr, MakeError> {
    text.parse().map_err(|_| MakeError(format!("`{key}`: `{text}` is not an IP address")))
}

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// A sentence when one is not known or cannot be so.
    pub fn read(table: &toml::Table) -> Result<Self, MakeError> {
        let mut settings = Self {
            network: None,
            interface: "eth0".to_owned(),
            addresses: Vec::new(),
            gateways: Vec::new(),
            mtu: 65535,
            forward: false,
            restricted: false,
            host: None,
        };
        for (key, value) in table {
            match key.as_str() {
                "network" => settings.network = Some(text(key, value)?),
                "interface" => settings.interface = text(key, value)?,
                "host" => settings.host = Some(text(key, value)?),
                "forward" => settings.forward = flag(key, value)?,
                "restricted" => settings.restricted = flag(key, value)?,
                "mtu" => {
                    let mtu = value.as_integer().and_then(|mtu| u32::try_from(mtu).ok());
                    settings.mtu = mtu.filter(|mtu| (576..=65535).contains(mtu)).ok_or_else(|| {
                        MakeError(format!("`mtu` is a number of bytes from 576 to 65535, not {value}"))
                    })?;
                }
                "gateway" => {
                    for text in texts(key, value)? {
                        settings.gateways.push(ip(key, &text)?);
                    }
                }
                "address" => {
                    for text in texts(key, value)? {
                        let (address, prefix) = text.split_once('/').ok_or_else(|| {
                            MakeError(format!("`address`: `{text}` has no prefix length, such as `/24`"))
                        })?;
                        let address = ip(key, address)?;
                        let prefix = prefix.parse().ok().filter(|prefix| *prefix <= bits(address));
                        let prefix = prefix.ok_or_else(|| {
                            MakeError(format!(
                                "`address`: the prefix of `{text}` is not a number up to {}",
                                bits(address)
                            ))
                        })?;
                        settings.addresses.push((address, prefix));
                    }
                }
                _ => return Err(MakeError(format!("a server of kind netstack has no setting `{key}`"))),
            }
        }
        if settings.network.is_none() && !settings.addresses.is_empty() {
            return Err(MakeError("`address` needs a `network`".to_owned()));
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, MakeError> {
        Settings::read(&text.parse().unwrap())
    }

    #[test]
    fn settings_are_read() {
        let settings = read(
            "network = \"lab\"\naddress = [\"10.1.0.2/24\", \"fd00:1::2/64\"]\ngateway = \"10.1.0.1\"\nmtu = 1500",
        )
        .unwrap();
        assert_eq!(
            settings.addresses,
            [("10.1.0.2".parse().unwrap(), 24), ("fd00:1::2".parse().unwrap(), 64)]
        );
        assert_eq!((settings.mtu, settings.interface.as_str()), (1500, "eth0"));
        assert!(read("").is_ok());
    }

    #[test]
    fn settings_that_cannot_be_are_refused_with_a_sentence() {
        for (text, part) in [
            ("colour = 1", "no setting `colour`"),
            ("network = 7", "a name"),
            ("network = \"lab\"\naddress = \"10.1.0.2\"", "no prefix"),
            ("network = \"lab\"\naddress = \"10.1.0.2/33\"", "up to 32"),
            ("network = \"lab\"\naddress = \"ten/8\"", "not an IP address"),
            ("address = \"10.1.0.2/24\"", "needs a `network`"),
            ("mtu = 100", "576"),
            ("forward = 1", "true or false"),
        ] {
            let MakeError(sentence) = read(text).unwrap_err();
            assert!(sentence.contains(part), "{sentence}");
        }
    }
}
