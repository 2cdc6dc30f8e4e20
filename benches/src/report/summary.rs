//! What was found, in sentences.

use photofinish_baselines::Design;

use super::number::{grouped, times};
use crate::in_order::InOrder;
use crate::percentile::Percentile;
use crate::ratio::Verdict;
use crate::recorder::Measure;
use crate::results::{DesignFindings, Findings, Kind, Results};

/// One sentence on everything.
pub fn headline(results: &Results) -> String {
    let verdicts: Vec<Verdict> = results.scenarios.iter().filter_map(verdict).collect();
    let count = |wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count();
    let nothing = results.scenarios.iter().all(|findings| findings.sound().next().is_none());
    let Some([ours, ..]) = results.scenarios.first().map(|f| &f.designs[..]).filter(|_| !nothing)
    else {
        return "Nothing was measured.".to_owned();
    };
    let ours = &ours.design;
    if verdicts.is_empty() {
        return format!("{ours}, by itself.");
    }
    if count(Verdict::TooFewRounds) == verdicts.len() {
        return "Too few rounds to tell chance from difference.".to_owned();
    }
    let parts = [
        (count(Verdict::Longer), "ahead of the best rival in"),
        (count(Verdict::NoDifference), "level with it in"),
        (count(Verdict::Shorter), "behind it in"),
        (count(Verdict::TooFewRounds), "undecided in"),
    ];
    let mut parts = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, words)| {
        let all = verdicts.len();
        if count == all { format!("{words} all of {all}") } else { format!("{words} {count}") }
    });
    // The first part says whom it is compared with.
    let first = parts.next().unwrap_or_default();
    let first = first.replacen("with it", "with the best rival", 1);
    let first = first.replacen("behind it", "behind the best rival", 1);
    let rest: Vec<String> = parts.collect();
    let list = match &rest[..] {
        [] => first,
        [last] => format!("{first} and {last} of {}", verdicts.len()),
        [middle @ .., last] => {
            format!("{first}, {} and {last} of {}", middle.join(", "), verdicts.len())
        }
    };
    let scenarios = if verdicts.len() == 1 { "scenario" } else { "scenarios" };
    format!("{ours} is {list} {scenarios}, by the median.")
}

/// The scenario in a few words.
pub(super) fn name(findings: &Findings) -> String {
    let rate = findings.target_rate.map_or(String::new(), |rate| grouped(rate.round() as u64));
    match findings.kind {
        Kind::OpenParked => format!("Waiting consumer, {rate}/s"),
        Kind::OpenSpinning => format!("Spinning consumer, {rate}/s"),
        Kind::Window | Kind::Burst => {
            let mut parts = findings.scenario.split('-').map(str::to_owned);
            let (kind, size) = (parts.next(), parts.next());
            let kind = if kind.as_deref() == Some("burst") { "A burst of" } else { "A window of" };
            format!("{kind} {}", size.unwrap_or_default())
        }
    }
}

/// What the first design of a scenario is judged by: the delivery of a task, or half of a burst.
pub(super) fn measure(kind: Kind) -> Measure {
    match kind {
        Kind::OpenParked | Kind::OpenSpinning => Measure::Delivery,
        Kind::Window => Measure::EndToEnd,
        Kind::Burst => Measure::Half,
    }
}

/// The fastest design that is not of our own making.
fn best_rival(findings: &Findings) -> Option<&DesignFindings> {
    let measure = measure(findings.kind);
    let rival = |design: &&DesignFindings| !is_ours(&design.design) && design.design != IN_ORDER;
    // The first is what the others are compared with.
    let rivals = findings.sound().skip(1).filter(rival);
    let median = |design: &&DesignFindings| {
        let sample = design.sample(measure)?;
        sample.percentiles.p50
    };
    rivals.filter(|design| median(design).is_some()).min_by_key(|design| median(design))
}

fn verdict(findings: &Findings) -> Option<Verdict> {
    let rival = best_rival(findings)?;
    Some(rival.ratio(measure(findings.kind), Percentile::P50)?.verdict)
}

/// Where the first design of a scenario stands against the best rival, in a word.
pub(super) fn standing(findings: &Findings) -> Option<&'static str> {
    verdict(findings).map(|verdict| match verdict {
        Verdict::Longer => "ahead",
        Verdict::NoDifference => "level",
        Verdict::Shorter => "behind",
        Verdict::TooFewRounds => "undecided",
    })
}

/// The same in figures: the first design's median, and the best rival's ratio.
pub(super) fn figures(findings: &Findings) -> Option<String> {
    let measure = measure(findings.kind);
    let median = findings.sound().next()?.sample(measure)?.percentiles.p50?;
    let mut figures = format!("{} {} ns", measure.slug().replace('-', " "), grouped(median));
    if let Some(rival) = best_rival(findings) {
        let ratio = rival.ratio(measure, Percentile::P50)?.ratio;
        figures += &format!(
            "; {} takes {} times as long, {} to {}",
            rival.design,
            times(ratio.median),
            times(ratio.low),
            times(ratio.high)
        );
    }
    Some(figures)
}

/// Where the first design of a scenario stands against the best rival, in a sentence.
pub fn sentence(findings: &Findings) -> Option<String> {
    let measure = measure(findings.kind);
    let ours = findings.sound().next()?;
    let median = ours.sample(measure)?.percentiles.p50?;
    let what = match measure {
        Measure::Delivery => "A result is in the consumer's hands",
        Measure::Half => "Half of the results are in hand",
        _ => "From submission to receipt it takes",
    };
    let when = match measure {
        Measure::Delivery => " after its task has ended",
        Measure::Half => " after the burst began",
        _ => "",
    };
    let mut sentence = format!("{what} {} ns{when} (median of {}).", grouped(median), ours.design);
    if let Some(rival) = best_rival(findings) {
        let reading = rival.ratio(measure, Percentile::P50)?;
        let ratio = reading.ratio;
        let [median, low, high] = [ratio.median, ratio.low, ratio.high].map(times);
        let range = format!("{median} ({low} to {high})");
        let verdict = match reading.verdict {
            Verdict::NoDifference => ": no difference",
            Verdict::TooFewRounds => ": too few rounds to tell",
            Verdict::Longer | Verdict::Shorter => "",
        };
        let name = &rival.design;
        sentence += &format!(" The best rival, {name}, takes {range} times as long{verdict}.");
    }
    let in_order = findings.sound().find(|design| design.design == IN_ORDER);
    if let Some(reading) = in_order.and_then(|design| design.ratio(measure, Percentile::P50)) {
        let ratio = times(reading.ratio.median);
        sentence += &format!(" Joining in the order of submission takes {ratio} times as long.");
    }
    Some(sentence)
}

/// The name of what is no rival: it has no completion order.
pub(super) const IN_ORDER: &str = <InOrder<()> as Design<()>>::NAME;

/// Whether a design is of our own making.
pub(super) fn is_ours(design: &str) -> bool {
    design.starts_with("photofinish")
}
