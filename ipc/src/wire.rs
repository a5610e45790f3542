//! Layout of a message: bincode with a limit, nothing left over.

use bincode::config::standard;
use bincode::error::DecodeError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest message in bytes. A configuration of 10,000 instances is far below; a peer that claims
/// more is broken.
pub const MAX_MESSAGE: usize = 64 * 1024 * 1024;

/// A message up to this length, which is all but configurations, is read with a limit of its own.
/// bincode allocates what a text claims to have before it looks whether that is there.
const SHORT_MESSAGE: usize = 32 * 1024;
/// bincode counts what a value takes in memory: at most 8 bytes for each byte that was sent.
const SHORT_LIMIT: usize = 8 * SHORT_MESSAGE;

/// A message that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// It is longer than [`MAX_MESSAGE`].
    #[error("a message of {0} bytes is longer than the limit of {MAX_MESSAGE}")]
    TooLong(usize),
    /// It could not be encoded.
    #[error("cannot encode a message")]
    Encode(#[source] bincode::error::EncodeError),
    /// It is not a message of this direction.
    #[error("cannot decode a message of {length} bytes")]
    Decode {
        /// Bytes there were.
        length: usize,
        /// What bincode found.
        #[source]
        source: DecodeError,
    },
    /// There are bytes behind the message.
    #[error("{0} bytes are left over behind a message")]
    LeftOver(usize),
}

/// Writes a message.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, WireError> {
    let bytes = bincode::serde::encode_to_vec(message, standard()).map_err(WireError::Encode)?;
    // bincode's limit holds for decoding only.
    if bytes.len() > MAX_MESSAGE {
        return Err(WireError::TooLong(bytes.len()));
    }
    Ok(bytes)
}

/// Reads a message; all bytes have to belong to it.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    let length = bytes.len();
    let read = if length <= SHORT_MESSAGE {
        read::<T, SHORT_LIMIT>
    } else {
        read::<T, MAX_MESSAGE>
    };
    let (message, used) = read(bytes).map_err(|source| WireError::Decode { length, source })?;
    match length.saturating_sub(used) {
        0 => Ok(message),
        left => Err(WireError::LeftOver(left)),
    }
}

fn read<T: DeserializeOwned, const LIMIT: usize>(bytes: &[u8]) -> Result<(T, usize), DecodeError> {
    bincode::serde::decode_from_slice(bytes, standard().with_limit::<LIMIT>())
}
