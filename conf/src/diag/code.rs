//! The codes of all diagnostics; a code never changes its meaning. Each has its long form in a file
//! of its name in `explain/`; without that file this does not compile.

use std::fmt;

/// Makes the enum, its list and its titles from one table.
macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $number:literal, $title:literal;)*) => {
        /// What a diagnostic is about, `HF0201`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $title] $name,)* }

        impl Code {
            /// All codes in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its number.
            pub const fn number(self) -> u16 {
                match self { $(Self::$name => $number,)* }
            }

            /// What it is about, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// The long form: why it matters, an example, what to do.
            pub const fn explanation(self) -> &'static str {
                match self {
                    $(Self::$name => include_str!(concat!("explain/", stringify!($name), ".txt")),)*
                }
            }
        }
    };
}

codes! {
    Unreadable = 1, "a file cannot be read";
    NotUtf8 = 2, "a file is not UTF-8 text";
    ControlCharacter = 3, "a file contains a control character";
    LongLine = 4, "a line is too long";
    LargeFile = 5, "a file is too large";
    OpenQuote = 6, "a quotation has no end";
    OddBlank = 7, "a character that only looks like a space";
    SlashRemark = 8, "`//` is no comment";
    OddQuote = 9, "a character that only looks like a quotation mark";
    NoMatch = 10, "an include matches no file";
    IncludeCycle = 11, "a file includes itself";
    TooManyIncludes = 12, "too many files are included";
    // 13 was "definitions, conditions and generators", when they were not carried out.
    NothingConfigured = 14, "nothing is configured";
    UndefinedName = 15, "a name that is not defined";
    DefinitionCycle = 16, "a definition contains itself";
    NotReplaced = 17, "the use of a definition that is not replaced";
    ExpandsTooFar = 18, "definitions and generators make too much";
    NotLast = 19, "words behind a definition of several lines";
    BadDefinition = 20, "a definition is written wrong";
    BadCondition = 21, "a condition is written wrong";
    BadGenerator = 22, "a generator is written wrong";
    BadPredefined = 23, "a predefined name is used wrongly";
    StrayBackslash = 24, "a backslash that joins no lines";
    IncludeCheck = 25, "an include that has to succeed does not";
    NotIncluded = 26, "a file is not read because it is executable";
    ReservedName = 27, "a definition with a reserved name";
    UnsetVariable = 28, "a variable of the environment is not set";

    UnknownWord = 101, "a word that nobody knows";
    NotYet = 102, "a word of keepalived that holdfast does not carry out yet";
    NoEffect = 103, "a word that has no effect here";
    WrongBlock = 104, "a word that belongs in another block";
    ExtraClose = 105, "a closing brace without a block";
    OpenBlock = 106, "a block that is not closed";
    MissingOpen = 107, "a block without its opening brace";
    TooDeep = 108, "blocks are nested too deep";
    StrayOpen = 109, "an opening brace without a block";
    ExtraWords = 110, "words behind the end of a line";
    MissingValue = 111, "a value is missing";
    SetTwice = 112, "a word is set twice";
    MissingWord = 113, "a required word is missing";
    SameName = 114, "two blocks have one name";
    OldSpelling = 115, "an old spelling of a word";

    OutOfRange = 201, "a number is out of range";
    NotANumber = 202, "a number is expected";
    NotAChoice = 203, "one of a few words is expected";
    NotAnAddress = 204, "an address is expected";
    BadPrefix = 205, "a prefix length is wrong";
    BadName = 206, "a name is not valid";
    Rounded = 208, "a value is rounded";
    PasswordCut = 209, "a password is cut";
    BadCommand = 211, "a command line is wrong";
    UnknownOption = 212, "an option that this line does not have";
    IdleOption = 213, "an option that has no effect on this line";
    BadPattern = 214, "a pattern or digest is wrong";
    BadMac = 215, "a hardware address is wrong";
    BadKey = 216, "a key is wrong";
    RelativePath = 217, "a path is not absolute";

    BadRule = 230, "a rule of the kernel that cannot be";
    RegexTooMuch = 231, "a pattern that needs more than a linear search";
    BadRange = 232, "a range of addresses is wrong";
    BadPath = 233, "an absolute path is expected";

    SameVrid = 301, "two instances share a virtual router identifier";
    UnknownScript = 302, "a tracked script does not exist";
    SameAddress = 303, "an address is there twice";
    MixedFamilies = 304, "IPv4 and IPv6 are mixed";
    FamilyNeedsV3 = 307, "IPv6 needs version 3";
    NoPeers = 308, "unicast without peers";
    TooManyAddresses = 309, "too many addresses for one advert";
    NoAddresses = 310, "an instance without addresses";
    StrictUnicast = 311, "unicast in strict mode";
    UnusedScript = 312, "a script that nobody tracks";
    ListedTwice = 313, "an entry is listed twice";
    NoRealServers = 314, "a virtual server without real servers";
    PortDiffers = 316, "a real server's port differs from the virtual server's";
    NeedsPersistence = 317, "every port needs persistence";
    QuorumTooLarge = 318, "a quorum above the sum of the weights";
    NoMailServer = 321, "mail without a server";
    NoPreference = 330, "a rule without a preference";
    NeverSucceeds = 331, "a check that can never succeed";
    UnknownReference = 332, "a block that is named does not exist";
    UnusedGroup = 333, "a group that nobody uses";
    UselessGroup = 334, "a group without what it is for";
    DelayCut = 335, "a delay that is too long for an instance";
    SharedFifo = 336, "a pipe or its reader without the other";
    UnknownMember = 350, "a member of a sync group does not exist";
    TwoGroups = 351, "an instance is in two sync groups";
    LonelyGroup = 352, "a sync group of fewer than two instances";
    UnknownTracker = 353, "a tracked file, process or BFD session does not exist";
    UnusedTracker = 354, "a file or process that nobody tracks";
    GroupWeights = 355, "a tracker with a weight in a sync group";
    SameNeighbour = 356, "two BFD sessions with one neighbour";
    HopsAboveTtl = 357, "a BFD session allows more hops than its packets live";
    QuorumBounds = 358, "no number of processes is right";
    NoActiveKey = 359, "the key that signs is missing";
    AuthTwice = 360, "two kinds of authentication";
    LinkWords = 361, "words about the instance's own interface contradict each other";
    SameLink = 362, "an interface is made and used twice";
    RoutesAlone = 363, "routes or rules without addresses";
    StrictHmac = 364, "strict mode and an authentication that is not enforced";

    StrictDropsAuth = 401, "strict mode drops the authentication";
    NopreemptCancelled = 402, "nopreempt has no effect";
    PreemptDelayCancelled = 403, "preempt_delay has no effect";
    StartsAsBackup = 404, "state MASTER read as BACKUP";
    ClearTextPassword = 405, "the password travels in clear text";
    V3DropsAuth = 406, "version 3 has no authentication";
    StrictSetsValue = 407, "strict mode overrides a value";
    OwnerIgnoresWeights = 409, "the address owner ignores weights";
    AlreadyTracked = 411, "the instance's own interface is tracked anyway";
    SmallWeight = 412, "a check that hardly ever moves the address";
    SearchedInPath = 413, "a program is searched in PATH";
    CommandNeedsQuotes = 414, "words behind a command are user and group";
    MasterMeansOwner = 415, "state MASTER without a priority";
    ReadAsRetry = 416, "an old name is read as retry";
    StrictKeepsTraffic = 417, "strict mode and traffic to the address";
    KeepalivedDiffers = 418, "keepalived does something else than what is written";
    IdleWord = 419, "a word that has no effect beside the others";
    SlowBfd = 420, "BFD packets that are far apart";
    LongProcessName = 421, "a name that no process can have";
    OffIsOff = 430, "off here, on in keepalived";

    CheckChanges = 480, "a check that changes what it should only look at";
    CheckSleeps = 481, "a check that sleeps";
    SlowVerdict = 482, "a check that needs minutes to notice a failure";
    KnownPassword = 483, "a password that everybody knows";
    PriorityCut = 484, "weights beyond the highest priority";
    OwnerAsBackup = 485, "priority 255 with state BACKUP";
    FastAdverts = 486, "adverts that are very close together";
    OneLostAdvert = 487, "a takeover after one lost advert";
    WeightsWithoutPreempt = 488, "weights and nopreempt";
    ShellWithoutShell = 489, "shell syntax in a command that no shell reads";

    PairVrid = 501, "nodes with different virtual router identifiers";
    PairVersion = 502, "nodes with different versions of VRRP";
    PairAdvertInt = 503, "nodes with different advert_int";
    PairAuthType = 504, "nodes with different authentication";
    PairPassword = 505, "nodes with different passwords";
    PairAddresses = 506, "nodes with different virtual addresses";
    PairNotAPeer = 507, "a node that is missing in unicast_peer of another";
    PairTransport = 508, "nodes whose adverts travel in different ways";
    PairUnknownPeer = 509, "a unicast peer that is none of the nodes";
    PairOneSided = 510, "an instance that not all nodes have";
    PairEqualPriority = 511, "nodes with one priority";
    PairTwoMasters = 512, "state MASTER on several nodes";
    PairTwoOwners = 513, "priority 255 on several nodes";
    PairWeight = 514, "checks that cannot move the addresses";
    PairFamily = 515, "nodes with different address families";
    PairPreempt = 516, "nopreempt on some nodes only";
    PairInterface = 517, "interfaces with different names";
    PairVirtualServers = 518, "nodes with different virtual servers";
    PairSyncGroup = 519, "sync groups that do not fit each other";
    PairHopLimit = 520, "a unicast_ttl below the min_ttl of a peer";
    PairSameSource = 521, "nodes with one source address";
    PairNotLoaded = 550, "a node whose configuration has errors";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HF{:04}", self.number())
    }
}

