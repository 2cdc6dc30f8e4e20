//! One self-contained page: no script, nothing from the network, light or dark as the reader
//! likes it.

mod machine;
mod scenario;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart;
use super::chart::palette::Palette;
use super::number::interval;
use super::summary;
use crate::results::{Changes, Results};

const STYLE: &str = include_str!("page/style.css");

/// The page on `results`.
pub fn page(results: &Results) -> String {
    let palette = Palette::of(results);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "photofinish: latency" }
                style { (PreEscaped(chart::STYLE)) (PreEscaped(STYLE)) }
            }
            body {
                (header(results))
                main {
                    (warnings(results))
                    (glance(results))
                    @for findings in &results.scenarios {
                        (scenario::section(findings, results, &palette))
                    }
                    @if let Some(changes) = &results.changes { (since(changes)) }
                    (machine::section(results))
                    (reading())
                }
                footer {
                    "Beside this page: "
                    a href="results.json" { "results.json" } " with every number that is shown, "
                    a href="results.csv" { "results.csv" } ", "
                    a href="intervals.hlog" { "intervals.hlog" } " with each round, and "
                    a href="percentiles/" { "percentiles/" } " for the HdrHistogram plotter, and "
                    a href="pictures/" { "pictures/" } " to show elsewhere."
                }
            }
        }
    };
    page.into_string()
}

fn header(results: &Results) -> Markup {
    let (machine, conditions) = (&results.machine, &results.conditions);
    let plural = if conditions.workers == 1 { "worker" } else { "workers" };
    html! {
        header {
            p.name { "photofinish " span { "the latency lab" } }
            h1 { (summary::headline(results)) }
            p.sub {
                (results.started.replace('T', " ").replace('Z', " UTC")) " · " (machine.cpu) ", "
                (machine.cores) " cores · " (conditions.workers) " " (plural) " and the consumer · "
                (conditions.rounds) " rounds · commit " (machine.commit)
            }
        }
    }
}

fn warnings(results: &Results) -> Markup {
    html! {
        @if !results.warnings.is_empty() {
            aside.warnings {
                h2 { "Before you believe it" }
                ul { @for warning in &results.warnings { li { (warning) } } }
            }
        }
    }
}

/// A line for each scenario.
fn glance(results: &Results) -> Markup {
    html! {
        section.glance {
            @for findings in &results.scenarios {
                @if let Some(figures) = summary::figures(findings) {
                    a href=(format!("#{}", findings.scenario)) {
                        @match summary::standing(findings) {
                            Some(standing) => span.standing.(standing) { (standing) },
                            None => span.standing { "alone" },
                        }
                        span.what { (summary::name(findings)) }
                        span.found { (figures) }
                    }
                }
            }
        }
    }
}

fn since(changes: &Changes) -> Markup {
    let different = changes.series.iter().filter(|change| change.verdict.is_difference());
    let different: Vec<_> = different.collect();
    html! {
        section #changes {
            h2 { "Since the session before" }
            p.lead {
                (changes.since.replace('T', " ").replace('Z', " UTC")) ", commit " (changes.commit)
                ": "
                @if different.is_empty() { "no difference in any of " (changes.series.len()) " series." }
                @else {
                    (different.len()) " of " (changes.series.len())
                    " series differ by more than all designs do."
                }
            }
            @if !different.is_empty() {
                div.scroll {
                    table {
                        thead { tr { th { "scenario" } th { "design" } th { "what" }
                            th.number { "times as long as before" }
                            th.number { "the designs' middle" } } }
                        tbody {
                            @for change in different {
                                tr {
                                    td { (change.scenario) }
                                    td { (change.design) }
                                    td { (change.measure.replace('-', " ")) " " (change.percentile) }
                                    td.number { (interval(change.ratio)) }
                                    td.number { (format!("{:.2}", change.drift)) }
                                }
                            }
                        }
                    }
                }
            }
            p.note {
                "Rounds of two sessions are not paired, and the machine may have changed between "
                "them. What changes by as much for the design in the middle is not listed."
            }
        }
    }
}

fn reading() -> Markup {
    html! {
        section #reading {
            h2 { "How to read it" }
            dl {
                dt { "A percentile curve" }
                dd {
                    "shows how long a result takes over how rarely it takes longer. Further to "
                    "the right is rarer; lower is better; a step is something that happens to "
                    "one task in so many. It ends where fewer than ten values lie beyond."
                }
                dt { "An interval" }
                dd {
                    "is the whole range of the rounds' ratios. Hollow grey: it holds 1, so there "
                    "is no difference to be seen here, or there are too few rounds."
                }
                dt { "Open loop" }
                dd {
                    "means that tasks are due at their time whether or not the design keeps up, "
                    "and waits are counted from there. In a closed loop a slow design is asked "
                    "less often, so its tail looks better than it is."
                }
                dt { "Two cores, a virtual machine" }
                dd { "say nothing of fifty cores, nor of a machine that is yours alone." }
            }
        }
    }
}
