//! Mail servers in a namespace: one that is played, as badly as a scenario wants it, and a real one.

use crate::netns::Netns;
use crate::process;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Longest wait for anything.
const LONG: Duration = Duration::from_secs(20);

/// How a played server answers a line that begins so; the first that fits counts.
pub type Answers = &'static [(&'static str, Answer)];

/// What a played server does.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// Says this line.
    Say(&'static str),
    /// Says this line the first time that anybody comes to it, and the usual one later.
    SayOnce(&'static str),
    /// Says one byte of a line that never ends, every tenth of a second.
    Drip,
    /// Says a line of a megabyte.
    Endless,
    /// Says nothing any more.
    Silence,
    /// Closes the connection.
    Close,
}

const USUAL: Answers = &[
    ("connect", Answer::Say("220 lab ESMTP")),
    ("EHLO", Answer::Say("250 lab")),
    ("HELO", Answer::Say("250 lab")),
    ("MAIL", Answer::Say("250 ok")),
    ("RCPT", Answer::Say("250 ok")),
    ("DATA", Answer::Say("354 go on")),
    (".", Answer::Say("250 queued")),
    ("RSET", Answer::Say("250 ok")),
    ("QUIT", Answer::Say("221 bye")),
];

/// A mail that a server took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// What `MAIL FROM:` said.
    pub from: String,
    /// What each `RCPT TO:` said that was accepted.
    pub to: Vec<String>,
    /// Header and body, as they were sent.
    pub lines: Vec<String>,
}

impl Taken {
    /// The value of a header field in one line.
    pub fn field(&self, name: &str) -> Option<&str> {
        let begin = format!("{name}: ");
        let header = self.lines.iter().take_while(|line| !line.is_empty());
        header.filter_map(|line| line.strip_prefix(&begin)).next()
    }

    /// Its subject.
    pub fn subject(&self) -> &str {
        self.field("Subject").unwrap_or_default()
    }

    /// What follows the header, without the empty lines at the end.
    pub fn body(&self) -> Vec<&str> {
        let body = self.lines.iter().skip_while(|line| !line.is_empty());
        let lines: Vec<&str> = body.skip(1).map(String::as_str).collect();
        let end = lines.iter().rposition(|line| !line.is_empty());
        lines[..end.map_or(0, |end| end + 1)].to_vec()
    }
}

/// A played server on port 25 of the loopback interface.
#[derive(Clone, Debug)]
pub struct PlayedServer {
    taken: Arc<Mutex<Vec<Taken>>>,
    visits: Arc<Mutex<usize>>,
}

impl PlayedServer {
    /// Starts it.
    pub fn start(netns: &Netns, special: Answers) -> Self {
        let listener = netns.run(|| TcpListener::bind("127.0.0.1:25").expect("port 25 is free"));
        let server = Self {
            taken: Arc::default(),
            visits: Arc::default(),
        };
        let played = server.clone();
        thread::spawn(move || {
            let done = Arc::new(Mutex::new(Vec::new()));
            for stream in listener.incoming().flatten() {
                let (played, done) = (played.clone(), Arc::clone(&done));
                thread::spawn(move || {
                    let mut visit = Visit {
                        stream,
                        special,
                        done,
                    };
                    let _ended = visit.play(&played);
                });
            }
        });
        server
    }

    /// All mails that it took.
    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().expect("no panic").clone()
    }

    /// Waits for so many mails.
    #[track_caller]
    pub fn wait(&self, count: usize) -> Vec<Taken> {
        process::poll(LONG, &format!("{count} mails"), || {
            let taken = self.taken();
            (taken.len() >= count).then_some(taken)
        })
    }

    /// Waits until somebody has come so many times.
    #[track_caller]
    pub fn wait_for_visits(&self, count: usize) {
        process::poll(LONG, &format!("{count} visits"), || {
            (*self.visits.lock().expect("no panic") >= count).then_some(())
        });
    }
}

struct Visit {
    stream: TcpStream,
    special: Answers,
    /// What is said once only and was said.
    done: Arc<Mutex<Vec<&'static str>>>,
}

