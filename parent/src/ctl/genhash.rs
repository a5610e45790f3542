//! Options of `holdfastctl genhash`, those of genhash.

use super::table::{Opt, Takes};
use holdfast_ipc::config::model::HttpVersion;
use holdfast_ipc::genhash::{Genhash, PROTOCOLS};

/// Name of the sub-command.
pub(super) const NAME: &str = "genhash";

/// Seconds that each step may take, as `connect_timeout` of a check.
const TIMEOUT: u32 = 5;
const HTTP: u16 = 80;
const HTTPS: u16 = 443;

const fn value(short: char, long: &'static str, name: &'static str, about: &'static str) -> Opt {
    Opt {
        short: Some(short),
        long,
        takes: Takes::Text(name),
        about,
    }
}

const fn flag(short: Option<char>, long: &'static str, about: &'static str) -> Opt {
    Opt {
        short,
        long,
        takes: Takes::Nothing,
        about,
    }
}

pub(super) const OPTIONS: &[Opt] = &[
    value('s', "server", "IP", "the server's address; has to be there"),
    value('p', "port", "N", "its port; 80, with TLS 443"),
    value('u', "url", "PATH", "the path of the page; has to be there"),
    flag(Some('S'), "use-ssl", "over TLS, as `SSL_GET`"),
    value(
        'V',
        "use-virtualhost",
        "NAME",
        "for the Host header; address and port",
    ),
    flag(Some('I'), "use-sni", "TLS asks for the name of -V (SNI)"),
    Opt {
        short: Some('P'),
        long: "protocol",
        takes: Takes::OneOf(&["1.0", "1.1", "1.0c"]),
        about: "of HTTP; 1.0c: with Connection: close",
    },
    value('t', "timeout", "S", "seconds for each step; 5"),
    value(
        'm',
        "fwmark",
        "N",
        "mark of the packets; needs CAP_NET_ADMIN",
    ),
    flag(None, "sha256", "print the SHA-256 instead of the MD5"),
    flag(Some('v'), "verbose", "say the status and the time as well"),
];

/// Options as they were written, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Words(Vec<(String, String)>);

impl Words {
    pub(super) fn push(&mut self, option: &str, value: &str) {
        self.0.push((option.to_owned(), value.to_owned()));
    }

    fn last(&self, option: &str) -> Option<&str> {
        let written = self.0.iter().rev().find(|(known, _)| known == option);
        written.map(|(_, value)| value.as_str())
    }

    fn has(&self, option: &str) -> bool {
        self.last(option).is_some()
    }

    /// Reads a value; the error says what is expected.
    fn read<T>(
        &self,
        option: &str,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let value = self.last(option);
        value
            .map(|value| read(value).ok_or_else(|| wrong(option, value, expected)))
            .transpose()
    }

    /// What is asked for.
    pub(super) fn page(&self) -> Result<Genhash, String> {
        let missing = "a server and a path are expected, such as -s 192.0.2.10 -u /";
        let tls = self.has("use-ssl");
        let server = self.read("server", "an IP address", |word| word.parse().ok())?;
        let protocol = self.read("protocol", "1.0, 1.1, 1.0c", |word| {
            let known = PROTOCOLS.iter().find(|(name, _)| *name == word);
            known.map(|(_, version)| *version)
        })?;
        let page = Genhash {
            server: server.ok_or(missing)?,
            port: self
                .read("port", "1 to 65535", |word| word.parse().ok())?
                .unwrap_or(if tls { HTTPS } else { HTTP }),
            path: self.last("url").ok_or(missing)?.to_owned(),
            host: self.last("use-virtualhost").map(str::to_owned),
            tls,
            sni: self.has("use-sni"),
            protocol: protocol.unwrap_or(HttpVersion::V1_0),
            timeout: self
                .read("timeout", "1 to 3600 seconds", |word| word.parse().ok())?
                .unwrap_or(TIMEOUT),
            mark: self
                .read("fwmark", "0 to 4294967295", mark)?
                .unwrap_or_default(),
            sha256: self.has("sha256"),
            verbose: self.has("verbose"),
        };
        match page.fault() {
            Some((option, expected)) => {
                let value = self.last(option).unwrap_or_default();
                Err(wrong(option, value, expected))
            }
            None if page.sni && page.host.is_none() => {
                Err("--use-sni needs the name of --use-virtualhost".to_owned())
            }
            None => Ok(page),
        }
    }
}

fn wrong(option: &str, value: &str, expected: &str) -> String {
    format!("--{option} cannot be `{value}`; expected {expected}")
}

/// Decimal, or hexadecimal as firewalls show it.
fn mark(word: &str) -> Option<u32> {
    match word.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(options: &[(&str, &str)]) -> Result<Genhash, String> {
        let mut words = Words::default();
        for (option, value) in options {
            words.push(option, value);
        }
        words.page()
    }

    #[test]
    fn what_is_left_out_is_as_with_a_check() {
        let expected = Genhash {
            server: "192.0.2.1".parse().unwrap(),
            port: 80,
            path: "/x".to_owned(),
            host: None,
            tls: false,
            sni: false,
            protocol: HttpVersion::V1_0,
            timeout: 5,
            mark: 0,
            sha256: false,
            verbose: false,
        };
        let least = [("server", "192.0.2.1"), ("url", "/x")];
        assert_eq!(page(&least), Ok(expected.clone()));
        let tls = [&least[..], &[("use-ssl", "")]].concat();
        let expected_tls = Genhash {
            tls: true,
            port: 443,
            ..expected.clone()
        };
        assert_eq!(page(&tls), Ok(expected_tls));
        let all = [
            ("port", "8080"),
            ("use-virtualhost", "www"),
            ("use-sni", ""),
            ("protocol", "1.0c"),
            ("timeout", "2"),
            ("fwmark", "0x10"),
            ("sha256", ""),
            ("verbose", ""),
        ];
        let expected = Genhash {
            port: 8080,
            host: Some("www".to_owned()),
            sni: true,
            protocol: HttpVersion::V1_0Close,
            timeout: 2,
            mark: 16,
            sha256: true,
            verbose: true,
            ..expected
        };
        assert_eq!(page(&[&least[..], &all].concat()), Ok(expected));
    }

    #[test]
    fn a_wrong_value_is_named_with_what_is_expected() {
        let least = [("server", "192.0.2.1"), ("url", "/x")];
        for (option, value, expected) in [
            ("server", "localhost", "an IP address"),
            ("port", "70000", "1 to 65535"),
            ("port", "0", "1 to 65535"),
            ("url", "/a b", "a path without blanks, such as /index.html"),
            ("use-virtualhost", "a\r\nb", "a name without blanks"),
            ("protocol", "2", "1.0, 1.1, 1.0c"),
            ("timeout", "0", "1 to 3600 seconds"),
            ("fwmark", "-1", "0 to 4294967295"),
        ] {
            let error = page(&[&least[..], &[(option, value)]].concat());
            assert_eq!(error, Err(wrong(option, value, expected)));
        }
        let missing = "a server and a path are expected, such as -s 192.0.2.10 -u /";
        assert_eq!(page(&least[..1]), Err(missing.to_owned()));
        assert_eq!(page(&least[1..]), Err(missing.to_owned()));
        let nameless = [&least[..], &[("use-sni", "")]].concat();
        let expected = "--use-sni needs the name of --use-virtualhost";
        assert_eq!(page(&nameless), Err(expected.to_owned()));
    }
}
