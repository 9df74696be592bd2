//! Blocks out of one region of memory: where the region comes from is not known here.

#![expect(unsafe_code, reason = "an arena hands out raw memory")]

use std::alloc::Layout;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use talc::DefaultBinning;
use talc::base::Talc;
use talc::source::Manual;

/// The arena of this process. Closed until the process is enclosed.
pub(super) static ARENA: Arena = Arena::closed();

/// Where blocks come from once [`ARENA`] is full: plain memory that is kept out of cores, too.
pub(super) static SPARE: Arena = Arena::closed();

/// A block of the first of the two that has room, or nothing while they are closed or too full.
///
/// # Safety
/// The layout is not empty.
#[inline]
pub(super) unsafe fn take(layout: Layout) -> Option<NonNull<u8>> {
    if !ARENA.is_open() {
        return None;
    }
    // SAFETY: the caller's promise.
    unsafe { ARENA.take(layout).or_else(|| SPARE.take(layout)) }
}

/// Takes a block back, its content wiped. Whether it was one of the two's: else nothing is done.
///
/// # Safety
/// If it is of [`take`], then for this `layout`, and nobody uses it any more.
#[inline]
pub(super) unsafe fn put_back(block: *mut u8, layout: Layout) -> bool {
    // One look for programs that open no arena.
    if !ARENA.is_open() {
        return false;
    }
    let from = [&ARENA, &SPARE].into_iter().find(|arena| arena.holds(block));
    // SAFETY: the caller's promise; the regions are apart.
    from.map(|arena| unsafe { arena.put_back(block, layout) }).is_some()
}

/// A region and the blocks of it that are in use.
///
/// When it is full, [`Self::take`] gives nothing and counts what was wanted.
#[derive(Debug)]
pub(super) struct Arena {
    /// The address of the first byte; 0 while it is closed, so that one look tells.
    start: AtomicUsize,
    size: AtomicUsize,
    overflowed: AtomicUsize,
    /// The standard library's lock waits in the kernel and never allocates on Linux.
    blocks: Mutex<Blocks>,
}

#[derive(Debug)]
struct Blocks {
    talc: Talc<Manual, DefaultBinning>,
    in_use: usize,
}

impl Arena {
    pub(super) const fn closed() -> Self {
        Self {
            start: AtomicUsize::new(0),
            size: AtomicUsize::new(0),
            overflowed: AtomicUsize::new(0),
            blocks: Mutex::new(Blocks { talc: Talc::new(Manual), in_use: 0 }),
        }
    }

    /// Lays the arena out in a region. `false` if it is too small or the arena is open already.
    ///
    /// # Safety
    /// The region is readable and writable, nobody else uses it, and it stays until the process
    /// ends or [`Self::close`] says that nothing of it is in use.
    pub(super) unsafe fn open(&self, start: NonNull<u8>, size: usize) -> bool {
        let mut blocks = self.blocks();
        // SAFETY: the caller's promise: only the arena touches the region from here on.
        if self.is_open() || unsafe { blocks.talc.claim(start.as_ptr(), size) }.is_none() {
            return false;
        }
        drop(blocks);
        self.size.store(size, Ordering::Relaxed);
        self.start.store(start.addr().get(), Ordering::Release);
        true
    }

    /// Takes no more from the region. Whether no block of it is in use, so that it may be unmapped.
    pub(super) fn close(&self) -> bool {
        let mut blocks = self.blocks();
        if blocks.in_use > 0 {
            return false;
        }
        self.start.store(0, Ordering::Release);
        blocks.talc = Talc::new(Manual);
        true
    }

    #[inline]
    fn is_open(&self) -> bool {
        self.start.load(Ordering::Acquire) != 0
    }

    /// A block, or nothing while the arena is closed or too full.
    ///
    /// # Safety
    /// The layout is not empty.
    #[inline]
    pub(super) unsafe fn take(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: the caller's promise.
        if self.is_open() { unsafe { self.take_open(layout) } } else { None }
    }

    // Apart, so that programs that open no arena pay for one look and no more.
    #[cold]
    #[inline(never)]
    unsafe fn take_open(&self, layout: Layout) -> Option<NonNull<u8>> {
        let mut blocks = self.blocks();
        // SAFETY: the layout is not empty.
        let block = unsafe { blocks.talc.allocate(layout) };
        if block.is_some() {
            blocks.in_use += layout.size();
        } else {
            self.overflowed.fetch_add(layout.size(), Ordering::Relaxed);
        }
        block
    }

    /// Whether an address lies in the region.
    #[inline]
    pub(super) fn holds(&self, block: *const u8) -> bool {
        let start = self.start.load(Ordering::Acquire);
        start != 0 && block.addr().wrapping_sub(start) < self.size.load(Ordering::Relaxed)
    }

