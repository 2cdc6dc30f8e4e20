//! Tables for the terminal.

use std::fmt;

use super::number::{grouped, interval, printed};
use crate::percentile::Percentile;
use crate::recorder::Measure;
use crate::results::{Changes, DesignFindings, Findings, Kind, Results, Sample};

/// The results of a session, scenario by scenario. All lengths are in nanoseconds.
#[derive(Debug)]
pub struct Tables<'a>(pub &'a Results);

impl fmt::Display for Tables<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(results) = self;
        for findings in &results.scenarios {
            writeln!(f, "=== {} ===\n", findings.title)?;
            pace(f, findings)?;
            for measure in findings.kind.measures() {
                percentiles(f, findings, measure)?;
            }
            if findings.kind == Kind::Burst {
                places(f, findings)?;
            }
            ratios(f, findings)?;
        }
        surroundings(f, results)?;
        if let Some(changes) = &results.changes {
            since(f, changes)?;
        }
        for warning in &results.warnings {
            writeln!(f, "WARNING: {warning}")?;
        }
        Ok(())
    }
}

/// The width of a column of names, unless one is longer.
const NAME: usize = 22;

/// The width of the names of `findings`.
fn width(findings: &Findings) -> usize {
    findings.designs.iter().map(|design| design.design.len()).fold(NAME, usize::max)
}

/// How the run went: rates, what it cost, and the two measures that check it.
fn pace(f: &mut fmt::Formatter<'_>, findings: &Findings) -> fmt::Result {
    let width = width(findings);
    let workers = findings.workers;
    let note = if findings.oversubscribed { ", MORE THREADS THAN CORES" } else { "" };
    let plural = if workers == 1 { "" } else { "s" };
    writeln!(f, "{workers} worker{plural} and the consumer{note}")?;
    write!(f, "{:<width$} {:>11} {:>9}", "design", "achieved/s", "run p50")?;
    write!(f, " {:>10} {:>6}", "core ns", "cores")?;
    write!(f, " {:>9} {:>7} {:>7} {:>7}", "switches", "forced", "mallocs", "bytes")?;
    if findings.target_rate.is_some() {
        write!(f, " {:>9} {:>9} {:>9}", "target/s", "late p50", "late p99")?;
    }
    writeln!(f)?;
    for design in &findings.designs {
        if let Some(failure) = &design.failure {
            writeln!(f, "{:<width$} FAILED: {failure}", design.design)?;
            continue;
        }
        pace_of(f, findings, design)?;
    }
    writeln!(f)
}

fn pace_of(
    f: &mut fmt::Formatter<'_>,
    findings: &Findings,
    design: &DesignFindings,
) -> fmt::Result {
    let width = width(findings);
    let value = |measure, percentile| design.sample(measure)?.percentiles.at(percentile);
    let achieved = printed(design.achieved_rate.map(|rate| rate.round() as u64));
    let run = printed(value(Measure::Run, Percentile::P50));
    write!(f, "{:<width$} {achieved:>11} {run:>9}", design.design)?;
    let or_dash = |number: Option<String>| number.unwrap_or_else(|| "-".to_owned());
    let used = design.consumption.as_ref();
    let core = or_dash(used.map(|used| grouped((used.user_ns + used.system_ns).round() as u64)));
    let cores = or_dash(used.map(|used| format!("{:.2}", used.cores)));
    let voluntary = or_dash(used.map(|used| format!("{:.3}", used.voluntary_switches)));
    let forced = or_dash(used.map(|used| format!("{:.3}", used.involuntary_switches)));
    let calls = or_dash(design.allocated.map(|allocated| format!("{:.3}", allocated.calls)));
    let bytes = or_dash(design.allocated.map(|allocated| format!("{:.0}", allocated.bytes)));
    write!(f, " {core:>10} {cores:>6} {voluntary:>9} {forced:>7} {calls:>7} {bytes:>7}")?;
    if let Some(rate) = findings.target_rate {
        let late = [Percentile::P50, Percentile::P99];
        let [p50, p99] = late.map(|percentile| printed(value(Measure::Lateness, percentile)));
        write!(f, " {:>9} {p50:>9} {p99:>9}", grouped(rate.round() as u64))?;
    }
    if design.saturated {
        write!(f, "  SATURATED")?;
    }
    if design.disturbed_rounds > 0 {
        write!(f, "  rounds in which tasks ran slow: {}", design.disturbed_rounds)?;
    }
    writeln!(f)
}

fn percentiles(f: &mut fmt::Formatter<'_>, findings: &Findings, measure: Measure) -> fmt::Result {
    writeln!(f, "{}", measure.description())?;
    let width = width(findings);
    head(f, "design (ns)", width)?;
    for design in findings.sound() {
        if let Some(sample) = design.sample(measure) {
            row(f, (&design.design, width), sample)?;
        }
    }
    writeln!(f)
}

