//! The two DAP queries that need no job: listing tables and reading a schema.

use serde_json::json;

use super::http::{Reply, Seen};
use super::state::State;
use super::token;

pub const PREFIX: &str = "/dap/query/";

const TABLES: [&str; 3] = ["accounts", "courses", "users"];

/// `{namespace}/table` and `{namespace}/table/{table}/schema`, for any namespace and a bearer of a
/// token this issuer still honours.
pub fn query(request: &Seen, state: &State) -> Reply {
    if !request.bearer().is_some_and(|token| state.honours(token)) {
        return failure(401, "AuthenticationError", "the token is missing, unknown or expired");
    }
    let rest = request.path().strip_prefix(PREFIX).unwrap_or_default();
    match rest.split('/').collect::<Vec<_>>()[..] {
        [_, "table"] => Reply::json(200, &json!({ "tables": TABLES })),
        [_, "table", table, "schema"] if TABLES.contains(&table) => schema(table),
        _ => failure(404, "NotFoundError", "no such table"),
    }
}

fn schema(table: &str) -> Reply {
    let id = json!({"type": "integer", "format": "int64"});
    let key = json!({"type": "object", "properties": {"id": id}, "required": ["id"]});
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": table,
        "type": "object",
        "properties": {"key": key},
        "required": ["key"],
    });
    Reply::json(200, &json!({"schema": schema, "version": 1}))
}

fn failure(status: u16, kind: &str, message: &str) -> Reply {
    let error = json!({"type": kind, "uuid": token::uuid(), "message": message});
    Reply::json(status, &json!({ "error": error }))
}
