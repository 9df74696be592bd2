//! Overwrites the part of the stack that finished calls have left behind.
//!
//! Values moved by third-party code (a curve scalar, say) leave copies in dead frames, which no
//! allocator sees.

use zeroize::Zeroize;

/// How deep below the caller's frame the stack is overwritten. A mint over TLS was measured to use
/// less than half of it; the main thread has 8 MiB.
const DEPTH: usize = 1024 * 1024;
const STEP: usize = 64 * 1024;

/// Overwrites one mebibyte of stack below the caller with zeros. To be called once the secrets are
/// dropped, from a frame at or above the one that first held them.
#[inline(never)]
pub fn scrub() {
    descend(DEPTH / STEP);
}

#[expect(clippy::large_stack_arrays, reason = "to use the stack up is what it is for")]
#[inline(never)]
fn descend(steps: usize) {
    let mut frame = [0xFF_u8; STEP];
    std::hint::black_box(&mut frame);
    if steps > 1 {
        descend(steps - 1);
    }
    // After the deeper call, so that the call cannot be turned into a loop over one frame.
    frame.zeroize();
    std::hint::black_box(&mut frame);
}
