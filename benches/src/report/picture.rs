//! Charts to be shown elsewhere: each a file of its own, light or dark as the reader likes it, with
//! the names of the lines and the conditions under which they were measured.

use maud::{Markup, PreEscaped, html};

use super::chart::palette::Palette;
use super::chart::{self, burst, percentiles};
use super::summary;
use crate::results::{Findings, Kind, Results};

const WIDTH: usize = 420;
/// Where the legend begins, and how far apart its lines are.
const LEGEND: usize = 62;
const LINE: usize = 18;
const CHART: usize = 280;

/// The chart of one scenario as an SVG file; `None` if there is nothing to draw.
///
/// Of the measures it has the one by which the scenario is judged.
pub fn picture(findings: &Findings, results: &Results) -> Option<String> {
    let palette = Palette::of(results);
    let measure = summary::measure(findings.kind);
    let beside = results.machine_beside(findings);
    let (plot, caption) = match findings.kind {
        Kind::Burst => (burst::alone(findings, &palette)?, burst::CAPTION.to_owned()),
        Kind::OpenParked | Kind::OpenSpinning | Kind::Window => {
            let plot = percentiles::alone(findings, measure, &palette, beside)?;
            (plot, measure.description().replace("->", "→"))
        }
    };
    let designs = findings.sound().map(|design| design.design.as_str());
    let mut names: Vec<(&str, &str)> =
        designs.map(|design| (palette.look(design), design)).collect();
    if beside.is_some() {
        names.push(("machine", "the machine by itself"));
    }
    let top = LEGEND + names.len().div_ceil(2) * LINE;
    let conditions = conditions(findings, results);
    let height = top + CHART + 10 + conditions.len() * LINE;
    let title = summary::name(findings);
    let picture = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {WIDTH} {height}"))
            width=(WIDTH * 3 / 2) height=(height * 3 / 2) role="img" aria-label=(title) {
            style { (PreEscaped(chart::STYLE)) (PreEscaped(OWN_STYLE)) }
            rect.paper width=(WIDTH) height=(height) rx="10" {}
            text.title x="14" y="26" { (title) }
            text.caption x="14" y="45" { (caption) }
            @for (nth, (look, name)) in names.iter().enumerate() { (entry(nth, look, name)) }
            svg x="6" y=(top) width=(WIDTH - 12) height=(CHART) { (plot) }
            @for (nth, line) in conditions.iter().enumerate() {
                text.caption x="14" y=(top + CHART + (nth + 1) * LINE - 4) { (line) }
            }
        }
    };
    Some(picture.into_string())
}

const OWN_STYLE: &str = r#"
text { font: 11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: var(--ink); }
.paper { fill: var(--paper); } .title { font-size: 15px; font-weight: 650; } .caption { fill: var(--soft); }
"#;

/// A name in the legend, which has two columns.
fn entry(nth: usize, look: &str, name: &str) -> Markup {
    let (x, y) = (14 + nth % 2 * (WIDTH / 2), LEGEND + nth / 2 * LINE);
    html! {
        path.curve.(look) d=(format!("M{x} {y}h26")) {}
        text x=(x + 34) y=(y + 4) { (name) }
    }
}

/// Where, when and how, in lines that fit.
fn conditions(findings: &Findings, results: &Results) -> Vec<String> {
    let (machine, conditions) = (&results.machine, &results.conditions);
    let workers = findings.workers;
    let plural = if workers == 1 { "worker" } else { "workers" };
    let first = |text: &str, end: &str| text.split(end).next().unwrap_or_default().to_owned();
    let day = first(&results.started, "T");
    let mut lines = vec![
        format!("{}, {} cores; {workers} {plural} and the consumer", machine.cpu, machine.cores),
        format!("{}; {}", first(&machine.system, "-"), first(&machine.compiler, " (")),
        format!("{} rounds, {day}, commit {}", conditions.rounds, machine.commit),
    ];
    if findings.oversubscribed {
        lines.push("more threads than cores".to_owned());
    }
    if !results.complete {
        lines.push("interrupted: some rounds are missing".to_owned());
    }
    lines
}
