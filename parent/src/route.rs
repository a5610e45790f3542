//! The permission table: which message a child may send in which phase, and what the phase
//! becomes. Anything else ends that child and starts another.
//!
//! Directions are checked by the types already: a checker cannot even express a checkpoint.

use holdfast_ipc::config::Generation;
use std::fmt;

/// Where a child stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// `Hello` was sent.
    Greeting,
    /// The greetings are exchanged; the child confines itself.
    Confining,
    /// `Start` was sent.
    Starting(Generation),
    /// `Start` with `StartMode::Release` was sent: it cleans up and ends.
    Releasing,
    /// It said that it cannot release.
    Unreleased,
    /// `Go` was sent.
    Running,
    /// `Prepare` was sent.
    Preparing(Generation),
    /// It accepted; the others are waited for.
    Prepared(Generation),
    /// `Abort` was sent before its answer came.
    Aborting(Generation),
    /// `Commit` was sent.
    Committing(Generation),
    /// `Stop` was sent.
    Stopping,
    /// It said that it ends.
    Stopped,
}

/// Kinds of messages that children send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Greeting.
    Hello,
    /// The sandbox is on.
    Confined,
    /// Answer to `Start`.
    Ready,
    /// Answer to `Start` or `Prepare`.
    Refused,
    /// Answer to `Prepare`.
    Prepared,
    /// Answer to `Commit`.
    Committed,
    /// Answer to `Ping`.
    Pong,
    /// A line for the log.
    Log,
    /// What a successor has to know (VRRP child).
    Checkpoint,
    /// A change of state (VRRP child).
    Changed,
    /// A change of the priority (VRRP child).
    Priority,
    /// A verdict over a script (checker child).
    Verdict,
    /// Verdicts over real servers (checker child).
    CheckVerdicts,
    /// A real server or quorum changed (VRRP child).
    PoolChanged,
    /// An address came or went (VRRP child).
    Held,
    /// Wants a socket of a check (checker child).
    Open,
    /// Answer to the same (VRRP child).
    Opened,
    /// It ends.
    Stopped,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is handled, and the child is in this phase then.
    Take(Phase),
    /// It is overtaken by events: dropped without harm.
    Drop,
}

/// A message that this child may not send now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    kind: Kind,
    phase: Phase,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it sent {:?}, which it may not while {}",
            self.kind, self.phase
        )
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greeting => "its greeting is waited for",
            Self::Confining => "it confines itself",
            Self::Starting(_) => "it starts",
            Self::Releasing => "it releases the addresses",
            Self::Unreleased => "its end is waited for, for it could not release the addresses",
            Self::Running => "it runs",
            Self::Preparing(_) => "it checks a configuration",
            Self::Prepared(_) => "it waits for the commit",
            Self::Aborting(_) => "a configuration is given up",
            Self::Committing(_) => "it changes the configuration",
            Self::Stopping => "it stops",
            Self::Stopped => "it has stopped",
        })
    }
}

/// Decides about one message. `generation` is the one that the message names, if it names one.
pub fn admit(
    phase: Phase,
    kind: Kind,
    generation: Option<Generation>,
) -> Result<Admission, Violation> {
    use Admission::{Drop, Take};
    let refuse = Err(Violation { kind, phase });
    let answers = |expected: Generation| generation == Some(expected);
    match kind {
        // A line for the log is never wrong: it may say why the rest is.
        Kind::Log => Ok(Take(phase)),
        Kind::Hello => match phase {
            Phase::Greeting => Ok(Take(Phase::Confining)),
            _other => refuse,
        },
        Kind::Confined => match phase {
            // The phase behind it depends on what is sent next; the caller sets it.
            Phase::Confining => Ok(Take(Phase::Confining)),
            Phase::Stopping => Ok(Drop),
            _other => refuse,
        },
        Kind::Ready => match phase {
            Phase::Starting(expected) if answers(expected) => Ok(Take(Phase::Running)),
            Phase::Releasing => Ok(Take(Phase::Releasing)),
            Phase::Stopping => Ok(Drop),
            _other => refuse,
        },
        Kind::Refused => match phase {
            Phase::Starting(expected) if answers(expected) => Ok(Take(Phase::Stopped)),
            Phase::Preparing(expected) if answers(expected) => Ok(Take(Phase::Running)),
            Phase::Aborting(expected) if answers(expected) => Ok(Take(Phase::Running)),
            // It could not give anything back: its end is a death like any other, whatever it says.
            Phase::Releasing => Ok(Take(Phase::Unreleased)),
            Phase::Stopping => Ok(Drop),
            _other => refuse,
        },
        Kind::Prepared => match phase {
            Phase::Preparing(expected) if answers(expected) => Ok(Take(Phase::Prepared(expected))),
            Phase::Aborting(expected) if answers(expected) => Ok(Take(Phase::Running)),
            Phase::Stopping => Ok(Drop),
            _other => refuse,
        },
        Kind::Committed => match phase {
            Phase::Committing(expected) if answers(expected) => Ok(Take(Phase::Running)),
            Phase::Stopping => Ok(Drop),
            _other => refuse,
        },
        Kind::Pong
        | Kind::Verdict
        | Kind::CheckVerdicts
        | Kind::PoolChanged
        | Kind::Held
        | Kind::Open
        | Kind::Opened => match phase.is_live() {
            true => Ok(Take(phase)),
            false => refuse,
        },
        Kind::Checkpoint | Kind::Changed | Kind::Priority
            if phase.is_live() || phase == Phase::Releasing =>
        {
            Ok(Take(phase))
        }
        Kind::Checkpoint | Kind::Changed | Kind::Priority => refuse,
        Kind::Stopped => match phase {
            Phase::Stopping | Phase::Releasing => Ok(Take(Phase::Stopped)),
            Phase::Unreleased => Ok(Drop),
            // Somebody else told it to end.
            live if live.is_live() => Ok(Take(Phase::Stopped)),
            _other => refuse,
        },
    }
}

