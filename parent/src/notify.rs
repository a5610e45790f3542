//! Changes of state to the scripts that are to be told, in an order that holds.

use crate::account::Account;
use crate::slice::HostFacts;
use holdfast_conf::model::{
    InstanceName, NotifyScripts, RealServer, ScriptCommand, Service, ShellWords,
};
use holdfast_ipc::state::VrrpState;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::net::IpAddr;

/// What scripts are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum News {
    /// It holds the addresses.
    Master,
    /// It listens.
    Backup,
    /// It cannot take part.
    Fault,
    /// The daemon stops.
    Stop,
    /// A real server takes part, or a quorum is gained.
    Up,
    /// A real server is out, or a quorum is lost.
    Down,
}

impl News {
    /// What a state is to scripts; `INIT` is nothing to them.
    pub const fn of(state: VrrpState) -> Option<Self> {
        match state {
            VrrpState::Init => None,
            VrrpState::Backup => Some(Self::Backup),
            VrrpState::Master => Some(Self::Master),
            VrrpState::Fault => Some(Self::Fault),
        }
    }
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Master => "MASTER",
            Self::Backup => "BACKUP",
            Self::Fault => "FAULT",
            Self::Stop => "STOP",
            Self::Up => "UP",
            Self::Down => "DOWN",
        })
    }
}

/// Whose scripts are run one after the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A virtual router.
    Instance(InstanceName),
    /// The quorum of a virtual server, `[192.0.2.1]:tcp:80`, or one of its real servers. Each for
    /// itself: a slow script of one must not hold up the quorum's.
    Server(String, Option<(IpAddr, u16)>),
}

impl Subject {
    /// Scripts of servers are run at a stop as well: it may be what they tell of (`omega`).
    const fn outlasts_stop(&self) -> bool {
        match self {
            Self::Instance(_) => false,
            Self::Server(..) => true,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance(name) => write!(f, "({name})"),
            Self::Server(service, _) => write!(f, "VS {service}:"),
        }
    }
}

/// One run of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Whose news it brings.
    pub subject: Subject,
    /// Which.
    pub news: News,
    /// The script, with its absolute path.
    pub words: ShellWords,
    /// As whom.
    pub account: Account,
    /// Arguments behind those of the configuration.
    pub extra: Vec<String>,
}

/// A script that is not run since its user does not exist here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoUser {
    /// The script.
    pub words: ShellWords,
}

/// What an instance told last, so that nothing is told twice (a child that resumes reports all its
/// states again).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told(BTreeMap<InstanceName, News>);

impl Told {
    /// True when this is news.
    pub fn tell(&mut self, instance: &InstanceName, news: News) -> bool {
        self.0.insert(instance.clone(), news) != Some(news)
    }

    /// What an instance told last.
    pub fn last(&self, instance: &InstanceName) -> Option<News> {
        self.0.get(instance).copied()
    }

    /// Forgets what `keep` does not want.
    pub fn retain(&mut self, mut keep: impl FnMut(&InstanceName) -> bool) {
        self.0.retain(|instance, _| keep(instance));
    }
}

/// The runs for one piece of news: the special script first, then the general one with
/// `INSTANCE NAME STATE PRIORITY` (keywords 10.4).
pub fn jobs(
    instance: &InstanceName,
    scripts: &NotifyScripts,
    news: News,
    priority: u8,
    facts: &HostFacts,
) -> Vec<Result<Job, NoUser>> {
    let special = match news {
        News::Master => &scripts.master,
        News::Backup => &scripts.backup,
        News::Fault => &scripts.fault,
        News::Stop => &scripts.stop,
        News::Up | News::Down => return Vec::new(),
    };
    let subject = Subject::Instance(instance.clone());
    let job = |command, extra| job(subject.clone(), news, command, extra, facts);
    let general = || {
        vec![
            "INSTANCE".to_owned(),
            instance.to_string(),
            news.to_string(),
            priority.to_string(),
        ]
    };
    special
        .iter()
        .map(|command| job(command, Vec::new()))
        .chain(scripts.any.iter().map(|command| job(command, general())))
        .collect()
}

/// The run for a real server or a quorum; nothing is added to its arguments (keywords 10.4).
pub fn server_job(
    service: &Service,
    real: Option<&RealServer>,
    command: &ScriptCommand,
    up: bool,
    facts: &HostFacts,
) -> Result<Job, NoUser> {
    let real = real.map(|real| (real.address, real.port));
    let subject = Subject::Server(service.to_string(), real);
    let news = if up { News::Up } else { News::Down };
    job(subject, news, command, Vec::new(), facts)
}

