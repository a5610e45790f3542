//! A private network namespace with a virtual cable in it.

use nix::sched::{CloneFlags, unshare};
use std::process::Command;
use std::time::{Duration, Instant};

/// Longest wait for anything; a machine under load may be slow, and a passing test waits for events.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// Interface of the child.
pub(crate) const OURS: &str = "hf0";
/// The other end of its cable, where the test listens.
pub(crate) const THEIRS: &str = "hf1";

/// Runs a test in a network namespace of its own, with `hf0` (192.0.2.1/24, 2001:db8::1/64) and
/// `hf1`. The namespace ends with the thread and the children in it.
pub(crate) fn in_namespace(test: impl FnOnce() + Send + 'static) {
    let body = move || {
        unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace needs root");
        ip("link set lo up");
        add_cable();
        test();
    };
    let thread = std::thread::spawn(body);
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Makes the cable.
pub(crate) fn add_cable() {
    ip(&format!(
        "link add {OURS} address 02:00:00:00:00:01 type veth peer name {THEIRS}"
    ));
    ip(&format!("link set {THEIRS} addrgenmode none"));
    ip(&format!("link set {THEIRS} up"));
    ip(&format!("link set {OURS} up"));
    ip(&format!("address add 192.0.2.1/24 dev {OURS}"));
    ip(&format!("address add fe80::1/64 dev {OURS} nodad"));
    ip(&format!("address add 2001:db8::1/64 dev {OURS} nodad"));
    // Until the kernel has noticed the carrier it throws away what is sent.
    for end in [OURS, THEIRS] {
        wait_until("the cable carries", || {
            ip(&format!("-o link show dev {end}")).contains("state UP")
        });
    }
}

/// Runs `ip` (package iproute2) with these words and gives its output.
pub(crate) fn ip(words: &str) -> String {
    let output = Command::new("ip")
        .args(words.split_whitespace())
        .output()
        .expect("the package iproute2 is needed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {words}: {errors}");
    String::from_utf8(output.stdout).expect("ip writes text")
}

/// True while `hf0` has this address, written with its prefix.
pub(crate) fn has_address(address: &str) -> bool {
    ip(&format!("-o address show dev {OURS}"))
        .split_whitespace()
        .any(|word| word == address)
}

/// Asks until it is true.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < end, "{what}: not within {LIMIT:?}");
        std::thread::yield_now();
    }
}
