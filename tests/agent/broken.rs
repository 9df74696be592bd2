//! An agent that dies, hangs, or runs out of something.
