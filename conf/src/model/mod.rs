//! The checked configuration. Every type can only be made with a value that is valid, so nobody
//! behind the parser has to check again.

mod bfd;
mod checker;
mod config;
mod global;
mod hmac;
mod ids;
mod link;
mod names;
#[cfg(feature = "pcre")]
pub mod pcre;
mod route;
mod script;
mod sync;
mod time;
mod tracker;
mod vrrp;

pub use bfd::{BfdInstance, BfdListeners};
pub use checker::{
    BodyPattern, Check, CheckTiming, Digest, DnsType, Endpoint, FlushOnStop, Forward, GroupMember,
    HttpProbe, HttpVersion, Lvs, LvsTimeouts, Mail, MailServer, Persistence, Probe, Protocol,
    RealServer, Scheduler, SchedulerFlags, Service, SorryServer, SyncDaemon, TlsOptions, Tunnel,
    TunnelChecksum, UdpProbe, UdpReply, Url, VirtualServer,
};
pub use config::{Config, Global, Statics};
pub use global::{
    Fifo, Fifos, GarpGroup, IpvsNamespace, LinkDelay, Passphrase, ReloadFiles, ReloadMarker,
    StartStop, Surroundings, TlsFiles, TrackGroup,
};
pub use hmac::{AntiReplay, AuthHmac, HmacKey, HmacMode, HmacSecret};
pub use ids::{
    EffectivePriority, IfName, InstanceName, InvalidValue, Priority, ScriptName, Vrid, Weight,
};
pub use link::{IpvlanMode, MacAddress, OwnLink, OwnLinkKind};
pub use names::{BfdName, FileName, GroupName, ProcessName};
pub use route::{
    Encap, Hop, KEEPALIVED_PROTOCOL, Lockable, NamedNumber, Network, Realms, Route, RouteInsertion,
    RouteKind, RouteMetrics, Rule, RuleAction, StaticAddress, WeightedHop,
};
pub use script::{ScriptAction, ScriptCommand, ShellWords, UserSpec, VrrpScript};
pub use sync::SyncGroup;
pub use time::{AdvertInterval, Micros};
pub use tracker::{InitFile, ParamMatch, TrackFile, TrackProcess, Tracked, Trackers};
pub use vrrp::{
    Auth, AuthKey, Broadcast, ChecksumForm, DeletedNotice, ExtraGarp, Family, GarpSettings,
    InitialState, NotifyScripts, Peer, TrackInterface, TrackScript, Transport, Version,
    VirtualAddress, VirtualRouter, VrrpInstance,
};
