//! How it ends, at any time, by any signal.

use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::{RngExt, SeedableRng};
use tests::{Program, Up};

use super::parts::{
    HeldMigrations, get, no_server_is_left, report, repository, rows, server_pid, servers, silent_database, text,
    wait_until, with_silent_database, written_bytes,
};

/// What it prints last of its start.
const SERVES: &str = "Ctrl-C stops sei";

/// Whether a start has come so far.
type Reached = fn(&Program, &Up) -> bool;

/// How far a start has come when a signal is sent, from its beginning to its end.
const MOMENTS: [(&str, Reached); 5] = [
    ("at once", |_, _| true),
    ("once its server runs", |program, _| server_pid(program).is_some()),
    ("once its database answers", |program, _| written_bytes(program).is_some()),
    ("once it listens", |_, up| up.printed().contains("listening on")),
    ("once it serves", |_, up| up.printed().contains(SERVES)),
];

#[test]
fn killed_while_it_collects_it_ends_up_with_the_same_rows() {
    let calm = Program::new();
    let path = repository(&calm, 4000, Some(100));
    let mut up = calm.up(&["--repo", &text(&path)]);
    let mut first = None;
    wait_until("the database answers", || {
        first = written_bytes(&calm);
        first.is_some()
    });
    up.address();
    let (first, last) = (first.unwrap(), written_bytes(&calm).unwrap());
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));

    let killed = Program::new();
    for kill in 0..8 {
        let up = killed.up(&["--repo", &text(&path)]);
        // the first at once, each further one after another eighth of what a calm run writes
        let enough = first + (last - first) * kill / 8;
        let has_written = || written_bytes(&killed).is_some_and(|written| written >= enough);
        wait_until("it has come to the kill", || kill == 0 || up.printed().contains(SERVES) || has_written());
        let _ = up.end(Signal::SIGKILL);
    }
    let mut up = killed.up(&["--repo", &text(&path)]);
    up.address();
    let both = (report(&calm), report(&killed));
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));
    assert_eq!(both.0, both.1);
    let (calm, killed) = (rows(&calm), rows(&killed));
    for (table, expected) in &calm {
        let same = killed[table] == *expected;
        assert!(same, "{table}: {} rows, {} expected, or others", killed[table].len(), expected.len());
    }
    assert_eq!((calm["commit"].len(), calm["deployment"].len()), (4000, 40));
}

#[test]
fn a_second_ctrl_c_ends_it_at_once_and_nothing_is_lost() {
    let program = Program::new();
    let path = text(&repository(&program, 30, Some(10)));
    let mut up = program.up(&["--repo", &path]);
    up.address();
    let before = report(&program);
    up.signal(Signal::SIGINT);
    up.wait_for_error("once more forces it");
    // one that comes this soon may be taken for the same request; one of those that follow is not
    let output = up.end_by_repeated(Signal::SIGINT);
    assert!(matches!(output.code, Some(0 | 130)), "{:?}: {}", output.code, output.err);
    assert_eq!(report(&program), before);
    // what was left running was taken over, and stopped
    assert_eq!(servers(&program), Vec::<String>::new());
}

#[test]
fn a_signal_that_arrives_twice_at_once_ends_it_in_order() {
    let program = Program::new();
    let path = text(&repository(&program, 3, Some(2)));
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut up = program.up(&["--repo", &path]);
        up.address();
        // as `timeout` does: to the process, and to its group
        up.signal(signal);
        let output = up.end(signal);
        assert_eq!(output.code, Some(0), "{signal}: {}", output.err);
        assert_eq!(server_pid(&program), None, "{signal}: the database has ended before it");
    }
}

#[test]
fn ended_at_any_time_by_any_signal_it_leaves_no_database_running() {
    let program = Program::new();
    let path = text(&repository(&program, 10, Some(5)));
    let mut dice = rand::rngs::StdRng::seed_from_u64(10);
    for run in 0..16 {
        let signal = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP][dice.random_range(0..3)];
        let (moment, has_come) = MOMENTS[dice.random_range(0..MOMENTS.len())];
        let (twice, later) = (dice.random_bool(0.4), dice.random_bool(0.5));
        let what = format!("run {run}: {signal} {moment}{}", if twice { ", twice" } else { "" });
        let up = program.up(&["--repo", &path]);
        wait_until(&what, || has_come(&program, &up));
        let before = up.printed().len();
        up.signal(signal);
        if twice {
            wait_until(&what, || !later || !up.is_running() || up.printed().len() > before);
            up.signal(signal);
        }
        let output = up.end(if signal == Signal::SIGHUP { Signal::SIGTERM } else { signal });
        assert!(!output.err.contains("on-release"), "{what}: {}", output.err);
        no_server_is_left(&program, &what);
    }
    let mut up = program.up(&["--repo", &path]);
    up.address();
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));
}

