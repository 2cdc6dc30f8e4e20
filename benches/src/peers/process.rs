//! A program that is run to its end, or for as long as it may take.

use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::PeerError;

/// Runs `program` and returns what it wrote to its standard output. The caller sleeps meanwhile.
pub(super) fn run(
    program: &Path,
    arguments: &[OsString],
    limit: Duration,
) -> Result<String, PeerError> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(PeerError::Start)?;
    let (mut out, mut errors) = (
        child.stdout.take().expect("the output is piped"),
        child.stderr.take().expect("the errors are piped"),
    );
    // Both pipes have to be emptied while the program runs.
    let complaining = thread::spawn(move || {
        let mut text = Vec::new();
        // What cannot be read is not said.
        let _ = errors.read_to_end(&mut text);
        String::from_utf8_lossy(&text).trim().to_owned()
    });
    let (ended, end) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let read = out.read_to_string(&mut text);
        // Nobody listens any more if the program has taken too long.
        let _ = ended.send(read.map(|_| text));
    });
    let Ok(said) = end.recv_timeout(limit) else {
        child.kill().map_err(PeerError::Start)?;
        child.wait().map_err(PeerError::Start)?;
        return Err(PeerError::TimedOut { limit });
    };
    let status = child.wait().map_err(PeerError::Start)?;
    if !status.success() {
        let said = complaining.join().expect("reading does not panic");
        return Err(PeerError::Failed { status, said });
    }
    said.map_err(PeerError::Start)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// A peer of one line.
    fn shell(script: &str, limit: Duration) -> Result<String, PeerError> {
        run(Path::new("/bin/sh"), &["-c".into(), script.into()], limit)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn what_a_program_says_is_returned() {
        assert_eq!(shell("echo '{}'", LONG).unwrap(), "{}\n");
    }

    #[test]
    fn a_program_that_fails_is_quoted() {
        let error = shell("echo no such knob >&2; exit 3", LONG).unwrap_err();
        assert!(error.to_string().ends_with("exit status: 3: no such knob"), "{error}");
    }

    #[test]
    fn a_program_that_takes_too_long_is_stopped() {
        let limit = Duration::from_millis(50);
        let error = shell("exec sleep 60", limit).unwrap_err();
        assert!(matches!(error, PeerError::TimedOut { limit: given } if given == limit));
    }

    #[test]
    fn a_program_that_is_not_there_is_told_from_one_that_fails() {
        let error = run(Path::new("/nowhere/at/all"), &[], LONG).unwrap_err();
        assert!(matches!(error, PeerError::Start(_)), "{error}");
    }
}
