//! All files of a session.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{csv, page, picture};
use crate::hgrm;
use crate::recorder::Measure;
use crate::results::Results;
use crate::session::Session;

/// Writes the files of a session to a folder, and says which they are; the page comes last.
///
/// `results.json` holds everything that any of them shows; the one of the session before becomes
/// `previous.json`. What an earlier session has left of other series goes, so that the folder is
/// of one session.
///
/// # Errors
///
/// Those of writing.
pub fn write(results: &Results, session: &Session, folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    let [json, previous] = ["results.json", "previous.json"].map(|name| folder.join(name));
    if json.exists() {
        fs::rename(&json, previous)?;
    }
    write_file(&json, |out| Ok(serde_json::to_writer_pretty(out, results)?))?;

    let report = folder.join("report.html");
    write_file(&report, |out| out.write_all(page::page(results).as_bytes()))?;
    let table = folder.join("results.csv");
    write_file(&table, |out| csv::write(results, out))?;
    let log = folder.join("intervals.hlog");
    write_file(&log, |out| out.write_all(session.log.text().as_bytes()))?;

    let pictures = empty_folder(folder.join("pictures"))?;
    for findings in &results.scenarios {
        if let Some(picture) = picture::picture(findings, results) {
            let file = pictures.join(format!("{}.svg", findings.scenario));
            write_file(&file, |out| out.write_all(picture.as_bytes()))?;
        }
    }

    let percentiles = empty_folder(folder.join("percentiles"))?;
    for tally in session.tallies.iter().filter(|tally| tally.failure.is_none()) {
        for measure in Measure::ALL {
            let sample = &tally.of(measure).histogram;
            if !sample.is_empty() {
                let (scenario, measure) = (tally.scenario.slug(), measure.slug());
                let name = format!("{scenario}-{measure}-{}.hgrm", tally.design);
                write_file(&percentiles.join(name), |out| hgrm::write(sample, out))?;
            }
        }
    }
    Ok(vec![json, table, log, percentiles, pictures, report])
}

/// A folder with nothing in it.
fn empty_folder(folder: PathBuf) -> io::Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir(&folder)?;
    Ok(folder)
}

fn write_file(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    content(&mut file)?;
    file.flush()
}
