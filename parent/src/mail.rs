//! Mail that waits, is being sent, and is tried again.
//!
//! What comes within a moment goes in one batch, by one process and one connection. A mail that a
//! server does not take now is tried again with longer and longer pauses; one that it never will is
//! told and dropped. There is an end to everything: to how many wait, how often they are tried, and
//! how long a batch may take.

use crate::alert::Letter;
use crate::logline::one_line;
use crate::words::counted;
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::log::Level;
use holdfast_ipc::mail::{Fate, MAX_MAILS, Mail};
use holdfast_ipc::time::Monotonic;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// Mails that wait. A flapping pool makes a handful a second; each is below 3 KiB.
const MAX_WAITING: usize = 256;
/// Mails that come so close together go together.
const GATHER: Micros = Micros::from_millis(200);
/// Pauses before a mail is tried again. Servers that let strangers wait (greylisting) take it after
/// some minutes.
const PAUSES: [Micros; 5] = [
    Micros::from_secs(5),
    Micros::from_secs(30),
    Micros::from_secs(120),
    Micros::from_secs(600),
    Micros::from_secs(1_800),
];
/// Longest words of a server that are kept, in bytes.
const MAX_WORDS: usize = 256;

/// A line for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// How bad it is.
    pub level: Level,
    /// For the operator.
    pub text: String,
}

impl Note {
    fn new(level: Level, text: String) -> Self {
        Self { level, text }
    }
}

/// A mail that is not with all of its recipients yet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Waiting {
    number: u32,
    at: u64,
    letter: Letter,
    to: Rc<[String]>,
    left: Vec<u32>,
    tries: usize,
    due: Monotonic,
}

/// A mail in the hands of the mailer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sending {
    mail: Waiting,
    /// What was said for each recipient that was left.
    said: BTreeMap<u32, (Fate, String)>,
}

/// All mails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    next: u32,
    waiting: VecDeque<Waiting>,
    sending: Vec<Sending>,
    dropped: usize,
    hurried: bool,
}

impl Queue {
    /// Adds a mail; `at` is the wall clock's second. Says so once where the oldest one goes for it.
    pub fn push(
        &mut self,
        letter: Letter,
        to: Rc<[String]>,
        at: u64,
        now: Monotonic,
    ) -> Option<Note> {
        let left = (0_u32..).zip(to.iter()).map(|(place, _)| place).collect();
        self.waiting.push_back(Waiting {
            number: self.next,
            at,
            letter,
            to,
            left,
            tries: 0,
            due: if self.hurried { now } else { now.after(GATHER) },
        });
        self.next = self.next.wrapping_add(1);
        if self.waiting.len() <= MAX_WAITING {
            return None;
        }
        self.waiting.pop_front();
        self.dropped = self.dropped.saturating_add(1);
        (self.dropped == 1).then(|| {
            let text = format!(
                "more than {MAX_WAITING} mails wait for the mail server: the oldest are dropped"
            );
            Note::new(Level::Warning, text)
        })
    }

    /// The mails of the next batch, where none is under way and one is due.
    pub fn next_batch(&mut self, now: Monotonic) -> Option<Vec<Mail>> {
        if self.deadline()? > now {
            return None;
        }
        let (due, later): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            // New ones only wait for each other.
            .partition(|mail| mail.due <= now || mail.tries == 0);
        let mut due = due.into_iter();
        self.sending = due
            .by_ref()
            .take(MAX_MAILS)
            .map(|mail| Sending {
                mail,
                said: BTreeMap::new(),
            })
            .collect();
        self.waiting = due.chain(later).collect();
        Some(
            self.sending
                .iter()
                .map(|sending| sending.mail.to_mail())
                .collect(),
        )
    }

    /// When `next_batch` is wanted; none while a batch is under way.
    pub fn deadline(&self) -> Option<Monotonic> {
        let idle = self.sending.is_empty();
        self.waiting
            .iter()
            .map(|mail| mail.due)
            .min()
            .filter(|_| idle)
    }

    /// The mailer said something. What it has no business to speak of is passed over.
    pub fn heard(&mut self, number: u32, recipient: u32, fate: Fate, words: &str) {
        let mut mails = self.sending.iter_mut();
        let Some(sending) = mails.find(|sending| sending.mail.number == number) else {
            return;
        };
        if sending.mail.left.contains(&recipient) {
            sending.said.insert(recipient, (fate, short(words)));
        }
    }

