//! A check of the configuration, made ready once for many conversations.

use super::conversation::Channel;
use super::http::HttpPlan;
use holdfast_ipc::config::model::{Endpoint, Probe};

/// What a check asks.
#[derive(Debug)]
pub enum Plan {
    /// `TCP_CHECK`.
    Tcp(Endpoint),
    /// `HTTP_GET`, `SSL_GET`.
    Http(HttpPlan),
}

impl Plan {
    /// Makes a check ready; says what is wrong where it cannot be.
    pub fn new(probe: &Probe) -> Result<Self, String> {
        match probe {
            Probe::Tcp(endpoint) => Ok(Self::Tcp(endpoint.clone())),
            Probe::Http(probe) => Ok(Self::Http(HttpPlan::new(probe)?)),
            Probe::Smtp { .. }
            | Probe::Udp(_)
            | Probe::Ping(_)
            | Probe::Dns { .. }
            | Probe::Misc { .. } => Err("this check holds no conversation".to_owned()),
        }
    }

    /// How many conversations a round has: one for each page.
    pub fn pages(&self) -> usize {
        match self {
            Self::Tcp(_) => 1,
            Self::Http(plan) => plan.pages(),
        }
    }

    pub(super) const fn endpoint(&self) -> &Endpoint {
        match self {
            Self::Tcp(endpoint) => endpoint,
            Self::Http(plan) => plan.endpoint(),
        }
    }

    pub(super) fn channel(&self, page: usize) -> Channel<'_> {
        match self {
            Self::Tcp(_) => Channel::Tcp,
            Self::Http(plan) => plan.channel(page),
        }
    }

    /// TLS says goodbye before the connection is closed.
    pub(super) fn says_goodbye(&self, page: usize) -> bool {
        match self {
            Self::Tcp(_) => false,
            Self::Http(plan) => plan.says_goodbye(page),
        }
    }
}
