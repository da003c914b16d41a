//! Debian's nginx in a folder of its own: a master that starts workers, shares listening sockets with them,
//! and tells them by signals what to do.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tests::case::{Case, Started};
use tests::guest::guest;
use tests::http::{free_port, get};
use tests::process::End;

const SOON: Duration = Duration::from_secs(20);

fn server(port: u16) -> Case {
    let configuration = format!(
        "daemon off; worker_processes 2; pid nginx.pid; error_log stderr notice;\n\
         events {{ worker_connections 64; }}\n\
         http {{\n\
           access_log access.log; sendfile on; gzip on; gzip_types text/plain; gzip_min_length 1;\n\
           client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;\n\
           server {{ listen 127.0.0.1:{port}; root www;\n\
             location /again/ {{ proxy_pass http://127.0.0.1:{port}/; }}\n\
             location /list/ {{ autoindex on; alias www/below/; }}\n\
             location = /say {{ return 418 'short and stout'; }} }}\n\
         }}\n"
    );
    guest("nginx")
        .case(["-p", ".", "-c", "nginx.conf", "-e", "stderr"])
        .file("nginx.conf", configuration)
        .file("www/index.html", "<h1>It is served</h1>\n")
        .file("www/below/small.txt", "small\n")
        .file("www/large.txt", "0123456789abcde\n".repeat(200_000))
        // Workers of a master started by root run as another user, who must be able to enter.
        .setup(|folder| open_to_all(folder.parent().expect("it lies in the run's own folder")))
        .held_stdin()
}

fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("the folder is ours");
}

fn start(port: u16) -> Started {
    let started = server(port).start_guest();
    started.running.expect_errors("start worker process", SOON);
    started
}

#[test]
fn serves_files_and_ends_gracefully() {
    let port = free_port();
    let started = start(port);
    let page = get(port, "/", SOON).expect("it listens");
    assert_eq!((page.status, &page.body[..]), (200, &b"<h1>It is served</h1>\n"[..]));
    let large = get(port, "/large.txt", SOON).expect("it listens");
    assert_eq!((large.status, large.body.len()), (200, 3_200_000));
    assert_eq!(get(port, "/missing", SOON).expect("it listens").status, 404);
    assert_eq!(get(port, "/say", SOON).expect("it listens").status, 418);
    let listing = get(port, "/list/", SOON).expect("it listens");
    assert!(String::from_utf8_lossy(&listing.body).contains("small.txt"), "{listing:?}");
    let proxied = get(port, "/again/index.html", SOON).expect("it listens");
    assert_eq!((proxied.status, &proxied.body[..]), (200, &b"<h1>It is served</h1>\n"[..]));
    started.running.signal(Signal::QUIT);
    let folder = started.folder.clone();
    let ended = started.running.ended_within(SOON);
    let log = fs::read_to_string(folder.join("access.log")).unwrap_or_default();
    assert!(ended, "SIGQUIT ends it: {}", started.running.errors());
    assert_eq!(log.lines().count(), 7, "{log}");
    assert_eq!(started.running.finish(SOON).end, End::Exited(0));
}

#[test]
fn reloads_its_configuration_and_replaces_its_workers() {
    let port = free_port();
    let started = start(port);
    assert_eq!(get(port, "/say", SOON).expect("it listens").status, 418);
    let file = started.folder.join("nginx.conf");
    let text = fs::read_to_string(&file).expect("it was written before");
    fs::write(&file, text.replace("return 418", "return 419")).expect("the folder is ours");
    started.running.signal(Signal::HUP);
    started.running.expect_errors("gracefully shutting down", SOON);
    let deadline = std::time::Instant::now() + SOON;
    while get(port, "/say", SOON).map(|answer| answer.status).ok() != Some(419) {
        assert!(std::time::Instant::now() < deadline, "{}", started.running.errors());
        std::thread::sleep(Duration::from_millis(50));
    }
    started.running.signal(Signal::TERM);
    assert_eq!(started.running.finish(SOON).end, End::Exited(0));
}

#[test]
fn replaces_a_worker_that_was_killed() {
    let port = free_port();
    let started = start(port);
    assert_eq!(get(port, "/", SOON).expect("it listens").status, 200);
    let master = started.running.pid();
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", master.as_raw_nonzero()))
        .expect("the master runs");
    let worker: i32 = children.split_whitespace().next().expect("it has workers").parse().expect("a number");
    let worker = rustix::process::Pid::from_raw(worker).expect("a number of a process");
    rustix::process::kill_process(worker, Signal::KILL).expect("it is ours");
    started.running.expect_errors("exited on signal 9", SOON);
    for _ in 0..20 {
        assert_eq!(get(port, "/", SOON).expect("it listens").status, 200);
    }
}

#[test]
fn curl_under_the_mapper_fetches_from_it() {
    let port = free_port();
    let started = start(port);
    let url = format!("http://127.0.0.1:{port}");
    let side = guest("curl")
        .case(["-sS", "--compressed", "-o", "a", "-w", "%{http_code} %{size_header}\n"])
        .more_arguments([
            format!("{url}/large.txt"),
            "-o".to_owned(),
            "b".to_owned(),
            format!("{url}/index.html"),
        ])
        .run();
    let (outcome, tree) = (side.outcome.succeeded(), side.tree);
    assert!(outcome.text().starts_with("200 "), "{outcome}");
    assert_eq!(tree.file("a").map(<[u8]>::len), Some(3_200_000));
    assert_eq!(tree.file("b"), Some(&b"<h1>It is served</h1>\n"[..]));
    drop(started);
    let refused = guest("curl").case(["-sS", &format!("{url}/")]).compare();
    assert_eq!(refused.outcome.end, End::Exited(7));
}
