//! The seeds that the fuzzers start from, in `fuzz/corpus/signature`: the fixtures, so that both stay one.

use std::fs;
use std::path::{Path, PathBuf};

use super::fixtures;

/// With this variable set, the seeds are written anew.
const UPDATE: &str = "UPDATE_CORPUS";

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/signature")
}

/// The seeds as they lie there.
pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds: Vec<_> = fs::read_dir(folder())
        .expect("the corpus is part of the project")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "bin"))
        .map(|path| {
            let name = path.file_stem().expect("it has an extension").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("it can be read"))
        })
        .collect();
    seeds.sort();
    seeds
}

#[test]
fn the_corpus_is_the_fixtures() {
    let mut fixtures: Vec<_> =
        fixtures::all().into_iter().map(|(name, file)| (name.to_owned(), file)).collect();
    fixtures.sort();
    if std::env::var_os(UPDATE).is_some() {
        fs::create_dir_all(folder()).unwrap();
        for (name, _) in seeds() {
            fs::remove_file(folder().join(name + ".bin")).unwrap();
        }
        for (name, file) in &fixtures {
            fs::write(folder().join(format!("{name}.bin")), file).unwrap();
        }
    }
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let seeds = seeds();
    assert_eq!(names(&seeds), names(&fixtures), "write them anew with {UPDATE}=1");
    for ((name, seed), (_, fixture)) in seeds.iter().zip(&fixtures) {
        assert!(seed == fixture, "{name} differs, write it anew with {UPDATE}=1");
        assert!(seed.len() <= 4096, "{name} is too large for a seed");
    }
}
