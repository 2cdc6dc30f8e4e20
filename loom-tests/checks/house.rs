//! The house rules that a machine can check: modules look upward only, one file of each crate
//! knows about the model checkers, and the labels of the orderings are those of the
//! documentation.

#![cfg(not(any(loom, shuttle)))]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use photofinish_loom_tests::checker::workspace;
use photofinish_loom_tests::source::{Source, rust_files};

const CRATES: [&str; 2] = ["crates/protocol/src", "crates/photofinish/src"];

/// A source file of a crate, and the top-level module that it belongs to.
struct File {
    path: PathBuf,
    module: String,
    text: String,
}

fn files(root: &str) -> Vec<File> {
    let root = workspace().join(root);
    let file = |path: PathBuf| {
        let inside = path.strip_prefix(&root).expect("inside the crate");
        let first = inside.components().next().expect("a component").as_os_str();
        let module = Path::new(first).file_stem().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a source file");
        File { path, module, text }
    };
    rust_files(&root).into_iter().map(file).collect()
}

/// The modules as lib.rs lists them.
fn modules(root: &str) -> Vec<String> {
    let lib = fs::read_to_string(workspace().join(root).join("lib.rs")).expect("lib.rs");
    let names = lib.lines().filter_map(|line| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned)
    });
    names.collect()
}

/// The modules that `text` names as `crate::NAME`, comments aside.
fn named(text: &str) -> BTreeSet<String> {
    let code = text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    let code: String = code.collect::<Vec<_>>().join("\n");
    let rest = code.split("crate::").skip(1);
    let name = |rest: &str| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        rest[..end].to_owned()
    };
    rest.map(name).filter(|name| !name.is_empty()).collect()
}

#[test]
fn each_module_uses_only_those_above_it() {
    for root in CRATES {
        let modules = modules(root);
        assert!(modules.len() > 5, "{root} lists {modules:?}");
        let place = |name: &str| modules.iter().position(|module| module == name);
        for file in files(root).iter().filter(|file| file.module != "lib") {
            let own = place(&file.module).unwrap_or_else(|| panic!("{:?}", file.path));
            for name in named(&file.text).iter().filter(|name| **name != file.module) {
                // What is no module is an item that lib.rs re-exports, in an example.
                if let Some(other) = place(name) {
                    let path = file.path.display();
                    assert!(other < own, "{path} uses {name}, which stands below it");
                }
            }
        }
    }
}

#[test]
fn one_file_of_each_crate_knows_about_the_model_checkers() {
    for root in CRATES {
        let knows = |file: &&File| {
            let code = file.text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let mut code = code.filter(|line| line.contains("cfg("));
            code.any(|line| line.contains("loom") || line.contains("shuttle"))
        };
        let files = files(root);
        let knowing: Vec<_> = files.iter().filter(knows).map(|file| &file.module).collect();
        assert_eq!(knowing.len(), 1, "{root}: {knowing:?}");
    }
}

/// Doubles for models are not in a normal build.
const DOUBLES: [&str; 4] = ["sync/checked", "sync/model", "sync/random", "deque/double"];

#[test]
fn the_modules_that_are_trusted_with_unsafe_are_those_in_the_documentation() {
    let page = fs::read_to_string(workspace().join("docs/safety.md")).expect("the page");
    let trusted = CRATES.into_iter().flat_map(|root| {
        let is_unsafe = |file: &File| {
            let code = file.text.lines().filter(|line| !line.trim_start().starts_with("//"));
            code.into_iter().any(|line| line.contains("unsafe "))
        };
        let root_path = workspace().join(root);
        let name = move |file: File| {
            let path = file.path.strip_prefix(&root_path).expect("inside the crate");
            format!("`{}`", path.display()).replace('\\', "/")
        };
        files(root).into_iter().filter(is_unsafe).map(name)
    });
    let trusted: BTreeSet<String> =
        trusted.filter(|name| !DOUBLES.iter().any(|double| name.contains(double))).collect();
    assert!(trusted.len() > 10, "{trusted:?}");
    assert_eq!(first_cells(&page, "module"), trusted, "documented on the left");
}

