//! Lines of `linkbeat_interfaces` and `interface_up_down_delays`.

use super::super::{Context, number, value};
use crate::diag::{Code, Diagnostic, quote};
use crate::lower::entry::{option_needs_value, unknown_option};
use crate::model::{IfName, LinkDelay, Micros};
use crate::tree::Statement;

/// `IF [MII|ETHTOOL|IOCTL]`.
pub(in super::super) fn linkbeat(
    cx: &mut Context<'_>,
    statement: &Statement<'_>,
) -> Option<IfName> {
    let interface = value::interface(cx, &statement.head)?;
    if let Some(method) = statement.args.first()
        && !matches!(method.text.as_ref(), "MII" | "ETHTOOL" | "IOCTL")
    {
        let text = format!("{} is no way to ask for a link", quote(&method.text));
        cx.push(
            Diagnostic::error(Code::NotAChoice, method.span, text)
                .label("expected `MII`, `ETHTOOL`, `IOCTL` or nothing"),
        );
        return None;
    }
    if let Some(extra) = statement.args.get(1) {
        unknown_option(cx, extra, "nothing more");
    }
    Some(interface)
}

/// `IF DOWN [UP]`.
pub(in super::super) fn link_delay(
    cx: &mut Context<'_>,
    statement: &Statement<'_>,
) -> Option<LinkDelay> {
    /// keepalived's longest delay.
    const LONGEST: u64 = 255_000_000;
    let interface = value::interface(cx, &statement.head)?;
    let Some(down) = statement.args.first() else {
        option_needs_value(cx, &statement.head);
        return None;
    };
    let down = number::time(cx, "DOWN", down, 0, LONGEST)?;
    let up = match statement.args.get(1) {
        Some(up) => number::time(cx, "UP", up, 0, LONGEST)?,
        None => Micros::ZERO,
    };
    if let Some(extra) = statement.args.get(2) {
        unknown_option(cx, extra, "nothing more");
    }
    Some(LinkDelay {
        interface,
        down,
        up,
    })
}
