use super::{Confinement, Hello};
use crate::balance::{CheckId, CheckVerdict};
use crate::config::Generation;
use crate::log::LogRecord;
use crate::opening::Request;
use crate::state::Verdict;
use serde::{Deserialize, Serialize};

/// Checker child to parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckerToParent {
    /// Checks of real servers have their first or other verdicts. At most `MAX_BATCH`.
    CheckVerdicts {
        /// Of which configuration.
        generation: Generation,
        /// The verdicts.
        verdicts: Vec<CheckVerdict>,
    },
    /// Answer to `Commit`.
    Committed {
        /// Which.
        generation: Generation,
    },
    /// Sandbox is on. Once, after `Hello`, before the first script.
    Confined(Confinement),
    /// Greeting, answer to `Hello`.
    Hello(Hello),
    /// A line for the log. Allowed in every phase.
    Log(LogRecord),
    /// Open the socket of a check that needs a privilege. Answered by `Opened`; at most
    /// `MAX_REQUESTS` at once.
    Open {
        /// Of which configuration.
        generation: Generation,
        /// The check.
        check: CheckId,
        /// Comes back with the answer.
        request: Request,
    },
    /// Answer to `Ping`.
    Pong {
        /// That of the `Ping`.
        sequence: u64,
    },
    /// Answer to `Prepare`.
    Prepared {
        /// Which.
        generation: Generation,
    },
    /// Answer to `Start`.
    Ready {
        /// Of which configuration.
        generation: Generation,
    },
    /// Answer to `Start` or `Prepare`: it cannot be done.
    Refused {
        /// Which.
        generation: Generation,
        /// Why, for the operator.
        reason: String,
    },
    /// Answer to `Stop`; the child ends behind it.
    Stopped,
    /// A script has its first or another verdict, or the same one for another reason.
    Verdict {
        /// Of which configuration.
        generation: Generation,
        /// The verdict.
        verdict: Verdict,
    },
}
