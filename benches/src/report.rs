//! Tables for the terminal.

use std::fmt;

use crate::percentile::Percentile;
use crate::ratio::Ratio;
use crate::recorder::Measure;
use crate::series::Tally;

/// The results of a session, printed scenario by scenario. All lengths are in nanoseconds.
#[derive(Debug)]
pub struct Report<'a> {
    /// What came of the session, scenario by scenario.
    pub tallies: &'a [Tally],
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let same = |a: &Tally, b: &Tally| a.scenario.slug() == b.scenario.slug();
        for designs in self.tallies.chunk_by(same) {
            let Some(first) = designs.first() else { continue };
            writeln!(f, "=== {} ===\n", first.scenario)?;
            pace(f, designs)?;
            for measure in Measure::COMPARED {
                percentiles(f, designs, measure)?;
            }
            ratios(f, designs)?;
        }
        Ok(())
    }
}

/// How the run went: rates, and the two measures that check it.
fn pace(f: &mut fmt::Formatter<'_>, designs: &[Tally]) -> fmt::Result {
    let open = designs.iter().any(|tally| tally.scenario.arrivals.is_open());
    write!(f, "{:<20} {:>11} {:>9}", "design", "achieved/s", "run p50")?;
    if open {
        write!(f, " {:>9} {:>9} {:>9}", "target/s", "late p50", "late p99")?;
    }
    writeln!(f)?;
    for tally in designs {
        let value = |measure, percentile: Percentile| percentile.of(&tally.of(measure).histogram);
        let achieved = grouped(tally.achieved_rate().round() as u64);
        let run = printed(value(Measure::Run, Percentile::P50));
        write!(f, "{:<20} {achieved:>11} {run:>9}", tally.design)?;
        if let Some(rate) = tally.scenario.arrivals.target_rate() {
            let late = [Percentile::P50, Percentile::P99];
            let [p50, p99] = late.map(|percentile| printed(value(Measure::Lateness, percentile)));
            write!(f, " {:>9} {p50:>9} {p99:>9}", grouped(rate.round() as u64))?;
        }
        if tally.is_saturated() {
            write!(f, "  SATURATED")?;
        }
        if tally.disturbed_rounds() > 0 {
            write!(f, "  rounds in which tasks ran slow: {}", tally.disturbed_rounds())?;
        }
        writeln!(f)?;
    }
    writeln!(f)
}

fn percentiles(f: &mut fmt::Formatter<'_>, designs: &[Tally], measure: Measure) -> fmt::Result {
    writeln!(f, "{}", measure.description())?;
    write!(f, "{:<20} {:>11}", "design (ns)", "samples")?;
    for percentile in Percentile::ALL {
        write!(f, " {percentile:>9}")?;
    }
    writeln!(f, " {:>11}", "max")?;
    for tally in designs {
        let sample = &tally.of(measure).histogram;
        write!(f, "{:<20} {:>11}", tally.design, grouped(sample.len()))?;
        for percentile in Percentile::ALL {
            write!(f, " {:>9}", printed(percentile.of(sample)))?;
        }
        writeln!(f, " {:>11}", grouped(sample.max()))?;
    }
    writeln!(f)
}

/// Every design against the first.
fn ratios(f: &mut fmt::Formatter<'_>, designs: &[Tally]) -> fmt::Result {
    const COLUMNS: [(&str, Measure, Percentile); 4] = [
        ("delivery p50", Measure::Delivery, Percentile::P50),
        ("delivery p99", Measure::Delivery, Percentile::P99),
        ("end to end p50", Measure::EndToEnd, Percentile::P50),
        ("end to end p99", Measure::EndToEnd, Percentile::P99),
    ];
    let [first, rivals @ ..] = designs else { return Ok(()) };
    if rivals.is_empty() {
        return Ok(());
    }
    writeln!(
        f,
        "times as long as {}: median of the rounds' ratios [lowest..highest]; = where rounds disagree",
        first.design
    )?;
    write!(f, "{:<20}", "design")?;
    for (name, ..) in COLUMNS {
        write!(f, " {name:>20}")?;
    }
    writeln!(f)?;
    for rival in rivals {
        write!(f, "{:<20}", rival.design)?;
        for (_, measure, percentile) in COLUMNS {
            let ratio = Ratio::between(rival.of(measure), first.of(measure), percentile);
            write!(f, " {:>20}", ratio.map_or("-".to_owned(), interval))?;
        }
        writeln!(f)?;
    }
    writeln!(f)
}

fn interval(ratio: Ratio) -> String {
    let Ratio { median, low, high } = ratio;
    let tie = if ratio.is_tie() { "=" } else { " " };
    format!("{median:.2} [{low:.2}..{high:.2}]{tie}")
}

fn printed(value: Option<u64>) -> String {
    value.map_or("-".to_owned(), grouped)
}

/// A number with its digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_from_the_right() {
        let printed = [0, 999, 1_000, 12_345_678].map(grouped);
        assert_eq!(printed, ["0", "999", "1,000", "12,345,678"]);
    }

    #[test]
    fn an_interval_around_one_is_marked_as_a_tie() {
        let ratio = Ratio { median: 1.1, low: 0.9, high: 1.3 };
        assert_eq!(interval(ratio), "1.10 [0.90..1.30]=");
        assert_eq!(interval(Ratio { low: 1.05, ..ratio }), "1.10 [1.05..1.30] ");
    }
}
