//! The parameters of a request, as its query string has them.

use axum::http::Uri;
use chrono::Utc;
use chrono_tz::Tz;

use crate::cursor::Place;
use crate::params::{Params, WINDOW, Window};
use crate::problem::Problem;
use crate::reads::Part;

/// The parameters of a request's query string.
pub(super) fn params(uri: &Uri) -> Result<Params, Problem> {
    let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    Params::new(pairs.into_owned().collect())
}

/// `limit` and `cursor`.
pub(super) fn part<P: Place>(params: &mut Params) -> Result<Part<P>, Problem> {
    let limit = params.limit()?;
    Part::after("cursor", params.text("cursor").as_deref(), limit)
}

/// `window`, or `from` and `to`: days of a time zone.
pub(super) fn window(params: &mut Params, zone: Tz) -> Result<Option<Window>, Problem> {
    let window = params.read("window", WINDOW, |text| Window::parse(text, Utc::now(), zone))?;
    Window::of(window, params.time("from", zone)?, params.time("to", zone)?)
}
