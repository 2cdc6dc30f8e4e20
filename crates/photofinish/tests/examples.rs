//! The examples do what they say: their cores are run here, with short sleeps.

#![allow(dead_code, reason = "the examples' mains are not called")]
#![allow(clippy::duplicate_mod, reason = "two examples read the same arguments")]

mod support;

#[path = "../examples/arguments/mod.rs"]
mod arguments;
#[path = "../examples/as_completed.rs"]
mod as_completed;
#[path = "../examples/as_completed_timeout.rs"]
mod as_completed_timeout;
#[path = "../examples/by_identity.rs"]
mod by_identity;
#[path = "../examples/completer.rs"]
mod completer;
#[path = "../examples/feed.rs"]
mod feed;
#[path = "../examples/fetch.rs"]
mod fetch;
#[path = "../examples/first_error.rs"]
mod first_error;
#[path = "../examples/first_of.rs"]
mod first_of;
#[path = "../examples/map_timeout.rs"]
mod map_timeout;
#[path = "../examples/mixed.rs"]
mod mixed;
#[path = "../examples/nested.rs"]
mod nested;
#[path = "../examples/pipeline.rs"]
mod pipeline;
#[path = "../examples/progress.rs"]
mod progress;

use std::time::Duration;

use support::{LIMIT, within};

/// Sleeps of up to a second.
const SCALE: f64 = 0.1;

/// Shows that there is one line for each of ten tasks. That they come as they finish is shown in
/// `delivery.rs`, where no sleeps decide: when a sleep ends is up to the machine.
fn assert_complete(lines: &[String]) {
    let mut numbers: Vec<u32> = lines
        .iter()
        .map(|line| {
            let (number, seconds) = line
                .strip_prefix("Task=")
                .and_then(|rest| rest.split_once(": "))
                .unwrap_or_else(|| panic!("this is no result: {line:?}"));
            let decimals = seconds.split_once('.').expect("seconds have decimals").1;
            assert_eq!(decimals.len(), 2, "{line:?}");
            assert!((0.0..=10.0 * SCALE).contains(&seconds.parse().unwrap()), "{line:?}");
            number.parse().unwrap()
        })
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..10).collect::<Vec<_>>(), "each task has one line");
}

#[test]
fn as_completed_prints_ten_lines() {
    within(LIMIT, || {
        let mut lines = Vec::new();
        as_completed::run(SCALE, |line| lines.push(line)).unwrap();
        assert_complete(&lines);
    });
}

#[test]
fn as_completed_timeout_loses_nothing_to_the_time_out() {
    within(LIMIT, || {
        let mut lines = Vec::new();
        as_completed_timeout::run(SCALE, |line| lines.push(line)).unwrap();
        // If all ten have slept for less than half of the time, there is none: once in a thousand.
        if let Some(late) = lines.iter().position(|line| line.starts_with("after")) {
            let message = lines.remove(late);
            let unfinished = lines.len() - late;
            assert_eq!(message, format!("after 500.00ms: {unfinished} (of 10) tasks unfinished"));
        }
        assert_complete(&lines);
    });
}

#[test]
fn completer_shows_all_four() {
    within(LIMIT, || {
        let mut lines = Vec::new();
        completer::run(|line| lines.push(line)).unwrap();
        lines.sort();
        let abandoned = "racer 1: the task was abandoned by whoever was to complete it";
        assert_eq!(lines, ["fast answers", abandoned, "slow answers", "the pool answers"]);
    });
}

#[test]
fn nested_sorts() {
    within(LIMIT, || {
        for workers in [1, 2] {
            let pool = support::pool(workers);
            let numbers: Vec<u32> = (0..50_000).map(|_| fastrand::u32(..)).collect();
            let mut expected = numbers.clone();
            expected.sort_unstable();
            assert_eq!(nested::sort(&pool.handle(), numbers).unwrap(), expected);
        }
    });
}

#[test]
fn arguments_that_are_not_valid_are_told_which_are() {
    let scale =
        |given: &[&str]| arguments::scale(given.iter().map(|argument| argument.to_string()));
    assert_eq!(scale(&[]), Ok(1.0));
    assert_eq!(scale(&["--scale", "0.1"]), Ok(0.1));
    for bad in [&["--scal"][..], &["--scale"], &["--scale", "-1"], &["--scale", "NaN"], &["7"]] {
        let why = scale(bad).expect_err("it is not valid");
        assert!(why.contains("valid: --scale FACTOR"), "{why}");
        assert!(bad.last().is_some_and(|last| why.contains(last)), "{why}");
    }
}

