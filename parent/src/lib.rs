//! The parent: starts, watches and replaces the other processes.

pub mod account;
pub mod cli;
pub mod config_files;
pub mod glob;
pub mod heartbeat;
pub mod identity;
pub mod launch;
pub mod logline;
pub mod notify;
pub mod obituary;
pub mod reload;
pub mod restart;
pub mod route;
pub mod seccomp;
pub mod side;
pub mod signum;
pub mod slice;
pub mod words;
