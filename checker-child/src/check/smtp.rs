//! `SMTP_CHECK`: greeting, HELO, QUIT (RFC 5321).

use super::cause::{Cause, Doing};
use super::conversation::{Move, Protocol, Success, Taken};
use super::excerpt::shown;

/// Bytes of one reply with all its lines: 512 are the longest line (RFC 5321 section 4.5.3.1.5),
/// and greetings of a page of legal text exist.
pub const REPLY_LIMIT: usize = 8_192;

/// Characters that are shown of a reply.
const CODE: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Banner,
    Helo,
    Quit,
}

/// One dialogue.
#[derive(Debug)]
pub(super) struct SmtpTalk {
    helo: Vec<u8>,
    stage: Stage,
    reply: ReplyReader,
}

impl SmtpTalk {
    /// `helo` is the whole line.
    pub(super) fn new(helo: &[u8]) -> Self {
        Self {
            helo: helo.to_vec(),
            stage: Stage::Banner,
            reply: ReplyReader::default(),
        }
    }

    fn replied(&mut self, reply: &Reply) -> Move {
        let (wanted, asked) = match self.stage {
            Stage::Banner => (220, "the greeting"),
            Stage::Helo => (250, "HELO"),
            Stage::Quit => (221, "QUIT"),
        };
        if reply.code != wanted {
            let (got, text) = (reply.code, shown(&reply.text));
            return Move::Failed(Cause::Smtp {
                asked,
                got,
                wanted,
                text,
            });
        }
        match self.stage {
            Stage::Banner => {
                self.stage = Stage::Helo;
                Move::Send(std::mem::take(&mut self.helo))
            }
            Stage::Helo => {
                self.stage = Stage::Quit;
                Move::Send(b"QUIT\r\n".to_vec())
            }
            Stage::Quit => Move::Passed(Success::Dialogue),
        }
    }
}

/// The line that greets; a name with a line end in it would be another command.
pub(super) fn helo_line(name: &str) -> Result<Vec<u8>, String> {
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    match plain {
        true => Ok(format!("HELO {name}\r\n").into_bytes()),
        false => Err(format!("helo_name {name:?} is not a host name")),
    }
}

impl Protocol for SmtpTalk {
    fn opened(&mut self, _random: u64) -> Move {
        Move::WaitAnew
    }

    /// A server may speak before it was asked. On a stream that cannot be told from an answer, so
    /// it counts as one, however it is cut.
    fn bytes(&mut self, bytes: &[u8]) -> Taken {
        let mut used: usize = 0;
        let mut send = Vec::new();
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            let reply = match self.reply.take(rest) {
                Ok((count, reply)) => {
                    used = used.saturating_add(count);
                    reply
                }
                Err((count, fault)) => {
                    let next = Move::Failed(fault.into());
                    return Taken {
                        used: used.saturating_add(count),
                        next,
                    };
                }
            };
            match reply.map(|reply| self.replied(&reply)) {
                Some(Move::Send(line)) => send.extend_from_slice(&line),
                Some(next) => return Taken { used, next },
                None => {}
            }
        }
        let next = if send.is_empty() {
            Move::Wait
        } else {
            Move::Send(send)
        };
        Taken { used, next }
    }

    fn closed(&mut self) -> Move {
        Move::Failed(Cause::Closed {
            doing: self.doing(),
        })
    }

    fn doing(&self) -> Doing {
        match self.stage {
            Stage::Banner => Doing::Banner,
            Stage::Helo => Doing::Helo,
            Stage::Quit => Doing::Quit,
        }
    }
}

/// One reply: the code, and the text of its last line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reply {
    code: u16,
    text: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    TooLong,
    NoReply,
}

impl From<Fault> for Cause {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TooLong => Self::TooMuch {
                what: "the reply",
                limit: u64::try_from(REPLY_LIMIT).unwrap_or(u64::MAX),
            },
            Fault::NoReply => Self::NotSmtp,
        }
    }
}

/// Reads replies of one or several lines (RFC 5321 section 4.2.1).
#[derive(Debug, Default)]
struct ReplyReader {
    line: Vec<u8>,
    seen: usize,
}

impl ReplyReader {
    /// How many bytes were used, and the reply when it is complete.
    fn take(&mut self, bytes: &[u8]) -> Result<(usize, Option<Reply>), (usize, Fault)> {
        let mut used: usize = 0;
        for byte in bytes {
            used = used.saturating_add(1);
            self.seen = self.seen.saturating_add(1);
            if self.seen > REPLY_LIMIT {
                return Err((used, Fault::TooLong));
            }
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            if let Some(reply) = last_line(line).map_err(|fault| (used, fault))? {
                self.seen = 0;
                return Ok((used, Some(reply)));
            }
        }
        Ok((used, None))
    }
}

/// `250 text` ends a reply, `250-text` does not.
fn last_line(line: &[u8]) -> Result<Option<Reply>, Fault> {
    let (digits, rest) = line.split_at_checked(CODE).ok_or(Fault::NoReply)?;
    let code = digits.iter().try_fold(0_u16, |code, digit| {
        let value = char::from(*digit).to_digit(10)?;
        code.checked_mul(10)?
            .checked_add(u16::try_from(value).ok()?)
    });
    let code = code.ok_or(Fault::NoReply)?;
    match rest {
        [b'-', ..] => Ok(None),
        [] => Ok(Some(Reply {
            code,
            text: Vec::new(),
        })),
        [b' ', text @ ..] => Ok(Some(Reply {
            code,
            text: text.to_vec(),
        })),
        [_, ..] => Err(Fault::NoReply),
    }
}
