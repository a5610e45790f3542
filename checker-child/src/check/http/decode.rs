//! An HTTP answer, piece by piece: header by httparse, body by Content-Length, chunks, or to the
//! end of the connection.

use super::super::cause::HttpFault;

/// Bytes of all headers of one answer, interim ones and trailers included. Servers themselves
/// stop at 8 to 32 KiB.
pub(super) const HEADER_LIMIT: usize = 32_768;
/// Fields of one header; more are no header that a server sends.
const FIELDS: usize = 128;
/// Bytes of the line before a chunk: a 64-bit number and room for extensions.
const CHUNK_LINE_LIMIT: usize = 256;

/// What is wrong with the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Http(HttpFault),
    HeaderTooLong,
}

impl From<HttpFault> for Fault {
    fn from(fault: HttpFault) -> Self {
        Self::Http(fault)
    }
}

/// A fault, and how many bytes show it: always the same ones, wherever the answer is cut.
pub(super) type At<T> = Result<T, (usize, Fault)>;

/// What the next bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// How many bytes were used.
    pub(super) used: usize,
    pub(super) what: What<'a>,
    /// The answer is complete.
    pub(super) end: bool,
}

/// What they mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What<'a> {
    /// Nothing yet.
    Nothing,
    /// The header of the final answer is complete.
    Head(Head),
    /// A part of the body: as it came, and without the framing of chunks.
    Body { raw: &'a [u8], content: &'a [u8] },
}

/// What counts of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) framing: Framing,
}

/// How the end of the body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none, or it has this many bytes.
    Length(u64),
    Chunked,
    ToEnd,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Head,
    Sized(u64),
    ToEnd,
    ChunkSize(Vec<u8>),
    Chunk(u64),
    ChunkEnd,
    /// Length of the present line of the trailer.
    Trailer(usize),
    End,
}

/// Reads one answer.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
    head: Vec<u8>,
    /// Bytes of earlier headers.
    spent: usize,
}

impl Decoder {
    /// Nothing of the answer came yet.
    pub(super) const fn is_untouched(&self) -> bool {
        self.head.is_empty() && self.spent == 0
    }

