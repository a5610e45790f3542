//! What notify FIFOs are told, and what waits for a reader that is slow or absent.

use crate::account::Account;
use crate::balance::real_name;
use crate::notify::News;
use crate::slice::HostFacts;
use holdfast_conf::model::{Config, Fifo, InstanceName, RealServer, VirtualServer};
use std::collections::VecDeque;
use std::fmt;

/// Which of the three pipes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// `notify_fifo`.
    All,
    /// `vrrp_notify_fifo`.
    Vrrp,
    /// `lvs_notify_fifo`.
    Lvs,
}

impl Audience {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::All, Self::Vrrp, Self::Lvs];

    /// The word of its pipe.
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "notify_fifo",
            Self::Vrrp => "vrrp_notify_fifo",
            Self::Lvs => "lvs_notify_fifo",
        }
    }

    /// Its pipe in a configuration; none where nothing would ever be written to it.
    pub fn pipe(self, config: &Config) -> Option<&Fifo> {
        let fifos = &config.global.fifos;
        let routers = !config.instances.is_empty();
        let servers = !config.virtual_servers.is_empty();
        let (pipe, needed) = match self {
            Self::All => (&fifos.all, routers || servers),
            Self::Vrrp => (&fifos.vrrp, routers),
            Self::Lvs => (&fifos.lvs, servers),
        };
        pipe.as_ref().filter(|_| needed)
    }

    /// Whether it is told of that.
    pub const fn hears(self, event: &Event<'_>) -> bool {
        match event {
            Event::Router { .. } | Event::Priority { .. } => matches!(self, Self::All | Self::Vrrp),
            Event::Server { .. } => matches!(self, Self::All | Self::Lvs),
        }
    }
}

/// Whose a pipe is: who is named, else who reads it, else root. None where that user is not here.
pub fn owner(fifo: &Fifo, facts: &HostFacts) -> Option<Account> {
    match (&fifo.owner, &fifo.script) {
        (Some(owner), _) => facts.account(Some(owner)).cloned(),
        (None, Some(script)) => facts.account(script.user.as_ref()).cloned(),
        (None, None) => Some(Account::root()),
    }
}

/// What there is to tell. Shown it is keepalived's line (keywords 10.5).
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A virtual router changed its state.
    Router {
        /// Which.
        name: &'a InstanceName,
        /// Its state.
        news: News,
        /// Its effective priority.
        priority: u8,
    },
    /// Only its priority changed (`notify_priority_changes`).
    Priority {
        /// Which.
        name: &'a InstanceName,
        /// It is MASTER; to keepalived all others are BACKUP here, those in FAULT as well.
        master: bool,
        /// Its effective priority.
        priority: u8,
    },
    /// A real server went up or down, or without one the quorum.
    Server {
        /// The virtual server.
        server: &'a VirtualServer,
        /// The real server.
        real: Option<&'a RealServer>,
        /// It takes part.
        up: bool,
    },
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Router {
                name,
                news,
                priority,
            } => writeln!(f, "INSTANCE \"{name}\" {news} {priority}"),
            Self::Priority {
                name,
                master,
                priority,
            } => {
                let state = if *master { "MASTER" } else { "BACKUP" };
                writeln!(f, "INSTANCE \"{name}\" {state}_PRIORITY {priority}")
            }
            Self::Server { server, real, up } => {
                let state = if *up { "UP" } else { "DOWN" };
                let service = &server.service;
                match real {
                    Some(real) => {
                        writeln!(f, "RS {} {service} {state}", real_name(server, real))
                    }
                    None => writeln!(f, "VS {service} {state}"),
                }
            }
        }
    }
}

/// Lines that wait while a pipe is full: some hundred KiB at most, behind the 64 KiB that the kernel
/// keeps.
const MAX_WAITING: usize = 1_024;
/// The kernel writes so much whole or not at all (PIPE_BUF).
const MAX_LINE: usize = 4_096;

/// Lines for one pipe, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    lines: VecDeque<String>,
    lost: u64,
}

impl Waiting {
    /// Adds a line; the oldest one goes where there are too many. True for the first that is lost.
    #[must_use]
    pub fn push(&mut self, line: String) -> bool {
        let before = self.lost;
        if line.len() > MAX_LINE {
            self.lost = self.lost.saturating_add(1);
        } else {
            if self.lines.len() >= MAX_WAITING {
                self.lines.pop_front();
                self.lost = self.lost.saturating_add(1);
            }
            self.lines.push_back(line);
        }
        before == 0 && self.lost > 0
    }

