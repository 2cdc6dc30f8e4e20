//! What the pages say of places: links lead somewhere, files and modules that are named exist, and
//! nothing is out of reach.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

#[path = "../links.rs"]
mod links;

use links::{anchors, links, resolve};

/// Folders that hold no sources.
const FOREIGN: [&str; 2] = ["target", ".git"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a member of the workspace")
}

/// All files below the root, as paths with slashes.
fn files() -> Vec<String> {
    fn visit(folder: &Path, prefix: &str, found: &mut Vec<String>) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            if !entry.file_type()?.is_dir() {
                found.push(path);
            } else if !FOREIGN.contains(&name.as_str()) {
                visit(&entry.path(), &format!("{path}/"), found)?;
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    visit(root(), "", &mut found).expect("readable folders");
    found
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn pages() -> Vec<String> {
    let pages: Vec<_> = files().into_iter().filter(|path| path.ends_with(".md")).collect();
    assert!(pages.len() > 30, "{pages:?}");
    pages
}

#[test]
fn each_link_leads_to_a_file_and_to_a_heading_in_it() {
    let mut followed = 0;
    for page in pages() {
        for link in links(&read(&page)) {
            let (path, anchor) = resolve(&page, &link.target);
            assert!(root().join(&path).exists(), "{page}: {} leads nowhere", link.target);
            if let Some(anchor) = anchor.filter(|_| path.ends_with(".md")) {
                let there = anchors(&read(&path));
                assert!(there.contains(&anchor), "{page}: {} not among {there:?}", link.target);
            }
            followed += 1;
        }
    }
    assert!(followed > 100, "only {followed} links were found");
}

#[test]
fn each_page_is_reached_from_the_readme() {
    let mut reached = BTreeSet::from(["README.md".to_owned()]);
    let mut next = vec!["README.md".to_owned()];
    while let Some(page) = next.pop() {
        for link in links(&read(&page)) {
            let (mut path, _) = resolve(&page, &link.target);
            if root().join(&path).join("README.md").is_file() {
                path.push_str("/README.md");
            }
            if path.ends_with(".md") && reached.insert(path.clone()) {
                next.push(path);
            }
        }
    }
    let book = pages().into_iter().filter(|page| page.starts_with("docs/"));
    let lost: Vec<_> = book.filter(|page| !reached.contains(page)).collect();
    assert!(lost.is_empty(), "no links lead to {lost:?}");
}

/// The words of a text that look like the names of files with one of `endings`.
fn named<'a>(text: &'a str, endings: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let words = text.split(move |c: char| !is_part(c));
    let words = words.map(|word| word.trim_end_matches('.').trim_start_matches("./"));
    words.filter(|word| endings.iter().any(|ending| word.len() > 3 && word.ends_with(ending)))
}

#[test]
fn each_source_that_a_page_names_exists() {
    let files = files();
    let mut seen = 0;
    for page in pages() {
        // History names what was there once.
        if page == "docs/performance-log.md" || page == "CHANGELOG.md" {
            continue;
        }
        let text = read(&page);
        for name in named(&text, &[".rs", ".pml"]) {
            let name = name.trim_start_matches("../");
            let end = format!("/{name}");
            let exists = files.iter().any(|file| file == name || file.ends_with(&end));
            assert!(exists, "{page} names {name}");
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} names were found");
}

#[test]
fn each_page_that_the_code_names_exists() {
    let code = |file: &&String| {
        let endings = [".rs", ".toml", ".pml", ".yml"];
        !file.starts_with("book/") && endings.iter().any(|end| file.ends_with(end))
    };
    let mut seen = 0;
    for file in files().iter().filter(code) {
        let text = read(file);
        let names = named(&text, &[".md"]).filter(|name| name.starts_with("docs/"));
        for name in names {
            assert!(root().join(name).is_file(), "{file} names {name}");
            seen += 1;
        }
    }
    assert!(seen > 3, "only {seen} names were found");
}

#[test]
fn the_table_of_transitions_is_the_one_that_the_protocol_is_held_against() {
    let table = read("crates/protocol/src/state/table.md");
    assert!(table.lines().count() > 30);
    assert!(read("docs/protocol.md").contains(&table), "docs/protocol.md has another table");
}

/// Figures that stand in two places are of one run.
#[test]
fn the_figures_of_the_readme_are_rows_of_the_benchmarks() {
    let (readme, benchmarks) = (read("README.md"), read("docs/benchmarks.md"));
    let rows = readme.lines().skip_while(|line| !line.starts_with("| one worker |"));
    let rows: Vec<_> = rows.take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() > 4, "{rows:?}");
    for row in rows {
        assert!(benchmarks.lines().any(|line| line == row), "not in docs/benchmarks.md: {row}");
    }
}

/// The crate's own documentation has a row for each of its modules, in their order.
#[test]
fn the_protocols_front_page_lists_all_its_modules() {
    let lib = read("crates/protocol/src/lib.rs");
    let rows = lib.lines().filter_map(|line| line.strip_prefix("//! | ")?.split(" |").next());
    let listed: Vec<String> = rows
        .flat_map(|cell| cell.split(", "))
        .filter(|name| name.contains('`'))
        .map(|name| name.replace(['`', '[', ']'], ""))
        .collect();
    let modules = lib.lines().filter_map(|line| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned)
    });
    assert_eq!(listed, modules.collect::<Vec<_>>(), "listed on the left, declared on the right");
}

/// What a test of places would pass over silently if it found no place.
#[test]
fn a_link_that_leads_nowhere_would_be_seen() {
    let page = "# A b, `c` and d_e\n\nSee [x](nowhere.md#y) and ![z](../w.svg).\n";
    let found = links(page);
    let targets: Vec<_> = found.iter().map(|link| resolve("docs/p.md", &link.target)).collect();
    let expected =
        [("docs/nowhere.md".to_owned(), Some("y".to_owned())), ("w.svg".to_owned(), None)];
    assert_eq!(targets, expected);
    assert_eq!(found.iter().map(|link| link.is_picture).collect::<Vec<_>>(), [false, true]);
    assert_eq!(anchors(page), ["a-b-c-and-d_e"]);
    assert_eq!(&page[found[0].place.clone()], "[x](nowhere.md#y)");
    assert!(!PathBuf::from(&targets[0].0).is_absolute());
}
