//! `wload:scenario/options`: what the command line says.

use crate::bindings::wload::scenario::options;
use crate::store_state::StoreState;

impl options::Host for StoreState {
    fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        Ok(self.user()?.shared.options.get(&name).cloned())
    }

    fn get_all(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        let options = &self.user()?.shared.options;
        Ok(options.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    fn target_host(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self.user()?.target_host().map(str::to_owned))
    }

    fn run_state(&mut self) -> wasmtime::Result<Vec<u8>> {
        Ok(self.user()?.core.run.state().to_vec())
    }
}