/// What a user of the crate compiles: the crate, and what it needs.
fn tree(features: &[&str]) -> BTreeSet<String> {
    let tree = ["tree", "--edges", "normal", "--prefix", "none", "--locked", "--offline"];
    let cargo = Command::new(env!("CARGO"))
        .args(tree)
        .args(["--package", "photofinish", "--format", "{p}"])
        .args(features)
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let text = String::from_utf8(cargo.stdout).expect("text");
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn the_crate_and_all_it_needs_are_at_most_ten() {
    let tree = tree(&[]);
    assert!(tree.contains("photofinish-protocol"), "{tree:?}");
    assert!(tree.len() <= 10, "{tree:?}");
}

/// Otherwise the feature would not be off.
#[test]
fn tracing_is_needed_only_by_its_feature() {
    assert!(!tree(&[]).contains("tracing"));
    assert!(tree(&["--features", "tracing"]).contains("tracing"));
}

/// loom's weak compare-exchange never fails for no reason, so a model would not see what happens
/// then.
#[test]
fn no_compare_exchange_may_fail_for_no_reason() {
    // `fetch_update` and its like are loops around a weak one.
    let weak = ["compare_exchange_weak", "fetch_update", "try_update", "compare_and_swap"];
    for file in CRATES.into_iter().flat_map(files) {
        let found = weak.iter().find(|name| file.text.contains(**name));
        assert_eq!(found, None, "{}", file.path.display());
    }
}

/// How many lines above an access its argument may begin.
const SIGHT: usize = 16;

/// The lines of `text` that name an ordering and have no `ORDERING` in sight: above them in the same
/// function, or, for the whole file, in a comment that is not indented.
fn unargued(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let is_for_all = |line: &&str| line.starts_with("//") && line.contains("ORDERING");
    if lines.iter().any(is_for_all) {
        return Vec::new();
    }
    let is_argued = |at: usize| {
        let above = lines[..=at].iter().rev().take(SIGHT);
        let is_code = |line: &str| !line.trim_start().starts_with("//");
        let mut of_this_function = above.take_while(|line| !line.contains("fn ") || !is_code(line));
        of_this_function.any(|line| line.contains("ORDERING"))
    };
    let accesses = Source::of("", text).ordering_lines().into_iter().map(|line| line as usize - 1);
    accesses.filter(|&at| !is_argued(at)).map(|at| lines[at]).collect()
}

/// Relaxed ones as well.
#[test]
fn each_ordering_has_its_argument_in_sight() {
    let roots = CRATES.into_iter().chain(["crates/baselines/src", "crates/stress/src"]);
    for file in roots.flat_map(files) {
        // The checkers' own accesses pass on what they are told.
        let path = file.path.display().to_string().replace('\\', "/");
        if !DOUBLES.iter().any(|double| path.contains(double)) {
            assert_eq!(unargued(&file.text), Vec::<&str>::new(), "{path}");
        }
    }
}

#[test]
fn an_argument_in_another_function_is_out_of_sight() {
    let argued = "fn f() {\n    // ORDERING: Relaxed; a look.\n    a.load(Relaxed);\n}\n";
    let not = "fn g() {\n    a.load(Acquire);\n}\n";
    assert!(unargued(argued).is_empty());
    assert_eq!(unargued(&format!("{argued}{not}")), ["    a.load(Acquire);"]);
    assert!(unargued(&format!("//! ORDERING: as it says.\n{not}")).is_empty());
}

/// The labels `(KIND NAME)` in `text`.
fn labels(kind: &str, text: &str) -> Vec<String> {
    // A label may be broken over two lines of a comment.
    let joined = text.lines().map(|line| line.trim_start().trim_start_matches("//").trim_start());
    let joined = joined.collect::<Vec<_>>().join(" ");
    let open = format!("({kind} ");
    let found = joined.split(&open).skip(1).filter_map(|rest| rest.split_once(')'));
    found.map(|(label, _)| label.to_owned()).collect()
}

/// The first cells of the table in `page` whose header begins with `| HEADER |`.
fn first_cells(page: &str, header: &str) -> BTreeSet<String> {
    let rows = page.lines().skip_while(|line| !line.starts_with(&format!("| {header} |"))).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| row.split('|').nth(1)).map(|cell| cell.trim().to_owned()).collect()
}

