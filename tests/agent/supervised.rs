//! Socket activation, and the files for systemd and launchd.
