//! Debian's sqlite3: record locks, a shared-memory index, and syncs.

use tests::guest::guest;
use tests::process::End;

const TABLES: &str = "
create table t(id integer primary key, name text, value real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
insert into t select i, printf('name %d', i % 97), i * 0.5 from n;
create index by_name on t(name);
select name, count(*), sum(value) from t group by name order by name limit 5;
begin; delete from t where id % 2 = 0; rollback; select count(*) from t;
begin; update t set value = value + 1 where name = 'name 5'; commit;
create virtual table words using fts5(body); insert into words values('a quick test'), ('another one');
select rowid from words where words match 'quick';
select json_extract('{\"a\":[1,2,3]}', '$.a[1]');
pragma integrity_check;
";

#[test]
fn a_database_is_the_same_bytes() {
    for journal in ["delete", "truncate", "persist", "memory"] {
        let script = format!("pragma journal_mode={journal};{TABLES}vacuum;");
        let side = guest("sqlite3")
            .case(["-batch", "db"])
            .stdin(script)
            // A journal begins with a random number.
            .leave_out(&["db-journal"])
            .compare();
        assert_eq!(side.outcome.end, End::Exited(0), "{}", side.outcome);
        assert!(side.outcome.text().ends_with("ok\n"), "{}", side.outcome);
    }
}

#[test]
fn a_write_ahead_log_is_read_by_another_process() {
    let script = "sqlite3 db 'pragma journal_mode=wal; create table t(x); insert into t values(1)' \
                  && (echo 'begin immediate; insert into t values(2);'; sleep 1; echo 'commit;') | sqlite3 db & \
                  sleep 0.5; sqlite3 db 'select count(*) from t'; sqlite3 db 'insert into t values(3)' 2>&1; wait; \
                  sqlite3 -cmd '.timeout 5000' db 'insert into t values(4); select count(*) from t; pragma integrity_check'";
    guest("sqlite3");
    let side = guest("bash").case(["-c", script]).leave_out(&["db", "db-wal", "db-shm"]).compare();
    assert!(side.outcome.text().contains("database is locked"), "{}", side.outcome);
}

#[test]
fn many_writers_lose_nothing() {
    let script = "sqlite3 db 'create table t(x)'; for i in 1 2 3 4; do (for j in $(seq 1 25); do \
                  sqlite3 -cmd '.timeout 20000' db \"insert into t values($i * 1000 + $j)\"; done) & done; wait; \
                  sqlite3 db 'select count(*), sum(x), count(distinct x) from t; pragma integrity_check'";
    guest("sqlite3");
    let side = guest("bash").case(["-c", script]).leave_out(&["db"]).compare();
    assert_eq!(side.outcome.text(), "100|251300|100\nok\n");
}

#[test]
fn reports_an_error_as_natively() {
    let side = guest("sqlite3").case(["db", "select nonsense from nowhere"]).compare();
    assert_eq!(side.outcome.end, End::Exited(1));
}
