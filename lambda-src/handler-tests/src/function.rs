//! The real binary, and Lambda's side of its runtime interface.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What the function made of one event, as Lambda gets it.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// An answer.
    Response(Value),
    /// A function error.
    Error(Value),
    /// It could not start.
    InitError(Value),
}

/// One process of the function.
pub struct Function {
    process: Child,
    events: Sender<Vec<u8>>,
    outcomes: Receiver<Outcome>,
    said: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Function {
    /// Starts the binary that cargo built, or the one `PAYCTL_TEST_BOOTSTRAP` stands for, with the
    /// environment Lambda would give it.
    pub fn start(built: &str, environment: &[(&str, &str)], endpoint: &str) -> Self {
        let (events, queue) = channel();
        let (sink, outcomes) = channel();
        let api = serve(queue, sink);
        let mut process = Command::new(binary(Path::new(built)))
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api)
            .env("AWS_LAMBDA_FUNCTION_NAME", "handler-test")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_ENDPOINT_URL", endpoint)
            .envs(environment.iter().copied())
            // Where a binary that is built to count its lines leaves the counts.
            .envs(std::env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let readers = vec![
            collect(process.stdout.take().unwrap(), &said),
            collect(process.stderr.take().unwrap(), &said),
        ];
        Self { process, events, outcomes, said, readers }
    }

    /// Hands over one event without waiting for its answer.
    pub fn send(&self, event: impl Into<Vec<u8>>) {
        self.events.send(event.into()).unwrap();
    }

    /// Waits for the next answer.
    pub fn outcome(&self) -> Outcome {
        let said = || self.said.lock().unwrap().clone();
        self.outcomes.recv_timeout(TIMEOUT).unwrap_or_else(|_| panic!("no answer\n{}", said()))
    }

    /// Hands over one event and returns the status and the body of its answer.
    pub fn invoke(&self, event: &Value) -> (u64, Value) {
        self.send(event.to_string());
        self.answer()
    }

    /// Waits for the next answer and returns its status and its body.
    pub fn answer(&self) -> (u64, Value) {
        let reply = self.response();
        let body = serde_json::from_str(reply["body"].as_str().unwrap()).unwrap();
        (reply["statusCode"].as_u64().unwrap(), body)
    }

    /// Waits for the next answer, which must be no error.
    pub fn response(&self) -> Value {
        match self.outcome() {
            Outcome::Response(response) => response,
            other => panic!("no response: {other:?}"),
        }
    }

    /// Waits for the process to end by itself.
    pub fn ended(&mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }

    /// Ends the process, without warning as Lambda may, and returns all it wrote.
    pub fn said(mut self) -> String {
        let _ = self.process.kill();
        let _ = self.process.wait();
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        self.said.lock().unwrap().clone()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The binary under test: the one cargo built, or the one `build.sh` made, when
/// `PAYCTL_TEST_BOOTSTRAP` names any bootstrap in its folder `target/lambda`.
fn binary(built: &Path) -> PathBuf {
    let Some(bootstrap) = std::env::var_os("PAYCTL_TEST_BOOTSTRAP").map(PathBuf::from) else {
        return built.to_owned();
    };
    let folder = bootstrap.ancestors().nth(2).unwrap();
    folder.join(built.file_name().unwrap()).join("bootstrap")
}

fn collect(output: impl Read + Send + 'static, said: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let said = Arc::clone(said);
    thread::spawn(move || {
        for line in BufReader::new(output).lines() {
            let mut said = said.lock().unwrap();
            said.push_str(&line.unwrap());
            said.push('\n');
        }
    })
}

/// Serves the runtime interface and returns its address.
fn serve(queue: Receiver<Vec<u8>>, sink: Sender<Outcome>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let queue = Arc::new(Mutex::new(queue));
    thread::spawn(move || {
        for connection in listener.incoming() {
            let (queue, sink) = (Arc::clone(&queue), sink.clone());
            // Ends with an error when the function goes away.
            thread::spawn(move || converse(&connection?, &queue, &sink));
        }
    });
    address
}

fn converse(
    stream: &TcpStream,
    queue: &Mutex<Receiver<Vec<u8>>>,
    sink: &Sender<Outcome>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut count = 0;
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let body = body(&mut reader)?;
        if request.starts_with("GET /2018-06-01/runtime/invocation/next ") {
            let Ok(event) = queue.lock().unwrap().recv() else { return Ok(()) };
            count += 1;
            let headers = format!(
                "Lambda-Runtime-Aws-Request-Id: request-{count}\r\n\
                 Lambda-Runtime-Deadline-Ms: 4102444800000\r\n\
                 Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:1:function:f\r\n"
            );
            reply(stream, "200 OK", &headers, &event)?;
            continue;
        }
        let body = serde_json::from_slice(&body)?;
        let path = request.split(' ').nth(1).unwrap_or_default();
        let outcome = match path.rsplit('/').next() {
            Some("response") => Outcome::Response(body),
            Some("error") if path.ends_with("/init/error") => Outcome::InitError(body),
            Some("error") => Outcome::Error(body),
            _ => return reply(stream, "404 Not Found", "", b"{}"),
        };
        reply(stream, "202 Accepted", "", b"{\"status\":\"OK\"}")?;
        let _ = sink.send(outcome);
    }
}

fn body(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        assert!(!name.eq_ignore_ascii_case("transfer-encoding"), "chunks are not read here");
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

fn reply(mut stream: &TcpStream, status: &str, headers: &str, body: &[u8]) -> std::io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat())
}
