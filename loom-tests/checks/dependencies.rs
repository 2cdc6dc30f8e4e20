//! What a user compiles besides this project: listed in the documentation, with its licence, and
//! little. On Linux, where that is the most.

#![cfg(all(target_os = "linux", not(any(loom, shuttle))))]

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use photofinish_loom_tests::checker::workspace;

/// The crates that `photofinish` needs with these features, and their licences.
fn needed(features: &str) -> BTreeMap<String, String> {
    let cargo = Command::new(env!("CARGO"))
        .args(["tree", "--edges", "normal", "--prefix", "none", "--locked", "--offline"])
        .args(["--package", "photofinish", "--features", features])
        .args(["--format", "{p}|{l}"])
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let text = String::from_utf8(cargo.stdout).expect("text");
    let crates = text.lines().filter_map(|line| {
        let (package, rest) = line.split_once(' ')?;
        let licence = rest.rsplit_once('|')?.1.trim_end_matches(" (*)");
        Some((package.to_owned(), licence.to_owned()))
    });
    crates.filter(|(package, _)| package != "photofinish").collect()
}

/// The rows of the tables in the documentation, those up to `end` or all.
fn documented(end: Option<&str>) -> BTreeMap<String, String> {
    let page = fs::read_to_string(workspace().join("docs/dependencies.md")).expect("the page");
    let page = end.map_or(page.as_str(), |end| page.split_once(end).expect("the place").0);
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| crate |"));
    let cells = |row: &str| -> Option<(String, String)> {
        let mut cells = row.split('|').skip(1).map(str::trim);
        Some((cells.next()?.to_owned(), cells.next()?.to_owned()))
    };
    rows.filter_map(cells).collect()
}

#[test]
fn all_that_is_needed_is_documented_with_its_licence() {
    assert_eq!(documented(Some("With the feature `tracing`")), needed(""));
    assert_eq!(documented(None), needed("tracing"));
}

#[test]
fn all_of_it_can_be_used_under_one_of_our_licences() {
    for (package, licence) in needed("tracing") {
        let ours = licence.split(" OR ").any(|one| one == "MIT" || one == "Apache-2.0");
        assert!(ours, "{package} is under {licence}");
    }
}
