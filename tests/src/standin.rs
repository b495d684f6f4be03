//! A stand-in for a server: it takes one request per connection, keeps its head, and answers what
//! it is told, or speaks TLS and answers who is asking.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{CertificateParams, DnType, KeyPair};

use crate::emulator::{free_port, python};

/// Who is asking, as STS says it.
pub const CALLER: &str = "<GetCallerIdentityResponse \
    xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
    <GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/jane</Arn><UserId>U</UserId>\
    <Account>123456789012</Account></GetCallerIdentityResult>\
    <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>";

/// A server that answers everything alike; it goes on until the test's process ends.
#[derive(Debug)]
pub struct StandIn {
    /// Such as `127.0.0.1:40123`.
    pub place: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl StandIn {
    /// Answers `answer`, head and body, and closes the connection.
    pub fn answering(answer: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (heads.clone(), answer.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (kept, answer) = (kept.clone(), answer.clone());
                std::thread::spawn(move || stream.map(|stream| serve(stream, &kept, &answer)));
            }
        });
        Self { place, heads }
    }

    /// Answers with this status line, content type and body.
    pub fn saying(status: &str, content: &str, body: &str) -> Self {
        let length = body.len();
        Self::answering(&format!(
            "HTTP/1.1 {status}\r\nContent-Type: {content}\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        ))
    }

    /// As the endpoint of a service.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.place)
    }

    /// The heads of the requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Reads a request to the end of its body, keeps its head, and answers.
fn serve(mut stream: TcpStream, heads: &Mutex<Vec<String>>, answer: &str) -> std::io::Result<()> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut chunk)? {
            0 => return Ok(()),
            count => bytes.extend_from_slice(&chunk[..count]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    while bytes.len() < end + 4 + length.unwrap_or_default() {
        match stream.read(&mut chunk)? {
            0 => break,
            count => bytes.extend_from_slice(&chunk[..count]),
        }
    }
    heads.lock().unwrap_or_else(PoisonError::into_inner).push(head);
    stream.write_all(answer.as_bytes())
}

/// A server that speaks TLS and answers [`CALLER`]; ends with this value.
#[derive(Debug)]
pub struct Secure {
    pub endpoint: String,
    /// The file of its certificate.
    pub certificate: String,
    child: Child,
}

/// What serves: one request after the other.
const SERVER: &str = r#"
import http.server, ssl, sys
port, certificate, key, body = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4].encode()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(200)
        self.send_header("content-type", "text/xml")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
print("listening", flush=True)
server.serve_forever()
"#;

impl Secure {
    /// Under a certificate for `name` that it makes for itself and keeps in `folder`.
    pub fn start(name: &str, folder: &Path) -> Self {
        // Its own name, or one certificate would seem to have signed the other.
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let pair = KeyPair::generate().unwrap();
        let file = |what: &str, text: &str| {
            let path = folder.join(format!("{name}-{what}.pem"));
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let certificate = file("certificate", &params.self_signed(&pair).unwrap().pem());
        let key = file("key", &pair.serialize_pem());
        let port = free_port();
        let mut child = Command::new(python())
            .args(["-c", SERVER, &port.to_string(), &certificate, &key, CALLER])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Its one line says that it listens.
        let said = child.stdout.as_mut().unwrap().read(&mut [0; 64]).unwrap();
        assert!(said > 0, "the server does not start");
        Self { endpoint: format!("https://127.0.0.1:{port}"), certificate, child }
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
