//! Mail between the parent and the mailer: a process of its own that is started for each batch, and
//! ends with it.

use holdfast_conf::model::{MailServer, Micros};
use serde::{Deserialize, Serialize};

/// Most mails of one batch.
pub const MAX_MAILS: usize = 32;

/// Parent to mailer: the one message that it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Who takes it; a name is looked up by the mailer.
    pub server: MailServer,
    /// Name that the server is greeted with.
    pub helo: String,
    /// Sender, as it is configured.
    pub from: String,
    /// Who says that it sent them.
    pub product: String,
    /// Longest time of each step of the conversation.
    pub timeout: Micros,
    /// At most [`MAX_MAILS`].
    pub mails: Vec<Mail>,
}

/// One mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Names it in the answers.
    pub number: u32,
    /// When it happened: seconds since 1970.
    pub at: u64,
    /// What its header says.
    pub subject: String,
    /// What is in it.
    pub body: String,
    /// All recipients, as they are configured.
    pub to: Vec<String>,
    /// Those who do not have it yet: places in `to`.
    pub left: Vec<u32>,
}

/// Mailer to parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MailerToParent {
    /// The connection to the server is there.
    Connected,
    /// What became of a mail for one recipient.
    Said {
        /// Which mail.
        number: u32,
        /// Its place in `to`.
        recipient: u32,
        /// What became of it.
        fate: Fate,
        /// The server's words, or what was wrong.
        words: String,
    },
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// The server took it.
    Delivered,
    /// It may be taken later.
    Deferred,
    /// It never will.
    Refused,
}
