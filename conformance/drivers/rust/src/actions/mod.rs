//! Every action by its service and name.

mod lambda;
mod sns;
mod sqs;

use serde_json::Value;

use crate::answer::Stop;
use crate::client::Clients;
use crate::input::Input;

type Answer = Result<Value, Stop>;

pub async fn call(clients: &Clients, service: &str, action: &str, input: Input<'_>) -> Answer {
    match service {
        "lambda" => lambda::call(&clients.lambda, action, input).await,
        "sqs" => sqs::call(&clients.sqs, action, input).await,
        "sns" => sns::call(&clients.sns, action, input).await,
        _ => Err(Stop::Unsendable(format!("this driver has no service {service}"))),
    }
}
