//! New scenarios: which files they get, and what is refused or taken away again.

use include_dir::DirEntry;

use super::*;

const SDK_LIB: &[u8] = b"//! the SDK";
const TEMPLATE_MANIFEST: &[u8] =
    b"[package]\nname = \"template\"\n[dependencies]\nwload-sdk = { path = \"../wload-sdk\" }\n";

static TEMPLATE: [DirEntry<'_>; 2] = [
    DirEntry::File(File::new("template/Cargo.toml", TEMPLATE_MANIFEST)),
    DirEntry::Dir(Dir::new(
        "template/src",
        &[DirEntry::File(File::new("template/src/lib.rs", b"// a scenario"))],
    )),
];
static PACKAGE: [DirEntry<'_>; 5] = [
    DirEntry::Dir(Dir::new(
        "wload-sdk/wit",
        &[DirEntry::File(File::new("wload-sdk/wit/world.wit", b"package a:b;"))],
    )),
    DirEntry::File(File::new("wload-sdk/Cargo.toml", b"[package]\nversion.workspace = true\n")),
    DirEntry::File(File::new("wload-sdk/Cargo.lock", b"")),
    DirEntry::Dir(Dir::new(
        "wload-sdk/src",
        &[DirEntry::File(File::new("wload-sdk/src/lib.rs", SDK_LIB))],
    )),
    DirEntry::Dir(Dir::new(
        "wload-sdk/tests",
        &[DirEntry::File(File::new("wload-sdk/tests/a.rs", b""))],
    )),
];
static MACROS: [DirEntry<'_>; 1] =
    [DirEntry::File(File::new("wload-sdk-macros/Cargo.toml", b"[package]\n"))];
static ENTRIES: [DirEntry<'_>; 3] = [
    DirEntry::Dir(Dir::new("template", &TEMPLATE)),
    DirEntry::Dir(Dir::new("wload-sdk", &PACKAGE)),
    DirEntry::Dir(Dir::new("wload-sdk-macros", &MACROS)),
];
static SMALL_SDK: Dir<'_> = Dir::new("", &ENTRIES);

fn small() -> Sources<'static> {
    let workspace = "[workspace.package]\nversion = \"0.0.0\"\n";
    Sources { sdk: &SMALL_SDK, workspace }
}

#[test]
fn a_scenario_has_the_template_the_sdk_and_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("deep/shop");
    write(&scenario, &small().files("shop").unwrap()).unwrap();
    let read = |path: &str| fs::read_to_string(scenario.join(path)).unwrap();
    assert!(read("Cargo.toml").contains("name = \"shop\""));
    assert_eq!(read("src/lib.rs"), "// a scenario");
    assert!(read("wload-sdk/Cargo.toml").contains("version = \"0.0.0\""));
    assert_eq!(read("wload-sdk/src/lib.rs"), "//! the SDK");
    assert_eq!(read("wload-sdk/wit/world.wit"), "package a:b;");
    assert!(scenario.join("wload-sdk-macros/Cargo.toml").is_file());
    assert!(!scenario.join("wload-sdk/Cargo.lock").exists());
    assert!(!scenario.join("wload-sdk/tests").exists());
}

#[test]
fn what_cannot_be_finished_is_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("shop");
    let files = [("a".into(), b"x".to_vec()), ("a/b".into(), b"x".to_vec())];
    let error = write(&scenario, &files).unwrap_err();
    assert_eq!(error.exit_code(), exit_code::BROKEN);
    assert!(!scenario.exists());
}

fn typed(folder: &Path, lang: &str, path: &str) -> Result<u8, CliError> {
    let env = Env { folder: folder.to_owned(), ..Env::default() };
    let args = NewArgs { lang: lang.to_owned(), path: path.into() };
    new(&env, &Printer::new(&env), &args)
}

#[test]
fn bad_names_existing_folders_and_other_languages_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("there")).unwrap();
    for (lang, path, part) in [
        ("rust", "there", "exists already"),
        ("rust", "1st", "cannot name a package"),
        ("rust", "a b", "cannot name a package"),
        ("rust", "..", "cannot name a package"),
        ("rust", "", "cannot name a package"),
        ("rust", "sh\u{f6}p", "cannot name a package"),
        ("rust", "async", "taken"),
        ("rust", "wload-sdk", "taken"),
        ("python", "..", "cannot name a package"),
        ("python", "there", "exists already"),
        ("cobol", "shop", "there is: rust, python"),
    ] {
        let error = typed(folder.path(), lang, path).expect_err(path);
        assert_eq!(error.exit_code(), exit_code::USAGE, "{path}");
        assert!(error.text().contains(part), "{path}: {}", error.text());
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing was written");
}

#[test]
fn a_scenario_in_python_has_its_name_and_no_rust() {
    let folder = tempfile::tempdir().unwrap();
    // A word of Rust's, which is none of Python's.
    assert_eq!(typed(folder.path(), "python", "match").unwrap(), exit_code::PASSED);
    let read = |path: &str| fs::read_to_string(folder.path().join("match").join(path)).unwrap();
    assert!(read("README.md").starts_with("# match\n"));
    for path in ["locustfile.py", "_stages.py", "accounts.csv", "requirements.txt", ".gitignore"] {
        assert!(!read(path).contains(NAME), "{path}");
    }
    assert!(!folder.path().join("match/Cargo.toml").exists());
}
