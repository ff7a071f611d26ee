//! What was asked for against what the scenario has.

use wload_core::ids::NodeId;
use wload_core::plan::RunPlan;
use wload_core::user_class::{NodeKind, Share, TableSpec, TaskNode, UserClass, WaitTime};

use super::*;
use crate::config::Origin;
use crate::env::Env;

fn class(name: &str, host: Option<&str>) -> UserClass {
    UserClass {
        name: name.to_owned(),
        share: Share::Weight(1.0),
        target_host: host.map(str::to_owned),
        wait: WaitTime::None,
        root: NodeId(0),
        has_hooks: false,
        pinned: None,
    }
}

fn node(kind: NodeKind, children: &[u32]) -> TaskNode {
    TaskNode {
        name: "n".to_owned(),
        kind,
        weight: 1,
        tags: vec![],
        children: children.iter().map(|id| NodeId(*id)).collect(),
        wait: None,
        has_hooks: false,
    }
}

fn shop() -> ScenarioInfo {
    let size = OptionSpec {
        name: "size".to_owned(),
        help: String::new(),
        default_value: None,
        choices: vec!["s".to_owned(), "l".to_owned()],
        ..OptionSpec::default()
    };
    let token = OptionSpec { name: "token".to_owned(), secret: true, ..size.clone() };
    let people =
        TableSpec { name: "people".to_owned(), path: "p.csv".to_owned(), has_header: true };
    ScenarioInfo {
        classes: vec![class("Buyer", None), class("Browser", Some("http://b"))],
        nodes: vec![node(NodeKind::WeightedSet, &[1]), node(NodeKind::Task, &[])],
        options: vec![size, token],
        tables: vec![people],
        ..ScenarioInfo::default()
    }
}

fn given(text: &str) -> Sourced {
    Sourced { text: text.to_owned(), origin: Origin::Flag("x") }
}

fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
    let typed = crate::args::run::Typed {
        options: crate::config::PartialOptions::default(),
        mistakes: Mistakes::default(),
        extras: Vec::new(),
    };
    let (mut settings, _) = crate::resolve::resolve(&Env { cores: 1, ..Env::default() }, typed);
    change(&mut settings);
    settings
}

#[test]
fn what_the_scenario_confirms_becomes_the_plan() {
    let mut settings = settings(|settings| {
        settings.claims.classes = vec![given("Buyer"), given("Buyer")];
        settings.claims.options = vec![given("size=l")];
        settings.claims.data = vec![(given("people=x.csv"), "x.csv".into())];
    });
    let mut mistakes = Mistakes::default();
    let (selected, warnings) = fit(&mut settings, &shop(), &mut mistakes);
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(selected.classes[1].share, Share::Weight(0.0));
    assert!(mistakes.is_empty(), "{mistakes:?}");
    assert_eq!(settings.plan.classes, ["Buyer"]);
    assert_eq!(settings.plan.options.get("size").map(String::as_str), Some("l"));
}

#[test]
fn what_it_does_not_confirm_is_named_with_what_it_has() {
    let mut settings = settings(|settings| {
        settings.claims.classes = vec![given("Buyr"), given("Zzz")];
        settings.claims.options = vec![given("size=m"), given("token=hush"), given("no=1")];
        settings.claims.data = vec![(given("peple=x.csv"), "x.csv".into())];
    });
    let mut mistakes = Mistakes::default();
    fit(&mut settings, &shop(), &mut mistakes);
    assert_eq!(
        mistakes.lines(),
        [
            "--x: the scenario has no user class `Buyr`; did you mean `Buyer`?",
            "--x: the scenario has no user class `Zzz`; it has `Buyer`, `Browser`",
            "--x: `m` is no choice of option `size`; expected `s`, `l`",
            "--x: the value is no choice of option `token`; expected `s`, `l`",
            "--x: the scenario has no option `no`; it has `size`, `token`",
            "--x: the scenario has no table `peple`; did you mean `people`?",
        ]
    );
    let mut mistakes = Mistakes::default();
    fit(&mut settings, &ScenarioInfo::default(), &mut mistakes);
    assert!(mistakes.lines()[0].ends_with("it has none at all"), "{mistakes:?}");
}

