//! Refresh tokens and what becomes of them when they are used.

use super::Issuer;
use super::state::State;
use super::token;

/// The services with codes and refresh tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// `/login/oauth2/…`
    Canvas,
    /// `/o/…`
    Badges,
    /// `/api/public/oauth/…`
    Studio,
    /// `/oauth/…`
    OAuth,
}

/// What using a refresh token does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The reply brings the next one; the old one is dead at once, and using it again ends all.
    Rotating,
    /// It stays, and the reply brings none.
    Fixed,
    /// It is dead at once, and the reply brings none: nothing can follow.
    Silent,
    /// The reply brings another one, and both work.
    Lenient,
}

/// All refresh tokens of one service.
pub struct Families {
    rotation: Rotation,
    list: Vec<Family>,
    reuses: usize,
}

/// What came of one sign-in.
struct Family {
    client: String,
    scope: String,
    current: Vec<String>,
    past: Vec<String>,
    access: Vec<String>,
}

/// What a refresh gives, besides an access token.
pub struct Refreshed {
    pub refresh: Option<String>,
    pub scope: String,
    family: usize,
}

impl Families {
    /// Studio's rotation is not known; the others are known to rotate, or can.
    pub fn of(service: Service) -> Self {
        let rotation = match service {
            Service::Studio => Rotation::Fixed,
            Service::Canvas | Service::Badges | Service::OAuth => Rotation::Rotating,
        };
        Self { rotation, list: Vec::new(), reuses: 0 }
    }

    /// A new sign-in that gave `access`; brings its first refresh token.
    pub fn begin(&mut self, client: &str, scope: &str, access: &str) -> String {
        let refresh = token::opaque();
        self.adopt(client, scope, &refresh);
        self.list.last_mut().expect("adopted").access.push(access.to_owned());
        refresh
    }

    fn adopt(&mut self, client: &str, scope: &str, refresh: &str) {
        self.list.push(Family {
            client: client.to_owned(),
            scope: scope.to_owned(),
            current: vec![refresh.to_owned()],
            past: Vec::new(),
            access: Vec::new(),
        });
    }

    /// Uses a refresh token; else gives the access tokens that end with the family.
    fn turn(&mut self, client: &str, refresh: &str) -> Result<Refreshed, Vec<String>> {
        let holds = |family: &Family| {
            let mut all = family.current.iter().chain(&family.past);
            family.client == client && all.any(|known| known == refresh)
        };
        let found = self.list.iter().position(holds).ok_or_else(Vec::new)?;
        let family = &mut self.list[found];
        if !family.current.iter().any(|known| known == refresh) {
            self.reuses += 1;
            family.past.append(&mut family.current);
            return Err(std::mem::take(&mut family.access));
        }
        let next = family.turned(self.rotation);
        Ok(Refreshed { refresh: next, scope: family.scope.clone(), family: found })
    }
}

impl Family {
    fn turned(&mut self, rotation: Rotation) -> Option<String> {
        if matches!(rotation, Rotation::Rotating | Rotation::Silent) {
            self.past.append(&mut self.current);
        }
        let next = matches!(rotation, Rotation::Rotating | Rotation::Lenient).then(token::opaque);
        self.current.extend(next.clone());
        next
    }
}

/// Uses a refresh token, and makes the access token that comes of it.
pub fn refresh(
    state: &mut State,
    service: Service,
    client: &str,
    refresh: &str,
) -> Option<(String, Refreshed)> {
    match state.families(service).turn(client, refresh) {
        Ok(refreshed) => {
            let access = token::opaque();
            state.record(&access);
            let family = &mut state.families(service).list[refreshed.family];
            family.access.push(access.clone());
            Some((access, refreshed))
        }
        Err(ended) => {
            state.revoke_all(&ended);
            None
        }
    }
}

/// Ends the sign-in with this refresh token, if there is one.
pub fn end(state: &mut State, service: Service, refresh: &str) {
    let list = &mut state.families(service).list;
    let holds = |family: &mut Family| family.current.iter().any(|known| known == refresh);
    let ended: Vec<String> = list.extract_if(.., holds).flat_map(|family| family.access).collect();
    state.revoke_all(&ended);
}

impl Issuer {
    /// Makes this a refresh token of `client_id`, as of an earlier sign-in. At Canvas it is the
    /// grant's for good; elsewhere it is subject to the rotation.
    pub fn accept_refresh_token(&self, service: Service, client_id: &str, refresh: &str) {
        let mut state = self.state();
        match service {
            Service::Canvas => state.canvas.adopt(client_id, refresh),
            Service::Badges => {
                state.families(service).adopt(client_id, super::badges::SCOPE, refresh);
            }
            Service::Studio | Service::OAuth => {
                state.families(service).adopt(client_id, "", refresh);
            }
        }
    }

    /// What using a refresh token does from now on. Unless set, it rotates, but not at Studio; at
    /// Canvas it never does.
    pub fn rotation(&self, service: Service, rotation: Rotation) {
        self.state().families(service).rotation = rotation;
    }

    /// How often a refresh token was used that was dead by rotation.
    pub fn refresh_reuses(&self, service: Service) -> usize {
        self.state().families(service).reuses
    }

    /// The refresh token of the latest sign-in that works now.
    pub fn current_refresh_token(&self, service: Service) -> Option<String> {
        let mut state = self.state();
        match service {
            Service::Canvas => state.canvas.latest_refresh_token(),
            _ => state.families(service).list.last()?.current.last().cloned(),
        }
    }

    /// Ends all sign-ins at this service: what the user's "revoke access" does.
    pub fn end_sign_ins(&self, service: Service) {
        let mut state = self.state();
        state.canvas.end_if(service);
        let families = state.families(service);
        let ended: Vec<String> = families.list.drain(..).flat_map(|family| family.access).collect();
        state.revoke_all(&ended);
    }
}
