//! Guests that carry the engine of a language, beside one in Rust, in one run.
//!
//! They are the examples in `extractors/examples`, built by the command that authors build with. A
//! machine without Node or Python leaves their rows out and says so.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use lensmount::catalog::ask;
use lensmount::sample::{Document, Sample};
use lensmount::sandbox::{Identity, Lens, Sandbox, World};
use lensmount::store::Digest;

use super::report::{Report, Row};
use super::ways::Times;
use super::{Bench, results};

const ROUNDS: usize = 300;
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../extractors/examples");

pub async fn run(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    println!("\nguests in other languages: a fresh call on a small chart (µs, p50 / p99)");
    println!(
        "{:<34} {:>8} {:>12} {:>10} {:>18} {:>12}",
        "guest", "KB", "compiled s", "chart KB", "fresh call", "times Rust"
    );
    let small = results::small()
        .into_iter()
        .next()
        .context("there is no small result")?;
    let mut rust = Times::default();
    for _ in 0..ROUNDS {
        rust.time(true, bench.in_sandbox(&small)).await?;
    }
    let rust = rust.sorted();
    println!(
        "{:<34} {:>8} {:>12} {:>10.1} {:>18} {:>12}",
        format!("Rust, {}", small.name),
        "",
        "",
        small.body.len() as f64 / 1e3,
        format!("{:.0} / {:.0}", rust.micros(0.50), rust.micros(0.99)),
        1
    );
    for (language, name) in [("JavaScript", "funnel"), ("Python", "gauge")] {
        match guest(name) {
            Ok((wasm, sample)) => {
                let (lens, seconds) = load(&bench.sandbox, name, &wasm)?;
                let mut times = Times::default();
                for _ in 0..ROUNDS {
                    let asked = times.time(true, ask::sample(&lens, &bench.sandbox, &sample));
                    let (outcome, _) = asked.await?;
                    ensure!(outcome.text.contains("output"), "{}", outcome.text);
                }
                let times = times.sorted();
                println!(
                    "{:<34} {:>8} {seconds:>12.1} {:>10.1} {:>18} {:>12.0}",
                    format!("{language}, {name}"),
                    wasm.len() / 1_000,
                    sample.result.len() as f64 / 1e3,
                    format!("{:.0} / {:.0}", times.micros(0.50), times.micros(0.99)),
                    times.micros(0.50) / rust.micros(0.50)
                );
                report.add(
                    Row::less(
                        format!("a call of a guest in {language}, p50"),
                        times.micros(0.50),
                        "µs",
                    )
                    .beside("one in Rust, of 27 KB", rust.micros(0.50)),
                );
            }
            Err(error) => {
                let left_out = format!("{language}, {name}: not measured: {error:#}");
                println!("{left_out}");
                report.leave_out(left_out);
            }
        }
    }
    Ok(())
}

/// An example, built, and the first of its samples that ends in a number.
fn guest(name: &str) -> anyhow::Result<(Vec<u8>, Sample)> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("bench-examples")
        .join(name);
    copy(&Path::new(EXAMPLES).join(name), &folder)?;
    let built = Command::new(env!("CARGO_BIN_EXE_lensmount"))
        .args(["extractor", "build"])
        .arg(&folder)
        .output()?;
    if !built.status.success() {
        bail!("{}", String::from_utf8_lossy(&built.stderr).trim());
    }
    let wasm = std::fs::read(folder.join(format!("{name}.wasm")))?;
    let mut samples: Vec<PathBuf> = std::fs::read_dir(folder.join("samples"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    samples.sort();
    for path in samples.into_iter().filter(|path| path.is_file()) {
        let text = std::fs::read_to_string(&path)?;
        let document: Document<'_> = serde_json::from_str(&text)?;
        let reads = document
            .expected()
            .is_some_and(|it| it.get().contains("\"value\""));
        if reads {
            let result = result(&path, document.result().get())?;
            return Ok((wasm, document.with(name, result.into())?));
        }
    }
    bail!("no sample of it ends in a number")
}

/// The result of a sample: in it, or in the file that it names.
fn result(sample: &Path, text: &str) -> anyhow::Result<Vec<u8>> {
    if !text.starts_with('"') {
        return Ok(text.as_bytes().to_vec());
    }
    let file: String = serde_json::from_str(text)?;
    Ok(std::fs::read(sample.with_file_name(file))?)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let (from, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let made = ["node_modules", ".venv", "__pycache__"];
        if made.iter().any(|made| name == *made) || from.extension().is_some_and(|it| it == "wasm")
        {
            continue;
        }
        if from.is_dir() {
            copy(&from, &to.join(name))?;
        } else {
            std::fs::copy(&from, to.join(name))?;
        }
    }
    Ok(())
}

fn load(sandbox: &Sandbox, name: &str, wasm: &[u8]) -> anyhow::Result<(Lens, f64)> {
    let began = Instant::now();
    let compiled = sandbox.compile(wasm)?;
    let seconds = began.elapsed().as_secs_f64();
    let identity = Identity {
        name: name.into(),
        version: "bench".into(),
        digest: Digest::of(wasm),
    };
    let lens = Lens::link(sandbox, &compiled, World::ChartExtractor, identity)?;
    Ok((lens, seconds))
}
