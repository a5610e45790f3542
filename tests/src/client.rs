//! A third host that asks the virtual address all the time, as a user of the service would: what
//! it misses is the outage.

use crate::lab::Lab;
use crate::timeline::{Span, Timeline};
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Time between two questions.
pub const PACE: Duration = Duration::from_millis(20);
/// Longest time that a question over TCP waits.
const PATIENCE: Duration = Duration::from_millis(60);
const ECHO_PORT: u16 = 7007;
const HTTP_PORT: u16 = 80;
/// How often a waiting thread looks whether it shall end.
const LOOK: Duration = Duration::from_millis(100);

/// One question and who answered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// When it was asked.
    pub asked: Duration,
    /// What came back; nothing when nobody answered.
    pub by: Option<String>,
}

/// The asking client; it asks until this value is dropped.
#[derive(Debug)]
pub struct Client {
    answers: Arc<Mutex<Vec<Answer>>>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Client {
    /// Asks by UDP; every node answers with its number.
    pub fn ask_udp(lab: &Lab, nodes: usize, address: IpAddr) -> Self {
        let mut client = Self::idle();
        for index in 0..nodes {
            let stop = client.stop.clone();
            let thread = lab
                .node(index)
                .netns()
                .thread("echo", move || answer(index, &stop));
            client.threads.push(thread);
        }
        let (answers, stop) = (client.answers.clone(), client.stop.clone());
        let (timeline, target) = (lab.timeline().clone(), SocketAddr::new(address, ECHO_PORT));
        let asker = move || ask_datagrams(target, &answers, &stop, &timeline);
        client.threads.push(lab.client().thread("client", asker));
        client
    }

    /// Asks by HTTP; the first line of the body is the answer.
    pub fn ask_http(lab: &Lab, address: IpAddr) -> Self {
        let mut client = Self::idle();
        let (answers, stop) = (client.answers.clone(), client.stop.clone());
        let (timeline, target) = (lab.timeline().clone(), SocketAddr::new(address, HTTP_PORT));
        let asker = move || ask_pages(target, &answers, &stop, &timeline);
        client.threads.push(lab.client().thread("client", asker));
        client
    }

    fn idle() -> Self {
        Self {
            answers: Arc::default(),
            stop: Arc::default(),
            threads: Vec::new(),
        }
    }

    /// All questions until now with their answers.
    pub fn answers(&self) -> Vec<Answer> {
        lock(&self.answers).clone()
    }

    /// The longest time within a span without an answered question. The last answer in front of
    /// the span counts as its begin.
    pub fn outage(&self, within: Span) -> Duration {
        outage(&self.answers(), within)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _panicked = thread.join();
        }
    }
}

fn outage(answers: &[Answer], within: Span) -> Duration {
    let answered = answers
        .iter()
        .filter(|answer| answer.by.is_some() && answer.asked <= within.to)
        .map(|answer| answer.asked);
    let mut last = within.from;
    let mut longest = Duration::ZERO;
    for asked in answered.chain([within.to]) {
        if asked >= within.from {
            longest = longest.max(asked.saturating_sub(last));
        }
        last = asked;
    }
    longest
}

fn lock(answers: &Mutex<Vec<Answer>>) -> std::sync::MutexGuard<'_, Vec<Answer>> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(index: usize, stop: &AtomicBool) {
    let any = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), ECHO_PORT);
    let socket = UdpSocket::bind(any).expect("the port is free");
    socket
        .set_read_timeout(Some(LOOK))
        .expect("a time limit can be set");
    let mut question = [0_u8; 8];
    while !stop.load(Ordering::Relaxed) {
        if let Ok((length, from)) = socket.recv_from(&mut question) {
            let answer = format!(
                "{}node {index}",
                String::from_utf8_lossy(&question[..length])
            );
            // The asker may be unreachable at this moment.
            let _sent = socket.send_to(answer.as_bytes(), from);
        }
    }
}

/// Each question carries its number in eight digits; the answer repeats it.
fn ask_datagrams(
    target: SocketAddr,
    answers: &Mutex<Vec<Answer>>,
    stop: &AtomicBool,
    timeline: &Timeline,
) {
    let any = if target.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    let socket = UdpSocket::bind(any).expect("a port is free");
    while !stop.load(Ordering::Relaxed) {
        let asked = timeline.now();
        let number = {
            let mut list = lock(answers);
            list.push(Answer { asked, by: None });
            list.len() - 1
        };
        let _unreachable = socket.send_to(format!("{number:08}").as_bytes(), target);
        while let Some(text) = receive(&socket, (asked + PACE).saturating_sub(timeline.now())) {
            note(answers, &text);
        }
    }
}

fn receive(socket: &UdpSocket, limit: Duration) -> Option<String> {
    if limit.is_zero() {
        return None;
    }
    socket
        .set_read_timeout(Some(limit))
        .expect("a time limit can be set");
    let mut buffer = [0_u8; 64];
    match socket.recv_from(&mut buffer) {
        Ok((length, _)) => Some(String::from_utf8_lossy(&buffer[..length]).into_owned()),
        // An ICMP error about an earlier question is no answer.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        Err(_) => Some(String::new()),
    }
}

fn note(answers: &Mutex<Vec<Answer>>, text: &str) {
    let Some((number, by)) = text.split_at_checked(8) else {
        return;
    };
    if let Ok(number) = number.parse::<usize>() {
        lock(answers)[number].by = Some(by.to_owned());
    }
}

fn ask_pages(
    target: SocketAddr,
    answers: &Mutex<Vec<Answer>>,
    stop: &AtomicBool,
    timeline: &Timeline,
) {
    while !stop.load(Ordering::Relaxed) {
        let asked = timeline.now();
        let by = page(target).ok();
        lock(answers).push(Answer { asked, by });
        let left = (asked + PACE).saturating_sub(timeline.now());
        std::thread::park_timeout(left);
    }
}

fn page(target: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&target, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let body = text
        .split_once("\r\n\r\n")
        .map(|parts| parts.1.trim().to_owned());
    body.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_outage_is_the_longest_time_without_an_answered_question() {
        let answers: Vec<Answer> = [(0, true), (20, false), (40, false), (60, true), (80, true)]
            .into_iter()
            .map(|(asked, good)| Answer {
                asked: at(asked),
                by: good.then(String::new),
            })
            .collect();
        assert_eq!(
            outage(
                &answers,
                Span {
                    from: at(10),
                    to: at(90)
                }
            ),
            at(60)
        );
        assert_eq!(
            outage(
                &answers,
                Span {
                    from: at(70),
                    to: at(200)
                }
            ),
            at(120)
        );
    }
}
