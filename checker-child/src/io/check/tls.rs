//! TLS by the system's OpenSSL: its policies, its old and new protocols, FIPS where that is on.

use super::net_error;
use holdfast_checker::check::NetError;
use holdfast_ipc::config::model::TlsOptions;
use openssl::error::ErrorStack;
use openssl::ssl::{
    Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslSessionCacheMode,
    SslVerifyMode,
};
use std::pin::Pin;
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

/// What the sessions share. Making one costs more than a whole check, so there is one of each for
/// the life of the process.
pub(crate) struct Contexts {
    /// Takes every certificate, as keepalived does; none where no check needs TLS.
    open: Option<SslContext>,
}

impl Contexts {
    /// For checks without TLS.
    pub(crate) const fn none() -> Self {
        Self { open: None }
    }

    /// Reads OpenSSL's configuration of this machine.
    pub(crate) fn new() -> Result<Self, ErrorStack> {
        let mut open = common()?;
        open.set_verify(SslVerifyMode::NONE);
        Ok(Self {
            open: Some(open.build()),
        })
    }

    fn choose(&self, _options: &TlsOptions) -> Result<&SslContext, NetError> {
        let missing = || NetError::Tls("OpenSSL is not ready".to_owned());
        self.open.as_ref().ok_or_else(missing)
    }
}

fn common() -> Result<SslContextBuilder, ErrorStack> {
    let mut context = SslContextBuilder::new(SslMethod::tls_client())?;
    context.set_mode(SslMode::AUTO_RETRY | SslMode::RELEASE_BUFFERS);
    // A check asks for what the server says, not for its state of yesterday.
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    context.set_options(SslOptions::IGNORE_UNEXPECTED_EOF);
    Ok(context)
}

/// Begins TLS on an open connection.
pub(super) async fn handshake(
    stream: TcpStream,
    server_name: Option<&str>,
    options: &TlsOptions,
    contexts: &Contexts,
) -> Result<Box<SslStream<TcpStream>>, NetError> {
    let stack = |error: ErrorStack| NetError::Tls(error.to_string());
    let mut ssl = Ssl::new(contexts.choose(options)?).map_err(stack)?;
    if let Some(name) = server_name {
        ssl.set_hostname(name).map_err(stack)?;
    }
    let mut stream = Box::new(SslStream::new(ssl, stream).map_err(stack)?);
    match Pin::new(stream.as_mut()).connect().await {
        Ok(()) => Ok(stream),
        Err(error) => Err(error
            .io_error()
            .map_or_else(|| NetError::Tls(words(&error)), net_error::of)),
    }
}

/// The reason in OpenSSL's words, without its numbers and file names.
fn words(error: &openssl::ssl::Error) -> String {
    let reasons = error.ssl_error().map(|stack| {
        let reasons = stack.errors().iter().filter_map(|error| error.reason());
        reasons.collect::<Vec<_>>().join(", ")
    });
    match reasons {
        Some(reasons) if !reasons.is_empty() => reasons,
        Some(_) | None => "the server closed the connection".to_owned(),
    }
}
