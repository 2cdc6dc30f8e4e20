//! What a task may cost, as `docs/performance.md` has it, against what was counted.

use std::fmt;

use crate::headline::entrant::{Entrant, Path};
use crate::headline::figure::Figure;
use crate::headline::records::Records;

const PAGE: &str = include_str!("../../../docs/performance.md");

/// A figure that was counted, and the most that it may come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Item {
    path: Path,
    figure: Figure,
    most: f64,
}

/// The budget on the page: the rows of its first table.
///
/// # Panics
///
/// If the page has no such table.
pub fn items() -> Vec<Item> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'));
    let items: Vec<Item> = rows.filter_map(row).flatten().collect();
    assert!(!items.is_empty(), "docs/performance.md has no budget");
    items
}

/// A row of the table: path, instructions, calls of malloc, and what nobody counts.
fn row(line: &str) -> Option<[Item; 2]> {
    let mut cells = line.split('|').map(str::trim);
    let name = cells.next()?;
    let path = Path::ALL.into_iter().find(|path| path.to_string() == name)?;
    let mut most = || cells.next()?.parse().ok();
    Some([
        Item { path, figure: Figure::Instructions, most: most()? },
        Item { path, figure: Figure::Mallocs, most: most()? },
    ])
}

/// What was counted, beside what it may come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Spending {
    item: Item,
    counted: f64,
}

/// Of everything in the budget that was counted.
pub fn spendings(records: &Records) -> Vec<Spending> {
    let counted = |item: Item| {
        let at = (Entrant::Path(item.path), 1, item.figure);
        let counted = records.median(at, |reading| Some(reading.value))?;
        Some(Spending { item, counted })
    };
    items().into_iter().filter_map(counted).collect()
}

impl Spending {
    /// Whether it is more than it may be.
    pub fn is_excess(&self) -> bool {
        self.counted > self.item.most
    }
}

impl fmt::Display for Spending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Item { path, figure, most } = self.item;
        write!(f, "path {path}, {figure}: {:.3} a task, at most {most}", self.counted)?;
        if self.is_excess() { write!(f, ", TOO MUCH") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headline::figure::Reading;

    fn records(of: impl Fn(Item) -> f64) -> Records {
        let mut records = Records::default();
        records.next_round();
        for item in items() {
            let reading = Reading { figure: item.figure, value: of(item), cores: None };
            records.note(Entrant::Path(item.path), 1, reading);
        }
        records
    }

    #[test]
    fn each_path_has_a_budget() {
        assert_eq!(items().len(), 2 * Path::ALL.len());
    }

    #[test]
    fn what_costs_more_is_named() {
        let spent = spendings(&records(|item| item.most));
        assert!(spent.len() == items().len() && !spent.iter().any(Spending::is_excess));
        let dear = spendings(&records(|item| item.most + 1.0));
        assert!(dear.iter().all(Spending::is_excess));
        assert!(dear[0].to_string().starts_with("path A, instructions: "), "{}", dear[0]);
        assert!(dear[0].to_string().ends_with(", TOO MUCH"), "{}", dear[0]);
    }
}
