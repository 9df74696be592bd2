//! What the agent gives up once it listens: files it has no business with (Landlock) and system
//! calls it never makes (seccomp). Both hold until the process ends, and nothing undoes them.
//!
//! A second wall, not the first: it is for the day on which a reply of an issuer gets the better of
//! our code. Where the kernel has no such thing, the agent works without and says so.

use std::path::PathBuf;

/// How much of what was asked for the kernel enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// All of it.
    Full,
    /// What this kernel knows of it.
    Partial,
    /// Nothing.
    None,
}

/// What is in force since [`enter`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sandbox {
    /// Files, ports, abstract sockets and signals: Landlock.
    pub files: Level,
    /// System calls: seccomp.
    pub calls: bool,
}

impl Sandbox {
    /// In one line, what is out of reach, and why no more.
    #[must_use]
    pub fn said(&self) -> String {
        let said = match (self.files, self.calls) {
            (Level::Full, true) => "files and system calls",
            (Level::Full, false) => "files only: the kernel takes no filter of system calls",
            (Level::Partial, true) => "files, as far as this kernel can, and system calls",
            (Level::Partial, false) => {
                "files only, as far as this kernel can: it takes no filter of system calls"
            }
            (Level::None, true) => "system calls only: this kernel has no Landlock",
            (Level::None, false) if cfg!(target_os = "linux") => {
                "none: this kernel has no Landlock and takes no filter of system calls"
            }
            (Level::None, false) => "none: it is made for Linux only",
        };
        said.to_owned()
    }
}

/// Gives up, for this thread and all it will start, everything but:
/// - reading files below `readable` and `writable`, and where the system keeps certificates and what
///   name resolution needs. Looking (`stat`) and following links are possible everywhere;
/// - making, changing, renaming and removing files and folders below `writable`: no links, no
///   sockets, no devices;
/// - connecting to any TCP port, sending datagrams, connecting to sockets that have a path, and
///   accepting where it listens already.
///
/// A rule is for the folder that is there now: of one that is not there yet, or that another takes
/// the place of, nothing can be read. So name the folder above one that comes and goes.
///
/// To be called on the main thread when it listens, and before another thread starts: threads that
/// run already are bound by the system calls only.
#[must_use]
pub fn enter(readable: &[PathBuf], writable: &[PathBuf]) -> Sandbox {
    Sandbox { files: files::give_up(readable, writable), calls: calls::give_up() }
}

#[cfg(target_os = "linux")]
mod files {
    use std::path::PathBuf;

    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _,
        RestrictionStatus, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError,
        RulesetStatus, Scope, make_bitflags, path_beneath_rules,
    };

    use super::Level;

    /// The newest whose every restriction was tried with the agent; a newer kernel enforces no more.
    const ABI: ABI = ABI::V6;

    const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});

    const WRITE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
        ReadFile | ReadDir | WriteFile | Truncate | MakeReg | MakeDir | RemoveFile | RemoveDir
            | Refer
    });

    /// Folders that are replaced file by file; what is not there is skipped.
    const SYSTEM: [&str; 25] = [
        // Certificates: Debian, Fedora, Arch, SUSE, the BSDs' way.
        "/etc/ssl",
        "/etc/pki",
        "/etc/ca-certificates",
        "/usr/share/ca-certificates",
        "/usr/share/pki",
        "/usr/local/share/ca-certificates",
        "/usr/local/share/certs",
        "/var/lib/ca-certificates",
        // Where the links to `resolv.conf` lead, whose writers replace the file.
        "/run/systemd/resolve",
        "/run/NetworkManager",
        "/run/resolvconf",
        "/run/connman",
        "/run/nscd",
        "/mnt/wsl",
        // The modules of name resolution are libraries, loaded at the first question; NixOS and Guix
        // keep all of the above there, too.
        "/lib",
        "/lib64",
        "/usr/lib",
        "/usr/lib64",
        "/nix/store",
        "/gnu/store",
        "/usr/share/zoneinfo",
        "/proc/self",
        "/dev/zero",
        "/dev/random",
        "/dev/urandom",
    ];

    /// What name resolution and the clock read in `/etc`.
    const RESOLUTION: [&str; 11] = [
        "/etc/resolv.conf",
        "/etc/hosts",
        "/etc/nsswitch.conf",
        "/etc/gai.conf",
        "/etc/host.conf",
        "/etc/services",
        "/etc/protocols",
        "/etc/localtime",
        "/etc/ld.so.cache",
        "/etc/resolvconf",
        "/etc/netconfig",
    ];

    pub(super) fn give_up(readable: &[PathBuf], writable: &[PathBuf]) -> Level {
        match restrict(readable, writable).map(|status| status.ruleset) {
            Ok(RulesetStatus::FullyEnforced) => Level::Full,
            Ok(RulesetStatus::PartiallyEnforced) => Level::Partial,
            Ok(RulesetStatus::NotEnforced) | Err(_) => Level::None,
        }
    }

    fn restrict(
        readable: &[PathBuf],
        writable: &[PathBuf],
    ) -> Result<RestrictionStatus, RulesetError> {
        Ruleset::default()
            // The oldest Landlock refuses each rename to another folder, which is how a pin is kept:
            // rather none of it.
            .set_compatibility(CompatLevel::SoftRequirement)
            .handle_access(AccessFs::Refer)?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(ABI))?
            .handle_access(AccessNet::BindTcp)?
            .scope(Scope::from_all(ABI))?
            .create()?
            .add_rules(path_beneath_rules(SYSTEM, READ))?
            .add_rules(path_beneath_rules(resolution(), READ))?
            .add_rules(path_beneath_rules(["/dev/null"], READ | AccessFs::WriteFile))?
            .add_rules(path_beneath_rules(readable, READ))?
            .add_rules(path_beneath_rules(writable, WRITE))?
            .restrict_self()
    }

    /// A rule for a file dies with the file, and these are replaced whenever the network changes. So
    /// a user gets all of `/etc`: little there is not for everybody. Root would get password hashes
    /// and host keys, and gets the single files.
    fn resolution() -> &'static [&'static str] {
        if rustix::process::geteuid().is_root() { &RESOLUTION } else { &["/etc"] }
    }
}

