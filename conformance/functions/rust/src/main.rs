//! The handler that conformance/functions/README.md describes, by lambda_runtime.

use std::process::{Command, exit};
use std::time::{Duration, SystemTime};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (event, context) = event.into_parts();
    let set = std::env::var("DO").unwrap_or_default();
    match event["do"].as_str().unwrap_or(&set) {
        "echo" => Ok(event),
        "about" => {
            let remaining = context.deadline().duration_since(SystemTime::now())?;
            Ok(json!({
                "requestId": context.request_id,
                "arn": context.invoked_function_arn,
                "name": context.env_config.function_name,
                "version": context.env_config.version,
                "remainingMs": remaining.as_millis(),
                "pid": std::process::id(),
            }))
        }
        "fail" => Err("no such room".into()),
        "crash" => exit(1),
        "hang" => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            Ok(Value::Null)
        }
        "child" => Ok(json!(Command::new("sleep").arg("600").spawn()?.id())),
        "print" => loop {
            println!("noise");
        },
        "large" => Ok(json!("x".repeat(7 * 1024 * 1024))),
        "batch" => {
            let records = event["Records"].as_array().ok_or("there are no records")?;
            let failed = records.iter().filter(|record| record["body"] == "fail");
            let failed = failed.map(|record| json!({ "itemIdentifier": record["messageId"] }));
            Ok(json!({ "batchItemFailures": failed.collect::<Vec<_>>() }))
        }
        other => Err(format!("{other} is unknown").into()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}
