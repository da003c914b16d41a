use std::path::Path;

use super::*;
use crate::deployment::Deployment;

fn table(text: &str) -> Table {
    Table::new(&Deployment::parse(text, Path::new("test.toml")).unwrap())
}

#[test]
fn new_without_rules_has_the_declared_routes() {
    let table = table("");
    for personality in Personality::ALL {
        for operation in Operation::ALL {
            assert_eq!(table.cell(personality, operation).flavour, operation.info().flavour, "{operation}");
        }
    }
    let kill = table.cell(Personality::FreeBsd, Operation::ProcKill);
    assert_eq!(kill.server.and_then(|server| table.server_name(server)), Some("proc"));
}

#[test]
fn new_with_mediation_leaves_nothing_direct() {
    let table = table("[options]\nmediate = true\n");
    for operation in Operation::ALL {
        assert_ne!(table.cell(Personality::Linux, operation).flavour, Flavour::Direct, "{operation}");
    }
    assert_eq!(table.cell(Personality::Linux, Operation::MemoryMap).flavour, Flavour::Local);
}

#[test]
fn new_with_rules_changes_what_they_name() {
    let table = table(
        "[[route]]\noperation = \"fs\"\nos = [\"freebsd\"]\nflavour = \"mapped\"\n\
         [[route]]\noperation = \"fs.stat\"\nos = [\"freebsd\"]\nflavour = \"direct\"\n",
    );
    assert_eq!(table.cell(Personality::FreeBsd, Operation::FsOpen).flavour, Flavour::Mapped);
    assert_eq!(table.cell(Personality::FreeBsd, Operation::FsStat).flavour, Flavour::Direct);
    assert_eq!(table.cell(Personality::Linux, Operation::FsOpen).flavour, Flavour::Direct);
}

#[test]
fn server_with_path_rule_is_singled_out() {
    let table = table(
        "[servers.tapes]\nkind = \"devfs\"\n\
         [[route]]\noperation = \"fs.open\"\npath = \"/dev/sa*\"\nserver = \"tapes\"\n",
    );
    let name = |path: &str| {
        let subject = Subject { path: Some(path.as_bytes()), family: None };
        let server = table.server(Personality::NetBsd, Operation::FsOpen, subject);
        server.and_then(|server| table.server_name(server)).map(str::to_owned)
    };
    assert_eq!(name("/dev/sa0").as_deref(), Some("tapes"));
    assert_ne!(name("/dev/null").as_deref(), Some("tapes"));
}

#[test]
fn set_changes_flavour_and_server_and_counts() {
    let mut table = table("");
    let open = [Operation::FsOpen];
    assert_eq!(table.set(&open, Some(Personality::Linux), "mapped"), Ok(1));
    assert_eq!(table.set(&open, Some(Personality::Linux), "mapped"), Ok(0));
    assert_eq!(table.set(&open, None, "devfs"), Ok(Personality::ALL.len() as u32));
    let cell = table.cell(Personality::FreeBsd, Operation::FsOpen);
    assert_eq!(cell.flavour, Flavour::Mapped);
    assert_eq!(cell.server.and_then(|server| table.server_name(server)), Some("devfs"));
}

#[test]
fn set_refuses_with_a_sentence() {
    let mut table = table("");
    let refused = |result: Result<u32, Refused>| result.unwrap_err().0;
    let text = refused(table.set(&[Operation::MemoryMap], None, "mapped"));
    assert_eq!(text, "memory.map cannot be mapped; it can be local");
    assert!(refused(table.set(&[Operation::FsOpen], None, "teapot")).contains("neither a flavour"));
    assert!(refused(table.set(&[Operation::FsOpen], None, "auth")).contains("answers the interface auth"));
}

#[test]
fn select_operations_knows_names_subsystems_and_all() {
    assert_eq!(select_operations("fs.open"), Some(vec![Operation::FsOpen]));
    assert_eq!(select_operations("*").map(|all| all.len()), Some(Operation::COUNT));
    assert!(select_operations("fs").is_some_and(|fs| fs.contains(&Operation::FsStat)));
    assert_eq!(select_operations("teapot"), None);
}
