//! holdfast's parent process: it starts, watches and replaces the others.
//!
//! # Who may do what
//!
//! Goals: what reads bytes from the network holds no right to change the machine beyond addresses
//! and packets; what holds rights reads nothing that a stranger wrote; every process has only what
//! its own work needs, and no way to more.
//!
//! ```text
//!                     configuration, signals, syslog
//!                                 |
//!                        +--------+---------+
//!                        | parent, holdfast |  root, ten capabilities, seccomp
//!                        +--+-----+------+--+
//!          socket pair      |     |      |      pipe, exit status
//!        +------------------+     |      +------------------+
//!        |                        |                         |
//! +------+---------+     +--------+---------+      +--------+-------+
//! | VRRP child     |     | checker child    |      | notify script  |
//! | user holdfast  |     | user of scripts  |      | user of script |
//! | 2 capabilities |     | none             |      | none           |
//! +------+---------+     +--------+---------+      +----------------+
//!        |                        |
//!  adverts, ARP, ND,       check scripts
//!  netlink
//! ```
//!
//! | process | holds | does | never does |
//! |---|---|---|---|
//! | parent | root with SETUID SETGID SETPCAP KILL NET_ADMIN NET_RAW NET_BIND_SERVICE DAC_READ_SEARCH CHOWN SYS_NICE in all sets and as bounding set; a filter that refuses what nobody here needs | reads the configuration, starts children and scripts, writes the log and the pid files | reads a byte from the network; obeys a child beyond the table in [`route`] |
//! | VRRP child | `holdfast` (or `nobody`), CAP_NET_RAW and CAP_NET_ADMIN, nothing inheritable, nothing to gain; seccomp list of what is allowed, Landlock without any file | VRRP, gratuitous ARP and ND, addresses | opens a file, starts a program, speaks TCP, sees a command line |
//! | checker child, one per user of scripts | the user of its scripts, no capability in any set; seccomp | runs check scripts, reports verdicts | changes its user, touches the kernel's tables, sees a password or an address |
//! | notify script | its user; root only where the configuration says so, and then what the parent kept | what its author wrote, in a session of its own, for at most a minute | outlives its deadline, inherits a descriptor or a variable |
//!
//! How it comes to that:
//!
//! - The parent never runs code between fork and exec. It executes itself with an internal first
//!   argument; that fresh process has one thread, cuts its capability sets and its bounding set,
//!   changes its user, asks for a signal at the parent's death, and executes the child ([`launch`]).
//! - Each child is an executable of its own, so that each gets fresh memory and its own SELinux
//!   domain. It gets its socket as standard input, a pipe as standard error, and nothing else.
//! - Each child confines itself behind the greeting and says so, before it is told its part of the
//!   configuration ([`mod@slice`]). A message that it may not send in its phase ends it ([`route`]).
//! - Children that die are replaced at once and told what their predecessors last knew
//!   ([`restart`], [`heartbeat`]). When that does not help, what they hold is released.
//! - When the parent dies, the children see the end of their sockets: the VRRP child sends priority
//!   0, takes the addresses away and ends; the checkers end with their scripts.
//! - All text of children and scripts is escaped, capped and counted before it is logged
//!   ([`logline`]). Scripts that somebody else could replace are not run.
//!
//! `ps` shows, on a machine where the package made its users:
//!
//! ```text
//! UID             PID   PPID  CMD
//! root            811      1  /usr/sbin/holdfast
//! holdfast        812    811  /usr/libexec/holdfast/holdfast-vrrp
//! holdfast-check  813    811  /usr/libexec/holdfast/holdfast-checker
//! ```
//!
//! While there is mail to send ([`mail`]), `holdfast-mailer` runs beside them: no other process looks
//! a name up or hears a mail server.
//!
//! This library is pure: it reads no clock, file or socket. What touches the system is in the
//! binary's `io`.

pub mod account;
pub mod alert;
pub mod balance;
pub mod cli;
pub mod config_files;
pub mod ctl;
pub mod fifo;
pub mod glob;
pub mod heartbeat;
pub mod identity;
pub mod launch;
pub mod logline;
pub mod mail;
pub mod notify;
pub mod obituary;
pub mod opening;
pub mod reload;
pub mod requests;
pub mod restart;
pub mod route;
pub mod seccomp;
pub mod side;
pub mod signum;
pub mod slice;
pub mod succession;
pub mod verdict;
pub mod words;
