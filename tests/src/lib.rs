//! The laboratory of the scenarios: isolated network namespaces joined by a bridge, real daemons in
//! them, and one timeline of everything that an outsider can see: addresses that come and go,
//! adverts and gratuitous ARPs on the wire, log lines. Scenarios wait for conditions on that
//! timeline with a deadline and assert on it; they never sleep.

pub mod binaries;
pub mod client;
pub mod config;
pub mod daemon;
pub mod decode;
pub mod expect;
pub mod forge;
pub mod inject;
pub mod lab;
pub mod mail;
pub mod metronome;
pub mod netns;
pub mod nginx;
pub mod observe;
pub mod pairs;
pub mod process;
pub mod rfc;
pub mod scripts;
pub mod shell;
pub mod stranger;
pub mod syslog;
pub mod timeline;

pub use config::{Config, Vi};
pub use daemon::{Daemon, Kind};
pub use lab::Lab;
pub use pairs::Pair;
pub use timeline::{Advert, Event, Timeline, What};
