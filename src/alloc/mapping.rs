//! The memory that an enclosed process lives in, mapped in the best way the system allows.

#![expect(unsafe_code, reason = "memory is mapped by raw addresses")]

use std::os::fd::{FromRawFd as _, OwnedFd};
use std::ptr::NonNull;

use rustix::fs::ftruncate;
use rustix::mm::{Advice, MapFlags, MlockFlags, MprotectFlags, ProtFlags};
use rustix::mm::{madvise, mlock_with, mmap, mmap_anonymous, mprotect, munmap};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Mode;

/// The most that the heap gets, and what it gets where nothing is locked: pages cost once touched.
const HEAP: usize = 32 << 20;
/// Less locked memory than this is of no use to an agent.
const LEAST_HEAP: usize = 2 << 20;
/// Half again what is scrubbed for a mint over TLS, which is twice what one was measured to need.
const STACK: usize = 3 << 19;
/// Below the stack and between it and the heap: never readable. A multiple of every page size.
const GUARD: usize = 1 << 16;
/// Of the locked memory, left to others in this process.
const SLACK: usize = 1 << 18;

/// A part of the memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Region {
    pub(super) start: NonNull<u8>,
    pub(super) size: usize,
}

/// From low to high: a guard, the stack, a guard, the heap. Unmapped when dropped, unless kept.
#[derive(Debug)]
pub(super) struct Memory {
    start: NonNull<u8>,
    heap: usize,
    mode: Mode,
}

/// The best memory there is: secret, else locked, else plain; as large as the limits allow. `None`
/// if the system refuses even plain memory.
pub(super) fn best() -> Option<Memory> {
    raise_limit();
    // A process that may lock without limit gets all; what the limit says is the second try.
    let sizes = || [Some(HEAP), within_limit()].into_iter().flatten();
    sizes()
        .find_map(|heap| Memory::reserve(heap, Mode::Secret)?.map_secret())
        .or_else(|| sizes().find_map(|heap| Memory::reserve(heap, Mode::Locked)?.map_locked()))
        .or_else(|| Memory::reserve(HEAP, Mode::Plain)?.map_plain())
        .inspect(Memory::advise)
}

/// For a heap that is full: plain memory. Its stack is never touched.
pub(super) fn spare() -> Option<Memory> {
    Memory::reserve(HEAP, Mode::Plain)?.map_plain().inspect(Memory::advise)
}

/// As much as may be locked without asking anybody.
fn raise_limit() {
    let maximum = getrlimit(Resource::Memlock).maximum;
    let _as_before_if_refused = setrlimit(Resource::Memlock, Rlimit { current: maximum, maximum });
}

/// How large a heap may be locked beside the stack; `None` if too little to be of use.
fn within_limit() -> Option<usize> {
    let Some(limit) = getrlimit(Resource::Memlock).current else { return Some(HEAP) };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let heap = limit.checked_sub(STACK + SLACK)?.min(HEAP) / GUARD * GUARD;
    (heap >= LEAST_HEAP).then_some(heap)
}

impl Memory {
    /// Addresses for all parts, none of them usable yet.
    fn reserve(heap: usize, mode: Mode) -> Option<Self> {
        let (none, flags) = (ProtFlags::empty(), MapFlags::PRIVATE | MapFlags::NORESERVE);
        let length = 2 * GUARD + STACK + heap;
        // SAFETY: the kernel chooses addresses that nobody uses.
        let start = unsafe { mmap_anonymous(std::ptr::null_mut(), length, none, flags) };
        Some(Self { start: NonNull::new(start.ok()?)?.cast(), heap, mode })
    }

    pub(super) fn mode(&self) -> Mode {
        self.mode
    }

    pub(super) fn stack(&self) -> Region {
        self.region(GUARD, STACK)
    }

    pub(super) fn heap(&self) -> Region {
        self.region(2 * GUARD + STACK, self.heap)
    }

