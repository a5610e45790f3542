//! The parts of a received VRRP message.

use super::{AddressList, Expectation, WireInterval};
use crate::packet::Reject;
use crate::packet::layout::{HEADER_LEN, V3_MAX_CENTIS, auth_data_len, message_len, v2_seconds};
use holdfast_ipc::config::model::{AdvertInterval, Family, Version};

/// The first 8 bytes of a message.
pub(super) struct Fields {
    pub(super) version: u8,
    pub(super) kind: u8,
    pub(super) vrid: u8,
    pub(super) priority: u8,
    pub(super) count: u8,
    /// Type of authentication in version 2; four reserved bits (`9568-5.2.6-02`) and the upper bits
    /// of the interval in version 3.
    pub(super) byte4: u8,
    /// The interval in version 2, its lower bits in version 3.
    pub(super) byte5: u8,
}

impl Fields {
    pub(super) fn parse(message: &[u8]) -> Result<Self, Reject> {
        let [version_type, vrid, priority, count, byte4, byte5, _, _] =
            *message.first_chunk::<HEADER_LEN>().ok_or(Reject::Length)?;
        Ok(Self {
            version: version_type >> 4,
            kind: version_type & 0x0f,
            vrid,
            priority,
            count,
            byte4,
            byte5,
        })
    }

    pub(super) fn interval(&self, expected: &Expectation) -> Result<WireInterval, Reject> {
        match expected.version {
            // 3768-7.1-07
            Version::V2 if self.byte5 == v2_seconds(expected.interval) => {
                Ok(WireInterval::Seconds(self.byte5))
            }
            Version::V2 => Err(Reject::Interval(self.byte5)),
            // 9568-7.1-11
            Version::V3 => {
                let centis = u16::from_be_bytes([self.byte4, self.byte5]) & V3_MAX_CENTIS;
                AdvertInterval::new(Version::V3, centis)
                    .map(WireInterval::Centis)
                    .map_err(|_| Reject::IntervalZero)
            }
        }
    }
}

/// The parts of a message that is as long as its address count says.
pub(super) struct Parts<'a> {
    /// What the checksum of IPv4 covers: all but surplus bytes.
    pub(super) counted: &'a [u8],
    pub(super) addresses: AddressList<'a>,
    pub(super) auth_data: &'a [u8],
    pub(super) surplus: &'a [u8],
}

impl<'a> Parts<'a> {
    /// 9568-7.1-05, 3768-7.1-01
    pub(super) fn split(
        message: &'a [u8],
        version: Version,
        family: Family,
        count: u8,
    ) -> Result<Self, Reject> {
        let whole = message_len(version, family, count);
        let (counted, surplus) = message.split_at_checked(whole).ok_or(Reject::Length)?;
        let auth_at = whole.saturating_sub(auth_data_len(version, family));
        let (front, auth_data) = counted.split_at_checked(auth_at).ok_or(Reject::Length)?;
        let bytes = front.get(HEADER_LEN..).ok_or(Reject::Length)?;
        Ok(Self {
            counted,
            addresses: AddressList { family, bytes },
            auth_data,
            surplus,
        })
    }
}
