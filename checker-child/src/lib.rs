//! The checker child: runs the check scripts of one user, judges their results and reports
//! verdicts. It holds no capability and changes nothing in the kernel's tables.
//!
//! This library is pure: no clock, no process, no file. [`engine::Engine`] takes the time and what
//! happened, and says what to do and when to call it again. The binary does it.

pub mod action;
pub mod check;
mod detail;
pub mod engine;
pub mod event;
mod limit;
mod openings;
pub mod output;
pub mod process_list;
mod program_set;
mod schedule;
mod script;
mod script_set;
pub mod verdict;
mod watch;

pub use action::Action;
pub use engine::Engine;
pub use event::{Event, Outcome, RunId};
