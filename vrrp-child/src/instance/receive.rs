//! Adverts that came in: the checks that need the instance, then the transitions of RFC 9568
//! sections 6.4.2 and 6.4.3.

use super::journal::Note;
use super::{Backup, Instance, State};
use crate::engine::outbox::Ctx;
use crate::packet::{
    Advert, Datagram, Expectation, HopLimitRule, Opened, Reject, Verified, WireInterval, verify,
};
use holdfast_ipc::config::model::{AdvertInterval, Micros, Peer, Transport};
use holdfast_ipc::log::Level;
use holdfast_ipc::state::Cause;
use std::net::IpAddr;

impl Instance {
    /// True where the packet is meant for this instance and no other one with the same VRID.
    pub(crate) fn is_meant(&self, datagram: &Datagram<'_>) -> bool {
        match &self.config.transport {
            Transport::Multicast { group, .. } => datagram.destination == *group,
            Transport::Unicast { peers, .. } => {
                !datagram.destination.is_multicast()
                    && peers.iter().any(|peer| peer.address == datagram.source)
            }
        }
    }

    /// One packet. Adverts before Startup (`9568-6.4.1-01`) and in FAULT change nothing, but their
    /// sequence numbers are learned: own adverts below them would be replays later.
    pub(crate) fn receive(&mut self, ctx: &mut Ctx<'_>, opened: &Opened<'_>) {
        match &self.state {
            State::Init | State::Fault(_) => {
                let sequence = self.check(opened).ok().and_then(|v| v.ah_sequence);
                if let Some(sequence) = sequence {
                    self.ah.hear(sequence);
                }
                return;
            }
            State::Backup(_) | State::Master(_) => {}
        }
        let from = opened.datagram.source;
        match self.check(opened) {
            Err(reject) => self.reject(ctx, reject, from),
            Ok(verified) => {
                // Only behind all checks (`2402-3.4.3-03`).
                if let Some(sequence) = verified.ah_sequence {
                    self.ah.hear(sequence);
                }
                self.step_down_if_late(ctx);
                self.compare(ctx, from, &verified.advert);
                self.advert(ctx, from, &verified.advert);
            }
        }
    }

