//! TLS by the system's OpenSSL: its policies, its old and new protocols, FIPS where that is on.

use super::net_error;
use holdfast_checker::action::TlsNeeds;
use holdfast_checker::check::NetError;
use holdfast_ipc::config::model::{TlsFiles, TlsOptions};
use holdfast_ipc::log::{Level, LogRecord};
use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{
    Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslSessionCacheMode,
    SslVerifyMode,
};
use openssl::x509::{X509, X509VerifyResult};
use std::fs;
use std::net::IpAddr;
use std::pin::Pin;
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

/// What the sessions of one configuration share. Making one costs more than a whole check.
pub(crate) struct Contexts {
    /// Takes every certificate, as keepalived does.
    open: Made,
    /// Takes what an authority signed that is trusted here.
    verifying: Made,
}

/// A context, or why there is none.
type Made = Result<SslContext, String>;

/// What is shown to servers that ask for a certificate.
struct Own {
    certificates: Vec<X509>,
    key: Option<PKey<openssl::pkey::Private>>,
}

impl Contexts {
    /// For checks without TLS.
    pub(crate) fn none() -> Self {
        let none = || Err("OpenSSL was not made ready".to_owned());
        Self {
            open: none(),
            verifying: none(),
        }
    }

    /// Reads OpenSSL's configuration of this machine and the files of `SSL`; says what cannot be
    /// read. A check that needs nothing of that goes on.
    pub(crate) fn new(needs: &TlsNeeds) -> (Self, Vec<LogRecord>) {
        let mut lines = Vec::new();
        let own = Own::read(&needs.files).unwrap_or_else(|reason| {
            lines.push(error_line(format!(
                "SSL_GET shows no certificate of its own: {reason}"
            )));
            None
        });
        let open = context(own.as_ref(), |context| {
            context.set_verify(SslVerifyMode::NONE);
            Ok(())
        });
        if let Err(reason) = &open {
            lines.push(error_line(format!(
                "SSL_GET cannot work, its servers count as down: {reason}"
            )));
        }
        let verifying = match needs.verify {
            true => context(own.as_ref(), |context| trust(context, &needs.files)),
            false => Err("no check asked for it".to_owned()),
        };
        if needs.verify
            && let Err(reason) = &verifying
        {
            lines.push(error_line(format!(
                "SSL_GET with verify cannot work, its servers count as down: {reason}"
            )));
        }
        (Self { open, verifying }, lines)
    }

    fn choose(&self, options: &TlsOptions) -> Result<&SslContext, NetError> {
        let chosen = match options.verify {
            true => &self.verifying,
            false => &self.open,
        };
        chosen
            .as_ref()
            .map_err(|reason| NetError::Tls(reason.clone()))
    }
}

fn error_line(text: String) -> LogRecord {
    LogRecord::new(Level::Error, text)
}

fn context(
    own: Option<&Own>,
    kind: impl FnOnce(&mut SslContextBuilder) -> Result<(), String>,
) -> Made {
    let failed = |error: ErrorStack| format!("OpenSSL: {}", reasons(&error));
    let mut context = SslContextBuilder::new(SslMethod::tls_client()).map_err(failed)?;
    context.set_mode(SslMode::AUTO_RETRY | SslMode::RELEASE_BUFFERS);
    // A check asks for what the server says, not for its state of yesterday.
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    context.set_options(SslOptions::IGNORE_UNEXPECTED_EOF);
    if let Some(own) = own {
        own.put_into(&mut context).map_err(failed)?;
    }
    kind(&mut context)?;
    Ok(context.build())
}

/// The authorities of the configuration, or else those of the system.
fn trust(context: &mut SslContextBuilder, files: &TlsFiles) -> Result<(), String> {
    context.set_verify(SslVerifyMode::PEER);
    let Some(path) = &files.ca else {
        let found = context.set_default_verify_paths();
        return found.map_err(|error| format!("the system's authorities: {}", reasons(&error)));
    };
    for authority in certificates("ca", path)? {
        let added = context.cert_store_mut().add_cert(authority);
        added.map_err(|error| format!("SSL ca {path}: {}", reasons(&error)))?;
    }
    Ok(())
}

