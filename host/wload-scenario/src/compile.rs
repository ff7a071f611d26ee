//! A component to machine code: in this process, or in one of its own.
//!
//! Upstream: `loader.rs`, when the cache has nothing. Downstream: wasmtime's compiler. A component
//! that nobody has read may be made to take hours or all memory to compile; so the binary does it in
//! a child process with limits, by a [`Compiler`] of its own, and the child calls [`compile_here`].

use wload_core::limits::GuestLimits;

use crate::engine::{self, MemoryLayout};
use crate::error::{Cause, ScenarioError};

/// What decides the machine code, beside the component and this build of wload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileJob {
    /// About how many users there will be: decides the layout of memories.
    pub users_hint: u32,
    /// Limits of one user.
    pub limits: GuestLimits,
}

/// Who compiles.
pub trait Compiler {
    /// The machine code of a component, made by [`compile_here`] of this very build of wload:
    /// it is trusted.
    ///
    /// # Errors
    /// [`ScenarioError::Compile`], or [`ScenarioError::CompileLimit`].
    fn compile(&self, component: &[u8], job: CompileJob) -> Result<Vec<u8>, ScenarioError>;
}

/// Compiles in this process, without limits.
#[derive(Clone, Copy, Debug)]
pub struct CompileHere;

impl Compiler for CompileHere {
    fn compile(&self, component: &[u8], job: CompileJob) -> Result<Vec<u8>, ScenarioError> {
        compile_here(component, job)
    }
}

/// Machine code for the engines that [`Compiled`](crate::Compiled) makes for this job.
///
/// # Errors
/// [`ScenarioError::Compile`] when the component is malformed.
pub fn compile_here(component: &[u8], job: CompileJob) -> Result<Vec<u8>, ScenarioError> {
    let fail = |error: wasmtime::Error| ScenarioError::Compile { source: Cause::of(&error) };
    let layout = MemoryLayout::choose(job.users_hint, &job.limits);
    let engine = engine::compiling(layout, &job.limits).map_err(fail)?;
    engine.precompile_component(component).map_err(fail)
}
