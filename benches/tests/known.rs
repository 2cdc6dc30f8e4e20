//! A design whose delays are known is reported as such by every output.
//!
//! The design lives in a time of its own.

mod virtual_time;

use std::collections::VecDeque;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use std::{env, fs, iter, process};

use photofinish_baselines::Design;
use photofinish_bench::contestant::Contestant;
use photofinish_bench::machine::Shares;
use photofinish_bench::percentile::Percentile;
use photofinish_bench::recorder::Measure;
use photofinish_bench::report::table::Tables;
use photofinish_bench::report::{folder, page, summary};
use photofinish_bench::results::{Changes, DesignFindings, Results, Sample};
use photofinish_bench::run::Conditions;
use photofinish_bench::scenario::{Arrivals, Scenario, Waiting};
use photofinish_bench::session::{Plan, Session};
use photofinish_bench::stamps::{Load, Stamps};
use photofinish_bench::work::Work;

use virtual_time::{NOW, VirtualTime, epoch};

/// One worker. It runs a task as soon as it can, and needs [`WAY`] to bring the result; every
/// hundredth it holds back for [`HELD`] instead, and does nothing else meanwhile.
struct OneInAHundred<const SLOWER: u64> {
    /// What has finished, with the moment at which it can be taken.
    finished: VecDeque<(u64, Stamps)>,
    /// When the worker is free.
    free: u64,
    count: u64,
}

const WAY: u64 = 1_000;
const HELD: u64 = 1_000_000;
const TASK: Duration = Duration::from_micros(20);

impl<const SLOWER: u64> OneInAHundred<SLOWER> {
    fn take(&mut self, by: u64) -> Option<Stamps> {
        let (ready, _) = *self.finished.front()?;
        if ready > by {
            return None;
        }
        NOW.set(NOW.get().max(ready));
        self.finished.pop_front().map(|(_, stamps)| stamps)
    }
}

impl<const SLOWER: u64> Design<Stamps> for OneInAHundred<SLOWER> {
    const NAME: &'static str = if SLOWER == 1 { "one-in-a-hundred" } else { "slower" };

    fn with_workers(_: usize) -> Self {
        Self { finished: VecDeque::new(), free: 0, count: 0 }
    }

    fn submit<F>(&mut self, task: F)
    where
        F: FnOnce() -> Stamps + Send + 'static,
    {
        // The worker's part of the time is played at once; the consumer's goes on where it was.
        let consumer = NOW.get();
        NOW.set(self.free.max(consumer));
        let stamps = task();
        self.count += 1;
        let held = if self.count.is_multiple_of(100) { HELD } else { WAY };
        let ready = stamps.ended + SLOWER * held;
        self.free = if held == HELD { ready } else { stamps.ended };
        NOW.set(consumer);
        self.finished.push_back((ready, stamps));
    }

    fn next(&mut self) -> Option<Stamps> {
        self.take(u64::MAX)
    }

    fn try_next(&mut self) -> Option<Stamps> {
        self.take(NOW.get())
    }

    fn next_until(&mut self, deadline: Instant) -> Option<Stamps> {
        let deadline = deadline.saturating_duration_since(epoch()).as_nanos() as u64;
        let stamps = self.take(deadline);
        if stamps.is_none() {
            NOW.set(NOW.get().max(deadline));
        }
        stamps
    }

    fn outstanding(&self) -> usize {
        self.finished.len()
    }
}

const OPEN: Arrivals = Arrivals::OpenLoop { rate: 10_000.0, waiting: Waiting::Parked };
const WINDOW: Arrivals = Arrivals::Window { in_flight: 1 };

/// Tasks of 20 us in virtual time; the work itself is never done.
fn scenario(arrivals: Arrivals) -> Scenario {
    Scenario { arrivals, work: Work::asleep(TASK), load: Load::None }
}

fn plan(contestants: Vec<Contestant>) -> Plan {
    let pairs = [OPEN, WINDOW].into_iter().flat_map(|arrivals| {
        contestants.iter().map(move |contestant| (scenario(arrivals), contestant.clone()))
    });
    Plan {
        pairs: pairs.collect(),
        conditions: Conditions {
            workers: 1,
            pinned: false,
            counted: false,
            warm_up: Duration::from_millis(10),
            duration: Duration::from_secs(1),
            patience: Duration::from_secs(10),
        },
        rounds: 5,
        surroundings: false,
    }
}

