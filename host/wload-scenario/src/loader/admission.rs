//! What is let in: bytes that are a component, and a contract that is offered.
//!
//! Upstream: `loader.rs`, before and after compiling. Downstream: an error that says what was found instead.

use crate::error::ScenarioError;

/// The version of the contract that this host offers.
pub const CONTRACT_VERSION: &str = "0.1.0";
/// The package of the contract, as in `wload:scenario/http@0.1.0`.
const CONTRACT_PACKAGE: &str = "wload:scenario/";

/// Exports that are named where a component exports the wrong ones.
const EXPORTS_SHOWN_MAX: usize = 8;

/// What the bytes are, before anything expensive looks at them.
pub(super) fn check_bytes(bytes: &[u8], allowed: u64) -> Result<(), ScenarioError> {
    if bytes.len() as u64 > allowed {
        return Err(ScenarioError::TooLarge { allowed });
    }
    let found = match bytes {
        [] => "empty",
        [b'\0', b'a', b's', b'm', _, _, 1, 0, ..] => return Ok(()),
        [b'\0', b'a', b's', b'm', 1, 0, 0, 0, ..] => "a core WebAssembly module",
        [b'\0', b'a', b's', b'm', ..] => "WebAssembly of an unknown kind",
        [0x7f, b'E', b'L', b'F', ..] => "a native program or machine code",
        _ if std::str::from_utf8(&bytes[..bytes.len().min(256)]).is_ok() => "a text file",
        _ => "a file of an unknown kind",
    };
    Err(ScenarioError::NotAComponent { found })
}

/// Same contract, same version up to the patch.
pub(super) fn check_contract(imports: &[String], exports: &[String]) -> Result<(), ScenarioError> {
    let offered = semver::Version::parse(CONTRACT_VERSION).expect("a constant that is a version");
    for name in imports.iter().chain(exports) {
        let Some(rest) = name.strip_prefix(CONTRACT_PACKAGE) else { continue };
        let version =
            rest.split_once('@').and_then(|(_, version)| semver::Version::parse(version).ok());
        let is_ours = version.is_some_and(|found| {
            (found.major, found.minor) == (offered.major, offered.minor)
                && found.patch <= offered.patch
        });
        if !is_ours {
            return Err(ScenarioError::WrongContract {
                found: name.clone(),
                offered: CONTRACT_VERSION,
            });
        }
    }
    let users = format!("{CONTRACT_PACKAGE}users@");
    if !exports.iter().any(|name| name.starts_with(&users)) {
        let found = match exports.len() {
            0 => "nothing".to_owned(),
            1..=EXPORTS_SHOWN_MAX => exports.join(", "),
            all => {
                let shown = exports[..EXPORTS_SHOWN_MAX].join(", ");
                format!("{shown} and {} more", all - EXPORTS_SHOWN_MAX)
            }
        };
        return Err(ScenarioError::NotAScenario { found });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_component_is_named() {
        for (bytes, found) in [
            (&b""[..], "empty"),
            (b"\0asm\x01\0\0\0", "core WebAssembly module"),
            (b"\x7fELF....", "native program"),
            (b"from locust import task", "text file"),
            (b"\xff\xfe\xfd\xfc", "unknown kind"),
        ] {
            let error = check_bytes(bytes, 100).unwrap_err().to_string();
            assert!(error.contains(found), "{error}");
        }
        check_bytes(b"\0asm\x0d\0\x01\0", 8).unwrap();
        let error = check_bytes(b"\0asm\x0d\0\x01\0", 7).unwrap_err();
        assert!(error.hint().unwrap().contains("component-size"));
    }

    #[test]
    fn a_contract_of_another_version_is_refused_with_both_versions() {
        let users = "wload:scenario/users@0.1.0".to_owned();
        check_contract(&[], std::slice::from_ref(&users)).unwrap();
        for found in
            ["wload:scenario/http@0.2.0", "wload:scenario/http@1.1.0", "wload:scenario/http@0.1.7"]
        {
            let error =
                check_contract(&[found.to_owned()], std::slice::from_ref(&users)).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(found) && text.contains("0.1.0"), "{text}");
            assert!(error.hint().unwrap().contains("rebuild"));
        }
        let error =
            check_contract(&[], &["wasi:cli/run@0.2.3".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("wasi:cli/run"), "{error}");
    }
}
