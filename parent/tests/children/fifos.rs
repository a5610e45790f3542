//! Notify FIFOs.

use crate::play::FLAPS;
use crate::servers::SERVERS;
use crate::stage::{CONFIG, Daemon, Stage, field, is_alive, wait_for};
use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Gid, Pid, Uid, chown, mkfifo};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

const NOBODY: u32 = 65_534;

/// A configuration with these words; `FOLDER` is where root's pipes may lie.
fn configure(stage: &Stage, words: &str, more: &str) {
    let text = format!("global_defs {{\n{words}\n}}\n{CONFIG}{more}");
    stage.configure(&text.replace("FOLDER", &stage.path("scripts").display().to_string()));
}

/// The reading end of a pipe, with what was read so far.
struct Reader {
    file: File,
    text: String,
}

impl Reader {
    fn open(path: &Path) -> Self {
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(path)
            .unwrap();
        let text = String::new();
        Self { file, text }
    }

    /// Everything up to now.
    fn take(&mut self) -> &str {
        let mut bytes = Vec::new();
        match self.file.read_to_end(&mut bytes) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
        self.text.push_str(&String::from_utf8(bytes).unwrap());
        &self.text
    }

    #[track_caller]
    fn wait(&mut self, expected: &str) {
        let what = format!("{expected:?} in the pipe");
        wait_for(&what, || (self.take() == expected).then_some(()));
    }
}

const BACKUP: &str = "INSTANCE \"VI_1\" BACKUP 150\n";
const MASTER: &str = "INSTANCE \"VI_1\" MASTER 150\n";
const STOP: &str = "INSTANCE \"VI_1\" STOP 150\n";

pub(crate) fn lines_wait_for_a_reader_and_the_pipe_goes_with_the_daemon() {
    let stage = Stage::new();
    configure(&stage, "vrrp_notify_fifo FOLDER/pipe", "");
    stage.part("vrrp", "master");
    let daemon = stage.start_up();
    // Behind a reload all that the child said before is heard.
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    let path = stage.path("scripts/pipe");
    let meta = fs::metadata(&path).unwrap();
    assert!(meta.file_type().is_fifo());
    assert_eq!(
        (meta.mode() & 0o7777, meta.uid(), meta.gid()),
        (0o600, 0, 0)
    );
    let mut reader = Reader::open(&path);
    reader.wait(&format!("{BACKUP}{MASTER}"));
    assert_eq!(daemon.stop().0, Some(0));
    reader.wait(&format!("{BACKUP}{MASTER}{STOP}"));
    assert!(!path.exists(), "it is still there");
}

pub(crate) fn each_pipe_gets_the_lines_of_its_kind() {
    let stage = Stage::new();
    let words = "notify_fifo FOLDER/all\nvrrp_notify_fifo FOLDER/vrrp nobody\n\
                 lvs_notify_fifo FOLDER/lvs nobody daemon";
    configure(&stage, words, SERVERS);
    stage.script("news.sh", ":");
    stage.part("vrrp", "member-down quorum-lost master");
    let daemon = stage.start_up();
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    let path = |name: &str| stage.path("scripts").join(name);
    let owner = |name| {
        let meta = fs::metadata(path(name)).unwrap();
        (meta.uid(), meta.gid())
    };
    assert_eq!(
        ["all", "vrrp", "lvs"].map(owner),
        [(0, 0), (NOBODY, NOBODY), (NOBODY, 1)]
    );
    let mut readers = ["all", "vrrp", "lvs"].map(|name| Reader::open(&path(name)));
    let servers = "RS [10.0.0.1]:tcp:80 [192.0.2.1]:tcp:80 DOWN\nVS [192.0.2.1]:tcp:80 DOWN\n";
    readers[0].wait(&format!("{servers}{BACKUP}{MASTER}"));
    readers[1].wait(&format!("{BACKUP}{MASTER}"));
    readers[2].wait(servers);
    assert_eq!(daemon.stop().0, Some(0));
}

/// Writes down how it was started, each line, and that it was told to end.
const READER: &str = "echo \"$$ $*\" >> STAGE/starts\ncat /proc/self/status > STAGE/status\n\
    trap 'echo TERM >> STAGE/lines' TERM\n\
    while read -r line; do echo \"$line\" >> STAGE/lines; done < \"$2\"";

