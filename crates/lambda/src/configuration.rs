//! What a version of a function is: its code and how that is run.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fault::LambdaFault;
use crate::limits;

/// `$LATEST` or a published version. Values are within their bounds: a [`Settings`] makes it so.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Configuration {
    /// What runs it, such as `python3.13` or `provided.al2023`.
    pub runtime: String,
    /// What of the code is called; its form is the runtime's business.
    pub handler: String,
    /// The ARN of the role that it is said to run as.
    pub role: String,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// How long an invocation may take.
    pub timeout_seconds: u32,
    /// How much memory a process of it may have.
    pub memory_mib: u32,
    /// Its own environment variables.
    #[serde(default)]
    pub environment: Environment,
    /// `x86_64` or `arm64`: kept and shown.
    pub architecture: String,
    /// Space in `/tmp`: kept and shown.
    pub ephemeral_mib: u32,
    /// `PassThrough` or `Active`: kept and shown.
    pub tracing: String,
    /// Where events go that were given up: the ARN of a queue or topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_target: Option<String>,
    /// How its log is written, if that was said: kept and shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging: Option<Logging>,
    /// Its code.
    pub code: Code,
    /// When it was changed last; of a version, when it was published.
    pub modified_at_ms: u64,
    /// Changes with every change.
    pub revision_id: String,
}

/// `LoggingConfig`, as it was asked for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Logging {
    /// `Text` or `JSON`.
    pub format: String,
    /// The least of what a function logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_level: Option<String>,
    /// The least of what the service logs about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_level: Option<String>,
    /// The log group, if it is not the function's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// An archive with the code of a function, which lies elsewhere under its digest.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Code {
    /// SHA-256 of the archive, in base64: `CodeSha256`.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// What its files take of the disk, unpacked.
    #[serde(default)]
    pub unpacked_bytes: u64,
}

/// Environment variables by name. They may be secrets: their values do not print.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Environment(pub BTreeMap<String, String>);

impl fmt::Debug for Environment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.0.keys()).finish()
    }
}

/// What a request says of how a function is run: `None` leaves it as it is, or as it is by default.
#[derive(Clone, PartialEq, Default, Debug)]
#[allow(missing_docs, reason = "each is the member of Configuration of its name")]
pub struct Settings {
    pub runtime: Option<String>,
    pub handler: Option<String>,
    pub role: Option<String>,
    pub description: Option<String>,
    pub timeout_seconds: Option<u32>,
    pub memory_mib: Option<u32>,
    pub environment: Option<Environment>,
    pub architecture: Option<String>,
    pub ephemeral_mib: Option<u32>,
    pub tracing: Option<String>,
    /// An empty text takes it away.
    pub dead_letter_target: Option<String>,
    pub logging: Option<Logging>,
}

/// Variables that nobody can set. Developer guide, "Defined runtime environment variables".
const RESERVED: [&str; 17] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_TASK_ROOT",
];

impl Settings {
    /// Checks every value by itself.
    ///
    /// # Errors
    /// ValidationException if one is out of its bounds; InvalidParameterValueException for
    /// environment variables that cannot be set, or that are too many.
    pub fn check(&self) -> Result<(), LambdaFault> {
        between(self.timeout_seconds, "timeout", &limits::TIMEOUT_SECONDS)?;
        between(self.memory_mib, "memorySize", &limits::MEMORY_MIB)?;
        between(self.ephemeral_mib, "ephemeralStorage.size", &limits::EPHEMERAL_MIB)?;
        check_description(&self.description)?;
        at_most(&self.handler, "handler", limits::HANDLER_CHARS_MAX)?;
        if let Some(handler) = self.handler.as_deref().filter(|it| it.contains(char::is_whitespace))
        {
            let pattern = "satisfy regular expression pattern: [^\\s]+";
            return Err(LambdaFault::constraint(handler, "handler", pattern));
        }
        one_of(&self.runtime, "runtime", &RUNTIMES)?;
        one_of(&self.architecture, "architectures", &["x86_64", "arm64"])?;
        one_of(&self.tracing, "tracingConfig.mode", &["Active", "PassThrough"])?;
        self.logging.as_ref().map_or(Ok(()), check_logging)?;
        if let Some(role) = self.role.as_deref().filter(|role| !is_role(role)) {
            let pattern = "satisfy regular expression pattern: \
                 arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+";
            return Err(LambdaFault::constraint(role, "role", pattern));
        }
        self.environment.as_ref().map_or(Ok(()), check_environment)
    }

