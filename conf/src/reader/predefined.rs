//! Names that are there without a definition.

use super::generator::number;
use crate::Options;
use std::path::Path;

/// All of them.
pub(super) const NAMES: &[&str] = &["_PWD", "_INSTANCE", "_RANDOM", "_HASH", "_BANG", "_ENV"];

/// Largest number of `${_RANDOM}` without words.
const RANDOM_MAX: u64 = 32_767;

/// What such a name stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    /// A variable of the environment that is not set.
    Unset(String),
    Wrong(String),
}

/// Numbers that are the same for the same seed.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from one to another.
    fn between(&mut self, min: u64, max: u64) -> u64 {
        let all = max.saturating_sub(min).saturating_add(1);
        min.saturating_add(self.next().checked_rem(all).unwrap_or(0))
    }
}

/// What `${NAME words}` stands for, if it is predefined.
pub(super) fn value(
    name: &str,
    words: &str,
    directory: &Path,
    options: &Options,
    random: &mut Random,
) -> Option<Value> {
    let words: Vec<&str> = words.split_whitespace().collect();
    let text = match name {
        "_ENV" => return Some(environment(&words, options)),
        "_RANDOM" => return Some(number_between(&words, random)),
        "_PWD" => pwd(directory, options),
        "_INSTANCE" => options.config_id.clone().unwrap_or_default(),
        "_HASH" => "#".to_owned(),
        "_BANG" => "!".to_owned(),
        _ => return None,
    };
    Some(match words.as_slice() {
        [] => Value::Text(text),
        _ => Value::Wrong(format!("`{name}` takes no words")),
    })
}

fn pwd(directory: &Path, options: &Options) -> String {
    let base = options.working_directory.as_deref();
    let whole = base.unwrap_or_else(|| Path::new("")).join(directory);
    match super::normal(&whole).to_string_lossy().into_owned() {
        empty if empty.is_empty() => ".".to_owned(),
        path => path,
    }
}

fn environment(words: &[&str], options: &Options) -> Value {
    let [name] = words else {
        return Value::Wrong("`_ENV` takes the name of one variable".to_owned());
    };
    if name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        return Value::Wrong(format!(
            "`{}` is no name of a variable",
            crate::diag::escape(name)
        ));
    }
    match options.environment.get(*name) {
        None => Value::Unset((*name).to_owned()),
        Some(text) if text.contains(char::is_control) => Value::Wrong(format!(
            "the variable `{name}` has a control character inside"
        )),
        Some(text) => Value::Text(text.clone()),
    }
}

fn number_between(words: &[&str], random: &mut Random) -> Value {
    let read = |word: &str| {
        number(word)
            .ok()
            .and_then(|number| u64::try_from(number).ok())
            .ok_or_else(|| format!("`{}` is no number from 0 on", crate::diag::escape(word)))
    };
    let bounds = match words {
        [] => Ok((0, RANDOM_MAX)),
        [min] => read(min).map(|min| (min, RANDOM_MAX)),
        [min, max] => read(min).and_then(|min| Ok((min, read(max)?))),
        _ => Err("`_RANDOM` takes a smallest and a largest number".to_owned()),
    };
    match bounds {
        Err(why) => Value::Wrong(why),
        Ok((min, max)) if min > max => Value::Wrong(format!("{min} is larger than {max}")),
        Ok((min, max)) => Value::Text(random.between(min, max).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, words: &str) -> Value {
        let options = Options {
            config_id: Some("web1".to_owned()),
            working_directory: Some("/etc".into()),
            environment: [("A".to_owned(), "x y".to_owned())].into(),
            ..Options::default()
        };
        let directory = Path::new("conf.d/../k");
        value(name, words, directory, &options, &mut Random::new(7)).unwrap()
    }

    fn good(name: &str, words: &str) -> String {
        match text(name, words) {
            Value::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn predefined_names_have_their_values() {
        assert_eq!(good("_PWD", ""), "/etc/k");
        assert_eq!(good("_INSTANCE", ""), "web1");
        assert_eq!(good("_HASH", " "), "#");
        assert_eq!(good("_ENV", " A"), "x y");
        assert_eq!(text("_ENV", " B"), Value::Unset("B".to_owned()));
        assert_eq!(good("_RANDOM", " 5 5"), "5");
        assert_eq!(good("_RANDOM", ""), good("_RANDOM", " 0 32767"));
        for (name, words) in [
            ("_PWD", " x"),
            ("_ENV", ""),
            ("_ENV", " A B"),
            ("_ENV", " A-B"),
            ("_RANDOM", " 7 3"),
            ("_RANDOM", " x"),
            ("_RANDOM", " -1"),
            ("_RANDOM", " 1 2 3"),
        ] {
            assert!(
                matches!(text(name, words), Value::Wrong(_)),
                "{name}{words}"
            );
        }
    }

    #[test]
    fn random_numbers_reach_both_ends() {
        let mut random = Random::new(1);
        let all: std::collections::BTreeSet<u64> = (0..100).map(|_| random.between(3, 5)).collect();
        assert_eq!(all.into_iter().collect::<Vec<_>>(), [3, 4, 5]);
    }
}
