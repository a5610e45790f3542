//! The play: what is done to the nodes, step by step, and what is expected of them.

use crate::screen::Screen;
use crate::stage::{ADDRESS, CHECK_INTERVAL, INTERVAL, LOST_PRIORITY, NAMES, PRIORITIES, Stage};
use crate::table::Row;
use holdfast_tests::rfc;
use holdfast_tests::timeline::Span;
use nix::sys::signal::Signal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Time between two pictures.
const PICTURE: Duration = Duration::from_millis(100);
/// How long a result stays on the screen.
const REST: Duration = Duration::from_millis(1500);
/// A step that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(9);

/// One step.
struct Step {
    /// What is done, for the audience.
    doing: &'static str,
    act: fn(&mut Stage),
    /// Who holds the address in the end.
    holder: usize,
    /// At least so long is watched, also when the holder is right from the begin.
    watch: Duration,
    allowed: Duration,
    why: String,
}

fn steps() -> Vec<Step> {
    let takeover = rfc::master_down(2, INTERVAL, PRIORITIES[1]);
    let no_time = "nobody is allowed to notice".to_owned();
    vec![
        Step {
            doing: "nginx on web1 is stopped",
            act: |stage| stage.stop_service(0),
            holder: 1,
            watch: Duration::ZERO,
            allowed: CHECK_INTERVAL + INTERVAL + takeover,
            why: format!(
                "check every 1 s, {} -> {LOST_PRIORITY} < {}, then 3 x 1 s + skew",
                PRIORITIES[0], PRIORITIES[1]
            ),
        },
        Step {
            doing: "nginx on web1 runs again",
            act: |stage| stage.start_service(0),
            holder: 0,
            watch: Duration::ZERO,
            allowed: Duration::ZERO,
            why: format!(
                "{} serves until {} takes over: {no_time}",
                NAMES[1], NAMES[0]
            ),
        },
        Step {
            doing: "web1 loses power",
            act: |stage| stage.power_off(0),
            holder: 1,
            watch: Duration::ZERO,
            allowed: takeover,
            why: "RFC 3768: 3 x 1 s + skew of priority 90".to_owned(),
        },
        Step {
            doing: "web1 is back",
            act: |stage| stage.power_on(0),
            holder: 0,
            watch: Duration::ZERO,
            allowed: Duration::ZERO,
            why: format!(
                "{} serves until {} takes over: {no_time}",
                NAMES[1], NAMES[0]
            ),
        },
        Step {
            doing: "the VRRP process of web1 is killed",
            act: |stage| stage.signal_child(0, Signal::SIGKILL),
            holder: 0,
            watch: INTERVAL * 4,
            allowed: Duration::ZERO,
            why: format!("its successor goes on as MASTER: {no_time}"),
        },
        Step {
            doing: "the VRRP process of web1 hangs",
            act: |stage| stage.signal_child(0, Signal::SIGSTOP),
            holder: 0,
            watch: INTERVAL * 4,
            allowed: Duration::ZERO,
            why: format!("replaced before {} loses patience: {no_time}", NAMES[1]),
        },
    ]
}

/// Plays everything; nothing when it was interrupted.
pub(crate) fn run(interrupted: &AtomicBool) -> Option<Vec<Row>> {
    let mut screen = Screen::open();
    screen.clear();
    let mut stage = Stage::build();
    let mut rows = Vec::new();
    let begin = "two nodes elect who holds the address";
    screen.announce(&stage, begin);
    let start = stage.lab.timeline().now();
    watch(
        &mut screen,
        &stage,
        begin,
        start,
        (0, Duration::ZERO),
        interrupted,
    )?;
    for (number, step) in steps().into_iter().enumerate() {
        let doing = format!("{}. {}", number + 1, step.doing);
        let before = stage.holder();
        screen.announce(&stage, &doing);
        let since = stage.lab.timeline().now();
        (step.act)(&mut stage);
        watch(
            &mut screen,
            &stage,
            &doing,
            since,
            (step.holder, step.watch),
            interrupted,
        )?;
        let within = Span {
            from: since,
            to: stage.lab.timeline().now(),
        };
        rows.push(Row {
            done: step.doing.to_owned(),
            before: name(before),
            after: name(stage.holder()),
            expected: NAMES[step.holder].to_owned(),
            outage: without_pace(stage.client.outage(within)),
            allowed: step.allowed,
            why: step.why,
        });
    }
    screen.clear();
    Some(rows)
}

/// Two answered questions lie the pace apart, which is no outage.
fn without_pace(outage: Duration) -> Duration {
    outage.saturating_sub(holdfast_tests::client::PACE)
}

fn name(node: Option<usize>) -> String {
    node.and_then(|node| NAMES.get(node))
        .map_or_else(|| "nobody".to_owned(), |name| (*name).into())
}

/// Shows pictures until the expected node has held the address for a while and answers.
fn watch(
    screen: &mut Screen,
    stage: &Stage,
    doing: &str,
    since: Duration,
    (holder, at_least): (usize, Duration),
    interrupted: &AtomicBool,
) -> Option<()> {
    let mut right_since = None;
    loop {
        if interrupted.load(Ordering::Relaxed) {
            return None;
        }
        screen.show(stage, doing, since);
        let now = stage.lab.timeline().watch(PICTURE).to;
        if serves(stage, holder) {
            let right = *right_since.get_or_insert(now);
            if now >= right + REST && now >= since + at_least {
                return Some(());
            }
        } else {
            right_since = None;
        }
        if now >= since + PATIENCE {
            return Some(());
        }
    }
}

fn serves(stage: &Stage, holder: usize) -> bool {
    let answered = stage.latest_answers(1).pop().and_then(|answer| answer.by);
    stage.lab.look(|view| view.holders(ADDRESS)) == [holder]
        && answered.as_deref() == Some(NAMES[holder])
}