    fn check<'a>(&self, opened: &Opened<'a>) -> Result<Verified<'a>, Reject> {
        let datagram = &opened.datagram;
        if self.source == Some(datagram.source) {
            return Err(Reject::OwnAddress);
        }
        let hop_limit = self.addressed(datagram)?;
        let verified = verify(
            opened,
            &Expectation {
                version: self.version(),
                auth: self.config.auth,
                ah_sequence: self.ah.heard(),
                interval: self.config.advert_int,
                hop_limit,
                unicast: self.is_unicast(),
                strict: self.config.strict,
            },
        )?;
        // Two owners: processed, so that they resolve (erratum 8298, `9568-7.1-08`).
        let ignores = self.config.owner_ignore_adverts || self.config.strict;
        if self.config.priority.is_owner() && ignores {
            return Err(Reject::Owner);
        }
        Ok(verified)
    }

    /// Destination and sender; gives the rule for the hop limit.
    fn addressed(&self, datagram: &Datagram<'_>) -> Result<HopLimitRule, Reject> {
        match &self.config.transport {
            Transport::Multicast { group, .. } if datagram.destination == *group => {
                Ok(HopLimitRule::MustBe255)
            }
            Transport::Multicast { .. } => Err(Reject::Destination),
            Transport::Unicast {
                peers,
                check_source,
                ..
            } => {
                if Some(datagram.destination) != self.source {
                    return Err(Reject::Destination);
                }
                let peer = peers.iter().find(|peer| peer.address == datagram.source);
                match peer {
                    Some(peer) => Ok(hop_limit_of(peer)),
                    None if *check_source => Err(Reject::Sender),
                    None => Ok(HopLimitRule::Any),
                }
            }
        }
    }

    /// What should agree and is not dropped for: interval (`9568-7.1-15`, `-16`) and address list
    /// (`9568-7.1-18`, `-19`).
    fn compare(&mut self, ctx: &mut Ctx<'_>, from: IpAddr, advert: &Advert<'_>) {
        if let WireInterval::Centis(theirs) = advert.interval
            && theirs != self.config.advert_int
        {
            let ours = self.config.advert_int;
            let text = format_args!(
                "advert from {from} has interval {theirs}, ours is {ours}: a BACKUP goes by the \
                 MASTER's; make `advert_int` the same on both"
            );
            self.note(ctx, Note::Interval, Level::Warning, text);
        }
        if self.config.skip_check_adv_addr && self.heard_last() == Some(from) {
            return;
        }
        if !advert.addresses.same_set(&self.advertised) {
            let text = format_args!(
                "advert from {from} lists other addresses than ours: make `virtual_ipaddress` the \
                 same on both"
            );
            self.note(ctx, Note::AddressList, Level::Warning, text);
        }
    }

    fn heard_last(&self) -> Option<IpAddr> {
        match &self.state {
            State::Backup(backup) => backup.master.map(|(from, _)| from),
            State::Init | State::Master(_) | State::Fault(_) => None,
        }
    }

    fn advert(&mut self, ctx: &mut Ctx<'_>, from: IpAddr, advert: &Advert<'_>) {
        match &self.state {
            State::Init | State::Fault(_) => {}
            State::Backup(backup) => {
                let backup = *backup;
                if advert.priority == 0 {
                    self.backup_hears_release(ctx, from, backup);
                } else if self.accepts(ctx, advert, backup) {
                    self.backup_accepts(ctx, from, advert);
                } else {
                    self.backup_discards(ctx, from, advert);
                }
            }
            State::Master(_) => {
                if advert.priority == 0 {
                    self.answer_release(ctx);
                } else {
                    self.contest(ctx, from, advert);
                }
            }
        }
    }

    /// Active_Down_Timer = Skew_Time; the interval of that advert is not learned (`9568-6.4.2-14`).
    fn backup_hears_release(&mut self, ctx: &mut Ctx<'_>, from: IpAddr, heard: Backup) {
        if ctx.shared.log_detail {
            let text = "Backup received priority 0 advertisement";
            self.note(ctx, Note::MasterReleased, Level::Debug, text);
        }
        self.learning.released(from);
        let wait = self.skew(self.interval_of(&heard));
        if let State::Backup(backup) = &mut self.state {
            backup.armed = ctx.now;
            backup.down = ctx.now.after(wait);
            backup.released = Some(from);
            backup.lower = None;
        }
    }

    /// Preempt_Mode off or priority not below ours (`9568-6.4.2-15`), or `preempt_delay` runs. The
    /// owner preempts whatever is configured (`9568-6.1-10`).
    fn accepts(&mut self, ctx: &Ctx<'_>, advert: &Advert<'_>, heard: Backup) -> bool {
        let lower = advert.priority < self.effective.get();
        let preempt_from = if lower {
            let delay = self.config.preempt_delay;
            Some(heard.preempt_from.unwrap_or_else(|| ctx.now.after(delay)))
        } else {
            None
        };
        if let State::Backup(backup) = &mut self.state {
            backup.preempt_from = preempt_from;
        }
        if !lower {
            return true;
        }
        if self.effective.is_owner() {
            return false;
        }
        self.config.nopreempt || preempt_from.is_some_and(|from| ctx.now < from)
    }

    /// Learns the interval and restarts Active_Down_Timer (`9568-6.4.2-15`..`-18`).
    fn backup_accepts(&mut self, ctx: &mut Ctx<'_>, from: IpAddr, advert: &Advert<'_>) {
        let learned = self.learn(ctx, from, advert);
        let wait = self.down_interval(learned.unwrap_or(self.config.advert_int));
        let State::Backup(backup) = &mut self.state else {
            return;
        };
        backup.learned = learned;
        backup.armed = ctx.now;
        backup.down = ctx.now.after(wait);
        backup.released = None;
        backup.lower = None;
        backup.grace = false;
        let before = backup.master.replace((from, advert.priority));
        self.note_master(ctx, before.map(|(master, _)| master), from);
    }

    /// Preempt_Mode on and a lower priority: the timer goes on (`9568-6.4.2-19`).
    fn backup_discards(&mut self, ctx: &mut Ctx<'_>, from: IpAddr, advert: &Advert<'_>) {
        if let State::Backup(backup) = &mut self.state {
            backup.lower = Some((from, advert.priority));
            backup.released = None;
        }
        let text = format_args!(
            "received lower priority ({}) advert from {from} - discarding",
            advert.priority
        );
        self.note(ctx, Note::BackupLower, Level::Info, text);
    }

    /// Active hears another Active (`9568-6.4.3-17`..`-25`).
    fn contest(&mut self, ctx: &mut Ctx<'_>, from: IpAddr, advert: &Advert<'_>) {
        let (theirs, ours) = (advert.priority, self.effective.get());
        let Some(source) = self.source else {
            return;
        };
        if theirs > ours {
            self.note_higher(ctx, from, theirs, ours);
            self.yield_to(
                ctx,
                from,
                advert,
                Cause::HigherPriority { from, theirs, ours },
            );
        } else if theirs < ours {
            let text = format_args!(
                "Received advert from {from} with lower priority {theirs}, ours {ours}, forcing \
                 new election"
            );
            self.note(ctx, Note::LowerPriority, Level::Notice, text);
            self.assert_role(ctx);
        } else {
            self.contest_of_equals(ctx, from, advert, source);
        }
    }

    /// Equal priorities: the higher source address stays, compared unsigned in network order
    /// (`9568-6.4.3-17`). Two owners are somebody's mistake.
    fn contest_of_equals(
        &mut self,
        ctx: &mut Ctx<'_>,
        from: IpAddr,
        advert: &Advert<'_>,
        ours: IpAddr,
    ) {
        let priority = advert.priority;
        if self.effective.is_owner() {
            let text = format_args!(
                "{from} has priority 255 as well: only one router may own the addresses; give all \
                 others a lower `priority`"
            );
            self.note(ctx, Note::TwoOwners, Level::Error, text);
        }
        if from > ours {
            let text = format_args!(
                "Master received advert from {from} with same priority {priority} but higher IP \
                 address than ours"
            );
            self.note(ctx, Note::EqualPriority, Level::Notice, text);
            let cause = Cause::HigherAddress {
                from,
                priority,
                ours,
            };
            self.yield_to(ctx, from, advert, cause);
            return;
        }
        if self.effective.is_owner() && self.rival_persists(ctx.now, told(advert.interval)) {
            self.give_way(ctx, from, advert);
            return;
        }
        let text = format_args!(
            "Received advert from {from} with same priority {priority} but lower IP address than \
             ours, forcing new election"
        );
        self.note(ctx, Note::EqualPriority, Level::Notice, text);
        self.assert_role(ctx);
    }

    /// The owner with the higher address goes below the other one, which ignores it.
    fn give_way(&mut self, ctx: &mut Ctx<'_>, from: IpAddr, advert: &Advert<'_>) {
        self.gave_way = true;
        self.refresh_priority(ctx, Some("another owner does not yield"));
        let (theirs, ours) = (advert.priority, self.effective.get());
        self.yield_to(
            ctx,
            from,
            advert,
            Cause::HigherPriority { from, theirs, ours },
        );
    }

    fn note_higher(&mut self, ctx: &mut Ctx<'_>, from: IpAddr, theirs: u8, ours: u8) {
        self.log(
            ctx,
            Level::Notice,
            format_args!("Received advert with higher priority {theirs}, ours {ours}, from {from}"),
        );
        // keepalived's words: monitors look for them.
        self.log(
            ctx,
            Level::Info,
            format_args!(
                "Master received advert from {from} with higher priority {theirs}, ours {ours}"
            ),
        );
    }

    fn note_master(&mut self, ctx: &mut Ctx<'_>, before: Option<IpAddr>, now: IpAddr) {
        match before {
            None => self.note(
                ctx,
                Note::MasterChanged,
                Level::Info,
                format_args!("master set to {now}"),
            ),
            Some(before) if before != now => self.note(
                ctx,
                Note::MasterChanged,
                Level::Info,
                format_args!("master changed from {before} to {now}"),
            ),
            Some(_) => {}
        }
    }

    pub(super) fn note_capped(
        &mut self,
        ctx: &mut Ctx<'_>,
        from: IpAddr,
        told: AdvertInterval,
        used: AdvertInterval,
    ) {
        let text = format_args!(
            "{from} says that its interval is {told}: going by {used} until it says so again, \
             since one forged advert could leave the addresses unserved that long"
        );
        self.note(ctx, Note::IntervalCapped, Level::Warning, text);
    }
}

fn hop_limit_of(peer: &Peer) -> HopLimitRule {
    match (peer.min_ttl, peer.max_ttl) {
        (None, None) => HopLimitRule::Any,
        (least, most) => HopLimitRule::Between(least.unwrap_or(0), most.unwrap_or(u8::MAX)),
    }
}

fn told(interval: WireInterval) -> Micros {
    match interval {
        WireInterval::Seconds(secs) => Micros::from_secs(u64::from(secs)),
        WireInterval::Centis(interval) => interval.micros(),
    }
}