    /// The batch is over. For whom nothing was said, `why` is what went wrong.
    pub fn ended(&mut self, why: &str, now: Monotonic) -> Vec<Note> {
        let mut notes = Vec::new();
        let mut later = Later::default();
        for Sending { mail, said } in std::mem::take(&mut self.sending) {
            let mut tally = Tally::of(&mail, said, why);
            notes.append(&mut tally.notes);
            if let Some(words) = tally.deferred {
                self.again(mail, tally.left, words, now, &mut later, &mut notes);
            }
        }
        notes.extend(later.note());
        if self.waiting.is_empty() && self.dropped > 0 {
            let dropped = counted(std::mem::take(&mut self.dropped), "mail", "mails");
            let text = format!("{dropped} dropped while too many waited for the mail server");
            notes.push(Note::new(Level::Warning, text));
        }
        notes
    }

    fn again(
        &mut self,
        mut mail: Waiting,
        left: Vec<u32>,
        words: String,
        now: Monotonic,
        later: &mut Later,
        notes: &mut Vec<Note>,
    ) {
        let pause = PAUSES.get(mail.tries).filter(|_| !self.hurried);
        let Some(pause) = pause else {
            let tries = counted(mail.tries.saturating_add(1), "attempt", "attempts");
            let text = format!("{} is given up after {tries}: {words}", mail.name());
            return notes.push(Note::new(Level::Error, text));
        };
        later.add(*pause, words);
        mail.tries = mail.tries.saturating_add(1);
        mail.left = left;
        mail.due = now.after(*pause);
        self.waiting.push_back(mail);
    }

    /// The daemon stops: what waits goes now, and nothing is tried again.
    pub fn hurry(&mut self, now: Monotonic) {
        self.hurried = true;
        for mail in &mut self.waiting {
            mail.due = now;
        }
    }

    /// True when nothing waits and nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.sending.is_empty()
    }

    /// The daemon ends: how many mails go with it.
    pub fn abandoned(&self) -> Option<Note> {
        let mails = self.waiting.len().saturating_add(self.sending.len());
        (mails > 0).then(|| {
            let mails = counted(mails, "mail", "mails");
            let text = format!("{mails} not delivered: a stop takes one second at most");
            Note::new(Level::Warning, text)
        })
    }
}

impl Waiting {
    fn to_mail(&self) -> Mail {
        Mail {
            number: self.number,
            at: self.at,
            subject: self.letter.subject.clone(),
            body: self.letter.body.clone(),
            to: self.to.to_vec(),
            left: self.left.clone(),
        }
    }

    fn name(&self) -> String {
        format!("SMTP alert \"{}\"", self.letter.subject)
    }

    fn recipient(&self, place: u32) -> &str {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        self.to.get(place).map_or("", String::as_str)
    }
}

/// What one batch did for one mail.
#[derive(Debug, Default)]
struct Tally {
    notes: Vec<Note>,
    left: Vec<u32>,
    deferred: Option<String>,
}

impl Tally {
    fn of(mail: &Waiting, mut said: BTreeMap<u32, (Fate, String)>, why: &str) -> Self {
        let mut this = Self::default();
        let mut delivered: usize = 0;
        for place in &mail.left {
            let unsaid = || (Fate::Deferred, short(why));
            let (fate, words) = said.remove(place).unwrap_or_else(unsaid);
            match fate {
                Fate::Delivered => delivered = delivered.saturating_add(1),
                Fate::Deferred => {
                    this.left.push(*place);
                    this.deferred = Some(words);
                }
                Fate::Refused => {
                    let to = one_line(mail.recipient(*place)).into_owned();
                    let text = format!("{} to {to} is refused: {words}", mail.name());
                    this.notes.push(Note::new(Level::Error, text));
                }
            }
        }
        if delivered > 0 {
            let to = counted(delivered, "recipient", "recipients");
            let text = format!(
                "SMTP alert successfully sent: \"{}\" to {to}",
                mail.letter.subject
            );
            this.notes.insert(0, Note::new(Level::Info, text));
        }
        this
    }
}

/// Mails of one batch that are tried again: one line for all.
#[derive(Debug, Default)]
struct Later {
    mails: usize,
    soonest: Option<Micros>,
    words: String,
}

impl Later {
    fn add(&mut self, pause: Micros, words: String) {
        self.mails = self.mails.saturating_add(1);
        self.soonest = Some(self.soonest.map_or(pause, |soonest| soonest.min(pause)));
        self.words = words;
    }

    fn note(self) -> Option<Note> {
        let Self {
            mails,
            soonest,
            words,
        } = self;
        let pause = soonest?;
        let mails = counted(mails, "SMTP alert", "SMTP alerts");
        let text = format!("{mails} not delivered yet, tried again in {pause}: {words}");
        Some(Note::new(Level::Warning, text))
    }
}

/// One line of bounded length, whatever the server said.
fn short(words: &str) -> String {
    let mut end = MAX_WORDS.min(words.len());
    while !words.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    one_line(words.get(..end).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests;
