//! One connection to the mail server, and each mail over it.

use crate::mailbox::Mailbox;
use crate::message::{Message, compose};
use holdfast_ipc::mail::{Batch, Fate, Mail, MailerToParent};
use lettre::transport::smtp;
use lettre::transport::smtp::client::SmtpConnection;
use lettre::transport::smtp::commands::Data;
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use std::error::Error as _;
use std::fmt;
use std::time::Duration;

/// What is told to the parent.
type Say<'a> = &'a mut dyn FnMut(MailerToParent);

/// The connection is of no use any more, and why.
struct Broken(String);

/// Sends all mails, and says for each recipient what became of it. What is not said was not tried.
pub(crate) fn deliver(batch: &Batch, say: Say<'_>) {
    let server = (batch.server.host.as_str(), batch.server.port);
    let timeout = Duration::from_micros(batch.timeout.get());
    let helo = ClientId::Domain(batch.helo.clone());
    let mut mails = batch.mails.iter();
    let broken = match SmtpConnection::connect(server, Some(timeout), &helo, None, None) {
        Err(error) => Some(Broken(words(&error))),
        Ok(mut connection) => {
            say(MailerToParent::Connected);
            let broken =
                mails.find_map(|mail| deliver_one(&mut connection, batch, mail, say).err());
            if broken.is_none() {
                let _ = connection.quit();
            }
            broken
        }
    };
    // Those before were told already.
    if let Some(Broken(why)) = broken {
        for mail in mails {
            tell_all(mail, &mail.left, Fate::Deferred, &why, say);
        }
    }
}

/// A command that lettre would only build from addresses with a domain.
enum Envelope<'a> {
    From(&'a Mailbox),
    To(&'a Mailbox),
    Reset,
}

impl fmt::Display for Envelope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(mailbox) => write!(f, "MAIL FROM:<{}>\r\n", mailbox.address),
            Self::To(mailbox) => write!(f, "RCPT TO:<{}>\r\n", mailbox.address),
            Self::Reset => f.write_str("RSET\r\n"),
        }
    }
}

fn deliver_one(
    connection: &mut SmtpConnection,
    batch: &Batch,
    mail: &Mail,
    say: Say<'_>,
) -> Result<(), Broken> {
    let message = match compose(batch, mail) {
        Ok(message) => message,
        Err(why) => {
            tell_all(mail, &mail.left, Fate::Refused, &why, say);
            return Ok(());
        }
    };
    let accepted = match envelope(connection, &message, mail, say)? {
        Some(accepted) if !accepted.is_empty() => accepted,
        Some(_) | None => return reset(connection),
    };
    let taken = connection
        .command(Data)
        .and_then(|_go_on| connection.message(&message.bytes));
    match taken {
        Ok(response) => {
            tell_all(mail, &accepted, Fate::Delivered, &answer(&response), say);
            Ok(())
        }
        Err(error) => {
            refusal(mail, &accepted, &error, say)?;
            reset(connection)
        }
    }
}

/// Says from whom to whom; gives the recipients that the server takes. None where it takes no mail
/// of this sender.
fn envelope(
    connection: &mut SmtpConnection,
    message: &Message,
    mail: &Mail,
    say: Say<'_>,
) -> Result<Option<Vec<u32>>, Broken> {
    if let Err(error) = connection.command(Envelope::From(&message.from)) {
        refusal(mail, &mail.left, &error, say)?;
        return Ok(None);
    }
    let mut accepted = Vec::new();
    for (at, place) in mail.left.iter().enumerate() {
        let text = usize::try_from(*place)
            .ok()
            .and_then(|place| mail.to.get(place));
        let mailbox = match Mailbox::parse(text.map_or("", String::as_str)) {
            Ok(mailbox) => mailbox,
            Err(why) => {
                tell_all(mail, &[*place], Fate::Refused, &why, say);
                continue;
            }
        };
        match connection.command(Envelope::To(&mailbox)) {
            Ok(_response) => accepted.push(*place),
            Err(error) => {
                if let Err(broken) = refusal(mail, &[*place], &error, say) {
                    let rest = mail.left.get(at.saturating_add(1)..).unwrap_or_default();
                    accepted.extend(rest);
                    tell_all(mail, &accepted, Fate::Deferred, &broken.0, say);
                    return Err(broken);
                }
            }
        }
    }
    Ok(Some(accepted))
}

