//! What the audience sees: two panes that redraw on a terminal, plain lines elsewhere.

use crate::stage::{ADDRESS, NAMES, Stage};
use crate::table::seconds;
use holdfast_tests::What;
use holdfast_tests::client::Answer;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

const WIDTH: usize = 80;
/// With what is above them they fit on a terminal of 24 lines.
const LOG_LINES: usize = 11;
/// Answers that are shown; each stands for one question.
const SHOWN_ANSWERS: usize = 26;
/// Log lines about details that a spectator does not need.
const DETAILS: [&str; 6] = [
    "gratuitous ARP",
    "setting VIPs",
    "removing VIPs",
    "there is no user",
    "confined:",
    "answered from /proc",
];

/// Where it is shown.
pub(crate) enum Screen {
    /// Redrawn as a whole.
    Panes,
    /// One line for each event; holds how many events were told.
    Lines(usize, Told),
}

/// What was told last about the client, so that only changes are told.
#[derive(Default)]
pub(crate) struct Told {
    answered_by: Option<String>,
}

impl Screen {
    /// Panes where there is a terminal that can draw them.
    pub(crate) fn open() -> Self {
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb" || term.is_empty());
        if std::io::stdout().is_terminal() && !dumb {
            Self::Panes
        } else {
            Self::Lines(0, Told::default())
        }
    }

    /// Announces what is being done.
    pub(crate) fn announce(&self, stage: &Stage, doing: &str) {
        if let Self::Lines(..) = self {
            println!("{:>8}  ==== {doing}", seconds(stage.lab.timeline().now()));
        }
    }

    /// Shows the present state.
    pub(crate) fn show(&mut self, stage: &Stage, doing: &str, since: Duration) {
        match self {
            Self::Panes => {
                // Home, then erase what is left of the last picture.
                print!(
                    "\x1b[H{}\x1b[J",
                    panes(stage, doing, since).replace('\n', "\x1b[K\n")
                );
                let _shown = std::io::stdout().flush();
            }
            Self::Lines(told, client) => {
                let lines = new_lines(stage, told);
                print!("{lines}");
                client.tell(stage);
            }
        }
    }

    /// Begins and ends with an empty screen where there are panes.
    pub(crate) fn clear(&self) {
        if let Self::Panes = self {
            print!("\x1b[2J\x1b[H");
        }
    }
}

impl Told {
    fn tell(&mut self, stage: &Stage) {
        let latest = stage.latest_answers(1).pop().and_then(|answer| answer.by);
        if latest != self.answered_by {
            let text = match &latest {
                Some(by) => format!("ok, answered by {by}"),
                None => "no answer".to_owned(),
            };
            println!("{:>8}  client  {text}", seconds(stage.lab.timeline().now()));
            self.answered_by = latest;
        }
    }
}

fn panes(stage: &Stage, doing: &str, since: Duration) -> String {
    let now = stage.lab.timeline().now();
    let mut text = String::new();
    let _written = writeln!(text, "\x1b[1m{doing:<66}{:>14}\x1b[0m", seconds(now));
    let _written = writeln!(text, "{}", "-".repeat(WIDTH));
    let [left, right] = [0, 1].map(|node| pane(stage, node));
    for (left, right) in left.iter().zip(&right) {
        let _written = writeln!(text, "{left:<39}| {right}");
    }
    let _written = writeln!(text, "{}", "-".repeat(WIDTH));
    let _written = writeln!(text, "client asks http://{ADDRESS}/ every 20 ms");
    let _written = writeln!(text, "{}", answers(&stage.latest_answers(SHOWN_ANSWERS)));
    let within = holdfast_tests::timeline::Span {
        from: since,
        to: now,
    };
    let outage = seconds(stage.client.outage(within));
    let _written = writeln!(
        text,
        "longest time without an answer in this step: {outage}"
    );
    let _written = writeln!(
        text,
        "{}\nWhy, from the logs of both nodes:",
        "-".repeat(WIDTH)
    );
    text.push_str(&log(stage));
    text
}

fn pane(stage: &Stage, node: usize) -> [String; 4] {
    let holds = stage.lab.look(|view| view.holds(node, ADDRESS));
    let service = if stage.service_runs(node) {
        "running"
    } else {
        "STOPPED"
    };
    [
        format!(
            "{}  ({})",
            NAMES[node],
            holdfast_tests::lab::node_address(node)
        ),
        format!("  state    {}", stage.state(node)),
        format!(
            "  address  {}",
            if holds {
                ADDRESS.to_string()
            } else {
                "-".to_owned()
            }
        ),
        format!("  nginx    {service}"),
    ]
}

/// One word for each question: `ok`, or `--` where nobody answered.
fn answers(answers: &[Answer]) -> String {
    let words = answers
        .iter()
        .map(|answer| if answer.by.is_some() { "ok" } else { "--" });
    words.collect::<Vec<_>>().join(" ")
}

fn log(stage: &Stage) -> String {
    let lines: Vec<String> = stage.lab.look(|view| {
        let told = view.events().iter().rev().filter_map(telling);
        told.take(LOG_LINES).collect()
    });
    lines.iter().rev().map(|line| clip(line) + "\n").collect()
}

fn new_lines(stage: &Stage, told: &mut usize) -> String {
    stage.lab.look(|view| {
        let events = view.events();
        let fresh = events.get(*told..).unwrap_or_default();
        *told = events.len();
        fresh
            .iter()
            .filter_map(telling)
            .map(|line| line + "\n")
            .collect()
    })
}

/// An event as a line, when it is worth one.
fn telling(event: &holdfast_tests::Event) -> Option<String> {
    let text = match &event.what {
        What::Address { address, present } if *address == ADDRESS => {
            format!("{} {address}", if *present { "gets" } else { "gives up" })
        }
        What::Log(line) if !DETAILS.iter().any(|detail| line.contains(detail)) => {
            subject_first(line).to_owned()
        }
        _ => return None,
    };
    Some(format!(
        "{:>8}  {:<6}  {text}",
        seconds(event.at),
        NAMES.get(event.node)?
    ))
}

/// A console line without the name and number of its process.
fn subject_first(line: &str) -> &str {
    match line.split_once("]: ") {
        Some((head, text)) if head.len() < 60 => text,
        _ => line,
    }
}

fn clip(line: &str) -> String {
    line.chars().take(WIDTH).collect()
}
