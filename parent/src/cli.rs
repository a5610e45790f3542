//! The command line: keepalived's options with keepalived's letters, and a few of our own.

use crate::ctl::Format;
use lexopt::prelude::{Long, Short, Value};
use std::ffi::OsString;
use std::path::PathBuf;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Print the options and end.
    Help,
    /// Run the daemon.
    Run(Options),
    /// `--signum`: print the number of a signal and end.
    SignalNumber(String),
    /// `-t`: check the configuration and end.
    Test(TestOptions),
    /// Print the version and end.
    Version,
}

/// Options of the configuration test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestOptions {
    /// `-f`.
    pub config: Option<PathBuf>,
    /// `-t=FILE`: where the diagnostics go instead of standard error.
    pub output: Option<PathBuf>,
    /// How the configuration is read.
    pub reading: ReadOptions,
    /// `--format`.
    pub format: Format,
}

/// How the configuration is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// `-i`: the name for conditional lines; the machine's where it is missing.
    pub config_id: Option<String>,
    /// `-e`: every include has to succeed.
    pub all_config: bool,
}

/// Options of the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `-f`; the default where it is missing.
    pub config: Option<PathBuf>,
    /// `-n`: stay in the foreground.
    pub foreground: bool,
    /// `-l`: also to standard error.
    pub log_console: bool,
    /// `-D`.
    pub log_detail: bool,
    /// `-d`: log the configuration as it was understood.
    pub dump_config: bool,
    /// `-G`: nothing goes to syslog.
    pub no_syslog: bool,
    /// `-g`.
    pub log_file: Option<PathBuf>,
    /// `-S`.
    pub facility: Facility,
    /// `--syslog-socket`.
    pub syslog_socket: PathBuf,
    /// `-p`, `-r`, `-c`.
    pub pid_files: PidFiles,
    /// How the configuration is read.
    pub reading: ReadOptions,
    /// `--compat`, or started under the name `keepalived`.
    pub compat: bool,
    /// Remarks on options that are accepted without effect.
    pub remarks: Vec<String>,
}

/// Where the pid files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PidFiles {
    /// Of the parent.
    pub parent: PathBuf,
    /// Of the VRRP child.
    pub vrrp: PathBuf,
    /// Of the first checker child.
    pub checkers: PathBuf,
}

impl Default for PidFiles {
    fn default() -> Self {
        Self {
            parent: PathBuf::from("/run/holdfast/holdfast.pid"),
            vrrp: PathBuf::from("/run/holdfast/vrrp.pid"),
            checkers: PathBuf::from("/run/holdfast/checkers.pid"),
        }
    }
}

/// Facility of syslog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Facility {
    /// `user`.
    User,
    /// `daemon`.
    #[default]
    Daemon,
    /// `local0` to `local7`.
    Local(u8),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            config: None,
            foreground: false,
            log_console: false,
            log_detail: false,
            dump_config: false,
            no_syslog: false,
            log_file: None,
            facility: Facility::default(),
            syslog_socket: PathBuf::from("/dev/log"),
            pid_files: PidFiles::default(),
            reading: ReadOptions::default(),
            compat: false,
            remarks: Vec::new(),
        }
    }
}

/// Where `-g` without a file writes. Not in /tmp, where anybody could put a file in the way.
pub const DEFAULT_LOG_FILE: &str = "/var/log/holdfast.log";

/// Name under which the compatible behaviour is on.
const COMPAT_NAME: &str = "keepalived";

/// Options of keepalived that mean something which this version does not do. Ignoring them would
/// be worse than not starting.
pub const NOT_CARRIED_OUT: &[(char, &str, &str)] = &[
    (
        'X',
        "release-vips",
        "addresses always go when the daemon stops",
    ),
    (
        'V',
        "dont-release-vrrp",
        "addresses always go when the daemon stops",
    ),
    (
        'I',
        "dont-release-ipvs",
        "virtual servers always go when the daemon stops",
    ),
    ('R', "dont-respawn", "children that die are always replaced"),
    (
        'a',
        "address-monitoring",
        "it is not carried out by this version",
    ),
    (
        's',
        "namespace",
        "start it with `ip netns exec NAME holdfast …`",
    ),
    ('x', "snmp", "it is not carried out by this version"),
    (
        'A',
        "snmp-agent-socket",
        "it is not carried out by this version",
    ),
    (
        'u',
        "umask",
        "files are always made with mode 0600, pid files with 0644",
    ),
    (
        'm',
        "core-dump",
        "processes that hold secrets never leave a core",
    ),
    (
        'M',
        "core-dump-pattern",
        "processes that hold secrets never leave a core",
    ),
];

