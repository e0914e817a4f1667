//! Functions from the command line, against a server that runs them.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(unreachable_pub, reason = "what tests share is theirs")]

#[allow(dead_code, reason = "each file of tests uses its part")]
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use support::{Key, Server, text, tidings};

/// Serves the Runtime API: answers with the event, but an event `"fail"` with an error.
const BOOTSTRAP: &str = r#"#!/bin/bash
export LC_ALL=C
ask() {
  exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API%:*}/${AWS_LAMBDA_RUNTIME_API#*:}"
  printf '%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: l\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' \
    "$1" "$2" "${#3}" "$3" >&3
  answer=$(cat <&3)
  exec 3<&-
}
while true; do
  ask GET invocation/next ''
  id=$(printf '%s' "$answer" | tr -d '\r' | sed -n 's/^lambda-runtime-aws-request-id: //Ip')
  event=${answer#*$'\r\n\r\n'}
  echo "seen"
  case "$event" in
    '"fail"') ask POST "invocation/$id/error" '{"errorMessage":"as told","errorType":"Told"}' ;;
    *) ask POST "invocation/$id/response" "[\"$GREETING\",$event]" ;;
  esac
done
"#;

fn run(folder: &Path, server: &Server, root: &Key, words: &[&str]) -> Output {
    let mut command = tidings(folder, words);
    command.env("HOME", folder);
    command.env("AWS_ENDPOINT_URL", format!("http://{}", server.address));
    command.env("AWS_ACCESS_KEY_ID", &root.id).env("AWS_SECRET_ACCESS_KEY", &root.secret);
    command.output().unwrap()
}

#[test]
fn a_function_is_made_invoked_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let code = folder.path().join("code");
    fs::create_dir(&code).unwrap();
    fs::write(code.join("bootstrap"), BOOTSTRAP).unwrap();
    fs::set_permissions(code.join("bootstrap"), fs::Permissions::from_mode(0o755)).unwrap();
    let server = Server::start(folder.path(), &["--functions-hosting"]);
    let root = Key::of(&server.greeting).unwrap();
    let ask = |words: &[&str]| run(folder.path(), &server, &root, &[&["function"], words].concat());
    let say = |words: &[&str]| {
        let output = ask(words);
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        text(&output.stdout).to_owned()
    };
    let made = say(&[
        "create",
        "resize",
        "--folder",
        "code",
        "--runtime",
        "provided.al2023",
        "--timeout",
        "20",
        "--env",
        "GREETING=hello",
    ]);
    assert_eq!(made, "created arn:aws:lambda:us-east-1:000000000000:function:resize\n");
    assert!(say(&["list"]).starts_with("resize  provided.al2023  "));
    let answer = say(&["invoke", "resize", "--payload", "7", "--log"]);
    assert!(answer.starts_with("[\"hello\",7]\n"), "{answer}");
    assert!(answer.contains("seen") && answer.contains("REPORT"), "{answer}");
    assert_eq!(say(&["invoke", "resize", "--event"]), "queued\n");

    let failed = ask(&["invoke", "resize", "--payload", "\"fail\""]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(text(&failed.stdout).contains("as told"));
    assert!(text(&failed.stderr).contains("the function failed (Unhandled)"));
    assert!(say(&["update", "resize", "--folder", "code"]).starts_with("updated "));
    assert_eq!(say(&["delete", "resize"]), "deleted resize\n");
    let gone = ask(&["invoke", "resize"]);
    assert!(text(&gone.stderr).contains("ResourceNotFoundException: Function not found"));
    server.stop();
}

#[test]
fn a_function_is_declared_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let code = folder.path().join("code");
    fs::create_dir(&code).unwrap();
    fs::write(code.join("bootstrap"), BOOTSTRAP).unwrap();
    fs::set_permissions(code.join("bootstrap"), fs::Permissions::from_mode(0o755)).unwrap();
    let config = |greeting: &str| {
        let text = format!(
            "[functions]\nhosting = true\n[[functions.function]]\nname = 'resize'\ncode = 'code'\n\
             runtime = 'provided.al2023'\ntimeout-seconds = 20\n\
             environment = {{ GREETING = '{greeting}' }}\n"
        );
        fs::write(folder.path().join("tidings.toml"), text).unwrap();
    };
    let mut root = None;
    let mut modified = Vec::new();
    for greeting in ["hello", "hello", "again"] {
        config(greeting);
        let server = Server::start(folder.path(), &["--config", "tidings.toml"]);
        root = root.or_else(|| Key::of(&server.greeting));
        let ask = |words: &[&str]| {
            let output = run(folder.path(), &server, root.as_ref().unwrap(), words);
            assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
            text(&output.stdout).to_owned()
        };
        let answer = ask(&["function", "invoke", "resize", "--payload", "7"]);
        assert_eq!(answer, format!("[\"{greeting}\",7]\n"));
        modified.push(ask(&["function", "list"]));
        server.stop();
    }
    assert_eq!(modified[0], modified[1], "what is the same is not changed");
    assert_ne!(modified[1], modified[2]);
}

#[test]
fn a_test_of_functions_elsewhere_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:resize";
    let test = |more: &[&str]| {
        let words = [&["courier", "test", "lambda", arn], more].concat();
        let output = tidings(folder.path(), &words).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        text(&output.stderr).to_owned()
    };
    assert!(test(&[]).contains("[[functions.elsewhere]]"));
    let credentials = folder.path().join("credentials");
    fs::write(&credentials, "[default]\naws_access_key_id=a\naws_secret_access_key=b\n").unwrap();
    fs::set_permissions(&credentials, fs::Permissions::from_mode(0o600)).unwrap();
    let config = |pattern: &str| {
        let text = format!(
            "[[functions.elsewhere]]\nfunctions = '{pattern}'\nendpoint = 'http://127.0.0.1:1'\n\
             credentials-file = 'credentials'\n"
        );
        fs::write(folder.path().join("tidings.toml"), text).unwrap();
    };
    config("*:other");
    assert!(
        test(&["--config", "tidings.toml"]).contains("no table [[functions.elsewhere]] is for")
    );
    config("*");
    assert!(test(&["--config", "tidings.toml"]).contains("may be later"));
}
