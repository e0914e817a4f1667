//! Mails that wait for a mail server that is dead: what they cost everybody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tidings_load::{Connection, Figure, SNS, Until, form};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::Outcome;
use crate::arrivals::Percentiles;
use crate::endpoints;
use crate::functions::Function;
use crate::load::{self, Kind};
use crate::phones::Gateway;
use crate::server::Server;
use crate::throughput::{create, print};

const MAILBOXES: usize = 100;
const MESSAGES: usize = 1_000;
const EACH: Duration = Duration::from_secs(5);
const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:mail";

/// What the mail server does once all mailboxes have confirmed.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Death {
    /// Nothing waits.
    None,
    /// It takes connections and says nothing.
    Hangs,
    /// Nobody listens.
    Refuses,
}

pub(crate) async fn run() -> Outcome<()> {
    let waiting = MAILBOXES * MESSAGES;
    let mut alone: Option<Figure> = None;
    for death in [Death::None, Death::Hangs, Death::Refuses] {
        let what = match death {
            Death::None => "no mail waits".to_owned(),
            Death::Hangs => format!("{waiting} mails wait, the mail server hangs"),
            Death::Refuses => format!("{waiting} mails wait, nobody listens there"),
        };
        println!("{what}:");
        let folder = tempfile::tempdir_in(".")?;
        let (tokens, confirmations) = unbounded_channel();
        let mail = MailServer::start(tokens).await?;
        let address = format!("smtp://{}", mail.address);
        let gateway = Gateway::start().await?;
        let (function, config) = Function::declare(folder.path()).await?;
        let flags = ["--email-server", &address, "--email-starttls", "off"];
        let phones = ["--sms-server", &gateway.url, "--sms-system-id", "bench"];
        let quiet = ["--email-from", "bench@example.com", "--log-level", "error"];
        let flags = [&["--config", &config], &flags[..], &phones, &quiet].concat();
        let (server, _) = Server::tidings_with(&folder.path().join("data"), &flags).await?;
        let before = server.memory()?;
        if death != Death::None {
            let mut connection = server.client.connect().await?;
            subscribe(&mut connection, confirmations).await?;
            mail.die(death);
            publish(&mut connection).await?;
            let per_mail = (server.memory()?.saturating_sub(before)) as f64 / waiting as f64;
            println!("  memory: {per_mail:.0} bytes for each");
        }
        create(&server.client, "bench").await?;
        let sent = load::run(&server.client, Kind::Send, "bench", Until::Elapsed(EACH))?;
        print("  SendMessage", &sent, alone.as_ref());
        alone = alone.or(Some(sent));
        show("web endpoint", &endpoints::measure(&server.client, 0).await?);
        show("hosted function", &function.measure(&server.client).await?);
        show("phone", &gateway.measure(&server.client).await?);
        println!("  memory at the end: {} MiB", server.memory()? >> 20);
        server.stop()?;
    }
    Ok(())
}

fn show(what: &str, took: &Percentiles) {
    let (arrived, p50, p99) = (took.arrived(), took.ms(50), took.ms(99));
    println!("  {what}: {arrived} arrived, p50 {p50:.2} ms, p99 {p99:.2} ms");
}

/// Subscribes the mailboxes, and confirms with the tokens that their mails bring.
async fn subscribe(
    connection: &mut Connection,
    mut confirmations: UnboundedReceiver<String>,
) -> Outcome<()> {
    connection.exchange(&mut form(SNS, &[("Action", "CreateTopic"), ("Name", "mail")])).await?;
    for mailbox in 0..MAILBOXES {
        let endpoint = format!("guest{mailbox}@example.com");
        let fields = [("Action", "Subscribe"), ("TopicArn", TOPIC), ("Protocol", "email")];
        let fields = [&fields[..], &[("Endpoint", endpoint.as_str())]].concat();
        connection.exchange(&mut form(SNS, &fields)).await?;
        let token = confirmations.recv().await.ok_or("the mail server is gone")?;
        let fields = [("Action", "ConfirmSubscription"), ("TopicArn", TOPIC), ("Token", &token)];
        connection.exchange(&mut form(SNS, &fields)).await?;
    }
    Ok(())
}

async fn publish(connection: &mut Connection) -> Outcome<()> {
    let message = "m".repeat(load::BODY_BYTES);
    let fields = [("Action", "Publish"), ("TopicArn", TOPIC), ("Message", message.as_str())];
    let mut request = form(SNS, &fields);
    for _ in 0..MESSAGES {
        connection.exchange(&mut request).await?;
    }
    Ok(())
}

/// As much of a mail server as it takes to be sent confirmations.
struct MailServer {
    address: std::net::SocketAddr,
    hangs: Arc<AtomicBool>,
    listening: tokio::task::JoinHandle<()>,
}

impl MailServer {
    async fn start(tokens: UnboundedSender<String>) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let hangs = Arc::new(AtomicBool::new(false));
        let listening = tokio::spawn({
            let hangs = Arc::clone(&hangs);
            async move {
                let mut kept = Vec::new();
                while let Ok((stream, _)) = listener.accept().await {
                    if hangs.load(Ordering::Relaxed) {
                        kept.push(stream);
                    } else {
                        tokio::spawn(serve(stream, tokens.clone(), Arc::clone(&hangs)));
                    }
                }
            }
        });
        Ok(Self { address, hangs, listening })
    }

    fn die(&self, death: Death) {
        self.hangs.store(true, Ordering::Relaxed);
        if death == Death::Refuses {
            self.listening.abort();
        }
    }
}

/// One connection. It ends in silence when the server is to hang.
async fn serve(
    stream: TcpStream,
    tokens: UnboundedSender<String>,
    hangs: Arc<AtomicBool>,
) -> Outcome<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 bench\r\n").await?;
    let (mut line, mut letter) = (String::new(), None::<String>);
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        if hangs.load(Ordering::Relaxed) {
            return std::future::pending().await;
        }
        let answer: &[u8] = match &mut letter {
            Some(text) if line == ".\r\n" => {
                // As quoted-printable has it: long lines are cut, and an equals sign is three.
                let text = text.replace("=\r\n", "").replace("=3D", "=");
                let rest = text.split("Token=").nth(1).ok_or("a mail without a token")?;
                let token = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
                tokens.send(token)?;
                letter = None;
                b"250 taken\r\n"
            }
            Some(text) => {
                text.push_str(&line);
                continue;
            }
            None if line.starts_with("DATA") => {
                letter = Some(String::new());
                b"354 go on\r\n"
            }
            None if line.starts_with("EHLO") => b"250 bench\r\n",
            None => b"250 as you say\r\n",
        };
        stream.write_all(answer).await?;
    }
}
