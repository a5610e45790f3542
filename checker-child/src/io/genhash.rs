//! `holdfastctl genhash`: asks for one page, as `HTTP_GET` and `SSL_GET` do, and prints its digest.
//! Runs as whoever called it, confined as the checker is: what it reads comes from a stranger.

use super::check::{Contexts, Random, converse};
use super::{Failure, confine};
use caps::{CapSet, Capability, CapsHashSet};
use holdfast_checker::action::TlsNeeds;
use holdfast_checker::check::{Conversation, Finding, Outcome, Plan, Success};
use holdfast_ipc::config::model::{Digest, Endpoint, HttpProbe, Micros, TlsOptions, Url};
use holdfast_ipc::genhash::Genhash;
use nix::sys::prctl;
use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

/// Nothing was printed.
const FAILED: u8 = 1;

/// The whole of it.
pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let words: Option<Vec<String>> = arguments.map(|word| word.into_string().ok()).collect();
    let Some(page) = words.and_then(|words| Genhash::from_arguments(&words)) else {
        complain("holdfast-checker: this argument is internal, see `holdfastctl genhash --help`");
        return ExitCode::from(FAILED);
    };
    let finding = confined(&page).map_err(|failure| failure.with_causes());
    let text = finding.and_then(|finding| report(&page, &finding));
    match text.and_then(|text| print(&text)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("genhash: {error}"));
            ExitCode::from(FAILED)
        }
    }
}

fn confined(page: &Genhash) -> Result<Finding, Failure> {
    prctl::set_dumpable(false).map_err(Failure::of_errno("cannot become undumpable"))?;
    keep_capabilities(page)?;
    confine::confine()?;
    let plan = Plan::measuring(&probe(page)).map_err(Failure::Protocol)?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::of("cannot start the event loop"))
        .map(|runtime| runtime.block_on(ask(page, Arc::new(plan))))
}

/// None is needed but the one for a mark, and that only where the caller has it.
fn keep_capabilities(page: &Genhash) -> Result<(), Failure> {
    let permitted = caps::read(None, CapSet::Permitted)?;
    let mut kept = CapsHashSet::new();
    if page.mark != 0 && permitted.contains(&Capability::CAP_NET_ADMIN) {
        kept.insert(Capability::CAP_NET_ADMIN);
    }
    caps::clear(None, CapSet::Ambient)?;
    caps::clear(None, CapSet::Inheritable)?;
    caps::set(None, CapSet::Effective, &kept)?;
    Ok(caps::set(None, CapSet::Permitted, &kept)?)
}

async fn ask(page: &Genhash, plan: Arc<Plan>) -> Finding {
    let contexts = match page.tls {
        true => {
            let (contexts, lines) = Contexts::new(&TlsNeeds::default());
            for line in lines {
                complain(&format!("genhash: {}", line.text));
            }
            contexts
        }
        false => Contexts::none(),
    };
    let conversation = Box::new(Conversation::new(&plan, 0));
    converse(conversation, &contexts, Random::new().next(), None).await
}

/// A check of that page, whatever its status.
fn probe(page: &Genhash) -> HttpProbe {
    let tls = TlsOptions {
        sni: page.sni,
        sni_name: None,
        verify: false,
    };
    HttpProbe {
        endpoint: Endpoint {
            address: page.server,
            port: page.port,
            source: None,
            source_port: None,
            interface: None,
            timeout: Micros::from_secs(page.timeout.into()),
            mark: page.mark,
        },
        tls: page.tls.then_some(tls),
        protocol: page.protocol,
        fast_recovery: false,
        urls: vec![Url {
            path: page.path.clone(),
            host: page.host.clone(),
            // Says which kind; it is not compared.
            digest: Some(match page.sha256 {
                true => Digest::Sha256([0; 32]),
                false => Digest::Md5([0; 16]),
            }),
            status: vec![(0, u16::MAX)],
            regex: None,
            tls_compliant: false,
        }],
    }
}

/// The line with the digest; remarks go to standard error.
fn report(page: &Genhash, finding: &Finding) -> Result<String, String> {
    let asked = format!("[{}]:{}{}", page.server, page.port, separated(&page.path));
    let (status, raw, content) = match &finding.outcome {
        Outcome::Passed(Success::Measured {
            status,
            raw,
            content,
        }) => (*status, *raw, *content),
        Outcome::Passed(_) | Outcome::Failed(_) | Outcome::NotTried(_) => {
            return Err(format!("{asked}: {finding}"));
        }
    };
    if page.verbose {
        complain(&format!(
            "genhash: {asked}: status {status} after {} us",
            finding.took.get()
        ));
    }
    if !(200..300).contains(&status) {
        complain(&format!(
            "genhash: {asked}: status {status}; this is the digest of what came with it"
        ));
    }
    match content {
        // keepalived has no such digests, so nothing but the content counts.
        Some(content) if page.sha256 => Ok(format!("{content}\n")),
        Some(content) => {
            complain(&format!(
                "genhash: {asked}: the page came in chunks, which may be cut in another way next \
                 time; holdfast takes the digest of its content as well: {content}"
            ));
            Ok(format!("{raw}\n"))
        }
        None => Ok(format!("{raw}\n")),
    }
}

fn separated(path: &str) -> String {
    match path.starts_with('/') {
        true => path.to_owned(),
        false => format!(" {path}"),
    }
}

fn print(text: &str) -> Result<(), String> {
    let written = std::io::stdout().write_all(text.as_bytes());
    written.map_err(|error| format!("cannot write the digest: {error}"))
}

fn complain(text: &str) {
    // Where standard error is closed, the exit status has to do.
    let _ = writeln!(std::io::stderr(), "{text}");
}
