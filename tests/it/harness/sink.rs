//! A data plane that takes half a million messages and keeps of each what tells it apart, and that
//! fails in all the ways a data plane fails in.

use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// 200, unless it holds a user that the sink does not like.
    Take,
    /// A status.
    Status(u16),
    /// A status that asks to be left alone.
    After(u16, String),
    /// The connection is reset when half of the request has come.
    ResetHalf,
    /// All of it has come when the connection is reset.
    ResetWhole,
    /// 200 is announced with a body that never comes whole.
    ResetAnswer,
    /// As for `Take`, once the sink is told to let go.
    Hold,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Came {
    pub at: Instant,
    /// Its authorization, which tells destinations apart.
    pub key: String,
}

/// What is known of a message id.
struct Known {
    user: Box<str>,
    /// A digest of everything but the time it was sent at.
    content: u64,
    /// How often it was answered with 200.
    taken: u32,
}

#[derive(Default)]
struct Kept {
    /// By message id.
    known: HashMap<Uuid, Known>,
    came: Vec<Came>,
    replies: VecDeque<Reply>,
    otherwise: Option<Reply>,
    dislikes: HashSet<String>,
    /// Ids that came with two contents.
    torn: Vec<Uuid>,
}

/// Runs until it is dropped. Its port is its own also while nobody listens on it.
pub struct Sink {
    runtime: Runtime,
    address: SocketAddr,
    _place: TcpSocket,
    listening: Mutex<Option<JoinHandle<()>>>,
    kept: Arc<Mutex<Kept>>,
    go: watch::Sender<bool>,
}

/// What a whole batch looks like.
#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    batch: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    message_id: &'a str,
    #[serde(borrow)]
    user_id: Option<Cow<'a, str>>,
}

