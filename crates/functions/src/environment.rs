//! The variables that a process is given: those that AWS documents, and the function's own. None of
//! the server's.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::net::SocketAddr;
use std::path::Path;

use time::OffsetDateTime;

use crate::{FunctionSpec, HostConfig};

/// All variables of a process. What can be set by the function's configuration comes first, then
/// that, then what the function has to find as it is.
pub(crate) fn variables(
    config: &HostConfig,
    spec: &FunctionSpec,
    endpoint: SocketAddr,
    scratch: &Path,
    now: OffsetDateTime,
) -> BTreeMap<String, String> {
    let task = spec.folder.to_string_lossy();
    let mut variables = config.environment.clone();
    let mut set = |name: &str, value: String| variables.insert(name.to_owned(), value);
    set("PATH", config.path.clone());
    set("LD_LIBRARY_PATH", format!("{task}:{task}/lib"));
    set("LANG", "en_US.UTF-8".to_owned());
    set("TZ", ":UTC".to_owned());
    set("TMPDIR", scratch.to_string_lossy().into_owned());
    variables.extend(spec.environment.clone());

    let mut set = |name: &str, value: String| variables.insert(name.to_owned(), value);
    set("AWS_LAMBDA_RUNTIME_API", endpoint.to_string());
    set("_HANDLER", spec.handler.clone());
    set("LAMBDA_TASK_ROOT", task.into_owned());
    set("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned());
    set("AWS_REGION", spec.region.clone());
    set("AWS_DEFAULT_REGION", spec.region.clone());
    set("AWS_LAMBDA_FUNCTION_NAME", spec.name.clone());
    set("AWS_LAMBDA_FUNCTION_VERSION", spec.version.clone());
    set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", spec.memory_mib.to_string());
    set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned());
    set("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", spec.name));
    set("AWS_LAMBDA_LOG_STREAM_NAME", log_stream(&spec.version, now));
    // "Not defined for functions that use the provided runtimes."
    if !spec.runtime.starts_with("provided") {
        set("AWS_EXECUTION_ENV", format!("AWS_Lambda_{}", spec.runtime));
    }
    // What no process can be given is not the function's any more than it is AWS's.
    let possible = |text: &str| !text.contains('\0');
    variables.retain(|name, value| {
        !name.is_empty() && !name.contains('=') && possible(name) && possible(value)
    });
    variables
}

/// `2026/11/23/[$LATEST]` and 32 hexadecimal digits, of which no two are meant to be the same.
fn log_stream(version: &str, now: OffsetDateTime) -> String {
    let (year, month, day) = now.to_calendar_date();
    let random = || RandomState::new().build_hasher().finish();
    let digits = format!("{:016x}{:016x}", random(), random());
    format!("{year:04}/{:02}/{day:02}/[{version}]{digits}", u8::from(month))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_spec::spec;

    fn of(spec: &FunctionSpec) -> BTreeMap<String, String> {
        let config = HostConfig::new("/scratch".into());
        let endpoint = "127.0.0.1:9001".parse().unwrap();
        variables(&config, spec, endpoint, Path::new("/scratch/1"), OffsetDateTime::UNIX_EPOCH)
    }

    #[test]
    fn only_what_is_documented() {
        let names: Vec<String> = of(&spec("/code".into())).into_keys().collect();
        let documented = [
            "AWS_DEFAULT_REGION",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            "AWS_LAMBDA_FUNCTION_NAME",
            "AWS_LAMBDA_FUNCTION_VERSION",
            "AWS_LAMBDA_INITIALIZATION_TYPE",
            "AWS_LAMBDA_LOG_GROUP_NAME",
            "AWS_LAMBDA_LOG_STREAM_NAME",
            "AWS_LAMBDA_RUNTIME_API",
            "AWS_REGION",
            "LAMBDA_RUNTIME_DIR",
            "LAMBDA_TASK_ROOT",
            "LANG",
            "LD_LIBRARY_PATH",
            "PATH",
            "TMPDIR",
            "TZ",
            "_HANDLER",
        ];
        assert_eq!(names, documented);
    }

    #[test]
    fn the_functions_own_within_bounds() {
        let mut spec = spec("/code".into());
        spec.runtime = "python3.13".to_owned();
        for (name, value) in [
            ("TZ", "Europe/Vienna"),
            ("AWS_LAMBDA_RUNTIME_API", "elsewhere"),
            ("ROOMS", "12"),
            ("A=B", "c"),
            ("NUL", "a\0b"),
        ] {
            spec.environment.insert(name.to_owned(), value.to_owned());
        }
        let variables = of(&spec);
        assert_eq!(variables["TZ"], "Europe/Vienna");
        assert_eq!(variables["ROOMS"], "12");
        assert_eq!(variables["AWS_LAMBDA_RUNTIME_API"], "127.0.0.1:9001");
        assert_eq!(variables["AWS_EXECUTION_ENV"], "AWS_Lambda_python3.13");
        assert!(!variables.contains_key("A=B") && !variables.contains_key("NUL"));
        let stream = &variables["AWS_LAMBDA_LOG_STREAM_NAME"];
        assert!(stream.starts_with("1970/01/01/[$LATEST]") && stream.len() == 52, "{stream}");
    }
}
