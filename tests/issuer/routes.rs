//! Which service answers which request.

use std::io;
use std::sync::MutexGuard;

use super::fault::{self, Fault};
use super::http::{self, Received, Reply, Seen};
use super::server::{Conn, End, Gate};
use super::state::State;
use super::{
    badges, canvas, canvas_oauth, code, dap, device, github, identity, introspection, oauth, studio,
};

/// The endpoints that give out tokens. GitHub's, whose path has a number in it, is another.
const MINTS: [&str; 9] = [
    identity::PATH,
    oauth::PATH,
    oauth::SHORT_PATH,
    canvas::PATH,
    canvas::JWTS_PATH,
    canvas::JWTS_REFRESH_PATH,
    canvas_oauth::PATH,
    badges::PATH,
    studio::PATH,
];

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
    let certificate = conn.client_certificate();
    fault::play(fault, conn, gate, || {
        let mut state = state();
        state.certificate = certificate;
        earned(&request, &mut state)
    })
}

fn note(request: &Seen, state: &mut State) -> Fault {
    state.seen.push(request.clone());
    let document = state.documents.get(request.path()).cloned();
    if is_mint(request) {
        state.logins += 1;
        document.unwrap_or_else(|| state.next_fault())
    } else {
        document.unwrap_or(Fault::None)
    }
}

/// Whatever the method, but for the end of a sign-in at Canvas.
fn is_mint(request: &Seen) -> bool {
    let is_end = request.path() == canvas_oauth::PATH && request.method == "DELETE";
    (MINTS.contains(&request.path()) || github::is_mint(request.path())) && !is_end
}

fn earned(request: &Seen, state: &mut State) -> Reply {
    let reply = match request.method.as_str() {
        "POST" => posted(request, state),
        "GET" => got(request, state),
        "DELETE" => deleted(request, state),
        _ => Reply::error(404, "not found"),
    };
    if (200..300).contains(&reply.status) {
        state.granted.push(request.path().to_owned());
    }
    reply
}

fn posted(request: &Seen, state: &mut State) -> Reply {
    match request.path() {
        identity::PATH => identity::login(request, state),
        oauth::PATH | oauth::SHORT_PATH => oauth::token(request, state),
        device::PATH => device::authorize(request, state),
        introspection::PATH => introspection::introspect(request, state),
        introspection::REVOCATION_PATH => introspection::revoke(request, state),
        canvas::PATH => canvas::inst_access_token(request, state),
        canvas::JWTS_PATH => canvas::service_jwt(request, state),
        canvas::JWTS_REFRESH_PATH => canvas::refreshed_service_jwt(request, state),
        canvas_oauth::PATH => canvas_oauth::token(request, state),
        badges::PATH => badges::token(request, state),
        studio::PATH => studio::token(request, state),
        path if github::is_mint(path) => github::access_token(request, state),
        _ => Reply::error(404, "not found"),
    }
}

fn got(request: &Seen, state: &mut State) -> Reply {
    match (request.path(), code::service_at(request.path())) {
        (_, Some(service)) => code::authorize(request, service, state),
        (canvas::USER_PATH, _) => canvas::user(request, state),
        (path, _) if path.starts_with(dap::PREFIX) => dap::query(request, state),
        _ => Reply::error(404, "not found"),
    }
}

fn deleted(request: &Seen, state: &mut State) -> Reply {
    match request.path() {
        canvas_oauth::PATH => canvas_oauth::revoke(request, state),
        github::REVOCATION_PATH => github::revoke(request, state),
        _ => Reply::error(404, "not found"),
    }
}
