//! What the running child may do, as the kernel sees it.

#[cfg(test)]
mod support;

use holdfast_ipc::message::ParentToVrrp;
use holdfast_ipc::message::VrrpToParent;
use holdfast_ipc::state::VrrpState;
use support::child::{Child, fresh};
use support::config::{config, router};
use support::in_namespace;

#[test]
fn the_child_holds_two_capabilities_and_nothing_else() {
    in_namespace(|| {
        let mut child = Child::spawn();
        child.begin(fresh(config([router(&["192.0.2.100/24"])])));
        child.send(&ParentToVrrp::Ping { sequence: 7 });
        child.wait_for("Pong", |message| {
            (*message == VrrpToParent::Pong { sequence: 7 }).then_some(())
        });
        let found: Vec<(&str, String)> = [
            "Uid",
            "Gid",
            "Groups",
            "CapInh",
            "CapPrm",
            "CapEff",
            "CapBnd",
            "CapAmb",
            "NoNewPrivs",
            "Seccomp",
            "Seccomp_filters",
            "Threads",
        ]
        .map(|field| (field, child.status(field)))
        .into();
        let wanted = [
            ("Uid", "65534 65534 65534 65534"),
            ("Gid", "65534 65534 65534 65534"),
            ("Groups", ""),
            ("CapInh", "0000000000000000"),
            ("CapPrm", "0000000000003000"),
            ("CapEff", "0000000000003000"),
            ("CapBnd", "0000000000000000"),
            ("CapAmb", "0000000000000000"),
            ("NoNewPrivs", "1"),
            ("Seccomp", "2"),
            ("Seccomp_filters", "1"),
            ("Threads", "2"),
        ]
        .map(|(field, value)| (field, value.to_owned()));
        assert_eq!(found, wanted);
        assert!(child.confinement.seccomp);
        let landlock = &child.confinement.landlock;
        let levels = [
            "fully enforced",
            "partially enforced",
            "not in",
            "not enabled in",
        ];
        assert!(
            levels.iter().any(|level| landlock.starts_with(level)),
            "{landlock}"
        );
    });
}

#[test]
fn the_child_cannot_be_traced_by_its_own_user() {
    use std::os::unix::fs::MetadataExt;
    in_namespace(|| {
        let child = Child::spawn();
        // Files of a process that is not dumpable belong to root.
        let owner = std::fs::metadata(format!("/proc/{}/environ", child.pid())).unwrap();
        assert_eq!(owner.uid(), 0);
    });
}

#[test]
fn the_socket_to_the_parent_is_above_all_others() {
    in_namespace(|| {
        let mut child = Child::spawn();
        child.begin(fresh(config([router(&["192.0.2.100/24"])])));
        let mut numbers: Vec<(u32, String)> =
            std::fs::read_dir(format!("/proc/{}/fd", child.pid()))
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .map(|path| {
                    let number = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
                    let target = std::fs::read_link(&path).unwrap();
                    (number, target.to_str().unwrap().to_owned())
                })
                .collect();
        numbers.sort();
        assert_eq!(numbers[0], (0, "/dev/null".to_owned()));
        // Others may be inherited from whoever runs the tests, but no sockets.
        let sockets: Vec<u32> = numbers
            .iter()
            .filter(|(_, target)| target.starts_with("socket:"))
            .map(|(number, _)| *number)
            .collect();
        let (highest, others) = sockets.split_last().unwrap();
        assert!(*highest >= 200, "{numbers:?}");
        assert!(others.iter().all(|number| *number < 32), "{numbers:?}");
    });
}

#[test]
fn few_descriptors_are_enough() {
    in_namespace(|| {
        let mut child = Child::spawn_with(&["prlimit", "--nofile=40:40"]);
        child.begin(fresh(config([router(&["192.0.2.100/24"])])));
        child.wait_for_state(VrrpState::Master);
    });
}