/// Tells what the server said no to. An error where it was no answer: the connection is done.
fn refusal(mail: &Mail, places: &[u32], error: &smtp::Error, say: Say<'_>) -> Result<(), Broken> {
    let words = words(error);
    let fate = if error.is_permanent() {
        Fate::Refused
    } else {
        Fate::Deferred
    };
    tell_all(mail, places, fate, &words, say);
    if error.is_permanent() || error.is_transient() {
        Ok(())
    } else {
        Err(Broken(words))
    }
}

fn reset(connection: &mut SmtpConnection) -> Result<(), Broken> {
    let done = connection.command(Envelope::Reset);
    done.map(|_response| ())
        .map_err(|error| Broken(words(&error)))
}

fn tell_all(mail: &Mail, places: &[u32], fate: Fate, words: &str, say: Say<'_>) {
    for recipient in places {
        say(MailerToParent::Said {
            number: mail.number,
            recipient: *recipient,
            fate,
            words: words.to_owned(),
        });
    }
}

/// The server's words with their code, or what went wrong.
fn words(error: &smtp::Error) -> String {
    match (error.status(), error.source()) {
        (Some(code), Some(words)) => format!("{code} {words}"),
        (Some(code), None) => code.to_string(),
        (None, _) => error.to_string(),
    }
}

