//! Overwrites the part of the stack that finished calls have left behind.
//!
//! Values moved by third-party code (a curve scalar, say) leave copies in dead frames, which no
//! allocator sees.

use zeroize::Zeroize;

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

/// Overwrites the stack below the caller with zeros: 128 KiB or 1 MiB. To be called once the secrets
/// are dropped, from a frame at or above the one that first held them.
#[inline(never)]
pub fn scrub(depth: Depth) {
    descend(match depth {
        Depth::Opening => 2,
        Depth::Mint => 16,
    });
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
