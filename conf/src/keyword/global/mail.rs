//! Mail about changes of state.

use super::super::{Entries, Keyword, Shape, Word, repeated, used};
use super::{BOOL, FLAG, HERE};

pub(super) const ROWS: &[Keyword] = &[
    repeated(
        "notification_email",
        Word::NotificationEmail,
        HERE,
        Shape::Entries(Entries::Mails),
    )
    .about(
        "Who gets mail. Each word is an address, `root@example.com` or `\"Name <root@example.com>\"`.",
    ),
    used(
        "notification_email_from",
        Word::NotificationEmailFrom,
        HERE,
        Shape::Text,
    )
    .about("Sender of the mail; one word, so a name with an address needs quotation marks.")
    .default("the user at the host"),
    used("smtp_server", Word::SmtpServer, HERE, Shape::MailServer)
        .about(
            "The mail server, an address or a host name, and perhaps its port. Without it no mail \
             is sent.",
        )
        .default("port 25"),
    used("smtp_helo_name", Word::SmtpHeloName, HERE, Shape::Text)
        .about("Name that the mail server is greeted with.")
        .default("the host's name"),
    used(
        "smtp_connect_timeout",
        Word::SmtpConnectTimeout,
        HERE,
        Shape::Time {
            min: 1,
            max: 4_294_000_000,
        },
    )
    .about("Seconds that each step of the dialogue with the mail server may take.")
    .default("30"),
    used("smtp_alert", Word::SmtpAlert, HERE, BOOL)
        .about("Whether instances, groups and servers send mail that do not say so themselves.")
        .default("servers only"),
    used("smtp_alert_vrrp", Word::SmtpAlertVrrp, HERE, BOOL)
        .about("The same for instances and groups; it counts more than `smtp_alert`."),
    used("smtp_alert_checker", Word::SmtpAlertChecker, HERE, BOOL)
        .about("The same for virtual and real servers; it counts more than `smtp_alert`."),
    used("no_email_faults", Word::NoEmailFaults, HERE, FLAG)
        .about("Sends no mail when an instance goes to FAULT."),
    used("no_checker_emails", Word::NoCheckerEmails, HERE, BOOL)
        .about(
            "Sends mail only when a real server is taken out or put back, not for every check \
             that changes. holdfast does so in any case.",
        )
        .default("off"),
    used("checker_log_all_failures", Word::LogAllFailures, HERE, BOOL)
        .about("Logs every failed try of a check, not only the one that takes the server out.")
        .default("off"),
    used("router_id", Word::RouterId, HERE, Shape::Text)
        .about("Name of this node in the subject of mail.")
        .default("the host's name"),
];
