//! Tells a timeline to the reader of a failed test.

use super::{Event, What};
use std::fmt::Write as _;

/// Adverts of one node in a row are told once, with their number.
pub(super) fn story(events: &[Event]) -> String {
    let mut text = String::new();
    let mut repeated = 0_usize;
    for (index, event) in events.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| events.get(before));
        if before.is_some_and(|before| alike(before, event)) {
            repeated += 1;
            continue;
        }
        tell_repeats(&mut text, &mut repeated);
        let _written = writeln!(
            text,
            "{:>9}s node {} {}",
            Seconds(event),
            event.node,
            tell(&event.what)
        );
    }
    tell_repeats(&mut text, &mut repeated);
    text
}

fn tell_repeats(text: &mut String, repeated: &mut usize) {
    if *repeated > 0 {
        let _written = writeln!(text, "           … {repeated} more of the same");
    }
    *repeated = 0;
}

fn alike(one: &Event, other: &Event) -> bool {
    one.node == other.node
        && match (&one.what, &other.what) {
            (What::Advert(one), What::Advert(other)) => {
                (one.vrid, one.priority) == (other.vrid, other.priority)
            }
            (
                What::Announcement { address: one, .. },
                What::Announcement { address: other, .. },
            ) => one == other,
            _ => false,
        }
}

fn tell(what: &What) -> String {
    match what {
        What::Address {
            address,
            present: true,
        } => format!("+ {address}"),
        What::Address {
            address,
            present: false,
        } => format!("- {address}"),
        What::Advert(advert) => format!(
            "advert v{} vrid {} priority {} interval {:?} {} -> {} {:?}",
            advert.version,
            advert.vrid,
            advert.priority,
            advert.interval,
            advert.source,
            advert.destination,
            advert.addresses
        ),
        What::Announcement { address, mac } => format!("announces {address} at {mac:02x?}"),
        What::Log(line) => format!("log: {line}"),
        What::Mark(text) => format!("*** {text}"),
    }
}

struct Seconds<'a>(&'a Event);

impl std::fmt::Display for Seconds<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{}.{:03}", self.0.at.as_secs(), self.0.at.subsec_millis());
        f.pad(&text)
    }
}
