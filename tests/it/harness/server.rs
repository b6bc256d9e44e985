//! The real program, on a port and a folder of its own.

use super::client::Client;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

/// The first admin token of every server here.
pub const TOKEN: &str = "lm_test_0123456789abcdef";
/// What a server says once it takes requests, before its address.
pub const READY: &str = "listening on http://";
/// As many requests a second as tests may come to make: they ask one server from all cores with one
/// token, and how many that is in a second is a matter of the machine. A test of the limit sets its own.
const RATE: (&str, &str) = ("LENSMOUNT_RATE_LIMIT", "1000000");
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. Dropping it is kill -9.
pub struct Server {
    child: Child,
    address: String,
    log: PathBuf,
}

impl Server {
    /// Starts the program on a data folder and waits until it takes requests.
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// The same with more in its environment.
    pub fn start_with(data: &Path, environment: &[(&str, &str)]) -> Self {
        let log = data.with_extension("log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_lensmount"));
        command.args(serve(data)).envs([RATE]).envs(environment.iter().copied());
        Self::spawn(command, log)
    }

    /// SIGTERM, and the process is gone when this returns; its exit code.
    pub fn stop(mut self) -> Option<i32> {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let status = crate::harness::until("the server stops", PATIENCE, || self.child.try_wait().expect("a status"));
        status.code()
    }

    fn spawn(mut command: Command, log: PathBuf) -> Self {
        let errors = File::options().create(true).append(true).open(&log).expect("a log file");
        let mut child =
            command.env("LENSMOUNT_ADMIN_TOKEN", TOKEN).stdout(Stdio::piped()).stderr(errors).spawn().expect("the program starts");
        let address = wait_for_line(&mut child, READY).unwrap_or_else(|seen| {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            panic!("the server did not say `{READY}…`; stdout: {seen}\nstderr: {log}")
        });
        Self { child, address, log }
    }

    /// A client that carries the admin token.
    pub fn admin(&self) -> Client {
        Client::new(&self.address, Some(TOKEN))
    }

    /// A client without a token.
    pub fn stranger(&self) -> Client {
        Client::new(&self.address, None)
    }

    /// A client with the token given.
    pub fn holder(&self, token: &str) -> Client {
        Client::new(&self.address, Some(token))
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the server wrote to standard error so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Resident memory in bytes, where the system says so.
    pub fn resident(&self) -> Option<u64> {
        self.memory("VmRSS:")
    }

    /// The most that its resident memory was since [`Server::forget_peak`].
    pub fn peak(&self) -> Option<u64> {
        self.memory("VmHWM:")
    }

    /// What its resident memory was at most is reckoned anew, so that what came before, such as the
    /// compiling of extractors, hides nothing. What it is now, where the system can do that.
    pub fn forget_peak(&self) -> Option<u64> {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").ok()?;
        self.peak()
    }

    fn memory(&self, name: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with(name))?;
        let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib * 1024)
    }

    /// kill -9 of a server that others may still be speaking to.
    pub fn kill_now(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// kill -9, and the process is gone when this returns.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(data: &Path) -> Vec<String> {
    let data = data.to_str().expect("a path in UTF-8");
    ["serve", "--listen", "127.0.0.1:0", "--data", data].map(String::from).to_vec()
}

/// The rest of the first line of standard output that holds `marker`, or all that was said instead.
pub fn wait_for_line(child: &mut Child, marker: &'static str) -> Result<String, String> {
    let out = child.stdout.take().expect("standard output is a pipe");
    let (say, hear) = mpsc::channel();
    // The pipe is read to its end, so that a server that goes on talking is never blocked by it.
    std::thread::spawn(move || {
        let mut lines = BufReader::new(out);
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|read| read > 0) {
            let _ = say.send(std::mem::take(&mut line));
        }
        let _ = lines.read_to_end(&mut Vec::new());
    });
    let mut seen = String::new();
    while let Ok(line) = hear.recv_timeout(PATIENCE) {
        if let Some((_, rest)) = line.split_once(marker) {
            return Ok(rest.trim().to_string());
        }
        seen.push_str(&line);
    }
    Err(seen)
}

/// A temporary folder and the data folder inside it: logs lie beside the data, not in it.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// A fresh one.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder }
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A file beside it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// The server that all reading tests share; nobody uploads to it or changes it.
///
/// A static is never dropped, so a shell stands between: when this process ends, however it ends,
/// the pipe that the shell reads closes, and it kills the server and clears the folder.
pub fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder").keep();
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg("folder=$1; shift; \"$@\" & read -r _; kill -9 $!; wait; rm -rf \"$folder\"")
            .arg("watch")
            .arg(&folder)
            .arg(env!("CARGO_BIN_EXE_lensmount"))
            .args(serve(&folder.join("data")))
            .envs([RATE])
            .stdin(Stdio::piped());
        Server::spawn(command, folder.join("server.log"))
    })
}
