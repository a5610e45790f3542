//! `FILE_CHECK` with real files, followed by a checker that runs as nobody.

use super::stage::{check, servers, watching};
use crate::harness::{Checker, NOBODY, PATIENCE, Place, wait_until};
use holdfast_ipc::config::model::{Check, FileName, InitFile, Probe, TrackFile, Weight};
use nix::libc;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The number in this file is added to the weight.
fn follows(path: &Path) -> Check {
    with_init(path, None)
}

fn with_init(path: &Path, init: Option<InitFile>) -> Check {
    check(Probe::File {
        file: Box::new(TrackFile {
            name: FileName::try_from("f").unwrap(),
            path: path.to_str().unwrap().to_owned(),
            weight: Weight::try_from(1).unwrap(),
            reverse: false,
            init,
        }),
        weight: None,
    })
}

impl Checker {
    /// Waits until the one check moves the weight by this.
    #[track_caller]
    fn shifts_by(&mut self, shift: i32) {
        let end = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        while Instant::now() < end {
            let verdict = self.only_verdict();
            if verdict.weight == shift && verdict.up {
                return;
            }
            seen.push(verdict.weight);
        }
        panic!("{seen:?} instead of {shift}");
    }

    /// Waits until the kernel watches so many directories for it.
    fn watches(&self, count: usize) {
        let what = format!("{count} directories are watched");
        wait_until(&what, || (self.watched() == count).then_some(()));
    }

    fn watched(&self) -> usize {
        let folder = format!("/proc/{}/fdinfo", self.pid());
        let entries = fs::read_dir(folder).unwrap();
        entries
            .filter_map(|entry| fs::read_to_string(entry.unwrap().path()).ok())
            .map(|text| text.matches("inotify wd:").count())
            // One descriptor to read from, one to wait for.
            .max()
            .unwrap_or(0)
    }

    /// User and system time so far, in clock ticks (10 ms).
    fn ticks(&self) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let fields = text.rsplit(") ").next().unwrap().split(' ');
        let times = fields.skip(11).take(2);
        times.map(|time| time.parse::<u64>().unwrap()).sum()
    }
}

fn write(path: &Path, number: i32) {
    fs::write(path, format!("{number}\n")).unwrap();
}

/// The same by a new file that takes the place of the old one.
fn replace(path: &Path, number: i32) {
    let new = path.with_extension("new");
    write(&new, number);
    fs::rename(&new, path).unwrap();
}

#[test]
fn a_number_counts_however_the_file_comes_goes_and_changes() {
    let place = Place::new();
    let path = place.0.join("f");
    let mut checker = watching([follows(&path)]);
    checker.shifts_by(0);
    write(&path, 1);
    checker.shifts_by(1);
    write(&path, -2);
    checker.shifts_by(-2);
    replace(&path, 3);
    checker.shifts_by(3);
    fs::remove_file(&path).unwrap();
    checker.shifts_by(0);
    fs::write(place.0.join("g"), "4\n").unwrap();
    fs::hard_link(place.0.join("g"), &path).unwrap();
    checker.shifts_by(4);
    fs::rename(&path, place.0.join("h")).unwrap();
    checker.shifts_by(0);
    assert!(checker.ticks() < 100);
}

#[test]
fn a_file_is_found_behind_links_that_are_swapped_and_whose_ends_change() {
    let place = Place::new();
    let (path, one, two) = (place.0.join("f"), place.out("one"), place.out("two"));
    write(&one, 1);
    write(&two, 2);
    symlink("out/one", &path).unwrap();
    let mut checker = watching([follows(&path)]);
    checker.shifts_by(1);
    let new = place.0.join("new");
    symlink(&two, &new).unwrap();
    fs::rename(&new, &path).unwrap();
    checker.shifts_by(2);
    write(&two, 22);
    checker.shifts_by(22);
    // Nobody follows that one any more, so there is no verdict in between.
    write(&one, 11);
    replace(&two, 33);
    assert_eq!(checker.only_verdict().weight, 33);
}

/// As a mounted ConfigMap changes: the directory with all files is swapped by one link.
#[test]
fn a_directory_that_is_swapped_by_a_link_is_followed() {
    let place = Place::new();
    for (folder, number) in [("v1", 1), ("v2", 2)] {
        fs::create_dir(place.0.join(folder)).unwrap();
        write(&place.0.join(folder).join("f"), number);
    }
    let data = place.0.join("data");
    symlink("v1", &data).unwrap();
    symlink("data/f", place.0.join("f")).unwrap();
    let mut checker = watching([follows(&place.0.join("f"))]);
    checker.shifts_by(1);
    symlink("v2", place.0.join("new")).unwrap();
    fs::rename(place.0.join("new"), &data).unwrap();
    checker.shifts_by(2);
    fs::remove_dir_all(place.0.join("v1")).unwrap();
    write(&place.0.join("v2/f"), 3);
    checker.shifts_by(3);
}

