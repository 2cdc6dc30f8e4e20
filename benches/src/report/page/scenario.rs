//! What was found in one scenario.

use maud::{Markup, html};

use crate::percentile::Percentile;
use crate::recorder::Measure;
use crate::report::chart::palette::Palette;
use crate::report::chart::{burst, comparison, percentiles};
use crate::report::number::{grouped, printed};
use crate::report::summary;
use crate::results::{DesignFindings, Findings, Kind, Results};

/// Charts and tables.
pub(super) fn section(findings: &Findings, results: &Results, palette: &Palette) -> Markup {
    let beside = results.machine_beside(findings);
    html! {
        section id=(findings.scenario) {
            h2 { (summary::name(findings)) }
            p.title {
                (findings.title) " · " (findings.workers) " "
                (if findings.workers == 1 { "worker" } else { "workers" })
                @if findings.oversubscribed { " · " span.badge { "more threads than cores" } }
            }
            @if let Some(sentence) = summary::sentence(findings) { p.lead { (sentence) } }
            (palette.legend(findings.sound().map(|design| design.design.as_str())))
            @if beside.is_some() {
                p.note { "Dotted grey: what the machine does to a thread that runs no design." }
            }
            @match findings.kind {
                Kind::Burst => (burst::plot(findings, palette)),
                Kind::OpenParked | Kind::OpenSpinning | Kind::Window => {
                    (percentiles::panels(findings, palette, beside))
                }
            }
            (comparison::panels(findings, palette))
            details {
                summary { "Numbers" }
                @for measure in findings.kind.measures() { (table(findings, measure)) }
                (costs(findings))
            }
        }
    }
}

fn table(findings: &Findings, measure: Measure) -> Markup {
    html! {
        h3 { (measure.description().replace("->", "→")) }
        div.scroll {
            table {
                thead {
                    tr {
                        th { "ns" }
                        th.number { "samples" }
                        @for percentile in Percentile::ALL { th.number { (percentile) } }
                        th.number { "max" }
                    }
                }
                tbody {
                    @for design in findings.sound() {
                        @if let Some(sample) = design.sample(measure) {
                            tr {
                                td { (design.design) }
                                td.number { (grouped(sample.count)) }
                                @for percentile in Percentile::ALL {
                                    td.number { (printed(sample.percentiles.at(percentile))) }
                                }
                                td.number { (grouped(sample.max)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What a task costs, and how the run went.
fn costs(findings: &Findings) -> Markup {
    html! {
        h3 { "What a task costs the whole process, and how the run went" }
        div.scroll {
            table {
                thead {
                    tr {
                        th { "for a task" }
                        th.number { "core ns" }
                        th.number { "busy cores" }
                        th.number { "switches" }
                        th.number { "forced" }
                        th.number { "mallocs" }
                        th.number { "bytes" }
                        th.number { "achieved/s" }
                        th.number { "late p99" }
                        th { "remarks" }
                    }
                }
                tbody { @for design in &findings.designs { (cost(design)) } }
            }
        }
    }
}

fn cost(design: &DesignFindings) -> Markup {
    let used = design.consumption.as_ref();
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let core = used.map(|used| grouped((used.user_ns + used.system_ns).round() as u64));
    let late = design.sample(Measure::Lateness);
    let late = late.and_then(|sample| sample.percentiles.at(Percentile::P99));
    html! {
        tr {
            td { (design.design) }
            td.number { (or_dash(core)) }
            td.number { (or_dash(used.map(|used| format!("{:.2}", used.cores)))) }
            td.number { (or_dash(used.map(|used| format!("{:.3}", used.voluntary_switches)))) }
            td.number { (or_dash(used.map(|used| format!("{:.3}", used.involuntary_switches)))) }
            td.number { (or_dash(design.allocated.map(|count| format!("{:.3}", count.calls)))) }
            td.number { (or_dash(design.allocated.map(|count| format!("{:.0}", count.bytes)))) }
            td.number { (printed(design.achieved_rate.map(|rate| rate.round() as u64))) }
            td.number { (printed(late)) }
            td {
                @if let Some(failure) = &design.failure { span.badge.bad { "FAILED: " (failure) } }
                @if design.saturated { span.badge { "saturated" } }
                @if design.disturbed_rounds > 0 {
                    (design.disturbed_rounds) " of " (design.rounds) " rounds disturbed"
                }
            }
        }
    }
}