    /// Takes a block back. Its content is the caller's to wipe, before.
    ///
    /// # Safety
    /// [`Self::take`] gave `block` for this `layout`, and nobody uses it any more.
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn put_back(&self, block: *mut u8, layout: Layout) {
        let mut blocks = self.blocks();
        // SAFETY: the caller's promise.
        unsafe { blocks.talc.deallocate(block, layout) };
        blocks.in_use = blocks.in_use.saturating_sub(layout.size());
    }

    /// Bytes of the region, of them in use, and wanted in vain since it is open.
    pub(super) fn figures(&self) -> (usize, usize, usize) {
        let in_use = self.blocks().in_use;
        (self.size.load(Ordering::Relaxed), in_use, self.overflowed.load(Ordering::Relaxed))
    }

    fn blocks(&self) -> MutexGuard<'_, Blocks> {
        // Nothing panics while it is held; if it ever did, to go on is better than to hang.
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 256 * 1024;

    /// An arena of its own in memory that stays.
    fn open() -> Arena {
        let region = Box::leak(vec![0_u8; SIZE].into_boxed_slice());
        let arena = Arena::closed();
        // SAFETY: the region was leaked: nobody else has it, and it stays.
        assert!(unsafe { arena.open(NonNull::from(region).cast(), SIZE) });
        arena
    }

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).expect("a valid layout")
    }

    #[test]
    fn a_closed_arena_gives_and_holds_nothing() {
        let arena = Arena::closed();
        // SAFETY: the layout is not empty.
        assert!(unsafe { arena.take(layout(8, 8)) }.is_none());
        assert!(!arena.holds(std::ptr::null()));
        assert!(!arena.holds(std::ptr::from_ref(&arena).cast()));
    }

    #[test]
    fn blocks_are_aligned_apart_and_inside() {
        let arena = open();
        let mut ends = 0;
        for (size, align) in [(1, 1), (24, 8), (100, 64), (5000, 4096), (7, 16), (64, 32)] {
            // SAFETY: the layout is not empty; the block has `size` bytes.
            let block = unsafe { arena.take(layout(size, align)) }.expect("there is room");
            assert_eq!(block.addr().get() % align, 0);
            assert!(arena.holds(block.as_ptr()));
            // SAFETY: as above.
            unsafe { block.write_bytes(0xA5, size) };
            ends += size;
            assert_eq!(arena.figures().1, ends);
        }
    }

    #[test]
    fn what_is_put_back_is_given_again_however_often() {
        let arena = open();
        for _ in 0..1000 {
            // SAFETY: the layout is not empty; the block is put back once.
            unsafe {
                let block = arena.take(layout(SIZE / 2, 8)).expect("there is room");
                arena.put_back(block.as_ptr(), layout(SIZE / 2, 8));
            }
        }
        assert_eq!(arena.figures(), (SIZE, 0, 0));
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let arena = open();
        // SAFETY: the layouts are not empty.
        unsafe {
            assert!(arena.take(layout(SIZE, 8)).is_none());
            assert!(arena.take(layout(SIZE * 2, 4096)).is_none());
            assert!(arena.take(layout(16, 8)).is_some());
        }
        assert_eq!(arena.figures(), (SIZE, 16, 3 * SIZE));
    }

    #[test]
    fn it_closes_only_when_nothing_is_in_use() {
        let arena = open();
        // SAFETY: the layout is not empty; the block is put back once.
        unsafe {
            let block = arena.take(layout(16, 8)).expect("there is room");
            assert!(!arena.close());
            arena.put_back(block.as_ptr(), layout(16, 8));
        }
        assert!(arena.close());
        // SAFETY: the layout is not empty.
        assert!(unsafe { arena.take(layout(16, 8)) }.is_none());
    }

    #[test]
    fn threads_share_it() {
        let arena = open();
        std::thread::scope(|scope| {
            for mark in 0..4_u8 {
                let arena = &arena;
                scope.spawn(move || {
                    for round in 1..2000_usize {
                        let layout = layout(round % 700 + 1, 8);
                        // SAFETY: the layout is not empty; the block has its size and is put back
                        // once.
                        unsafe {
                            let block = arena.take(layout).expect("there is room");
                            block.write_bytes(mark, layout.size());
                            let bytes = std::slice::from_raw_parts(block.as_ptr(), layout.size());
                            assert!(bytes.iter().all(|byte| *byte == mark));
                            arena.put_back(block.as_ptr(), layout);
                        }
                    }
                });
            }
        });
        assert_eq!(arena.figures(), (SIZE, 0, 0));
    }
}
