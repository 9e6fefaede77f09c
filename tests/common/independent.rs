//! The reading of `tests/independent`, which shares nothing with ours: Python's tarfile, umoci, dpkg-query.

use std::process::{Command, Output};

use serde_json::Value;

use super::Figures;

/// Whether Python is here, and zstd, which the reading needs for zstd layers.
pub fn is_available() -> bool {
    let works =
        |name: &str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    works("python3") && works("zstd")
}

/// Runs one of the independent readers; `Err` holds its last words.
pub fn run(reader: &str, arguments: &[&str]) -> Result<Value, String> {
    let script = format!("{}/tests/independent/{reader}", env!("CARGO_MANIFEST_DIR"));
    let Output { status, stdout, stderr } =
        Command::new("python3").arg(script).args(arguments).output().unwrap();
    if status.success() {
        Ok(serde_json::from_slice(&stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&stderr).trim().to_owned())
    }
}

/// One image as the independent reading has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The digest of its configuration.
    pub id: String,
    pub figures: Figures,
    /// Sum of its blobs as they are stored.
    pub transfer: u64,
    /// Members of all layers.
    pub entries: u64,
    /// Content, live, overwritten and deleted of each layer.
    pub layers: Vec<Figures>,
}

/// The images of a place, as the independent reading has them.
pub fn weigh(place: &str) -> Result<Vec<Reading>, String> {
    let document = run("weigh.py", &[place])?;
    let images = document["images"].as_array().unwrap();
    Ok(images.iter().map(reading).collect())
}

fn reading(image: &Value) -> Reading {
    let number = |value: &Value, key: &str| value[key].as_u64().unwrap();
    let figures = |value: &Value| Figures {
        content: number(value, "content"),
        live: number(value, "live"),
        overwritten: number(value, "overwritten"),
        deleted: number(value, "deleted"),
    };
    Reading {
        id: image["config"].as_str().unwrap().to_owned(),
        figures: figures(image),
        transfer: number(image, "transfer"),
        entries: number(image, "entries"),
        layers: image["layers"].as_array().unwrap().iter().map(figures).collect(),
    }
}

/// The same of our own reading.
pub fn of_ledger(platform: &plimsoll::analysis::PlatformAnalysis) -> Reading {
    use plimsoll::ledger::LayerId;
    let ledger = &platform.ledger;
    let layers = (0..ledger.layers.len()).map(|position| {
        let totals = ledger.totals_of(LayerId(u16::try_from(position).unwrap()));
        Figures::of(totals.live.content, totals.overwritten.content, totals.deleted.content)
    });
    Reading {
        id: platform.image.id.to_string(),
        figures: Figures::in_ledger(ledger),
        transfer: ledger.size().transfer,
        entries: ledger.entries.len() as u64,
        layers: layers.collect(),
    }
}
