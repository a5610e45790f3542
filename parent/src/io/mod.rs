//! Everything that touches the system.

mod accounts;
mod balancing;
mod clock;
mod config;
pub(crate) mod confine;
mod daemon;
mod examine;
mod executables;
mod fifo;
mod files;
pub(crate) mod genhash;
mod host;
pub(crate) mod launch;
mod lines;
mod link;
mod log;
mod mail;
mod messages;
mod opening;
mod pidfile;
mod pipe_file;
mod pipe_place;
mod processes;
mod reader;
pub(crate) mod ready;
mod reap;
mod reloading;
pub(crate) mod run;
#[cfg(test)]
mod scratch;
mod script;
mod signals;
mod slot;
mod starvation;
mod stopping;
mod telling;
pub(crate) mod test;
