//! A check of the configuration, made ready once for many conversations.

use super::conversation::Channel;
use super::dns::Question;
use super::external::MiscPlan;
use super::file::FilePlan;
use super::http::{HttpPlan, Patterns};
use super::smtp::helo_line;
use holdfast_ipc::config::model::{Endpoint, HttpProbe, Probe, UdpProbe};
use std::sync::Arc;

/// What has to be done for a check.
#[derive(Clone, Debug)]
pub enum Work {
    /// A conversation with a server.
    Talk(Arc<Plan>),
    /// A run of a program.
    Run(Arc<MiscPlan>),
    /// A file is followed; nothing is asked, so it is never due.
    Follow(Arc<FilePlan>),
}

impl Work {
    /// Makes a check ready; says what is wrong where it cannot be.
    pub(super) fn new(probe: &Probe, patterns: &mut Patterns) -> Result<Self, String> {
        if let Some(plan) = MiscPlan::of(probe) {
            return Ok(Self::Run(Arc::new(plan)));
        }
        if let Some(plan) = FilePlan::of(probe) {
            return Ok(Self::Follow(Arc::new(plan)));
        }
        Plan::with_patterns(probe, patterns).map(|plan| Self::Talk(Arc::new(plan)))
    }

    /// How many conversations a round has: one for each page.
    pub(super) fn pages(&self) -> usize {
        match self {
            Self::Talk(plan) => plan.pages(),
            Self::Run(_) | Self::Follow(_) => 1,
        }
    }

    /// What is followed, where nothing is asked.
    pub(super) const fn followed(&self) -> Option<&Arc<FilePlan>> {
        match self {
            Self::Follow(plan) => Some(plan),
            Self::Talk(_) | Self::Run(_) => None,
        }
    }
}

/// What a conversation asks.
#[derive(Debug)]
pub struct Plan {
    endpoint: Endpoint,
    pub(super) asks: Asks,
}

/// One of each check is kept, so the large ones are boxed.
#[derive(Debug)]
pub(super) enum Asks {
    Tcp,
    Http(Box<HttpPlan>),
    /// The line with HELO.
    Smtp(Vec<u8>),
    Dns(Question),
    Udp(Box<UdpProbe>),
    Ping,
}

impl Plan {
    /// Makes a check ready; says what is wrong where it cannot be.
    pub fn new(probe: &Probe) -> Result<Self, String> {
        Self::with_patterns(probe, &mut Patterns::default())
    }

    /// Asks for the first page of a check to tell its digest, of the same kind as the one that it
    /// has; ends with `Success::Measured`.
    pub fn measuring(probe: &HttpProbe) -> Result<Self, String> {
        let mut plan = HttpPlan::new(probe, &mut Patterns::default())?;
        plan.measure();
        Ok(Self {
            endpoint: probe.endpoint.clone(),
            asks: Asks::Http(Box::new(plan)),
        })
    }

    fn with_patterns(probe: &Probe, patterns: &mut Patterns) -> Result<Self, String> {
        let (endpoint, asks) = match probe {
            Probe::Tcp(endpoint) => (endpoint, Asks::Tcp),
            Probe::Http(probe) => {
                let plan = HttpPlan::new(probe, patterns)?;
                (&probe.endpoint, Asks::Http(Box::new(plan)))
            }
            Probe::Smtp { endpoint, helo } => (endpoint, Asks::Smtp(helo_line(helo)?)),
            Probe::Dns {
                endpoint,
                kind,
                name,
            } => (endpoint, Asks::Dns(Question::new(name, *kind)?)),
            Probe::Udp(probe) => (&probe.endpoint, Asks::Udp(Box::new(probe.clone()))),
            Probe::Ping(endpoint) => (endpoint, Asks::Ping),
            Probe::Misc { .. } => return Err("a MISC_CHECK runs a program".to_owned()),
            Probe::File { .. } => return Err("a FILE_CHECK follows a file".to_owned()),
            // Its verdicts come from the VRRP child, which holds the sessions.
            Probe::Bfd { .. } => return Err("this version carries out no BFD_CHECK".to_owned()),
        };
        Ok(Self {
            endpoint: endpoint.clone(),
            asks,
        })
    }

    /// How many conversations a round has: one for each page.
    pub(super) const fn pages(&self) -> usize {
        match &self.asks {
            Asks::Http(plan) => plan.pages(),
            Asks::Tcp | Asks::Smtp(_) | Asks::Dns(_) | Asks::Udp(_) | Asks::Ping => 1,
        }
    }

    pub(super) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn channel(&self, page: usize) -> Channel<'_> {
        match &self.asks {
            Asks::Tcp | Asks::Smtp(_) => Channel::Tcp,
            Asks::Http(plan) => plan.channel(page),
            Asks::Dns(_) | Asks::Udp(_) => Channel::Udp,
            Asks::Ping => Channel::Ping,
        }
    }

    /// TLS says goodbye before the connection is closed.
    pub(super) fn says_goodbye(&self, page: usize) -> bool {
        match &self.asks {
            Asks::Http(plan) => plan.says_goodbye(page),
            Asks::Tcp | Asks::Smtp(_) | Asks::Dns(_) | Asks::Udp(_) | Asks::Ping => false,
        }
    }
}
