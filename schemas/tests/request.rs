//! The committed requests are those of the schemas: what is generated from either is the same. (Comparing what is
//! generated, not the requests themselves, allows any version of the schema compiler.)

use std::{collections::BTreeMap, env, fs, path::Path, process::Command};

#[path = "../generator/mod.rs"]
mod generator;

/// Everything that is generated from a request, by file name.
fn generated(request: &[u8], operations: bool) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    generator::messages(request, folder.path()).unwrap();
    if operations {
        generator::operations(request, folder.path()).unwrap();
    }
    let mut files = BTreeMap::new();
    collect(folder.path(), &mut files);
    files
}

fn collect(folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            let lines = text.lines().filter(|line| !line.starts_with("// capnp binary version"));
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            files.insert(name, lines.collect::<Vec<_>>().join("\n"));
        }
    }
}

#[test]
fn committed_requests_are_those_of_the_schemas() {
    if Command::new("capnp").arg("--version").output().is_err() {
        assert!(env::var_os("CI").is_none(), "capnp is not installed");
        eprintln!(
            "SKIPPED: capnp (Debian: capnproto) is not installed; the committed requests were not checked"
        );
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut operations: Vec<_> = fs::read_dir(root.join("operation"))
        .unwrap()
        .map(|entry| format!("operation/{}", entry.unwrap().file_name().to_string_lossy()))
        .collect();
    operations.sort();
    for (name, schemas) in [
        ("operation", operations),
        ("control", vec!["control.capnp".to_owned()]),
        ("remote", vec!["remote.capnp".to_owned()]),
    ] {
        let output = Command::new("capnp")
            .args(["compile", "-o-", "--src-prefix=."])
            .args(&schemas)
            .current_dir(root)
            .env_remove("PWD")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let committed = fs::read(root.join("request").join(format!("{name}.bin"))).unwrap();
        let committed = generated(&committed, name == "operation");
        let fresh = generated(&output.stdout, name == "operation");
        assert!(
            committed.keys().eq(fresh.keys()),
            "the schemas have changed: run schemas/request.sh and commit schemas/request"
        );
        for (file, text) in &fresh {
            assert!(
                committed[file] == *text,
                "{file} has changed: run schemas/request.sh and commit schemas/request"
            );
        }
    }
}
