//! What is asked for is what is planned.

use super::*;
use crate::work::Pace;

fn options(arguments: &str) -> Options {
    let arguments = std::iter::once("latency").chain(arguments.split_whitespace());
    Options::parse(arguments).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(arguments: &str) -> String {
    let arguments = std::iter::once("latency").chain(arguments.split_whitespace());
    Options::parse(arguments).expect_err("the arguments are wrong").to_string()
}

#[test]
fn flags_of_cargo_and_criterion_are_accepted() {
    let flags = "--bench --save-baseline x -b y --noplot -v --color always \
        --sample-size 10 --warm-up-time 1 --measurement-time 1 --nresamples 10 \
        --noise-threshold 0.1 --confidence-level 0.9 --significance-level 0.1 --quick \
        --discard-baseline --baseline-lenient z --load-baseline w --profile-time 1 \
        --plotting-backend plotters --output-format bencher --nocapture --show-output \
        --include-ignored --exact --ignored --format terse --quiet set";
    assert_eq!(options(flags).task(), Task::Measure);
}

#[test]
fn without_cargo_bench_nothing_is_measured() {
    assert_eq!(options("").task(), Task::Smoke);
    assert_eq!(options("--test --bench").task(), Task::Smoke);
    assert_eq!(options("--list --format terse").task(), Task::List);
}

#[test]
fn a_wrong_name_is_answered_with_the_right_ones() {
    let designs = refusal("--designs std-mpsc,canal");
    assert!(Entry::ALL.iter().all(|entry| designs.contains(entry.name())), "{designs}");
    assert!(designs.contains("canal"), "{designs}");
    let scenarios = refusal("--scenarios closed");
    assert!(scenarios.contains("open") && scenarios.contains("window"), "{scenarios}");
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    for wrong in [
        "--workers 0",
        "--workers -1",
        "--workers 1000000000",
        "--rates 0",
        "--rates -1",
        "--rates 1e300",
        "--rates 1e300%",
        "--windows 0",
        "--windows 18446744073709551615",
        "--bursts 100000000000",
        "--rounds 18446744073709551615",
        "--task 20",
        "--task 4000s",
        "--duration 0s",
        "--duration 10000000000000000000s",
    ] {
        assert!(refusal(wrong).contains("invalid value"), "{wrong}");
    }
}

#[test]
fn a_filter_chooses_pairs_of_scenario_and_design() {
    let pace = Pace::measure();
    let all = options("--bench").plan(pace);
    assert_eq!(all.pairs.len(), 5 * Entry::DEFAULT.len() + 1);
    let some = options("--bench window-64-empty/std").plan(pace);
    let names = some.pairs.iter().map(|(_, design)| design.name());
    assert_eq!(names.collect::<Vec<_>>(), ["std-mpsc"]);
    assert!(options("--bench nothing-like-it").plan(pace).pairs.is_empty());
}

#[test]
fn what_is_named_twice_is_run_once() {
    let plan = options("--bench --designs std-mpsc,std-mpsc").plan(Pace::measure());
    assert_eq!(plan.pairs.len(), 5 + 1);
}

#[test]
fn bursts_are_measured_against_joining_in_order() {
    let plan = options("--bench --scenarios burst").plan(Pace::measure());
    assert_eq!(plan.pairs.last().unwrap().1.name(), "join-in-order");
}

#[test]
fn the_whole_matrix_has_every_design_and_length_parked_and_spinning() {
    let plan = options("--bench --full").plan(Pace::measure());
    for entry in Entry::ALL {
        let of = plan.pairs.iter().filter(|(_, design)| design.name() == entry.name());
        assert_eq!(of.count(), 4 * 4 * 2 + (3 + 3) + 2);
    }
    let slugs: Vec<String> = plan.pairs.iter().map(|(scenario, _)| scenario.slug()).collect();
    for part in
        ["-5us-park", "-20us-spin", "-100us-park", "-1ms-spin", "window-1-", "-carrying-256"]
    {
        assert!(slugs.iter().any(|slug| slug.contains(part)), "{part}");
    }
}

#[test]
fn all_designs_can_be_asked_for() {
    let plan = options("--bench --designs all window-64-empty").plan(Pace::measure());
    let installed = Peer::ALL.iter().filter(|peer| peer.find().is_ok()).count();
    assert_eq!(plan.pairs.len(), Entry::ALL.len() + installed);
}