fn with_reader(stage: &Stage, pipe: &str) {
    stage.script("reader.sh", READER);
    let words = format!(
        "script_user nobody\nnotify_fifo FOLDER/{pipe}\nnotify_fifo_script \"SCRIPTS/reader.sh one\""
    );
    configure(stage, &words, "");
}

#[track_caller]
fn wait_lines(stage: &Stage, expected: &str) {
    let what = format!("{expected:?} read");
    wait_for(&what, || (stage.read("lines") == expected).then_some(()));
}

/// Process numbers of the readers, in the order of their starts.
fn starts(stage: &Stage) -> Vec<i32> {
    let text = stage.read("starts");
    let numbers = text.lines().filter_map(|line| line.split(' ').next());
    numbers.map(|number| number.parse().unwrap()).collect()
}

pub(crate) fn a_reader_runs_as_its_user_gets_the_path_and_ends_with_the_daemon() {
    let stage = Stage::new();
    with_reader(&stage, "pipe");
    stage.part("vrrp", "master");
    let daemon = stage.start_up();
    wait_lines(&stage, &format!("{BACKUP}{MASTER}"));
    let path = stage.path("scripts/pipe");
    let pid = starts(&stage)[0];
    assert_eq!(
        stage.read("starts"),
        format!("{pid} one {}\n", path.display())
    );
    let status = stage.read("status");
    assert_eq!(
        field(&status, "Uid"),
        format!("{NOBODY} {NOBODY} {NOBODY} {NOBODY}")
    );
    assert_eq!(field(&status, "CapEff"), "0000000000000000");
    assert_eq!(field(&status, "NoNewPrivs"), "1");
    let (code, took) = daemon.stop();
    assert_eq!(code, Some(0));
    assert!(took.as_millis() < 1_000, "{took:?}");
    // The last line is read before the signal comes.
    wait_lines(&stage, &format!("{BACKUP}{MASTER}{STOP}TERM\n"));
    wait_for("the reader to end", || (!is_alive(pid)).then_some(()));
    assert!(!path.exists(), "it is still there");
}

pub(crate) fn a_reload_leaves_a_pipe_and_its_reader_alone_unless_they_changed() {
    let stage = Stage::new();
    with_reader(&stage, "pipe");
    stage.part("vrrp", "master");
    let daemon = stage.start_up();
    wait_lines(&stage, &format!("{BACKUP}{MASTER}"));
    let old = stage.path("scripts/pipe");
    let number = fs::metadata(&old).unwrap().ino();
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    assert_eq!(fs::metadata(&old).unwrap().ino(), number);
    assert_eq!(starts(&stage).len(), 1);
    with_reader(&stage, "other");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 2);
    assert!(!old.exists() && stage.path("scripts/other").exists());
    let both = || (starts(&stage).len() == 2).then_some(());
    wait_for("another reader", both);
    let first = starts(&stage)[0];
    wait_for("the first reader to end", || {
        (!is_alive(first)).then_some(())
    });
    assert_eq!(daemon.stop().0, Some(0));
    wait_lines(&stage, &format!("{BACKUP}{MASTER}TERM\n{STOP}TERM\n"));
}

pub(crate) fn a_reader_that_ended_is_told_and_started_again_by_a_reload() {
    let stage = Stage::new();
    with_reader(&stage, "pipe");
    let daemon = stage.start_up();
    wait_for("the reader", || starts(&stage).first().copied());
    kill(Pid::from_raw(starts(&stage)[0]), Signal::SIGKILL).unwrap();
    let line = daemon.wait_log("notify fifo script", 1);
    assert!(line.contains("terminated: signal 9 (SIGKILL)"), "{line}");
    daemon.signal(Signal::SIGHUP);
    let both = || (starts(&stage).len() == 2).then_some(());
    wait_for("another reader", both);
    assert_eq!(daemon.stop().0, Some(0));
}

pub(crate) fn states_are_written_again_behind_a_reload_where_that_is_asked_for() {
    let stage = Stage::new();
    let words = "notify_fifo FOLDER/pipe\nfifo_write_vrrp_states_on_reload";
    configure(&stage, words, "");
    stage.part("vrrp", "master");
    let daemon = stage.start_up();
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    let mut reader = Reader::open(&stage.path("scripts/pipe"));
    reader.wait(&format!("{BACKUP}{MASTER}{MASTER}"));
    assert_eq!(daemon.stop().0, Some(0));
}

