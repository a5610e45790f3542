//! What the short-lived launcher between the parent and a child or script is told. It is this same
//! executable with an internal first argument, so that no code runs between fork and exec.

use std::ffi::OsString;

/// The only variable that children and scripts get.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The internal first argument. It gives nobody anything: the launcher has the rights of whoever
/// starts it.
pub const LAUNCH: &str = "@launch";
/// The internal first argument of the process that stays behind when the daemon goes to the
/// background.
pub const BACKGROUND: &str = "@background";

/// Who is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The VRRP child: two capabilities.
    Vrrp,
    /// A checker child: none.
    Checker,
    /// The mailer: none.
    Mailer,
    /// A script: none, unless it runs as root.
    Script,
}

impl Role {
    const ALL: [Self; 4] = [Self::Vrrp, Self::Checker, Self::Mailer, Self::Script];

    const fn word(self) -> &'static str {
        match self {
            Self::Vrrp => "vrrp",
            Self::Checker => "checker",
            Self::Mailer => "mailer",
            Self::Script => "script",
        }
    }
}

/// One start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// Who.
    pub role: Role,
    /// As which user.
    pub uid: u32,
    /// As which group; there are no further groups.
    pub gid: u32,
    /// Process that has to be the launcher's parent; another one means that it died meanwhile.
    pub parent: i32,
    /// Absolute path.
    pub program: OsString,
    /// Arguments behind the program's name.
    pub arguments: Vec<OsString>,
}

impl Launch {
    /// The launcher's arguments.
    pub fn to_arguments(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec![
            LAUNCH.into(),
            self.role.word().into(),
            self.uid.to_string().into(),
            self.gid.to_string().into(),
            self.parent.to_string().into(),
            self.program.clone(),
        ];
        words.extend(self.arguments.iter().cloned());
        words
    }

    /// Reads what `to_arguments` wrote, without the first word.
    pub fn from_arguments(words: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let mut words = words.into_iter();
        let role = words.next()?;
        Some(Self {
            role: Role::ALL.into_iter().find(|known| role == known.word())?,
            uid: number(words.next()?)?,
            gid: number(words.next()?)?,
            parent: number(words.next()?)?,
            program: words.next()?,
            arguments: words.collect(),
        })
    }
}

fn number<T: std::str::FromStr>(word: OsString) -> Option<T> {
    word.to_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for role in Role::ALL {
            let launch = Launch {
                role,
                uid: 12,
                gid: 34,
                parent: 56,
                program: "/bin/x y".into(),
                arguments: vec!["".into(), "@launch".into(), "--".into()],
            };
            let mut words = launch.to_arguments().into_iter();
            assert_eq!(words.next(), Some(LAUNCH.into()));
            assert_eq!(Launch::from_arguments(words), Some(launch));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for words in [
            "",
            "root 1 1 1 /x",
            "vrrp",
            "vrrp x 1 1 /x",
            "vrrp -1 1 1 /x",
            "vrrp 1 1 1",
        ] {
            let words = words.split_whitespace().map(OsString::from);
            assert_eq!(Launch::from_arguments(words), None);
        }
    }
}
