//! An AWS that answers what the test says: the replies no emulator gives.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A status with a body; or none, and the connection breaks.
type Answer = Option<(u16, String)>;

/// What becomes of the nth request: an answer, and the headers it has beside the usual ones.
type Answering = dyn Fn(&Request, usize) -> (Answer, &'static str) + Send;

/// A server that gives one answer after the other, and the last one for ever; or the one that a
/// test makes of the request.
pub struct Scripted {
    /// Where it listens.
    pub endpoint: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

/// What it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// DynamoDB's operation, such as `PutItem`; or method and path.
    pub operation: String,
    /// The headers, one a line, their names in lower case.
    pub headers: String,
    /// The body as text.
    pub body: String,
}

impl Scripted {
    /// Starts a server with its answers.
    pub fn start(answers: Vec<Answer>) -> Self {
        Self::serve(Box::new(move |_, place| (answers[place.min(answers.len() - 1)].clone(), "")))
    }

    /// Starts a server that answers 200 with the headers, each with its line end, and the body that
    /// it makes of a request.
    pub fn answering(answer: impl Fn(&Request) -> (&'static str, String) + Send + 'static) -> Self {
        Self::serve(Box::new(move |request, _| {
            let (headers, body) = answer(request);
            (Some((200, body)), headers)
        }))
    }

    fn serve(answers: Box<Answering>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                // One request per connection; a connection that breaks is one of the answers.
                let _ = stream.and_then(|stream| answer(&stream, &*answers, &seen));
            }
        });
        Self { endpoint, asked }
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits until it was asked something.
    pub fn wait(&self) {
        let begun = Instant::now();
        while self.asked().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it was never asked");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// DynamoDB's answer.
    pub fn item(value: &Value) -> Answer {
        Some((200, value.to_string()))
    }

    /// DynamoDB's refusal; `more` are the fields it has beside its code.
    pub fn failure(status: u16, code: &str, more: Value) -> Answer {
        let mut body = json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}")});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Some((status, body.to_string()))
    }

    /// DynamoDB's answer to a put or an update whose condition failed; it may bring the item.
    pub fn condition_failed(item: Option<&Value>) -> Answer {
        let more = item.map_or(json!({}), |item| json!({"Item": item}));
        Self::failure(400, "ConditionalCheckFailedException", more)
    }

    /// S3's refusal.
    pub fn s3_failure(status: u16, code: &str) -> Answer {
        Some((status, format!("<Error><Code>{code}</Code><Message>secret</Message></Error>")))
    }
}

impl Request {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

fn answer(
    mut stream: &TcpStream,
    answers: &Answering,
    asked: &Mutex<Vec<Request>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut operation = first.rsplit_once(' ').unwrap_or_default().0.to_owned();
    let (mut headers, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        let (name, value) = (name.to_ascii_lowercase(), value.trim());
        match name.as_str() {
            "x-amz-target" => operation = value.rsplit('.').next().unwrap_or_default().to_owned(),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
        headers.push_str(&format!("{name}: {value}\n"));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let request = Request { operation, headers, body: String::from_utf8(body).unwrap() };
    let place = asked.lock().unwrap().len();
    let (answer, headers) = answers(&request, place);
    asked.lock().unwrap().push(request);
    let Some((status, body)) = answer else { return Ok(()) };
    write!(
        stream,
        "HTTP/1.1 {status} Said\r\nContent-Type: application/x-amz-json-1.0\r\n\
         {headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
