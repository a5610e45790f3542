//! Configurations of tutorials as their authors published them.

mod common;

use common::{Folder, STRICT, compare, data, told};
use holdfast_conf::load;
use std::path::Path;

#[test]
fn every_seed_is_accepted_and_says_what_is_expected() {
    let folder = data("seeds");
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "conf"))
        .collect();
    names.sort();
    assert_eq!(names.len(), 17);
    let files = Folder(folder);
    let mut wrong = Vec::new();
    for path in names {
        let name = path.file_name().unwrap().to_str().unwrap();
        let loaded = load(&files, Path::new(name), &STRICT);
        assert_eq!(loaded.report.errors(), 0, "{name}");
        assert_eq!(loaded.config.as_ref().unwrap().instances.len(), 1, "{name}");
        wrong.extend(compare(&told(&loaded, name), &path.with_extension("txt")).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