fn pipe_of(path: &Path, uid: u32) {
    mkfifo(path, Mode::from_bits_truncate(0o600)).unwrap();
    chown(path, Some(Uid::from_raw(uid)), Some(Gid::from_raw(uid))).unwrap();
}

pub(crate) fn what_others_could_have_put_there_is_refused_and_left_alone() {
    let stage = Stage::new();
    let path = |name: &str| stage.path("scripts").join(name);
    fs::write(path("file"), "kept").unwrap();
    pipe_of(&path("foreign"), 1);
    pipe_of(&path("target"), 0);
    symlink("target", path("link")).unwrap();
    fs::set_permissions(stage.path("stage"), Permissions::from_mode(0o777)).unwrap();
    for (place, text) in [
        ("scripts/file", "what is there is no FIFO"),
        ("scripts/link", "what is there is no FIFO"),
        (
            "scripts/foreign",
            "what is there belongs to user 1, who is neither root nor",
        ),
        ("stage/pipe", "can be written by everybody"),
        ("scripts/none/pipe", "No such file or directory"),
    ] {
        let place = stage.path(place);
        configure(&stage, &format!("notify_fifo {}", place.display()), "");
        let daemon = stage.start_up();
        let told = daemon.lines("is not used: ");
        assert!(told.len() == 1 && told[0].contains(text), "{told:?}");
        assert_eq!(daemon.stop().0, Some(0));
    }
    assert_eq!(fs::read_to_string(path("file")).unwrap(), "kept");
    assert!(path("foreign").exists() && path("target").exists());
    assert!(!stage.path("stage/pipe").exists());
}

pub(crate) fn a_pipe_that_was_there_is_used_and_stays() {
    for (owner, words) in [
        (0, "notify_fifo FOLDER/pipe"),
        (NOBODY, "notify_fifo FOLDER/pipe nobody"),
    ] {
        let stage = Stage::new();
        let path = stage.path("scripts/pipe");
        pipe_of(&path, owner);
        configure(&stage, words, "");
        stage.part("vrrp", "master");
        let mut reader = Reader::open(&path);
        let daemon = stage.start_up();
        reader.wait(&format!("{BACKUP}{MASTER}"));
        let meta = fs::metadata(&path).unwrap();
        assert_eq!((meta.uid(), meta.mode() & 0o777), (owner, 0o600));
        assert_eq!(daemon.stop().0, Some(0));
        assert!(path.exists());
    }
}

/// Fills a pipe that is open for writing as well.
fn fill(path: &Path) {
    let mut file = OpenOptions::new()
        .write(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)
        .unwrap();
    let mut size = 4_096;
    while size > 0 {
        if file.write(&vec![b'x'; size]).is_err() {
            size /= 2;
        }
    }
}

pub(crate) fn a_pipe_that_nobody_reads_costs_its_oldest_lines_and_nothing_else() {
    let stage = Stage::new();
    let path = stage.path("scripts/pipe");
    pipe_of(&path, 0);
    // Held open, so that what fills it stays.
    let mut reader = Reader::open(&path);
    fill(&path);
    configure(&stage, "notify_fifo FOLDER/pipe", "");
    stage.part("vrrp", "flap");
    let daemon: Daemon = stage.start_up();
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    assert_eq!(
        daemon.lines("is full, its reader is slow or absent").len(),
        1
    );
    let expected = format!("{BACKUP}{MASTER}").repeat(512);
    wait_for("the newest lines", || {
        reader
            .take()
            .trim_start_matches('x')
            .eq(&expected)
            .then_some(())
    });
    let line = daemon.wait_log("is read again", 1);
    let lost = 2 * FLAPS - 1_024;
    assert!(line.contains(&format!("{lost} lines left out")), "{line}");
    assert_eq!(daemon.stop().0, Some(0));
}

pub(crate) fn a_reload_that_brings_a_pipe_that_cannot_be_used_is_refused() {
    let stage = Stage::new();
    let daemon = stage.start_up();
    let place = stage.path("stage/pipe");
    configure(&stage, &format!("notify_fifo {}", place.display()), "");
    daemon.signal(Signal::SIGHUP);
    let line = daemon.wait_log("Reload refused", 1);
    assert!(
        line.contains("is not used") && line.contains("written by everybody"),
        "{line}"
    );
    assert_eq!(daemon.stop().0, Some(0));
}
