//! One connection's requests: who sends them, and what answers them.

use std::convert::Infallible;
use std::sync::Arc;

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;

use super::kept_open::KeptOpen;
use super::peer::{Network, Origin, peer};
use super::received::{Answer, Answering, Endless, Received, Work};
use super::routes::Routes;
use super::security;

/// Answers the requests of one connection.
pub(super) struct Requests {
    pub(super) routes: Routes,
    pub(super) origin: Origin,
    pub(super) by_tls: bool,
    pub(super) trusted: Arc<[Network]>,
    pub(super) kept_open: KeptOpen,
}

impl Requests {
    pub(super) fn answer(
        &self,
        mut request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Answer>, Infallible>> + Send + use<> {
        let peer = peer(self.origin, request.headers(), &self.trusted);
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(self.kept_open.clone());
        let work = Arc::new(Work::new(self.kept_open.connection()));
        if request.body().is_end_stream() {
            work.begin();
        }
        let answering = Answering(Arc::clone(&work));
        let request = request.map(|body| Received { body, work: Arc::clone(&work) });
        let answer = self.routes.answer(request);
        let by_tls = self.by_tls;
        async move {
            let mut answer = answer.await;
            if answer.extensions_mut().remove::<Endless>().is_some() {
                work.streams();
            }
            drop(answering);
            security::add_headers(&mut answer, by_tls);
            Ok(answer.map(|body| Answer { body, work }))
        }
    }
}
