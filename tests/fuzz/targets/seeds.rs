//! Writes the inputs that a target starts from: `seeds TARGET DIRECTORY`.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let (seeds, record) = match arguments.first().map(String::as_str) {
        Some("vrrp_packet") => (holdfast_fuzz::packet::seeds as fn(&_) -> _, "vrrp.json"),
        Some("ipc_message") => (holdfast_fuzz::message::seeds as fn(&_) -> _, "ipc.json"),
        Some("ipvs_answer") => (holdfast_fuzz::ipvs::seeds as fn(&_) -> _, "ipvs.json"),
        Some(_) | None => {
            eprintln!("seeds: expected vrrp_packet, ipc_message or ipvs_answer, and a directory");
            return ExitCode::FAILURE;
        }
    };
    let Some(directory) = arguments.get(1) else {
        eprintln!("seeds: the directory is missing");
        return ExitCode::FAILURE;
    };
    let record = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../vectors")
        .join(record);
    let text = fs::read_to_string(record).expect("the vectors can be read");
    let vectors = serde_json::from_str(&text).expect("the vectors are JSON");
    for (name, input) in seeds(&vectors) {
        fs::write(Path::new(directory).join(name), input).expect("a seed can be written");
    }
    ExitCode::SUCCESS
}
