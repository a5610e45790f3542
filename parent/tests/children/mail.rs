//! Mail about servers, by the real mailer to a mail server that is played here.

use crate::servers::SERVERS;
use crate::stage::{CONFIG, Stage};
use nix::sys::signal::Signal;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Takes every mail; gives its port and all lines that it was sent.
fn server() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ended = take(stream, &kept);
        }
    });
    (port, heard)
}

fn take(mut stream: TcpStream, heard: &Mutex<Vec<String>>) -> std::io::Result<()> {
    stream.write_all(b"220 played\r\n")?;
    let mut data = false;
    for line in BufReader::new(stream.try_clone()?).lines() {
        let line = line?;
        data = (data || line == "DATA") && line != ".";
        let answer: &[u8] = match line.as_str() {
            "DATA" => b"354 go on\r\n",
            _ if data => b"",
            _ => b"250 ok\r\n",
        };
        heard.lock().unwrap().push(line);
        stream.write_all(answer)?;
    }
    Ok(())
}

fn configure(stage: &Stage, server: &str) {
    let text = format!(
        "global_defs {{\nrouter_id lb1\nnotification_email {{\na@example.com\n}}\n{server}\n}}\n\
         {CONFIG}{}",
        SERVERS.replace("ha_suspend", "smtp_alert on")
    );
    stage.configure(&text);
    stage.script("news.sh", ":");
}

pub(crate) fn a_server_that_goes_down_is_mailed_with_what_its_check_said() {
    let stage = Stage::new();
    let (port, heard) = server();
    configure(&stage, &format!("smtp_server 127.0.0.1 {port}"));
    stage.part("checker", "check-verdict");
    let daemon = stage.start_up();
    stage.wait_told("vrrp", "CheckVerdict { check: CheckId(0), up: false", 1);
    // Behind the verdict that was the reason.
    stage.part("vrrp", "member-down quorum-lost");
    crate::lives::end(stage.pid("r.pid"), Signal::SIGKILL);
    daemon.wait_log("SMTP alert successfully sent", 2);
    assert_eq!(daemon.stop().0, Some(0));
    let text = heard.lock().unwrap().join("\n");
    // Long fields are folded.
    let text = text.replace("\n ", " ");
    let told: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("Subject") || line.starts_with("=>") || *line == "played")
        .collect();
    assert_eq!(
        told,
        [
            "Subject: [lb1] Realserver [10.0.0.1]:tcp:80 of virtual server [192.0.2.1]:tcp:80 - DOWN",
            "=> TCP CHECK failed on service <=",
            "played",
            "Subject: [lb1] Virtualserver [192.0.2.1]:tcp:80 - DOWN",
            "=> played <=",
        ]
    );
    // One connection for what happened together.
    assert_eq!(text.matches("EHLO").count(), 1);
}

pub(crate) fn a_configuration_without_a_mail_server_sends_nothing() {
    let stage = Stage::new();
    configure(&stage, "");
    stage.part("vrrp", "member-down quorum-lost");
    let daemon = stage.start_up();
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    assert_eq!(daemon.lines("SMTP"), [""; 0]);
    assert_eq!(daemon.stop().0, Some(0));
}