    /// Takes the next piece of bytes that are not empty. It may use only a part of them.
    pub(super) fn take<'a>(&mut self, bytes: &'a [u8]) -> At<Piece<'a>> {
        match &mut self.state {
            State::Head => self.take_head(bytes),
            State::Sized(left) => {
                let used = least(*left, bytes);
                *left = left.saturating_sub(count(used));
                let end = *left == 0;
                Ok(body(bytes, used, true, end))
            }
            State::ToEnd => Ok(body(bytes, bytes.len(), true, false)),
            State::Chunk(left) => {
                let used = least(*left, bytes);
                *left = left.saturating_sub(count(used));
                if *left == 0 {
                    self.state = State::ChunkEnd;
                }
                Ok(body(bytes, used, true, false))
            }
            State::ChunkSize(_) => self.take_size(bytes),
            State::ChunkEnd => self.take_chunk_end(bytes),
            State::Trailer(_) => self.take_trailer(bytes),
            State::End => Ok(Piece {
                used: 0,
                what: What::Nothing,
                end: true,
            }),
        }
    }

    fn take_head<'a>(&mut self, bytes: &'a [u8]) -> At<Piece<'a>> {
        // Whatever the pieces are, a line end may be in the one before.
        let room = HEADER_LIMIT
            .saturating_sub(self.spent)
            .saturating_sub(self.head.len());
        let before = self.head.len();
        let part = bytes.get(..room).unwrap_or(bytes);
        self.head.extend_from_slice(part);
        let Some(end) = end_of_header(&self.head, before) else {
            if let Some(at) = not_http(&self.head) {
                return Err((at.saturating_sub(before), HttpFault::NotHttp.into()));
            }
            return match self.head.len().saturating_add(self.spent) >= HEADER_LIMIT {
                true => Err((part.len(), Fault::HeaderTooLong)),
                false => Ok(Piece {
                    used: part.len(),
                    what: What::Nothing,
                    end: false,
                }),
            };
        };
        self.head.truncate(end);
        let used = match not_http(&self.head) {
            Some(at) => return Err((at.saturating_sub(before), HttpFault::NotHttp.into())),
            None => end.saturating_sub(before),
        };
        let head = parse(&self.head).map_err(|fault| (used, fault))?;
        self.spent = self.spent.saturating_add(end);
        self.head = Vec::new();
        // Interim answers come before the final one; after 101 no HTTP follows.
        if (100..200).contains(&head.status) && head.status != 101 {
            return Ok(Piece {
                used,
                what: What::Nothing,
                end: false,
            });
        }
        self.state = match head.framing {
            Framing::Length(0) => State::End,
            Framing::Length(length) => State::Sized(length),
            Framing::Chunked => State::ChunkSize(Vec::new()),
            Framing::ToEnd => State::ToEnd,
        };
        let end = matches!(self.state, State::End);
        Ok(Piece {
            used,
            what: What::Head(head),
            end,
        })
    }

    fn take_size<'a>(&mut self, bytes: &'a [u8]) -> At<Piece<'a>> {
        let State::ChunkSize(line) = &mut self.state else {
            return Err((0, bad("chunk size")));
        };
        let room = CHUNK_LINE_LIMIT.saturating_sub(line.len());
        let bytes = bytes.get(..room).unwrap_or(bytes);
        let newline = bytes.iter().position(|byte| *byte == b'\n');
        let used = newline.map_or(bytes.len(), |at| at.saturating_add(1));
        line.extend_from_slice(bytes.get(..used).unwrap_or_default());
        if newline.is_none() && line.len() >= CHUNK_LINE_LIMIT {
            return Err((used, bad("the line before a chunk has no end")));
        }
        if newline.is_some() {
            self.state =
                match chunk_size(line).ok_or_else(|| (used, bad("a chunk without its size")))? {
                    0 => State::Trailer(0),
                    size => State::Chunk(size),
                };
        }
        Ok(body(bytes, used, false, false))
    }

    fn take_chunk_end<'a>(&mut self, bytes: &'a [u8]) -> At<Piece<'a>> {
        match bytes.first() {
            Some(b'\n') => self.state = State::ChunkSize(Vec::new()),
            Some(b'\r') | None => {}
            Some(_) => return Err((1, bad("a chunk is longer than it says"))),
        }
        Ok(body(bytes, 1, false, false))
    }

    fn take_trailer<'a>(&mut self, bytes: &'a [u8]) -> At<Piece<'a>> {
        let State::Trailer(length) = &mut self.state else {
            return Err((0, bad("trailer")));
        };
        self.spent = self.spent.saturating_add(1);
        if self.spent > HEADER_LIMIT {
            return Err((1, Fault::HeaderTooLong));
        }
        let mut end = false;
        match bytes.first() {
            Some(b'\n') if *length == 0 => end = true,
            Some(b'\n') => *length = 0,
            Some(b'\r') | None => {}
            Some(_) => *length = length.saturating_add(1),
        }
        if end {
            self.state = State::End;
        }
        Ok(body(bytes, 1, false, end))
    }
}

fn bad(what: &'static str) -> Fault {
    HttpFault::BadBody(what).into()
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn least(left: u64, bytes: &[u8]) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len())
}

fn body(bytes: &[u8], used: usize, is_content: bool, end: bool) -> Piece<'_> {
    let raw = bytes.get(..used).unwrap_or(bytes);
    let content = if is_content { raw } else { &[] };
    Piece {
        used: raw.len(),
        what: What::Body { raw, content },
        end,
    }
}

