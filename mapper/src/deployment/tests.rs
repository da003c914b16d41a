use std::path::Path;

use super::*;

fn parse(text: &str) -> Result<Deployment, DeploymentError> {
    Deployment::parse(text, Path::new("test.toml"))
}

fn complaint(text: &str) -> Complaint {
    match parse(text) {
        Err(DeploymentError::Text(complaints)) => complaints[0].clone(),
        other => panic!("a complaint was expected: {other:?}"),
    }
}

#[test]
fn built_in_deployment_is_sound() {
    let deployment = Deployment::built_in();
    assert_eq!(deployment.name, "default");
    assert!(deployment.servers.contains_key("auth"));
    assert_eq!(deployment.mounts[0].prefix, "/");
    assert!(deployment.sysroots.values().all(|sysroot| sysroot.optional));
}

#[test]
fn parse_without_inherit_continues_the_built_in_one() {
    let deployment = parse("[options]\nworkers = 5\n").unwrap();
    assert_eq!(deployment.options.workers, 5);
    assert_eq!(deployment.servers, Deployment::built_in().servers);
    assert_eq!(parse("inherit = \"nothing\"").unwrap().servers.len(), 0);
}

#[test]
fn parse_with_inherit_follows_files_and_relative_paths() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("base.toml"),
        "inherit = \"nothing\"\n[os.freebsd]\nsysroot = \"bsd\"\n",
    )
    .unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, "inherit = \"base.toml\"\n[[mount]]\npath = \"/data//x/\"\ndirectory = \"d\"\n")
        .unwrap();
    let deployment = Deployment::load(&path).unwrap();
    assert_eq!(deployment.name, "mine");
    let sysroot = &deployment.sysroots[&Personality::FreeBsd];
    assert_eq!(sysroot.directory, folder.path().join("bsd"));
    assert!(!sysroot.optional);
    assert_eq!(deployment.mounts[0].prefix, "/data/x");
    assert_eq!(deployment.mounts[0].target, MountTarget::Directory(folder.path().join("d")));
}

#[test]
fn load_of_a_circle_ends_with_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    std::fs::write(&path, "inherit = \"a.toml\"").unwrap();
    assert!(matches!(Deployment::load(&path), Err(DeploymentError::Circle { .. })));
    assert!(matches!(Deployment::load(&folder.path().join("none")), Err(DeploymentError::Read { .. })));
}

#[test]
fn parse_of_bad_syntax_says_where() {
    let complaint = complaint("[options]\nworkers = \n");
    assert_eq!((complaint.origin.as_str(), complaint.line), ("test.toml", 2));
}

#[test]
fn parse_of_an_unknown_key_suggests_the_right_one() {
    let complaint = complaint("[options]\nworker = 3\n");
    assert_eq!((complaint.line, complaint.column), (2, 1));
    assert!(complaint.message.contains("worker"), "{complaint}");
    assert_eq!(complaint.hint.as_deref(), Some("did you mean `workers`?"));
}

#[test]
fn parse_of_unknown_names_suggests_the_right_ones() {
    let hint = |text: &str| complaint(text).hint.unwrap_or_default();
    assert_eq!(hint("[[route]]\noperation = \"fs.opne\"\nflavour = \"mapped\"\n"), "did you mean `fs.open`?");
    assert_eq!(hint("[[route]]\noperation = \"fs.open\"\nflavour = \"maped\"\n"), "did you mean `mapped`?");
    assert_eq!(hint("[[mount]]\npath = \"/dev\"\nserver = \"devfss\"\n"), "did you mean `devfs`?");
    assert_eq!(hint("[os.fribsd]\nsysroot = \"/x\"\n"), "did you mean `freebsd`?");
    assert!(hint("[servers.x]\nkind = \"teapot\"\n").starts_with("known are auth, "));
}

#[test]
fn parse_of_impossible_routes_says_why() {
    let text = complaint("[[route]]\noperation = \"memory.map\"\nflavour = \"mapped\"\n").to_string();
    assert_eq!(text, "test.toml:3:11: `memory.map` cannot be mapped\n  hint: it can be local");
    let text = complaint("[[route]]\noperation = \"fs.open\"\n").message;
    assert_eq!(text, "the route changes nothing");
    let text = complaint("[[route]]\noperation = \"fs.open\"\nserver = \"auth\"\n").message;
    assert!(text.contains("has no operation `fs.open`"), "{text}");
}

#[test]
fn parse_of_what_servers_are_confined_to() {
    let base = "[servers.fb]\nplace = \"process\"\n";
    let text = complaint(&format!("{base}operations = [\"fs\", \"proc.kill\"]\n")).to_string();
    assert_eq!(text, "test.toml:3:21: a server of kind `fb` has no operation `proc.kill`");
    let hint = complaint(&format!("{base}operations = [\"fs.opne\"]\n")).hint.unwrap_or_default();
    assert_eq!(hint, "did you mean `fs.open`?");
    let text = complaint(&format!("{base}limits = {{ memory-mebibytes = 1 }}\n")).to_string();
    assert_eq!(text, "test.toml:3:31: a server's process has 4 to 1048576 MiB of memory");
    let text = complaint("[servers.fb]\nlimits = { descriptors = 64 }\n").to_string();
    assert!(
        text.contains("inside the mapper has no limits") && text.contains("place = \"process\""),
        "{text}"
    );
    let hint = complaint(&format!("{base}limits = {{ descriptor = 64 }}\n")).hint.unwrap_or_default();
    assert_eq!(hint, "did you mean `descriptors`?");
}

#[test]
fn parse_of_bad_mounts_says_why() {
    assert!(complaint("[[mount]]\npath = \"dev\"\nserver = \"devfs\"\n").message.contains("absolute"));
    assert!(complaint("[[mount]]\npath = \"/a/../b\"\nserver = \"devfs\"\n").message.contains("absolute"));
    assert!(complaint("[[mount]]\npath = \"/a\"\n").message.contains("does not say"));
    let both = "[[mount]]\npath = \"/a\"\nserver = \"devfs\"\ndirectory = \"/b\"\n";
    assert!(complaint(both).message.contains("not both"));
    let long = format!("[[mount]]\npath = \"/{}\"\nserver = \"devfs\"\n", "x".repeat(300));
    assert!(complaint(&long).message.contains("longer"));
}

#[test]
fn parse_of_options_keeps_to_their_bounds() {
    assert!(complaint("[options]\nworkers = 0\n").message.contains("1 to"));
    assert!(complaint("[options]\npoll-microseconds = 4000000\n").message.contains("at most"));
    assert!(complaint("[options]\nspin-microseconds = 4000000\n").message.contains("at most"));
    assert!(complaint("[options]\nhostname = \"\"\n").message.contains("host name"));
}
