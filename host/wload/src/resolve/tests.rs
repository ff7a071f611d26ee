//! Layers of options to settings: who wins, and how mistakes are told.

use std::path::PathBuf;

use super::*;
use crate::args::{self, Invocation};
use crate::settings::DirGrant;

/// A folder with a component in it, and what is said from there.
pub(super) struct Desk {
    folder: tempfile::TempDir,
    pub(super) env: Env,
}

impl Desk {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("shop.wasm"), b"\0asm").unwrap();
        let env = Env { folder: folder.path().to_owned(), cores: 2, seed: 77, ..Env::default() };
        Self { folder, env }
    }

    pub(super) fn variable(mut self, name: &str, value: &str) -> Self {
        self.env.variables.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn resolve(&self, words: &str) -> (Settings, Vec<String>) {
        let words = format!("wload run {words}");
        let args = words.split_whitespace().map(Into::into).collect();
        let Invocation::Run(typed) =
            args::parse(&Env { args, ..self.env.clone() }).expect("clap accepts it")
        else {
            panic!("`{words}` is a run");
        };
        let (settings, mistakes) = resolve(&self.env, typed);
        (settings, mistakes.lines().to_vec())
    }

    fn settings(&self, words: &str) -> Settings {
        let (settings, mistakes) = self.resolve(words);
        assert_eq!(mistakes, Vec::<String>::new());
        settings
    }
}

fn users(settings: &Settings) -> u32 {
    match settings.plan.load {
        Load::Constant { users, .. } => users,
        Load::ScenarioShape => panic!("no scenario was asked"),
    }
}

#[test]
fn what_is_not_said_has_its_default() {
    let desk = Desk::new();
    let settings = desk.settings("shop.wasm");
    assert_eq!(settings.plan, RunPlan { cores: 2, seed: 77, ..RunPlan::default() });
    assert_eq!(settings.source, Some(ScenarioSource::Component(desk.path("shop.wasm"))));
    assert_eq!(settings.code_on_error, 1);
    assert_eq!(settings.output.interval, Duration::from_secs(2));
    assert!(settings.has_cache && !settings.output.json && !settings.http.is_insecure);
    assert_eq!(settings.grants, Grants::default());
}

#[test]
fn layers_win_in_the_documented_order() {
    let desk = Desk::new().file("wload.toml", "users = 2\nspawn-rate = 9.5\n");
    assert_eq!(users(&desk.settings("shop.wasm")), 2);
    let desk = desk.variable("LOCUST_USERS", "3");
    assert_eq!(users(&desk.settings("shop.wasm")), 3);
    let desk = desk.variable("WLOAD_USERS", "4");
    assert_eq!(users(&desk.settings("shop.wasm")), 4);
    let settings = desk.settings("shop.wasm -u 5");
    assert_eq!(settings.plan.load, Load::Constant { users: 5, spawn_rate: 9.5 });
    let desk = desk.file("other.toml", "spawn-rate = 2\n");
    let settings = desk.settings("shop.wasm --config other.toml");
    assert_eq!(settings.plan.load, Load::Constant { users: 4, spawn_rate: 2.0 });
}

#[test]
fn a_higher_layer_can_switch_a_flag_off() {
    let desk = Desk::new().file("wload.toml", "reset-stats = true\n");
    assert!(desk.settings("shop.wasm").plan.reset_stats);
    assert!(!desk.variable("LOCUST_RESET_STATS", "off").settings("shop.wasm").plan.reset_stats);
}

#[test]
fn every_option_of_connections_reaches_its_setting() {
    let desk = Desk::new()
        .file("c.pem", "-----BEGIN CERTIFICATE-----\n")
        .file("k.pem", "-----BEGIN EC PRIVATE KEY-----\n");
    let settings = desk.settings(
        "shop.wasm --cert c.pem --key k.pem --http-version auto --tls-session-reuse \
         --http1-engine hyper \
         --resolve a.test:80:127.0.0.1 --resolve b.test:80:127.0.0.1 --source-address 127.0.0.1 \
         --proxy http://127.0.0.1:3128 --no-proxy a.test",
    );
    let http = settings.http;
    assert!(http.client_certificate.is_some() && http.tls_session_reuse);
    assert_eq!(http.protocol, wload_http::Protocol::Auto);
    assert_eq!(http.http1, wload_http::Http1Engine::Hyper);
    assert_eq!(http.resolve.len(), 2);
    assert_eq!(http.local_addresses.len(), 1);
    assert_eq!(http.proxy.https.as_deref(), Some("http://127.0.0.1:3128"));
    assert_eq!(http.proxy.no_proxy, "a.test");

    let (_, mut mistakes) = desk.resolve("shop.wasm --cert c.pem --no-proxy a.test");
    mistakes.sort();
    assert_eq!(mistakes, ["--cert: needs --key, too", "--no-proxy: needs --proxy, too"]);
    let (_, mistakes) = desk.resolve("shop.wasm --cert c.pem --key c.pem");
    assert_eq!(mistakes, ["--key: `c.pem` has no private key in it; expected a PEM file"]);
}

