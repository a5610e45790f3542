//! Questions to a timeline; pure.

use super::{Advert, Event, What};
use std::net::IpAddr;
use std::time::Duration;

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its begin.
    pub from: Duration,
    /// Its end.
    pub to: Duration,
}

impl Span {
    /// How long it is.
    pub fn length(self) -> Duration {
        self.to.saturating_sub(self.from)
    }

    fn common(self, other: Self) -> Option<Self> {
        let both = Self {
            from: self.from.max(other.from),
            to: self.to.min(other.to),
        };
        (both.from < both.to).then_some(both)
    }
}

/// What was seen until now.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    events: &'a [Event],
}

impl<'a> View<'a> {
    /// Of these events, which are in order.
    pub fn new(events: &'a [Event]) -> Self {
        Self { events }
    }

    /// Everything.
    pub fn events(self) -> &'a [Event] {
        self.events
    }

    /// What happened at or behind a moment.
    pub fn since(self, moment: Duration) -> Self {
        let begin = self.events.partition_point(|event| event.at < moment);
        Self {
            events: &self.events[begin..],
        }
    }

    /// What happened before a moment.
    pub fn until(self, moment: Duration) -> Self {
        let end = self.events.partition_point(|event| event.at < moment);
        Self {
            events: &self.events[..end],
        }
    }

    /// Whether a node holds an address now.
    pub fn holds(self, node: usize, address: IpAddr) -> bool {
        self.holding_ends(node, address)
            .last()
            .is_some_and(|end| end.1)
    }

    /// The nodes that hold an address now.
    pub fn holders(self, address: IpAddr) -> Vec<usize> {
        let mut found = Vec::new();
        for event in self.events {
            match &event.what {
                What::Address {
                    address: this,
                    present: true,
                } if *this == address => {
                    found.push(event.node);
                }
                What::Address {
                    address: this,
                    present: false,
                } if *this == address => {
                    found.retain(|node| *node != event.node);
                }
                _ => {}
            }
        }
        found.sort_unstable();
        found
    }

    fn holding_ends(
        self,
        node: usize,
        address: IpAddr,
    ) -> impl Iterator<Item = (Duration, bool)> + 'a {
        self.events
            .iter()
            .filter(move |event| event.node == node)
            .filter_map(move |event| match event.what {
                What::Address {
                    address: this,
                    present,
                } if this == address => Some((event.at, present)),
                _ => None,
            })
    }

    /// When a node held an address, within a span.
    pub fn holding(self, node: usize, address: IpAddr, within: Span) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut begun = None;
        for (at, present) in self.holding_ends(node, address) {
            if present {
                begun = begun.or(Some(at));
            } else if let Some(from) = begun.take() {
                spans.push(Span { from, to: at });
            }
        }
        spans.extend(begun.map(|from| Span {
            from,
            to: within.to,
        }));
        spans
            .into_iter()
            .filter_map(|span| span.common(within))
            .collect()
    }

    /// The longest time within a span in which both nodes held an address.
    pub fn longest_dual(self, nodes: [usize; 2], address: IpAddr, within: Span) -> Duration {
        let second = self.holding(nodes[1], address, within);
        let dual = self
            .holding(nodes[0], address, within)
            .into_iter()
            .flat_map(|first| {
                second
                    .iter()
                    .filter_map(move |other| first.common(*other))
                    .collect::<Vec<_>>()
            });
        dual.map(Span::length).max().unwrap_or_default()
    }

    /// The longest time within a span in which none of the nodes held an address.
    pub fn longest_absence(self, nodes: &[usize], address: IpAddr, within: Span) -> Duration {
        let mut spans: Vec<Span> = nodes
            .iter()
            .flat_map(|node| self.holding(*node, address, within))
            .collect();
        spans.sort_by_key(|span| span.from);
        let mut covered = within.from;
        let mut longest = Duration::ZERO;
        for span in spans {
            longest = longest.max(span.from.saturating_sub(covered));
            covered = covered.max(span.to);
        }
        longest.max(within.to.saturating_sub(covered))
    }

    /// When a node last got an address.
    pub fn last_acquisition(self, node: usize, address: IpAddr) -> Option<Duration> {
        self.holding_ends(node, address)
            .filter(|end| end.1)
            .last()
            .map(|end| end.0)
    }

    /// When a node first got an address.
    pub fn first_acquisition(self, node: usize, address: IpAddr) -> Option<Duration> {
        self.holding_ends(node, address)
            .find(|end| end.1)
            .map(|end| end.0)
    }

    /// When a node first lost an address.
    pub fn first_loss(self, node: usize, address: IpAddr) -> Option<Duration> {
        self.holding_ends(node, address)
            .find(|end| !end.1)
            .map(|end| end.0)
    }

    /// How often a node got an address.
    pub fn acquisitions(self, node: usize, address: IpAddr) -> usize {
        self.holding_ends(node, address).filter(|end| end.1).count()
    }

    /// Adverts of a node with their moments.
    pub fn adverts(self, node: usize) -> impl Iterator<Item = (Duration, &'a Advert)> {
        self.events
            .iter()
            .filter(move |event| event.node == node)
            .filter_map(|event| match &event.what {
                What::Advert(advert) => Some((event.at, advert)),
                _ => None,
            })
    }

    /// Adverts of one virtual router of a node.
    pub fn adverts_of(self, node: usize, vrid: u8) -> impl Iterator<Item = (Duration, &'a Advert)> {
        self.adverts(node).filter(move |found| found.1.vrid == vrid)
    }

    /// The longest time between two adverts of a virtual router within a span; the advert in front
    /// of the span and the one behind it count, and so does silence until the end.
    pub fn longest_gap(self, node: usize, vrid: u8, within: Span) -> Duration {
        let moments: Vec<Duration> = self.adverts_of(node, vrid).map(|found| found.0).collect();
        let first = moments
            .partition_point(|at| *at < within.from)
            .saturating_sub(1);
        let relevant = moments.get(first..).unwrap_or_default();
        let behind = relevant.partition_point(|at| *at <= within.to);
        let mut ends = relevant.get(..=behind).unwrap_or(relevant).to_vec();
        if behind == relevant.len() {
            ends.push(within.to);
        }
        ends.windows(2)
            .map(|pair| pair[1] - pair[0])
            .max()
            .unwrap_or_else(|| within.length())
    }

    /// Log lines of a node with their moments.
    pub fn logs(self, node: usize) -> impl Iterator<Item = (Duration, &'a str)> {
        self.events
            .iter()
            .filter(move |event| event.node == node)
            .filter_map(|event| match &event.what {
                What::Log(line) => Some((event.at, line.as_str())),
                _ => None,
            })
    }

    /// The first log line of a node that contains a text.
    pub fn log(self, node: usize, text: &str) -> Option<(Duration, &'a str)> {
        self.logs(node).find(|found| found.1.contains(text))
    }

    /// How many log lines of a node contain a text.
    pub fn count_logs(self, node: usize, text: &str) -> usize {
        self.logs(node)
            .filter(|found| found.1.contains(text))
            .count()
    }

    /// Gratuitous ARPs and unsolicited neighbour advertisements of a node for an address.
    pub fn announcements(
        self,
        node: usize,
        address: IpAddr,
    ) -> impl Iterator<Item = (Duration, [u8; 6])> + 'a {
        self.events
            .iter()
            .filter(move |event| event.node == node)
            .filter_map(move |event| match event.what {
                What::Announcement { address: this, mac } if this == address => {
                    Some((event.at, mac))
                }
                _ => None,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const VIP: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 100));

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn address(millis: u64, node: usize, present: bool) -> Event {
        Event {
            at: at(millis),
            node,
            what: What::Address {
                address: VIP,
                present,
            },
        }
    }

    fn advert(millis: u64) -> Event {
        let advert = Advert {
            source: VIP,
            destination: VIP,
            hops: 255,
            version: 3,
            vrid: 51,
            priority: 100,
            interval: at(100),
            auth_type: 0,
            sequence: None,
            addresses: vec![VIP],
        };
        Event {
            at: at(millis),
            node: 0,
            what: What::Advert(advert),
        }
    }

    const ALL: Span = Span {
        from: Duration::ZERO,
        to: Duration::from_millis(1000),
    };

    #[test]
    fn a_handover_with_overlap_is_dual_for_the_overlap() {
        let events = [
            address(100, 0, true),
            address(400, 1, true),
            address(450, 0, false),
        ];
        let view = View::new(&events);
        assert_eq!(view.longest_dual([0, 1], VIP, ALL), at(50));
        assert_eq!(view.longest_absence(&[0, 1], VIP, ALL), at(100));
        assert_eq!(view.holders(VIP), vec![1]);
        assert!(view.holds(1, VIP) && !view.holds(0, VIP));
    }

    #[test]
    fn a_handover_with_a_hole_is_absence_for_the_hole() {
        let events = [
            address(0, 0, true),
            address(400, 0, false),
            address(700, 1, true),
        ];
        let view = View::new(&events);
        assert_eq!(view.longest_absence(&[0, 1], VIP, ALL), at(300));
        assert_eq!(view.longest_dual([0, 1], VIP, ALL), Duration::ZERO);
    }

    #[test]
    fn the_gap_counts_the_adverts_around_the_span_and_the_silence_at_its_end() {
        let events = [advert(0), advert(100), advert(350), advert(450)];
        let view = View::new(&events);
        let within = Span {
            from: at(200),
            to: at(300),
        };
        assert_eq!(view.longest_gap(0, 51, within), at(250));
        assert_eq!(view.longest_gap(0, 51, ALL), at(550));
        assert_eq!(view.longest_gap(0, 52, ALL), at(1000));
    }
}
