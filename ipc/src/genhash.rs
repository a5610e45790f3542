//! The page whose digest `holdfastctl genhash` wants: what it tells the checker's executable, which
//! it becomes. A list in a fixed order, so that nothing of it can be taken for an option.

use crate::config::model::HttpVersion;
use std::net::IpAddr;

/// The internal first argument. It gives nobody anything: the checker has the rights of whoever
/// starts it so.
pub const GENHASH: &str = "--genhash";

/// Bytes of a path or a name. Servers refuse longer request lines than 8 KiB.
const MAX_TEXT: usize = 4096;
/// Longest time for each step, in seconds.
pub const MAX_TIMEOUT: u32 = 3600;

/// A page, and how it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genhash {
    /// `-s`.
    pub server: IpAddr,
    /// `-p`.
    pub port: u16,
    /// `-u`.
    pub path: String,
    /// `-V`.
    pub host: Option<String>,
    /// `-S`.
    pub tls: bool,
    /// `-I`.
    pub sni: bool,
    /// `-P`.
    pub protocol: HttpVersion,
    /// `-t`: seconds for each step, 1..=3600.
    pub timeout: u32,
    /// `-m`; 0 means none.
    pub mark: u32,
    /// `--sha256`.
    pub sha256: bool,
    /// `-v`.
    pub verbose: bool,
}

/// How protocols are written.
pub const PROTOCOLS: [(&str, HttpVersion); 3] = [
    ("1.0", HttpVersion::V1_0),
    ("1.1", HttpVersion::V1_1),
    ("1.0c", HttpVersion::V1_0Close),
];

impl Genhash {
    /// The arguments behind the program's name.
    pub fn to_arguments(&self) -> Vec<String> {
        let protocol = PROTOCOLS.iter().find(|(_, known)| *known == self.protocol);
        vec![
            GENHASH.to_owned(),
            self.server.to_string(),
            self.port.to_string(),
            self.path.clone(),
            self.host.clone().unwrap_or_default(),
            self.tls.to_string(),
            self.sni.to_string(),
            protocol.map_or("1.0", |(word, _)| word).to_owned(),
            self.timeout.to_string(),
            self.mark.to_string(),
            self.sha256.to_string(),
            self.verbose.to_string(),
        ]
    }

    /// Reads what `to_arguments` wrote, without the first word.
    pub fn from_arguments(words: &[String]) -> Option<Self> {
        let [
            server,
            port,
            path,
            host,
            tls,
            sni,
            protocol,
            timeout,
            mark,
            sha256,
            verbose,
        ] = words
        else {
            return None;
        };
        let protocol = PROTOCOLS.iter().find(|(word, _)| word == protocol)?.1;
        let page = Self {
            server: server.parse().ok()?,
            port: port.parse().ok()?,
            path: path.clone(),
            host: (!host.is_empty()).then(|| host.clone()),
            tls: tls.parse().ok()?,
            sni: sni.parse().ok()?,
            protocol,
            timeout: timeout.parse().ok()?,
            mark: mark.parse().ok()?,
            sha256: sha256.parse().ok()?,
            verbose: verbose.parse().ok()?,
        };
        page.fault().is_none().then_some(page)
    }

    /// Which option is wrong, and what it has to be.
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        let host = self.host.as_deref();
        if self.port == 0 {
            return Some(("port", "1 to 65535"));
        }
        if !is_one_word(&self.path) {
            return Some(("url", "a path without blanks, such as /index.html"));
        }
        if host.is_some_and(|host| !is_one_word(host)) {
            return Some(("use-virtualhost", "a name without blanks"));
        }
        if !(1..=MAX_TIMEOUT).contains(&self.timeout) {
            return Some(("timeout", "1 to 3600 seconds"));
        }
        None
    }
}

/// A blank or a line end would be another part of the request.
fn is_one_word(text: &str) -> bool {
    let is_other = |c: char| c.is_whitespace() || c.is_control();
    !text.is_empty() && text.len() <= MAX_TEXT && !text.contains(is_other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Genhash {
        Genhash {
            server: "::1".parse().unwrap(),
            port: 8443,
            path: "/--x".to_owned(),
            host: Some("www.example.org".to_owned()),
            tls: true,
            sni: false,
            protocol: HttpVersion::V1_0Close,
            timeout: 3,
            mark: u32::MAX,
            sha256: true,
            verbose: false,
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let without_host = Genhash {
            host: None,
            protocol: HttpVersion::V1_1,
            ..page()
        };
        for page in [page(), without_host] {
            let words = page.to_arguments();
            assert_eq!(words[0], GENHASH);
            assert_eq!(Genhash::from_arguments(&words[1..]), Some(page));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let words = page().to_arguments();
        for (place, wrong) in [
            (1, "localhost"),
            (2, "0"),
            (3, ""),
            (3, "/ HTTP/1.1"),
            (3, "/\r\nX:"),
            (4, "a b"),
            (5, "yes"),
            (7, "2"),
            (8, "0"),
            (8, "3601"),
            (9, "-1"),
        ] {
            let mut words = words.clone();
            words[place] = wrong.to_owned();
            assert_eq!(
                Genhash::from_arguments(&words[1..]),
                None,
                "{place} {wrong:?}"
            );
        }
        assert_eq!(Genhash::from_arguments(&words[2..]), None);
        assert_eq!(Genhash::from_arguments(&[]), None);
    }
}
