//! Arbitrary values of what is opened for checks.

use holdfast_ipc::config::model::{Family, IfName};
use holdfast_ipc::opening::{CheckSocket, NotOpened, OpenStep, Refusal, Request, SocketKind};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

pub(crate) fn any_request() -> impl Strategy<Value = Request> {
    any::<u64>().prop_map(Request::new)
}

pub(crate) fn any_socket(
    interface: impl Strategy<Value = IfName>,
) -> impl Strategy<Value = CheckSocket> {
    let kind = select(vec![SocketKind::Tcp, SocketKind::Udp, SocketKind::Ping]);
    let family = select(vec![Family::V4, Family::V6]);
    let all = (kind, family, any::<u32>(), option::of(interface));
    all.prop_map(|(kind, family, mark, interface)| CheckSocket {
        kind,
        family,
        mark,
        interface,
    })
}

pub(crate) fn any_refusal() -> impl Strategy<Value = Refusal> {
    let step = select(vec![
        OpenStep::Socket,
        OpenStep::PingSocket,
        OpenStep::Mark,
        OpenStep::Device,
        OpenStep::Source,
        OpenStep::SourcePort,
    ]);
    (step, any::<i32>()).prop_map(|(step, errno)| Refusal { step, errno })
}

pub(crate) fn any_reason() -> impl Strategy<Value = NotOpened> {
    prop_oneof![
        any_refusal().prop_map(NotOpened::Refused),
        ".{0,40}".prop_map(NotOpened::NotTried),
    ]
}
