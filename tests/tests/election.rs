//! Who becomes master.

use holdfast_tests::{Lab, Vi, pairs, rfc};
use std::net::IpAddr;
use std::time::Duration;

const VIP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 100));

pairs! {
    fn the_higher_priority_holds_the_address(pair) {
        let lab = Lab::pair();
        let vi = Vi::new(51).vip("192.0.2.100/24");
        let _web1 = lab.start(0, pair.first, &vi.clone().priority(150).alone());
        let _web2 = lab.start(1, pair.second, &vi.alone());
        let at = lab.wait_for_holder(0, VIP, Duration::from_secs(10));
        eprintln!("{at:?} {:?}", rfc::master_down(3, Duration::from_millis(200), 150));
        lab.wait_for_adverts(0, 51, 5);
        eprintln!("{}", lab.timeline().story());
    }
}
