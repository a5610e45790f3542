//! Script security: who could replace a script that is about to be run. One rule for the parent
//! (notify scripts, and all scripts at start) and the checker (before each run).
//!
//! Each component from `/` on, and each symbolic link's target in the same way, has to be owned by
//! root or by the script's own user, and must not be writable by anybody else. A sticky directory
//! like /tmp may be writable: nobody but the owner of an entry can replace it there.

use std::fmt;
use std::path::{Component as Part, Path, PathBuf};

/// Who runs the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runner {
    /// User number.
    pub uid: u32,
    /// Group number.
    pub gid: u32,
}

/// What kind of thing a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link; its own mode means nothing.
    Link,
    /// Anything else.
    Other,
}

/// One component of a path, as lstat reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Its full path.
    pub path: PathBuf,
    /// What it is.
    pub node: Node,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
}

/// Which component is at fault, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsafe {
    /// The component.
    pub path: PathBuf,
    /// Why.
    pub fault: Fault,
}

/// What is wrong with a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It belongs to somebody else.
    Owner {
        /// To whom.
        uid: u32,
    },
    /// A group can write it.
    GroupWritable {
        /// Which group.
        gid: u32,
    },
    /// Everybody can write it.
    WorldWritable,
    /// The script itself is no regular file.
    NotAFile,
    /// Something on the way is no directory.
    NotADirectory,
    /// The user cannot execute it.
    NotExecutable,
    /// The path is not absolute.
    Relative,
    /// Links lead to links without end.
    TooManyLinks,
    /// It cannot be looked at.
    Unreadable {
        /// The system's reason.
        reason: String,
    },
}

impl Unsafe {
    /// True where somebody else could replace the script; false where it just cannot be run on this
    /// host.
    pub const fn is_insecure(&self) -> bool {
        match self.fault {
            Fault::Owner { .. } | Fault::GroupWritable { .. } | Fault::WorldWritable => true,
            Fault::NotAFile
            | Fault::NotADirectory
            | Fault::NotExecutable
            | Fault::Relative
            | Fault::TooManyLinks
            | Fault::Unreadable { .. } => false,
        }
    }
}

impl fmt::Display for Unsafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.fault {
            Fault::Owner { uid } => write!(
                f,
                "{path} belongs to user {uid}, who is neither root nor the script's user; \
                 `chown root {path}`"
            ),
            Fault::GroupWritable { gid } => {
                write!(
                    f,
                    "{path} can be written by group {gid}; `chmod g-w {path}`"
                )
            }
            Fault::WorldWritable => {
                write!(f, "{path} can be written by everybody; `chmod o-w {path}`")
            }
            Fault::NotAFile => write!(f, "{path} is no regular file"),
            Fault::NotADirectory => write!(f, "{path} is no directory"),
            Fault::NotExecutable => {
                write!(
                    f,
                    "{path} cannot be executed by the script's user; `chmod a+rx {path}`"
                )
            }
            Fault::Relative => write!(f, "{path} is no absolute path"),
            Fault::TooManyLinks => write!(f, "{path}: too many symbolic links"),
            Fault::Unreadable { reason } => write!(f, "{path}: {reason}"),
        }
    }
}

impl std::error::Error for Unsafe {}

/// How the walk looks at files: lstat and readlink in the processes, a map in tests.
pub trait Look {
    /// The component itself, not what a link points to.
    fn component(&self, path: &Path) -> Result<Component, String>;
    /// Where a link points to.
    fn target(&self, path: &Path) -> Result<PathBuf, String>;
}

/// As many links as the kernel follows (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Walks from `/` to the script and judges each component. `Ok` is the path without links: what
/// was judged. The script has to be a regular file that `runner` can execute.
///
/// Between this and the run somebody may change the path; but only somebody who can write one of
/// the components, and there is nobody but root and the script's own user.
pub fn examine(path: &Path, runner: Runner, look: &dyn Look) -> Result<PathBuf, Unsafe> {
    let resolved = walk(path, Some(runner), look)?;
    executable(&resolved, runner, look)?;
    Ok(resolved)
}

