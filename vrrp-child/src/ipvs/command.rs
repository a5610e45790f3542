//! What can be asked of the kernel.

use super::table::{Server, ServerKey, ServiceKey, ServiceOptions, SyncDaemon, Timeouts};

/// A change of the kernel's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Makes a service.
    AddService(ServiceKey, ServiceOptions),
    /// Changes a service in place; its connections stay.
    EditService(ServiceKey, ServiceOptions),
    /// Takes a service away with all its servers.
    RemoveService(ServiceKey),
    /// Puts a server into a service.
    AddServer(ServiceKey, ServerKey, Server),
    /// Changes a server in place; its connections stay.
    EditServer(ServiceKey, ServerKey, Server),
    /// Takes a server out of a service.
    RemoveServer(ServiceKey, ServerKey),
    /// Sets the timeouts of connections.
    SetTimeouts(Timeouts),
    /// Starts a sync daemon.
    StartDaemon(SyncDaemon),
    /// Stops the sync daemon of a role.
    StopDaemon(SyncDaemon),
    /// Clears the counters of one service or of all.
    Zero(Option<ServiceKey>),
    /// Takes everything away, whoever made it.
    Flush,
}

impl Command {
    /// The service that it is about.
    pub const fn service(&self) -> Option<&ServiceKey> {
        match self {
            Self::AddService(key, _)
            | Self::EditService(key, _)
            | Self::RemoveService(key)
            | Self::AddServer(key, ..)
            | Self::EditServer(key, ..)
            | Self::RemoveServer(key, _)
            | Self::Zero(Some(key)) => Some(key),
            Self::SetTimeouts(_)
            | Self::StartDaemon(_)
            | Self::StopDaemon(_)
            | Self::Zero(None)
            | Self::Flush => None,
        }
    }
}

/// A question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// All services; answered by as many messages as there are services.
    Services,
    /// One service.
    Service(ServiceKey),
    /// All servers of a service.
    Servers(ServiceKey),
    /// The timeouts of connections.
    Timeouts,
    /// The sync daemons.
    Daemons,
    /// Version and size of the table of connections.
    Info,
}

impl Query {
    /// True for a question with any number of answers.
    pub const fn is_dump(&self) -> bool {
        match self {
            Self::Services | Self::Servers(_) | Self::Daemons => true,
            Self::Service(_) | Self::Timeouts | Self::Info => false,
        }
    }
}
