//! A laboratory: nodes joined by a bridge, in network namespaces that have no way out.

mod faults;
mod node;

pub use node::{Node, node_address, node_address6, node_mac};

use crate::daemon::{Daemon, Kind};
use crate::metronome;
use crate::netns::{self, Netns};
use crate::observe::{self, PORT_BASE, Watcher};
use crate::timeline::{Timeline, View};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Names of namespaces begin with this, then follow the process and a number.
const PREFIX: &str = "hf-";
/// Only root may write here, which the daemons demand of folders of scripts and pid files.
const DIRECTORY: &str = "/var/lib/holdfast-tests";
/// Longest time that anything may take that has no tighter bound.
pub const LONG: Duration = Duration::from_secs(20);

static NEXT: AtomicU32 = AtomicU32::new(0);
static TIDY: Once = Once::new();

/// Everything that one scenario needs. Dropping it ends all processes in it and deletes it.
#[derive(Debug)]
pub struct Lab {
    watchers: Vec<Watcher>,
    nodes: Vec<Node>,
    client: Netns,
    bridge: Netns,
    directory: PathBuf,
    timeline: Timeline,
}

impl Lab {
    /// Two nodes.
    pub fn pair() -> Self {
        Self::new(2)
    }

    /// Four letters or digits that no other laboratory of the machine has at the same time.
    pub fn mark(&self) -> String {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let id = self.directory.file_name().unwrap_or_default();
        let mut hash = DefaultHasher::new();
        id.hash(&mut hash);
        let mut rest = hash.finish();
        let mut mark = String::new();
        for _ in 0..4 {
            mark.push(char::from(DIGITS[(rest % 36) as usize]));
            rest /= 36;
        }
        mark
    }

    /// This many nodes and one client on a bridge.
    pub fn new(nodes: usize) -> Self {
        TIDY.call_once(remove_leftovers);
        metronome::start();
        let id = format!(
            "{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let directory = Path::new(DIRECTORY).join(&id);
        std::fs::create_dir_all(&directory).unwrap_or_else(|error| {
            panic!("{}: {error}; the scenarios need root", directory.display());
        });
        let bridge = make_bridge(&id);
        let nodes: Vec<Node> = (0..nodes)
            .map(|index| Node::create(&id, index, &bridge))
            .collect();
        let client = make_client(&id, &bridge);
        let mut lab = Self {
            watchers: Vec::new(),
            nodes,
            client,
            bridge,
            directory,
            timeline: Timeline::default(),
        };
        lab.open_eyes();
        lab
    }

    fn open_eyes(&mut self) {
        self.watchers
            .push(observe::watch_wire(&self.bridge, self.timeline.clone()));
        for (index, node) in self.nodes.iter().enumerate() {
            let watcher = observe::watch_addresses(node.netns(), index, self.timeline.clone());
            self.watchers.push(watcher);
        }
        for (index, _) in self.nodes.iter().enumerate() {
            self.timeline.wait("own addresses of a node", LONG, |view| {
                view.holds(index, node_address(index)).then_some(())
            });
        }
    }

    /// What was seen.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// A node; 0 is the first.
    pub fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    /// The namespace of the third host.
    pub fn client(&self) -> &Netns {
        &self.client
    }

    /// The namespace of the bridge.
    pub fn bridge(&self) -> &Netns {
        &self.bridge
    }

    /// A folder of this laboratory that only root can write, deleted with it.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Starts a daemon on a node.
    pub fn start(&self, node: usize, kind: Kind, configuration: &str) -> Daemon {
        self.start_with(node, kind, configuration, &[])
    }

    /// Starts a daemon on a node with more options.
    pub fn start_with(
        &self,
        node: usize,
        kind: Kind,
        configuration: &str,
        options: &[&str],
    ) -> Daemon {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let home = self.directory.join(format!("node{node}-{number}"));
        let place = crate::daemon::Place {
            node,
            home,
            timeline: self.timeline.clone(),
        };
        Daemon::start(
            kind,
            self.nodes[node].netns(),
            place,
            configuration,
            options,
        )
    }

    /// Waits until exactly this node holds an address; gives the moment at which it got it.
    #[track_caller]
    pub fn wait_for_holder(&self, node: usize, address: IpAddr, limit: Duration) -> Duration {
        let what = format!("node {node} alone holds {address}");
        self.timeline.wait(&what, limit, |view| {
            let alone = view.holders(address) == [node];
            alone
                .then(|| view.last_acquisition(node, address))
                .flatten()
        })
    }

    /// Waits for so many more adverts of a virtual router of a node; gives the last one's moment.
    #[track_caller]
    pub fn wait_for_adverts(&self, node: usize, vrid: u8, more: usize) -> Duration {
        let before = self
            .timeline
            .look(|view| view.adverts_of(node, vrid).count());
        let what = format!("{more} adverts of node {node} for VRID {vrid}");
        self.timeline.wait(&what, LONG, |view| {
            view.adverts_of(node, vrid)
                .nth(before + more - 1)
                .map(|found| found.0)
        })
    }

    /// Waits for a log line of a node behind a moment; gives its moment and text.
    #[track_caller]
    pub fn wait_for_log(&self, node: usize, since: Duration, text: &str) -> (Duration, String) {
        self.timeline.wait(
            &format!("a log line of node {node} with {text:?}"),
            LONG,
            |view| {
                view.since(since)
                    .log(node, text)
                    .map(|found| (found.0, found.1.to_owned()))
            },
        )
    }

    /// Looks at the timeline.
    pub fn look<T>(&self, look: impl FnOnce(View<'_>) -> T) -> T {
        self.timeline.look(look)
    }

    /// The link-layer address that the third host has in its cache for an address.
    pub fn cached_mac(&self, address: IpAddr) -> Option<String> {
        let family = if address.is_ipv4() { "-4" } else { "-6" };
        let text = self
            .client
            .ip(&format!("{family} neigh show {address} dev eth0"));
        let mut words = text.split_whitespace().skip_while(|word| *word != "lladdr");
        words.nth(1).map(str::to_owned)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("What was seen:\n{}", self.timeline.story());
        }
        self.watchers.clear();
        let _kept = std::fs::remove_dir_all(&self.directory);
        // Succeeds for the last laboratory alone.
        let _in_use = std::fs::remove_dir(DIRECTORY);
    }
}

fn make_bridge(id: &str) -> Netns {
    let bridge = Netns::create(format!("{PREFIX}{id}-br"));
    bridge.ip("link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0");
    bridge.ip("link set br0 up");
    bridge
}

fn make_client(id: &str, bridge: &Netns) -> Netns {
    let client = Netns::create(format!("{PREFIX}{id}-client"));
    let port = PORT_BASE - 1;
    bridge.ip(&format!(
        "link add client index {port} type veth peer name eth0 netns {} address 02:00:00:00:00:c1",
        client.name()
    ));
    bridge.ip("link set client master br0 up");
    client.ip("address add 192.0.2.250/24 dev eth0");
    client.ip("address add 2001:db8::250/64 dev eth0 nodad");
    client.ip("link set eth0 up");
    client
}

fn remove_leftovers() {
    netns::remove_leftovers(PREFIX);
    let Ok(entries) = std::fs::read_dir(DIRECTORY) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.split('-').next().is_some_and(netns::is_gone) {
            let _kept = std::fs::remove_dir_all(entry.path());
        }
    }
}