#[test]
fn an_end_that_is_asked_for_while_it_starts_again_is_not_lost() {
    let program = Program::new();
    let path = text(&repository(&program, 3, Some(2)));
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGTERM] {
        let mut up = program.up(&["--repo", &path]);
        up.address();
        up.signal(Signal::SIGHUP);
        // the database is the last that ends before the program is replaced
        while server_pid(&program).is_some() {
            std::hint::spin_loop();
        }
        // by itself, or by the signal, where nothing runs that has to end in order
        let output = up.end(signal);
        assert!(matches!(output.code, Some(0) | None), "{signal}: {:?}: {}", output.code, output.err);
        no_server_is_left(&program, "after an end while it starts again");
    }
}

#[test]
fn it_ends_at_a_signal_while_it_waits_for_the_lock_of_migrations() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let program = Program::new();
        let mut held = HeldMigrations::hold(&program);
        std::fs::write(program.directory().join("sei.toml"), "[database.url]\nfile = \"url\"\n").unwrap();
        let up = program.up(&[]);
        held.wait_for_sessions(1, false);
        // the lock stays held: only the signal can end it
        let output = up.end(signal);
        assert_eq!(output.code, Some(0), "{}", output.err);
        assert!(!output.out.contains("Page:"), "{}", output.out);
        // its session notices that its client is gone, and leaves the database free for the next
        held.release();
        held.wait_for_sessions(0, true);
        program.good(&["migrate"]);
    }
}

#[test]
fn a_hangup_right_after_the_start_ends_no_program() {
    use nix::sys::signal::SigSet;
    let hangup = SigSet::from_iter([Signal::SIGHUP]);
    for name in ["sei", "sei-webhooks", "sei-collector", "sei-processor", "sei-dora", "sei-api"] {
        for _ in 0..5 {
            let directory = tempfile::tempdir().unwrap();
            let database = silent_database();
            let mut command = with_silent_database(name, directory.path(), &database);
            let log = directory.path().join("log");
            let file = std::fs::File::create(&log).unwrap();
            command.stdout(Stdio::null()).stderr(file);
            let output = || std::fs::read_to_string(&log).unwrap();
            // held back while the system loads the program, as no program can help that, and let through by itself
            hangup.thread_block().unwrap();
            let mut child = command.spawn().unwrap();
            hangup.thread_unblock().unwrap();
            let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
            kill(pid, Signal::SIGHUP).unwrap();
            // it comes as far as the database
            database.set_nonblocking(true).unwrap();
            // kept open: without its database a program ends
            let mut asked = None;
            wait_until("it asks the database", || {
                assert_eq!(child.try_wait().unwrap(), None, "{name} has ended: {}", output());
                asked = database.accept().ok();
                asked.is_some()
            });
            wait_until("it has taken the signal", || {
                assert_eq!(child.try_wait().unwrap(), None, "{name} has ended: {}", output());
                let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
                status.lines().any(|line| line.starts_with("ShdPnd:") && line.ends_with("0000000000000000"))
            });
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

#[test]
fn a_hangup_during_the_start_reads_the_settings_once_it_has_started() {
    let program = Program::new();
    let mut held = HeldMigrations::hold(&program);
    let settings = program.directory().join("sei.toml");
    std::fs::write(&settings, "[database.url]\nfile = \"url\"\n").unwrap();
    let mut up = program.up(&["--config", &text(&settings)]);
    held.wait_for_sessions(1, false);
    std::fs::write(&settings, "[database.url]\nfile = \"url\"\n\n[[service]]\nname = \"shop\"\n").unwrap();
    program.good(&["reload", "--config", "/dev/null"]);
    up.signal(Signal::SIGHUP);
    held.release();
    up.wait_for_error("the settings have changed");
    let address = up.address();
    let (status, services) = get(&address, "/api/v1/services");
    assert!(status == 200 && services.contains("\"shop\""), "{status} {services}");
    assert_eq!(up.end(Signal::SIGTERM).code, Some(0));
}
