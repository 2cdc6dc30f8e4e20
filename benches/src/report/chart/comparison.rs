//! Ratios and their intervals, design by design.

use maud::{Markup, html};

use super::palette::Palette;
use super::px;
use super::scale::Scale;
use crate::percentile::Percentile;
use crate::recorder::Measure;
use crate::report::number::times;
use crate::results::{Findings, RatioReading};

/// Between the names and the numbers.
const PLOT: f64 = 136.0;
const NUMBERS: f64 = 128.0;
const ROW: f64 = 24.0;
const TOP: f64 = 6.0;

/// The room that names as long as `longest` take.
fn left(longest: usize) -> f64 {
    const SHORTEST: f64 = 136.0;
    const LETTER: f64 = 6.7;
    (10.0 + LETTER * longest as f64).max(SHORTEST)
}

/// A panel for each ratio of `findings`: how many times as long as the first design.
pub(crate) fn panels(findings: &Findings, palette: &Palette) -> Markup {
    let panels = findings.kind.compared().into_iter().map(|(measure, percentile)| {
        let rows = findings.sound().filter_map(|design| {
            Some((design.design.as_str(), design.ratio(measure, percentile)?))
        });
        (measure, percentile, rows.collect::<Vec<_>>())
    });
    let panels: Vec<_> = panels.filter(|(.., rows)| !rows.is_empty()).collect();
    let Some(against) = panels.first().map(|(.., rows)| rows[0].1.against.clone()) else {
        return html! {};
    };
    html! {
        h3 { "Times as long as " (against) }
        div.panels.ratios.four[panels.len() == 4] {
            @for (measure, percentile, rows) in &panels {
                (panel(*measure, *percentile, rows, palette))
            }
        }
    }
}

fn panel(
    measure: Measure,
    percentile: Percentile,
    rows: &[(&str, &RatioReading)],
    palette: &Palette,
) -> Markup {
    // What lies beyond the plot is drawn at its edge; its numbers stand beside it.
    const FARTHEST: f64 = 12.0;
    let ends = rows.iter().flat_map(|(_, reading)| [reading.ratio.low, reading.ratio.high]);
    let reach = ends.map(|end| end.max(1.0 / FARTHEST).ln().abs().exp()).fold(1.5, f64::max);
    let reach = reach.min(FARTHEST) * 1.1;
    let left = left(rows.iter().map(|(design, _)| design.len()).max().unwrap_or(0));
    let x = Scale::logarithmic((1.0 / reach, reach), (left, left + PLOT));
    let width = left + PLOT + NUMBERS;
    let ticks: &[f64] = match reach {
        ..2.5 => &[0.5, 0.7, 1.0, 1.5, 2.0],
        2.5..6.0 => &[0.25, 0.5, 1.0, 2.0, 4.0],
        _ => &[0.1, 0.3, 1.0, 3.0, 10.0],
    };
    let inside = ticks.iter().filter(|tick| (1.0 / reach..=reach).contains(*tick));
    let bottom = TOP + ROW * rows.len() as f64;
    let height = bottom + 22.0;
    html! {
        figure {
            figcaption { strong { (measure.slug().replace('-', " ")) " " (percentile) } }
            svg.plot viewBox=(format!("0 0 {width} {height}")) role="img" {
                @for tick in inside {
                    @let place = px(x.at(*tick));
                    @let class = if *tick == 1.0 { "rule one" } else { "rule" };
                    line class=(class) x1=(place) x2=(place) y1=(px(TOP)) y2=(px(bottom)) {}
                    text.tick x=(place) y=(px(bottom + 15.0)) text-anchor="middle" { (tick) }
                }
                @for (nth, (design, reading)) in rows.iter().enumerate() {
                    (row(design, reading, palette, &x, (left, TOP + ROW * (nth as f64 + 0.5))))
                }
            }
        }
    }
}

fn row(
    design: &str,
    reading: &RatioReading,
    palette: &Palette,
    x: &Scale,
    (left, y): (f64, f64),
) -> Markup {
    let ratio = reading.ratio;
    let decided = reading.verdict.is_difference();
    let class = if decided { palette.look(design).to_owned() } else { "undecided".to_owned() };
    let (low, high) = (px(x.at(ratio.low)), px(x.at(ratio.high)));
    let (y, base) = (px(y), px(y + 4.0));
    html! {
        g.(class).interval {
            title { (design) ": " (reading.verdict) }
            text.label x=(px(left - 10.0)) y=(base) text-anchor="end" { (design) }
            line x1=(low) x2=(high) y1=(y) y2=(y) {}
            circle cx=(px(x.at(ratio.median))) cy=(y) r="4.5" {}
            text.value x=(px(left + PLOT + NUMBERS - 2.0)) y=(base) text-anchor="end" {
                (times(ratio.median))
                tspan.range { " " (times(ratio.low)) "–" (times(ratio.high)) }
            }
        }
    }
}
