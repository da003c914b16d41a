//! Debian's bash: dynamic, many processes, and on a terminal the jobs of a person.

use std::time::Duration;

use tests::guest::guest;
use tests::manifest::source_file;
use tests::process::End;
use tests::pty::Terminal;

const SOON: Duration = Duration::from_secs(15);

#[test]
fn runs_a_script_of_pipelines_jobs_and_traps() {
    let script = std::fs::read(source_file("bash.sh")).expect("it is part of the checkout");
    let side = guest("bash").case(["script.sh"]).file("script.sh", script).compare();
    assert_eq!(side.outcome.end, End::Exited(9), "{}", side.outcome);
    assert!(side.outcome.text().ends_with("the end\n"), "{}", side.outcome);
}

#[test]
fn dies_of_the_signal_it_sends_itself() {
    for (name, number) in [("TERM", 15), ("KILL", 9), ("SEGV", 11), ("USR1", 10), ("SYS", 31), ("ABRT", 6)] {
        let side = guest("bash").case(["-c", &format!("kill -{name} $$; sleep 1")]).compare();
        assert_eq!(side.outcome.end, End::Killed(number), "{name}: {}", side.outcome);
    }
}

#[test]
fn passes_megabytes_through_a_long_pipeline() {
    let script = "head -c 20000000 /dev/zero | tr '\\0' 'a' | cat | tee copy | gzip | gunzip | cat | md5sum";
    guest("bash").case(["-c", script]).compare();
}

fn both(session: impl Fn(Terminal)) {
    session(guest("bash").twin_on_terminal(&["--norc", "--noediting", "-i"]));
    session(guest("bash").on_terminal(&["--norc", "--noediting", "-i"]));
}

fn prompt(terminal: &mut Terminal) {
    // Quoted in two parts, so that the echo of it is not taken for the prompt.
    terminal.send("PS1='ne''xt> '\n");
    terminal.expect("next> ", SOON);
}

#[test]
fn stops_and_continues_a_job() {
    both(|mut terminal| {
        prompt(&mut terminal);
        terminal.send("sleep 30\n");
        std::thread::sleep(Duration::from_millis(500));
        terminal.send("\x1a");
        terminal.expect("Stopped", SOON);
        terminal.expect("next> ", SOON);
        terminal.send("jobs\n");
        terminal.expect("Stopped                 sleep 30", SOON);
        terminal.send("bg\n");
        terminal.expect("sleep 30 &", SOON);
        terminal.send("jobs\n");
        terminal.expect("Running                 sleep 30 &", SOON);
        terminal.send("fg\n");
        terminal.expect("sleep 30", SOON);
        std::thread::sleep(Duration::from_millis(500));
        terminal.send("\x03");
        terminal.expect("next> ", SOON);
        terminal.send("echo status $?\n");
        terminal.expect("status 130", SOON);
        terminal.send("exit 4\n");
        assert_eq!(terminal.finish(SOON).0, End::Exited(4));
    });
}

#[test]
fn interrupts_a_loop_and_goes_on() {
    both(|mut terminal| {
        prompt(&mut terminal);
        terminal.send("while true; do sleep 5; done\n");
        std::thread::sleep(Duration::from_millis(700));
        terminal.send("\x03");
        terminal.expect("next> ", SOON);
        terminal.send("echo still here $((40 + 2))\n");
        terminal.expect("still here 42", SOON);
        terminal.send("\x04");
        terminal.finish(SOON);
    });
}

#[test]
fn kills_a_background_job_by_its_number() {
    both(|mut terminal| {
        prompt(&mut terminal);
        terminal.send("sleep 40 | cat &\n");
        terminal.expect("[1] ", SOON);
        // Whether bash says "Terminated" before or after the wait is a matter of chance; the status is not.
        terminal.send("kill %1; wait %1; echo status $?\n");
        terminal.expect("status 143", SOON);
        terminal.send("echo now $((1 + 1))\n");
        terminal.expect("now 2", SOON);
        terminal.send("exit\n");
        terminal.finish(SOON);
    });
}

#[test]
fn stops_a_background_job_that_reads_the_terminal() {
    both(|mut terminal| {
        prompt(&mut terminal);
        terminal.send("cat &\n");
        terminal.expect("[1] ", SOON);
        std::thread::sleep(Duration::from_millis(300));
        terminal.send("jobs\n");
        terminal.expect("Stopped", SOON);
        terminal.expect("next> ", SOON);
        terminal.send("fg\n");
        terminal.expect("cat\r\n", SOON);
        std::thread::sleep(Duration::from_millis(300));
        terminal.send("typed\n");
        terminal.expect("typed\r\ntyped\r\n", SOON);
        terminal.send("\x04");
        terminal.expect("next> ", SOON);
        terminal.send("exit 0\n");
        assert_eq!(terminal.finish(SOON).0, End::Exited(0));
    });
}

#[test]
fn knows_the_size_and_the_settings_of_its_terminal() {
    both(|mut terminal| {
        prompt(&mut terminal);
        terminal.send("stty size; tty | cut -c1-9; stty -echo; stty -a | grep -o -- -echo' '; stty echo\n");
        terminal.expect("24 80\r\n/dev/pts/\r\n-echo ", SOON);
        terminal.send("exit\n");
        terminal.finish(SOON);
    });
}