/// Text of `--help`.
pub const HELP: &str = "\
holdfast: shares virtual addresses between machines by VRRP; reads keepalived.conf

Usage: holdfast [OPTION]...

  -f, --use-file=FILE       configuration; /etc/holdfast/holdfast.conf, and where that does
                            not exist /etc/keepalived/keepalived.conf
  -t, --config-test[=FILE]  check the configuration and end; diagnostics go to FILE or stderr
                            0 good, 4 unreadable, 5 errors, 6 insecure scripts or an
                            include that has to succeed and does not
  -i, --config-id=NAME      name for conditional lines `@NAME ...` (the host's name up to
                            its first dot)
  -e, --all-config          every include has to find and read its files
      --format=text|json    with -t: diagnostics for people, or one JSON document
  -n, --dont-fork           stay in the foreground
  -l, --log-console         log to standard error as well
  -D, --log-detail          log details
  -d, --dump-conf           log the configuration as it was understood
  -S, --log-facility=NAME   0 to 7, local0 to local7, user, daemon (the default)
  -g, --log-file[=FILE]     log to FILE as well (/var/log/holdfast.log)
  -G, --no-syslog           do not log to syslog
      --syslog-socket=PATH  where syslog listens (/dev/log)
  -p, --pid=FILE            pid file of the parent (/run/holdfast/holdfast.pid)
  -r, --vrrp_pid=FILE       pid file of the VRRP child (/run/holdfast/vrrp.pid)
  -c, --checkers_pid=FILE   pid file of the checker child (/run/holdfast/checkers.pid)
      --compat              as keepalived: its names in the log, unknown words in the
                            configuration are warnings at start; also when called keepalived
  -T, --genhash             as the first option: print the digest of a page; what follows is
                            as with `holdfastctl genhash`
      --signum=NAME         print the number of a signal: STOP, RELOAD, DATA, STATS
  -v, --version             print the version
  -h, --help                print this

Signals to the parent: TERM and INT stop, HUP reloads.
";

/// A command line that cannot be understood; the text says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError(pub String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; `holdfast --help` lists the options", self.0)
    }
}

impl std::error::Error for UsageError {}

impl From<lexopt::Error> for UsageError {
    fn from(error: lexopt::Error) -> Self {
        Self(error.to_string())
    }
}

/// Reads the arguments, the program's name included.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, UsageError> {
    let mut parser = lexopt::Parser::from_iter(arguments);
    let mut reader = Reader::default();
    reader.options.compat = parser.bin_name().is_some_and(is_compat_name);
    while let Some(argument) = parser.next()? {
        let option = match argument {
            Short(letter) => Name::Short(letter),
            Long(word) => Name::Long(word.to_owned()),
            Value(word) => {
                let word = word.to_string_lossy().into_owned();
                return Err(UsageError(format!("unexpected argument `{word}`")));
            }
        };
        reader.take(&option, &mut parser)?;
    }
    reader.finish()
}

fn is_compat_name(name: &str) -> bool {
    name.rsplit('/').next() == Some(COMPAT_NAME)
}

/// An option as written.
enum Name {
    Short(char),
    Long(String),
}

impl Name {
    fn is(&self, short: char, long: &str) -> bool {
        match self {
            Self::Short(letter) => *letter == short,
            Self::Long(word) => word == long,
        }
    }

    fn is_long(&self, long: &str) -> bool {
        matches!(self, Self::Long(word) if word == long)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Short(letter) => write!(f, "-{letter}"),
            Self::Long(word) => write!(f, "--{word}"),
        }
    }
}

#[derive(Default)]
struct Reader {
    options: Options,
    test: Option<Option<PathBuf>>,
    format: Option<Format>,
    vrrp_only: bool,
    checkers_only: bool,
    /// Help, version, signal number: the first one wins.
    answer: Option<Command>,
}

impl Reader {
    fn take(&mut self, name: &Name, parser: &mut lexopt::Parser) -> Result<(), UsageError> {
        if name.is('T', "genhash") {
            return Err(UsageError(format!("{name} has to be the first option")));
        }
        let done = self.take_flag(name) || self.take_value(name, parser)?;
        if done { Ok(()) } else { Err(unknown(name)) }
    }