#[test]
fn a_directory_may_come_later_go_and_come_again_and_leaves_no_watch_behind() {
    let place = Place::new();
    let folder = place.0.join("a/b");
    let path = folder.join("f");
    let mut checker = watching([follows(&path)]);
    checker.shifts_by(0);
    for number in 1..=5 {
        fs::create_dir_all(&folder).unwrap();
        write(&path, number);
        checker.shifts_by(number);
        fs::remove_dir_all(place.0.join("a")).unwrap();
        checker.shifts_by(0);
    }
    fs::create_dir_all(place.0.join("away/b")).unwrap();
    write(&place.0.join("away/b/f"), 7);
    fs::rename(place.0.join("away"), place.0.join("a")).unwrap();
    checker.shifts_by(7);
    // Each directory from the root to the file, and nothing more.
    checker.watches(path.ancestors().skip(1).count());
    checker.reload(&[]);
    checker.watches(0);
}

#[test]
fn many_checks_of_one_file_are_one_watch() {
    let place = Place::new();
    let path = place.0.join("f");
    write(&path, 3);
    let mut checker = watching((0..50).map(|_| follows(&path)));
    let verdicts = checker.verdicts_of(50);
    assert!(
        verdicts.iter().all(|verdict| verdict.weight == 3),
        "{verdicts:?}"
    );
    checker.watches(path.ancestors().skip(1).count());
}

#[test]
fn a_file_that_this_user_may_not_read_counts_as_0_until_he_may() {
    let place = Place::new();
    let path = place.0.join("f");
    write(&path, 5);
    let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o600);
    let mut checker = watching([follows(&path)]);
    checker.shifts_by(0);
    checker.log_with("cannot be read, which counts as 0: Permission denied");
    mode(0o644);
    checker.shifts_by(5);
}

