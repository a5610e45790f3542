//! The timeline of one laboratory: what an outsider saw, in order, on one clock. Moments are
//! durations since the laboratory began (CLOCK_MONOTONIC).

mod dump;
mod view;

pub use view::{Span, View};

use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// One thing that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, since the laboratory began.
    pub at: Duration,
    /// On which node, or from which node's port; 0 is the first.
    pub node: usize,
    /// What.
    pub what: What,
}

/// What can be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The node got an address, or lost it.
    Address {
        /// Which.
        address: IpAddr,
        /// It is there now.
        present: bool,
    },
    /// The node sent a VRRP advert.
    Advert(Advert),
    /// The node sent a gratuitous ARP or an unsolicited neighbour advertisement.
    Announcement {
        /// For this address.
        address: IpAddr,
        /// With this link-layer address.
        mac: [u8; 6],
    },
    /// A daemon on the node wrote a line.
    Log(String),
    /// The scenario did something.
    Mark(String),
}

/// A VRRP advert as it was on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advert {
    /// Source of the IP packet.
    pub source: IpAddr,
    /// Destination of the IP packet.
    pub destination: IpAddr,
    /// TTL or hop limit.
    pub hops: u8,
    /// 2 or 3.
    pub version: u8,
    /// Virtual router identifier.
    pub vrid: u8,
    /// Priority.
    pub priority: u8,
    /// Interval between adverts, as the packet says.
    pub interval: Duration,
    /// Authentication type; 0 in version 3.
    pub auth_type: u8,
    /// Sequence number of an authentication header in front of it.
    pub sequence: Option<u32>,
    /// The addresses.
    pub addresses: Vec<IpAddr>,
}

#[derive(Debug)]
struct Inner {
    start: Instant,
    events: Mutex<Vec<Event>>,
    changed: Condvar,
}

/// The timeline; copies share it.
#[derive(Clone, Debug)]
pub struct Timeline {
    inner: Arc<Inner>,
}

impl Default for Timeline {
    fn default() -> Self {
        let inner = Inner {
            start: Instant::now(),
            events: Mutex::new(Vec::new()),
            changed: Condvar::new(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }
}

impl Timeline {
    /// The present moment.
    pub fn now(&self) -> Duration {
        self.inner.start.elapsed()
    }

    /// The moment of a time stamp that the kernel gave by the wall clock. Both clocks are read
    /// together, so a clock that was set meanwhile does no harm.
    pub fn moment_of(&self, stamp: SystemTime) -> Duration {
        let age = SystemTime::now().duration_since(stamp).unwrap_or_default();
        self.now().saturating_sub(age)
    }

    /// How late the machine itself was within a span.
    pub fn machine_lateness(&self, within: Span) -> Duration {
        let start = self.inner.start;
        crate::metronome::lateness(start + within.from, start + within.to)
    }

    /// Adds what was seen just now.
    pub fn add(&self, node: usize, what: What) -> Duration {
        let at = self.now();
        self.add_at(at, node, what);
        at
    }

    /// Adds what was seen a moment ago, at its place.
    pub fn add_at(&self, at: Duration, node: usize, what: What) {
        let mut events = self.events();
        let place = events.partition_point(|event| event.at <= at);
        events.insert(place, Event { at, node, what });
        drop(events);
        self.inner.changed.notify_all();
    }

    /// Notes what the scenario does; gives the moment.
    pub fn mark(&self, node: usize, text: impl Into<String>) -> Duration {
        self.add(node, What::Mark(text.into()))
    }

    /// Looks at everything seen until now.
    pub fn look<T>(&self, look: impl FnOnce(View<'_>) -> T) -> T {
        look(View::new(&self.events()))
    }

    /// Waits until a condition holds, at most for `limit`. Panics when it does not come true.
    #[track_caller]
    pub fn wait<T>(
        &self,
        what: &str,
        limit: Duration,
        mut look: impl FnMut(View<'_>) -> Option<T>,
    ) -> T {
        let begun = self.now();
        let end = begun + limit;
        let mut events = self.events();
        loop {
            if let Some(found) = look(View::new(&events)) {
                return found;
            }
            let left = end.saturating_sub(self.now());
            assert!(
                !left.is_zero(),
                "from {begun:.3?} on, waited {limit:?} in vain: {what}"
            );
            let waited = self.inner.changed.wait_timeout(events, left);
            events = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Watches for a period in which nothing is expected to happen; gives its begin and end.
    pub fn watch(&self, period: Duration) -> Span {
        let from = self.now();
        let to = from + period;
        let mut events = self.events();
        while self.now() < to {
            let left = to.saturating_sub(self.now());
            let waited = self.inner.changed.wait_timeout(events, left);
            events = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Span { from, to }
    }

    fn events(&self) -> MutexGuard<'_, Vec<Event>> {
        self.inner
            .events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The whole story for a failed scenario, adverts in a row told once.
    pub fn story(&self) -> String {
        dump::story(&self.events())
    }
}
