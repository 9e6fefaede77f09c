//! The figures that speed is judged by, on the image that `fixtures/build` makes:
//!
//!     PLIMSOLL_FAMILY=DIR cargo bench --bench weigh
//!
//! 1. an uncompressed docker-archive of 1053 MB: wall time, warm, and peak resident memory of the whole program;
//! 2. the same image as gzip layout: wall time against what it takes flate2 with zlib-rs only to inflate the same blobs on as
//!    many threads. Both sides start as a program of their own; the figure is the ratio of their medians;
//! 3. the same layout again, its layers known from the run before: wall time;
//! 4. the archive without an estimate of transfer, against only hopping from header to header.
//!
//! `benches/peers/run` takes the two floors from here: this program does `inflate LAYOUT` or `hop ARCHIVE`, and nothing else.

#![allow(
    clippy::disallowed_types,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench reads and prints"
)]

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use flate2::bufread::MultiGzDecoder;
use rayon::prelude::*;

const RUNS: usize = 7;

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    // The other side of the comparisons: this same program, told to do the least that reading takes.
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [_, "inflate", layout] => return inflate(layout),
        [_, "hop", archive] => return hop(archive),
        _ => {}
    }
    let Ok(family) = std::env::var("PLIMSOLL_FAMILY") else {
        println!("skipped: PLIMSOLL_FAMILY names no directory that fixtures/build made");
        return;
    };
    let (archive, layout) = (format!("{family}/img/original.tar"), format!("{family}/img/original-oci"));
    let plimsoll = env!("CARGO_BIN_EXE_plimsoll");

    let (wall, memory) = measure(plimsoll, &["analyze", "--no-cache", &archive, "-o", "json"]);
    verdict(
        "docker-archive, wall",
        &format!("{} ms", wall.as_millis()),
        "250 ms",
        wall < Duration::from_millis(250),
    );
    let megabytes = memory / 1024;
    verdict("docker-archive, peak memory", &format!("{megabytes} MiB"), "64 MB", memory * 1024 < 64_000_000);

    let this = &arguments[0];
    let (weighed, _) =
        measure(plimsoll, &["analyze", "--no-cache", "--transfer", "off", &archive, "-o", "json"]);
    let (hopped, _) = measure(this, &["hop", &archive]);
    let ratio = weighed.as_secs_f64() / hopped.as_secs_f64();
    // Files whose sizes collide are read here and hashed: what the bound leaves out, for that cannot be turned off.
    println!("docker-archive, no transfer / hopping alone: {ratio:.1} ({weighed:.0?} / {hopped:.0?})");

    let (weighed, memory) = measure(plimsoll, &["analyze", "--no-cache", &layout, "-o", "json"]);
    let (inflated, _) = measure(this, &["inflate", &layout]);
    let ratio = weighed.as_secs_f64() / inflated.as_secs_f64();
    let detail = format!("{ratio:.2} ({} / {} ms)", weighed.as_millis(), inflated.as_millis());
    verdict("gzip layout / inflating alone", &detail, "1.30", ratio < 1.3);
    println!("gzip layout, peak memory: {} MiB", memory / 1024);
    // The run that warms up leaves what it learned.
    let (known, _) = measure(plimsoll, &["analyze", &layout, "-o", "json"]);
    let (detail, holds) = (format!("{} ms", known.as_millis()), known < Duration::from_millis(100));
    verdict("gzip layout, layers known, wall", &detail, "100 ms", holds);
}

fn verdict(what: &str, found: &str, bound: &str, holds: bool) {
    println!("{what}: {found}, must be under {bound}: {}", if holds { "yes" } else { "NO" });
}

/// The median wall time of several runs after one to warm up, and the largest peak memory in KiB.
fn measure(program: &str, arguments: &[&str]) -> (Duration, u64) {
    let mut times = Vec::new();
    let mut memory = 0;
    for run in 0..=RUNS {
        let start = Instant::now();
        let mut child = Command::new(program).args(arguments).stdout(Stdio::null()).spawn().unwrap();
        let peak = peak_memory(&mut child, start);
        if run > 0 {
            times.push(peak.0);
            memory = memory.max(peak.1);
        }
    }
    times.sort();
    (times[times.len() / 2], memory)
}

/// Waits for a program and looks at its high-water mark of memory on the way, which Linux keeps until the end.
fn peak_memory(child: &mut std::process::Child, start: Instant) -> (Duration, u64) {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "it failed");
            return (start.elapsed(), peak);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Inflates every gzip blob of a layout, the largest first, and does nothing else.
fn inflate(layout: &str) {
    let blobs = fs::read_dir(format!("{layout}/blobs/sha256")).unwrap();
    let mut blobs: Vec<_> =
        blobs.map(|blob| blob.unwrap()).map(|blob| (blob.metadata().unwrap().len(), blob.path())).collect();
    blobs.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    let inflated: u64 = blobs
        .par_iter()
        .with_max_len(1)
        .map(|(_, path)| {
            let mut file = BufReader::with_capacity(64 * 1024, File::open(path).unwrap());
            let is_gzip = io::BufRead::fill_buf(&mut file).unwrap().starts_with(&[0x1f, 0x8b]);
            if is_gzip { drain(MultiGzDecoder::new(file)) } else { 0 }
        })
        .sum();
    assert!(inflated > 0, "{layout} holds no gzip blob");
}

/// Reads the headers of an archive and of the uncompressed tars in it, those in parallel, and nothing else.
fn hop(archive: &str) {
    let file = File::open(archive).unwrap();
    let mut inside = Vec::new();
    let outer = headers(&file, 0, file.metadata().unwrap().len(), |start, size| inside.push((start, size)));
    inside.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let inner: u64 = inside
        .par_iter()
        .with_max_len(1)
        .map(|(start, size)| headers(&file, *start, start + size, |_, _| {}))
        .sum();
    assert!(inner > outer, "{archive} holds no uncompressed layer");
}

/// Counts the members of a tar that lies in a file, and says where each starts and how long it is.
fn headers(file: &File, mut position: u64, end: u64, mut each: impl FnMut(u64, u64)) -> u64 {
    let (mut block, mut members) = ([0; 512], 0);
    while position + 512 <= end {
        file.read_exact_at(&mut block, position).unwrap();
        // What is no tar ends here at once, and so does a tar at its trailer.
        let digits = std::str::from_utf8(&block[124..135]).unwrap_or_default().trim();
        let (true, Ok(size)) = (&block[257..262] == b"ustar", u64::from_str_radix(digits, 8)) else { break };
        each(position + 512, size);
        position += 512 + size.next_multiple_of(512);
        members += 1;
    }
    members
}

fn drain(mut reader: impl Read) -> u64 {
    let (mut buffer, mut total) = (vec![0; 32 * 1024], 0);
    loop {
        match reader.read(&mut buffer).unwrap() {
            0 => return total,
            read => total += read as u64,
        }
    }
}