fn head(f: &mut fmt::Formatter<'_>, first: &str, width: usize) -> fmt::Result {
    write!(f, "{first:<width$} {:>11}", "samples")?;
    for percentile in Percentile::ALL {
        write!(f, " {percentile:>11}")?;
    }
    writeln!(f, " {:>11}", "max")
}

fn row(f: &mut fmt::Formatter<'_>, (name, width): (&str, usize), sample: &Sample) -> fmt::Result {
    write!(f, "{name:<width$} {:>11}", grouped(sample.count))?;
    for percentile in Percentile::ALL {
        write!(f, " {:>11}", printed(sample.percentiles.at(percentile)))?;
    }
    writeln!(f, " {:>11}", grouped(sample.max))
}

/// When the results of a burst are in hand, in the order of their receipt.
fn places(f: &mut fmt::Formatter<'_>, findings: &Findings) -> fmt::Result {
    let size = findings.sound().map(|design| design.places.len()).max().unwrap_or(0);
    let width = width(findings);
    let shown: Vec<usize> = [1, size / 4, size / 2, size * 3 / 4, size]
        .into_iter()
        .filter(|place| *place > 0)
        .collect();
    writeln!(f, "median time to the k-th result in hand")?;
    write!(f, "{:<width$}", "design (ns)")?;
    for place in &shown {
        write!(f, " {:>11}", format!("k = {place}"))?;
    }
    writeln!(f)?;
    for design in findings.sound() {
        write!(f, "{:<width$}", design.design)?;
        for place in &shown {
            write!(f, " {:>11}", printed(design.places.get(place - 1).map(|place| place.p50)))?;
        }
        writeln!(f)?;
    }
    writeln!(f)
}

/// Every design against the first.
fn ratios(f: &mut fmt::Formatter<'_>, findings: &Findings) -> fmt::Result {
    let Some(first) = findings.sound().flat_map(|design| &design.ratios).next() else {
        return Ok(());
    };
    writeln!(
        f,
        "times as long as {}: median of the rounds' ratios [whole range, which holds the true \
         median with {:.1} %]; = no difference, ? too few rounds",
        first.against,
        100.0 * first.ratio.confidence
    )?;
    let width = width(findings);
    write!(f, "{:<width$}", "design")?;
    for (measure, percentile) in findings.kind.compared() {
        write!(f, " {:>21}", format!("{} {percentile}", measure.slug()))?;
    }
    writeln!(f)?;
    for design in findings.sound().filter(|design| !design.ratios.is_empty()) {
        write!(f, "{:<width$}", design.design)?;
        for (measure, percentile) in findings.kind.compared() {
            let ratio = design.ratio(measure, percentile);
            let ratio = ratio.map_or("-".to_owned(), |reading| interval(reading.ratio));
            write!(f, " {ratio:>21}")?;
        }
        writeln!(f)?;
    }
    writeln!(f)
}

/// The machine's own limits and delays.
fn surroundings(f: &mut fmt::Formatter<'_>, results: &Results) -> fmt::Result {
    if !results.jitter.is_empty() {
        writeln!(f, "=== the machine by itself ===\n")?;
        head(f, "delays (ns)", NAME)?;
        for sample in &results.jitter {
            row(f, (&sample.measure, NAME), sample)?;
        }
        for sample in &results.jitter {
            writeln!(f, "{}: {}", sample.measure, sample.description)?;
        }
        writeln!(f)?;
    }
    for limit in &results.limits {
        let ns = limit.ns.map_or("-".to_owned(), |ns| format!("{ns:.1}"));
        writeln!(f, "{:<24} {ns:>9} ns", limit.name)?;
    }
    if results.limits.is_empty() { Ok(()) } else { writeln!(f) }
}

/// What has changed since the session before.
fn since(f: &mut fmt::Formatter<'_>, changes: &Changes) -> fmt::Result {
    let different = changes.series.iter().filter(|change| change.verdict.is_difference());
    let different: Vec<_> = different.collect();
    let Changes { since, commit, series } = changes;
    let (count, all) = (different.len(), series.len());
    writeln!(
        f,
        "since {since} (commit {commit}): {count} of {all} series differ by more than all do"
    )?;
    for change in different {
        let name = format!("{}/{}", change.scenario, change.design);
        let what = format!("{} {}", change.measure, change.percentile);
        let ratio = interval(change.ratio);
        writeln!(f, "  {name:<44} {what:<16} {ratio} the designs' middle {:.2}", change.drift)?;
    }
    writeln!(f)
}