#[test]
fn what_is_no_file_counts_as_0_and_holds_nobody_up() {
    let place = Place::new();
    let at = |name: &str| place.0.join(name);
    let fifo = at("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_truncate(0o666)).unwrap();
    fs::create_dir(at("folder")).unwrap();
    symlink("/dev/zero", at("device")).unwrap();
    symlink("loop", at("loop")).unwrap();
    let _socket = UnixListener::bind(at("socket")).unwrap();
    for (name, words) in [
        ("fifo", "it is a FIFO"),
        ("folder", "it is a directory"),
        ("device", "it is a device"),
        ("socket", "it is a socket"),
        ("loop", "Too many levels of symbolic links"),
    ] {
        let mut checker = watching([follows(&at(name))]);
        checker.shifts_by(0);
        let line = checker.log_with("which counts as 0");
        assert!(line.text.ends_with(words), "{line:?}");
        checker.ping();
    }
}

#[test]
fn of_a_huge_file_the_beginning_is_read() {
    let place = Place::new();
    let path = place.0.join("f");
    write(&path, 6);
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(1 << 40).unwrap();
    watching([follows(&path)]).shifts_by(6);
}

#[test]
fn a_storm_of_changes_costs_little_and_the_last_number_wins() {
    const STORM: Duration = Duration::from_secs(2);
    let place = Place::new();
    let path = place.0.join("f");
    write(&path, 0);
    let mut checker = watching([follows(&path)]);
    checker.shifts_by(0);
    let before = checker.ticks();
    let begin = Instant::now();
    let mut count = 0;
    while begin.elapsed() < STORM {
        count += 1;
        write(&path, count);
    }
    let last = i32::MAX - 1;
    write(&path, last);
    let mut verdicts = 0;
    while checker.only_verdict().weight != last {
        verdicts += 1;
    }
    let lasted = begin.elapsed();
    // Ten looks a second, and one before and behind.
    assert!(
        verdicts <= lasted.as_millis() / 100 + 2,
        "{verdicts} in {lasted:?}"
    );
    let cost = checker.ticks() - before;
    assert!(cost <= 30, "{count} changes in {lasted:?} cost {cost}0 ms");
}

/// Stopped for a while, a checker finds more changes than the kernel keeps (16,384).
#[test]
fn when_changes_are_lost_the_file_is_read_all_the_same() {
    let place = Place::new();
    let path = place.0.join("f");
    write(&path, 1);
    let mut checker = watching([follows(&path)]);
    checker.shifts_by(1);
    let pid = nix::unistd::Pid::from_raw(checker.pid().try_into().unwrap());
    let signal = |signal| nix::sys::signal::kill(pid, signal).unwrap();
    signal(nix::sys::signal::Signal::SIGSTOP);
    for name in 0..10_000 {
        fs::write(place.0.join(name.to_string()), "").unwrap();
    }
    write(&path, 2);
    signal(nix::sys::signal::Signal::SIGCONT);
    checker.shifts_by(2);
    let line = "Too much happens beside the tracked files, the kernel lost some of it";
    checker.log_with(line);
}

/// Another process of this user has taken all that fs.inotify.max_user_instances gives him.
#[test]
fn without_inotify_a_file_is_read_every_second() {
    const USER: u32 = 64_998;
    let call = libc::SYS_inotify_init1;
    let take_all = format!(
        "my $n = 0; $n++ while (syscall({call}, 0) >= 0); $| = 1; print \"$n\\n\"; sleep 1000"
    );
    let mut taker = Command::new("bash")
        .args(["-c", "ulimit -n hard; exec \"$@\"", "bash", "setpriv"])
        .args([format!("--reuid={USER}"), format!("--regid={USER}")])
        .args(["--clear-groups", "perl", "-e", &take_all])
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash, setpriv and perl");
    let mut taken = String::new();
    let mut output = BufReader::new(taker.stdout.take().unwrap());
    output.read_line(&mut taken).unwrap();
    assert!(
        taken.trim().parse::<u32>().is_ok_and(|taken| taken > 0),
        "{taken:?}"
    );
    let place = Place::new();
    let path = place.0.join("f");
    write(&path, 1);
    let mut checker = Checker::start_as(USER, &[], &[]);
    checker.watch(&servers([follows(&path)]));
    checker.shifts_by(1);
    checker.log_with("cannot be watched, so it is read every second: inotify_init");
    write(&path, 2);
    checker.shifts_by(2);
    taker.kill().unwrap();
    taker.wait().unwrap();
}

const THREE: InitFile = InitFile {
    value: 3,
    overwrite: false,
};
const OVERWRITE: InitFile = InitFile {
    value: 4,
    overwrite: true,
};

#[test]
fn a_missing_file_is_made_as_this_user_and_one_that_is_there_stays() {
    let place = Place::new();
    let (new, old) = (place.out("new"), place.out("old"));
    write(&old, 8);
    let mut checker = watching([with_init(&new, Some(THREE)), with_init(&old, Some(THREE))]);
    let verdicts = checker.verdicts_of(2);
    let shifts: Vec<_> = verdicts.iter().map(|verdict| verdict.weight).collect();
    assert_eq!(shifts, [3, 8]);
    assert_eq!(fs::read_to_string(&new).unwrap(), "3\n");
    let made = fs::metadata(&new).unwrap();
    assert_eq!((made.uid(), made.mode() & 0o777), (NOBODY, 0o644));
}

#[test]
fn with_overwrite_the_content_is_replaced_but_no_link_is_followed() {
    let place = Place::new();
    let (old, link, target) = (place.out("old"), place.out("link"), place.out("target"));
    for path in [&old, &target] {
        fs::write(path, "77777\n").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap();
    }
    symlink(&target, &link).unwrap();
    watching([with_init(&old, Some(OVERWRITE))]).shifts_by(4);
    assert_eq!(fs::read_to_string(&old).unwrap(), "4\n");
    let mut checker = watching([with_init(&link, Some(OVERWRITE))]);
    checker.shifts_by(77_777);
    let line = checker.log_with("could not be made (init_file)");
    assert!(
        line.text.contains(": it is a link; make it yourself"),
        "{line:?}"
    );
    assert_eq!(fs::read_to_string(&target).unwrap(), "77777\n");
}

#[test]
fn where_this_user_may_not_make_the_file_that_is_said() {
    let place = Place::new();
    let path = place.0.join("f");
    let mut checker = watching([with_init(&path, Some(THREE))]);
    checker.shifts_by(0);
    let line = checker.log_with("could not be made (init_file)");
    assert!(
        line.text.contains(": Permission denied; make it yourself"),
        "{line:?}"
    );
    assert!(!path.exists());
    write(&path, 9);
    checker.shifts_by(9);
}

#[test]
fn a_reload_makes_no_file() {
    let place = Place::new();
    let (old, new) = (place.out("old"), place.out("new"));
    let mut checker = watching([with_init(&old, Some(THREE))]);
    checker.shifts_by(3);
    checker.reload(&servers([with_init(&new, Some(THREE))]));
    assert_eq!(checker.verdicts_of(1)[0].weight, 0);
    assert!(!new.exists());
}
