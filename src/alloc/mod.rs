//! The allocator that wipes what is freed, and the protected memory that a process may have its
//! blocks from.
//!
//! Careful types alone leave copies of a secret behind: HTTP write buffers, TLS plaintext buffers
//! and JSON scratch space are freed by code that is not ours. Wiping every freed block reaches
//! those too; [`enclosed`] keeps even the living ones from other processes. Nothing else belongs
//! here.

#![expect(unsafe_code, reason = "a global allocator cannot be written without it")]

#[cfg(target_os = "linux")]
mod arena;
mod enclosure;
#[cfg(target_os = "linux")]
mod mapping;
#[cfg(target_os = "linux")]
mod work_stack;

use std::alloc::{GlobalAlloc, Layout, System};

pub use enclosure::{Enclosure, Mode, enclosed, enclosure, room_on_work_stack, wipe_work_stack};

/// The system allocator, except that each block is overwritten with zeros before it is given back,
/// and that blocks come from protected memory once the process is [`enclosed`].
///
/// Cost: one write per freed byte. It does not reach the stack (see [`crate::stack::scrub`]) nor
/// memory that third-party C code allocates for itself.
#[derive(Debug)]
pub struct Wiping;

// SAFETY: a block is either an arena's, whose blocks are apart from each other and from everything
// else by its own contract, or `System`'s; which of the two is told by its address, so it returns
// to where it came from, with the layout it was asked for with. `dealloc` and `realloc` write only
// inside the block that `ptr` and `layout` describe, which the caller owns and, by contract, no
// longer uses afterwards.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        #[cfg(target_os = "linux")]
        // SAFETY: the caller promises that the layout is not empty.
        if let Some(block) = unsafe { arena::take(layout) } {
            return block.as_ptr();
        }
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        #[cfg(target_os = "linux")]
        // SAFETY: the caller promises that the layout is not empty; the block has its size. It is
        // not zero yet: the arena keeps its lists in free blocks.
        unsafe {
            if let Some(block) = arena::take(layout) {
                block.write_bytes(0, layout.size());
                return block.as_ptr();
            }
        }
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: `ptr` was returned by this allocator for `layout` and is valid for `layout.size()`
        // bytes until it is given back below, to the one of the two that it came from.
        unsafe {
            wipe(ptr, layout.size());
            #[cfg(target_os = "linux")]
            if arena::put_back(ptr, layout) {
                return;
            }
            System.dealloc(ptr, layout);
        }
    }

    // Never `System.realloc`: it may move the block and free the old one unwiped.
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller promises that `new_size`, rounded up to the alignment, fits `isize`.
        let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // SAFETY: `new_layout` has a non-zero size by the caller's promise.
        let new = unsafe { self.alloc(new_layout) };
        if !new.is_null() {
            // SAFETY: both blocks are valid for the smaller of the two sizes and, being two live
            // blocks, do not overlap; the old one is ours to free.
            unsafe {
                std::ptr::copy_nonoverlapping(ptr, new, layout.size().min(new_size));
                self.dealloc(ptr, layout);
            }
        }
        new
    }
}

/// Overwrites `len` bytes at `ptr` with zeros.
///
/// # Safety
/// `ptr` must be valid for writes of `len` bytes.
#[inline]
unsafe fn wipe(ptr: *mut u8, len: usize) {
    // SAFETY: the caller's promise.
    unsafe { std::ptr::write_bytes(ptr, 0, len) };
    // SAFETY: no instruction is in it. To the compiler it may read any memory that the pointer leads
    // to, so the write above is not dead although the block is freed next.
    unsafe { std::arch::asm!("/* {0} */", in(reg) ptr, options(nostack, preserves_flags)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_zero_after_the_wipe() {
        let mut block = vec![0xA5_u8; 4096];
        // SAFETY: the vector owns 4096 initialised bytes.
        unsafe { wipe(block.as_mut_ptr(), block.len()) };
        assert!(block.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn growing_and_shrinking_keep_the_content() {
        let layout = Layout::from_size_align(64, 8).expect("a valid layout");
        // SAFETY: the layout is valid and not empty; each pointer is freed once with its layout.
        unsafe {
            let ptr = Wiping.alloc(layout);
            ptr.write_bytes(7, 64);
            let grown = Wiping.realloc(ptr, layout, 4096);
            assert!(std::slice::from_raw_parts(grown, 64).iter().all(|byte| *byte == 7));
            let big = Layout::from_size_align(4096, 8).expect("a valid layout");
            let shrunk = Wiping.realloc(grown, big, 16);
            assert!(std::slice::from_raw_parts(shrunk, 16).iter().all(|byte| *byte == 7));
            Wiping.dealloc(shrunk, Layout::from_size_align(16, 8).expect("a valid layout"));
        }
    }
}
