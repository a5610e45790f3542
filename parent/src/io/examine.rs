//! Reads a configuration and says what is wrong with it.

use super::config::{self, Good, Outcome};
use holdfast::cli::ReadOptions;
use holdfast::verdict::{Reading, Verdict};
use holdfast_conf::UnknownWords;
use std::path::Path;

/// Reads it; a word that nobody knows is an error here in any case: this is where it should be
/// found. Facts of this host are added where that is asked for.
pub(crate) fn examine(path: &Path, how: &ReadOptions, host: bool) -> Verdict {
    let file = path.display().to_string();
    match config::read(path, UnknownWords::Refuse, how) {
        Outcome::Unreadable(text) => Verdict::new(file, Reading::Unreadable(text)),
        Outcome::Empty(text) => Verdict::new(file, Reading::Empty(text)),
        Outcome::Wrong(report) => Verdict::new(file, Reading::Read(Box::new(report))),
        Outcome::Good(good) => {
            let (remarks, insecure) = if host {
                facts(&good)
            } else {
                Default::default()
            };
            Verdict {
                file,
                reading: Reading::Read(Box::new(good.report)),
                remarks,
                insecure,
            }
        }
    }
}

/// What this host lacks, and which scripts somebody else could replace.
fn facts(good: &Good) -> (Vec<String>, Vec<String>) {
    // Whose file it is says nothing about the text: it is often tested before it is installed.
    let faults = good.file_faults();
    let mut remarks: Vec<String> = faults.writable.into_iter().chain(faults.readable).collect();
    let mut insecure = Vec::new();
    match good.examine() {
        Ok(findings) => {
            remarks.extend(findings.remarks.into_iter().map(|remark| remark.text));
            for script in findings.unusable {
                // A script that is not here may be on the machine that this is written for.
                let list = if script.insecure {
                    &mut insecure
                } else {
                    &mut remarks
                };
                list.push(script.text);
            }
        }
        Err(missing) => remarks.push(missing),
    }
    (remarks, insecure)
}
