//! The server's side of HTTP/1.1, as far as an endpoint needs it.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A request to an endpoint.
pub(crate) struct Post {
    /// By their names in lower case.
    headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Post {
    /// The next one of a connection; `None` when it ends, or breaks off in the middle.
    pub(crate) fn read(connection: &mut BufReader<TcpStream>) -> Option<Self> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            connection.read_line(&mut line).ok()?;
            match line.strip_suffix("\r\n")? {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let header = |line: &String| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let headers: BTreeMap<_, _> = lines.iter().skip(1).filter_map(header).collect();
        let length = headers.get("content-length")?.parse().ok()?;
        let mut body = vec![0; length];
        connection.read_exact(&mut body).ok()?;
        Some(Self { headers, body: String::from_utf8(body).ok()? })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// Answers with a status and nothing else.
pub(crate) fn answer(connection: &mut BufReader<TcpStream>, status: u16) -> io::Result<()> {
    let response = format!("HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\n\r\n");
    connection.get_mut().write_all(response.as_bytes())
}