    /// The next line.
    pub fn first(&self) -> Option<&str> {
        self.lines.front().map(String::as_str)
    }

    /// It was taken.
    pub fn taken(&mut self) {
        self.lines.pop_front();
    }

    /// How many lines were lost, once nothing waits any more; from there it is counted anew.
    pub fn recovered(&mut self) -> Option<u64> {
        let over = self.lines.is_empty() && self.lost > 0;
        over.then(|| std::mem::take(&mut self.lost))
    }

    /// How many lines nobody will read now: those that wait, and those that were lost before.
    pub fn unread(&self) -> u64 {
        let waiting = u64::try_from(self.lines.len()).unwrap_or(u64::MAX);
        self.lost.saturating_add(waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_routers_are_told_in_keepalived_s_words() {
        let name = &InstanceName::try_from("VI_1").unwrap();
        let line = |news| {
            let priority = 100;
            let event = Event::Router {
                name,
                news,
                priority,
            };
            event.to_string()
        };
        assert_eq!(line(News::Master), "INSTANCE \"VI_1\" MASTER 100\n");
        assert_eq!(line(News::Stop), "INSTANCE \"VI_1\" STOP 100\n");
        let changed = Event::Priority {
            name,
            master: false,
            priority: 90,
        };
        assert_eq!(
            changed.to_string(),
            "INSTANCE \"VI_1\" BACKUP_PRIORITY 90\n"
        );
    }

    fn loaded(head: &str, tail: &str) -> Config {
        let text = format!(
            "{head}\nvirtual_server {tail} {{\nlb_algo rr\nlb_kind NAT\nprotocol UDP\n\
             real_server 10.0.0.1 53 {{\nweight 1\n}}\n}}\n"
        );
        crate::balance::tests::config(&text)
    }

    #[test]
    fn events_of_servers_are_told_in_keepalived_s_words() {
        for (head, tail, service, real) in [
            (
                "",
                "192.0.2.1 53",
                "[192.0.2.1]:udp:53",
                "[10.0.0.1]:udp:53",
            ),
            ("", "fwmark 7", "FWM 7", "[10.0.0.1]:none:53"),
            (
                "virtual_server_group G {\n192.0.2.1 53\n}",
                "group G",
                "[G]:0",
                "[10.0.0.1]:udp:53",
            ),
        ] {
            let config = loaded(head, tail);
            let server = &config.virtual_servers[0];
            let line = |real, up| Event::Server { server, real, up }.to_string();
            assert_eq!(line(None, true), format!("VS {service} UP\n"));
            assert_eq!(line(None, false), format!("VS {service} DOWN\n"));
            let expected = format!("RS {real} {service} DOWN\n");
            assert_eq!(line(Some(&server.real_servers[0]), false), expected);
        }
    }

    #[test]
    fn each_pipe_hears_its_own_events_and_one_hears_all() {
        let name = &InstanceName::try_from("VI_1").unwrap();
        let config = loaded("", "192.0.2.1 53");
        let (news, priority) = (News::Fault, 1);
        let router = Event::Router {
            name,
            news,
            priority,
        };
        let server = Event::Server {
            server: &config.virtual_servers[0],
            real: None,
            up: true,
        };
        let heard = |event: &Event<'_>| Audience::ALL.map(|audience| audience.hears(event));
        assert_eq!(heard(&router), [true, true, false]);
        assert_eq!(heard(&server), [true, false, true]);
    }

    #[test]
    fn a_full_queue_loses_its_oldest_lines_counts_them_and_says_so_once() {
        let mut waiting = Waiting::default();
        let said: Vec<bool> = (0..1_026).map(|n| waiting.push(format!("{n}\n"))).collect();
        let at: Vec<usize> = (0..said.len()).filter(|n| said[*n]).collect();
        assert_eq!(at, [1_024]);
        assert_eq!(waiting.unread(), 1_026);
        assert_eq!(waiting.first(), Some("2\n"));
        assert_eq!(waiting.recovered(), None);
        while waiting.first().is_some() {
            waiting.taken();
        }
        assert_eq!(waiting.recovered(), Some(2));
        assert_eq!(waiting.recovered(), None);
        assert_eq!(waiting.unread(), 0);
    }

    #[test]
    fn a_line_that_the_kernel_would_not_write_whole_is_left_out() {
        let mut waiting = Waiting::default();
        assert!(!waiting.push("x".repeat(MAX_LINE)));
        assert!(waiting.push("x".repeat(MAX_LINE + 1)));
        waiting.taken();
        assert_eq!(waiting.first(), None);
        assert_eq!(waiting.recovered(), Some(1));
    }
}