impl Sink {
    pub fn start() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let place = socket(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let address = place.local_addr().expect("an address");
        let (go, _) = watch::channel(false);
        let sink = Self { runtime, address, _place: place, listening: Mutex::default(), kept: Arc::default(), go };
        sink.up();
        sink
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections are refused from now on, and those that stand are cut.
    pub fn down(&self) {
        let listening = self.listening.lock().expect("no test panicked with it").take();
        if let Some(listening) = listening {
            listening.abort();
            // The listener is closed when its task is gone.
            let _ = self.runtime.block_on(listening);
        }
    }

    /// Connections are taken again.
    pub fn up(&self) {
        let _inside = self.runtime.enter();
        let listener = socket(self.address).listen(1_024).expect("a listener");
        let (kept, go) = (Arc::clone(&self.kept), self.go.subscribe());
        let listening = self.runtime.spawn(listen(listener, kept, go));
        *self.listening.lock().expect("no test panicked with it") = Some(listening);
    }

    /// Answers the next requests like this, one after the other, and then as usual.
    pub fn answers(&self, replies: impl IntoIterator<Item = Reply>) {
        self.kept().replies.extend(replies);
    }

    /// Answers all other requests like this.
    pub fn always(&self, reply: Reply) {
        self.kept().otherwise = Some(reply);
    }

    /// Whatever is planned is forgotten: everything is taken from now on.
    pub fn takes_everything(&self) {
        let mut kept = self.kept();
        kept.replies.clear();
        kept.otherwise = None;
        kept.dislikes.clear();
        drop(kept);
        self.let_go();
    }

    /// A batch with any of these users is refused as a whole.
    pub fn dislikes(&self, users: impl IntoIterator<Item = String>) {
        self.kept().dislikes.extend(users);
    }

    /// What is held is answered.
    pub fn let_go(&self) {
        self.go.send_replace(true);
    }

    pub fn came(&self) -> Vec<Came> {
        self.kept().came.clone()
    }

    /// How many message ids were taken.
    pub fn count(&self) -> usize {
        self.kept().known.values().filter(|known| known.taken > 0).count()
    }

    /// How many message ids were taken more than once.
    pub fn again(&self) -> usize {
        self.kept().known.values().filter(|known| known.taken > 1).count()
    }

    /// The users of all messages that were taken, each as often as it has ids; panics where an id came
    /// with two contents.
    pub fn taken(&self) -> Vec<String> {
        let kept = self.kept();
        assert!(kept.torn.is_empty(), "ids with two contents: {:?}", kept.torn);
        let taken = kept.known.values().filter(|known| known.taken > 0);
        let mut users: Vec<String> = taken.map(|known| known.user.to_string()).collect();
        users.sort_unstable();
        users
    }

    /// What was taken is one message for each of these users: none is lost, and none doubled.
    pub fn has_exactly(&self, what: &str, users: impl IntoIterator<Item = String>) {
        let taken = self.taken();
        let expected: BTreeSet<String> = users.into_iter().collect();
        let apart: BTreeSet<String> = taken.iter().cloned().collect();
        let (lost, strange) = (expected.difference(&apart).count(), apart.difference(&expected).count());
        assert_eq!((lost, strange), (0, 0), "{what}: {lost} lost and {strange} strange of {}", expected.len());
        assert_eq!(taken.len(), expected.len(), "{what}: some went under two ids");
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("no test panicked with it")
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.down();
    }
}

/// A socket on an address that others of ours may have as well, as long as only one listens.
fn socket(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("an address to share");
    socket.bind(address).expect("a port");
    socket
}

async fn listen(listener: TcpListener, kept: Arc<Mutex<Kept>>, go: watch::Receiver<bool>) {
    // They are cut when this task ends.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (kept, go) = (Arc::clone(&kept), go.clone());
        connections.spawn(async move {
            // The other side may go away at any time.
            let _ = serve(stream, &kept, go).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(mut stream: TcpStream, kept: &Mutex<Kept>, mut go: watch::Receiver<bool>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = Vec::new();
    loop {
        let Some((key, size)) = head(&mut stream, &mut bytes).await? else { return Ok(()) };
        let reply = {
            let mut kept = kept.lock().expect("no test panicked with it");
            let reply = kept.replies.pop_front().or_else(|| kept.otherwise.clone()).unwrap_or(Reply::Take);
            kept.came.push(Came { at: Instant::now(), key });
            reply
        };
        let enough = if reply == Reply::ResetHalf { size / 2 } else { size };
        while bytes.len() < enough {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        }
        if reply == Reply::ResetHalf {
            return stream.set_zero_linger();
        }
        let rest = bytes.split_off(size);
        let body = std::mem::replace(&mut bytes, rest);
        if reply == Reply::ResetWhole {
            take(kept, &body, 0);
            return stream.set_zero_linger();
        }
        if reply == Reply::Hold {
            // The sink is there for as long as this task is.
            let _ = go.wait_for(|go| *go).await;
        }
        let answer = match &reply {
            Reply::Status(status) => format!("HTTP/1.1 {status} Told\r\ncontent-length: 0\r\n\r\n"),
            Reply::After(status, after) => {
                format!("HTTP/1.1 {status} Told\r\nretry-after: {after}\r\ncontent-length: 0\r\n\r\n")
            }
            _ => match take(kept, &body, 1) {
                None if reply == Reply::ResetAnswer => "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nO".to_owned(),
                None => "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK".to_owned(),
                Some(words) => format!("HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\n\r\n{words}", words.len()),
            },
        };
        stream.write_all(answer.as_bytes()).await?;
        if reply == Reply::ResetAnswer {
            return Ok(());
        }
    }
}

/// The authorization of the next request, and how many bytes its body has; none when there is no next
/// one.
async fn head(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<Option<(String, usize)>> {
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            let head = String::from_utf8_lossy(&std::mem::replace(bytes, rest)).into_owned();
            assert!(head.starts_with("POST /v1/batch "), "{head}");
            let field = |wanted: &str| {
                let mut fields = head.lines().filter_map(|line| line.split_once(": "));
                fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map_or("", |(_, value)| value)
            };
            return Ok(Some((field("authorization").to_owned(), field("content-length").parse().expect("a length"))));
        }
        if stream.read_buf(bytes).await? == 0 {
            return Ok(None);
        }
    }
}

/// Takes the messages of a body, or says why it takes none. `times` is 0 where it is not to be told
/// that they are taken.
fn take(kept: &Mutex<Kept>, body: &[u8], times: u32) -> Option<&'static str> {
    let mut plain = Vec::with_capacity(body.len() * 8);
    GzDecoder::new(body).read_to_end(&mut plain).expect("gzip");
    assert!(plain.len() <= 4_000 * 1_024, "a data plane takes no more than 4000 KiB");
    let Batch { batch } = serde_json::from_slice(&plain).expect("a batch");
    let messages: Vec<(Message<'_>, u64)> =
        batch.iter().map(|raw| (serde_json::from_str(raw.get()).expect("a message"), content(raw))).collect();
    let mut kept = kept.lock().expect("no test panicked with it");
    let user = |message: &Message<'_>| message.user_id.as_deref().unwrap_or("-").to_owned();
    if !kept.dislikes.is_empty() && messages.iter().any(|(message, _)| kept.dislikes.contains(&user(message))) {
        return Some("request neither has anonymousId nor userId");
    }
    for (message, content) in &messages {
        let first = || Known { user: user(message).into(), content: *content, taken: 0 };
        let id = Uuid::parse_str(message.message_id).expect("an id");
        let known = kept.known.entry(id).or_insert_with(first);
        known.taken += times;
        if known.content != *content {
            kept.torn.push(id);
        }
    }
    None
}

/// A digest of a message without the time that it says it was sent at, which stands last in it.
fn content(raw: &RawValue) -> u64 {
    let (message, _) = raw.get().rsplit_once(",\"sentAt\":").expect("a time at its end");
    let mut hasher = DefaultHasher::new();
    message.hash(&mut hasher);
    hasher.finish()
}
