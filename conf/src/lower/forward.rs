//! `lb_kind` and its tunnels.

use super::{Context, number};
use crate::diag::{Code, Diagnostic, quote};
use crate::model::{Forward, Tunnel, TunnelChecksum};
use crate::tree::Text;

/// `NAT`, `DR` or `TUN`, with the kind of the tunnel behind it.
pub(super) fn parse(cx: &mut Context<'_>, words: &[Text<'_>]) -> Option<Forward> {
    let (kind, options) = words.split_first()?;
    let forward = match kind.text.as_ref() {
        "NAT" => Forward::Nat,
        "DR" => Forward::Direct,
        "TUN" => return tunnel(cx, options).map(Forward::Tunnel),
        _ => {
            let text = format!("{} is no way to forward packets", quote(&kind.text));
            cx.push(
                Diagnostic::error(Code::NotAChoice, kind.span, text)
                    .label("expected `NAT`, `DR` or `TUN`"),
            );
            return None;
        }
    };
    if let Some(extra) = options.first() {
        wrong(cx, extra, "nothing more");
        return None;
    }
    Some(forward)
}

fn tunnel(cx: &mut Context<'_>, words: &[Text<'_>]) -> Option<Tunnel> {
    let mut kind = None;
    let mut port = None;
    let mut checksum = TunnelChecksum::None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.text.as_ref() {
            "type" => kind = Some(words.next()?),
            "port" => {
                let number = number::int(cx, "port", words.next()?, 1, 65_535)?;
                port = u16::try_from(number).ok();
            }
            "nocsum" => checksum = TunnelChecksum::None,
            "csum" => checksum = TunnelChecksum::Full,
            "remcsum" => checksum = TunnelChecksum::Remote,
            _ => {
                wrong(cx, word, "`type`, `port`, `nocsum`, `csum` or `remcsum`");
                return None;
            }
        }
    }
    match kind.map(|word| (word, word.text.as_ref())) {
        None | Some((_, "ipip")) => Some(Tunnel::Ipip),
        Some((_, "gre")) => Some(Tunnel::Gre { checksum }),
        Some((word, "gue")) => {
            if port.is_none() {
                let text = "a GUE tunnel needs a port";
                cx.push(
                    Diagnostic::error(Code::MissingValue, word.span, text)
                        .label("`port N` is missing behind this"),
                );
            }
            port.map(|port| Tunnel::Gue { port, checksum })
        }
        Some((word, _)) => {
            wrong(cx, word, "`ipip`, `gue` or `gre`");
            None
        }
    }
}

fn wrong(cx: &mut Context<'_>, word: &Text<'_>, expected: &str) {
    let text = format!("unknown option {}", quote(&word.text));
    cx.push(
        Diagnostic::error(Code::UnknownOption, word.span, text)
            .label(format!("expected {expected}")),
    );
}
