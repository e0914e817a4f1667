//! A connection's requests, as hyper hands them over.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderValue};
use hyper::service::Service;
use hyper::{Method, Request, Response};
use tokio::sync::Semaphore;

use super::activity::Activity;
use super::paced_body::PacedBody;
use crate::listener::Door;
use crate::reply::respond;
use crate::{plain, request};

pub(super) struct Requests {
    pub(super) door: Arc<Door>,
    pub(super) places: Arc<Semaphore>,
    pub(super) activity: Arc<Activity>,
}

impl Service<Request<Incoming>> for Requests {
    type Response = Response<PacedBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let door = Arc::clone(&self.door);
        let under_way = self.activity.begin();
        let place = Arc::clone(&self.places).try_acquire_owned();
        Box::pin(async move {
            let is_head = request.method() == Method::HEAD;
            let response = match &place {
                Ok(_) => request::answer(&door, with_host(request)).await,
                Err(_) => {
                    let text = "Too many requests are under way.\n";
                    respond(plain::text(503, text), door.shared.broker.uuid())
                }
            };
            let (mut head, body) = response.into_parts();
            let Ok(bytes) = body.collect().await.map(http_body_util::Collected::to_bytes);
            if is_head {
                // The library leaves it to us that an answer to HEAD has no body.
                head.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
                let body = PacedBody::new(bytes.slice(..0), under_way, place.ok());
                return Ok(Response::from_parts(head, body));
            }
            Ok(Response::from_parts(head, PacedBody::new(bytes, under_way, place.ok())))
        })
    }
}

/// Puts the host that the client asked for where HTTP/1.1 has it, for everything that looks there:
/// a signature, for one. What the client itself put there says nothing else (RFC 9113, 8.3.1).
fn with_host(mut request: Request<Incoming>) -> Request<Incoming> {
    let authority = request.uri().authority();
    if let Some(host) = authority.and_then(|host| HeaderValue::from_str(host.as_str()).ok()) {
        request.headers_mut().insert(HOST, host);
    }
    request
}
