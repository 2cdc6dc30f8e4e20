//! A burst: results in hand over time.

use maud::{Markup, html};

use super::palette::Palette;
use super::scale::Scale;
use super::{path, px, rules};
use crate::results::{Findings, Place};

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 30.0;
const RIGHT: f64 = WIDTH - 14.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = HEIGHT - 42.0;

/// What the curves show.
pub(crate) const CAPTION: &str = "median time to the k-th result, since the burst began";

/// For each design the median time at which so many results were in hand.
pub(crate) fn alone(findings: &Findings, palette: &Palette) -> Option<Markup> {
    let places = || findings.sound().flat_map(|design| &design.places);
    let last = places().map(|place| place.p50).max()?;
    let size = places().map(|place| place.results).max()?;
    let x = Scale::linear((0.0, last as f64 * 1.02), (LEFT, RIGHT));
    let y = Scale::linear((0.0, size as f64), (BOTTOM, TOP));
    Some(html! {
        svg.plot viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" {
            (rules(&y, &y.round_values(), LEFT, RIGHT))
            @for (value, label) in x.round_values() {
                @let place = px(x.at(value));
                line.rule x1=(place) x2=(place) y1=(px(TOP)) y2=(px(BOTTOM)) {}
                text.tick x=(place) y=(px(BOTTOM + 17.0)) text-anchor="middle" { (label) }
            }
            text.unit x=(px((LEFT + RIGHT) / 2.0)) y=(px(HEIGHT - 6.0)) text-anchor="middle" {
                "ns since the burst began"
            }
            @for design in findings.sound().collect::<Vec<_>>().into_iter().rev() {
                path.curve.(palette.look(&design.design)) d=(steps(&design.places, &x, &y)) {
                    title { (design.design) }
                }
            }
        }
    })
}

/// The same, with its caption.
pub(crate) fn plot(findings: &Findings, palette: &Palette) -> Markup {
    html! {
        @if let Some(plot) = alone(findings, palette) {
            figure.wide {
                figcaption {
                    strong { "results in hand" } " "
                    span { (CAPTION) }
                }
                (plot)
            }
        }
    }
}

/// A step up for each result.
fn steps(places: &[Place], x: &Scale, y: &Scale) -> String {
    let corners = places.iter().flat_map(|place| {
        let at = x.at(place.p50 as f64);
        [(at, y.at(place.results as f64 - 1.0)), (at, y.at(place.results as f64))]
    });
    path(std::iter::once((x.at(0.0), y.at(0.0))).chain(corners))
}
