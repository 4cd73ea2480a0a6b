//! A router of axum as what a server answers. A request whose handler panics is answered, too.

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use http_body_util::BodyExt;
use tower::Service;

use super::body::{BodyError, problem};
use super::route::Route;
use super::routes::Routes;
use crate::panics;

impl From<Router> for Routes {
    fn from(router: Router) -> Self {
        let router = router.layer(middleware::from_fn(named));
        Self::new(move |request| {
            // a router is always ready
            let answered = router.clone().call(request);
            Box::pin(async move {
                let Ok(answer) = answered.await;
                answer.map(|body| body.map_err(BodyError::from).boxed_unsync())
            })
        })
    }
}

/// Names the route that a request went to, and answers it if its handler panics.
async fn named(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| Route(path.as_str().to_owned()));
    let mut answer = catch_panics(request, next).await;
    if let Some(route) = route {
        answer.extensions_mut().insert(route);
    }
    answer
}

/// A middleware that answers a request whose handler panics with 500 and a problem (RFC 9457).
pub async fn catch_panics(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    match panics::caught(next.run(request)).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(%method, path, error, "a request's handler panicked: this is a fault of sei");
            let detail = "This is a fault of the server; its log says more.";
            problem(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail).map(Body::new)
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_in_a_handler_is_an_answer_with_problem_details() {
        let broken = get(async || -> &'static str { panic!("no such thing") });
        let router = Router::new()
            .route("/broken", broken)
            .route("/whole", get(async || "yes"))
            .layer(middleware::from_fn(catch_panics));
        let ask = async |path: &str| {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap()
        };
        let answer = ask("/broken").await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(ask("/whole").await.status(), StatusCode::OK);
    }
}
