//! The conformance table names every row of the catalogue, and every test that it names exists.

#![cfg(not(any(loom, shuttle)))]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use photofinish_loom_tests::checker::workspace;
use photofinish_loom_tests::source::rust_files;

/// The rows of the catalogue: how many there are of each letter.
const ROWS: [(char, usize); 10] = [
    ('E', 21),
    ('T', 7),
    ('S', 14),
    ('A', 19),
    ('W', 9),
    ('B', 9),
    ('I', 2),
    ('F', 22),
    ('C', 19),
    ('X', 27),
];

/// The pains of the catalogue.
const PAINS: usize = 25;

/// Rows that apply and have no test yet.
const MISSING: &[&str] = &[];

struct Row {
    applies: String,
    tests: Vec<String>,
    verdict: String,
}

fn page() -> String {
    fs::read_to_string(workspace().join("docs/conformance.md")).expect("the page")
}

/// The cells of the table whose header begins with `| HEADER |`, without the first and last bar.
fn table(page: &str, header: &str) -> Vec<Vec<String>> {
    let rows = page.lines().skip_while(|line| !line.starts_with(&format!("| {header} |"))).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

/// What stands in backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn rows() -> BTreeMap<String, Row> {
    let table = table(&page(), "row");
    let rows: BTreeMap<_, _> = table
        .iter()
        .map(|cells| {
            let [row, _, applies, tests, verdict] = cells.as_slice() else {
                panic!("a row has five cells: {cells:?}");
            };
            let tests = quoted(tests);
            let (applies, verdict) = (applies.clone(), verdict.clone());
            (row.clone(), Row { applies, tests, verdict })
        })
        .collect();
    assert_eq!(rows.len(), table.len(), "no row stands there twice");
    rows
}

/// The pains with the tests that they name.
fn pains() -> BTreeMap<String, Vec<String>> {
    let table = table(&page(), "pain");
    let row = |cells: &Vec<String>| match cells.as_slice() {
        [pain, _, tests, verdict] if !verdict.is_empty() => (pain.clone(), quoted(tests)),
        _ => panic!("a pain has four cells, and the last says what became of it: {cells:?}"),
    };
    let pains: BTreeMap<_, _> = table.iter().map(row).collect();
    assert_eq!(pains.len(), table.len(), "no pain stands there twice");
    pains
}

/// The names of all tests of the crate, and of what must not compile.
fn existing() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in rust_files(&workspace().join("crates/photofinish/tests")) {
        if file.parent().is_some_and(|folder| folder.ends_with("compile_fail")) {
            names.insert(file.file_stem().expect("a name").to_string_lossy().into_owned());
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file");
        for after in text.split("#[test]").skip(1) {
            let name = after.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
            names.insert(name.expect("a test is a function").0.to_owned());
        }
    }
    names
}

#[test]
fn every_row_of_the_catalogue_stands_in_the_table_and_has_a_test_if_it_applies() {
    let rows = rows();
    let expected: BTreeSet<String> = ROWS
        .into_iter()
        .flat_map(|(letter, many)| (1..=many).map(move |n| format!("{letter}{n}")))
        .collect();
    assert_eq!(rows.keys().cloned().collect::<BTreeSet<_>>(), expected);
    let mut missing = BTreeSet::new();
    for (name, Row { applies, tests, verdict }) in &rows {
        match applies.as_str() {
            "yes" if tests.is_empty() => {
                assert_eq!(verdict, "missing", "{name} applies and names no test");
                missing.insert(name.as_str());
            }
            "yes" => {
                let told = ["same", "deviates: "].iter().any(|word| verdict.starts_with(word));
                assert!(told, "{name} is neither the same nor deviates: {verdict}");
            }
            "type" | "n.a." => assert!(!verdict.is_empty(), "{name} says nothing"),
            other => panic!("{name} applies {other:?}"),
        }
    }
    assert_eq!(missing, MISSING.iter().copied().collect());
}

#[test]
fn every_pain_stands_in_the_table_with_what_became_of_it() {
    let expected: BTreeSet<String> = (1..=PAINS).map(|n| format!("P{n}")).collect();
    assert_eq!(pains().into_keys().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn every_test_that_the_tables_name_exists() {
    let existing = existing();
    let others = table(&page(), "there").into_iter().flat_map(|cells| quoted(&cells[2]));
    let others = others.chain(pains().into_values().flatten());
    let named: Vec<_> = rows().into_values().flat_map(|row| row.tests).chain(others).collect();
    assert!(named.len() > 100, "the tables name {} tests", named.len());
    let gone: Vec<_> = named.iter().filter(|name| !existing.contains(*name)).collect();
    assert!(gone.is_empty(), "these have gone: {gone:?}");
}

#[test]
fn every_test_named_after_a_row_stands_in_the_table() {
    let mut rows: BTreeMap<_, _> =
        rows().into_iter().map(|(name, row)| (name, row.tests)).collect();
    rows.extend(pains());
    for name in existing() {
        let first = name.split('_').next().unwrap_or_default().to_uppercase();
        if let Some(tests) = rows.get(&first) {
            assert!(tests.contains(&name), "{name} is not in row {first}");
        }
    }
}
