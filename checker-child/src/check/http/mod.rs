//! `HTTP_GET` and `SSL_GET`: one page a conversation.

mod decode;
mod digest;
mod pattern;

pub use digest::Digest;
pub(super) use pattern::Patterns;
pub use pattern::WINDOW as PATTERN_WINDOW;

use super::cause::{Cause, Doing, HttpFault};
use super::conversation::{Channel, Move, Protocol, Success, Taken};
use decode::{Decoder, Fault, Framing, HEADER_LIMIT, Head, Piece, What};
use digest::Comparison;
use holdfast_ipc::config::model::{Endpoint, HttpProbe, HttpVersion, TlsOptions, Url};
use pattern::Pattern;
use std::net::IpAddr;
use std::sync::Arc;

/// Bytes of a body, however its end is known. A page that is checked every few seconds is small;
/// a server that never stops is sick.
pub const BODY_LIMIT: u64 = 16_777_216;

/// What one check asks, made ready.
#[derive(Debug)]
pub(super) struct HttpPlan {
    tls: Option<TlsOptions>,
    first: Arc<Page>,
    others: Vec<Arc<Page>>,
}

/// One `url`, made ready.
#[derive(Debug)]
struct Page {
    path: String,
    request: Box<[u8]>,
    status: Vec<(u16, u16)>,
    digest: Option<Digest>,
    /// The digest is not compared but told.
    measured: bool,
    pattern: Option<Pattern>,
    server_name: Option<String>,
    close_notify: bool,
}

impl HttpPlan {
    pub(super) fn new(probe: &HttpProbe, patterns: &mut Patterns) -> Result<Self, String> {
        let mut pages = probe
            .urls
            .iter()
            .map(|url| Page::new(probe, url, patterns).map(Arc::new));
        let first = pages.next().ok_or("an HTTP check without a url")??;
        Ok(Self {
            tls: probe.tls.clone(),
            first,
            others: pages.collect::<Result<_, _>>()?,
        })
    }

    /// The digest of its first page is told instead of compared.
    pub(super) fn measure(&mut self) {
        if let Some(page) = Arc::get_mut(&mut self.first) {
            page.measured = true;
        }
    }

    pub(super) const fn pages(&self) -> usize {
        self.others.len().saturating_add(1)
    }

    /// The first one where there are not so many.
    fn page(&self, number: usize) -> &Arc<Page> {
        let other = number
            .checked_sub(1)
            .and_then(|index| self.others.get(index));
        other.unwrap_or(&self.first)
    }

    pub(super) fn channel(&self, page: usize) -> Channel<'_> {
        match &self.tls {
            Some(options) => Channel::Tls {
                server_name: self.page(page).server_name.as_deref(),
                options,
            },
            None => Channel::Tcp,
        }
    }

    pub(super) fn says_goodbye(&self, page: usize) -> bool {
        self.tls.is_some() && self.page(page).close_notify
    }
}

impl Page {
    fn new(probe: &HttpProbe, url: &Url, patterns: &mut Patterns) -> Result<Self, String> {
        let pattern = url
            .regex
            .as_ref()
            .map(|source| Pattern::new(source, patterns));
        Ok(Self {
            path: url.path.clone(),
            request: request(probe, url)?,
            status: url.status.clone(),
            digest: url.digest.map(Digest::from),
            measured: false,
            pattern: pattern.transpose()?,
            server_name: probe.tls.as_ref().and_then(|tls| server_name(tls, url)),
            close_notify: url.tls_compliant,
        })
    }

    fn fault(&self, fault: HttpFault) -> Cause {
        let path = self.path.clone();
        Cause::Http { path, fault }
    }

    fn accepts(&self, status: u16) -> bool {
        self.status
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&status))
    }
}

/// Byte for byte what keepalived and genhash send.
fn request(probe: &HttpProbe, url: &Url) -> Result<Box<[u8]>, String> {
    let (version, close) = match probe.protocol {
        HttpVersion::V1_0 => ("1.0", ""),
        HttpVersion::V1_0Close => ("1.0", CLOSE),
        HttpVersion::V1_1 => ("1.1", CLOSE),
    };
    let host = match &url.host {
        Some(name) => name.clone(),
        None => address_and_port(&probe.endpoint),
    };
    // A line end in a value would be another field, or another request.
    if [&url.path, &host]
        .into_iter()
        .any(|text| text.contains(['\r', '\n', '\0']))
    {
        return Err(format!(
            "url {:?}: line end in the path or the host",
            url.path
        ));
    }
    let path = &url.path;
    Ok(format!(
        "GET {path} HTTP/{version}\r\nUser-Agent: KeepAliveClient\r\n{close}Host: {host}\r\n\r\n"
    )
    .into_bytes()
    .into_boxed_slice())
}

const CLOSE: &str = "Connection: close\r\n";

/// As keepalived: with the port always, even the usual one.
fn address_and_port(endpoint: &Endpoint) -> String {
    let port = endpoint.port;
    match endpoint.address {
        IpAddr::V4(address) => format!("{address}:{port}"),
        IpAddr::V6(address) => format!("[{address}]:{port}"),
    }
}

/// RFC 6066 section 3: a name, never an address, without a port.
fn server_name(tls: &TlsOptions, url: &Url) -> Option<String> {
    if !tls.sni {
        return None;
    }
    let name = tls.sni_name.as_deref().or(url.host.as_deref())?;
    let host = match name.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => name,
    };
    let is_address = |text: &str| text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let is_name = !host.is_empty() && !is_address(name) && !is_address(host);
    is_name.then(|| host.to_owned())
}

