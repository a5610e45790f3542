//! Counts what is executed: twice the text must not be much more than twice the work.
//!
//! Built with counters on the edges of the program (`work.sh`), which a child process writes into a
//! file when it ends. Steps are counted and not seconds, so the machine does not matter.

use holdfast_fuzz::config;
use holdfast_fuzz::shapes::{SHAPES, Shape};
use std::process::{Command, ExitCode};
use std::{env, fs};

/// Parts of the smaller text.
const NUMBER: usize = 2_000;
/// Twice as many parts may be this much more work; n log n needs a little more than 2.
const MOST: f64 = 2.3;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [shape, number] = arguments.as_slice() {
        let number = number.parse().expect("a number of parts");
        let (_, text) = find(shape).expect("a known shape");
        config::run_once(&text(number));
        return ExitCode::SUCCESS;
    }
    println!(
        "{:<40} {:>14} {:>14} {:>6}",
        "",
        NUMBER,
        NUMBER * 2,
        "ratio"
    );
    let mut bad = 0;
    for (name, _) in SHAPES {
        let (one, two) = (steps(name, NUMBER), steps(name, NUMBER * 2));
        let ratio = two as f64 / one as f64;
        let mark = if ratio > MOST { "  too much" } else { "" };
        println!("{name:<40} {one:>14} {two:>14} {ratio:>6.2}{mark}");
        bad += u32::from(ratio > MOST);
    }
    match bad {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn find(name: &str) -> Option<&'static (&'static str, Shape)> {
    SHAPES.iter().find(|(shape, _)| *shape == name)
}

/// The steps of a process that handles such a text once.
fn steps(shape: &str, number: usize) -> u64 {
    let file = env::temp_dir().join(format!("holdfast-work-{}.profraw", std::process::id()));
    let status = Command::new(env::current_exe().expect("this program"))
        .args([shape, &number.to_string()])
        .env("LLVM_PROFILE_FILE", &file)
        .status()
        .expect("this program runs");
    assert!(status.success(), "{shape}: {status}");
    let profile = fs::read(&file).expect("counters: is this built by work.sh?");
    fs::remove_file(&file).expect("the counters can be removed");
    sum(&profile).expect("a profile of a known version")
}

/// The sum of all counters of a raw profile of LLVM: a header of 64-bit numbers, ids of the binary,
/// a record of 64 bytes for each function, the counters.
fn sum(profile: &[u8]) -> Option<u64> {
    /// Size of a record.
    const RECORD: u64 = 64;
    let word = |at: u64| {
        let at = usize::try_from(at.checked_mul(8)?).ok()?;
        let bytes = profile.get(at..at.checked_add(8)?)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    };
    let header: u64 = match word(1)? & 0xff {
        9 => 14,
        10 => 16,
        _ => return None,
    };
    let (ids, records, padding, counters) = (word(2)?, word(3)?, word(4)?, word(5)?);
    let start = header + (ids + records * RECORD + padding) / 8;
    (start..start + counters)
        .map(word)
        .try_fold(0_u64, |sum, counter| Some(sum.saturating_add(counter?)))
}
