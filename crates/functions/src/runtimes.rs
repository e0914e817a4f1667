//! How the runtimes that functions name are started here.

use std::collections::BTreeMap;

use crate::FunctionSpec;

/// Commands by runtime identifier. An entry is an identifier, or its beginning followed by `*`; of
/// several that fit, the exact one decides, else the longest.
///
/// A command is a program and its arguments. `{handler}` and `{task}` in them become the
/// function's handler and the folder of its code; a program without a slash is looked for in
/// `PATH`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Runtimes {
    commands: BTreeMap<String, Vec<String>>,
}

impl Default for Runtimes {
    /// `provided*`: `bootstrap` in the function's folder. `nodejs*` and `python*`: the runtime
    /// interface clients that AWS publishes on npm (`aws-lambda-ric`) and PyPI (`awslambdaric`).
    fn default() -> Self {
        let mut runtimes = Self { commands: BTreeMap::new() };
        runtimes.set("provided*", ["{task}/bootstrap"]);
        runtimes.set("nodejs*", ["aws-lambda-ric", "{handler}"]);
        runtimes.set("python*", ["python3", "-m", "awslambdaric", "{handler}"]);
        runtimes
    }
}

impl Runtimes {
    /// Says how `runtime` is started, in place of what was said before. Without a word in
    /// `command` it cannot be started.
    pub fn set<Word: Into<String>>(
        &mut self,
        runtime: impl Into<String>,
        command: impl IntoIterator<Item = Word>,
    ) {
        let command = command.into_iter().map(Into::into).collect();
        self.commands.insert(runtime.into(), command);
    }

    /// Whether there is a command for `runtime`.
    pub fn knows(&self, runtime: &str) -> bool {
        self.find(runtime).is_some()
    }

    /// The command for a function: program first.
    pub(crate) fn command(&self, spec: &FunctionSpec) -> Option<Vec<String>> {
        let task = spec.folder.to_string_lossy();
        let words = self.find(&spec.runtime)?.iter();
        Some(words.map(|word| fill(word, &spec.handler, &task)).collect())
    }

    fn find(&self, runtime: &str) -> Option<&[String]> {
        let fits = |pattern: &str| match pattern.strip_suffix('*') {
            Some(beginning) => runtime.starts_with(beginning),
            None => false,
        };
        let exact = self.commands.get(runtime);
        let longest = || {
            let fitting = self.commands.iter().filter(|(pattern, _)| fits(pattern));
            fitting.max_by_key(|(pattern, _)| pattern.len())
        };
        exact
            .or_else(|| longest().map(|(_, command)| command))
            .map(Vec::as_slice)
            .filter(|command| !command.is_empty())
    }
}

/// One pass from left to right: what is filled in is not looked at again.
fn fill(word: &str, handler: &str, task: &str) -> String {
    let mut filled = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("{handler}") {
            filled.push_str(handler);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("{task}") {
            filled.push_str(task);
            rest = after;
        } else {
            filled.push('{');
            rest = &rest[1..];
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_spec::spec;

    fn command(runtimes: &Runtimes, runtime: &str) -> Option<Vec<String>> {
        let mut spec = spec("/code".into());
        spec.runtime = runtime.to_owned();
        spec.handler = "app.{task}".to_owned();
        runtimes.command(&spec)
    }

    #[test]
    fn the_entry_that_fits_best_decides() {
        let mut runtimes = Runtimes::default();
        runtimes.set("python3.1*", ["snake", "{handler}"]);
        runtimes.set("python3.13", ["/opt/{x}/py", "{task}:{handler}"]);
        runtimes.set("nodejs18.x", [] as [&str; 0]);

        let words = |words: &[&str]| Some(words.iter().map(|&w| w.to_owned()).collect::<Vec<_>>());
        assert_eq!(command(&runtimes, "provided.al2023"), words(&["/code/bootstrap"]));
        assert_eq!(
            command(&runtimes, "python3.9"),
            words(&["python3", "-m", "awslambdaric", "app.{task}"])
        );
        assert_eq!(command(&runtimes, "python3.12"), words(&["snake", "app.{task}"]));
        assert_eq!(command(&runtimes, "python3.13"), words(&["/opt/{x}/py", "/code:app.{task}"]));
        assert_eq!(command(&runtimes, "nodejs18.x"), None);
        assert_eq!(command(&runtimes, "java21"), None);
        assert!(runtimes.knows("nodejs20.x") && !runtimes.knows("ruby3.3"));
    }
}
