//! Names and numbers that identify things, each with the range that the protocol or the kernel
//! gives it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A value outside the range of its type. The text names the type, the range and the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidValue(String);

impl InvalidValue {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidValue {}

/// Virtual router identifier, 1..=255 (RFC 9568 section 5.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Vrid(u8);

impl Vrid {
    /// The number itself.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Vrid {
    type Error = InvalidValue;

    fn try_from(value: u8) -> Result<Self, InvalidValue> {
        if (1..=255).contains(&value) {
            Ok(Self(value))
        } else {
            Err(InvalidValue::new(format!(
                "virtual router identifier must be between 1 and 255, not {value}"
            )))
        }
    }
}

impl From<Vrid> for u8 {
    fn from(value: Vrid) -> Self {
        value.0
    }
}

impl fmt::Display for Vrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Configured priority, 1..=255; 255 is the address owner (RFC 9568 section 5.2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Priority(u8);

impl Priority {
    /// The number itself.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Priority {
    type Error = InvalidValue;

    fn try_from(value: u8) -> Result<Self, InvalidValue> {
        if (1..=255).contains(&value) {
            Ok(Self(value))
        } else {
            Err(InvalidValue::new(format!(
                "priority must be between 1 and 255, not {value}"
            )))
        }
    }
}

impl From<Priority> for u8 {
    fn from(value: Priority) -> Self {
        value.0
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Weight of a tracker, -254..=254; 0 means that a failure is a FAULT.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "i16", into = "i16")]
pub struct Weight(i16);

impl Weight {
    /// 0.
    pub(crate) const NOTHING: Self = Self(0);

    /// The number itself.
    pub const fn get(self) -> i16 {
        self.0
    }
}

impl TryFrom<i16> for Weight {
    type Error = InvalidValue;

    fn try_from(value: i16) -> Result<Self, InvalidValue> {
        if (-254..=254).contains(&value) {
            Ok(Self(value))
        } else {
            Err(InvalidValue::new(format!(
                "weight must be between -254 and 254, not {value}"
            )))
        }
    }
}

impl From<Weight> for i16 {
    fn from(value: Weight) -> Self {
        value.0
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Priority {
    /// The priority of the address owner (RFC 9568 section 5.2.4).
    pub const OWNER: Self = Self(255);
    /// What an instance has that names no priority (RFC 9568 section 5.2.4).
    pub const DEFAULT: Self = Self(100);

    /// True for the owner of the virtual addresses.
    pub const fn is_owner(self) -> bool {
        self.0 == Self::OWNER.0
    }
}

/// Priority after trackers, as it goes into an advert: 1..=254, or 255 for the owner. 0 (release)
/// is not a priority that a router has and cannot be made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EffectivePriority(Priority);

impl EffectivePriority {
    /// Adds the sum of the trackers to the base. The owner never changes; all others are clamped
    /// to 1..=254.
    pub fn new(base: Priority, trackers: i32) -> Self {
        if base.is_owner() {
            return Self(base);
        }
        let sum = i32::from(base.get()).saturating_add(trackers).clamp(1, 254);
        Self(u8::try_from(sum).map_or(Priority::DEFAULT, Priority))
    }

    /// The number that goes on the wire.
    pub const fn get(self) -> u8 {
        self.0.get()
    }

    /// True for the owner of the virtual addresses.
    pub const fn is_owner(self) -> bool {
        self.0.is_owner()
    }
}

impl fmt::Display for EffectivePriority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Name of a network interface: 1..=15 bytes without blank or slash (linux/if.h IFNAMSIZ).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IfName(String);

impl IfName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for IfName {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, InvalidValue> {
        if value.is_empty()
            || value.len() > 15
            || value == "."
            || value == ".."
            || value
                .bytes()
                .any(|b| b == b'/' || b.is_ascii_whitespace() || b.is_ascii_control())
        {
            return Err(InvalidValue::new(format!(
                "{value:?} is not a valid network interface name"
            )));
        }
        Ok(Self(value))
    }
}

impl TryFrom<&str> for IfName {
    type Error = InvalidValue;

    fn try_from(value: &str) -> Result<Self, InvalidValue> {
        Self::try_from(value.to_owned())
    }
}

impl From<IfName> for String {
    fn from(value: IfName) -> Self {
        value.0
    }
}

impl fmt::Display for IfName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Name of a `vrrp_instance`: 1..=255 bytes without control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstanceName(String);

impl InstanceName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for InstanceName {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, InvalidValue> {
        if value.is_empty() || value.len() > 255 || value.chars().any(char::is_control) {
            return Err(InvalidValue::new(format!(
                "{value:?} is not a valid instance name"
            )));
        }
        Ok(Self(value))
    }
}

impl TryFrom<&str> for InstanceName {
    type Error = InvalidValue;

    fn try_from(value: &str) -> Result<Self, InvalidValue> {
        Self::try_from(value.to_owned())
    }
}

impl From<InstanceName> for String {
    fn from(value: InstanceName) -> Self {
        value.0
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Name of a `vrrp_script`: 1..=255 bytes without control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScriptName(String);

impl ScriptName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ScriptName {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, InvalidValue> {
        if value.is_empty() || value.len() > 255 || value.chars().any(char::is_control) {
            return Err(InvalidValue::new(format!(
                "{value:?} is not a valid script name"
            )));
        }
        Ok(Self(value))
    }
}

impl TryFrom<&str> for ScriptName {
    type Error = InvalidValue;

    fn try_from(value: &str) -> Result<Self, InvalidValue> {
        Self::try_from(value.to_owned())
    }
}

impl From<ScriptName> for String {
    fn from(value: ScriptName) -> Self {
        value.0
    }
}

impl fmt::Display for ScriptName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