impl Code {
    /// The code that somebody writes as `HF0201`, `hf201` or `0201`.
    pub fn find(text: &str) -> Option<Self> {
        let digits = match text.get(..2) {
            Some(start) if start.eq_ignore_ascii_case("HF") => text.get(2..)?,
            _ => text,
        };
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number: u16 = all_digits.then(|| digits.parse().ok())??;
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.number() == number)
    }

    /// Everything about it, for the terminal.
    pub fn explain(self) -> String {
        format!("{self}: {}\n\n{}", self.title(), self.explanation())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_however_it_is_written() {
        for text in ["HF0201", "hf0201", "Hf201", "0201", "201"] {
            assert_eq!(Code::find(text), Some(Code::OutOfRange), "{text}");
        }
        for text in [
            "", "HF", "HF0000", "+201", "0x201", "HF99999", "é1", "HF 201",
        ] {
            assert_eq!(Code::find(text), None, "{text}");
        }
    }

    #[test]
    fn an_explanation_starts_with_the_code_and_its_title() {
        let text = Code::OutOfRange.explain();
        assert!(text.starts_with("HF0201: a number is out of range\n\nThe number is outside"));
        assert!(text.ends_with("}\n"));
    }

    #[test]
    fn numbers_rise_without_repetition() {
        assert!(
            Code::ALL
                .windows(2)
                .all(|pair| pair[0].number() < pair[1].number())
        );
        assert_eq!(Code::OutOfRange.to_string(), "HF0201");
    }
}
