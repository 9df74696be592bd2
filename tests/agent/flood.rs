//! Too many, too slow, too large: the others are answered all the same.
