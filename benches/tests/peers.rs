//! The programs outside Rust play every pattern, where they are installed.

use std::time::Duration;

use photofinish_bench::peers::{Burst, Errand, Pattern, Peer, PeerError, Report};
use photofinish_bench::recorder::Measure;

/// Plays a short errand; `None`, with a word, where the peer is not installed.
fn play(peer: Peer, pattern: Pattern, workers: usize) -> Option<Report> {
    let errand = Errand {
        pattern,
        workers,
        task: Duration::from_micros(20),
        warm_up: Duration::from_millis(50),
        duration: Duration::from_millis(100),
        limit: Duration::from_secs(120),
    };
    match peer.play(&errand) {
        Ok(report) => Some(report),
        Err(error @ PeerError::NotInstalled { .. }) => {
            println!("{error}");
            None
        }
        Err(error) => panic!("{peer}: {error}"),
    }
}

fn plays_every_pattern(peer: Peer) {
    let Some(open) = play(peer, Pattern::OpenLoop { rate: 500.0 }, 1) else { return };
    assert!(open.recorded == 50 || open.cut_short, "{open:?}");
    let run = open.into_run();
    assert!(run.elapsed > Duration::from_millis(90), "{run:?}");
    let task = run.recorder.histogram(Measure::Run).value_at_quantile(0.5);
    assert!(task > 10_000, "a task of 20 us took {task} ns");

    let window = play(peer, Pattern::Window { in_flight: 8 }, 2).expect("installed");
    assert!(window.recorded > 0, "{window:?}");
    assert!(window.ns_per_task() > 5_000.0, "two workers need 10 us for each task: {window:?}");

    let burst = play(peer, Pattern::Burst { tasks: 20 }, 1).expect("installed");
    let moment = |moment| burst.burst(moment).expect("a moment of a burst").max();
    assert!(moment(Burst::First) <= moment(Burst::Half), "{burst:?}");
    assert!(moment(Burst::Half) <= moment(Burst::Last), "{burst:?}");
    assert!(moment(Burst::Last) > 200_000, "20 tasks of 20 us: {burst:?}");
}

#[test]
fn cpython_plays_every_pattern() {
    plays_every_pattern(Peer::CPython);
}

#[test]
fn java_plays_every_pattern() {
    plays_every_pattern(Peer::Java);
}

#[test]
fn go_plays_every_pattern() {
    plays_every_pattern(Peer::Go);
}
