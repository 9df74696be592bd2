//! Overwrites the part of the stack that finished calls have left behind.
//!
//! Values moved by third-party code (a curve scalar, say) leave copies in dead frames, which no
//! allocator sees.

use zeroize::Zeroize;

use crate::alloc;

const STEP: usize = 64 * 1024;

/// How deep below the caller's frame the stack is overwritten: what was measured to be used, twice
/// over. Each page costs, so that not everything is overwritten always; the main thread has 8 MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Below the opening of a vault.
    Opening,
    /// Below a mint over TLS.
    Mint,
}

/// Overwrites the stack below the caller with zeros: 128 KiB or 1 MiB; on the stack of an enclosed
/// process ([`alloc::enclosed`]) everything that was ever used of it, whatever the depth. To be
/// called once the secrets are dropped, from a frame at or above the one that first held them.
#[inline(never)]
pub fn scrub(depth: Depth) {
    let steps = match depth {
        Depth::Opening => 2,
        Depth::Mint => 16,
    };
    let Some(room) = alloc::room_on_work_stack() else { return descend(steps) };
    alloc::wipe_work_stack();
    // What the wipe left out lies within one step; near the end of the stack there is no room for
    // that, and less than a step is left.
    if room > 2 * STEP {
        descend(1);
    }
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
