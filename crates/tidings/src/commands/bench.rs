//! `tidings bench`: load on a server.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tidings_couriers::client_tls;
use tidings_load::{Client, Credentials, Endpoint, Report, Stop, run};
use tokio::runtime::{Builder, Runtime};

use super::{open_files, signals};
use crate::bench::{BenchArguments, ProgressLine};
use crate::client::Resolved;

/// Puts load on the server that is configured, and says what came of it.
pub(crate) fn bench(arguments: BenchArguments) -> Result<ExitCode, Box<dyn Error>> {
    let settings = arguments.settings();
    let client = client(arguments.server().resolve()?)?;
    open_files::make_room(settings.connections);
    let stop = Stop::default();
    // Signals are heard on a thread of their own.
    let _listening = listen(&stop)?;
    let mut line = ProgressLine::new();
    let outcome = run(&client, &settings, &stop, &mut |progress| line.show(progress));
    line.clear();
    let report = outcome?;
    tell(&report, arguments.json().map(|path| path.as_path()))?;
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn client(to: Resolved) -> Result<Client, Box<dyn Error>> {
    let tls = client_tls(to.ca_bundle.as_deref())?;
    let endpoint = Endpoint::resolve(&to.endpoint, || Arc::new(tls))?;
    let key = to.credentials;
    let token = key.session_token.map(|token| token.to_string());
    let credentials = Credentials::new(key.access_key_id, key.secret, to.region);
    Ok(Client::new(endpoint, credentials.with_session_token(token)))
}

/// The first signal ends the load in good order, the second the process.
fn listen(stop: &Stop) -> io::Result<Runtime> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let stop = stop.clone();
    let shutdown = {
        let _context = runtime.enter();
        signals::shutdown()?
    };
    runtime.spawn(async move {
        shutdown.await;
        stop.set();
    });
    Ok(runtime)
}

fn tell(report: &Report, json: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let text = || serde_json::to_string_pretty(report).map(|text| text + "\n");
    match json {
        Some(path) if path == Path::new("-") => out.write_all(text()?.as_bytes())?,
        Some(path) => {
            fs::write(path, text()?).map_err(|error| format!("{}: {error}", path.display()))?;
            write!(out, "{report}")?;
        }
        None => write!(out, "{report}")?,
    }
    Ok(out.flush()?)
}
