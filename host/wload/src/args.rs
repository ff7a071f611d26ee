//! The command line: subcommands and what was typed after them; no behaviour.
//!
//! Control. Upstream: [`Env::args`]. Downstream: `commands.rs`. Invariant: flags of `run` and `check`
//! come from `options.rs`; those of `new` and `demo-target` are their own and have no other layers.

pub(crate) mod build;
pub(crate) mod compile_child;
pub(crate) mod demo_target;
pub(crate) mod extra;
pub(crate) mod new;
pub(crate) mod run;

use clap::{ArgMatches, Command};
use wload_core::user_class::OptionSpec as Declared;

use crate::args::build::BuildArgs;
use crate::args::compile_child::CompileChildArgs;
use crate::args::demo_target::DemoTargetArgs;
use crate::args::new::NewArgs;
use crate::args::run::Typed;
use crate::env::Env;
use crate::{env_vars, exit_code, options};

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Invocation {
    Run(Typed),
    Check(Typed),
    Build(BuildArgs),
    New(NewArgs),
    DemoTarget(DemoTargetArgs),
    Limits,
    CompileChild(CompileChildArgs),
}

/// Reads the command line.
///
/// # Errors
/// clap's, with its suggestion; `--help` and `--version` come this way, too.
pub(crate) fn parse(env: &Env) -> Result<Invocation, clap::Error> {
    let (matches, extras) =
        extra::without_extras(&env.args, |args| command().try_get_matches_from(args))?;
    Ok(match matches.subcommand() {
        Some(("run", typed)) => Invocation::Run(Typed::from_matches(typed, false, extras)),
        Some(("check", typed)) => Invocation::Check(Typed::from_matches(typed, true, extras)),
        Some(("build", typed)) => Invocation::Build(parse_derived::<BuildArgs>(typed)?),
        Some(("new", typed)) => Invocation::New(parse_derived::<NewArgs>(typed)?),
        Some(("demo-target", typed)) => {
            Invocation::DemoTarget(parse_derived::<DemoTargetArgs>(typed)?)
        }
        Some(("limits", _)) => Invocation::Limits,
        Some((compile_child::NAME, typed)) => {
            Invocation::CompileChild(parse_derived::<CompileChildArgs>(typed)?)
        }
        _ => unreachable!("clap requires one of the subcommands above"),
    })
}

/// Reads the command line of a scenario that has told its flags, where one of them is wload's, too: then it is the
/// scenario's, as with Locust, which knows nothing of wload's. None: there is no such flag.
///
/// # Errors
/// clap's, with its suggestion.
pub(crate) fn parse_for(env: &Env, declared: &[Declared]) -> Option<Result<Typed, clap::Error>> {
    let mut flags = declared.iter().flat_map(|option| &option.flags);
    if !flags.any(|flag| options::would_take(flag)) {
        return None;
    }
    let (kept, mut extras) = extra::apart(&env.args, declared);
    let read = extra::without_extras(&kept, |args| command().try_get_matches_from(args));
    Some(read.map(|(matches, others)| {
        extras.extend(others);
        let (name, typed) = matches.subcommand().expect("the same subcommand as the first time");
        Typed::from_matches(typed, name == "check", extras)
    }))
}

fn parse_derived<T: clap::FromArgMatches>(typed: &ArgMatches) -> Result<T, clap::Error> {
    T::from_arg_matches(typed)
}

/// The whole command line as clap sees it.
pub(crate) fn command() -> Command {
    Command::new("wload")
        .version(concat!(env!("CARGO_PKG_VERSION"), " (contract wload:scenario 0.1)"))
        .about("Load tests whose scenarios are WebAssembly components")
        .max_term_width(100)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .infer_long_args(true)
        .subcommand(run::command())
        .subcommand(run::check_command())
        .subcommand(build::command())
        .subcommand(new::command())
        .subcommand(demo_target::command())
        .subcommand(
            Command::new("limits").about("List every limit that can be set, and its default"),
        )
        .subcommand(compile_child::command())
        .after_help(exit_code::help())
        .after_long_help(format!("{}\n\n{}", exit_code::help(), env_vars::help()))
}

#[cfg(test)]
pub(crate) mod tests;