/// How many of the first bytes say that it is none, so that an endless stream of something else
/// is not waited for.
fn not_http(head: &[u8]) -> Option<usize> {
    let mut pairs = head.iter().zip(PROTOCOL);
    let at = pairs.position(|(got, wanted)| !got.eq_ignore_ascii_case(wanted))?;
    Some(at.saturating_add(1))
}

const PROTOCOL: &[u8] = b"HTTP/";

/// Where the header ends: behind the first empty line. All before `seen` was looked at earlier.
fn end_of_header(head: &[u8], seen: usize) -> Option<usize> {
    // An empty line is at most "\n\r\n", of which two bytes may have come before.
    let from = seen.saturating_sub(2);
    let tail = head.get(from..)?;
    let mut newlines = tail.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    newlines.find_map(|(at, _)| {
        let line = tail.get(at.saturating_add(1)..)?;
        let length = match line {
            [b'\n', ..] => 2,
            [b'\r', b'\n', ..] => 3,
            _ => return None,
        };
        Some(from.saturating_add(at).saturating_add(length))
    })
}

fn parse(head: &[u8]) -> Result<Head, Fault> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    if let Ok(httparse::Status::Complete(_)) = lenient().parse_response(&mut response, head) {
        return Ok(meaning(response.code.unwrap_or(0), response.headers));
    }
    // Real servers say HTTP/2, a status without a reason, two blanks: what counts is the number.
    let (status, rest) = status_line(head).ok_or(HttpFault::NotHttp)?;
    let plain = [b"HTTP/1.1 200 OK\r\n", rest].concat();
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    match lenient().parse_response(&mut response, &plain) {
        Ok(httparse::Status::Complete(_)) => Ok(meaning(status, response.headers)),
        Ok(httparse::Status::Partial) => Err(HttpFault::BadHeader("it has no end").into()),
        Err(httparse::Error::TooManyHeaders) => Err(HttpFault::BadHeader("too many fields").into()),
        Err(_) => Err(HttpFault::BadHeader("a field is malformed").into()),
    }
}

fn lenient() -> httparse::ParserConfig {
    let mut config = httparse::ParserConfig::default();
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .ignore_invalid_headers_in_responses(true);
    config
}

/// The status of a line like `HTTP/2 200`, and what stands behind the line.
fn status_line(head: &[u8]) -> Option<(u16, &[u8])> {
    let end = head.iter().position(|byte| *byte == b'\n')?;
    let line = head.get(..end)?.trim_ascii_end();
    let mut words = line
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty());
    let protocol = words.next()?;
    if protocol.len() < PROTOCOL.len() || not_http(protocol).is_some() {
        return None;
    }
    let digits = words.next()?;
    if digits.len() != 3 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let status = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((status, head.get(end.saturating_add(1)..)?))
}

fn meaning(status: u16, fields: &[httparse::Header<'_>]) -> Head {
    let framing = match status {
        // RFC 9110 sections 15.2, 15.3.5 and 15.4.5: no content.
        100..=199 | 204 | 304 => Framing::Length(0),
        _ => framing(fields),
    };
    Head { status, framing }
}

/// RFC 9112 section 6.3: chunks come before a length. A length that is none counts for nothing.
fn framing(fields: &[httparse::Header<'_>]) -> Framing {
    let values = |name: &'static str| {
        fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.trim_ascii())
    };
    let last_coding = values("transfer-encoding").next_back();
    if let Some(codings) = last_coding {
        let last = codings
            .rsplit(|byte| *byte == b',')
            .next()
            .unwrap_or_default();
        return match last.trim_ascii().eq_ignore_ascii_case(b"chunked") {
            true => Framing::Chunked,
            false => Framing::ToEnd,
        };
    }
    let mut lengths = values("content-length").map(number);
    match lengths.next() {
        Some(Some(length)) if lengths.all(|other| other == Some(length)) => Framing::Length(length),
        Some(_) | None => Framing::ToEnd,
    }
}

fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
