//! A registry that misbehaves: everything is passed on to a real one, but for what the test wants broken.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::run::base64;

/// What is done to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends after so many bytes of the body.
    Cut(usize),
    /// The byte at this place of the body is another one.
    Corrupt(usize),
    /// Another status, with what it says about trying again.
    Status(u16),
    /// The answer begins at the front, whatever was asked for.
    NoRange,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub range: Option<String>,
    pub authorization: Option<String>,
}

/// Decides what is done to the answer to a request; the number is how many came before it for the same path.
type Decide = dyn Fn(&Asked, usize) -> Option<Fault> + Send + Sync;

pub struct Proxy {
    pub port: u16,
    log: Arc<Mutex<Vec<Asked>>>,
}

/// Tokens that a proxy wants to see, and whom it makes them for.
#[derive(Clone)]
pub struct Tokens {
    pub user: &'static str,
    pub password: &'static str,
    /// How many requests a token is good for.
    pub uses: usize,
}

struct State {
    upstream: u16,
    own: u16,
    log: Arc<Mutex<Vec<Asked>>>,
    decide: Box<Decide>,
    tokens: Option<Tokens>,
    /// How often the newest token was used, and which it is.
    issued: Mutex<(usize, usize)>,
}

impl Proxy {
    pub fn start(
        upstream: u16,
        decide: impl Fn(&Asked, usize) -> Option<Fault> + Send + Sync + 'static,
    ) -> Self {
        Self::with_tokens(upstream, None, decide)
    }

    pub fn with_tokens(
        upstream: u16,
        tokens: Option<Tokens>,
        decide: impl Fn(&Asked, usize) -> Option<Fault> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let log = Arc::new(Mutex::new(Vec::new()));
        let state = Arc::new(State {
            upstream,
            own,
            log: Arc::clone(&log),
            decide: Box::new(decide),
            tokens,
            issued: Mutex::new((0, 0)),
        });
        thread::spawn(move || {
            for stream in listener.incoming() {
                let state = Arc::clone(&state);
                // Whoever hangs up has seen enough.
                thread::spawn(move || drop(serve(&state, stream.unwrap())));
            }
        });
        Self { port: own, log }
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What was asked so far.
    pub fn log(&self) -> Vec<Asked> {
        self.log.lock().unwrap().clone()
    }

    pub fn forget(&self) {
        self.log.lock().unwrap().clear();
    }
}

fn serve(state: &State, mut client: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(()) };
    let mut asked =
        Asked { method: method.to_owned(), path: path.to_owned(), range: None, authorization: None };
    let mut headers = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        match name.to_ascii_lowercase().as_str() {
            "range" => asked.range = Some(value.trim().to_owned()),
            "authorization" => {
                asked.authorization = Some(value.trim().to_owned());
                continue;
            }
            "connection" => continue,
            _ => {}
        }
        headers += &line;
    }
    let before = {
        let mut log = state.log.lock().unwrap();
        log.push(asked.clone());
        log.iter().filter(|other| other.path == asked.path).count() - 1
    };
    if let Some(answer) = state.tokens.as_ref().and_then(|tokens| guard(state, tokens, &asked)) {
        return client.write_all(answer.as_bytes());
    }
    let fault = (state.decide)(&asked, before);
    if let Some(Fault::Status(status)) = fault {
        let answer = format!(
            "HTTP/1.1 {status} Not Now\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        return client.write_all(answer.as_bytes());
    }
    if fault == Some(Fault::NoRange) {
        headers = headers
            .lines()
            .filter(|line| !line.to_ascii_lowercase().starts_with("range"))
            .fold(String::new(), |all, line| all + line + "\r\n");
    }
    let mut upstream = TcpStream::connect(("127.0.0.1", state.upstream))?;
    upstream
        .write_all(format!("{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n").as_bytes())?;
    relay(&mut BufReader::new(upstream), &mut client, fault)
}

fn relay(upstream: &mut impl BufRead, client: &mut TcpStream, fault: Option<Fault>) -> std::io::Result<()> {
    loop {
        let mut line = Vec::new();
        upstream.read_until(b'\n', &mut line)?;
        client.write_all(&line)?;
        if line.len() <= 2 {
            break;
        }
    }
    let (mut position, mut buffer) = (0, vec![0; 8192]);
    loop {
        let read = upstream.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        let mut length = read;
        match fault {
            Some(Fault::Cut(after)) => length = length.min(after.saturating_sub(position)),
            Some(Fault::Corrupt(at)) if (position..position + read).contains(&at) => {
                buffer[at - position] ^= 1;
            }
            _ => {}
        }
        client.write_all(&buffer[..length])?;
        position += read;
        if length < read {
            return client.shutdown(Shutdown::Both);
        }
    }
}

/// What a registry with tokens answers instead of passing a request on.
fn guard(state: &State, tokens: &Tokens, asked: &Asked) -> Option<String> {
    let answer = |status: &str, headers: &str, body: &str| {
        Some(format!(
            "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ))
    };
    let mut issued = state.issued.lock().unwrap();
    if asked.path.starts_with("/token") {
        let basic = format!("Basic {}", base64(format!("{}:{}", tokens.user, tokens.password).as_bytes()));
        if asked.authorization.as_deref() != Some(&basic) {
            return answer("401 Unauthorized", "", "{\"errors\":[]}");
        }
        *issued = (0, issued.1 + 1);
        return answer("200 OK", "", &format!("{{\"token\":\"secret-token-{}\"}}", issued.1));
    }
    let newest = format!("Bearer secret-token-{}", issued.1);
    if issued.1 > 0 && asked.authorization.as_deref() == Some(&newest) && issued.0 < tokens.uses {
        issued.0 += 1;
        return None;
    }
    let realm = format!("http://127.0.0.1:{}/token", state.own);
    let challenge =
        format!("WWW-Authenticate: Bearer realm=\"{realm}\",service=\"test\",error=\"invalid_token\"\r\n");
    answer(
        "401 Unauthorized",
        &challenge,
        "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"token expired\"}]}",
    )
}
