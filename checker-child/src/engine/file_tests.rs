//! `FILE_CHECK`: when files are looked at, and what follows from what they hold.

use super::server_tests::{ONE, TWO, check, configured, servers};
use super::tests::{at, send};
use super::*;
use crate::event::{FileEvent, Look, Sight};
use holdfast_ipc::balance::{CheckId, CheckVerdict, CheckedServer};
use holdfast_ipc::config::model::{Check, FileName, InitFile, Probe, TrackFile, Weight};

/// `FILE_CHECK` of a file `/run/NAME` with this weight.
fn file(name: &str, weight: i32) -> Check {
    check(Probe::File {
        file: Box::new(TrackFile {
            name: FileName::try_from(name).unwrap(),
            path: format!("/run/{name}"),
            weight: Weight::default(),
            reverse: false,
            init: Some(InitFile {
                value: 3,
                overwrite: false,
            }),
        }),
        weight: Some((weight, false)),
    })
}

struct World {
    engine: Engine,
    now: Monotonic,
    /// Looks that are asked for: the path, and whether the file is made.
    looks: Vec<(String, bool)>,
    let_go: Vec<String>,
    lines: Vec<String>,
}

impl World {
    /// One that is about to start.
    fn new(servers: &[CheckedServer], fresh: bool, known: &[CheckVerdict]) -> Self {
        let mut world = Self {
            engine: Engine::new(0, 1_000),
            now: at(0),
            looks: Vec::new(),
            let_go: Vec::new(),
            lines: Vec::new(),
        };
        world.pieces(ONE, servers);
        world.say(ParentToChecker::CheckVerdicts {
            generation: ONE,
            verdicts: known.to_vec(),
        });
        world.say(ParentToChecker::Start(CheckerStart {
            generation: ONE,
            config: configured(servers.len()),
            fresh,
            verdicts: Vec::new(),
        }));
        world.say(ParentToChecker::Go);
        world
    }

    /// One that runs and waits for the first looks.
    fn started(checks: impl IntoIterator<Item = Check>) -> Self {
        Self::new(&servers(0, checks), true, &[])
    }

    fn event(&mut self, event: Event) {
        for action in self.engine.handle(self.now, event) {
            match action {
                Action::Look { path, init } => self.looks.push((path.to_string(), init.is_some())),
                Action::Unfollow { path } => self.let_go.push(path.to_string()),
                Action::Send(CheckerToParent::Log(line)) => self.lines.push(line.text),
                _ => {}
            }
        }
    }

    fn say(&mut self, message: ParentToChecker) {
        self.event(send(message));
    }

    fn pieces(&mut self, generation: Generation, servers: &[CheckedServer]) {
        let servers = servers.to_vec();
        self.say(ParentToChecker::Servers {
            generation,
            servers,
        });
    }

    fn reload(&mut self, checks: impl IntoIterator<Item = Check>) {
        let servers = servers(0, checks);
        self.pieces(TWO, &servers);
        self.say(ParentToChecker::Prepare {
            generation: TWO,
            config: configured(servers.len()),
        });
        self.say(ParentToChecker::Commit { generation: TWO });
    }

    fn look(&mut self, name: &str, sight: Sight, unwatched: Option<&str>) {
        let look = Look {
            sight,
            unwatched: unwatched.map(str::to_owned),
            unmade: None,
        };
        let path = format!("/run/{name}").as_str().into();
        self.event(Event::File(FileEvent::Looked { path, look }));
    }

    /// The file is looked at and holds this.
    fn holds(&mut self, name: &str, content: &str) {
        self.look(name, Sight::Content(content.as_bytes().to_vec()), None);
    }

    fn touch(&mut self, name: &str) {
        let path = format!("/run/{name}").as_str().into();
        self.event(Event::File(FileEvent::Touched { path }));
    }

    fn wait(&mut self, millis: u64) {
        self.now = self.now.after(Micros::from_millis(millis));
        self.event(Event::Due);
    }

    fn looks(&mut self) -> Vec<String> {
        let looks = std::mem::take(&mut self.looks);
        looks.into_iter().map(|(path, _made)| path).collect()
    }

