//! Sockets of checks on their way from the VRRP child to a checker child. Nothing is sent or read
//! on them here.

use super::daemon::Daemon;
use super::link::Loss;
use holdfast::account::Account;
use holdfast::opening::Source;
use holdfast::requests::Asked;
use holdfast_ipc::balance::CheckId;
use holdfast_ipc::config::Generation;
use holdfast_ipc::message::{ParentToChecker, ParentToVrrp};
use holdfast_ipc::opening::{NotOpened, OpenStep, Refusal, Request};
use nix::errno::Errno;
use nix::sys::socket::{SockaddrStorage, bind, setsockopt, sockopt};
use std::os::fd::{AsRawFd, OwnedFd};

impl Daemon {
    /// Is this checker allowed to have that? Then the VRRP child is asked for what this process's
    /// own configuration says about the check.
    pub(crate) fn open(
        &mut self,
        account: &Account,
        generation: Generation,
        check: CheckId,
        request: Request,
    ) -> Result<(), Loss> {
        let refuse = |what: &str| {
            let check = check.get();
            Loss::because(format!(
                "it asked for a socket of check {check}, which {what}"
            ))
        };
        let planned = match self.plan_of(generation)? {
            Some(plan) if plan.slices.owners.of(check) != Some(account) => {
                return Err(refuse("is none of its checks"));
            }
            Some(plan) => Some(
                plan.slices
                    .sockets
                    .get(&check)
                    .ok_or_else(|| refuse("needs none of ours"))?,
            ),
            None => None,
        };
        let asked = Asked {
            account: account.clone(),
            request,
            source: planned.and_then(|planned| planned.source),
        };
        let link = self.vrrp.link.as_ref();
        let (Some(planned), Some(true)) = (planned, link.map(|link| link.phase().is_live())) else {
            let reason = match planned {
                Some(_) => "the VRRP child, which opens it, is not running",
                None => "it was asked for under an older configuration",
            };
            self.answer(asked, Err(NotOpened::NotTried(reason.to_owned())));
            return Ok(());
        };
        let socket = planned.socket.clone();
        let request = self.requests.add(asked).map_err(Loss::because)?;
        self.send_to_vrrp(&ParentToVrrp::Open { request, socket });
        Ok(())
    }

    /// The VRRP child has answered.
    pub(crate) fn opened(
        &mut self,
        request: Request,
        opened: Result<(), Refusal>,
        descriptor: Option<OwnedFd>,
    ) -> Result<(), Loss> {
        let asked = self.requests.answered(request).map_err(Loss::because)?;
        let Some(asked) = asked else {
            return Ok(());
        };
        let socket = opened.and_then(|()| bound(descriptor.ok_or(Refusal::LOST)?, asked.source));
        self.answer(asked, socket.map_err(NotOpened::Refused));
        Ok(())
    }

    /// The VRRP child is gone, and with it all that it was asked for.
    pub(crate) fn fail_requests(&mut self) {
        for asked in self.requests.take_all() {
            let reason = "the VRRP child, which opens it, died".to_owned();
            self.answer(asked, Err(NotOpened::NotTried(reason)));
        }
    }

    fn answer(&mut self, asked: Asked, socket: Result<OwnedFd, NotOpened>) {
        let Asked {
            account, request, ..
        } = asked;
        let slot = self.checkers.get_mut(&account);
        let link = slot.and_then(|slot| slot.link.as_mut());
        let Some(link) = link.filter(|link| link.phase().is_live()) else {
            return;
        };
        let message = |opened| ParentToChecker::Opened { request, opened };
        let sent = match socket {
            Ok(socket) => link.send_carrying(&message(Ok(())), socket),
            Err(reason) => link.send(&message(Err(reason))),
        };
        if let Err(loss) = sent {
            self.lose_checker(&account, loss);
        }
    }
}

/// Binds a socket to its source: only this process may bind a port below 1024.
fn bound(socket: OwnedFd, source: Option<Source>) -> Result<OwnedFd, Refusal> {
    let Some(Source { address, step }) = source else {
        return Ok(socket);
    };
    let refused = |errno: Errno| Refusal {
        step,
        errno: errno as i32,
    };
    if step == OpenStep::SourcePort {
        // The last check's connection may still be in TIME_WAIT with that port.
        setsockopt(&socket, sockopt::ReuseAddr, &true).map_err(refused)?;
    }
    bind(socket.as_raw_fd(), &SockaddrStorage::from(address)).map_err(refused)?;
    Ok(socket)
}
