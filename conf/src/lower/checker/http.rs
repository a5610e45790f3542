//! `HTTP_GET` and `SSL_GET`.

use super::check::{Block, connection, missing};
use super::regex;
use crate::diag::{Code, Diagnostic};
use crate::keyword::Word;
use crate::lower::Context;
use crate::lower::settings::{Settings, Value};
use crate::model::{Digest, HttpProbe, HttpVersion, TlsOptions, Url};
use crate::source::Span;

/// Accepted unless configured.
const SUCCESS: (u16, u16) = (200, 299);

pub(super) fn probe(cx: &mut Context<'_>, block: &Block<'_>, tls: bool) -> Option<HttpProbe> {
    let own = block.own;
    let host = block.text(Word::Virtualhost);
    let tls_compliant = own.bool(Word::TlsCompliant).unwrap_or(false);
    let mut urls = Vec::new();
    for setting in own.all(Word::Url) {
        if let Value::Block(_, settings) = &setting.value {
            let url = url(cx, settings, setting.head, host.as_deref(), tls_compliant);
            urls.extend(url);
        }
    }
    if !own.has(Word::Url) && !own.failed(Word::Url) {
        missing(cx, block, "url");
        return None;
    }
    if !tls {
        for word in [Word::EnableSni, Word::SniName] {
            super::idle(cx, own, word, "HTTP_GET has no TLS");
        }
    }
    let sni_name = own.text(Word::SniName);
    Some(HttpProbe {
        endpoint: connection(cx, block),
        tls: tls.then(|| TlsOptions {
            sni: sni_name.is_some() || own.bool(Word::EnableSni).unwrap_or(true),
            sni_name: sni_name.filter(|name| !name.is_empty()),
            verify: own.bool(Word::Verify).unwrap_or(false),
        }),
        protocol: match own.text(Word::HttpProtocol).as_deref() {
            Some("1.0C") => HttpVersion::V1_0Close,
            Some("1.1") => HttpVersion::V1_1,
            _ => HttpVersion::V1_0,
        },
        fast_recovery: own.bool(Word::FastRecovery).unwrap_or(false),
        urls,
    })
}

fn url(
    cx: &mut Context<'_>,
    settings: &Settings,
    head: Span,
    host: Option<&str>,
    tls_compliant: bool,
) -> Option<Url> {
    let Some(path) = settings.text(Word::Path) else {
        if !settings.failed(Word::Path) {
            cx.push(
                Diagnostic::error(Code::MissingWord, head, "this `url` has no `path`")
                    .label("`path` is required in this block"),
            );
        }
        return None;
    };
    let digest = match settings.get(Word::Digest).map(|setting| &setting.value) {
        Some(Value::Bytes(bytes)) => {
            let bytes: Vec<u8> = bytes.iter().map(|(byte, _)| *byte).collect();
            let md5 = <[u8; 16]>::try_from(bytes.as_slice()).map(Digest::Md5);
            let sha256 = <[u8; 32]>::try_from(bytes.as_slice()).map(Digest::Sha256);
            md5.or(sha256).ok()
        }
        _ => None,
    };
    let status = match settings.get(Word::StatusCode).map(|setting| &setting.value) {
        Some(Value::Codes(codes)) => codes.clone(),
        _ => vec![SUCCESS],
    };
    Some(Url {
        path,
        host: settings
            .text(Word::Virtualhost)
            .or_else(|| host.map(str::to_owned)),
        digest,
        status,
        regex: regex::pattern(cx, settings),
        tls_compliant: settings.bool(Word::TlsCompliant).unwrap_or(tls_compliant),
    })
}
