//! `mintage agent run`: this process becomes the agent.

use std::path::PathBuf;

use crate::agent::{self, Guards, Notify, logind, sandbox};
use crate::cli::host::Here;
use crate::cli::parts::Parts;
use crate::cli::{Failure, report};
use crate::config::Settings;
use crate::{alloc, config, disk, handover};

/// Runs the agent until it is told to end. Started in the background by another process, it leaves
/// that one's session, and closes standard output once it listens; a second one ends without a word.
pub fn run(started: bool, parts: &Parts) -> Result<u8, Failure> {
    if started {
        // Fails only for the leader of a group, which a child is not.
        let _leads_already = rustix::process::setsid();
    }
    let runtime = parts.runtime();
    let inherited = config::inherited_socket().map(handover::inherited).transpose();
    let inherited = inherited.map_err(agent::Error::NotStarted)?;
    let place = match agent::listen(&runtime, inherited, parts.clock()) {
        Err(agent::Error::Folder(disk::Error::Locked { .. })) if started => return Ok(0),
        place => place?,
    };
    if started && let Ok(log) = disk::start_log(&runtime.log()) {
        handover::say_into(log);
    }
    // It lives as long as the process, which is nothing else from here on.
    let own: &'static Parts =
        Box::leak(Box::new(Parts::gather(parts.global.clone(), parts.before)?));
    if let Err(error) = disk::make_private_dir(own.paths.state()) {
        own.style.warn(report::sentence(&error));
    }
    let settings = own.settings().unwrap_or_default();
    let folders = settings.agent.sandbox.then(|| Folders::of(&settings, own));
    let served = alloc::enclosed(|| {
        say_memory(own);
        let reachable = folders.as_ref().map(Folders::all);
        let host = Box::new(Here::new(own, reachable.as_deref()));
        agent::serve(place, host, |notify| {
            let guards = guard(folders.as_ref(), notify);
            if started {
                handover::close_output();
            }
            guards
        })
    });
    served.map_err(agent::Error::NotStarted)?;
    Ok(0)
}

/// The folders that the agent needs.
struct Folders {
    readable: Vec<PathBuf>,
    writable: Vec<PathBuf>,
}

impl Folders {
    fn of(settings: &Settings, parts: &Parts) -> Self {
        let own = [parts.paths.state().to_owned(), parts.runtime().folder().to_owned()];
        // What a mint leaves for the next one is kept in the vault.
        let vaults = settings.vaults().map(|(_, registered)| registered.path.clone());
        let writable = own.into_iter().chain(vaults.filter(|path| path.exists())).collect();
        let readable = vec![parts.paths.config().to_owned()];
        Self { readable: readable.into_iter().filter(|path| path.exists()).collect(), writable }
    }

    fn all(&self) -> Vec<PathBuf> {
        self.readable.iter().chain(&self.writable).cloned().collect()
    }
}

/// Gives up what the agent does not need, and listens for the machine's sleep. In this order: a thread
/// that runs already would keep what the others give up.
fn guard(folders: Option<&Folders>, notify: Notify) -> Guards {
    let sandbox = folders.map(|it| sandbox::enter(&it.readable, &it.writable));
    // Whatever the event is, what is open closes.
    let machine = logind::listen(move |_| notify.lock());
    Guards { sandbox, machine }
}

/// One word of warning where the memory is not what it could be; `status` tells it later, too.
fn say_memory(parts: &Parts) {
    let mode = alloc::enclosure().map(|enclosure| enclosure.mode);
    if let Some(mode) = mode.filter(|mode| *mode != alloc::Mode::Secret) {
        parts.style.warn(format_args!("the agent's memory is {}, not secret", mode.as_str()));
    }
}