    fn lines(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    /// What the end of the turn tells: number of the check, verdict, shift of the weight.
    fn news(&mut self) -> Vec<(u32, bool, i32)> {
        let told = self.engine.end_turn().into_iter();
        let verdicts = told.flat_map(|action| match action {
            Action::Send(CheckerToParent::CheckVerdicts { verdicts, .. }) => verdicts,
            _ => Vec::new(),
        });
        verdicts
            .map(|told| (told.check.get(), told.up, told.weight))
            .collect()
    }
}

#[test]
fn the_number_moves_the_weight_at_once_and_for_every_check_of_the_file() {
    let mut world = World::started([file("a", 2), file("b", 1), file("a", -1)]);
    assert_eq!(world.looks(), ["/run/a", "/run/b"]);
    world.holds("a", "5\n");
    assert_eq!(world.news(), [(0, true, 10), (2, true, -5)]);
    world.holds("b", "0\n");
    assert_eq!(world.news(), [(1, true, 0)]);
    world.holds("a", "5\n");
    world.holds("b", "no number");
    assert_eq!(world.news(), []);
    assert_eq!(world.lines(), [""; 0]);
}

#[test]
fn with_weight_0_a_number_takes_the_server_down_and_0_brings_it_back_in_keepalived_s_words() {
    let mut world = World::started([file("a", 0)]);
    world.holds("a", "0\n");
    world.holds("a", "1\n");
    assert_eq!(world.news(), [(0, false, 0)]);
    world.look("a", Sight::Missing, None);
    assert_eq!(world.news(), [(0, true, 0)]);
    assert_eq!(
        world.lines(),
        [
            "([10.0.0.1]:tcp:0): tracked file a now FAULT state: /run/a holds 1",
            "([10.0.0.1]:tcp:0): tracked file a leaving FAULT state",
        ]
    );
}

#[test]
fn a_number_that_is_too_large_is_ignored_and_said() {
    let mut world = World::started([file("a", 1)]);
    world.holds("a", "7\n");
    world.holds("a", "99999999999\n");
    assert_eq!(world.news(), [(0, true, 7)]);
    assert_eq!(
        world.lines(),
        ["Invalid number 99999999999 read from /run/a - ignoring"]
    );
}

#[test]
fn a_file_that_cannot_be_read_counts_as_0_and_is_said_once() {
    let mut world = World::started([file("a", 1)]);
    world.holds("a", "7\n");
    for _ in 0..3 {
        let why = "Permission denied".to_owned();
        world.look("a", Sight::Unreadable(why), None);
    }
    assert_eq!(world.news(), [(0, true, 0)]);
    assert_eq!(
        world.lines(),
        ["Tracked file /run/a cannot be read, which counts as 0: Permission denied"]
    );
}

#[test]
fn a_file_that_is_cut_before_it_is_written_is_not_taken_for_0() {
    let mut world = World::started([file("a", 0)]);
    world.holds("a", "1\n");
    assert_eq!(world.news(), [(0, false, 0)]);
    world.looks();
    world.holds("a", "");
    assert_eq!((world.looks(), world.news()), (vec![], vec![]));
    world.wait(100);
    assert_eq!(world.looks(), ["/run/a"]);
    world.holds("a", "2\n");
    assert_eq!(world.news(), []);
    world.holds("a", "");
    world.holds("a", "");
    assert_eq!(world.news(), [(0, true, 0)]);
}

#[test]
fn ten_thousand_changes_a_second_are_ten_looks_and_the_newest_number_wins() {
    let mut world = World::started([file("a", 1)]);
    let mut number = 0;
    let mut looks = 0;
    world.looks();
    world.holds("a", "0\n");
    for change in 1..=20_000 {
        number = change;
        world.now = world.now.after(Micros::new(100));
        world.touch("a");
        if !world.looks().is_empty() {
            looks += 1;
            // Written again while it is looked at.
            world.touch("a");
            world.holds("a", &number.to_string());
        }
    }
    world.wait(100);
    world.holds("a", &number.to_string());
    assert_eq!(looks, 20);
    assert_eq!(world.news(), [(0, true, 20_000)]);
}

#[test]
fn a_change_after_a_while_is_looked_at_at_once_and_one_behind_it_soon() {
    let mut world = World::started([file("a", 1)]);
    world.holds("a", "1\n");
    world.wait(5_000);
    world.looks();
    world.touch("a");
    assert_eq!(world.looks(), ["/run/a"]);
    world.holds("a", "2\n");
    world.touch("a");
    assert_eq!(world.looks(), [""; 0]);
    assert_eq!(
        world.engine.next_deadline(),
        Some(world.now.after(Micros::from_millis(100)))
    );
}

#[test]
fn a_file_that_nobody_touches_is_looked_at_once_a_minute() {
    let mut world = World::started([file("a", 1)]);
    world.holds("a", "1\n");
    world.looks();
    world.wait(59_000);
    assert_eq!(world.looks(), [""; 0]);
    world.wait(1_000);
    assert_eq!(world.looks(), ["/run/a"]);
}

#[test]
fn what_cannot_be_watched_is_read_every_second_and_that_is_said_once() {
    let mut world = World::started([file("a", 1), file("b", 1)]);
    world.looks();
    let why = Some("/run: no space");
    for name in ["a", "b"] {
        world.look(name, Sight::Missing, why);
    }
    world.wait(1_000);
    assert_eq!(world.looks(), ["/run/a", "/run/b"]);
    world.look("a", Sight::Missing, why);
    assert_eq!(
        world.lines(),
        ["Tracked file /run/a cannot be watched, so it is read every second: /run: no space"]
    );
}

#[test]
fn when_the_kernel_lost_changes_all_files_are_read_again() {
    let mut world = World::started([file("a", 1), file("b", 1)]);
    world.looks();
    for name in ["a", "b"] {
        world.holds(name, "1\n");
    }
    world.wait(100);
    for _ in 0..2 {
        world.event(Event::File(FileEvent::Lost));
    }
    assert_eq!(world.looks(), ["/run/a", "/run/b"]);
    assert_eq!(
        world.lines(),
        [
            "Too much happens beside the tracked files, the kernel lost some of it: all are read \
             again"
        ]
    );
}

#[test]
fn a_file_system_that_does_not_answer_is_said_and_the_last_number_stays() {
    let mut world = World::started([file("a", 1)]);
    world.holds("a", "1\n");
    assert_eq!(world.news(), [(0, true, 1)]);
    world.wait(60_000);
    world.wait(10_000);
    assert_eq!((world.looks().len(), world.news()), (2, vec![]));
    assert_eq!(
        world.lines(),
        [
            "Tracked file /run/a was not read within 10 s, its last number stays: its file system, \
             or that of another tracked file, does not answer"
        ]
    );
}

#[test]
fn a_reload_with_another_weight_counts_at_once_and_another_file_is_looked_at_at_once() {
    let mut world = World::started([file("a", 1), file("b", 1), file("c", 1)]);
    world.looks();
    for name in ["a", "b", "c"] {
        world.holds(name, "4\n");
    }
    world.news();
    world.reload([file("a", 5), file("b", 1), file("d", 1)]);
    // What is unchanged is told again, since the parent may have forgotten it.
    assert_eq!(world.news(), [(0, true, 20), (1, true, 4)]);
    assert_eq!(world.looks, [("/run/d".to_owned(), false)]);
    assert_eq!(world.let_go, ["/run/c"]);
}

#[test]
fn the_file_of_a_server_that_is_taken_out_is_followed_no_more() {
    let mut world = World::started([file("a", 1), file("b", 1)]);
    world.reload([file("a", 1)]);
    assert_eq!(world.let_go, ["/run/b"]);
}

#[test]
fn a_file_is_made_when_the_daemon_starts_and_not_for_a_successor() {
    for fresh in [true, false] {
        let world = World::new(&servers(0, [file("a", 1)]), fresh, &[]);
        assert_eq!(world.looks, [("/run/a".to_owned(), fresh)]);
    }
}

#[test]
fn a_successor_goes_on_from_the_verdict_of_its_predecessor() {
    let known = CheckVerdict {
        check: CheckId::new(0),
        up: false,
        weight: 0,
        detail: "FILE_CHECK /run/a holds 1".to_owned(),
    };
    let mut world = World::new(&servers(0, [file("a", 0)]), false, &[known]);
    world.holds("a", "2\n");
    assert_eq!(world.news(), []);
    world.holds("a", "0\n");
    assert_eq!(world.news(), [(0, true, 0)]);
}

#[test]
fn a_suspended_server_is_told_when_its_address_comes() {
    let address = IpAddr::from([192, 0, 2, 1]);
    let mut suspended = servers(0, [file("a", 1)]);
    suspended[0].only_with = Some(address);
    let mut world = World::new(&suspended, true, &[]);
    world.holds("a", "6\n");
    assert_eq!(world.news(), []);
    world.say(ParentToChecker::Held {
        address,
        held: true,
    });
    assert_eq!(world.news(), [(0, true, 6)]);
}
