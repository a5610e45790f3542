//! Writes the inputs that a target starts from: `seeds TARGET DIRECTORY`.

use holdfast_fuzz::{check, config};
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

/// Names and inputs.
type Seeds = Vec<(String, Vec<u8>)>;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let Some(directory) = arguments.get(1) else {
        eprintln!("seeds: the name of a target or the directory is missing");
        return ExitCode::FAILURE;
    };
    if arguments
        .first()
        .is_some_and(|target| target.starts_with("conf_"))
    {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conf/tests");
        write(
            directory,
            config::seeds(&[tests.join("seeds"), tests.join("corpus")]),
        );
        return ExitCode::SUCCESS;
    }
    let (seeds, record): (fn(&Value) -> Seeds, _) = match arguments.first().map(String::as_str) {
        Some("vrrp_packet") => (holdfast_fuzz::packet::seeds, "vrrp.json"),
        Some("ipc_message") => (holdfast_fuzz::message::seeds, "ipc.json"),
        Some("check_http") => (|record| check::seeds(record, "http"), "checks.json"),
        Some("check_dns") => (|record| check::seeds(record, "dns"), "checks.json"),
        Some("check_smtp") => (|record| check::seeds(record, "smtp"), "checks.json"),
        Some("ipvs_answer") => (holdfast_fuzz::ipvs::seeds, "ipvs.json"),
        Some(_) | None => {
            eprintln!("seeds: expected the name of a target and a directory");
            return ExitCode::FAILURE;
        }
    };
    let record = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../vectors")
        .join(record);
    let text = fs::read_to_string(record).expect("the vectors can be read");
    let vectors = serde_json::from_str(&text).expect("the vectors are JSON");
    write(directory, seeds(&vectors));
    ExitCode::SUCCESS
}

fn write(directory: &str, seeds: Seeds) {
    for (name, input) in seeds {
        fs::write(Path::new(directory).join(name), input).expect("a seed can be written");
    }
}
