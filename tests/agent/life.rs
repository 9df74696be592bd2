//! Starting, stopping, replacing: one agent for all who need one.