    /// A function's first configuration.
    ///
    /// # Errors
    /// InvalidParameterValueException if the runtime or the handler is missing; ValidationException
    /// if the role is.
    pub(crate) fn create(
        self,
        code: Code,
        now_ms: u64,
        revision_id: String,
    ) -> Result<Configuration, LambdaFault> {
        let (Some(runtime), Some(handler)) = (self.runtime, self.handler) else {
            return Err(LambdaFault::parameter(
                "Runtime and Handler are mandatory parameters for functions created with deployment \
                 packages.",
            ));
        };
        let missing = || LambdaFault::constraint("null", "role", "not be null");
        Ok(Configuration {
            runtime,
            handler,
            role: self.role.ok_or_else(missing)?,
            description: self.description.unwrap_or_default(),
            timeout_seconds: self.timeout_seconds.unwrap_or(limits::TIMEOUT_SECONDS_DEFAULT),
            memory_mib: self.memory_mib.unwrap_or(limits::MEMORY_MIB_DEFAULT),
            environment: self.environment.unwrap_or_default(),
            architecture: self.architecture.unwrap_or_else(|| "x86_64".to_owned()),
            ephemeral_mib: self.ephemeral_mib.unwrap_or(*limits::EPHEMERAL_MIB.start()),
            tracing: self.tracing.unwrap_or_else(|| "PassThrough".to_owned()),
            dead_letter_target: self.dead_letter_target.filter(|target| !target.is_empty()),
            logging: self.logging,
            code,
            modified_at_ms: now_ms,
            revision_id,
        })
    }

    /// Changes what is given.
    pub(crate) fn change(self, configuration: &mut Configuration) {
        fn put<T>(to: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *to = value;
            }
        }
        put(&mut configuration.runtime, self.runtime);
        put(&mut configuration.handler, self.handler);
        put(&mut configuration.role, self.role);
        put(&mut configuration.description, self.description);
        put(&mut configuration.timeout_seconds, self.timeout_seconds);
        put(&mut configuration.memory_mib, self.memory_mib);
        put(&mut configuration.environment, self.environment);
        put(&mut configuration.architecture, self.architecture);
        put(&mut configuration.ephemeral_mib, self.ephemeral_mib);
        put(&mut configuration.tracing, self.tracing);
        put(&mut configuration.logging, self.logging.map(Some));
        if let Some(target) = self.dead_letter_target {
            configuration.dead_letter_target = Some(target).filter(|target| !target.is_empty());
        }
    }
}

impl Configuration {
    /// Whether all that can be set is the same of another, whenever that was made.
    pub fn does_as(&self, other: &Self) -> bool {
        let Self { modified_at_ms, revision_id, .. } = other;
        let (modified_at_ms, revision_id) = (*modified_at_ms, revision_id.clone());
        Self { modified_at_ms, revision_id, ..self.clone() } == *other
    }

    /// The same, whatever people are told of it: versions have descriptions of their own.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let description = other.description.clone();
        Self { description, ..self.clone() }.does_as(other)
    }
}

/// The runtimes that the service knows by now. Developer guide, "Lambda runtimes".
const RUNTIMES: [&str; 24] = [
    "dotnet10",
    "dotnet8",
    "java11",
    "java17",
    "java21",
    "java25",
    "java8.al2",
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "provided",
    "provided.al2",
    "provided.al2023",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "python3.8",
    "python3.9",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
];

fn between(
    value: Option<u32>,
    member: &str,
    range: &std::ops::RangeInclusive<u32>,
) -> Result<(), LambdaFault> {
    let Some(value) = value.filter(|value| !range.contains(value)) else { return Ok(()) };
    let constraint = match value > *range.end() {
        true => format!("have value less than or equal to {}", range.end()),
        false => format!("have value greater than or equal to {}", range.start()),
    };
    Err(LambdaFault::constraint(&value.to_string(), member, constraint))
}

fn at_most(value: &Option<String>, member: &str, chars: usize) -> Result<(), LambdaFault> {
    match value.as_deref().filter(|value| value.chars().count() > chars) {
        Some(value) => {
            let constraint = format!("have length less than or equal to {chars}");
            Err(LambdaFault::constraint(value, member, constraint))
        }
        None => Ok(()),
    }
}

pub(crate) fn check_description(text: &Option<String>) -> Result<(), LambdaFault> {
    at_most(text, "description", limits::DESCRIPTION_CHARS_MAX)
}

fn one_of(value: &Option<String>, member: &str, values: &[&str]) -> Result<(), LambdaFault> {
    match value.as_deref().filter(|value| !values.contains(value)) {
        Some(value) => {
            let constraint = format!("satisfy enum value set: [{}]", values.join(", "));
            Err(LambdaFault::constraint(value, member, constraint))
        }
        None => Ok(()),
    }
}

fn check_logging(logging: &Logging) -> Result<(), LambdaFault> {
    let Logging { format, application_level, system_level, group } = logging;
    let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    one_of(&Some(format.clone()), "loggingConfig.logFormat", &["JSON", "Text"])?;
    one_of(application_level, "loggingConfig.applicationLogLevel", &levels)?;
    one_of(system_level, "loggingConfig.systemLogLevel", &["DEBUG", "INFO", "WARN"])?;
    at_most(group, "loggingConfig.logGroup", limits::LOG_GROUP_CHARS_MAX)?;
    let is_one = |byte: u8| byte.is_ascii_alphanumeric() || b"._/#-".contains(&byte);
    let is_group = |group: &&str| !group.is_empty() && group.bytes().all(is_one);
    match group.as_deref().filter(|group| !is_group(group)) {
        Some(group) => {
            let pattern = "satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+";
            Err(LambdaFault::constraint(group, "loggingConfig.logGroup", pattern))
        }
        None => Ok(()),
    }
}

