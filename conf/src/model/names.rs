//! Names of blocks: text of limited length without control characters.

use super::InvalidValue;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Makes a type for the names of one kind of block.
macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $max:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Bytes of the longest name.
            pub const MAX_LEN: usize = $max;

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $type {
            type Error = InvalidValue;

            fn try_from(value: String) -> Result<Self, InvalidValue> {
                if value.is_empty()
                    || value.len() > Self::MAX_LEN
                    || value.chars().any(char::is_control)
                {
                    return Err(InvalidValue::new(format!(
                        "{value:?} is not a name of a {}: 1 to {} bytes",
                        $what,
                        Self::MAX_LEN
                    )));
                }
                Ok(Self(value))
            }
        }

        impl TryFrom<&str> for $type {
            type Error = InvalidValue;

            fn try_from(value: &str) -> Result<Self, InvalidValue> {
                Self::try_from(value.to_owned())
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// Name of a `vrrp_sync_group`: 1..=255 bytes.
    GroupName,
    255,
    "sync group"
);
name!(
    /// Name of a `track_file`: 1..=255 bytes.
    FileName,
    255,
    "track_file"
);
name!(
    /// Name of a `vrrp_track_process`: 1..=255 bytes.
    ProcessName,
    255,
    "vrrp_track_process"
);
name!(
    /// Name of a `bfd_instance`: 1..=31 bytes, as in keepalived.
    BfdName,
    31,
    "bfd_instance"
);
