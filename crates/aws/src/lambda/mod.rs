//! AWS Lambda: from a request's path, query and body to what is asked of functions, and back.
//!
//! Lambda is the one service here that names its operations by method and path (REST). A
//! [`LambdaRequest`] is what any of them asks; types have been checked then, and the names of
//! functions. Bounds are the business of `tidings-lambda`.

pub mod event_sources;
mod functions;
pub mod output;
mod request;
mod route;
mod settings;
#[cfg(test)]
mod tests;

pub use event_sources::{CreateMapping, EventSourceRequest};
pub use functions::{CreateFunction, UpdateCode};
pub use request::{Asked, InvocationType, Invoke, InvokeHeaders, LambdaRequest, PageWanted};
pub use route::{Route, is_rest_path};