fn is_role(arn: &str) -> bool {
    let is_path = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@-_/".contains(&byte);
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = *parts else { return false };
    let Some(name) = resource.strip_prefix("role") else { return false };
    partition.starts_with("aws")
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(is_path)
}

fn check_environment(environment: &Environment) -> Result<(), LambdaFault> {
    let unable = "Lambda was unable to configure your environment variables because the environment \
                  variables you have provided";
    let is_name = |name: &str| {
        let mut bytes = name.bytes();
        bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
            && name.len() > 1
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let names = || environment.0.keys().map(String::as_str);
    let reserved: Vec<&str> = names().filter(|name| RESERVED.contains(name)).collect();
    if !reserved.is_empty() {
        return Err(LambdaFault::parameter(format!(
            "{unable} contains reserved keys that are currently not supported for modification. \
             Reserved keys used in this request: {}",
            reserved.join(", ")
        )));
    }
    if let Some(name) = names().find(|name| !is_name(name)) {
        let pattern = "have keys that satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+";
        return Err(LambdaFault::constraint(name, "environment.variables", pattern));
    }
    if environment.0.values().any(|value| value.contains('\0')) {
        return Err(LambdaFault::parameter(format!("{unable} contain a character that none can.")));
    }
    let bytes: usize = environment.0.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > limits::ENVIRONMENT_BYTES_MAX {
        // The service repeats them here; they may be secrets.
        return Err(LambdaFault::parameter(format!("{unable} exceeded the 4KB limit.")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::LambdaCode;
    use crate::testing::settings;

    fn of(change: impl FnOnce(&mut Settings)) -> Result<(), LambdaFault> {
        let mut settings = settings();
        change(&mut settings);
        settings.check()
    }

    #[test]
    fn what_is_within_bounds_is_taken() {
        of(|_| {}).unwrap();
        of(|it| it.timeout_seconds = Some(900)).unwrap();
        of(|it| it.role = Some("arn:aws:iam::111122223333:role/service-role/r+1".into())).unwrap();
        let full = BTreeMap::from([("KEY".to_owned(), "v".repeat(4093))]);
        of(|it| it.environment = Some(Environment(full))).unwrap();
    }

    #[test]
    fn a_log_has_a_format_and_levels() {
        let text = |text: &str| Some(text.to_owned());
        let good = Logging {
            format: "JSON".to_owned(),
            application_level: text("TRACE"),
            system_level: text("WARN"),
            group: text("/rooms/log"),
        };
        of(|it| it.logging = Some(good.clone())).unwrap();
        for bad in [
            Logging { format: "XML".to_owned(), ..good.clone() },
            Logging { application_level: text("LOUD"), ..good.clone() },
            Logging { system_level: text("TRACE"), ..good.clone() },
            Logging { group: text(""), ..good.clone() },
            Logging { group: text("a b"), ..good.clone() },
            Logging { group: Some("g".repeat(513)), ..good },
        ] {
            let fault = of(|it| it.logging = Some(bad.clone())).unwrap_err();
            assert_eq!(fault.code, LambdaCode::Validation, "{bad:?}");
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_refused() {
        let variable = |name: &str, value: &str| {
            Some(Environment(BTreeMap::from([(name.to_owned(), value.to_owned())])))
        };
        type Change = Box<dyn Fn(&mut Settings)>;
        let invalid: [Change; 9] = [
            Box::new(|it| it.timeout_seconds = Some(0)),
            Box::new(|it| it.timeout_seconds = Some(901)),
            Box::new(|it| it.memory_mib = Some(127)),
            Box::new(|it| it.runtime = Some("cobol".into())),
            Box::new(|it| it.handler = Some("a b".into())),
            Box::new(|it| it.description = Some("d".repeat(257))),
            Box::new(|it| it.role = Some("arn:aws:iam::1:role/r".into())),
            Box::new(|it| it.role = Some("admin".into())),
            Box::new(move |it| it.environment = variable("1A", "")),
        ];
        for change in invalid {
            assert_eq!(of(change).unwrap_err().code, LambdaCode::Validation);
        }
        for (name, value) in [("AWS_REGION", "x"), ("KEY", &*"v".repeat(4094)), ("KEY", "a\0b")] {
            let fault = of(|it| it.environment = variable(name, value)).unwrap_err();
            assert_eq!(fault.code, LambdaCode::InvalidParameterValue, "{name}");
            assert!(!fault.text.contains("vvvv"));
        }
    }

    #[test]
    fn variables_do_not_print() {
        let environment = BTreeMap::from([("PASSWORD".to_owned(), "hunter2".to_owned())]);
        let printed =
            format!("{:?}", Settings { environment: Some(Environment(environment)), ..settings() });
        assert!(printed.contains("PASSWORD") && !printed.contains("hunter2"), "{printed}");
    }
}
