//! What is run: a version of a function, as the host needs to know it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// One version of a function with its configuration. Processes are started for one of these, and
/// serve nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct FunctionSpec {
    /// The ARN that was invoked, with its qualifier: version, `$LATEST` or alias. Together with
    /// `revision` it says which processes can serve an invocation. The ARN without the qualifier is
    /// the function that reserved concurrency is counted for.
    pub arn: String,
    /// The function's name.
    pub name: String,
    /// The version that runs: a number or `$LATEST`.
    pub version: String,
    /// The runtime's identifier, such as `provided.al2023` or `python3.13`. How it is started is
    /// said by [`Runtimes`](crate::Runtimes).
    pub runtime: String,
    /// What the runtime is told to call, such as `app.handler`.
    pub handler: String,
    /// The folder of the unpacked code, as an absolute path: the process's working directory and
    /// `LAMBDA_TASK_ROOT`.
    pub folder: PathBuf,
    /// The function's own variables. Those that the host sets itself win over them, but for
    /// `PATH`, `LD_LIBRARY_PATH`, `LANG`, `TZ` and `TMPDIR`.
    pub environment: BTreeMap<String, String>,
    /// How long an invocation may take, up to [`TIMEOUT_MAX`](crate::limits::TIMEOUT_MAX).
    pub timeout: Duration,
    /// The memory that the function asks for, in MiB.
    pub memory_mib: u32,
    /// The region that the function believes to be in.
    pub region: String,
    /// Changes whenever code or configuration do.
    pub revision: String,
}

impl FunctionSpec {
    /// The ARN without its qualifier: what reserved concurrency belongs to.
    pub(crate) fn function_arn(&self) -> &str {
        // arn:aws:lambda:REGION:ACCOUNT:function:NAME:QUALIFIER
        match self.arn.match_indices(':').nth(6) {
            Some((end, _)) => &self.arn[..end],
            None => &self.arn,
        }
    }
}

/// Without the values of variables, which are often secrets.
impl fmt::Debug for FunctionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionSpec")
            .field("arn", &self.arn)
            .field("version", &self.version)
            .field("runtime", &self.runtime)
            .field("handler", &self.handler)
            .field("folder", &self.folder)
            .field("environment", &self.environment.keys())
            .field("timeout", &self.timeout)
            .field("memory_mib", &self.memory_mib)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::test_spec::spec;

    #[test]
    fn versions_share_their_function() {
        let mut spec = spec("/tmp".into());
        for (arn, function) in [
            ("arn:aws:lambda:eu-1:1:function:f:$LATEST", "arn:aws:lambda:eu-1:1:function:f"),
            ("arn:aws:lambda:eu-1:1:function:f", "arn:aws:lambda:eu-1:1:function:f"),
            ("f", "f"),
        ] {
            spec.arn = arn.to_owned();
            assert_eq!(spec.function_arn(), function);
        }
    }

    #[test]
    fn variables_do_not_print() {
        let mut spec = spec("/tmp".into());
        spec.environment = [("DB".to_owned(), "hunter2".to_owned())].into();
        let text = format!("{spec:?}");
        assert!(text.contains("DB") && !text.contains("hunter2"), "{text}");
    }
}