    fn region(&self, offset: usize, size: usize) -> Region {
        // SAFETY: the callers above name parts of what `reserve` mapped.
        Region { start: unsafe { self.start.add(offset) }, size }
    }

    fn length(&self) -> usize {
        2 * GUARD + STACK + self.heap
    }

    /// It stays until the process ends.
    pub(super) fn keep(self) {
        std::mem::forget(self);
    }

    fn map_secret(self) -> Option<Self> {
        // SAFETY: the call takes a number and gives a number.
        let number = unsafe { libc::syscall(libc::SYS_memfd_secret, libc::O_CLOEXEC) };
        let number = i32::try_from(number).ok().filter(|number| *number >= 0)?;
        // SAFETY: the kernel has just opened it for us, and nobody else knows it.
        let file = unsafe { OwnedFd::from_raw_fd(number) };
        ftruncate(&file, u64::try_from(STACK + self.heap).ok()?).ok()?;
        for (part, offset) in [(self.stack(), 0), (self.heap(), STACK as u64)] {
            let flags = MapFlags::SHARED | MapFlags::FIXED;
            let usable = ProtFlags::READ | ProtFlags::WRITE;
            let start = part.start.as_ptr().cast();
            // SAFETY: it replaces a part of our own reservation, which nobody uses yet.
            unsafe { mmap(start, part.size, usable, flags, &file, offset) }.ok()?;
        }
        Some(self)
    }

    fn map_locked(self) -> Option<Self> {
        let memory = self.map_plain()?;
        for part in [memory.stack(), memory.heap()] {
            // SAFETY: the part is ours. A page is locked when it is first used, so that those
            // never used cost nothing.
            unsafe { mlock_with(part.start.as_ptr().cast(), part.size, MlockFlags::ONFAULT) }
                .ok()?;
        }
        Some(memory)
    }

    fn map_plain(self) -> Option<Self> {
        for part in [self.stack(), self.heap()] {
            let usable = MprotectFlags::READ | MprotectFlags::WRITE;
            // SAFETY: the part is ours, and nobody uses it yet.
            unsafe { mprotect(part.start.as_ptr().cast(), part.size, usable) }.ok()?;
        }
        Some(self)
    }

    /// Keeps it out of cores and of forked children, and its pages small, so that those not used
    /// are not there.
    ///
    /// Not in a forked child, rather than empty in it: secret memory is shared, and a child that
    /// ran on our stack would write into it.
    fn advise(&self) {
        for advice in [Advice::LinuxDontDump, Advice::LinuxDontFork, Advice::LinuxNoHugepage] {
            // SAFETY: none of these changes what the memory holds.
            let _as_before_if_refused =
                unsafe { madvise(self.start.as_ptr().cast(), self.length(), advice) };
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: only memory that was not moved into is dropped.
        let _leaked_if_refused = unsafe { munmap(self.start.as_ptr().cast(), self.length()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes and reads the first and the last byte of each part.
    fn is_usable(memory: &Memory) -> bool {
        [memory.stack(), memory.heap()].into_iter().all(|part| {
            // SAFETY: the parts are mapped, and nobody else has them.
            let bytes = unsafe { std::slice::from_raw_parts_mut(part.start.as_ptr(), part.size) };
            let last = part.size - 1;
            bytes[0] = 1;
            bytes[last] = 2;
            (bytes[0], bytes[last]) == (1, 2)
        })
    }

    #[test]
    fn each_kind_of_memory_can_be_used_or_is_refused() {
        let small = || Memory::reserve(LEAST_HEAP, Mode::Plain).expect("addresses");
        assert!(is_usable(&small().map_plain().expect("plain memory is always given")));
        assert!(small().map_locked().is_none_or(|memory| is_usable(&memory)));
        assert!(small().map_secret().is_none_or(|memory| is_usable(&memory)));
    }

    #[test]
    fn the_guards_and_parts_are_whole_pages() {
        for size in [GUARD, STACK, HEAP, LEAST_HEAP] {
            assert_eq!(size % rustix::param::page_size(), 0);
        }
    }
}
