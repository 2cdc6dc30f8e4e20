//! The rows, printed.

use std::fmt;

use crate::headline::row::Row;

/// The headline as one table.
#[derive(Debug)]
pub struct Table<'a>(pub &'a [Row]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<43} {:>11}  {:<24} {:>8} {:>20}  {:<19} {:>8} {:>7} {:>11}",
            "workload, path",
            "ours",
            "best rival",
            "",
            "times better",
            "limit",
            "",
            "x limit",
            "cores/rival"
        )?;
        let mut before = None;
        for row in self.0 {
            if before.replace(row.workers) != Some(row.workers) {
                writeln!(f, "\nworkers {}", row.workers)?;
            }
            line(f, row)?;
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, row: &Row) -> fmt::Result {
    let name = format!("{}, {}", row.workload, row.path);
    let ours = format!("{} {}", digits(row.ours), row.unit);
    let or_none = |value: Option<f64>| value.map_or("-".to_owned(), digits);
    let text = |name: &Option<String>| name.clone().unwrap_or_else(|| "-".to_owned());
    let cores = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1}"));
    write!(f, "{name:<43} {ours:>11}  ")?;
    write!(f, "{:<24} {:>8} {:>20}  ", text(&row.best_rival), or_none(row.rival), interval(row))?;
    write!(f, "{:<19} {:>8} ", text(&row.limit_name), or_none(row.limit))?;
    write!(f, "{:>7} ", or_none(row.times_limit))?;
    writeln!(f, "{:>11}", format!("{}/{}", cores(row.cpu_cores), cores(row.rival_cores)))
}

/// The ratio with the whole interval of the rounds; `=` where they disagree on who is better.
fn interval(row: &Row) -> String {
    let (Some(median), Some(low), Some(high)) = (row.ratio, row.ratio_low, row.ratio_high) else {
        return "-".to_owned();
    };
    let tie = if low < 1.0 && high > 1.0 { "=" } else { " " };
    format!("{median:.2} [{low:.2}..{high:.2}]{tie}")
}

/// Three significant digits, or all before the point.
pub(crate) fn digits(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 || size == 0.0 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_printed() {
        let printed = [0.0, 0.0123, 0.5, 1.234, 56.78, 910.11, 12_345.6].map(digits);
        assert_eq!(printed, ["0.00", "0.012", "0.50", "1.23", "56.8", "910", "12346"]);
    }
}
