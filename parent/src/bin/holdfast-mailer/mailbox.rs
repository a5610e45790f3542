//! Addresses as they are configured, for the envelope and for the header.

use std::fmt;

/// Longest address (RFC 5321 section 4.5.3.1.3).
const MAX_ADDRESS: usize = 254;

/// `Name <address>`, or the address alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mailbox {
    /// The name, where there is one.
    pub(crate) name: Option<String>,
    /// What the envelope says.
    pub(crate) address: String,
}

impl Mailbox {
    /// Refuses what could be more than one address to a server.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (name, address) = match text
            .strip_suffix('>')
            .and_then(|text| text.rsplit_once('<'))
        {
            Some((name, address)) => (name.trim().trim_matches('"').trim(), address),
            None => ("", text),
        };
        let strange = |character: char| {
            !character.is_ascii_graphic() || matches!(character, '<' | '>' | ',' | ';' | '"' | '\\')
        };
        if address.is_empty() || address.len() > MAX_ADDRESS || address.contains(strange) {
            return Err(format!("{text:?} is no mail address"));
        }
        Ok(Self {
            name: (!name.is_empty()).then(|| name.to_owned()),
            address: address.to_owned(),
        })
    }
}

/// For a header. The name is quoted, and what ends a quotation or a line is left out.
impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(name) = &self.name else {
            return f.write_str(&self.address);
        };
        let plain: String = name
            .chars()
            .filter(|character| !character.is_control() && !matches!(character, '"' | '\\'))
            .collect();
        let special = |character: char| !character.is_alphanumeric() && character != ' ';
        if plain.contains(special) {
            write!(f, "\"{plain}\" <{}>", self.address)
        } else {
            write!(f, "{plain} <{}>", self.address)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_its_address_are_told_apart() {
        for (text, name, address, shown) in [
            (
                "root@example.com",
                None,
                "root@example.com",
                "root@example.com",
            ),
            ("admin", None, "admin", "admin"),
            (
                "Ops Team <ops@example.com>",
                Some("Ops Team"),
                "ops@example.com",
                "Ops Team <ops@example.com>",
            ),
            (
                "\"Doe, J.\" <j@example.com>",
                Some("Doe, J."),
                "j@example.com",
                "\"Doe, J.\" <j@example.com>",
            ),
            ("<a@b>", None, "a@b", "a@b"),
        ] {
            let mailbox = Mailbox::parse(text).unwrap();
            assert_eq!(mailbox.name.as_deref(), name);
            assert_eq!(mailbox.address, address);
            assert_eq!(mailbox.to_string(), shown);
        }
    }

    #[test]
    fn what_could_be_more_than_an_address_is_refused() {
        for text in [
            "",
            "<>",
            "a@b>\r\nRCPT TO:<c@d",
            "a@b\r\nDATA",
            "a b@c",
            "a@b,c@d",
            "x <a@b\0>",
            "ü@example.com",
            &"a".repeat(300),
        ] {
            assert!(Mailbox::parse(text).is_err(), "{text:?}");
        }
    }
}
