//! Mail: samples, and every message that there can be.

use holdfast_ipc::config::model::{MailServer, Micros};
use holdfast_ipc::mail::{Batch, Fate, Mail, MailerToParent};
use proptest::prelude::*;

pub(crate) fn batches() -> Vec<Batch> {
    vec![Batch {
        server: MailServer {
            host: "mail.example.com".to_owned(),
            port: 25,
        },
        helo: "lb1".to_owned(),
        from: "root@lb1".to_owned(),
        product: "holdfast".to_owned(),
        timeout: Micros::from_secs(30),
        mails: vec![Mail {
            number: 7,
            at: 1_800_000_000,
            subject: "[lb1] VRRP Instance VI_1 - Stopping".to_owned(),
            body: "=> VRRP Instance stopping <=\n".to_owned(),
            to: vec!["a@example.com".to_owned(), "b@example.com".to_owned()],
            left: vec![1],
        }],
    }]
}

fn said(fate: Fate) -> MailerToParent {
    MailerToParent::Said {
        number: 7,
        recipient: 1,
        fate,
        words: "250 queued".to_owned(),
    }
}

pub(crate) fn mailer_to_parent() -> Vec<MailerToParent> {
    vec![
        MailerToParent::Connected,
        said(Fate::Delivered),
        said(Fate::Deferred),
        said(Fate::Refused),
    ]
}

fn mail() -> impl Strategy<Value = Mail> {
    let left = proptest::collection::vec(any::<u32>(), 0..5);
    let to = proptest::collection::vec(".{0,20}", 0..5);
    (any::<u32>(), any::<u64>(), ".{0,40}", ".{0,40}", to, left).prop_map(
        |(number, at, subject, body, to, left)| Mail {
            number,
            at,
            subject,
            body,
            to,
            left,
        },
    )
}

pub(crate) fn batch() -> impl Strategy<Value = Batch> {
    let server = (".{0,20}", any::<u16>());
    let mails = proptest::collection::vec(mail(), 0..4);
    let words = (".{0,20}", ".{0,20}", ".{0,20}");
    (server, words, any::<u64>(), mails).prop_map(
        |((host, port), (helo, from, product), timeout, mails)| Batch {
            server: MailServer { host, port },
            helo,
            from,
            product,
            timeout: Micros::new(timeout),
            mails,
        },
    )
}

pub(crate) fn answer() -> impl Strategy<Value = MailerToParent> {
    let fate = prop_oneof![
        Just(Fate::Delivered),
        Just(Fate::Deferred),
        Just(Fate::Refused)
    ];
    prop_oneof![
        Just(MailerToParent::Connected),
        (any::<u32>(), any::<u32>(), fate, ".{0,40}").prop_map(
            |(number, recipient, fate, words)| MailerToParent::Said {
                number,
                recipient,
                fate,
                words,
            }
        ),
    ]
}
