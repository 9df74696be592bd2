//! Locks, and when they come by themselves.
