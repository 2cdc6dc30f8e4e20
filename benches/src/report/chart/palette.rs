//! Which line is whose.

use maud::{Markup, html};

use crate::report::summary::{self, is_ours};
use crate::results::Results;

/// A look for each design, the same in all charts of a page. Colour and dashes both tell designs
/// apart, so that either is enough. Ours share a colour; rivals beyond the sixth share a grey.
#[derive(Debug)]
pub(crate) struct Palette {
    looks: Vec<(String, String)>,
}

/// How many rivals have a look of their own.
const LOOKS: usize = 6;

impl Palette {
    /// Looks for all designs of `results`. The rivals that come nearest to ours get their own.
    pub(crate) fn of(results: &Results) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for design in results.scenarios.iter().flat_map(|findings| &findings.designs) {
            if !names.contains(&design.design.as_str()) {
                names.push(&design.design);
            }
        }
        let (ours, mut rivals): (Vec<&str>, Vec<&str>) =
            names.into_iter().partition(|name| is_ours(name));
        let in_order = rivals.iter().position(|name| *name == summary::IN_ORDER);
        let in_order = in_order.map(|place| rivals.remove(place));
        rivals.sort_by(|a, b| distance(results, a).total_cmp(&distance(results, b)));
        let look = |class: &str, nth: usize| format!("{class}{nth}");
        let ours = ours.into_iter().enumerate().map(|(nth, name)| (name, look("ours", nth.min(1))));
        let rivals = rivals.into_iter().enumerate().map(|(nth, name)| match nth {
            0..LOOKS => (name, look("rival", nth)),
            _ => (name, "other".to_owned()),
        });
        let in_order = in_order.map(|name| (name, "in-order".to_owned()));
        let all = ours.chain(rivals).chain(in_order);
        Self { looks: all.map(|(name, look)| (name.to_owned(), look)).collect() }
    }

    /// The class of a design's lines and marks.
    pub(crate) fn look(&self, design: &str) -> &str {
        let found = self.looks.iter().find(|(name, _)| name == design);
        found.map_or("other", |(_, look)| look)
    }

    /// The names of `designs`, each with a piece of its line.
    pub(crate) fn legend<'a>(&self, designs: impl Iterator<Item = &'a str>) -> Markup {
        html! {
            ul.legend {
                @for design in designs {
                    li {
                        svg viewBox="0 0 26 10" width="26" height="10" aria-hidden="true" {
                            path.curve.(self.look(design)) d="M1 5H25" {}
                        }
                        (design)
                    }
                }
            }
        }
    }
}

/// How far a rival is from ours: the mean of the logarithms of its ratios.
fn distance(results: &Results, rival: &str) -> f64 {
    let designs = results.scenarios.iter().flat_map(|findings| &findings.designs);
    let ratios = designs.filter(|design| design.design == rival).flat_map(|d| &d.ratios);
    let logarithms: Vec<f64> = ratios.map(|reading| reading.ratio.median.ln()).collect();
    if logarithms.is_empty() {
        return f64::INFINITY;
    }
    logarithms.iter().sum::<f64>() / logarithms.len() as f64
}
