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

/// What goes beyond the budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Excess {
    item: Item,
    counted: f64,
}

/// Whether nothing that was counted goes beyond the budget.
///
/// # Errors
///
/// What does.
pub fn keep(records: &Records) -> Result<(), Vec<Excess>> {
    let counted = |item: Item| {
        let at = (Entrant::Path(item.path), 1, item.figure);
        let counted = records.median(at, |reading| Some(reading.value))?;
        (counted > item.most).then_some(Excess { item, counted })
    };
    let excess: Vec<_> = items().into_iter().filter_map(counted).collect();
    if excess.is_empty() { Ok(()) } else { Err(excess) }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Item { path, figure, most } = self.item;
        write!(f, "path {path}, {figure}: at most {most} a task, and it takes {:.3}", self.counted)
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
        assert_eq!(keep(&records(|item| item.most)), Ok(()));
        let dear = keep(&records(|item| item.most + 1.0)).unwrap_err();
        assert_eq!(dear.len(), items().len());
        assert!(dear[0].to_string().starts_with("path A, instructions: at most"), "{}", dear[0]);
    }
}
