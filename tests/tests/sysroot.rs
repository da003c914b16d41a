//! What one system's guests find first, before the tree that all share, and a root that one has to itself.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tests::guest::guest;
use tests::process::{End, Outcome};

/// A tree of files, and a deployment that names it.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        Self(
            tempfile::Builder::new().prefix("mapper-sysroot-").tempdir().expect("there is room for a folder"),
        )
    }

    /// The host's path of one of a guest's.
    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join("tree").join(path)
    }

    fn file(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.at(path);
        fs::create_dir_all(path.parent().expect("it is below the tree")).expect("the folder is fresh");
        fs::write(path, content).expect("the folder is fresh");
        self
    }

    fn program(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        self.file(path, content);
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(0o755)).expect("it is ours");
        self
    }

    fn link(&self, path: &str, target: &str) -> &Self {
        let path = self.at(path);
        fs::create_dir_all(path.parent().expect("it is below the tree")).expect("the folder is fresh");
        symlink(target, path).expect("the folder is fresh");
        self
    }

    fn deployment(&self, text: &str) -> PathBuf {
        let path = self.0.path().join("deployment.toml");
        fs::write(&path, text.replace("TREE", &self.at("").display().to_string()))
            .expect("the folder is fresh");
        path
    }

    /// The tree as the sysroot of an OS.
    fn sysroot(&self, os: &str) -> PathBuf {
        self.deployment(&format!("[os.{os}]\nsysroot = \"TREE\"\n"))
    }
}

fn flags(deployment: &Path) -> [&str; 2] {
    ["--deployment", deployment.to_str().expect("temporary folders have plain names")]
}

/// What busybox's shell makes of a script in a world of that deployment.
fn shell(deployment: &Path, script: &str) -> Outcome {
    guest("busybox").case(["sh", "-c", script]).flags(&flags(deployment)).run().outcome
}

fn assert_prints(outcome: &Outcome, text: &str) {
    assert_eq!((outcome.text().as_str(), outcome.end), (text, End::Exited(0)), "{outcome}");
}

fn bytes_of(name: &str) -> Vec<u8> {
    fs::read(guest(name).path).expect("it was fetched")
}

#[test]
fn a_linux_guest_finds_files_in_the_sysroot_first() {
    let tree = Tree::new();
    tree.file("etc/passwd", "of the sysroot\n")
        .file("opt/mapper-test/deep/file", "deep\n")
        .link("opt/mapper-test/absolute", "/opt/mapper-test/deep/file")
        .link("opt/mapper-test/folder", "/opt/mapper-test/deep")
        .link("opt/mapper-test/climbing", "../../../../../../etc/passwd")
        .link("opt/mapper-test/dangling", "/opt/mapper-test/none");
    let deployment = tree.sysroot("linux");
    let outcome = shell(
        &deployment,
        "cat /etc/passwd /opt/mapper-test/absolute /opt/mapper-test/climbing
         cat /usr/../opt/mapper-test/../../opt/mapper-test/folder/file
         readlink /opt/mapper-test/absolute
         cat /opt/mapper-test/dangling 2>/dev/null || echo dangles
         ls /opt/mapper-test /opt/mapper-test/folder
         cd /opt/mapper-test/deep && pwd && cat file ../absolute && cd .. && pwd && ls
         cat absolute climbing folder/../absolute
         grep -c '^root:' /etc/group /bin/sh | head -n 1
         test -e /etc/debian_version && echo shared
         ls /etc",
    );
    let names = "absolute\nclimbing\ndangling\ndeep\nfolder\n";
    assert_prints(
        &outcome,
        &format!(
            "of the sysroot\ndeep\nof the sysroot\ndeep\n/opt/mapper-test/deep/file\ndangles\n\
             /opt/mapper-test:\n{names}\n/opt/mapper-test/folder:\nfile\n\
             /opt/mapper-test/deep\ndeep\ndeep\n/opt/mapper-test\n{names}deep\nof the sysroot\ndeep\n\
             /etc/group:1\nshared\npasswd\n"
        ),
    );
}