impl Phase {
    /// True behind `Start`: what is said to it from there on is heard, now or behind `Go`.
    pub const fn has_configuration(self) -> bool {
        self.is_live() || matches!(self, Self::Starting(_))
    }

    /// True behind `Go`, until it has said that it ends: it works and is asked for life signs.
    pub const fn is_live(self) -> bool {
        match self {
            Self::Running
            | Self::Preparing(_)
            | Self::Prepared(_)
            | Self::Aborting(_)
            | Self::Committing(_)
            | Self::Stopping => true,
            Self::Greeting
            | Self::Confining
            | Self::Starting(_)
            | Self::Releasing
            | Self::Unreleased
            | Self::Stopped => false,
        }
    }

    /// True while it owes an answer about a configuration.
    pub const fn waits_for_answer(self) -> bool {
        matches!(
            self,
            Self::Preparing(_) | Self::Aborting(_) | Self::Committing(_)
        )
    }

    /// True while it can take part in a reload.
    pub const fn can_prepare(self) -> bool {
        matches!(self, Self::Running)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Generation = Generation::new(4);
    const NOW: Generation = Generation::new(5);

    const PHASES: [Phase; 12] = [
        Phase::Greeting,
        Phase::Confining,
        Phase::Starting(NOW),
        Phase::Releasing,
        Phase::Unreleased,
        Phase::Running,
        Phase::Preparing(NOW),
        Phase::Prepared(NOW),
        Phase::Aborting(NOW),
        Phase::Committing(NOW),
        Phase::Stopping,
        Phase::Stopped,
    ];

    const KINDS: [Kind; 18] = [
        Kind::Hello,
        Kind::Confined,
        Kind::Ready,
        Kind::Refused,
        Kind::Prepared,
        Kind::Committed,
        Kind::Pong,
        Kind::Log,
        Kind::Checkpoint,
        Kind::Changed,
        Kind::Priority,
        Kind::Verdict,
        Kind::CheckVerdicts,
        Kind::PoolChanged,
        Kind::Held,
        Kind::Open,
        Kind::Opened,
        Kind::Stopped,
    ];

    fn generation_of(kind: Kind, generation: Generation) -> Option<Generation> {
        matches!(
            kind,
            Kind::Ready | Kind::Refused | Kind::Prepared | Kind::Committed
        )
        .then_some(generation)
    }

    /// `x` refused, `-` dropped, `=` taken in the same phase, else the letter of the next phase.
    fn letter(phase: Phase, kind: Kind, generation: Generation) -> char {
        match admit(phase, kind, generation_of(kind, generation)) {
            Err(_) => 'x',
            Ok(Admission::Drop) => '-',
            Ok(Admission::Take(next)) if next == phase => '=',
            Ok(Admission::Take(Phase::Confining)) => 'C',
            Ok(Admission::Take(Phase::Running)) => 'R',
            Ok(Admission::Take(Phase::Prepared(_))) => 'P',
            Ok(Admission::Take(Phase::Stopped)) => 'S',
            Ok(Admission::Take(Phase::Unreleased)) => 'U',
            Ok(Admission::Take(other)) => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_pair_of_phase_and_message_stands_in_the_table() {
        //  Hello Confined Ready Refused Prepared Committed Pong Log Checkpoint Changed Priority Verdict CheckVerdicts PoolChanged Held Open Opened Stopped
        let table = [
            "Cxxxxxx=xxxxxxxxxx", // Greeting
            "x=xxxxx=xxxxxxxxxx", // Confining
            "xxRSxxx=xxxxxxxxxx", // Starting
            "xx=Uxxx====xxxxxxS", // Releasing
            "xxxxxxx=xxxxxxxxx-", // Unreleased
            "xxxxxx===========S", // Running
            "xxxRPx===========S", // Preparing
            "xxxxxx===========S", // Prepared
            "xxxRRx===========S", // Aborting
            "xxxxxR===========S", // Committing
            "x-----===========S", // Stopping
            "xxxxxxx=xxxxxxxxxx", // Stopped
        ];
        let rows = PHASES.map(|phase| KINDS.map(|kind| letter(phase, kind, NOW)));
        assert_eq!(rows.map(|row| row.iter().collect::<String>()), table);
    }

    #[test]
    fn an_answer_about_another_configuration_is_refused() {
        for (phase, kind) in [
            (Phase::Starting(NOW), Kind::Ready),
            (Phase::Starting(NOW), Kind::Refused),
            (Phase::Preparing(NOW), Kind::Prepared),
            (Phase::Preparing(NOW), Kind::Refused),
            (Phase::Aborting(NOW), Kind::Prepared),
            (Phase::Committing(NOW), Kind::Committed),
        ] {
            assert_eq!(letter(phase, kind, OLD), 'x', "{phase:?} {kind:?}");
        }
    }

    #[test]
    fn a_violation_says_what_was_sent_and_when() {
        let violation = admit(Phase::Running, Kind::Hello, None).unwrap_err();
        assert_eq!(
            violation.to_string(),
            "it sent Hello, which it may not while it runs"
        );
    }
}