#[test]
fn every_edge_in_the_code_is_documented_and_has_two_ends() {
    let page = fs::read_to_string(workspace().join("docs/memory-model.md")).expect("the page");
    let all: Vec<File> = CRATES.into_iter().flat_map(files).collect();
    for (kind, ends) in [("edge", 2), ("fence", 1)] {
        let documented = first_cells(&page, kind);
        let used: Vec<String> = all.iter().flat_map(|file| labels(kind, &file.text)).collect();
        let distinct: BTreeSet<String> = used.iter().cloned().collect();
        assert_eq!(documented, distinct, "documented on the left, used on the right");
        for label in &distinct {
            let count = used.iter().filter(|used| *used == label).count();
            assert!(count >= ends, "{kind} {label} stands at {count} place in the code");
        }
    }
}

/// The type that a line of the suppressions names, as the crate's folder, module and type, and its
/// method, if the line goes on to one of the type's own.
fn suppressed(line: &str) -> Option<(&'static str, &str, &str, Option<&str>)> {
    let (before, path) = line.strip_prefix("race:")?.split_once("photofinish")?;
    let (root, path) = match path.strip_prefix("_protocol::") {
        Some(path) => ("crates/protocol/src", path),
        None => ("crates/photofinish/src", path.strip_prefix("::")?),
    };
    let end = path.find(['<', '>']).unwrap_or(path.len());
    let (modules, name) = path[..end].rsplit_once("::")?;
    let module = modules.split("::").next()?;
    let is_own = before.is_empty() || before == "<";
    let method = is_own.then(|| line.rsplit_once("::")).flatten().map(|(_, method)| method);
    Some((root, module, name, method))
}

/// A line that names nothing lets through what it was written for: the sanitizer reports it again.
#[test]
fn what_the_thread_sanitizer_is_told_to_pass_over_exists() {
    let page = fs::read_to_string(workspace().join(".ci/tsan-suppressions")).expect("the lines");
    let lines: Vec<_> = page.lines().filter_map(|line| Some((line, suppressed(line)?))).collect();
    assert!(lines.len() > 5, "{lines:?}");
    for (line, (root, module, name, method)) in lines {
        let is_there = |file: File| {
            file.module == module
                && file.text.contains(&format!("struct {name}"))
                && method.is_none_or(|method| file.text.contains(&format!("fn {method}(")))
        };
        assert!(files(root).into_iter().any(is_there), "{line}: nothing of that name");
    }
}

#[test]
fn a_line_for_the_thread_sanitizer_names_a_type_and_perhaps_its_method() {
    let own = suppressed("race:<photofinish::life::Life>::cause");
    assert_eq!(own, Some(("crates/photofinish/src", "life", "Life", Some("cause"))));
    let generic = suppressed("race:photofinish_protocol::sync::native::Immortals<*>::lend");
    assert_eq!(generic, Some(("crates/protocol/src", "sync", "Immortals", Some("lend"))));
    let inside = suppressed("race:alloc::sync::Arc<photofinish::shared::Shared>>::drop_slow");
    assert_eq!(inside, Some(("crates/photofinish/src", "shared", "Shared", None)));
    assert_eq!(suppressed("race:^lend<photofinish_protocol::"), None);
}