#[test]
fn what_a_guest_changes_below_the_sysroot_stays_there() {
    let tree = Tree::new();
    tree.file("opt/mapper-test/old", "old\n").file("opt/mapper-test/gone", "");
    let outcome = shell(
        &tree.sysroot("linux"),
        "cd /opt/mapper-test && echo new > new && mkdir made && mv old made/moved && rm gone && ln -s /etc/hostname link
         echo more >> /opt/mapper-test/made/moved && chmod 600 /opt/mapper-test/new && ls",
    );
    assert_prints(&outcome, "link\nmade\nnew\n");
    assert_eq!(fs::read(tree.at("opt/mapper-test/made/moved")).expect("it was moved"), b"old\nmore\n");
    let mode = fs::metadata(tree.at("opt/mapper-test/new")).expect("it was made").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!Path::new("/opt/mapper-test").exists());
}

/// Puts another text of the same length for one that the program has.
fn replaced(mut program: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut found = 0;
    for at in 0..program.len().saturating_sub(from.len()) {
        if program[at..].starts_with(from.as_bytes()) {
            program[at..at + to.len()].copy_from_slice(to.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "the program does not name {from}");
    program
}

#[test]
fn interpreters_and_libraries_are_found_in_the_sysroot() {
    const LIBRARIES: &str = "lib/x86_64-linux-gnu";
    let library = |name: &str| fs::read(Path::new("/").join(LIBRARIES).join(name)).expect("bash needs it");
    let tree = Tree::new();
    // A bash whose dynamic linker and library have names that the host does not know.
    let bash = replaced(bytes_of("bash"), "ld-linux-x86-64.so.2", "ld-mappr-x86-64.so.2");
    let bash = replaced(bash, "libtinfo.so.6\0", "libtinfx.so.6\0");
    tree.program("opt/mapper-test/bash", bash)
        .program("lib64/real-linker", fs::read("/lib64/ld-linux-x86-64.so.2").expect("bash needs it"))
        .link("lib64/ld-mappr-x86-64.so.2", "/lib64/real-linker")
        .file(&format!("{LIBRARIES}/libtinfx.so.6"), library("libtinfo.so.6"))
        .file(&format!("{LIBRARIES}/libc.so.6"), library("libc.so.6"))
        .program("opt/mapper-test/script", "#!/opt/mapper-test/bash -e\necho \"$0 $*\"\nfalse\necho never\n")
        .program("opt/mapper-test/outer", "#!/opt/mapper-test/script\n");
    let deployment = tree.sysroot("linux");
    let outcome = shell(
        &deployment,
        "/opt/mapper-test/bash -c 'echo ${BASH_VERSION%%[.]*}; readlink /proc/self/exe; echo $BASH'
         /opt/mapper-test/script a b; echo $?
         /opt/mapper-test/outer c; echo $?
         PATH=/opt/mapper-test script d; echo $?",
    );
    assert_prints(
        &outcome,
        "5\n/usr/bin/readlink\n/opt/mapper-test/bash\n/opt/mapper-test/script a b\n1\n\
         /opt/mapper-test/script /opt/mapper-test/outer c\n1\n/opt/mapper-test/script d\n1\n",
    );
    // The program that `run` itself is told to run, by its place on the host.
    let program = tree.at("opt/mapper-test/script");
    let command = tests::guest::run_command(&flags(&deployment).map(String::from), &program);
    let outcome = tests::process::Running::start(command, &tests::process::Input::Nothing, "sysroot")
        .finish(std::time::Duration::from_secs(30));
    assert_eq!((outcome.end, outcome.text().contains("never")), (End::Exited(1), false), "{outcome}");
}

#[test]
fn a_freebsd_guest_has_its_own_files_and_a_linux_guest_beside_it_does_not() {
    let tree = Tree::new();
    let spawner = guest("freebsd-spawner").path;
    tree.file("opt/mapper-test/a.go", "package a\n\nvar   A = 1\n")
        .file("opt/mapper-test/deep/b.go", "package b\nvar B=2\n")
        .link("opt/mapper-test/absolute.go", "/opt/mapper-test/a.go")
        .link("opt/mapper-test/climbing.go", "../../../../../opt/mapper-test/a.go")
        .program("opt/mapper-test/spawner", fs::read(&spawner).expect("it was fetched"))
        .program("opt/mapper-test/script", "#!/opt/mapper-test/spawner /bin/cat\nof the script\n");
    let deployment = tree.sysroot("freebsd");
    let gofmt = |arguments: &[&str]| {
        guest("freebsd-gofmt").case(arguments.iter().copied()).flags(&flags(&deployment)).run().outcome
    };
    let formatted = "package a\n\nvar A = 1\n";
    for path in ["a.go", "absolute.go", "climbing.go", "deep/../../mapper-test/./a.go"] {
        assert_prints(&gofmt(&[&format!("/opt/mapper-test/{path}")]), formatted);
    }
    let all =
        ["a.go", "absolute.go", "climbing.go", "deep/b.go"].map(|name| format!("/opt/mapper-test/{name}\n"));
    assert_prints(&gofmt(&["-l", "/opt/mapper-test"]), &all.concat());
    assert_prints(&gofmt(&["-w", "/opt/mapper-test/absolute.go"]), "");
    assert_eq!(fs::read_to_string(tree.at("opt/mapper-test/a.go")).expect("it is there"), formatted);
    // What is not in the sysroot is the one that all share.
    let shared = tree.0.path().join("shared.go");
    fs::write(&shared, "package   shared\n").expect("the folder is fresh");
    assert_prints(&gofmt(&[shared.to_str().expect("a plain name")]), "package shared\n");
    // The interpreter of a script of the sysroot, and a Linux program that sees nothing of it.
    let script = "/opt/mapper-test/script";
    let outcome = guest("freebsd-spawner").case([script, "more"]).flags(&flags(&deployment)).run().outcome;
    let text = outcome.text();
    assert!(text.contains("cat: /opt/mapper-test/script: No such file or directory"), "{outcome}");
    assert!(text.contains("cat: more: No such file or directory"), "{outcome}");
    assert!(text.contains("exited: 1"), "{outcome}");
}

#[test]
fn a_root_of_its_own_has_nothing_of_the_shared_tree() {
    let tree = Tree::new();
    tree.program("bin/busybox", bytes_of("busybox"))
        .link("bin/sh", "busybox")
        .file("etc/passwd", "its own\n")
        .link("etc/out", "../../../../../../etc/debian_version")
        .link("etc/absolute", "/etc/passwd")
        .program("bin/script", "#!/bin/sh\necho \"script $0\"\n");
    let deployment = tree.deployment("[[mount]]\npath = \"/\"\ndirectory = \"TREE\"\nos = [\"linux\"]\n");
    let busybox = tests::guest::Guest { path: tree.at("bin/busybox"), ..guest("busybox") };
    let script = "cd / && pwd && ls && cat /etc/passwd /etc/absolute
                  cat /etc/out 2>/dev/null || echo out is shut
                  cat /etc/debian_version /etc/../../etc/debian_version 2>/dev/null || echo nothing shared
                  ls /usr 2>/dev/null || echo no usr
                  cd /etc && cat absolute && cat out 2>/dev/null || echo out is shut
                  cd ../../.. && pwd && /bin/busybox echo program && script
                  echo new > /etc/new && cat ./etc/new";
    let outcome =
        busybox.case(["sh", "-c", &format!("PATH=/bin; {script}")]).flags(&flags(&deployment)).run().outcome;
    assert_prints(
        &outcome,
        "/\nbin\netc\nproc\nits own\nits own\nout is shut\nnothing shared\nno usr\nits own\nout is shut\n/\nprogram\nscript /bin/script\nnew\n",
    );
    assert_eq!(fs::read(tree.at("etc/new")).expect("it was made"), b"new\n");
}
