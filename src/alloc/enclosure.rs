//! Whether and how this process is enclosed: its heap and its stack in the best protected memory
//! that the system gives.

#![cfg_attr(
    target_os = "linux",
    expect(unsafe_code, reason = "it hands mapped regions to the arena and the stack")
)]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the memory of an enclosed process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `memfd_secret(2)`: in no core, not in swap, and refused to every other process, root's too.
    /// Root that makes this process run code of its own is not stopped.
    Secret,
    /// Locked into memory and left out of cores. Root reads it through `/proc`.
    Locked,
    /// Left out of cores; it may be swapped out, since the limit on locked memory is too small.
    Plain,
    /// The ordinary heap and stack: not Linux, [`super::Wiping`] is not the global allocator, or
    /// the system gave no memory at all.
    Ordinary,
}

impl Mode {
    /// The word for it in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Locked => "locked",
            Self::Plain => "plain",
            Self::Ordinary => "ordinary",
        }
    }
}

/// The memory of this process, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enclosure {
    /// What kind of memory it is.
    pub mode: Mode,
    /// All of the heap inside; 0 if ordinary.
    pub size: usize,
    /// Of that, now in use.
    pub in_use: usize,
    /// Ever given by other memory because this was full: left out of cores, as long as that has room.
    pub overflowed: usize,
}

static ENTERED: AtomicBool = AtomicBool::new(false);
static MODE: OnceLock<Mode> = OnceLock::new();

/// Runs `work` with this process's heap and stack in the best protected memory there is: `secret`,
/// else `locked`, else `plain`. Once per process: a second call just runs its work.
///
/// - The heap is so for all threads and stays so afterwards; blocks from before stay where they are.
///   When it is full, as much again as it may have at most comes from `plain` memory, then the rest
///   from the ordinary heap, and [`Enclosure::overflowed`] counts both.
/// - The stack is so for `work` alone, not for threads that it starts, and 1.5 MiB long. It is wiped
///   when the work is done. What `work` captures and returns is also on the caller's stack.
/// - A panic of `work` goes on in the caller.
/// - Children must be started by `posix_spawn` or `vfork`: in a forked child the memory is not there,
///   so it ends at once by a signal. `std::process::Command` forks only if it has a `pre_exec`, a
///   user or a group, or a `PATH` of its own and a program without a slash.
pub fn enclosed<R>(work: impl FnOnce() -> R) -> R {
    if ENTERED.swap(true, Ordering::SeqCst) {
        return work();
    }
    #[cfg(target_os = "linux")]
    if let Some(memory) = super::mapping::best()
        && let Some(stack) = move_in(memory)
    {
        // SAFETY: the mapping of an opened arena is never undone, and this is the only call with
        // its stack.
        return unsafe { super::work_stack::run(stack, work) };
    }
    let _known_already = MODE.set(Mode::Ordinary);
    work()
}

/// Opens the arena in `memory`, looks whether blocks come from it, and gives the region of the stack.
#[cfg(target_os = "linux")]
fn move_in(memory: super::mapping::Memory) -> Option<super::mapping::Region> {
    use super::arena::{ARENA, SPARE};
    let (mode, heap, stack) = (memory.mode(), memory.heap(), memory.stack());
    // SAFETY: the region was mapped for this and is known to nobody else; it is unmapped only
    // when it was refused, or closed with nothing in use.
    if !unsafe { ARENA.open(heap.start, heap.size) } {
        return None;
    }
    let probe = std::hint::black_box(Box::new(0_u64));
    let is_used = ARENA.holds(std::ptr::from_ref(&*probe).cast());
    drop(probe);
    if !is_used && ARENA.close() {
        return None;
    }
    memory.keep();
    if let Some(spare) = super::mapping::spare() {
        let heap = spare.heap();
        // SAFETY: as above; once opened, it is kept.
        if unsafe { SPARE.open(heap.start, heap.size) } {
            spare.keep();
        }
    }
    let _known_already = MODE.set(if is_used { mode } else { Mode::Ordinary });
    is_used.then_some(stack)
}

/// As in [`enclosure`], without looking at anything else.
pub(super) fn mode() -> Option<Mode> {
    MODE.get().copied()
}

/// What the memory of this process is; `None` before [`enclosed`].
#[must_use]
pub fn enclosure() -> Option<Enclosure> {
    let mode = mode()?;
    #[cfg(target_os = "linux")]
    if mode != Mode::Ordinary {
        let (size, in_use, overflowed) = super::arena::ARENA.figures();
        return Some(Enclosure { mode, size, in_use, overflowed });
    }
    Some(Enclosure { mode, size: 0, in_use: 0, overflowed: 0 })
}

/// How many bytes are left below the caller on the stack that [`enclosed`] gave; `None` on any other
/// stack.
#[must_use]
pub fn room_on_work_stack() -> Option<usize> {
    #[cfg(target_os = "linux")]
    return super::work_stack::room();
    #[cfg(not(target_os = "linux"))]
    None
}

/// Overwrites what finished calls left on the stack that [`enclosed`] gave, all of it but 16 KiB
/// below the caller. On any other stack nothing.
pub fn wipe_work_stack() {
    #[cfg(target_os = "linux")]
    super::work_stack::wipe_below();
}