/// One page.
#[derive(Debug)]
pub(super) struct HttpTalk {
    page: Arc<Page>,
    decoder: Decoder,
    status: Option<u16>,
    comparison: Option<Comparison>,
    /// What is searched in; empty without a pattern.
    kept: Vec<u8>,
    content: u64,
    raw: u64,
}

impl HttpTalk {
    pub(super) fn new(plan: &HttpPlan, page: usize) -> Self {
        let page = Arc::clone(plan.page(page));
        Self {
            comparison: page.digest.map(Comparison::new),
            page,
            decoder: Decoder::default(),
            status: None,
            kept: Vec::new(),
            content: 0,
            raw: 0,
        }
    }

    /// What the next piece means; `None` while there may be more in the same bytes.
    fn piece(&mut self, piece: &Piece<'_>) -> Option<Move> {
        let over = match piece.what {
            What::Nothing => None,
            What::Head(head) => self.head(head),
            What::Body { raw, content } => self.body(raw, content),
        };
        if over.is_some() || !piece.end {
            return over;
        }
        Some(self.judge())
    }

    fn head(&mut self, head: Head) -> Option<Move> {
        self.status = Some(head.status);
        if !self.page.accepts(head.status) {
            let wanted = self.page.status.clone();
            let got = head.status;
            return Some(Move::Failed(
                self.page.fault(HttpFault::Status { got, wanted }),
            ));
        }
        match head.framing {
            Framing::Length(length) if length > BODY_LIMIT => return Some(too_long()),
            Framing::Length(_) | Framing::ToEnd => {}
            Framing::Chunked => {
                if let Some(comparison) = &mut self.comparison {
                    comparison.expect_chunks();
                }
            }
        }
        None
    }

    fn body(&mut self, raw: &[u8], content: &[u8]) -> Option<Move> {
        self.raw = self.raw.saturating_add(length(raw));
        self.content = self.content.saturating_add(length(content));
        if self.raw > BODY_LIMIT {
            return Some(too_long());
        }
        if let Some(comparison) = &mut self.comparison {
            comparison.add(raw, content);
        }
        if self.page.pattern.is_some() {
            let room = PATTERN_WINDOW.saturating_sub(self.kept.len());
            self.kept
                .extend_from_slice(content.get(..room).unwrap_or(content));
        }
        None
    }

    fn cause(&self, fault: Fault) -> Cause {
        match fault {
            Fault::Http(fault) => self.page.fault(fault),
            Fault::HeaderTooLong => Cause::TooMuch {
                what: "the HTTP header",
                limit: u64::try_from(HEADER_LIMIT).unwrap_or(u64::MAX),
            },
        }
    }

    /// The answer is complete: digest, then pattern, as keepalived does it.
    fn judge(&mut self) -> Move {
        let Some(status) = self.status else {
            return Move::Failed(Cause::Closed {
                doing: self.doing(),
            });
        };
        if self.page.measured
            && let Some(comparison) = self.comparison.take()
        {
            let (raw, content) = comparison.measure();
            return Move::Passed(Success::Measured {
                status,
                raw,
                content,
            });
        }
        match self.wrong() {
            Some(fault) => Move::Failed(self.page.fault(fault)),
            None => Move::Passed(Success::Page { status }),
        }
    }

    fn wrong(&mut self) -> Option<HttpFault> {
        if let Some(wanted) = self.page.digest
            && let Some(comparison) = self.comparison.take()
            && let Err(got) = comparison.finish()
        {
            return Some(HttpFault::Digest { got, wanted });
        }
        let pattern = self.page.pattern.as_ref()?;
        let found = pattern.is_in(&self.kept);
        if found && pattern.invert {
            return Some(HttpFault::Matches);
        }
        // Behind the window nobody looked: neither answer is certain.
        let unseen = self.content > length(&self.kept);
        match (found, pattern.invert, unseen) {
            (true, _, _) | (false, true, false) => None,
            (false, _, true) => Some(HttpFault::NotSearched),
            (false, false, false) => Some(HttpFault::NoMatch {
                length: self.content,
            }),
        }
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

const fn too_long() -> Move {
    Move::Failed(Cause::TooMuch {
        what: "the body",
        limit: BODY_LIMIT,
    })
}

impl Protocol for HttpTalk {
    fn opened(&mut self, _random: u64) -> Move {
        Move::Send(self.page.request.to_vec())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Taken {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            // No further than the byte that is one too many.
            let room = BODY_LIMIT.saturating_sub(self.raw).saturating_add(1);
            let room = usize::try_from(room).unwrap_or(usize::MAX);
            let next = match self.decoder.take(rest.get(..room).unwrap_or(rest)) {
                Ok(piece) => {
                    used = used.saturating_add(piece.used);
                    self.piece(&piece)
                }
                Err((count, fault)) => {
                    used = used.saturating_add(count);
                    Some(Move::Failed(self.cause(fault)))
                }
            };
            if let Some(next) = next {
                return Taken { used, next };
            }
        }
        // A header has to be complete in one step's time; a body only has to go on.
        let next = if self.status.is_none() {
            Move::Wait
        } else {
            Move::WaitAnew
        };
        Taken { used, next }
    }

    /// The end of the stream is the end of the body, also where more was announced: as with
    /// keepalived, status, digest and pattern say whether the page is right.
    fn closed(&mut self) -> Move {
        self.judge()
    }

    fn doing(&self) -> Doing {
        match self.status {
            None if self.decoder.is_untouched() => Doing::Answer,
            None => Doing::Header,
            Some(_) => Doing::Body,
        }
    }
}