fn play_both() -> (Session, Results) {
    let plan = plan(vec![
        Contestant::of::<OneInAHundred<1>, VirtualTime>(),
        Contestant::of::<OneInAHundred<2>, VirtualTime>(),
    ]);
    let session = plan.play(|_| true);
    let results = Results::of(&plan, &session);
    (session, results)
}

/// What is played once for all tests that only look.
fn known() -> &'static (Session, Results) {
    static KNOWN: OnceLock<(Session, Results)> = OnceLock::new();
    KNOWN.get_or_init(play_both)
}

fn design<'a>(results: &'a Results, scenario: &str, name: &str) -> &'a DesignFindings {
    let findings = results.scenarios.iter().find(|f| f.scenario.starts_with(scenario));
    let designs = &findings.expect("the scenario was played").designs;
    designs.iter().find(|design| design.design == name).expect("the design was played")
}

fn sample<'a>(results: &'a Results, scenario: &str, measure: Measure) -> &'a Sample {
    let design = design(results, scenario, "one-in-a-hundred");
    design.sample(measure).expect("the measure was taken")
}

/// Whether `value` is `expected` within the three digits that are kept.
fn near(value: u64, expected: u64) -> bool {
    value.abs_diff(expected) <= expected / 500
}

#[test]
fn one_in_a_hundred_is_found_and_no_more() {
    let (_, results) = known();
    for scenario in ["open", "window"] {
        let delivery = sample(results, scenario, Measure::Delivery);
        let at = |percentile| delivery.percentiles.at(percentile).expect("enough samples");
        for percentile in [Percentile::P50, Percentile::P90] {
            assert!(near(at(percentile), WAY), "{scenario} {percentile}: {delivery:?}");
        }
        assert!(near(at(Percentile::P99_9), HELD), "{scenario}: {delivery:?}");
        assert!(near(delivery.max, HELD), "{scenario}: {delivery:?}");
        let mean = (99.0 * WAY as f64 + HELD as f64) / 100.0;
        assert!((delivery.mean / mean - 1.0).abs() < 0.02, "{scenario}: {delivery:?}");
        // The curve climbs between one in 50 and one in 200.
        let value = |one_in: f64| {
            delivery.curve.iter().rfind(|point| point.one_in <= one_in).map(|point| point.ns)
        };
        assert!(value(50.0).is_some_and(|ns| near(ns, WAY)), "{scenario}");
        assert!(value(200.0).is_some_and(|ns| near(ns, HELD)), "{scenario}");
    }
}

/// While one result is held back for 1 ms, ten more tasks become due, and each of them waits; the
/// worker then catches up by 80 us a task, so that twelve or thirteen of a hundred come late.
/// A closed loop asks for none of them, and sees nothing but the one.
#[test]
fn an_open_loop_sees_the_queue_that_a_closed_loop_hides() {
    let (_, results) = known();
    let usual = TASK.as_nanos() as u64 + WAY;
    let open = sample(results, "open", Measure::EndToEnd);
    let closed = sample(results, "window", Measure::EndToEnd);
    let late = |sample: &Sample| {
        let curve = sample.curve.iter().find(|point| point.ns > 2 * usual);
        1.0 / curve.expect("the curve climbs").one_in
    };
    assert!((0.10..0.16).contains(&late(open)), "{}", late(open));
    assert!((0.005..0.015).contains(&late(closed)), "{}", late(closed));
    assert!(near(open.percentiles.p50.unwrap(), usual), "{open:?}");
    assert!(near(closed.percentiles.p90.unwrap(), usual), "{closed:?}");
    // One in a hundred waits at least 900 us for the worker: the first that comes after.
    let waits = sample(results, "open", Measure::QueueWait);
    assert!(waits.max > 900_000 && waits.max < HELD, "{waits:?}");
    assert_eq!(sample(results, "window", Measure::QueueWait).max, 0);
}