impl Visit {
    fn play(&mut self, server: &PlayedServer) -> std::io::Result<()> {
        *server.visits.lock().expect("no panic") += 1;
        let mut lines = BufReader::new(self.stream.try_clone()?).lines();
        let mut mail = Taken::default();
        let mut line = "connect".to_owned();
        loop {
            let said = self.answer(&line)?;
            if said.starts_with('2') || said.starts_with('3') {
                match line.split_once(':') {
                    Some(("MAIL FROM", from)) => {
                        mail = Taken {
                            from: from.to_owned(),
                            ..Taken::default()
                        };
                    }
                    Some(("RCPT TO", to)) => mail.to.push(to.to_owned()),
                    _ if line == "." => server
                        .taken
                        .lock()
                        .expect("no panic")
                        .push(std::mem::take(&mut mail)),
                    _ => {}
                }
            }
            let Some(next) = lines.next() else {
                return Ok(());
            };
            line = next?;
            while said.starts_with("354") && line != "." {
                mail.lines.push(line);
                line = lines.next().unwrap_or_else(|| Ok(".".to_owned()))?;
            }
        }
    }

    fn answer(&mut self, line: &str) -> std::io::Result<String> {
        let answers = self.special.iter().chain(USUAL);
        let mut fitting = answers.filter(|(begin, _)| line.starts_with(begin));
        let (begin, mut answer) = *fitting.next().unwrap_or(&("", Answer::Say("500 what?")));
        if let Answer::SayOnce(said) = answer {
            let mut done = self.done.lock().expect("no panic");
            let again = done.contains(&begin);
            done.push(begin);
            answer = if again {
                fitting.next().map_or(Answer::Close, |(_, usual)| *usual)
            } else {
                Answer::Say(said)
            };
        }
        let text = match answer {
            Answer::Say(text) | Answer::SayOnce(text) => text.to_owned(),
            Answer::Endless => format!("250 {}", "x".repeat(1 << 20)),
            Answer::Drip => loop {
                self.stream.write_all(b"2")?;
                thread::park_timeout(Duration::from_millis(100));
            },
            Answer::Silence => loop {
                // Until the other side is gone.
                let mut byte = [0];
                if self.stream.peek(&mut byte)? == 0 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                thread::park_timeout(Duration::from_millis(100));
            },
            Answer::Close => return Err(std::io::ErrorKind::Other.into()),
        };
        self.stream.write_all(format!("{text}\r\n").as_bytes())?;
        Ok(text)
    }
}

/// aiosmtpd on port 25 of the loopback interface; it writes each mail into a folder.
#[derive(Debug)]
pub struct RealServer {
    child: Child,
}

const PROGRAM: &str = "\
import sys, time
from aiosmtpd.controller import Controller

class Handler:
    count = 0

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        text = 'FROM ' + envelope.mail_from + '\\n'
        text += ''.join('TO ' + to + '\\n' for to in envelope.rcpt_tos)
        path = f'{sys.argv[1]}/{self.count}'
        with open(path + '.new', 'wb') as file:
            file.write(text.encode() + envelope.content)
        import os
        os.rename(path + '.new', path + '.mail')
        return '250 taken'

Controller(Handler(), hostname='127.0.0.1', port=25).start()
open(sys.argv[1] + '/ready', 'w').close()
while True:
    time.sleep(1000)
";

impl RealServer {
    /// Starts it and waits until it listens.
    pub fn start(netns: &Netns, folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("the folder can be made");
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-c", PROGRAM]).arg(folder);
        command.stdin(Stdio::null());
        let mut child = netns.spawn(command).expect("python3 can be started");
        process::poll(LONG, "aiosmtpd to listen", || {
            let ended = child.try_wait().expect("it can be waited for");
            assert!(
                ended.is_none(),
                "aiosmtpd does not start; it comes with the package python3-aiosmtpd, which \
                 tests/run.sh installs"
            );
            folder.join("ready").exists().then_some(())
        });
        Self { child }
    }
}

impl Drop for RealServer {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
