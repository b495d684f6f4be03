//! The wire between a handler and what it calls, cut wherever a test wants.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Carries what is said between the handler and any number of servers, and counts the pieces, of
/// both directions together. From the one on at which it is to be cut, none arrives.
///
/// A piece that does not arrive is a call that is lost when the handler sent it, and a reply that is
/// lost, to a call that was carried out, when the server did.
#[derive(Clone, Default)]
pub struct Wire {
    pieces: Arc<AtomicUsize>,
    /// The number of the first piece that does not arrive; 0 is none.
    cut: Arc<AtomicUsize>,
}

impl Wire {
    /// A port that leads to another one.
    pub fn to(&self, port: u16) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let front = listener.local_addr().unwrap().port();
        let wire = self.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let wire = wire.clone();
                    thread::spawn(move || wire.carry(from, to));
                }
            }
        });
        front
    }

    /// Counts from 1 again, and is cut at a piece.
    pub fn cut_at(&self, piece: usize) {
        self.pieces.store(0, Ordering::SeqCst);
        self.cut.store(piece, Ordering::SeqCst);
    }

    /// Is whole again.
    pub fn mend(&self) {
        self.cut_at(0);
    }

    /// Whether it is cut by now.
    pub fn is_cut(&self) -> bool {
        let cut = self.cut.load(Ordering::SeqCst);
        cut > 0 && self.pieces.load(Ordering::SeqCst) >= cut
    }

    /// Waits until it is cut.
    pub async fn cut(&self) {
        while !self.is_cut() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut piece = [0; 65_536];
        while let Ok(length @ 1..) = from.read(&mut piece) {
            self.pieces.fetch_add(1, Ordering::SeqCst);
            if self.is_cut() || to.write_all(&piece[..length]).is_err() {
                break;
            }
        }
        for stream in [from, to] {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