/// As `examine`, without the question who could replace it: for `script_security` switched off.
pub fn examine_executable(path: &Path, runner: Runner, look: &dyn Look) -> Result<PathBuf, Unsafe> {
    let resolved = walk(path, None, look)?;
    executable(&resolved, runner, look)?;
    Ok(resolved)
}

/// As `examine` for a directory in which something is found or made: who could put something else
/// in its place? In a sticky directory everybody can where there is nothing yet.
pub fn examine_directory(path: &Path, runner: Runner, look: &dyn Look) -> Result<PathBuf, Unsafe> {
    let resolved = walk(path, Some(runner), look)?;
    match look_at(&resolved, look)?.node {
        Node::Directory => Ok(resolved),
        Node::File | Node::Link | Node::Other => Err(at_fault(&resolved, Fault::NotADirectory)),
    }
}

/// Judges one component.
pub fn judge(component: &Component, runner: Runner) -> Result<(), Fault> {
    let Component {
        node,
        uid,
        gid,
        mode,
        ..
    } = component;
    if *uid != 0 && *uid != runner.uid {
        return Err(Fault::Owner { uid: *uid });
    }
    if *node == Node::Link {
        return Ok(());
    }
    if *node == Node::Directory && mode & STICKY != 0 {
        return Ok(());
    }
    if mode & WORLD_WRITE != 0 {
        return Err(Fault::WorldWritable);
    }
    let own_group = *gid == runner.gid && *uid == runner.uid;
    if mode & GROUP_WRITE != 0 && *gid != 0 && !own_group {
        return Err(Fault::GroupWritable { gid: *gid });
    }
    Ok(())
}

const STICKY: u32 = 0o1000;
const GROUP_WRITE: u32 = 0o020;
const WORLD_WRITE: u32 = 0o002;

fn walk(path: &Path, runner: Option<Runner>, look: &dyn Look) -> Result<PathBuf, Unsafe> {
    if !path.is_absolute() {
        return Err(at_fault(path, Fault::Relative));
    }
    let mut done = PathBuf::new();
    // The parts still to go, the next one last.
    let mut left = parts(path);
    let mut links: usize = 0;
    while let Some(part) = left.pop() {
        if part.as_os_str() == ".." {
            done.pop();
            continue;
        }
        let here = done.join(&part);
        let component = look_at(&here, look)?;
        if let Some(runner) = runner {
            judge(&component, runner).map_err(|fault| at_fault(&here, fault))?;
        }
        match component.node {
            Node::Directory => done = here,
            Node::Link => {
                links = links.saturating_add(1);
                if links > MAX_LINKS {
                    return Err(at_fault(path, Fault::TooManyLinks));
                }
                let target = look
                    .target(&here)
                    .map_err(|reason| unreadable(&here, reason))?;
                left.extend(parts(&target));
            }
            Node::File | Node::Other if left.is_empty() => done = here,
            Node::File | Node::Other => return Err(at_fault(&here, Fault::NotADirectory)),
        }
    }
    Ok(done)
}

/// The parts of a path, the first one last; `.` is left out.
fn parts(path: &Path) -> Vec<PathBuf> {
    path.components()
        .rev()
        .filter_map(|part| match part {
            Part::RootDir => Some(PathBuf::from("/")),
            Part::ParentDir => Some(PathBuf::from("..")),
            Part::Normal(name) => Some(PathBuf::from(name)),
            Part::CurDir | Part::Prefix(_) => None,
        })
        .collect()
}

fn executable(path: &Path, runner: Runner, look: &dyn Look) -> Result<(), Unsafe> {
    let component = look_at(path, look)?;
    if component.node != Node::File {
        return Err(at_fault(path, Fault::NotAFile));
    }
    let bit = if runner.uid == 0 {
        0o111
    } else if runner.uid == component.uid {
        0o100
    } else if runner.gid == component.gid {
        0o010
    } else {
        0o001
    };
    if component.mode & bit == 0 {
        return Err(at_fault(path, Fault::NotExecutable));
    }
    Ok(())
}

