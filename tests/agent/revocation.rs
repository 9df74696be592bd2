//! Tokens forgotten and taken back.