    fn take_flag(&mut self, name: &Name) -> bool {
        let options = &mut self.options;
        if name.is('n', "dont-fork") {
            options.foreground = true;
        } else if name.is('l', "log-console") {
            options.log_console = true;
        } else if name.is('D', "log-detail") {
            options.log_detail = true;
        } else if name.is('d', "dump-conf") {
            options.dump_config = true;
        } else if name.is('G', "no-syslog") {
            options.no_syslog = true;
        } else if name.is('e', "all-config") {
            options.reading.all_config = true;
        } else if name.is_long("compat") {
            options.compat = true;
        } else if name.is('P', "vrrp") {
            self.vrrp_only = true;
        } else if name.is('C', "check") {
            self.checkers_only = true;
        } else if name.is('B', "no_bfd") || name.is_long("all") || name.is_long("flush-log-file") {
            options
                .remarks
                .push(format!("{name} is accepted and changes nothing"));
        } else if name.is('h', "help") {
            self.answer.get_or_insert(Command::Help);
        } else if name.is('v', "version") {
            self.answer.get_or_insert(Command::Version);
        } else {
            return false;
        }
        true
    }

    fn take_value(&mut self, name: &Name, parser: &mut lexopt::Parser) -> Result<bool, UsageError> {
        let options = &mut self.options;
        if name.is('f', "use-file") {
            options.config = Some(parser.value()?.into());
        } else if name.is('t', "config-test") {
            self.test = Some(parser.optional_value().map(PathBuf::from));
        } else if name.is('g', "log-file") {
            let file = parser
                .optional_value()
                .unwrap_or_else(|| DEFAULT_LOG_FILE.into());
            options.log_file = Some(file.into());
        } else if name.is('S', "log-facility") {
            options.facility = facility(&text(parser.value()?))?;
        } else if name.is_long("format") {
            self.format = Some(format(&text(parser.value()?))?);
        } else if name.is_long("syslog-socket") {
            options.syslog_socket = parser.value()?.into();
        } else if name.is('p', "pid") {
            options.pid_files.parent = parser.value()?.into();
        } else if name.is('r', "vrrp_pid") {
            options.pid_files.vrrp = parser.value()?.into();
        } else if name.is('c', "checkers_pid") {
            options.pid_files.checkers = parser.value()?.into();
        } else if name.is('i', "config-id") {
            options.reading.config_id = Some(text(parser.value()?));
        } else if name.is('b', "bfd_pid") {
            let value = text(parser.value()?);
            options
                .remarks
                .push(format!("{name} {value} is accepted and changes nothing"));
        } else if name.is_long("signum") {
            let signal = text(parser.value()?);
            self.answer.get_or_insert(Command::SignalNumber(signal));
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn finish(mut self) -> Result<Command, UsageError> {
        if let Some(answer) = self.answer {
            return Ok(answer);
        }
        if let Some(output) = self.test {
            return Ok(Command::Test(TestOptions {
                config: self.options.config,
                output,
                reading: self.options.reading,
                format: self.format.unwrap_or_default(),
            }));
        }
        if self.format.is_some() {
            return Err(UsageError(
                "--format is for -t, the configuration test".to_owned(),
            ));
        }
        if self.checkers_only && !self.vrrp_only {
            return Err(UsageError(
                "-C (health checks without VRRP) is not carried out by this version".to_owned(),
            ));
        }
        if self.vrrp_only && !self.checkers_only {
            let remark = "-P is accepted; tracked scripts are checked as without it";
            self.options.remarks.push(remark.to_owned());
        }
        Ok(Command::Run(self.options))
    }
}

fn text(value: OsString) -> String {
    value.to_string_lossy().into_owned()
}

fn unknown(name: &Name) -> UsageError {
    let known = NOT_CARRIED_OUT
        .iter()
        .find(|(short, long, _)| name.is(*short, long));
    UsageError(match known {
        Some((_, _, why)) => format!("keepalived's option {name} is refused: {why}"),
        None => format!("unknown option {name}"),
    })
}

fn format(name: &str) -> Result<Format, UsageError> {
    match name {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        _ => Err(UsageError(format!(
            "--format cannot be `{name}`; expected text or json"
        ))),
    }
}

fn facility(name: &str) -> Result<Facility, UsageError> {
    let digit = name.strip_prefix("local").unwrap_or(name);
    match (name, digit.parse::<u8>()) {
        ("user", _) => Ok(Facility::User),
        ("daemon", _) => Ok(Facility::Daemon),
        (_, Ok(number)) if number <= 7 && digit.len() == 1 => Ok(Facility::Local(number)),
        _ => Err(UsageError(format!(
            "`{name}` is no log facility; expected 0 to 7, local0 to local7, user or daemon"
        ))),
    }
}

#[cfg(test)]
mod tests;
