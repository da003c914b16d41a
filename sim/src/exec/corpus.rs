//! The seeds that a fuzzer starts from, in `fuzz/corpus`: what the tests make, so that both stay one.

use std::fs;
use std::path::{Path, PathBuf};

/// With this variable set, the seeds are written anew.
const UPDATE: &str = "UPDATE_CORPUS";

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

/// The seeds of a fuzz target, by name.
pub fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut seeds: Vec<_> = fs::read_dir(folder(target))
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

/// Panics unless the seeds of a fuzz target are these files.
pub fn check<'a>(target: &str, files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) {
    let mut files: Vec<_> = files.into_iter().map(|(name, file)| (name.to_owned(), file)).collect();
    files.sort();
    let folder = folder(target);
    if std::env::var_os(UPDATE).is_some() {
        fs::create_dir_all(&folder).unwrap();
        for (name, _) in seeds(target) {
            fs::remove_file(folder.join(name + ".bin")).unwrap();
        }
        for (name, file) in &files {
            fs::write(folder.join(format!("{name}.bin")), file).unwrap();
        }
    }
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let seeds = seeds(target);
    assert_eq!(names(&seeds), names(&files), "write them anew with {UPDATE}=1");
    for ((name, seed), (_, file)) in seeds.iter().zip(&files) {
        assert!(seed == file, "{name} differs, write it anew with {UPDATE}=1");
        assert!(seed.len() <= 4096, "{name} is too large for a seed");
    }
}
