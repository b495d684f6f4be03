//! An application behind a load balancer, at an address of the loopback of its own.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

/// Answers every request with a status that one can change, and its address.
pub struct Application {
    pub address: String,
    pub port: u16,
    status: Arc<AtomicU16>,
}

impl Application {
    pub fn start(address: &str) -> Self {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let status = Arc::new(AtomicU16::new(200));
        let (said, body) = (status.clone(), address.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let status = said.load(Ordering::Relaxed);
                // Zero: it is stopped.
                if status == 0 {
                    return;
                }
                let _ = stream.read(&mut [0; 1024]);
                let length = body.len();
                let head = format!("HTTP/1.0 {status} Said\r\nContent-Length: {length}");
                let _ = write!(stream, "{head}\r\n\r\n{body}");
            }
        });
        Self { address: address.to_owned(), port, status }
    }

    /// What it answers with from now on; with 0 it stops.
    pub fn say(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }
}
