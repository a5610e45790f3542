//! The kernel as the loop sees it: sockets, interfaces, addresses.

use super::error::Fatal;
use super::netlink::{Notifications, Pending, Requests};
use super::parent::Parent;
use super::poller::{Poller, Source};
use super::receivers::{Receivers, Refused};
use super::socket::{Key, number};
use super::transmit::Transmitter;
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::time::Monotonic;
use holdfast_vrrp::action::{AddressChange, SocketSpec, Transmit};
use holdfast_vrrp::event::{AddressResult, Event, IfIndex, KernelState};
use holdfast_vrrp::packet::Datagram;
use nix::errno::Errno;
use std::collections::{BTreeSet, VecDeque};

/// Time until a socket that could not be opened is tried again: an interface may be on its way out
/// or in, or the machine short of memory.
const RETRY: Micros = Micros::from_secs(1);

/// All connections to the kernel.
pub(crate) struct Kernel {
    requests: Requests,
    notifications: Notifications,
    transmitter: Transmitter,
    receivers: Receivers,
    retry: Option<Monotonic>,
    /// Sockets whose refusal was told, so that a retry tells nothing new.
    told: BTreeSet<Key>,
}

impl Kernel {
    /// Opens what is always needed and reads the state.
    pub(crate) fn open(
        requests: Requests,
        notifications: Notifications,
    ) -> Result<(Self, KernelState), Fatal> {
        let mut kernel = Self {
            requests,
            notifications,
            transmitter: Transmitter::open()?,
            receivers: Receivers::new(),
            retry: None,
            told: BTreeSet::new(),
        };
        let state = kernel.read_state()?;
        Ok((kernel, state))
    }

    /// From now on the loop hears of changes.
    pub(crate) fn listen(&self, poller: &Poller) -> Result<(), Fatal> {
        poller.add(&self.notifications, Source::Notifications)
    }

    fn read_state(&mut self) -> Result<KernelState, Fatal> {
        let state = self.requests.state()?;
        self.notifications.seen(&state);
        Ok(state)
    }

    /// Reads the state again after messages were lost.
    pub(crate) fn resync(&mut self) -> Result<KernelState, Fatal> {
        self.notifications.discard();
        self.read_state()
    }

    /// Takes notifications.
    pub(crate) fn notifications(
        &mut self,
        limit: usize,
        events: &mut VecDeque<Event<'static>>,
    ) -> Result<Pending, Fatal> {
        self.notifications.read(limit, events)
    }

    /// Forgets what belonged to interfaces that are or may be gone.
    pub(crate) fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::LinkGone(index) => self.transmitter.forget(*index),
            Event::Resync(_) => self.transmitter.forget_all(),
            Event::Advert(_)
            | Event::AddressesDone(_)
            | Event::AddressPresent(_)
            | Event::AddressGone { .. }
            | Event::LinkPresent(_)
            | Event::Reconfigure(_)
            | Event::SendFailed { .. }
            | Event::Stop
            | Event::TimerDue
            | Event::Verdict(_) => {}
        }
    }

    /// Carries out address changes.
    pub(crate) fn change_addresses(&mut self, changes: Vec<AddressChange>) -> Vec<AddressResult> {
        self.requests.change(changes)
    }

    /// Sends an advert; the event says that it failed.
    pub(crate) fn send(&self, transmit: &Transmit) -> Option<Event<'static>> {
        let failed = |errno| failure(transmit.index, errno);
        self.transmitter.send(transmit).err().map(failed)
    }

    /// Sends an Ethernet frame; the event says that it failed.
    pub(crate) fn send_frame(&mut self, index: IfIndex, bytes: &[u8]) -> Option<Event<'static>> {
        let failed = |errno| failure(Some(index), errno);
        self.transmitter.send_frame(index, bytes).err().map(failed)
    }

    /// Takes one packet.
    pub(crate) fn receive(&mut self, token: u64) -> Result<Option<Option<Datagram<'_>>>, Errno> {
        self.receivers.receive(token)
    }

    /// Opens and closes sockets until they are what the engine wants.
    pub(crate) fn want_sockets(
        &mut self,
        now: Monotonic,
        specs: Vec<SocketSpec>,
        poller: &Poller,
        parent: &mut Parent,
    ) -> Result<(), Fatal> {
        self.receivers.want(specs, poller)?;
        self.told.clear();
        self.open_sockets(now, poller, parent)
    }

    /// Tries again what failed, when it is time.
    pub(crate) fn retry_sockets(
        &mut self,
        now: Monotonic,
        poller: &Poller,
        parent: &mut Parent,
    ) -> Result<(), Fatal> {
        if self.retry.is_some_and(|at| at <= now) {
            self.open_sockets(now, poller, parent)?;
        }
        Ok(())
    }

    /// When `retry_sockets` has something to do.
    pub(crate) fn next_retry(&self) -> Option<Monotonic> {
        self.retry
    }

    fn open_sockets(
        &mut self,
        now: Monotonic,
        poller: &Poller,
        parent: &mut Parent,
    ) -> Result<(), Fatal> {
        let refused = self.receivers.open_missing(poller)?;
        self.retry = (!refused.is_empty()).then(|| now.after(RETRY));
        for refusal in refused {
            if self.told.insert(refusal.key) {
                parent.log(LogRecord::new(Level::Error, complaint(&refusal)));
            }
        }
        Ok(())
    }
}

fn failure(index: Option<IfIndex>, errno: Errno) -> Event<'static> {
    Event::SendFailed {
        index,
        reason: errno.desc().to_owned(),
    }
}

fn complaint(refused: &Refused) -> String {
    let (index, family, protocol) = refused.key;
    let interface = index.map_or_else(
        || "any interface".to_owned(),
        |index| format!("interface number {}", index.get()),
    );
    format!(
        "cannot receive {family} protocol {} on {interface}: {}; trying again every {RETRY}",
        number(protocol),
        refused.error
    )
}
