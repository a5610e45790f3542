//! Load balancing beside VRRP on this host's own kernel, which may have no IPVS. Where it has one,
//! tables are compared in the virtual machine (`vm.rs`).

use holdfast_tests::expect::{VIP, VRID, vi};
use holdfast_tests::lab::LONG;
use holdfast_tests::scripts::open_folder;
use holdfast_tests::{Config, Kind, Lab};
use nix::sys::signal::Signal;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
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

/// One server whose weight a file moves, one that a file takes out.
fn two_servers_with_files(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "\
track_file load {{
    file {folder}/load
    weight -2
}}
track_file gate {{
    file {folder}/gate
    weight 0
    init_file 0
}}
virtual_server 192.0.2.100 80 {{
    lvs_sched wrr
    lvs_method NAT
    protocol TCP
    real_server 198.51.100.11 80 {{
        weight 100
        FILE_CHECK {{
            track_file load
        }}
    }}
    real_server 198.51.100.12 80 {{
        weight 100
        FILE_CHECK {{
            track_file gate
        }}
    }}
}}
"
    )
}

#[test]
fn the_number_in_a_file_moves_a_weight_and_takes_a_server_out_and_back() {
    let lab = Lab::new(1);
    let folder = open_folder(&lab, "files");
    let (load, gate) = (folder.join("load"), folder.join("gate"));
    fs::write(&load, "5\n").unwrap();
    let text = Config::new()
        .vi(&vi())
        .block(two_servers_with_files(&folder))
        .text();
    let begun = lab.timeline().now();
    let daemon = lab.start(0, Kind::Holdfast, &text);
    let weight = |since, from: u32, to: u32| {
        let service = "[198.51.100.11]:tcp:80 of VS [192.0.2.100]:tcp:80";
        let line = format!("Changing weight from {from} to {to} for active service {service}");
        lab.wait_for_log(0, since, &line);
    };
    // The number may be known before the servers are, or come a moment later.
    lab.timeline().wait("the weight of the file", LONG, |view| {
        let view = view.since(begun);
        let lines = [
            "Gained quorum 1+0=1 <= 190",
            "Changing weight from 100 to 90",
        ];
        lines.iter().find_map(|line| view.log(0, line).map(drop))
    });
    assert_eq!(fs::read_to_string(&gate).unwrap(), "0\n");
    let since = lab.timeline().now();
    fs::write(folder.join("new"), "20\n").unwrap();
    fs::rename(folder.join("new"), &load).unwrap();
    weight(since, 90, 60);
    let since = lab.timeline().now();
    // By a new file: the old one belongs to the checker's user, and root has given up to overrule.
    fs::write(folder.join("new"), "1\n").unwrap();
    fs::rename(folder.join("new"), &gate).unwrap();
    let name = "[198.51.100.12]:tcp:80";
    let fault = format!(
        "({name}): tracked file gate now FAULT state: {} holds 1",
        gate.display()
    );
    lab.wait_for_log(0, since, &fault);
    lab.wait_for_log(0, since, &format!("Removing service {name} from VS"));
    // Neither a reload nor the death of the checker makes anything of what has not changed.
    let since = daemon.hang_up();
    lab.wait_for_log(0, since, "Reload complete");
    let old = daemon.checker_pid();
    daemon.signal(old, Signal::SIGKILL);
    daemon.wait_for_other_checker(old);
    let unreadable = Permissions::from_mode(0o600);
    fs::set_permissions(&load, unreadable).unwrap();
    weight(since, 60, 100);
    let why = format!(
        "Tracked file {} cannot be read, which counts as 0: Permission denied",
        load.display()
    );
    lab.wait_for_log(0, since, &why);
    lab.look(|view| {
        let view = view.since(since);
        for line in ["Adding service", "Removing service", "FAULT state"] {
            assert_eq!(view.log(0, line), None);
        }
    });
    let since = lab.timeline().now();
    fs::remove_file(&gate).unwrap();
    let line = format!("({name}): tracked file gate leaving FAULT state");
    lab.wait_for_log(0, since, &line);
    lab.wait_for_log(0, since, &format!("Adding service {name} to VS"));
}
