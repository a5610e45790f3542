//! Who could read or change the configuration: it holds passwords, and whoever writes it decides
//! what root runs.

use holdfast_conf::model::{Auth, Config};
use std::path::PathBuf;

/// A file that was read, as its descriptor says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenFile {
    /// Its path.
    pub path: PathBuf,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
}

/// What is wrong with the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Others can change one.
    pub writable: Vec<String>,
    /// Others can read a password.
    pub readable: Vec<String>,
}

/// Judges all files of a configuration.
pub fn judge(config: &Config, files: &[SeenFile]) -> Faults {
    let secrets = has_secrets(config);
    Faults {
        writable: files.iter().filter_map(writable).collect(),
        readable: files
            .iter()
            .filter(|file| secrets && file.mode & OTHERS_READ != 0)
            .map(readable)
            .collect(),
    }
}

const GROUP_WRITE: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const OTHERS_READ: u32 = 0o004;

fn has_secrets(config: &Config) -> bool {
    let mut instances = config.instances.iter();
    instances.any(|instance| match instance.router.auth {
        Auth::None => false,
        Auth::Pass(_) | Auth::Ah(_) => true,
    })
}

fn writable(file: &SeenFile) -> Option<String> {
    let path = file.path.display();
    let who = if file.uid != 0 {
        format!("belongs to user {}; `chown root {path}`", file.uid)
    } else if file.mode & OTHERS_WRITE != 0 {
        format!("can be written by everybody; `chmod o-w {path}`")
    } else if file.mode & GROUP_WRITE != 0 && file.gid != 0 {
        format!("can be written by group {}; `chmod g-w {path}`", file.gid)
    } else {
        return None;
    };
    Some(format!("{path} decides what root runs, but it {who}"))
}

fn readable(file: &SeenFile) -> String {
    let path = file.path.display();
    format!("{path} can be read by everybody and there is a password in it; `chmod 600 {path}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(uid: u32, gid: u32, mode: u32) -> SeenFile {
        SeenFile {
            path: "/c".into(),
            uid,
            gid,
            mode,
        }
    }

    fn faults(file: SeenFile) -> Faults {
        judge(&Config::default(), &[file])
    }

    fn written(text: &str) -> Faults {
        Faults {
            writable: vec![format!("/c decides what root runs, but it {text}")],
            readable: Vec::new(),
        }
    }

    #[test]
    fn a_file_that_only_root_can_write_is_good() {
        for mode in [0o100_600, 0o100_644, 0o100_664] {
            assert_eq!(faults(file(0, 0, mode)), Faults::default());
        }
        assert_eq!(faults(file(0, 7, 0o100_640)), Faults::default());
    }

    #[test]
    fn a_file_that_others_can_write_is_named_with_the_remedy() {
        assert_eq!(
            faults(file(7, 0, 0o100_600)),
            written("belongs to user 7; `chown root /c`")
        );
        assert_eq!(
            faults(file(0, 0, 0o100_602)),
            written("can be written by everybody; `chmod o-w /c`")
        );
        assert_eq!(
            faults(file(0, 7, 0o100_660)),
            written("can be written by group 7; `chmod g-w /c`")
        );
    }

    #[test]
    fn without_a_password_everybody_may_read() {
        assert_eq!(faults(file(0, 0, 0o100_644)).readable, Vec::<String>::new());
    }
}
