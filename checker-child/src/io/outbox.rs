//! Messages to the parent. Lines of the log may be lost when it does not read, nothing else may.

use holdfast_ipc::Channel;
use holdfast_ipc::channel::ChannelError;
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::message::{CheckerToParent, ParentToChecker};

/// Lines that are queued while the parent does not read.
const MAX_WAITING_LINES: u32 = 200;

/// Counts what waits and what was lost.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting_lines: u32,
    lost_lines: u64,
}

impl Outbox {
    /// Sends or queues.
    pub(crate) fn send(
        &mut self,
        channel: &mut Channel<CheckerToParent, ParentToChecker>,
        message: &CheckerToParent,
    ) -> Result<(), ChannelError> {
        if let CheckerToParent::Log(_) = message
            && channel.wants_write()
        {
            if self.waiting_lines >= MAX_WAITING_LINES {
                self.lost_lines = self.lost_lines.saturating_add(1);
                return Ok(());
            }
            self.waiting_lines = self.waiting_lines.saturating_add(1);
        }
        channel.send(message)
    }

    /// Sends what is queued, and behind it how much was lost.
    pub(crate) fn flush(
        &mut self,
        channel: &mut Channel<CheckerToParent, ParentToChecker>,
    ) -> Result<(), ChannelError> {
        channel.flush()?;
        if channel.wants_write() {
            return Ok(());
        }
        self.waiting_lines = 0;
        match std::mem::take(&mut self.lost_lines) {
            0 => Ok(()),
            lost => channel.send(&CheckerToParent::Log(LogRecord::new(
                Level::Warning,
                format!("{lost} lines of the checker were lost while the parent did not read"),
            ))),
        }
    }
}
