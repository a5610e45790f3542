//! `HTTP_GET` and `SSL_GET`.

use super::check::{Block, endpoint, missing};
use crate::diag::{Code, Diagnostic};
use crate::keyword::Word;
use crate::lower::Context;
use crate::lower::settings::{Settings, Value};
use crate::model::{BodyPattern, HttpProbe, HttpVersion, TlsOptions, Url};
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
    let sni_name = own.text(Word::SniName);
    Some(HttpProbe {
        endpoint: endpoint(cx, block),
        tls: tls.then(|| TlsOptions {
            sni: sni_name.is_some() || own.bool(Word::EnableSni).unwrap_or(false),
            sni_name: sni_name.filter(|name| !name.is_empty()),
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
            <[u8; 16]>::try_from(bytes).ok()
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
        regex: regex(settings),
        tls_compliant: settings.bool(Word::TlsCompliant).unwrap_or(tls_compliant),
    })
}

fn regex(settings: &Settings) -> Option<BodyPattern> {
    Some(BodyPattern {
        pattern: settings.text(Word::Regex)?,
        options: match settings
            .get(Word::RegexOptions)
            .map(|setting| &setting.value)
        {
            Some(Value::Words(words)) => words.clone(),
            _ => Vec::new(),
        },
        invert: settings.has(Word::RegexNoMatch),
        min_offset: settings.number(Word::RegexMinOffset).unwrap_or(0),
        max_offset: settings.number(Word::RegexMaxOffset),
    })
}