fn answer(response: &Response) -> String {
    let lines: Vec<&str> = response.message().collect();
    format!("{} {}", response.code(), lines.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::{batch, mail};
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::thread::{self, JoinHandle};

    /// Answers each line whose beginning is in the list; other lines are only written down.
    const GOOD: &[(&str, &str)] = &[
        ("EHLO", "250-sink\r\n250 8BITMIME"),
        ("MAIL", "250 ok"),
        ("RCPT", "250 ok"),
        ("DATA", "354 go"),
        (".", "250 queued as 7"),
        ("RSET", "250 ok"),
        ("QUIT", "221 bye"),
    ];

    /// A server for one connection: its greeting, what it answers in front of the usual, and all that
    /// it was told.
    fn server(
        greeting: &'static str,
        special: &'static [(&str, &str)],
    ) -> (u16, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let play = move || {
            let (stream, _) = listener.accept().unwrap();
            let mut heard = String::new();
            let _ = play(stream, greeting, special, &mut heard);
            heard
        };
        (port, thread::spawn(play))
    }

    fn play(
        mut stream: TcpStream,
        greeting: &str,
        special: &[(&str, &str)],
        heard: &mut String,
    ) -> std::io::Result<()> {
        stream.write_all(greeting.as_bytes())?;
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let mut data = false;
        while let Some(Ok(line)) = lines.next() {
            heard.push_str(&line);
            heard.push('\n');
            if data && line != "." {
                continue;
            }
            let answers = special.iter().chain(GOOD);
            let found = answers.copied().find(|(begin, _)| line.starts_with(begin));
            match found {
                Some((_, "close")) => return Ok(()),
                Some((_, "silence")) => {
                    stream.read_to_end(&mut Vec::new())?;
                    return Ok(());
                }
                Some((begin, answer)) => {
                    data = begin == "DATA" && answer.starts_with('3');
                    stream.write_all(format!("{answer}\r\n").as_bytes())?;
                }
                None => {}
            }
        }
        Ok(())
    }

    type Said = (u32, u32, Fate, String);

    /// Two mails to a server; what is said about them, and what it heard.
    fn story(greeting: &'static str, special: &'static [(&str, &str)]) -> (Vec<Said>, String) {
        let (port, server) = server(greeting, special);
        let mut batch = batch(port);
        batch.timeout = holdfast_ipc::config::model::Micros::from_millis(300);
        batch.mails = vec![mail(0), mail(1)];
        batch.mails[1].left = vec![1];
        let mut all = Vec::new();
        deliver(&batch, &mut |said| match said {
            MailerToParent::Connected => {}
            MailerToParent::Said {
                number,
                recipient,
                fate,
                words,
            } => all.push((number, recipient, fate, words)),
        });
        (all, server.join().unwrap())
    }

    const PLACES: [(u32, u32); 4] = [(0, 0), (0, 1), (0, 2), (1, 1)];

    fn each(fate: Fate, words: &str) -> Vec<Said> {
        let said = |(number, recipient)| (number, recipient, fate, words.to_owned());
        PLACES.map(said).to_vec()
    }

    #[test]
    fn all_mails_go_over_one_connection_each_to_those_who_do_not_have_it() {
        let (said, heard) = story("220 sink\r\n", &[]);
        assert_eq!(said, each(Fate::Delivered, "250 queued as 7"));
        let commands: Vec<&str> = heard
            .lines()
            .filter(|line| {
                ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
                    .iter()
                    .any(|begin| line.starts_with(begin))
            })
            .collect();
        assert_eq!(
            commands,
            [
                "EHLO lb1.example.com",
                "MAIL FROM:<lb1@example.com>",
                "RCPT TO:<root@example.com>",
                "RCPT TO:<ops@example.com>",
                "RCPT TO:<admin>",
                "DATA",
                "MAIL FROM:<lb1@example.com>",
                "RCPT TO:<ops@example.com>",
                "DATA",
                "QUIT",
            ]
        );
    }

    #[test]
    fn one_recipient_that_is_refused_keeps_nobody_else_from_the_mail() {
        let (said, _) = story(
            "220 sink\r\n",
            &[
                ("RCPT TO:<ops", "550 no such user"),
                ("RCPT TO:<admin", "450 later"),
            ],
        );
        let refused = |number| (number, 1, Fate::Refused, "550 no such user".to_owned());
        let expected = [
            refused(0),
            (0, 2, Fate::Deferred, "450 later".to_owned()),
            (0, 0, Fate::Delivered, "250 queued as 7".to_owned()),
            refused(1),
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn answers_to_the_whole_mail_count_for_all_its_recipients() {
        for special in [
            &[("MAIL", "451 busy")],
            &[("DATA", "451 busy")],
            &[(".", "451 busy")],
        ] {
            assert_eq!(
                story("220 sink\r\n", special).0,
                each(Fate::Deferred, "451 busy")
            );
        }
        let (said, _) = story("220 sink\r\n", &[(".", "554 spam")]);
        assert_eq!(said, each(Fate::Refused, "554 spam"));
    }

    /// Whatever breaks the connection: nobody is forgotten, nobody is told twice, and all of it can be
    /// tried again.
    #[test]
    fn a_server_that_is_broken_defers_what_it_has_not_taken() {
        let long: &'static str =
            Box::leak(format!("250 {}\r\n", "x".repeat(1 << 20)).into_boxed_str());
        let cases: [(&'static str, &'static [(&str, &str)]); 9] = [
            ("", &[]),
            ("554 go away\r\n", &[]),
            ("garbage\0\r\n", &[]),
            (long, &[]),
            ("220 sink\r\n", &[("EHLO", "close")]),
            ("220 sink\r\n", &[("RCPT TO:<ops", "close")]),
            ("220 sink\r\n", &[("RCPT TO:<ops", "silence")]),
            ("220 sink\r\n", &[("DATA", "close")]),
            ("220 sink\r\n", &[(".", "999 what\0\u{1b}[31m")]),
        ];
        for (greeting, special) in cases {
            let (said, _) = story(greeting, special);
            let mut places: Vec<_> = said.iter().map(|said| (said.0, said.1)).collect();
            places.sort_unstable();
            assert_eq!(places, PLACES, "{special:?}: {said:?}");
            let deferred = said.iter().all(|said| said.2 == Fate::Deferred);
            assert!(deferred, "{special:?}: {said:?}");
        }
    }

    #[test]
    fn a_line_that_begins_with_a_dot_ends_no_mail() {
        let (port, server) = server("220 sink\r\n", &[]);
        let mut batch = batch(port);
        batch.mails = vec![mail(0)];
        batch.mails[0].body = ".\r\nMAIL FROM:<a@b>\n..\n".to_owned();
        deliver(&batch, &mut |_| {});
        let heard = server.join().unwrap();
        assert!(heard.contains("\n..\nMAIL FROM:<a@b>\n...\n"), "{heard}");
    }

    #[test]
    fn a_name_that_nobody_knows_defers_the_mail() {
        let mut batch = batch(25);
        batch.server.host = "no.such.host.invalid".to_owned();
        batch.mails = vec![mail(0)];
        let mut fates = Vec::new();
        deliver(&batch, &mut |said| {
            if let MailerToParent::Said { fate, .. } = said {
                fates.push(fate);
            }
        });
        assert_eq!(fates, [Fate::Deferred; 3]);
    }
}