fn job(
    subject: Subject,
    news: News,
    command: &ScriptCommand,
    extra: Vec<String>,
    facts: &HostFacts,
) -> Result<Job, NoUser> {
    match facts.account(command.user.as_ref()) {
        Some(account) => Ok(Job {
            subject,
            news,
            words: facts.with_path(&command.words),
            account: account.clone(),
            extra,
        }),
        None => Err(NoUser {
            words: command.words.clone(),
        }),
    }
}

/// Runs that wait for one instance. A script that never ends must not fill the memory.
const MAX_WAITING: usize = 64;
/// Runs at a time over all instances.
const MAX_RUNNING: usize = 64;

/// Runs that wait, one after the other for each instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queues {
    waiting: BTreeMap<Subject, VecDeque<Job>>,
    running: BTreeSet<Subject>,
}

impl Queues {
    /// Adds runs. Gives back those that were pushed out: the oldest of that instance.
    #[must_use]
    pub fn push(&mut self, jobs: Vec<Job>) -> Vec<Job> {
        let mut lost = Vec::new();
        for job in jobs {
            let queue = self.waiting.entry(job.subject.clone()).or_default();
            if queue.len() >= MAX_WAITING {
                lost.extend(queue.pop_front());
            }
            queue.push_back(job);
        }
        lost
    }

    /// The next run that may begin; its instance is busy from now on.
    pub fn begin_next(&mut self) -> Option<Job> {
        if self.running.len() >= MAX_RUNNING {
            return None;
        }
        let free = self
            .waiting
            .keys()
            .find(|subject| !self.running.contains(*subject))?
            .clone();
        let queue = self.waiting.get_mut(&free)?;
        let job = queue.pop_front();
        if queue.is_empty() {
            self.waiting.remove(&free);
        }
        self.running.insert(free);
        job
    }

    /// Takes away what waits for instances: at a stop only its own news matters.
    pub fn drop_waiting(&mut self) -> Vec<Job> {
        let waiting = std::mem::take(&mut self.waiting);
        let (kept, dropped) = waiting
            .into_iter()
            .partition(|(subject, _)| subject.outlasts_stop());
        self.waiting = kept;
        let dropped: BTreeMap<_, _> = dropped;
        dropped.into_values().flatten().collect()
    }

    /// Takes away all that waits.
    pub fn drop_all(&mut self) -> Vec<Job> {
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_values().flatten().collect()
    }

    /// The run of an instance ended.
    pub fn finished(&mut self, subject: &Subject) {
        self.running.remove(subject);
    }

    /// True when nothing waits and nothing runs.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_conf::model::UserSpec;
    use std::collections::BTreeMap as Map;

    fn name(text: &str) -> InstanceName {
        InstanceName::try_from(text).unwrap()
    }

    fn subject(text: &str) -> Subject {
        Subject::Instance(name(text))
    }

    fn words(program: &str) -> ShellWords {
        ShellWords::try_from(vec![program.to_owned()]).unwrap()
    }

    fn user(name: &str) -> UserSpec {
        UserSpec {
            user: name.to_owned(),
            group: None,
            all_groups: false,
        }
    }

    fn command(program: &str, as_user: Option<&str>) -> Option<ScriptCommand> {
        Some(ScriptCommand {
            words: words(program),
            user: as_user.map(user),
        })
    }

    fn account(name: &str, uid: u32) -> Account {
        Account {
            uid,
            gid: uid,
            name: name.to_owned(),
        }
    }

    fn facts() -> HostFacts {
        HostFacts {
            default_account: account("holdfast-check", 8),
            accounts: [(user("root"), account("root", 0))].into(),
            programs: [("any".to_owned(), "/bin/any".to_owned())].into(),
            disabled: Map::new(),
            check_account: account("holdfast-check", 8),
            disabled_checks: Default::default(),
            sockets: crate::opening::SocketFacts::of("1024", "6.1"),
        }
    }

    fn all() -> NotifyScripts {
        NotifyScripts {
            master: command("/master", None),
            backup: command("/backup", None),
            fault: command("/fault", None),
            stop: command("/stop", None),
            any: command("any", Some("root")),
        }
    }

