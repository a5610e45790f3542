//! Sub-commands and their options: what is parsed, what `--help` shows, what the shell completes.

use super::genhash;

/// What stands behind an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Any text; this is what the help calls it.
    Text(&'static str),
}

/// An option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opt {
    /// `-w`.
    pub short: Option<char>,
    /// `--write`, without the dashes.
    pub long: &'static str,
    /// What stands behind it.
    pub takes: Takes,
    /// What it does, in a few words.
    pub about: &'static str,
}

/// A sub-command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubCommand {
    /// Its name.
    pub name: &'static str,
    /// What stands behind it.
    pub arguments: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// What it does, for its own help.
    pub more: &'static str,
    /// Options of its own.
    pub options: &'static [Opt],
}

const fn flag(short: Option<char>, long: &'static str, about: &'static str) -> Opt {
    Opt {
        short,
        long,
        takes: Takes::Nothing,
        about,
    }
}

const FORMAT: Opt = Opt {
    short: None,
    long: "format",
    takes: Takes::OneOf(&["text", "json"]),
    about: "for people, or one JSON document",
};

const CONFIG_ID: Opt = Opt {
    short: Some('i'),
    long: "config-id",
    takes: Takes::Text("ID"),
    about: "for `@ID` lines; once, or once for each file",
};

/// Options of all sub-commands.
pub const COMMON: &[Opt] = &[
    Opt {
        short: None,
        long: "color",
        takes: Takes::OneOf(&["auto", "always", "never"]),
        about: "auto: on a terminal, unless NO_COLOR is set",
    },
    flag(Some('h'), "help", "print this"),
    flag(Some('v'), "version", "print the version"),
];

/// All sub-commands.
pub const SUBCOMMANDS: &[SubCommand] = &[
    SubCommand {
        name: "check",
        arguments: "FILE...",
        about: "look for mistakes in configurations",
        more: "Reads each file with what it includes, as `holdfast -t` does, and says what\n\
               is wrong. Facts of this host are left out unless they are asked for. With\n\
               --pair each file is that of one node, and what would happen between them\n\
               is said.\n",
        options: &[
            flag(None, "host", "hold them against this host as well"),
            flag(
                None,
                "pair",
                "hold files of several nodes against each other",
            ),
            CONFIG_ID,
            FORMAT,
        ],
    },
    SubCommand {
        name: "diff",
        arguments: "OLD NEW",
        about: "say what a reload would do",
        more: "What a reload from OLD to NEW would do to instances, addresses and servers,\n\
               and whether a role changes. Comments, order and defaults do not matter.\n",
        options: &[CONFIG_ID, FORMAT],
    },
    SubCommand {
        name: "fmt",
        arguments: "FILE...",
        about: "print configurations in their canonical form",
        more: "Indents, puts one statement on each line, repairs what was pasted from web\n\
               pages. Comments stay. The meaning does not change; included files are not\n\
               touched.\n",
        options: &[
            flag(Some('w'), "write", "replace the files"),
            flag(None, "check", "change nothing, name the files that differ"),
            flag(None, "dump", "the same as the command `dump`"),
        ],
    },
    SubCommand {
        name: "dump",
        arguments: "FILE",
        about: "print a configuration as it is understood",
        more: "Every value that is in effect, defaults included, and where it was set.\n\
               Passwords are not shown. `holdfastctl --dump FILE` and `holdfastctl fmt\n\
               --dump FILE` are the same.\n",
        options: &[CONFIG_ID, FORMAT],
    },
    SubCommand {
        name: genhash::NAME,
        arguments: "-s IP -u PATH",
        about: "print the digest of a page",
        more: "Asks a server for a page, as `HTTP_GET` and `SSL_GET` do, and prints what\n\
               `digest` has to be. The options are those of genhash. Nothing is compared:\n\
               another status than 200 to 299 is only remarked.\n",
        options: genhash::OPTIONS,
    },
    SubCommand {
        name: "explain",
        arguments: "CODE...",
        about: "say more about a code such as HF0201",
        more: "Why it matters, an example, and how it is repaired.\n",
        options: &[flag(None, "list", "print all codes")],
    },
    SubCommand {
        name: "words",
        arguments: "[BLOCK] [WORD]",
        about: "list the words of the language",
        more: "What each word of a block does, what follows it, its default, and what this\n\
               version does with it. Without an argument the words are listed with what\n\
               follows them. `vrrp_instance/priority` is the same as two arguments.\n",
        options: &[FORMAT],
    },
];