#[test]
fn fetch_reads_what_can_be_read_and_tells_what_cannot() {
    within(LIMIT, || {
        let folder = std::env::temp_dir().join(format!("photofinish-fetch-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = |name: &str| folder.join(name);
        std::fs::write(file("page"), "0123456789").unwrap();
        let mut lines = Vec::new();
        fetch::run(vec![file("page"), file("missing")], |line| lines.push(line)).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        lines.sort();
        let missing = format!("{}: NotFound", file("missing").display());
        assert_eq!(lines, [missing, format!("{}: 10 bytes", file("page").display())]);
    });
}

#[test]
fn by_identity_follows_each_word_to_its_end() {
    within(LIMIT, || {
        let mut steps = by_identity::run(&["four", "in", "photo"]).unwrap();
        steps.sort();
        // in: two, three, five, four. photo: five, four.
        let expected = [("four", 0), ("in", 3), ("photo", 1)];
        assert_eq!(steps, expected.map(|(word, steps)| (word.to_owned(), steps)));
    });
}

#[test]
fn first_of_takes_as_many_as_are_enough_and_spares_no_more_than_the_rest() {
    within(LIMIT, || {
        let delays = [10, 40, 40, 40, 40].map(Duration::from_millis);
        for enough in 0..=5 {
            let (first, spared) = first_of::first_of(enough, &delays).unwrap();
            assert_eq!(first.len(), enough);
            assert!(spared <= 5 - enough, "{spared} are spared of {} that are left", 5 - enough);
        }
    });
}

#[test]
fn first_error_tells_the_failure_or_the_sum() {
    within(LIMIT, || {
        assert_eq!(first_error::sum(&["1", "2", "39"]).unwrap().unwrap(), 42);
        let failed = first_error::sum(&["1", "two", "3"]).unwrap().unwrap_err();
        assert_eq!(failed.index, 1);
        assert!(failed.why.to_string().contains("invalid digit"), "{}", failed.why);
    });
}

#[test]
fn map_timeout_keeps_what_came_in_time() {
    within(LIMIT, || {
        let delays = |milliseconds: [u64; 3]| milliseconds.map(Duration::from_millis).to_vec();
        let in_time = map_timeout::squares_within(LIMIT, delays([5, 0, 1])).unwrap();
        assert_eq!(in_time, (vec![1, 4, 9], None));
        let limit = Duration::from_millis(100);
        let (squares, timed_out) = map_timeout::squares_within(limit, delays([0, 200, 0])).unwrap();
        assert!([1, 4, 9].starts_with(&squares), "{squares:?}");
        assert_eq!(timed_out.is_some(), squares.len() < 3);
    });
}

#[test]
fn progress_moves_once_for_each_task() {
    within(LIMIT, || {
        let bar = indicatif::ProgressBar::hidden();
        assert_eq!(progress::run(50, Duration::from_millis(1), &bar).unwrap(), 5);
        assert_eq!((bar.position(), bar.length()), (50, Some(50)));
        assert!(bar.is_finished());
    });
}

#[test]
fn pipeline_finds_the_first_primes_of_endless_inputs() {
    within(LIMIT, || {
        let primes = pipeline::primes(6).unwrap().unwrap();
        assert_eq!(primes, [2, 5, 17, 37, 101, 197]);
    });
}

#[test]
fn mixed_takes_each_result_once_in_one_of_two_ways() {
    within(LIMIT, || {
        let (mut awaited, waited_for, alone) = mixed::run().unwrap();
        assert!(awaited.last().is_some_and(|last| *last > 4));
        awaited.extend(waited_for);
        awaited.sort_unstable();
        assert_eq!(awaited, (0..10).collect::<Vec<_>>());
        assert_eq!(alone, 100);
    });
}

#[test]
fn feed_gets_everything_from_everywhere() {
    within(LIMIT, || {
        let expected = ["rayon 0", "rayon 1", "thread 0", "thread 1", "tokio 0", "tokio 1"];
        assert_eq!(feed::run().unwrap(), expected);
    });
}
