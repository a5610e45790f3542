//! The checked configuration. Every type can only be made with a value that is valid, so nobody
//! behind the parser has to check again.

mod checker;
mod config;
mod ids;
mod script;
mod time;
mod vrrp;

pub use checker::{
    BodyPattern, Check, CheckTiming, DnsType, Endpoint, FlushOnStop, Forward, GroupMember,
    HttpProbe, HttpVersion, Lvs, LvsTimeouts, Mail, MailServer, Persistence, Probe, Protocol,
    RealServer, Scheduler, SchedulerFlags, Service, SorryServer, SyncDaemon, TlsOptions, Tunnel,
    TunnelChecksum, UdpProbe, UdpReply, Url, VirtualServer,
};
pub use config::{Config, Global};
pub use ids::{
    EffectivePriority, IfName, InstanceName, InvalidValue, Priority, ScriptName, Vrid, Weight,
};
pub use script::{ScriptAction, ScriptCommand, ShellWords, UserSpec, VrrpScript};
pub use time::{AdvertInterval, Micros};
pub use vrrp::{
    Auth, AuthKey, Broadcast, ChecksumForm, Family, GarpSettings, InitialState, NotifyScripts,
    Peer, TrackInterface, TrackScript, Transport, Version, VirtualAddress, VirtualRouter,
    VrrpInstance,
};
