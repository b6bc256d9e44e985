//! The token, then the role: the first arguments of every handler under `/v1`.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use crate::access::By;
use crate::access::{Access, Principal, Role};
use crate::problem::{Code, Problem};

use super::request::RequestId;
use super::state::Rate;

/// A caller who may read and preview.
pub(super) struct Viewer;

/// A caller who may read, and whether they may change things as well.
pub(super) struct Reader {
    /// They are an editor or more.
    pub edits: bool,
}

impl<S> FromRequestParts<S> for Reader
where
    Arc<Access>: FromRef<S>,
    Arc<Rate>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let principal = admitted(parts, state, Role::Viewer)?;
        Ok(Self {
            edits: principal.role >= Role::Editor,
        })
    }
}

/// A caller who changes what is read.
pub(super) struct Editor(pub By);

/// A caller who runs the server.
pub(super) struct Admin(pub By);

impl<S> FromRequestParts<S> for Viewer
where
    Arc<Access>: FromRef<S>,
    Arc<Rate>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        admitted(parts, state, Role::Viewer).map(|_| Self)
    }
}

impl<S> FromRequestParts<S> for Admin
where
    Arc<Access>: FromRef<S>,
    Arc<Rate>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        by(parts, state, Role::Admin).map(Self)
    }
}

impl<S> FromRequestParts<S> for Editor
where
    Arc<Access>: FromRef<S>,
    Arc<Rate>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        by(parts, state, Role::Editor).map(Self)
    }
}

fn by<S>(parts: &Parts, state: &S, needed: Role) -> Result<By, Problem>
where
    Arc<Access>: FromRef<S>,
    Arc<Rate>: FromRef<S>,
{
    let principal = admitted(parts, state, needed)?;
    let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
    Ok(By {
        actor: principal.actor.clone(),
        request_id,
    })
}

fn admitted<S>(parts: &Parts, state: &S, needed: Role) -> Result<Arc<Principal>, Problem>
where
    Arc<Access>: FromRef<S>,
    Arc<Rate>: FromRef<S>,
{
    let principal = bearer(parts).and_then(|token| Arc::<Access>::from_ref(state).check(token)).ok_or_else(|| {
        Problem::new(
            Code::UNAUTHORIZED,
            "the request carries no token that this server knows; send `Authorization: Bearer lm_…`",
        )
    })?;
    if !Arc::<Rate>::from_ref(state).allows(&principal.actor) {
        let detail = "this token has made more requests in a second than it may; wait a second";
        return Err(Problem::new(Code::RATE_LIMITED, detail).retry_after(1));
    }
    if principal.role < needed {
        let (has, needs) = (principal.role.as_str(), needed.as_str());
        return Err(Problem::new(
            Code::FORBIDDEN,
            format!(
                "this token's role is {has}, and the call needs {needs}; ask an admin for such a token"
            ),
        ));
    }
    Ok(principal)
}

fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts
        .headers
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
