//! Mistakes are reported all at once, each with the layer it came from.
//!
//! Upstream: flags, variables, `wload.toml`. Downstream: stderr and exit code 2.

use std::fs;

use wload_tests::guest::guest;
use wload_tests::process::{Finished, Wload, empty_folder};
use wload_tests::target;

/// Exit code 2, nothing on stdout, and one line for each of these mistakes.
fn check(finished: &Finished, lines: &[&str]) {
    assert_eq!(finished.code, Some(2), "{finished}");
    assert_eq!(finished.stdout, "", "{finished}");
    for line in lines {
        assert!(finished.stderr.contains(line), "no `{line}` in {finished}");
    }
}

#[test]
fn all_mistakes_of_a_command_line_come_together() {
    let args = "run nowhere.wasm -u many -r 0 -t 5q --cores 0 --memory-limit 3XB --loglevel LOUD \
                --option nameless --master --html report.html";
    let lines = [
        "error: the configuration has 10 mistakes",
        "--master: ",
        "--html: ",
        "--users: `many` is not a whole number",
        "--spawn-rate: `0` ",
        "--run-time: Invalid time span format.",
        "--cores: `0` ",
        "SCENARIO: there is no `nowhere.wasm`",
        "--option: `nameless` has no name",
        "--memory-limit: `3XB` is not a size",
        "--loglevel: `LOUD` is not a level",
    ];
    check(&Wload::new(args).output(), &lines);
}

#[test]
fn what_does_not_fit_the_scenario_comes_together_with_what_would() {
    let run = Wload::run(&guest("shaped"), "ftp://shop.example", "Nobody --option colour=red");
    let lines = [
        "--host: `ftp://shop.example` does not begin with `http://` or `https://`",
        "no user class `Nobody`; it has `Visitor`",
        "no option `colour`; it has `refuse`",
    ];
    check(&run.output(), &lines);
    let run = Wload::run(&guest("shaped"), "http://127.0.0.1:1", "--option refuse=never");
    check(&run.output(), &["`never` is no choice of option `refuse`; expected `start`, `stop`"]);
}

#[test]
fn a_mistake_names_the_layer_it_came_from() {
    let folder = empty_folder("layers");
    fs::write(folder.join("wload.toml"), "# numbers\nusers = \"few\"\nspawn_rat = 3\n").unwrap();
    let run = Wload::new("run nowhere.wasm --cores 0").in_folder(&folder);
    let lines = ["wload.toml:2: ", "wload.toml:3: ", "WLOAD_RUN_TIME: ", "--cores: "];
    check(&run.env("WLOAD_RUN_TIME", "soon").output(), &lines);
}

#[test]
fn a_flag_wins_over_a_variable_and_a_variable_over_the_file() {
    let target = target::start();
    let folder = empty_folder("precedence");
    fs::write(folder.join("wload.toml"), "users = 3\niterations = 30\n").unwrap();
    let run = Wload::run(&guest("raw-contract"), &target.url(), "-r 100 -i 40");
    let run = run.in_folder(&folder).env("WLOAD_USERS", "2").env("LOCUST_USERS", "5");
    let finished = run.expect(0);
    let ramping = "Ramping to 2 users at a rate of 100.00 per second";
    assert!(finished.stderr.contains(ramping), "{finished}");
    assert_eq!(target.counts().total.received, 40, "{finished}");
}

#[test]
fn variables_of_locust_are_read_as_well() {
    let target = target::start();
    let run = Wload::new("run").arg(guest("raw-contract")).env("LOCUST_HOST", target.url());
    let finished = run.env("LOCUST_USERS", "2").env("LOCUST_ITERATIONS", "10").expect(0);
    assert!(finished.stderr.contains("Ramping to 2 users"), "{finished}");
    assert_eq!(target.counts().total.received, 10, "{finished}");
}

#[test]
fn a_typing_error_gets_a_suggestion() {
    let flag = Wload::new("run x.wasm --usres 5").output();
    check(&flag, &["unexpected argument '--usres'", "'--users'"]);
    check(&Wload::new("runn x.wasm").output(), &["'runn'", "'run'"]);
}

#[test]
fn a_variable_that_nobody_reads_is_a_warning() {
    let target = target::start();
    let run = Wload::run(&guest("raw-contract"), &target.url(), "-i 1");
    let finished = run.env("WLOAD_USRES", "5").expect(0);
    let warning = finished.stderr.lines().find(|line| line.contains("WLOAD_USRES"));
    assert!(warning.is_some_and(|line| line.contains("WLOAD_USERS")), "{finished}");
}
