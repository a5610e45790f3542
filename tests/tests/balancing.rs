//! Load balancing beside VRRP on this host's own kernel, which may have no IPVS. Where it has one,
//! tables are compared in the virtual machine (`vm.rs`).

use holdfast_tests::expect::{VIP, VRID, vi};
use holdfast_tests::lab::LONG;
use holdfast_tests::{Config, Kind, Lab};
use std::path::Path;
use std::process::Command;

const SERVERS: &str = "\
virtual_server 192.0.2.100 80 {
    delay_loop 60
    lvs_sched rr
    lvs_method NAT
    protocol TCP
    real_server 198.51.100.11 80 {
        weight 1
        TCP_CHECK {
            connect_timeout 3
        }
    }
}
";

/// Whether this kernel has IPVS, or would load it when asked.
fn has_ipvs() -> bool {
    let dry_run = Command::new("modprobe")
        .args(["-n", "-q", "ip_vs"])
        .status();
    Path::new("/proc/net/ip_vs").exists() || dry_run.is_ok_and(|status| status.success())
}

#[test]
fn a_kernel_without_ipvs_costs_one_error_that_says_what_to_load_and_vrrp_goes_on() {
    let lab = Lab::new(1);
    let text = Config::new().vi(&vi()).block(SERVERS).text();
    let begun = lab.timeline().now();
    let daemon = lab.start(0, Kind::Holdfast, &text);
    lab.wait_for_holder(0, VIP, LONG);
    lab.wait_for_log(0, begun, "Gained quorum");
    lab.wait_for_adverts(0, VRID, 3);
    let since = daemon.hang_up();
    lab.wait_for_log(0, since, "Reload complete");
    lab.wait_for_adverts(0, VRID, 3);
    let told = lab.look(|view| {
        let lines = view.logs(0).map(|(_, line)| line.to_owned());
        let told: Vec<String> = lines.filter(|line| line.contains("IPVS")).collect();
        told
    });
    if has_ipvs() {
        assert_eq!(told, [""; 0]);
    } else {
        let [line] = told.as_slice() else {
            panic!("not one line: {told:#?}");
        };
        assert!(line.contains("IPVS is not in this kernel"), "{line}");
        assert!(line.contains("checked, not programmed"), "{line}");
        assert!(line.contains("`modprobe ip_vs`"), "{line}");
    }
    lab.look(|view| assert!(view.holds(0, VIP)));
}