fn look_at(path: &Path, look: &dyn Look) -> Result<Component, Unsafe> {
    look.component(path)
        .map_err(|reason| unreadable(path, reason))
}

fn unreadable(path: &Path, reason: String) -> Unsafe {
    at_fault(path, Fault::Unreadable { reason })
}

fn at_fault(path: &Path, fault: Fault) -> Unsafe {
    Unsafe {
        path: path.to_owned(),
        fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const WEB: Runner = Runner { uid: 33, gid: 33 };

    /// Path, kind, owner, group, mode, target of a link.
    type Entry = (&'static str, Node, u32, u32, u32, &'static str);

    struct Tree(BTreeMap<PathBuf, Entry>);

    impl Tree {
        fn of(entries: &[Entry]) -> Self {
            let root: Entry = ("/", Node::Directory, 0, 0, 0o755, "");
            let all = std::iter::once(&root).chain(entries);
            Self(all.map(|entry| (PathBuf::from(entry.0), *entry)).collect())
        }

        fn get(&self, path: &Path) -> Result<Entry, String> {
            self.0
                .get(path)
                .copied()
                .ok_or_else(|| "no such file".to_owned())
        }
    }

    impl Look for Tree {
        fn component(&self, path: &Path) -> Result<Component, String> {
            let (_, node, uid, gid, mode, _) = self.get(path)?;
            Ok(Component {
                path: path.to_owned(),
                node,
                uid,
                gid,
                mode,
            })
        }

        fn target(&self, path: &Path) -> Result<PathBuf, String> {
            self.get(path).map(|entry| PathBuf::from(entry.5))
        }
    }

    fn dir(path: &'static str, uid: u32, gid: u32, mode: u32) -> Entry {
        (path, Node::Directory, uid, gid, mode, "")
    }

    fn file(path: &'static str, uid: u32, gid: u32, mode: u32) -> Entry {
        (path, Node::File, uid, gid, mode, "")
    }

    fn link(path: &'static str, uid: u32, target: &'static str) -> Entry {
        (path, Node::Link, uid, 0, 0o777, target)
    }

    fn verdict(entries: &[Entry], path: &str) -> Result<String, String> {
        examine(Path::new(path), WEB, &Tree::of(entries))
            .map(|path| path.display().to_string())
            .map_err(|fault| fault.to_string())
    }

    fn ok(path: &str) -> Result<String, String> {
        Ok(path.to_owned())
    }

    fn fault(text: &str) -> Result<String, String> {
        Err(text.to_owned())
    }

    #[test]
    fn root_s_and_the_own_user_s_files_are_safe() {
        assert_eq!(
            verdict(&[dir("/a", 0, 0, 0o755), file("/a/s", 0, 0, 0o755)], "/a/s"),
            ok("/a/s")
        );
        assert_eq!(
            verdict(
                &[dir("/a", 33, 33, 0o700), file("/a/s", 33, 33, 0o500)],
                "/a/s"
            ),
            ok("/a/s")
        );
    }

    #[test]
    fn a_folder_is_judged_like_what_leads_to_a_script() {
        let look = |entries: &[Entry]| {
            examine_directory(Path::new("/a"), WEB, &Tree::of(entries))
                .map(|path| path.display().to_string())
                .map_err(|found| found.to_string())
        };
        assert_eq!(look(&[dir("/a", 33, 33, 0o700)]), ok("/a"));
        assert_eq!(look(&[dir("/a", 0, 0, 0o1777)]), ok("/a"));
        let open = fault("/a can be written by everybody; `chmod o-w /a`");
        assert_eq!(look(&[dir("/a", 0, 0, 0o777)]), open);
        let file = look(&[file("/a", 0, 0, 0o755)]);
        assert_eq!(file, fault("/a is no directory"));
    }

    #[test]
    fn a_component_of_somebody_else_is_named() {
        assert_eq!(
            verdict(&[dir("/a", 7, 0, 0o755), file("/a/s", 0, 0, 0o755)], "/a/s"),
            fault(
                "/a belongs to user 7, who is neither root nor the script's user; `chown root /a`"
            )
        );
    }

    #[test]
    fn a_group_that_can_write_is_a_fault_unless_it_is_root_s_or_the_own_one() {
        let with = |uid, gid| {
            verdict(
                &[dir("/a", uid, gid, 0o775), file("/a/s", 0, 0, 0o755)],
                "/a/s",
            )
        };
        assert_eq!(with(0, 0), ok("/a/s"));
        assert_eq!(with(33, 33), ok("/a/s"));
        let text = |gid| format!("/a can be written by group {gid}; `chmod g-w /a`");
        assert_eq!(with(0, 33), fault(&text(33)));
        assert_eq!(with(0, 50), fault(&text(50)));
        assert_eq!(with(33, 50), fault(&text(50)));
    }

    #[test]
    fn what_everybody_can_write_is_a_fault_unless_it_is_a_sticky_directory() {
        let text = "/a can be written by everybody; `chmod o-w /a`";
        let script = file("/a/s", 0, 0, 0o755);
        assert_eq!(
            verdict(&[dir("/a", 0, 0, 0o777), script], "/a/s"),
            fault(text)
        );
        assert_eq!(
            verdict(&[dir("/a", 0, 0, 0o1777), script], "/a/s"),
            ok("/a/s")
        );
        assert_eq!(
            verdict(&[file("/s", 0, 0, 0o1757)], "/s"),
            fault("/s can be written by everybody; `chmod o-w /s`")
        );
    }

    #[test]
    fn links_are_followed_and_what_they_point_to_is_judged() {
        let tree = [
            link("/bin", 0, "usr/bin"),
            dir("/usr", 0, 0, 0o755),
            dir("/usr/bin", 0, 0, 0o755),
            link("/usr/bin/s", 0, "../../opt/s"),
            dir("/opt", 0, 0, 0o757),
            file("/opt/s", 0, 0, 0o755),
        ];
        assert_eq!(
            verdict(&tree, "/bin/s"),
            fault("/opt can be written by everybody; `chmod o-w /opt`")
        );
        let mut safe = tree;
        safe[4] = dir("/opt", 0, 0, 0o755);
        assert_eq!(verdict(&safe, "/bin/s"), ok("/opt/s"));
    }

    #[test]
    fn a_link_of_somebody_else_is_a_fault() {
        let tree = [
            dir("/tmp", 0, 0, 0o1777),
            link("/tmp/s", 7, "/s"),
            file("/s", 0, 0, 0o755),
        ];
        assert_eq!(
            verdict(&tree, "/tmp/s"),
            fault(
                "/tmp/s belongs to user 7, who is neither root nor the script's user; \
                 `chown root /tmp/s`"
            )
        );
    }

    #[test]
    fn links_without_end_are_a_fault() {
        let tree = [link("/a", 0, "/b"), link("/b", 0, "/a")];
        assert_eq!(verdict(&tree, "/a"), fault("/a: too many symbolic links"));
    }

    #[test]
    fn what_is_no_executable_file_is_a_fault() {
        assert_eq!(verdict(&[], "/s"), fault("/s: no such file"));
        assert_eq!(verdict(&[], "s"), fault("s is no absolute path"));
        assert_eq!(
            verdict(&[dir("/s", 0, 0, 0o755)], "/s"),
            fault("/s is no regular file")
        );
        assert_eq!(
            verdict(&[file("/a", 0, 0, 0o755)], "/a/s"),
            fault("/a is no directory")
        );
        for mode in [0o644, 0o754, 0o766 & !0o022] {
            assert_eq!(
                verdict(&[file("/s", 0, 0, mode)], "/s"),
                fault("/s cannot be executed by the script's user; `chmod a+rx /s`")
            );
        }
    }

    #[test]
    fn without_security_only_what_is_needed_to_run_it_is_asked() {
        let tree = Tree::of(&[dir("/a", 7, 7, 0o777), file("/a/s", 7, 7, 0o777)]);
        let path = Path::new("/a/s");
        assert_eq!(examine_executable(path, WEB, &tree), Ok(path.to_owned()));
    }
}
