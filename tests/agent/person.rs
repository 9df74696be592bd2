//! A user who is not root: root may do all that is refused here, so it is dropped. Needs root.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use rustix::process::{Gid, Uid};
use rustix::thread::{set_thread_res_gid, set_thread_res_uid};

use crate::issuer::Issuer;
use crate::process::Foreground;
use crate::world::{Call, Canary, Ran, World};

/// Needs no entry in the table of accounts.
pub const PERSON: u32 = 61_001;
pub const STRANGER: u32 = 61_002;

/// Her world, with a runtime folder, a profile `prod`, an issuer, and the program.
pub struct Person {
    pub world: World,
    pub issuer: Issuer,
    pub canary: Canary,
}

impl Person {
    pub fn new() -> Self {
        let (issuer, canary) = (Issuer::https(), Canary::new());
        let world = World::with_profile(&issuer, &canary);
        let home = world.home().to_owned();
        // By a process of its own: a file that we hold open to write cannot be started.
        run("cp", [env!("CARGO_BIN_EXE_mintage").as_ref(), home.join("mintage").as_os_str()]);
        run("mkdir", [home.join("run").as_os_str()]);
        run("chmod", ["700".as_ref(), home.join("run").as_os_str()]);
        give(&home, PERSON);
        Self { world, issuer, canary }
    }

    /// `mintage` with these arguments.
    pub fn mintage<I: IntoIterator<Item = A>, A: AsRef<OsStr>>(&self, arguments: I) -> Call {
        self.program(self.world.path("mintage")).args(arguments)
    }

    /// Any program.
    pub fn program(&self, program: impl AsRef<OsStr>) -> Call {
        let id = PERSON.to_string();
        let drop = ["--reuid", &id, "--regid", &id, "--clear-groups", "--"];
        let mut call = self.world.program("setpriv").args(drop).args([program]);
        call.command.env_remove("MINTAGE_NO_AGENT");
        call.env("XDG_RUNTIME_DIR", self.world.path("run"))
    }

    pub fn run<I: IntoIterator<Item = A>, A: AsRef<OsStr>>(&self, arguments: I) -> Ran {
        self.mintage(arguments).run().hides(&self.canary.secret).hides("panicked")
    }

    pub fn folder(&self) -> PathBuf {
        self.world.path("run/mintage")
    }

    pub fn socket(&self) -> PathBuf {
        self.folder().join("agent.sock")
    }

    /// Her agent, as a child of the test's.
    pub fn foreground(&self) -> Foreground {
        let log = self.world.path("said");
        Foreground::start(self.mintage(["agent", "run"]), &self.socket(), log)
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.run(["agent", "stop"]);
    }
}

fn run<'a>(program: &str, arguments: impl IntoIterator<Item = &'a OsStr>) {
    let ran = Command::new(program).args(arguments).status().expect("it starts");
    assert!(ran.success(), "{program}: these tests need root");
}

/// Gives a file, or a folder with all that is in it, to somebody; links themselves, not their targets.
pub fn give(path: &std::path::Path, owner: u32) {
    let owner = format!("{owner}:{owner}");
    run("chown", ["-R".as_ref(), "-h".as_ref(), owner.as_ref(), path.as_os_str()]);
}

/// Does something as somebody: one thread of ours, which then ends.
pub fn as_user<T: Send>(user: u32, act: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = scope.spawn(move || {
            let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
            set_thread_res_gid(gid, gid, gid).expect("these tests need root");
            set_thread_res_uid(uid, uid, uid).expect("these tests need root");
            act()
        });
        thread.join().expect("it did not fail")
    })
}