#[test]
fn a_design_that_takes_twice_as_long_is_said_to() {
    let (_, results) = known();
    for scenario in ["open", "window"] {
        let slower = design(results, scenario, "slower");
        let reading = slower.ratio(Measure::Delivery, Percentile::P50).expect("five rounds");
        assert!((reading.ratio.median - 2.0).abs() < 0.01, "{reading:?}");
        assert_eq!(reading.verdict.to_string(), "longer");
    }
    let headline = summary::headline(results);
    assert!(headline.contains("ahead of the best rival in all of 2"), "{headline}");
}

/// The number in that column of the line that begins so.
fn cell(csv: &str, start: &str, column: &str) -> f64 {
    let line = csv.lines().find(|line| line.starts_with(start)).unwrap();
    let place = csv.lines().next().unwrap().split(',').position(|name| name == column).unwrap();
    line.split(',').nth(place).unwrap().parse().unwrap()
}

/// What one value in so many lies beyond, by a file of HdrHistogram's percentiles.
fn beyond(hgrm: &str, one_in: f64) -> u64 {
    let lines = hgrm.lines().filter(|line| !line.starts_with('#'));
    let numbers = lines.map(|line| line.split_whitespace().flat_map(str::parse::<f64>).collect());
    let steps: Vec<Vec<f64>> = numbers.filter(|numbers: &Vec<f64>| numbers.len() == 4).collect();
    steps.iter().rfind(|step| step[3] <= one_in).unwrap()[0] as u64
}

