//! Asks a server about functions, and tells what came of it.

use std::error::Error;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::arguments::FunctionCommand;
use crate::client::Client;

const FUNCTIONS: &str = "/2015-03-31/functions";

/// A function answered with an error of its own.
#[derive(Debug, thiserror::Error)]
#[error("the function failed ({0})")]
struct Failed(String);

/// Asks, and tells what came of it.
pub(crate) fn run(
    client: &Client,
    asked: FunctionCommand,
    is_json: bool,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    match asked {
        FunctionCommand::Create {
            name,
            code,
            runtime,
            handler,
            role,
            timeout,
            memory,
            variables,
        } => {
            let variables: Map<String, Value> =
                variables.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
            let input = json!({
                "FunctionName": name,
                "Runtime": runtime,
                "Handler": handler,
                "Role": role,
                "Timeout": timeout,
                "MemorySize": memory,
                "Environment": { "Variables": variables },
                "Code": { "ZipFile": STANDARD.encode(code.read()?) },
            });
            let made = client.lambda("POST", FUNCTIONS, &[], input.to_string().into())?;
            show(&made.json(client)?, "created", is_json, out)
        }
        FunctionCommand::Update { name, code } => {
            let input = json!({ "ZipFile": STANDARD.encode(code.read()?) });
            let path = format!("{FUNCTIONS}/{}/code", encoded(&name));
            let made = client.lambda("PUT", &path, &[], input.to_string().into())?;
            show(&made.json(client)?, "updated", is_json, out)
        }
        FunctionCommand::List => list(client, is_json, out),
        FunctionCommand::Invoke { name, payload, event, log } => {
            invoke(client, &name, payload, event, log, out)
        }
        FunctionCommand::Delete { name } => {
            let path = format!("{FUNCTIONS}/{}", encoded(&name));
            client.lambda("DELETE", &path, &[], Vec::new())?;
            if !is_json {
                writeln!(out, "deleted {name}")?;
            }
            Ok(())
        }
    }
}

fn show(
    function: &Value,
    what: &str,
    is_json: bool,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    if is_json {
        writeln!(out, "{function:#}")?;
    } else {
        writeln!(out, "{what} {}", function["FunctionArn"].as_str().unwrap_or_default())?;
    }
    Ok(())
}

/// Pages hold fifty, and servers of ours have a thousand functions at most.
fn list(client: &Client, is_json: bool, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let answer = client.lambda("GET", &format!("{FUNCTIONS}/"), &[], Vec::new())?;
    let page = answer.json(client)?;
    if is_json {
        writeln!(out, "{page:#}")?;
        return Ok(());
    }
    for function in page["Functions"].as_array().into_iter().flatten() {
        let text = |member: &str| function[member].as_str().unwrap_or_default().to_owned();
        let (name, runtime) = (text("FunctionName"), text("Runtime"));
        writeln!(out, "{name}  {runtime}  {}", text("LastModified"))?;
    }
    if page["NextMarker"].is_string() {
        writeln!(out, "(there are more; the AWS CLI shows them all)")?;
    }
    Ok(())
}

fn invoke(
    client: &Client,
    name: &str,
    payload: String,
    is_event: bool,
    wants_log: bool,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let path = format!("{FUNCTIONS}/{}/invocations", encoded(name));
    let mut headers = Vec::new();
    if is_event {
        headers.push(("x-amz-invocation-type", "Event"));
    }
    if wants_log {
        headers.push(("x-amz-log-type", "Tail"));
    }
    let answer = client.lambda("POST", &path, &headers, payload.into_bytes())?;
    if is_event {
        writeln!(out, "queued")?;
        return Ok(());
    }
    out.write_all(&answer.body)?;
    writeln!(out)?;
    if let Some(log) = answer.log.and_then(|log| STANDARD.decode(log).ok()) {
        out.write_all(&log)?;
    }
    match answer.function_error {
        Some(error) => Err(Failed(error).into()),
        None => Ok(()),
    }
}

/// A name as a segment of a path.
fn encoded(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
