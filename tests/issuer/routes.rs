//! Which service answers which request.

use std::io;
use std::sync::MutexGuard;

use super::fault::{self, Fault};
use super::http::{self, Received, Reply, Seen};
use super::server::{Conn, End, Gate};
use super::state::State;
use super::{canvas, dap, identity, oauth};

/// Serves one request: notes it, and answers with what it earned or what a fault makes of that.
pub fn serve<'a>(
    conn: &mut Conn,
    gate: &Gate,
    state: impl Fn() -> MutexGuard<'a, State>,
) -> io::Result<End> {
    let request = match http::receive(conn)? {
        Received::Whole(request) => request,
        Received::Refused(reply) => {
            reply.send(conn)?;
            return Ok(End::Polite);
        }
    };
    let fault = note(&request, &mut state());
    fault::play(fault, conn, gate, || earned(&request, &mut state()))
}

fn note(request: &Seen, state: &mut State) -> Fault {
    state.seen.push(request.clone());
    if [identity::PATH, oauth::PATH, canvas::PATH].contains(&request.path()) {
        state.logins += 1;
        state.next_fault()
    } else {
        state.documents.get(request.path()).cloned().unwrap_or(Fault::None)
    }
}

fn earned(request: &Seen, state: &mut State) -> Reply {
    match (request.method.as_str(), request.path()) {
        ("POST", identity::PATH) => identity::login(request, state),
        ("POST", oauth::PATH) => oauth::token(request, state),
        ("POST", canvas::PATH) => canvas::inst_access_token(request, state),
        ("GET", path) if path.starts_with(dap::PREFIX) => dap::query(request, state),
        _ => Reply::error(404, "not found"),
    }
}