#[test]
fn every_output_reports_it() {
    let (session, results) = known();
    let folder = env::temp_dir().join(format!("photofinish-known-{}", process::id()));
    let files = folder::write(results, session, &folder).unwrap();
    assert!(files.last().is_some_and(|file| file.ends_with("report.html")), "{files:?}");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();

    let delivery = sample(results, "open", Measure::Delivery);
    let [p50, p99_9] = [delivery.percentiles.p50, delivery.percentiles.p99_9].map(Option::unwrap);
    assert!(near(p50, WAY) && near(p99_9, HELD));
    let row = ["1,000", "1,000,447"];
    assert_eq!(row.map(|cell| cell.replace(',', "")), [p50, p99_9].map(|ns| ns.to_string()));

    let table = Tables(results).to_string();
    let line =
        table.lines().find(|line| line.starts_with("one-in-a-hundred") && line.contains(row[1]));
    assert!(line.is_some_and(|line| line.contains(row[0])), "{table}");

    let json: Results = serde_json::from_str(&read("results.json")).unwrap();
    assert!(json == *results, "what is read is not what was written");

    let csv = read("results.csv");
    let cell = |column| cell(&csv, "open-10000-20us-park,one-in-a-hundred,delivery,", column);
    assert_eq!([cell("p50"), cell("p99.9")], [p50 as f64, p99_9 as f64]);
    assert_eq!(cell("count"), delivery.count as f64);

    let hgrm = read("percentiles/open-10000-20us-park-delivery-one-in-a-hundred.hgrm");
    assert!(near(beyond(&hgrm, 50.0), WAY) && near(beyond(&hgrm, 200.0), HELD), "{hgrm}");

    let log = read("intervals.hlog");
    let tag = "Tag=open-10000-20us-park/one-in-a-hundred/delivery,";
    assert_eq!(log.lines().filter(|line| line.starts_with(tag)).count(), 5, "one for each round");

    let page = read("report.html");
    assert!(row.iter().all(|cell| page.contains(&format!(">{cell}</td>"))), "{row:?}");

    let picture = read("pictures/open-10000-20us-park.svg");
    for part in [">one-in-a-hundred</text>", "class=\"curve rival", "5 rounds, "] {
        assert!(picture.contains(part), "{part}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_page_needs_nothing_from_elsewhere() {
    let (_, results) = known();
    let page = page::page(results);
    for foreign in ["<script", "http://", "https://", "@import", "url(", "<img", "<link"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn a_session_that_is_interrupted_at_once_has_measured_nothing() {
    let plan = plan(vec![Contestant::of::<OneInAHundred<1>, VirtualTime>()]);
    let session = plan.play(|next| next.round == 0);
    assert!(session.is_empty());
    let page = page::page(&Results::of(&plan, &session));
    assert!(page.contains("Nothing was measured."), "{page}");
}

#[test]
fn what_others_have_in_the_folder_stays() {
    let (session, results) = known();
    let folder = env::temp_dir().join(format!("photofinish-others-{}", process::id()));
    let own = folder.join("pictures/own.svg");
    fs::create_dir_all(own.parent().unwrap()).unwrap();
    fs::write(&own, "").unwrap();
    folder::write(results, session, &folder).unwrap();
    assert!(own.exists(), "a picture that was there before any session");
    let (note, old) = (folder.join("pictures/note.txt"), folder.join("pictures/old.svg"));
    fs::write(&note, "").unwrap();
    fs::write(&old, "").unwrap();
    folder::write(results, session, &folder).unwrap();
    assert!(note.exists() && !old.exists(), "what is not of the lab's kind, and an old picture");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn an_interrupted_session_leaves_a_partial_report() {
    let plan = plan(vec![Contestant::of::<OneInAHundred<1>, VirtualTime>()]);
    // The first round and one run of the second, and two runs that count allocations.
    let mut left = 2 + 3;
    let session = plan.play(|_| {
        left -= 1;
        left >= 0
    });
    let results = Results::of(&plan, &session);
    assert!(!results.complete);
    let rounds: Vec<usize> = results.scenarios.iter().map(|f| f.designs[0].rounds).collect();
    assert_eq!(rounds, [2, 1]);
    let folder = env::temp_dir().join(format!("photofinish-partial-{}", process::id()));
    folder::write(&results, &session, &folder).unwrap();
    let text = fs::read_to_string(folder.join("results.json")).unwrap();
    assert!(serde_json::from_str::<Results>(&text).unwrap() == results);
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.contains("interrupted: some rounds are missing"));
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_busy_machine_is_noticed_in_every_output() {
    let (mut session, _) = play_both();
    let plan = plan(vec![Contestant::of::<OneInAHundred<1>, VirtualTime>()]);
    for (others, is_busy) in [(0.01, false), (0.4, true)] {
        session.shares = Some(Shares { others, stolen: 0.0 });
        let results = Results::of(&plan, &session);
        let outputs = [
            Tables(&results).to_string(),
            page::page(&results),
            serde_json::to_string(&results).unwrap(),
        ];
        for output in outputs {
            assert_eq!(output.contains("the machine is busy"), is_busy, "{others}: {output}");
        }
    }
}

#[test]
fn sessions_are_compared_series_by_series() {
    let (_, before) = known();
    let (_, now) = play_both();
    let changes = Changes::between(before, &now).expect("the same machine and series");
    assert_eq!(changes.series.len(), 2 * 2 * 4);
    assert!(changes.series.iter().all(|change| !change.verdict.is_difference()));

    let mut slower = now.clone();
    let samples = slower.scenarios[0].designs[0].samples.iter_mut();
    for sample in samples.filter(|sample| sample.measure == "delivery") {
        for round in &mut sample.rounds {
            round.p50 = round.p50.map(|ns| 2 * ns);
        }
    }
    let changes = Changes::between(before, &slower).unwrap();
    let different: Vec<_> = changes.series.iter().filter(|c| c.verdict.is_difference()).collect();
    let [change] = different[..] else { panic!("{different:?}") };
    assert_eq!((change.design.as_str(), change.percentile.as_str()), ("one-in-a-hundred", "p50"));
    assert!((change.ratio.median - 2.0).abs() < 0.01, "{change:?}");

    let mut elsewhere = now.clone();
    elsewhere.machine.cores += 1;
    assert_eq!(Changes::between(&elsewhere, &now), None);
}

#[test]
fn a_percentile_is_left_out_where_ten_samples_do_not_lie_beyond() {
    let (_, results) = known();
    let delivery = sample(results, "open", Measure::Delivery);
    assert_eq!(delivery.count, 50_000);
    assert_eq!(delivery.percentiles.p99_99, None);
    assert!(delivery.curve.iter().all(|point| 10.0 * point.one_in <= 50_000.0));
    assert!(iter::zip(&delivery.curve, &delivery.curve[1..]).all(|(a, b)| a.ns <= b.ns));
}
