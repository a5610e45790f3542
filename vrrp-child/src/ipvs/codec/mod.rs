//! Messages of the generic netlink family "IPVS" (linux/ip_vs.h). Answers are foreign bytes: every
//! reader is total, whatever the bytes are.

mod answer;
mod attributes;
mod frame;
mod number;
mod request;

pub use answer::{
    Connections, Info, Malformed, ServerAnswer, ServiceAnswer, Stats, read_daemon, read_errno,
    read_family, read_info, read_server, read_service, read_timeouts,
};
pub use frame::{FamilyId, Part, command, family_query, parts, query};
