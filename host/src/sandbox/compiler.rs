//! Who compiles: this process, or a child of it.
//!
//! What compiling costs is up to whoever wrote the component, and a thread that compiles cannot be
//! stopped. A child can: it has no secrets (its environment tells it to be sparing and nothing else),
//! gets a component on its standard input, gives machine code on its standard output, and ends itself
//! when it has used more processor time or memory than it may. What it takes also leaves with it.

use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::available_parallelism;
use std::time::Duration;

use bytes::Bytes;
use rustix::process::{Resource, Rlimit, nice, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::compile::{CompileError, Compiled};
use super::engine::Sandbox;
use super::limits::Limits;
use crate::heap;

/// The signal of a process that has used up its processor time.
const SIGXCPU: i32 = 24;
/// The signal of a process that cannot go on, as when there is no memory.
const SIGABRT: i32 = 6;
/// The signal of a process that was killed.
const SIGKILL: i32 = 9;
/// How long a child may live: a busy machine gives it little processor time, and calls go first.
const PATIENCE: u32 = 4;
const LEAST: Duration = Duration::from_secs(120);
/// The most machine code that is taken from a child.
const LARGEST_CODE: u64 = 1 << 30;
/// How much politer than the server a child is: calls go first.
const NICER: i32 = 5;
/// Bytes of a child's bound for each of its threads, of which there is one at least: each takes memory of
/// its own, and the bound is to be enough for the same components on every machine.
const EACH_THREAD: u64 = 256 << 20;

/// Who compiles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Compiler {
    /// This process, without bounds.
    #[default]
    Here,
    /// A child of this process, within bounds.
    Child {
        /// The program, which [`answer`]s when it is called with these arguments.
        program: PathBuf,
        /// The arguments.
        arguments: Vec<String>,
        /// What it may use.
        bounds: Bounds,
    },
}

/// What compiling one component may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Processor time, over all threads.
    pub cpu: Duration,
    /// Bytes of memory.
    pub memory: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            cpu: Duration::from_secs(120),
            // Enough for a component that carries a language's interpreter.
            memory: 4 << 30,
        }
    }
}

impl Sandbox {
    /// Compiles a component without keeping others waiting.
    ///
    /// # Errors
    ///
    /// When the engine refuses the component, or compiling it takes more than it may.
    pub async fn compiled(self: &Arc<Self>, wasm: Bytes) -> Result<Compiled, CompileError> {
        self.compiled.fetch_add(1, Ordering::Relaxed);
        let code = match &self.compiler {
            Compiler::Here => None,
            Compiler::Child {
                program,
                arguments,
                bounds,
            } => {
                let mut command = Command::new(program);
                command.args(arguments);
                Some(ask(command, *bounds, &wasm).await?)
            }
        };
        let sandbox = Arc::clone(self);
        let made = tokio::task::spawn_blocking(move || match code {
            None => sandbox.compile(&wasm),
            // It was made by this very program, so code that does not fit is a defect.
            Some(code) => sandbox.revive(&code).ok_or(CompileError::Unfit),
        });
        made.await.map_err(CompileError::Worker)?
    }
}

/// Has a child compile.
async fn ask(mut command: Command, bounds: Bounds, wasm: &Bytes) -> Result<Vec<u8>, CompileError> {
    let failed = CompileError::Child;
    let most = usize::try_from(bounds.memory / EACH_THREAD).unwrap_or(usize::MAX);
    let threads = available_parallelism().map_or(1, |threads| threads.get().min(most.max(1)));
    let mut child = command
        .env_clear()
        .env(heap::SPARING.0, heap::SPARING.1)
        .env("RAYON_NUM_THREADS", threads.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
        return Err(CompileError::Unfit);
    };
    let (mut code, mut words) = (Vec::new(), Vec::new());
    let (mut stdout, mut stderr) = (stdout.take(LARGEST_CODE), stderr.take(4_000));
    let talk = async {
        let tell = async {
            // One that has died early says so by how it ended.
            let _ = stdin.write_all(wasm).await;
            drop(stdin);
        };
        let (_, code, words) = tokio::join!(
            tell,
            stdout.read_to_end(&mut code),
            stderr.read_to_end(&mut words)
        );
        code.and(words).map_err(failed)?;
        child.wait().await.map_err(failed)
    };
    let patience = (bounds.cpu * PATIENCE).max(LEAST);
    match tokio::time::timeout(patience, talk).await {
        Ok(ended) => judged(ended?, bounds, &words).map(|()| code),
        Err(_) => Err(CompileError::Slow {
            seconds: patience.as_secs(),
        }),
    }
}

/// What it means how a child has ended.
fn judged(status: ExitStatus, bounds: Bounds, words: &[u8]) -> Result<(), CompileError> {
    if status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(words).trim().to_owned();
    // A thread that has no room for its stack is refused with error 11.
    let signs = ["memory allocation of", "os error 12", "os error 11"];
    let out_of_memory = signs.iter().any(|sign| words.contains(sign));
    match status.signal() {
        Some(SIGXCPU | SIGKILL) => Err(CompileError::Cpu {
            seconds: bounds.cpu.as_secs(),
        }),
        Some(SIGABRT) => Err(CompileError::Memory {
            mib: bounds.memory >> 20,
        }),
        _ if out_of_memory => Err(CompileError::Memory {
            mib: bounds.memory >> 20,
        }),
        _ => Err(CompileError::Refused { reason: words }),
    }
}

/// What a child does: compiles what stands on its standard input, within bounds.
///
/// # Errors
///
/// Why there is no code; whoever asked reads it from standard error.
pub fn answer(limits: Limits, bounds: Bounds) -> anyhow::Result<()> {
    let at_most = |most| Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    setrlimit(Resource::Core, at_most(0))?;
    // Address space costs nothing, and the engine takes a lot of it; what is mapped to be written is what
    // counts, whether it is written or not.
    setrlimit(Resource::Data, at_most(bounds.memory))?;
    let seconds = bounds.cpu.as_secs();
    let cpu = Rlimit {
        current: Some(seconds),
        maximum: Some(seconds + 1),
    };
    setrlimit(Resource::Cpu, cpu)?;
    // Being less polite than meant is no reason not to work.
    let _ = nice(NICER);
    let mut wasm = Vec::new();
    std::io::stdin().read_to_end(&mut wasm)?;
    let code = Sandbox::new(limits)?.compile(&wasm)?.code()?;
    let mut out = std::io::stdout();
    out.write_all(&code)?;
    out.flush()?;
    Ok(())
}
