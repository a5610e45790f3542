//! A mail as it is sent: header and body. Nothing that it is made of can begin another field.

use crate::mailbox::Mailbox;
use holdfast_ipc::mail::{Batch, Mail};
use lettre::message::SinglePart;
use lettre::message::header::{
    ContentType, Date, HeaderName, HeaderValue, Headers, MIME_VERSION_1_0, Subject,
};
use std::time::{Duration, SystemTime};

/// A mail with its envelope.
#[derive(Debug)]
pub(crate) struct Message {
    /// Who sends it.
    pub(crate) from: Mailbox,
    /// Header, empty line, body; lines end with CR LF.
    pub(crate) bytes: Vec<u8>,
}

/// Header fields in keepalived's order, and then those that it lacks.
pub(crate) fn compose(batch: &Batch, mail: &Mail) -> Result<Message, String> {
    let from = Mailbox::parse(&batch.from)?;
    let to: Vec<String> = mail
        .to
        .iter()
        .filter_map(|text| Mailbox::parse(text).ok())
        .map(|mailbox| mailbox.to_string())
        .collect();
    let at = SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_secs(mail.at))
        .unwrap_or(SystemTime::UNIX_EPOCH);
    let mut headers = Headers::new();
    headers.set(Date::from(at));
    headers.insert_raw(field("From", from.to_string())?);
    headers.set(Subject::from(mail.subject.clone()));
    headers.insert_raw(field("X-Mailer", batch.product.clone())?);
    headers.insert_raw(field("To", to.join(", "))?);
    headers.insert_raw(field("Message-ID", message_id(batch, mail))?);
    headers.set(MIME_VERSION_1_0);
    let mut bytes = headers.to_string().into_bytes();
    let part = SinglePart::builder()
        .header(ContentType::TEXT_PLAIN)
        .body(body(&mail.body));
    bytes.extend(part.formatted());
    Ok(Message { from, bytes })
}

/// Lines, and nothing else that steers: their ends are written as the protocol has them.
fn body(text: &str) -> String {
    let text = text.trim_end_matches('\n').chars();
    text.filter(|character| *character == '\n' || !character.is_control())
        .collect()
}

fn field(name: &str, value: String) -> Result<HeaderValue, String> {
    let name = HeaderName::new_from_ascii(name.to_owned());
    let name = name.map_err(|error| error.to_string())?;
    let value = value.chars().filter(|character| !character.is_control());
    Ok(HeaderValue::new(name, value.collect()))
}

/// Another one for each mail: this process sends each number once.
fn message_id(batch: &Batch, mail: &Mail) -> String {
    let host = batch.helo.chars();
    let host: String = host
        .filter(|character| character.is_ascii_alphanumeric() || matches!(character, '.' | '-'))
        .collect();
    format!(
        "<{}.{}.{}@{host}>",
        mail.at,
        std::process::id(),
        mail.number
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use holdfast_ipc::config::model::{MailServer, Micros};
    use proptest::prelude::*;

    pub(crate) fn batch(port: u16) -> Batch {
        Batch {
            server: MailServer {
                host: "127.0.0.1".to_owned(),
                port,
            },
            helo: "lb1.example.com".to_owned(),
            from: "LB <lb1@example.com>".to_owned(),
            product: "holdfast".to_owned(),
            timeout: Micros::from_secs(2),
            mails: Vec::new(),
        }
    }

    pub(crate) fn mail(number: u32) -> Mail {
        Mail {
            number,
            at: 1_795_982_400,
            subject: "[lb1] VRRP Instance VI_1 - Entering MASTER state".to_owned(),
            body: "=> VRRP Instance is now owning VRRP VIPs <=\n".to_owned(),
            to: vec![
                "root@example.com".to_owned(),
                "Ops Team <ops@example.com>".to_owned(),
                "admin".to_owned(),
            ],
            left: vec![0, 1, 2],
        }
    }

    #[test]
    fn a_mail_has_keepalived_s_fields_in_its_order_and_two_more() {
        let message = compose(&batch(25), &mail(3)).unwrap();
        let text = String::from_utf8(message.bytes).unwrap();
        let id = format!("<1795982400.{}.3@lb1.example.com>", std::process::id());
        assert_eq!(
            text,
            format!(
                "Date: Sun, 29 Nov 2026 20:00:00 +0000\r\n\
                 From: LB <lb1@example.com>\r\n\
                 Subject: [lb1] VRRP Instance VI_1 - Entering MASTER state\r\n\
                 X-Mailer: holdfast\r\n\
                 To: root@example.com, Ops Team <ops@example.com>, admin\r\n\
                 Message-ID: {id}\r\n\
                 MIME-Version: 1.0\r\n\
                 Content-Type: text/plain; charset=utf-8\r\n\
                 Content-Transfer-Encoding: 7bit\r\n\
                 \r\n\
                 => VRRP Instance is now owning VRRP VIPs <=\r\n"
            )
        );
        assert_eq!(message.from.address, "lb1@example.com");
    }

    const NAMES: [&str; 9] = [
        "Date",
        "From",
        "Subject",
        "X-Mailer",
        "To",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
    ];

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            ".{0,300}",
            "[a\r\n: <>\"@.,;\\\\\u{0}]{0,60}",
            "a\r\nBcc: b@example.com",
        ]
    }

    proptest! {
        /// Whatever the names in a configuration are: the same fields in the same order, every line
        /// ends with CR LF and is short enough, and all of it is ASCII.
        #[test]
        fn nothing_in_a_mail_can_begin_another_field(
            subject in text(), name in text(), to in text(), helo in text(), product in text(),
            body in text(),
        ) {
            let batch = Batch {
                from: format!("{name} <lb1@example.com>"),
                helo,
                product,
                ..batch(25)
            };
            let mail = Mail { subject, body, to: vec![to], ..mail(0) };
            // An address that is none refuses the mail.
            let Ok(message) = compose(&batch, &mail) else { return Ok(()); };
            let text = String::from_utf8(message.bytes).unwrap();
            prop_assert!(text.is_ascii());
            prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']));
            prop_assert!(text.split("\r\n").all(|line| line.len() <= 998));
            let (header, _) = text.split_once("\r\n\r\n").unwrap();
            let names: Vec<&str> = header
                .split("\r\n")
                .filter(|line| !line.starts_with([' ', '\t']))
                .map(|line| line.split_once(':').unwrap().0)
                .collect();
            prop_assert_eq!(names, NAMES);
        }
    }
}
