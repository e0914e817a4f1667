//! A runtime that does what events tell it to.

#![allow(clippy::zombie_processes, reason = "what becomes of children is what is tested")]

use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, exit};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

/// An answer of the Runtime API.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    fn told(&self) -> Value {
        let body = serde_json::from_slice::<Value>(&self.body).unwrap_or_default();
        json!([self.status, body["errorType"]])
    }
}

fn connect() -> TcpStream {
    TcpStream::connect(std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap()).unwrap()
}

fn call(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut head = format!("{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: l\r\n");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    write!(head, "Connection: close\r\nContent-Length: {}\r\n\r\n", body.len()).unwrap();
    let mut stream = connect();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    read_answer(stream)
}

fn read_answer(stream: TcpStream) -> Answer {
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap_or("0").parse().unwrap();
    let mut headers = Vec::new();
    loop {
        line.clear();
        lines.read_line(&mut line).unwrap();
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
            None => break,
        }
    }
    let mut body = Vec::new();
    lines.read_to_end(&mut body).unwrap();
    Answer { status, headers, body }
}

fn next() -> Answer {
    call("GET", "invocation/next", &[], b"")
}

fn respond(id: &str, body: &[u8]) -> Answer {
    call("POST", &format!("invocation/{id}/response"), &[], body)
}

/// Plays the runtime, if this process was started as one. Never returns then.
pub(crate) fn play_if_asked() {
    if std::env::var_os("FAKE_RUNTIME").is_none() {
        return;
    }
    init(&std::env::var("FAKE_INIT").unwrap_or_default());
    let mut served = 0_u64;
    loop {
        let event = next();
        if event.status != 200 {
            exit(0);
        }
        served += 1;
        let id = event.header("Lambda-Runtime-Aws-Request-Id");
        work(&id, &event, served);
    }
}

fn init(what: &str) {
    let (what, argument) = what.split_once(' ').unwrap_or((what, ""));
    match what {
        "crash" => {
            count(argument);
            println!("cannot start");
            exit(3);
        }
        "error" => {
            count(argument);
            let error = br#"{"errorMessage":"no module","errorType":"Import"}"#;
            let headers = [("Lambda-Runtime-Function-Error-Type", "Runtime.ImportModuleError")];
            assert_eq!(call("POST", "init/error", &headers, error).status, 202);
            exit(1);
        }
        "hang" => sleep(Duration::from_secs(600)),
        "hang-once" if count(argument) == 1 => sleep(Duration::from_secs(600)),
        _ => {}
    }
}

/// Adds a line to a file and counts them.
fn count(path: &str) -> usize {
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(b"again\n").unwrap();
    fs::read_to_string(path).unwrap().lines().count()
}

fn work(id: &str, event: &Answer, served: u64) {
    let asked: Value = serde_json::from_slice(&event.body).unwrap();
    let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    let answer = match text("do").as_str() {
        "echo" => asked.clone(),
        "who" => json!({ "pid": std::process::id(), "served": served }),
        "headers" => json!(event.headers),
        "variables" => json!(std::env::vars().collect::<Vec<_>>()),
        "descriptors" => descriptors(),
        "limits" => json!(fs::read_to_string("/proc/self/limits").unwrap()),
        "places" => places(),
        "print" => {
            println!("{}", text("text"));
            eprintln!("and on standard error");
            json!(null)
        }
        "print-much" => {
            let line = "x".repeat(1023);
            (0..50 * 1024).for_each(|_| println!("{line}"));
            json!("printed")
        }
        "print-without-end" => {
            Command::new("/bin/sh").args(["-c", "while :; do echo noise; done"]).spawn().unwrap();
            json!("prints")
        }
        "wait-for" => {
            fs::write(text("begun"), std::process::id().to_string()).unwrap();
            while fs::metadata(text("file")).is_err() {
                sleep(Duration::from_millis(10));
            }
            json!(std::process::id())
        }
        "child-and-hang" => {
            let child = Command::new("sleep").arg("600").spawn().unwrap();
            fs::write(text("child"), child.id().to_string()).unwrap();
            sleep(Duration::from_secs(600));
            json!(null)
        }
        "child-and-crash" => {
            let child = Command::new("sleep").arg("600").spawn().unwrap();
            fs::write(text("child"), child.id().to_string()).unwrap();
            exit(1);
        }
        "exit" => {
            print!("last words");
            io::stdout().flush().unwrap();
            exit(i32::try_from(asked["code"].as_i64().unwrap()).unwrap());
        }
        "killed" => {
            Command::new("/bin/sh").args(["-c", "kill -KILL $PPID"]).status().unwrap();
            sleep(Duration::from_secs(600));
            json!(null)
        }
        "allocate" => {
            let bytes = usize::try_from(asked["mib"].as_u64().unwrap()).unwrap() * 1024 * 1024;
            json!(std::hint::black_box(vec![1_u8; bytes]).len())
        }
        "answer-and-exit" => {
            assert_eq!(respond(id, b"\"done\"").status, 202);
            exit(0);
        }
        "error" => return fail(id, &text("type")),
        "large" => return large(id),
        "streams" => return streams(id, ""),
        "streams-and-fails" => {
            // {"errorMessage":"half way","errorType":"Oops"}
            let body = "eyJlcnJvck1lc3NhZ2UiOiJoYWxmIHdheSIsImVycm9yVHlwZSI6Ik9vcHMifQ==";
            let trailers = format!(
                "Lambda-Runtime-Function-Error-Type: Oops\r\n\
                 Lambda-Runtime-Function-Error-Body: {body}\r\n"
            );
            return streams(id, &trailers);
        }
        "misbehave" => return misbehave(id),
        other => panic!("{other}"),
    };
    assert_eq!(respond(id, answer.to_string().as_bytes()).status, 202);
}

