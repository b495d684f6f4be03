//! Time limits that follow what moves: a request may take as long as its sender needs, as long as
//! it gets on, and so may an answer.
//!
//! A limit on the whole of a request is a limit on what a user sends, and over which line: 4 MB of
//! code at 100 kB/s take 40 s. Here a request is given up when nothing of it was taken, and no
//! answer came, for the time given; and an answer, when nothing more of it comes, or so little that
//! its end is not in sight.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use super::trouble::Trouble;

/// How much of a request's body is handed over at once. At one such piece in 30 s, half a kilobyte
/// a second, an upload still gets on.
const PIECE: usize = 16 * 1024;

/// How long an answer that has begun may pause. With the 5 s to connect and the 30 s until it
/// begins, a server that stops anywhere is noticed within 55 s.
const PAUSE: Duration = Duration::from_secs(20);

/// How slowly an answer may come, in bytes a second, once it has come for [`PAUSE`]: a server that
/// sends one now and then is one that hangs.
const SLOWEST: f64 = 100.0;

/// When a request last got on.
#[derive(Clone, Debug)]
pub(super) struct Progress(Arc<Mutex<(Instant, bool)>>);

impl Progress {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new((Instant::now(), false))))
    }

    /// It does now; with `sending`, there is more of it to be sent.
    fn note(&self, sending: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), sending);
    }

    fn last(&self) -> (Instant, bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `request` comes to, unless it does not get on for `limit`.
    pub(super) async fn within<T>(
        &self,
        limit: Duration,
        from: &str,
        request: impl Future<Output = T>,
    ) -> Result<T, Trouble> {
        let mut request = std::pin::pin!(request);
        loop {
            let (last, _) = self.last();
            if let Ok(done) = timeout_at(last + limit, &mut request).await {
                return Ok(done);
            }
            let (now_last, sending) = self.last();
            if now_last == last {
                return Err(Trouble::Silent { from: from.to_owned(), limit, sending });
            }
        }
    }
}

/// A request's body, handed over in pieces, each of which is progress.
#[derive(Debug)]
pub(super) struct Upload {
    body: SdkBody,
    /// What was read of it and is not handed over yet.
    rest: Bytes,
    progress: Progress,
}

impl Upload {
    pub(super) fn new(body: SdkBody, progress: Progress) -> Self {
        Self { body, rest: Bytes::new(), progress }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if this.rest.is_empty() {
            match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => this.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                other => return other,
            }
        }
        let piece = this.rest.split_to(PIECE.min(this.rest.len()));
        this.progress.note(!this.is_end_stream());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && Body::is_end_stream(&self.body)
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, body) = (self.rest.len() as u64, Body::size_hint(&self.body));
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower() + rest);
        if let Some(upper) = body.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

/// An answer's body, which is given up when it does not come, or not whole.
pub(super) struct Download<B> {
    body: B,
    from: String,
    began: Instant,
    received: usize,
    /// Looked at where it is to be XML.
    ends: Option<Ends>,
    late: Pin<Box<Sleep>>,
}

/// How an answer begins and ends. The SDK takes XML that breaks off between two elements for a
/// whole answer: a list that was cut short would be one of less.
#[derive(Debug, Default)]
struct Ends {
    beginning: Vec<u8>,
    end: Vec<u8>,
}

impl Ends {
    /// Long enough for a declaration and the first element's name, and for its end.
    const KEPT: usize = 512;

    fn note(&mut self, data: &[u8]) {
        let missing = Self::KEPT - self.beginning.len();
        self.beginning.extend_from_slice(&data[..data.len().min(missing)]);
        self.end.extend_from_slice(&data[data.len().saturating_sub(Self::KEPT)..]);
        self.end.drain(..self.end.len().saturating_sub(Self::KEPT));
    }

    /// Whether it is XML whose first element is open at its end.
    fn is_open(&self) -> bool {
        let (beginning, end) =
            (String::from_utf8_lossy(&self.beginning), String::from_utf8_lossy(&self.end));
        let mut rest = beginning.trim_start_matches('\u{feff}').trim_start();
        while rest.starts_with("<?") || rest.starts_with("<!") {
            let Some((_, behind)) = rest.split_once('>') else { return true };
            rest = behind.trim_start();
        }
        let Some(rest) = rest.strip_prefix('<') else { return false };
        let name: String =
            rest.chars().take_while(|c| !c.is_whitespace() && !"/>".contains(*c)).collect();
        let (end, closed) = (end.trim_end(), format!("</{name}>"));
        let is_short = end.ends_with("/>") && rest.find('>').is_some_and(|at| at == rest.len() - 1);
        !(end.ends_with(&closed) || is_short)
    }
}

impl<B> Download<B> {
    pub(super) fn new(body: B, from: String, is_xml: bool) -> Self {
        let began = Instant::now();
        let late = Box::pin(sleep_until(began + PAUSE));
        Self { body, from, began, received: 0, ends: is_xml.then(Ends::default), late }
    }

