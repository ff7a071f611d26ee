//! Compiled components on disk: a component is compiled once per machine and wload.
//!
//! Upstream: `loader.rs`. Downstream: files in the user's cache folder, named by the content of the
//! component and by everything that decides the machine code. They are mapped and not read: their pages are the
//! system's, for all processes that run the component, and none of this process's memory.
//! Invariant: only files that wload wrote itself are loaded, because machine code is trusted: the
//! folder and the file belong to this user and nobody else may write them, and the file ends with
//! the hash of the rest, so that a torn write is noticed. Anything else is compiled again. A file is never
//! written once it has its name: who has mapped it keeps it as it was.

use std::hash::{Hash, Hasher};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// The version of the file's layout.
const MAGIC: &[u8; 8] = b"wload\0\0\x02";
/// Behind the machine code, which must begin where a page does: magic, then the hash of the code.
const TRAILER_LEN: usize = 8 + 32;

/// A folder of compiled components.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
}

/// Where a component came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheOutcome {
    /// It was compiled before.
    Hit,
    /// It was compiled now.
    Compiled,
}

/// Machine code of a component.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum MachineCode {
    /// A file of the cache, which is mapped.
    File(PathBuf),
    /// What could not be kept.
    Bytes(Vec<u8>),
}

impl Cache {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The machine code of a component, if it is there and ours.
    pub(crate) fn get(&self, engine: &Engine, component: &[u8]) -> Option<MachineCode> {
        let path = self.path(engine, component);
        let is_good = self.is_ours(&path) && is_intact(&path).unwrap_or(false);
        is_good.then_some(MachineCode::File(path))
    }

    fn is_ours(&self, path: &Path) -> bool {
        is_private(&self.folder) && is_private(path)
    }

    /// Keeps machine code for the next time. What stands where others could have changed it meanwhile is not mapped.
    ///
    /// # Errors
    /// When the folder or file cannot be written; a run goes on without.
    pub(crate) fn put(
        &self,
        engine: &Engine,
        component: &[u8],
        code: &[u8],
    ) -> std::io::Result<Option<MachineCode>> {
        create_private_folder(&self.folder)?;
        let path = self.path(engine, component);
        let temporary = path.with_extension(format!("tmp-{}", std::process::id()));
        let mut file = create_private_file(&temporary)?;
        let written = file
            .write_all(code)
            .and_then(|()| file.write_all(MAGIC))
            .and_then(|()| file.write_all(&Sha256::digest(code)))
            .and_then(|()| std::fs::rename(&temporary, &path));
        if written.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        written.map(|()| self.is_ours(&path).then_some(MachineCode::File(path)))
    }

    fn path(&self, engine: &Engine, component: &[u8]) -> PathBuf {
        let mut settings = SettingsHash(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut settings);
        settings.0.update(component);
        self.folder.join(format!("{:x}.cwasm", settings.0.finalize()))
    }
}

/// The file is whole: its end says what the rest is.
fn is_intact(path: &Path) -> std::io::Result<bool> {
    let file = std::fs::File::open(path)?;
    let Some(code_len) = file.metadata()?.len().checked_sub(TRAILER_LEN as u64) else {
        return Ok(false);
    };
    let mut hash = Sha256::new();
    std::io::copy(&mut (&file).take(code_len), &mut hash)?;
    let mut trailer = [0; TRAILER_LEN];
    (&file).read_exact(&mut trailer)?;
    let (magic, said) = trailer.split_at(MAGIC.len());
    Ok(magic == MAGIC && said == &hash.finalize()[..])
}

/// Machine code to a component.
pub(crate) fn deserialize(engine: &Engine, code: &MachineCode) -> wasmtime::Result<Component> {
    // SAFETY: bytes were made by `Engine::precompile_component`; a file is one that `Cache::put` wrote or `Cache::get`
    // found intact, in a folder that this user alone may write, where no file changes once it has its name.
    #[expect(unsafe_code, reason = "wasmtime trusts machine code; see the SAFETY comment")]
    unsafe {
        match code {
            MachineCode::File(path) => Component::deserialize_file(engine, path),
            MachineCode::Bytes(bytes) => Component::deserialize(engine, bytes),
        }
    }
}

/// Feeds whatever is hashed into SHA-256: the standard hasher is too short for a file name that is
/// trusted.
struct SettingsHash(Sha256);

impl Hasher for SettingsHash {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

/// It belongs to this user, and nobody else may write it.
#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let own = std::fs::metadata("/proc/self").map(|own| own.uid());
    let Ok(found) = std::fs::symlink_metadata(path) else { return false };
    !found.file_type().is_symlink()
        && found.mode() & 0o022 == 0
        && own.is_ok_and(|own| own == found.uid())
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> bool {
    false
}

#[cfg(unix)]
fn create_private_folder(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_private_folder(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)
}

#[cfg(unix)]
fn create_private_file(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create_private_file(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::File::create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn only_intact_files_of_our_own_are_loaded() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("c"));
        let engine = Engine::default();
        assert_eq!(cache.get(&engine, b"component"), None);
        let path = cache.path(&engine, b"component");
        let put = cache.put(&engine, b"component", b"code").unwrap();
        assert_eq!(put, Some(MachineCode::File(path.clone())));
        assert_eq!(cache.get(&engine, b"component"), put);
        assert!(std::fs::read(&path).unwrap().starts_with(b"code"), "it is mapped as it is");
        assert_eq!(cache.get(&engine, b"another"), None);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(cache.get(&engine, b"component"), None, "others may write the file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for torn in [&bytes[1..], &bytes[..bytes.len() - 1], &bytes[..TRAILER_LEN - 1], b""] {
            std::fs::write(&path, torn).unwrap();
            assert_eq!(cache.get(&engine, b"component"), None, "{} bytes", torn.len());
        }
        std::fs::write(&path, &bytes).unwrap();
        assert!(cache.get(&engine, b"component").is_some());
        std::fs::set_permissions(&cache.folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(cache.get(&engine, b"component"), None, "others may write the folder");
        assert_eq!(cache.put(&engine, b"component", b"code").unwrap(), None);
    }
}
