//! The stack of an enclosed process: switched to, and wiped below whoever asks.

#![expect(unsafe_code, reason = "a stack is switched to and wiped by raw addresses")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use super::enclosure::mode;
use super::mapping::Region;
use super::{Mode, wipe};

/// What the functions below and those they call use of the stack themselves, many times over.
const MARGIN: usize = 1 << 14;
/// So many pages are asked about at a time.
const PAGES: usize = 64;

/// Where the stack starts, at its low end; null until there is one.
static START: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());
static SIZE: AtomicUsize = AtomicUsize::new(0);

/// Runs `work` on `stack`, and wipes the stack afterwards.
///
/// # Safety
/// The region is readable and writable, below it is a guard, it stays for ever, and nobody else
/// uses it. Called once.
pub(super) unsafe fn run<R>(stack: Region, work: impl FnOnce() -> R) -> R {
    SIZE.store(stack.size, Ordering::Relaxed);
    START.store(stack.start.as_ptr(), Ordering::Release);
    // Frames of the two stacks are not one chain: no panic may pass from one to the other.
    let work = || catch_unwind(AssertUnwindSafe(work));
    // SAFETY: both ends of the region are aligned to pages, and `work` does not unwind.
    let result = unsafe { psm::on_stack(stack.start.as_ptr(), stack.size, work) };
    // SAFETY: nothing on it is in use any more: we are back on the caller's stack.
    unsafe { wipe_pages(stack.start, stack.size) };
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

/// The stack, and how many bytes of it are below the caller; `None` on any other stack.
#[inline]
fn below() -> Option<(NonNull<u8>, usize)> {
    let start = NonNull::new(START.load(Ordering::Acquire))?;
    let here = psm::stack_pointer().addr();
    let room = here.checked_sub(start.addr().get())?;
    (room < SIZE.load(Ordering::Relaxed)).then_some((start, room))
}

/// See [`super::room_on_work_stack`].
pub(super) fn room() -> Option<usize> {
    below().map(|(_, room)| room)
}

/// See [`super::wipe_work_stack`].
#[inline(never)]
pub(super) fn wipe_below() {
    if let Some((start, room)) = below() {
        // SAFETY: what lies further below this frame than this function and those it calls can
        // reach belongs to calls that are over.
        unsafe { wipe_pages(start, room.saturating_sub(MARGIN)) };
    }
}

/// Overwrites `length` bytes from `start`, without touching pages that were never used: each would
/// have to be found by the kernel, and stays.
///
/// # Safety
/// `start` is the start of the stack, `length` is within it, and nothing there is in use.
unsafe fn wipe_pages(start: NonNull<u8>, length: usize) {
    let page = rustix::param::page_size();
    // Memory that may be swapped out is not all in use that is there.
    let may_skip = mode() != Some(Mode::Plain);
    let mut done = 0;
    while done < length {
        let part = (length - done).min(PAGES * page);
        let mut present = [1_u8; PAGES];
        if may_skip {
            // SAFETY: the part is mapped, and `present` has a byte for each of its pages. If it is
            // refused, the pages count as used.
            let _all_present_if_refused = unsafe {
                libc::mincore(start.as_ptr().add(done).cast(), part, present.as_mut_ptr())
            };
        }
        for (index, _) in present.iter().enumerate().filter(|(_, is)| **is & 1 == 1) {
            let offset = done + index * page;
            if offset < length {
                // SAFETY: within the length that the caller gave.
                unsafe { wipe(start.as_ptr().add(offset), page.min(length - offset)) };
            }
        }
        done += part;
    }
}

#[cfg(test)]
mod tests {
    use super::super::mapping::best;
    use super::*;

    #[inline(never)]
    fn use_up(kib: usize) {
        let mut frame = [0xA5_u8; 1024];
        std::hint::black_box(&mut frame);
        if kib > 1 {
            use_up(kib - 1);
        }
        std::hint::black_box(&mut frame);
    }

    #[test]
    fn a_wipe_reaches_all_pages() {
        let memory = best().expect("there is memory");
        let stack = memory.stack();
        let marks = |length: usize| {
            // SAFETY: the stack is mapped; what is read is not in use by anybody.
            let bytes = unsafe { std::slice::from_raw_parts(stack.start.as_ptr(), length) };
            bytes.iter().map(|byte| usize::from(*byte == 0xA5)).sum::<usize>()
        };
        let work = || {
            use_up(500);
            let dead = room().expect("on it") - 2 * MARGIN;
            assert!(marks(dead) > 400 * 1024);
            wipe_below();
            assert_eq!(marks(dead), 0);
            use_up(500);
        };
        // SAFETY: the region is this test's own, and is kept below.
        unsafe { run(stack, work) };
        assert_eq!(marks(stack.size), 0);
        assert_eq!(room(), None);
        memory.keep();
    }
}
