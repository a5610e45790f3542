//! `holdfastctl fmt`.

use super::complain;
use super::files::HostFiles;
use super::replace::Original;
use holdfast::ctl::{FINE, FOUND, Target};
use holdfast::words::printable;
use holdfast_conf::{Files, Unformatted, format};
use std::path::{Path, PathBuf};

/// Formats each file by itself. Gives what is printed; what goes wrong is said on standard error,
/// so that the output is a configuration and nothing else.
pub(crate) fn fmt(files: &[PathBuf], target: Target, colour: bool) -> (String, u8) {
    let mut output = String::new();
    let mut status = FINE;
    for file in files {
        let done = match target {
            Target::Output => print(file, &mut output),
            Target::Write => write(file),
            Target::Compare => compare(file, &mut output),
        };
        match done {
            Ok(true) => {}
            Ok(false) => status = FOUND,
            Err(fault) => {
                complain(&fault.text(file, colour));
                status = FOUND;
            }
        }
    }
    (output, status)
}

/// Why a file was not formatted.
enum Fault {
    File(std::io::Error),
    Text(Unformatted),
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::File(error)
    }
}

impl Fault {
    fn text(&self, file: &Path, colour: bool) -> String {
        let file = printable(&file.display().to_string());
        match self {
            Self::File(error) => format!("holdfastctl: {file}: {error}\n"),
            Self::Text(Unformatted::Broken(report)) => {
                let hint = report.hint().map_or(String::new(), |hint| hint + "\n");
                format!(
                    "{}{hint}holdfastctl: {file} stays as it is\n",
                    report.render(colour)
                )
            }
            Self::Text(Unformatted::Unfaithful) => format!(
                "holdfastctl: {file} stays as it is: formatted it would not mean the same (is a \
                 line close to 8192 bytes long?)\n"
            ),
        }
    }
}

fn formatted(file: &Path, bytes: &[u8]) -> Result<String, Fault> {
    format(&file.display().to_string(), bytes.to_owned()).map_err(Fault::Text)
}

fn print(file: &Path, output: &mut String) -> Result<bool, Fault> {
    let bytes = HostFiles::default().read(file)?;
    output.push_str(&formatted(file, &bytes)?);
    Ok(true)
}

fn write(file: &Path) -> Result<bool, Fault> {
    let original = Original::read(file)?;
    let text = formatted(file, original.bytes())?;
    if text.as_bytes() != original.bytes() {
        original.replace(&text)?;
    }
    Ok(true)
}

/// Names the file where it differs.
fn compare(file: &Path, output: &mut String) -> Result<bool, Fault> {
    let bytes = HostFiles::default().read(file)?;
    let same = formatted(file, &bytes)?.as_bytes() == bytes;
    if !same {
        output.push_str(&format!("{}\n", file.display()));
    }
    Ok(same)
}
