//! The machine, what it charges and how it behaves by itself.

use maud::{Markup, html};

use crate::percentile::Percentile;
use crate::report::chart::percentiles;
use crate::report::number::{grouped, printed};
use crate::results::Results;

pub(super) fn section(results: &Results) -> Markup {
    html! {
        section #machine {
            h2 { "The machine by itself" }
            div.columns {
                @if !results.jitter.is_empty() {
                    figure {
                        figcaption { strong { "jitter" } " " span { "while no design runs" } }
                        (percentiles::machine(&results.jitter))
                        (jitter(results))
                    }
                }
                @if !results.limits.is_empty() { (limits(results)) }
            }
            h3 { "Conditions" }
            (conditions(results))
        }
    }
}

fn jitter(results: &Results) -> Markup {
    html! {
        dl.small {
            @for sample in &results.jitter {
                dt { (sample.measure) }
                dd {
                    (sample.description) ": p50 " (printed(sample.percentiles.at(Percentile::P50)))
                    ", p99 " (printed(sample.percentiles.at(Percentile::P99)))
                    ", max " (grouped(sample.max)) " ns of " (grouped(sample.count))
                }
            }
        }
    }
}

fn limits(results: &Results) -> Markup {
    html! {
        div {
            table.limits {
                thead { tr { th { "limit" } th.number { "ns" } } }
                tbody {
                    @for limit in &results.limits {
                        tr {
                            td { (limit.name) }
                            td.number { (limit.ns.map_or("-".into(), |ns| format!("{ns:.1}"))) }
                        }
                    }
                }
            }
            p.note { "Medians of the rounds. No design can be faster than its parts." }
        }
    }
}

fn conditions(results: &Results) -> Markup {
    let (machine, conditions) = (&results.machine, &results.conditions);
    let milliseconds = |ns: u64| format!("{} ms", ns as f64 / 1e6);
    let rows = [
        (
            "processor",
            format!("{}, {} cores, {}", machine.cpu, machine.cores, machine.architecture),
        ),
        ("system", format!("{}, clock source {}", machine.system, machine.clock_source)),
        ("power", machine.power.clone()),
        ("compiler", format!("{}, {}", machine.compiler, machine.flags)),
        ("allocator", machine.allocator.to_string()),
        ("commit", machine.commit.clone()),
        ("crates", machine.crates.join(", ")),
        ("load at the end", machine.load.clone()),
        (
            "beside the session",
            conditions.shares.map_or("unknown".to_owned(), |shares| shares.to_string()),
        ),
        (
            "rounds",
            format!(
                "{}, designs in turns, {} recorded after {} of warm-up",
                conditions.rounds,
                milliseconds(conditions.duration_ns),
                milliseconds(conditions.warm_up_ns)
            ),
        ),
        ("threads", if conditions.pinned { "pinned" } else { "not pinned" }.to_owned()),
        (
            "clock",
            format!(
                "one reading costs {:.1} ns, contained in every length; {}",
                conditions.clock_read_ns, conditions.timer_slack
            ),
        ),
        (
            "recorder",
            format!(
                "{:.1} ns for a task, between two tasks; three significant digits",
                conditions.recorder_ns
            ),
        ),
    ];
    html! {
        dl.conditions {
            @for (name, value) in rows { dt { (name) } dd { (value) } }
        }
    }
}