fn fail(id: &str, error_type: &str) {
    let headers = [("Lambda-Runtime-Function-Error-Type", error_type)];
    let body = br#"{"errorMessage":"no room","errorType":"NoRoom","stackTrace":[]}"#;
    let answer = call("POST", &format!("invocation/{id}/error"), &headers, body);
    assert_eq!(answer.status, 202);
}

fn large(id: &str) {
    let answer = respond(id, &vec![b'1'; 7 * 1024 * 1024]);
    assert_eq!(answer.told(), json!([413, "RequestEntityTooLarge"]));
}

/// A result in chunks, in streaming mode, with trailers.
fn streams(id: &str, trailers: &str) {
    let mut stream = connect();
    let head = format!(
        "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nHost: l\r\n\
         Lambda-Runtime-Function-Response-Mode: streaming\r\nConnection: close\r\n\
         Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    for chunk in ["{\"rooms\"", ":", "12}"] {
        stream.write_all(format!("{:x}\r\n{chunk}\r\n", chunk.len()).as_bytes()).unwrap();
    }
    stream.write_all(format!("0\r\n{trailers}\r\n").as_bytes()).unwrap();
    assert_eq!(read_answer(stream).status, 202);
}

/// Everything that may not be asked, and how it was answered.
fn misbehave(id: &str) {
    let post = |path: &str, headers: &[(&str, &str)]| call("POST", path, headers, b"{}").told();
    let mut told = vec![
        next().told(),
        post("invocation/another/response", &[]),
        post("invocation/another/error", &[]),
        post("init/error", &[]),
        post("invocation/next", &[]),
        call("GET", "restore/next", &[], b"").told(),
        post(
            &format!("invocation/{id}/response"),
            &[("Lambda-Runtime-Function-Response-Mode", "backwards")],
        ),
    ];
    // A result that breaks off: the connection ends before the body does.
    let mut stream = connect();
    let head = format!(
        "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nHost: l\r\n\
         Content-Length: 100\r\n\r\nshort"
    );
    stream.write_all(head.as_bytes()).unwrap();
    drop(stream);
    sleep(Duration::from_millis(200));
    told.push(json!("then"));
    assert_eq!(respond(id, json!(told).to_string().as_bytes()).status, 202);
    assert_eq!(respond(id, b"{}").told(), json!([403, "InvalidStateTransition"]));
}

fn descriptors() -> Value {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc/self/fd").unwrap() {
        let entry = entry.unwrap();
        let target = fs::read_link(entry.path()).unwrap_or_default();
        // The one that reads this folder.
        if !target.to_string_lossy().ends_with("/fd") {
            found.push(entry.file_name().to_str().unwrap().parse::<u32>().unwrap());
        }
    }
    found.sort_unstable();
    json!(found)
}

fn places() -> Value {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = std::env::var("TMPDIR").unwrap();
    fs::write(format!("{scratch}/file"), "left behind").unwrap();
    json!({
        "working": std::env::current_dir().unwrap(),
        "mode": fs::metadata(&scratch).unwrap().permissions().mode() & 0o777,
        "scratch": scratch,
    })
}
