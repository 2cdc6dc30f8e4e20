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
#[path = "../examples/completer.rs"]
mod completer;
#[path = "../examples/nested.rs"]
mod nested;

use support::{LIMIT, within};

/// Sleeps of up to a second.
const SCALE: f64 = 0.1;
/// How much earlier than a task that slept longer a task may be printed later, in seconds: two
/// threads may wake up in any order when their sleeps end at almost the same time.
const JITTER: f64 = 0.25;

/// Shows that there is one line for each of ten tasks, and that they come in the order in which
/// the sleeps end. Gives the seconds.
fn assert_complete_and_in_order(lines: &[String]) -> Vec<f64> {
    let parsed: Vec<(u32, f64)> = lines
        .iter()
        .map(|line| {
            let (number, seconds) = line
                .strip_prefix("Task=")
                .and_then(|rest| rest.split_once(": "))
                .unwrap_or_else(|| panic!("this is no result: {line:?}"));
            let decimals = seconds.split_once('.').expect("seconds have decimals").1;
            assert_eq!(decimals.len(), 2, "{line:?}");
            (number.parse().unwrap(), seconds.parse().unwrap())
        })
        .collect();
    let mut numbers: Vec<_> = parsed.iter().map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..10).collect::<Vec<_>>(), "each task has one line");
    let mut longest = 0.0_f64;
    for (_, seconds) in &parsed {
        assert!((0.0..=10.0 * SCALE).contains(seconds));
        assert!(*seconds > longest - JITTER, "out of order: {lines:?}");
        longest = longest.max(*seconds);
    }
    parsed.into_iter().map(|(_, seconds)| seconds).collect()
}

#[test]
fn as_completed_prints_ten_lines_in_the_order_of_completion() {
    within(LIMIT, || {
        let mut lines = Vec::new();
        as_completed::run(SCALE, |line| lines.push(line)).unwrap();
        assert_complete_and_in_order(&lines);
    });
}

#[test]
fn as_completed_timeout_loses_nothing_to_the_time_out() {
    within(LIMIT, || {
        let mut lines = Vec::new();
        as_completed_timeout::run(SCALE, |line| lines.push(line)).unwrap();
        let timed_out = lines.iter().position(|line| line.starts_with("after"));
        let Some(late) = timed_out else {
            // All ten slept for less than half of the time: once in a thousand.
            assert!(assert_complete_and_in_order(&lines).iter().all(|slept| *slept < 0.6));
            return;
        };
        let message = lines.remove(late);
        let unfinished = lines.len() - late;
        assert_eq!(message, format!("after 500.00ms: {unfinished} (of 10) tasks unfinished"));
        let seconds = assert_complete_and_in_order(&lines);
        assert!(seconds[..late].iter().all(|slept| *slept <= 0.5 + JITTER));
        // A sleep never ends early, but the numbers are rounded.
        assert!(seconds[late..].iter().all(|slept| *slept > 0.5 - JITTER));
    });
}

#[test]
fn completer_shows_all_four_in_the_order_of_completion() {
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
        let pool = support::pool(2);
        let numbers: Vec<u32> = (0..50_000).map(|_| fastrand::u32(..)).collect();
        let mut expected = numbers.clone();
        expected.sort_unstable();
        assert_eq!(nested::sort(&pool.handle(), numbers).unwrap(), expected);
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