impl Own {
    /// None where the configuration has no certificate.
    fn read(files: &TlsFiles) -> Result<Option<Self>, String> {
        let Some(path) = &files.certificate else {
            return Ok(None);
        };
        let certificates = certificates("certificate", path)?;
        let key = match &files.key {
            Some(path) => Some(key(path, files)?),
            None => None,
        };
        Ok(Some(Self { certificates, key }))
    }

    fn put_into(&self, context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
        let mut certificates = self.certificates.iter();
        if let Some(first) = certificates.next() {
            context.set_certificate(first)?;
        }
        for other in certificates {
            context.add_extra_chain_cert(other.clone())?;
        }
        match &self.key {
            Some(key) => {
                context.set_private_key(key)?;
                context.check_private_key()
            }
            None => Ok(()),
        }
    }
}

fn certificates(word: &str, path: &str) -> Result<Vec<X509>, String> {
    let found = X509::stack_from_pem(&read(word, path)?);
    match found {
        Ok(certificates) if certificates.is_empty() => {
            Err(format!("SSL {word} {path}: there is no certificate in it"))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(format!("SSL {word} {path}: {}", reasons(&error))),
    }
}

fn key(path: &str, files: &TlsFiles) -> Result<PKey<openssl::pkey::Private>, String> {
    let text = read("key", path)?;
    // An empty passphrase keeps OpenSSL from asking the terminal.
    let passphrase = files.password.as_ref().map_or("", |text| text.0.as_str());
    PKey::private_key_from_pem_passphrase(&text, passphrase.as_bytes()).map_err(|error| {
        format!(
            "SSL key {path}: {} (is the password right?)",
            reasons(&error)
        )
    })
}

fn read(word: &str, path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| {
        let user = nix::unistd::geteuid();
        format!(
            "SSL {word} {path}: {}; user {user} of the checker has to be able to read it",
            super::words(&error)
        )
    })
}

/// Begins TLS on an open connection to that address.
pub(super) async fn handshake(
    stream: TcpStream,
    server_name: Option<&str>,
    address: IpAddr,
    options: &TlsOptions,
    contexts: &Contexts,
) -> Result<Box<SslStream<TcpStream>>, NetError> {
    let stack = |error: ErrorStack| NetError::Tls(reasons(&error));
    let mut ssl = Ssl::new(contexts.choose(options)?).map_err(stack)?;
    if let Some(name) = server_name {
        ssl.set_hostname(name).map_err(stack)?;
    }
    if options.verify {
        let wanted = ssl.param_mut();
        match server_name {
            Some(name) => wanted.set_host(name),
            None => wanted.set_ip(address),
        }
        .map_err(stack)?;
    }
    // A handshake says several things in a row; none may wait for the answer to another.
    stream
        .set_nodelay(true)
        .map_err(|error| net_error::of(&error))?;
    let mut stream = Box::new(SslStream::new(ssl, stream).map_err(stack)?);
    let Err(error) = Pin::new(stream.as_mut()).connect().await else {
        return Ok(stream);
    };
    if let Some(error) = error.io_error() {
        return Err(net_error::of(error));
    }
    let verdict = stream.ssl().verify_result();
    Err(NetError::Tls(match error.ssl_error() {
        Some(_) if options.verify && verdict != X509VerifyResult::OK => {
            format!("the certificate is not valid: {}", verdict.error_string())
        }
        Some(stack) => reasons(stack),
        None => "the server closed the connection".to_owned(),
    }))
}

/// OpenSSL's words, without its numbers and file names.
fn reasons(stack: &ErrorStack) -> String {
    let reasons = stack.errors().iter().filter_map(|error| error.reason());
    let text = reasons.collect::<Vec<_>>().join(", ");
    match text.is_empty() {
        true => "unknown error".to_owned(),
        false => text,
    }
}
