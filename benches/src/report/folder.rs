//! All files of a session.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{csv, page, picture};
use crate::hgrm;
use crate::recorder::Measure;
use crate::results::Results;
use crate::session::Session;

/// Makes a folder, and sees that files can be written there: before anything is measured for them.
///
/// # Errors
///
/// Those of writing.
pub fn prepare(folder: &Path) -> io::Result<()> {
    let probe = folder.join(".probe");
    fs::create_dir_all(folder)?;
    File::create(&probe)?;
    fs::remove_file(probe)
}

/// Writes the files of a session to a folder, and says which they are; the page comes last.
///
/// `results.json` holds everything that any of them shows; the one of the session before becomes
/// `previous.json`. What an earlier session has left of other series goes, so that the folder is
/// of one session. Nobody else's files do.
///
/// # Errors
///
/// Those of writing.
pub fn write(results: &Results, session: &Session, folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    let [json, previous] = ["results.json", "previous.json"].map(|name| folder.join(name));
    let had_session = json.exists();
    if had_session {
        fs::rename(&json, previous)?;
    }
    let emptied = |name, ending| emptied(folder.join(name), ending, had_session);
    write_file(&json, |out| Ok(serde_json::to_writer_pretty(out, results)?))?;

    let report = folder.join("report.html");
    write_file(&report, |out| out.write_all(page::page(results).as_bytes()))?;
    let table = folder.join("results.csv");
    write_file(&table, |out| csv::write(results, out))?;
    let log = folder.join("intervals.hlog");
    write_file(&log, |out| out.write_all(session.log.text().as_bytes()))?;

    let pictures = emptied("pictures", "svg")?;
    for findings in &results.scenarios {
        if let Some(picture) = picture::picture(findings, results) {
            let file = pictures.join(format!("{}.svg", findings.scenario));
            write_file(&file, |out| out.write_all(picture.as_bytes()))?;
        }
    }

    let percentiles = emptied("percentiles", "hgrm")?;
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

/// A folder, without the files of that ending if they are an earlier session's. A folder of this
/// name may be somebody's, with other files in it.
fn emptied(folder: PathBuf, ending: &str, had_session: bool) -> io::Result<PathBuf> {
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(&folder)?.filter(|_| had_session) {
        let file = entry?.path();
        if file.extension().is_some_and(|found| found == ending) {
            fs::remove_file(file)?;
        }
    }
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
