//! Methods and paths. API reference of Lambda, each operation's "Request Syntax".

use crate::action::LambdaAction;

/// What a method and a path ask for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// The operation.
    pub action: LambdaAction,
    /// What the path names: a function, or the ARN of one; empty if it names none.
    pub function: String,
    /// What it names beside it: an alias, the id of a statement, or a mapping; empty if nothing.
    pub part: String,
}

/// Whether a path is one of a service that names its operations by paths: it begins with the date of
/// an API's version. No queue's path does, which begins with an account.
pub fn is_rest_path(path: &str) -> bool {
    let bytes = path.as_bytes();
    let is_date = |bytes: &[u8]| {
        bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
    };
    matches!(bytes, [b'/', date @ .., ] if date.len() > 10 && is_date(&date[..10]) && date[10] == b'/')
}

impl Route {
    /// Finds the operation; `None` if there is none at this path, or not by this method.
    pub fn find(method: &str, path: &str) -> Option<Self> {
        use LambdaAction as A;
        let segments = segments(path)?;
        let texts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (action, function, part) = match (method, &*texts) {
            ("POST", ["2015-03-31", "functions"]) => (A::CreateFunction, "", ""),
            ("GET", ["2015-03-31", "functions"]) => (A::ListFunctions, "", ""),
            (_, ["2015-03-31", "functions", function, rest @ ..]) => {
                let (action, part) = of_function(method, rest)?;
                (action, *function, part)
            }
            ("POST", ["2015-03-31", "event-source-mappings"]) => {
                (A::CreateEventSourceMapping, "", "")
            }
            ("GET", ["2015-03-31", "event-source-mappings"]) => {
                (A::ListEventSourceMappings, "", "")
            }
            (_, ["2015-03-31", "event-source-mappings", uuid]) => {
                let action = match method {
                    "GET" => A::GetEventSourceMapping,
                    "PUT" => A::UpdateEventSourceMapping,
                    "DELETE" => A::DeleteEventSourceMapping,
                    _ => return None,
                };
                (action, "", *uuid)
            }
            ("POST", ["2014-11-13", "functions", function, "invoke-async"]) => {
                (A::InvokeAsync, *function, "")
            }
            ("PUT", ["2017-10-31", "functions", function, "concurrency"]) => {
                (A::PutFunctionConcurrency, *function, "")
            }
            ("DELETE", ["2017-10-31", "functions", function, "concurrency"]) => {
                (A::DeleteFunctionConcurrency, *function, "")
            }
            ("GET", ["2019-09-30", "functions", function, "concurrency"]) => {
                (A::GetFunctionConcurrency, *function, "")
            }
            ("GET", ["2020-06-30", "functions", function, "code-signing-config"]) => {
                (A::GetFunctionCodeSigningConfig, *function, "")
            }
            ("GET", ["2019-09-25", "functions", function, "event-invoke-config", "list"]) => {
                (A::ListFunctionEventInvokeConfigs, *function, "")
            }
            (_, ["2019-09-25", "functions", function, "event-invoke-config"]) => {
                let action = match method {
                    "PUT" => A::PutFunctionEventInvokeConfig,
                    "POST" => A::UpdateFunctionEventInvokeConfig,
                    "GET" => A::GetFunctionEventInvokeConfig,
                    "DELETE" => A::DeleteFunctionEventInvokeConfig,
                    _ => return None,
                };
                (action, *function, "")
            }
            (_, ["2017-03-31", "tags", arn]) => {
                let action = match method {
                    "GET" => A::ListTags,
                    "POST" => A::TagResource,
                    "DELETE" => A::UntagResource,
                    _ => return None,
                };
                (action, *arn, "")
            }
            _ => return None,
        };
        Some(Self { action, function: function.to_owned(), part: part.to_owned() })
    }
}

fn of_function<'p>(method: &str, rest: &[&'p str]) -> Option<(LambdaAction, &'p str)> {
    use LambdaAction as A;
    Some(match (method, rest) {
        ("GET", []) => (A::GetFunction, ""),
        ("DELETE", []) => (A::DeleteFunction, ""),
        ("PUT", ["code"]) => (A::UpdateFunctionCode, ""),
        ("GET", ["configuration"]) => (A::GetFunctionConfiguration, ""),
        ("PUT", ["configuration"]) => (A::UpdateFunctionConfiguration, ""),
        ("POST", ["invocations"]) => (A::Invoke, ""),
        ("POST", ["versions"]) => (A::PublishVersion, ""),
        ("GET", ["versions"]) => (A::ListVersionsByFunction, ""),
        ("POST", ["aliases"]) => (A::CreateAlias, ""),
        ("GET", ["aliases"]) => (A::ListAliases, ""),
        ("GET", ["aliases", name]) => (A::GetAlias, name),
        ("PUT", ["aliases", name]) => (A::UpdateAlias, name),
        ("DELETE", ["aliases", name]) => (A::DeleteAlias, name),
        ("POST", ["policy"]) => (A::AddPermission, ""),
        ("GET", ["policy"]) => (A::GetPolicy, ""),
        ("DELETE", ["policy", id]) => (A::RemovePermission, id),
        _ => return None,
    })
}

/// The segments of a path, percent-decoded; a slash at its end counts for nothing.
fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').map(decode).collect()
}

fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        match (byte, after) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
                rest = after;
            }
            (b'%', _) => return None,
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}