    #[test]
    fn the_special_script_comes_before_the_general_one_with_its_four_arguments() {
        for (news, special, word) in [
            (News::Master, "/master", "MASTER"),
            (News::Backup, "/backup", "BACKUP"),
            (News::Fault, "/fault", "FAULT"),
            (News::Stop, "/stop", "STOP"),
        ] {
            let first = Job {
                subject: subject("VI_1"),
                news,
                words: words(special),
                account: account("holdfast-check", 8),
                extra: Vec::new(),
            };
            let second = Job {
                subject: subject("VI_1"),
                news,
                words: words("/bin/any"),
                account: account("root", 0),
                extra: ["INSTANCE", "VI_1", word, "102"]
                    .map(str::to_owned)
                    .to_vec(),
            };
            assert_eq!(
                jobs(&name("VI_1"), &all(), news, 102, &facts()),
                [Ok(first), Ok(second)]
            );
        }
    }

    #[test]
    fn without_scripts_there_is_nothing_to_run() {
        let none = NotifyScripts::default();
        assert_eq!(jobs(&name("VI_1"), &none, News::Master, 1, &facts()), []);
    }

    #[test]
    fn a_script_whose_user_does_not_exist_is_not_run_as_somebody_else() {
        let scripts = NotifyScripts {
            master: command("/x", Some("gone")),
            ..NotifyScripts::default()
        };
        assert_eq!(
            jobs(&name("VI_1"), &scripts, News::Master, 1, &facts()),
            [Err(NoUser { words: words("/x") })]
        );
    }

    #[test]
    fn init_is_no_news() {
        let states = [
            VrrpState::Init,
            VrrpState::Backup,
            VrrpState::Master,
            VrrpState::Fault,
        ];
        assert_eq!(
            states.map(News::of),
            [
                None,
                Some(News::Backup),
                Some(News::Master),
                Some(News::Fault)
            ]
        );
    }

    #[test]
    fn the_same_state_twice_is_told_once() {
        let mut told = Told::default();
        let seen = [
            News::Backup,
            News::Backup,
            News::Master,
            News::Master,
            News::Backup,
        ]
        .map(|news| told.tell(&name("VI_1"), news));
        assert_eq!(seen, [true, false, true, false, true]);
        assert!(told.tell(&name("VI_2"), News::Backup));
        told.retain(|instance| instance.as_str() == "VI_2");
        assert_eq!(told.last(&name("VI_1")), None);
        assert_eq!(told.last(&name("VI_2")), Some(News::Backup));
    }

    fn job(instance: &str, program: &str) -> Job {
        Job {
            subject: subject(instance),
            news: News::Master,
            words: words(program),
            account: account("web", 33),
            extra: Vec::new(),
        }
    }

    #[test]
    fn one_instance_runs_one_script_at_a_time_in_order_and_others_beside_it() {
        let mut queues = Queues::default();
        assert_eq!(
            queues.push(vec![job("a", "/1"), job("a", "/2"), job("b", "/3")]),
            []
        );
        assert_eq!(queues.begin_next(), Some(job("a", "/1")));
        assert_eq!(queues.begin_next(), Some(job("b", "/3")));
        assert_eq!(queues.begin_next(), None);
        queues.finished(&subject("a"));
        assert_eq!(queues.begin_next(), Some(job("a", "/2")));
        queues.finished(&subject("a"));
        assert!(!queues.is_idle());
        queues.finished(&subject("b"));
        assert!(queues.is_idle());
    }

    #[test]
    fn what_waits_is_dropped_and_what_runs_goes_on() {
        let mut queues = Queues::default();
        let _ = queues.push(vec![job("a", "/1"), job("a", "/2"), job("b", "/3")]);
        assert_eq!(queues.begin_next(), Some(job("a", "/1")));
        assert_eq!(queues.drop_waiting(), [job("a", "/2"), job("b", "/3")]);
        assert!(!queues.is_idle());
        queues.finished(&subject("a"));
        assert!(queues.is_idle());
    }

    #[test]
    fn a_full_queue_loses_its_oldest_runs() {
        let mut queues = Queues::default();
        let many: Vec<Job> = (0..66).map(|n| job("a", &format!("/{n}"))).collect();
        assert_eq!(queues.push(many), [job("a", "/0"), job("a", "/1")]);
        assert_eq!(queues.push(vec![job("b", "/0")]), []);
    }

    #[test]
    fn not_more_than_64_scripts_run_at_a_time() {
        let mut queues = Queues::default();
        let _ = queues.push((0..70).map(|n| job(&format!("i{n}"), "/x")).collect());
        let begun = std::iter::from_fn(|| queues.begin_next()).count();
        assert_eq!(begun, 64);
    }
}