#[test]
fn a_load_shape_decides_and_says_what_it_overrules() {
    let mut settings = settings(|settings| {
        settings.claims.load_options = vec!["--users".to_owned(), "WLOAD_RUN_TIME".to_owned()];
        settings.plan =
            RunPlan { run_time: Some(std::time::Duration::from_secs(1)), ..settings.plan.clone() };
    });
    let info = ScenarioInfo { has_shape: true, ..shop() };
    let (_, warnings) = fit(&mut settings, &info, &mut Mistakes::default());
    assert_eq!(warnings, ["the scenario has a load shape: --users, WLOAD_RUN_TIME have no effect"]);
    assert_eq!(settings.plan.load, Load::ScenarioShape);
    assert_eq!(settings.plan.run_time, None);
}

#[test]
fn the_host_of_the_file_holds_where_the_scenario_declares_none() {
    let mut settings = settings(|settings| {
        settings.claims.default_host = Some("http://f".to_owned());
    });
    let (selected, _) = fit(&mut settings, &shop(), &mut Mistakes::default());
    let hosts: Vec<_> = selected.classes.iter().map(|class| class.target_host.as_deref()).collect();
    assert_eq!(hosts, [Some("http://f"), Some("http://b")]);
    assert_eq!(settings.plan.target_host, None);
}

#[test]
fn a_run_in_which_nothing_can_run_is_a_mistake() {
    let mut settings = settings(|settings| settings.plan.tags = vec!["gone".to_owned()]);
    let mut mistakes = Mistakes::default();
    let (_, warnings) = fit(&mut settings, &shop(), &mut mistakes);
    assert_eq!(
        mistakes.lines(),
        ["SCENARIO: no task is left to run; look at --tags and --exclude-tags"]
    );
    assert_eq!(
        warnings,
        [
            "Buyer had no tasks left after filtering: it gets no users",
            "Browser had no tasks left after filtering: it gets no users",
        ]
    );
}

#[test]
fn flags_of_locust_cannot_be_a_scenarios_and_those_of_wload_alone_can() {
    let mut info = shop();
    info.options[0].flags = ["-i", "--iterations", "--insecure"].map(str::to_owned).to_vec();
    let mut mistakes = Mistakes::default();
    fit(&mut settings(|_| {}), &info, &mut mistakes);
    assert!(mistakes.is_empty(), "{:?}", mistakes.lines());
    info.options[0].flags = ["-u", "--headless"].map(str::to_owned).to_vec();
    fit(&mut settings(|_| {}), &info, &mut mistakes);
    let why = "the scenario declares this argument, which Locust and wload have themselves: give it another name";
    assert_eq!(mistakes.lines(), [format!("-u: {why}"), format!("--headless: {why}")]);
}

#[test]
fn flags_of_the_scenario_take_what_they_declare_and_leave_classes() {
    let mut info = shop();
    info.options[0].flags = vec!["--size".to_owned(), "-z".to_owned()];
    info.options[1].flags = vec!["--fast".to_owned()];
    info.options[1].kind = OptionKind::Flag;
    info.options[1].choices.clear();
    let extra = |flag: &str, words: &[&str]| Extra {
        flag: flag.to_owned(),
        inline: None,
        words: words.iter().map(|word| (*word).to_owned()).collect(),
    };
    let given = [extra("-z", &["s"]), extra("--fast", &["Buyer"])];
    let mut ours = settings(|settings| settings.claims.extras = given.to_vec());
    let mut mistakes = Mistakes::default();
    fit(&mut ours, &info, &mut mistakes);
    assert!(mistakes.is_empty(), "{:?}", mistakes.lines());
    assert_eq!(ours.plan.options["size"], "s");
    assert_eq!(ours.plan.options["token"], "true");
    assert_eq!(ours.plan.classes, ["Buyer"]);
    let wrong = [extra("--size", &[]), extra("-z", &["m"]), extra("--fas", &[])];
    let mut ours = settings(|settings| settings.claims.extras = wrong.to_vec());
    let mut mistakes = Mistakes::default();
    fit(&mut ours, &info, &mut mistakes);
    let expected = [
        "--size: expected a value",
        "-z: `m` is no choice; expected `s`, `l`",
        "--fas: unexpected argument '--fas': neither wload nor the scenario has it; did you mean '--fast'?",
    ];
    assert_eq!(mistakes.lines(), expected);
}
