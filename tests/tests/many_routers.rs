//! Many virtual routers in one daemon are as punctual as one.

use holdfast_tests::lab::LONG;
use holdfast_tests::{Config, Kind, Lab, Vi};
use std::time::Duration;

const ROUTERS: u8 = 250;
const INTERVAL: Duration = Duration::from_millis(100);
const SLACK: Duration = Duration::from_millis(50);

/// The second round of gratuitous ARPs, five seconds after they became master, is in this span: all
/// routers want to send at once.
#[test]
fn two_hundred_and_fifty_routers_send_on_time_while_they_announce_their_addresses() {
    let lab = Lab::new(1);
    let routers = (1..=ROUTERS).map(|number| {
        let vip = format!("198.51.100.{number}/32");
        Vi::new(number).every(INTERVAL).vip(&vip)
    });
    let text = routers
        .fold(Config::new(), |config, router| config.vi(&router))
        .text();
    let _daemon = lab.start(0, Kind::Holdfast, &text);
    lab.timeline()
        .wait("the last router to advertise", LONG, |view| {
            view.adverts_of(0, ROUTERS).nth(5).map(|_| ())
        });
    let within = lab.timeline().watch(Duration::from_secs(7));
    let machine = lab.timeline().machine_lateness(within);
    let (router, gap) = lab.look(|view| {
        let gap = |number: u8| (number, view.longest_gap(0, number, within));
        (1..=ROUTERS).map(gap).max_by_key(|found| found.1).unwrap()
    });
    let bound = INTERVAL + SLACK + machine;
    assert!(
        gap <= bound,
        "router {router}: {gap:?}; {bound:?} is allowed"
    );
}
