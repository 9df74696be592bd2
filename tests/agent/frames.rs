//! Frames of every kind, from clients of every kind.