#[test]
fn every_option_reaches_its_setting() {
    let desk = Desk::new()
        .file("u.csv", "a\n1\n")
        .file("ca.pem", "-----BEGIN CERTIFICATE-----\n")
        .variable("TOKEN", "t");
    let settings = desk.settings(
        "shop.wasm A -t 1h20m -s 7 -i 9 -T a -E b --csv out/x --csv-full-history --json \
         --json-file j --only-summary --seed 5 --cores 3 --option o=v --data t=u.csv --data-dir . \
         --dir .::/data --dir .::/out::rw --env TOKEN --env X=y=z --cacert ca.pem --insecure --memory-limit 1MiB \
         --compute-timeout 250ms --connect-timeout 1s --timeout 3s --fail-on-saturation --no-cache \
         --console-stats-interval 0.5 -v --exit-code-on-error 0 --equal-weights --reset-stats \
         --host http://shop.example/base --logfile l.log",
    );
    let plan = RunPlan {
        run_time: Some(Duration::from_secs(4_800)),
        stop_timeout: Duration::from_secs(7),
        iterations: Some(9),
        tags: vec!["a".to_owned()],
        exclude_tags: vec!["b".to_owned()],
        full_history: true,
        reset_stats: true,
        equal_weights: true,
        seed: 5,
        cores: 3,
        target_host: Some("http://shop.example/base".to_owned()),
        ..RunPlan::default()
    };
    assert_eq!(settings.plan, plan);
    assert_eq!(settings.output.csv, Some(desk.path("out/x")));
    assert_eq!(settings.output.json_file, Some(desk.path("j")));
    assert!(settings.output.json && settings.output.only_summary);
    assert_eq!(settings.output.interval, Duration::from_millis(500));
    assert_eq!(settings.claims.classes[0].text, "A");
    assert_eq!(settings.claims.data[0].1, desk.path("u.csv"));
    let dir = |name: &str, is_writable| DirGrant {
        host: desk.path("."),
        guest: name.to_owned(),
        is_writable,
    };
    assert_eq!(settings.grants.dirs, [dir("/data", false), dir("/out", true)]);
    let env = [("TOKEN", "t"), ("X", "y=z")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(settings.grants.env, env);
    assert!(settings.http.ca_pem.is_some() && settings.http.is_insecure);
    assert_eq!(settings.limits.http.connect_timeout, Duration::from_secs(1));
    assert_eq!(settings.limits.http.total_timeout, Duration::from_secs(3));
    assert_eq!(settings.limits.guest.memory_bytes_max, 1 << 20);
    assert_eq!(settings.limits.guest.compute_time_max, Duration::from_millis(250));
    assert_eq!(settings.log.level, Level::DEBUG);
    assert_eq!(settings.log.file, Some(desk.path("l.log")));
    assert_eq!(settings.code_on_error, 0);
    assert!(settings.fail_on_saturation && !settings.has_cache);
}

#[test]
fn all_mistakes_are_reported_together_with_their_layer() {
    let desk = Desk::new()
        .file("wload.toml", "user = 5\n\nstop-timeout = \"1.5h\"\n")
        .variable("WLOAD_USERS", "0")
        .variable("LOCUST_SPAWN_RATE", "nan")
        .variable("LOCUST_JSON", "ignored: Locust has no such variable")
        .variable("WLOAD_RESET_STATS", "maybe");
    let (_, mut mistakes) = desk.resolve(
        "gone.wasm --csv-full-history -t q --host shop:80 --cores 0 --option a=1 --option a=2 \
         --data t=gone.csv --cacert gone.pem --dir gone::/x --env GONE --memory-limit much \
         --exit-code-on-error 256 -L LOUD --html x.html",
    );
    mistakes.sort();
    let span = "Invalid time span format. Valid formats: 20, 20s, 3m, 2h, 1h20m, 3h30m10s, etc.";
    let missing = "No such file or directory (os error 2)";
    let mut expected = [
        "--cacert: failed to read `gone.pem`: {missing}",
        "--cores: `0` is not a whole number from 1 to 1024",
        "--csv-full-history: needs --csv, too: it adds to its files",
        "--data: failed to read `gone.csv`: {missing}",
        "--dir: `gone` is not a folder",
        "--env: `GONE` is not set here, or is not UTF-8",
        "--exit-code-on-error: `256` is not a whole number from 0 to 255",
        "--host: `shop:80` does not begin with `http://` or `https://`; did you mean \
         `http://shop:80`?",
        "--html: is not there: this wload writes no HTML; use --json-file or --csv",
        "--loglevel: `LOUD` is not a level; expected DEBUG, INFO, WARNING, ERROR or CRITICAL",
        "--memory-limit: `much` is not a size; expected for example 64MiB, 512KiB or 1048576",
        "--option: `a` is given twice",
        "--run-time: {span} (found `q`)",
        "LOCUST_SPAWN_RATE: `nan` is not a number of users per second; must be > 0",
        "SCENARIO: there is no `gone.wasm`",
        "WLOAD_RESET_STATS: `maybe` is neither on nor off; expected true or false",
        "WLOAD_USERS: `0` is not a whole number from 1 to 1000000",
        "wload.toml:1: unknown key `user`; did you mean `users`?",
        "wload.toml:3: {span} (found `1.5h`)",
    ]
    .map(|line| line.replace("{span}", span).replace("{missing}", missing));
    expected.sort();
    assert_eq!(mistakes, expected);
}

#[test]
fn hosts_are_http_urls_that_paths_can_be_appended_to() {
    let desk = Desk::new();
    for host in ["http://a", "https://a:8443/base", "http://[::1]:80"] {
        assert_eq!(desk.settings(&format!("shop.wasm -H {host}")).plan.target_host.unwrap(), host);
    }
    for host in ["ftp://a", "a.example", "http://", "http://a?x", "http://a#x", "http://a:99999"] {
        let (_, mistakes) = desk.resolve(&format!("shop.wasm -H {host}"));
        assert_eq!(mistakes.len(), 1, "{host}: {mistakes:?}");
        assert!(mistakes[0].contains(host), "{mistakes:?}");
    }
}

#[test]
fn a_run_time_of_zero_is_none() {
    assert_eq!(Desk::new().settings("shop.wasm -t 0").plan.run_time, None);
}

#[test]
fn the_host_of_the_file_waits_for_the_scenario() {
    let settings = Desk::new().file("wload.toml", "host = \"http://f\"").settings("shop.wasm");
    assert_eq!(settings.plan.target_host, None);
    assert_eq!(settings.claims.default_host.as_deref(), Some("http://f"));
}

#[test]
fn scenarios_are_components_packages_or_locustfiles() {
    let desk = Desk::new().file("shop.py", "").file("b.py", "").file("plain.txt", "");
    fs::create_dir(desk.path("pack")).unwrap();
    fs::write(desk.path("pack/Cargo.toml"), "").unwrap();
    fs::create_dir(desk.path("empty")).unwrap();
    for name in ["pack", "pack/Cargo.toml"] {
        let source = desk.settings(name).source;
        assert_eq!(source, Some(ScenarioSource::Package(desk.path("pack"))));
    }
    for (name, files) in [("shop.py", vec!["shop.py"]), ("shop.py,b.py", vec!["shop.py", "b.py"])] {
        match desk.settings(name).source {
            Some(ScenarioSource::Python(source)) => assert_eq!(source.files, files),
            other => panic!("`{name}` gave {other:?}"),
        }
    }
    let wrong = [
        ("shop.py,gone.py", "no `gone.py`"),
        ("shop.py,plain.txt", "`plain.txt` is no Python file"),
        ("empty", "Cargo.toml"),
        ("gone", "no `gone`"),
    ];
    for (name, part) in wrong {
        let (settings, mistakes) = desk.resolve(name);
        assert_eq!(settings.source, None);
        assert!(
            mistakes[0].starts_with("SCENARIO: ") && mistakes[0].contains(part),
            "{mistakes:?}"
        );
    }
    let (_, mistakes) = desk.resolve("-u 1");
    assert_eq!(mistakes.len(), 1);
    assert!(mistakes[0].starts_with("SCENARIO: no scenario"), "{mistakes:?}");
    let desk = desk.file("locustfile.py", "");
    match desk.settings("-u 1").source {
        Some(ScenarioSource::Python(source)) => assert_eq!(source.files, ["locustfile.py"]),
        other => panic!("Locust's default name gave {other:?}"),
    }
}

#[test]
fn a_named_configuration_file_must_be_there() {
    let (_, mistakes) = Desk::new().resolve("shop.wasm --config gone.toml");
    assert_eq!(mistakes.len(), 1);
    assert!(mistakes[0].starts_with("--config: failed to read `gone.toml`: "), "{mistakes:?}");
    let (_, mistakes) =
        Desk::new().file("bad.toml", "\u{1}").resolve("shop.wasm --config bad.toml");
    assert!(mistakes[0].starts_with("bad.toml:1: "), "{mistakes:?}");
}
