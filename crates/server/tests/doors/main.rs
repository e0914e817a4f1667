//! The ways into a server in this process: TLS, HTTP/2, Unix sockets, balancers, several at once.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(unreachable_pub, reason = "nothing is outside of a program")]

mod certificates;
mod clients;
mod development;
mod frames;
mod http2;
mod http2_limits;
mod listeners;
mod proxy;
mod slow;
#[path = "../support/mod.rs"]
mod support;
mod tls;
