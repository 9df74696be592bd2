//! Who is asked for the key, and who waits for it.