#[cfg(not(target_os = "linux"))]
mod files {
    use std::path::PathBuf;

    use super::Level;

    pub(super) fn give_up(_: &[PathBuf], _: &[PathBuf]) -> Level {
        Level::None
    }
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod calls {
    use std::collections::BTreeMap;

    use seccompiler::{
        BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
        SeccompFilter, SeccompRule,
    };

    /// Refused with EPERM: a list of what helps whoever got in, not of what we need. The latter
    /// depends on each library's version, and a call it lacks is an agent that does not work.
    const REFUSED: [i64; 33] = [
        // Other programs.
        libc::SYS_execve,
        libc::SYS_execveat,
        // The memory and descriptors of other processes, and of this one past its types.
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_process_madvise,
        libc::SYS_pidfd_getfd,
        libc::SYS_kcmp,
        libc::SYS_userfaultfd,
        // The kernel's keys are not ours.
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        // Wide doors into the kernel; io_uring also goes round every filter.
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        // Another view of the files.
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_setns,
        libc::SYS_unshare,
        libc::SYS_open_by_handle_at,
        libc::SYS_open_tree,
        libc::SYS_move_mount,
        libc::SYS_fsopen,
        // Another machine.
        libc::SYS_kexec_load,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_reboot,
        libc::SYS_personality,
    ];

    /// More of the same that not every machine has, or has a name for.
    #[cfg(target_arch = "x86_64")]
    const HERE: [i64; 3] = [libc::SYS_fork, libc::SYS_vfork, libc::SYS_kexec_file_load];
    #[cfg(not(target_arch = "x86_64"))]
    const HERE: [i64; 0] = [];

    /// The bit of a call in the x32 way, and the calls that have a number of their own there: execve,
    /// ptrace, `kexec_load`, `process_vm_readv` and `_writev`, execveat.
    #[cfg(target_arch = "x86_64")]
    const X32: Option<i64> = Some(0x4000_0000);
    #[cfg(not(target_arch = "x86_64"))]
    const X32: Option<i64> = None;
    const X32_OWN: [i64; 6] = [520, 521, 528, 539, 540, 545];

    pub(super) fn give_up() -> bool {
        filter().is_ok_and(|filter| seccompiler::apply_filter_all_threads(&filter).is_ok())
    }

    fn filter() -> Result<BpfProgram, Error> {
        let always = REFUSED.iter().chain(&HERE).copied();
        let x32 = X32.into_iter().flat_map(|bit| {
            REFUSED.iter().chain(&HERE).chain(&X32_OWN).map(move |number| number | bit)
        });
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
            always.chain(x32).map(|number| (number, Vec::new())).collect();
        rules.insert(libc::SYS_clone, vec![a_process()?]);
        let filter = SeccompFilter::new(
            rules,
            SeccompAction::Allow,
            SeccompAction::Errno(libc::EPERM.unsigned_abs()),
            std::env::consts::ARCH.try_into()?,
        )?;
        Ok(filter.try_into()?)
    }

    /// A `clone` that makes a process and no thread: what `fork` is today. That of `clone3` cannot be
    /// told, as a filter sees no memory; without execve, such a process is but another one of us.
    fn a_process() -> Result<SeccompRule, Error> {
        let thread = u64::from(libc::CLONE_THREAD.unsigned_abs());
        let without = SeccompCmpOp::MaskedEq(thread);
        let flags = SeccompCondition::new(0, SeccompCmpArgLen::Dword, without, 0)?;
        Ok(SeccompRule::new(vec![flags])?)
    }
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod calls {
    pub(super) fn give_up() -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, Sandbox};

    #[test]
    fn what_is_in_force_is_said_in_one_line() {
        for files in [Level::Full, Level::Partial, Level::None] {
            for calls in [true, false] {
                let said = Sandbox { files, calls }.said();
                assert!(!said.contains('\n') && said.len() < 80, "{said}");
                assert_eq!(said.starts_with("none"), files == Level::None && !calls, "{said}");
            }
        }
        let whole = Sandbox { files: Level::Full, calls: true };
        assert_eq!(whole.said(), "files and system calls");
    }
}
