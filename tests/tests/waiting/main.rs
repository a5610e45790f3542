//! Scenarios that mostly wait: one program, so that many of them wait at the same time.

mod balancing;
mod check_scripts;
mod check_sockets;
mod confinement;
mod election;
mod fifos;
mod genhash;
mod gratuitous;
mod interfaces;
mod laboratory;
mod lifecycle;
mod mail;
mod notify_scripts;
mod partition;
mod syslog_messages;
mod versions;
