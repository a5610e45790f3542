//! What only a MASTER does: it answers challengers and tells hosts where the addresses are.

use super::{Instance, Rival, State};
use crate::action::Action;
use crate::addresses::Held;
use crate::engine::outbox::Ctx;
use crate::event::Link;
use crate::garp::Burst;
use crate::interfaces::Interfaces;
use crate::packet::{arp, ndp};
use holdfast_ipc::config::model::{Family, Micros};
use holdfast_ipc::log::Level;
use holdfast_ipc::time::Monotonic;
use std::net::IpAddr;

impl Instance {
    /// Answers an advert that loses with an own one at once (`9568-6.4.3-25`), at most once an
    /// interval, and tells the hosts who the MASTER is. Adver_Timer goes on.
    pub(super) fn assert_role(&mut self, ctx: &mut Ctx<'_>) {
        let interval = self.config.advert_int.micros();
        if let State::Master(master) = &mut self.state
            && !self.config.lower_prio_no_advert
            && master.answer_from <= ctx.now
        {
            master.answer_from = ctx.now.after(interval);
            self.send_advert(ctx);
        }
        self.garp.challenged(&self.config.garp, interval, ctx.now);
        self.run_burst(ctx);
    }

    /// Another router gave up (`9568-6.4.3-15`, `-16`): an advert at once, and Adver_Timer again.
    /// At most once an interval, or forged ones would multiply.
    pub(super) fn answer_release(&mut self, ctx: &mut Ctx<'_>) {
        let interval = self.config.advert_int.micros();
        let State::Master(master) = &mut self.state else {
            return;
        };
        if ctx.now < master.release_answer_from {
            return;
        }
        master.release_answer_from = ctx.now.after(interval);
        master.next = ctx.now.after(interval);
        self.send_advert(ctx);
    }

    /// Another owner with a lower address goes on in spite of two own adverts and 1.2 intervals: it
    /// does not hear or ignores us, so we give way with 254 (keepalived's rule, protocol.md 1.7).
    /// True where that is to be done now.
    pub(super) fn rival_persists(&mut self, now: Monotonic, theirs: Micros) -> bool {
        let interval = self.config.advert_int.micros().max(theirs);
        let State::Master(master) = &mut self.state else {
            return false;
        };
        let fresh = Rival {
            sent: 0,
            second: now,
            heard: now,
        };
        let rival = master.rival.get_or_insert(fresh);
        if now.since(rival.heard) > interval.times(3) {
            *rival = fresh;
        }
        rival.heard = now;
        let patience = Micros::new(interval.get().saturating_mul(6) / 5);
        rival.sent >= 2 && now.since(rival.second) >= patience
    }

    /// Starts the bursts that are due.
    pub(super) fn elapse_garp(&mut self, ctx: &mut Ctx<'_>) {
        if !self.is_master() {
            return;
        }
        self.garp.elapse(&self.config.garp, ctx.now);
        self.run_burst(ctx);
    }

    /// A burst outside the plan: an address came back, the interface has another MAC.
    pub(crate) fn tell_hosts(&mut self, ctx: &mut Ctx<'_>) {
        if self.is_master() {
            self.garp.start(self.config.garp.master_repeat, ctx.now);
            self.run_burst(ctx);
        }
    }

    /// Sends the frames of the burst as far as the pace allows.
    pub(super) fn run_burst(&mut self, ctx: &mut Ctx<'_>) {
        let Some(mut burst) = self.garp.burst_at(ctx.now) else {
            return;
        };
        while burst.rounds > 0 {
            let Some(held) = self.holding.held.get(burst.position) else {
                burst.rounds = burst.rounds.saturating_sub(1);
                burst.position = 0;
                continue;
            };
            if let Err(next) = self.send_frame(ctx, held) {
                self.garp.set_burst(Some(Burst { next, ..burst }));
                return;
            }
            burst.position = burst.position.saturating_add(1);
        }
        self.garp.set_burst(None);
    }

    /// One frame, where the interface takes part in ARP and the address is settled on it
    /// (`9568-8.1.2-06`, `9568-8.2.2-07`); else nothing. The error says when its turn is.
    fn send_frame(&self, ctx: &mut Ctx<'_>, held: &Held) -> Result<(), Monotonic> {
        let Some(bytes) = frame(ctx.net(), held) else {
            return Ok(());
        };
        let (index, address) = (held.placed.index, held.placed.address.address);
        let family = Family::of(address);
        let distance = match family {
            Family::V4 => self.config.garp.interval,
            Family::V6 => self.config.garp.gna_interval,
        };
        ctx.pace.take(index, family, distance, ctx.now)?;
        if ctx.shared.log_detail
            && let Some(link) = ctx.net().link(index)
        {
            let text = announcement(link, address);
            ctx.log(Level::Debug, text);
        }
        ctx.act(Action::Frame { index, bytes });
        Ok(())
    }
}

fn announcement(link: &Link, address: IpAddr) -> String {
    let what = match address {
        IpAddr::V4(_) => "gratuitous ARP",
        IpAddr::V6(_) => "unsolicited Neighbour Advert",
    };
    format!("Sending {what} on {} for {address}", link.name)
}

fn frame(net: &Interfaces, held: &Held) -> Option<Vec<u8>> {
    let index = held.placed.index;
    let link = net.link(index).filter(|link| held.present && link.arp)?;
    let mac = link.mac.filter(|_| !link.loopback)?;
    let address = &held.placed.address;
    match address.address {
        IpAddr::V4(v4) => Some(arp::gratuitous(mac, v4)),
        // With duplicate address detection it is tentative until the kernel says otherwise.
        IpAddr::V6(v6) if address.nodad || net.is_on(index, v6.into()) => {
            Some(ndp::unsolicited(mac, v6, net.forwards6(index)))
        }
        IpAddr::V6(_) => None,
    }
}
