//! The agent: how well what it holds is protected. It is not started for this.

use serde_json::Value;

use super::Finding;
use crate::cli::commands::status;
use crate::cli::parts::Parts;

/// Looks at a running agent.
pub(super) fn look(parts: &Parts) -> Vec<Finding> {
    const WHAT: &str = "agent";
    if parts.runtime().is_locked() {
        return vec![Finding::warn(WHAT, "everything is locked", Some("mintage unlock"))];
    }
    match status::of_agent(parts) {
        Ok(Some(agent)) => vec![memory(&agent), sandbox(&agent)],
        Ok(None) => vec![Finding::ok(WHAT, "not running; a command that needs it starts it")],
        Err(failure) => vec![Finding::of(WHAT, &failure)],
    }
}

fn memory(agent: &Value) -> Finding {
    const WHAT: &str = "agent memory";
    let memory = agent.get("memory");
    let overflowed = memory.and_then(|it| it.get("overflowed")?.as_u64()).unwrap_or_default();
    match memory.and_then(|it| it.get("mode")?.as_str()) {
        Some("secret") if overflowed == 0 => {
            Finding::ok(WHAT, "in no core, not in swap, closed to other processes")
        }
        Some("secret") => {
            Finding::warn(WHAT, "it was full once: some was in ordinary memory", RAISE)
        }
        Some("locked") => Finding::warn(WHAT, "locked, and root can read it", None),
        Some("plain") => Finding::warn(
            WHAT,
            "may be swapped out: the limit on locked memory is too small",
            RAISE,
        ),
        _ => Finding::warn(WHAT, "ordinary: this system gives no better", None),
    }
}

const RAISE: Option<&str> = Some("ulimit -l 65536 && mintage agent stop");

fn sandbox(agent: &Value) -> Finding {
    const WHAT: &str = "agent sandbox";
    match agent.get("sandbox").and_then(Value::as_str) {
        Some(said @ "files and system calls") => Finding::ok(WHAT, said),
        Some(said) => Finding::warn(WHAT, said, None),
        None => Finding::warn(WHAT, "off", None),
    }
}
