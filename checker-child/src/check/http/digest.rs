//! Digests of pages: a comparison of content, not security.

use holdfast_ipc::config::model;
use md5::Md5;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The digest that a page has to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// MD5, as genhash prints it.
    Md5([u8; 16]),
    /// SHA-256.
    Sha256([u8; 32]),
}

impl From<model::Digest> for Digest {
    fn from(digest: model::Digest) -> Self {
        match digest {
            model::Digest::Md5(bytes) => Self::Md5(bytes),
            model::Digest::Sha256(bytes) => Self::Sha256(bytes),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: &[u8] = match self {
            Self::Md5(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        };
        bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Computes the same kind of digest as is wanted.
#[derive(Debug, Clone)]
enum Hasher {
    Md5(Md5),
    Sha256(Sha256),
}

impl Hasher {
    fn new(wanted: Digest) -> Self {
        match wanted {
            Digest::Md5(_) => Self::Md5(Md5::new()),
            Digest::Sha256(_) => Self::Sha256(Sha256::new()),
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
        }
    }

    fn finish(self) -> Digest {
        match self {
            Self::Md5(hasher) => Digest::Md5(hasher.finalize().into()),
            Self::Sha256(hasher) => Digest::Sha256(hasher.finalize().into()),
        }
    }
}

/// Compares a body with the digest that it has to have. keepalived's digests are those of the
/// bytes as they come, with the framing of chunks, which depends on the server's mood; those of
/// the content alone are right as well.
#[derive(Debug, Clone)]
pub(super) struct Comparison {
    wanted: Digest,
    raw: Hasher,
    content: Option<Hasher>,
}

impl Comparison {
    pub(super) fn new(wanted: Digest) -> Self {
        Self {
            wanted,
            raw: Hasher::new(wanted),
            content: None,
        }
    }

    /// The body comes in chunks.
    pub(super) fn expect_chunks(&mut self) {
        self.content = Some(Hasher::new(self.wanted));
    }

    pub(super) fn add(&mut self, raw: &[u8], content: &[u8]) {
        self.raw.add(raw);
        if let Some(hasher) = &mut self.content {
            hasher.add(content);
        }
    }

    /// The digest of the body as it came, and where it came in chunks the one of its content.
    pub(super) fn measure(self) -> (Digest, Option<Digest>) {
        (self.raw.finish(), self.content.map(Hasher::finish))
    }

    /// The digest of the body where it is another one.
    pub(super) fn finish(self) -> Result<(), Digest> {
        let raw = self.raw.finish();
        let content = self.content.map_or(raw, Hasher::finish);
        match raw == self.wanted || content == self.wanted {
            true => Ok(()),
            false => Err(content),
        }
    }
}
