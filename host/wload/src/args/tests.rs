//! What was typed: how words become options, which are refused, and the golden help.

use std::path::Path;

use super::*;
use crate::options::Key;

fn typed(words: &str) -> Typed {
    let args = std::iter::once("wload").chain(words.split_whitespace()).map(Into::into).collect();
    match parse(&Env { args, ..Env::default() }) {
        Ok(Invocation::Run(typed) | Invocation::Check(typed)) => typed,
        other => panic!("`{words}` gave {other:?}"),
    }
}

fn error(words: &str) -> String {
    let args = std::iter::once("wload").chain(words.split_whitespace()).map(Into::into).collect();
    let error = parse(&Env { args, ..Env::default() }).expect_err(words);
    assert_eq!(error.exit_code(), 2, "{words}");
    error.to_string()
}

fn texts(typed: &Typed, key: Key) -> Vec<&str> {
    let values = typed.options.all(key).unwrap_or_default();
    values.iter().map(|value| value.text.as_str()).collect()
}

#[test]
fn clap_finds_nothing_wrong_with_the_tables() {
    command().debug_assert();
}

#[test]
fn the_first_word_is_the_scenario_unless_f_names_it() {
    let first = typed("run shop.wasm Buyer Browser -u 5");
    assert_eq!(texts(&first, Key::Locustfile), ["shop.wasm"]);
    assert_eq!(texts(&first, Key::UserClasses), ["Buyer", "Browser"]);
    let named = typed("run -f shop.wasm Buyer");
    assert_eq!(texts(&named, Key::Locustfile), ["shop.wasm"]);
    assert_eq!(texts(&named, Key::UserClasses), ["Buyer"]);
    let none = typed("run -u 1");
    assert_eq!(none.options.all(Key::Locustfile), None);
    assert_eq!(none.options.all(Key::UserClasses), None);
}

#[test]
fn locusts_flags_are_read_as_locust_reads_them() {
    let all = typed(
        "run shop.wasm -H http://a -u 1 -u 2 -r 0.5 -t 1m -s 5s -i 3 -L debug -T a b -E c \
         --csv out/x --csv-full-history --only-summary --headless --reset-stats --spawn 7",
    );
    assert_eq!(texts(&all, Key::Users), ["2"], "the last one counts");
    assert_eq!(texts(&all, Key::SpawnRate), ["7"], "an unambiguous beginning is enough");
    assert_eq!(texts(&all, Key::Tags), ["a", "b"]);
    assert_eq!(texts(&all, Key::ExcludeTags), ["c"]);
    assert_eq!(texts(&all, Key::Iterations), ["3"]);
    assert_eq!(texts(&all, Key::CsvFullHistory), ["true"]);
    assert_eq!(all.options.all(Key::Json), None, "a flag that was not typed is not set");
    assert_eq!(all.options.one(Key::Users).unwrap().origin.to_string(), "--users");
    assert_eq!(texts(&typed("run x -u -5"), Key::Users), ["-5"], "wrong, but not for clap to say");
}

#[test]
fn pairs_may_be_given_several_times() {
    let pairs = typed("run x --option a=1 --option b=2 --env T");
    assert_eq!(texts(&pairs, Key::Option), ["a=1", "b=2"]);
    assert_eq!(texts(&pairs, Key::Env), ["T"]);
}

#[test]
fn all_refused_options_are_named_together() {
    let refused = typed("run x --master --web-port 8089 -u 1 --html report.html --processes -1");
    let lines = refused.mistakes.lines();
    assert_eq!(lines.len(), 4, "{lines:?}");
    for name in ["--master", "--web-port", "--html", "--processes"] {
        assert!(lines.iter().any(|line| line.starts_with(&format!("{name}: "))), "{lines:?}");
    }
    assert_eq!(texts(&refused, Key::Users), ["1"]);
}

#[test]
fn an_unknown_command_gets_a_suggestion_and_an_unknown_option_waits_for_the_scenario() {
    let extras = typed("run x --usres 5 -u 3").extras;
    assert_eq!(
        (extras[0].flag.as_str(), extras[0].words.as_slice()),
        ("--usres", ["5".to_owned()].as_slice())
    );
    let text = crate::resolve::claims::unexpected(&extras[0], &Default::default());
    assert!(text.contains("unexpected argument '--usres'") && text.contains("'--users'"), "{text}");
    let text = error("chek x");
    assert!(text.contains("'check'"), "{text}");
}

#[test]
fn check_has_no_load_options() {
    let check = typed("check shop.wasm --host http://a --option a=1");
    assert_eq!(texts(&check, Key::Host), ["http://a"]);
    assert!(error("check shop.wasm --users 5").contains("--users"));
    assert!(error("check shop.wasm Buyer").contains("Buyer"));
}

/// Compares with a golden file; with `UPDATE_GOLDEN` set it writes the file instead.
pub(crate) fn check_golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == found,
        "the help differs from golden/{name}; `UPDATE_GOLDEN=1 cargo test -p wload golden` writes \
         it:\n{found}"
    );
}

#[test]
fn the_help_is_the_golden_one() {
    let mut command = command().term_width(100);
    check_golden("help.txt", &command.render_long_help().to_string());
    for name in ["run", "check", "new", "demo-target"] {
        let sub = command.find_subcommand_mut(name).unwrap().clone().term_width(100);
        let found = sub.bin_name(format!("wload {name}")).render_help().to_string();
        check_golden(&format!("help_{name}.txt"), &found);
    }
}
