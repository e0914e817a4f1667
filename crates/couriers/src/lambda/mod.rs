//! Functions that run elsewhere: AWS Lambda, another Tidings, or whatever speaks its API.

mod config;
mod lambda_courier;

pub use config::{LambdaConfig, RemoteFunctions};
pub use lambda_courier::LambdaCourier;
