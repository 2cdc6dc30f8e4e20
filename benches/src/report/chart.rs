//! Charts, as SVG that takes its colours from the page.
//!
//! | module | what it draws |
//! |---|---|
//! | `scale` | from values to places |
//! | [`palette`] | which line is whose |
//! | [`percentiles`] | percentile curves |
//! | [`comparison`] | ratios and their intervals |
//! | [`burst`] | results in hand over time |

mod scale;

pub(super) mod burst;
pub(super) mod comparison;
pub(super) mod palette;
pub(super) mod percentiles;

use maud::{Markup, html};
use scale::Scale;

/// The colours and lines of charts, light or dark as the reader likes it.
pub(super) const STYLE: &str = include_str!("chart/style.css");

/// Coordinates as short as they can be.
fn px(place: f64) -> String {
    let rounded = (place * 10.0).round() / 10.0;
    rounded.to_string()
}

/// A path through `points`.
fn path(points: impl Iterator<Item = (f64, f64)>) -> String {
    let part = |(nth, (x, y)): (usize, (f64, f64))| {
        let step = if nth == 0 { 'M' } else { 'L' };
        format!("{step}{} {}", px(x), px(y))
    };
    points.enumerate().map(part).collect()
}

/// Horizontal lines with their values at the left.
fn rules(scale: &Scale, ticks: &[(f64, String)], left: f64, right: f64) -> Markup {
    html! {
        @for (value, label) in ticks {
            @let y = scale.at(*value);
            line.rule x1=(px(left)) x2=(px(right)) y1=(px(y)) y2=(px(y)) {}
            text.tick x=(px(left - 6.0)) y=(px(y + 3.5)) text-anchor="end" { (label) }
        }
    }
}
