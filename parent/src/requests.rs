//! Who waits for a socket that the VRRP child is to open.

use crate::account::Account;
use crate::opening::Source;
use holdfast_ipc::opening::{MAX_REQUESTS, Request};
use std::collections::BTreeMap;

/// A request of a checker child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The one of this user.
    pub account: Account,
    /// Its own number for the request.
    pub request: Request,
    /// What the socket is bound to.
    pub source: Option<Source>,
}

/// All that the VRRP child has not answered.
#[derive(Debug, Default)]
pub struct Requests {
    last: Request,
    /// Nobody where the one that asked is gone: the answer still comes.
    open: BTreeMap<Request, Option<Asked>>,
}

impl Requests {
    /// Notes one; gives the number for the VRRP child. The error is one of the checker.
    pub fn add(&mut self, asked: Asked) -> Result<Request, String> {
        let own = |other: &&Asked| other.account == asked.account;
        if self.open.values().flatten().filter(own).count() >= MAX_REQUESTS {
            return Err(format!(
                "it asked for more than {MAX_REQUESTS} sockets at once"
            ));
        }
        self.last = self.last.next();
        self.open.insert(self.last, Some(asked));
        Ok(self.last)
    }

    /// An answer came: who waits for it, if anybody still does. The error is one of the VRRP child.
    pub fn answered(&mut self, request: Request) -> Result<Option<Asked>, &'static str> {
        let asked = self.open.remove(&request);
        asked.ok_or("it answered a request for a socket that nobody has sent")
    }

    /// A checker is gone; its successor must not be given what it asked for.
    pub fn forget(&mut self, account: &Account) {
        for asked in self.open.values_mut() {
            asked.take_if(|asked| asked.account == *account);
        }
    }

    /// The VRRP child is gone: all that it owes an answer to.
    pub fn take_all(&mut self) -> Vec<Asked> {
        let open = std::mem::take(&mut self.open);
        open.into_values().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(uid: u32, request: u64) -> Asked {
        Asked {
            account: Account {
                uid,
                gid: uid,
                name: format!("user{uid}"),
            },
            request: Request::new(request),
            source: None,
        }
    }

    #[test]
    fn each_answer_goes_to_the_one_that_asked_and_once() {
        let mut requests = Requests::default();
        let first = requests.add(asked(1, 9)).unwrap();
        let second = requests.add(asked(2, 9)).unwrap();
        assert_eq!(requests.answered(second), Ok(Some(asked(2, 9))));
        assert_eq!(requests.answered(first), Ok(Some(asked(1, 9))));
        assert!(requests.answered(first).is_err());
        assert!(requests.answered(Request::new(77)).is_err());
    }

    #[test]
    fn a_checker_may_not_ask_for_more_at_once_whatever_others_do() {
        let mut requests = Requests::default();
        let mut last = Request::default();
        for number in 0..MAX_REQUESTS {
            last = requests.add(asked(1, number as u64)).unwrap();
        }
        assert_eq!(
            requests.add(asked(1, 99)),
            Err("it asked for more than 32 sockets at once".to_owned())
        );
        assert!(requests.add(asked(2, 99)).is_ok());
        assert!(requests.answered(last).is_ok());
        assert!(requests.add(asked(1, 99)).is_ok());
    }

    #[test]
    fn an_answer_for_a_checker_that_is_gone_reaches_nobody_and_is_no_fault() {
        let mut requests = Requests::default();
        let old = requests.add(asked(1, 1)).unwrap();
        requests.forget(&asked(1, 1).account);
        let new = requests.add(asked(1, 1)).unwrap();
        assert_eq!(requests.answered(old), Ok(None));
        assert_eq!(requests.answered(new), Ok(Some(asked(1, 1))));
    }

    #[test]
    fn the_requests_of_a_dead_vrrp_child_fail_and_are_not_known_to_its_successor() {
        let mut requests = Requests::default();
        let one = requests.add(asked(1, 1)).unwrap();
        requests.add(asked(2, 5)).unwrap();
        requests.forget(&asked(1, 1).account);
        assert_eq!(requests.take_all(), [asked(2, 5)]);
        assert!(requests.answered(one).is_err());
        assert!(requests.add(asked(1, 1)).unwrap() > one);
    }
}