    /// Whether so much of it should have come by now.
    fn drips(&self) -> bool {
        let time = self.began.elapsed();
        time > PAUSE && (self.received as f64) < (time - PAUSE).as_secs_f64() * SLOWEST
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Download<B>
where
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Poll::Ready(next) = Pin::new(&mut this.body).poll_frame(cx) {
            let from = || this.from.clone();
            if let Some(data) = next.as_ref().and_then(|next| next.as_ref().ok()?.data_ref()) {
                this.received += data.len();
                this.ends.iter_mut().for_each(|ends| ends.note(data));
            }
            if next.is_some() && this.drips() {
                return Poll::Ready(Some(Err(Trouble::Dripping { from: from() }.into())));
            }
            if next.is_none() && this.ends.take().is_some_and(|ends| ends.is_open()) {
                let bytes = this.received;
                return Poll::Ready(Some(Err(Trouble::Cut { from: from(), bytes }.into())));
            }
            this.late.as_mut().reset(Instant::now() + PAUSE);
            let from = &this.from;
            return Poll::Ready(next.map(|next| next.map_err(|error| broken(from, error.into()))));
        }
        match this.late.as_mut().poll(cx) {
            Poll::Ready(()) => {
                let (from, limit) = (this.from.clone(), PAUSE);
                Poll::Ready(Some(Err(Trouble::Silent { from, limit, sending: false }.into())))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    // Not the body's own: it is asked for its end, so that it is looked at.
    fn is_end_stream(&self) -> bool {
        false
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What ended an answer in its middle.
fn broken(from: &str, error: BoxError) -> BoxError {
    match from.parse() {
        Ok(uri) => Trouble::sending(&uri, error.as_ref()).into(),
        Err(_) => error,
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn};

    use tokio::time::sleep;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    fn upload(bytes: usize, progress: &Progress) -> Upload {
        Upload::new(SdkBody::from(vec![7_u8; bytes]), progress.clone())
    }

    /// The next piece's length.
    async fn next<B: Body<Data = Bytes> + Unpin>(body: &mut B) -> Option<Result<usize, B::Error>> {
        let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
        frame.map(|frame| frame.map(|frame| frame.data_ref().map_or(0, Bytes::len)))
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_upload_is_waited_for() {
        let progress = Progress::new();
        // 4 MB at 10 kB/s: seven minutes.
        let mut body = upload(4_000_000, &progress);
        assert_eq!(body.size_hint().exact(), Some(4_000_000));
        let began = Instant::now();
        let sent = progress.within(LIMIT, "here", async {
            let mut sent = 0;
            while let Some(piece) = next(&mut body).await {
                let piece = piece.unwrap();
                assert!(piece <= PIECE);
                sent += piece;
                sleep(Duration::from_secs_f64(piece as f64 / 10_000.0)).await;
            }
            sent
        });
        assert_eq!(sent.await, Ok(4_000_000));
        assert!(began.elapsed() > Duration::from_secs(399), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_that_stops_is_noticed() {
        let progress = Progress::new();
        let mut body = upload(100_000, &progress);
        let began = Instant::now();
        let stuck = progress.within(LIMIT, "http://there", async {
            sleep(Duration::from_secs(20)).await;
            next(&mut body).await.unwrap().unwrap();
            pending::<()>().await;
        });
        let told = stuck.await.unwrap_err().to_string();
        assert_eq!(told, "http://there took nothing more of the request for 30 s");
        assert_eq!(began.elapsed(), Duration::from_secs(50));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_does_not_begin_is_noticed() {
        let progress = Progress::new();
        let mut body = upload(10, &progress);
        let silent = progress.within(LIMIT, "http://there", async {
            next(&mut body).await.unwrap().unwrap();
            pending::<()>().await;
        });
        assert_eq!(silent.await.unwrap_err().to_string(), "no answer from http://there for 30 s");
    }

    /// An answer of so many pieces of so many bytes, each after a pause.
    struct Pieces(usize, usize, Duration, Pin<Box<Sleep>>);

    impl Body for Pieces {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            if self.0 == 0 {
                return Poll::Ready(None);
            }
            if self.3.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.0 -= 1;
            let pause = self.2;
            self.3.as_mut().reset(Instant::now() + pause);
            Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![0; self.1])))))
        }
    }

    /// How reading such an answer ends, and when.
    async fn reading(pieces: usize, bytes: usize, pause_s: u64) -> (String, u64) {
        let pause = Duration::from_secs(pause_s);
        let pieces = Pieces(pieces, bytes, pause, Box::pin(sleep(pause)));
        let mut body = Download::new(pieces, "http://there".to_owned(), false);
        let began = Instant::now();
        let mut total = 0;
        let end = loop {
            match next(&mut body).await {
                None => break format!("{total} bytes"),
                Some(Ok(bytes)) => total += bytes,
                Some(Err(error)) => break error.to_string(),
            }
        };
        (end, began.elapsed().as_secs())
    }

    #[test]
    fn xml_that_breaks_off_is_seen() {
        let is_open = |text: &str| {
            let mut ends = Ends::default();
            // In pieces, as it comes.
            text.as_bytes().chunks(7).for_each(|piece| ends.note(piece));
            ends.is_open()
        };
        let long = format!("<List xmlns=\"x\">{}</List>\n", "<item>1</item>".repeat(200));
        for whole in [
            "",
            "{\"a\": 1",
            "<A/>",
            "<A xmlns=\"x\" />",
            "<?xml version=\"1.0\"?>\n<A><b>1</b></A>\n",
            "<!DOCTYPE html><html><body></body></html>",
            &long,
        ] {
            assert!(!is_open(whole), "{whole}");
        }
        for cut in
            ["<", "<?xml", "<A", "<A>", "<A><b/>", "<A><b>1</b>", &long[..2000], &long[..500]]
        {
            assert!(is_open(cut), "{cut}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_may_take_its_time_and_may_not_stop() {
        assert_eq!(reading(60, 5000, 10).await, ("300000 bytes".to_owned(), 600));
        let stopped = ("no answer from http://there for 20 s".to_owned(), 20);
        assert_eq!(reading(1, 10, 3600).await, stopped);
        let dripping = ("the answer from http://there came too slowly to end".to_owned(), 21);
        assert_eq!(reading(100_000, 1, 1).await, dripping);
    }
}
