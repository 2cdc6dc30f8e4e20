//! Percentile curves: how long, over how rarely longer.

use maud::{Markup, html};

use super::palette::Palette;
use super::scale::{Scale, range};
use super::{path, px, rules};
use crate::recorder::Measure;
use crate::results::{Findings, Point, Sample};

const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = WIDTH - 10.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = HEIGHT - 40.0;

/// The percentiles that the axis names.
const NAMED: [(f64, &str); 5] =
    [(2.0, "50"), (10.0, "90"), (100.0, "99"), (1e3, "99.9"), (1e4, "99.99")];

/// A line and its look.
struct Line<'a> {
    look: &'a str,
    name: &'a str,
    curve: &'a [Point],
}

/// What the axes have to hold: the range of the values, and how rare the rarest is.
#[derive(Clone, Copy)]
struct Extent {
    values: (f64, f64),
    rarest: f64,
}

impl Extent {
    /// `None` if there is nothing to draw.
    fn of<'a>(curves: impl Iterator<Item = &'a [Point]> + Clone) -> Option<Self> {
        let points = curves.flatten();
        // The curves begin where the plot does: what is shorter than nearly all is of no interest.
        let shown = points.clone().filter(|point| point.one_in >= FIRST);
        let values = range(shown.map(|point| point.ns as f64))?;
        Some(Self { values, rarest: points.map(|point| point.one_in).fold(10.0, f64::max) })
    }
}

/// A line for each design that has lost nothing.
fn lines<'a>(findings: &'a Findings, measure: Measure, palette: &'a Palette) -> Vec<Line<'a>> {
    let samples = findings.sound().filter_map(|design| Some((design, design.sample(measure)?)));
    let line = samples.map(|(design, sample)| Line {
        look: palette.look(&design.design),
        name: &design.design,
        curve: &sample.curve,
    });
    line.collect()
}

/// A panel for each measure of `findings`, all on the same scales. `beside` is what the machine
/// does by itself, drawn behind the deliveries.
pub(crate) fn panels(findings: &Findings, palette: &Palette, beside: Option<&Sample>) -> Markup {
    let panels =
        findings.kind.measures().map(|measure| (measure, lines(findings, measure, palette)));
    let curves = panels.iter().flat_map(|(_, lines)| lines).map(|line| line.curve);
    let Some(extent) = Extent::of(curves) else { return html! {} };
    html! {
        div.panels {
            @for (measure, lines) in &panels {
                @let beside = beside.filter(|_| *measure == Measure::Delivery);
                figure {
                    figcaption { (caption(*measure)) }
                    (plot(lines, beside, extent))
                }
            }
        }
    }
}

/// The curves of one measure by themselves; `None` if there are none.
pub(crate) fn alone(
    findings: &Findings,
    measure: Measure,
    palette: &Palette,
    beside: Option<&Sample>,
) -> Option<Markup> {
    let lines = lines(findings, measure, palette);
    let extent = Extent::of(lines.iter().map(|line| line.curve))?;
    Some(plot(&lines, beside.filter(|_| measure == Measure::Delivery), extent))
}

/// The machine's own delays, by themselves.
pub(crate) fn machine(samples: &[Sample]) -> Markup {
    let curves = samples.iter().map(|sample| sample.curve.as_slice());
    let Some(extent) = Extent::of(curves) else { return html! {} };
    let looks = ["ours0", "rival0"];
    let lines: Vec<Line> = samples
        .iter()
        .zip(looks)
        .map(|(sample, look)| Line { look, name: &sample.measure, curve: &sample.curve })
        .collect();
    html! {
        ul.legend {
            @for line in &lines {
                li {
                    svg viewBox="0 0 26 10" width="26" height="10" aria-hidden="true" {
                        path.curve.(line.look) d="M1 5H25" {}
                    }
                    (line.name)
                }
            }
        }
        (plot(&lines, None, extent))
    }
}

/// Where the plot begins: at the lowest tenth.
const FIRST: f64 = 1.1;

fn caption(measure: Measure) -> Markup {
    let (name, what) = measure.description().split_once(": ").unwrap_or((measure.slug(), ""));
    html! { strong { (name) } " " span { (what.replace("->", "→")) } }
}

fn plot(lines: &[Line], beside: Option<&Sample>, extent: Extent) -> Markup {
    let Extent { values, rarest } = extent;
    let x = Scale::logarithmic((FIRST, rarest * 1.15), (LEFT, RIGHT));
    let y = Scale::logarithmic(values, (BOTTOM, TOP));
    let place = |curve: &[Point]| {
        let shown = curve.iter().filter(|point| point.one_in >= FIRST);
        path(shown.map(|point| (x.at(point.one_in), y.at(point.ns as f64))))
    };
    html! {
        svg.plot viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" {
            (rules(&y, &y.decades(), LEFT, RIGHT))
            text.unit x=(px(LEFT - 6.0)) y=(px(BOTTOM + 16.0)) text-anchor="end" { "ns" }
            @for (one_in, label) in NAMED.iter().filter(|(one_in, _)| *one_in <= rarest * 1.15) {
                @let place = x.at(*one_in);
                line.rule x1=(px(place)) x2=(px(place)) y1=(px(TOP)) y2=(px(BOTTOM)) {}
                text.tick x=(px(place)) y=(px(BOTTOM + 16.0)) text-anchor="middle" { (label) }
            }
            text.unit x=(px((LEFT + RIGHT) / 2.0)) y=(px(HEIGHT - 6.0)) text-anchor="middle" {
                "percentile"
            }
            @if let Some(beside) = beside {
                path.curve.machine d=(place(&beside.curve)) {
                    title { "the machine by itself: " (beside.description) }
                }
            }
            // Ours come last, so that they lie on top.
            @for line in lines.iter().rev() {
                path.curve.(line.look) d=(place(line.curve)) { title { (line.name) } }
            }
        }
    }
}
